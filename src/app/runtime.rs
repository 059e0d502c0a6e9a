//! The runtime: one thread for the actors, a few for the disk.

use std::{future::Future, time::Duration};

use crate::exit::Failure;

/// Threads for blocking work. The disk takes one request after the other anyway; planning a big library takes another.
const BLOCKING_THREADS_MAX: usize = 8;
/// An idle service keeps no threads.
const BLOCKING_IDLE: Duration = Duration::from_secs(10);

/// Carries out a command on a runtime of its own.
pub(crate) fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("the TLS provider was chosen before");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .thread_keep_alive(BLOCKING_IDLE)
        .build()
        .map_err(|error| Failure::failed(format!("the runtime could not be started: {error}")))?;
    actix_rt::System::with_tokio_rt(move || runtime).block_on(command)
}
