//! What was planned and what became of it, per feature: a part of runs and plans.

use crosswatch_model::{Counts, ReadReport};
use crosswatch_port::FeatureTally;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    RowError,
    word::{text, word},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TallyV1 {
    feature: SmolStr,
    counts: CountsV1,
    outcomes: Vec<(SmolStr, u64)>,
    source: ReadReportV1,
    target: ReadReportV1,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct CountsV1 {
    adds: u64,
    removes: u64,
    updates: u64,
    unchanged: u64,
    held: u64,
    skipped: u64,
    conflicts: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ReadReportV1 {
    completeness: SmolStr,
    items: u64,
    proof: SmolStr,
}

impl TallyV1 {
    pub(super) fn of_all(tallies: &[FeatureTally]) -> Vec<Self> {
        tallies.iter().map(Self::of).collect()
    }

    fn of(tally: &FeatureTally) -> Self {
        let counts = tally.counts;
        Self {
            feature: text(tally.feature.as_str()),
            counts: CountsV1 {
                adds: counts.adds,
                removes: counts.removes,
                updates: counts.updates,
                unchanged: counts.unchanged,
                held: counts.held,
                skipped: counts.skipped,
                conflicts: counts.conflicts,
            },
            outcomes: tally.outcomes.iter().map(|(outcome, count)| (text(outcome.as_str()), *count)).collect(),
            source: ReadReportV1::of(&tally.source),
            target: ReadReportV1::of(&tally.target),
        }
    }

    fn tally(self) -> Result<FeatureTally, RowError> {
        let outcome = |(outcome, count): (SmolStr, u64)| Ok((word(&outcome, "outcomes")?, count));
        let counts = self.counts;
        Ok(FeatureTally {
            feature: word(&self.feature, "feature")?,
            counts: Counts {
                adds: counts.adds,
                removes: counts.removes,
                updates: counts.updates,
                unchanged: counts.unchanged,
                held: counts.held,
                skipped: counts.skipped,
                conflicts: counts.conflicts,
            },
            outcomes: self.outcomes.into_iter().map(outcome).collect::<Result<_, _>>()?,
            source: self.source.report()?,
            target: self.target.report()?,
        })
    }
}

/// The tallies of stored ones.
pub(super) fn tallies(stored: Vec<TallyV1>) -> Result<Vec<FeatureTally>, RowError> {
    stored.into_iter().map(TallyV1::tally).collect()
}

impl ReadReportV1 {
    fn of(report: &ReadReport) -> Self {
        Self { completeness: text(report.completeness.as_str()), items: report.items, proof: report.proof.clone() }
    }

    fn report(self) -> Result<ReadReport, RowError> {
        Ok(ReadReport { completeness: word(&self.completeness, "completeness")?, items: self.items, proof: self.proof })
    }
}
