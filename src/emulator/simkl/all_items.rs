//! `/sync/all-items`: the library, whole or as far as it changed, and the trap that bans careless apps.
//!
//! A read without `date_from` is allowed once after each question for activities; the second one suspends the app for good.

use serde_json::{Map, Value, json};

use super::{
    account::{Entry, Status},
    call::Call,
    catalogue::{Part, TitlePlace},
    gate::second_text,
    state::refused,
};
use crate::{instant, reply::Reply};

/// What a read wants to see of each title.
struct Wanted<'q> {
    extended: &'q str,
    has_dates: bool,
    has_all_episodes: bool,
}

impl Call<'_> {
    /// `/sync/all-items[/{type}[/{status}]]`.
    pub(crate) fn all_items(&mut self, path: &[&str]) -> Result<Reply, Reply> {
        let wrong = || refused(404, "url_failed", "There is nothing at this address");
        let part = path.first().map(|name| Part::parse(name).ok_or_else(wrong)).transpose()?;
        let status = path.get(1).map(|name| Status::parse(name).ok_or_else(wrong)).transpose()?;
        let query = &self.request.query;
        let wanted = Wanted {
            extended: query.get("extended").unwrap_or_default(),
            has_dates: query.get("episode_watched_at") == Some("yes"),
            has_all_episodes: query.get("include_all_episodes").is_some(),
        };
        let since = query.get("date_from").and_then(instant::parse);
        if since.is_none() {
            self.read_whole(&format!("{}?{}", path.join("/"), wanted.extended.ends_with("ids_only")))?;
        }
        let fits = |entry: &Entry| {
            status.is_none_or(|status| status == entry.status) && since.is_none_or(|since| entry.changed_at > since)
        };
        let entries: Vec<(TitlePlace, &Entry)> = self
            .account
            .entries
            .iter()
            .filter(|(_, entry)| fits(entry))
            .map(|(place, entry)| (*place, entry))
            .collect();
        let is_narrow = part.is_some() && status.is_some();
        if !is_narrow && self.switches.max_items.is_some_and(|max| entries.len() > max) {
            return Err(refused(400, "max_items", "Too many items: ask by type and status"));
        }
        Ok(self.buckets(part, entries, |place, entry| self.row(place, entry, &wanted)))
    }

    /// `GET /sync/ratings[/{type}[/{ratings}]]`.
    pub(crate) fn get_ratings(&self, path: &[&str]) -> Result<Reply, Reply> {
        let wrong = || refused(404, "url_failed", "There is nothing at this address");
        let part = path.first().map(|name| Part::parse(name).ok_or_else(wrong)).transpose()?;
        let chosen: Option<Vec<&str>> = path.get(1).map(|text| text.split(',').collect());
        let since = self.request.query.get("date_from").and_then(instant::parse);
        let rated = self.account.entries.iter().filter(|(_, entry)| {
            entry.rating.is_some_and(|given| {
                let fits = |chosen: &Vec<&str>| chosen.contains(&given.rating.to_string().as_str());
                chosen.as_ref().is_none_or(fits) && since.is_none_or(|since| given.rated_at > since)
            })
        });
        let rated = rated.map(|(place, entry)| (*place, entry)).collect();
        let wanted = Wanted { extended: "", has_dates: false, has_all_episodes: false };
        Ok(self.buckets(part, rated, |place, entry| self.row(place, entry, &wanted)))
    }

    /// Notes a read of the whole library, or suspends the app.
    fn read_whole(&mut self, what: &str) -> Result<(), Reply> {
        if self.whole_reads.insert((self.account.name.clone(), what.to_owned())) {
            return Ok(());
        }
        *self.is_suspended = true;
        Err(refused(403, "client_id_suspended", "This client_id is suspended"))
    }

    /// Empty buckets are left out, and a wholly empty answer is `null`.
    fn buckets(
        &self,
        part: Option<Part>,
        entries: Vec<(TitlePlace, &Entry)>,
        row: impl Fn(TitlePlace, &Entry) -> Value,
    ) -> Reply {
        let mut buckets: Map<String, Value> = Map::new();
        for (place, entry) in entries {
            let Some(title) = self.catalogue.title(place) else { continue };
            if part.is_none_or(|part| part == title.part) {
                let bucket = buckets.entry(title.part.bucket()).or_insert_with(|| json!([]));
                bucket.as_array_mut().into_iter().for_each(|rows| rows.push(row(place, entry)));
            }
        }
        Reply::json(200, if buckets.is_empty() { Value::Null } else { Value::Object(buckets) })
    }

    fn row(&self, place: TitlePlace, entry: &Entry, wanted: &Wanted<'_>) -> Value {
        let Some(title) = self.catalogue.title(place) else { return Value::Null };
        // Films alone nest under their own name; every anime, films included, nests under `show`.
        let nest = if title.part == Part::Movies { "movie" } else { "show" };
        if wanted.extended.ends_with("ids_only") {
            return json!({nest: {"ids": {"simkl": self.catalogue.simkl_id(place), "slug": "a-title"}}});
        }
        let is_full = wanted.extended.starts_with("full");
        let episodes = self.catalogue.episodes(place).len();
        let last = entry.episodes.keys().next_back().map(|at| match title.part {
            Part::Anime => format!("E{}", at.number),
            _ => format!("S{:02}E{:02}", at.season, at.number),
        });
        let mut row = json!({
            "added_to_watchlist_at": second_text(entry.added_at),
            "last_watched_at": entry.last_watched_at.map(second_text),
            "user_rated_at": entry.rating.map(|given| second_text(given.rated_at)),
            "user_rating": entry.rating.map(|given| given.rating),
            "status": entry.status.as_str(),
            "last_watched": last,
            "next_to_watch": null,
            "watched_episodes_count": entry.episodes.len(),
            "total_episodes_count": episodes,
            "not_aired_episodes_count": 0,
            nest: self.catalogue.title_json(place, is_full),
        });
        let Some(members) = row.as_object_mut() else { return row };
        if let Some(anime_type) = title.anime_type() {
            members.insert("anime_type".to_owned(), anime_type.into());
        }
        let hides_episodes = matches!(entry.status, Status::Completed | Status::Dropped) && !wanted.has_all_episodes;
        if is_full && !title.is_movie() && !hides_episodes {
            members.insert("seasons".to_owned(), self.seasons(place, entry, wanted));
        }
        if let (Some(cour), "full_anime_seasons") = (title.cour, wanted.extended) {
            members.insert("mapped_tvdb_seasons".to_owned(), json!([cour.season]));
        }
        row
    }

    fn seasons(&self, place: TitlePlace, entry: &Entry, wanted: &Wanted<'_>) -> Value {
        let cour = self.catalogue.title(place).and_then(|title| title.cour);
        let mut seasons: Vec<(u16, Vec<Value>)> = Vec::new();
        for (at, watched_at) in &entry.episodes {
            let mut episode = json!({"number": at.number});
            if let Some(members) = episode.as_object_mut() {
                if wanted.has_dates {
                    members.insert("watched_at".to_owned(), second_text(*watched_at).into());
                }
                if let (Some(cour), "full_anime_seasons") = (cour, wanted.extended) {
                    let tvdb = json!({"season": cour.season, "episode": cour.first + at.number - 1});
                    members.insert("tvdb".to_owned(), tvdb);
                }
            }
            match seasons.last_mut().filter(|(season, _)| *season == at.season) {
                Some((_, episodes)) => episodes.push(episode),
                None => seasons.push((at.season, vec![episode])),
            }
        }
        seasons.into_iter().map(|(number, episodes)| json!({"number": number, "episodes": episodes})).collect()
    }
}
