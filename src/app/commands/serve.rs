//! `crosswatch serve`: runs the service until it is told to stop.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use crosswatch_settings::{Settings, Severity, Sources, advise};
use crosswatch_web::ConfigFile;
use tokio::sync::watch;

use crate::{
    api_key,
    config_file::FileOnDisk,
    exit::{Exit, Failure},
    service::{Service, Start},
    stop_signal::StopSignal,
    storage,
};

/// How a service ends.
enum End {
    /// The process is told to stop.
    Told,
    /// The disk failed.
    Failed(Failure),
    /// Another configuration takes its place.
    Replaced(Arc<Settings>),
}

/// Starts, waits for a signal, a failing disk or another configuration, stops. The socket and the store are kept from the
/// first service to the last.
pub(crate) async fn run(settings: Arc<Settings>, sources: Sources) -> Result<Exit, Failure> {
    let mut signal = StopSignal::listen()?;
    let ledger = storage::open_alone(&settings.storage.dir)?;
    let socket = bind(settings.server.listen)?;
    let (taken, mut replaced) = watch::channel(None);
    let file = sources
        .locate()?
        .map(|path| Arc::new(FileOnDisk::new(path, sources, Arc::clone(&settings), taken)) as Arc<dyn ConfigFile>);
    let mut settings = settings;
    loop {
        let listener =
            socket.try_clone().map_err(|error| Failure::failed(format!("the socket cannot be used: {error}")))?;
        let start = Start {
            settings: Arc::clone(&settings),
            ledger: Arc::clone(&ledger),
            listener,
            api_key: api_key::load_or_make(&settings)?,
            follows_schedules: true,
            config_file: file.clone(),
        };
        let service = Service::start(start).await?;
        greet(&settings, &service);
        let end = tokio::select! {
            name = signal.next() => {
                tracing::info!("{name}: stopping");
                End::Told
            }
            failure = service.storage_failure() => End::Failed(failure),
            new = next(&mut replaced) => End::Replaced(new),
        };
        let result = match end {
            End::Replaced(new) => {
                service.make_room().await?;
                settings = new;
                continue;
            }
            End::Told => Ok(Exit::Done),
            End::Failed(failure) => Err(failure),
        };
        signal.make_next_one_final();
        service.stop().await;
        tracing::info!("stopped");
        return result;
    }
}

/// The next configuration that was taken. Without a file there is never one.
async fn next(replaced: &mut watch::Receiver<Option<Arc<Settings>>>) -> Arc<Settings> {
    while replaced.changed().await.is_ok() {
        if let Some(settings) = replaced.borrow_and_update().clone() {
            return settings;
        }
    }
    std::future::pending().await
}

/// Binds the address of the API, before anything is started that would have to be stopped again.
pub(crate) fn bind(listen: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(listen).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => Failure::new(
            Exit::InUse,
            format!("{listen} is in use by another process; stop it, or set server.listen to another port"),
        ),
        _ => Failure::new(Exit::BadConfig, format!("server.listen: {listen} cannot be used on this machine: {error}")),
    })
}

fn greet(settings: &Settings, service: &Service) {
    if settings.pairs.is_empty() {
        tracing::warn!("no pair is configured, so there is nothing to do; see config/example.toml");
    }
    for advice in advise(settings) {
        match advice.severity {
            Severity::Info => tracing::debug!("{}: {}", advice.subject, advice.message),
            Severity::Warning => tracing::warn!("{}: {} {}", advice.subject, advice.message, advice.fix),
            Severity::Error => tracing::error!("{}: {} {}", advice.subject, advice.message, advice.fix),
        }
    }
    tracing::info!(version = crate::VERSION, url = service.url(), pairs = settings.pairs.len(), "ready");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_told_apart_from_an_address_that_is_wrong() {
        let taken = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let failure = bind(taken.local_addr().unwrap()).unwrap_err();
        assert_eq!(failure.exit, Exit::InUse);
        assert!(failure.message.contains("server.listen"), "{failure}");
        // An address of the documentation range is on no machine.
        assert_eq!(bind("192.0.2.1:0".parse().unwrap()).unwrap_err().exit, Exit::BadConfig);
    }
}
