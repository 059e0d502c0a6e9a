//! The token of a media server's webhooks: looking at it, and making another.

use std::time::Duration;

use actix_web::{HttpRequest, web};
use crosswatch_settings::Provider;
use secrecy::ExposeSecret;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    providers::configured,
    shapes::{WebhookShape, WebhookTokenShape},
};
use crate::{
    extract::{Body, Query},
    hooks::{Generations, Porch, addresses},
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
};

/// What stands in the place of a token.
const MASK: &str = "***";
/// How long the last token counts, where nobody says.
const OVERLAP_HOURS: u16 = 24;
/// A month is long enough to give every server its new address.
const OVERLAP_HOURS_MAX: u16 = 31 * 24;

/// Whether secrets are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrets {
    /// As they are.
    Shown,
    /// As `***`.
    Masked,
}

/// Whether secrets are to be shown.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RevealQuery {
    /// `1` shows the webhook token.
    reveal: Option<String>,
}

impl RevealQuery {
    /// What the query says.
    pub(crate) fn secrets(&self) -> Result<Secrets, ApiProblem> {
        match self.reveal.as_deref() {
            None | Some("0" | "false") => Ok(Secrets::Masked),
            Some("1" | "true") => Ok(Secrets::Shown),
            Some(other) => Err(ApiProblem::BadQuery(format!("reveal={other:?} is not known; use 1, or leave it out"))),
        }
    }
}

/// How to make another token.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateAsk {
    /// How long the last token still counts, in hours: 0 to 744; 24 where left out.
    #[schema(minimum = 0, maximum = 744)]
    overlap_hours: Option<u16>,
}

/// Makes another webhook token.
#[utoipa::path(
    post, path = "/api/v1/providers/{id}/webhook-token/rotate", operation_id = "rotate_webhook_token", tag = "providers",
    params(("id" = String, Path, description = "Its id in the configuration."), RevealQuery),
    request_body = RotateAsk,
    responses(
        (status = 200, description = "The new token. The last one counts until the overlap is over.", body = WebhookTokenShape),
        (status = 400, description = "The body or the query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such provider.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is no media server.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The store did not answer in time.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn rotate(
    state: web::Data<ApiState>,
    porch: web::Data<Porch>,
    id: web::Path<String>,
    query: Query<RevealQuery>,
    request: HttpRequest,
    body: Body<RotateAsk>,
) -> Result<web::Json<WebhookTokenShape>, ApiProblem> {
    let provider = configured(&state, &id)?;
    let secrets = query.0.secrets()?;
    if !provider.kind.is_media_server() {
        return Err(ApiProblem::NoWebhook(provider.id.clone()));
    }
    let hours = body.0.overlap_hours.unwrap_or(OVERLAP_HOURS);
    if hours > OVERLAP_HOURS_MAX {
        return Err(ApiProblem::BadBody(format!("overlap_hours is {hours}; the most is {OVERLAP_HOURS_MAX}")));
    }
    let generations: Generations =
        porch.keyring.turn(&state, &provider.id, Duration::from_secs(u64::from(hours) * 3_600)).await?;
    tracing::info!(account = %provider.id, "the webhook token was rotated; the last one counts for {hours} h");
    Ok(web::Json(WebhookTokenShape {
        webhook: look(&state, &porch, provider, &request, secrets).await?,
        rotated_at: generations.since(),
        old_token_until: generations.older_until(),
    }))
}

/// Token and addresses of a media server.
pub(super) async fn look(
    state: &ApiState,
    porch: &Porch,
    provider: &Provider,
    request: &HttpRequest,
    secrets: Secrets,
) -> Result<WebhookShape, ApiProblem> {
    let token = porch.keyring.present(state, &provider.id).await?;
    let shown = match secrets {
        Secrets::Shown => token.expose_secret(),
        Secrets::Masked => MASK,
    };
    let webhook_urls = addresses(request, &state.settings, provider, shown);
    Ok(WebhookShape { webhook_token: shown.to_owned(), webhook_urls })
}
