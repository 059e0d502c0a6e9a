//! The effective configuration, and replacing the file it came from.

use std::sync::Arc;

use actix_web::{HttpResponse, http::header, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    configuring::ConfigRefused,
    extract::Body,
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
};

/// The effective configuration in the shape of the file, with secrets masked.
#[utoipa::path(
    get, path = "/api/v1/config", tag = "service",
    responses((status = 200, description = "The configuration; every secret is `***`.", body = Object))
)]
pub(crate) async fn config(state: web::Data<ApiState>) -> web::Json<Value> {
    web::Json(state.settings.masked())
}

/// A new configuration.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigWish {
    /// The whole file. It is written as it is, with its comments.
    toml: String,
}

/// The configuration was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ConfigTaken)]
pub(crate) struct ConfigTakenShape {
    /// What takes effect with the next start of the process only.
    #[schema(example = json!(["server.listen"]))]
    after_restart: Vec<&'static str>,
}

/// Replaces the configuration file and takes it: runs stop at the next safe point, and the service goes on with the new
/// configuration in a moment. `/readyz` says when.
#[utoipa::path(
    put, path = "/api/v1/config", operation_id = "replace_config", tag = "service", request_body = ConfigWish,
    responses(
        (status = 202, description = "It is in the file and is being taken; `Location` shows it once it is.", body = ConfigTakenShape),
        (status = 400, description = "The body does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`no-config-file`: this service was started without one.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`config-wrong`: nothing was changed; `problems` lists everything, with line and field.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn replace(state: web::Data<ApiState>, body: Body<ConfigWish>) -> Result<HttpResponse, ApiProblem> {
    let file = Arc::clone(state.config_file.as_ref().ok_or(ApiProblem::NoConfigFile)?);
    let text = body.0.toml;
    let taken =
        web::block(move || file.replace(&text)).await.map_err(|error| ApiProblem::Internal(error.to_string()))?;
    match taken {
        Ok(taken) => {
            let location = format!("{}/api/v1/config", state.settings.server.base_path.as_str());
            let shape = ConfigTakenShape { after_restart: taken.after_restart };
            Ok(HttpResponse::Accepted().insert_header((header::LOCATION, location)).json(shape))
        }
        Err(ConfigRefused::Wrong(problems)) => Err(ApiProblem::ConfigWrong(problems)),
        Err(ConfigRefused::Unwritable(why)) => Err(ApiProblem::ConfigUnwritable(why)),
    }
}
