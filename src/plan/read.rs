//! What came out of reading one feature of one account, and how much of it can be trusted.
//!
//! The promise: only a [`CompleteRead`] proves that something is absent. It has no public constructor: it comes out of a
//! [`crate::Tally`] that added up, or out of an unmoved change gate. A removal needs [`Absences`], which only it gives.

use crosswatch_model::{Completeness, ReadReport};
use jiff::Timestamp;
use smol_str::{SmolStr, format_smolstr};

use crate::{policy::Limit, seen::Seen};

/// The outcome of one read.
#[derive(Debug, Clone)]
pub enum Read {
    /// Everything arrived, and there is proof of it.
    Complete(CompleteRead),
    /// Only what changed in a span of time; what did not change is not in it.
    Delta(DeltaRead),
    /// Some of it arrived.
    Partial(PartialRead),
    /// Everything arrived, but it lost more than the limit against the last complete read.
    Suspect(SuspectRead),
    /// The account could not be read.
    Unavailable {
        /// What went wrong.
        reason: SmolStr,
    },
    /// The account is not set up.
    Unconfigured,
}

/// Everything the account has.
#[derive(Debug, Clone)]
pub struct CompleteRead {
    rows: Vec<Seen>,
    proof: SmolStr,
    is_recalled: bool,
}

/// What changed between two moments.
#[derive(Debug, Clone)]
pub struct DeltaRead {
    rows: Vec<Seen>,
    since: Timestamp,
    until: Timestamp,
}

/// Some of what the account has.
#[derive(Debug, Clone)]
pub struct PartialRead {
    rows: Vec<Seen>,
    reason: SmolStr,
}

/// A complete read that a person must look at before its absences count.
#[derive(Debug, Clone)]
pub struct SuspectRead {
    read: CompleteRead,
    before: u64,
}

/// The right to conclude that what is not in the rows is not there.
#[derive(Debug, Clone, Copy)]
pub struct Absences<'r> {
    _read: &'r CompleteRead,
}

impl CompleteRead {
    pub(crate) fn new(rows: Vec<Seen>, proof: SmolStr) -> Self {
        Self { rows, proof, is_recalled: false }
    }

    /// What is not in the rows is not there.
    pub fn absences(&self) -> Absences<'_> {
        Absences { _read: self }
    }
}

impl SuspectRead {
    /// Rows of the last complete read.
    pub const fn before(&self) -> u64 {
        self.before
    }

    /// How many rows it lost.
    pub fn lost(&self) -> u64 {
        self.before.saturating_sub(self.read.rows.len() as u64)
    }

    /// The read as a complete one, once a person approved it.
    pub fn approved(&self) -> &CompleteRead {
        &self.read
    }
}

impl Read {
    /// The rows of an earlier complete read, whose change gate did not move since.
    pub fn unchanged(rows: Vec<Seen>, proof: SmolStr) -> Self {
        Self::Complete(CompleteRead { is_recalled: true, ..CompleteRead::new(rows, proof) })
    }

    /// Some rows, and why they are not all.
    pub fn partial(rows: Vec<Seen>, reason: SmolStr) -> Self {
        Self::Partial(PartialRead { rows, reason })
    }

    /// What changed since a moment.
    pub fn delta(rows: Vec<Seen>, since: Timestamp, until: Timestamp) -> Self {
        Self::Delta(DeltaRead { rows, since, until })
    }

    /// How much of it can be trusted. A delta shows only what changed, so it counts as partial.
    pub const fn completeness(&self) -> Completeness {
        match self {
            Self::Complete(_) => Completeness::Complete,
            Self::Delta(_) | Self::Partial(_) => Completeness::Partial,
            Self::Suspect(_) => Completeness::Suspect,
            Self::Unavailable { .. } => Completeness::Unavailable,
            Self::Unconfigured => Completeness::Unconfigured,
        }
    }

    /// The rows are remembered ones: they tell the ids of our records, not those that the account told.
    pub const fn is_recalled(&self) -> bool {
        matches!(self, Self::Complete(CompleteRead { is_recalled: true, .. }))
    }

    /// The rows that arrived.
    pub fn rows(&self) -> &[Seen] {
        match self {
            Self::Complete(read) => &read.rows,
            Self::Delta(read) => &read.rows,
            Self::Partial(read) => &read.rows,
            Self::Suspect(read) => &read.read.rows,
            Self::Unavailable { .. } | Self::Unconfigured => &[],
        }
    }

    /// The read as plans and reports show it.
    pub fn report(&self) -> ReadReport {
        let proof = match self {
            Self::Complete(read) => read.proof.clone(),
            Self::Delta(read) => format_smolstr!("only what changed from {} to {}", read.since, read.until),
            Self::Partial(read) => read.reason.clone(),
            Self::Suspect(read) => {
                format_smolstr!("{} items before, {} now; {}", read.before, read.read.rows.len(), read.read.proof)
            }
            Self::Unavailable { reason } => reason.clone(),
            Self::Unconfigured => SmolStr::new_static("the account is not set up"),
        };
        ReadReport { completeness: self.completeness(), items: self.rows().len() as u64, proof }
    }
}

/// Compares a complete read with the last one: what lost more than `max_shrink` becomes [`Read::Suspect`].
///
/// A read that became empty is suspect from `at_least` items on, whatever the percentage.
pub fn judge(read: Read, last_complete_items: Option<u64>, max_shrink: Limit) -> Read {
    match (read, last_complete_items) {
        (Read::Complete(read), Some(before)) => {
            if has_shrunk(before, read.rows.len() as u64, max_shrink) {
                Read::Suspect(SuspectRead { read, before })
            } else {
                Read::Complete(read)
            }
        }
        (read, _) => read,
    }
}

/// Whether a set of `before` that has `now` members lost more than the limit, or everything.
pub(crate) fn has_shrunk(before: u64, now: u64, limit: Limit) -> bool {
    let lost = before.saturating_sub(now);
    let is_emptied = now == 0 && lost > 0 && lost >= u64::from(limit.at_least);
    is_emptied || limit.is_exceeded(lost, before)
}
