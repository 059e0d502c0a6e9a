//! What experience says about the configuration.

use actix_web::web;
use crosswatch_settings::advise;

use super::shapes::AdviceShape;
use crate::{paging::Listing, state::ApiState};

/// Advice about the configuration, the most serious first.
#[utoipa::path(
    get, path = "/api/v1/advice", tag = "service",
    responses((status = 200, description = "All of it in one page.", body = Listing<AdviceShape>))
)]
pub(crate) async fn advice(state: web::Data<ApiState>) -> web::Json<Listing<AdviceShape>> {
    web::Json(Listing::whole(advise(&state.settings).into_iter().map(AdviceShape::from).collect()))
}
