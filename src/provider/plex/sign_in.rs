//! Signing in with a PIN of four characters, entered at plex.tv/link.
//!
//! The token that comes of it is kept before anybody is told that it worked. A PIN belongs to the app that asked for it and
//! lives a quarter of an hour; plex.tv wants no more than one question a second.

use std::{cell::RefCell, time::Duration};

use crosswatch_port::{Fault, LocalFuture, SignIn, SignInCode, SignInState};
use jiff::{SignedDuration, Timestamp};
use smol_str::SmolStr;

use super::{Plex, wire::WirePin};

/// How long to wait between two questions.
const INTERVAL: Duration = Duration::from_secs(2);
/// A PIN that does not say how long it lives.
const USUAL_LIFETIME: Duration = Duration::from_secs(900);

/// The PIN that waits for a person.
#[derive(Debug, Clone)]
pub(super) struct PendingPin {
    id: SmolStr,
    expires_at: Timestamp,
}

/// The place for it.
pub(super) type PinShelf = RefCell<Option<PendingPin>>;

impl SignIn for Plex {
    fn begin(&self) -> LocalFuture<'_, Result<SignInCode, Fault>> {
        Box::pin(self.begin_with_pin())
    }

    fn poll(&self) -> LocalFuture<'_, Result<SignInState, Fault>> {
        Box::pin(self.poll_pin())
    }
}

impl Plex {
    async fn begin_with_pin(&self) -> Result<SignInCode, Fault> {
        self.pin.take();
        let call = self.connection.plextv_sign_in("/api/v2/pins");
        let pin: WirePin = self.connection.send_anonymous(call).await?.success()?.json()?;
        let (Some(id), Some(code)) = (pin.id.written(), pin.code.written()) else {
            return Err(Fault::InDoubt("plex.tv did not tell a code; trying later may help".into()));
        };
        let now = self.connection.ports().clock.now();
        let lifetime = SignedDuration::try_from(pin.lifetime().unwrap_or(USUAL_LIFETIME)).unwrap_or_default();
        let expires_at = now.checked_add(lifetime).unwrap_or(now);
        self.pin.replace(Some(PendingPin { id, expires_at }));
        Ok(SignInCode {
            verification_url: self.connection.link_page().as_str().into(),
            user_code: code,
            expires_at,
            interval: INTERVAL,
        })
    }

    async fn poll_pin(&self) -> Result<SignInState, Fault> {
        let Some(pin) = self.pin.borrow().clone() else { return Ok(SignInState::NotBegun) };
        if self.connection.ports().clock.now() >= pin.expires_at {
            self.pin.take();
            return Ok(SignInState::Expired);
        }
        let call = self.connection.plextv_get(&format!("/api/v2/pins/{}", pin.id));
        let answer = self.connection.send_anonymous(call).await?;
        if answer.status.as_u16() == 404 {
            self.pin.take();
            return Ok(SignInState::Expired);
        }
        let told: WirePin = match answer.success() {
            Ok(answer) => answer.json()?,
            Err(Fault::RateLimited { after, .. }) => return Ok(SignInState::Waiting(after.max(INTERVAL))),
            Err(fault) => return Err(fault),
        };
        let Some(token) = told.auth_token.text() else { return Ok(SignInState::Waiting(INTERVAL)) };
        self.connection.link(token).await?;
        self.pin.take();
        Ok(SignInState::Done)
    }
}
