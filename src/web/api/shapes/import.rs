//! Files that come into the built-in tracker: what would become of them, what became of them, and taking them back.

use std::collections::BTreeMap;

use crosswatch_exchange::{
    Misplaced,
    settle::{Settled, Tally},
};
use crosswatch_port::{ImportRecord, ImportState};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// So many misplaced rows are told one by one.
const MISPLACED_SHOWN_MAX: usize = 500;

/// What becomes of the rows of one feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportFeature)]
pub struct ImportFeatureShape {
    /// Rows that could be placed.
    rows: u64,
    /// Of them, those that are new.
    adds: u64,
    /// Of them, those that are there already.
    unchanged: u64,
    /// Of them, those that take the place of something.
    updates: u64,
}

impl From<Tally> for ImportFeatureShape {
    fn from(tally: Tally) -> Self {
        Self { rows: tally.rows, adds: tally.adds, unchanged: tally.unchanged(), updates: tally.updates }
    }
}

/// A row that could not be placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Misplaced)]
pub struct MisplacedShape {
    /// The member of the archive, and the line or entry in it.
    #[serde(rename = "where")]
    #[schema(example = "diary.csv, line 7")]
    place: String,
    /// Why, and what would help.
    reason: String,
    /// The beginning of what it says.
    text: String,
}

impl From<Misplaced> for MisplacedShape {
    fn from(row: Misplaced) -> Self {
        Self { place: row.place.to_string(), reason: row.reason, text: row.text }
    }
}

/// A file and what becomes, or became, of its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Import)]
pub struct ImportShape {
    /// What kind of file it is.
    #[schema(example = "trakt")]
    format: &'static str,
    /// Whether nothing was written.
    dry_run: bool,
    /// Per feature of the file.
    #[schema(value_type = Object)]
    features: BTreeMap<&'static str, ImportFeatureShape>,
    /// Rows that could not be placed; the first 500 of them.
    misplaced: Vec<MisplacedShape>,
    /// How many there are of them.
    misplaced_total: u64,
    /// The import, where it wrote rows: it can be taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    import: Option<String>,
}

impl ImportShape {
    /// What becomes of a file.
    pub(crate) fn of(settled: &Settled, dry_run: bool) -> Self {
        let features = settled.tallies.iter().map(|(feature, tally)| (feature.as_str(), (*tally).into()));
        let shown = settled.misplaced.iter().take(MISPLACED_SHOWN_MAX).cloned();
        Self {
            format: settled.format.as_str(),
            dry_run,
            features: features.collect(),
            misplaced: shown.map(MisplacedShape::from).collect(),
            misplaced_total: settled.misplaced_total,
            import: None,
        }
    }

    /// What became of it.
    pub(crate) fn written_as(mut self, record: &ImportRecord) -> Self {
        self.import = Some(record.id.to_string());
        self
    }
}

/// An import that is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportRecord)]
pub struct ImportRecordShape {
    id: String,
    /// The tracker.
    provider: String,
    /// What kind of file it was.
    format: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `applying` where the process ended in the middle: the same file goes on from there.
    #[schema(example = "done")]
    state: &'static str,
    /// Rows that were added.
    added: u64,
    /// Rows that took the place of others.
    updated: u64,
    /// Rows of the file that could not be placed.
    misplaced: u64,
    /// Of the rows, how many were taken back.
    taken_back: u64,
}

impl From<ImportRecord> for ImportRecordShape {
    fn from(record: ImportRecord) -> Self {
        Self {
            id: record.id.to_string(),
            provider: record.account.to_string(),
            format: record.format.to_string(),
            at: record.at,
            state: match record.state {
                ImportState::Applying => "applying",
                ImportState::Done => "done",
                ImportState::Undone => "undone",
            },
            added: record.added,
            updated: record.updated,
            misplaced: record.misplaced,
            taken_back: record.taken_back,
        }
    }
}

/// What was taken back of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportUndo)]
pub struct ImportUndoShape {
    /// The import.
    pub(crate) import: String,
    /// Rows that were taken out again.
    pub(crate) removed: u64,
    /// Rows that have their former value again.
    pub(crate) restored: u64,
    /// Rows that were left alone because they changed since.
    pub(crate) kept: u64,
}
