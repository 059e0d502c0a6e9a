//! One request before it is sent.

use std::time::Duration;

use crosswatch_port::{Fault, RequestKind};
use reqwest::{
    Method, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde::Serialize;
use smol_str::{SmolStr, format_smolstr};

use super::{address::origin, answer::Answer};

/// How much of the address may appear in errors and logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Host and path.
    Path,
    /// The host only, because the path holds a secret.
    Host,
}

/// Reads how long an answer of a service asks to wait.
pub(crate) type Patience = fn(&Answer) -> Option<Duration>;

/// One request.
#[derive(Clone)]
pub(crate) struct Call {
    /// What it does to the account.
    pub(crate) kind: RequestKind,
    /// The method.
    pub(crate) method: Method,
    /// The address with its query.
    pub(crate) url: Url,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Option<Vec<u8>>,
    /// Whether a body of JSON is due when it succeeds.
    pub(crate) expects_json: bool,
    /// Whether it may be sent again when its answer is lost.
    pub(crate) may_repeat: bool,
    /// How long an answer asks to wait, where the service does not say so in `Retry-After` alone.
    pub(crate) patience: Option<Patience>,
    shown: Shown,
}

impl Call {
    fn new(kind: RequestKind, method: Method, url: Url) -> Self {
        Self {
            kind,
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
            expects_json: true,
            may_repeat: kind == RequestKind::Read,
            patience: None,
            shown: Shown::Path,
        }
    }

    /// A request that changes nothing.
    pub(crate) fn read(url: Url) -> Self {
        Self::new(RequestKind::Read, Method::GET, url)
    }

    /// A request that may change something.
    pub(crate) fn write(method: Method, url: Url) -> Self {
        Self::new(RequestKind::Write, method, url)
    }

    /// A request that signs in or refreshes a token.
    pub(crate) fn sign_in(url: Url) -> Self {
        Self::new(RequestKind::SignIn, Method::POST, url)
    }

    /// Adds a query parameter.
    #[must_use]
    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    /// Sets a header.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets a body of JSON.
    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self, Fault> {
        let bytes = serde_json::to_vec(body)
            .map_err(|error| Fault::Rejected(format_smolstr!("a request could not be written as JSON: {error}")))?;
        self.body = Some(bytes);
        Ok(self.header(CONTENT_TYPE, HeaderValue::from_static("application/json")))
    }

    /// Sets a body of form fields.
    #[must_use]
    pub(crate) fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let mut encoder = self.url.clone();
        encoder.query_pairs_mut().clear().extend_pairs(fields);
        self.body = encoder.query().map(|form| form.as_bytes().to_vec());
        self.header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
    }

    /// Any body will do when it succeeds.
    #[must_use]
    pub(crate) const fn any_body(mut self) -> Self {
        self.expects_json = false;
        self
    }

    /// Is sent once, even where it only reads.
    #[must_use]
    pub(crate) const fn once(mut self) -> Self {
        self.may_repeat = false;
        self
    }

    /// Asks this first how long an answer wants us to wait.
    #[must_use]
    pub(crate) const fn patience(mut self, patience: Patience) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Keeps the path out of errors and logs.
    #[must_use]
    pub(crate) const fn shows(mut self, shown: Shown) -> Self {
        self.shown = shown;
        self
    }

    /// `GET https://host/path`, without query and secrets.
    pub(crate) fn place(&self) -> SmolStr {
        match self.shown {
            Shown::Path => format_smolstr!("{} {}{}", self.method, origin(&self.url), self.url.path()),
            Shown::Host => format_smolstr!("{} {}", self.method, origin(&self.url)),
        }
    }
}

/// A header value that no log shows.
pub(crate) fn secret_value(text: &str, what: &str) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| Fault::Auth(format_smolstr!("{what} has characters that cannot be sent; copy it again")))?;
    value.set_sensitive(true);
    Ok(value)
}
