//! Playback: reports of clients that play something, and the sessions that other clients see.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    people::{Caller, Device, JellyfinRole},
    present::Fields,
    state::{JellyfinState, NotOnServer},
};
use crate::{
    chance::fingerprint,
    instant,
    mediabrowser::{MediaId, NowPlaying, PlaybackReport},
    reply::Reply,
    request::Request,
    socket::Line,
};

impl JellyfinState {
    /// A user's client plays an item.
    pub fn report_playback(&mut self, user: &str, item: MediaId, report: PlaybackReport) -> Result<(), NotOnServer> {
        let id = self.user_id(user)?;
        self.item(item)?;
        let signed_in = self.people.devices.iter().find(|(_, device)| device.user == id);
        let token = signed_in.map(|(token, _)| token.clone()).unwrap_or_default();
        self.play(id, &token, item, report);
        Ok(())
    }

    /// How many event sockets are open, and how many ever were.
    pub fn sockets(&self) -> (usize, usize) {
        (self.lines.open_now(), self.lines.opened())
    }

    /// Breaks every event socket.
    pub fn cut_sockets(&mut self) {
        self.lines.cut();
    }

    /// `/socket`. The first word is how often the listener has to speak.
    pub(crate) fn open_line(&mut self, request: &Request) -> Result<Arc<Line>, Reply> {
        if !request.path.eq_ignore_ascii_case("/socket") {
            return Err(Reply::status(404));
        }
        self.caller(request)?;
        let line = self.lines.open();
        line.say(json!({"MessageType": "ForceKeepAlive", "Data": 60}).to_string());
        Ok(line)
    }

    /// `POST /Sessions/Playing`, `…/Progress` and `…/Stopped`.
    pub(crate) fn playback_report(&mut self, caller: &Caller, request: &Request, what: &str) -> Result<Reply, Reply> {
        let Caller::User { id, token } = caller else { return Err(Reply::text(400, "Error processing request.")) };
        let body = request.json().ok_or_else(|| Reply::text(400, "The body is not JSON."))?;
        let item = body.get("ItemId").and_then(Value::as_str).and_then(MediaId::parse);
        let item = item.filter(|item| self.store.shelf.get(*item).is_some()).ok_or_else(|| Reply::status(404))?;
        let position_ticks = body.get("PositionTicks").and_then(Value::as_i64);
        let paused = body.get("IsPaused").and_then(Value::as_bool).unwrap_or(false);
        let report = match (what, paused) {
            ("stopped", _) => PlaybackReport::Stopped { position_ticks },
            ("progress", true) => PlaybackReport::Paused { position_ticks: position_ticks.unwrap_or(0) },
            ("progress", false) => PlaybackReport::Playing { position_ticks: position_ticks.unwrap_or(0) },
            _ => PlaybackReport::Started,
        };
        self.play(*id, token, item, report);
        Ok(Reply::status(204))
    }

    /// `GET /Sessions`: everybody's for administrators and API keys, one's own for others.
    pub(crate) fn sessions(&self, caller: &Caller, request: &Request) -> Reply {
        let within_s = request.query.get("activeWithinSeconds").and_then(|text| text.parse::<i64>().ok());
        let since = within_s.map(|seconds| instant::plus_seconds(self.clock.now(), -seconds));
        let own = match caller {
            Caller::Key => None,
            Caller::User { id, .. } => {
                let role = self.people.users.get(id).map(|user| user.role);
                (role != Some(JellyfinRole::Administrator)).then_some(*id)
            }
        };
        let devices = self.people.devices.iter();
        let devices = devices.filter(|(_, device)| own.is_none_or(|own| device.user == own));
        let devices = devices.filter(|(_, device)| since.is_none_or(|since| device.last_active_at >= since));
        Reply::json(200, devices.map(|(token, device)| self.session_json(token, device)).collect())
    }

    fn play(&mut self, user: MediaId, token: &str, item: MediaId, report: PlaybackReport) {
        let now = self.clock.now();
        let rule = self.version.start_rule();
        let runtime_ticks = self.store.shelf.get(item).and_then(|item| item.runtime_ticks);
        if let Some(device) = self.people.devices.get_mut(token) {
            device.last_active_at = now;
        }
        let (position_ticks, paused) = match report {
            PlaybackReport::Started => {
                self.store.change(user, item, |row| row.start_playback(rule, now));
                (0, false)
            }
            PlaybackReport::Playing { position_ticks } => {
                self.store.change(user, item, |row| row.report_position(position_ticks, runtime_ticks));
                (position_ticks, false)
            }
            PlaybackReport::Paused { position_ticks } => {
                self.store.change(user, item, |row| row.report_position(position_ticks, runtime_ticks));
                (position_ticks, true)
            }
            PlaybackReport::Stopped { position_ticks } => {
                self.store.change(user, item, |row| row.stop_playback(position_ticks, runtime_ticks));
                self.playing.remove(token);
                self.tell_sessions();
                return;
            }
        };
        self.playing.insert(token.to_owned(), NowPlaying { item, position_ticks, paused, reported_at: now });
        self.tell_sessions();
    }

    fn tell_sessions(&mut self) {
        let devices = self.people.devices.iter();
        let sessions: Vec<Value> = devices.map(|(token, device)| self.session_json(token, device)).collect();
        self.lines.say_to_subscribers(&json!({"MessageType": "Sessions", "Data": sessions}).to_string());
    }

    fn session_json(&self, token: &str, device: &Device) -> Value {
        let mut session = Map::new();
        let name = self.people.users.get(&device.user).map(|user| user.name.clone());
        session.insert("Id".into(), format!("{:032x}", fingerprint(&format!("session:{token}"))).into());
        session.insert("UserId".into(), device.user.to_string().into());
        session.insert("UserName".into(), name.unwrap_or_default().into());
        session.insert("Client".into(), device.client.client.clone().unwrap_or_else(|| "Emulator".into()).into());
        session.insert("DeviceName".into(), device.client.device.clone().unwrap_or_else(|| "Sofa".into()).into());
        session.insert("DeviceId".into(), device.client.device_id.clone().unwrap_or_default().into());
        session.insert("LastActivityDate".into(), instant::to_ticks_text(device.last_active_at).into());
        session.insert("AdditionalUsers".into(), json!([]));
        let Some(playing) = self.playing.get(token) else {
            session.insert("PlayState".into(), json!({"CanSeek": false, "IsPaused": false, "IsMuted": false}));
            return Value::Object(session);
        };
        session.insert("LastPlaybackCheckIn".into(), instant::to_ticks_text(playing.reported_at).into());
        let state = json!({
            "CanSeek": true,
            "IsMuted": false,
            "IsPaused": playing.paused,
            "PositionTicks": playing.position_ticks,
            "PlayMethod": "DirectPlay",
            "MediaSourceId": playing.item.to_string(),
        });
        session.insert("PlayState".into(), state);
        if let Some(item) = self.store.shelf.get(playing.item) {
            session.insert("NowPlayingItem".into(), self.item_json(item, None, &Fields::All));
        }
        Value::Object(session)
    }
}
