//! Where what arrived is kept, before anybody is answered.

use std::time::Duration;

use crosswatch_actors::{Arrived, AskError, Directory, Kept, SaveError};
use crosswatch_port::LocalFuture;

/// Keeps what arrived. When the answer is there it is on the disk.
pub trait Inbox: Send + Sync {
    /// Keeps one arrival.
    fn keep(&self, arrived: Arrived) -> LocalFuture<'_, Result<Kept, SaveError>>;
}

/// The ingress answers when the row is on the disk; a disk that is silent for so long has failed.
const KEEP_DEADLINE: Duration = Duration::from_secs(60);

impl Inbox for Directory {
    fn keep(&self, arrived: Arrived) -> LocalFuture<'_, Result<Kept, SaveError>> {
        let ingress = self.webhook();
        Box::pin(async move {
            let ingress = ingress.ok_or(SaveError::Unreachable(AskError::Closed))?;
            ingress.ask(arrived, KEEP_DEADLINE).await?
        })
    }
}
