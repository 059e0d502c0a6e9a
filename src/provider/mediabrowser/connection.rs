//! Signed requests to one server, and the token behind them.
//!
//! Only the documented header of each server is used. One stable device id stands for this installation, because signing
//! in with the same id and user replaces the earlier session instead of leaving it behind.

use std::rc::Rc;

use crosswatch_port::Fault;
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use smol_str::{SmolStr, format_smolstr};
use tokio::sync::Mutex;

use super::{
    Dialect, ServerCredentials, ServerOptions,
    account::Account,
    wire::{SignIn, SignedIn},
};
use crate::{
    http::{Answer, Call, HttpClient, Opened, base_url, below},
    ports::Ports,
};

/// One account's way to its server.
pub(super) struct Connection {
    dialect: Dialect,
    http: HttpClient,
    base: Url,
    options: ServerOptions,
    token: Mutex<Option<SecretString>>,
    account: Mutex<Option<Rc<Account>>>,
}

impl Connection {
    /// Prepares the connection without sending anything.
    pub(super) fn new(dialect: Dialect, options: ServerOptions, ports: Ports) -> Result<Self, Fault> {
        Ok(Self {
            dialect,
            base: base_url(&options.url)?,
            http: HttpClient::new(ports, options.verify_tls)?,
            options,
            token: Mutex::default(),
            account: Mutex::default(),
        })
    }

    pub(super) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) const fn options(&self) -> &ServerOptions {
        &self.options
    }

    pub(super) const fn ports(&self) -> &Ports {
        self.http.ports()
    }

    /// The configured address.
    pub(super) fn base(&self) -> &str {
        self.base.as_str()
    }

    pub(super) fn requests_sent(&self) -> u64 {
        self.http.requests_sent()
    }

    fn place(&self, path: &str) -> Url {
        below(&self.base, &format!("{}{path}", self.dialect.prefix()))
    }

    /// A read below the base path.
    pub(super) fn get(&self, path: &str) -> Call {
        Call::read(self.place(path))
    }

    /// A write below the base path.
    pub(super) fn change(&self, method: Method, path: &str) -> Call {
        Call::write(method, self.place(path))
    }

    /// A sign-in below the base path.
    pub(super) fn sign_in_call(&self, path: &str) -> Call {
        Call::sign_in(self.place(path))
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

    /// Sends a request that names our device and has no token.
    pub(super) async fn send_unsigned(&self, call: Call) -> Result<Answer, Fault> {
        self.http.send(&self.signed(call, None)?).await
    }

    /// Sends a signed request and gives whatever answer arrives but a `401`. After that a password is used once to get a
    /// new token; the refused request was not applied, so it may be sent again.
    pub(super) async fn send(&self, call: Call) -> Result<Answer, Fault> {
        let token = self.token().await?;
        let answer = self.http.send(&self.signed(call.clone(), Some(&token))?).await?;
        if answer.status.as_u16() != 401 {
            return Ok(answer);
        }
        let Some(token) = self.token_after(&token).await? else { return Err(self.refused()) };
        let answer = self.http.send(&self.signed(call, Some(&token))?).await?;
        if answer.status.as_u16() == 401 { Err(self.refused()) } else { Ok(answer) }
    }

    /// Asks the server for an event socket, signed as every request. After a `401` as [`Connection::send`].
    pub(super) async fn open_socket(&self, path: &str) -> Result<Opened, Fault> {
        let call = Call::read(below(&self.base, path)).query("deviceId", &self.options.device_id);
        let token = self.token().await?;
        let is_refused = |opened: &Opened| matches!(opened, Opened::Refused(answer) if answer.status.as_u16() == 401);
        let opened = self.http.open_socket(&self.signed(call.clone(), Some(&token))?).await?;
        if !is_refused(&opened) {
            return Ok(opened);
        }
        let Some(token) = self.token_after(&token).await? else { return Err(self.refused()) };
        let opened = self.http.open_socket(&self.signed(call, Some(&token))?).await?;
        if is_refused(&opened) { Err(self.refused()) } else { Ok(opened) }
    }

    fn signed(&self, call: Call, token: Option<&SecretString>) -> Result<Call, Fault> {
        let token = token.map(|token| token.expose_secret().trim());
        self.dialect.signed(call, &self.options.device_id, token)
    }

    /// What a person has to do when the server does not accept us any more.
    fn refused(&self) -> Fault {
        let (server, user) = (self.dialect, &self.options.user);
        Fault::Auth(match self.options.credentials {
            ServerCredentials::Token(_) => format_smolstr!(
                "{server} does not accept the token (401); make an API key in its dashboard and write it as `token`"
            ),
            ServerCredentials::Password(_) => format_smolstr!(
                "{server} does not accept the token it gave for the password of \"{user}\" (401); check user and \
                 password, and whether the user may still sign in"
            ),
            ServerCredentials::Code => format_smolstr!(
                "{server} has ended the sign-in of \"{user}\" (401); sign in again with `crosswatch auth ACCOUNT`"
            ),
        })
    }

    fn not_signed_in(&self) -> Fault {
        let user = &self.options.user;
        Fault::Auth(match self.dialect {
            Dialect::Jellyfin => format_smolstr!(
                "\"{user}\" is not signed in to Jellyfin yet; run `crosswatch auth ACCOUNT`, or write a token or the password"
            ),
            Dialect::Emby => format_smolstr!(
                "Emby has no codes to sign in with; write an API key as `token`, or the `password` of \"{user}\""
            ),
        })
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
            ServerCredentials::Token(token) => token.clone(),
            ServerCredentials::Password(password) => match self.ports().vault.load(&self.secret_name()).await {
                Ok(Some(token)) => token,
                // A kept token that cannot be read is no loss to whoever has the password.
                Ok(None) | Err(Fault::Auth(_)) => self.sign_in(password).await?,
                Err(fault) => return Err(fault),
            },
            ServerCredentials::Code => {
                self.ports().vault.load(&self.secret_name()).await?.ok_or_else(|| self.not_signed_in())?
            }
        };
        *token = Some(found.clone());
        Ok(found)
    }

    /// The token to use after `refused` was answered with `401`; `None` where there is no way to get another.
    async fn token_after(&self, refused: &SecretString) -> Result<Option<SecretString>, Fault> {
        let mut token = self.token.lock().await;
        if let Some(current) = token.as_ref().filter(|current| current.expose_secret() != refused.expose_secret()) {
            return Ok(Some(current.clone()));
        }
        let ServerCredentials::Password(password) = &self.options.credentials else {
            return Ok(None);
        };
        let renewed = self.sign_in(password).await?;
        *token = Some(renewed.clone());
        Ok(Some(renewed))
    }

    async fn sign_in(&self, password: &SecretString) -> Result<SecretString, Fault> {
        let body = SignIn { username: self.options.user.trim(), pw: password.expose_secret() };
        let call = self.sign_in_call("/Users/AuthenticateByName").json(&body)?;
        let answer = self.send_unsigned(call).await?;
        if matches!(answer.status.as_u16(), 400 | 401) {
            return Err(Fault::Auth(format_smolstr!(
                "{} does not accept the password of \"{}\"; check user and password",
                self.dialect,
                self.options.user
            )));
        }
        let signed_in: SignedIn = answer.success()?.json()?;
        let token = SecretString::from(signed_in.access_token);
        self.ports().vault.save(&self.secret_name(), token.clone()).await?;
        Ok(token)
    }

    /// Keeps a token that a code gave, and uses it from now on.
    pub(super) async fn keep_token(&self, token: SecretString) -> Result<(), Fault> {
        let mut held = self.token.lock().await;
        self.ports().vault.save(&self.secret_name(), token.clone()).await?;
        *held = Some(token);
        Ok(())
    }
}
