//! What a command talks to: the running service, or one that it starts for itself when none is running.
//!
//! Who runs is decided by the lock on the data folder, not by a port: whoever holds the lock owns the state. A service
//! of a command's own listens on a free loopback port with a key of its own, follows no schedule, and ends with the command.
//! So every command speaks one language, the API, and `--json` is the same whoever answers.

use std::{future::Future, net::TcpListener, sync::Arc, time::Duration};

use crosswatch_settings::Settings;

use crate::{
    api_key,
    client::{Api, base_url},
    exit::{Exit, Failure},
    key_file,
    service::{Service, Start},
    stop_signal::StopSignal,
    storage::{self, Opened},
};

/// A service that is starting answers within this time.
const STARTING: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// An open session.
pub(crate) struct Session {
    api: Api,
    own: Option<Service>,
}

impl Session {
    /// Finds the running service, or starts one.
    pub(crate) async fn open(settings: &Arc<Settings>) -> Result<Self, Failure> {
        match storage::open(&settings.storage.dir)? {
            Opened::Locked => Ok(Self { api: running(settings).await?, own: None }),
            Opened::Ours(ledger) => {
                let listener = TcpListener::bind(("127.0.0.1", 0))
                    .map_err(|error| Failure::failed(format!("no free port on the loopback address: {error}")))?;
                let start = Start {
                    settings: Arc::clone(settings),
                    ledger,
                    listener,
                    api_key: key_file::random()?,
                    follows_schedules: false,
                    config_file: None,
                };
                let service = Service::start(start).await?;
                Ok(Self { api: service.api()?, own: Some(service) })
            }
        }
    }

    /// The way to the service.
    pub(crate) const fn api(&self) -> &Api {
        &self.api
    }

    /// Whether the service is this command's own and ends with it.
    pub(crate) const fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// Does the work, then ends the session. A signal or a failing disk comes first.
    pub(crate) async fn finish<T>(mut self, work: impl AsyncFnOnce(&Self) -> Result<T, Failure>) -> Result<T, Failure> {
        let mut signal = StopSignal::listen()?;
        let failing = self.own.as_ref().map(Service::storage_failure);
        let result = tokio::select! {
            result = work(&self) => result,
            name = signal.next() => {
                tracing::debug!("{name}");
                Err(Failure::stopped())
            }
            failure = disk(failing) => Err(failure),
        };
        if let Some(service) = self.own.take() {
            signal.make_next_one_final();
            service.stop().await;
        }
        result
    }
}

/// Completes when the disk of a service of our own fails.
async fn disk(failing: Option<impl Future<Output = Failure>>) -> Failure {
    match failing {
        Some(failing) => failing.await,
        None => std::future::pending().await,
    }
}

/// The way to the process that holds the data folder.
async fn running(settings: &Settings) -> Result<Api, Failure> {
    let base = base_url(settings.server.listen, settings.server.base_path.as_str());
    let folder = settings.storage.dir.display();
    let Some(key) = api_key::existing(settings)? else {
        let path = api_key::file(settings);
        return Err(Failure::new(
            Exit::InUse,
            format!("another process uses {folder} and left no key in {}; wait for it to end", path.display()),
        ));
    };
    let api = Api::new(base, &key)?;
    let looks = STARTING.as_millis() / LOOK_EVERY.as_millis().max(1);
    for _ in 0..looks {
        if api.ready(LOOK_EVERY * 4).await.is_ok() {
            return Ok(api);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err(Failure::new(
        Exit::InUse,
        format!(
            "another process uses {folder}, but no service answers at {}: another command may be at work on its own \
             (wait for it), or the service listens elsewhere (use its configuration and environment)",
            api.base()
        ),
    ))
}
