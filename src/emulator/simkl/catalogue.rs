//! Everything SIMKL knows: films, series and anime under numbers of SIMKL's own, and the lookup by any id that clients send.
//!
//! Anime are a third kind of title. Each cour is a title of its own with episodes from 1, however TheTVDB counts; a series
//! of the library that has cours is no series here. Deliberately absent: text search, and titles found by name alone.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use crate::library::{Library, LibraryItem};

/// SIMKL numbers all its titles in one row.
const FIRST_SIMKL_ID: u64 = 40_001;

/// A stretch of a season at TheTVDB that is a title of its own at SIMKL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnimeCour {
    /// Place of the series in the library.
    pub show: usize,
    /// Season at TheTVDB.
    pub season: u16,
    /// First episode of that season which belongs to it.
    pub first: u16,
    /// Last episode of that season which belongs to it.
    pub last: u16,
    /// Number at MyAnimeList.
    pub mal: u32,
    /// Number at AniDB.
    pub anidb: u32,
}

/// Which titles of the library are anime.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnimeTitles {
    /// Cours, in the order of the story.
    pub cours: Vec<AnimeCour>,
    /// Places of films that are filed as anime.
    pub movies: Vec<usize>,
}

/// The three parts of a library at SIMKL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Part {
    Shows,
    Anime,
    Movies,
}

impl Part {
    pub(crate) const ALL: [Self; 3] = [Self::Shows, Self::Anime, Self::Movies];

    /// The name in paths and answers.
    pub(crate) const fn bucket(self) -> &'static str {
        match self {
            Self::Shows => "shows",
            Self::Anime => "anime",
            Self::Movies => "movies",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.bucket() == name)
    }
}

/// The place of a title in the catalogue.
pub(crate) type TitlePlace = usize;

/// A title.
#[derive(Debug, Clone)]
pub(crate) struct Title {
    pub(crate) part: Part,
    /// The film or series of the library.
    pub(crate) item: LibraryItem,
    pub(crate) cour: Option<AnimeCour>,
    simkl_id: u64,
}

impl Title {
    /// Films have no episodes to speak of.
    pub(crate) const fn is_movie(&self) -> bool {
        matches!(self.item, LibraryItem::Movie(_))
    }

    /// `tv` or `movie`, for anime.
    pub(crate) const fn anime_type(&self) -> Option<&'static str> {
        match (self.part, self.item) {
            (Part::Anime, LibraryItem::Movie(_)) => Some("movie"),
            (Part::Anime, _) => Some("tv"),
            _ => None,
        }
    }

    /// The word of answers to writes.
    pub(crate) const fn simkl_type(&self) -> &'static str {
        match self.part {
            Part::Shows => "tv",
            Part::Anime => "anime",
            Part::Movies => "movie",
        }
    }
}

/// Season and number as SIMKL counts, in one title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct EpisodeAt {
    pub(crate) season: u16,
    pub(crate) number: u16,
}

/// The library as SIMKL files it.
pub(crate) struct Catalogue {
    library: Library,
    titles: Vec<Title>,
    by_id: FxHashMap<(bool, &'static str, SmolStr), Vec<TitlePlace>>,
    by_item: FxHashMap<LibraryItem, Vec<TitlePlace>>,
}

impl Catalogue {
    pub(crate) fn new(library: Library, anime: &AnimeTitles) -> Self {
        let mut catalogue = Self {
            library: Library::empty(),
            titles: Vec::new(),
            by_id: FxHashMap::default(),
            by_item: FxHashMap::default(),
        };
        for (item, _) in library.movies() {
            let is_anime = matches!(item, LibraryItem::Movie(place) if anime.movies.contains(&place));
            catalogue.file(&library, if is_anime { Part::Anime } else { Part::Movies }, item, None);
        }
        for (item, _) in library.shows() {
            let cours: Vec<_> = anime.cours.iter().filter(|cour| item == LibraryItem::Show(cour.show)).collect();
            if cours.is_empty() {
                catalogue.file(&library, Part::Shows, item, None);
            }
            for cour in cours {
                catalogue.file(&library, Part::Anime, item, Some(*cour));
            }
        }
        catalogue.library = library;
        catalogue
    }

    pub(crate) const fn library(&self) -> &Library {
        &self.library
    }

    pub(crate) fn title(&self, place: TitlePlace) -> Option<&Title> {
        self.titles.get(place)
    }

    pub(crate) fn simkl_id(&self, place: TitlePlace) -> u64 {
        self.title(place).map_or(0, |title| title.simkl_id)
    }

    /// Where a film, series or episode of the library is filed, and as which episode.
    pub(crate) fn place_of(&self, item: LibraryItem) -> Option<(TitlePlace, Option<EpisodeAt>)> {
        let holder = item.show().map_or(item, LibraryItem::Show);
        let mut places = self.by_item.get(&holder)?.iter().copied();
        match item {
            LibraryItem::Episode { .. } => places.find_map(|place| Some((place, Some(self.number_in(place, item)?)))),
            LibraryItem::Season { .. } => None,
            _ => places.next().map(|place| (place, None)),
        }
    }

    /// The episode of the library that a title has under these numbers.
    pub(crate) fn episode(&self, place: TitlePlace, at: EpisodeAt) -> Option<LibraryItem> {
        let title = self.title(place)?;
        let show = title.item.show()?;
        let item = match title.cour {
            None => LibraryItem::Episode { show, season: at.season, number: at.number },
            Some(cour) if at.season == 1 && at.number >= 1 => {
                let number = cour.first.checked_add(at.number - 1).filter(|number| *number <= cour.last)?;
                LibraryItem::Episode { show, season: cour.season, number }
            }
            Some(_) => return None,
        };
        self.library.episode(item).map(|_| item)
    }

    /// The title and number of an episode given by TheTVDB's season and number, among the cours of a title's series.
    pub(crate) fn by_tvdb(&self, place: TitlePlace, season: u16, number: u16) -> Option<(TitlePlace, EpisodeAt)> {
        let show = self.title(place)?.item.show()?;
        let (place, at) = self.place_of(LibraryItem::Episode { show, season, number })?;
        Some((place, at?))
    }

    /// All episodes of a title, specials included, in order.
    pub(crate) fn episodes(&self, place: TitlePlace) -> Vec<EpisodeAt> {
        let Some(title) = self.title(place) else { return Vec::new() };
        let below = self.library.episodes_below(title.item);
        below.into_iter().filter_map(|item| self.number_in(place, item)).collect()
    }

    /// The title a client means by `ids`: the first known id wins, and of several cours the first.
    pub(crate) fn resolve(&self, wants_movie: bool, sent: &Value) -> Option<TitlePlace> {
        let ids = sent.get("ids")?;
        let text = |name: &str| match ids.get(name)? {
            Value::String(text) if !text.is_empty() => Some(SmolStr::new(text)),
            Value::Number(number) => Some(number.to_smolstr()),
            _ => None,
        };
        let names = ["simkl", "imdb", "tmdb", "tvdb", "mal", "anidb"];
        names.into_iter().find_map(|name| self.by_id.get(&(wants_movie, name, text(name)?))?.first().copied())
    }

    /// Whether the ids name a cour itself, and not the series as TheTVDB and TMDB know it.
    pub(crate) fn names_entry(sent: &Value) -> bool {
        let has = |name: &str| sent.get("ids").is_some_and(|ids| ids.get(name).is_some());
        ["simkl", "mal", "anidb"].into_iter().any(has)
    }

    fn file(&mut self, library: &Library, part: Part, item: LibraryItem, cour: Option<AnimeCour>) {
        let place = self.titles.len();
        let simkl_id = FIRST_SIMKL_ID + u64::try_from(place).unwrap_or_default();
        let is_movie = matches!(item, LibraryItem::Movie(_));
        let mut ids = vec![("simkl", simkl_id.to_smolstr())];
        if let Some(own) = library.ids(item) {
            ids.extend(own.imdb.clone().map(|id| ("imdb", id)));
            ids.extend(own.tmdb.map(|id| ("tmdb", id.to_smolstr())));
            ids.extend(own.tvdb.map(|id| ("tvdb", id.to_smolstr())));
        }
        if let Some(cour) = cour {
            ids.extend([("mal", cour.mal.to_smolstr()), ("anidb", cour.anidb.to_smolstr())]);
        }
        for (name, id) in ids {
            self.by_id.entry((is_movie, name, id)).or_default().push(place);
        }
        self.by_item.entry(item).or_default().push(place);
        self.titles.push(Title { part, item, cour, simkl_id });
    }

    fn number_in(&self, place: TitlePlace, item: LibraryItem) -> Option<EpisodeAt> {
        let LibraryItem::Episode { season, number, .. } = item else { return None };
        match self.title(place)?.cour {
            None => Some(EpisodeAt { season, number }),
            Some(cour) if season == cour.season && (cour.first..=cour.last).contains(&number) => {
                Some(EpisodeAt { season: 1, number: number - cour.first + 1 })
            }
            Some(_) => None,
        }
    }

    /// A title as it stands in rows. SIMKL's own number comes under either of two names, others as texts or numbers.
    pub(crate) fn title_json(&self, place: TitlePlace, is_full: bool) -> Value {
        let Some(title) = self.title(place) else { return Value::Null };
        let (name, year) = match (self.library.movie(title.item), self.library.show(title.item)) {
            (Some(movie), _) => (movie.title.clone(), movie.year),
            (_, Some(show)) => (show.title.clone(), show.year),
            _ => return Value::Null,
        };
        let name = match title.cour {
            Some(cour) if cour.season > 1 || cour.first > 1 => format_smolstr!("{name} {}.{}", cour.season, cour.first),
            _ => name,
        };
        let mut shown =
            json!({"title": name.as_str(), "poster": "67/6752548", "year": year, "ids": self.ids_json(place)});
        if let (true, Some(shown)) = (is_full, shown.as_object_mut()) {
            shown.insert("runtime".to_owned(), self.runtime_min(place).into());
        }
        shown
    }

    /// Minutes: of the film, or of the first episode.
    pub(crate) fn runtime_min(&self, place: TitlePlace) -> Option<u16> {
        let title = self.title(place)?;
        let first = || self.episodes(place).first().and_then(|at| self.episode(place, *at));
        let item = if title.is_movie() { title.item } else { first()? };
        self.library.runtime_min(item)
    }

    fn ids_json(&self, place: TitlePlace) -> Value {
        let Some(title) = self.title(place) else { return Value::Null };
        let mut ids = Map::new();
        let own = if place % 3 == 1 { "simkl_id" } else { "simkl" };
        ids.insert(own.to_owned(), title.simkl_id.into());
        ids.insert("slug".to_owned(), "a-title".into());
        let external = self.library.ids(title.item).cloned().unwrap_or_default();
        if let Some(imdb) = &external.imdb {
            ids.insert("imdb".to_owned(), imdb.as_str().into());
        }
        if let Some(tmdb) = external.tmdb {
            let is_text = place.is_multiple_of(2);
            ids.insert("tmdb".to_owned(), if is_text { tmdb.to_string().into() } else { tmdb.into() });
        }
        if let (Some(tvdb), false) = (external.tvdb, title.is_movie()) {
            ids.insert("tvdb".to_owned(), tvdb.to_string().into());
        }
        if let Some(cour) = title.cour {
            ids.insert("mal".to_owned(), cour.mal.to_string().into());
            ids.insert("anidb".to_owned(), cour.anidb.to_string().into());
        }
        Value::Object(ids)
    }
}
