//! Lists in pages: `?cursor=&limit=` in, `{items, next_cursor}` out.

use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::ApiProblem;

/// Rows of a page, where the caller does not say.
const LIMIT_USUAL: usize = 50;
/// Rows of a page, at most.
pub(crate) const LIMIT_MAX: usize = 500;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Listing<T: ToSchema> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; absent rows mean the end only when this is `null`.
    pub next_cursor: Option<String>,
}

impl<T: ToSchema> Listing<T> {
    /// A list that fits one page.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }

    /// Cuts a list that was read with one row too many, and names the cursor after its last row.
    pub(crate) fn cut<R>(
        mut rows: Vec<R>,
        limit: usize,
        cursor_of: impl Fn(&R) -> String,
        shape: impl Fn(R) -> T,
    ) -> Self {
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = if has_more { rows.last().map(cursor_of) } else { None };
        Self { items: rows.into_iter().map(shape).collect(), next_cursor }
    }
}

/// How many rows the caller wants.
pub(crate) fn limit(asked: Option<&str>) -> Result<usize, ApiProblem> {
    let Some(text) = asked else { return Ok(LIMIT_USUAL) };
    match text.parse::<usize>() {
        Ok(limit) if (1..=LIMIT_MAX).contains(&limit) => Ok(limit),
        _ => Err(ApiProblem::BadQuery(format!("limit={text:?} does not fit; use 1 to {LIMIT_MAX}"))),
    }
}

/// Where the page begins, read by `parse`.
pub(crate) fn cursor<C>(asked: Option<&str>, parse: impl Fn(&str) -> Option<C>) -> Result<Option<C>, ApiProblem> {
    let Some(text) = asked.filter(|text| !text.is_empty()) else { return Ok(None) };
    let unknown = || ApiProblem::BadQuery(format!("cursor={text:?} is not one of ours; use next_cursor of the page before"));
    parse(text).map(Some).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_bounded() {
        assert_eq!(limit(None), Ok(50));
        assert_eq!(limit(Some("1")), Ok(1));
        assert_eq!(limit(Some("500")), Ok(500));
        for bad in ["0", "501", "-1", "many", "", "1.5", "99999999999999999999"] {
            assert!(matches!(limit(Some(bad)), Err(ApiProblem::BadQuery(_))), "{bad}");
        }
    }

    #[test]
    fn cursors_are_ours_or_refused() {
        let parse = |text: &str| text.parse::<u32>().ok();
        assert_eq!(cursor(None, parse), Ok(None));
        assert_eq!(cursor(Some(""), parse), Ok(None));
        assert_eq!(cursor(Some("7"), parse), Ok(Some(7)));
        assert!(matches!(cursor(Some("x"), parse), Err(ApiProblem::BadQuery(_))));
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_overlap() {
        let rows: Vec<u32> = (1..=7).collect();
        let mut seen = Vec::new();
        let mut after = 0;
        loop {
            let read: Vec<u32> = rows.iter().copied().filter(|row| *row > after).take(3 + 1).collect();
            let page = Listing::cut(read, 3, ToString::to_string, |row| row);
            assert!(page.items.len() <= 3);
            seen.extend(page.items);
            match page.next_cursor {
                Some(next) => after = next.parse().unwrap(),
                None => break,
            }
        }
        assert_eq!(seen, rows);
    }
}
