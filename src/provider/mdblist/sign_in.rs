//! Signing in with a code, for accounts with a registered app.
//!
//! The code is kept in memory only: after a restart the person asks for another one.

use std::{cell::RefCell, time::Duration};

use crosswatch_port::{Fault, LocalFuture, SignIn, SignInCode, SignInState};
use jiff::{Timestamp, ToSpan};

use super::{
    Mdblist,
    wire::{DeviceReply, TokenRefusal, TokenReply},
};
use crate::http::Call;

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How long to wait between two questions when nothing is said about it, and how much longer after "slow down".
const INTERVAL_S: u64 = 5;
/// How long a code is good when nothing is said about it.
const LIFETIME_S: i64 = 300;

/// The code that a person is about to enter.
struct Pending {
    device_code: String,
    interval_s: u64,
    expires_at: Timestamp,
    /// The tokens arrived and only have to be kept.
    is_granted: bool,
}

/// The sign-in under way.
#[derive(Default)]
pub(super) struct Device(RefCell<Option<Pending>>);

impl Mdblist {
    async fn begin_sign_in(&self) -> Result<SignInCode, Fault> {
        let client_id = self.api.auth().client_id()?.clone();
        self.device.0.replace(None);
        let call = Call::sign_in(self.api.address("/oauth/device-authorization/"));
        let answer = self.api.http().send(&call.form(&[("client_id", &client_id), ("scope", "write")])).await?;
        if matches!(answer.status.as_u16(), 400 | 401 | 403) {
            return Err(unknown_app());
        }
        let reply: DeviceReply = answer.success()?.json()?;
        let lifetime_s = reply.expires_in.whole().and_then(|seconds| i64::try_from(seconds).ok()).unwrap_or(LIFETIME_S);
        let now = self.api.http().ports().clock.now();
        let expires_at = now.checked_add(lifetime_s.seconds()).unwrap_or(now);
        let interval_s = reply.interval.whole().filter(|seconds| (1..=60).contains(seconds)).unwrap_or(INTERVAL_S);
        let pending = Pending { device_code: reply.device_code, interval_s, expires_at, is_granted: false };
        self.device.0.replace(Some(pending));
        Ok(SignInCode {
            verification_url: reply.verification_uri,
            user_code: reply.user_code,
            expires_at,
            interval: Duration::from_secs(interval_s),
        })
    }

    async fn poll_sign_in(&self) -> Result<SignInState, Fault> {
        let (device_code, expires_at, is_granted) = match &*self.device.0.borrow() {
            None => return Ok(SignInState::NotBegun),
            Some(pending) => (pending.device_code.clone(), pending.expires_at, pending.is_granted),
        };
        let http = self.api.http();
        if is_granted {
            self.api.auth().keep_unsaved(http).await?;
            return Ok(self.end_with(SignInState::Done));
        }
        if http.ports().clock.now() >= expires_at {
            return Ok(self.end_with(SignInState::Expired));
        }
        let client_id = self.api.auth().client_id()?;
        let fields = [("grant_type", DEVICE_GRANT), ("device_code", &device_code), ("client_id", client_id)];
        let answer = http.send(&Call::sign_in(self.api.address("/oauth/token/")).form(&fields)).await?;
        if answer.status.is_success() {
            let reply: TokenReply = answer.json()?;
            if let Some(pending) = self.device.0.borrow_mut().as_mut() {
                pending.is_granted = true;
            }
            self.api.auth().accept(reply, http).await?;
            return Ok(self.end_with(SignInState::Done));
        }
        if !matches!(answer.status.as_u16(), 400 | 401 | 403) {
            return Err(answer.fault());
        }
        let refusal: TokenRefusal = answer.json()?;
        match refusal.error.text_or_empty() {
            "authorization_pending" => Ok(self.wait_longer(0)),
            "slow_down" => Ok(self.wait_longer(INTERVAL_S)),
            "expired_token" | "invalid_grant" => Ok(self.end_with(SignInState::Expired)),
            "access_denied" => Ok(self.end_with(SignInState::Denied)),
            _ => Err(unknown_app()),
        }
    }

    fn wait_longer(&self, by_s: u64) -> SignInState {
        let mut device = self.device.0.borrow_mut();
        let interval_s = device.as_mut().map_or(INTERVAL_S, |pending| {
            pending.interval_s = pending.interval_s.saturating_add(by_s).min(60);
            pending.interval_s
        });
        SignInState::Waiting(Duration::from_secs(interval_s))
    }

    fn end_with(&self, state: SignInState) -> SignInState {
        self.device.0.replace(None);
        state
    }
}

impl SignIn for Mdblist {
    fn begin(&self) -> LocalFuture<'_, Result<SignInCode, Fault>> {
        Box::pin(self.begin_sign_in())
    }

    fn poll(&self) -> LocalFuture<'_, Result<SignInState, Fault>> {
        Box::pin(self.poll_sign_in())
    }
}

fn unknown_app() -> Fault {
    Fault::Auth("MDBList does not know this app; check client_id".into())
}
