//! Playback: what users' clients play, as sessions and on event sockets.

use serde_json::{Value, json};

use super::{
    present::Fields,
    state::{EmbyState, NotOnServer},
};
use crate::{
    chance::fingerprint,
    instant,
    mediabrowser::{MediaId, NowPlaying, PlaybackReport, StartRule},
};

impl EmbyState {
    /// A user's client on a device plays an item.
    pub fn report_playback(
        &mut self,
        user: &str,
        device: &str,
        item: MediaId,
        report: PlaybackReport,
    ) -> Result<(), NotOnServer> {
        let (user, runtime_ticks) = (self.user_id(user)?, self.item(item)?.runtime_ticks);
        let now = self.clock.now();
        let key = (user, device.to_owned());
        let (position_ticks, paused) = match report {
            PlaybackReport::Started => {
                self.store.change(user, item, |row| row.start_playback(StartRule::ForgetsPlayed, now));
                (0, false)
            }
            PlaybackReport::Playing { position_ticks } | PlaybackReport::Paused { position_ticks } => {
                self.store.change(user, item, |row| row.report_position(position_ticks, runtime_ticks));
                (position_ticks, matches!(report, PlaybackReport::Paused { .. }))
            }
            PlaybackReport::Stopped { position_ticks } => {
                self.store.change(user, item, |row| row.stop_playback(position_ticks, runtime_ticks));
                self.playing.remove(&key);
                self.tell_sessions();
                return Ok(());
            }
        };
        self.playing.insert(key, NowPlaying { item, position_ticks, paused, reported_at: now });
        self.tell_sessions();
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

    /// The sessions that play something.
    pub(crate) fn playing_json(&self, own: Option<MediaId>) -> Vec<Value> {
        let shown = self.playing.iter().filter(|((user, _), _)| own.is_none_or(|own| own == *user));
        let json = |((user, device), playing): (&(MediaId, String), &NowPlaying)| {
            let item = self.store.shelf.get(playing.item)?;
            Some(json!({
                "Id": format!("{:032x}", fingerprint(&format!("playing:{user}:{device}"))),
                "UserId": user.to_string(),
                "UserName": self.people.users.get(user).map(|user| user.name.clone()),
                "Client": "Emulator",
                "DeviceName": device,
                "DeviceId": device,
                "LastActivityDate": instant::to_ticks_text(playing.reported_at),
                "NowPlayingItem": self.item_json(item, None, &Fields::All),
                "PlayState": {"CanSeek": true, "IsPaused": playing.paused, "IsMuted": false,
                    "PositionTicks": playing.position_ticks, "PlayMethod": "DirectStream"},
                "AdditionalUsers": [],
            }))
        };
        shown.filter_map(json).collect()
    }

    fn tell_sessions(&mut self) {
        let text = json!({"MessageType": "Sessions", "Data": self.playing_json(None)}).to_string();
        self.lines.say_to_subscribers(&text);
    }
}
