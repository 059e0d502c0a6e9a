//! The contract between the actors and an account at a media server or tracker.
//!
//! - A read MUST be pulled page by page and MUST say what it can about its total; it never decides by itself that it is complete.
//! - A write MUST report every operation it was given, exactly once, and MUST NOT send anything twice by itself,
//!   except after a `401` that proves the first request was not applied.
//! - Facts are told as the account tells them: a missing date stays unknown, an unusable id is left out and counted.

use crosswatch_model::{Action, Capabilities, Fact, Feature, FeatureSet, Item, NativeRef, OpId, RejectedWhy, Uid};
use jiff::Timestamp;
use smol_str::SmolStr;

use crate::{Fault, LocalFuture, Scrobbling, SignIn, Watching};

/// An account.
pub trait Provider {
    /// What the account can do. May become more exact after a [`Provider::probe`].
    fn capabilities(&self) -> Capabilities;

    /// Asks who we are there and whether the account answers.
    fn probe(&self) -> LocalFuture<'_, Result<Probe, Fault>>;

    /// Asks the cheap "has anything changed" question. `None` where the account has no such question.
    fn stamps(&self, features: FeatureSet) -> LocalFuture<'_, Result<Option<Stamps>, Fault>>;

    /// Reads one page. The first call has no cursor; the read ends with the page whose `next` is `None`.
    fn read_page(
        &self,
        feature: Feature,
        scope: ReadScope,
        cursor: Option<Cursor>,
    ) -> LocalFuture<'_, Result<Page, Fault>>;

    /// How many rows of the feature the account holds, where one request tells it.
    fn count(&self, feature: Feature) -> LocalFuture<'_, Result<Option<u64>, Fault>>;

    /// What the account holds right now for single items: before a removal, and after a lost reply.
    /// Answers one [`CellNow`] per query, in order.
    fn cells<'a>(&'a self, feature: Feature, queries: &'a [CellQuery]) -> LocalFuture<'a, Result<Vec<CellNow>, Fault>>;

    /// Sends operations of one feature, at most the capability's batch size.
    fn write<'a>(&'a self, feature: Feature, writes: &'a [Write]) -> LocalFuture<'a, WriteReport>;

    /// The sign-in with a code, where the account has one.
    fn sign_in(&self) -> Option<&dyn SignIn> {
        None
    }

    /// How the account is told what plays, where it can be told.
    fn scrobbling(&self) -> Option<&dyn Scrobbling> {
        None
    }

    /// How the account is watched as it plays, where it can be.
    fn watching(&self) -> Option<&dyn Watching> {
        None
    }

    /// When the tokens in use end, as far as that is known without asking. They are renewed before, where they can be.
    fn tokens_end(&self) -> Option<Timestamp> {
        None
    }

    /// How many requests this account was sent since the process started, retries and token refreshes included.
    fn requests_sent(&self) -> u64;
}

/// What a probe found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Names server and user so that a changed account is noticed. Never a secret.
    pub fingerprint: SmolStr,
    /// The user whose state is read.
    pub user: SmolStr,
    /// Product and version, for people.
    pub product: SmolStr,
}

/// An opaque mark that moves when a feature changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The feature.
    pub feature: Feature,
    /// The mark.
    pub mark: SmolStr,
}

/// Marks of several features, taken by one question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stamps(pub Vec<Stamp>);

impl Stamps {
    /// The mark of one feature.
    pub fn get(&self, feature: Feature) -> Option<&SmolStr> {
        self.0.iter().find(|stamp| stamp.feature == feature).map(|stamp| &stamp.mark)
    }
}

/// How much of a feature to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadScope {
    /// All rows.
    Everything,
    /// Plays at or after this instant.
    Since(Timestamp),
}

/// Where the next page begins. Opaque to everybody but the adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub SmolStr);

/// One page of a read.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Rows that could be understood.
    pub rows: Vec<Row>,
    /// Rows on the wire, understood or not: what totals are compared with.
    pub received: u64,
    /// The total the account claims for this stream, where it claims one.
    pub total: Option<u64>,
    /// Which of the read's streams the page belongs to (an adapter may read movies, then episodes). Counted from 0, in order.
    pub stream: u8,
    /// Whether this is the last page of its stream.
    pub ends_stream: bool,
    /// Where the read goes on; `None` when it is over.
    pub next: Option<Cursor>,
    /// Rows without a usable kind or with broken content, for the report.
    pub unusable: u64,
}

/// One fact as the account tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is about.
    pub item: Item,
    /// The fact.
    pub fact: Fact,
    /// The account's own row.
    pub native: Option<NativeRef>,
    /// Our entity, where the account is our own ledger.
    pub uid: Option<Uid>,
    /// How long the film or episode runs, where the account tells.
    pub runtime_s: Option<u32>,
}

/// One operation to send.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// Name of the operation.
    pub op: OpId,
    /// Add, update or remove; never anything else.
    pub action: Action,
    /// Our entity.
    pub uid: Uid,
    /// The item with all ids both sides agree on.
    pub item: Item,
    /// The value to write; for a removal the value to take away.
    pub value: Option<Fact>,
    /// The account's own row, where known.
    pub native: Option<NativeRef>,
}

/// What became of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOutcome {
    /// Applied.
    Acknowledged {
        /// The account's new row, where it tells.
        native: Option<NativeRef>,
    },
    /// Nothing to do: it was so already.
    AlreadyThere,
    /// Refused.
    Rejected(RejectedWhy),
    /// Sent, and nobody knows.
    InDoubt,
    /// Not sent.
    NotAttempted,
}

/// Everything that became of a call to [`Provider::write`].
#[derive(Debug, Clone, PartialEq)]
pub struct WriteReport {
    /// One entry per operation, in the order given.
    pub outcomes: Vec<WriteOutcome>,
    /// What stopped the rest, if anything did.
    pub fault: Option<Fault>,
}

/// A question about one item.
#[derive(Debug, Clone, PartialEq)]
pub struct CellQuery {
    /// The item.
    pub item: Item,
    /// Our entity.
    pub uid: Uid,
    /// The value in question: a play is looked for around its own time only.
    pub value: Option<Fact>,
    /// The account's own row, where known.
    pub native: Option<NativeRef>,
}

/// What the account holds for one item.
#[derive(Debug, Clone, PartialEq)]
pub enum CellNow {
    /// Nothing.
    Absent,
    /// The item is not in the media server's library at all: whatever it held there went with its file.
    NotInLibrary,
    /// These facts with their own rows; several for plays.
    Present(Vec<(Fact, Option<NativeRef>)>),
    /// The account could not tell.
    Unknown,
}
