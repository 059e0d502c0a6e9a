//! What an adapter is given by the house: a request budget, a place for its tokens, and for the ledger its shelf.

use std::time::Duration;

use crosswatch_model::{Fact, Feature, Item, PlayKey, Uid};
use secrecy::SecretString;

use crate::{Fault, LocalFuture};

/// What a request does to the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// Changes nothing.
    Read,
    /// May change something.
    Write,
    /// Signs in or refreshes a token.
    SignIn,
}

/// How a request ended, as far as the budget and the breaker care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// An answer of any meaning arrived.
    Answered,
    /// The account asked to wait.
    Wait(Duration),
    /// No answer, or one that says the service is down.
    Failed,
}

/// How many requests a day an account may send, all apps together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyQuota {
    /// So many.
    pub limit: u64,
    /// How many of them were sent, this one included, where the service tells.
    pub used: Option<u64>,
    /// When the next day begins there, from now.
    pub resets_in: Duration,
}

/// The request budget of one account. Every single HTTP request asks first and reports afterwards.
pub trait Budget {
    /// Waits for a free place. A closed account or a breaker that is open answers with a fault instead.
    fn take(&self, kind: RequestKind) -> LocalFuture<'_, Result<(), Fault>>;

    /// Tells how the request ended.
    fn report(&self, verdict: Verdict);

    /// Tells what the service says about the requests of a day. Most services limit none.
    fn learn(&self, _: DailyQuota) {}
}

/// The durable place for one account's tokens. A saved value is on disk when the future completes.
pub trait Vault {
    /// Reads a secret.
    fn load<'a>(&'a self, name: &'a str) -> LocalFuture<'a, Result<Option<SecretString>, Fault>>;

    /// Writes a secret, durably, before it completes.
    fn save<'a>(&'a self, name: &'a str, secret: SecretString) -> LocalFuture<'a, Result<(), Fault>>;
}

/// Durable notes of one account's adapter: what it keeps so that it need not ask again, such as the ids of a library or the
/// rows of the last complete read. No secrets, and nothing that cannot be read anew: an adapter MUST work when they are gone.
pub trait Cache {
    /// Reads a note.
    fn recall<'a>(&'a self, name: &'a str) -> LocalFuture<'a, Result<Option<Vec<u8>>, Fault>>;

    /// Writes a note in place of the one of that name.
    fn keep<'a>(&'a self, name: &'a str, bytes: Vec<u8>) -> LocalFuture<'a, Result<(), Fault>>;
}

/// One row of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct ShelfRow {
    /// Our entity.
    pub uid: Uid,
    /// Which play, for history.
    pub play: PlayKey,
    /// The item.
    pub item: Item,
    /// The fact.
    pub fact: Fact,
}

/// Where the next page of the ledger begins: after this row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShelfCursor {
    /// Entity of the last row of the page before.
    pub uid: Uid,
    /// Play of the last row of the page before.
    pub play: PlayKey,
}

/// One change of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub enum ShelfChange {
    /// Adds or replaces a row.
    Put {
        /// Our entity.
        uid: Uid,
        /// Which play.
        play: PlayKey,
        /// The fact.
        fact: Fact,
    },
    /// Takes a row away.
    Drop {
        /// The feature.
        feature: Feature,
        /// Our entity.
        uid: Uid,
        /// Which play.
        play: PlayKey,
    },
}

/// The content of one ledger account.
pub trait Shelf {
    /// Up to `limit` rows of a feature after a cursor, in key order.
    fn page(
        &self,
        feature: Feature,
        after: Option<ShelfCursor>,
        limit: usize,
    ) -> LocalFuture<'_, Result<Vec<ShelfRow>, Fault>>;

    /// All rows of one entity.
    fn rows_of(&self, feature: Feature, uid: Uid) -> LocalFuture<'_, Result<Vec<ShelfRow>, Fault>>;

    /// How many rows a feature has, and a mark that moves with every change of it.
    fn count(&self, feature: Feature) -> LocalFuture<'_, Result<(u64, u64), Fault>>;

    /// Applies changes, all or none, durably.
    fn apply(&self, changes: Vec<ShelfChange>) -> LocalFuture<'_, Result<(), Fault>>;
}
