//! Looks at the whole house that several endpoints share: pairs with their past, and what is on its way.

use crosswatch_actors::{ChildState, SystemState};
use crosswatch_model::{PairId, ParcelState, ProviderId, RunState};
use crosswatch_port::{HeldRecord, Ledger, OutboxState, RunRecord, StorageFailure};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use smol_str::SmolStr;

use super::shapes::{OutboxCount, ServiceState};
use crate::{
    problem::ApiProblem,
    readiness::Stage,
    sentence::{Situation, status_sentence},
    state::ApiState,
};

/// Runs of the past that are looked at per pair to find the last one that counts.
pub(crate) const PAST_MAX: usize = 60;
/// Outbox rows that are counted per account.
const OUTBOX_COUNT_MAX: usize = 1_000;

/// A server that is not watched for so long is told of: shorter gaps are restarts, and are filled.
const DOWN_FOR: SignedDuration = SignedDuration::from_mins(5);

/// A media server that should be watched and is not.
pub(crate) struct Unwatched {
    pub(crate) account: ProviderId,
    pub(crate) since: Timestamp,
    pub(crate) why: SmolStr,
}

/// The servers that were not watched for some minutes.
pub(crate) async fn unwatched(state: &ApiState) -> Vec<Unwatched> {
    let now = state.clock.now();
    let look = async |account: ProviderId| {
        let watcher = state.watcher_state(&account).await?;
        let since = watcher.down_since().filter(|since| now.duration_since(*since) >= DOWN_FOR)?;
        Some(Unwatched { account, since, why: watcher.standing.trouble()?.clone() })
    };
    let accounts = state.settings.providers.iter().map(|provider| provider.id.clone());
    join_all(accounts.map(look)).await.into_iter().flatten().collect()
}

/// The whole house at one moment.
pub(crate) struct HouseLook {
    pub(crate) system: SystemState,
    pub(crate) held: Vec<HeldRecord>,
    pub(crate) outbox: OutboxCount,
    /// Per configured pair, its last run that counts.
    pub(crate) last_runs: Vec<(PairId, Option<RunRecord>)>,
    /// Media servers that should be watched and are not.
    pub(crate) unwatched: Vec<Unwatched>,
    is_stopping: bool,
    now: Timestamp,
}

impl HouseLook {
    /// Looks.
    pub(crate) async fn take(state: &ApiState) -> Result<Self, ApiProblem> {
        let system = state.system().await?;
        let pairs: Vec<PairId> = state.settings.pairs.iter().map(|pair| pair.id.clone()).collect();
        let accounts: Vec<ProviderId> = state.settings.providers.iter().map(|provider| provider.id.clone()).collect();
        let (held, outbox, last_runs) = state
            .read(move |ledger| {
                let last_runs = pairs.into_iter().map(|pair| Ok((pair.clone(), last_run(ledger, &pair)?)));
                Ok((ledger.held()?, count_outbox(ledger, &accounts)?, last_runs.collect::<Result<Vec<_>, _>>()?))
            })
            .await?;
        let is_stopping = system.is_stopping || state.readiness.stage() == Stage::Stopping;
        let unwatched = unwatched(state).await;
        Ok(Self { system, held, outbox, last_runs, unwatched, is_stopping, now: state.clock.now() })
    }

    /// The last run of a pair.
    pub(crate) fn last_run(&self, pair: &PairId) -> Option<&RunRecord> {
        self.last_runs.iter().find(|(id, _)| id == pair).and_then(|(_, run)| run.as_ref())
    }

    /// When the last run of all pairs ended.
    pub(crate) fn last_end(&self) -> Option<Timestamp> {
        self.last_runs.iter().filter_map(|(_, run)| run.as_ref()?.finished_at).max()
    }

    /// Parts that are not well, servers that are not watched, and pairs whose last run did not end well.
    pub(crate) fn alerts(&self) -> usize {
        let down = self.system.children.iter().filter(|(_, state, _)| *state != ChildState::Up).count();
        down + self.unwatched.len() + self.unwell().count()
    }

    fn unwell(&self) -> impl Iterator<Item = (&PairId, RunState)> {
        let is_enabled =
            |pair: &PairId| self.system.pairs.iter().any(|now| now.blueprint.id == *pair && now.blueprint.is_enabled);
        self.last_runs
            .iter()
            .filter(move |(pair, _)| is_enabled(pair))
            .filter_map(|(pair, run)| run.as_ref().map(|run| (pair, run.state)))
            .filter(|(_, state)| matches!(state, RunState::Failed | RunState::Partial | RunState::Interrupted))
    }

    fn given_up(&self) -> Option<&str> {
        let given_up = self.system.children.iter().find(|(_, state, _)| *state == ChildState::GivenUp);
        given_up.map(|(name, ..)| name.as_str())
    }

    /// How the service is doing, as a word.
    pub(crate) fn state(&self) -> ServiceState {
        if self.is_stopping {
            ServiceState::Stopping
        } else if self.system.frozen_since.is_some() {
            ServiceState::Frozen
        } else if !self.held.is_empty()
            || self.given_up().is_some()
            || !self.unwatched.is_empty()
            || self.unwell().next().is_some()
        {
            ServiceState::Attention
        } else {
            ServiceState::Ok
        }
    }

    /// How the service is doing, as a sentence.
    pub(crate) fn sentence(&self) -> String {
        status_sentence(&Situation {
            is_stopping: self.is_stopping,
            frozen_since: self.system.frozen_since,
            paused: self.system.pairs.iter().filter(|now| now.blueprint.is_enabled && now.is_paused).count(),
            held: self.held.len(),
            down: self.given_up(),
            unwatched: self.unwatched.first().map(|server| (&server.account, server.since)),
            pairs: self
                .system
                .pairs
                .iter()
                .filter(|now| now.blueprint.is_enabled && !now.blueprint.is_keeper())
                .count(),
            unwell: self.unwell().next(),
            running: self.system.pairs.iter().filter(|now| now.running.is_some()).count(),
            last_run: self.last_end(),
            now: self.now,
        })
    }
}

fn last_run(ledger: &dyn Ledger, pair: &PairId) -> Result<Option<RunRecord>, StorageFailure> {
    let past = ledger.runs(Some(pair), None, PAST_MAX)?;
    Ok(past.into_iter().find(super::shapes::counts))
}

/// Counts what is on its way, so many rows per account.
pub(crate) fn count_outbox(ledger: &dyn Ledger, accounts: &[ProviderId]) -> Result<OutboxCount, StorageFailure> {
    let mut count = OutboxCount::default();
    for account in accounts {
        let rows = ledger.outbox(account, OUTBOX_COUNT_MAX)?;
        count.more |= rows.len() == OUTBOX_COUNT_MAX;
        for row in rows {
            match row.state {
                OutboxState::Queued | OutboxState::Inflight => count.queued += 1,
                OutboxState::InDoubt => count.parked += 1,
            }
        }
        for parcel in ledger.parcels_waiting(account, OUTBOX_COUNT_MAX)? {
            match parcel.state {
                ParcelState::Parked => count.parked += 1,
                _ => count.queued += 1,
            }
        }
    }
    let settled = ledger.parcels_settled(None, OUTBOX_COUNT_MAX)?;
    count.dead += settled.iter().filter(|parcel| parcel.state == ParcelState::Dead).count() as u64;
    Ok(count)
}
