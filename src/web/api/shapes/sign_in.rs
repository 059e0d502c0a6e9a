//! A sign-in with a code.

use crosswatch_actors::{SignInProgress, SignInStanding};
use crosswatch_settings::Provider;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A sign-in with a code, as far as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SignIn)]
pub struct SignInShape {
    /// The account.
    id: String,
    /// `not-begun`, `waiting`, `done`, `denied`, or `expired`: the code is of no use any more.
    #[schema(example = "waiting")]
    state: &'static str,
    /// The page to open, once a code was asked for.
    verification_url: Option<String>,
    /// What to enter there.
    user_code: Option<String>,
    /// When the code stops being good.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// One sentence.
    sentence: String,
}

impl SignInShape {
    /// The sign-in of this account.
    pub(crate) fn new(provider: &Provider, progress: &SignInProgress) -> Self {
        let code = progress.code.as_ref();
        Self {
            id: provider.id.to_string(),
            state: word(progress.standing),
            verification_url: code.map(|code| code.verification_url.to_string()),
            user_code: code.map(|code| code.user_code.to_string()),
            expires_at: code.map(|code| code.expires_at),
            sentence: progress.sentence.to_string(),
        }
    }
}

const fn word(standing: SignInStanding) -> &'static str {
    match standing {
        SignInStanding::NotBegun => "not-begun",
        SignInStanding::Waiting => "waiting",
        SignInStanding::Done => "done",
        SignInStanding::Denied => "denied",
        SignInStanding::Expired => "expired",
    }
}
