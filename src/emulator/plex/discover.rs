//! The cloud's library: watchlists, titles by their 24-digit ids, and finding a title by an external id.
//!
//! The list says little of its rows: child guids come only with a title asked for by its id. The metadata host knows
//! titles and what a user did with them, and has known no watchlist since August 2025.

use std::cmp::Reverse;

use serde_json::{Map, Value, json};

use super::{item::PlexKind, people::Person, present::put, shelf::child_guids, state::PlexState};
use crate::{library::LibraryItem, reply::Reply, request::Request};

impl PlexState {
    /// `GET /library/sections/watchlist/all`.
    pub(crate) fn watchlist_reply(&self, member: &Person, request: &Request) -> Reply {
        let kind = request.query.get("type");
        let listed = self.watchlists.get(&member.id).into_iter().flatten();
        let mut rows: Vec<_> = listed
            .filter_map(|(cloud_id, at)| Some((cloud_id, at, self.by_cloud_id.get(cloud_id)?)))
            .filter(|(_, _, origin)| kind.is_none_or(|kind| kind == kind_of(**origin).number().to_string()))
            .collect();
        rows.sort_by_key(|(cloud_id, at, _)| (**at, (*cloud_id).clone()));
        if request.query.get("sort") == Some("watchlistedAt:desc") {
            rows.sort_by_key(|(cloud_id, at, _)| Reverse((**at, (*cloud_id).clone())));
        }
        self.page(request, &rows, |(cloud_id, _, origin)| self.title_json(cloud_id, **origin, false))
    }

    /// `GET /library/metadata/{24 digits}`.
    pub(crate) fn title_reply(&self, cloud_id: &str) -> Result<Reply, Reply> {
        let origin = self.by_cloud_id.get(cloud_id).ok_or_else(not_found)?;
        let title = self.title_json(cloud_id, *origin, true);
        Ok(Reply::json(200, json!({"MediaContainer": {"size": 1, "totalSize": 1, "offset": 0, "Metadata": [title]}})))
    }

    /// `GET /library/metadata/{24 digits}/userState`.
    pub(crate) fn user_state_reply(&self, member: &Person, cloud_id: &str) -> Result<Reply, Reply> {
        let origin = self.by_cloud_id.get(cloud_id).ok_or_else(not_found)?;
        let listed_at = self.watchlists.get(&member.id).and_then(|list| list.get(cloud_id));
        let mut state = Map::new();
        put(&mut state, "ratingKey", cloud_id.into());
        put(&mut state, "type", kind_of(*origin).as_str().into());
        put(&mut state, "viewCount", 0.into());
        put(&mut state, "watchlistedAt", listed_at.map(|at| at.as_second()).into());
        Ok(Reply::json(200, json!({"MediaContainer": {"size": 1, "UserState": [state]}})))
    }

    /// `PUT /actions/addToWatchlist` and `removeFromWatchlist`: what is so already is refused.
    pub(crate) fn change_watchlist(&mut self, member: &Person, request: &Request, adds: bool) -> Result<Reply, Reply> {
        let cloud_id = request.query.get("ratingKey").unwrap_or_default();
        if !self.by_cloud_id.contains_key(cloud_id) {
            return Err(not_found());
        }
        let now = self.clock.now();
        let list = self.watchlists.entry(member.id).or_default();
        let is_listed = list.contains_key(cloud_id);
        match (adds, is_listed) {
            (true, false) => list.insert(cloud_id.to_owned(), now),
            (false, true) => list.remove(cloud_id),
            (true, true) => return Err(error(409, "Metadata item is already on the watchlist")),
            (false, false) => return Err(error(404, "Metadata item is not on the watchlist")),
        };
        Ok(Reply::json(200, json!({"MediaContainer": {"size": 0}})))
    }

    /// `GET /library/metadata/matches?type=1&title=tmdb-603`: an external id in place of a title finds what has it; any
    /// other title finds what is called so.
    pub(crate) fn matches_reply(&self, request: &Request) -> Reply {
        let wanted = request.query.get("title").unwrap_or_default();
        let guid = ["imdb", "tmdb", "tvdb"].iter().find_map(|space| {
            let id = wanted.strip_prefix(space)?.strip_prefix('-')?;
            Some(format!("{space}://{id}"))
        });
        let kind = request.query.get("type");
        let fits = |origin: &LibraryItem| {
            kind.is_none_or(|kind| kind == kind_of(*origin).number().to_string())
                && match &guid {
                    Some(guid) => self.guids_of(*origin).contains(guid),
                    None => self.title_of(*origin).0 == wanted,
                }
        };
        let found = self.by_cloud_id.iter().filter(|(_, origin)| fits(origin));
        let rows: Vec<Value> = found.map(|(id, origin)| self.title_json(id, *origin, true)).collect();
        let mut container = Map::new();
        put(&mut container, "size", rows.len().into());
        put(&mut container, "totalSize", rows.len().into());
        put(&mut container, "offset", 0.into());
        if !rows.is_empty() {
            put(&mut container, "Metadata", rows.into());
        }
        Reply::json(200, json!({ "MediaContainer": container }))
    }

    fn title_json(&self, cloud_id: &str, origin: LibraryItem, with_guids: bool) -> Value {
        let (title, year) = self.title_of(origin);
        let kind = kind_of(origin).as_str();
        let mut json = Map::new();
        put(&mut json, "ratingKey", cloud_id.into());
        put(&mut json, "key", format!("/library/metadata/{cloud_id}").into());
        put(&mut json, "guid", format!("plex://{kind}/{cloud_id}").into());
        put(&mut json, "type", kind.into());
        put(&mut json, "title", title.into());
        put(&mut json, "year", year.into());
        if with_guids {
            let guids: Vec<Value> = self.guids_of(origin).iter().map(|guid| json!({ "id": guid })).collect();
            if !guids.is_empty() {
                put(&mut json, "Guid", guids.into());
            }
        }
        Value::Object(json)
    }

    fn title_of(&self, origin: LibraryItem) -> (String, Option<u16>) {
        let movie = self.library.movie(origin).map(|movie| (movie.title.to_string(), Some(movie.year)));
        let show = || self.library.show(origin).map(|show| (show.title.to_string(), Some(show.year)));
        movie.or_else(show).unwrap_or_default()
    }

    fn guids_of(&self, origin: LibraryItem) -> Vec<String> {
        self.library.ids(origin).map(child_guids).unwrap_or_default()
    }
}

const fn kind_of(origin: LibraryItem) -> PlexKind {
    if matches!(origin, LibraryItem::Movie(_)) { PlexKind::Movie } else { PlexKind::Show }
}

fn not_found() -> Reply {
    error(404, "Metadata item not found!")
}

fn error(status: u16, message: &str) -> Reply {
    Reply::json(status, json!({"Error": {"id": "plex", "statusCode": status, "message": message}}))
}
