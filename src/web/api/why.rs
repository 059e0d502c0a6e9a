//! Why: the chain of facts and rules behind one item of a pair. Both accounts are asked, nothing is written.

use std::time::Duration;

use actix_web::web;
use crosswatch_actors::{Answer, JobKind};
use crosswatch_model::{ItemRef, PairId, RunId};
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    pairs::configured,
    shapes::WhyShape,
    starting::{self, Wish, is_busy},
};
use crate::{
    extract::Query,
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
    waiting::{Looked, Waited, Watched, wait_for},
};

/// Reading both sides of a large pair takes its time; nobody waits longer than this.
const WAIT: Duration = Duration::from_secs(120);

/// What is asked.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhyQuery {
    /// The pair.
    pair: String,
    /// The item: `imdb:tt0133093`, `tmdb_movie:603`, `tvdb_show:81189/1/3`.
    item: String,
}

/// Explains what happened or will happen to an item.
#[utoipa::path(
    get, path = "/api/v1/why", tag = "plans", params(WhyQuery),
    responses(
        (status = 200, description = "The answer.", body = WhyShape),
        (status = 400, description = "The item is not written as expected.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such pair, or nobody knows the item.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "An account does not answer, or too much waits.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn why(state: web::Data<ApiState>, query: Query<WhyQuery>) -> Result<web::Json<WhyShape>, ApiProblem> {
    let WhyQuery { pair, item } = query.0;
    let pair = configured(&state, &pair)?.id.clone();
    let question: ItemRef = item.parse().map_err(|error| {
        ApiProblem::BadQuery(format!(
            "item={item:?}: {error}; write it like imdb:tt0133093, tmdb_movie:603 or tvdb_show:81189/1/3"
        ))
    })?;
    let events = state.directory.listen();
    let wish = Wish { question: Some(question), ..Wish::of(pair.clone(), JobKind::Why) };
    let id = starting::start(&state, wish).await?;
    match wait_for(&Asked { state: &state, id, pair: &pair }, id, WAIT, events).await? {
        Waited::Final(Answer::Found(answers)) => {
            WhyShape::of(&answers).map(web::Json).ok_or(ApiProblem::UnknownItem(item))
        }
        Waited::Final(Answer::Failed(detail)) => Err(ApiProblem::Degraded(detail.to_string())),
        Waited::NotYet => Err(ApiProblem::Busy("the accounts are still being read; ask again in a moment".into())),
        Waited::Final(Answer::Recalled(_)) | Waited::Gone => {
            Err(ApiProblem::Busy("the pair was restarted meanwhile; ask again".into()))
        }
    }
}

/// A question that waits for its answer.
struct Asked<'a> {
    state: &'a ApiState,
    id: RunId,
    pair: &'a PairId,
}

impl Watched for Asked<'_> {
    type Final = Answer;

    fn look(&self) -> LocalBoxFuture<'_, Result<Looked<Answer>, ApiProblem>> {
        Box::pin(async {
            // In this order: an answer that comes between the two looks is found at the next.
            let may_come = is_busy(self.state, self.pair).await?;
            Ok(match self.state.directory.answer(self.id) {
                Some(answer) => Looked::Final(answer),
                None if may_come => Looked::Underway,
                None => Looked::Gone,
            })
        })
    }
}
