//! The tokens of one account that hands out new ones.
//!
//! There is one refresher at a time, and new tokens are in the vault before they are used for the first time. If the answer
//! to a refresh is lost, the old tokens stay what we have. The tokens of the configuration are the first ones of a link: the
//! vault wins over them for as long as they are the ones that its tokens came from. Others are another link.
//! Deliberately absent: how a service is asked for tokens.

use crosswatch_port::{Fault, Vault};
use jiff::{Timestamp, ToSpan};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use tokio::sync::Mutex;

use crate::http::HttpClient;

/// The name of the tokens in the vault.
const SECRET_NAME: &str = "tokens";

/// Tokens as they are kept.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct TokenPair {
    pub(crate) access_token: String,
    pub(crate) refresh_token: Option<String>,
    pub(crate) created_at_s: Option<i64>,
    pub(crate) lifetime_s: Option<i64>,
    /// What they allow, where the service tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<String>,
    /// The access token of the configuration that they came from.
    pub(crate) seeded_by: Option<String>,
}

/// How a service is asked for new tokens.
pub(crate) trait Renewal {
    /// Tokens in place of the old ones.
    async fn renew(&self, old: &TokenPair, http: &HttpClient) -> Result<TokenPair, Fault>;
}

/// What is particular to a service: what a person is told, and how early tokens are renewed.
pub(crate) struct TokenService {
    /// The service.
    pub(crate) service: &'static str,
    /// There are no tokens.
    pub(crate) not_linked: SmolStr,
    /// How to link it again.
    pub(crate) link_again: SmolStr,
    /// Tokens are renewed so many seconds before their end, or at four fifths of a shorter life.
    pub(crate) early_s: i64,
}

/// The tokens of an account.
pub(crate) struct Tokens {
    service: TokenService,
    seed: Option<TokenPair>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    pair: Option<TokenPair>,
    is_unsaved: bool,
}

impl Tokens {
    /// Nothing is read yet.
    pub(crate) fn new(service: TokenService, access: Option<&SecretString>, refresh: Option<&SecretString>) -> Self {
        let text = |secret: &SecretString| secret.expose_secret().trim().to_owned();
        let seed = access.map(|access| TokenPair {
            access_token: text(access),
            refresh_token: refresh.map(text),
            created_at_s: None,
            lifetime_s: None,
            scope: None,
            seeded_by: Some(text(access)),
        });
        Self { service, seed, held: Mutex::default() }
    }

    /// The access token to use now, refreshed in time where its end is known.
    pub(crate) async fn access(&self, http: &HttpClient, renewal: &impl Renewal) -> Result<SecretString, Fault> {
        let mut held = self.held.lock().await;
        let pair = self.settle(&mut held, http).await?;
        let now = http.ports().clock.now();
        if pair.refresh_token.is_none() || !pair.is_due(now, self.service.early_s) {
            return Ok(pair.access_token.into());
        }
        match self.refresh(&mut held, &pair, http, renewal).await {
            Err(fault) if fault.may_pass() && !pair.is_over(now) => Ok(pair.access_token.into()),
            refreshed => refreshed,
        }
    }

    /// The access token to use after `refused` was answered with `401`. Whoever comes second finds the work done.
    pub(crate) async fn access_after(
        &self,
        refused: &SecretString,
        http: &HttpClient,
        renewal: &impl Renewal,
    ) -> Result<SecretString, Fault> {
        let mut held = self.held.lock().await;
        let pair = self.settle(&mut held, http).await?;
        if pair.access_token != refused.expose_secret() {
            return Ok(pair.access_token.into());
        }
        self.refresh(&mut held, &pair, http, renewal).await
    }

    /// What the tokens allow, where that is known.
    pub(crate) async fn scope(&self, http: &HttpClient) -> Result<Option<String>, Fault> {
        let mut held = self.held.lock().await;
        Ok(self.settle(&mut held, http).await?.scope)
    }

    /// Takes the tokens of a new link. They are in the vault when this is done; where that fails they are kept, and saved
    /// with the next use. They take the place of the tokens that the configuration has now; others that are written there
    /// later are another link.
    pub(crate) async fn adopt(&self, pair: TokenPair, http: &HttpClient) -> Result<(), Fault> {
        let mut held = self.held.lock().await;
        let replaced = self.seed.as_ref().map(|seed| seed.access_token.clone()).unwrap_or_default();
        *held = Held { pair: Some(TokenPair { seeded_by: Some(replaced), ..pair }), is_unsaved: true };
        self.settle(&mut held, http).await.map(drop)
    }

    /// Saves adopted tokens that could not be saved before.
    pub(crate) async fn save(&self, http: &HttpClient) -> Result<(), Fault> {
        let mut held = self.held.lock().await;
        self.settle(&mut held, http).await.map(drop)
    }

    /// Whether there are tokens at all.
    pub(crate) async fn are_there(&self, http: &HttpClient) -> Result<bool, Fault> {
        let mut held = self.held.lock().await;
        Ok(self.look(&mut held, http).await?.is_some())
    }

    /// When the tokens in use end; unknown until they were used, and while they are being renewed.
    pub(crate) fn end(&self) -> Option<Timestamp> {
        self.held.try_lock().ok()?.pair.as_ref()?.end()
    }

    async fn settle(&self, held: &mut Held, http: &HttpClient) -> Result<TokenPair, Fault> {
        self.look(held, http).await?.ok_or_else(|| Fault::Auth(self.service.not_linked.clone()))
    }

    /// Makes sure that the pair in memory is the one in the vault, or the one of the configuration where that is the newer
    /// link.
    async fn look(&self, held: &mut Held, http: &HttpClient) -> Result<Option<TokenPair>, Fault> {
        let vault = &*http.ports().vault;
        if let Some(pair) = held.pair.as_ref().filter(|_| held.is_unsaved) {
            self.keep(vault, pair).await?;
            held.is_unsaved = false;
        }
        if held.pair.is_none() {
            let stored = match vault.load(SECRET_NAME).await? {
                Some(stored) => Some(serde_json::from_str(stored.expose_secret()).map_err(|_| self.unreadable())?),
                None => None,
            };
            held.pair = self.newest(stored);
        }
        Ok(held.pair.clone())
    }

    /// A stored pair that does not say where it came from counts.
    fn newest(&self, stored: Option<TokenPair>) -> Option<TokenPair> {
        let is_of_this_link = |pair: &TokenPair| match (&self.seed, &pair.seeded_by) {
            (Some(seed), Some(first)) => *first == seed.access_token,
            _ => true,
        };
        stored.filter(is_of_this_link).or_else(|| self.seed.clone())
    }

    async fn refresh(
        &self,
        held: &mut Held,
        old: &TokenPair,
        http: &HttpClient,
        renewal: &impl Renewal,
    ) -> Result<SecretString, Fault> {
        let pair = renewal.renew(old, http).await?;
        *held = Held { pair: Some(pair.clone()), is_unsaved: true };
        self.settle(held, http).await?;
        Ok(pair.access_token.into())
    }

    async fn keep(&self, vault: &dyn Vault, pair: &TokenPair) -> Result<(), Fault> {
        let text = serde_json::to_string(pair).map_err(|error| {
            Fault::Transient(format_smolstr!("the {} tokens could not be written: {error}", self.service.service))
        })?;
        vault.save(SECRET_NAME, text.into()).await
    }

    fn unreadable(&self) -> Fault {
        let TokenService { service, link_again, .. } = &self.service;
        Fault::Auth(format_smolstr!("the stored {service} tokens cannot be read; {link_again}"))
    }

    /// The service does not take the tokens any more.
    pub(crate) fn not_accepted(&self) -> Fault {
        let TokenService { service, link_again, .. } = &self.service;
        Fault::Auth(format_smolstr!("{service} does not accept the stored tokens any more; {link_again}"))
    }
}

impl TokenPair {
    fn end(&self) -> Option<Timestamp> {
        let second = self.created_at_s?.checked_add(self.lifetime_s?)?;
        Timestamp::from_second(second).ok()
    }

    fn is_due(&self, now: Timestamp, early_s: i64) -> bool {
        let early_s = self.lifetime_s.map_or(0, |lifetime_s| (lifetime_s / 5).clamp(0, early_s));
        self.end().is_some_and(|end| now.checked_add(early_s.seconds()).is_ok_and(|soon| soon >= end))
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.end().is_some_and(|end| now >= end)
    }
}
