//! How the service is doing.

use actix_web::web;
use crosswatch_actors::ChildState;

use super::{
    look::{HouseLook, Unwatched},
    shapes::{ActorShape, PairStatusShape, StatusShape, UnwatchedShape, WidgetShape, due_lines},
};
use crate::{problem::ApiProblem, state::ApiState};

/// The state of the service.
#[utoipa::path(
    get, path = "/api/v1/status", tag = "service",
    responses((status = 200, description = "How it is doing, and what it does next.", body = StatusShape))
)]
pub(crate) async fn status(state: web::Data<ApiState>) -> Result<web::Json<StatusShape>, ApiProblem> {
    let look = HouseLook::take(&state).await?;
    let schedule = state.schedule().await;
    let pair = |pair: &crosswatch_settings::Pair| {
        let now = look.system.pairs.iter().find(|now| now.blueprint.id == pair.id);
        PairStatusShape::new(pair, now, look.last_run(&pair.id))
    };
    let unwatched = |server: &Unwatched| UnwatchedShape {
        provider: server.account.to_string(),
        since: server.since,
        detail: server.why.to_string(),
    };
    let unwell = look.system.children.iter().filter(|(_, state, _)| *state != ChildState::Up);
    Ok(web::Json(StatusShape {
        version: state.version,
        state: look.state(),
        sentence: look.sentence(),
        pairs: state.settings.pairs.iter().map(pair).collect(),
        held: look.held.len(),
        outbox: look.outbox,
        next_runs: due_lines(&schedule),
        unwell: unwell.map(|(name, state, restarts)| ActorShape::new(name, *state, *restarts)).collect(),
        unwatched: look.unwatched.iter().map(unwatched).collect(),
    }))
}

/// The state of the service for dashboards such as Homepage and Homarr.
#[utoipa::path(
    get, path = "/api/v1/widget", tag = "service",
    responses((status = 200, description = "Flat and small.", body = WidgetShape))
)]
pub(crate) async fn widget(state: web::Data<ApiState>) -> Result<web::Json<WidgetShape>, ApiProblem> {
    let look = HouseLook::take(&state).await?;
    Ok(web::Json(WidgetShape {
        status: look.state(),
        last_run: look.last_end(),
        held: look.held.len(),
        queued: look.outbox.queued + look.outbox.parked,
        alerts: look.alerts(),
    }))
}
