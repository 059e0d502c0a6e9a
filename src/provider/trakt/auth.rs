//! The token pair of one Trakt account.
//!
//! A refresh token works once and is replaced with every use, so there is one refresher at a time and the new pair is in
//! the vault before it is used for the first time. If the answer to a refresh is lost, the old pair stays what we have, and
//! the next refresh will tell that Trakt has to be linked again. The tokens of the configuration are the first ones of a
//! link: the vault wins over them for as long as they are the ones that its pair came from. Others are another link.

use crosswatch_port::{Fault, Vault};
use jiff::{Timestamp, ToSpan};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use tokio::sync::Mutex;

use super::{TraktOptions, wire::TokenReply};
use crate::http::{Call, HttpClient, base_url, below};

/// The name of the pair in the vault.
const SECRET_NAME: &str = "tokens";
/// The redirect address of apps without one.
const NO_REDIRECT: &str = "urn:ietf:wg:oauth:2.0:oob";

/// Tokens as they are kept.
#[derive(Clone, Serialize, Deserialize)]
struct Pair {
    access_token: String,
    refresh_token: Option<String>,
    created_at_s: Option<i64>,
    lifetime_s: Option<i64>,
    /// The access token of the configuration that this pair came from.
    seeded_by: Option<String>,
}

/// Who may ask for tokens.
pub(super) struct Auth {
    base: Url,
    client_id: SmolStr,
    client_secret: Option<SecretString>,
    seed: Option<Pair>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    pair: Option<Pair>,
    is_unsaved: bool,
}

#[derive(Serialize)]
struct Exchange<'a> {
    refresh_token: &'a str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    redirect_uri: &'a str,
    grant_type: &'a str,
}

impl Auth {
    /// Nothing is read or sent yet.
    pub(super) fn new(options: &TraktOptions) -> Result<Self, Fault> {
        let text = |secret: &SecretString| secret.expose_secret().trim().to_owned();
        let seed = options.access_token.as_ref().map(|access| Pair {
            access_token: text(access),
            refresh_token: options.refresh_token.as_ref().map(text),
            created_at_s: None,
            lifetime_s: None,
            seeded_by: Some(text(access)),
        });
        Ok(Self {
            base: base_url(&options.auth_url)?,
            client_id: options.client_id.clone(),
            client_secret: options.client_secret.clone(),
            seed,
            held: Mutex::default(),
        })
    }

    /// The access token to use now, refreshed in time where its end is known.
    pub(super) async fn access(&self, http: &HttpClient) -> Result<SecretString, Fault> {
        let mut held = self.held.lock().await;
        self.settle(&mut held, http).await?;
        let pair = held.pair.clone().ok_or_else(not_linked)?;
        let now = http.ports().clock.now();
        if pair.refresh_token.is_none() || !pair.is_due(now) {
            return Ok(pair.access_token.into());
        }
        match self.refresh(&mut held, &pair, http).await {
            Err(fault) if fault.may_pass() && !pair.is_over(now) => Ok(pair.access_token.into()),
            refreshed => refreshed,
        }
    }

    /// The access token to use after `refused` was answered with `401`. Whoever comes second finds the work done.
    pub(super) async fn access_after(&self, refused: &SecretString, http: &HttpClient) -> Result<SecretString, Fault> {
        let mut held = self.held.lock().await;
        self.settle(&mut held, http).await?;
        let pair = held.pair.clone().ok_or_else(not_linked)?;
        if pair.access_token != refused.expose_secret() {
            return Ok(pair.access_token.into());
        }
        self.refresh(&mut held, &pair, http).await
    }

    /// Makes sure that the pair in memory is the one in the vault, or the one of the configuration where that is the newer
    /// link.
    async fn settle(&self, held: &mut Held, http: &HttpClient) -> Result<(), Fault> {
        let vault = &*http.ports().vault;
        if let Some(pair) = held.pair.as_ref().filter(|_| held.is_unsaved) {
            keep(vault, pair).await?;
            held.is_unsaved = false;
        }
        if held.pair.is_some() {
            return Ok(());
        }
        let stored = match vault.load(SECRET_NAME).await? {
            Some(stored) => Some(
                serde_json::from_str(stored.expose_secret())
                    .map_err(|_| Fault::Auth("the stored Trakt tokens cannot be read; link Trakt again".into()))?,
            ),
            None => None,
        };
        held.pair = self.newest(stored);
        Ok(())
    }

    /// A stored pair that does not say where it came from counts.
    fn newest(&self, stored: Option<Pair>) -> Option<Pair> {
        let is_of_this_link = |pair: &Pair| match (&self.seed, &pair.seeded_by) {
            (Some(seed), Some(first)) => *first == seed.access_token,
            _ => true,
        };
        stored.filter(is_of_this_link).or_else(|| self.seed.clone())
    }

    async fn refresh(&self, held: &mut Held, old: &Pair, http: &HttpClient) -> Result<SecretString, Fault> {
        let refresh_token = old.refresh_token.as_deref().ok_or_else(link_again)?;
        let body = Exchange {
            refresh_token,
            client_id: &self.client_id,
            client_secret: self.client_secret.as_ref().map(|secret| secret.expose_secret().trim()),
            redirect_uri: NO_REDIRECT,
            grant_type: "refresh_token",
        };
        let answer = http.send(&Call::sign_in(below(&self.base, "/oauth/token")).json(&body)?).await?;
        if matches!(answer.status.as_u16(), 400 | 401) {
            return Err(link_again());
        }
        let reply: TokenReply = answer.success()?.json()?;
        let pair = Pair {
            access_token: reply.access_token,
            refresh_token: Some(reply.refresh_token),
            created_at_s: reply
                .created_at
                .whole()
                .and_then(|second| i64::try_from(second).ok())
                .or_else(|| Some(http.ports().clock.now().as_second())),
            lifetime_s: reply.expires_in.whole().and_then(|seconds| i64::try_from(seconds).ok()),
            seeded_by: old.seeded_by.clone(),
        };
        *held = Held { pair: Some(pair.clone()), is_unsaved: true };
        keep(&*http.ports().vault, &pair).await?;
        held.is_unsaved = false;
        Ok(pair.access_token.into())
    }
}

impl Pair {
    fn end(&self) -> Option<Timestamp> {
        let second = self.created_at_s?.checked_add(self.lifetime_s?)?;
        Timestamp::from_second(second).ok()
    }

    /// An hour before the end, or at four fifths of a shorter life.
    fn is_due(&self, now: Timestamp) -> bool {
        let early_s = self.lifetime_s.map_or(0, |lifetime_s| (lifetime_s / 5).clamp(0, 3600));
        self.end().is_some_and(|end| now.checked_add(early_s.seconds()).is_ok_and(|soon| soon >= end))
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.end().is_some_and(|end| now >= end)
    }
}

async fn keep(vault: &dyn Vault, pair: &Pair) -> Result<(), Fault> {
    let text = serde_json::to_string(pair)
        .map_err(|error| Fault::Transient(format_smolstr!("the Trakt tokens could not be written: {error}")))?;
    vault.save(SECRET_NAME, text.into()).await
}

fn not_linked() -> Fault {
    Fault::Auth("Trakt is not linked yet; link it, or give access_token and refresh_token once".into())
}

fn link_again() -> Fault {
    Fault::Auth("Trakt does not accept the stored tokens any more; link Trakt again".into())
}
