//! `/sync/journal`: what was watched, rated and taken away, by item and in the order in which it happened.
//!
//! It speaks of items, not of plays: when one play of several is taken away, the item stays active. Rows are kept for thirty
//! days; who asks for more is told to read everything.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    call::Call,
    catalogue::Catalogue,
    listing::cut_down,
    present::{IdDetail, text_of},
};
use crate::{instant, kind::Kind, library::LibraryItem, reply::Reply};

const KEPT_SECONDS: i64 = 30 * 24 * 3600;
const MAX_LIMIT: usize = 1_000;

/// A list that the journal speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Category {
    Watched,
    Rated,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The item is there, since then.
    Active(Timestamp, Option<u8>),
    /// The item is no longer there.
    Removed,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) category: Category,
    pub(crate) item: LibraryItem,
    pub(crate) change: Change,
    pub(crate) action_at: Timestamp,
}

impl Category {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Watched => "watched",
            Self::Rated => "rated",
        }
    }
}

impl Call<'_> {
    /// `GET /sync/journal?since=|cursor=&limit=[&category=]`.
    pub(crate) fn get_journal(&self) -> Result<Reply, Reply> {
        let query = &self.request.query;
        let oldest = instant::plus_seconds(self.now, -KEPT_SECONDS);
        let told = |requires: bool, rows: Vec<Value>, next: Option<usize>| {
            let body = json!({
                "requires_full_sync": requires,
                "journal": rows,
                "journal_oldest_at": text_of(oldest),
                "pagination": {"has_more": next.is_some(), "next_cursor": next.map(|place| format!("j{place}"))},
            });
            Reply::json(200, body)
        };
        let since = match query.get("since").filter(|_| query.get("cursor").is_none()) {
            Some(text) => Some(instant::parse(text).ok_or_else(|| Reply::status(400))?),
            None => None,
        };
        if since.is_some_and(|since| since < oldest) {
            return Ok(told(true, Vec::new(), None));
        }
        let from = match query.get("cursor") {
            Some(cursor) => cursor.strip_prefix('j').and_then(|place| place.parse().ok()).ok_or_else(bad_cursor)?,
            None => 0,
        };
        let limit = cut_down(query.get("limit"), MAX_LIMIT);
        let category = query.get("category");
        let is_wanted = |entry: &Entry| {
            entry.action_at >= oldest.max(since.unwrap_or(oldest))
                && category.is_none_or(|category| category == entry.category.as_str())
        };
        let mut rows = Vec::new();
        for (place, entry) in self.account.journal.iter().enumerate().skip(from) {
            if !is_wanted(entry) {
                continue;
            }
            if rows.len() >= limit {
                return Ok(told(false, rows, Some(place)));
            }
            rows.push(entry_json(self.catalogue, entry));
        }
        Ok(told(false, rows, None))
    }
}

fn bad_cursor() -> Reply {
    Reply::json(400, json!({"error": "Invalid cursor"}))
}

fn entry_json(catalogue: &Catalogue, entry: &Entry) -> Value {
    let mut row = Map::new();
    row.insert("category".to_owned(), entry.category.as_str().into());
    row.insert("item_type".to_owned(), Kind::of(entry.item).singular().into());
    let (status, value_at, rating) = match entry.change {
        Change::Active(at, rating) => ("active", Some(text_of(at)), rating),
        Change::Removed => ("removed", None, None),
    };
    row.insert("status".to_owned(), status.into());
    row.insert("action_at".to_owned(), text_of(entry.action_at).into());
    row.insert("value_at".to_owned(), value_at.into());
    let titled = entry.item.show().map_or(entry.item, LibraryItem::Show);
    row.insert("ids".to_owned(), catalogue.ids_json(titled, IdDetail::All));
    if entry.category == Category::Rated {
        row.insert("rating".to_owned(), rating.into());
    }
    match entry.item {
        LibraryItem::Season { season, .. } => {
            row.insert("season".to_owned(), season.into());
        }
        LibraryItem::Episode { season, number, .. } => {
            row.insert("season".to_owned(), season.into());
            row.insert("episode".to_owned(), number.into());
        }
        LibraryItem::Movie(_) | LibraryItem::Show(_) => {}
    }
    Value::Object(row)
}
