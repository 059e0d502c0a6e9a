//! The endpoints of the control API: one file per noun, thin handlers only.

pub(crate) mod advice;
pub(crate) mod applying;
pub(crate) mod approving;
pub(crate) mod backup;
pub(crate) mod config;
pub(crate) mod docs;
pub(crate) mod exporting;
pub(crate) mod graph;
pub(crate) mod health;
pub(crate) mod held;
pub(crate) mod importing;
mod lines;
pub(crate) mod live;
pub(crate) mod login;
mod look;
pub(crate) mod pairs;
pub(crate) mod plan_files;
pub(crate) mod plans;
pub(crate) mod providers;
pub(crate) mod resetting;
pub(crate) mod restoring;
pub(crate) mod runs;
pub mod shapes;
pub(crate) mod sign_in;
pub(crate) mod snapshot_diff;
pub(crate) mod snapshot_files;
pub(crate) mod snapshots;
mod starting;
pub(crate) mod statistics;
pub(crate) mod status;
pub(crate) mod steering;
pub(crate) mod tracker;
pub(crate) mod undoing;
pub(crate) mod webhooks;
pub(crate) mod what_if;
pub(crate) mod why;

use std::future::{Ready, ready};

use actix_web::{
    HttpResponse, Resource,
    middleware::from_fn,
    web::{self, ServiceConfig},
};

pub(crate) use {backup::BackupDesk, plans::AskedPlans};

use crate::{auth, hooks::doors, metrics, openapi, problem::ApiProblem, sse};

/// Everything that lives below the base path.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/healthz", "GET, HEAD").route(web::get().to(health::healthz)).route(web::head().to(health::healthz)),
        )
        .service(at("/readyz", "GET, HEAD").route(web::get().to(health::readyz)).route(web::head().to(health::readyz)))
        .service(at("/metrics", "GET").route(web::get().to(metrics::metrics)))
        .configure(hook_routes)
        .service(at("/login", "GET, POST").route(web::get().to(login::page)).route(web::post().to(login::begin)))
        .service(at("/logout", "POST").route(web::post().to(login::end)))
        .service(at("/", "GET").route(web::get().to(login::front)))
        .service(at("", "GET").route(web::get().to(login::front)))
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
                        .configure(live_routes)
                        .configure(tracker_routes)
                        .configure(steering_routes)
                        .configure(snapshot_routes),
                )
                .default_service(web::to(nothing_here)),
        );
}

/// Outside `/api`: media servers know a token, not the key.
fn hook_routes(config: &mut ServiceConfig) {
    config
        .service(at("/hooks/{account}", "POST").route(web::post().to(doors::by_header)))
        .service(at("/hooks/{account}/{token}", "POST").route(web::post().to(doors::by_path)))
        .service(at("/webhook/{sender}", "POST").route(web::post().to(doors::drop_in)));
}

fn service_routes(config: &mut ServiceConfig) {
    config
        .service(at("/status", "GET").route(web::get().to(status::status)))
        .service(at("/widget", "GET").route(web::get().to(status::widget)))
        .service(at("/session", "GET").route(web::get().to(login::look)))
        .service(at("/events", "GET").route(web::get().to(sse::events)))
        .service(at("/config", "GET, PUT").route(web::get().to(config::config)).route(web::put().to(config::replace)))
        .service(at("/advice", "GET").route(web::get().to(advice::advice)))
        .service(at("/held", "GET").route(web::get().to(held::held)))
        .service(at("/held/{id}/approve", "POST").route(web::post().to(approving::approve)))
        .service(at("/held/{id}/reject", "POST").route(web::post().to(approving::reject)))
        .service(at("/providers", "GET").route(web::get().to(providers::providers)))
        .service(at("/providers/{id}", "GET").route(web::get().to(providers::provider)))
        .service(at("/providers/{id}/check", "POST").route(web::post().to(providers::check)))
        .service(at("/providers/{id}/webhook-token/rotate", "POST").route(web::post().to(webhooks::rotate)))
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
        .service(at("/pairs/{id}/always/{feature}/{kind}", "DELETE").route(web::delete().to(approving::ask_again)))
        .service(at("/pairs/{id}/plan", "POST").route(web::post().to(plans::start)))
        .service(at("/pairs/{id}/run", "POST").route(web::post().to(runs::start)))
        .service(at("/pairs/{id}/what-if", "POST").route(web::post().to(what_if::start)))
        .service(at("/why", "GET").route(web::get().to(why::why)))
        .service(at("/plans", "GET").route(web::get().to(plans::plans)))
        .service(at("/plans/import", "POST").route(web::post().to(plan_files::import)))
        .service(at("/plans/{id}/export", "GET").route(web::get().to(plan_files::export)))
        .service(at("/plans/{id}", "GET").route(web::get().to(plans::plan)))
        .service(at("/plans/{id}/items", "GET").route(web::get().to(plans::items)))
        .service(at("/plans/{id}/apply", "POST").route(web::post().to(applying::apply)))
        .service(at("/plans/{id}/reject", "POST").route(web::post().to(applying::reject)))
        .service(at("/runs", "GET").route(web::get().to(runs::runs)))
        .service(at("/runs/{id}", "GET").route(web::get().to(runs::run)))
        .service(at("/runs/{id}/items", "GET").route(web::get().to(runs::items)))
        .service(at("/runs/{id}/cancel", "POST").route(web::post().to(runs::cancel)))
        .service(at("/runs/{id}/undo", "POST").route(web::post().to(undoing::undo)))
        .service(at("/pairs/{id}/undo", "POST").route(web::post().to(undoing::undo_pair)));
}

fn live_routes(config: &mut ServiceConfig) {
    config
        .service(at("/sessions", "GET").route(web::get().to(live::sessions)))
        .service(at("/inbox", "GET").route(web::get().to(live::inbox)))
        .service(at("/outbox", "GET").route(web::get().to(live::outbox)))
        .service(at("/outbox/{id}/retry", "POST").route(web::post().to(live::retry)))
        .service(at("/outbox/{id}/discard", "POST").route(web::post().to(live::discard)))
        .service(at("/outbox/{id}/undo", "POST").route(web::post().to(undoing::undo_message)));
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
    config
        .service(at("/tracker/import", "POST").route(web::post().to(importing::import)))
        .service(at("/tracker/imports", "GET").route(web::get().to(importing::imports)))
        .service(at("/tracker/imports/{id}/undo", "POST").route(web::post().to(importing::undo)))
        .service(at("/tracker/export", "GET").route(web::get().to(exporting::export)))
        .service(at("/tracker/statistics", "GET").route(web::get().to(statistics::statistics)));
    config.service(
        at("/tracker/{feature}", "GET, POST, DELETE")
            .route(web::get().to(tracker::rows))
            .route(web::post().to(tracker::add))
            .route(web::delete().to(tracker::remove)),
    );
}

fn snapshot_routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/snapshots", "GET, POST")
                .route(web::get().to(snapshots::snapshots))
                .route(web::post().to(snapshots::take)),
        )
        .service(at("/snapshots/diff", "GET").route(web::get().to(snapshot_diff::diff)))
        .service(at("/snapshots/import", "POST").route(web::post().to(snapshot_files::import)))
        .service(
            at("/snapshots/{id}", "GET, DELETE")
                .route(web::get().to(snapshots::snapshot))
                .route(web::delete().to(snapshots::discard)),
        )
        .service(at("/snapshots/{id}/items", "GET").route(web::get().to(snapshots::items)))
        .service(at("/snapshots/{id}/export", "GET").route(web::get().to(snapshot_files::export)))
        .service(at("/snapshots/{id}/pin", "POST").route(web::post().to(snapshots::pin)))
        .service(at("/snapshots/{id}/restore", "POST").route(web::post().to(restoring::restore)));
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
