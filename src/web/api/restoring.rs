//! Restoring a snapshot: a plan from what it holds to an account as it is now. Applying that plan is what writes.

use actix_web::{HttpResponse, web};
use crosswatch_actors::JobKind;
use crosswatch_model::{FeatureSet, Kind, PairId, RestoreFilter, RestoreMode};
use crosswatch_port::{RestoreOrder, SnapshotRecord};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    AskedPlans, plans,
    shapes::{PlanShape, StartedPlanShape},
    snapshots::{configured, stored},
    starting::Wish,
};
use crate::{
    extract::{Body, Query, feature_set, snapshot_id},
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
    waiting::WaitQuery,
};

/// What to bring back, and where.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestoreWish {
    /// The account to write to; the one it was taken of where left out.
    #[schema(example = "home")]
    target: Option<String>,
    /// Only these features; all that the snapshot holds where left out.
    #[schema(example = json!(["ratings"]))]
    features: Option<Vec<String>>,
    /// Only a part of it.
    filter: Option<FilterIn>,
    /// `merge`: what is missing or changed comes back. `exact`: what came since is removed too, held for a person.
    #[schema(default = "merge")]
    mode: Option<String>,
}

/// Which part of a snapshot.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilterIn {
    /// `movie`, `show`, `season` or `episode`.
    #[schema(example = "episode")]
    kind: Option<String>,
    /// A show with its seasons and episodes: an id, or its title.
    #[schema(example = "tvdb_show:78874")]
    show: Option<String>,
    /// One item.
    #[schema(example = "imdb:tt0133093")]
    item: Option<String>,
    /// Whose state it must be.
    user: Option<String>,
}

/// Plans how a snapshot is brought back. Nothing is written until the plan is applied.
#[utoipa::path(
    post, path = "/api/v1/snapshots/{id}/restore", operation_id = "restore_snapshot", tag = "snapshots",
    params(("id" = String, Path, description = "The snapshot."), WaitQuery), request_body = Option<RestoreWish>,
    responses(
        (status = 200, description = "With `wait`: the plan.", body = PlanShape),
        (status = 202, description = "It will be at `Location`.", body = StartedPlanShape),
        (status = 400, description = "The body or query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such snapshot, or no such provider.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`not-in-snapshot`: it does not hold that.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Stopping, busy, or too much waits.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn restore(
    state: web::Data<ApiState>,
    asked: web::Data<AskedPlans>,
    id: web::Path<String>,
    query: Query<WaitQuery>,
    body: Body<RestoreWish>,
) -> Result<HttpResponse, ApiProblem> {
    let length = query.0.length()?;
    let record = stored(&state, snapshot_id(&id)?).await?;
    let wish = body.0;
    let target = configured(&state, wish.target.as_deref().unwrap_or(record.provider.as_str()))?;
    let features = features(&record, wish.features.as_deref())?;
    let order = RestoreOrder {
        snapshot: record.id,
        mode: mode(wish.mode.as_deref())?,
        filter: filter(&record, &wish.filter.unwrap_or_default())?,
    };
    let of_keeper = Wish::of(PairId::keeper_of(&target), JobKind::Restore);
    let wish = Wish { features: Some(features), restores: Some(order), ..of_keeper };
    plans::make(&state, &asked, wish, length).await
}

/// The features to bring back: some of what the snapshot holds.
fn features(record: &SnapshotRecord, names: Option<&[String]>) -> Result<FeatureSet, ApiProblem> {
    let held: FeatureSet = record.parts.iter().map(|part| part.feature).collect();
    let Some(asked) = feature_set(names)? else { return Ok(held) };
    match asked.iter().find(|feature| !held.contains(*feature)) {
        Some(missing) => Err(ApiProblem::NotInSnapshot(format!("the snapshot holds no {missing}; leave it out"))),
        None => Ok(asked),
    }
}

fn mode(text: Option<&str>) -> Result<RestoreMode, ApiProblem> {
    let Some(text) = text else { return Ok(RestoreMode::Merge) };
    text.parse().map_err(|_| ApiProblem::BadBody(format!("mode: {text:?} is not known; use one of: merge, exact")))
}

fn filter(record: &SnapshotRecord, given: &FilterIn) -> Result<RestoreFilter, ApiProblem> {
    let kind = given.kind.as_deref().map(|text| {
        let known = Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
        text.parse()
            .map_err(|_| ApiProblem::BadBody(format!("filter.kind: {text:?} is not known; use one of: {known}")))
    });
    if let Some(user) = given.user.as_deref().filter(|user| *user != record.user) {
        let detail = format!("the snapshot holds the state of {:?} and nothing of {user:?}", record.user.as_str());
        return Err(ApiProblem::NotInSnapshot(detail));
    }
    let text = |text: Option<&String>| text.map(smol_str::SmolStr::from);
    let filter =
        RestoreFilter { kind: kind.transpose()?, show: text(given.show.as_ref()), item: text(given.item.as_ref()) };
    let no_item = |why| ApiProblem::BadBody(format!("filter.item: {why}; write it as in \"imdb:tt0133093\""));
    filter.picker().map_err(no_item)?;
    Ok(filter)
}
