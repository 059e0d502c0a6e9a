//! Watching the server as it plays: its list of sessions, its event socket, and what single items are.
//!
//! One session may have several viewers; each of them is told. The socket says that something changed, and the list then
//! says what. What a user's rows say (`UserDataChanged`) is not told: it does not say whether a person marked something or a
//! client finished playing it. Films and episodes alone are told.

use std::time::Duration;

use crosswatch_model::Kind;
use crosswatch_port::{Described, Fault, LocalFuture, Telling, Tidings, Watching};
use crosswatch_scrobble::{PlaybackEvent, Step, Viewer};
use serde::Deserialize;
use smol_str::SmolStr;

use super::{
    Dialect, MediaServer,
    dialect::Place,
    row::{Shows, describe, last_number, show},
    wire::{self, TICKS_PER_SECOND, WireItem},
};
use crate::{
    described::media,
    http::{EventSocket, Opened, Word},
    loose::{Nested, Scalar},
};

/// A client that was not heard of for this long plays nothing any more.
const ACTIVE_WITHIN_S: &str = "300";
const TICKS_PER_MS: u64 = TICKS_PER_SECOND / 1000;
/// Asks to be told at once, and then at most every 1.5 s.
const SUBSCRIBE: &str = r#"{"MessageType":"SessionsStart","Data":"0,1500"}"#;
const KEEP_ALIVE: &str = r#"{"MessageType":"KeepAlive"}"#;
/// More viewers of one session than this are a mistake.
const MAX_VIEWERS: usize = 16;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct WireSession {
    id: Scalar,
    user_id: Scalar,
    user_name: Scalar,
    device_id: Scalar,
    now_playing_item: Nested<WireItem>,
    play_state: Nested<WirePlayState>,
    additional_users: Scalars<WireGuest>,
}

/// A list whose absence and odd members do not matter.
#[derive(Debug, Deserialize)]
#[serde(untagged, bound = "T: serde::de::DeserializeOwned")]
enum Scalars<T> {
    Listed(Vec<Nested<T>>),
    Odd(serde::de::IgnoredAny),
}

impl<T> Default for Scalars<T> {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct WireGuest {
    user_id: Scalar,
    user_name: Scalar,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct WirePlayState {
    position_ticks: Scalar,
    is_paused: Scalar,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Ancestor {
    name: Scalar,
    #[serde(rename = "Type")]
    kind: Scalar,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Frame {
    message_type: Scalar,
    data: Scalar,
}

impl Watching for MediaServer {
    fn playing(&self) -> LocalFuture<'_, Result<Vec<PlaybackEvent>, Fault>> {
        Box::pin(self.sessions_now())
    }

    fn listen(&self) -> LocalFuture<'_, Result<Option<Box<dyn Telling>>, Fault>> {
        Box::pin(async move {
            let path = match self.dialect {
                Dialect::Jellyfin => "/socket",
                Dialect::Emby => "/embywebsocket",
            };
            match self.connection.open_socket(path).await? {
                Opened::Socket(mut socket) => {
                    socket.say(SUBSCRIBE).await?;
                    Ok(Some(Box::new(ServerEvents { socket }) as Box<dyn Telling>))
                }
                // A server, or a proxy in front of it, that has no socket for us is asked again and again instead.
                Opened::Refused(answer) if answer.status.is_client_error() && answer.status.as_u16() != 429 => Ok(None),
                Opened::Refused(answer) => Err(answer.fault()),
            }
        })
    }

    fn describe<'a>(&'a self, native: &'a str) -> LocalFuture<'a, Result<Option<Described>, Fault>> {
        Box::pin(async move { Ok(self.described_item(native).await?.map(|(described, _)| described)) })
    }
}

impl MediaServer {
    async fn sessions_now(&self) -> Result<Vec<PlaybackEvent>, Fault> {
        let mut call = self.connection.get("/Sessions");
        if self.dialect == Dialect::Jellyfin {
            call = call.query("activeWithinSeconds", ACTIVE_WITHIN_S);
        }
        let sessions: Vec<Nested<WireSession>> = self.connection.send(call).await?.success()?.json()?;
        let mut playing = Vec::new();
        for session in sessions.iter().filter_map(Nested::get) {
            playing.extend(self.events_of(session).await?);
        }
        Ok(playing)
    }

    /// A session as one event per viewer; none where it is not about a film or an episode.
    async fn events_of(&self, session: &WireSession) -> Result<Vec<PlaybackEvent>, Fault> {
        let item = session.now_playing_item.get();
        let Some(item) = item.filter(|item| matches!(wire::kind(item), Some(Kind::Movie | Kind::Episode))) else {
            return Ok(Vec::new());
        };
        let Some(native) = item.id.text().cloned() else { return Ok(Vec::new()) };
        // What the row itself says will do where the server does not tell more just now.
        let (described, last_number) = match self.described_item(&native).await.ok().flatten() {
            Some(described) => described,
            None => match self.described_by_row(item, &Shows::default(), None) {
                Some(described) => described,
                None => return Ok(Vec::new()),
            },
        };
        let account = self.connection.account().await?;
        let state = session.play_state.get();
        let is_paused = state.is_some_and(|state| state.is_paused.flag() == Some(true));
        let event = PlaybackEvent {
            step: if is_paused { Step::StillPaused } else { Step::Playing },
            word: if is_paused { "paused" } else { "playing" }.into(),
            viewer: viewer(&session.user_id, &session.user_name),
            server: account.server_id.clone(),
            player: session.device_id.written().unwrap_or_default(),
            session: session.id.written().unwrap_or_default(),
            media: media(&native, described, last_number),
            position_ms: state.and_then(|state| state.position_ticks.whole()).map(|ticks| ticks / TICKS_PER_MS),
            at: None,
        };
        let guests = match &session.additional_users {
            Scalars::Listed(guests) => guests.as_slice(),
            Scalars::Odd(_) => &[],
        };
        let guests = guests.iter().filter_map(Nested::get).take(MAX_VIEWERS);
        let with =
            |guest: &WireGuest| PlaybackEvent { viewer: viewer(&guest.user_id, &guest.user_name), ..event.clone() };
        let told: Vec<_> = guests.map(with).collect();
        Ok(std::iter::once(event).chain(told).collect())
    }

    /// What an item is, and the last episode in its file where it holds several.
    async fn described_item(&self, native: &str) -> Result<Option<(Described, Option<u16>)>, Fault> {
        let ports = self.connection.ports();
        if let Some(known) = self.described.recall(native, ports) {
            return Ok(Some((known, self.last_numbers.borrow().get(native).copied())));
        }
        let account = self.connection.account().await?;
        let Some(id) = self.dialect.item_id(&Scalar::Text(native.into())) else { return Ok(None) };
        let Some(item) = self.items_by_id(&account, &[id]).await?.into_iter().next() else { return Ok(None) };
        let mut shows = Shows::default();
        if let Some(series) = self.dialect.item_id(&item.series_id) {
            let found = self.items_by_id(&account, &[series]).await?.into_iter().next();
            shows.insert(series, found.map(|item| show(&item, wire::ids(&item, Kind::Show).0)));
        }
        let library = self.library_of(id).await?;
        let Some((described, last)) = self.described_by_row(&item, &shows, library) else { return Ok(None) };
        self.described.keep(native, &described, ports);
        let mut last_numbers = self.last_numbers.borrow_mut();
        last_numbers.remove(native);
        last_numbers.extend(last.map(|last| (SmolStr::from(native), last)));
        Ok(Some((described, last)))
    }

    fn described_by_row(
        &self,
        item: &WireItem,
        shows: &Shows,
        library: Option<SmolStr>,
    ) -> Option<(Described, Option<u16>)> {
        let kind = wire::kind(item)?;
        let described = describe(self.dialect, item, kind, wire::ids(item, kind).0, shows).into_iter().next()?;
        let duration_ms = item.run_time_ticks.whole().filter(|ticks| *ticks > 0).map(|ticks| ticks / TICKS_PER_MS);
        Some((Described { item: described, library, duration_ms }, last_number(item)))
    }

    /// The library above an item; `None` where the server does not tell.
    async fn library_of(&self, item: u128) -> Result<Option<SmolStr>, Fault> {
        let account = self.connection.account().await?;
        let answer = self.connection.send(self.get(Place::Ancestors(item), &account)).await?;
        if answer.status.is_client_error() {
            return Ok(None);
        }
        let above: Vec<Nested<Ancestor>> = answer.success()?.json()?;
        let library =
            above.iter().filter_map(Nested::get).find(|above| above.kind.text_or_empty() == "CollectionFolder");
        Ok(library.and_then(|library| library.name.text().cloned()))
    }
}

fn viewer(id: &Scalar, name: &Scalar) -> Viewer {
    Viewer { name: name.written().unwrap_or_default(), id: id.written().unwrap_or_default() }
}

/// An open socket.
struct ServerEvents {
    socket: Box<EventSocket>,
}

impl Telling for ServerEvents {
    fn next(&mut self) -> LocalFuture<'_, Result<Tidings, Fault>> {
        Box::pin(async move {
            let Word::Message(text) = self.socket.next().await? else { return Ok(Tidings::Alive) };
            let frame: Frame = serde_json::from_str(&text).unwrap_or_default();
            match frame.message_type.text_or_empty() {
                "Sessions" | "PlaybackStart" | "PlaybackStopped" => Ok(Tidings::Changed),
                "ForceKeepAlive" => {
                    let limit_s = frame.data.whole().unwrap_or(60).clamp(2, 3600);
                    self.socket.say(KEEP_ALIVE).await?;
                    self.socket.keep_saying(KEEP_ALIVE, Duration::from_secs(limit_s / 2));
                    Ok(Tidings::Alive)
                }
                _ => Ok(Tidings::Alive),
            }
        })
    }
}
