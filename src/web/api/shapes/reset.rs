//! What a pair forgot.

use crosswatch_port::PairMemory;
use serde::Serialize;
use utoipa::ToSchema;

/// How much of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Cleared)]
pub struct ClearedShape {
    /// Items that both sides agreed on, with how often they were absent since.
    baseline: u64,
    /// Features that had their first run, with their counters.
    features: u64,
    /// What waited for a person.
    held: u64,
    /// Operations that a person said no to.
    rejected: u64,
    /// Items that the target refused.
    unresolved: u64,
    /// The last reads of both accounts.
    reads: bool,
}

impl ClearedShape {
    /// What a pair knew, and whether the reads of its accounts went, too.
    pub(crate) const fn new(memory: PairMemory, reads: bool) -> Self {
        let PairMemory { baseline, features, held, rejected, unresolved } = memory;
        Self { baseline, features, held, rejected, unresolved, reads }
    }
}

/// What a pair forgot, or would forget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Reset)]
pub struct ResetShape {
    pub(crate) pair: String,
    /// Whether it was forgotten; with `dry_run` it was not.
    pub(crate) done: bool,
    pub(crate) cleared: ClearedShape,
    /// What stays.
    pub(crate) kept: Vec<&'static str>,
    /// Whether experience is for it.
    pub(crate) advice: String,
}
