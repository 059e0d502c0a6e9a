//! From settings to the blueprint of the house: which adapter an account gets, how fast it is asked, and what a pair allows.
//!
//! Deliberately absent: starting anything, and asking any account.

mod accounts;
mod channels;
mod pace;
mod pairs;
mod routes;
mod unusable;

use std::{rc::Rc, sync::Arc};

use crosswatch_actors::{Blueprint, Lane, OnStorageFailure, SecretKey, SnapshotBlueprint};
use crosswatch_port::{Clock, Entropy, Knowledge, Ledger};
use crosswatch_settings::{Settings, Snapshot};

use crate::{clock::MachineEntropy, exit::Failure};

pub(crate) use pairs::pair;

/// What the machine gives the house.
pub(crate) struct Machine {
    /// The store.
    pub ledger: Arc<dyn Ledger>,
    /// Seals what the store keeps secret.
    pub secret_key: SecretKey,
    /// What is known about items beside what accounts say.
    pub knowledge: Arc<dyn Knowledge>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: MachineEntropy,
    /// Told when the disk fails.
    pub on_storage_failure: OnStorageFailure,
}

/// The house that these settings describe.
pub(crate) fn blueprint(settings: &Settings, machine: &Machine, follows_schedules: bool) -> Result<Blueprint, Failure> {
    let entropy: Arc<dyn Entropy> = Arc::new(machine.entropy);
    Ok(Blueprint {
        accounts: settings.providers.iter().map(accounts::account).collect(),
        pairs: settings.pairs.iter().map(|pair| pairs::pair(pair, settings)).collect(),
        routes: routes::routes(settings),
        snapshots: settings.snapshots.iter().map(snapshot).collect(),
        channels: channels::channels(settings, &machine.clock, &entropy)?,
        ledger: Arc::clone(&machine.ledger),
        secret_key: machine.secret_key.clone(),
        clock: Arc::clone(&machine.clock),
        entropy,
        lane: Lane::Blocking,
        knowledge: Arc::clone(&machine.knowledge),
        boot: machine.entropy.next_u128(),
        has_scheduler: follows_schedules,
        on_storage_failure: Rc::clone(&machine.on_storage_failure),
    })
}

fn snapshot(snapshot: &Snapshot) -> SnapshotBlueprint {
    SnapshotBlueprint {
        account: snapshot.provider.clone(),
        features: snapshot.features,
        schedule: snapshot.schedule.clone(),
        keep: snapshot.keep,
    }
}

#[cfg(test)]
pub(crate) mod tests_support {
    use std::{collections::BTreeMap, path::Path};

    use crosswatch_settings::{Settings, Sources, load_text};

    /// Settings from text alone.
    pub(crate) fn settings(text: &str) -> Settings {
        let sources = Sources::new("/nowhere", BTreeMap::new());
        load_text(text, Path::new("/nowhere/crosswatch.toml"), &sources).unwrap()
    }
}
