//! How pages follow each other. MDBList tells no totals, only whether something follows, by a cursor or in the older way by
//! the number of rows before.

use serde_json::{Map, Value};
use smol_str::SmolStr;

/// What follows a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// A page at this cursor.
    Cursor(SmolStr),
    /// A page after so many rows.
    Offset(u64),
    /// Nothing, and the page says so.
    End,
    /// The page does not say: whatever was read so far proves nothing.
    Untold,
}

/// What a page says about the next one. `rows` were received so far.
pub(super) fn next_page(pagination: Option<&Map<String, Value>>, rows: u64) -> Next {
    let Some(pagination) = pagination else { return Next::Untold };
    let cursor = pagination.get("next_cursor");
    if let Some(text) = cursor.and_then(Value::as_str).filter(|text| !text.is_empty()) {
        return Next::Cursor(text.into());
    }
    match (pagination.get("has_more").and_then(Value::as_bool), cursor) {
        (Some(true), _) => Next::Offset(rows),
        (Some(false), _) | (None, Some(Value::Null)) => Next::End,
        (None, _) => Next::Untold,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_says_what_follows_or_nothing_is_known() {
        let cases = [
            (json!({ "next_cursor": "abc", "has_more": true }), Next::Cursor("abc".into())),
            (json!({ "next_cursor": "abc" }), Next::Cursor("abc".into())),
            (json!({ "next_cursor": null }), Next::End),
            (json!({ "next_cursor": null, "has_more": false }), Next::End),
            (json!({ "has_more": false }), Next::End),
            (json!({ "has_more": true, "next_cursor": null }), Next::Offset(7)),
            (json!({ "has_more": "yes" }), Next::Untold),
            (json!({ "next_cursor": 5 }), Next::Untold),
            (json!({}), Next::Untold),
        ];
        for (pagination, expected) in cases {
            assert_eq!(next_page(pagination.as_object(), 7), expected, "{pagination}");
        }
        assert_eq!(next_page(None, 7), Next::Untold);
    }
}
