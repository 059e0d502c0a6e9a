//! A plan as a file, out and in: lines of JSON, the first of which says what they are.
//!
//! Promises: what comes back is never written as it stands. Both sides are planned afresh, and of the file only those
//! operations count that are planned again under the same name, which is made of what is written and what is there now.
//! Deliberately absent: undos, restores and what other settings would do; they are made again from what they rest on. A
//! file holds facts about items and never a secret.

use std::{collections::BTreeSet, time::Duration};

use actix_web::{HttpResponse, http::header, web};
use crosswatch_actors::JobKind;
use crosswatch_model::{OpId, PlanItem, PlanState, RunId};
use crosswatch_port::{Ledger, PlanRecord, StorageFailure};
use futures_util::stream::{Stream, try_unfold};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    AskedPlans,
    applying::{Operations, is_held, operations},
    pairs::configured,
    plans::Making,
    shapes::{LineShape, PlanShape},
    snapshot_files::{File, LINES, line},
    starting::{self, Wish},
};
use crate::{
    extract::{Query, feature_set, plan_id},
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
    waiting::{WaitQuery, Waited, wait_for},
};

/// The version of the format.
const VERSION: u8 = 1;
/// Lines of a plan that are on their way at a time.
const LINES_AT_ONCE: usize = 1_000;
/// Lines that are not true any more are told up to here; beyond it they are only counted.
const STALE_TOLD: usize = 500;
/// So long a fresh look may take where the caller does not say.
const LOOK_MAX: Duration = Duration::from_secs(60);

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    crosswatch_plan: u8,
    pair: String,
    source: String,
    target: String,
    created_at: Timestamp,
    features: Vec<String>,
    sentence: String,
}

/// What counts of a line about an operation; the rest is for people.
#[derive(Debug, Clone, Deserialize)]
struct Operation {
    op: String,
}

/// A plan as a file: every operation that it would do or that waits.
#[utoipa::path(
    get, path = "/api/v1/plans/{id}/export", operation_id = "export_plan", tag = "plans",
    params(("id" = String, Path, description = "The plan.")),
    responses(
        (status = 200, description = "Lines of JSON: one that says what it is, then one per operation.", body = String, content_type = "application/x-ndjson"),
        (status = 404, description = "No such plan.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`plan-not-saved`: it is none of what a pair does by itself, or it failed.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn export(state: web::Data<ApiState>, id: web::Path<String>) -> Result<HttpResponse, ApiProblem> {
    let id = plan_id(&id)?;
    let plan = state.read(move |ledger| ledger.plan(id)).await?;
    let plan = plan.ok_or_else(|| ApiProblem::UnknownPlan(id.to_string()))?;
    let is_plain = plan.undoes.is_none() && plan.restores.is_none();
    if !is_plain || matches!(plan.state, PlanState::WhatIf | PlanState::Failed) {
        let why = "only a plan of what a pair does by itself is saved; make this one again when it is wanted";
        return Err(ApiProblem::PlanNotSaved(why.to_owned()));
    }
    let pair = configured(&state, plan.pair.as_str())?;
    let head = Head {
        crosswatch_plan: VERSION,
        pair: plan.pair.to_string(),
        source: pair.source.to_string(),
        target: pair.target.to_string(),
        created_at: plan.created_at,
        features: plan.tallies.iter().map(|tally| tally.feature.as_str().to_owned()).collect(),
        sentence: plan.sentence.to_string(),
    };
    let name = format!("attachment; filename=\"plan-{}-{}.jsonl\"", plan.pair, plan.id);
    Ok(HttpResponse::Ok().content_type(LINES).insert_header((header::CONTENT_DISPOSITION, name)).streaming(lines(
        state,
        id,
        line(&head)?,
    )))
}

fn lines(
    state: web::Data<ApiState>,
    plan: RunId,
    head: String,
) -> impl Stream<Item = Result<web::Bytes, ApiProblem>> + 'static {
    try_unfold((Some(head), Some(0_u32)), move |(head, from)| {
        let state = state.clone();
        async move {
            if let Some(head) = head {
                return Ok(Some((web::Bytes::from(head), (None, from))));
            }
            let Some(from) = from else { return Ok(None) };
            let (lines, next) = state.read(move |ledger| some_lines(ledger, plan, from)).await?;
            let mut text = String::new();
            for operation in lines.iter().filter(|line| is_held(line).is_some()) {
                text.push_str(&line(&LineShape::from(operation))?);
            }
            Ok(Some((text.into(), (None, next))))
        }
    })
}

/// Lines from this number on, and where the next ones begin.
fn some_lines(ledger: &dyn Ledger, plan: RunId, from: u32) -> Result<(Vec<PlanItem>, Option<u32>), StorageFailure> {
    let (mut lines, mut next) = (Vec::new(), None);
    ledger.visit_lines(plan, from, &mut |record| {
        if lines.len() == LINES_AT_ONCE {
            next = Some(record.number);
            return false;
        }
        lines.push(record.line);
        true
    })?;
    Ok((lines, next))
}

/// What is still true of a saved plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SavedPlan)]
pub(crate) struct SavedPlanShape {
    /// The plan as it is made now. Applying it with `only` writes of the file what is still true, and nothing else.
    plan: PlanShape,
    /// Operations of the file that would be done now.
    only: Vec<String>,
    /// Operations of the file that would be done now once a person lets them through.
    held: Vec<String>,
    /// How many operations of the file are not true any more.
    stale: u64,
    /// The first 500 of them, as the file has them.
    stale_lines: Vec<Value>,
}

/// Looks at a saved plan: plans the pair afresh, and says which operations of the file are still true. Nothing is written.
#[utoipa::path(
    post, path = "/api/v1/plans/import", operation_id = "import_plan", tag = "plans", params(WaitQuery),
    request_body(content = String, content_type = "application/x-ndjson", description = "What an export gave; at most 64 MiB."),
    responses(
        (status = 200, description = "What is still true.", body = SavedPlanShape),
        (status = 400, description = "The file is not a plan; the line is named.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such pair.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`plan-not-saved`: the pair is between other accounts by now.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The file is larger than 64 MiB.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The pair has a feature switched off by now.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Stopping, busy, or a fresh look took too long.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn import(
    state: web::Data<ApiState>,
    asked: web::Data<AskedPlans>,
    query: Query<WaitQuery>,
    file: File,
) -> Result<HttpResponse, ApiProblem> {
    let length = query.0.length()?;
    let read = web::block(move || read(file.bytes())).await;
    let (head, saved) = read.map_err(|error| ApiProblem::Internal(error.to_string()))?.map_err(ApiProblem::BadBody)?;
    let pair = configured(&state, &head.pair)?;
    if (pair.source.as_str(), pair.target.as_str()) != (head.source.as_str(), head.target.as_str()) {
        return Err(ApiProblem::PlanNotSaved(format!(
            "the plan goes from {:?} to {:?}, and the pair {} is between {} and {} now; make a new plan",
            head.source, head.target, pair.id, pair.source, pair.target
        )));
    }
    let features = feature_set(Some(&head.features))?;
    let events = state.directory.listen();
    let id = starting::start(&state, Wish { features, ..Wish::of(pair.id.clone(), JobKind::Plan) }).await?;
    asked.add(id, &pair.id);
    let length = if length.is_zero() { LOOK_MAX } else { length };
    let plan = match wait_for(&Making { state: &state, id, pair: &pair.id }, id, length, events).await? {
        Waited::Final(plan) => plan,
        Waited::NotYet => return Err(ApiProblem::Busy("planning afresh takes longer; ask again".to_owned())),
        Waited::Gone => return Err(ApiProblem::PlanFailed(id)),
    };
    let now = operations(&state, id).await?;
    Ok(HttpResponse::Ok().json(still_true(&plan, &now, saved)))
}

fn still_true(plan: &PlanRecord, now: &Operations, saved: Vec<(OpId, Value)>) -> SavedPlanShape {
    let mut shape = SavedPlanShape {
        plan: PlanShape::from(plan),
        only: Vec::new(),
        held: Vec::new(),
        stale: 0,
        stale_lines: Vec::new(),
    };
    let mut seen = BTreeSet::new();
    for (op, line) in saved.into_iter().filter(|(op, _)| seen.insert(*op)) {
        match now.get(&op) {
            Some(false) => shape.only.push(op.to_string()),
            Some(true) => shape.held.push(op.to_string()),
            None => {
                shape.stale += 1;
                if shape.stale_lines.len() < STALE_TOLD {
                    shape.stale_lines.push(line);
                }
            }
        }
    }
    shape
}

/// The head and the operations of a file, or the line that does not fit and why.
fn read(bytes: &[u8]) -> Result<(Head, Vec<(OpId, Value)>), String> {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut lines = (1..).zip(lines).filter(|(_, line)| !line.is_empty());
    let (_, first) = lines.next().ok_or("the file is empty; send what an export gave")?;
    let head: Head = serde_json::from_slice(first).map_err(|error| format!("line 1: {error}"))?;
    if head.crosswatch_plan != VERSION {
        return Err(format!("line 1: crosswatch_plan: this program reads version {VERSION}; use a newer one"));
    }
    let mut operations = Vec::new();
    for (number, line) in lines {
        let wrong = |error: serde_json::Error| format!("line {number}: {error}");
        let value: Value = serde_json::from_slice(line).map_err(wrong)?;
        let operation = Operation::deserialize(&value).map_err(wrong)?;
        let op =
            OpId::parse(&operation.op).ok_or_else(|| format!("line {number}: op: is not the id of an operation"))?;
        operations.push((op, value));
    }
    Ok((head, operations))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#"{"crosswatch_plan":1,"pair":"p","source":"a","target":"b","created_at":"2026-11-30T12:00:00Z","features":["history"],"sentence":""}"#;

    #[test]
    fn what_is_no_plan_is_refused_with_its_line() {
        let row = r#"{"op":"00000000000000ff","feature":"history"}"#;
        let (head, operations) = read(format!("{HEAD}\n{row}\n\n").as_bytes()).unwrap();
        assert_eq!((head.pair.as_str(), operations[0].0), ("p", OpId(255)));
        for (text, why) in [
            (String::new(), "the file is empty"),
            ("{}".to_owned(), "line 1:"),
            (HEAD.replace(":1,", ":2,"), "line 1: crosswatch_plan"),
            (format!("{HEAD}\n{{}}"), "line 2:"),
            (format!("{HEAD}\n{row}\n{{\"op\":\"x\"}}"), "line 3: op:"),
        ] {
            let error = read(text.as_bytes()).unwrap_err();
            assert!(error.starts_with(why), "{text}: {error}");
        }
    }
}
