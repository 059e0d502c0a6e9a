//! Signing in to an account with a code that a person enters on the service's own page.

use std::time::Duration;

use jiff::Timestamp;
use smol_str::SmolStr;

use crate::{Fault, LocalFuture};

/// An account that can be signed in to with a code.
pub trait SignIn {
    /// Asks the service for a code. A code asked for earlier is given up.
    fn begin(&self) -> LocalFuture<'_, Result<SignInCode, Fault>>;

    /// Asks once whether the person is done. What the service hands out MUST be in the vault before this says so.
    fn poll(&self) -> LocalFuture<'_, Result<SignInState, Fault>>;
}

/// What a person needs to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInCode {
    /// The page to open.
    pub verification_url: SmolStr,
    /// What to enter there.
    pub user_code: SmolStr,
    /// When the code stops being good.
    pub expires_at: Timestamp,
    /// How long to wait between two questions.
    pub interval: Duration,
}

/// How far a sign-in is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInState {
    /// The person has not finished; ask again after this long.
    Waiting(Duration),
    /// Signed in, and the tokens are kept.
    Done,
    /// The person said no.
    Denied,
    /// Too late, or the service no longer knows the code.
    Expired,
    /// Nobody asked for a code.
    NotBegun,
}
