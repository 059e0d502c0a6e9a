//! Deciding on what waits: approving lets it through once, rejecting leaves it alone until something about it changes.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use crosswatch_actors::{JobKind, Permit, held_id, newest_plan};
use crosswatch_model::{Action, Cause, HoldKind, OpId, PlanItem, RunId};
use crosswatch_port::{Change, HeldRecord, Ledger, RejectedRecord, StorageFailure};

use super::{
    applying::save,
    plans::Making,
    runs,
    shapes::{self, RejectedShape, RunShape},
    starting::{self, Wish},
};
use crate::{
    extract::Query,
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
    waiting::{WaitQuery, Waited, wait_for},
};

/// So long a fresh look may take where the caller does not say.
const LOOK_MAX: Duration = Duration::from_secs(60);
/// Runs of the pair that are looked through for the lines of what waits.
const RUNS_LOOKED_THROUGH: usize = 5;

/// Lets through what waits here, and nothing else that waits: a run of the pair, once.
#[utoipa::path(
    post, path = "/api/v1/held/{id}/approve", operation_id = "approve_held", tag = "held",
    params(("id" = String, Path, description = "What waits."), WaitQuery),
    responses(
        (status = 200, description = "With `wait`: the run in its final state.", body = RunShape),
        (status = 202, description = "It is followed at `Location`.", body = RunShape),
        (status = 404, description = "Nothing of this id waits.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The pair is disabled or paused.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, description = "`frozen`: everything is, and nothing is written.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The pair has the feature switched off by now.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Stopping, busy, or too much waits.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn approve(
    state: web::Data<ApiState>,
    id: web::Path<String>,
    query: Query<WaitQuery>,
) -> Result<HttpResponse, ApiProblem> {
    let length = query.0.length()?;
    let held = waiting(&state, &id).await?;
    let events = state.directory.listen();
    let permit = Permit::Hold { feature: held.feature, kind: held.kind };
    let wish = Wish { cause: Cause::Approval, permit, ..Wish::of(held.pair, JobKind::Run) };
    let run = starting::start(&state, wish).await?;
    runs::answer(&state, run, length, events).await
}

/// Says no to what waits here: none of it is done or asked again until something about it changes.
#[utoipa::path(
    post, path = "/api/v1/held/{id}/reject", operation_id = "reject_held", tag = "held",
    params(("id" = String, Path, description = "What waits."), WaitQuery),
    responses(
        (status = 200, description = "How much was rejected.", body = RejectedShape),
        (status = 404, description = "Nothing of this id waits.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`nothing-to-reject`: no operation waits, only a loss that nobody has looked at.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Stopping, busy, or a fresh look took too long.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn reject(
    state: web::Data<ApiState>,
    id: web::Path<String>,
    query: Query<WaitQuery>,
) -> Result<web::Json<RejectedShape>, ApiProblem> {
    let length = query.0.length()?;
    let held = waiting(&state, &id).await?;
    let asked = held.clone();
    let mut ops = state.read(move |ledger| kept_ops(ledger, &asked)).await?;
    if ops.is_empty() {
        ops = look_again(&state, &held, if length.is_zero() { LOOK_MAX } else { length }).await?;
    }
    if ops.is_empty() {
        let why = "no operation waits here, so there is nothing to say no to; approve it, or mend what was lost";
        return Err(ApiProblem::NothingToReject(why.to_owned()));
    }
    let answer = RejectedShape { id: shapes::held_id(&held), rejected: ops.len() };
    let at = state.clock.now();
    let reject = |op| Change::PutRejected(RejectedRecord { pair: held.pair.clone(), feature: held.feature, op, at });
    let changes = ops.into_iter().map(reject).chain([Change::DropHeld(held.id)]).collect();
    save(&state, changes).await?;
    Ok(web::Json(answer))
}

async fn waiting(state: &ApiState, id: &str) -> Result<HeldRecord, ApiProblem> {
    let held = state.read(|ledger| ledger.held()).await?;
    let found = held.into_iter().find(|held| shapes::held_id(held) == id);
    found.ok_or_else(|| ApiProblem::UnknownHold(id.to_owned()))
}

/// The operations that wait here, as the newest run or plan that shows any of them has them.
fn kept_ops(ledger: &dyn Ledger, held: &HeldRecord) -> Result<Vec<OpId>, StorageFailure> {
    let runs = ledger.runs(Some(&held.pair), None, RUNS_LOOKED_THROUGH)?.into_iter().map(|run| run.id);
    let plans = newest_plan(ledger, &held.pair)?.into_iter().filter(|plan| plan.undoes.is_none());
    let mut owners: Vec<RunId> = runs.chain(plans.map(|plan| plan.id)).collect();
    owners.sort_unstable();
    for owner in owners.into_iter().rev() {
        let ops = ops_of(ledger, owner, held)?;
        if !ops.is_empty() {
            return Ok(ops);
        }
    }
    Ok(Vec::new())
}

fn ops_of(ledger: &dyn Ledger, owner: RunId, held: &HeldRecord) -> Result<Vec<OpId>, StorageFailure> {
    let mut ops = Vec::new();
    ledger.visit_lines(owner, 0, &mut |record| {
        if waits_here(&record.line, held) {
            ops.push(record.line.op);
        }
        true
    })?;
    Ok(ops)
}

/// Removals wait for their limit also where another guard stopped them first.
fn waits_here(line: &PlanItem, held: &HeldRecord) -> bool {
    let is_limited = matches!(held.kind, HoldKind::Removes | HoldKind::FirstMirror);
    line.action == Action::Hold
        && (line.reason == held.kind.reason() || (is_limited && line.held_action == Some(Action::Remove)))
        && held_id(&held.pair, line.feature, held.kind, line.side) == held.id
}

/// Plans once more to see what waits.
async fn look_again(state: &ApiState, held: &HeldRecord, length: Duration) -> Result<Vec<OpId>, ApiProblem> {
    let events = state.directory.listen();
    let features = Some([held.feature].into_iter().collect());
    let id = starting::start(state, Wish { features, ..Wish::of(held.pair.clone(), JobKind::Plan) }).await?;
    match wait_for(&Making { state, id, pair: &held.pair }, id, length, events).await? {
        Waited::Final(plan) => {
            let held = held.clone();
            state.read(move |ledger| ops_of(ledger, plan.id, &held)).await
        }
        Waited::NotYet => Err(ApiProblem::Busy("looking at what waits took too long; ask again".to_owned())),
        Waited::Gone => Err(ApiProblem::PlanFailed(id)),
    }
}
