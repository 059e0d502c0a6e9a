//! From external ids to the server's items.
//!
//! No version of Jellyfin can be asked for an item by external id (a parameter that looks like it is silently ignored), so
//! the whole library is listed once and kept. It is listed again when a lookup misses and the list has grown old.
//! An item whose ids contradict those looked for is never an answer, whatever else fits.

use std::{rc::Rc, time::Duration};

use crosswatch_model::{Id, IdSet, Item, Kind, Reason};
use crosswatch_port::Fault;
use jiff::Timestamp;
use tokio::sync::Mutex;

use super::{
    Jellyfin,
    row::last_number,
    wire::{self, WireItem},
};
use crate::ids::{contradict, share_one};

/// A miss is believed while the list is younger than this.
const MAX_AGE: Duration = Duration::from_secs(600);
/// No library has more pages than this: two million items.
const MAX_PAGES: u32 = 2000;

/// The place for the list, and the lock that keeps two lookups from making it twice.
#[derive(Default)]
pub(super) struct IndexShelf(Mutex<Option<Rc<Index>>>);

/// The library by id and by coordinates.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: Vec<Entry>,
    by_id: Vec<(Id, u32)>,
    by_coordinates: Vec<(Coordinates, u32)>,
    listed_at: Timestamp,
}

/// A series item, a season and an episode number.
type Coordinates = (u128, u16, u16);

#[derive(Debug)]
struct Entry {
    item: u128,
    kind: Kind,
    ids: IdSet,
    holds_several: bool,
}

/// What a lookup found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Every copy in the libraries.
    Copies(Vec<Copy>),
    /// Nothing.
    Nothing,
    /// Only items that contradict what was looked for.
    Contradicts(Reason),
}

/// One copy of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Copy {
    /// The server's item id.
    pub(super) item: u128,
    /// The file holds other episodes too.
    pub(super) holds_several: bool,
}

impl Found {
    /// The item ids of all copies.
    pub(super) fn items(&self) -> impl Iterator<Item = u128> {
        let copies: &[Copy] = if let Self::Copies(copies) = self { copies } else { &[] };
        copies.iter().map(|copy| copy.item)
    }
}

impl Jellyfin {
    /// Looks items up, all in one list; makes the list when there is none, and once more when something is missing from an
    /// old one.
    pub(super) async fn look_up(&self, items: &[&Item]) -> Result<Vec<Found>, Fault> {
        let mut kept = self.index.0.lock().await;
        let index = match &*kept {
            Some(index) => index.clone(),
            None => self.list_library().await?,
        };
        *kept = Some(index.clone());
        let answer = |index: &Index| items.iter().map(|item| index.find(item)).collect::<Vec<_>>();
        let found = answer(&index);
        let age = self.connection.ports().clock.now().duration_since(index.listed_at);
        let is_old = Duration::try_from(age).is_ok_and(|age| age >= MAX_AGE);
        if !is_old || !found.contains(&Found::Nothing) {
            return Ok(found);
        }
        let index = self.list_library().await?;
        *kept = Some(index.clone());
        Ok(answer(&index))
    }

    /// Forgets the list after the server denied knowing an item of it.
    pub(super) async fn forget_index(&self) {
        self.index.0.lock().await.take();
    }

    async fn list_library(&self) -> Result<Rc<Index>, Fault> {
        let account = self.connection.account().await?;
        let mut index = Index { listed_at: self.connection.ports().clock.now(), ..Index::default() };
        let libraries =
            account.libraries.as_ref().map_or_else(|| vec![None], |libraries| libraries.iter().map(Some).collect());
        for library in libraries {
            let mut start = 0;
            for _ in 0..MAX_PAGES {
                let list = self.library_page(&account, library, start).await?;
                start += list.received();
                list.items().for_each(|item| index.add(item));
                let total = list.total_record_count.whole();
                if list.received() == 0 || total.is_some_and(|total| start >= total) {
                    break;
                }
            }
        }
        index.sort();
        Ok(Rc::new(index))
    }
}

impl Index {
    fn add(&mut self, item: &WireItem) {
        let (Some(id), Some(kind), Ok(at)) =
            (wire::item_id(&item.id), wire::kind(item), u32::try_from(self.entries.len()))
        else {
            return;
        };
        let (ids, _) = wire::ids(item, kind);
        self.by_id.extend(ids.iter().map(|id| (id, at)));
        let last = last_number(item);
        let coordinates = (wire::item_id(&item.series_id), item.parent_index_number.small(), item.index_number.small());
        if let (Kind::Episode, (Some(series), Some(season), Some(number))) = (kind, coordinates) {
            let numbers = number..=last.unwrap_or(number);
            self.by_coordinates.extend(numbers.map(|number| ((series, season, number), at)));
        }
        self.entries.push(Entry { item: id, kind, ids, holds_several: last.is_some() });
    }

    fn sort(&mut self) {
        self.by_id.sort_unstable();
        self.by_id.dedup();
        self.by_coordinates.sort_unstable();
        self.by_coordinates.dedup();
    }

    /// Every copy of an item. Episodes are found by their own ids and by their show's ids with season and number.
    pub(super) fn find(&self, item: &Item) -> Found {
        let by_own_ids = self.with_ids(&item.ids, item.kind);
        let by_coordinates = self.at_coordinates(item);
        let fits = |at: &&u32| self.entry(**at).is_some_and(|entry| !contradict(&entry.ids, &item.ids));
        let mut fitting: Vec<u32> = by_own_ids.iter().chain(&by_coordinates).filter(fits).copied().collect();
        fitting.sort_unstable();
        fitting.dedup();
        let mut copies: Vec<Copy> = fitting
            .iter()
            .filter_map(|at| self.entry(*at))
            .map(|entry| Copy { item: entry.item, holds_several: entry.holds_several })
            .collect();
        copies.sort_unstable_by_key(|copy| copy.item);
        copies.dedup();
        if !copies.is_empty() {
            Found::Copies(copies)
        } else if !by_own_ids.is_empty() {
            Found::Contradicts(Reason::IdsContradict)
        } else if !by_coordinates.is_empty() {
            Found::Contradicts(Reason::CoordinatesContradict)
        } else {
            Found::Nothing
        }
    }

    fn entry(&self, at: u32) -> Option<&Entry> {
        self.entries.get(usize::try_from(at).ok()?)
    }

    fn with_ids(&self, ids: &IdSet, kind: Kind) -> Vec<u32> {
        let places = ids.iter().flat_map(|id| equal_range(&self.by_id, id)).map(|(_, at)| *at);
        places.filter(|at| self.entry(*at).is_some_and(|entry| entry.kind == kind)).collect()
    }

    fn at_coordinates(&self, item: &Item) -> Vec<u32> {
        let (Kind::Episode, Some(show), Some(season), Some(number)) = (item.kind, &item.show, item.season, item.number)
        else {
            return Vec::new();
        };
        let series = self.with_ids(&show.ids, Kind::Show).into_iter().filter_map(|at| self.entry(at));
        let mut series: Vec<u128> = series
            .filter(|entry| share_one(&entry.ids, &show.ids) && !contradict(&entry.ids, &show.ids))
            .map(|entry| entry.item)
            .collect();
        series.sort_unstable();
        series.dedup();
        let episodes =
            series.into_iter().flat_map(|series| equal_range(&self.by_coordinates, (series, season, number)));
        episodes.map(|(_, at)| *at).collect()
    }
}

/// All pairs with this key in a sorted list.
fn equal_range<K: Ord + std::marker::Copy>(pairs: &[(K, u32)], key: K) -> impl Iterator<Item = &(K, u32)> {
    let start = pairs.partition_point(|(other, _)| *other < key);
    pairs.get(start..).unwrap_or_default().iter().take_while(move |(other, _)| *other == key)
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{Namespace, Show};

    use super::*;

    fn index(items: &[&str]) -> Index {
        let mut index = Index::default();
        for item in items {
            index.add(&serde_json::from_str(item).unwrap());
        }
        index.sort();
        index
    }

    fn ids(kind: Kind, list: &[(Namespace, &str)]) -> IdSet {
        list.iter().map(|(namespace, text)| Id::parse(*namespace, kind, text).unwrap()).collect()
    }

    fn copies(found: Found) -> Vec<u128> {
        match found {
            Found::Copies(copies) => copies.iter().map(|copy| copy.item).collect(),
            other => panic!("{other:?}"),
        }
    }

    const TWO_COPIES: [&str; 3] = [
        r#"{"Id":"00000000000000000000000000000001","Type":"Movie","ProviderIds":{"Tmdb":"603"}}"#,
        r#"{"Id":"00000000000000000000000000000002","Type":"Movie","ProviderIds":{"Imdb":"tt0133093","Tmdb":"603"}}"#,
        r#"{"Id":"00000000000000000000000000000003","Type":"Series","ProviderIds":{"Tmdb":"603"}}"#,
    ];

    #[test]
    fn every_copy_of_the_same_kind_is_found() {
        let index = index(&TWO_COPIES);
        let item = Item::titled(Kind::Movie, "", None, ids(Kind::Movie, &[(Namespace::Tmdb, "603")]));
        assert_eq!(copies(index.find(&item)), [1, 2]);
        let none = Item::titled(Kind::Movie, "", None, ids(Kind::Movie, &[(Namespace::Tmdb, "604")]));
        assert_eq!(index.find(&none), Found::Nothing);
    }

    #[test]
    fn an_item_that_contradicts_is_no_answer() {
        let index = index(&TWO_COPIES);
        let both = |imdb| ids(Kind::Movie, &[(Namespace::Tmdb, "603"), (Namespace::Imdb, imdb)]);
        assert_eq!(copies(index.find(&Item::titled(Kind::Movie, "", None, both("tt0000009")))), [1]);
        let wrong = ids(Kind::Movie, &[(Namespace::Imdb, "tt0133093"), (Namespace::Tmdb, "9")]);
        assert_eq!(index.find(&Item::titled(Kind::Movie, "", None, wrong)), Found::Contradicts(Reason::IdsContradict));
    }

    #[test]
    fn episodes_are_found_by_show_and_numbers_also_inside_a_longer_file() {
        let index = index(&[
            r#"{"Id":"00000000000000000000000000000010","Type":"Series","ProviderIds":{"Tvdb":"78874"}}"#,
            r#"{"Id":"00000000000000000000000000000011","Type":"Episode","SeriesId":"00000000000000000000000000000010",
                "ParentIndexNumber":0,"IndexNumber":4,"IndexNumberEnd":5,"ProviderIds":{"Tvdb":"111"}}"#,
        ]);
        let show = Show { ids: ids(Kind::Show, &[(Namespace::Tvdb, "78874")]), ..Show::default() };
        let at = |number, own: &[(Namespace, &str)]| {
            index.find(&Item::episode(show.clone(), 0, number, "", ids(Kind::Episode, own)))
        };
        let expected = Found::Copies(vec![Copy { item: 0x11, holds_several: true }]);
        assert_eq!(at(4, &[]), expected);
        assert_eq!(at(5, &[]), expected);
        assert_eq!(at(6, &[]), Found::Nothing);
        assert_eq!(at(4, &[(Namespace::Tvdb, "222")]), Found::Contradicts(Reason::CoordinatesContradict));
        assert_eq!(at(9, &[(Namespace::Tvdb, "111")]), expected, "its own id is enough");
    }
}
