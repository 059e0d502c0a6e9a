//! The description of the API, generated from the code and checked in as `openapi.json`.

use actix_web::{HttpResponse, web};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Components, OpenApi as Document, Server,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::{api, hooks, metrics, problem::ApiProblem, session::COOKIE, sse, state::ApiState};

#[derive(OpenApi)]
#[openapi(
    info(title = "CrossWatch", description = "Keeps watch history, ratings and watchlists in step."),
    paths(
        api::health::healthz,
        api::health::readyz,
        metrics::metrics,
        openapi_json,
        api::status::status,
        api::status::widget,
        sse::events,
        api::config::config,
        api::advice::advice,
        api::held::held,
        api::approving::approve,
        api::approving::ask_again,
        api::approving::reject,
        api::providers::providers,
        api::providers::provider,
        api::providers::check,
        api::sign_in::begin,
        api::sign_in::look,
        api::webhooks::rotate,
        hooks::doors::by_path,
        hooks::doors::by_header,
        hooks::doors::drop_in,
        api::pairs::pairs,
        api::pairs::pair,
        api::plans::start,
        api::plans::plans,
        api::plans::plan,
        api::plans::items,
        api::applying::apply,
        api::applying::reject,
        api::why::why,
        api::runs::start,
        api::runs::runs,
        api::runs::run,
        api::runs::items,
        api::runs::cancel,
        api::undoing::undo,
        api::live::sessions,
        api::live::inbox,
        api::live::outbox,
        api::live::retry,
        api::live::discard,
        api::tracker::rows,
        api::tracker::add,
        api::tracker::remove,
        api::undoing::undo_pair,
        api::plan_files::export,
        api::plan_files::import,
        api::what_if::start,
        api::undoing::undo_message,
        api::steering::freeze,
        api::steering::unfreeze,
        api::steering::pause,
        api::steering::resume,
        api::resetting::reset,
        api::config::replace,
        api::backup::backup,
        api::docs::docs,
        api::login::page,
        api::login::begin,
        api::login::end,
        api::login::look,
        api::advice::snooze,
        api::graph::graph,
        api::snapshots::take,
        api::snapshots::snapshots,
        api::snapshots::snapshot,
        api::snapshots::items,
        api::snapshots::pin,
        api::snapshots::discard,
        api::snapshot_diff::diff,
        api::snapshot_files::export,
        api::snapshot_files::import,
        api::restoring::restore,
        api::importing::import,
        api::importing::imports,
        api::importing::undo,
        api::exporting::export,
        api::statistics::statistics,
    ),
    security(("api_key" = []), ("bearer" = []), ("session" = [])),
    modifiers(&Keys)
)]
struct Api;

/// The ways to show the key, and the cookie that stands for it.
struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_with(Components::new);
        let header = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-Api-Key")));
        components.add_security_scheme("api_key", header);
        let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        components.add_security_scheme("bearer", bearer);
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE)));
        components.add_security_scheme("session", cookie);
    }
}

/// The description of the API as JSON, without the place where it is served.
pub fn document() -> Result<String, serde_json::Error> {
    Api::openapi().to_pretty_json()
}

/// The description of the API.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "service",
    responses((status = 200, description = "OpenAPI.", body = Object))
)]
pub(crate) async fn openapi_json(state: web::Data<ApiState>) -> Result<HttpResponse, ApiProblem> {
    let mut document = Api::openapi();
    let base_path = state.settings.server.base_path.as_str();
    if !base_path.is_empty() {
        document.servers = Some(vec![Server::new(base_path)]);
    }
    Ok(HttpResponse::Ok().json(document))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKED_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    const REGENERATE: &str = "CROSSWATCH_WRITE_OPENAPI=1 cargo test -p crosswatch-web openapi";

    #[test]
    fn the_checked_in_description_is_that_of_the_code() {
        let mut generated = document().unwrap();
        generated.push('\n');
        if std::env::var_os("CROSSWATCH_WRITE_OPENAPI").is_some() {
            std::fs::write(CHECKED_IN, &generated).unwrap();
        }
        let checked_in = std::fs::read_to_string(CHECKED_IN).unwrap_or_default();
        assert!(checked_in == generated, "openapi.json is not what the code says; write it anew with: {REGENERATE}");
    }

    #[test]
    fn operations_have_names_of_their_own() {
        let document: serde_json::Value = serde_json::from_str(&document().unwrap()).unwrap();
        let paths = document["paths"].as_object().unwrap().values();
        let operations = paths.flat_map(|methods| methods.as_object().unwrap().values());
        let mut names: Vec<_> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!((names.len(), count), (79, 79));
    }

    #[test]
    fn only_health_webhooks_signing_in_and_the_page_of_the_api_need_no_key() {
        let document: serde_json::Value = serde_json::from_str(&document().unwrap()).unwrap();
        let mut open = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for operation in methods.as_object().unwrap().values() {
                if operation["security"] == serde_json::json!([{}]) {
                    open.push(path.as_str());
                }
            }
        }
        assert_eq!(
            open,
            [
                "/api/docs",
                "/healthz",
                "/hooks/{account}",
                "/hooks/{account}/{token}",
                "/login",
                "/login",
                "/logout",
                "/readyz",
                "/webhook/{sender}",
            ]
        );
    }
}
