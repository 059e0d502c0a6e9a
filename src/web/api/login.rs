//! Signing in with a browser: the key is typed once, and a cookie stands for it from then on.
//!
//! The page is plain HTML and works without scripts; programs send JSON. Deliberately absent: users and passwords.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::{Door, Visitor},
    hooks::is_https,
    problem::{ApiProblem, ProblemBody},
    session,
    state::ApiState,
};

const PAGE: &str = include_str!("login/page.html");
/// Nothing from elsewhere, and the form goes nowhere else.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// A form is no larger.
const FORM_MAX_BYTES: usize = 4 * 1024;

/// The key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginWish {
    /// The key of the API.
    key: String,
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = BrowserSession)]
pub(crate) struct SessionShape {
    /// How they were let in: `session`, `proxy` or `key`.
    #[schema(example = "session")]
    via: &'static str,
    /// What a browser sends as `X-CSRF-Token` with everything but `GET`; `null` where the key was sent itself.
    csrf_token: Option<String>,
    /// When the session ends; `null` where none does.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// The page to sign in at.
#[utoipa::path(
    get, path = "/login", operation_id = "login_page", tag = "service", security(()),
    responses((status = 200, description = "A page that asks for the key.", body = String, content_type = "text/html"))
)]
pub(crate) async fn page() -> HttpResponse {
    form(StatusCode::OK, "The key is in the configuration, or in the file api_key of the data folder.")
}

/// Begins a session: sends the key as a form or as JSON, and gets a cookie.
#[utoipa::path(
    post, path = "/login", operation_id = "login", tag = "service", security(()), request_body = LoginWish,
    responses(
        (status = 200, description = "For JSON: the session. Its cookie lets in, together with `X-CSRF-Token` for everything but `GET`.", body = SessionShape),
        (status = 303, description = "For a form: on to the first page."),
        (status = 400, description = "The body does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The key is wrong.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn begin(
    state: web::Data<ApiState>,
    door: web::Data<Door>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, ApiProblem> {
    let bytes = match body.to_bytes_limited(FORM_MAX_BYTES).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Err(ApiProblem::BadBody(format!("the body could not be received: {error}"))),
        Err(_) => return Err(ApiProblem::TooLarge { limit_bytes: FORM_MAX_BYTES }),
    };
    let kind = request.headers().get(header::CONTENT_TYPE).map(header::HeaderValue::as_bytes).unwrap_or_default();
    let is_form = kind.starts_with(b"application/x-www-form-urlencoded");
    let LoginWish { key } = if is_form { of_form(&bytes)? } else { crate::extract::read_json(Some(kind), &bytes)? };
    if !door.is_key(key.trim().as_bytes()) {
        tracing::warn!("somebody tried to sign in with a wrong key");
        return if is_form {
            Ok(form(StatusCode::UNAUTHORIZED, "This is not the key."))
        } else {
            Err(ApiProblem::Unauthorized)
        };
    }
    let base_path = state.settings.server.base_path.as_str();
    let (value, session) = door.sessions().begin(&*state.entropy, state.clock.now());
    let cookie = session::cookie(value, base_path, is_https(&request, &state.settings));
    let mut answer = if is_form { HttpResponse::SeeOther() } else { HttpResponse::Ok() };
    answer.cookie(cookie);
    Ok(if is_form {
        answer.insert_header((header::LOCATION, format!("{base_path}/api/docs"))).finish()
    } else {
        answer.json(SessionShape::of("session", &session))
    })
}

/// Ends the session of this browser.
#[utoipa::path(
    post, path = "/logout", operation_id = "logout", tag = "service", security(()),
    responses((status = 204, description = "The cookie is taken away."))
)]
pub(crate) async fn end(state: web::Data<ApiState>, request: HttpRequest) -> HttpResponse {
    let base_path = state.settings.server.base_path.as_str();
    let cookie = session::cookie(String::new(), base_path, is_https(&request, &state.settings));
    HttpResponse::NoContent().cookie(cookie).finish()
}

/// How the asker was let in, and what a browser has to send with changes.
#[utoipa::path(
    get, path = "/api/v1/session", operation_id = "browser_session", tag = "service",
    responses((status = 200, description = "Who is asking.", body = SessionShape))
)]
pub(crate) async fn look(visitor: web::ReqData<Visitor>) -> web::Json<SessionShape> {
    web::Json(match visitor.into_inner() {
        Visitor::Key => SessionShape { via: "key", csrf_token: None, expires_at: None },
        Visitor::Browser(session) => SessionShape::of("session", &session),
        Visitor::Proxy(session) => SessionShape { expires_at: None, ..SessionShape::of("proxy", &session) },
    })
}

/// The way in for a browser that was given the bare address.
pub(crate) async fn front(state: web::Data<ApiState>) -> HttpResponse {
    let to = format!("{}/login", state.settings.server.base_path.as_str());
    HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
}

impl SessionShape {
    fn of(via: &'static str, session: &session::Session) -> Self {
        Self { via, csrf_token: Some(session.csrf_token.clone()), expires_at: Some(session.expires_at) }
    }
}

fn form(status: StatusCode, said: &str) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .body(PAGE.replace("SAID", said))
}

fn of_form(bytes: &[u8]) -> Result<LoginWish, ApiProblem> {
    let misfit = |why: String| ApiProblem::BadBody(format!("the form does not fit: {why}"));
    let text = std::str::from_utf8(bytes).map_err(|error| misfit(error.to_string()))?;
    let wish = web::Query::<LoginWish>::from_query(text).map_err(|error| misfit(error.to_string()))?;
    Ok(wish.into_inner())
}
