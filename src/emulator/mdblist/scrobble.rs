//! Playback as it happens: `/scrobble`, and the resume points that it leaves behind.

use serde_json::{Value, json};

use super::{
    call::Call,
    present::text_of,
    targets::{body_of, number_of},
};
use crate::{kind::Kind, library::LibraryItem, reply::Reply};

/// A stop from here on counts as watched.
const WATCHED_FROM_PERCENT: f64 = 80.0;

/// What plays at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) item: LibraryItem,
    pub(crate) is_foreign: bool,
}

impl Call<'_> {
    /// `POST /scrobble/{start|pause|stop|clear}`. A start may be sent again and again while it plays.
    pub(crate) fn scrobble(&mut self, action: &str) -> Result<Reply, Reply> {
        let body = body_of(self.request)?;
        if action == "clear" {
            return self.clear(&body);
        }
        let item = self.scrobbled(&body).ok_or_else(no_such_thing)?;
        let progress = body.get("progress").and_then(Value::as_f64).unwrap_or(0.0);
        if !(0.0..=100.0).contains(&progress) {
            return Err(Reply::json(400, json!({"error": "Invalid progress"})));
        }
        if self.account.session.is_some_and(|session| session.is_foreign) {
            return Err(Reply::json(409, json!({"error": "A session is held by another API"})));
        }
        match action {
            "start" => {
                self.account.session = Some(Session { item, is_foreign: false });
                Ok(done(0, action, progress))
            }
            "stop" if self.switches.locks_stops => Err(Reply::status(423)),
            "stop" if progress >= WATCHED_FROM_PERCENT => {
                self.account.session = None;
                self.account.clear_playback(item);
                let id = self.account.push_play(item, self.now, self.switches.near_duplicate_s);
                Ok(done(id.unwrap_or(0), action, progress))
            }
            "pause" | "stop" => Ok(self.pause(item, progress, action)),
            _ => Err(no_such_thing()),
        }
    }

    /// `GET /sync/playback`: a plain list whose ids are spelt in their own way.
    pub(crate) fn get_playback(&self) -> Reply {
        let row = |(item, paused): (&LibraryItem, &super::account::Paused)| {
            let titled = |item: LibraryItem| {
                let (title, year) = self.catalogue.title_of(item);
                json!({"title": title, "year": year, "ids": self.catalogue.playback_ids(item)})
            };
            let (movie, episode, show) = match *item {
                LibraryItem::Episode { show, season, number } => {
                    let title = self.catalogue.library().episode(*item).map(|episode| episode.title.as_str());
                    let ids = self.catalogue.playback_ids(*item);
                    let episode = json!({"season": season, "number": number, "title": title, "ids": ids});
                    (Value::Null, episode, titled(LibraryItem::Show(show)))
                }
                other => (titled(other), Value::Null, Value::Null),
            };
            json!({
                "id": paused.row_id, "type": Kind::of(*item).singular(), "progress": paused.progress_percent,
                "paused_at": text_of(paused.paused_at), "movie": movie, "episode": episode, "show": show,
            })
        };
        Reply::json(200, Value::Array(self.account.playback.iter().map(row).collect()))
    }

    fn pause(&mut self, item: LibraryItem, progress: f64, action: &str) -> Reply {
        self.account.session = None;
        done(self.account.set_playback(item, progress, self.now), action, progress)
    }

    fn clear(&mut self, body: &Value) -> Result<Reply, Reply> {
        let by_id = body.get("id").and_then(Value::as_u64);
        let item = match by_id {
            Some(id) => self.account.playback.iter().find(|(_, row)| row.row_id == id).map(|(item, _)| *item),
            None => self.scrobbled(body),
        };
        let item = item.ok_or_else(no_such_thing)?;
        let ends_session = self.account.session.is_some_and(|session| session.item == item);
        if ends_session {
            self.account.session = None;
        }
        if self.account.clear_playback(item) || ends_session {
            return Ok(Reply::json(200, json!({"action": "clear", "deleted": true})));
        }
        Err(no_such_thing())
    }

    /// `movie{ids}`, or `show{ids, season{number, episode{number}}}` where plain numbers do as well.
    fn scrobbled(&self, body: &Value) -> Option<LibraryItem> {
        if let Some(movie) = body.get("movie") {
            return self.catalogue.resolve(Kind::Movie, movie.get("ids")?);
        }
        let sent = body.get("show")?;
        let show = self.catalogue.resolve(Kind::Show, sent.get("ids")?)?;
        let season = sent.get("season")?;
        let plain = |value: &Value| value.as_u64().and_then(|number| u16::try_from(number).ok());
        let episode = season.get("episode").or_else(|| sent.get("episode"))?;
        let season = number_of(season).or_else(|| plain(season))?;
        self.catalogue.episode_of(show, season, number_of(episode).or_else(|| plain(episode))?)
    }
}

fn done(id: u64, action: &str, progress: f64) -> Reply {
    Reply::json(200, json!({"id": id, "action": action, "progress": progress}))
}

fn no_such_thing() -> Reply {
    Reply::json(404, json!({"detail": "Not found."}))
}
