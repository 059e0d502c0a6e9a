//! The server's event socket, which tells what happens in sessions and not whose they are.
//!
//! Who plays what is asked once per session, and remembered: when a session ends, the server no longer lists it, and the
//! notice about its end may not even say what played.

use std::{
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

use crosswatch_port::{Fault, LocalFuture, Telling, Tidings};
use crosswatch_scrobble::{PlaybackEvent, Step};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use smol_str::SmolStr;

use crate::{
    http::{EventSocket, Word},
    loose::{Nested, Scalar},
    plex::Plex,
};

/// So many sessions are remembered.
const MAX_SESSIONS: usize = 200;
/// What is not in the list of sessions (music, or a session that only begins) is not looked for again for this long.
const LOOK_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(10);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Frame {
    #[serde(rename = "NotificationContainer")]
    container: Nested<Container>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Container {
    #[serde(rename = "type")]
    kind: Scalar,
    #[serde(rename = "PlaySessionStateNotification")]
    playing: Vec<Nested<Notice>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Notice {
    session_key: Scalar,
    rating_key: Scalar,
    state: Scalar,
    view_offset: Scalar,
}

/// An open socket with what is known of its sessions.
pub(super) struct PlexEvents {
    socket: Box<EventSocket>,
    plex: Rc<Plex>,
    bound: BTreeMap<SmolStr, PlaybackEvent>,
    looked_at: BTreeMap<SmolStr, Timestamp>,
    waiting: VecDeque<Tidings>,
}

impl Telling for PlexEvents {
    fn next(&mut self) -> LocalFuture<'_, Result<Tidings, Fault>> {
        Box::pin(async move {
            loop {
                if let Some(tidings) = self.waiting.pop_front() {
                    return Ok(tidings);
                }
                match self.socket.next().await? {
                    Word::Alive => return Ok(Tidings::Alive),
                    Word::Message(text) => self.take(&text).await?,
                }
            }
        })
    }
}

impl PlexEvents {
    pub(super) const fn over(socket: Box<EventSocket>, plex: Rc<Plex>) -> Self {
        Self { socket, plex, bound: BTreeMap::new(), looked_at: BTreeMap::new(), waiting: VecDeque::new() }
    }

    /// Reads a message. One that is about something else is a sign of life.
    async fn take(&mut self, text: &str) -> Result<(), Fault> {
        let frame: Frame = serde_json::from_str(text).unwrap_or_default();
        let container = frame.container.0.filter(|container| container.kind.text_or_empty() == "playing");
        for notice in container.map(|container| container.playing).unwrap_or_default().into_iter().filter_map(|it| it.0)
        {
            self.take_notice(&notice).await?;
        }
        if self.waiting.is_empty() {
            self.waiting.push_back(Tidings::Alive);
        }
        Ok(())
    }

    async fn take_notice(&mut self, notice: &Notice) -> Result<(), Fault> {
        let Some(key) = notice.session_key.written() else { return Ok(()) };
        let (state, position_ms) = (notice.state.text_or_empty(), notice.view_offset.whole());
        if state == "stopped" {
            self.looked_at.remove(&key);
            let tidings = match self.bound.remove(&key) {
                Some(event) => told(event, Step::Stop, state, position_ms.filter(|ms| *ms > 0)),
                None => Tidings::Changed,
            };
            self.waiting.push_back(tidings);
            return Ok(());
        }
        let named = notice.rating_key.written();
        let is_bound =
            self.bound.get(&key).is_some_and(|event| named.as_ref().is_none_or(|it| *it == event.media.native));
        if !is_bound && !self.bind(&key, named.as_ref()).await? {
            return Ok(());
        }
        if let Some(event) = self.bound.get(&key) {
            let step = if state == "paused" { Step::StillPaused } else { Step::Playing };
            self.waiting.push_back(told(event.clone(), step, state, position_ms));
        }
        Ok(())
    }

    /// Asks whose sessions there are. Whether this one is known now; one that has another item now was another session.
    async fn bind(&mut self, key: &SmolStr, named: Option<&SmolStr>) -> Result<bool, Fault> {
        let now = self.plex.connection.ports().clock.now();
        let was_looked_for = self.looked_at.get(key).is_some_and(|at| now.duration_since(*at) < LOOK_AGAIN_AFTER);
        if was_looked_for && !self.bound.contains_key(key) {
            return Ok(false);
        }
        if self.looked_at.len() >= MAX_SESSIONS {
            self.looked_at.clear();
        }
        self.looked_at.insert(key.clone(), now);
        for event in self.plex.sessions_now().await? {
            if self.bound.len() < MAX_SESSIONS || self.bound.contains_key(&event.session) {
                self.bound.insert(event.session.clone(), event);
            }
        }
        let is_it = |event: &PlaybackEvent| named.is_none_or(|named| *named == event.media.native);
        if self.bound.get(key).is_some_and(is_it) {
            return Ok(true);
        }
        // The list still tells what played before, or the session is about something that is not told.
        self.bound.remove(key);
        Ok(false)
    }
}

fn told(event: PlaybackEvent, step: Step, word: &str, position_ms: Option<u64>) -> Tidings {
    Tidings::Event(Box::new(PlaybackEvent { step, word: word.into(), position_ms, ..event }))
}
