//! Signed requests to Trakt.

use crosswatch_port::Fault;
use reqwest::{
    Method, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::{TraktOptions, auth::Auth, device::PendingCode};
use crate::{
    http::{Answer, Call, HttpClient, base_url, below, secret_value},
    ports::Ports,
};

/// One account's way to Trakt.
pub(super) struct Api {
    http: HttpClient,
    base: Url,
    pub(super) auth: Auth,
    /// The code that was asked for last.
    pub(super) code: PendingCode,
    client_id: HeaderValue,
}

impl Api {
    /// Prepares the way without sending anything.
    pub(super) fn new(options: &TraktOptions, ports: Ports) -> Result<Self, Fault> {
        Ok(Self {
            base: base_url(&options.url)?,
            auth: Auth::new(options)?,
            code: PendingCode::default(),
            client_id: secret_value(options.client_id.trim(), "client_id")?,
            http: HttpClient::new(ports, options.verify_tls)?,
        })
    }

    pub(super) const fn http(&self) -> &HttpClient {
        &self.http
    }

    /// When the tokens in use end, where known.
    pub(super) fn tokens_end(&self) -> Option<jiff::Timestamp> {
        self.auth.tokens_end()
    }

    pub(super) fn requests_sent(&self) -> u64 {
        self.http.requests_sent()
    }

    /// The zone in which the user's days begin.
    pub(super) fn zone(&self) -> jiff::tz::TimeZone {
        self.http.ports().clock.zone()
    }

    /// A read of a path.
    pub(super) fn get(&self, path: &str) -> Call {
        Call::read(below(&self.base, path))
    }

    /// Reads and insists on success.
    pub(super) async fn read(&self, call: Call) -> Result<Answer, Fault> {
        self.send(call).await?.success()
    }

    /// Sends a write with a body and gives whatever answer arrives.
    pub(super) async fn post(&self, path: &str, body: &impl Serialize) -> Result<Answer, Fault> {
        self.send(Call::write(Method::POST, below(&self.base, path)).json(body)?).await
    }

    /// Changes what is at a path, without a body.
    pub(super) async fn change(&self, method: Method, path: &str) -> Result<Answer, Fault> {
        self.send(Call::write(method, below(&self.base, path)).any_body()).await
    }

    /// Sends a signed request. After a `401` the tokens are refreshed once; the refused request was not applied, so it may
    /// be sent again.
    pub(super) async fn send(&self, call: Call) -> Result<Answer, Fault> {
        let call = call
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(HeaderName::from_static("trakt-api-version"), HeaderValue::from_static("2"))
            .header(HeaderName::from_static("trakt-api-key"), self.client_id.clone());
        let token = self.auth.access(&self.http).await?;
        let answer = self.http.send(&signed(call.clone(), &token)?).await?;
        if answer.status.as_u16() != 401 {
            return Ok(answer);
        }
        let token = self.auth.access_after(&token, &self.http).await?;
        self.http.send(&signed(call, &token)?).await
    }
}

fn signed(call: Call, token: &SecretString) -> Result<Call, Fault> {
    let value = secret_value(&format!("Bearer {}", token.expose_secret()), "the Trakt token")?;
    Ok(call.header(AUTHORIZATION, value))
}
