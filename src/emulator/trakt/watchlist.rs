//! `/sync/watchlist`: titles to see, in an order of the person's own.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::{
    account::{Listed, Membership},
    call::Call,
    catalogue::Kind,
    gate::Stamp,
    page::{MAX_LIMIT, Page},
    ratings::{ALL_KINDS, kinds_of},
    targets::{Reach, Targets, body_of, counts},
};
use crate::{instant, library::LibraryItem, reply::Reply};

/// A row with its place in the person's order.
struct Row<'a> {
    rank: usize,
    item: LibraryItem,
    listed: &'a Listed,
}

impl Call<'_> {
    /// `GET /sync/watchlist[/{type}[/{sort_by}[/{sort_how}]]]`.
    pub(crate) fn get_watchlist(&self, path: &[&str]) -> Result<Reply, Reply> {
        let kinds = path.first().map_or_else(|| Ok(ALL_KINDS.to_vec()), |names| kinds_of(names))?;
        let sort_by = path.get(1).copied().unwrap_or("rank");
        let sort_how = path.get(2).copied().unwrap_or("asc");
        let mut all: Vec<(&LibraryItem, &Listed)> = self.account.watchlist.iter().collect();
        all.sort_by_key(|(_, listed)| listed.row_id);
        let ranked =
            all.into_iter().enumerate().map(|(place, (item, listed))| Row { rank: place + 1, item: *item, listed });
        let mut rows: Vec<Row<'_>> = ranked.filter(|row| kinds.contains(&Kind::of(row.item))).collect();
        rows.sort_by(|one, other| self.compare(one, other, sort_by));
        if sort_how == "desc" {
            rows.reverse();
        }
        let reply = Page::of(self.request, MAX_LIMIT).cut(&rows, |row| self.row_json(row));
        Ok(reply
            .with_header("X-Sort-By", "rank")
            .with_header("X-Sort-How", "asc")
            .with_header("X-Applied-Sort-By", sort_by)
            .with_header("X-Applied-Sort-How", sort_how))
    }

    /// `POST /sync/watchlist`: all of it, or nothing when the limit would be passed.
    pub(crate) fn add_watchlist(&mut self) -> Result<Reply, Reply> {
        let body = body_of(self.request)?;
        let targets = Targets::read(&body, Reach::Whole, self.catalogue, self.switches.unknown_ids);
        let notes = |value: &Value| value.as_str().map(str::to_owned);
        let mut wanted = Vec::with_capacity(targets.known.len());
        for target in &targets.known {
            let notes = target.own("notes").and_then(notes);
            if notes.is_some() && self.account.membership == Membership::Free {
                return Err(Reply::status(426).with_header("X-Upgrade-URL", "https://trakt.tv/vip"));
            }
            if notes.as_ref().is_some_and(|text| text.chars().count() > 500) {
                return Err(Reply::status(422));
            }
            wanted.push((target.item, notes));
        }
        let new = wanted.iter().filter(|(item, _)| !self.account.watchlist.contains_key(item)).count();
        self.within(self.account.watchlist.len() + new, self.account.limits.watchlist)?;
        let mut added = Vec::new();
        let mut existing = Vec::new();
        for (item, notes) in wanted {
            let is_new = self.account.list_with_notes(item, self.now, notes);
            if is_new { added.push(item) } else { existing.push(item) }
        }
        let answer = json!({
            "added": counts(added.into_iter(), &ALL_KINDS),
            "existing": counts(existing.into_iter(), &ALL_KINDS),
            "not_found": targets.not_found(),
            "list": self.list_json(),
        });
        Ok(Reply::json(201, answer))
    }

    /// `POST /sync/watchlist/remove`.
    pub(crate) fn remove_watchlist(&mut self) -> Result<Reply, Reply> {
        let body = body_of(self.request)?;
        let targets = Targets::read(&body, Reach::Whole, self.catalogue, self.switches.unknown_ids);
        let items = targets.known.iter().map(|target| target.item);
        let removed: Vec<LibraryItem> = items.filter(|item| self.account.unlist(*item)).collect();
        let answer = json!({
            "deleted": counts(removed.into_iter(), &ALL_KINDS),
            "not_found": targets.not_found(),
            "list": self.list_json(),
        });
        Ok(Reply::json(200, answer))
    }

    fn list_json(&self) -> Value {
        let updated_at = instant::to_millis_text(self.account.stamps.get(Stamp::Watchlist));
        json!({"updated_at": updated_at, "item_count": self.account.watchlist.len()})
    }

    fn row_json(&self, row: &Row<'_>) -> Value {
        let mut json = Map::new();
        json.insert("rank".to_owned(), row.rank.into());
        json.insert("id".to_owned(), row.listed.row_id.into());
        json.insert("listed_at".to_owned(), instant::to_millis_text(row.listed.listed_at).into());
        json.insert("notes".to_owned(), row.listed.notes.clone().into());
        self.catalogue.describe(&mut json, row.item, self.extended());
        Value::Object(json)
    }

    fn compare(&self, one: &Row<'_>, other: &Row<'_>, sort_by: &str) -> Ordering {
        let title = |row: &Row<'_>| {
            let movie = self.catalogue.library().movie(row.item).map(|movie| movie.title.clone());
            movie.or_else(|| self.catalogue.library().show(row.item).map(|show| show.title.clone()))
        };
        match sort_by {
            "added" => one.listed.listed_at.cmp(&other.listed.listed_at).then(one.rank.cmp(&other.rank)),
            "title" => title(one).cmp(&title(other)).then(one.rank.cmp(&other.rank)),
            _ => one.rank.cmp(&other.rank),
        }
    }
}
