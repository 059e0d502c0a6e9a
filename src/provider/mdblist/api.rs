//! Requests to MDBList, let in by key or token.

use crosswatch_port::Fault;
use reqwest::{Method, Url, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use smol_str::format_smolstr;

use super::{
    MdblistOptions,
    auth::{Auth, Pass},
};
use crate::{
    http::{Answer, Call, HttpClient, base_url, below, secret_value},
    ports::Ports,
};

/// One account's way to MDBList.
pub(super) struct Api {
    http: HttpClient,
    base: Url,
    auth: Auth,
}

impl Api {
    /// Prepares the way without sending anything.
    pub(super) fn new(options: &MdblistOptions, ports: Ports) -> Result<Self, Fault> {
        Ok(Self {
            base: base_url(&options.url)?,
            auth: Auth::new(options)?,
            http: HttpClient::new(ports, options.verify_tls)?,
        })
    }

    pub(super) const fn http(&self) -> &HttpClient {
        &self.http
    }

    pub(super) const fn auth(&self) -> &Auth {
        &self.auth
    }

    /// The address of a path.
    pub(super) fn address(&self, path: &str) -> Url {
        below(&self.base, path)
    }

    /// A read of a path.
    pub(super) fn get(&self, path: &str) -> Call {
        Call::read(self.address(path))
    }

    /// Reads and insists on a finished answer: 202 says that a list is still being built.
    pub(super) async fn read(&self, call: Call) -> Result<Answer, Fault> {
        let answer = self.send(call).await?.success()?;
        if answer.status.as_u16() == 202 {
            let place = &answer.place;
            return Err(Fault::Transient(format_smolstr!("{place}: MDBList is still building the list; try later")));
        }
        Ok(answer)
    }

    /// A write to a path.
    pub(super) fn to(&self, path: &str) -> Call {
        Call::write(Method::POST, self.address(path))
    }

    /// Sends a write with a body and gives whatever answer arrives.
    pub(super) async fn post(&self, call: Call, body: &impl Serialize) -> Result<Answer, Fault> {
        self.send(call.json(body)?).await
    }

    /// Sends a request with the pass. After a `401` to a token the tokens are refreshed once; the refused request was not
    /// applied, so it may be sent again.
    pub(super) async fn send(&self, call: Call) -> Result<Answer, Fault> {
        let pass = self.auth.pass(&self.http).await?;
        let mut answer = self.http.send(&admitted(call.clone(), &pass)?).await?;
        if let (401, Pass::Token(token)) = (answer.status.as_u16(), &pass) {
            let token = self.auth.token_after(token, &self.http).await?;
            answer = self.http.send(&with_token(call, &token)?).await?;
        }
        if matches!(answer.status.as_u16(), 401 | 403) { Err(self.auth.refused(&pass)) } else { Ok(answer) }
    }
}

fn admitted(call: Call, pass: &Pass) -> Result<Call, Fault> {
    match pass {
        Pass::Key(key) => Ok(call.query("apikey", key.expose_secret())),
        Pass::Token(token) => with_token(call, token),
    }
}

fn with_token(call: Call, token: &SecretString) -> Result<Call, Fault> {
    let value = secret_value(&format!("Bearer {}", token.expose_secret()), "the MDBList token")?;
    Ok(call.header(AUTHORIZATION, value))
}
