//! Runs: asking for one, stopping it, and looking at what became of it.

use std::time::Duration;

use actix_web::{HttpResponse, http::header, web};
use crosswatch_actors::{CancelRun, Happened, JobKind, Permit};
use crosswatch_model::RunId;
use crosswatch_port::RunRecord;
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use utoipa::{IntoParams, ToSchema};

use super::{
    lines::{LineQuery, lines},
    pairs::configured,
    shapes::{LineShape, RunShape},
    starting::{self, Wish},
};
use crate::{
    extract::{Body, Query, feature_set, pair_id, run_id},
    paging::{Listing, cursor, limit},
    problem::{ApiProblem, ProblemBody},
    state::{ACTOR_DEADLINE, ApiState},
    waiting::{Looked, WaitQuery, Waited, Watched, wait_for},
};

/// What to run.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunWish {
    /// Only these features; all that are on where left out.
    #[schema(example = json!(["history"]))]
    features: Option<Vec<String>>,
    /// Read and plan only.
    #[serde(default)]
    dry_run: bool,
    /// Wait behind a running run instead of being refused. However often it is asked, exactly one run follows.
    #[serde(default)]
    queue: bool,
    /// Let held items through, once.
    #[serde(default)]
    approve_held: bool,
}

/// Asks for a run.
#[utoipa::path(
    post, path = "/api/v1/pairs/{id}/run", operation_id = "start_run", tag = "runs",
    params(("id" = String, Path, description = "The pair."), WaitQuery), request_body = Option<RunWish>,
    responses(
        (status = 200, description = "With `wait`: the run in its final state.", body = RunShape),
        (status = 202, description = "It is followed at `Location`.", body = RunShape),
        (status = 400, description = "The body or query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such pair.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`already-running`, with the running `run`; or the pair is disabled or paused.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, description = "`frozen`: everything is, and nothing is written.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The pair has a feature switched off that was asked for.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Stopping, busy, or too much waits.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn start(
    state: web::Data<ApiState>,
    id: web::Path<String>,
    query: Query<WaitQuery>,
    body: Body<RunWish>,
) -> Result<HttpResponse, ApiProblem> {
    let length = query.0.length()?;
    let pair = configured(&state, &id)?.id.clone();
    let RunWish { features, dry_run, queue, approve_held } = body.0;
    let wish = Wish {
        features: feature_set(features.as_deref())?,
        permit: if approve_held { Permit::Held } else { Permit::Nothing },
        may_queue: queue,
        ..Wish::of(pair, if dry_run { JobKind::DryRun } else { JobKind::Run })
    };
    let events = state.directory.listen();
    let id = starting::start(&state, wish).await?;
    answer(&state, id, length, events).await
}

/// Waits for a run that was asked for, and answers it or where it is followed.
pub(super) async fn answer(
    state: &ApiState,
    id: RunId,
    length: Duration,
    events: Receiver<Happened>,
) -> Result<HttpResponse, ApiProblem> {
    match wait_for(&Running { state, id }, id, length, events).await? {
        Waited::Final(run) => Ok(HttpResponse::Ok().json(RunShape::from(&run))),
        Waited::NotYet | Waited::Gone => not_yet(state, id).await,
    }
}

async fn not_yet(state: &ApiState, id: RunId) -> Result<HttpResponse, ApiProblem> {
    let run = stored(state, id).await?;
    let location = format!("{}/api/v1/runs/{id}", state.settings.server.base_path.as_str());
    Ok(HttpResponse::Accepted().insert_header((header::LOCATION, location)).json(RunShape::from(&run)))
}

pub(super) async fn stored(state: &ApiState, id: RunId) -> Result<RunRecord, ApiProblem> {
    let run = state.read(move |ledger| ledger.run(id)).await?;
    run.ok_or_else(|| ApiProblem::UnknownRun(id.to_string()))
}

/// A run in progress.
struct Running<'a> {
    state: &'a ApiState,
    id: RunId,
}

impl Watched for Running<'_> {
    type Final = RunRecord;

    fn look(&self) -> LocalBoxFuture<'_, Result<Looked<RunRecord>, ApiProblem>> {
        Box::pin(async {
            let id = self.id;
            Ok(match self.state.read(move |ledger| ledger.run(id)).await? {
                Some(run) if run.state.is_final() => Looked::Final(run),
                Some(_) => Looked::Underway,
                None => Looked::Gone,
            })
        })
    }
}

/// Which runs.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunsQuery {
    /// Only this pair.
    pair: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of the page, 1 to 500; 50 where left out.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<String>,
}

/// The runs, the newest first.
#[utoipa::path(
    get, path = "/api/v1/runs", tag = "runs", params(RunsQuery),
    responses(
        (status = 200, description = "The runs that are kept.", body = Listing<RunShape>),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn runs(
    state: web::Data<ApiState>,
    query: Query<RunsQuery>,
) -> Result<web::Json<Listing<RunShape>>, ApiProblem> {
    let limit = limit(query.0.limit.as_deref())?;
    let after = cursor(query.0.cursor.as_deref(), RunId::parse)?;
    let pair = query.0.pair.as_deref().map(pair_id).transpose()?;
    let rows = state.read(move |ledger| ledger.runs(pair.as_ref(), after, limit + 1)).await?;
    let page = Listing::cut(rows, limit, |run| run.id.to_string());
    Ok(web::Json(page.map(|run| RunShape::from(&run))))
}

/// One run.
#[utoipa::path(
    get, path = "/api/v1/runs/{id}", tag = "runs", params(("id" = String, Path, description = "The run.")),
    responses(
        (status = 200, description = "The run.", body = RunShape),
        (status = 404, description = "No such run.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn run(state: web::Data<ApiState>, id: web::Path<String>) -> Result<web::Json<RunShape>, ApiProblem> {
    let run = stored(&state, run_id(&id)?).await?;
    Ok(web::Json(RunShape::from(&run)))
}

/// The lines of a run.
#[utoipa::path(
    get, path = "/api/v1/runs/{id}/items", operation_id = "run_items", tag = "runs", params(("id" = String, Path, description = "The run."), LineQuery),
    responses(
        (status = 200, description = "The lines that fit.", body = Listing<LineShape>),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such run.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn items(
    state: web::Data<ApiState>,
    id: web::Path<String>,
    query: Query<LineQuery>,
) -> Result<web::Json<Listing<LineShape>>, ApiProblem> {
    let filter = query.0.filter()?;
    let run = stored(&state, run_id(&id)?).await?;
    lines(&state, run.id, filter).await.map(web::Json)
}

/// Stops a run at its next safe point.
#[utoipa::path(
    post, path = "/api/v1/runs/{id}/cancel", operation_id = "cancel_run", tag = "runs",
    params(("id" = String, Path, description = "The run."), WaitQuery),
    responses(
        (status = 200, description = "With `wait`: the run in its final state.", body = RunShape),
        (status = 202, description = "It will stop; it is followed at `Location`.", body = RunShape),
        (status = 404, description = "No such run.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The run has ended.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn cancel(
    state: web::Data<ApiState>,
    id: web::Path<String>,
    query: Query<WaitQuery>,
) -> Result<HttpResponse, ApiProblem> {
    let length = query.0.length()?;
    let id = stored(&state, run_id(&id)?).await?.id;
    let events = state.directory.listen();
    if !state.supervisor()?.ask(CancelRun(id), ACTOR_DEADLINE).await? {
        return Err(ApiProblem::NotRunning(id));
    }
    answer(&state, id, length, events).await
}
