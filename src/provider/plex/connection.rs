//! Signed requests to the four hosts of one account: the server, plex.tv, and the two of the cloud's library.
//!
//! The token for the server is another one than that for the cloud, and the server may take a new one at any time; after a
//! `401` the cloud is asked once which it takes now. Nothing renews the token for the cloud itself: that is a person's work.

use std::rc::Rc;

use crosswatch_port::Fault;
use reqwest::{
    Method, Url,
    header::{ACCEPT, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::{
    PlexOptions,
    account::{self, Account, Section},
    auth::Tokens,
};
use crate::{
    http::{Answer, Call, HttpClient, Opened, base_url, below, secret_value},
    ports::Ports,
};

/// One account's way to Plex.
pub(super) struct Connection {
    http: HttpClient,
    server: Url,
    plextv: Url,
    discover: Url,
    metadata: Url,
    tokens: Tokens,
    options: PlexOptions,
    account: Mutex<Option<Rc<Account>>>,
}

impl Connection {
    /// Prepares the way without sending anything.
    pub(super) fn new(options: PlexOptions, ports: Ports) -> Result<Self, Fault> {
        Ok(Self {
            server: base_url(&options.url)?,
            plextv: base_url(&options.plextv_url)?,
            discover: base_url(&options.discover_url)?,
            metadata: base_url(&options.metadata_url)?,
            http: HttpClient::new(ports, options.verify_tls)?,
            tokens: Tokens::new(&options.account, options.token.as_ref()),
            options,
            account: Mutex::default(),
        })
    }

    pub(super) const fn options(&self) -> &PlexOptions {
        &self.options
    }

    pub(super) const fn ports(&self) -> &Ports {
        self.http.ports()
    }

    pub(super) fn requests_sent(&self) -> u64 {
        self.http.requests_sent()
    }

    /// The token that the account was linked with.
    pub(super) async fn own_token(&self) -> Result<SecretString, Fault> {
        self.tokens.own(&*self.ports().vault).await
    }

    /// Keeps what a sign-in handed out; everything is asked anew with it.
    pub(super) async fn link(&self, token: &str) -> Result<(), Fault> {
        self.tokens.keep(token, &*self.ports().vault).await?;
        self.account.lock().await.take();
        Ok(())
    }

    /// A read of the server.
    pub(super) fn server_get(&self, path: &str) -> Call {
        Call::read(below(&self.server, path))
    }

    /// A write to the server. Its answers have no body.
    pub(super) fn server_change(&self, method: Method, path: &str) -> Call {
        Call::write(method, below(&self.server, path)).any_body()
    }

    /// A read of plex.tv.
    pub(super) fn plextv_get(&self, path: &str) -> Call {
        Call::read(below(&self.plextv, path))
    }

    /// A request to plex.tv that hands out a token or a code.
    pub(super) fn plextv_sign_in(&self, path: &str) -> Call {
        Call::sign_in(below(&self.plextv, path))
    }

    /// The page of plex.tv where a person enters a code.
    pub(super) fn link_page(&self) -> Url {
        below(&self.plextv, "/link")
    }

    /// A read of the host that keeps watchlists.
    pub(super) fn discover_get(&self, path: &str) -> Call {
        Call::read(below(&self.discover, path))
    }

    /// A write to the host that keeps watchlists.
    pub(super) fn discover_change(&self, path: &str) -> Call {
        Call::write(Method::PUT, below(&self.discover, path)).any_body()
    }

    /// A read of the host that knows titles.
    pub(super) fn metadata_get(&self, path: &str) -> Call {
        Call::read(below(&self.metadata, path))
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

    /// The account as it is now. Who a token belongs to does not change, so only the server is asked again, unless it is
    /// another one or no longer takes the token.
    pub(super) async fn identify(&self) -> Result<Rc<Account>, Fault> {
        let mut account = self.account.lock().await;
        let again = match &*account {
            Some(known) => match known.again(self).await {
                Err(Fault::Auth(_)) => None,
                again => again?,
            },
            None => None,
        };
        let identified = if let Some(again) = again {
            Rc::new(again)
        } else {
            account.take();
            Rc::new(Account::resolve(self).await?)
        };
        *account = Some(identified.clone());
        Ok(identified)
    }

    /// The libraries as they are now.
    pub(super) async fn sections(&self) -> Result<Vec<Section>, Fault> {
        let answer = self.read(self.server_get(account::SECTIONS)).await?;
        account::sections_of(self, &answer)
    }

    /// Sends a request to the server as the user and gives whatever answer arrives. After a `401` the cloud is asked which
    /// token the server takes now; the refused request was not applied, so it may be sent again with another one.
    pub(super) async fn send(&self, call: Call) -> Result<Answer, Fault> {
        let token = self.account().await?.server_token.clone();
        let answer = self.send_signed(call.clone(), &token).await?;
        if answer.status.as_u16() != 401 {
            return Ok(answer);
        }
        match self.server_token_after(&token).await? {
            Some(token) => self.send_signed(call, &token).await,
            None => Ok(answer),
        }
    }

    /// Asks the server for an event socket as the user, with the token in a header. After a `401` as [`Connection::send`].
    pub(super) async fn open_socket(&self, path: &str) -> Result<Opened, Fault> {
        let token = self.account().await?.server_token.clone();
        let opened = self.http.open_socket(&self.with_token(self.server_get(path), &token)?).await?;
        let is_refused = matches!(&opened, Opened::Refused(answer) if answer.status.as_u16() == 401);
        if !is_refused {
            return Ok(opened);
        }
        match self.server_token_after(&token).await? {
            Some(token) => self.http.open_socket(&self.with_token(self.server_get(path), &token)?).await,
            None => Ok(opened),
        }
    }

    /// Reads from the server and insists on success.
    pub(super) async fn read(&self, call: Call) -> Result<Answer, Fault> {
        let answer = self.send(call).await?;
        self.accepted(answer)
    }

    /// Sends a request to one of the cloud's hosts as the user.
    pub(super) async fn send_as_user(&self, call: Call) -> Result<Answer, Fault> {
        let token = self.account().await?.cloud_token.clone();
        self.send_signed(call, &token).await
    }

    /// Sends a request without a token.
    pub(super) async fn send_anonymous(&self, call: Call) -> Result<Answer, Fault> {
        self.http.send(&self.introduced(call)?).await
    }

    /// Sends a request with this token and gives whatever answer arrives.
    pub(super) async fn send_signed(&self, call: Call, token: &SecretString) -> Result<Answer, Fault> {
        self.http.send(&self.with_token(call, token)?).await
    }

    fn with_token(&self, call: Call, token: &SecretString) -> Result<Call, Fault> {
        let value = secret_value(token.expose_secret(), "the Plex token")?;
        Ok(self.introduced(call)?.header(HeaderName::from_static("x-plex-token"), value))
    }

    /// The answer, where its status says success. A refused token is told with what to do about it.
    pub(super) fn accepted(&self, answer: Answer) -> Result<Answer, Fault> {
        if answer.status.as_u16() == 401 { Err(self.tokens.refused(&answer.place)) } else { answer.success() }
    }

    /// Every request names the app and this installation, and asks for JSON.
    fn introduced(&self, call: Call) -> Result<Call, Fault> {
        let text = |text: &str| {
            HeaderValue::from_str(text)
                .map_err(|_| Fault::Rejected("the id of the account has characters that cannot be sent".into()))
        };
        Ok(call
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(HeaderName::from_static("x-plex-product"), HeaderValue::from_static("CrossWatch"))
            .header(HeaderName::from_static("x-plex-version"), HeaderValue::from_static(env!("CARGO_PKG_VERSION")))
            .header(HeaderName::from_static("x-plex-client-identifier"), text(&self.options.device_id)?))
    }

    /// The token to use after `refused` was answered with `401`; `None` where there is no other.
    async fn server_token_after(&self, refused: &SecretString) -> Result<Option<SecretString>, Fault> {
        let mut account = self.account.lock().await;
        let Some(known) = account.clone() else { return Ok(None) };
        if known.server_token.expose_secret() != refused.expose_secret() {
            return Ok(Some(known.server_token.clone()));
        }
        let access = account::access(self, &known.cloud_token, &known.machine).await?;
        let renewed = access.map(|access| access.token);
        let renewed = renewed.filter(|token| token.expose_secret() != refused.expose_secret());
        if let Some(token) = &renewed {
            *account = Some(Rc::new(Account { server_token: token.clone(), ..(*known).clone() }));
        }
        Ok(renewed)
    }
}
