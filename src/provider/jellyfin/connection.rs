//! Signed requests to one server, and the token behind them.
//!
//! Only the `Authorization: MediaBrowser …` header is used; the older ways to send a token are switched off by default
//! from version 12.0 on. One stable device id stands for this installation, because signing in with the same id and user
//! replaces the earlier session instead of leaving it behind.

use std::rc::Rc;

use crosswatch_port::Fault;
use reqwest::{
    Method, Url,
    header::{AUTHORIZATION, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use smol_str::{SmolStr, format_smolstr};
use tokio::sync::Mutex;

use super::{
    JellyfinCredentials, JellyfinOptions,
    account::Account,
    wire::{SignIn, SignedIn},
};
use crate::{
    http::{Answer, Call, HttpClient, base_url, below, secret_value},
    ports::Ports,
};

/// One account's way to its server.
pub(super) struct Connection {
    http: HttpClient,
    base: Url,
    options: JellyfinOptions,
    token: Mutex<Option<SecretString>>,
    account: Mutex<Option<Rc<Account>>>,
}

impl Connection {
    /// Prepares the connection without sending anything.
    pub(super) fn new(options: JellyfinOptions, ports: Ports) -> Result<Self, Fault> {
        Ok(Self {
            base: base_url(&options.url)?,
            http: HttpClient::new(ports, options.verify_tls)?,
            options,
            token: Mutex::default(),
            account: Mutex::default(),
        })
    }

    pub(super) const fn options(&self) -> &JellyfinOptions {
        &self.options
    }

    pub(super) const fn ports(&self) -> &Ports {
        self.http.ports()
    }

    pub(super) fn requests_sent(&self) -> u64 {
        self.http.requests_sent()
    }

    /// A read below the base path.
    pub(super) fn get(&self, path: &str) -> Call {
        Call::read(below(&self.base, path))
    }

    /// A write below the base path.
    pub(super) fn change(&self, method: Method, path: &str) -> Call {
        Call::write(method, below(&self.base, path))
    }

    /// The account, asked for once.
    pub(super) async fn account(&self) -> Result<Rc<Account>, Fault> {
        let mut account = self.account.lock().await;
        if let Some(account) = &*account {
            return Ok(account.clone());
        }
        let resolved = Rc::new(Account::resolve(self).await?);
        *account = Some(resolved.clone());
        Ok(resolved)
    }

    /// The account, asked for anew.
    pub(super) async fn identify(&self) -> Result<Rc<Account>, Fault> {
        self.account.lock().await.take();
        self.account().await
    }

    /// Reads a path without parameters.
    pub(super) async fn read(&self, path: &str) -> Result<Answer, Fault> {
        self.send(self.get(path)).await?.success()
    }

    /// Reads a path that needs no token.
    pub(super) async fn read_anonymous(&self, path: &str) -> Result<Answer, Fault> {
        self.http.send(&self.get(path)).await?.success()
    }

    /// Sends a signed request and gives whatever answer arrives. After a `401` a password is used once to get a new token;
    /// the refused request was not applied, so it may be sent again.
    pub(super) async fn send(&self, call: Call) -> Result<Answer, Fault> {
        let token = self.token().await?;
        let answer = self.http.send(&self.signed(call.clone(), Some(&token))?).await?;
        if answer.status.as_u16() != 401 {
            return Ok(answer);
        }
        match self.token_after(&token).await? {
            Some(token) => self.http.send(&self.signed(call, Some(&token))?).await,
            None => Ok(answer),
        }
    }

    fn signed(&self, call: Call, token: Option<&SecretString>) -> Result<Call, Fault> {
        let mut text = format!(
            "MediaBrowser Client=\"CrossWatch\", Device=\"CrossWatch\", DeviceId=\"{}\", Version=\"{}\"",
            self.options.device_id,
            env!("CARGO_PKG_VERSION"),
        );
        if let Some(token) = token {
            text = format!("{text}, Token=\"{}\"", token.expose_secret().trim());
        }
        let value: HeaderValue = secret_value(&text, "the Jellyfin token or device id")?;
        Ok(call.header(AUTHORIZATION, value))
    }

    /// The name of the token in the vault. It names the user, so that another user never inherits it.
    fn secret_name(&self) -> SmolStr {
        format_smolstr!("token-{}", self.options.user.trim().to_lowercase())
    }

    async fn token(&self) -> Result<SecretString, Fault> {
        let mut token = self.token.lock().await;
        if let Some(token) = &*token {
            return Ok(token.clone());
        }
        let found = match &self.options.credentials {
            JellyfinCredentials::Token(token) => token.clone(),
            JellyfinCredentials::Password(password) => match self.ports().vault.load(&self.secret_name()).await {
                Ok(Some(token)) => token,
                // A kept token that cannot be read is no loss to whoever has the password.
                Ok(None) | Err(Fault::Auth(_)) => self.sign_in(password).await?,
                Err(fault) => return Err(fault),
            },
        };
        *token = Some(found.clone());
        Ok(found)
    }

    /// The token to use after `refused` was answered with `401`; `None` where there is no way to get another.
    async fn token_after(&self, refused: &SecretString) -> Result<Option<SecretString>, Fault> {
        let JellyfinCredentials::Password(password) = &self.options.credentials else {
            return Ok(None);
        };
        let mut token = self.token.lock().await;
        if let Some(current) = token.as_ref().filter(|current| current.expose_secret() != refused.expose_secret()) {
            return Ok(Some(current.clone()));
        }
        let renewed = self.sign_in(password).await?;
        *token = Some(renewed.clone());
        Ok(Some(renewed))
    }

    async fn sign_in(&self, password: &SecretString) -> Result<SecretString, Fault> {
        let body = SignIn { username: self.options.user.trim(), pw: password.expose_secret() };
        let call = Call::sign_in(below(&self.base, "/Users/AuthenticateByName")).json(&body)?;
        let answer = self.http.send(&self.signed(call, None)?).await?;
        if matches!(answer.status.as_u16(), 400 | 401) {
            return Err(Fault::Auth(format_smolstr!(
                "Jellyfin does not accept the password of \"{}\"; check user and password",
                self.options.user
            )));
        }
        let signed_in: SignedIn = answer.success()?.json()?;
        let token = SecretString::from(signed_in.access_token);
        self.ports().vault.save(&self.secret_name(), token.clone()).await?;
        Ok(token)
    }
}
