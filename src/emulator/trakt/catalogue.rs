//! Everything Trakt knows: the library with Trakt's own ids and slugs, and the lookup by any id that clients send.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use rustc_hash::FxHashMap;
use serde_json::Value;
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

pub(crate) use crate::kind::Kind;
use crate::library::{Episode, ExternalIds, Library, LibraryItem, Movie, Season, Show};

/// What happens to ids that the catalogue does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownIds {
    /// They are reported as not found.
    #[default]
    NotFound,
    /// The title is added to the catalogue, as if Trakt had known it all along.
    Accept,
}

/// The id fields of each kind, in the order in which they are tried. The first known one wins, be it right or wrong.
const ID_NAMES: [(Kind, &[&str]); 4] = [
    (Kind::Movie, &["trakt", "slug", "imdb", "tmdb"]),
    (Kind::Show, &["trakt", "slug", "imdb", "tmdb", "tvdb"]),
    (Kind::Season, &["trakt", "tvdb", "tmdb"]),
    (Kind::Episode, &["trakt", "tvdb", "imdb", "tmdb"]),
];

/// The library as Trakt files it.
pub(crate) struct Catalogue {
    library: Library,
    trakt_ids: FxHashMap<LibraryItem, u64>,
    slugs: FxHashMap<LibraryItem, SmolStr>,
    by_id: FxHashMap<(Kind, &'static str, SmolStr), LibraryItem>,
    by_title: FxHashMap<(Kind, String, u64), LibraryItem>,
    given: BTreeMap<Kind, u64>,
}

impl Catalogue {
    pub(crate) fn new(library: Library) -> Self {
        let mut catalogue = Self {
            library: Library::empty(),
            trakt_ids: FxHashMap::default(),
            slugs: FxHashMap::default(),
            by_id: FxHashMap::default(),
            by_title: FxHashMap::default(),
            given: BTreeMap::new(),
        };
        for (item, movie) in library.movies() {
            catalogue.file_titled(item, &movie.title, movie.year, &movie.ids);
        }
        for (item, show) in library.shows() {
            catalogue.file_show(item, show);
        }
        catalogue.library = library;
        catalogue
    }

    pub(crate) fn library(&self) -> &Library {
        &self.library
    }

    pub(crate) fn trakt_id(&self, item: LibraryItem) -> u64 {
        self.trakt_ids.get(&item).copied().unwrap_or_default()
    }

    pub(crate) fn slug(&self, item: LibraryItem) -> Option<&str> {
        self.slugs.get(&item).map(SmolStr::as_str)
    }

    /// The title with this id of this kind.
    pub(crate) fn find(&self, kind: Kind, name: &str, id: &str) -> Option<LibraryItem> {
        let name = id_names(kind).iter().find(|own| **own == name)?;
        self.by_id.get(&(kind, *name, id.into())).copied()
    }

    /// Leads one more id to a title. False when the kind has no ids of that name.
    pub(crate) fn forward(&mut self, item: LibraryItem, name: &str, id: &str) -> bool {
        let kind = Kind::of(item);
        let Some(name) = id_names(kind).iter().find(|own| **own == name) else { return false };
        self.by_id.insert((kind, *name, id.into()), item);
        true
    }

    /// What a client means by `{ids, title?, year?}`. Title and year count only where no id was sent.
    pub(crate) fn resolve(&mut self, kind: Kind, sent: &Value, unknown: UnknownIds) -> Option<LibraryItem> {
        let ids = sent_ids(kind, sent);
        let known = ids.iter().find_map(|(name, id)| self.find(kind, name, id));
        let title = sent.get("title").and_then(Value::as_str);
        let year = sent.get("year").and_then(Value::as_u64);
        let by_title = || {
            let titled = title.filter(|_| ids.is_empty()).zip(year);
            titled.and_then(|(title, year)| self.by_title.get(&(kind, title.to_lowercase(), year)).copied())
        };
        known.or_else(by_title).or_else(|| {
            let acceptable = unknown == UnknownIds::Accept && (!ids.is_empty() || title.is_some());
            acceptable.then(|| self.accept(kind, &ids, title, year))
        })
    }

    /// A season of a show.
    pub(crate) fn season_of(&mut self, show: LibraryItem, season: u16, unknown: UnknownIds) -> Option<LibraryItem> {
        let item = LibraryItem::Season { show: show.show()?, season };
        if self.library.season(item).is_some() {
            return Some(item);
        }
        if unknown == UnknownIds::NotFound {
            return None;
        }
        self.library.show_mut(show)?.seasons.insert(season, Season::default());
        self.file_season(item, &ExternalIds::default());
        Some(item)
    }

    /// An episode of a show.
    pub(crate) fn episode_of(
        &mut self,
        show: LibraryItem,
        season: u16,
        number: u16,
        unknown: UnknownIds,
    ) -> Option<LibraryItem> {
        let item = LibraryItem::Episode { show: show.show()?, season, number };
        if self.library.episode(item).is_some() {
            return Some(item);
        }
        self.season_of(show, season, unknown)?;
        if unknown == UnknownIds::NotFound {
            return None;
        }
        let episode = Episode {
            title: format_smolstr!("Episode {number}"),
            aired: unknown_day(),
            runtime_min: 45,
            ids: ExternalIds::default(),
            has_file: true,
        };
        self.library.show_mut(show)?.seasons.get_mut(&season)?.episodes.insert(number, episode);
        self.file_episode(item, &ExternalIds::default());
        Some(item)
    }

    /// The n-th episode of a show when specials are not counted.
    pub(crate) fn absolute_episode(&self, show: LibraryItem, number_abs: u64) -> Option<LibraryItem> {
        let place = usize::try_from(number_abs.checked_sub(1)?).ok()?;
        let numbers = self.library.show(show)?.numbers().filter(|(season, _)| *season > 0);
        let (season, number) = numbers.into_iter().nth(place)?;
        Some(LibraryItem::Episode { show: show.show()?, season, number })
    }

    fn accept(
        &mut self,
        kind: Kind,
        ids: &[(&'static str, SmolStr)],
        title: Option<&str>,
        year: Option<u64>,
    ) -> LibraryItem {
        let external = external_ids(ids);
        let named = || ids.first().map(|(name, id)| format!("{kind:?} {name} {id}")).unwrap_or_default();
        let title: SmolStr = title.map_or_else(named, str::to_owned).into();
        let year = year.and_then(|year| u16::try_from(year).ok()).unwrap_or(2000);
        if kind == Kind::Movie {
            let movie =
                Movie { title: title.clone(), year, released: unknown_day(), runtime_min: 100, ids: external.clone() };
            let item = self.library.add_movie(movie);
            self.file_titled(item, &title, year, &external);
            return self.file_sent_ids(kind, item, ids);
        }
        let show_ids = if kind == Kind::Show { external.clone() } else { ExternalIds::default() };
        let show = Show { title: title.clone(), year, ids: show_ids.clone(), seasons: BTreeMap::new() };
        let show = self.library.add_show(show);
        self.file_titled(show, &title, year, &show_ids);
        let below = match kind {
            Kind::Season => self.season_of(show, 1, UnknownIds::Accept),
            Kind::Episode => self.episode_of(show, 1, 1, UnknownIds::Accept),
            Kind::Movie | Kind::Show => None,
        };
        if let Some(own) = below.and_then(|item| self.library.ids_mut(item)) {
            own.clone_from(&external);
        }
        self.file_sent_ids(kind, below.unwrap_or(show), ids)
    }

    /// From now on the ids that were sent mean the accepted title, Trakt's own among them.
    fn file_sent_ids(&mut self, kind: Kind, item: LibraryItem, ids: &[(&'static str, SmolStr)]) -> LibraryItem {
        for (name, id) in ids {
            self.by_id.insert((kind, name, id.clone()), item);
            if let ("trakt", Ok(trakt)) = (*name, id.parse()) {
                self.trakt_ids.insert(item, trakt);
            }
        }
        item
    }

    fn file_show(&mut self, item: LibraryItem, show: &Show) {
        self.file_titled(item, &show.title, show.year, &show.ids);
        let Some(place) = item.show() else { return };
        for (&season, content) in &show.seasons {
            self.file_season(LibraryItem::Season { show: place, season }, &content.ids);
            for (&number, episode) in &content.episodes {
                self.file_episode(LibraryItem::Episode { show: place, season, number }, &episode.ids);
            }
        }
    }

    fn file_titled(&mut self, item: LibraryItem, title: &str, year: u16, ids: &ExternalIds) {
        let kind = Kind::of(item);
        let trakt = self.give_trakt_id(item);
        let slug = self.free_slug(kind, title, year, trakt);
        self.by_id.insert((kind, "slug", slug.clone()), item);
        self.slugs.insert(item, slug);
        self.by_title.insert((kind, title.to_lowercase(), u64::from(year)), item);
        self.file_ids(item, ids);
    }

    fn file_season(&mut self, item: LibraryItem, ids: &ExternalIds) {
        self.give_trakt_id(item);
        self.file_ids(item, ids);
    }

    fn file_episode(&mut self, item: LibraryItem, ids: &ExternalIds) {
        self.give_trakt_id(item);
        self.file_ids(item, ids);
    }

    fn file_ids(&mut self, item: LibraryItem, ids: &ExternalIds) {
        let kind = Kind::of(item);
        let tmdb = ids.tmdb.map(|id| ("tmdb", id.to_smolstr()));
        let numbered = [tmdb, ids.tvdb.map(|id| ("tvdb", id.to_smolstr()))];
        let imdb = ids.imdb.clone().map(|id| ("imdb", id));
        for (name, id) in numbered.into_iter().chain([imdb]).flatten() {
            self.by_id.insert((kind, name, id), item);
        }
    }

    /// Trakt numbers each kind separately; the ranges here overlap as they do there.
    fn give_trakt_id(&mut self, item: LibraryItem) -> u64 {
        let kind = Kind::of(item);
        let last = self.given.entry(kind).or_insert(match kind {
            Kind::Movie => 300,
            Kind::Show => 150,
            Kind::Season => 3_900,
            Kind::Episode => 73_000,
        });
        *last += 1;
        let trakt = *last;
        self.trakt_ids.insert(item, trakt);
        self.by_id.insert((kind, "trakt", trakt.to_smolstr()), item);
        trakt
    }

    fn free_slug(&self, kind: Kind, title: &str, year: u16, trakt: u64) -> SmolStr {
        let letters = title.to_lowercase();
        let words = letters.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let bare = words.collect::<Vec<_>>().join("-");
        let dated = format_smolstr!("{bare}-{year}");
        let preferred = if kind == Kind::Show && !bare.is_empty() { bare.as_str().into() } else { dated.clone() };
        let free = |slug: &SmolStr| !self.by_id.contains_key(&(kind, "slug", slug.clone()));
        [preferred, dated].into_iter().find(free).unwrap_or_else(|| format_smolstr!("{}-{trakt}", kind.singular()))
    }
}

fn id_names(kind: Kind) -> &'static [&'static str] {
    ID_NAMES.iter().find(|(own, _)| *own == kind).map_or(&[], |(_, names)| names)
}

/// The ids a client sent that this kind has, in the order in which they are tried; numbers may come as text.
fn sent_ids(kind: Kind, sent: &Value) -> Vec<(&'static str, SmolStr)> {
    let Some(ids) = sent.get("ids") else { return Vec::new() };
    let text = |name: &str| match ids.get(name)? {
        Value::String(text) if !text.is_empty() => Some(SmolStr::new(text)),
        Value::Number(number) => Some(number.to_smolstr()),
        _ => None,
    };
    id_names(kind).iter().filter_map(|name| Some((*name, text(name)?))).collect()
}

fn external_ids(ids: &[(&'static str, SmolStr)]) -> ExternalIds {
    let find = |wanted: &str| ids.iter().find(|(name, _)| *name == wanted).map(|(_, id)| id);
    let number = |wanted: &str| find(wanted).and_then(|id| id.parse().ok());
    ExternalIds { imdb: find("imdb").cloned(), tmdb: number("tmdb"), tvdb: number("tvdb") }
}

/// The day of release of accepted titles.
const fn unknown_day() -> Date {
    date(2000, 1, 1)
}
