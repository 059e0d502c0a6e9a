//! The service: the house and the API around it, from start to stop.
//!
//! Promises: the socket is bound before any actor lives; `/readyz` says no from the moment a stop begins; a stop ends
//! within ten seconds, which is what container engines grant before they kill; a failing disk is told once and is final.

use std::{future::Future, net::TcpListener, rc::Rc, sync::Arc, time::Duration};

use actix_web::dev::ServerHandle;
use crosswatch_actors::{HookKey, House};
use crosswatch_port::{Clock, Ledger, StorageFailure};
use crosswatch_settings::Settings;
use crosswatch_web::{ApiState, ConfigFile, Readiness, Stage};
use secrecy::SecretString;
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use crate::{
    client::{Api, base_url},
    clock::{MachineClock, MachineEntropy},
    exit::{Exit, Failure},
    knowledge::Files,
    secret_key,
    wiring::{self, Machine},
};

/// What the house is given to end its runs and to empty its hands.
const HOUSE_DEADLINE: Duration = Duration::from_secs(7);
/// All of the stop; container engines kill after ten seconds.
const STOP_DEADLINE: Duration = Duration::from_secs(9);
/// What the house is given when nobody kills the process.
const PATIENCE: Duration = Duration::from_secs(180);

/// What a service is started from.
pub(crate) struct Start {
    /// What is configured.
    pub settings: Arc<Settings>,
    /// The store, opened.
    pub ledger: Arc<dyn Ledger>,
    /// The socket of the API, bound.
    pub listener: TcpListener,
    /// The key that opens the API.
    pub api_key: SecretString,
    /// Whether schedules start runs.
    pub follows_schedules: bool,
    /// The file that the configuration came from, where it can be replaced.
    pub config_file: Option<Arc<dyn ConfigFile>>,
}

/// A running service.
pub(crate) struct Service {
    house: House,
    server: ServerHandle,
    readiness: Arc<Readiness>,
    ledger: Arc<dyn Ledger>,
    storage: watch::Receiver<Option<StorageFailure>>,
    api_key: SecretString,
    url: String,
    /// Fetches tables for as long as the service lives.
    fetching: JoinHandle<()>,
}

impl Service {
    /// Starts the house, then opens the door.
    pub(crate) async fn start(start: Start) -> Result<Self, Failure> {
        let entropy = MachineEntropy::new()?;
        let clock: Arc<dyn Clock> = Arc::new(MachineClock::new());
        let readiness = Arc::new(Readiness::new());
        let (failures, storage) = watch::channel(None);
        let told = Arc::clone(&readiness);
        let knowledge = Arc::new(Files::open(&start.settings)?);
        let secret_key = secret_key::load_or_make(&start.settings.storage.dir)?;
        let hook_key = HookKey::new(secret_key.clone());
        let fetching = actix_rt::spawn(Arc::clone(&knowledge).keep_fresh(Arc::clone(&clock)));
        let machine = Machine {
            ledger: Arc::clone(&start.ledger),
            secret_key,
            knowledge,
            clock: Arc::clone(&clock),
            entropy,
            on_storage_failure: Rc::new(move |failure| {
                told.set(Stage::Failed);
                failures.send_if_modified(|first| {
                    let is_first = first.is_none();
                    first.get_or_insert_with(|| failure.clone());
                    is_first
                });
            }),
        };
        let blueprint = wiring::blueprint(&start.settings, &machine, start.follows_schedules)?;
        let address =
            start.listener.local_addr().map_err(|error| Failure::failed(format!("the socket is gone: {error}")))?;
        let url = base_url(address, start.settings.server.base_path.as_str());
        let house = House::start(blueprint).await.map_err(|error| Failure::storage(error.to_string()))?;
        tell_what_was_left(&house);
        let state = ApiState {
            directory: house.directory().clone(),
            settings: start.settings,
            api_key: start.api_key.clone(),
            clock,
            entropy: Arc::new(entropy),
            hook_key,
            inbox: Some(Arc::new(house.directory().clone())),
            pair_of: wiring::pair,
            config_file: start.config_file,
            readiness: Arc::clone(&readiness),
            version: crate::VERSION,
        };
        crosswatch_web::remember_outlines(&state).await.map_err(|problem| Failure::storage(problem.to_string()))?;
        let server = crosswatch_web::serve(state, start.listener)
            .map_err(|error| Failure::new(Exit::InUse, format!("the API cannot be served at {url}: {error}")))?;
        let handle = server.handle();
        actix_rt::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!("the API ended: {error}");
            }
        });
        readiness.set(Stage::Ready);
        let api_key = start.api_key;
        Ok(Self { house, server: handle, readiness, ledger: start.ledger, storage, api_key, url, fetching })
    }

    /// Where the API is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The way in.
    pub(crate) fn api(&self) -> Result<Api, Failure> {
        Api::new(self.url.clone(), &self.api_key)
    }

    /// Completes when the disk fails.
    pub(crate) fn storage_failure(&self) -> impl Future<Output = Failure> + 'static {
        let mut storage = self.storage.clone();
        async move {
            match storage.wait_for(Option::is_some).await {
                Ok(failure) => Failure::storage(failure.as_ref().map(ToString::to_string).unwrap_or_default()),
                // Without a house nobody can fail any more.
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// Stops so that another service can take its place in this process: patiently, for nobody kills it meanwhile.
    pub(crate) async fn make_room(self) -> Result<(), Failure> {
        self.readiness.set(Stage::Stopping);
        self.fetching.abort();
        let (unfinished, ()) = tokio::join!(self.house.stop(PATIENCE), self.server.stop(true));
        if unfinished.is_empty() {
            return Ok(());
        }
        Err(Failure::new(
            Exit::InUse,
            format!(
                "not finished in time: {}; ending the process, so that nothing is written twice; start it again",
                unfinished.join(", ")
            ),
        ))
    }

    /// Stops: nothing new is taken, runs are cancelled, requests under way end, the store is on the disk.
    pub(crate) async fn stop(self) {
        self.readiness.set(Stage::Stopping);
        self.fetching.abort();
        let stopping = async {
            let (unfinished, ()) = tokio::join!(self.house.stop(HOUSE_DEADLINE), self.server.stop(true));
            if !unfinished.is_empty() {
                tracing::warn!(
                    "not finished in time: {}; the next start reads back what was on its way",
                    unfinished.join(", ")
                );
            }
            let ledger = Arc::clone(&self.ledger);
            match tokio::task::spawn_blocking(move || ledger.sync()).await {
                Ok(Ok(())) => {}
                Ok(Err(failure)) => tracing::error!("{failure}"),
                Err(error) => tracing::error!("the last sync failed: {error}"),
            }
        };
        if timeout(STOP_DEADLINE, stopping).await.is_err() {
            tracing::warn!("stopped without waiting any longer; the next start reads back what was on its way");
        }
    }
}

/// What an earlier process left half done. Its leases are free again, and nothing of it is sent twice.
fn tell_what_was_left(house: &House) {
    let report = house.boot_report();
    if !report.interrupted_runs.is_empty() {
        let runs: Vec<String> = report.interrupted_runs.iter().map(ToString::to_string).collect();
        tracing::warn!("the last stop was not an orderly one; interrupted runs: {}", runs.join(", "));
    }
}
