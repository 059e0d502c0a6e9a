//! What waits for a person.

use actix_web::web;

use super::shapes::{HeldShape, held_id};
use crate::{
    extract::Query,
    paging::{Listing, PageQuery, limit},
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
};

/// What waits for a person.
#[utoipa::path(
    get, path = "/api/v1/held", tag = "held", params(PageQuery),
    responses(
        (status = 200, description = "What waits.", body = Listing<HeldShape>),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn held(
    state: web::Data<ApiState>,
    query: Query<PageQuery>,
) -> Result<web::Json<Listing<HeldShape>>, ApiProblem> {
    let limit = limit(query.0.limit.as_deref())?;
    let held = state.read(|ledger| ledger.held()).await?;
    let page = Listing::after(held.iter(), query.0.cursor.as_deref(), limit, |row| held_id(row))?;
    Ok(web::Json(page.map(HeldShape::from)))
}
