//! Where blocking work runs.
//!
//! The event loop never touches the disk or joins a library. In production such work goes to the blocking pool;
//! on a paused clock it runs in place, because a thread pool wakes up in an order no seed can repeat.

/// How blocking work is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// On the runtime's blocking threads.
    Blocking,
    /// In place: deterministic, for tests on a paused clock.
    Inline,
}

/// The work panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a piece of work failed unexpectedly; the log has the details")]
pub struct WorkFailed;

impl Lane {
    /// Runs `work` and answers its result.
    pub async fn run<R, W>(self, work: W) -> Result<R, WorkFailed>
    where
        R: Send + 'static,
        W: FnOnce() -> R + Send + 'static,
    {
        match self {
            Self::Inline => Ok(work()),
            Self::Blocking => tokio::task::spawn_blocking(work).await.map_err(|_| WorkFailed),
        }
    }
}
