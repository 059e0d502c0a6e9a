//! Runs.

use std::collections::BTreeMap;

use crosswatch_port::{FeatureTally, RunError, RunRecord};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{CountsShape, ReadsShape};

/// One feature of a run: what was planned, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RunFeature)]
pub struct RunFeatureShape {
    #[serde(flatten)]
    planned: CountsShape,
    /// How many operations ended in each outcome.
    outcomes: BTreeMap<&'static str, u64>,
}

impl From<&FeatureTally> for RunFeatureShape {
    fn from(tally: &FeatureTally) -> Self {
        let outcomes = tally.outcomes.iter().map(|(outcome, count)| (outcome.as_str(), *count)).collect();
        Self { planned: tally.counts.into(), outcomes }
    }
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RunError)]
pub struct RunErrorShape {
    /// A stable word.
    #[serde(rename = "type")]
    #[schema(example = "source-unavailable")]
    kind: String,
    /// What to do.
    detail: String,
}

impl From<&RunError> for RunErrorShape {
    fn from(error: &RunError) -> Self {
        Self { kind: error.kind.to_string(), detail: error.detail.to_string() }
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Run)]
pub struct RunShape {
    id: String,
    pair: String,
    #[schema(example = "manual")]
    cause: &'static str,
    #[schema(example = "succeeded")]
    state: &'static str,
    /// Whether it only plans.
    dry_run: bool,
    /// What was planned and what became of it, per feature. Empty until there is a plan.
    features: BTreeMap<&'static str, RunFeatureShape>,
    /// How both sides were read.
    reads: ReadsShape,
    /// Requests sent per account, retries and token refreshes included.
    requests: BTreeMap<String, u64>,
    #[schema(value_type = String, format = DateTime)]
    asked_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// The run in one sentence.
    sentence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RunErrorShape>,
}

impl From<&RunRecord> for RunShape {
    fn from(run: &RunRecord) -> Self {
        Self {
            id: run.id.to_string(),
            pair: run.pair.to_string(),
            cause: run.cause.as_str(),
            state: run.state.as_str(),
            dry_run: run.dry_run,
            features: run.tallies.iter().map(|tally| (tally.feature.as_str(), tally.into())).collect(),
            reads: run.tallies.as_slice().into(),
            requests: run.requests.iter().map(|(account, count)| (account.to_string(), *count)).collect(),
            asked_at: run.asked_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
            sentence: run.sentence.to_string(),
            error: run.error.as_ref().map(RunErrorShape::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{
        Cause, Completeness, Counts, Feature, FeatureSet, Outcome, PairId, ProviderId, ReadReport, RunId, RunState,
    };
    use serde_json::json;

    use super::*;

    #[test]
    fn a_run_looks_like_this() {
        let read = ReadReport { completeness: Completeness::Unavailable, items: 0, proof: "no answer".into() };
        let run = RunRecord {
            id: RunId(5),
            pair: PairId::parse("home-to-trakt").unwrap(),
            cause: Cause::Schedule,
            state: RunState::Failed,
            dry_run: false,
            features: FeatureSet::NONE.with(Feature::Ratings),
            tallies: vec![FeatureTally {
                feature: Feature::Ratings,
                counts: Counts { adds: 2, ..Counts::default() },
                outcomes: vec![(Outcome::Verified, 1), (Outcome::AlreadyThere, 1)],
                source: read.clone(),
                target: read,
            }],
            requests: vec![(ProviderId::parse("home").unwrap(), 12)],
            asked_at: "2026-07-01T20:15:30Z".parse().unwrap(),
            started_at: Some("2026-07-01T20:15:31Z".parse().unwrap()),
            finished_at: None,
            sentence: "home did not answer.".into(),
            error: Some(RunError { kind: "source-unavailable".into(), detail: "start home".into() }),
        };
        assert_eq!(
            serde_json::to_value(RunShape::from(&run)).unwrap(),
            json!({
                "id": "00000000-0000-0000-0000-000000000005",
                "pair": "home-to-trakt",
                "cause": "schedule",
                "state": "failed",
                "dry_run": false,
                "features": {"ratings": {
                    "adds": 2, "removes": 0, "updates": 0, "unchanged": 0, "held": 0, "skipped": 0, "conflicts": 0,
                    "outcomes": {"already_there": 1, "verified": 1},
                }},
                "reads": {
                    "source": {"ratings": {"completeness": "unavailable", "items": 0, "proof": "no answer"}},
                    "target": {"ratings": {"completeness": "unavailable", "items": 0, "proof": "no answer"}},
                },
                "requests": {"home": 12},
                "asked_at": "2026-07-01T20:15:30Z",
                "started_at": "2026-07-01T20:15:31Z",
                "finished_at": null,
                "sentence": "home did not answer.",
                "error": {"type": "source-unavailable", "detail": "start home"},
            })
        );
    }
}
