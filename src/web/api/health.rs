//! Is the process alive, and can it be used: the two questions that need no key.

use actix_web::{HttpResponse, web};

use super::shapes::StageShape;
use crate::{problem::ApiProblem, readiness::Stage, state::ApiState};

/// The process lives.
#[utoipa::path(
    get, path = "/healthz", tag = "health", security(()),
    responses((status = 200, description = "The process lives.", body = StageShape))
)]
pub(crate) async fn healthz() -> web::Json<StageShape> {
    web::Json(StageShape { state: "alive" })
}

/// The service can be used.
#[utoipa::path(
    get, path = "/readyz", tag = "health", security(()),
    responses(
        (status = 200, description = "The store is open and the actors live.", body = StageShape),
        (status = 503, description = "Starting, stopping or failed.", body = crate::problem::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn readyz(state: web::Data<ApiState>) -> Result<HttpResponse, ApiProblem> {
    match state.readiness.stage() {
        Stage::Ready => Ok(HttpResponse::Ok().json(StageShape { state: Stage::Ready.as_str() })),
        other => Err(ApiProblem::NotReady(other.as_str())),
    }
}
