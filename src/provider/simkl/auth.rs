//! Asking SIMKL for tokens, in version 2 of its sign-in: with a code for a new link, and with the refresh token later.
//!
//! A refresh hands the same refresh token back and ends the access token before it at once. A token of version 1 has no
//! refresh token and is used as it is; version 1 ends in spring 2027. A scope that SIMKL does not like gives a token that may
//! only read, without a word, so what was granted is checked before a link counts.

use std::{cell::RefCell, time::Duration};

use crosswatch_port::{Fault, SignInCode, SignInState};
use jiff::{Timestamp, ToSpan};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

use super::{
    SimklOptions,
    api::may_write,
    quota::{error_of, patience, read_only},
    wire::{DeviceReply, TokenReply},
};
use crate::{
    http::{Answer, Call, HttpClient, base_url, below},
    tokens::{Renewal, TokenPair, TokenService, Tokens},
};

const SCOPE: &str = "media:read media:write";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const DEFAULT_INTERVAL_S: u64 = 5;
const DEFAULT_LIFE_S: u64 = 900;
/// No code is believed to live longer.
const LONGEST_LIFE_S: u64 = 24 * 3600;

/// Who may ask for tokens.
pub(super) struct Auth {
    /// What a person has to do when the tokens are of no use.
    pub(super) link_again: SmolStr,
    tokens: Tokens,
    base: Url,
    client_id: SmolStr,
    client_secret: Option<SecretString>,
    pending: RefCell<Option<Pending>>,
}

/// A sign-in under way.
#[derive(Clone)]
struct Pending {
    device_code: SecretString,
    interval: Duration,
    expires_at: Timestamp,
    /// The tokens are there and are not in the vault yet.
    is_granted: bool,
}

impl Auth {
    /// Nothing is read or sent yet.
    pub(super) fn new(options: &SimklOptions) -> Result<Self, Fault> {
        let link_again = format_smolstr!("run `crosswatch auth {}`", options.account);
        let service = TokenService {
            service: "SIMKL",
            not_linked: format_smolstr!("SIMKL is not linked yet; {link_again}"),
            link_again: link_again.clone(),
            early_s: 3600,
        };
        Ok(Self {
            link_again,
            tokens: Tokens::new(service, options.access_token.as_ref(), options.refresh_token.as_ref()),
            base: base_url(&options.url)?,
            client_id: options.client_id.trim().into(),
            client_secret: options.client_secret.clone(),
            pending: RefCell::default(),
        })
    }

    /// The access token to use now.
    pub(super) async fn access(&self, http: &HttpClient) -> Result<SecretString, Fault> {
        self.tokens.access(http, self).await
    }

    /// When the tokens in use end, where known.
    pub(super) fn tokens_end(&self) -> Option<jiff::Timestamp> {
        self.tokens.end()
    }

    /// The access token to use after `refused` was answered with `401`.
    pub(super) async fn access_after(&self, refused: &SecretString, http: &HttpClient) -> Result<SecretString, Fault> {
        self.tokens.access_after(refused, http, self).await
    }

    /// What the tokens allow, where SIMKL told.
    pub(super) async fn scope(&self, http: &HttpClient) -> Result<Option<String>, Fault> {
        self.tokens.scope(http).await
    }

    /// Asks for a code.
    pub(super) async fn begin(&self, http: &HttpClient) -> Result<SignInCode, Fault> {
        let body = json!({ "client_id": self.client_id, "scope": SCOPE });
        let answer = http.send(&self.call("/oauth2/device", &body)?).await?;
        if matches!(answer.status.as_u16(), 400 | 401 | 412) {
            return Err(Self::wrong_app(&answer));
        }
        let reply: DeviceReply = answer.success()?.json()?;
        let life_s = reply.expires_in.whole().unwrap_or(DEFAULT_LIFE_S).min(LONGEST_LIFE_S);
        let interval = Duration::from_secs(reply.interval.whole().unwrap_or(DEFAULT_INTERVAL_S).clamp(1, 60));
        let now = http.ports().clock.now();
        let expires_at = now.checked_add(i64::try_from(life_s).unwrap_or(0).seconds()).unwrap_or(now);
        let pending = Pending { device_code: reply.device_code.into(), interval, expires_at, is_granted: false };
        self.pending.replace(Some(pending));
        Ok(SignInCode { verification_url: reply.verification_uri, user_code: reply.user_code, expires_at, interval })
    }

    /// Asks once whether the person is done.
    pub(super) async fn poll(&self, http: &HttpClient) -> Result<SignInState, Fault> {
        let Some(pending) = self.pending.borrow().clone() else { return Ok(SignInState::NotBegun) };
        if pending.is_granted {
            self.tokens.scope(http).await?;
            return Ok(self.over(SignInState::Done));
        }
        if http.ports().clock.now() >= pending.expires_at {
            return Ok(self.over(SignInState::Expired));
        }
        let body = self.form(DEVICE_GRANT, "device_code", pending.device_code.expose_secret());
        let answer = http.send(&self.call("/oauth2/token", &body)?).await?;
        if answer.status.is_success() {
            return self.take(&answer, http).await;
        }
        match error_of(&answer).as_str() {
            "authorization_pending" => Ok(SignInState::Waiting(pending.interval)),
            "slow_down" => {
                let interval = pending.interval + Duration::from_secs(5);
                self.pending.replace(Some(Pending { interval, ..pending }));
                Ok(SignInState::Waiting(interval))
            }
            "expired_token" => Ok(self.over(SignInState::Expired)),
            "access_denied" => Ok(self.over(SignInState::Denied)),
            "invalid_client" => Err(Self::wrong_app(&answer)),
            _ => Err(answer.fault()),
        }
    }

    async fn take(&self, answer: &Answer, http: &HttpClient) -> Result<SignInState, Fault> {
        let pair = pair(answer, None, http)?;
        if pair.scope.as_deref().is_some_and(|scope| !may_write(scope)) {
            self.over(SignInState::Denied);
            return Err(Fault::Auth(read_only(&self.link_again)));
        }
        if let Some(pending) = self.pending.borrow_mut().as_mut() {
            pending.is_granted = true;
        }
        self.tokens.adopt(pair, http).await?;
        Ok(self.over(SignInState::Done))
    }

    fn over(&self, state: SignInState) -> SignInState {
        self.pending.replace(None);
        state
    }

    /// What is sent for tokens: the app, and what it has in hand.
    fn form(&self, grant_type: &'static str, name: &'static str, in_hand: &str) -> Value {
        let secret = self.client_secret.as_ref().map(|secret| ("client_secret", secret.expose_secret().trim()));
        let fields = [("client_id", self.client_id.as_str()), ("grant_type", grant_type), (name, in_hand)];
        fields.into_iter().chain(secret).map(|(name, text)| (name.to_owned(), json!(text))).collect()
    }

    fn call(&self, path: &str, body: &Value) -> Result<Call, Fault> {
        Ok(Call::sign_in(below(&self.base, path)).json(body)?.patience(patience))
    }

    fn wrong_app(answer: &Answer) -> Fault {
        let code = answer.status.as_u16();
        Fault::Auth(format_smolstr!(
            "{} does not accept the app ({code}); check client_id and client_secret, and that the app is one of sign-in \
             version 2",
            answer.place
        ))
    }
}

impl Renewal for Auth {
    async fn renew(&self, old: &TokenPair, http: &HttpClient) -> Result<TokenPair, Fault> {
        let refresh_token = old.refresh_token.as_deref().ok_or_else(|| self.tokens.not_accepted())?;
        let body = self.form("refresh_token", "refresh_token", refresh_token);
        let answer = http.send(&self.call("/oauth2/token", &body)?).await?;
        match answer.status.as_u16() {
            400 | 401 if error_of(&answer) == "invalid_client" => Err(Self::wrong_app(&answer)),
            400 | 401 => Err(self.tokens.not_accepted()),
            _ => pair(&answer.success()?, Some(old), http),
        }
    }
}

/// The tokens in an answer. What it leaves out stays as it was.
fn pair(answer: &Answer, old: Option<&TokenPair>, http: &HttpClient) -> Result<TokenPair, Fault> {
    let reply: TokenReply = answer.json()?;
    let scope = reply.scope.text().map(ToString::to_string);
    Ok(TokenPair {
        access_token: reply.access_token,
        refresh_token: reply.refresh_token.or_else(|| old.and_then(|old| old.refresh_token.clone())),
        created_at_s: Some(http.ports().clock.now().as_second()),
        lifetime_s: reply.expires_in.whole().and_then(|seconds| i64::try_from(seconds).ok()),
        scope: scope.or_else(|| old.and_then(|old| old.scope.clone())),
        seeded_by: old.and_then(|old| old.seeded_by.clone()),
    })
}
