//! Plans, and the lines of plans and runs.

use std::collections::BTreeMap;

use crosswatch_model::{PairId, PlanItem, RunId};
use crosswatch_port::{FeatureTally, PlanRecord, UndoOrder};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{CountsShape, FactShape, ItemShape, ReadsShape, parcel_id};

/// What applying a plan would cost one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Cost)]
pub struct CostShape {
    /// Requests.
    requests: u64,
    /// Seconds.
    seconds: u64,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Plan)]
pub struct PlanShape {
    id: String,
    pair: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(example = "ready")]
    state: &'static str,
    /// What is planned, per feature.
    features: BTreeMap<&'static str, CountsShape>,
    /// How both sides were read.
    reads: ReadsShape,
    /// What applying it would cost, per account.
    cost: BTreeMap<String, CostShape>,
    /// With `what_if`: what the settings of today plan from the same reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    today: Option<BTreeMap<&'static str, CountsShape>>,
    /// The plan in one sentence.
    sentence: String,
    /// The run that it takes back, where it is the undo of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    undoes: Option<String>,
    /// Since when it takes back what the pair wrote, where it is such an undo.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    undoes_since: Option<Timestamp>,
    /// The runs that it takes back then, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    undoes_runs: Vec<String>,
    /// The message whose play it takes back, where it is such an undo.
    #[serde(skip_serializing_if = "Option::is_none")]
    undoes_message: Option<String>,
    /// The snapshot that it brings back, where it is a restore.
    #[serde(skip_serializing_if = "Option::is_none")]
    restores: Option<String>,
}

impl From<&PlanRecord> for PlanShape {
    fn from(plan: &PlanRecord) -> Self {
        let cost = |(account, requests, seconds): &(crosswatch_model::ProviderId, u64, u64)| {
            (account.to_string(), CostShape { requests: *requests, seconds: *seconds })
        };
        let (undoes_since, undoes_runs) = match &plan.undoes {
            Some(UndoOrder::Since { since, runs }) => (Some(*since), runs.as_slice()),
            _ => (None, &[][..]),
        };
        let undoes_message = match plan.undoes {
            Some(UndoOrder::Message(seq)) => Some(parcel_id(seq)),
            _ => None,
        };
        Self {
            id: plan.id.to_string(),
            pair: plan.pair.to_string(),
            created_at: plan.created_at,
            state: plan.state.as_str(),
            features: counted(&plan.tallies),
            today: plan.today.as_deref().map(counted),
            reads: plan.tallies.as_slice().into(),
            cost: plan.cost.iter().map(cost).collect(),
            sentence: plan.sentence.to_string(),
            undoes: plan.undoes.as_ref().and_then(UndoOrder::run).map(|run| run.to_string()),
            undoes_since,
            undoes_runs: undoes_runs.iter().map(ToString::to_string).collect(),
            undoes_message,
            restores: plan.restores.as_ref().map(|order| order.snapshot.to_string()),
        }
    }
}

fn counted(tallies: &[FeatureTally]) -> BTreeMap<&'static str, CountsShape> {
    tallies.iter().map(|tally| (tally.feature.as_str(), tally.counts.into())).collect()
}

/// A plan that was asked for and is not made yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StartedPlan)]
pub struct StartedPlanShape {
    id: String,
    pair: String,
}

impl StartedPlanShape {
    pub(crate) fn new(id: RunId, pair: &PairId) -> Self {
        Self { id: id.to_string(), pair: pair.to_string() }
    }
}

/// One line of a plan or run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Line)]
pub struct LineShape {
    /// Names the operation by its content: the same in every plan.
    op: String,
    #[schema(example = "history")]
    feature: &'static str,
    #[schema(example = "add")]
    action: &'static str,
    /// With `hold`: what waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_action: Option<&'static str>,
    /// The side that would be written.
    #[schema(example = "target")]
    side: &'static str,
    item: ItemShape,
    /// The value to write.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<FactShape>,
    /// The value the side has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<FactShape>,
    /// One of a closed set of words.
    #[schema(example = "only_on_source")]
    reason: &'static str,
    /// The reason in one sentence, with the values.
    explain: String,
    #[schema(example = "planned")]
    outcome: &'static str,
}

impl From<&PlanItem> for LineShape {
    fn from(line: &PlanItem) -> Self {
        Self {
            op: line.op.to_string(),
            feature: line.feature.as_str(),
            action: line.action.as_str(),
            held_action: line.held_action.map(crosswatch_model::Action::as_str),
            side: line.side.as_str(),
            item: ItemShape::from(&line.item),
            value: line.value.map(FactShape::from),
            before: line.before.map(FactShape::from),
            reason: line.reason.as_str(),
            explain: line.explain.to_string(),
            outcome: line.outcome.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{
        Action, Completeness, Counts, Fact, Feature, Id, Item, Kind, Namespace, OpId, Outcome, PlanState, ProviderId,
        ReadReport, Reason, Side, WatchedAt,
    };
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plan_looks_like_this() {
        let read = |items| ReadReport { completeness: Completeness::Complete, items, proof: "total matches".into() };
        let plan = PlanRecord {
            id: RunId(5),
            pair: PairId::parse("home-to-trakt").unwrap(),
            created_at: "2026-07-01T20:15:30Z".parse().unwrap(),
            state: PlanState::Ready,
            tallies: vec![FeatureTally {
                feature: Feature::History,
                counts: Counts { adds: 3, unchanged: 7, ..Counts::default() },
                outcomes: Vec::new(),
                source: read(10),
                target: read(7),
            }],
            cost: vec![(ProviderId::parse("trakt").unwrap(), 1, 2)],
            sentence: "Adds 3 plays.".into(),
            undoes: None,
            restores: None,
            today: None,
        };
        assert_eq!(
            serde_json::to_value(PlanShape::from(&plan)).unwrap(),
            json!({
                "id": "00000000-0000-0000-0000-000000000005",
                "pair": "home-to-trakt",
                "created_at": "2026-07-01T20:15:30Z",
                "state": "ready",
                "features": {"history": {
                    "adds": 3, "removes": 0, "updates": 0, "unchanged": 7, "held": 0, "skipped": 0, "conflicts": 0,
                }},
                "reads": {
                    "source": {"history": {"completeness": "complete", "items": 10, "proof": "total matches"}},
                    "target": {"history": {"completeness": "complete", "items": 7, "proof": "total matches"}},
                },
                "cost": {"trakt": {"requests": 1, "seconds": 2}},
                "sentence": "Adds 3 plays.",
            })
        );
    }

    #[test]
    fn a_line_looks_like_this() {
        let id = Id::from_number(Namespace::Tmdb, Kind::Movie, 603).unwrap();
        let mut line = PlanItem {
            op: OpId(255),
            feature: Feature::History,
            action: Action::Add,
            held_action: None,
            side: Side::Target,
            uid: None,
            item: Item::titled(Kind::Movie, "The Matrix", Some(1999), [id].into_iter().collect()),
            value: Some(Fact::Play(WatchedAt::Unknown)),
            before: None,
            native: None,
            reason: Reason::OnlyOnSource,
            explain: "home has a play without a date.".into(),
            outcome: Outcome::Planned,
        };
        let mut expected = json!({
            "op": "00000000000000ff",
            "feature": "history",
            "action": "add",
            "side": "target",
            "item": {"kind": "movie", "title": "The Matrix", "year": 1999, "ids": {"tmdb": 603}},
            "value": {"watched_at": null, "precision": "unknown"},
            "reason": "only_on_source",
            "explain": "home has a play without a date.",
            "outcome": "planned",
        });
        assert_eq!(serde_json::to_value(LineShape::from(&line)).unwrap(), expected);
        line.action = Action::Hold;
        line.held_action = Some(Action::Remove);
        line.before = line.value.take();
        expected["action"] = json!("hold");
        expected["held_action"] = json!("remove");
        expected["before"] = expected["value"].take();
        expected.as_object_mut().unwrap().remove("value");
        assert_eq!(serde_json::to_value(LineShape::from(&line)).unwrap(), expected);
    }
}
