//! Playback as it happens: `/scrobble` and what was left in the middle.
//!
//! A stop from 80 % on is a play; a second one within an hour is refused. A check-in ends by itself and is a play then.
//! One title has one paused row, whichever episode it is about.

use std::cmp::Reverse;

use serde_json::{Map, Value, json};

use super::{
    account::{Account, CheckIn, Paused},
    call::{Call, number},
    catalogue::{Catalogue, EpisodeAt, Part, TitlePlace},
    gate::second_text,
    state::refused,
};
use crate::{instant, reply::Reply};
use jiff::Timestamp;

/// A stop from here on counts as watched.
const WATCHED_FROM_PERCENT: f64 = 80.0;
/// A second stop of the same within this time is refused.
const CONFLICT_WINDOW_SECONDS: i64 = 3_600;
/// A check-in becomes a play a little after its end.
const CHECK_IN_DELAY_SECONDS: i64 = 10;

type Target = (TitlePlace, Option<EpisodeAt>);

impl Account {
    /// Turns a check-in that is over into a play.
    pub(crate) fn settle_check_in(&mut self, catalogue: &Catalogue, now: Timestamp) {
        let Some(over) = self.check_in.filter(|check_in| now >= check_in.ends_at) else { return };
        self.check_in = None;
        self.watch(catalogue, over.place, over.episode, over.ends_at);
    }
}

impl Call<'_> {
    /// `POST /scrobble/{start|pause|stop|checkin}`.
    pub(crate) fn scrobble(&mut self, action: &str) -> Result<Reply, Reply> {
        let body = self.body()?;
        let is_check_in = action == "checkin";
        let progress = match body.get("progress").map(Value::as_f64) {
            None if is_check_in => 0.0,
            None => return Err(refused(400, "empty_field", "progress is missing")),
            Some(progress) => progress
                .filter(|progress| (0.0..=100.0).contains(progress))
                .ok_or_else(|| refused(400, "wrong_parameter", "progress goes from 0 to 100"))?,
        };
        let progress = (progress * 100.0).round() / 100.0;
        let target = self.target(&body).ok_or_else(|| refused(404, "id_err", "There is no such title"))?;
        match action {
            "start" => Ok(self.start(target, progress)),
            "checkin" => Ok(self.check_in(target, progress)),
            "pause" | "stop" => self.end(target, progress, action == "stop"),
            _ => Err(refused(404, "url_failed", "There is nothing at this address")),
        }
    }

    /// `GET /sync/playback[/{movies|episodes}]`, latest first.
    pub(crate) fn get_playback(&self, path: &[&str]) -> Result<Reply, Reply> {
        let wants_movies = match path {
            [] => None,
            ["movies"] => Some(true),
            ["episodes"] => Some(false),
            _ => return Err(refused(404, "url_failed", "There is nothing at this address")),
        };
        let query = &self.request.query;
        let bound = |name: &str| query.get(name).and_then(instant::parse);
        let (from, to) = (bound("date_from"), bound("date_to"));
        let limit = query.get("limit").and_then(|text| text.parse().ok()).unwrap_or(usize::MAX);
        let fits = |place: TitlePlace, paused: &Paused| {
            let is_movie = self.catalogue.title(place).is_some_and(super::catalogue::Title::is_movie);
            wants_movies.is_none_or(|wanted| wanted == is_movie)
                && from.is_none_or(|from| paused.at > from)
                && to.is_none_or(|to| paused.at < to)
        };
        let mut rows: Vec<(TitlePlace, Paused)> = self.account.paused();
        rows.retain(|(place, paused)| fits(*place, paused));
        rows.sort_by_key(|(_, paused)| (Reverse(paused.at), Reverse(paused.row_id)));
        rows.truncate(limit);
        Ok(Reply::json(200, rows.into_iter().map(|(place, paused)| self.playback_row(place, &paused)).collect()))
    }

    /// `DELETE /sync/playback/{id}`.
    pub(crate) fn delete_playback(&mut self, id: &str) -> Result<Reply, Reply> {
        let id: u64 = id.parse().unwrap_or(0);
        if id == 0 {
            return Err(refused(404, "url_failed", "There is nothing at this address"));
        }
        let found = self.account.paused().into_iter().find(|(_, paused)| paused.row_id == id);
        let (place, _) = found.ok_or_else(|| refused(404, "empty", "There is no such row"))?;
        let part = self.part(place);
        self.account.forget_pause(part, place);
        Ok(Reply::status(204))
    }

    /// Watching now, which clears what was paused of the title and marks nothing when it ends.
    fn start(&mut self, target: Target, progress: f64) -> Reply {
        let part = self.part(target.0);
        self.account.check_in = None;
        self.account.forget_pause(part, target.0);
        self.scrobble_reply(0, "start", progress, target)
    }

    fn check_in(&mut self, target: Target, progress: f64) -> Reply {
        let (place, episode) = target;
        let default_min = match self.part(place) {
            Part::Movies => 90,
            Part::Shows => 45,
            Part::Anime => 25,
        };
        let runtime_s = f64::from(self.catalogue.runtime_min(place).unwrap_or(default_min)) * 60.0;
        let rest_s = whole_seconds(runtime_s * (100.0 - progress) / 100.0) + CHECK_IN_DELAY_SECONDS;
        self.account.check_in = Some(CheckIn { place, episode, ends_at: instant::plus_seconds(self.now, rest_s) });
        let row_id = self.account.next_row();
        self.scrobble_reply(row_id, "checkin", progress, target)
    }

    fn end(&mut self, target: Target, progress: f64, is_stop: bool) -> Result<Reply, Reply> {
        let (place, episode) = target;
        let part = self.part(place);
        let is_over = progress >= WATCHED_FROM_PERCENT;
        if let (true, Some(&watched_at)) = (is_over, self.account.scrobbled.get(&target)) {
            let expires_at = instant::plus_seconds(watched_at, CONFLICT_WINDOW_SECONDS);
            if self.now < expires_at {
                let [watched_at, expires_at] = [watched_at, expires_at].map(instant::to_millis_text);
                return Err(Reply::json(409, json!({"watched_at": watched_at, "expires_at": expires_at})));
            }
        }
        self.account.check_in = None;
        if !(is_stop && is_over) {
            let row_id = self.account.pause(part, place, episode, progress);
            return Ok(self.scrobble_reply(row_id, "pause", progress, target));
        }
        self.account.forget_pause(part, place);
        self.account.scrobbled.insert(target, self.now);
        self.account.watch(self.catalogue, place, episode, self.now);
        let row_id = self.account.next_row();
        Ok(self.scrobble_reply(row_id, "scrobble", progress, target))
    }

    fn scrobble_reply(&self, row_id: u64, action: &str, progress: f64, target: Target) -> Reply {
        let mut row = Map::new();
        row.insert("id".to_owned(), row_id.into());
        row.insert("action".to_owned(), action.into());
        row.insert("progress".to_owned(), progress.into());
        self.describe(&mut row, target, "number");
        Reply::json(201, Value::Object(row))
    }

    fn playback_row(&self, place: TitlePlace, paused: &Paused) -> Value {
        let mut row = Map::new();
        let is_movie = paused.episode.is_none();
        row.insert("id".to_owned(), paused.row_id.into());
        row.insert("progress".to_owned(), paused.progress_percent.into());
        row.insert("paused_at".to_owned(), second_text(paused.at).into());
        row.insert("type".to_owned(), if is_movie { "movie" } else { "episode" }.into());
        self.describe(&mut row, (place, paused.episode), "episode");
        Value::Object(row)
    }

    /// The title under the name of its kind, and the episode with the numbers of SIMKL and, for anime, of TheTVDB.
    fn describe(&self, row: &mut Map<String, Value>, (place, episode): Target, number_name: &str) {
        let Some(title) = self.catalogue.title(place) else { return };
        let nest = match title.part {
            Part::Movies => "movie",
            Part::Shows => "show",
            Part::Anime => "anime",
        };
        row.insert(nest.to_owned(), self.catalogue.title_json(place, true));
        let Some(at) = episode else { return };
        let mut told = json!({"season": at.season, number_name: at.number, "title": format!("Episode {}", at.number)});
        if let (Some(cour), Some(members)) = (title.cour, told.as_object_mut()) {
            members.insert("tvdb_season".to_owned(), cour.season.into());
            members.insert("tvdb_number".to_owned(), (cour.first + at.number - 1).into());
        }
        row.insert("episode".to_owned(), told);
    }

    /// `movie`, or `show` or `anime` with the numbers of `episode`. An anime that is named as TheTVDB or TMDB know it has
    /// their seasons.
    fn target(&self, body: &Value) -> Option<Target> {
        if let Some(movie) = body.get("movie") {
            return Some((self.catalogue.resolve(true, movie)?, None));
        }
        let sent = body.get("anime").or_else(|| body.get("show"))?;
        let Some(episode) = body.get("episode") else {
            return Some((self.catalogue.resolve(true, sent)?, None));
        };
        let place = self.catalogue.resolve(false, sent)?;
        let number_of = number(episode, "number")?;
        let season = number(episode, "season").unwrap_or(1);
        let is_cour = self.catalogue.title(place).is_some_and(|title| title.cour.is_some());
        if is_cour && !Catalogue::names_entry(sent) {
            return self.catalogue.by_tvdb(place, season, number_of).map(|(place, at)| (place, Some(at)));
        }
        let at = EpisodeAt { season, number: number_of };
        self.catalogue.episode(place, at).map(|_| (place, Some(at)))
    }

    fn part(&self, place: TitlePlace) -> Part {
        self.catalogue.title(place).map_or(Part::Shows, |title| title.part)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the seconds of a film fit any integer")]
fn whole_seconds(seconds: f64) -> i64 {
    seconds.round() as i64
}
