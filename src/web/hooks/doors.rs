//! The doors: `POST /hooks/{account}/{token}`, the same with the token in a header, and the addresses that earlier set-ups of
//! CrossWatch gave to their servers.
//!
//! Promises: what is answered with 202, or with 200 at an old address, is on the disk. The token is looked at before the
//! body, and appears in no line of the log and in no answer.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use crosswatch_actors::{Arrived, Kept, SaveError};
use crosswatch_scrobble::{Heard, Via};
use crosswatch_settings::{Provider, ProviderKind};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    NO_RATING, body,
    grammar::{self, Asked},
    keyring::Keyring,
    rate::{Rate, Shown},
    read, word,
};
use crate::{
    extract::provider_id,
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
};

/// An inbox that is silent for so long does not answer.
const INBOX_DEADLINE: Duration = Duration::from_secs(10);

/// What stands at the doors.
pub(crate) struct Porch {
    /// Which tokens open.
    pub(crate) keyring: Keyring,
    rate: Rate,
}

impl Porch {
    /// A porch with this keyring.
    pub(crate) fn new(keyring: Keyring) -> Self {
        Self { keyring, rate: Rate::default() }
    }

    fn count(&self, state: &ApiState, shown: Shown) -> Result<(), ApiProblem> {
        let admitted = self.rate.admit(shown, state.clock.now());
        admitted.map_err(|retry_after_s| ApiProblem::TooFast { retry_after_s })
    }
}

/// What was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct KeptShape {
    /// Its number in the inbox.
    inbox: u64,
    /// Whether the same body had arrived just before: then nothing more comes of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
}

/// A media server tells about playback, with the token in the path.
#[utoipa::path(
    post, path = "/hooks/{account}/{token}", operation_id = "hook", tag = "webhooks", security(()),
    params(
        ("account" = String, Path, description = "Id of the media server's account in the configuration."),
        ("token" = String, Path, description = "`webhook_token` of the account."),
    ),
    request_body(content = Object, description = "What Plex, Jellyfin, Emby or Tautulli send: JSON, or a form that holds it."),
    responses(
        (status = 202, description = "It is on the disk.", body = KeptShape),
        (status = 400, description = "There is no JSON object in it.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The token is wrong.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such media server.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "It is too large.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "The token was shown too often; `Retry-After` says when to try again.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "It could not be kept.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn by_path(
    state: web::Data<ApiState>,
    porch: web::Data<Porch>,
    path: web::Path<(String, String)>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, ApiProblem> {
    let (account, token) = path.into_inner();
    enter(&state, &porch, &account, token.as_bytes(), &request, body).await
}

/// A media server tells about playback, with the token in `X-Webhook-Token` or as `Authorization: Bearer`.
#[utoipa::path(
    post, path = "/hooks/{account}", operation_id = "hook_with_header", tag = "webhooks", security(()),
    params(("account" = String, Path, description = "Id of the media server's account in the configuration.")),
    request_body(content = Object, description = "As with the token in the path."),
    responses(
        (status = 202, description = "It is on the disk.", body = KeptShape),
        (status = 400, description = "There is no JSON object in it.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such media server.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "It is too large.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "The token was shown too often; `Retry-After` says when to try again.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "It could not be kept.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn by_header(
    state: web::Data<ApiState>,
    porch: web::Data<Porch>,
    account: web::Path<String>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, ApiProblem> {
    enter(&state, &porch, &account, grammar::of_headers(request.headers()), &request, body).await
}

/// A media server tells about playback at an address of an earlier set-up. The token tells which account it is.
#[utoipa::path(
    post, path = "/webhook/{sender}", operation_id = "hook_of_earlier_set_up", tag = "webhooks", security(()),
    params(
        ("sender" = String, Path, description = "`plex`, `plextrakt`, `jellyfin`, `jellyfintrakt`, `emby` or `embytrakt`."),
        ("token" = Option<String>, Query, description = "The token; also as `id`, `secret`, `uid`, `profile`, or as the whole query."),
    ),
    request_body(content = Object, description = "As at `/hooks`."),
    responses(
        (status = 200, description = "It is on the disk, or it was no JSON and nothing is lost by not sending it again.", body = Object),
        (status = 401, description = "The token is missing or wrong.", body = Object),
        (status = 404, description = "No such address.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "It is too large.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "The token was shown too often; `Retry-After` says when to try again.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "It could not be kept.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn drop_in(
    state: web::Data<ApiState>,
    porch: web::Data<Porch>,
    sender: web::Path<String>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, ApiProblem> {
    let kind = match sender.as_str() {
        "plex" | "plextrakt" => ProviderKind::Plex,
        "jellyfin" | "jellyfintrakt" => ProviderKind::Jellyfin,
        "emby" | "embytrakt" => ProviderKind::Emby,
        _ => return Err(ApiProblem::NotFound),
    };
    let asked = grammar::of_query(request.query_string());
    let (Asked::Token(token) | Asked::Profile(token)) = &asked;
    let mut found = None;
    for account in state.settings.providers.iter().filter(|account| account.kind == kind) {
        if let Some(number) = porch.keyring.matches(&state, account, token.as_bytes()).await? {
            found = Some((account, number));
        }
    }
    let Some((account, number)) = found else {
        porch.count(&state, Shown::Wrong(format!("webhook/{kind}")))?;
        return Ok(match asked {
            Asked::Token(_) => HttpResponse::Unauthorized().json(json!({"detail": "invalid_webhook_token"})),
            Asked::Profile(_) => {
                HttpResponse::Ok().json(json!({"ok": true, "ignored": true, "error": "invalid_profile"}))
            }
        });
    };
    porch.count(&state, Shown::Token(account.id.clone(), number))?;
    match take(&state, account, &request, body).await {
        Ok(kept) if kept.is_repeat => {
            Ok(HttpResponse::Ok().json(json!({"ok": true, "inbox": kept.number, "dedup": true})))
        }
        Ok(kept) => Ok(HttpResponse::Ok().json(json!({"ok": true, "inbox": kept.number}))),
        // Earlier set-ups said so, and servers take anything else for an outage.
        Err(ApiProblem::Unparsable(_)) => Ok(HttpResponse::Ok().json(json!({"ok": true}))),
        Err(problem) => Err(problem),
    }
}

async fn enter(
    state: &ApiState,
    porch: &Porch,
    account: &str,
    token: &[u8],
    request: &HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, ApiProblem> {
    let unknown = || ApiProblem::UnknownProvider(account.to_owned());
    let account = state.settings.provider(&provider_id(account)?).ok_or_else(unknown)?;
    if !account.kind.is_media_server() {
        return Err(unknown());
    }
    let Some(number) = porch.keyring.matches(state, account, token).await? else {
        porch.count(state, Shown::Wrong(account.id.to_string()))?;
        return Err(ApiProblem::WrongToken);
    };
    porch.count(state, Shown::Token(account.id.clone(), number))?;
    let kept = take(state, account, request, body).await?;
    Ok(HttpResponse::Accepted().json(KeptShape { inbox: kept.number, duplicate: kept.is_repeat }))
}

/// Receives, reads and keeps a body.
async fn take(
    state: &ApiState,
    account: &Provider,
    request: &HttpRequest,
    body: web::Payload,
) -> Result<Kept, ApiProblem> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let received = body::receive(content_type, body).await;
    let received =
        received.inspect_err(|problem| tracing::warn!(account = %account.id, "a webhook is refused: {problem}"))?;
    let heard = read(account.kind, &received.json);
    let word = word(account.kind, &received.json);
    tell(account, &word, &heard);
    let inbox = state.inbox.as_ref().ok_or_else(|| ApiProblem::InboxClosed("not running at the moment".to_owned()))?;
    let arrived = Arrived { account: account.id.clone(), via: Via::Webhook, word, digest: received.digest, heard };
    match tokio::time::timeout(INBOX_DEADLINE, inbox.keep(arrived)).await {
        Ok(kept) => kept.map_err(|error| closed(&error)),
        Err(_) => Err(ApiProblem::InboxClosed("too slow at the moment".to_owned())),
    }
}

/// Whatever keeps it from being kept, the server may send it again.
fn closed(error: &SaveError) -> ApiProblem {
    ApiProblem::InboxClosed(error.to_string())
}

fn tell(account: &Provider, word: &str, heard: &Heard) {
    let account = &account.id;
    match heard {
        Heard::Event(event) => {
            let item = event.media.item.label();
            tracing::debug!(%account, "{word:?} about {item:?} arrived");
        }
        Heard::Ignored(why) if why == NO_RATING => {
            tracing::warn!(%account, "{word:?} arrived with {why}; nothing is changed by it");
        }
        Heard::Ignored(why) => tracing::debug!(%account, "{word:?} arrived and is ignored: {why:?}"),
        Heard::Invalid(why) => tracing::warn!(%account, "{word:?} arrived and makes no sense: {why:?}"),
    }
}
