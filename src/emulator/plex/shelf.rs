//! The items of a server, filled from a library: films in section 1, shows in section 2, and a section of music that no
//! sync client should touch.

use std::collections::BTreeMap;

use jiff::Timestamp;
use smol_str::format_smolstr;

use super::item::{PlexAgents, PlexItem, PlexKind};
use crate::{
    chance::fingerprint,
    instant,
    library::{ExternalIds, Library, LibraryItem, Movie, Show},
};

/// The first item was added on 1 January 2019, each further one this much later.
const FIRST_ADDED_SECOND: i64 = 1_546_300_800;
const ADDED_EVERY_SECONDS: i64 = 1_500;
const MS_PER_MINUTE: u64 = 60_000;
/// Numbers below are taken by folders and tags.
const FIRST_RATING_KEY: u64 = 1_000;

/// The section of films.
pub(crate) const MOVIES: u32 = 1;
/// The section of shows.
pub(crate) const SHOWS: u32 = 2;
/// The section of music.
pub(crate) const MUSIC: u32 = 3;

/// All items with the lookups that requests need.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    items: BTreeMap<u64, PlexItem>,
    by_origin: BTreeMap<LibraryItem, u64>,
    agents: PlexAgents,
    last_key: u64,
    added: i64,
    /// Moves with every change of a section.
    changes: BTreeMap<u32, u64>,
}

/// The 24 digits under which the cloud knows a title.
pub(crate) fn cloud_id(kind: PlexKind, origin: LibraryItem) -> String {
    let hash = fingerprint(&format!("cloud:{}:{origin:?}", kind.as_str()));
    format!("{:024x}", hash & 0x00ff_ffff_ffff_ffff_ffff_ffff | 0x0001_0000_0000_0000_0000_0000)
}

/// External ids as child guids.
pub(crate) fn child_guids(ids: &ExternalIds) -> Vec<String> {
    let number = |space: &str, number: Option<u32>| number.map(|id| format!("{space}://{id}"));
    let imdb = ids.imdb.as_ref().map(|id| format!("imdb://{id}"));
    [imdb, number("tmdb", ids.tmdb), number("tvdb", ids.tvdb)].into_iter().flatten().collect()
}

impl Shelf {
    pub(crate) fn fill(library: &Library, agents: PlexAgents) -> Self {
        let mut shelf = Self { agents, last_key: FIRST_RATING_KEY, ..Self::default() };
        for (origin, movie) in library.movies() {
            shelf.add_movie(movie, Some(origin));
        }
        for (origin, show) in library.shows() {
            shelf.add_show(show, Some(origin));
        }
        shelf
    }

    pub(crate) fn get(&self, key: u64) -> Option<&PlexItem> {
        self.items.get(&key)
    }

    pub(crate) fn of_origin(&self, origin: LibraryItem) -> Option<u64> {
        self.by_origin.get(&origin).copied()
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = &PlexItem> {
        self.items.values()
    }

    /// How often a section changed.
    pub(crate) fn changes(&self, section: u32) -> u64 {
        self.changes.get(&section).copied().unwrap_or_default()
    }

    /// The film or episode itself, or all episodes below a show or season.
    pub(crate) fn leaves(&self, key: u64) -> Vec<u64> {
        match self.items.get(&key) {
            Some(item) if item.kind.is_leaf() => vec![key],
            Some(_) => {
                let below = |item: &&PlexItem| {
                    item.kind == PlexKind::Episode && (item.parent == Some(key) || item.grandparent == Some(key))
                };
                self.items.values().filter(below).map(|item| item.rating_key).collect()
            }
            None => Vec::new(),
        }
    }

    pub(crate) fn add_movie(&mut self, movie: &Movie, origin: Option<LibraryItem>) -> u64 {
        let mut item = self.blank(PlexKind::Movie, MOVIES, origin);
        item.title = movie.title.clone();
        item.year = Some(movie.year);
        item.released = Some(movie.released);
        item.duration_ms = Some(u64::from(movie.runtime_min) * MS_PER_MINUTE);
        self.name(&mut item, &movie.ids, None);
        self.insert(item)
    }

    pub(crate) fn add_show(&mut self, show: &Show, origin: Option<LibraryItem>) -> u64 {
        let mut item = self.blank(PlexKind::Show, SHOWS, origin);
        item.title = show.title.clone();
        item.year = Some(show.year);
        self.name(&mut item, &show.ids, None);
        let place = origin.and_then(LibraryItem::show);
        let key = self.insert(item);
        for (&number, season) in &show.seasons {
            let origin = place.map(|show| LibraryItem::Season { show, season: number });
            let mut item = self.blank(PlexKind::Season, SHOWS, origin);
            item.title = if number == 0 { "Specials".into() } else { format_smolstr!("Season {number}") };
            item.index = Some(number);
            item.parent = Some(key);
            self.name(&mut item, &season.ids, Some((show, number, None)));
            let season_key = self.insert(item);
            for (&episode_number, episode) in season.episodes.iter().filter(|(_, episode)| episode.has_file) {
                let origin = place.map(|show| LibraryItem::Episode { show, season: number, number: episode_number });
                let mut item = self.blank(PlexKind::Episode, SHOWS, origin);
                item.title = episode.title.clone();
                item.year = u16::try_from(episode.aired.year()).ok();
                item.released = Some(episode.aired);
                item.duration_ms = Some(u64::from(episode.runtime_min) * MS_PER_MINUTE);
                item.index = Some(episode_number);
                item.parent_index = Some(number);
                item.parent = Some(season_key);
                item.grandparent = Some(key);
                self.name(&mut item, &episode.ids, Some((show, number, Some(episode_number))));
                self.insert(item);
            }
        }
        key
    }

    /// Adds another file of the same title: another number, the same guid.
    pub(crate) fn add_copy(&mut self, key: u64) -> Option<u64> {
        let copied = self.items.get(&key)?.clone();
        let blank = self.blank(copied.kind, copied.section, None);
        let copy =
            PlexItem { rating_key: blank.rating_key, added_at: blank.added_at, updated_at: blank.updated_at, ..copied };
        Some(self.insert(copy))
    }

    /// Takes an item and all below it off the shelf. The numbers that are gone.
    pub(crate) fn remove(&mut self, key: u64) -> Vec<u64> {
        let Some(item) = self.items.get(&key) else { return Vec::new() };
        let section = item.section;
        let is_gone =
            |item: &PlexItem| item.rating_key == key || item.parent == Some(key) || item.grandparent == Some(key);
        let gone: Vec<u64> = self.items.values().filter(|item| is_gone(item)).map(|item| item.rating_key).collect();
        self.items.retain(|_, item| !is_gone(item));
        self.by_origin.retain(|_, key| !gone.contains(key));
        self.touch(section);
        gone
    }

    /// Other metadata for an item, as after "fix match".
    pub(crate) fn rematch(&mut self, key: u64, guid: &str, guids: Vec<String>, now: Timestamp) -> bool {
        let Some(item) = self.items.get_mut(&key) else { return false };
        guid.clone_into(&mut item.guid);
        item.guids = guids;
        item.updated_at = now;
        let section = item.section;
        self.touch(section);
        true
    }

    fn touch(&mut self, section: u32) {
        *self.changes.entry(section).or_default() += 1;
    }

    fn blank(&mut self, kind: PlexKind, section: u32, origin: Option<LibraryItem>) -> PlexItem {
        self.added += 1;
        self.last_key += 1;
        let start = Timestamp::from_second(FIRST_ADDED_SECOND).unwrap_or_default();
        let now = instant::plus_seconds(start, self.added * ADDED_EVERY_SECONDS);
        PlexItem {
            rating_key: self.last_key,
            kind,
            guid: String::new(),
            guids: Vec::new(),
            title: "".into(),
            year: None,
            released: None,
            index: None,
            parent_index: None,
            parent: None,
            grandparent: None,
            section,
            duration_ms: None,
            added_at: now,
            updated_at: now,
            origin,
        }
    }

    fn insert(&mut self, item: PlexItem) -> u64 {
        let key = item.rating_key;
        if let Some(origin) = item.origin {
            self.by_origin.entry(origin).or_insert(key);
        }
        self.touch(item.section);
        self.items.insert(key, item);
        key
    }

    /// Gives the item its guids in the way of the agent.
    fn name(&self, item: &mut PlexItem, ids: &ExternalIds, below: Option<(&Show, u16, Option<u16>)>) {
        if self.agents == PlexAgents::Modern {
            let hex = item
                .origin
                .map_or_else(|| format!("{:024x}", u128::from(item.rating_key)), |origin| cloud_id(item.kind, origin));
            item.guid = format!("plex://{}/{hex}", item.kind.as_str());
            item.guids = child_guids(ids);
            return;
        }
        let legacy = match (item.kind, below) {
            (PlexKind::Movie, _) => ids.imdb.as_ref().map(|id| format!("imdb://{id}")),
            (_, None) => ids.tvdb.map(|id| format!("thetvdb://{id}")),
            (_, Some((show, season, None))) => show.ids.tvdb.map(|id| format!("thetvdb://{id}/{season}")),
            (_, Some((show, season, Some(number)))) => {
                show.ids.tvdb.map(|id| format!("thetvdb://{id}/{season}/{number}"))
            }
        };
        item.guid = legacy.map_or_else(
            || format!("local://{}", item.rating_key),
            |text| format!("com.plexapp.agents.{text}?lang=en"),
        );
    }
}
