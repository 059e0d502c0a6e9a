//! Answers of the API as far as the commands read them. Everything else in an answer is passed on untouched by `--json`.
//!
//! Unknown keys are ignored and counts that are not told are zero, so that a newer service can be asked, too.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

/// A run.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Run {
    /// Its id.
    pub id: String,
    /// Its pair.
    pub pair: String,
    /// Why it was started.
    #[serde(default)]
    pub cause: String,
    /// Where it stands.
    pub state: String,
    /// Whether it writes nothing.
    #[serde(default, rename = "dry_run")]
    pub is_dry: bool,
    /// Counts per feature.
    #[serde(default)]
    pub features: BTreeMap<String, FeatureCounts>,
    /// Requests sent per account.
    #[serde(default)]
    pub requests: BTreeMap<String, u64>,
    /// When it began to read.
    #[serde(default)]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default)]
    pub finished_at: Option<Timestamp>,
    /// One sentence about it.
    #[serde(default)]
    pub sentence: String,
    /// What went wrong.
    #[serde(default)]
    pub error: Option<Fault>,
}

/// What the service advises.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct AdviceRows {
    /// The pieces of advice.
    pub items: Vec<AdviceRow>,
}

/// A piece of advice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct AdviceRow {
    /// The rule behind it.
    pub rule: String,
    /// What it is about.
    pub subject: String,
    /// What is the matter.
    #[serde(default)]
    pub message: String,
    /// What to do about it.
    #[serde(default)]
    pub fix: String,
    /// Until when nobody wants to hear it.
    #[serde(default)]
    pub snoozed_until: Option<Timestamp>,
}

/// What went wrong in a run or at an account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Fault {
    /// A sentence that says what to do.
    #[serde(default)]
    pub detail: String,
}

/// Counts of one feature.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct FeatureCounts {
    /// To add.
    pub adds: u64,
    /// To remove.
    pub removes: u64,
    /// To replace.
    pub updates: u64,
    /// In step.
    pub unchanged: u64,
    /// Waiting for a person.
    pub held: u64,
    /// Left alone, with a reason.
    pub skipped: u64,
    /// With ids that contradict each other.
    pub conflicts: u64,
    /// What became of operations, by outcome.
    pub outcomes: BTreeMap<String, u64>,
}

impl FeatureCounts {
    /// Operations that are wanted, held ones included.
    pub(crate) fn wanted(&self) -> u64 {
        self.adds + self.removes + self.updates + self.held
    }
}

impl Run {
    /// The sum of a count over all features.
    pub(crate) fn total(&self, count: impl Fn(&FeatureCounts) -> u64) -> u64 {
        self.features.values().map(count).sum()
    }
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Plan {
    /// Its id.
    pub id: String,
    /// Where it stands.
    #[serde(default)]
    pub state: String,
    /// Counts per feature.
    #[serde(default)]
    pub features: BTreeMap<String, FeatureCounts>,
    /// What the settings of today plan from the same reads, where others were asked about.
    #[serde(default)]
    pub today: Option<BTreeMap<String, FeatureCounts>>,
    /// What applying it would cost, per account.
    #[serde(default)]
    pub cost: BTreeMap<String, Cost>,
    /// One sentence about it.
    #[serde(default)]
    pub sentence: String,
}

/// What applying a plan would cost at one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Cost {
    /// Requests.
    pub requests: u64,
    /// Seconds, with the account's limits.
    pub seconds: u64,
}

/// One line of a plan.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Line {
    /// The feature.
    pub feature: String,
    /// What is to be done.
    pub action: String,
    /// What it is done to.
    pub item: Item,
    /// The value to write.
    #[serde(default)]
    pub value: Option<Value>,
    /// The value that is there.
    #[serde(default)]
    pub before: Option<Value>,
    /// Why.
    pub reason: String,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Item {
    /// Movie, show, season or episode.
    pub kind: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// Its year.
    #[serde(default)]
    pub year: Option<u16>,
    /// The show it belongs to.
    #[serde(default)]
    pub show: Option<Show>,
    /// Its season.
    #[serde(default)]
    pub season: Option<u16>,
    /// Its number in the season.
    #[serde(default)]
    pub number: Option<u16>,
}

/// The show of a season or an episode.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Show {
    /// Its title.
    #[serde(default)]
    pub title: String,
}

/// A value. Which keys are there follows from the feature.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Value {
    /// History: an instant or a day; absent when nobody knows.
    pub watched_at: Option<String>,
    /// Watchlist: since when.
    pub listed_at: Option<String>,
    /// Ratings: from 1 to 100.
    pub rating: Option<u8>,
    /// Progress: seconds into the item.
    pub position_s: Option<u32>,
}

/// A snapshot of an account.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Snapshot {
    /// Its id.
    pub id: String,
    /// The account.
    pub provider: String,
    /// Whose state it is.
    #[serde(default)]
    pub user: String,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// Why.
    #[serde(default)]
    pub cause: String,
    /// Rows of all features.
    #[serde(default)]
    pub items: u64,
    /// Bytes of all rows.
    #[serde(default)]
    pub bytes: u64,
    /// Whether it is kept for good.
    #[serde(default, rename = "pinned")]
    pub is_pinned: bool,
    /// Rows per feature.
    #[serde(default)]
    pub counts: BTreeMap<String, u64>,
}

/// A row of a snapshot.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct SnapshotItem {
    /// The feature.
    pub feature: String,
    /// What it is about.
    pub item: Item,
    /// What it says.
    pub value: Value,
}

/// A difference between two snapshots.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct SnapshotChange {
    /// The feature.
    pub feature: String,
    /// `added`, `removed` or `changed`.
    pub change: String,
    /// What it is about.
    pub item: Item,
    /// What the first snapshot says.
    #[serde(default)]
    pub before: Option<Value>,
    /// What the second one says.
    #[serde(default)]
    pub value: Option<Value>,
}

/// An account that was asked who we are there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Account {
    /// Whose account it is.
    pub user: Option<String>,
    /// Product and version.
    pub product: Option<String>,
    /// Why it cannot be used.
    pub fault: Option<Fault>,
}

/// What a pair forgot, or would forget.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Reset {
    /// The pair.
    pub pair: String,
    /// Whether it was forgotten.
    pub done: bool,
    /// How much of each kind.
    pub cleared: Cleared,
    /// What stays.
    pub kept: Vec<String>,
    /// Whether experience is for it.
    pub advice: String,
}

/// How much of each kind a pair forgot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Cleared {
    /// Items that both sides agreed on.
    pub baseline: u64,
    /// Features that had their first run.
    pub features: u64,
    /// What waited for a person.
    pub held: u64,
    /// Operations that a person said no to.
    pub rejected: u64,
    /// Items that the target refused.
    pub unresolved: u64,
    /// The last reads of both accounts.
    pub reads: bool,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Listing {
    /// The rows, untouched.
    pub items: Vec<serde_json::Value>,
    /// Where the next page begins.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

/// Something that happened, from the event stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Happened {
    /// The run it concerns.
    pub run: Option<String>,
    /// Where that run stands.
    pub state: Option<String>,
    /// Finished steps.
    pub done: u64,
    /// All steps, where known.
    pub total: Option<u64>,
    /// One sentence.
    pub sentence: String,
}

impl Happened {
    /// Whether the run it concerns is over.
    pub(crate) fn is_end(&self) -> bool {
        self.state.as_deref().is_some_and(is_final)
    }
}

/// Whether a run in this state is over.
pub(crate) fn is_final(state: &str) -> bool {
    matches!(state, "succeeded" | "partial" | "held" | "failed" | "cancelled" | "interrupted")
}

/// An error of the API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Problem {
    /// Its stable name.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is.
    pub title: String,
    /// What happened and what to do.
    pub detail: String,
}
