//! Asking the supervisor for a run or plan.

use std::sync::Arc;

use crosswatch_actors::{JobKind, PairBlueprint, PairSituation, Permit, RequestRun};
use crosswatch_model::{Cause, FeatureSet, ItemRef, PairId, RunId};
use crosswatch_port::{RestoreOrder, UndoOrder};

use crate::{
    problem::ApiProblem,
    state::{ACTOR_DEADLINE, ApiState},
};

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) pair: PairId,
    pub(crate) kind: JobKind,
    pub(crate) cause: Cause,
    pub(crate) features: Option<FeatureSet>,
    pub(crate) permit: Permit,
    /// What is taken back, where something is.
    pub(crate) undoes: Option<UndoOrder>,
    /// What a snapshot brings back, where it is a restore.
    pub(crate) restores: Option<RestoreOrder>,
    /// What is asked, for [`JobKind::Why`].
    pub(crate) question: Option<ItemRef>,
    /// The pair as it would be, for [`JobKind::WhatIf`].
    pub(crate) instead: Option<Arc<PairBlueprint>>,
    pub(crate) may_queue: bool,
}

impl Wish {
    /// A person asks for this, for all features that are on.
    pub(crate) const fn of(pair: PairId, kind: JobKind) -> Self {
        Self {
            pair,
            kind,
            cause: Cause::Manual,
            features: None,
            permit: Permit::Nothing,
            undoes: None,
            restores: None,
            question: None,
            instead: None,
            may_queue: true,
        }
    }
}

/// Asks, and answers the id of the run or plan.
pub(crate) async fn start(state: &ApiState, wish: Wish) -> Result<RunId, ApiProblem> {
    let Wish { pair, kind, cause, features, permit, undoes, restores, question, instead, may_queue } = wish;
    let request = RequestRun {
        pair: pair.clone(),
        kind,
        cause,
        features,
        permit,
        undoes,
        restores,
        question,
        instead,
        may_queue,
    };
    let answer = state.supervisor()?.ask(request, ACTOR_DEADLINE).await?;
    answer.map(|started| started.id).map_err(|refusal| ApiProblem::of_refusal(refusal, &pair))
}

/// Whether the pair does something or is about to: then a job of it that is nowhere else may be among it.
pub(crate) async fn is_busy(state: &ApiState, pair: &PairId) -> Result<bool, ApiProblem> {
    let system = state.system().await?;
    let busy = |now: &PairSituation| now.running.is_some() || now.waiting.is_some();
    Ok(system.pairs.iter().any(|now| now.blueprint.id == *pair && busy(now)))
}

/// Refuses while a run of the pair is in progress or waits: it would not find what it planned with.
pub(crate) async fn refuse_while_running(state: &ApiState, pair: &PairId) -> Result<(), ApiProblem> {
    let system = state.system().await?;
    let run = system.pairs.iter().find(|now| now.blueprint.id == *pair).and_then(|now| now.running.or(now.waiting));
    run.map_or(Ok(()), |run| Err(ApiProblem::AlreadyRunning(run)))
}
