//! Lists in pages: `?cursor=&limit=` in, `{items, next_cursor}` out.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::ApiProblem;

/// Rows of a page, where the caller does not say.
const LIMIT_USUAL: usize = 50;
/// Rows of a page, at most.
pub(crate) const LIMIT_MAX: usize = 500;

/// Which page.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
    /// Rows of the page, 1 to 500; 50 where left out.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    pub(crate) limit: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Listing<T> {
    /// The rows.
    pub(crate) items: Vec<T>,
    /// Where the next page begins; the list ends where this is `null`, even after a page with few rows.
    pub(crate) next_cursor: Option<String>,
}

impl<T> Listing<T> {
    /// A list that fits one page.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }

    /// Cuts a list that was read with one row too many, and names the cursor after its last row.
    pub(crate) fn cut(mut items: Vec<T>, limit: usize, cursor_of: impl Fn(&T) -> String) -> Self {
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if has_more { items.last().map(cursor_of) } else { None };
        Self { items, next_cursor }
    }

    /// Cuts a list that is in memory as a whole: the rows after the one the cursor names.
    pub(crate) fn after(
        mut all: impl Iterator<Item = T>,
        cursor: Option<&str>,
        limit: usize,
        cursor_of: impl Fn(&T) -> String,
    ) -> Result<Self, ApiProblem> {
        if let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty())
            && !all.any(|row| cursor_of(&row) == cursor)
        {
            return Err(unknown_cursor(cursor));
        }
        Ok(Self::cut(all.take(limit + 1).collect(), limit, cursor_of))
    }

    /// Cuts a short list without names of its own: the cursor is the number of rows before the page.
    pub(crate) fn numbered(all: Vec<T>, asked: Option<&str>, limit: usize) -> Result<Self, ApiProblem> {
        let first = cursor(asked, |text| text.parse::<usize>().ok())?.unwrap_or(0);
        let rest = all.len().saturating_sub(first);
        let next_cursor = if rest > limit { Some((first + limit).to_string()) } else { None };
        Ok(Self { items: all.into_iter().skip(first).take(limit).collect(), next_cursor })
    }

    /// The same page with its rows shaped.
    pub(crate) fn map<U>(self, shape: impl FnMut(T) -> U) -> Listing<U> {
        Listing { items: self.items.into_iter().map(shape).collect(), next_cursor: self.next_cursor }
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
    parse(text).map(Some).ok_or_else(|| unknown_cursor(text))
}

fn unknown_cursor(text: &str) -> ApiProblem {
    ApiProblem::BadQuery(format!("cursor={text:?} leads nowhere; use next_cursor of the page before"))
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
            let page = Listing::cut(read, 3, ToString::to_string);
            assert!(page.items.len() <= 3);
            seen.extend(page.items);
            match page.next_cursor {
                Some(next) => after = next.parse().unwrap(),
                None => break,
            }
        }
        assert_eq!(seen, rows);
    }

    #[test]
    fn lists_in_memory_go_on_after_the_cursor() {
        let page = |cursor: Option<&str>| Listing::after([1u32, 2, 3].into_iter(), cursor, 2, ToString::to_string);
        assert_eq!(page(None), Ok(Listing { items: vec![1, 2], next_cursor: Some("2".to_owned()) }));
        assert_eq!(page(Some("2")), Ok(Listing::whole(vec![3])));
        assert_eq!(page(Some("3")), Ok(Listing::whole(vec![])));
        assert!(matches!(page(Some("7")), Err(ApiProblem::BadQuery(_))));
    }

    #[test]
    fn rows_without_names_are_counted() {
        let page = |cursor: Option<&str>| Listing::numbered(vec![1u32, 2, 3], cursor, 2);
        assert_eq!(page(None), Ok(Listing { items: vec![1, 2], next_cursor: Some("2".to_owned()) }));
        assert_eq!(page(Some("2")), Ok(Listing::whole(vec![3])));
        assert_eq!(page(Some("7")), Ok(Listing::whole(vec![])));
        assert!(matches!(page(Some("x")), Err(ApiProblem::BadQuery(_))));
    }
}
