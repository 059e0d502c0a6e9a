//! Playback: what users' players play, as the list of sessions tells it and as event sockets tell it.
//!
//! The traps: a notice on a socket does not say whose session it is, one about an end says neither what played nor, at
//! times, where it stood, and by then the session is no longer listed.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    people::Person,
    state::{NotOnPlex, PlexState},
};
use crate::{reply::Reply, request::Request, socket::Line};

/// What a player does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlayerState {
    /// It plays.
    Playing,
    /// It is paused.
    Paused,
    /// It is stopped; near the end the item counts as seen.
    Stopped,
}

impl PlayerState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Playing => "playing",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
        }
    }
}

/// One player of one user.
#[derive(Debug, Clone)]
pub(crate) struct PlayerSession {
    number: u64,
    user: String,
    player: String,
    key: u64,
    offset_ms: u64,
    state: PlayerState,
}

impl PlexState {
    /// A user's player plays an item, is paused, or stops. Another item on the same player ends the one before.
    pub fn play(
        &mut self,
        user: &str,
        player: &str,
        key: u64,
        state: PlayerState,
        offset_ms: u64,
    ) -> Result<(), NotOnPlex> {
        let account = self.person(user)?.account();
        let duration_ms = self.item(key)?.duration_ms.unwrap_or_default();
        let is_there = |session: &PlayerSession| session.user == user && session.player == player;
        if let Some(before) = self.sessions.iter().position(|session| is_there(session) && session.key != key) {
            let before = self.sessions.remove(before);
            self.notify(before.number, None, PlayerState::Stopped, 0);
        }
        let known = self.sessions.iter().find(|session| is_there(session)).map(|session| session.number);
        let number = known.unwrap_or_else(|| {
            self.last_session += 1;
            self.last_session
        });
        self.sessions.retain(|session| session.number != number);
        if state == PlayerState::Stopped {
            let now = self.clock.now();
            let mut is_over = false;
            self.change(account, key, |row| is_over = row.stop(offset_ms, duration_ms, now));
            if is_over {
                self.log_play(account, key, Some(now));
            }
            self.notify(number, None, state, offset_ms);
            return Ok(());
        }
        let (user, player) = (user.to_owned(), player.to_owned());
        self.sessions.push(PlayerSession { number, user, player, key, offset_ms, state });
        self.notify(number, Some(key), state, offset_ms);
        Ok(())
    }

    /// A player is switched off: its session is gone and no socket says a word.
    pub fn lose_player(&mut self, player: &str) {
        self.sessions.retain(|session| session.player != player);
    }

    /// How many event sockets are open, and how many ever were.
    pub fn sockets(&self) -> (usize, usize) {
        (self.lines.open_now(), self.lines.opened())
    }

    /// Breaks every event socket.
    pub fn cut_sockets(&mut self) {
        self.lines.cut();
    }

    /// `GET /status/sessions`, for the owner alone.
    pub(crate) fn sessions_reply(&self, viewer: &Person) -> Result<Reply, Reply> {
        if !viewer.is_owner() {
            return Err(Reply::html(403));
        }
        let rows: Vec<Value> = self.sessions.iter().filter_map(|session| self.session_json(session)).collect();
        let mut container = json!({ "size": rows.len() });
        if let Some(members) = container.as_object_mut().filter(|_| !rows.is_empty()) {
            members.insert("Metadata".to_owned(), rows.into());
        }
        Ok(Reply::json(200, json!({ "MediaContainer": container })))
    }

    /// `/:/websockets/notifications`.
    pub(crate) fn open_line(&mut self, request: &Request) -> Result<Arc<Line>, Reply> {
        if request.path != "/:/websockets/notifications" {
            return Err(Reply::html(404));
        }
        self.viewer(request)?;
        Ok(self.lines.open())
    }

    fn session_json(&self, session: &PlayerSession) -> Option<Value> {
        let item = self.shelf.get(session.key)?;
        let person = self.person(&session.user).ok()?;
        let mut json = self.item_json(item, self.row(person.account(), item), false);
        let members = json.as_object_mut()?;
        members.insert("sessionKey".to_owned(), session.number.to_string().into());
        members.insert("viewOffset".to_owned(), session.offset_ms.into());
        members.insert("User".to_owned(), json!({"id": person.account().to_string(), "title": person.name}));
        let player = json!({"machineIdentifier": session.player, "title": session.player, "local": true,
            "state": session.state.as_str(), "product": "Emulator", "platform": "Linux"});
        members.insert("Player".to_owned(), player);
        Some(json)
    }

    fn notify(&mut self, session: u64, key: Option<u64>, state: PlayerState, offset_ms: u64) {
        let key = key.map(|key| key.to_string()).unwrap_or_default();
        let notice = json!({"sessionKey": session.to_string(), "clientIdentifier": "emulator", "guid": "",
            "ratingKey": key, "key": if key.is_empty() { String::new() } else { format!("/library/metadata/{key}") },
            "viewOffset": offset_ms, "state": state.as_str()});
        let container = json!({"type": "playing", "size": 1, "PlaySessionStateNotification": [notice]});
        self.lines.say(&json!({ "NotificationContainer": container }).to_string());
    }
}
