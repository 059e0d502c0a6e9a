//! `/watchlist/items`: films and shows to see, as flat rows.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    call::Call,
    catalogue::mdblist_id,
    listing::{ListRow, RowKey},
    present::text_of,
    targets::{Targets, body_of},
};
use crate::{kind::Kind, library::LibraryItem, reply::Reply};

const MAX_LIMIT: usize = 1_000;

impl Call<'_> {
    /// `GET /watchlist/items[/{movie|show}]`. Both kinds share one paging with `unified=true`; without it each kind is paged
    /// by itself and a page may hold twice as many rows, which is why nobody should do without.
    pub(crate) fn get_watchlist(&self, path: &[&str]) -> Result<Reply, Reply> {
        let wanted = match path {
            [] => vec![Kind::Movie, Kind::Show],
            ["movie"] => vec![Kind::Movie],
            ["show"] => vec![Kind::Show],
            _ => return Err(Reply::status(404)),
        };
        if wanted.len() > 1 && self.request.query.get("unified") != Some("true") {
            return Err(Reply::json(400, json!({"error": "Use unified=true"})));
        }
        let all = self.account.watchlist.iter().filter(|(item, _)| wanted.contains(&Kind::of(**item)));
        let rows = all.map(|(item, at)| ListRow { key: RowKey::of_item(*item), item: *item, value: *at }).collect();
        self.page(rows, &wanted, MAX_LIMIT, |row| self.watchlist_row(row.item, row.value))
    }

    /// `POST /watchlist/items/add`.
    pub(crate) fn add_watchlist(&mut self) -> Result<Reply, Reply> {
        let body = body_of(self.request)?;
        let targets = Targets::flat(&body, self.catalogue);
        let (mut added, mut existing) = (Vec::new(), Vec::new());
        for target in &targets.known {
            let row = self.flat_row(target.item);
            if self.account.list(target.item, self.now) { added.push(row) } else { existing.push(row) }
        }
        let (added, existing) = (self.told(added), self.told(existing));
        let not_found = targets.not_found(self.switches.answers);
        Ok(Reply::json(200, json!({"added": added, "existing": existing, "not_found": not_found})))
    }

    /// `POST /watchlist/items/remove`. What is not on the list is not found.
    pub(crate) fn remove_watchlist(&mut self) -> Result<Reply, Reply> {
        let body = body_of(self.request)?;
        let targets = Targets::flat(&body, self.catalogue);
        let (mut removed, mut missing) = (Vec::new(), Vec::new());
        for target in &targets.known {
            let row = self.flat_row(target.item);
            if self.account.unlist(target.item) { removed.push(row) } else { missing.push(row) }
        }
        let unknown = targets.not_found(self.switches.answers);
        let not_found = if missing.is_empty() { unknown } else { self.told(missing) };
        Ok(Reply::json(200, json!({"removed": self.told(removed), "not_found": not_found})))
    }

    fn flat_row(&self, item: LibraryItem) -> (Kind, Value) {
        (Kind::of(item), self.catalogue.ids_json(item, super::present::IdDetail::All))
    }

    fn watchlist_row(&self, item: LibraryItem, at: Timestamp) -> Value {
        let ids = self.catalogue.library().ids(item).cloned().unwrap_or_default();
        let (title, year) = self.catalogue.title_of(item);
        json!({
            "id": ids.tmdb,
            "imdb_id": ids.imdb.as_deref(),
            "tvdb_id": ids.tvdb,
            "mdblist_id": mdblist_id(item).as_deref(),
            "mediatype": Kind::of(item).singular(),
            "title": title,
            "release_year": year,
            "watchlist_at": text_of(at),
        })
    }
}
