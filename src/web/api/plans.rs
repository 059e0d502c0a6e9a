//! Plans: asking for one, and looking at what was planned.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use actix_web::{HttpResponse, http::header, web};
use crosswatch_actors::{Happened, JobKind};
use crosswatch_model::{PairId, RunId};
use crosswatch_port::PlanRecord;
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use utoipa::{IntoParams, ToSchema};

use super::{
    lines::{LineQuery, lines},
    pairs::configured,
    shapes::{LineShape, PlanShape, StartedPlanShape},
    starting::{self, Wish, is_busy},
};
use crate::{
    extract::{Body, Query, feature_set, pair_id, plan_id},
    paging::{Listing, cursor, limit},
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
    waiting::{Looked, WaitQuery, Waited, Watched, wait_for},
};

/// Plans that were asked for and may still come, the oldest first. More than this never wait.
const ASKED_MAX: usize = 512;

/// The plans that were asked for in this process life. What waits does not outlive the process, so neither does this.
#[derive(Debug, Default)]
pub(crate) struct AskedPlans {
    asked: Mutex<VecDeque<(RunId, PairId)>>,
    /// Whoever decides on a plan holds this: a plan is applied or rejected once.
    pub(super) deciding: tokio::sync::Mutex<()>,
}

impl AskedPlans {
    pub(super) fn add(&self, id: RunId, pair: &PairId) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.len() == ASKED_MAX {
            asked.pop_front();
        }
        asked.push_back((id, pair.clone()));
    }

    pub(super) fn pair_of(&self, id: RunId) -> Option<PairId> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().find(|(other, _)| *other == id).map(|(_, pair)| pair.clone())
    }
}

/// What to plan.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanWish {
    /// Only these features; all that are on where left out.
    #[schema(example = json!(["history"]))]
    features: Option<Vec<String>>,
}

/// Asks for a plan. Nothing is written to an account or to what the pair remembers.
#[utoipa::path(
    post, path = "/api/v1/pairs/{id}/plan", operation_id = "start_plan", tag = "plans",
    params(("id" = String, Path, description = "The pair."), WaitQuery), request_body = Option<PlanWish>,
    responses(
        (status = 200, description = "With `wait`: the plan.", body = PlanShape),
        (status = 202, description = "It will be at `Location`.", body = StartedPlanShape),
        (status = 400, description = "The body or query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such pair.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The pair has a feature switched off that was asked for.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Stopping, busy, or too much waits.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn start(
    state: web::Data<ApiState>,
    asked: web::Data<AskedPlans>,
    id: web::Path<String>,
    query: Query<WaitQuery>,
    body: Body<PlanWish>,
) -> Result<HttpResponse, ApiProblem> {
    let length = query.0.length()?;
    let pair = configured(&state, &id)?.id.clone();
    let features = feature_set(body.0.features.as_deref())?;
    make(&state, &asked, Wish { features, ..Wish::of(pair, JobKind::Plan) }, length).await
}

/// Asks for a plan, and waits for it as long as the caller likes.
pub(super) async fn make(
    state: &ApiState,
    asked: &AskedPlans,
    wish: Wish,
    length: Duration,
) -> Result<HttpResponse, ApiProblem> {
    let (events, pair) = (state.directory.listen(), wish.pair.clone());
    let id = starting::start(state, wish).await?;
    asked.add(id, &pair);
    answer(state, id, &pair, length, events).await
}

/// Waits for a plan that was asked for, and answers it or where it will be.
async fn answer(
    state: &ApiState,
    id: RunId,
    pair: &PairId,
    length: Duration,
    events: Receiver<Happened>,
) -> Result<HttpResponse, ApiProblem> {
    match wait_for(&Making { state, id, pair }, id, length, events).await? {
        Waited::Final(plan) => Ok(HttpResponse::Ok().json(PlanShape::from(&plan))),
        Waited::NotYet => Ok(not_yet(state, id, pair)),
        Waited::Gone => Err(ApiProblem::PlanFailed(id)),
    }
}

fn not_yet(state: &ApiState, id: RunId, pair: &PairId) -> HttpResponse {
    let location = format!("{}/api/v1/plans/{id}", state.settings.server.base_path.as_str());
    HttpResponse::Accepted().insert_header((header::LOCATION, location)).json(StartedPlanShape::new(id, pair))
}

/// A plan that is being made.
pub(super) struct Making<'a> {
    pub(super) state: &'a ApiState,
    pub(super) id: RunId,
    pub(super) pair: &'a PairId,
}

impl Watched for Making<'_> {
    type Final = PlanRecord;

    fn look(&self) -> LocalBoxFuture<'_, Result<Looked<PlanRecord>, ApiProblem>> {
        Box::pin(async {
            let id = self.id;
            // In this order: a plan that is made between the two looks is found at the next.
            let may_come = is_busy(self.state, self.pair).await?;
            Ok(match self.state.read(move |ledger| ledger.plan(id)).await? {
                Some(plan) => Looked::Final(plan),
                None if may_come => Looked::Underway,
                None => Looked::Gone,
            })
        })
    }
}

/// Which plans.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlansQuery {
    /// Only this pair.
    pair: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of the page, 1 to 500; 50 where left out.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<String>,
}

/// The plans, the newest first.
#[utoipa::path(
    get, path = "/api/v1/plans", tag = "plans", params(PlansQuery),
    responses(
        (status = 200, description = "The plans that are kept.", body = Listing<PlanShape>),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn plans(
    state: web::Data<ApiState>,
    query: Query<PlansQuery>,
) -> Result<web::Json<Listing<PlanShape>>, ApiProblem> {
    let limit = limit(query.0.limit.as_deref())?;
    let after = cursor(query.0.cursor.as_deref(), RunId::parse)?;
    let pair = query.0.pair.as_deref().map(pair_id).transpose()?;
    let rows = state.read(move |ledger| ledger.plans(pair.as_ref(), after, limit + 1)).await?;
    let page = Listing::cut(rows, limit, |plan| plan.id.to_string());
    Ok(web::Json(page.map(|plan| PlanShape::from(&plan))))
}

/// One plan.
#[utoipa::path(
    get, path = "/api/v1/plans/{id}", tag = "plans", params(("id" = String, Path, description = "The plan.")),
    responses(
        (status = 200, description = "The plan.", body = PlanShape),
        (status = 202, description = "It is not made yet.", body = StartedPlanShape),
        (status = 404, description = "No such plan.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn plan(
    state: web::Data<ApiState>,
    asked: web::Data<AskedPlans>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    let id = plan_id(&id)?;
    // In this order: a plan that is made between the two looks is found by the second.
    let awaited = match asked.pair_of(id) {
        Some(pair) if is_busy(&state, &pair).await? => Some(pair),
        _ => None,
    };
    match (state.read(move |ledger| ledger.plan(id)).await?, awaited) {
        (Some(plan), _) => Ok(HttpResponse::Ok().json(PlanShape::from(&plan))),
        (None, Some(pair)) => Ok(not_yet(&state, id, &pair)),
        (None, None) => Err(ApiProblem::UnknownPlan(id.to_string())),
    }
}

/// The lines of a plan.
#[utoipa::path(
    get, path = "/api/v1/plans/{id}/items", operation_id = "plan_items", tag = "plans", params(("id" = String, Path, description = "The plan."), LineQuery),
    responses(
        (status = 200, description = "The lines that fit.", body = Listing<LineShape>),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such plan.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn items(
    state: web::Data<ApiState>,
    id: web::Path<String>,
    query: Query<LineQuery>,
) -> Result<web::Json<Listing<LineShape>>, ApiProblem> {
    let filter = query.0.filter()?;
    let id = plan_id(&id)?;
    if state.read(move |ledger| ledger.plan(id)).await?.is_none() {
        return Err(ApiProblem::UnknownPlan(id.to_string()));
    }
    lines(&state, id, filter).await.map(web::Json)
}
