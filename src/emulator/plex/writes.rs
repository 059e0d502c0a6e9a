//! The calls that change a user's state. `PUT` is documented, `GET` works as well; the body of the answer is empty.

use super::{people::Person, state::PlexState};
use crate::{reply::Reply, request::Request};

/// What every call names as the owner of the keys.
const IDENTIFIER: &str = "com.plexapp.plugins.library";

/// What `/:/scrobble` and `/:/unscrobble` do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Watched,
    Unwatched,
}

impl PlexState {
    /// Marks the item, or every episode below it. A date in the query is ignored, as everything unknown.
    pub(crate) fn mark(&mut self, viewer: &Person, request: &Request, mark: Mark) -> Result<Reply, Reply> {
        let key = self.key_of(request)?;
        let now = self.clock.now();
        for leaf in self.shelf.leaves(key) {
            self.change(viewer.account(), leaf, |row| match mark {
                Mark::Watched => row.scrobble(now),
                Mark::Unwatched => row.unscrobble(),
            });
        }
        Ok(Reply::status(200))
    }

    /// `/:/rate`.
    pub(crate) fn rate(&mut self, viewer: &Person, request: &Request) -> Result<Reply, Reply> {
        let key = self.key_of(request)?;
        let rating = request.query.get("rating").and_then(|text| text.parse::<f64>().ok());
        let rating = rating.filter(|rating| (-1.0..=10.0).contains(rating)).ok_or_else(|| Reply::html(400))?;
        let told = request.query.get("ratedAt").and_then(|text| text.parse().ok());
        let at = told.and_then(|second| jiff::Timestamp::from_second(second).ok()).unwrap_or(self.clock.now());
        self.change(viewer.account(), key, |row| row.rate(rating, at));
        Ok(Reply::status(200))
    }

    /// `/:/timeline`: without a client or a duration nothing happens, and nobody says so.
    pub(crate) fn timeline(&mut self, viewer: &Person, request: &Request) -> Result<Reply, Reply> {
        let number = |name: &str| request.query.get(name).and_then(|text| text.parse::<u64>().ok());
        let key = number("ratingKey").ok_or_else(|| Reply::html(400))?;
        self.shelf.get(key).ok_or_else(|| Reply::html(404))?;
        let client = request.header("x-plex-client-identifier");
        if client.is_none() || number("duration").is_none() {
            return Ok(Reply::status(200));
        }
        let (offset_ms, duration_ms) = (number("time").unwrap_or(0), number("duration").unwrap_or(0));
        let now = self.clock.now();
        let mut is_over = false;
        self.change(viewer.account(), key, |row| is_over = row.stop(offset_ms, duration_ms, now));
        if is_over {
            self.log_play(viewer.account(), key, Some(now));
        }
        Ok(Reply::status(200))
    }

    /// The item that a call is about: 400 without one, 404 when it is not here.
    fn key_of(&self, request: &Request) -> Result<u64, Reply> {
        if request.query.get("identifier") != Some(IDENTIFIER) {
            return Err(Reply::html(400));
        }
        let key = request.query.get("key").and_then(|text| text.parse().ok()).ok_or_else(|| Reply::html(400))?;
        self.shelf.get(key).map(|item| item.rating_key).ok_or_else(|| Reply::html(404))
    }
}
