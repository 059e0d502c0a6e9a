//! What became of a media server's rows since the last read that was believed: a row that names something else now waits
//! for a person, and until then the last believed row stays in the place of the new one, so that the next run finds the
//! same again.
//!
//! Deliberately absent: trackers. Their rows are plays and list entries, which never become about something else.

use crosswatch_identity::{
    Catalog, Evidence, ItemIx, Join, TableShift,
    rematch::{Holds, NativeRow, compare, identifying},
};
use crosswatch_model::{NativeRef, PlayKey, Uid};
use crosswatch_plan::{Read, Seen};
use crosswatch_port::ReadingRow;
use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use super::collect::SideRead;

/// The rows of a side that wait, and what is believed of them.
#[derive(Debug, Default)]
pub(super) struct Believed {
    /// Rows that stay as they were.
    pub(super) rows: Vec<ReadingRow>,
    /// The account's rows that are not believed yet.
    pub(super) doubted: FxHashSet<NativeRef>,
}

/// Everything that is needed to look at one read.
pub(super) struct Lookout<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) join: &'a Join,
    pub(super) known: &'a [(Uid, ItemIx)],
    pub(super) evidence: &'a Evidence,
    pub(super) shifts: &'a [TableShift],
    pub(super) now: Timestamp,
}

impl Lookout<'_> {
    /// Compares a complete read with the believed one, adds what waits to `holds`, and answers what is believed.
    pub(super) fn look(&self, side: &SideRead, holds: &mut Holds) -> Believed {
        let (Read::Complete(_) | Read::Suspect(_), false) = (&side.read, side.before.is_empty()) else {
            return Believed::default();
        };
        let (before, now) = (by_native(&side.before), by_native(side.read.rows()));
        let is_new = |(native, item): &(&NativeRef, &ItemIx), other: &FxHashMap<NativeRef, ItemIx>| {
            other.get(native).is_none_or(|other| self.join.placement(**item) != self.join.placement(*other))
        };
        let rows = |these: &FxHashMap<NativeRef, ItemIx>, others: &FxHashMap<NativeRef, ItemIx>| -> Vec<NativeRow> {
            these.iter().filter(|row| is_new(row, others)).map(|(native, item)| self.row(*native, *item)).collect()
        };
        let changes = compare(&rows(&before, &now), &rows(&now, &before), before.len(), self.evidence);
        let mut found = Holds::new();
        found.note(&changes, self.now.as_second());
        let mut believed = Believed::default();
        for hold in found.all() {
            let (was, is) = hold.change.rows();
            believed.doubted.extend(is.native);
            believed.rows.extend(was.native.into_iter().flat_map(|native| self.believed_rows(&side.before, native)));
            holds.hold(hold);
        }
        if let Some(since_s) = found.frozen_since_s() {
            holds.freeze(since_s);
        }
        believed
    }

    fn row(&self, native: NativeRef, item: ItemIx) -> NativeRow {
        let described = self.catalog.get(item);
        NativeRow {
            native: Some(native),
            kind: described.kind,
            ids: identifying(&described),
            title: described.title,
            year: described.year,
        }
    }

    fn believed_rows(&self, before: &[Seen], native: NativeRef) -> Vec<ReadingRow> {
        let rows = before.iter().filter(|row| row.native() == Some(native));
        let named = |row: &Seen| {
            let (uid, _) = self.known.iter().find(|(_, item)| *item == row.item())?;
            let fact = row.fact();
            Some(ReadingRow { uid: *uid, play: PlayKey::of_fact(fact), native: Some(native), fact })
        };
        rows.filter_map(named).collect()
    }
}

/// The item of each row that is the only one of its number: a file of several episodes has several.
fn by_native(rows: &[Seen]) -> FxHashMap<NativeRef, ItemIx> {
    let mut items = FxHashMap::default();
    let mut several = FxHashSet::default();
    for row in rows {
        let Some(native) = row.native() else { continue };
        if items.insert(native, row.item()).is_some_and(|other| other != row.item()) {
            several.insert(native);
        }
    }
    items.retain(|native, _| !several.contains(native));
    items
}
