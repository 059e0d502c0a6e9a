//! Naming what comes in by single items: which entity of ours an item is: found by its ids or its place in a show, or minted.
//!
//! Promises: items of one request that are the same thing become one entity; ids are added to what is known and never
//! taken away; ids that contradict what is known are refused. Deliberately absent: guessing by title.

use std::{collections::BTreeMap, ops::Range};

use crosswatch_model::{Id, IdSet, Item, Show, Uid};
use crosswatch_port::{ItemRecord, Ledger, StorageFailure};

/// Items with their entities.
#[derive(Debug, Default, PartialEq)]
pub struct Named {
    /// The entity of each item, in the order given.
    pub uids: Vec<Uid>,
    /// The entities as they are known from now on.
    pub records: BTreeMap<Uid, Item>,
    /// The entities that are new or learned something.
    pub changed: Vec<ItemRecord>,
}

/// What naming needs to know and to have: the part of the store that holds entities.
pub trait Entities {
    /// The entity an id points at.
    fn uid_of(&self, id: Id) -> Result<Option<Uid>, StorageFailure>;

    /// What is known of an entity.
    fn item(&self, uid: Uid) -> Result<Option<ItemRecord>, StorageFailure>;

    /// Visits all of them.
    fn visit(&self, visit: &mut dyn FnMut(ItemRecord)) -> Result<(), StorageFailure>;

    /// Reserves so many new ones and answers the first.
    fn mint(&self, count: u32) -> Result<Uid, StorageFailure>;
}

impl Entities for &dyn Ledger {
    fn uid_of(&self, id: Id) -> Result<Option<Uid>, StorageFailure> {
        Ledger::uid_of(*self, id)
    }

    fn item(&self, uid: Uid) -> Result<Option<ItemRecord>, StorageFailure> {
        Ledger::item(*self, uid)
    }

    fn visit(&self, visit: &mut dyn FnMut(ItemRecord)) -> Result<(), StorageFailure> {
        self.visit_items(visit)
    }

    fn mint(&self, count: u32) -> Result<Uid, StorageFailure> {
        self.mint_uids(count)
    }
}

/// An item that contradicts what is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("items[{at}].item.ids: {why}")]
pub struct Contradiction {
    /// Its place in the order given.
    pub at: usize,
    /// What does not fit.
    pub why: String,
}

/// Finds or mints the entity of each item; the inner error says which item contradicts what is known.
pub fn name(entities: &impl Entities, items: Vec<Item>) -> Result<Result<Named, Contradiction>, StorageFailure> {
    let mut known = BTreeMap::new();
    for uid in uids_by_id(entities, &items)? {
        if let Some(record) = entities.item(uid)? {
            known.insert(uid, record.item);
        }
    }
    add_by_place(entities, &items, &mut known)?;
    let before = known.clone();
    let mut desk = Desk { known, fresh: 0..0, uids: Vec::with_capacity(items.len()) };
    let spare = items.iter().filter(|item| !desk.known.values().any(|other| is_same(other, item))).count();
    if spare > 0 {
        let first = entities.mint(u32::try_from(spare).unwrap_or(u32::MAX))?.0;
        desk.fresh = first..first.saturating_add(spare as u64);
    }
    for (at, item) in items.into_iter().enumerate() {
        if let Err(why) = desk.place(item) {
            return Ok(Err(Contradiction { at, why }));
        }
    }
    let is_changed = |(uid, item): &(&Uid, &Item)| before.get(uid) != Some(item);
    let changed = desk.known.iter().filter(is_changed).map(|(uid, item)| ItemRecord {
        uid: *uid,
        item: item.clone(),
        runtime_s: None,
    });
    Ok(Ok(Named { uids: desk.uids, changed: changed.collect(), records: desk.known }))
}

fn uids_by_id(entities: &impl Entities, items: &[Item]) -> Result<Vec<Uid>, StorageFailure> {
    let mut uids = Vec::new();
    for id in items.iter().flat_map(|item| item.ids.iter()) {
        uids.extend(entities.uid_of(id)?);
    }
    Ok(uids)
}

/// Seasons and episodes may be known by their place only; one pass over the store finds all of them.
fn add_by_place(
    entities: &impl Entities,
    items: &[Item],
    known: &mut BTreeMap<Uid, Item>,
) -> Result<(), StorageFailure> {
    let unfound: Vec<&Item> =
        items.iter().filter(|item| has_place(item) && !known.values().any(|other| shares_id(other, item))).collect();
    if unfound.is_empty() {
        return Ok(());
    }
    entities.visit(&mut |record| {
        if unfound.iter().any(|item| is_same(&record.item, item)) {
            known.insert(record.uid, record.item);
        }
    })
}

fn has_place(item: &Item) -> bool {
    item.show.is_some() && item.season.is_some()
}

fn shares_id(one: &Item, other: &Item) -> bool {
    other.ids.iter().any(|id| one.ids.contains(id))
}

/// Whether both stand at the same place of the same show, and their own ids do not say otherwise.
fn shares_place(one: &Item, other: &Item) -> bool {
    let (Some(show), Some(other_show)) = (&one.show, &other.show) else { return false };
    one.season.is_some()
        && (one.kind, one.season, one.number) == (other.kind, other.season, other.number)
        && other_show.ids.iter().any(|id| show.ids.contains(id))
        && clash(&one.ids, &other.ids).is_none()
}

fn is_same(one: &Item, other: &Item) -> bool {
    shares_id(one, other) || shares_place(one, other)
}

/// Two different ids of one namespace.
fn clash(one: &IdSet, other: &IdSet) -> Option<(Id, Id)> {
    other.iter().find_map(|id| one.get(id.namespace()).filter(|same| *same != id).map(|same| (same, id)))
}

struct Desk {
    known: BTreeMap<Uid, Item>,
    /// Minted and not used yet.
    fresh: Range<u64>,
    uids: Vec<Uid>,
}

impl Desk {
    fn place(&mut self, item: Item) -> Result<(), String> {
        let mut by_id = self.known.iter().filter(|(_, known)| shares_id(known, &item)).map(|(uid, _)| *uid);
        let found = match (by_id.next(), by_id.next()) {
            (Some(_), Some(_)) => return Err("they belong to different items; send the right ones".to_owned()),
            (found, _) => found,
        };
        drop(by_id);
        let by_place = || self.known.iter().find(|(_, known)| shares_place(known, &item)).map(|(uid, _)| *uid);
        if let Some(uid) = found.or_else(by_place) {
            let Some(known) = self.known.get_mut(&uid) else { return Ok(()) };
            if let Some((there, given)) = clash(&known.ids, &item.ids) {
                return Err(format!("{given} contradicts {there}, which is known of this item; leave one out"));
            }
            // What a place alone joins is not remembered as ids of one thing.
            let told = if found.is_some() { item } else { Item { ids: IdSet::default(), ..item } };
            enrich(known, told);
            self.uids.push(uid);
        } else {
            let uid = self.fresh.next().map(Uid).ok_or("too many new items at once; send them in parts")?;
            self.known.insert(uid, item);
            self.uids.push(uid);
        }
        Ok(())
    }
}

/// Adds what is new to what is known.
fn enrich(known: &mut Item, told: Item) {
    known.ids = known.ids.iter().chain(told.ids.iter()).collect();
    if known.title.is_empty() {
        known.title = told.title;
    }
    known.year = known.year.or(told.year);
    if known.season.is_none() {
        (known.season, known.number) = (told.season, told.number);
    } else if known.season == told.season {
        known.number = known.number.or(told.number);
    }
    match (&mut known.show, told.show) {
        (show @ None, told) => *show = told,
        (Some(show), Some(told)) => enrich_show(show, *told),
        (Some(_), None) => {}
    }
}

fn enrich_show(show: &mut Show, told: Show) {
    if show.title.is_empty() {
        show.title = told.title;
    }
    show.year = show.year.or(told.year);
    // Ids of shows are only added where nothing speaks against it: a show is not what was asked about.
    if clash(&show.ids, &told.ids).is_none() {
        show.ids = show.ids.iter().chain(told.ids.iter()).collect();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crosswatch_model::{Kind, Namespace};

    use super::*;

    struct Shelved {
        records: Vec<(Uid, Item)>,
        minted: Cell<u64>,
    }

    impl Entities for Shelved {
        fn uid_of(&self, id: Id) -> Result<Option<Uid>, StorageFailure> {
            Ok(self.records.iter().find(|(_, item)| item.ids.contains(id)).map(|(uid, _)| *uid))
        }

        fn item(&self, uid: Uid) -> Result<Option<ItemRecord>, StorageFailure> {
            let record = self.records.iter().find(|(other, _)| *other == uid);
            Ok(record.map(|(uid, item)| ItemRecord { uid: *uid, item: item.clone(), runtime_s: None }))
        }

        fn visit(&self, visit: &mut dyn FnMut(ItemRecord)) -> Result<(), StorageFailure> {
            for (uid, item) in &self.records {
                visit(ItemRecord { uid: *uid, item: item.clone(), runtime_s: None });
            }
            Ok(())
        }

        fn mint(&self, count: u32) -> Result<Uid, StorageFailure> {
            let first = self.minted.get();
            self.minted.set(first + u64::from(count));
            Ok(Uid(first))
        }
    }

    fn ids(kind: Kind, ids: &[(Namespace, u64)]) -> IdSet {
        ids.iter().map(|(namespace, number)| Id::from_number(*namespace, kind, *number).unwrap()).collect()
    }

    fn movie(own: &[(Namespace, u64)]) -> Item {
        Item::titled(Kind::Movie, "x", None, ids(Kind::Movie, own))
    }

    fn episode(show: &[(Namespace, u64)], place: (u16, u16), own: &[(Namespace, u64)]) -> Item {
        let show = Show { ids: ids(Kind::Show, show), ..Show::default() };
        Item::episode(show, place.0, place.1, "x", ids(Kind::Episode, own))
    }

    fn named(known: &[Item], items: &[Item]) -> Result<Named, String> {
        let records: Vec<_> = (1..).map(Uid).zip(known.iter().cloned()).collect();
        name(&Shelved { records, minted: Cell::new(100) }, items.to_vec()).unwrap().map_err(|error| error.to_string())
    }

    use Namespace::{Tmdb, Trakt, Tvdb};

    #[test]
    fn known_items_are_found_by_id_and_learn() {
        let known = [movie(&[(Tmdb, 603)]), movie(&[(Tmdb, 604)])];
        let found = named(&known, &[movie(&[(Tmdb, 604), (Trakt, 9)])]).unwrap();
        assert_eq!(found.uids, [Uid(2)]);
        assert_eq!(
            found.changed,
            [ItemRecord { uid: Uid(2), item: movie(&[(Tmdb, 604), (Trakt, 9)]), runtime_s: None }]
        );
        let again = named(&known, &[movie(&[(Tmdb, 604)])]).unwrap();
        assert_eq!((again.uids, again.changed), (vec![Uid(2)], vec![]));
    }

    #[test]
    fn new_items_are_minted_once_per_request() {
        let items = [movie(&[(Tmdb, 1)]), movie(&[(Tmdb, 2)]), movie(&[(Tmdb, 1), (Trakt, 5)])];
        let found = named(&[], &items).unwrap();
        assert_eq!(found.uids, [Uid(100), Uid(101), Uid(100)]);
        assert_eq!(found.records[&Uid(100)], items[2]);
        assert_eq!(found.changed.len(), 2);
    }

    #[test]
    fn episodes_are_found_by_their_place() {
        let known = [episode(&[(Tmdb, 1437)], (1, 2), &[(Tvdb, 7)]), episode(&[(Tmdb, 1437)], (1, 3), &[])];
        let by_place = episode(&[(Tmdb, 1437), (Tvdb, 78_874)], (1, 2), &[]);
        assert_eq!(named(&known, std::slice::from_ref(&by_place)).unwrap().uids, [Uid(1)]);
        let other_ids = episode(&[(Tmdb, 1437)], (1, 2), &[(Tvdb, 8)]);
        assert_eq!(named(&known, &[other_ids]).unwrap().uids, [Uid(100)]);
        let other_show = episode(&[(Tmdb, 1)], (1, 2), &[]);
        let twice = named(&known, &[other_show.clone(), other_show]).unwrap();
        assert_eq!(twice.uids, [Uid(100), Uid(100)]);
    }

    #[test]
    fn what_stands_at_one_place_is_not_known_by_the_ids_of_the_other() {
        let known = [episode(&[(Tmdb, 1437)], (1, 2), &[(Tvdb, 7)]), episode(&[(Tmdb, 1437)], (1, 3), &[])];
        for (uid, item) in (1..).map(Uid).zip(&known) {
            let told = Item { ids: ids(Kind::Episode, &[(Trakt, 9)]), ..item.clone() };
            let found = named(&known, &[told.clone(), told]).unwrap();
            assert_eq!((&found.records[&uid], found.changed), (item, vec![]));
        }
    }

    #[test]
    fn contradictions_are_refused() {
        let known = [movie(&[(Tmdb, 603)]), movie(&[(Trakt, 9)])];
        let two = named(&known, &[movie(&[(Tmdb, 5)]), movie(&[(Tmdb, 603), (Trakt, 9)])]).unwrap_err();
        assert!(two.starts_with("items[1].item.ids: they belong to different items"), "{two}");
        let known = [movie(&[(Tmdb, 603), (Tvdb, 1)])];
        let one = named(&known, &[movie(&[(Tmdb, 603), (Tvdb, 2)])]).unwrap_err();
        assert!(one.contains("tvdb_movie:2 contradicts tvdb_movie:1"), "{one}");
    }
}
