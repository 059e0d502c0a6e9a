//! Deciding on what waits: approving lets it through once, or every time where that is asked for; rejecting leaves it alone
//! until something about it changes.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use crosswatch_actors::{JobKind, Permit, always_mark, always_of, always_subject, held_id, may_be_always, newest_plan};
use crosswatch_model::{Action, Cause, Feature, HoldKind, OpId, PlanItem, RunId};
use crosswatch_port::{Change, HeldRecord, Ledger, RejectedRecord, StandingKind, StorageFailure};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    applying::save,
    pairs::configured,
    plans::Making,
    runs,
    shapes::{self, AlwaysShape, RejectedShape, RunShape},
    starting::{self, Wish},
};
use crate::{
    extract::{Body, Query},
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
    waiting::{WaitQuery, Waited, wait_for},
};

/// So long a fresh look may take where the caller does not say.
const LOOK_MAX: Duration = Duration::from_secs(60);
/// Runs of the pair that are looked through for the lines of what waits.
const RUNS_LOOKED_THROUGH: usize = 5;

/// How it is let through.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveWish {
    /// From now on nobody is asked about holds of this kind for this feature of the pair.
    #[serde(default)]
    always: bool,
}

/// Lets through what waits here, and nothing else that waits: a run of the pair, once. With `always` also what will wait for
/// the same reason, until that is taken back; a loss of an account and a changed item are asked about every time.
#[utoipa::path(
    post, path = "/api/v1/held/{id}/approve", operation_id = "approve_held", tag = "held",
    params(("id" = String, Path, description = "What waits."), WaitQuery), request_body = Option<ApproveWish>,
    responses(
        (status = 200, description = "With `wait`: the run in its final state.", body = RunShape),
        (status = 202, description = "It is followed at `Location`.", body = RunShape),
        (status = 404, description = "Nothing of this id waits.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The pair is disabled or paused. `never-always`: what waits is asked about every time.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, description = "`frozen`: everything is, and nothing is written.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The pair has the feature switched off by now.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Stopping, busy, or too much waits.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn approve(
    state: web::Data<ApiState>,
    id: web::Path<String>,
    query: Query<WaitQuery>,
    body: Body<ApproveWish>,
) -> Result<HttpResponse, ApiProblem> {
    let length = query.0.length()?;
    let held = waiting(&state, &id).await?;
    if body.0.always && !may_be_always(held.kind) {
        return Err(ApiProblem::NeverAlways(held.kind));
    }
    let events = state.directory.listen();
    let permit = Permit::Hold { feature: held.feature, kind: held.kind };
    let wish = Wish { cause: Cause::Approval, permit, ..Wish::of(held.pair.clone(), JobKind::Run) };
    let run = starting::start(&state, wish).await?;
    if body.0.always {
        let mark = always_mark(&held.pair, held.feature, held.kind, state.clock.now());
        save(&state, vec![Change::PutStanding(mark)]).await?;
    }
    runs::answer(&state, run, length, events).await
}

/// Takes back that holds of a kind are let through every time: from now on a person is asked again.
#[utoipa::path(
    delete, path = "/api/v1/pairs/{id}/always/{feature}/{kind}", operation_id = "ask_again", tag = "held",
    params(
        ("id" = String, Path, description = "The pair."),
        ("feature" = String, Path, description = "The feature."),
        ("kind" = String, Path, description = "The kind of hold."),
    ),
    responses(
        (status = 200, description = "What was taken back.", body = AlwaysShape),
        (status = 404, description = "No such pair or feature, or that is asked about anyway.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ask_again(
    state: web::Data<ApiState>,
    path: web::Path<(String, String, String)>,
) -> Result<web::Json<AlwaysShape>, ApiProblem> {
    let (id, feature, kind) = path.into_inner();
    let pair = configured(&state, &id)?.id.clone();
    let standings = state.read(|ledger| ledger.standings()).await?;
    let is_meant = |(of, what, _): &(Feature, HoldKind, Timestamp)| of.as_str() == feature && what.as_str() == kind;
    let Some(always) = always_of(&standings, &pair).find(is_meant) else {
        return Err(ApiProblem::UnknownHold(format!("{pair}/{feature}/{kind}")));
    };
    let subject = always_subject(&pair, always.0, always.1);
    save(&state, vec![Change::DropStanding(StandingKind::Always, subject)]).await?;
    Ok(web::Json(AlwaysShape::from(always)))
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
