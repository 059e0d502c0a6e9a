//! One answer, and what its status and body mean.

use std::time::Duration;

use crosswatch_port::{Fault, RequestKind, Verdict};
use jiff::{Timestamp, fmt::rfc2822};
use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER},
};
use serde::de::DeserializeOwned;
use smol_str::{SmolStr, format_smolstr};

use super::call::Patience;

/// How long to wait when a service says "too many requests" and not how long.
const DEFAULT_WAIT: Duration = Duration::from_secs(30);
/// No service is believed that wants a longer wait.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// An answer that arrived in full.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// What was asked.
    pub(crate) kind: RequestKind,
    /// Method, host and path, for people.
    pub(crate) place: SmolStr,
    /// The status.
    pub(crate) status: StatusCode,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body, decompressed.
    pub(crate) body: Vec<u8>,
    /// Whether JSON is due.
    pub(crate) expects_json: bool,
    /// How its service says how long to wait, besides `Retry-After`.
    pub(crate) patience: Option<Patience>,
    /// When it arrived.
    pub(crate) at: Timestamp,
}

impl Answer {
    /// The answer, where its status says success.
    pub(crate) fn success(self) -> Result<Self, Fault> {
        if self.status.is_success() { Ok(self) } else { Err(self.fault()) }
    }

    /// The fault its status stands for.
    pub(crate) fn fault(&self) -> Fault {
        fault_of_status(self)
    }

    /// The body as JSON. A web page, a `null` and half a page are faults: none of them is an empty answer.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        if self.is_web_page() {
            return Err(self.unreadable("a web page instead of JSON; is the url right, is a proxy in between?"));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            let what = match error.classify() {
                serde_json::error::Category::Eof => "JSON that ends in the middle",
                serde_json::error::Category::Data => "JSON of an unexpected form",
                _ => "something that is not JSON; is the url right, is a proxy in between?",
            };
            self.unreadable(what)
        })
    }

    /// A header as a whole number.
    pub(crate) fn number(&self, header: &str) -> Option<u64> {
        self.headers.get(header)?.to_str().ok()?.trim().parse().ok()
    }

    /// Whether the body is HTML.
    fn is_web_page(&self) -> bool {
        let says_html = self
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.to_ascii_lowercase().contains("html"));
        says_html || self.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
    }

    /// There was an answer and its meaning is lost: a write stays in doubt, a read is half a read.
    fn unreadable(&self, what: &str) -> Fault {
        Fault::InDoubt(format_smolstr!("{} answered with {what}", self.place))
    }

    /// What the budget and the breaker hear.
    pub(crate) fn verdict(&self) -> Verdict {
        match self.status.as_u16() {
            // Asking for one code too often says nothing about the rest of the account.
            429 if self.kind == RequestKind::SignIn && !self.headers.contains_key(RETRY_AFTER) => Verdict::Answered,
            429 => Verdict::Wait(self.wait()),
            500.. => Verdict::Failed,
            200..=299 if self.expects_json && self.is_web_page() => Verdict::Failed,
            _ => Verdict::Answered,
        }
    }

    /// Whether the service is in trouble, so that a read is worth another try.
    pub(crate) fn says_down(&self) -> bool {
        self.status.is_server_error() && self.status != StatusCode::NOT_IMPLEMENTED
    }

    /// What the service's own way of saying it gives, else `Retry-After` in seconds or as a date.
    fn wait(&self) -> Duration {
        if let Some(wait) = self.patience.and_then(|patience| patience(self)) {
            return wait.clamp(Duration::from_secs(1), LONGEST_WAIT);
        }
        let text = self.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::trim);
        let wait = text.and_then(|text| match text.parse::<u64>() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => until(text, self.at),
        });
        wait.unwrap_or(DEFAULT_WAIT).clamp(Duration::from_secs(1), LONGEST_WAIT)
    }
}

fn until(date: &str, now: Timestamp) -> Option<Duration> {
    let then = rfc2822::parse(date).ok()?.timestamp();
    Some(Duration::try_from(then.duration_since(now)).unwrap_or(Duration::ZERO))
}

/// The fault a status stands for, the same for every service. Bodies of errors are often empty or HTML and decide nothing.
///
/// `401` and `403` need a person; `423` is a locked account; `420` and `426` are limits of the account; a
/// redirect is most often a proxy in a bad moment or a login page, and was not followed; a `5xx` says nothing
/// about whether a write was applied; everything else in the `4xx` is a "no" that stays one.
fn fault_of_status(answer: &Answer) -> Fault {
    let (place, code) = (&answer.place, answer.status.as_u16());
    let is_write = answer.kind == RequestKind::Write;
    match code {
        401 => Fault::Auth(format_smolstr!(
            "{place} does not accept the credentials (401); correct the token in the configuration, or sign in again"
        )),
        403 => Fault::Auth(format_smolstr!(
            "{place} is forbidden for these credentials (403); check the rights of the user, key or app"
        )),
        300..=399 => Fault::Transient(redirected(answer)),
        404 => Fault::Rejected(format_smolstr!("{place} does not exist (404); check the url")),
        409 => Fault::Rejected(format_smolstr!("{place} is in conflict with what is there (409)")),
        420 => Fault::Rejected(format_smolstr!("{place}: the account has no room left (420); make room or upgrade it")),
        423 => Fault::Gone(format_smolstr!("{place}: the account is locked or deactivated (423); ask the service")),
        426 => Fault::Rejected(format_smolstr!("{place} is only for paying accounts (426)")),
        429 => Fault::RateLimited { after: answer.wait(), detail: format_smolstr!("{place} asks to send less (429)") },
        408 | 500 | 502..=599 if is_write => {
            Fault::InDoubt(format_smolstr!("{place} failed ({code}); whether it was applied is not known"))
        }
        408 | 425 | 500 | 502..=599 => {
            Fault::Transient(format_smolstr!("{place} failed ({code}); trying later may help"))
        }
        _ => Fault::Rejected(format_smolstr!("{place} refused the request ({code})")),
    }
}

fn redirected(answer: &Answer) -> SmolStr {
    let target = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let host = target.and_then(|target| reqwest::Url::parse(target).ok()).map(|url| super::address::origin(&url));
    match host {
        Some(host) => {
            format_smolstr!("{} sends us on to {host}; set the url to where the service really is", answer.place)
        }
        None => {
            format_smolstr!("{} sends us on to another page; set the url to where the service really is", answer.place)
        }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn answer(kind: RequestKind, status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        Answer {
            kind,
            place: "GET https://host/path".into(),
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()))
                .collect(),
            body: body.as_bytes().to_vec(),
            expects_json: true,
            patience: None,
            at: "2026-11-22T12:00:00Z".parse().unwrap(),
        }
    }

    fn word(fault: &Fault) -> &'static str {
        match fault {
            Fault::Transient(_) => "transient",
            Fault::RateLimited { .. } => "wait",
            Fault::Auth(_) => "auth",
            Fault::Rejected(_) => "rejected",
            Fault::InDoubt(_) => "in_doubt",
            Fault::Gone(_) => "gone",
        }
    }

    #[test]
    fn every_status_has_one_meaning_per_kind_of_request() {
        let table = [
            (301, "transient", "transient"),
            (400, "rejected", "rejected"),
            (401, "auth", "auth"),
            (403, "auth", "auth"),
            (404, "rejected", "rejected"),
            (408, "transient", "in_doubt"),
            (409, "rejected", "rejected"),
            (412, "rejected", "rejected"),
            (420, "rejected", "rejected"),
            (422, "rejected", "rejected"),
            (423, "gone", "gone"),
            (425, "transient", "transient"),
            (426, "rejected", "rejected"),
            (429, "wait", "wait"),
            (500, "transient", "in_doubt"),
            (501, "rejected", "rejected"),
            (502, "transient", "in_doubt"),
            (503, "transient", "in_doubt"),
            (504, "transient", "in_doubt"),
            (520, "transient", "in_doubt"),
            (522, "transient", "in_doubt"),
        ];
        for (status, read, write) in table {
            assert_eq!(word(&answer(RequestKind::Read, status, &[], "").fault()), read, "read {status}");
            assert_eq!(word(&answer(RequestKind::Write, status, &[], "").fault()), write, "write {status}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_or_half_a_minute() {
        let cases = [
            (Some("12"), 12),
            (Some("0"), 1),
            (Some("Sun, 22 Nov 2026 12:00:45 GMT"), 45),
            (Some("Sun, 22 Nov 2026 11:00:00 GMT"), 1),
            (Some("soon"), 30),
            (None, 30),
            (Some("99999999"), 24 * 3600),
        ];
        for (header, seconds) in cases {
            let headers: Vec<_> = header.map(|value| ("retry-after", value)).into_iter().collect();
            let answer = answer(RequestKind::Read, 429, &headers, "");
            let after = Duration::from_secs(seconds);
            assert_eq!(answer.verdict(), Verdict::Wait(after), "{header:?}");
            assert!(matches!(answer.fault(), Fault::RateLimited { after: told, .. } if told == after), "{header:?}");
        }
    }

    #[test]
    fn a_broken_page_is_never_an_empty_one() {
        let html = [("content-type", "text/html; charset=utf-8")];
        let json = [("content-type", "application/json")];
        for (headers, body) in [
            (&html, "<html>login</html>"),
            (&json, "  <!doctype html>"),
            (&json, "null"),
            (&json, "[1,2"),
            (&json, ""),
            (&json, "{}"),
        ] {
            for kind in [RequestKind::Read, RequestKind::Write] {
                let answer = answer(kind, 200, headers, body);
                assert_eq!(word(&answer.json::<Vec<u32>>().unwrap_err()), "in_doubt", "{body}");
            }
        }
        assert_eq!(answer(RequestKind::Read, 200, &html, "").verdict(), Verdict::Failed);
        assert_eq!(answer(RequestKind::Read, 200, &json, "[]").json::<Vec<u32>>(), Ok(vec![]));
    }

    #[test]
    fn a_redirect_names_the_host_and_nothing_more() {
        let moved = answer(RequestKind::Read, 302, &[("location", "https://other.example/x?token=hunter2")], "");
        let text = moved.fault().to_string();
        assert!(text.contains("https://other.example;") && !text.contains("hunter2"), "{text}");
    }
}
