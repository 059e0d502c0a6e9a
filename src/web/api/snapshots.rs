//! Snapshots: taking them, looking at them, pinning and dropping them.

use std::time::Duration;

use actix_web::{HttpResponse, http::header, web};
use crosswatch_actors::{Answer, Happened, JobKind};
use crosswatch_model::{Feature, PairId, ProviderId, RunId};
use crosswatch_port::{Change, Ledger, SnapshotRecord, StorageFailure};
use futures_util::future::LocalBoxFuture;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use utoipa::{IntoParams, ToSchema};

use super::{
    AskedPlans,
    applying::save,
    shapes::{SnapshotItemShape, SnapshotShape, StartedSnapshotShape},
    starting::{self, Wish, is_busy},
};
use crate::{
    extract::{Body, Query, feature_set, provider_id, snapshot_id, word},
    paging::{Listing, cursor, limit},
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
    waiting::{Looked, WaitQuery, Waited, Watched, wait_for},
};

/// What to copy.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnapshotWish {
    /// The account.
    #[schema(example = "home")]
    provider: String,
    /// Only these features; all that the account keeps where left out.
    #[schema(example = json!(["history", "ratings"]))]
    features: Option<Vec<String>>,
}

/// Takes a snapshot of an account: all of it is read, and only a complete read becomes one.
#[utoipa::path(
    post, path = "/api/v1/snapshots", operation_id = "take_snapshot", tag = "snapshots",
    params(WaitQuery), request_body = SnapshotWish,
    responses(
        (status = 200, description = "With `wait`: the snapshot.", body = SnapshotShape),
        (status = 202, description = "It will be at `Location`.", body = StartedSnapshotShape),
        (status = 400, description = "The body or query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such provider.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`feature-unsupported`: the account does not keep it.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "With `wait`: `snapshot-failed`, the account could not be read in full.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Stopping, busy, or too much waits.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn take(
    state: web::Data<ApiState>,
    asked: web::Data<AskedPlans>,
    query: Query<WaitQuery>,
    body: Body<SnapshotWish>,
) -> Result<HttpResponse, ApiProblem> {
    let length = query.0.length()?;
    let provider = configured(&state, &body.0.provider)?;
    let features = feature_set(body.0.features.as_deref())?;
    if let (Some(features), Some(account)) = (features, state.account_state(&provider).await)
        && let Some(unknown) = features.iter().find(|feature| account.capabilities.feature(*feature).is_none())
    {
        return Err(ApiProblem::FeatureUnsupported(provider, unknown));
    }
    let keeper = PairId::keeper_of(&provider);
    let events = state.directory.listen();
    let id = starting::start(&state, Wish { features, ..Wish::of(keeper.clone(), JobKind::Snapshot) }).await?;
    asked.add(id, &keeper);
    answer(&state, id, &provider, length, events).await
}

async fn answer(
    state: &ApiState,
    id: RunId,
    provider: &ProviderId,
    length: Duration,
    events: Receiver<Happened>,
) -> Result<HttpResponse, ApiProblem> {
    let keeper = PairId::keeper_of(provider);
    let location = format!("{}/api/v1/snapshots/{id}", state.settings.server.base_path.as_str());
    match wait_for(&Taking { state, id, keeper: &keeper }, id, length, events).await? {
        Waited::Final(Ok(record)) => {
            Ok(HttpResponse::Ok().insert_header((header::LOCATION, location)).json(SnapshotShape::from(&record)))
        }
        Waited::Final(Err(problem)) => Err(problem),
        Waited::NotYet => {
            let shape = StartedSnapshotShape::new(id, provider.as_str());
            Ok(HttpResponse::Accepted().insert_header((header::LOCATION, location)).json(shape))
        }
        Waited::Gone => Err(ApiProblem::SnapshotFailed("the snapshot was not taken; the log says why".to_owned())),
    }
}

/// A snapshot that is being taken.
struct Taking<'a> {
    state: &'a ApiState,
    id: RunId,
    keeper: &'a PairId,
}

impl Watched for Taking<'_> {
    type Final = Result<SnapshotRecord, ApiProblem>;

    fn look(&self) -> LocalBoxFuture<'_, Result<Looked<Self::Final>, ApiProblem>> {
        Box::pin(async {
            // In this order: a snapshot that is taken between the looks is found at the next.
            let may_come = is_busy(self.state, self.keeper).await?;
            if let Some(problem) = failure(self.state, self.id) {
                return Ok(Looked::Final(Err(problem)));
            }
            let id = self.id;
            Ok(match self.state.read(move |ledger| ledger.snapshot(id)).await? {
                Some(record) => Looked::Final(Ok(record)),
                None if may_come => Looked::Underway,
                None => Looked::Gone,
            })
        })
    }
}

/// Why a snapshot that was asked for was not taken, as long as anybody remembers.
fn failure(state: &ApiState, id: RunId) -> Option<ApiProblem> {
    match state.directory.answer(id) {
        Some(Answer::Failed(sentence)) => Some(ApiProblem::SnapshotFailed(sentence.to_string())),
        _ => None,
    }
}

/// The account of this name, where it is configured.
pub(super) fn configured(state: &ApiState, text: &str) -> Result<ProviderId, ApiProblem> {
    let id = provider_id(text)?;
    let is_known = state.settings.providers.iter().any(|provider| provider.id == id);
    if is_known { Ok(id) } else { Err(ApiProblem::UnknownProvider(text.to_owned())) }
}

/// A snapshot that is kept.
pub(super) async fn stored(state: &ApiState, id: RunId) -> Result<SnapshotRecord, ApiProblem> {
    let record = state.read(move |ledger| ledger.snapshot(id)).await?;
    record.ok_or_else(|| ApiProblem::UnknownSnapshot(id.to_string()))
}

/// Which snapshots.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SnapshotsQuery {
    /// Only of this account; it need not be configured any more.
    provider: Option<String>,
    /// Only the newest that was taken at or before this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    as_of: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of the page, 1 to 500; 50 where left out.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<String>,
}

/// The snapshots, the newest first.
#[utoipa::path(
    get, path = "/api/v1/snapshots", operation_id = "snapshots", tag = "snapshots", params(SnapshotsQuery),
    responses(
        (status = 200, description = "The snapshots that are kept.", body = Listing<SnapshotShape>),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn snapshots(
    state: web::Data<ApiState>,
    query: Query<SnapshotsQuery>,
) -> Result<web::Json<Listing<SnapshotShape>>, ApiProblem> {
    let limit = limit(query.0.limit.as_deref())?;
    let after = cursor(query.0.cursor.as_deref(), RunId::parse)?;
    let provider = query.0.provider.as_deref().map(provider_id).transpose()?;
    if let Some(text) = query.0.as_of.as_deref() {
        let not_a_time = |_| ApiProblem::BadQuery(format!("as_of={text:?} is not a time; use RFC 3339 in UTC"));
        let as_of: Timestamp = text.parse().map_err(not_a_time)?;
        let found = state.read(move |ledger| newest_until(ledger, provider.as_ref(), as_of)).await?;
        return Ok(web::Json(Listing::whole(found.iter().map(SnapshotShape::from).collect())));
    }
    let rows = state.read(move |ledger| ledger.snapshots(provider.as_ref(), after, limit + 1)).await?;
    let page = Listing::cut(rows, limit, |record| record.id.to_string());
    Ok(web::Json(page.map(|record| SnapshotShape::from(&record))))
}

/// The newest snapshot that was taken at or before a moment.
fn newest_until(
    ledger: &dyn Ledger,
    provider: Option<&ProviderId>,
    as_of: Timestamp,
) -> Result<Option<SnapshotRecord>, StorageFailure> {
    let mut after = None;
    loop {
        let page = ledger.snapshots(provider, after, 100)?;
        let Some(last) = page.last() else { return Ok(None) };
        after = Some(last.id);
        // Ids are as old as the snapshots they name.
        if let Some(found) = page.into_iter().find(|record| record.taken_at <= as_of) {
            return Ok(Some(found));
        }
    }
}

/// One snapshot.
#[utoipa::path(
    get, path = "/api/v1/snapshots/{id}", operation_id = "snapshot", tag = "snapshots",
    params(("id" = String, Path, description = "The snapshot.")),
    responses(
        (status = 200, description = "The snapshot.", body = SnapshotShape),
        (status = 202, description = "It is not taken yet.", body = StartedSnapshotShape),
        (status = 404, description = "No such snapshot.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "`snapshot-failed`: it was asked for and not taken.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn snapshot(
    state: web::Data<ApiState>,
    asked: web::Data<AskedPlans>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    let id = snapshot_id(&id)?;
    let Some(keeper) = asked.pair_of(id) else {
        return Ok(HttpResponse::Ok().json(SnapshotShape::from(&stored(&state, id).await?)));
    };
    match (Taking { state: &state, id, keeper: &keeper }).look().await? {
        Looked::Final(Ok(record)) => Ok(HttpResponse::Ok().json(SnapshotShape::from(&record))),
        Looked::Final(Err(problem)) => Err(problem),
        Looked::Underway => {
            let provider = keeper.kept_account().map(|account| account.to_string()).unwrap_or_default();
            Ok(HttpResponse::Accepted().json(StartedSnapshotShape::new(id, &provider)))
        }
        Looked::Gone => Err(ApiProblem::UnknownSnapshot(id.to_string())),
    }
}

/// Which rows.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SnapshotItemsQuery {
    /// Only this feature.
    feature: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of the page, 1 to 500; 50 where left out.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<String>,
}

/// The rows of a snapshot, feature by feature.
#[utoipa::path(
    get, path = "/api/v1/snapshots/{id}/items", operation_id = "snapshot_items", tag = "snapshots",
    params(("id" = String, Path, description = "The snapshot."), SnapshotItemsQuery),
    responses(
        (status = 200, description = "The rows.", body = Listing<SnapshotItemShape>),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such snapshot.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn items(
    state: web::Data<ApiState>,
    id: web::Path<String>,
    query: Query<SnapshotItemsQuery>,
) -> Result<web::Json<Listing<SnapshotItemShape>>, ApiProblem> {
    let feature = word("feature", query.0.feature.as_deref(), Feature::ALL)?;
    let limit = limit(query.0.limit.as_deref())?;
    let from = cursor(query.0.cursor.as_deref(), parse_place)?;
    let record = stored(&state, snapshot_id(&id)?).await?;
    let page = state.read(move |ledger| rows(ledger, &record, feature, from, limit)).await?;
    Ok(web::Json(page))
}

/// Where a row stands: its feature, and its number there.
type Place = (Feature, u64);

fn parse_place(text: &str) -> Option<Place> {
    let (feature, number) = text.split_once(':')?;
    Some((feature.parse().ok()?, number.parse().ok()?))
}

fn rows(
    ledger: &dyn Ledger,
    record: &SnapshotRecord,
    feature: Option<Feature>,
    from: Option<Place>,
    limit: usize,
) -> Result<Listing<SnapshotItemShape>, StorageFailure> {
    let mut page = Listing::whole(Vec::new());
    let parts = record.parts.iter().map(|part| part.feature);
    for part in parts.filter(|part| feature.is_none_or(|feature| feature == *part)) {
        let first = match from {
            Some((at, _)) if part < at => continue,
            Some((at, number)) if part == at => number,
            _ => 0,
        };
        let mut number = first;
        let mut take = |row| {
            if page.items.len() == limit {
                page.next_cursor = Some(format!("{part}:{number}"));
                return false;
            }
            page.items.push(SnapshotItemShape::new(part, &row));
            number += 1;
            true
        };
        ledger.visit_snapshot(record.id, part, first, &mut take)?;
        if page.next_cursor.is_some() {
            break;
        }
    }
    Ok(page)
}

/// Whether to pin.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pin {
    /// `false` unpins.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pinned: bool,
}

const fn yes() -> bool {
    true
}

/// Pins a snapshot, so that it is never dropped, or unpins it.
#[utoipa::path(
    post, path = "/api/v1/snapshots/{id}/pin", operation_id = "pin_snapshot", tag = "snapshots",
    params(("id" = String, Path, description = "The snapshot.")), request_body = Option<Pin>,
    responses(
        (status = 200, description = "The snapshot.", body = SnapshotShape),
        (status = 400, description = "The body does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such snapshot.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn pin(
    state: web::Data<ApiState>,
    id: web::Path<String>,
    body: Body<Pin>,
) -> Result<web::Json<SnapshotShape>, ApiProblem> {
    let id = snapshot_id(&id)?;
    save(&state, vec![Change::PinSnapshot(id, body.0.pinned)]).await?;
    Ok(web::Json(SnapshotShape::from(&stored(&state, id).await?)))
}

/// Drops a snapshot. What it shares with others stays with them.
#[utoipa::path(
    delete, path = "/api/v1/snapshots/{id}", operation_id = "drop_snapshot", tag = "snapshots",
    params(("id" = String, Path, description = "The snapshot.")),
    responses(
        (status = 200, description = "What was dropped.", body = SnapshotShape),
        (status = 404, description = "No such snapshot.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`snapshot-pinned`: unpin it first.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn discard(
    state: web::Data<ApiState>,
    id: web::Path<String>,
) -> Result<web::Json<SnapshotShape>, ApiProblem> {
    let record = stored(&state, snapshot_id(&id)?).await?;
    if record.is_pinned {
        return Err(ApiProblem::SnapshotPinned(record.id));
    }
    save(&state, vec![Change::DropSnapshot(record.id)]).await?;
    Ok(web::Json(SnapshotShape::from(&record)))
}
