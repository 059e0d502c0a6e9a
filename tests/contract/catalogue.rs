//! The titles of a check, as the library of the emulators and as items of our own, and one way to write facts down.
//!
//! A fact is compared as text (`movie tmdb 603 = 2020-01-02T03:04`), to the minute, so that an account that drops seconds
//! and one that keeps them can be held to the same truth.

use std::collections::BTreeMap;

use crosswatch_emulator::{ExternalIds, Library, LibraryItem, UserActivity};
use crosswatch_model::{Fact, Id, IdSet, Item, Kind, Namespace, Show, Uid, WatchedAt};
use jiff::Timestamp;

/// The moment everything in these checks happens before.
pub(crate) const NOW: &str = "2026-11-22T12:00:00Z";

/// Facts as text, sorted; a fact that is told twice is there twice.
pub(crate) type Facts = Vec<String>;

/// What an account starts with.
pub(crate) struct Contents {
    /// Every title there is.
    pub(crate) library: Library,
    /// What the user did with them.
    pub(crate) activity: UserActivity,
}

impl Contents {
    /// That many films and episodes, each of them watched once.
    pub(crate) fn watched(plays: usize) -> Self {
        let library = Library::sized(3, plays);
        let activity = UserActivity::everything(5, &library, now());
        Self { library, activity }
    }

    /// Two hundred films and episodes of which every second one is watched, rated and listed.
    pub(crate) fn half_watched() -> Self {
        let library = Library::sized(3, 200);
        let mut activity = UserActivity::everything(5, &library, now());
        let mut at = 0;
        activity.plays.retain(|_| {
            at += 1;
            at % 2 == 0
        });
        for play in &activity.plays {
            activity.ratings.push(crosswatch_emulator::GivenRating { item: play.item, rating: 7, at: play.at });
            if matches!(play.item, LibraryItem::Movie(_)) {
                activity.favourites.push(crosswatch_emulator::Marked { item: play.item, at: play.at });
            }
        }
        Self { library, activity }
    }

    /// Some years of a real person: films and shows, gaps in the ids, other scripts, specials, resume points.
    pub(crate) fn lived() -> Self {
        let library = Library::generate(7, 200, 12);
        let mut activity = UserActivity::generate(11, &library, now());
        let is_free = |place: LibraryItem| activity.plays.iter().all(|play| play.item != place);
        let left_half_seen = (0..200).map(LibraryItem::Movie).filter(|place| is_free(*place)).step_by(12);
        activity.resume_points = left_half_seen
            .map(|item| crosswatch_emulator::ResumePoint { item, progress_percent: 40, at: now() })
            .collect();
        Self { library, activity }
    }

    /// Every film, show and episode with its entity: the same number for the same title in every account.
    pub(crate) fn items(&self) -> Titles {
        let movies = self.library.movies().map(|(place, _)| place);
        let shows = self.library.shows().map(|(place, _)| place);
        let episodes = self.library.episodes().map(|(place, _)| place);
        let places = movies.chain(shows).chain(episodes);
        let all = (1..).map(Uid).zip(places);
        Titles(all.map(|(uid, place)| (place, (uid, item_of(&self.library, place)))).collect())
    }
}

/// The titles of a library with their entities.
pub(crate) struct Titles(BTreeMap<LibraryItem, (Uid, Item)>);

impl Titles {
    /// The title at this place.
    pub(crate) fn at(&self, place: LibraryItem) -> &(Uid, Item) {
        self.0.get(&place).unwrap()
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (LibraryItem, &(Uid, Item))> + Clone {
        self.0.iter().map(|(place, title)| (*place, title))
    }

    /// A fact about the title at this place, as text.
    pub(crate) fn told(&self, place: LibraryItem, fact: &Fact) -> String {
        told(&self.at(place).1, fact)
    }
}

/// The moment everything in these checks happens before.
pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A title of the library as an item of ours, with the ids of the public databases.
pub(crate) fn item_of(library: &Library, place: LibraryItem) -> Item {
    match place {
        LibraryItem::Movie(_) => {
            let movie = library.movie(place).unwrap();
            Item::titled(Kind::Movie, &movie.title, Some(movie.year), ids(Kind::Movie, &movie.ids))
        }
        LibraryItem::Show(_) => {
            let show = library.show(place).unwrap();
            Item::titled(Kind::Show, &show.title, Some(show.year), ids(Kind::Show, &show.ids))
        }
        LibraryItem::Season { .. } => panic!("no check names a season"),
        LibraryItem::Episode { season, number, .. } => {
            let show = library.show(place).unwrap();
            let episode = library.episode(place).unwrap();
            let show = Show {
                title: show.title.clone(),
                year: Some(show.year),
                ids: ids(Kind::Show, &show.ids),
                ..Show::default()
            };
            Item::episode(show, season, number, &episode.title, ids(Kind::Episode, &episode.ids))
        }
    }
}

fn ids(kind: Kind, ids: &ExternalIds) -> IdSet {
    let imdb = ids.imdb.as_ref().map(|text| Id::parse(Namespace::Imdb, kind, text).unwrap());
    let number = |namespace, number: Option<u32>| {
        number.map(|number| Id::from_number(namespace, kind, u64::from(number)).unwrap())
    };
    [imdb, number(Namespace::Tmdb, ids.tmdb), number(Namespace::Tvdb, ids.tvdb)].into_iter().flatten().collect()
}

/// A fact as text.
pub(crate) fn told(item: &Item, fact: &Fact) -> String {
    format!("{} = {}", name_of(item), value_of(fact))
}

/// An item by its kind and best known id, an episode by its show and numbers.
pub(crate) fn name_of(item: &Item) -> String {
    let best = |ids: &IdSet, title: &str| {
        let found = [Namespace::Tmdb, Namespace::Imdb, Namespace::Tvdb].into_iter().find_map(|space| ids.get(space));
        found.map_or_else(|| format!("{title:?}"), |id| format!("{id:?}"))
    };
    match (&item.show, item.season, item.number) {
        (Some(show), Some(season), Some(number)) => format!("{} {season}x{number:02}", best(&show.ids, &show.title)),
        _ => format!("{} {}", item.kind, best(&item.ids, &item.title)),
    }
}

/// What is compared of a fact: a play to the minute, a rating as one of ten, a mark as being there.
fn value_of(fact: &Fact) -> String {
    match fact {
        Fact::Play(WatchedAt::Unknown) => "watched".to_owned(),
        Fact::Play(at) => format!("{}", at.to_minute().instant().unwrap()),
        Fact::Listed(_) => "listed".to_owned(),
        Fact::Rated { value, .. } => format!("{} of 100", value.get()),
        Fact::Resume { position_s, duration_s, .. } => {
            let percent = duration_s.map_or(0.0, |duration_s| f64::from(*position_s) * 100.0 / f64::from(duration_s));
            format!("at {} %", percent.round())
        }
    }
}
