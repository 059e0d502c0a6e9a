//! Watching the server as it plays: its list of sessions, and what single items are.
//!
//! Only the owner of a server sees who plays what. Films and episodes alone are told; trailers, live TV and music are not.

mod events;

use crosswatch_model::Kind;
use crosswatch_port::{Described, Fault, LocalFuture, Telling, Watching};
use crosswatch_scrobble::{PlaybackEvent, Step, Viewer};
use serde::Deserialize;
use smol_str::{SmolStr, format_smolstr};

use self::events::PlexEvents;
use super::{
    Plex,
    row::{Shows, describe, show},
    wire::{self, List, WireItem},
};
use crate::{
    described::media,
    http::Opened,
    loose::{Nested, Scalar},
};

const SESSIONS: &str = "/status/sessions";
const NOTIFICATIONS: &str = "/:/websockets/notifications";

/// One row of the list of sessions: an item, and who plays it where.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireSession {
    #[serde(flatten)]
    item: WireItem,
    session_key: Scalar,
    live: Scalar,
    extra_type: Scalar,
    #[serde(rename = "User")]
    user: Nested<WireViewer>,
    #[serde(rename = "Player")]
    player: Nested<WirePlayer>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireViewer {
    id: Scalar,
    title: Scalar,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WirePlayer {
    machine_identifier: Scalar,
    state: Scalar,
}

impl Watching for Plex {
    fn playing(&self) -> LocalFuture<'_, Result<Vec<PlaybackEvent>, Fault>> {
        Box::pin(self.sessions_now())
    }

    fn listen(&self) -> LocalFuture<'_, Result<Option<Box<dyn Telling>>, Fault>> {
        Box::pin(async move {
            let Some(plex) = self.me.upgrade() else { return Ok(None) };
            match self.connection.open_socket(NOTIFICATIONS).await? {
                Opened::Socket(socket) => Ok(Some(Box::new(PlexEvents::over(socket, plex)) as Box<dyn Telling>)),
                Opened::Refused(answer) => match answer.status.as_u16() {
                    400 | 404 | 405 | 426 => Ok(None),
                    _ => Err(self.connection.accepted(answer).err().unwrap_or_else(no_socket)),
                },
            }
        })
    }

    fn describe<'a>(&'a self, native: &'a str) -> LocalFuture<'a, Result<Option<Described>, Fault>> {
        Box::pin(self.described_item(native))
    }
}

fn no_socket() -> Fault {
    Fault::Transient("the server answered and opened no event socket; is a proxy in between?".into())
}

impl Plex {
    async fn sessions_now(&self) -> Result<Vec<PlaybackEvent>, Fault> {
        let answer = self.connection.send(self.connection.server_get(SESSIONS)).await?;
        if answer.status.as_u16() == 403 {
            return Err(Fault::Auth(format_smolstr!(
                "{}: only the owner of the server sees who plays what; watch with the owner's token, or use webhooks",
                answer.place
            )));
        }
        let list: List<WireSession> = List::whole(&self.connection.accepted(answer)?)?;
        let mut playing = Vec::new();
        for session in list.into_rows() {
            if let Some(event) = self.event_of(&session).await {
                playing.push(event);
            }
        }
        Ok(playing)
    }

    /// A session as an event; `None` where it is not about a film or an episode.
    async fn event_of(&self, session: &WireSession) -> Option<PlaybackEvent> {
        let item = &session.item;
        let kind = wire::kind(&item.kind).filter(|kind| matches!(kind, Kind::Movie | Kind::Episode))?;
        let is_live = session.live.whole() == Some(1) || session.live.flag() == Some(true);
        if is_live || session.extra_type != Scalar::Nothing {
            return None;
        }
        let native = item.rating_key.written()?;
        // What the row itself says will do where the server does not tell more just now.
        let described = self.described_item(&native).await.ok().flatten().unwrap_or_else(|| Described {
            item: describe(item, kind, &Shows::default()).0,
            library: item.library(),
            duration_ms: item.duration.whole().filter(|ms| *ms > 0),
        });
        let account = self.connection.account().await.ok()?;
        let written = |field: &Scalar| field.written().unwrap_or_default();
        let viewer = session.user.get();
        let player = session.player.get();
        let state = player.map_or("", |player| player.state.text_or_empty());
        Some(PlaybackEvent {
            step: if state == "paused" { Step::StillPaused } else { Step::Playing },
            word: state.into(),
            viewer: Viewer {
                name: viewer.map(|viewer| written(&viewer.title)).unwrap_or_default(),
                id: viewer.map(|viewer| written(&viewer.id)).unwrap_or_default(),
            },
            server: account.machine.clone(),
            player: player.map(|player| written(&player.machine_identifier)).unwrap_or_default(),
            session: written(&session.session_key),
            media: media(&native, described, None),
            position_ms: item.view_offset.whole(),
            at: None,
        })
    }

    async fn described_item(&self, native: &str) -> Result<Option<Described>, Fault> {
        let ports = self.connection.ports();
        if let Some(described) = self.described.recall(native, ports) {
            return Ok(Some(described));
        }
        let Some(key) = native.parse().ok().filter(|key| *key > 0) else { return Ok(None) };
        let found = self.items_by_key(&[key]).await?.into_iter().next();
        let Some((item, kind)) = found.and_then(|item| wire::kind(&item.kind).map(|kind| (item, kind))) else {
            return Ok(None);
        };
        let mut shows = Shows::default();
        if let Some(show_key) = wire::key(&item.grandparent_rating_key).filter(|_| kind == Kind::Episode) {
            let found = self.items_by_key(&[show_key]).await?.into_iter().next();
            shows.insert(show_key, found.as_ref().map(show));
        }
        let described = Described {
            item: describe(&item, kind, &shows).0,
            library: self.library_name(&item).await?,
            duration_ms: item.duration.whole().filter(|ms| *ms > 0),
        };
        self.described.keep(native, &described, ports);
        Ok(Some(described))
    }

    /// The name of the item's library, or its number where nobody tells the name.
    async fn library_name(&self, item: &WireItem) -> Result<Option<SmolStr>, Fault> {
        let account = self.connection.account().await?;
        let number = item.section.written();
        let known = account.sections.iter().find(|section| Some(&section.key) == number.as_ref());
        let named = known.map(|section| section.name.clone()).filter(|name| !name.is_empty());
        Ok(named.or_else(|| item.library()))
    }
}

impl WireItem {
    /// The library as the item itself tells it.
    fn library(&self) -> Option<SmolStr> {
        self.section_title.text().cloned().or_else(|| self.section.written())
    }
}

#[cfg(test)]
mod tests;
