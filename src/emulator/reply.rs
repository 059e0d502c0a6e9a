//! An answer as an emulator's state machine gives it, before faults and before HTTP.

use serde_json::Value;

/// One HTTP answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

/// What an answer carries.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    Empty,
    Json(Value),
    Text(String),
    Html(String),
}

impl Reply {
    /// JSON with a status.
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Body::Json(body) }
    }

    /// A status alone.
    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Empty }
    }

    /// Plain text with a status.
    pub(crate) fn text(status: u16, text: &str) -> Self {
        Self { status, headers: Vec::new(), body: Body::Text(text.to_owned()) }
    }

    /// The page that a proxy in front of the service shows.
    pub(crate) fn html(status: u16) -> Self {
        let page = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking.</body></html>";
        Self { status, headers: Vec::new(), body: Body::Html(page.to_owned()) }
    }

    /// The same answer with one more header.
    pub(crate) fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Changes a header's value where the header is present.
    pub(crate) fn replace_header(&mut self, name: &str, value: &str) {
        for (key, old) in &mut self.headers {
            if key.eq_ignore_ascii_case(name) {
                value.clone_into(old);
            }
        }
    }
}
