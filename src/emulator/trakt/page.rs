//! Pages: `page` and `limit` in, four headers out, on every list.
//!
//! A limit above the maximum is lowered without a word, so "fewer rows than asked" never means "the last page".

use serde_json::Value;

use crate::{reply::Reply, request::Request};

/// Rows of a page when nothing is asked.
const DEFAULT_LIMIT: usize = 100;
/// The most rows of any page.
pub(crate) const MAX_LIMIT: usize = 250;

/// The page a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    number: usize,
    pub(crate) limit: usize,
}

impl Page {
    /// Reads `page` and `limit`; what cannot be read counts as not sent.
    pub(crate) fn of(request: &Request, max_limit: usize) -> Self {
        let number = |name: &str| request.query.get(name).and_then(|text| text.parse::<usize>().ok());
        let limit = number("limit").filter(|limit| *limit > 0).unwrap_or(DEFAULT_LIMIT);
        Self { number: number("page").unwrap_or(1).max(1), limit: limit.min(max_limit) }
    }

    /// How many rows lie before it.
    pub(crate) const fn skip(self) -> usize {
        (self.number - 1).saturating_mul(self.limit)
    }

    /// The answer for rows that were cut already.
    pub(crate) fn reply(self, total: usize, rows: Vec<Value>) -> Reply {
        Reply::json(200, Value::Array(rows))
            .with_header("X-Pagination-Page", self.number.to_string())
            .with_header("X-Pagination-Limit", self.limit.to_string())
            .with_header("X-Pagination-Page-Count", page_count(total, self.limit).to_string())
            .with_header("X-Pagination-Item-Count", total.to_string())
    }

    /// The answer for all rows of a list, of which it shows its part.
    pub(crate) fn cut<T>(self, all: &[T], show: impl Fn(&T) -> Value) -> Reply {
        let rows = all.iter().skip(self.skip()).take(self.limit).map(show).collect();
        self.reply(all.len(), rows)
    }
}

/// An empty list has one empty page.
pub(crate) const fn page_count(total: usize, limit: usize) -> usize {
    if total == 0 || limit == 0 { 1 } else { total.div_ceil(limit) }
}
