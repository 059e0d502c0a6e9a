//! Deciding on a plan: applying it, all or some of it, or rejecting it. A plan is decided on once.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use actix_web::{HttpResponse, web};
use crosswatch_actors::{Chosen, JobKind, PLAN_STALE, Permit};
use crosswatch_model::{Action, Cause, OpId, PlanItem, PlanState, RunId, RunState};
use crosswatch_port::{Change, Commit, Durability, PlanRecord, RejectedRecord, RunRecord};
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    AskedPlans, runs,
    shapes::{PlanShape, RunShape},
    starting::{self, Wish},
};
use crate::{
    extract::{Body, Query, plan_id},
    problem::{ApiProblem, ProblemBody},
    state::{self, ApiState},
    waiting::{Looked, WaitQuery, Waited, Watched, wait_for},
};

/// So long the answer waits for the moment that tells whether the plan is still true.
const PLANNING_MAX: Duration = Duration::from_secs(60);

/// Which operations of the plan. Without a choice, all that it would write; what is held is only done where it is named.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Choice {
    /// Only these.
    #[schema(example = json!(["00000000000000ff"]))]
    only: Option<Vec<String>>,
    /// All that the plan would write but these.
    except: Option<Vec<String>>,
}

/// Applies a plan: reads both sides again, and writes exactly what was chosen, where it is still true.
#[utoipa::path(
    post, path = "/api/v1/plans/{id}/apply", operation_id = "apply_plan", tag = "plans",
    params(("id" = String, Path, description = "The plan."), WaitQuery), request_body = Option<Choice>,
    responses(
        (status = 200, description = "With `wait`: the run in its final state.", body = RunShape),
        (status = 202, description = "It is followed at `Location`.", body = RunShape),
        (status = 400, description = "The body or query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such plan.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`plan-stale`: a side moved since, nothing was written. `plan-not-ready`: it was decided on before. Or the pair is disabled, paused or in shadow mode.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, description = "`frozen`: everything is, and nothing is written.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`unknown-operation`: the plan has no such operation.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Stopping, busy, or too much waits.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn apply(
    state: web::Data<ApiState>,
    asked: web::Data<AskedPlans>,
    id: web::Path<String>,
    query: Query<WaitQuery>,
    body: Body<Choice>,
) -> Result<HttpResponse, ApiProblem> {
    let length = query.0.length()?;
    let id = plan_id(&id)?;
    let (planning, events) = (state.directory.listen(), state.directory.listen());
    let run = begin(&state, &asked, id, &body.0).await?;
    if let Waited::Final(run) = wait_for(&Planning { state: &state, run }, run, PLANNING_MAX, planning).await?
        && let Some(error) = run.error.as_ref().filter(|error| error.kind == PLAN_STALE)
    {
        return Err(ApiProblem::PlanStale(error.detail.to_string()));
    }
    runs::answer(&state, run, length, events).await
}

/// Starts the run that applies the plan. From here on nobody else may decide on it.
async fn begin(state: &ApiState, asked: &AskedPlans, id: RunId, choice: &Choice) -> Result<RunId, ApiProblem> {
    let _deciding = asked.deciding.lock().await;
    let plan = ready(state, id).await?;
    let chosen = chosen(&plan, &operations(state, id).await?, choice)?;
    let wish = Wish {
        cause: match (&plan.undoes, &plan.restores) {
            (Some(_), _) => Cause::Undo,
            (None, Some(_)) => Cause::Restore,
            (None, None) => Cause::Approval,
        },
        features: Some(plan.tallies.iter().map(|tally| tally.feature).collect()),
        permit: Permit::Plan(chosen),
        undoes: plan.undoes,
        restores: plan.restores,
        ..Wish::of(plan.pair, JobKind::Run)
    };
    starting::start(state, wish).await
}

/// The plan, where it can still be decided on.
async fn ready(state: &ApiState, id: RunId) -> Result<PlanRecord, ApiProblem> {
    let plan = state.read(move |ledger| ledger.plan(id)).await?;
    let plan = plan.ok_or_else(|| ApiProblem::UnknownPlan(id.to_string()))?;
    if plan.state == PlanState::Ready { Ok(plan) } else { Err(ApiProblem::PlanNotReady(plan.state)) }
}

/// What the plan could do, with whether it waits.
pub(super) type Operations = BTreeMap<OpId, IsHeld>;

/// Whether an operation waits for a person.
pub(super) type IsHeld = bool;

/// Everything that the plan could do.
pub(super) async fn operations(state: &ApiState, id: RunId) -> Result<Operations, ApiProblem> {
    let read = move |ledger: &dyn crosswatch_port::Ledger| {
        let mut operations = Operations::new();
        ledger.visit_lines(id, 0, &mut |record| {
            if let Some(is_held) = is_held(&record.line) {
                operations.insert(record.line.op, is_held);
            }
            true
        })?;
        Ok(operations)
    };
    state.read(read).await
}

/// Whether the operation of a line waits; `None` where it is none.
pub(super) const fn is_held(line: &PlanItem) -> Option<IsHeld> {
    match line.action {
        Action::Add | Action::Update | Action::Remove => Some(false),
        Action::Hold => Some(true),
        Action::Skip | Action::Conflict => None,
    }
}

fn chosen(plan: &PlanRecord, operations: &Operations, choice: &Choice) -> Result<Chosen, ApiProblem> {
    let known = |text: &String| {
        let op = OpId::parse(text).filter(|op| operations.contains_key(op));
        op.ok_or_else(|| ApiProblem::UnknownOperation(text.clone()))
    };
    let ops = |texts: &Option<Vec<String>>| -> Result<Option<Vec<OpId>>, ApiProblem> {
        texts.as_ref().map(|texts| texts.iter().map(known).collect()).transpose()
    };
    let (only, except) = (ops(&choice.only)?, ops(&choice.except)?);
    let is_whole = only.is_none() && except.is_none();
    let harmless = || operations.iter().filter(|(_, is_held)| !**is_held).map(|(op, _)| *op).collect();
    let except = except.unwrap_or_default();
    let picked: Vec<OpId> = only.unwrap_or_else(harmless);
    let ops = picked.into_iter().filter(|op| !except.contains(op)).collect();
    Ok(Chosen { plan: plan.id, ops: Arc::new(ops), is_whole })
}

/// A run that has not planned yet.
struct Planning<'a> {
    state: &'a ApiState,
    run: RunId,
}

impl Watched for Planning<'_> {
    type Final = RunRecord;

    fn look(&self) -> LocalBoxFuture<'_, Result<Looked<RunRecord>, ApiProblem>> {
        Box::pin(async {
            let id = self.run;
            Ok(match self.state.read(move |ledger| ledger.run(id)).await? {
                Some(run) if matches!(run.state, RunState::Queued | RunState::Reading | RunState::Planning) => {
                    Looked::Underway
                }
                Some(run) => Looked::Final(run),
                None => Looked::Gone,
            })
        })
    }
}

/// Rejects a plan: it is never applied, and what it holds is not asked again until something about it changes.
#[utoipa::path(
    post, path = "/api/v1/plans/{id}/reject", operation_id = "reject_plan", tag = "plans",
    params(("id" = String, Path, description = "The plan."), WaitQuery),
    responses(
        (status = 200, description = "The plan.", body = PlanShape),
        (status = 404, description = "No such plan.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`plan-not-ready`: it was decided on before.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn reject(
    state: web::Data<ApiState>,
    asked: web::Data<AskedPlans>,
    id: web::Path<String>,
    query: Query<WaitQuery>,
) -> Result<web::Json<PlanShape>, ApiProblem> {
    query.0.length()?;
    let id = plan_id(&id)?;
    let _deciding = asked.deciding.lock().await;
    let plan = ready(&state, id).await?;
    let mut changes = vec![Change::MarkPlan(id, PlanState::Rejected)];
    // An undo or a restore is asked for once; no to it says nothing about what the pair does by itself.
    if plan.undoes.is_none() && plan.restores.is_none() {
        let (pair, at) = (plan.pair.clone(), state.clock.now());
        let read = move |ledger: &dyn crosswatch_port::Ledger| {
            let mut held = Vec::new();
            ledger.visit_lines(id, 0, &mut |record| {
                if record.line.action == Action::Hold {
                    let (pair, feature, op) = (pair.clone(), record.line.feature, record.line.op);
                    held.push(Change::PutRejected(RejectedRecord { pair, feature, op, at }));
                }
                true
            })?;
            Ok(held)
        };
        changes.extend(state.read(read).await?);
    }
    save(&state, changes).await?;
    Ok(web::Json(PlanShape::from(&PlanRecord { state: PlanState::Rejected, ..plan })))
}

/// Commits what a person decided.
pub(super) async fn save(state: &ApiState, changes: Vec<Change>) -> Result<(), ApiProblem> {
    let commit = Commit { fence: None, durability: Durability::Synced, changes };
    state::stored(state.directory.store().save(commit)).await
}
