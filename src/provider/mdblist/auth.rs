//! What one MDBList account is let in with: its API key, or the tokens of a sign-in.
//!
//! MDBList takes the key in the address of a request and nowhere else, which is why no address is ever shown with its query.
//! A sign-in that is kept wins over the key, for as long as its app is configured. Refresh tokens are taken to work once:
//! there is one refresher at a time, and a new pair is in the vault before it is used for the first time.

use crosswatch_port::Fault;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use smol_str::{SmolStr, format_smolstr};

use super::{MdblistOptions, wire::TokenReply};
use crate::{
    http::{Call, HttpClient, base_url, below},
    tokens::{Renewal, TokenPair, TokenService, Tokens},
};

/// The address that hands out tokens; without the slash at its end there is nothing.
const TOKEN_PATH: &str = "/oauth/token/";

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
    tokens: Tokens,
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
            tokens: Tokens::new(service(&options.account), None, None),
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

    /// When the tokens in use end, where there are any and their end is known.
    pub(super) fn tokens_end(&self) -> Option<jiff::Timestamp> {
        self.tokens.end()
    }

    /// What to show now; tokens are refreshed in time where their end is known.
    pub(super) async fn pass(&self, http: &HttpClient) -> Result<Pass, Fault> {
        if self.client_id.is_some() && self.tokens.are_there(http).await? {
            return self.tokens.access(http, self).await.map(Pass::Token);
        }
        self.key.clone().map(Pass::Key).ok_or_else(|| self.no_pass())
    }

    /// The access token to use after `refused` was answered with `401`.
    pub(super) async fn token_after(&self, refused: &SecretString, http: &HttpClient) -> Result<SecretString, Fault> {
        self.tokens.access_after(refused, http, self).await
    }

    /// What a refusal of this pass means, for the person who can do something about it.
    pub(super) fn refused(&self, pass: &Pass) -> Fault {
        match pass {
            Pass::Key(_) => Fault::Auth(format_smolstr!(
                "MDBList does not accept the API key; copy it again from mdblist.com/preferences into token of account {}",
                self.account
            )),
            Pass::Token(_) => self.tokens.not_accepted(),
        }
    }

    /// Takes the answer of a sign-in. The tokens are in the vault when this is done.
    pub(super) async fn accept(&self, reply: TokenReply, http: &HttpClient) -> Result<(), Fault> {
        self.tokens.adopt(pair(reply, None, http), http).await
    }

    /// Puts tokens that could not be kept into the vault after all.
    pub(super) async fn keep_unsaved(&self, http: &HttpClient) -> Result<(), Fault> {
        self.tokens.save(http).await
    }

    fn no_pass(&self) -> Fault {
        let account = &self.account;
        Fault::Auth(if self.client_id.is_some() {
            service(account).not_linked
        } else {
            format_smolstr!(
                "MDBList has no API key; copy the key from mdblist.com/preferences into token of account {account}"
            )
        })
    }
}

impl Renewal for Auth {
    async fn renew(&self, old: &TokenPair, http: &HttpClient) -> Result<TokenPair, Fault> {
        let refresh_token = old.refresh_token.as_deref().ok_or_else(|| self.tokens.not_accepted())?;
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
            ("client_id", self.client_id.as_deref().unwrap_or_default()),
        ];
        let answer = http.send(&Call::sign_in(below(&self.base, TOKEN_PATH)).form(&fields)).await?;
        if matches!(answer.status.as_u16(), 400 | 401 | 403) {
            return Err(self.tokens.not_accepted());
        }
        Ok(pair(answer.success()?.json()?, Some(old), http))
    }
}

fn service(account: &str) -> TokenService {
    TokenService {
        service: "MDBList",
        not_linked: format_smolstr!("MDBList is not signed in to; run crosswatch auth {account}"),
        link_again: format_smolstr!("run crosswatch auth {account}"),
        early_s: 300,
    }
}

/// New tokens; an answer without a refresh token leaves the old one good.
fn pair(reply: TokenReply, old: Option<&TokenPair>, http: &HttpClient) -> TokenPair {
    TokenPair {
        access_token: reply.access_token,
        refresh_token: reply.refresh_token.or_else(|| old.and_then(|old| old.refresh_token.clone())),
        created_at_s: Some(http.ports().clock.now().as_second()),
        lifetime_s: reply.expires_in.whole().and_then(|seconds| i64::try_from(seconds).ok()),
        scope: None,
        seeded_by: old.and_then(|old| old.seeded_by.clone()),
    }
}
