//! Signing in to Jellyfin with a code: Quick Connect. The server shows nothing; the person enters our code on the page of a
//! client where they are signed in.
//!
//! A code that somebody else approved is no sign-in: the account is one user's. Emby has nothing of the kind.

use std::{cell::RefCell, time::Duration};

use crosswatch_port::{Fault, LocalFuture, SignIn, SignInCode, SignInState};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use smol_str::format_smolstr;

use super::{
    MediaServer,
    wire::{CodeAnswer, CodeSecret, SignedIn},
};

/// The server forgets a code after ten minutes.
const LIFETIME_MIN: i64 = 10;
/// How long to wait between two questions.
const INTERVAL: Duration = Duration::from_secs(5);

/// The code that was asked for last.
#[derive(Default)]
pub(super) struct PendingCode(RefCell<Option<Pending>>);

#[derive(Clone)]
struct Pending {
    secret: SecretString,
    expires_at: Timestamp,
}

impl SignIn for MediaServer {
    fn begin(&self) -> LocalFuture<'_, Result<SignInCode, Fault>> {
        Box::pin(self.ask_for_code())
    }

    fn poll(&self) -> LocalFuture<'_, Result<SignInState, Fault>> {
        Box::pin(self.ask_for_token())
    }
}

impl MediaServer {
    async fn ask_for_code(&self) -> Result<SignInCode, Fault> {
        self.code.0.take();
        let call = self.connection.sign_in_call("/QuickConnect/Initiate");
        let answer = self.connection.send_unsigned(call).await?;
        if matches!(answer.status.as_u16(), 401 | 403) {
            return Err(Fault::Rejected(
                "Quick Connect is switched off on this server; switch it on in its dashboard, or sign in with a \
                 password or an API key"
                    .into(),
            ));
        }
        let code: CodeAnswer = answer.success()?.json()?;
        let expires_at = self.connection.ports().clock.now() + jiff::SignedDuration::from_mins(LIFETIME_MIN);
        self.code.0.replace(Some(Pending { secret: code.secret.into(), expires_at }));
        Ok(SignInCode {
            verification_url: format_smolstr!("{}/web/#/quickconnect", self.connection.base().trim_end_matches('/')),
            user_code: code.code.into(),
            expires_at,
            interval: INTERVAL,
        })
    }

    async fn ask_for_token(&self) -> Result<SignInState, Fault> {
        let Some(pending) = self.code.0.borrow().clone() else { return Ok(SignInState::NotBegun) };
        if self.connection.ports().clock.now() >= pending.expires_at {
            self.code.0.take();
            return Ok(SignInState::Expired);
        }
        let call = self.connection.get("/QuickConnect/Connect").query("secret", pending.secret.expose_secret());
        let answer = self.connection.send_unsigned(call).await?;
        if answer.status.as_u16() == 404 {
            self.code.0.take();
            return Ok(SignInState::Expired);
        }
        let told: CodeAnswer = answer.success()?.json()?;
        if !told.authenticated {
            return Ok(SignInState::Waiting(INTERVAL));
        }
        // The secret works once: whatever comes of it, this code is over.
        self.code.0.take();
        let call = self.connection.sign_in_call("/Users/AuthenticateWithQuickConnect");
        let call = call.json(&CodeSecret { secret: pending.secret.expose_secret() })?;
        let answer = self.connection.send_unsigned(call).await?;
        if matches!(answer.status.as_u16(), 400 | 401) {
            return Ok(SignInState::Expired);
        }
        let signed_in: SignedIn = answer.success()?.json()?;
        let user = signed_in.user.0.unwrap_or_default();
        if !user.is(&self.connection.options().user) {
            return Err(Fault::Auth(format_smolstr!(
                "the code was approved by \"{}\", not by \"{}\"; begin again and let \"{}\" approve it",
                user.name.text_or_empty(),
                self.connection.options().user,
                self.connection.options().user,
            )));
        }
        self.connection.keep_token(signed_in.access_token.into()).await?;
        Ok(SignInState::Done)
    }
}
