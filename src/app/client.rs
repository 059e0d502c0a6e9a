//! Asks a service over its HTTP API, be it the running one or one that this command started for itself.
//!
//! Promises: every call has a deadline and a limit on what it reads; the key travels in a header and is never shown;
//! system proxies are not asked, because the service is on this machine or in this network.

mod address;
mod events;
mod follow;

use std::{
    fmt,
    io::{self, Write},
    time::Duration,
};

use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode,
    header::{HeaderMap, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    answer::{Listing, Problem},
    exit::Failure,
};

pub(crate) use address::base_url;
pub(crate) use follow::Followed;

const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// Asking an account may include waits for its budget.
const CALL_DEADLINE: Duration = Duration::from_secs(150);
/// A large file is read, joined and written.
const FILE_DEADLINE: Duration = Duration::from_secs(600);
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The way to a service.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    http: Client,
    base: String,
}

/// Why a call had no usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiFailure {
    /// The status, where there was an answer at all.
    pub status: Option<u16>,
    /// The stable name of the problem, where one was told.
    pub kind: String,
    /// What happened and what to do.
    pub message: String,
}

impl fmt::Display for ApiFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl From<ApiFailure> for Failure {
    fn from(failure: ApiFailure) -> Self {
        Self::failed(failure.message)
    }
}

impl ApiFailure {
    fn silent(message: String) -> Self {
        Self { status: None, kind: String::new(), message }
    }
}

impl Api {
    /// The way to the service at this address.
    pub(crate) fn new(base: String, key: &SecretString) -> Result<Self, Failure> {
        let refused =
            || Failure::failed("the API key holds characters that cannot be sent; write a key of letters and digits");
        let mut key = HeaderValue::from_str(key.expose_secret()).map_err(|_| refused())?;
        key.set_sensitive(true);
        let http = Client::builder()
            .no_proxy()
            .connect_timeout(CONNECT_DEADLINE)
            .default_headers(HeaderMap::from_iter([(reqwest::header::HeaderName::from_static("x-api-key"), key)]))
            .build()
            .map_err(|error| Failure::failed(format!("the HTTP client could not be made: {error}")))?;
        Ok(Self { http, base })
    }

    /// Where the service is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Reads something. `path` begins below the base path, as in `/api/v1/runs`.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, ApiFailure> {
        let response = self.send(self.request(Method::GET, path).timeout(CALL_DEADLINE)).await?;
        self.json(response).await
    }

    /// Asks for something to be done.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, ApiFailure> {
        let response = self.send(self.request(Method::POST, path).json(body).timeout(CALL_DEADLINE)).await?;
        self.json(response).await
    }

    /// Asks for something to be taken away.
    pub(crate) async fn delete(&self, path: &str) -> Result<Value, ApiFailure> {
        let response = self.send(self.request(Method::DELETE, path).timeout(CALL_DEADLINE)).await?;
        self.json(response).await
    }

    /// Sends a file.
    pub(crate) async fn send_file(&self, path: &str, bytes: Vec<u8>) -> Result<Value, ApiFailure> {
        let request = self.request(Method::POST, path).header("content-type", "application/octet-stream").body(bytes);
        let response = self.send(request.timeout(FILE_DEADLINE)).await?;
        self.json(response).await
    }

    /// Writes what is there as it arrives, and answers what the service says that it left out. Nothing but silence ends it.
    pub(crate) async fn download(&self, path: &str, out: &mut dyn Write) -> Result<Option<String>, ApiFailure> {
        let silent = || ApiFailure::silent(format!("the service at {} fell silent", self.base));
        let asking = self.send(self.request(Method::GET, path));
        let mut response = timeout(CALL_DEADLINE, asking).await.map_err(|_| silent())??;
        let left_out = response.headers().get("x-crosswatch-left-out").and_then(|value| value.to_str().ok());
        let left_out = left_out.map(str::to_owned);
        let unwritable = |error: io::Error| ApiFailure::silent(format!("what arrived could not be written: {error}"));
        loop {
            let chunk = timeout(CALL_DEADLINE, response.chunk()).await.map_err(|_| silent())?;
            let Some(chunk) = chunk.map_err(|error| self.unreachable(&error))? else { break };
            match out.write_all(&chunk) {
                // A reader that went away (`| head`) is not an error.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(left_out),
                written => written.map_err(unwritable)?,
            }
        }
        out.flush().map_err(unwritable)?;
        Ok(left_out)
    }

    /// Whether the service says that it is ready; the error says what it says instead.
    pub(crate) async fn ready(&self, deadline: Duration) -> Result<(), ApiFailure> {
        self.send(self.request(Method::GET, "/readyz").timeout(deadline)).await.map(drop)
    }

    /// One page of a list.
    pub(crate) async fn list(&self, path: &str, limit: u16, cursor: Option<&str>) -> Result<Listing, ApiFailure> {
        let mut request = self.request(Method::GET, path).query(&[("limit", limit)]).timeout(CALL_DEADLINE);
        if let Some(cursor) = cursor {
            request = request.query(&[("cursor", cursor)]);
        }
        let response = self.send(request).await?;
        self.read(self.json(response).await?)
    }

    /// An answer in its shape.
    pub(crate) fn read<T: DeserializeOwned>(&self, value: Value) -> Result<T, ApiFailure> {
        serde_json::from_value(value).map_err(|error| {
            ApiFailure::silent(format!("{} answers in an unknown shape ({error}); is it another version?", self.base))
        })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, ApiFailure> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() { Ok(response) } else { Err(self.problem(response).await) }
    }

    async fn json(&self, response: Response) -> Result<Value, ApiFailure> {
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        let body = self.body(response).await?;
        serde_json::from_slice(&body).map_err(|_| {
            ApiFailure::silent(format!("{} does not answer in JSON; is another service at this address?", self.base))
        })
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, ApiFailure> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            if body.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(ApiFailure::silent(format!("{} answers with more than 64 MiB; ask for less", self.base)));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    async fn problem(&self, response: Response) -> ApiFailure {
        let status = response.status();
        let body = self.body(response).await.unwrap_or_default();
        let problem: Problem = serde_json::from_slice(&body).unwrap_or_default();
        let message = if status == StatusCode::UNAUTHORIZED {
            format!("{} does not accept the API key; does it run with this configuration?", self.base)
        } else if !problem.detail.is_empty() {
            problem.detail
        } else if !problem.title.is_empty() {
            problem.title
        } else {
            format!("{} answers with status {status}", self.base)
        };
        ApiFailure { status: Some(status.as_u16()), kind: problem.kind, message }
    }

    fn unreachable(&self, error: &reqwest::Error) -> ApiFailure {
        let what = if error.is_connect() {
            "is not there"
        } else if error.is_timeout() {
            "does not answer in time"
        } else {
            "broke off its answer"
        };
        ApiFailure::silent(format!("the service at {} {what}", self.base))
    }
}
