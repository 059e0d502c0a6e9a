//! The items of a server, filled from a library.
//!
//! User data is filed under keys made of provider ids: the bare TMDB number of a film, the bare TVDB number of a series,
//! and the series' key with season and number for an episode. Titles with equal keys therefore share their state, even a
//! film and a series with the same number: <https://github.com/jellyfin/jellyfin/issues/11840>.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rustc_hash::FxHashMap;
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use super::item::{Item, ItemKind, Location, MediaId};
use crate::{
    chance::fingerprint,
    instant,
    library::{Episode, ExternalIds, Library, LibraryItem, Movie, Season, Show},
};

const TICKS_PER_MINUTE: i64 = 600_000_000;
/// The first item was added on 1 January 2019, each further one this much later.
const FIRST_ADDED_SECOND: i64 = 1_546_300_800;
const ADDED_EVERY_SECONDS: i64 = 1_500;

/// The first item has this number, each further one the next but six.
const FIRST_NUMBER: u64 = 1_007;
const NUMBERS_APART: u64 = 7;

/// One row of a playlist or collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Names the row; an item that was put in twice has two.
    pub entry: u64,
    /// The item.
    pub item: MediaId,
}

/// All items with the lookups that requests need.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    items: BTreeMap<MediaId, Item>,
    by_origin: BTreeMap<LibraryItem, MediaId>,
    children: BTreeMap<MediaId, Vec<MediaId>>,
    episodes: BTreeMap<MediaId, Vec<MediaId>>,
    lists: BTreeMap<MediaId, Vec<Listed>>,
    by_number: FxHashMap<u64, MediaId>,
    slots: FxHashMap<SmolStr, usize>,
    added: i64,
    numbered: u64,
    listed: u64,
}

/// The id of the library that holds the films.
pub(crate) fn movies_view() -> MediaId {
    MediaId(fingerprint("view:Movies"))
}

/// The id of the library that holds the series.
pub(crate) fn shows_view() -> MediaId {
    MediaId(fingerprint("view:Shows"))
}

/// The id of the library that holds playlists and collections.
pub(crate) fn playlists_view() -> MediaId {
    MediaId(fingerprint("view:Playlists"))
}

/// The library an item lies in.
pub(crate) fn view_of(item: &Item) -> MediaId {
    match item.kind {
        ItemKind::Movie => movies_view(),
        ItemKind::Series | ItemKind::Season | ItemKind::Episode => shows_view(),
        ItemKind::Playlist | ItemKind::BoxSet => playlists_view(),
    }
}

impl Shelf {
    pub(crate) fn fill(library: &Library) -> Self {
        let mut shelf = Self::default();
        for (origin, movie) in library.movies() {
            shelf.add_movie(movie, Some(origin));
        }
        for (origin, show) in library.shows() {
            shelf.add_show(show, Some(origin));
        }
        shelf
    }

    pub(crate) fn get(&self, id: MediaId) -> Option<&Item> {
        self.items.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: MediaId) -> Option<&mut Item> {
        self.items.get_mut(&id)
    }

    pub(crate) fn of_number(&self, number: u64) -> Option<&Item> {
        self.items.get(self.by_number.get(&number)?)
    }

    pub(crate) fn of_origin(&self, origin: LibraryItem) -> Option<MediaId> {
        self.by_origin.get(&origin).copied()
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// Direct children, in order.
    pub(crate) fn children(&self, id: MediaId) -> impl Iterator<Item = &Item> {
        self.children.get(&id).into_iter().flatten().filter_map(|child| self.items.get(child))
    }

    /// All episodes of a series or season, in order; nothing for other items.
    pub(crate) fn episodes_of(&self, id: MediaId) -> impl Iterator<Item = &Item> {
        self.episodes.get(&id).into_iter().flatten().filter_map(|episode| self.items.get(episode))
    }

    pub(crate) fn add_movie(&mut self, movie: &Movie, origin: Option<LibraryItem>) -> MediaId {
        let path = format!("/media/movies/{0} ({1})/{0} ({1}).mkv", file_name(&movie.title), movie.year);
        let mut item = self.blank(ItemKind::Movie, &path, &movie.title, movies_view(), origin);
        item.year = Some(movie.year);
        item.premiered = Some(movie.released);
        item.runtime_ticks = Some(i64::from(movie.runtime_min) * TICKS_PER_MINUTE);
        item.provider_ids = self.provider_ids(&movie.ids);
        item.data_key = first_id(&item, &["Tmdb", "Imdb"]);
        self.insert(item)
    }

    pub(crate) fn add_show(&mut self, show: &Show, origin: Option<LibraryItem>) -> MediaId {
        let path = format!("/media/shows/{} ({})", file_name(&show.title), show.year);
        let mut series = self.blank(ItemKind::Series, &path, &show.title, shows_view(), origin);
        series.year = Some(show.year);
        series.provider_ids = self.provider_ids(&show.ids);
        series.data_key = first_id(&series, &["Tvdb", "Imdb"]);
        let key = series.data_key.clone();
        let id = self.insert(series);
        for (&number, season) in &show.seasons {
            let origin = origin.and_then(LibraryItem::show).map(|show| LibraryItem::Season { show, season: number });
            self.add_season(id, &key, number, season, origin);
        }
        id
    }

    pub(crate) fn rematch(&mut self, id: MediaId, movie: &Movie) -> Option<()> {
        let provider_ids = self.provider_ids(&movie.ids);
        let item = self.items.get_mut(&id)?;
        item.name = movie.title.clone();
        item.sort_name = movie.title.to_lowercase().into();
        item.year = Some(movie.year);
        item.premiered = Some(movie.released);
        item.provider_ids = provider_ids;
        Some(())
    }

    /// Adds a film now.
    pub(crate) fn add_movie_at(&mut self, movie: &Movie, now: Timestamp) -> MediaId {
        let id = self.add_movie(movie, None);
        self.date_all_below(id, now);
        id
    }

    /// Adds a series now.
    pub(crate) fn add_show_at(&mut self, show: &Show, now: Timestamp) -> MediaId {
        let id = self.add_show(show, None);
        self.date_all_below(id, now);
        id
    }

    /// Makes a playlist or collection with these items in it.
    pub(crate) fn add_list(
        &mut self,
        kind: ItemKind,
        name: &str,
        owner: Option<MediaId>,
        items: &[MediaId],
        now: Timestamp,
    ) -> MediaId {
        let path = format!("/config/{}s/{}", kind.as_str().to_lowercase(), file_name(name));
        let mut list = self.blank(kind, &path, name, playlists_view(), None);
        (list.owner, list.created_at, list.saved_at) = (owner, now, now);
        let id = self.insert(list);
        self.lists.insert(id, Vec::new());
        self.put_into(id, items);
        id
    }

    /// Puts items behind the others. A playlist takes a series as its episodes and takes what it has already once more;
    /// a collection does neither.
    pub(crate) fn put_into(&mut self, list: MediaId, items: &[MediaId]) {
        let is_playlist = self.items.get(&list).is_some_and(|list| list.kind == ItemKind::Playlist);
        for item in items {
            let episodes: Vec<MediaId> = self.episodes_of(*item).map(|episode| episode.id).collect();
            let rows = if is_playlist && !episodes.is_empty() { episodes } else { vec![*item] };
            for item in rows {
                let Some(listed) = self.lists.get_mut(&list) else { return };
                if is_playlist || !listed.iter().any(|row| row.item == item) {
                    self.listed += 1;
                    listed.push(Listed { entry: self.listed, item });
                }
            }
        }
    }

    /// Takes rows out.
    pub(crate) fn take_out(&mut self, list: MediaId, leaves: impl Fn(&Listed) -> bool) {
        if let Some(listed) = self.lists.get_mut(&list) {
            listed.retain(|row| !leaves(row));
        }
    }

    /// Whether there is a playlist or collection.
    pub(crate) fn holds_lists(&self) -> bool {
        !self.lists.is_empty()
    }

    /// The rows of a playlist or collection, in order.
    pub(crate) fn listed(&self, list: MediaId) -> &[Listed] {
        self.lists.get(&list).map_or(&[], Vec::as_slice)
    }

    /// The items of a playlist or collection, in order.
    pub(crate) fn items_of_list(&self, list: MediaId) -> impl Iterator<Item = &Item> {
        self.listed(list).iter().filter_map(|row| self.items.get(&row.item))
    }

    fn date_all_below(&mut self, id: MediaId, now: Timestamp) {
        for child in self.children.get(&id).cloned().unwrap_or_default() {
            self.date_all_below(child, now);
        }
        if let Some(item) = self.items.get_mut(&id) {
            (item.created_at, item.saved_at) = (now, now);
        }
    }

    /// Takes an item and all below it off the shelf.
    pub(crate) fn remove(&mut self, id: MediaId) -> Option<Item> {
        for child in self.children.remove(&id).unwrap_or_default() {
            self.remove(child);
        }
        self.episodes.remove(&id);
        self.lists.remove(&id);
        let item = self.items.remove(&id)?;
        self.by_number.remove(&item.number);
        for listed in self.lists.values_mut() {
            listed.retain(|row| row.item != id);
        }
        for listed in self.children.values_mut().chain(self.episodes.values_mut()) {
            listed.retain(|other| *other != id);
        }
        if let Some(origin) = item.origin {
            self.by_origin.remove(&origin);
        }
        Some(item)
    }

    /// Gives a film or episode another path, and with it another id.
    pub(crate) fn replace_file(&mut self, id: MediaId, now: Timestamp) -> Option<MediaId> {
        let old = self.items.get(&id).filter(|item| !item.kind.is_folder())?.clone();
        self.remove(id);
        let path = format!("{}.remux.mkv", old.path.trim_end_matches(".mkv"));
        let id = item_id(old.kind, &path);
        Some(self.insert(Item { id, path, created_at: now, saved_at: now, ..old }))
    }

    fn add_season(
        &mut self,
        series: MediaId,
        series_key: &str,
        number: u16,
        season: &Season,
        origin: Option<LibraryItem>,
    ) {
        let Some((path, name)) = self.items.get(&series).map(|item| (item.path.clone(), item.name.clone())) else {
            return;
        };
        let path = format!("{path}/Season {number:02}");
        let title = if number == 0 { "Specials".to_owned() } else { format!("Season {number}") };
        let mut item = self.blank(ItemKind::Season, &path, &title, series, origin);
        item.index_number = Some(number);
        item.series = Some((series, name.clone()));
        item.provider_ids = self.provider_ids(&season.ids);
        item.data_key = format_smolstr!("{series_key}{number:03}");
        let id = self.insert(item);
        for (&episode_number, episode) in &season.episodes {
            let file = format!("{path}/{} S{number:02}E{episode_number:02}.mkv", file_name(&name));
            let origin = origin.and_then(LibraryItem::show).map(|show| LibraryItem::Episode {
                show,
                season: number,
                number: episode_number,
            });
            let mut item = self.episode(&file, episode, id, origin);
            item.index_number = Some(episode_number);
            item.parent_index_number = Some(number);
            item.series = Some((series, name.clone()));
            item.data_key = format_smolstr!("{series_key}{number:03}{episode_number:03}");
            self.insert(item);
        }
    }

    fn episode(&mut self, path: &str, episode: &Episode, season: MediaId, origin: Option<LibraryItem>) -> Item {
        let mut item = self.blank(ItemKind::Episode, path, &episode.title, season, origin);
        item.year = u16::try_from(episode.aired.year()).ok();
        item.premiered = Some(episode.aired);
        item.runtime_ticks = Some(i64::from(episode.runtime_min) * TICKS_PER_MINUTE);
        item.provider_ids = self.provider_ids(&episode.ids);
        item.location = if episode.has_file { Location::FileSystem } else { Location::Virtual };
        item
    }

    fn blank(&mut self, kind: ItemKind, path: &str, name: &str, parent: MediaId, origin: Option<LibraryItem>) -> Item {
        let now = self.next_added();
        Item {
            id: item_id(kind, path),
            number: 0,
            kind,
            name: name.into(),
            year: None,
            premiered: None,
            runtime_ticks: None,
            provider_ids: Vec::new(),
            index_number: None,
            parent_index_number: None,
            parent,
            owner: None,
            series: None,
            path: path.to_owned(),
            created_at: now,
            saved_at: now,
            location: Location::FileSystem,
            origin,
            sort_name: sort_name(name),
            data_key: SmolStr::default(),
            data_slot: 0,
        }
    }

    fn insert(&mut self, mut item: Item) -> MediaId {
        while self.items.contains_key(&item.id) {
            item.path.push('+');
            item.id = item_id(item.kind, &item.path);
        }
        if item.data_key.is_empty() {
            item.data_key = item.id.to_smolstr();
        }
        item.number = FIRST_NUMBER + self.numbered * NUMBERS_APART;
        self.numbered += 1;
        self.by_number.insert(item.number, item.id);
        let next = self.slots.len();
        item.data_slot = *self.slots.entry(item.data_key.clone()).or_insert(next);
        let id = item.id;
        if let Some(origin) = item.origin {
            self.by_origin.insert(origin, id);
        }
        place(self.children.entry(item.parent).or_default(), &self.items, &item);
        if item.kind == ItemKind::Episode {
            place(self.episodes.entry(item.parent).or_default(), &self.items, &item);
            if let Some((series, _)) = &item.series {
                place(self.episodes.entry(*series).or_default(), &self.items, &item);
            }
        }
        self.items.insert(id, item);
        id
    }

    /// Plugins disagree about the case of provider names: some items have them in capitals.
    fn provider_ids(&self, ids: &ExternalIds) -> Vec<(SmolStr, SmolStr)> {
        let shout = self.added % 31 == 5;
        let named = |name: &str| if shout { name.to_ascii_uppercase().into() } else { SmolStr::new(name) };
        let numbered = |name: &str, number: Option<u32>| number.map(|number| (named(name), number.to_smolstr()));
        let imdb = ids.imdb.clone().map(|id| (named("Imdb"), id));
        [imdb, numbered("Tmdb", ids.tmdb), numbered("Tvdb", ids.tvdb)].into_iter().flatten().collect()
    }

    fn next_added(&mut self) -> Timestamp {
        self.added += 1;
        let start = Timestamp::from_second(FIRST_ADDED_SECOND).unwrap_or_default();
        instant::plus_seconds(start, self.added * ADDED_EVERY_SECONDS)
    }
}

/// Inserts by season and number, behind equals. Items mostly come in order, so the search starts at the end.
fn place(list: &mut Vec<MediaId>, items: &BTreeMap<MediaId, Item>, item: &Item) {
    let order = |item: &Item| (item.parent_index_number, item.index_number);
    let earlier = |id: &MediaId| items.get(id).is_some_and(|other| order(other) <= order(item));
    let at = list.iter().rposition(earlier).map_or(0, |position| position + 1);
    list.insert(at, item.id);
}

fn item_id(kind: ItemKind, path: &str) -> MediaId {
    MediaId(fingerprint(&format!("{}:{path}", kind.as_str())))
}

fn first_id(item: &Item, providers: &[&str]) -> SmolStr {
    providers.iter().find_map(|provider| item.provider_id(provider)).unwrap_or_default().into()
}

fn file_name(title: &str) -> String {
    title.replace(['/', '\\', ':', '?', '"'], "_")
}

fn sort_name(name: &str) -> SmolStr {
    let lower = name.to_lowercase();
    let bare = ["the ", "a ", "an "].iter().find_map(|article| lower.strip_prefix(article));
    bare.unwrap_or(&lower).into()
}
