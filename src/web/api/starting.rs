//! Asking the supervisor for a run or plan.

use crosswatch_actors::{JobKind, RequestRun};
use crosswatch_model::{Cause, FeatureSet, PairId, RunId};

use crate::{
    problem::ApiProblem,
    state::{ACTOR_DEADLINE, ApiState},
};

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) pair: PairId,
    pub(crate) kind: JobKind,
    pub(crate) features: Option<FeatureSet>,
    pub(crate) approves_held: bool,
    pub(crate) may_queue: bool,
}

/// Asks, and answers the id of the run or plan.
pub(crate) async fn start(state: &ApiState, wish: Wish) -> Result<RunId, ApiProblem> {
    let Wish { pair, kind, features, approves_held, may_queue } = wish;
    let request = RequestRun { pair: pair.clone(), kind, cause: Cause::Manual, features, approves_held, may_queue };
    let answer = state.supervisor()?.ask(request, ACTOR_DEADLINE).await?;
    answer.map(|started| started.id).map_err(|refusal| ApiProblem::of_refusal(refusal, &pair))
}

/// Whether the supervisor knows the job as running or waiting.
pub(crate) async fn is_underway(state: &ApiState, id: RunId) -> Result<bool, ApiProblem> {
    let system = state.system().await?;
    Ok(system.pairs.iter().any(|pair| pair.running == Some(id) || pair.waiting == Some(id)))
}
