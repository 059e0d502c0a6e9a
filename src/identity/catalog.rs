//! Items of one run in little memory: one packed row each, ids and titles in shared arenas, shows kept once.
//!
//! An item that is equal to one already there gets the same [`ItemIx`], so both sides of a pair and the items we know
//! share their memory. Deliberately absent: any opinion on which items are the same thing (see [`crate::join`]).

use std::hash::{Hash, Hasher};

use crosswatch_model::{Id, Item, Kind, Scheme, Show};
use rustc_hash::{FxHashMap, FxHasher};

use crate::{
    provenance::{Origin, Witness},
    slots::Slots,
};

/// Where an item is in its [`Catalog`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemIx(pub(crate) u32);

impl ItemIx {
    /// The position from 0.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The catalog has no room for another item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a run holds at most {MAX_ITEMS} different items; narrow the libraries or features of this pair")]
pub struct CatalogFull;

/// More different items than this do not fit.
const MAX_ITEMS: usize = 8_000_000;

/// The items. An [`ItemIx`] of another catalog reads as an item without title and ids, which nothing matches.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    rows: Vec<Row>,
    ids: Vec<Id>,
    titles: String,
    shows: Vec<Show>,
    witnesses: Vec<Witness>,
    /// Per show, who told it.
    show_tellers: Vec<Tellers>,
    /// How long items run, where it was told.
    runtimes_s: FxHashMap<u32, u32>,
    row_slots: Slots,
    show_slots: Slots,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    ids_end: u32,
    title_end: u32,
    show: u32,
    year: u16,
    season: u16,
    number: u16,
    tellers: Tellers,
    kind: Kind,
    told: Told,
}

/// A set of witnesses of a catalog, one bit each.
pub(crate) type Tellers = u16;

/// A witness of one [`Catalog`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WitnessIx(u8);

/// Which of the optional numbers of a row were told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Told(u8);

impl Told {
    const YEAR: u8 = 1;
    const SEASON: u8 = 2;
    const NUMBER: u8 = 4;

    fn of(item: &Item) -> Self {
        let bit = |told: Option<u16>, bit: u8| if told.is_some() { bit } else { 0 };
        Self(bit(item.year, Self::YEAR) | bit(item.season, Self::SEASON) | bit(item.number, Self::NUMBER))
    }

    fn read(self, bit: u8, number: u16) -> Option<u16> {
        if self.0 & bit == 0 { None } else { Some(number) }
    }
}

const NO_SHOW: u32 = u32::MAX;

impl Catalog {
    /// A catalog without items.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an item, or finds the equal one that is there.
    pub fn push(&mut self, item: &Item) -> Result<ItemIx, CatalogFull> {
        let show = match &item.show {
            Some(show) => self.push_show(show)?,
            None => NO_SHOW,
        };
        let hash = hash_of_item(item, show);
        if let Some(row) = self.row_slots.find(hash, |row| self.is_equal(row, item, show)) {
            return Ok(ItemIx(row));
        }
        if self.rows.len() >= MAX_ITEMS {
            return Err(CatalogFull);
        }
        let ix = u32::try_from(self.rows.len()).map_err(|_| CatalogFull)?;
        let ids_end = u32::try_from(self.ids.len() + item.ids.len()).map_err(|_| CatalogFull)?;
        let title_end = u32::try_from(self.titles.len() + item.title.len()).map_err(|_| CatalogFull)?;
        if self.row_slots.is_full() {
            let mut slots = std::mem::take(&mut self.row_slots);
            slots.grow(|row| self.hash_of_row(row));
            self.row_slots = slots;
        }
        self.row_slots.insert(hash, ix);
        self.ids.extend_from_slice(item.ids.as_slice());
        self.titles.push_str(&item.title);
        self.rows.push(Row {
            ids_end,
            title_end,
            show,
            year: item.year.unwrap_or_default(),
            season: item.season.unwrap_or_default(),
            number: item.number.unwrap_or_default(),
            tellers: 0,
            kind: item.kind,
            told: Told::of(item),
        });
        Ok(ItemIx(ix))
    }

    /// Notes how long an item runs. Of several lengths the shortest stays.
    pub fn note_runtime(&mut self, item: ItemIx, runtime_s: u32) {
        let known = self.runtimes_s.entry(item.0).or_insert(runtime_s);
        *known = runtime_s.min(*known);
    }

    /// How long an item runs, where it was told.
    pub fn runtime_s(&self, item: ItemIx) -> Option<u32> {
        self.runtimes_s.get(&item.0).copied()
    }

    /// Every length that was told, in no particular order.
    pub fn runtimes_s(&self) -> impl Iterator<Item = (ItemIx, u32)> {
        self.runtimes_s.iter().map(|(item, runtime_s)| (ItemIx(*item), *runtime_s))
    }

    fn push_show(&mut self, show: &Show) -> Result<u32, CatalogFull> {
        let hash = fx(show);
        let found = self.show_slots.find(hash, |ix| self.shows.get(ix as usize) == Some(show));
        if let Some(ix) = found {
            return Ok(ix);
        }
        if self.shows.len() >= MAX_ITEMS {
            return Err(CatalogFull);
        }
        let ix = u32::try_from(self.shows.len()).map_err(|_| CatalogFull)?;
        if self.show_slots.is_full() {
            let shows = &self.shows;
            self.show_slots.grow(|ix| shows.get(ix as usize).map(fx).unwrap_or_default());
        }
        self.show_slots.insert(hash, ix);
        self.shows.push(show.clone());
        self.show_tellers.push(0);
        Ok(ix)
    }

    /// Names somebody who tells items. After the 16th, all others count as one with the 16th.
    pub fn witness(&mut self, witness: Witness) -> WitnessIx {
        let last = Tellers::BITS as usize - 1;
        let at = self.witnesses.iter().position(|known| *known == witness).unwrap_or_else(|| {
            self.witnesses.push(witness);
            self.witnesses.len() - 1
        });
        WitnessIx(u8::try_from(at.min(last)).unwrap_or_default())
    }

    /// Remembers that this witness tells the item and its show. Items that nobody was named for are one witness's.
    pub fn told_by(&mut self, item: ItemIx, witness: WitnessIx) {
        let bit = 1 << witness.0;
        let show = self.show_position(item);
        if let Some(row) = self.rows.get_mut(item.index()) {
            row.tellers |= bit;
        }
        if let Some(tellers) = show.and_then(|show| self.show_tellers.get_mut(show as usize)) {
            *tellers |= bit;
        }
    }

    /// Rebuilds the item.
    pub fn get(&self, item: ItemIx) -> Item {
        let (year, season, number) = self.numbers(item);
        Item {
            kind: self.kind(item),
            title: self.title(item).into(),
            year,
            ids: self.ids(item).iter().copied().collect(),
            show: self.show(item).cloned().map(Box::new),
            season,
            number,
        }
    }

    /// What the item is.
    pub fn kind(&self, item: ItemIx) -> Kind {
        self.row(item).map_or(Kind::Movie, |row| row.kind)
    }

    /// The item's own ids, in order.
    pub fn ids(&self, item: ItemIx) -> &[Id] {
        let end = self.row(item).map_or(0, |row| row.ids_end as usize);
        let start = self.before(item).map_or(0, |row| row.ids_end as usize);
        self.ids.get(start..end).unwrap_or_default()
    }

    /// The ids of the show that a season or episode belongs to, in order.
    pub fn show_ids(&self, item: ItemIx) -> &[Id] {
        self.show(item).map(|show| show.ids.as_slice()).unwrap_or_default()
    }

    /// The season and, for an episode, the number inside it.
    pub fn coordinates(&self, item: ItemIx) -> Option<(u16, Option<u16>)> {
        let (_, season, number) = self.numbers(item);
        season.map(|season| (season, number))
    }

    /// Who counted the season and number.
    pub fn scheme(&self, item: ItemIx) -> Scheme {
        self.show(item).map_or(Scheme::Standard, |show| show.scheme)
    }

    /// The year, where told.
    pub fn year(&self, item: ItemIx) -> Option<u16> {
        self.numbers(item).0
    }

    /// The title; empty where none was told.
    pub fn title(&self, item: ItemIx) -> &str {
        let end = self.row(item).map_or(0, |row| row.title_end as usize);
        let start = self.before(item).map_or(0, |row| row.title_end as usize);
        self.titles.get(start..end).unwrap_or_default()
    }

    /// Text for people.
    pub fn label(&self, item: ItemIx) -> String {
        self.get(item).label()
    }

    /// How many different items.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whose knowledge the item is; nobody's where no witness was named.
    pub fn origins(&self, item: ItemIx) -> impl Iterator<Item = &Origin> {
        let tellers = self.tellers(item);
        let told = move |at: usize| tellers >> at.min(15) & 1 == 1;
        let witnesses = self.witnesses.iter().enumerate().filter(move |(at, _)| told(*at));
        witnesses.map(|(_, witness)| &witness.origin)
    }

    pub(crate) fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    pub(crate) fn tellers(&self, item: ItemIx) -> Tellers {
        self.row(item).map_or(0, |row| row.tellers)
    }

    pub(crate) fn tellers_of_show(&self, show: u32) -> Tellers {
        self.show_tellers.get(show as usize).copied().unwrap_or_default()
    }

    pub(crate) fn shows(&self) -> &[Show] {
        &self.shows
    }

    pub(crate) fn show(&self, item: ItemIx) -> Option<&Show> {
        self.show_position(item).and_then(|show| self.shows.get(show as usize))
    }

    /// Where the item's show is in [`Self::shows`].
    pub(crate) fn show_position(&self, item: ItemIx) -> Option<u32> {
        self.row(item).map(|row| row.show).filter(|show| *show != NO_SHOW)
    }

    pub(crate) fn total_ids(&self) -> usize {
        self.ids.len() + self.shows.iter().map(|show| show.ids.len()).sum::<usize>()
    }

    fn row(&self, item: ItemIx) -> Option<&Row> {
        self.rows.get(item.index())
    }

    fn before(&self, item: ItemIx) -> Option<&Row> {
        item.index().checked_sub(1).and_then(|before| self.rows.get(before))
    }

    fn numbers(&self, item: ItemIx) -> (Option<u16>, Option<u16>, Option<u16>) {
        let Some(row) = self.row(item) else { return (None, None, None) };
        (
            row.told.read(Told::YEAR, row.year),
            row.told.read(Told::SEASON, row.season),
            row.told.read(Told::NUMBER, row.number),
        )
    }

    fn is_equal(&self, row: u32, item: &Item, show: u32) -> bool {
        let ix = ItemIx(row);
        self.row(ix).is_some_and(|row| row.kind == item.kind && row.show == show)
            && self.numbers(ix) == (item.year, item.season, item.number)
            && self.ids(ix) == item.ids.as_slice()
            && self.title(ix) == item.title
    }

    fn hash_of_row(&self, row: u32) -> u64 {
        let ix = ItemIx(row);
        let show = self.show_position(ix).unwrap_or(NO_SHOW);
        fx(&(self.kind(ix), show, self.numbers(ix), self.ids(ix), self.title(ix)))
    }
}

fn hash_of_item(item: &Item, show: u32) -> u64 {
    fx(&(item.kind, show, (item.year, item.season, item.number), item.ids.as_slice(), item.title.as_str()))
}

/// The hash used by every table of this crate: fast, and the same in every run.
pub(crate) fn fx(value: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{IdSet, Namespace};
    use proptest::prelude::*;

    use super::*;

    fn ids(kind: Kind, numbers: &[u64]) -> IdSet {
        [Namespace::Tmdb, Namespace::Tvdb, Namespace::Trakt]
            .into_iter()
            .zip(numbers)
            .map(|(namespace, number)| Id::from_number(namespace, kind, *number).unwrap())
            .collect()
    }

    fn any_item() -> impl Strategy<Value = Item> {
        let number = proptest::option::of(0u16..3);
        (1u8..=4, "[a-cä]{0,3}", number.clone(), proptest::collection::vec(1u64..4, 0..3), any::<bool>(), number)
            .prop_map(|(kind, title, year, numbers, has_show, number)| {
                let kind = Kind::from_number(kind).unwrap();
                let show =
                    Show { title: title.as_str().into(), year, ids: ids(Kind::Show, &numbers), ..Show::default() };
                Item {
                    kind,
                    title: title.into(),
                    year,
                    ids: ids(kind, &numbers),
                    show: has_show.then(|| Box::new(show)),
                    season: number.map(|number| number % 2),
                    number,
                }
            })
    }

    proptest! {
        #[test]
        fn gives_back_what_was_put_in_and_keeps_equal_items_once(items in proptest::collection::vec(any_item(), 0..60)) {
            let mut catalog = Catalog::new();
            let positions: Vec<ItemIx> = items.iter().map(|item| catalog.push(item).unwrap()).collect();
            for (item, position) in items.iter().zip(&positions) {
                prop_assert_eq!(&catalog.get(*position), item);
                prop_assert_eq!(catalog.push(item).unwrap(), *position);
                prop_assert_eq!(catalog.label(*position), item.label());
            }
            let mut different = items.clone();
            different.sort();
            different.dedup();
            prop_assert_eq!(catalog.len(), different.len());
        }
    }

    #[test]
    fn an_item_costs_less_than_a_hundred_bytes_beside_its_title() {
        let mut catalog = Catalog::new();
        let show =
            Show { title: "Firefly".into(), year: Some(2002), ids: ids(Kind::Show, &[1437, 78874]), ..Show::default() };
        for number in 1..=100_000u64 {
            let place = u16::try_from(number % 50_000).unwrap();
            let own = ids(Kind::Episode, &[number, number + 7]);
            catalog.push(&Item::episode(show.clone(), 1, place, "The Train Job", own)).unwrap();
        }
        let bytes = catalog.rows.len() * size_of::<Row>() + catalog.ids.len() * size_of::<Id>();
        let slots = (catalog.rows.len() * 4 / 3).next_power_of_two() * size_of::<u32>();
        assert_eq!((catalog.len(), catalog.shows.len()), (100_000, 1));
        assert!((bytes + slots) / catalog.len() < 100, "{} bytes", (bytes + slots) / catalog.len());
    }

    #[test]
    fn a_position_of_another_catalog_reads_as_nothing() {
        let item = Catalog::new().get(ItemIx(7));
        assert_eq!(item, Item::titled(Kind::Movie, "", None, IdSet::EMPTY));
    }
}
