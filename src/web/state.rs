//! What every handler is given, and how it asks the house: always with a deadline.

use std::{future::Future, sync::Arc, time::Duration};

use crosswatch_actors::{
    AccountDoor, AccountState, Directory, Due, HookKey, Mailbox, ObserveSchedule, ObserveSystem, ObserveWatcher,
    PairBlueprint, SaveError, Supervisor, SystemState, Urgency, WatcherState,
};
use crosswatch_model::{PairId, ProviderId};
use crosswatch_port::{Clock, Entropy, Fault, Ledger, StorageFailure};
use crosswatch_settings::{Pair, Settings};
use secrecy::SecretString;

use crate::{configuring::ConfigFile, hooks::Inbox, problem::ApiProblem, readiness::Readiness};

/// Actors answer within this time, or they are busy.
pub(crate) const ACTOR_DEADLINE: Duration = Duration::from_secs(5);
/// A pair with a million items forgets them within this time.
pub(crate) const RESET_DEADLINE: Duration = Duration::from_secs(120);
/// The store answers a request within this time, or it is busy.
const STORE_DEADLINE: Duration = Duration::from_secs(30);

/// What the API stands on.
#[derive(Clone)]
pub struct ApiState {
    /// The actors.
    pub directory: Directory,
    /// What is configured.
    pub settings: Arc<Settings>,
    /// The key that opens the API.
    pub api_key: SecretString,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// Makes the tokens of webhooks.
    pub hook_key: HookKey,
    /// Where webhooks are kept; `None` while nothing keeps them.
    pub inbox: Option<Arc<dyn Inbox>>,
    /// How a pair of the configuration becomes one of the house.
    pub pair_of: fn(&Pair, &Settings) -> PairBlueprint,
    /// The file that the configuration came from, where it can be replaced.
    pub config_file: Option<Arc<dyn ConfigFile>>,
    /// Whether the service can be used.
    pub readiness: Arc<Readiness>,
    /// The version of the program.
    pub version: &'static str,
}

impl ApiState {
    /// The supervisor, where it lives.
    pub(crate) fn supervisor(&self) -> Result<Mailbox<Supervisor>, ApiProblem> {
        self.directory.supervisor().ok_or_else(|| ApiProblem::NotReady(self.readiness.stage().as_str()))
    }

    /// The house from outside.
    pub(crate) async fn system(&self) -> Result<SystemState, ApiProblem> {
        Ok(self.supervisor()?.ask(ObserveSystem, ACTOR_DEADLINE).await?)
    }

    /// A pair as the house knows it.
    pub(crate) async fn blueprint(&self, id: &PairId) -> Result<PairBlueprint, ApiProblem> {
        let found = self.system().await?.pairs.into_iter().find(|now| now.blueprint.id == *id);
        found.map(|now| now.blueprint).ok_or_else(|| ApiProblem::UnknownPair(id.to_string()))
    }

    /// What runs next; nothing does that a person stopped. A scheduler that is being restarted, or switched off, has nothing to say.
    pub(crate) async fn schedule(&self) -> Vec<Due> {
        let Some(scheduler) = self.directory.scheduler() else { return Vec::new() };
        let lines = scheduler.ask(ObserveSchedule, ACTOR_DEADLINE).await.unwrap_or_default();
        let brakes = self.directory.brakes();
        // What keepers do by schedule are snapshots, not runs.
        let is_run = |due: &Due| due.pair.kept_account().is_none();
        let is_stopped = |due: &Due| brakes.is_frozen() || brakes.is_paused(&due.pair);
        lines.into_iter().filter(|due| is_run(due) && !is_stopped(due)).collect()
    }

    /// The way to an account.
    pub(crate) fn account(&self, id: &ProviderId) -> AccountDoor {
        AccountDoor::new(id.clone(), self.directory.clone(), Urgency::Person)
    }

    /// A look at an account; `None` while it is being restarted or busy.
    pub(crate) async fn account_state(&self, id: &ProviderId) -> Option<AccountState> {
        let door = self.account(id);
        tokio::time::timeout(ACTOR_DEADLINE, door.observe()).await.ok()?.ok()
    }

    /// A look at the watcher of an account; `None` where nothing watches it, or while it is being restarted.
    pub(crate) async fn watcher_state(&self, id: &ProviderId) -> Option<WatcherState> {
        self.directory.watcher(id)?.ask(ObserveWatcher, ACTOR_DEADLINE).await.ok()
    }

    /// Reads from the store.
    pub(crate) async fn read<R, Q>(&self, query: Q) -> Result<R, ApiProblem>
    where
        R: Send + 'static,
        Q: FnOnce(&dyn Ledger) -> Result<R, StorageFailure> + Send + 'static,
    {
        stored(self.directory.store().query(query)).await
    }
}

/// Waits for the store, but not for ever.
pub(crate) async fn stored<R>(asking: impl Future<Output = Result<R, SaveError>>) -> Result<R, ApiProblem> {
    match tokio::time::timeout(STORE_DEADLINE, asking).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(ApiProblem::Busy("the store did not answer in time".to_owned())),
    }
}

/// The stable word for what went wrong with an account.
pub(crate) const fn fault_word(fault: &Fault) -> &'static str {
    match fault {
        Fault::Transient(_) => "unavailable",
        Fault::RateLimited { .. } => "rate-limited",
        Fault::Auth(_) => "sign-in",
        Fault::Rejected(_) => "rejected",
        Fault::InDoubt(_) => "in-doubt",
        Fault::Gone(_) => "gone",
    }
}
