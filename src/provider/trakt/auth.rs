//! Asking Trakt for tokens.
//!
//! A refresh token works once and is replaced with every use. If the answer to a refresh is lost, the next one will tell that
//! Trakt has to be linked again.

use crosswatch_port::Fault;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use smol_str::{SmolStr, format_smolstr};

use super::{TraktOptions, wire::TokenReply};
use crate::{
    http::{Call, HttpClient, base_url, below},
    tokens::{Renewal, TokenPair, TokenService, Tokens},
};

/// The redirect address of apps without one.
const NO_REDIRECT: &str = "urn:ietf:wg:oauth:2.0:oob";

/// Who may ask for tokens.
pub(super) struct Auth {
    tokens: Tokens,
    app: App,
}

/// The registered app, and where it asks.
pub(super) struct App {
    pub(super) base: Url,
    pub(super) client_id: SmolStr,
    pub(super) client_secret: Option<SecretString>,
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

fn service(account: &str) -> TokenService {
    TokenService {
        service: "Trakt",
        not_linked: format_smolstr!("Trakt is not linked yet; run `crosswatch auth {account}`"),
        link_again: format_smolstr!("link Trakt again with `crosswatch auth {account}`"),
        early_s: 3600,
    }
}

impl Auth {
    /// Nothing is read or sent yet.
    pub(super) fn new(options: &TraktOptions) -> Result<Self, Fault> {
        let app = App {
            base: base_url(&options.auth_url)?,
            client_id: options.client_id.trim().into(),
            client_secret: options.client_secret.clone(),
        };
        let service = service(&options.account);
        let tokens = Tokens::new(service, options.access_token.as_ref(), options.refresh_token.as_ref());
        Ok(Self { tokens, app })
    }

    /// The app.
    pub(super) const fn app(&self) -> &App {
        &self.app
    }

    /// Takes the tokens of a new link; they are in the vault when this is done.
    pub(super) async fn adopt(&self, reply: TokenReply, http: &HttpClient) -> Result<(), Fault> {
        self.tokens.adopt(pair(reply, None, http), http).await
    }

    /// Saves the tokens of a new link that could not be saved before.
    pub(super) async fn save(&self, http: &HttpClient) -> Result<(), Fault> {
        self.tokens.save(http).await
    }

    /// When the tokens in use end, where known.
    pub(super) fn tokens_end(&self) -> Option<jiff::Timestamp> {
        self.tokens.end()
    }

    /// The access token to use now.
    pub(super) async fn access(&self, http: &HttpClient) -> Result<SecretString, Fault> {
        self.tokens.access(http, self).await
    }

    /// The access token to use after `refused` was answered with `401`.
    pub(super) async fn access_after(&self, refused: &SecretString, http: &HttpClient) -> Result<SecretString, Fault> {
        self.tokens.access_after(refused, http, self).await
    }
}

impl Renewal for Auth {
    async fn renew(&self, old: &TokenPair, http: &HttpClient) -> Result<TokenPair, Fault> {
        let refresh_token = old.refresh_token.as_deref().ok_or_else(|| self.tokens.not_accepted())?;
        let body = Exchange {
            refresh_token,
            client_id: &self.app.client_id,
            client_secret: self.app.secret(),
            redirect_uri: NO_REDIRECT,
            grant_type: "refresh_token",
        };
        let answer = http.send(&Call::sign_in(below(&self.app.base, "/oauth/token")).json(&body)?).await?;
        if matches!(answer.status.as_u16(), 400 | 401) {
            return Err(self.tokens.not_accepted());
        }
        Ok(pair(answer.success()?.json()?, old.seeded_by.clone(), http))
    }
}

impl App {
    /// The secret; apps that use PKCE have none.
    pub(super) fn secret(&self) -> Option<&str> {
        self.client_secret.as_ref().map(|secret| secret.expose_secret().trim())
    }
}

fn pair(reply: TokenReply, seeded_by: Option<String>, http: &HttpClient) -> TokenPair {
    let whole = |number: Option<u64>| number.and_then(|number| i64::try_from(number).ok());
    TokenPair {
        access_token: reply.access_token,
        refresh_token: Some(reply.refresh_token),
        created_at_s: whole(reply.created_at.whole()).or_else(|| Some(http.ports().clock.now().as_second())),
        lifetime_s: whole(reply.expires_in.whole()),
        scope: None,
        seeded_by,
    }
}
