//! The client: one connection pool per account.

use std::{cell::Cell, error::Error, time::Duration};

use crosswatch_port::{Fault, RequestKind, Verdict};
use reqwest::{redirect::Policy, retry};
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use super::{answer::Answer, call::Call, retry::RetrySchedule};
use crate::ports::Ports;

/// Larger bodies are cut off, counted after decompression.
const BODY_LIMIT_BYTES: usize = 64 * 1024 * 1024;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(60);
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// The connections of one account.
pub(crate) struct HttpClient {
    client: reqwest::Client,
    ports: Ports,
    requests_sent: Cell<u64>,
    body_limit_bytes: usize,
    verify_tls: bool,
}

/// No answer arrived, or not all of it.
pub(super) enum Broken {
    /// No connection: nothing was sent.
    Connect(SmolStr),
    /// Sent, and then silence.
    TimedOut,
    /// Sent, and then the connection ended.
    Interrupted(SmolStr),
    /// The body is larger than anything sensible.
    TooLarge,
}

impl HttpClient {
    /// Opens the pool. The caller has installed the process-wide TLS provider before.
    pub(crate) fn new(ports: Ports, verify_tls: bool) -> Result<Self, Fault> {
        let client = builder(verify_tls)
            .gzip(true)
            .timeout(TOTAL_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(2)
            .build()
            .map_err(|error| {
                let why = root_cause(&error);
                Fault::Rejected(format_smolstr!("TLS cannot be set up: {why}; install the ca-certificates package"))
            })?;
        Ok(Self { client, ports, requests_sent: Cell::new(0), body_limit_bytes: BODY_LIMIT_BYTES, verify_tls })
    }

    /// A client with another limit on bodies.
    #[cfg(test)]
    pub(crate) fn with_body_limit(ports: Ports, body_limit_bytes: usize) -> Self {
        Self { body_limit_bytes, ..Self::new(ports, true).unwrap() }
    }

    /// What the house gave the account.
    pub(crate) const fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Requests since the start, tries of the same request counted each.
    pub(crate) fn requests_sent(&self) -> u64 {
        self.requests_sent.get()
    }

    /// Whether certificates must be trusted.
    pub(super) const fn verifies_tls(&self) -> bool {
        self.verify_tls
    }

    /// Waits for the budget and counts a request that goes out now.
    pub(super) async fn begin(&self, kind: RequestKind) -> Result<(), Fault> {
        self.ports.budget.take(kind).await?;
        self.requests_sent.set(self.requests_sent.get() + 1);
        Ok(())
    }

    /// Sends a request and gives whatever answer arrives, of any status.
    ///
    /// A read without an answer, or with one that says the service is down, is sent again, three times in all, unless it is to be sent once. A write never
    /// is: its fault is [`Fault::Transient`] where nothing was sent and [`Fault::InDoubt`] where something was.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer, Fault> {
        let mut schedule = RetrySchedule::new();
        loop {
            self.begin(call.kind).await?;
            let outcome = self.exchange(call).await;
            self.ports.budget.report(outcome.as_ref().map_or(Verdict::Failed, Answer::verdict));
            let is_worth_a_retry = match &outcome {
                Ok(answer) => answer.says_down(),
                Err(broken) => !matches!(broken, Broken::TooLarge),
            };
            if call.may_repeat
                && is_worth_a_retry
                && let Some(wait) = schedule.next_wait(&*self.ports.entropy)
            {
                tracing::debug!(place = %call.place(), wait_ms = wait.as_millis(), "the read is tried again");
                self.ports.clock.sleep(wait).await;
                continue;
            }
            return outcome.map_err(|broken| broken.fault(call));
        }
    }

    async fn exchange(&self, call: &Call) -> Result<Answer, Broken> {
        let mut request = self.client.request(call.method.clone(), call.url.clone()).headers(call.headers.clone());
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let mut response = request.send().await.map_err(|error| Broken::of(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| Broken::of(&error))? {
            if body.len() + chunk.len() > self.body_limit_bytes {
                return Err(Broken::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        tracing::debug!(place = %call.place(), status = status.as_u16(), bytes = body.len(), "answered");
        Ok(Answer {
            kind: call.kind,
            place: call.place(),
            status,
            headers,
            body,
            expects_json: call.expects_json,
            patience: call.patience,
            at: self.ports.clock.now(),
        })
    }
}

/// What every connection of ours has in common.
pub(super) fn builder(verify_tls: bool) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("CrossWatch/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .retry(retry::never())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .tls_danger_accept_invalid_certs(!verify_tls)
}

impl Broken {
    pub(super) fn of(error: &reqwest::Error) -> Self {
        if error.is_connect() || error.is_builder() {
            Self::Connect(root_cause(error))
        } else if error.is_timeout() {
            Self::TimedOut
        } else {
            Self::Interrupted(root_cause(error))
        }
    }

    pub(super) fn fault(self, call: &Call) -> Fault {
        let place = call.place();
        let detail = match self {
            Self::Connect(why) if why.contains("certificate") => {
                return Fault::Transient(format_smolstr!(
                    "{place}: the certificate is not trusted ({why}); \
                     if it is your own, install it on this machine or set verify_tls = false"
                ));
            }
            Self::Connect(why) if why.contains("corrupt message") => {
                return Fault::Transient(format_smolstr!(
                    "{place}: the service does not speak TLS there; write the url with http://, or name the port that does"
                ));
            }
            Self::Connect(why) => {
                return Fault::Transient(format_smolstr!(
                    "{place}: no connection ({why}); nothing was sent; check the url, and that it is running"
                ));
            }
            Self::TimedOut => format_smolstr!("{place} did not answer within {} s", TOTAL_TIMEOUT.as_secs()),
            Self::Interrupted(why) => {
                format_smolstr!("{place}: the connection broke off before the answer ended ({why})")
            }
            Self::TooLarge => format_smolstr!("{place} sent more than {} MiB", BODY_LIMIT_BYTES / 1024 / 1024),
        };
        if call.kind == RequestKind::Write { Fault::InDoubt(detail) } else { Fault::Transient(detail) }
    }
}

/// The innermost reason, which never holds an address.
fn root_cause(error: &reqwest::Error) -> SmolStr {
    let mut innermost: Option<&dyn Error> = error.source();
    while let Some(deeper) = innermost.and_then(Error::source) {
        innermost = Some(deeper);
    }
    innermost.map_or_else(|| SmolStr::new_static("unknown reason"), ToSmolStr::to_smolstr)
}
