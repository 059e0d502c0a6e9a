//! `crosswatch serve`: runs the service until it is told to stop.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use crosswatch_settings::{Settings, Severity, advise};

use crate::{
    api_key,
    exit::{Exit, Failure},
    service::{Service, Start},
    stop_signal::StopSignal,
    storage,
};

/// Starts, waits for a signal or a failing disk, stops.
pub(crate) async fn run(settings: &Arc<Settings>) -> Result<Exit, Failure> {
    let mut signal = StopSignal::listen()?;
    let ledger = storage::open_alone(&settings.storage.dir)?;
    let listener = bind(settings.server.listen)?;
    let api_key = api_key::load_or_make(settings)?;
    let start = Start { settings: Arc::clone(settings), ledger, listener, api_key, follows_schedules: true };
    let service = Service::start(start).await?;
    greet(settings, &service);
    let result = tokio::select! {
        name = signal.next() => {
            tracing::info!("{name}: stopping");
            Ok(Exit::Done)
        }
        failure = service.storage_failure() => Err(failure),
    };
    signal.make_next_one_final();
    service.stop().await;
    tracing::info!("stopped");
    result
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
