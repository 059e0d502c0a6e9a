//! Counts and reads per feature, shared by plans and runs.

use std::collections::BTreeMap;

use crosswatch_model::{Counts, ReadReport};
use crosswatch_port::FeatureTally;
use serde::Serialize;
use utoipa::ToSchema;

/// What is planned for one feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Counts)]
pub struct CountsShape {
    /// Facts to add.
    adds: u64,
    /// Facts to remove.
    removes: u64,
    /// Values to replace.
    updates: u64,
    /// Facts that are in step.
    unchanged: u64,
    /// Operations that wait for a person.
    held: u64,
    /// Items left alone, each with a reason.
    skipped: u64,
    /// Items whose ids contradict each other.
    conflicts: u64,
}

impl From<Counts> for CountsShape {
    fn from(counts: Counts) -> Self {
        let Counts { adds, removes, updates, unchanged, held, skipped, conflicts } = counts;
        Self { adds, removes, updates, unchanged, held, skipped, conflicts }
    }
}

/// How one side of one feature was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Read)]
pub struct ReadShape {
    #[schema(example = "complete")]
    completeness: &'static str,
    /// Rows that arrived.
    items: u64,
    /// Why it is complete, or what is missing.
    proof: String,
}

impl From<&ReadReport> for ReadShape {
    fn from(report: &ReadReport) -> Self {
        Self { completeness: report.completeness.as_str(), items: report.items, proof: report.proof.to_string() }
    }
}

/// How both sides were read, per feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Reads)]
pub struct ReadsShape {
    source: BTreeMap<&'static str, ReadShape>,
    target: BTreeMap<&'static str, ReadShape>,
}

impl From<&[FeatureTally]> for ReadsShape {
    fn from(tallies: &[FeatureTally]) -> Self {
        Self {
            source: tallies.iter().map(|tally| (tally.feature.as_str(), ReadShape::from(&tally.source))).collect(),
            target: tallies.iter().map(|tally| (tally.feature.as_str(), ReadShape::from(&tally.target))).collect(),
        }
    }
}
