//! Snapshots of accounts: what an account held at one moment, readable when everything else is gone.
//!
//! - A snapshot holds items, facts and who they belong to. It MUST NOT hold a secret.
//! - Its rows are in [`SnapshotRow::cmp_place`] order, however they arrived, so that equal content is stored once.
//! - Only a complete read becomes one; who takes it sees to that.

use std::cmp::Ordering;

use crosswatch_model::{
    Fact, Feature, Id, Item, PlayKey, ProviderId, RestoreFilter, RestoreMode, RunId, SnapshotCause,
};
use jiff::Timestamp;
use smol_str::SmolStr;

/// One snapshot, without its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRecord {
    /// The snapshot. Ids begin with the time they were made.
    pub id: RunId,
    /// The account it was taken of.
    pub provider: ProviderId,
    /// Names server and user. Never a secret.
    pub fingerprint: SmolStr,
    /// Whose state it is.
    pub user: SmolStr,
    /// When.
    pub taken_at: Timestamp,
    /// Why.
    pub cause: SnapshotCause,
    /// It is never dropped until it is unpinned.
    pub is_pinned: bool,
    /// What it holds, in the order of the features.
    pub parts: Vec<SnapshotPart>,
}

impl SnapshotRecord {
    /// Rows of all features.
    pub fn items(&self) -> u64 {
        self.parts.iter().map(|part| part.items).sum()
    }

    /// Bytes of all features, before anything they share with other snapshots is counted off.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }

    /// One feature of it.
    pub fn part(&self, feature: Feature) -> Option<&SnapshotPart> {
        self.parts.iter().find(|part| part.feature == feature)
    }
}

/// One feature of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotPart {
    /// The feature.
    pub feature: Feature,
    /// How many rows it has.
    pub items: u64,
    /// How many bytes its rows are.
    pub bytes: u64,
}

/// A snapshot that is to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSnapshot {
    /// The snapshot.
    pub id: RunId,
    /// The account.
    pub provider: ProviderId,
    /// Names server and user.
    pub fingerprint: SmolStr,
    /// Whose state it is.
    pub user: SmolStr,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// Why.
    pub cause: SnapshotCause,
    /// Whether it is pinned from the start.
    pub is_pinned: bool,
    /// Rows per feature, in any order.
    pub rows: Vec<(Feature, Vec<SnapshotRow>)>,
}

/// One fact of an account about one item. It carries no name of our own: that is worth nothing beside another store, and
/// equal rows would not be equal bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRow {
    /// The item, with everything that finds it again.
    pub item: Item,
    /// The fact.
    pub fact: Fact,
}

/// What stands for a row where its neighbours are to be found: it does not change with the value of the fact.
type Place = (u8, Option<Id>, Option<u16>, Option<u16>, Option<Id>, PlayKey);

impl SnapshotRow {
    /// Where it stands among the rows of its feature: kind, show, season, number, item, play.
    pub fn place(&self) -> Place {
        let item = &self.item;
        let show = item.show.as_ref().and_then(|show| show.ids.iter().next());
        (item.kind as u8, show, item.season, item.number, item.ids.iter().next(), PlayKey::of_fact(self.fact))
    }

    /// The order of the rows of a snapshot. It depends on nothing but the rows.
    pub fn cmp_place(&self, other: &Self) -> Ordering {
        let by_content = || self.item.cmp(&other.item).then_with(|| self.fact.cmp(&other.fact));
        self.place().cmp(&other.place()).then_with(by_content)
    }
}

/// What a restore brings back, kept with its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreOrder {
    /// The snapshot.
    pub snapshot: RunId,
    /// What becomes of what only the target has.
    pub mode: RestoreMode,
    /// Which part of it.
    pub filter: RestoreFilter,
}
