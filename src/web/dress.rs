//! What every answer wears: security headers, and for problems the path that was asked.

use actix_web::{
    Error,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderName, HeaderValue},
    middleware::Next,
};

use crate::{hooks::shown_path, problem::ApiProblem};

const HEADERS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Dresses every answer, and turns every error into a problem.
pub(crate) async fn dress(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let path = shown_path(request.path());
    let mut answer = next.call(request).await?.map_into_boxed_body();
    if let Some(problem) = answer.response().error().map(problem_of) {
        let request = answer.request().clone();
        answer = ServiceResponse::new(request, problem.respond(Some(&path)));
    }
    for (name, value) in HEADERS {
        if !answer.headers().contains_key(&name) {
            answer.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    Ok(answer)
}

/// What we say about an error: our own words, or those closest to an error of the framework.
fn problem_of(error: &Error) -> ApiProblem {
    if let Some(problem) = error.as_error::<ApiProblem>() {
        return problem.clone();
    }
    let status = error.as_response_error().status_code();
    if status.is_client_error() {
        return ApiProblem::BadBody(error.to_string());
    }
    tracing::error!("a request failed unexpectedly: {error}");
    ApiProblem::Internal("the request failed unexpectedly; the log has the details".to_owned())
}
