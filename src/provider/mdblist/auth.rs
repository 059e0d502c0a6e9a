//! What one MDBList account is let in with: its API key, or the tokens of a sign-in.
//!
//! MDBList takes the key in the address of a request and nowhere else, which is why no address is ever shown with its query.
//! A sign-in that is kept wins over the key, for as long as its app is configured. Refresh tokens are taken to work once:
//! there is one refresher at a time, and a new pair is in the vault before it is used for the first time.

use crosswatch_port::{Fault, Vault};
use jiff::{Timestamp, ToSpan};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use tokio::sync::Mutex;

use super::{MdblistOptions, wire::TokenReply};
use crate::http::{Call, HttpClient, base_url, below};

/// The name of the pair in the vault.
const SECRET_NAME: &str = "tokens";
/// The address that hands out tokens; without the slash at its end there is nothing.
const TOKEN_PATH: &str = "/oauth/token/";

/// Tokens as they are kept.
#[derive(Clone, Serialize, Deserialize)]
struct Pair {
    access_token: String,
    refresh_token: Option<String>,
    created_at_s: i64,
    lifetime_s: Option<i64>,
}

/// What to show at the door.
#[derive(Clone)]
pub(super) enum Pass {
    /// The key, in the address.
    Key(SecretString),
    /// An access token, in the header.
    Token(SecretString),
}

/// Who may ask for tokens.
pub(super) struct Auth {
    base: Url,
    account: SmolStr,
    key: Option<SecretString>,
    client_id: Option<SmolStr>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    pair: Option<Pair>,
    is_unsaved: bool,
    is_loaded: bool,
}

impl Auth {
    /// Nothing is read or sent yet.
    pub(super) fn new(options: &MdblistOptions) -> Result<Self, Fault> {
        let key = options.api_key.as_ref().map(|key| SecretString::from(key.expose_secret().trim()));
        Ok(Self {
            base: base_url(&options.url)?,
            account: options.account.clone(),
            key: key.filter(|key| !key.expose_secret().is_empty()),
            client_id: options.client_id.clone(),
            held: Mutex::default(),
        })
    }

    /// The app that signs in, or why there is none.
    pub(super) fn client_id(&self) -> Result<&SmolStr, Fault> {
        self.client_id.as_ref().ok_or_else(|| {
            Fault::Rejected(format_smolstr!(
                "MDBList lets in with an API key: copy the key from mdblist.com/preferences into token of account {}; \
                 a sign-in with a code needs the client_id of an app",
                self.account
            ))
        })
    }

    /// What to show now; tokens are refreshed in time where their end is known.
    pub(super) async fn pass(&self, http: &HttpClient) -> Result<Pass, Fault> {
        if self.client_id.is_some() {
            let mut held = self.held.lock().await;
            settle(&mut held, http).await?;
            if let Some(pair) = held.pair.clone() {
                return self.token_of(&mut held, pair, http).await.map(Pass::Token);
            }
        }
        self.key.clone().map(Pass::Key).ok_or_else(|| self.no_pass())
    }

    /// The access token to use after `refused` was answered with `401`. Whoever comes second finds the work done.
    pub(super) async fn token_after(&self, refused: &SecretString, http: &HttpClient) -> Result<SecretString, Fault> {
        let mut held = self.held.lock().await;
        settle(&mut held, http).await?;
        let pair = held.pair.clone().ok_or_else(|| self.no_pass())?;
        if pair.access_token != refused.expose_secret() {
            return Ok(pair.access_token.into());
        }
        self.refresh(&mut held, &pair, http).await
    }

    /// What a refusal of this pass means, for the person who can do something about it.
    pub(super) fn refused(&self, pass: &Pass) -> Fault {
        match pass {
            Pass::Key(_) => Fault::Auth(format_smolstr!(
                "MDBList does not accept the API key; copy it again from mdblist.com/preferences into token of account {}",
                self.account
            )),
            Pass::Token(_) => self.sign_in_again(),
        }
    }

    /// Takes the answer of a sign-in. The pair is in the vault when this is done.
    pub(super) async fn accept(&self, reply: TokenReply, http: &HttpClient) -> Result<(), Fault> {
        let mut held = self.held.lock().await;
        let pair = Pair::of(reply, None, http.ports().clock.now());
        *held = Held { pair: Some(pair), is_unsaved: true, is_loaded: true };
        settle(&mut held, http).await
    }

    /// Puts a pair that could not be kept into the vault after all.
    pub(super) async fn keep_unsaved(&self, http: &HttpClient) -> Result<(), Fault> {
        settle(&mut *self.held.lock().await, http).await
    }

    async fn token_of(&self, held: &mut Held, pair: Pair, http: &HttpClient) -> Result<SecretString, Fault> {
        let now = http.ports().clock.now();
        if pair.refresh_token.is_none() || !pair.is_due(now) {
            return Ok(pair.access_token.into());
        }
        match self.refresh(held, &pair, http).await {
            Err(fault) if fault.may_pass() && !pair.is_over(now) => Ok(pair.access_token.into()),
            refreshed => refreshed,
        }
    }

    async fn refresh(&self, held: &mut Held, old: &Pair, http: &HttpClient) -> Result<SecretString, Fault> {
        let refresh_token = old.refresh_token.as_deref().ok_or_else(|| self.sign_in_again())?;
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
            ("client_id", self.client_id.as_deref().unwrap_or_default()),
        ];
        let answer = http.send(&Call::sign_in(below(&self.base, TOKEN_PATH)).form(&fields)).await?;
        if matches!(answer.status.as_u16(), 400 | 401 | 403) {
            return Err(self.sign_in_again());
        }
        let reply: TokenReply = answer.success()?.json()?;
        let pair = Pair::of(reply, old.refresh_token.clone(), http.ports().clock.now());
        *held = Held { pair: Some(pair.clone()), is_unsaved: true, is_loaded: true };
        settle(held, http).await?;
        Ok(pair.access_token.into())
    }

    fn no_pass(&self) -> Fault {
        let account = &self.account;
        Fault::Auth(if self.client_id.is_some() {
            format_smolstr!("MDBList is not signed in to; run crosswatch auth {account}")
        } else {
            format_smolstr!(
                "MDBList has no API key; copy the key from mdblist.com/preferences into token of account {account}"
            )
        })
    }

    fn sign_in_again(&self) -> Fault {
        Fault::Auth(format_smolstr!(
            "MDBList does not accept the sign-in any more; run crosswatch auth {}",
            self.account
        ))
    }
}

impl Pair {
    /// A new pair; an answer without a refresh token leaves the old one good.
    fn of(reply: TokenReply, old_refresh_token: Option<String>, now: Timestamp) -> Self {
        Self {
            access_token: reply.access_token,
            refresh_token: reply.refresh_token.or(old_refresh_token),
            created_at_s: now.as_second(),
            lifetime_s: reply.expires_in.whole().and_then(|seconds| i64::try_from(seconds).ok()),
        }
    }

    fn end(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.created_at_s.checked_add(self.lifetime_s?)?).ok()
    }

    /// Five minutes before the end, or at four fifths of a shorter life.
    fn is_due(&self, now: Timestamp) -> bool {
        let early_s = self.lifetime_s.map_or(0, |lifetime_s| (lifetime_s / 5).clamp(0, 300));
        self.end().is_some_and(|end| now.checked_add(early_s.seconds()).is_ok_and(|soon| soon >= end))
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.end().is_some_and(|end| now >= end)
    }
}

/// Makes sure that the pair in memory is the one in the vault.
async fn settle(held: &mut Held, http: &HttpClient) -> Result<(), Fault> {
    let vault: &dyn Vault = &*http.ports().vault;
    if let Some(pair) = held.pair.as_ref().filter(|_| held.is_unsaved) {
        let text = serde_json::to_string(pair)
            .map_err(|error| Fault::Transient(format_smolstr!("the MDBList tokens could not be written: {error}")))?;
        vault.save(SECRET_NAME, text.into()).await?;
        held.is_unsaved = false;
    }
    if held.is_loaded {
        return Ok(());
    }
    let stored = vault.load(SECRET_NAME).await?;
    // What cannot be read is no sign-in; another one replaces it.
    held.pair = stored.and_then(|stored| serde_json::from_str(stored.expose_secret()).ok());
    held.is_loaded = true;
    Ok(())
}
