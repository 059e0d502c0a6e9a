//! Taking back what was written: a run, what a pair wrote since some moment, or a play that was told live. The answer is a
//! plan of the inverse; applying that plan is what writes.
//!
//! A run is taken back as a whole: it belongs to a time when it ended in it, for no line keeps a time of its own.

use actix_web::{HttpResponse, web};
use crosswatch_actors::{JobKind, RUNS_KEPT, RUNS_MAX, added_a_play};
use crosswatch_model::{Feature, FeatureSet, Outcome, PairId, RunId, RunState};
use crosswatch_port::{Ledger, RunRecord, StorageFailure, UndoOrder};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    AskedPlans, live,
    pairs::configured,
    plans, runs,
    shapes::{PlanShape, StartedPlanShape},
    starting::{Wish, refuse_while_running},
};
use crate::{
    extract::{Body, Query, run_id},
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
    waiting::WaitQuery,
};

/// A window that nobody named is so long.
const HOURS: u32 = 24;
/// Nobody takes back more than a year.
const HOURS_MAX: u32 = 366 * 24;

/// Plans how a run is taken back. Nothing is written until the plan is applied.
#[utoipa::path(
    post, path = "/api/v1/runs/{id}/undo", operation_id = "undo_run", tag = "runs",
    params(("id" = String, Path, description = "The run."), WaitQuery),
    responses(
        (status = 200, description = "With `wait`: the plan.", body = PlanShape),
        (status = 202, description = "It will be at `Location`.", body = StartedPlanShape),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such run, or its pair is not configured any more.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`run-underway`: the run has not ended.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The pair has a feature switched off by now.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Stopping, busy, or too much waits.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn undo(
    state: web::Data<ApiState>,
    asked: web::Data<AskedPlans>,
    id: web::Path<String>,
    query: Query<WaitQuery>,
) -> Result<HttpResponse, ApiProblem> {
    let length = query.0.length()?;
    let run = runs::stored(&state, run_id(&id)?).await?;
    if !run.state.is_final() {
        return Err(ApiProblem::RunUnderway(run.id));
    }
    plans::make(&state, &asked, wish(run.pair, run.features, UndoOrder::Run(run.id)), length).await
}

/// Since when.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UndoWish {
    /// Everything of runs that ended at this moment or later.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Instead: everything of the last so many hours; 24 where both are left out.
    #[schema(minimum = 1, maximum = 8784)]
    hours: Option<u32>,
}

/// Plans how everything is taken back that the pair wrote since some moment. What was written several times goes back to
/// what was there before. Nothing is written until the plan is applied.
#[utoipa::path(
    post, path = "/api/v1/pairs/{id}/undo", operation_id = "undo_pair", tag = "pairs",
    params(("id" = String, Path, description = "The pair."), WaitQuery), request_body = Option<UndoWish>,
    responses(
        (status = 200, description = "With `wait`: the plan.", body = PlanShape),
        (status = 202, description = "It will be at `Location`.", body = StartedPlanShape),
        (status = 400, description = "The body or query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such pair.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`nothing-to-undo`: nothing was written since. `journal-too-short`: what was written then is not kept any more. `already-running`: the pair is.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The pair has a feature switched off by now.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Stopping, busy, or too much waits.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn undo_pair(
    state: web::Data<ApiState>,
    asked: web::Data<AskedPlans>,
    id: web::Path<String>,
    query: Query<WaitQuery>,
    body: Body<UndoWish>,
) -> Result<HttpResponse, ApiProblem> {
    let length = query.0.length()?;
    let pair = configured(&state, &id)?.id.clone();
    let since = since(&body.0, state.clock.now())?;
    refuse_while_running(&state, &pair).await?;
    let of = pair.clone();
    let (runs, features) = match state.read(move |ledger| written_since(ledger, &of, since)).await? {
        Written::Runs(runs, features) => (runs, features),
        Written::Nothing => {
            return Err(ApiProblem::NothingToUndo(format!("the pair {pair} wrote nothing since {since}")));
        }
        Written::TooShort(since) => return Err(ApiProblem::JournalTooShort { since }),
    };
    plans::make(&state, &asked, wish(pair, features, UndoOrder::Since { since, runs }), length).await
}

fn since(wish: &UndoWish, now: Timestamp) -> Result<Timestamp, ApiProblem> {
    let hours = match (wish.since, wish.hours) {
        (Some(since), None) if since <= now => return Ok(since),
        (Some(_), None) => return Err(ApiProblem::BadBody("since lies in the future".to_owned())),
        (Some(_), Some(_)) => return Err(ApiProblem::BadBody("send since or hours, not both".to_owned())),
        (None, hours) => hours.unwrap_or(HOURS),
    };
    if !(1..=HOURS_MAX).contains(&hours) {
        return Err(ApiProblem::BadBody(format!("hours is 1 to {HOURS_MAX}")));
    }
    now.checked_sub(SignedDuration::from_hours(i64::from(hours)))
        .map_err(|_| ApiProblem::BadBody("hours reaches back too far".to_owned()))
}

/// What a pair wrote since some moment.
enum Written {
    /// These runs, the oldest first, wrote these features.
    Runs(Vec<RunId>, FeatureSet),
    /// Nothing.
    Nothing,
    /// Older runs were forgotten; from here on all are kept.
    TooShort(Timestamp),
}

fn written_since(ledger: &dyn Ledger, pair: &PairId, since: Timestamp) -> Result<Written, StorageFailure> {
    let kept = ledger.runs(Some(pair), None, RUNS_MAX + 1)?;
    let ended = |run: &RunRecord| run.finished_at.unwrap_or(run.asked_at);
    let in_time: Vec<&RunRecord> = kept.iter().take_while(|run| ended(run) >= since).collect();
    if let Some(oldest) = in_time.last().filter(|_| in_time.len() == kept.len() && kept.len() >= RUNS_KEPT) {
        return Ok(Written::TooShort(ended(oldest)));
    }
    let wrote: Vec<&&RunRecord> = in_time.iter().filter(|run| may_have_written(run)).collect();
    if wrote.is_empty() {
        return Ok(Written::Nothing);
    }
    let features = wrote.iter().flat_map(|run| written_features(run)).collect();
    Ok(Written::Runs(wrote.iter().rev().map(|run| run.id).collect(), features))
}

/// A run that came to its end counted what it wrote; of any other the lines tell.
fn may_have_written(run: &RunRecord) -> bool {
    !run.dry_run && run.state.is_final() && !written_features(run).is_empty()
}

fn written_features(run: &RunRecord) -> Vec<Feature> {
    if !matches!(run.state, RunState::Succeeded | RunState::Partial | RunState::Held) {
        return run.features.iter().collect();
    }
    let is_write = |outcome: Outcome| matches!(outcome, Outcome::Acknowledged | Outcome::Verified);
    let wrote = |outcomes: &[(Outcome, u64)]| outcomes.iter().any(|(outcome, count)| is_write(*outcome) && *count > 0);
    run.tallies.iter().filter(|tally| wrote(&tally.outcomes)).map(|tally| tally.feature).collect()
}

/// Plans how a play is taken back that an account was told of live. Nothing is written until the plan is applied. Where the
/// account cannot remove plays, the plan says so.
#[utoipa::path(
    post, path = "/api/v1/outbox/{id}/undo", operation_id = "undo_message", tag = "live",
    params(("id" = String, Path, description = "The message."), WaitQuery),
    responses(
        (status = 200, description = "With `wait`: the plan.", body = PlanShape),
        (status = 202, description = "It will be at `Location`.", body = StartedPlanShape),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such message.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`nothing-to-undo`: it did not add a play.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Stopping, busy, or too much waits.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn undo_message(
    state: web::Data<ApiState>,
    asked: web::Data<AskedPlans>,
    id: web::Path<String>,
    query: Query<WaitQuery>,
) -> Result<HttpResponse, ApiProblem> {
    let length = query.0.length()?;
    let parcel = live::find(&state, &id).await?;
    if !added_a_play(&parcel) {
        let why = if parcel.was_there { "the account had the play before" } else { "it added no play, or not yet" };
        return Err(ApiProblem::NothingToUndo(format!("message {} is not taken back: {why}", parcel.seq)));
    }
    let keeper = PairId::keeper_of(&parcel.account);
    let features = [Feature::History].into_iter().collect();
    plans::make(&state, &asked, wish(keeper, features, UndoOrder::Message(parcel.seq)), length).await
}

/// The plan of an order.
fn wish(pair: PairId, features: FeatureSet, order: UndoOrder) -> Wish {
    Wish { features: Some(features), undoes: Some(order), ..Wish::of(pair, JobKind::Undo) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_named_in_one_way_or_not_at_all() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        for (body, expected) in [
            ("{}", Some("2026-11-29T12:00:00Z")),
            (r#"{"hours": 1}"#, Some("2026-11-30T11:00:00Z")),
            (r#"{"since": "2026-11-01T00:00:00Z"}"#, Some("2026-11-01T00:00:00Z")),
            (r#"{"since": "2026-12-01T00:00:00Z"}"#, None),
            (r#"{"since": "2026-11-01T00:00:00Z", "hours": 1}"#, None),
            (r#"{"hours": 0}"#, None),
            (r#"{"hours": 8785}"#, None),
        ] {
            let wish: UndoWish = serde_json::from_str(body).unwrap();
            assert_eq!(since(&wish, now).ok(), expected.map(|text| text.parse().unwrap()), "{body}");
        }
    }
}
