//! From external ids to the server's items.
//!
//! No version of Jellyfin can be asked for an item by external id (a parameter that looks like it is silently ignored), so
//! the whole library is listed once and kept; `library.rs` says how. Emby is served by the same list.
//! An item whose ids contradict those looked for is never an answer, whatever else fits.

use std::collections::BTreeMap;

use crosswatch_model::{Id, IdSet, Item, Kind, Reason};

use super::{
    Dialect,
    row::last_number,
    wire::{self, WireItem},
};
use crate::ids::{contradict, share_one};

/// The items of a library by id and by coordinates.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: BTreeMap<u128, Entry>,
    by_id: Vec<(Id, u128)>,
    by_coordinates: Vec<(Coordinates, u128)>,
}

/// A series item, a season and an episode number.
type Coordinates = (u128, u16, u16);

/// What is known of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// What it is.
    pub(super) kind: Kind,
    /// Its external ids.
    pub(super) ids: IdSet,
    /// The series of an episode.
    pub(super) series: Option<u128>,
    /// The season of an episode.
    pub(super) season: Option<u16>,
    /// The number of an episode, or of the first one in the file.
    pub(super) number: Option<u16>,
    /// The number of the last episode in the file, where it holds several.
    pub(super) last: Option<u16>,
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

impl Entry {
    /// What the server tells of an item, and its id; `None` for an item that no feature knows.
    pub(super) fn of(dialect: Dialect, item: &WireItem) -> Option<(u128, Self)> {
        let (id, kind) = (dialect.item_id(&item.id)?, wire::kind(item)?);
        let (ids, _) = wire::ids(item, kind);
        let is_episode = kind == Kind::Episode;
        let of_episode = |number: Option<u16>| number.filter(|_| is_episode);
        let entry = Self {
            kind,
            ids,
            series: dialect.item_id(&item.series_id).filter(|_| is_episode),
            season: of_episode(item.parent_index_number.small()),
            number: of_episode(item.index_number.small()),
            last: of_episode(last_number(item)),
        };
        Some((id, entry))
    }
}

impl Index {
    /// Sorts the items for looking up.
    pub(super) fn of(entries: BTreeMap<u128, Entry>) -> Self {
        let mut index = Self::default();
        for (item, entry) in &entries {
            index.by_id.extend(entry.ids.iter().map(|id| (id, *item)));
            if let (Some(series), Some(season), Some(number)) = (entry.series, entry.season, entry.number) {
                let numbers = number..=entry.last.unwrap_or(number);
                index.by_coordinates.extend(numbers.map(|number| ((series, season, number), *item)));
            }
        }
        index.by_id.sort_unstable();
        index.by_id.dedup();
        index.by_coordinates.sort_unstable();
        index.by_coordinates.dedup();
        Self { entries, ..index }
    }

    /// All items.
    pub(super) const fn entries(&self) -> &BTreeMap<u128, Entry> {
        &self.entries
    }

    /// Every copy of an item. Episodes are found by their own ids and by their show's ids with season and number.
    pub(super) fn find(&self, item: &Item) -> Found {
        let by_own_ids = self.with_ids(&item.ids, item.kind);
        let by_coordinates = self.at_coordinates(item);
        let fits = |at: &&u128| self.entries.get(*at).is_some_and(|entry| !contradict(&entry.ids, &item.ids));
        let mut fitting: Vec<u128> = by_own_ids.iter().chain(&by_coordinates).filter(fits).copied().collect();
        fitting.sort_unstable();
        fitting.dedup();
        let copy = |item: u128| Some(Copy { item, holds_several: self.entries.get(&item)?.last.is_some() });
        let copies: Vec<Copy> = fitting.into_iter().filter_map(copy).collect();
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

    fn with_ids(&self, ids: &IdSet, kind: Kind) -> Vec<u128> {
        let items = ids.iter().flat_map(|id| equal_range(&self.by_id, id)).map(|(_, item)| *item);
        items.filter(|item| self.entries.get(item).is_some_and(|entry| entry.kind == kind)).collect()
    }

    fn at_coordinates(&self, item: &Item) -> Vec<u128> {
        let (Kind::Episode, Some(show), Some(season), Some(number)) = (item.kind, &item.show, item.season, item.number)
        else {
            return Vec::new();
        };
        let is_the_show = |item: &u128| {
            let entry = self.entries.get(item);
            entry.is_some_and(|entry| share_one(&entry.ids, &show.ids) && !contradict(&entry.ids, &show.ids))
        };
        let mut series: Vec<u128> = self.with_ids(&show.ids, Kind::Show).into_iter().filter(is_the_show).collect();
        series.sort_unstable();
        series.dedup();
        let episodes =
            series.into_iter().flat_map(|series| equal_range(&self.by_coordinates, (series, season, number)));
        episodes.map(|(_, item)| *item).collect()
    }
}

/// All pairs with this key in a sorted list.
fn equal_range<K: Ord + std::marker::Copy>(pairs: &[(K, u128)], key: K) -> impl Iterator<Item = &(K, u128)> {
    let start = pairs.partition_point(|(other, _)| *other < key);
    pairs.get(start..).unwrap_or_default().iter().take_while(move |(other, _)| *other == key)
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{Namespace, Show};

    use super::*;

    fn index(items: &[&str]) -> Index {
        let entry = |item: &&str| Entry::of(Dialect::Jellyfin, &serde_json::from_str(item).unwrap()).unwrap();
        Index::of(items.iter().map(entry).collect())
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
