//! The effective configuration.

use actix_web::web;
use serde_json::Value;

use crate::state::ApiState;

/// The effective configuration in the shape of the file, with secrets masked.
#[utoipa::path(
    get, path = "/api/v1/config", tag = "service",
    responses((status = 200, description = "The configuration; every secret is `***`.", body = Object))
)]
pub(crate) async fn config(state: web::Data<ApiState>) -> web::Json<Value> {
    web::Json(state.settings.masked())
}
