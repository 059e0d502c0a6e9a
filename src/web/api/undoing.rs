//! Taking a run back: a plan of the inverse of what it wrote. Applying that plan is what writes.

use actix_web::{HttpResponse, web};
use crosswatch_actors::JobKind;

use super::{
    AskedPlans, plans, runs,
    shapes::{PlanShape, StartedPlanShape},
    starting::{self, Wish},
};
use crate::{
    extract::{Query, run_id},
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
    waiting::WaitQuery,
};

/// Plans how a run is taken back. Nothing is written until the plan is applied.
#[utoipa::path(
    post, path = "/api/v1/runs/{id}/undo", operation_id = "undo_run", tag = "runs",
    params(("id" = String, Path, description = "The run."), WaitQuery),
    responses(
        (status = 200, description = "With `wait`: the plan.", body = PlanShape),
        (status = 202, description = "It will be at `Location`.", body = StartedPlanShape),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such run, or its pair is not configured any more.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`run-underway`: the run has not ended.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The pair has a feature switched off by now.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Stopping, busy, or too much waits.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn undo(
    state: web::Data<ApiState>,
    asked: web::Data<AskedPlans>,
    id: web::Path<String>,
    query: Query<WaitQuery>,
) -> Result<HttpResponse, ApiProblem> {
    let length = query.0.length()?;
    let run = runs::stored(&state, run_id(&id)?).await?;
    if !run.state.is_final() {
        return Err(ApiProblem::RunUnderway(run.id));
    }
    let events = state.directory.listen();
    let wish = Wish { features: Some(run.features), undoes: Some(run.id), ..Wish::of(run.pair.clone(), JobKind::Undo) };
    let plan = starting::start(&state, wish).await?;
    asked.add(plan, &run.pair);
    plans::answer(&state, plan, &run.pair, length, events).await
}
