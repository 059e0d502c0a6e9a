//! The records the store keeps. Plain values: how they become bytes is the store's own business.

use crosswatch_model::{
    After, Cause, Counts, Fact, Feature, FeatureSet, HoldKind, Item, NativeRef, OpId, Outcome, PairId, PlanItem,
    PlanState, PlayKey, ProviderId, ReadReport, Reason, RunId, RunState, Uid,
};
use jiff::{SignedDuration, Timestamp};
use smol_str::SmolStr;

use crate::{provider::Write, snapshot::RestoreOrder, undo::UndoOrder};

/// One run. Written when it is asked for, at every change of state, and when it ends.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// The run.
    pub id: RunId,
    /// Its pair.
    pub pair: PairId,
    /// Why it was started.
    pub cause: Cause,
    /// Where it stands.
    pub state: RunState,
    /// Whether it only plans.
    pub dry_run: bool,
    /// The features it works on.
    pub features: FeatureSet,
    /// What was planned and what became of it, per feature.
    pub tallies: Vec<FeatureTally>,
    /// Requests sent per account, retries and token refreshes included.
    pub requests: Vec<(ProviderId, u64)>,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it began to read.
    pub started_at: Option<Timestamp>,
    /// When it reached a final state.
    pub finished_at: Option<Timestamp>,
    /// One sentence about it.
    pub sentence: SmolStr,
    /// What went wrong, when it failed.
    pub error: Option<RunError>,
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunError {
    /// A stable word: `source-unavailable`, `target-unavailable`, `sign-in`, `storage` …
    pub kind: SmolStr,
    /// A sentence that says what to do.
    pub detail: SmolStr,
}

/// One feature of a run or plan.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureTally {
    /// The feature.
    pub feature: Feature,
    /// What was planned.
    pub counts: Counts,
    /// How many operations ended in each outcome.
    pub outcomes: Vec<(Outcome, u64)>,
    /// How the source was read.
    pub source: ReadReport,
    /// How the target was read.
    pub target: ReadReport,
}

/// A plan that was asked for, kept so that it can be looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanRecord {
    /// The plan.
    pub id: RunId,
    /// Its pair.
    pub pair: PairId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: PlanState,
    /// Per feature.
    pub tallies: Vec<FeatureTally>,
    /// Requests and seconds that applying it would cost, per account.
    pub cost: Vec<(ProviderId, u64, u64)>,
    /// One sentence about it.
    pub sentence: SmolStr,
    /// What it takes back, where it is an undo.
    pub undoes: Option<UndoOrder>,
    /// What it brings back, where it is a restore.
    pub restores: Option<RestoreOrder>,
    /// What the settings of the day plan from the same reads, where it shows what others would do.
    pub today: Option<Vec<FeatureTally>>,
}

/// One line of a run or a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct LineRecord {
    /// The run or plan.
    pub owner: RunId,
    /// Its place in the list.
    pub number: u32,
    /// The line.
    pub line: PlanItem,
}

/// Where an outbox row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum OutboxState {
    /// Not sent yet.
    Queued = 1,
    /// Marked on disk before it was sent; without an answer it is in doubt.
    Inflight = 2,
    /// Its answer was lost; it is read back before anything else happens to it.
    InDoubt = 3,
}

/// A write that is on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxRecord {
    /// The account it goes to.
    pub account: ProviderId,
    /// Its place in the account's queue.
    pub seq: u64,
    /// The run it belongs to.
    pub run: RunId,
    /// The pair it belongs to.
    pub pair: PairId,
    /// The line of the run that it carries out.
    pub line_number: u32,
    /// The feature.
    pub feature: Feature,
    /// What is sent.
    pub write: Write,
    /// Which play the baseline row is about.
    pub play: PlayKey,
    /// What the baseline becomes once it is confirmed.
    pub after: After,
    /// Where it stands.
    pub state: OutboxState,
    /// How often it was sent.
    pub attempts: u32,
    /// When it was sent last.
    pub sent_at: Option<Timestamp>,
}

/// An entity with everything known about it.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemRecord {
    /// The entity.
    pub uid: Uid,
    /// Title, year, ids and coordinates.
    pub item: Item,
    /// How long it runs, where an account told.
    pub runtime_s: Option<u32>,
}

/// The last complete read of one feature of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingHead {
    /// The change mark seen before that read, where the account has one.
    pub mark: Option<SmolStr>,
    /// The account it was read from.
    pub fingerprint: SmolStr,
    /// How many rows it had.
    pub items: u64,
    /// When.
    pub taken_at: Timestamp,
    /// Whether the rows are kept, so that an unmoved mark can stand for a read.
    pub keeps_rows: bool,
}

/// One row of the last complete read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadingRow {
    /// The entity.
    pub uid: Uid,
    /// Which play.
    pub play: PlayKey,
    /// The account's own row.
    pub native: Option<NativeRef>,
    /// The fact.
    pub fact: Fact,
}

/// What a pair knows about one of its features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFeatureRecord {
    /// Names accounts and library filters; when it differs, the next run is a first run again.
    pub scope: SmolStr,
    /// When both sides first agreed.
    pub adopted_at: Timestamp,
    /// A person approved the first removals of a mirror feature.
    pub mirror_approved: bool,
    /// Rows of the source when this pair last took a read of it for complete. What other pairs of the account saw or a
    /// person approved for them does not count here.
    pub source_items: u64,
    /// Rows of the target when this pair last took a read of it for complete.
    pub target_items: u64,
    /// How many runs of the pair wrote something of this feature.
    pub writing_runs: u32,
}

/// Something that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRecord {
    /// Stable for the same pair, feature and kind.
    pub id: u64,
    /// The pair.
    pub pair: PairId,
    /// The feature.
    pub feature: Feature,
    /// What waits.
    pub kind: HoldKind,
    /// How many operations.
    pub items: u64,
    /// One sentence.
    pub sentence: SmolStr,
    /// The run that found it first.
    pub run: RunId,
    /// Since when.
    pub since: Timestamp,
}

/// What waits longer becomes a question: people are asked again. It goes on waiting.
const WAITS_UNASKED: SignedDuration = SignedDuration::from_hours(14 * 24);

impl HeldRecord {
    /// When people are asked about it again. Nothing is ever done or given up by itself.
    pub fn expires_at(&self) -> Timestamp {
        self.since.checked_add(WAITS_UNASKED).unwrap_or(Timestamp::MAX)
    }
}

/// An operation that a person said no to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRecord {
    /// The pair.
    pub pair: PairId,
    /// The feature.
    pub feature: Feature,
    /// The operation.
    pub op: OpId,
    /// When.
    pub at: Timestamp,
}

/// An item that a target refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnresolvedRecord {
    /// The pair.
    pub pair: PairId,
    /// The feature.
    pub feature: Feature,
    /// The entity.
    pub uid: Uid,
    /// Which play.
    pub play: PlayKey,
    /// Why.
    pub reason: Reason,
    /// How often in a row.
    pub failures: u32,
    /// When it may be tried again; `None` waits for a person or for changed inputs.
    pub next_try: Option<Timestamp>,
    /// Since when.
    pub since: Timestamp,
}

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ImportState {
    /// Rows are being written; a process that died in the middle leaves it so, and the same file goes on from there.
    Applying = 1,
    /// Everything was written.
    Done = 2,
    /// It was taken back.
    Undone = 3,
}

/// A file that was imported into a ledger account. The rows it wrote are its lines, so that it can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRecord {
    /// The import; its lines carry this as their owner.
    pub id: RunId,
    /// The ledger account.
    pub account: ProviderId,
    /// What kind of file it was.
    pub format: SmolStr,
    /// When it was begun.
    pub at: Timestamp,
    /// Where it stands.
    pub state: ImportState,
    /// Rows that were added.
    pub added: u64,
    /// Rows that took the place of others.
    pub updated: u64,
    /// Rows of the file that could not be placed.
    pub misplaced: u64,
    /// Of the rows, how many were taken back.
    pub taken_back: u64,
}

/// Something that happened, for the history people look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// When.
    pub at: Timestamp,
    /// A stable word: `run.finished`, `item.written`, `hold.added` …
    pub kind: SmolStr,
    /// The pair, where it concerns one.
    pub pair: Option<PairId>,
    /// The run, where it concerns one.
    pub run: Option<RunId>,
    /// One sentence.
    pub sentence: SmolStr,
}

/// Who holds a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseRecord {
    /// An account or a pair.
    pub resource: SmolStr,
    /// Grows with every taking; a writer with an older one is refused.
    pub fence: u64,
    /// The process life that took it.
    pub boot: u128,
    /// The run it was taken for.
    pub run: RunId,
    /// When.
    pub taken_at: Timestamp,
}
