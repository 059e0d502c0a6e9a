//! Lists in buckets, cut into pages: `limit` with `cursor` or `offset` in, `pagination` out. No page tells a total.

use serde_json::{Map, Value, json};

use super::{call::Call, present::IdDetail};
use crate::{kind::Kind, library::LibraryItem, reply::Reply, request::Request};

/// Rows of a page when nothing is asked.
const DEFAULT_LIMIT: usize = 100;
/// A cursor behind every row.
pub(crate) const END_CURSOR: &str = "c9.0.0";

/// How pages follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paging {
    /// By a cursor that stays at its row when rows before it come or go.
    #[default]
    Cursor,
    /// By the number of rows before: the older way, which misses rows when earlier ones go away meanwhile.
    Offset,
}

/// Where a row stands in the order of its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RowKey(u8, u64, u64);

impl RowKey {
    /// By the item alone: lists that have an item once.
    pub(crate) fn of_item(item: LibraryItem) -> Self {
        let (first, second) = match item {
            LibraryItem::Movie(place) | LibraryItem::Show(place) => (place, 0),
            LibraryItem::Season { show, season } => (show, u64::from(season)),
            LibraryItem::Episode { show, season, number } => (show, u64::from(season) << 16 | u64::from(number)),
        };
        Self(bucket(Kind::of(item)), first as u64, second)
    }

    /// By a number of its own, inside the bucket of the item.
    pub(crate) const fn numbered(item: LibraryItem, number: u64) -> Self {
        Self(bucket(Kind::of(item)), number, 0)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix('c')?.split('.');
        let key = Self(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        parts.next().is_none().then_some(key)
    }

    fn cursor(self) -> String {
        format!("c{}.{}.{}", self.0, self.1, self.2)
    }
}

const fn bucket(kind: Kind) -> u8 {
    match kind {
        Kind::Movie => 0,
        Kind::Show => 1,
        Kind::Season => 2,
        Kind::Episode => 3,
    }
}

/// One row before it is shown.
pub(crate) struct ListRow<T> {
    pub(crate) key: RowKey,
    pub(crate) item: LibraryItem,
    pub(crate) value: T,
}

impl Call<'_> {
    /// The page of these rows that the request asks for.
    pub(crate) fn page<T>(
        &self,
        mut rows: Vec<ListRow<T>>,
        buckets: &[Kind],
        max_limit: usize,
        show: impl Fn(&ListRow<T>) -> Value,
    ) -> Result<Reply, Reply> {
        let wanted = self.request.query.get("mediatype").map(Kind::parse);
        if wanted == Some(None) {
            return Err(Reply::json(400, json!({"error": "Invalid mediatype"})));
        }
        rows.retain(|row| wanted.flatten().is_none_or(|kind| Kind::of(row.item) == kind));
        rows.sort_by_key(|row| row.key);
        let start = start_of(self.request, &rows)?;
        let limit = cut_down(self.request.query.get("limit"), max_limit);
        let end = rows.len().min(start.saturating_add(limit));
        let mut page: Map<String, Value> = buckets.iter().map(|kind| (kind.plural().to_owned(), json!([]))).collect();
        for row in rows.get(start..end).unwrap_or_default() {
            if let Some(Value::Array(list)) = page.get_mut(Kind::of(row.item).plural()) {
                list.push(show(row));
            }
        }
        let has_more = end < rows.len();
        let last = end.checked_sub(1).and_then(|at| rows.get(at)).filter(|_| has_more);
        let pagination = match self.switches.paging {
            Paging::Cursor => {
                json!({"limit": limit, "has_more": has_more, "next_cursor": last.map(|row| row.key.cursor())})
            }
            Paging::Offset => json!({"limit": limit, "offset": start, "has_more": has_more}),
        };
        page.insert("pagination".to_owned(), pagination);
        Ok(Reply::json(200, Value::Object(page)))
    }

    /// How much of the ids the request wants.
    pub(crate) fn id_detail(&self) -> IdDetail {
        if self.request.query.get("extended") == Some("ids_only") { IdDetail::TmdbOnly } else { IdDetail::All }
    }
}

/// The limit asked for; one above the maximum is lowered without a word.
pub(crate) fn cut_down(limit: Option<&str>, max_limit: usize) -> usize {
    let asked = limit.and_then(|text| text.parse().ok()).filter(|limit| *limit > 0);
    asked.unwrap_or(DEFAULT_LIMIT).min(max_limit)
}

fn start_of<T>(request: &Request, rows: &[ListRow<T>]) -> Result<usize, Reply> {
    match (request.query.get("cursor"), request.query.get("offset")) {
        (Some(cursor), _) => {
            let key = RowKey::parse(cursor).ok_or_else(|| Reply::json(400, json!({"error": "Invalid cursor"})))?;
            Ok(rows.partition_point(|row| row.key <= key))
        }
        (None, Some(offset)) => offset.parse().map_err(|_| Reply::status(400)),
        (None, None) => Ok(0),
    }
}
