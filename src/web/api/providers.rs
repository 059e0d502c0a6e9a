//! Accounts: what they can do, how they are doing, and asking them.

use std::time::Duration;

use actix_web::web;
use crosswatch_settings::Provider;
use futures_util::future::join_all;

use super::shapes::{CheckShape, ProviderShape};
use crate::{
    extract::{Query, provider_id},
    paging::{Listing, cursor, limit},
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
};
use crosswatch_model::ProviderId;
use serde::Deserialize;
use utoipa::IntoParams;

/// An account that does not answer within this time does not answer.
const CHECK_DEADLINE: Duration = Duration::from_secs(30);

/// Which page.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
    /// Rows of the page, 1 to 500; 50 where left out.
    pub(crate) limit: Option<String>,
}

/// The accounts.
#[utoipa::path(
    get, path = "/api/v1/providers", tag = "providers", params(PageQuery),
    responses(
        (status = 200, description = "In the order of the configuration.", body = Listing<ProviderShape>),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn providers(
    state: web::Data<ApiState>,
    query: Query<PageQuery>,
) -> Result<web::Json<Listing<ProviderShape>>, ApiProblem> {
    let limit = limit(query.0.limit.as_deref())?;
    let after = cursor(query.0.cursor.as_deref(), |text| ProviderId::parse(text).ok())?;
    let rows: Vec<&Provider> = after_id(&state.settings.providers, after.as_ref(), |provider| &provider.id).take(limit + 1).collect();
    let page = Listing::<ProviderShape>::cut(rows, limit, |provider| provider.id.to_string(), |provider| provider);
    Ok(web::Json(page))
}
