//! What runs of the past show about a pair.

use crosswatch_actors::{PairReadiness, ReadinessCheck};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// One thing that must be so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReadinessCheck)]
pub struct ReadinessCheckShape {
    #[schema(example = "clean_runs")]
    pub(crate) check: &'static str,
    pub(crate) ok: bool,
    /// What was measured.
    #[schema(example = "3 runs in a row without a surprise, 5 are due")]
    pub(crate) detail: String,
}

impl From<ReadinessCheck> for ReadinessCheckShape {
    fn from(check: ReadinessCheck) -> Self {
        Self { check: check.name, ok: check.is_ok, detail: check.detail }
    }
}

impl From<PairReadiness> for ReadinessShape {
    fn from(readiness: PairReadiness) -> Self {
        let ready = readiness.is_ready();
        Self { ready, checks: readiness.checks.into_iter().map(ReadinessCheckShape::from).collect() }
    }
}

/// Whether a feature is ready for both directions and for removals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Readiness)]
pub struct ReadinessShape {
    /// All checks are green.
    pub(crate) ready: bool,
    pub(crate) checks: Vec<ReadinessCheckShape>,
}

/// What a pair in shadow mode would have done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ShadowReport)]
pub struct ShadowReportShape {
    /// Runs that are compared, at most 20.
    pub(crate) runs: usize,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) since: Option<Timestamp>,
    /// Operations that the last of them would do.
    pub(crate) planned: usize,
    /// Operations that one run planned and the next one did not plan any more.
    pub(crate) changed_its_mind: usize,
    /// Of these, how many the next run planned the other way round.
    pub(crate) reversed: usize,
    /// The first few of these.
    #[schema(example = json!(["add The Matrix (1999) (watchlist)"]))]
    pub(crate) examples: Vec<String>,
    /// A run had more lines than are looked at, so the numbers are too small.
    pub(crate) is_cut: bool,
}
