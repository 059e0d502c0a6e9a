//! Finding the server's items by external ids and by coordinates, in a list that is held in memory.
//!
//! An item whose ids contradict those looked for is never an answer, whatever else fits.

use crosswatch_model::{Id, IdSet, Item, Kind, Reason};

use crate::ids::{contradict, share_one};

/// What is known of one item of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its number on the server.
    pub(super) key: u64,
    /// What it is.
    pub(super) kind: Kind,
    /// Ids of the item itself.
    pub(super) ids: IdSet,
    /// The show of an episode, its season and its number.
    pub(super) coordinates: Option<Coordinates>,
}

/// A show, a season and an episode number.
pub(super) type Coordinates = (u64, u16, u16);

/// What a lookup found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Every copy in the libraries.
    Copies(Vec<u64>),
    /// Nothing.
    Nothing,
    /// Only items that contradict what was looked for.
    Contradicts(Reason),
}

impl Found {
    /// The numbers of all copies.
    pub(super) fn keys(&self) -> &[u64] {
        if let Self::Copies(copies) = self { copies } else { &[] }
    }
}

/// The libraries by id and by coordinates.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    entries: Vec<Entry>,
    by_id: Vec<(Id, u32)>,
    by_coordinates: Vec<(Coordinates, u32)>,
}

impl Lookup {
    /// Sorts the entries in.
    pub(super) fn of(entries: impl Iterator<Item = Entry>) -> Self {
        let mut lookup = Self::default();
        for entry in entries {
            let Ok(at) = u32::try_from(lookup.entries.len()) else { break };
            lookup.by_id.extend(entry.ids.iter().map(|id| (id, at)));
            lookup.by_coordinates.extend(entry.coordinates.map(|coordinates| (coordinates, at)));
            lookup.entries.push(entry);
        }
        lookup.by_id.sort_unstable();
        lookup.by_coordinates.sort_unstable();
        lookup
    }

    /// Every copy of an item. Episodes are found by their own ids and by their show's ids with season and number.
    pub(super) fn find(&self, item: &Item) -> Found {
        let by_own_ids = self.with_ids(&item.ids, item.kind);
        let by_coordinates = self.at_coordinates(item);
        let fitting = by_own_ids.iter().chain(&by_coordinates).filter(|entry| !contradict(&entry.ids, &item.ids));
        let mut copies: Vec<u64> = fitting.map(|entry| entry.key).collect();
        copies.sort_unstable();
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

    fn with_ids(&self, ids: &IdSet, kind: Kind) -> Vec<&Entry> {
        let places = ids.iter().flat_map(|id| equal_range(&self.by_id, id));
        places.filter_map(|(_, at)| self.entry(*at)).filter(|entry| entry.kind == kind).collect()
    }

    fn at_coordinates(&self, item: &Item) -> Vec<&Entry> {
        let (Kind::Episode, Some(show), Some(season), Some(number)) = (item.kind, &item.show, item.season, item.number)
        else {
            return Vec::new();
        };
        let shows = self.with_ids(&show.ids, Kind::Show).into_iter();
        let mut shows: Vec<u64> = shows
            .filter(|entry| share_one(&entry.ids, &show.ids) && !contradict(&entry.ids, &show.ids))
            .map(|entry| entry.key)
            .collect();
        shows.sort_unstable();
        shows.dedup();
        let places = shows.into_iter().flat_map(|show| equal_range(&self.by_coordinates, (show, season, number)));
        places.filter_map(|(_, at)| self.entry(*at)).collect()
    }
}

/// All pairs with this key in a sorted list.
fn equal_range<K: Ord + Copy>(pairs: &[(K, u32)], key: K) -> impl Iterator<Item = &(K, u32)> {
    let start = pairs.partition_point(|(other, _)| *other < key);
    pairs.get(start..).unwrap_or_default().iter().take_while(move |(other, _)| *other == key)
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{Namespace, Show};

    use super::*;

    fn ids(kind: Kind, list: &[(Namespace, &str)]) -> IdSet {
        list.iter().map(|(namespace, text)| Id::parse(*namespace, kind, text).unwrap()).collect()
    }

    fn lookup() -> Lookup {
        let entry =
            |key, kind, list: &[(Namespace, &str)], coordinates| Entry { key, kind, ids: ids(kind, list), coordinates };
        Lookup::of(
            [
                entry(1, Kind::Movie, &[(Namespace::Tmdb, "603")], None),
                entry(2, Kind::Movie, &[(Namespace::Tmdb, "603"), (Namespace::Imdb, "tt0133093")], None),
                entry(3, Kind::Show, &[(Namespace::Tmdb, "603"), (Namespace::Tvdb, "78874")], None),
                entry(4, Kind::Episode, &[(Namespace::Tvdb, "111")], Some((3, 0, 4))),
            ]
            .into_iter(),
        )
    }

    #[test]
    fn every_copy_of_the_same_kind_is_found_and_nothing_that_contradicts() {
        let movie =
            |list: &[(Namespace, &str)]| lookup().find(&Item::titled(Kind::Movie, "", None, ids(Kind::Movie, list)));
        assert_eq!(movie(&[(Namespace::Tmdb, "603")]), Found::Copies(vec![1, 2]));
        assert_eq!(movie(&[(Namespace::Tmdb, "603"), (Namespace::Imdb, "tt0000009")]), Found::Copies(vec![1]));
        assert_eq!(movie(&[(Namespace::Tmdb, "604")]), Found::Nothing);
        let wrong = [(Namespace::Imdb, "tt0133093"), (Namespace::Tmdb, "9")];
        assert_eq!(movie(&wrong), Found::Contradicts(Reason::IdsContradict));
    }

    #[test]
    fn episodes_are_found_by_show_and_numbers_or_by_their_own_ids() {
        let show = Show { ids: ids(Kind::Show, &[(Namespace::Tvdb, "78874")]), ..Show::default() };
        let at = |number, own: &[(Namespace, &str)]| {
            lookup().find(&Item::episode(show.clone(), 0, number, "", ids(Kind::Episode, own)))
        };
        assert_eq!(at(4, &[]), Found::Copies(vec![4]));
        assert_eq!(at(5, &[]), Found::Nothing);
        assert_eq!(at(4, &[(Namespace::Tvdb, "222")]), Found::Contradicts(Reason::CoordinatesContradict));
        assert_eq!(at(9, &[(Namespace::Tvdb, "111")]), Found::Copies(vec![4]), "its own id is enough");
    }
}
