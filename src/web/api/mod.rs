//! The endpoints of the control API: one file per noun, thin handlers only.

pub(crate) mod advice;
pub(crate) mod applying;
pub(crate) mod approving;
pub(crate) mod backup;
pub(crate) mod config;
pub(crate) mod docs;
pub(crate) mod graph;
pub(crate) mod health;
pub(crate) mod held;
mod lines;
mod look;
mod naming;
pub(crate) mod pairs;
pub(crate) mod plans;
pub(crate) mod providers;
pub(crate) mod resetting;
pub(crate) mod runs;
pub mod shapes;
pub(crate) mod sign_in;
mod starting;
pub(crate) mod status;
pub(crate) mod steering;
pub(crate) mod tracker;
pub(crate) mod undoing;
pub(crate) mod why;

use std::future::{Ready, ready};

use actix_web::{
    HttpResponse, Resource,
    middleware::from_fn,
    web::{self, ServiceConfig},
};

pub(crate) use {backup::BackupDesk, plans::AskedPlans, tracker::TrackerDesk};

use crate::{auth, metrics, openapi, problem::ApiProblem, sse};

/// Everything that lives below the base path.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/healthz", "GET, HEAD").route(web::get().to(health::healthz)).route(web::head().to(health::healthz)),
        )
        .service(at("/readyz", "GET, HEAD").route(web::get().to(health::readyz)).route(web::head().to(health::readyz)))
        .service(at("/metrics", "GET").route(web::get().to(metrics::metrics)))
        .service(at("/api/docs", "GET").route(web::get().to(docs::docs)))
        .service(at("/api/docs.js", "GET").route(web::get().to(docs::script)))
        .service(at("/api/docs.css", "GET").route(web::get().to(docs::style)))
        .service(
            web::scope("/api")
                .wrap(from_fn(auth::require_key))
                .service(at("/openapi.json", "GET").route(web::get().to(openapi::openapi_json)))
                .service(
                    web::scope("/v1")
                        .configure(service_routes)
                        .configure(pair_routes)
                        .configure(tracker_routes)
                        .configure(steering_routes),
                )
                .default_service(web::to(nothing_here)),
        );
}

fn service_routes(config: &mut ServiceConfig) {
    config
        .service(at("/status", "GET").route(web::get().to(status::status)))
        .service(at("/widget", "GET").route(web::get().to(status::widget)))
        .service(at("/events", "GET").route(web::get().to(sse::events)))
        .service(at("/config", "GET, PUT").route(web::get().to(config::config)).route(web::put().to(config::replace)))
        .service(at("/advice", "GET").route(web::get().to(advice::advice)))
        .service(at("/held", "GET").route(web::get().to(held::held)))
        .service(at("/held/{id}/approve", "POST").route(web::post().to(approving::approve)))
        .service(at("/held/{id}/reject", "POST").route(web::post().to(approving::reject)))
        .service(at("/providers", "GET").route(web::get().to(providers::providers)))
        .service(at("/providers/{id}", "GET").route(web::get().to(providers::provider)))
        .service(at("/providers/{id}/check", "POST").route(web::post().to(providers::check)))
        .service(
            at("/providers/{id}/auth", "GET, POST")
                .route(web::get().to(sign_in::look))
                .route(web::post().to(sign_in::begin)),
        );
}

fn pair_routes(config: &mut ServiceConfig) {
    config
        .service(at("/pairs", "GET").route(web::get().to(pairs::pairs)))
        .service(at("/pairs/{id}", "GET").route(web::get().to(pairs::pair)))
        .service(at("/pairs/{id}/plan", "POST").route(web::post().to(plans::start)))
        .service(at("/pairs/{id}/run", "POST").route(web::post().to(runs::start)))
        .service(at("/why", "GET").route(web::get().to(why::why)))
        .service(at("/plans", "GET").route(web::get().to(plans::plans)))
        .service(at("/plans/{id}", "GET").route(web::get().to(plans::plan)))
        .service(at("/plans/{id}/items", "GET").route(web::get().to(plans::items)))
        .service(at("/plans/{id}/apply", "POST").route(web::post().to(applying::apply)))
        .service(at("/plans/{id}/reject", "POST").route(web::post().to(applying::reject)))
        .service(at("/runs", "GET").route(web::get().to(runs::runs)))
        .service(at("/runs/{id}", "GET").route(web::get().to(runs::run)))
        .service(at("/runs/{id}/items", "GET").route(web::get().to(runs::items)))
        .service(at("/runs/{id}/cancel", "POST").route(web::post().to(runs::cancel)))
        .service(at("/runs/{id}/undo", "POST").route(web::post().to(undoing::undo)));
}

fn steering_routes(config: &mut ServiceConfig) {
    config
        .service(at("/advice/snooze", "POST").route(web::post().to(advice::snooze)))
        .service(at("/backup", "GET").route(web::get().to(backup::backup)))
        .service(at("/graph", "GET").route(web::get().to(graph::graph)))
        .service(at("/freeze", "POST").route(web::post().to(steering::freeze)))
        .service(at("/unfreeze", "POST").route(web::post().to(steering::unfreeze)))
        .service(at("/pairs/{id}/reset", "POST").route(web::post().to(resetting::reset)))
        .service(at("/pairs/{id}/pause", "POST").route(web::post().to(steering::pause)))
        .service(at("/pairs/{id}/resume", "POST").route(web::post().to(steering::resume)));
}

fn tracker_routes(config: &mut ServiceConfig) {
    config.service(
        at("/tracker/{feature}", "GET, POST, DELETE")
            .route(web::get().to(tracker::rows))
            .route(web::post().to(tracker::add))
            .route(web::delete().to(tracker::remove)),
    );
}

/// A resource that answers other methods with a problem.
fn at(path: &str, allowed: &'static str) -> Resource {
    web::resource(path).default_service(web::to(move || refuse_method(allowed)))
}

fn refuse_method(allowed: &'static str) -> Ready<Result<HttpResponse, ApiProblem>> {
    ready(Err(ApiProblem::MethodNotAllowed { allowed }))
}

/// Nothing lives at this path.
pub(crate) async fn nothing_here() -> Result<HttpResponse, ApiProblem> {
    Err(ApiProblem::NotFound)
}
