//! Where what arrived is kept, before anybody is answered.

use crosswatch_actors::{Arrived, Kept, SaveError};
use crosswatch_port::LocalFuture;

/// Keeps what arrived. When the answer is there it is on the disk.
pub trait Inbox: Send + Sync {
    /// Keeps one arrival.
    fn keep(&self, arrived: Arrived) -> LocalFuture<'_, Result<Kept, SaveError>>;
}
