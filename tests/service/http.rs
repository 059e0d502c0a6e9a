//! The API as a client sees it: blocking calls with the key.

use std::{fmt, time::Duration};

use reqwest::{Client, Method};
use serde_json::Value;
use tokio::runtime::Runtime;

/// Longer than the longest `?wait=`.
const TIMEOUT: Duration = Duration::from_secs(150);

/// An answer of the API.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body; `null` where it was not JSON.
    pub body: Value,
}

impl Answer {
    /// The body of an answer with this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

/// A client with the key of one service.
pub struct Http {
    runtime: Runtime,
    client: Client,
    base: String,
    key: String,
}

impl fmt::Debug for Http {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Http({})", self.base)
    }
}

impl Http {
    /// A client of the service at this address.
    pub fn new(base: String, key: &str) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = Client::builder().timeout(TIMEOUT).pool_max_idle_per_host(0).build().unwrap();
        Self { runtime, client, base, key: key.to_owned() }
    }

    /// Another client of the same service, with another key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self::new(self.base.clone(), key)
    }

    /// `GET`; `None` where nobody answers.
    pub fn try_get(&self, path: &str) -> Option<Answer> {
        self.send(Method::GET, path, None)
    }

    /// `GET`.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.try_get(path).unwrap_or_else(|| panic!("GET {path}: nobody answers"))
    }

    /// `POST`; `None` where nobody answers.
    pub fn try_post(&self, path: &str, body: &Value) -> Option<Answer> {
        self.send(Method::POST, path, Some(body))
    }

    /// `POST`.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_post(path, body).unwrap_or_else(|| panic!("POST {path}: nobody answers"))
    }

    /// `PUT`.
    #[track_caller]
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).unwrap_or_else(|| panic!("PUT {path}: nobody answers"))
    }

    /// `DELETE`.
    #[track_caller]
    pub fn delete(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::DELETE, path, Some(body)).unwrap_or_else(|| panic!("DELETE {path}: nobody answers"))
    }

    /// The text of an answer that is no JSON.
    #[track_caller]
    pub fn text(&self, path: &str) -> String {
        let request = self.client.get(format!("{}{path}", self.base)).header("X-Api-Key", &self.key);
        self.runtime.block_on(async { request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap() })
    }

    /// `POST` of a text as it is.
    #[track_caller]
    pub fn post_text(&self, path: &str, text: &str) -> Answer {
        let request = self.client.post(format!("{}{path}", self.base)).header("X-Api-Key", &self.key);
        let request = request.header("Content-Type", "application/x-ndjson").body(text.to_owned());
        self.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            Answer { status: answer.status().as_u16(), body: answer.json().await.unwrap() }
        })
    }

    /// All items of a list, over all its pages.
    #[track_caller]
    pub fn list(&self, path: &str) -> Vec<Value> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        let separator = if path.contains('?') { '&' } else { '?' };
        for _ in 0..1000 {
            let page = self.get(&format!("{path}{separator}limit=500{cursor}")).expect(200);
            all.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
        panic!("{path} never ends");
    }

    fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Option<Answer> {
        let mut request = self.client.request(method, format!("{}{path}", self.base)).header("X-Api-Key", &self.key);
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        self.runtime.block_on(async {
            let answer = request.send().await.ok()?;
            let status = answer.status().as_u16();
            let text = answer.text().await.ok()?;
            Some(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::Null) })
        })
    }
}
