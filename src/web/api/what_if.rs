//! What other settings would do: a plan from the last complete reads, beside the plan of today's settings. No account is
//! asked, and the plan is never applied.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use crosswatch_actors::{JobKind, missing_read};
use crosswatch_model::{Feature, ProviderId};
use crosswatch_settings::{SettingsError, what_if};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    AskedPlans,
    pairs::configured,
    plans,
    shapes::{PlanShape, StartedPlanShape},
    starting::Wish,
};
use crate::{
    configuring::ConfigProblem,
    extract::{Body, Query, feature_set},
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
    waiting::WaitQuery,
};

/// What would be different.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhatIfWish {
    /// Keys of the pair's table as they would stand in the file; everything else stays as it is.
    #[schema(example = "[history]\nremove = \"observed\"")]
    toml: String,
    /// Only these features; all that are on today or would be where left out.
    #[schema(example = json!(["history"]))]
    features: Option<Vec<String>>,
}

/// Plans with other settings from the last complete reads, and counts beside it what the settings of today plan from the
/// same reads. No account is asked, nothing is written, and the plan cannot be applied.
#[utoipa::path(
    post, path = "/api/v1/pairs/{id}/what-if", operation_id = "what_if", tag = "plans",
    params(("id" = String, Path, description = "The pair."), WaitQuery), request_body = WhatIfWish,
    responses(
        (status = 200, description = "With `wait`: the plan, in the state `what_if`.", body = PlanShape),
        (status = 202, description = "It will be at `Location`.", body = StartedPlanShape),
        (status = 400, description = "The body or query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such pair.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`no-reads`: no complete read of a side is kept; run the pair once.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`config-wrong`: no file may say that. Or a feature was asked for that is off and stays so.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Stopping, busy, or too much waits.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn start(
    state: web::Data<ApiState>,
    asked: web::Data<AskedPlans>,
    id: web::Path<String>,
    query: Query<WaitQuery>,
    body: Body<WhatIfWish>,
) -> Result<HttpResponse, ApiProblem> {
    let length = query.0.length()?;
    let today = configured(&state, &id)?;
    let pair = today.id.clone();
    let changed =
        what_if(&state.settings, &pair, &body.0.toml).ok_or_else(|| ApiProblem::UnknownPair(pair.to_string()))?;
    let changed = changed.map_err(|error| wrong(&error))?;
    let on = today.features().iter().chain(changed.features().iter()).collect();
    let features = feature_set(body.0.features.as_deref())?.unwrap_or(on);
    let mut reads: Vec<(ProviderId, Feature)> = Vec::new();
    for account in [&today.source, &today.target] {
        let keeps = state.account_state(account).await.map(|now| now.capabilities);
        // What an account does not keep at all is not read, and planned accordingly.
        let is_kept = |feature: &Feature| keeps.as_ref().is_none_or(|keeps| keeps.feature(*feature).is_some());
        reads.extend(features.iter().filter(is_kept).map(|feature| (account.clone(), feature)));
    }
    if let Some(missing) = state.read(move |ledger| missing_read(ledger, reads)).await? {
        return Err(ApiProblem::NoReads(missing.to_string()));
    }
    let instead = Arc::new((state.pair_of)(&changed, &state.settings));
    let wish = Wish { features: Some(features), instead: Some(instead), ..Wish::of(pair, JobKind::WhatIf) };
    plans::make(&state, &asked, wish, length).await
}

fn wrong(error: &SettingsError) -> ApiProblem {
    let problem = |problem: &crosswatch_settings::Problem| ConfigProblem {
        line: problem.line(),
        field: problem.field.clone(),
        message: problem.message.clone(),
    };
    ApiProblem::ConfigWrong(error.problems.iter().map(problem).collect())
}
