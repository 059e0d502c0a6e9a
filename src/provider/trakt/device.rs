//! Linking a Trakt account with a code that a person enters on Trakt's own page.
//!
//! The tokens are handed out once. They are in the vault before a link counts as done; where the vault refuses them they are
//! kept in memory, and asking again saves them. An app without a secret signs in with its id alone.
//! Deliberately absent: the sign-in in a browser, which needs an address of ours that Trakt can send people back to.

use std::{cell::RefCell, time::Duration};

use crosswatch_port::{Fault, LocalFuture, SignIn, SignInCode, SignInState};
use jiff::{Timestamp, ToSpan};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use smol_str::format_smolstr;

use super::{
    api::Api,
    wire::{DeviceReply, TokenReply},
};
use crate::http::{Answer, Call, below};

const DEFAULT_INTERVAL_S: u64 = 5;
const DEFAULT_LIFE_S: u64 = 600;
/// No code is believed to live longer.
const LONGEST_LIFE_S: u64 = 24 * 3600;
/// What is added to the interval when Trakt says that it is asked too often.
const SLOWER: Duration = Duration::from_secs(5);
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);

/// The code that was asked for last.
#[derive(Default)]
pub(super) struct PendingCode(RefCell<Option<Pending>>);

#[derive(Clone)]
struct Pending {
    device_code: SecretString,
    interval: Duration,
    expires_at: Timestamp,
    /// The tokens are here and not in the vault yet.
    is_granted: bool,
}

#[derive(Serialize)]
struct AskForCode<'a> {
    client_id: &'a str,
}

#[derive(Serialize)]
struct AskForTokens<'a> {
    code: &'a str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
}

impl SignIn for Api {
    fn begin(&self) -> LocalFuture<'_, Result<SignInCode, Fault>> {
        Box::pin(self.ask_for_code())
    }

    fn poll(&self) -> LocalFuture<'_, Result<SignInState, Fault>> {
        Box::pin(self.ask_for_tokens())
    }
}

impl Api {
    async fn ask_for_code(&self) -> Result<SignInCode, Fault> {
        self.code.0.take();
        let app = self.auth.app();
        let call = Call::sign_in(below(&app.base, "/oauth/device/code"));
        let answer = self.http().send(&call.json(&AskForCode { client_id: &app.client_id })?).await?;
        if is_about_the_app(&answer) {
            return Err(wrong_app(&answer));
        }
        let reply: DeviceReply = answer.success()?.json()?;
        let life_s = reply.expires_in.whole().unwrap_or(DEFAULT_LIFE_S).min(LONGEST_LIFE_S);
        let interval = Duration::from_secs(reply.interval.whole().unwrap_or(DEFAULT_INTERVAL_S).max(1));
        let interval = interval.min(LONGEST_INTERVAL);
        let now = self.http().ports().clock.now();
        let expires_at = now.checked_add(i64::try_from(life_s).unwrap_or(0).seconds()).unwrap_or(now);
        let pending = Pending { device_code: reply.device_code.into(), interval, expires_at, is_granted: false };
        self.code.0.replace(Some(pending));
        Ok(SignInCode { verification_url: reply.verification_url, user_code: reply.user_code, expires_at, interval })
    }

    async fn ask_for_tokens(&self) -> Result<SignInState, Fault> {
        let Some(pending) = self.code.0.borrow().clone() else { return Ok(SignInState::NotBegun) };
        if pending.is_granted {
            self.auth.save(self.http()).await?;
            return Ok(self.over(SignInState::Done));
        }
        if self.http().ports().clock.now() >= pending.expires_at {
            return Ok(self.over(SignInState::Expired));
        }
        let app = self.auth.app();
        let body = AskForTokens {
            code: pending.device_code.expose_secret(),
            client_id: &app.client_id,
            client_secret: app.secret(),
        };
        let call = Call::sign_in(below(&app.base, "/oauth/device/token")).any_body().json(&body)?;
        let answer = self.http().send(&call).await?;
        match answer.status.as_u16() {
            400 => Ok(SignInState::Waiting(pending.interval)),
            429 => Ok(self.slower(pending)),
            404 | 410 => Ok(self.over(SignInState::Expired)),
            418 => Ok(self.over(SignInState::Denied)),
            409 => {
                self.code.0.take();
                Err(Fault::Auth(
                    "Trakt says that this code was used already, but no tokens came back; begin again".into(),
                ))
            }
            _ if is_about_the_app(&answer) => Err(wrong_app(&answer)),
            _ => self.take_tokens(answer.success()?.json()?).await,
        }
    }

    async fn take_tokens(&self, reply: TokenReply) -> Result<SignInState, Fault> {
        if let Some(pending) = self.code.0.borrow_mut().as_mut() {
            pending.is_granted = true;
        }
        self.auth.adopt(reply, self.http()).await?;
        Ok(self.over(SignInState::Done))
    }

    fn slower(&self, pending: Pending) -> SignInState {
        let interval = (pending.interval + SLOWER).min(LONGEST_INTERVAL);
        self.code.0.replace(Some(Pending { interval, ..pending }));
        SignInState::Waiting(interval)
    }

    fn over(&self, state: SignInState) -> SignInState {
        self.code.0.take();
        state
    }
}

fn is_about_the_app(answer: &Answer) -> bool {
    matches!(answer.status.as_u16(), 401 | 403)
}

fn wrong_app(answer: &Answer) -> Fault {
    let (place, code) = (&answer.place, answer.status.as_u16());
    Fault::Auth(format_smolstr!("{place} does not accept the app ({code}); check client_id and client_secret"))
}
