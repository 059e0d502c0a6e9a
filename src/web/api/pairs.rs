//! Pairs: what they do, when, and how their runs went.

use actix_web::web;
use crosswatch_actors::{ReadinessQuestion, always_of};
use crosswatch_model::PairId;
use crosswatch_port::RunRecord;
use crosswatch_settings::Pair;

use super::{
    look::PAST_MAX,
    shapes::{AlwaysShape, PairShape},
};
use crate::{
    extract::{Query, pair_id},
    measured::shadow,
    paging::{Listing, PageQuery, limit},
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
};

/// The pairs.
#[utoipa::path(
    get, path = "/api/v1/pairs", tag = "pairs", params(PageQuery),
    responses(
        (status = 200, description = "In the order of the configuration.", body = Listing<PairShape>),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn pairs(
    state: web::Data<ApiState>,
    query: Query<PageQuery>,
) -> Result<web::Json<Listing<PairShape>>, ApiProblem> {
    let limit = limit(query.0.limit.as_deref())?;
    let all = state.settings.pairs.iter();
    let page = Listing::after(all, query.0.cursor.as_deref(), limit, |pair| pair.id.to_string())?;
    let next_cursor = page.next_cursor;
    Ok(web::Json(Listing { items: shaped(&state, &page.items).await?, next_cursor }))
}

/// One pair.
#[utoipa::path(
    get, path = "/api/v1/pairs/{id}", tag = "pairs", params(("id" = String, Path, description = "Its id in the configuration.")),
    responses(
        (status = 200, description = "What it does, and how its runs went.", body = PairShape),
        (status = 404, description = "No such pair.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn pair(
    state: web::Data<ApiState>,
    id: web::Path<String>,
) -> Result<web::Json<PairShape>, ApiProblem> {
    let pair = configured(&state, &id)?;
    let Some(mut shape) = shaped(&state, &[pair]).await?.pop() else {
        return Err(ApiProblem::UnknownPair(id.into_inner()));
    };
    let now = state.clock.now();
    let pair = state.blueprint(&pair.id).await?;
    let (readiness, shadow_report, always) = state
        .read(move |ledger| {
            let standings = ledger.standings()?;
            let readiness = ReadinessQuestion { pair: &pair, standings: &standings, now }.answer(ledger)?;
            let past = if pair.is_shadow { ledger.runs(Some(&pair.id), None, PAST_MAX)? } else { Vec::new() };
            let report = if pair.is_shadow { Some(shadow::report(ledger, &past)?) } else { None };
            let always = always_of(&standings, &pair.id).map(AlwaysShape::from).collect();
            Ok((readiness, report, always))
        })
        .await?;
    let readiness = readiness.into_iter().map(|(feature, readiness)| (feature.as_str(), readiness.into()));
    shape.readiness = Some(readiness.collect());
    shape.shadow_report = shadow_report;
    shape.always = Some(always);
    Ok(web::Json(shape))
}

/// The pair as it is configured.
pub(crate) fn configured<'a>(state: &'a ApiState, id: &str) -> Result<&'a Pair, ApiProblem> {
    let id = pair_id(id)?;
    state.settings.pair(&id).ok_or_else(|| ApiProblem::UnknownPair(id.to_string()))
}

async fn shaped(state: &ApiState, pairs: &[&Pair]) -> Result<Vec<PairShape>, ApiProblem> {
    let system = state.system().await?;
    let schedule = state.schedule().await;
    let ids: Vec<PairId> = pairs.iter().map(|pair| pair.id.clone()).collect();
    let pasts: Vec<Vec<RunRecord>> =
        state.read(move |ledger| ids.iter().map(|id| ledger.runs(Some(id), None, PAST_MAX)).collect()).await?;
    let shape = |(pair, past): (&&Pair, Vec<RunRecord>)| {
        let now = system.pairs.iter().find(|now| now.blueprint.id == pair.id);
        PairShape::new(pair, now, &schedule, &past)
    };
    Ok(pairs.iter().zip(pasts).map(shape).collect())
}
