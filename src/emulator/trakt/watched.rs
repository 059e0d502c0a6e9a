//! `/sync/watched`: plays gathered by film and by show.

use std::{cmp::Reverse, collections::BTreeMap};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    call::Call,
    catalogue::Kind,
    page::{MAX_LIMIT, Page},
};
use crate::{instant, library::LibraryItem, reply::Reply};

/// Rows are large when they carry progress, so pages are smaller.
const MAX_PROGRESS_LIMIT: usize = 100;

/// The plays of one film or episode.
struct Watched {
    item: LibraryItem,
    plays: usize,
    last_at: Timestamp,
}

impl Call<'_> {
    /// `GET /sync/watched/{movies|shows}`.
    pub(crate) fn get_watched(&self, kind: &str) -> Result<Reply, Reply> {
        let kind = Kind::parse(kind).filter(|kind| matches!(kind, Kind::Movie | Kind::Show));
        let kind = kind.ok_or_else(|| Reply::status(404))?;
        if self.extends("min") {
            return Ok(Reply::json(
                200,
                if kind == Kind::Movie { self.minimal_movies() } else { self.minimal_shows() },
            ));
        }
        let max_limit = if self.extends("progress") { MAX_PROGRESS_LIMIT } else { MAX_LIMIT };
        let page = Page::of(self.request, max_limit);
        if kind == Kind::Movie {
            let mut movies: Vec<Watched> =
                self.leaves().filter(|leaf| matches!(leaf.item, LibraryItem::Movie(_))).collect();
            movies.sort_by_key(|movie| Reverse(movie.last_at));
            return Ok(page.cut(&movies, |movie| Value::Object(self.summary(movie.item, movie.plays, movie.last_at))));
        }
        let mut by_show: BTreeMap<usize, Vec<Watched>> = BTreeMap::new();
        for leaf in self.leaves() {
            if let Some(show) = leaf.item.show() {
                by_show.entry(show).or_default().push(leaf);
            }
        }
        let last_at = |leaves: &[Watched]| leaves.iter().map(|leaf| leaf.last_at).max().unwrap_or_default();
        let mut shows: Vec<(usize, Vec<Watched>)> = by_show.into_iter().collect();
        shows.sort_by_key(|(_, leaves)| Reverse(last_at(leaves)));
        Ok(page.cut(&shows, |(show, leaves)| self.show_json(*show, leaves, last_at(leaves))))
    }

    fn leaves(&self) -> impl Iterator<Item = Watched> {
        self.account.plays.by_item().map(|(item, moments)| {
            let last_at = moments.last().map_or(Timestamp::UNIX_EPOCH, |(at, _)| *at);
            Watched { item, plays: moments.len(), last_at }
        })
    }

    /// `last_updated_at` moves when a play is added and not when one is removed.
    fn summary(&self, item: LibraryItem, plays: usize, last_at: Timestamp) -> Map<String, Value> {
        let updated_at = self.account.last_added.get(&item).copied().unwrap_or(last_at);
        let mut row = Map::new();
        row.insert("plays".to_owned(), plays.into());
        row.insert("last_watched_at".to_owned(), instant::to_millis_text(last_at).into());
        row.insert("last_updated_at".to_owned(), instant::to_millis_text(updated_at).into());
        let title = self.catalogue.title_json(item, self.extends("full"));
        row.insert(Kind::of(item).singular().to_owned(), title);
        row
    }

    fn show_json(&self, show: usize, leaves: &[Watched], last_at: Timestamp) -> Value {
        let plays = leaves.iter().map(|leaf| leaf.plays).sum();
        let mut row = self.summary(LibraryItem::Show(show), plays, last_at);
        row.insert("reset_at".to_owned(), Value::Null);
        if self.extends("progress") {
            row.insert("seasons".to_owned(), seasons_json(leaves));
        }
        Value::Object(row)
    }

    fn minimal_movies(&self) -> Value {
        let movies = self.account.plays.by_item().filter(|(item, _)| matches!(item, LibraryItem::Movie(_)));
        let rows = movies.map(|(item, moments)| {
            let times = moments.iter().rev().map(|(at, _)| Value::from(instant::to_millis_text(*at))).collect();
            (self.catalogue.trakt_id(item).to_string(), times)
        });
        Value::Object(rows.collect())
    }

    fn minimal_shows(&self) -> Value {
        let mut shows: BTreeMap<String, BTreeMap<String, Map<String, Value>>> = BTreeMap::new();
        for (item, moments) in self.account.plays.by_item() {
            let LibraryItem::Episode { show, season, number } = item else { continue };
            let times = moments.iter().rev().map(|(at, _)| Value::from(instant::to_millis_text(*at))).collect();
            let show = self.catalogue.trakt_id(LibraryItem::Show(show)).to_string();
            let seasons = shows.entry(show).or_default();
            seasons.entry(season.to_string()).or_default().insert(number.to_string(), times);
        }
        json!(shows)
    }
}

fn seasons_json(leaves: &[Watched]) -> Value {
    let mut seasons: BTreeMap<u16, Vec<Value>> = BTreeMap::new();
    for leaf in leaves {
        let LibraryItem::Episode { season, number, .. } = leaf.item else { continue };
        let last_at = instant::to_millis_text(leaf.last_at);
        let episode = json!({"number": number, "plays": leaf.plays, "last_watched_at": last_at});
        seasons.entry(season).or_default().push(episode);
    }
    seasons.into_iter().map(|(number, episodes)| json!({"number": number, "episodes": episodes})).collect()
}
