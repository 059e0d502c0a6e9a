//! Signed requests to SIMKL. Every one of them names the app.

use crosswatch_port::Fault;
use reqwest::{Method, Url, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use smol_str::SmolStr;

use super::{
    SimklOptions,
    auth::Auth,
    quota::{fault_of, patience, read_only},
};
use crate::{
    http::{Answer, Call, HttpClient, base_url, below, secret_value},
    ports::Ports,
};

/// One account's way to SIMKL.
pub(super) struct Api {
    pub(super) http: HttpClient,
    pub(super) auth: Auth,
    base: Url,
    client_id: SmolStr,
}

impl Api {
    /// Prepares the way without sending anything.
    pub(super) fn new(options: &SimklOptions, ports: Ports) -> Result<Self, Fault> {
        Ok(Self {
            base: base_url(&options.url)?,
            auth: Auth::new(options)?,
            client_id: options.client_id.trim().into(),
            http: HttpClient::new(ports, options.verify_tls)?,
        })
    }

    pub(super) const fn ports(&self) -> &Ports {
        self.http.ports()
    }

    /// A read of a path.
    pub(super) fn get(&self, path: &str) -> Call {
        Call::read(below(&self.base, path))
    }

    /// Reads and insists on success.
    pub(super) async fn read(&self, call: Call) -> Result<Answer, Fault> {
        self.success(self.send(call).await?)
    }

    /// The answer, where its status says success.
    pub(super) fn success(&self, answer: Answer) -> Result<Answer, Fault> {
        if answer.status.is_success() { Ok(answer) } else { Err(self.fault(&answer)) }
    }

    /// The fault an answer stands for.
    pub(super) fn fault(&self, answer: &Answer) -> Fault {
        fault_of(answer, &self.auth.link_again)
    }

    /// Sends a write with a body and gives whatever answer arrives.
    pub(super) async fn post(&self, path: &str, body: &impl Serialize) -> Result<Answer, Fault> {
        self.send(Call::write(Method::POST, below(&self.base, path)).json(body)?).await
    }

    /// Sends a read that must not be repeated and gives whatever answer arrives.
    pub(super) async fn send_once(&self, call: Call) -> Result<Answer, Fault> {
        self.send(call.once()).await
    }

    /// Deletes what is at a path.
    pub(super) async fn delete(&self, path: &str) -> Result<Answer, Fault> {
        self.send(Call::write(Method::DELETE, below(&self.base, path)).any_body()).await
    }

    /// Refuses to write with tokens that are known to read only.
    pub(super) async fn require_write_scope(&self) -> Result<(), Fault> {
        match self.auth.scope(&self.http).await? {
            Some(scope) if !may_write(&scope) => Err(Fault::Auth(read_only(&self.auth.link_again))),
            _ => Ok(()),
        }
    }

    /// Sends a signed request. After a `401` the tokens are refreshed once; the refused request was not applied, so it may
    /// be sent again. A refresh ends the token before it at once, so that requests under way meet this, too.
    async fn send(&self, call: Call) -> Result<Answer, Fault> {
        let call = call
            .query("client_id", &self.client_id)
            .query("app-name", "crosswatch")
            .query("app-version", env!("CARGO_PKG_VERSION"))
            .patience(patience);
        let token = self.auth.access(&self.http).await?;
        let answer = self.http.send(&signed(call.clone(), &token)?).await?;
        if answer.status.as_u16() != 401 {
            return Ok(answer);
        }
        let token = self.auth.access_after(&token, &self.http).await?;
        self.http.send(&signed(call, &token)?).await
    }
}

/// Whether a scope allows writing.
pub(super) fn may_write(scope: &str) -> bool {
    scope.split_whitespace().any(|word| word == "media:write")
}

fn signed(call: Call, token: &SecretString) -> Result<Call, Fault> {
    let value = secret_value(&format!("Bearer {}", token.expose_secret()), "the SIMKL token")?;
    Ok(call.header(AUTHORIZATION, value))
}
