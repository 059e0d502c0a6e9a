//! Why the supervisor does not take a request.

use crosswatch_model::{Feature, PairId, RunId};
use smol_str::SmolStr;

use crate::store::SaveError;

/// The request was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such pair.
    #[error("there is no pair with this id")]
    UnknownPair,
    /// The pair is switched off.
    #[error("the pair is disabled; set enabled = true to run it")]
    Disabled,
    /// The pair writes nothing.
    #[error("the pair {0} is in shadow mode and writes nothing; set shadow = false to apply plans")]
    Shadow(PairId),
    /// The pair does not keep this feature in step.
    #[error("the pair does not have {0} switched on")]
    FeatureOff(Feature),
    /// The pair is running.
    #[error("the pair is running already")]
    AlreadyRunning(RunId),
    /// A person stopped everything.
    #[error("everything is frozen and nothing is written; unfreeze to go on")]
    Frozen,
    /// A person stopped the pair.
    #[error("the pair {0} is paused; resume it to go on")]
    Paused(PairId),
    /// An account of the pair keeps falling over.
    #[error("{0} is down after repeated failures; see the log, then restart the service")]
    Degraded(SmolStr),
    /// Too much waits already.
    #[error("too many runs are waiting; try again later")]
    Full,
    /// The process is stopping.
    #[error("the service is stopping")]
    Stopping,
    /// The store refused.
    #[error(transparent)]
    Store(#[from] SaveError),
}
