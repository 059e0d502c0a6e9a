//! A mapping table that was read from a text: what it says, what of it was left out, and what changed since the last one.
//!
//! No table comes with this program: the caller brings the text and its version. What does not fit is left out and
//! counted, it never spoils the rest. A new version of a table changes coordinates and nothing else: a [`TableShift`] may
//! lead to adds, and to no removal.

use std::collections::{BTreeMap, BTreeSet};

use crosswatch_model::Id;
use smol_str::SmolStr;

use crate::{
    atlas::{Atlas, Layer, PartOf, RowRejection},
    evidence::Entry,
    provenance::{How, Origin, Provenance, Source, Witness},
};

/// The text is no table of this form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the table {name} cannot be read ({why}); check that the whole file arrived")]
pub struct TableFault {
    /// The name of the table.
    pub name: SmolStr,
    /// What the parser says.
    pub why: String,
}

/// A table as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: SmolStr,
    /// Its version, as the caller names it.
    pub version: SmolStr,
    /// Which stretches are the same episodes.
    pub rows: BTreeSet<PartOf>,
    /// Which ids name the same thing: films, never shows.
    pub same: BTreeSet<(Id, Id)>,
    /// What was left out, counted by reason.
    pub left_out: BTreeMap<RowRejection, u64>,
}

impl Table {
    pub(crate) fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            rows: BTreeSet::new(),
            same: BTreeSet::new(),
            left_out: BTreeMap::new(),
        }
    }

    pub(crate) fn leave_out(&mut self, why: RowRejection) {
        *self.left_out.entry(why).or_default() += 1;
    }

    pub(crate) fn keep<T>(&mut self, read: Result<T, RowRejection>) -> Option<T> {
        read.map_err(|why| self.leave_out(why)).ok()
    }

    pub(crate) fn add(&mut self, row: PartOf) {
        if let Some(row) = self.keep(row.checked()) {
            self.rows.insert(row);
        }
    }

    /// Puts the rows on an atlas.
    pub fn chart(&self, layer: Layer, atlas: &mut Atlas) {
        for row in &self.rows {
            atlas.add(layer, *row);
        }
    }

    /// Where statements of this version come from: forget them all when another version is read.
    pub fn source(&self) -> Source {
        Source::Table { name: self.name.clone(), version: self.version.clone() }
    }

    /// What the table says about ids, as statements for the evidence.
    pub fn entries(&self, read_s: i64) -> impl Iterator<Item = Entry> {
        let witness = Witness { source: self.source(), origin: Origin::Table(self.name.clone()) };
        let provenance = Provenance { witness, how: How::Table, first_seen_s: read_s, last_seen_s: read_s };
        self.same.iter().map(move |(one, other)| Entry::Is(*one, *other, provenance.clone()))
    }
}

/// What another version of a table moved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableShift {
    /// Entries whose coordinates are others now: what they were and what they are.
    pub moved: BTreeMap<Id, (BTreeSet<PartOf>, BTreeSet<PartOf>)>,
    /// Entries that came.
    pub came: BTreeSet<Id>,
    /// Entries that went. They are not gone, the table only says nothing about them any more.
    pub went: BTreeSet<Id>,
}

impl TableShift {
    /// Compares two versions.
    pub fn between(before: &Table, now: &Table) -> Self {
        let (were, are) = (by_entry(before), by_entry(now));
        let mut shift = Self::default();
        for (entry, rows) in &were {
            match are.get(entry) {
                None => {
                    shift.went.insert(*entry);
                }
                Some(others) if others != rows => {
                    shift.moved.insert(*entry, (rows.clone(), others.clone()));
                }
                Some(_) => {}
            }
        }
        shift.came = are.keys().filter(|entry| !were.contains_key(entry)).copied().collect();
        shift
    }

    /// Whether nothing moved.
    pub fn is_empty(&self) -> bool {
        self.moved.is_empty() && self.came.is_empty() && self.went.is_empty()
    }

    /// Every show and entry that the shift touches on either side. Nothing of them is removed without a person.
    pub fn touched(&self) -> BTreeSet<Id> {
        let rows = self.moved.values().flat_map(|(were, are)| were.iter().chain(are));
        let ids = rows.flat_map(|row| [Some(row.entry.start.show), row.show.map(|of| of.start.show)]);
        ids.flatten().chain(self.came.iter().copied()).chain(self.went.iter().copied()).collect()
    }
}

fn by_entry(table: &Table) -> BTreeMap<Id, BTreeSet<PartOf>> {
    let mut entries: BTreeMap<Id, BTreeSet<PartOf>> = BTreeMap::new();
    for row in &table.rows {
        entries.entry(row.entry.start.show).or_default().insert(*row);
    }
    entries
}
