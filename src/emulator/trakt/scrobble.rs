//! Playback as it happens: `/scrobble`, `/sync/playback` and who is watching what.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    account::Paused,
    call::Call,
    catalogue::Kind,
    history::span_of,
    page::{MAX_LIMIT, Page},
    plays::PlayAction,
    targets::body_of,
};
use crate::{instant, library::LibraryItem, reply::Reply};

/// A stop from here on counts as watched.
const WATCHED_FROM_PERCENT: f64 = 80.0;
/// A stop before this is ignored.
const IGNORED_BELOW_PERCENT: f64 = 1.0;
/// A second scrobble of the same item within this time is refused.
const CONFLICT_WINDOW_SECONDS: i64 = 3_600;

/// What an account watches at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Watching {
    item: LibraryItem,
    started_at: Timestamp,
    expires_at: Timestamp,
}

impl Call<'_> {
    /// `POST /scrobble/{start|pause|stop}`.
    pub(crate) fn scrobble(&mut self, action: &str) -> Result<Reply, Reply> {
        let body = body_of(self.request)?;
        let item = self.scrobbled_item(&body).ok_or_else(|| Reply::status(404))?;
        let progress = body.get("progress").and_then(Value::as_f64).unwrap_or(0.0);
        if !(0.0..=100.0).contains(&progress) {
            return Err(Reply::status(422));
        }
        match action {
            "start" => Ok(self.start(item, progress)),
            "pause" => Ok(self.pause(item, progress)),
            "stop" => self.stop(item, progress),
            _ => Err(Reply::status(404)),
        }
    }

    /// `GET /sync/playback[/{movies|episodes}]`, latest first.
    pub(crate) fn get_playback(&self, path: &[&str]) -> Result<Reply, Reply> {
        let kind = match path {
            [] => None,
            [name] => Some(Kind::parse(name).ok_or_else(|| Reply::status(404))?),
            _ => return Err(Reply::status(404)),
        };
        let span = span_of(self.request)?;
        let all = self.account.playback().into_iter();
        let all = all
            .filter(|(item, paused)| kind.is_none_or(|kind| Kind::of(*item) == kind) && span.holds(paused.paused_at));
        let mut rows: Vec<(LibraryItem, Paused)> = all.collect();
        rows.sort_by_key(|(_, paused)| (Reverse(paused.paused_at), Reverse(paused.row_id)));
        Ok(Page::of(self.request, MAX_LIMIT).cut(&rows, |(item, paused)| {
            let mut row = Map::new();
            row.insert("id".to_owned(), paused.row_id.into());
            row.insert("progress".to_owned(), paused.progress_percent.into());
            row.insert("paused_at".to_owned(), instant::to_millis_text(paused.paused_at).into());
            self.catalogue.describe(&mut row, *item, self.extended());
            Value::Object(row)
        }))
    }

    /// `DELETE /sync/playback/{id}`.
    pub(crate) fn delete_playback(&mut self, id: &str) -> Result<Reply, Reply> {
        let mut rows = self.account.playback.iter();
        let item = rows.find(|(_, paused)| paused.row_id.to_string() == id).map(|(item, _)| *item);
        self.account.clear_playback(item.ok_or_else(|| Reply::status(404))?);
        Ok(Reply::status(204))
    }

    /// `GET /users/{id}/watching`: 204 when nothing is on.
    pub(crate) fn get_watching(&self) -> Reply {
        let Some(watching) = self.account.watching.filter(|watching| self.now < watching.expires_at) else {
            return Reply::status(204);
        };
        let mut row = Map::new();
        row.insert("started_at".to_owned(), instant::to_millis_text(watching.started_at).into());
        row.insert("expires_at".to_owned(), instant::to_millis_text(watching.expires_at).into());
        row.insert("action".to_owned(), "scrobble".into());
        self.catalogue.describe(&mut row, watching.item, self.extended());
        Reply::json(200, Value::Object(row))
    }

    /// `DELETE /checkin`: whatever is on, nothing is on any more.
    pub(crate) fn forget_watching(&mut self) -> Reply {
        self.account.watching = None;
        Reply::status(204)
    }

    /// Watching now, until the rest of it has run. What was on before is replaced and not scrobbled.
    fn start(&mut self, item: LibraryItem, progress: f64) -> Reply {
        let runtime_s = f64::from(self.catalogue.library().runtime_min(item).unwrap_or(45)) * 60.0;
        let rest_s = whole_seconds(runtime_s * (100.0 - progress) / 100.0);
        let expires_at = instant::plus_seconds(self.now, rest_s);
        self.account.watching = Some(Watching { item, started_at: self.now, expires_at });
        self.account.clear_playback(item);
        self.scrobble_reply(0, "start", progress, item)
    }

    fn pause(&mut self, item: LibraryItem, progress: f64) -> Reply {
        self.account.watching = None;
        self.account.set_playback(item, progress, self.now);
        self.scrobble_reply(0, "pause", progress, item)
    }

    fn stop(&mut self, item: LibraryItem, progress: f64) -> Result<Reply, Reply> {
        if progress < IGNORED_BELOW_PERCENT {
            return Err(Reply::status(422));
        }
        if progress < WATCHED_FROM_PERCENT {
            return Ok(self.pause(item, progress));
        }
        if let Some(&watched_at) = self.account.scrobbled.get(&item) {
            let expires_at = instant::plus_seconds(watched_at, CONFLICT_WINDOW_SECONDS);
            if self.now < expires_at {
                let watched_at = instant::to_millis_text(watched_at);
                let expires_at = instant::to_millis_text(expires_at);
                return Err(Reply::json(409, json!({"watched_at": watched_at, "expires_at": expires_at})));
            }
        }
        self.within(self.account.plays.len() + 1, self.account.limits.history)?;
        self.account.watching = None;
        self.account.clear_playback(item);
        self.account.scrobbled.insert(item, self.now);
        let event_id = self.account.record(item, self.now, PlayAction::Scrobble);
        self.after_play(item);
        Ok(self.scrobble_reply(event_id, "scrobble", progress, item))
    }

    fn scrobble_reply(&self, event_id: i64, action: &str, progress: f64, item: LibraryItem) -> Reply {
        let mut row = Map::new();
        self.catalogue.describe(&mut row, item, "");
        row.remove("type");
        row.insert("id".to_owned(), event_id.into());
        row.insert("action".to_owned(), action.into());
        row.insert("progress".to_owned(), progress.into());
        row.insert("sharing".to_owned(), json!({"twitter": false, "mastodon": false, "tumblr": false}));
        Reply::json(201, Value::Object(row))
    }

    /// `movie`, `show` with the numbers of `episode`, or `episode` with ids of its own.
    fn scrobbled_item(&mut self, body: &Value) -> Option<LibraryItem> {
        let unknown = self.switches.unknown_ids;
        if let Some(movie) = body.get("movie") {
            return self.catalogue.resolve(Kind::Movie, movie, unknown);
        }
        let episode = body.get("episode")?;
        let Some(show) = body.get("show") else {
            return self.catalogue.resolve(Kind::Episode, episode, unknown);
        };
        let show = self.catalogue.resolve(Kind::Show, show, unknown)?;
        let number =
            |name: &str| episode.get(name).and_then(Value::as_u64).and_then(|number| u16::try_from(number).ok());
        match (number("season"), number("number")) {
            (Some(season), Some(number)) => self.catalogue.episode_of(show, season, number, unknown),
            _ => self.catalogue.absolute_episode(show, episode.get("number_abs").and_then(Value::as_u64)?),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the seconds of a film fit any integer")]
fn whole_seconds(seconds: f64) -> i64 {
    seconds.round() as i64
}
