//! Faults on demand: what networks, proxies and tired servers do, switched on per request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What goes wrong. Every kind says whether the request still takes effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// This answer instead of the real one; the request takes no effect.
    Status {
        /// The status code.
        code: u16,
        /// Headers such as `Retry-After`.
        headers: Vec<(String, String)>,
        /// The body, sent as it is.
        body: String,
    },
    /// The request takes effect and the answer is held back for this many milliseconds of real time.
    DelayMs(u64),
    /// The connection is closed without an answer; the request takes no effect.
    DropBefore,
    /// The request takes effect, then the connection is closed without an answer.
    DropAfter,
    /// The request takes effect; the answer ends in the middle of its JSON, under the status of the whole.
    TruncatedJson,
    /// A web page with status 200 instead of the answer; the request takes no effect.
    HtmlOk,
    /// The request takes effect; a list answer claims to be complete and has nothing in it.
    EmptyList,
    /// `null` with status 200; the request takes no effect.
    NullBody,
    /// First pages are answered truly, every later page with 500.
    FirstPageOnly,
    /// The request takes effect; a list answer claims more rows than there are.
    WrongTotals,
    /// The request takes effect; a list answer lacks its totals.
    MissingTotals,
}

impl FaultKind {
    /// A bare status.
    pub fn status(code: u16) -> Self {
        Self::Status { code, headers: Vec::new(), body: String::new() }
    }

    /// A 429 that asks for some seconds of patience.
    pub fn retry_after(seconds: u32) -> Self {
        let headers = vec![("Retry-After".to_owned(), seconds.to_string())];
        Self::Status { code: 429, headers, body: String::new() }
    }
}

/// Which requests a rule speaks of, by path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum PathMatch {
    Prefix(String),
    Contains(String),
}

/// When something goes wrong: the first matching request, once, unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultRule {
    method: Option<String>,
    path: PathMatch,
    skip: u32,
    times: Option<u32>,
    kind: FaultKind,
}

impl FaultRule {
    /// A fault of requests whose path (with query) starts so.
    pub fn prefix(path_prefix: &str, kind: FaultKind) -> Self {
        let path = PathMatch::Prefix(path_prefix.to_owned());
        Self { method: None, path, skip: 0, times: Some(1), kind }
    }

    /// A fault of requests whose path (with query) has this in it.
    pub fn containing(part: &str, kind: FaultKind) -> Self {
        let path = PathMatch::Contains(part.to_owned());
        Self { method: None, path, skip: 0, times: Some(1), kind }
    }

    /// Only requests with this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_ascii_uppercase());
        self
    }

    /// Lets this many matching requests pass first.
    #[must_use]
    pub fn after(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    /// Strikes this many times instead of once.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Strikes until the faults are cleared.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    fn speaks_of(&self, method: &str, path_and_query: &str) -> bool {
        let method_fits = self.method.as_deref().is_none_or(|wanted| wanted == method);
        method_fits
            && match &self.path {
                PathMatch::Prefix(prefix) => path_and_query.starts_with(prefix.as_str()),
                PathMatch::Contains(part) => path_and_query.contains(part.as_str()),
            }
    }

    /// Counts a matching request and says whether the rule strikes now.
    fn strike(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        match &mut self.times {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

/// The fault rules of one emulator, in the order they were added. Clones share the rules.
///
/// Every matching request counts for every rule; of the rules that are due the oldest strikes and the others are not used up.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Vec<FaultRule>>>);

impl Faults {
    /// Adds a rule behind the others.
    pub fn add(&self, rule: FaultRule) {
        self.lock().push(rule);
    }

    /// Drops all rules.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// How many rules have not been used up.
    pub fn pending(&self) -> usize {
        self.lock().len()
    }

    /// The fault for this request, if any.
    pub(crate) fn take(&self, method: &str, path_and_query: &str) -> Option<FaultKind> {
        let mut rules = self.lock();
        let mut struck = None;
        for rule in rules.iter_mut().filter(|rule| rule.speaks_of(method, path_and_query)) {
            let waits = rule.skip > 0;
            if (waits || struck.is_none()) && rule.strike() {
                struck = Some(rule.kind.clone());
            }
        }
        rules.retain(|rule| rule.times != Some(0));
        struck
    }

    fn lock(&self) -> MutexGuard<'_, Vec<FaultRule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_strikes_the_nth_request_and_only_so_often() {
        let faults = Faults::default();
        faults.add(FaultRule::prefix("/sync", FaultKind::DropAfter).method("post").after(1).times(2));
        let hits: Vec<bool> = (0..5).map(|_| faults.take("POST", "/sync/history").is_some()).collect();
        assert_eq!(hits, [false, true, true, false, false]);
        assert_eq!(faults.pending(), 0);
    }

    #[test]
    fn other_methods_and_paths_do_not_count() {
        let faults = Faults::default();
        faults.add(FaultRule::containing("page=2", FaultKind::HtmlOk).method("GET"));
        assert_eq!(faults.take("POST", "/sync/history?page=2"), None);
        assert_eq!(faults.take("GET", "/sync/history?page=1"), None);
        assert_eq!(faults.take("GET", "/sync/history?page=2"), Some(FaultKind::HtmlOk));
        assert_eq!(faults.take("GET", "/sync/history?page=2"), None);
    }

    #[test]
    fn the_oldest_due_rule_strikes_and_the_others_stay() {
        let faults = Faults::default();
        faults.add(FaultRule::prefix("/", FaultKind::status(500)));
        faults.add(FaultRule::prefix("/", FaultKind::status(503)).always());
        assert_eq!(faults.take("GET", "/a"), Some(FaultKind::status(500)));
        assert_eq!(faults.take("GET", "/a"), Some(FaultKind::status(503)));
        assert_eq!(faults.take("GET", "/a"), Some(FaultKind::status(503)));
        faults.clear();
        assert_eq!(faults.take("GET", "/a"), None);
    }
}
