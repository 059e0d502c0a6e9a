//! What was asked of an emulator, for assertions about calls made and calls not made.
//!
//! Credentials are not kept: headers and the bodies of requests are not logged, and secret query values are starred. The
//! bodies of answers are kept only where a test asks for them, because they may hold tokens and are large.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::Timestamp;

/// The log keeps this many requests and forgets the oldest beyond it.
const KEPT_REQUESTS: usize = 200_000;

/// Larger answers are not kept, not even in part.
const KEPT_ANSWER_BYTES: usize = 1024 * 1024;

/// Query names whose values are secrets.
const SECRET_NAMES: [&str; 10] = [
    "apikey",
    "api_key",
    "token",
    "access_token",
    "refresh_token",
    "secret",
    "client_secret",
    "code",
    "x-plex-token",
    "pin",
];

/// One request and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedRequest {
    /// When it arrived.
    pub at: Timestamp,
    /// `GET`, `POST`, …
    pub method: String,
    /// Path with query, secrets starred.
    pub path_and_query: String,
    /// Status of the answer; absent when the connection was cut instead.
    pub status: Option<u16>,
    /// The body of a JSON answer, where [`RequestLog::keep_answers`] asked for it and it is not too large.
    pub answer: Option<String>,
}

impl LoggedRequest {
    /// Whether this request may change state: everything but GET, HEAD and OPTIONS.
    pub fn is_write(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }
}

/// The requests of one emulator, oldest first. Clones share the log.
#[derive(Debug, Clone, Default)]
pub struct RequestLog {
    requests: Arc<Mutex<VecDeque<LoggedRequest>>>,
    keeps_answers: Arc<AtomicBool>,
}

impl RequestLog {
    /// Every request since the start or the last [`clear`](Self::clear).
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.lock().iter().cloned().collect()
    }

    /// The requests that may have changed state, sign-in included.
    pub fn writes(&self) -> Vec<LoggedRequest> {
        self.lock().iter().filter(|request| request.is_write()).cloned().collect()
    }

    /// How many requests used this method on a path that starts so.
    pub fn count(&self, method: &str, path_prefix: &str) -> usize {
        let fits = |request: &&LoggedRequest| {
            request.method.eq_ignore_ascii_case(method) && request.path_and_query.starts_with(path_prefix)
        };
        self.lock().iter().filter(fits).count()
    }

    /// How many requests there were.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether nothing was asked.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// From now on the bodies of JSON answers are kept, too.
    pub fn keep_answers(&self) {
        self.keeps_answers.store(true, Ordering::Relaxed);
    }

    /// A JSON answer as it is logged: not at all, unless asked for.
    pub(crate) fn kept_answer(&self, body: &serde_json::Value) -> Option<String> {
        let text = self.keeps_answers.load(Ordering::Relaxed).then(|| body.to_string())?;
        (text.len() <= KEPT_ANSWER_BYTES).then_some(text)
    }

    pub(crate) fn push(&self, request: LoggedRequest) {
        let mut kept = self.lock();
        if kept.len() >= KEPT_REQUESTS {
            kept.pop_front();
        }
        kept.push_back(request);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<LoggedRequest>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Path and query for the log, with the values of secret names starred.
pub(crate) fn without_secrets(path: &str, query: &str) -> String {
    if query.is_empty() {
        return path.to_owned();
    }
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if SECRET_NAMES.contains(&name.to_ascii_lowercase().as_str()) => format!("{name}=***"),
        _ => pair.to_owned(),
    });
    format!("{path}?{}", shown.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_starred_and_the_rest_is_kept() {
        for (query, shown) in [
            ("", "/Items"),
            ("ApiKey=abc&limit=5", "/Items?ApiKey=***&limit=5"),
            ("api_key=abc", "/Items?api_key=***"),
            ("userId=1&secret=x", "/Items?userId=1&secret=***"),
            ("flag", "/Items?flag"),
        ] {
            assert_eq!(without_secrets("/Items", query), shown);
        }
    }
}
