//! Signing in to an account with a code: begin, and look how far it is.
//!
//! The service asks for the end by itself, so whoever began may go away. Looking costs no request.

use std::time::Duration;

use actix_web::web;
use crosswatch_port::Fault;
use crosswatch_settings::{Provider, ProviderKind};

use super::{providers::configured, shapes::SignInShape};
use crate::{
    problem::{ApiProblem, ProblemBody},
    state::{ACTOR_DEADLINE, ApiState},
};

/// A service that hands out no code for so long does not answer. A question on its way goes first.
const BEGIN_DEADLINE: Duration = Duration::from_secs(90);

/// Begins a sign-in with a code; one begun earlier is given up.
#[utoipa::path(
    post, path = "/api/v1/providers/{id}/auth", operation_id = "begin_sign_in", tag = "providers", params(("id" = String, Path, description = "Its id in the configuration.")),
    responses(
        (status = 200, description = "What the person has to open and to enter. The service asks for the end by itself.", body = SignInShape),
        (status = 404, description = "No such provider.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It has no sign-in with a code; `detail` says which key to set.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "The account gave no code.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The account is being restarted.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn begin(
    state: web::Data<ApiState>,
    id: web::Path<String>,
) -> Result<web::Json<SignInShape>, ApiProblem> {
    let provider = living(&state, &id)?;
    let door = state.account(&provider.id);
    let begun = match tokio::time::timeout(BEGIN_DEADLINE, door.begin_sign_in()).await {
        Ok(begun) => begun.map_err(|fault| no_code(provider, &fault))?,
        Err(_) => return Err(ApiProblem::Busy(format!("{} did not answer in time", provider.id))),
    };
    let progress = begun.map_err(|_| no_sign_in(provider))?;
    Ok(web::Json(SignInShape::new(provider, &progress)))
}

/// How far the sign-in with a code is.
#[utoipa::path(
    get, path = "/api/v1/providers/{id}/auth", operation_id = "sign_in", tag = "providers", params(("id" = String, Path, description = "Its id in the configuration.")),
    responses(
        (status = 200, description = "Where it stands.", body = SignInShape),
        (status = 404, description = "No such provider.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It has no sign-in with a code; `detail` says which key to set.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The account is being restarted.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn look(
    state: web::Data<ApiState>,
    id: web::Path<String>,
) -> Result<web::Json<SignInShape>, ApiProblem> {
    let provider = living(&state, &id)?;
    let door = state.account(&provider.id);
    let Ok(Ok(looked)) = tokio::time::timeout(ACTOR_DEADLINE, door.sign_in()).await else {
        return Err(ApiProblem::no_account(&provider.id));
    };
    let progress = looked.map_err(|_| no_sign_in(provider))?;
    Ok(web::Json(SignInShape::new(provider, &progress)))
}

fn living<'a>(state: &'a ApiState, id: &str) -> Result<&'a Provider, ApiProblem> {
    let provider = configured(state, id)?;
    if state.directory.account(&provider.id).is_none() {
        return Err(ApiProblem::no_account(&provider.id));
    }
    Ok(provider)
}

fn no_code(provider: &Provider, fault: &Fault) -> ApiProblem {
    ApiProblem::NoCode(format!("{}: {fault}", provider.id))
}

/// Which key opens an account that has no codes.
fn no_sign_in(provider: &Provider) -> ApiProblem {
    let id = &provider.id;
    let advice = match provider.kind {
        ProviderKind::Tracker => "it is the built-in tracker and needs none",
        ProviderKind::Plex => "set token in its section of the configuration",
        ProviderKind::Jellyfin | ProviderKind::Emby => {
            "set token (an API key or an access token) or password in its section of the configuration"
        }
        ProviderKind::Mdblist => "set token (the API key) in its section of the configuration",
        ProviderKind::Trakt | ProviderKind::Simkl => {
            "set client_id, access_token and refresh_token in its section of the configuration"
        }
    };
    ApiProblem::NoSignIn(format!("{id} has no sign-in with a code; {advice}"))
}
