//! What can go wrong with an account, in the six ways that callers must tell apart.

use std::time::Duration;

use smol_str::SmolStr;

/// A failed call to an account. The detail is a sentence for people and never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing was changed; trying again later may help (no connection, 5xx on a read).
    #[error("{0}")]
    Transient(SmolStr),
    /// The account asked to wait this long.
    #[error("{detail} (wait {} s)", after.as_secs())]
    RateLimited {
        /// How long.
        after: Duration,
        /// Who said so.
        detail: SmolStr,
    },
    /// The credentials are missing, wrong or expired, and refreshing did not help: a person must sign in.
    #[error("{0}")]
    Auth(SmolStr),
    /// The account understood and said no; the same request will fail again.
    #[error("{0}")]
    Rejected(SmolStr),
    /// The answer was lost or means nothing (HTML instead of JSON, half a page): a write may or may not have been applied,
    /// and a read is neither empty nor complete.
    #[error("{0}")]
    InDoubt(SmolStr),
    /// The account is locked, suspended or no longer there: stop until a person acts.
    #[error("{0}")]
    Gone(SmolStr),
}

impl Fault {
    /// Whether waiting and trying again may help without a person.
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Transient(_) | Self::RateLimited { .. } | Self::InDoubt(_))
    }
}
