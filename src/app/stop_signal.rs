//! SIGTERM and SIGINT: the first asks to stop, a second one during the stop ends the process at once.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};

/// Listens from the moment it is made.
#[derive(Debug)]
pub(crate) struct StopSignal {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignal {
    /// Starts to listen; the default action of both signals is off from now on.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let listen =
            |kind| signal(kind).map_err(|error| Failure::failed(format!("signals cannot be received: {error}")));
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Completes with the next signal, which it names.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    /// Lets the next signal end the process with 130 while it is stopping.
    pub(crate) fn make_next_one_final(mut self) {
        actix_rt::spawn(async move {
            let name = self.next().await;
            tracing::warn!("{name} again: leaving at once, what was on its way is read back at the next start");
            std::process::exit(i32::from(Exit::Stopped as u8));
        });
    }
}
