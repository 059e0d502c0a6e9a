//! Steering: freezing everything, pausing a pair, and letting a pair forget what it knows.

use actix_web::web;
use crosswatch_actors::Steer;
use crosswatch_model::PairId;

use super::{
    pairs::configured,
    shapes::{FrozenShape, PausedShape},
};
use crate::{
    problem::{ApiProblem, ProblemBody},
    state::{ACTOR_DEADLINE, ApiState},
};

/// Stops every write to every account at once. Reading, planning and listening go on.
#[utoipa::path(
    post, path = "/api/v1/freeze", tag = "service",
    responses(
        (status = 200, description = "From now on, and after a restart, nothing is written.", body = FrozenShape),
        (status = 503, description = "Stopping or busy.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn freeze(state: web::Data<ApiState>) -> Result<web::Json<FrozenShape>, ApiProblem> {
    steer_all(&state, Steer::Freeze).await
}

/// Lets writes go again.
#[utoipa::path(
    post, path = "/api/v1/unfreeze", tag = "service",
    responses(
        (status = 200, description = "Writes go again.", body = FrozenShape),
        (status = 503, description = "Stopping or busy.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn unfreeze(state: web::Data<ApiState>) -> Result<web::Json<FrozenShape>, ApiProblem> {
    steer_all(&state, Steer::Unfreeze).await
}

async fn steer_all(state: &ApiState, steer: Steer) -> Result<web::Json<FrozenShape>, ApiProblem> {
    let turned = state.supervisor()?.ask(steer, ACTOR_DEADLINE).await?;
    turned.map_err(|refusal| ApiProblem::Busy(refusal.to_string()))?;
    let since = state.directory.brakes().frozen_since();
    Ok(web::Json(FrozenShape { frozen: since.is_some(), since }))
}

/// Lets a pair start no more runs, neither by schedule nor by hand. A run in progress goes on to its end.
#[utoipa::path(
    post, path = "/api/v1/pairs/{id}/pause", operation_id = "pause_pair", tag = "pairs",
    params(("id" = String, Path, description = "The pair.")),
    responses(
        (status = 200, description = "It is paused, also after a restart. Plans and dry runs are still made.", body = PausedShape),
        (status = 404, description = "No such pair.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Stopping or busy.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn pause(
    state: web::Data<ApiState>,
    id: web::Path<String>,
) -> Result<web::Json<PausedShape>, ApiProblem> {
    steer_pair(&state, &id, Steer::Pause).await
}

/// Lets a paused pair run again.
#[utoipa::path(
    post, path = "/api/v1/pairs/{id}/resume", operation_id = "resume_pair", tag = "pairs",
    params(("id" = String, Path, description = "The pair.")),
    responses(
        (status = 200, description = "It runs again.", body = PausedShape),
        (status = 404, description = "No such pair.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Stopping or busy.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn resume(
    state: web::Data<ApiState>,
    id: web::Path<String>,
) -> Result<web::Json<PausedShape>, ApiProblem> {
    steer_pair(&state, &id, Steer::Resume).await
}

async fn steer_pair(
    state: &ApiState,
    id: &str,
    steer: fn(PairId) -> Steer,
) -> Result<web::Json<PausedShape>, ApiProblem> {
    let pair = configured(state, id)?.id.clone();
    let turned = state.supervisor()?.ask(steer(pair.clone()), ACTOR_DEADLINE).await?;
    turned.map_err(|refusal| ApiProblem::of_refusal(refusal, &pair))?;
    Ok(web::Json(PausedShape { paused: state.directory.brakes().is_paused(&pair), pair: pair.to_string() }))
}
