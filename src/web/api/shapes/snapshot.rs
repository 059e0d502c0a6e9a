//! Snapshots: the record, its rows, and what lies between two of them.

use std::collections::BTreeMap;

use crosswatch_model::{Feature, RunId};
use crosswatch_port::{SnapshotRecord, SnapshotRow};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{FactShape, ItemShape};

/// A snapshot of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Snapshot)]
pub struct SnapshotShape {
    id: String,
    /// The account it was taken of.
    #[schema(example = "home")]
    provider: String,
    /// Whose state it is.
    user: String,
    #[schema(example = json!(["history", "ratings"]))]
    features: Vec<&'static str>,
    #[schema(value_type = String, format = DateTime)]
    taken_at: Timestamp,
    /// `manual`, `schedule`, `before_removal`, `before_restore` or `import`.
    #[schema(example = "schedule")]
    cause: &'static str,
    /// Rows of all features.
    items: u64,
    /// Rows per feature.
    counts: BTreeMap<&'static str, u64>,
    /// Bytes, before what it shares with other snapshots is counted off.
    bytes: u64,
    /// It is never dropped until it is unpinned.
    pinned: bool,
}

impl From<&SnapshotRecord> for SnapshotShape {
    fn from(record: &SnapshotRecord) -> Self {
        Self {
            id: record.id.to_string(),
            provider: record.provider.to_string(),
            user: record.user.to_string(),
            features: record.parts.iter().map(|part| part.feature.as_str()).collect(),
            taken_at: record.taken_at,
            cause: record.cause.as_str(),
            items: record.items(),
            counts: record.parts.iter().map(|part| (part.feature.as_str(), part.items)).collect(),
            bytes: record.bytes(),
            pinned: record.is_pinned,
        }
    }
}

/// A snapshot that was asked for and is not taken yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StartedSnapshot)]
pub struct StartedSnapshotShape {
    id: String,
    provider: String,
    /// Always `underway`.
    #[schema(example = "underway")]
    state: &'static str,
}

impl StartedSnapshotShape {
    pub(crate) fn new(id: RunId, provider: &str) -> Self {
        Self { id: id.to_string(), provider: provider.to_owned(), state: "underway" }
    }
}

/// One row of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SnapshotItem)]
pub struct SnapshotItemShape {
    #[schema(example = "ratings")]
    feature: &'static str,
    item: ItemShape,
    value: FactShape,
}

impl SnapshotItemShape {
    pub(crate) fn new(feature: Feature, row: &SnapshotRow) -> Self {
        Self { feature: feature.as_str(), item: ItemShape::from(&row.item), value: FactShape::from(row.fact) }
    }
}

/// What lies between two snapshots, a page of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SnapshotDiff)]
pub struct SnapshotDiffShape {
    pub(crate) from: SnapshotShape,
    pub(crate) to: SnapshotShape,
    /// Rows that only the later one has.
    pub(crate) added: u64,
    /// Rows that only the earlier one has.
    pub(crate) removed: u64,
    /// Rows whose value differs.
    pub(crate) changed: u64,
    pub(crate) items: Vec<SnapshotChangeShape>,
    pub(crate) next_cursor: Option<String>,
}

/// One difference between two snapshots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SnapshotChange)]
pub struct SnapshotChangeShape {
    #[schema(example = "ratings")]
    pub(crate) feature: &'static str,
    /// `added`, `removed` or `changed`.
    #[schema(example = "changed")]
    pub(crate) change: &'static str,
    pub(crate) item: ItemShape,
    /// In the first snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<FactShape>,
    /// In the second one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<FactShape>,
}
