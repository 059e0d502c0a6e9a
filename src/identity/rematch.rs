//! What became of the rows of an account between two complete reads: moved, better known, or another thing altogether.
//!
//! A row that names something else than before is held: neither the old thing is removed nor the new one added, until a
//! person has looked. Promises: a row that only moved changes nothing; holds end by a person's answer or by the row's own
//! return to what it was, never by time, which only turns them into questions.
//! Deliberately absent: storage, and the reading of rows. Never compare anything but two complete reads of one account.

use std::collections::{BTreeMap, BTreeSet};

use crosswatch_model::{Id, IdSet, Item, Kind, NativeRef};
use smol_str::SmolStr;

use crate::{evidence::Evidence, table::TableShift, titles::normal_title};

/// A row as it was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NativeRow {
    /// The account's own number of the row; lists of trackers have none.
    pub native: Option<NativeRef>,
    /// What it is.
    pub kind: Kind,
    /// Its ids.
    pub ids: IdSet,
    /// Its title.
    pub title: SmolStr,
    /// Its year.
    pub year: Option<u16>,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It gained ids; nothing follows.
    Enriched(NativeRow, NativeRow),
    /// The same thing in another row; nothing is written.
    Moved(NativeRow, NativeRow),
    /// One id stayed and another changed. Adds go on, removals wait until a second origin knows the redirect.
    Remapped(NativeRow, NativeRow),
    /// It is another thing now.
    Rematched(NativeRow, NativeRow),
    /// One row went and one of equal kind, title and year came, without a common id: perhaps the same thing.
    RemapSuspected(NativeRow, NativeRow),
}

/// What became of all rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// The changes, in order.
    pub changes: Vec<Change>,
    /// So many rows are another thing now that the account was rebuilt, or its metadata come from somewhere else.
    pub extent: Extent,
}

/// How many rows are another thing now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// None, or as few as a person corrects in an evening.
    #[default]
    Usual,
    /// So many that nothing is removed from or because of this account until a person confirms.
    Mass,
}

/// More rematches than this …
const MAX_REMATCHES: usize = 20;
/// … or than this part of the library are a mass.
const MAX_REMATCHES_PERCENT: usize = 5;

/// The ids that say what a row is: its own, or those of its show where it has none.
pub fn identifying(item: &Item) -> IdSet {
    match &item.show {
        Some(show) if item.ids.is_empty() => show.ids.clone(),
        _ => item.ids.clone(),
    }
}

/// Compares two complete reads. Rows that both have alike may be left out; `library` is how many rows there were with
/// them. `evidence` knows which ids were replaced by which.
pub fn compare(before: &[NativeRow], now: &[NativeRow], library: usize, evidence: &Evidence) -> Changes {
    let (were, are) = (by_native(before), by_native(now));
    let mut changes: Vec<Change> =
        were.iter().filter_map(|(native, was)| change_in_place(was, are.get(native)?, evidence)).collect();
    let stayed =
        |row: &&NativeRow| row.native.is_some_and(|native| were.contains_key(&native) && are.contains_key(&native));
    let gone: BTreeSet<&NativeRow> = before.iter().filter(|row| !stayed(row)).collect();
    let came: BTreeSet<&NativeRow> = now.iter().filter(|row| !stayed(row)).collect();
    changes.extend(changes_between(&gone, &came, evidence));
    changes.sort_unstable();
    let rematches = changes.iter().filter(|change| matches!(change, Change::Rematched(..))).count();
    let is_mass = rematches > MAX_REMATCHES || rematches * 100 > library * MAX_REMATCHES_PERCENT;
    Changes { changes, extent: if is_mass { Extent::Mass } else { Extent::Usual } }
}

fn by_native(rows: &[NativeRow]) -> BTreeMap<NativeRef, &NativeRow> {
    rows.iter().filter_map(|row| Some((row.native?, row))).collect()
}

/// How the ids of two rows are related.
struct Relation {
    shared: usize,
    differing: Vec<(Id, Id)>,
}

fn relate(was: &NativeRow, is: &NativeRow, evidence: &Evidence) -> Relation {
    let mut relation = Relation { shared: 0, differing: Vec::new() };
    for old in was.ids.iter() {
        match is.ids.get(old.namespace()) {
            Some(new) if is.ids.contains(old) || evidence.confirms_redirect(old, new) => relation.shared += 1,
            Some(new) => relation.differing.push((old, new)),
            None => {}
        }
    }
    relation
}

fn change_in_place(was: &NativeRow, is: &NativeRow, evidence: &Evidence) -> Option<Change> {
    if was.ids == is.ids && was.kind == is.kind {
        return None;
    }
    let Relation { shared, differing } = relate(was, is, evidence);
    let gained = is.ids.iter().any(|id| !was.ids.contains(id));
    let (before, now) = (was.clone(), is.clone());
    if was.kind != is.kind {
        return Some(Change::Rematched(before, now));
    }
    match (shared, differing.len()) {
        _ if was.ids.is_empty() => Some(Change::Enriched(before, now)),
        _ if is.ids.is_empty() => None,
        (0, _) => Some(Change::Rematched(before, now)),
        (_, 0) => gained.then_some(Change::Enriched(before, now)),
        _ => Some(Change::Remapped(before, now)),
    }
}

/// Pairs rows that went with rows that came. A row with several possible partners has none.
fn changes_between(gone: &BTreeSet<&NativeRow>, came: &BTreeSet<&NativeRow>, evidence: &Evidence) -> Vec<Change> {
    let mut by_id: BTreeMap<Id, Vec<&NativeRow>> = BTreeMap::new();
    let mut by_title: BTreeMap<(Kind, String, u16), Vec<&NativeRow>> = BTreeMap::new();
    let title_of = |row: &NativeRow| {
        let title = Some(normal_title(&row.title)).filter(|title| !title.is_empty());
        Some((row.kind, title?, row.year?))
    };
    for row in came {
        for id in row.ids.iter() {
            by_id.entry(id).or_default().push(row);
        }
        if let Some(title) = title_of(row) {
            by_title.entry(title).or_default().push(row);
        }
    }
    let mut found: Vec<(&NativeRow, &NativeRow)> = Vec::new();
    for was in gone {
        let same: BTreeSet<&NativeRow> =
            was.ids.iter().flat_map(|id| by_id.get(&id).into_iter().flatten().copied()).collect();
        let namesakes = title_of(was).and_then(|title| by_title.get(&title));
        let partners = if same.is_empty() { namesakes.into_iter().flatten().copied().collect() } else { same };
        if let (Some(is), 1) = (partners.first(), partners.len()) {
            found.push((was, is));
        }
    }
    let mut claims: BTreeMap<&NativeRow, usize> = BTreeMap::new();
    for (_, is) in &found {
        *claims.entry(*is).or_default() += 1;
    }
    let change = |(was, is): &(&NativeRow, &NativeRow)| {
        let Relation { shared, differing } = relate(was, is, evidence);
        let (was, is) = ((*was).clone(), (*is).clone());
        match (shared, differing.is_empty()) {
            (0, _) => Some(Change::RemapSuspected(was, is)),
            (_, false) => Some(Change::Remapped(was, is)),
            (_, true) if was.native == is.native => None,
            (_, true) => Some(Change::Moved(was, is)),
        }
    };
    found.iter().filter(|(_, is)| claims.get(is) == Some(&1)).filter_map(change).collect()
}

/// The ids under which an item may be held: its own, and those of its show for rows that had no others.
fn ids_of(item: &Item) -> impl Iterator<Item = Id> {
    item.ids.iter().chain(item.show.iter().flat_map(|show| show.ids.iter()))
}

/// What waits for a person, kept from run to run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holds {
    /// What waits, and since when.
    since_s: BTreeMap<Change, i64>,
    /// Per id, how many holds forbid its removal, and how many of them its addition too.
    held: BTreeMap<Id, Held>,
    frozen_since_s: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Held {
    removals: u32,
    adds: u32,
}

/// One row that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Why: [`Change::Rematched`], [`Change::Remapped`] or [`Change::RemapSuspected`].
    pub change: Change,
    /// Since when, in seconds since 1970.
    pub since_s: i64,
}

/// After this time a hold is put to a person as a question.
const QUESTION_AFTER_S: i64 = 7 * 86_400;

impl Change {
    /// What the row was and what it is.
    pub fn rows(&self) -> (&NativeRow, &NativeRow) {
        match self {
            Self::Enriched(was, is)
            | Self::Moved(was, is)
            | Self::Remapped(was, is)
            | Self::Rematched(was, is)
            | Self::RemapSuspected(was, is) => (was, is),
        }
    }

    /// Ids that changed in their namespace: the old and the new one. After a yes, these are redirects.
    pub fn replaced(&self) -> Vec<(Id, Id)> {
        let (was, is) = self.rows();
        let pairs = was.ids.iter().filter_map(|old| Some((old, is.ids.get(old.namespace())?)));
        pairs.filter(|(old, new)| old != new).collect()
    }

    fn waits(&self) -> bool {
        matches!(self, Self::Remapped(..) | Self::Rematched(..) | Self::RemapSuspected(..))
    }

    /// The ids of both rows, each once.
    fn ids(&self) -> IdSet {
        let (was, is) = self.rows();
        was.ids.iter().chain(is.ids.iter()).collect()
    }

    /// The changes that this one takes back.
    fn undone(&self) -> [Self; 3] {
        let (was, is) = self.rows();
        [Self::Remapped, Self::Rematched, Self::RemapSuspected].map(|change| change(is.clone(), was.clone()))
    }
}

impl Holds {
    /// Nothing waits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes over what was found at `now_s`. A row that is again what it was is free.
    pub fn note(&mut self, found: &Changes, now_s: i64) {
        for change in &found.changes {
            let mut is_back = false;
            for undone in change.undone() {
                is_back |= self.release(&undone);
            }
            if !is_back {
                self.hold(Hold { change: change.clone(), since_s: now_s });
            }
        }
        if found.extent == Extent::Mass {
            self.freeze(now_s);
        }
    }

    /// Holds a row, as it was held before a restart. What needs no hold is not held; what is held already stays so.
    pub fn hold(&mut self, hold: Hold) {
        if !hold.change.waits() || self.since_s.contains_key(&hold.change) {
            return;
        }
        for id in hold.change.ids().iter() {
            let counts = self.held.entry(id).or_default();
            counts.removals += 1;
            counts.adds += u32::from(!matches!(hold.change, Change::Remapped(..)));
        }
        self.since_s.insert(hold.change, hold.since_s);
    }

    /// A person has decided about a change, one way or the other. Answers whether it was held.
    pub fn release(&mut self, change: &Change) -> bool {
        if self.since_s.remove(change).is_none() {
            return false;
        }
        for id in change.ids().iter() {
            let Some(held) = self.held.get_mut(&id) else { continue };
            held.removals = held.removals.saturating_sub(1);
            held.adds = held.adds.saturating_sub(u32::from(!matches!(change, Change::Remapped(..))));
            if *held == Held::default() {
                self.held.remove(&id);
            }
        }
        true
    }

    /// Removes nothing from or because of this account from now on.
    pub fn freeze(&mut self, now_s: i64) {
        self.frozen_since_s.get_or_insert(now_s);
    }

    /// A person has confirmed that the account was rebuilt.
    pub fn thaw(&mut self) {
        self.frozen_since_s = None;
    }

    /// Since when nothing is removed, in seconds since 1970.
    pub fn frozen_since_s(&self) -> Option<i64> {
        self.frozen_since_s
    }

    /// Whether nothing is removed from or because of this account.
    pub fn is_frozen(&self) -> bool {
        self.frozen_since_s.is_some()
    }

    /// A table has moved episodes: nothing that it touches is removed.
    pub fn shift(&mut self, shift: &TableShift) {
        for id in shift.touched() {
            self.held.entry(id).or_default().removals += 1;
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty() && !self.is_frozen()
    }

    /// Whether an item may be added or changed.
    pub fn allows_add(&self, item: &Item) -> bool {
        !ids_of(item).any(|id| self.held.get(&id).is_some_and(|held| held.adds > 0))
    }

    /// Whether an item may be removed.
    pub fn allows_remove(&self, item: &Item) -> bool {
        !self.is_frozen() && !ids_of(item).any(|id| self.held.contains_key(&id))
    }

    /// Frees what a second origin has confirmed since.
    pub fn settle(&mut self, evidence: &Evidence) {
        let is_confirmed = |change: &Change| {
            let replaced = change.replaced();
            !replaced.is_empty() && replaced.iter().all(|(old, new)| evidence.confirms_redirect(*old, *new))
        };
        let confirmed: Vec<Change> = self.since_s.keys().filter(|change| is_confirmed(change)).cloned().collect();
        for change in &confirmed {
            self.release(change);
        }
    }

    /// Everything that waits, in order.
    pub fn all(&self) -> impl Iterator<Item = Hold> {
        self.since_s.iter().map(|(change, since_s)| Hold { change: change.clone(), since_s: *since_s })
    }

    /// What has waited so long that a person is asked.
    pub fn questions(&self, now_s: i64) -> impl Iterator<Item = Hold> {
        self.all().filter(move |hold| now_s.saturating_sub(hold.since_s) >= QUESTION_AFTER_S)
    }
}
