//! Asking the media server what an item is, where its message does not say enough: ids, the show's ids, the library.
//!
//! A server that does not answer in time leaves the event as it is.

use std::{collections::BTreeMap, time::Duration};

use crosswatch_model::{IdSet, Item, Kind};
use crosswatch_port::{InboxRecord, SeatKey};
use crosswatch_scrobble::{Heard, Names, PlaybackEvent, Seat, Step};

use crate::{blueprint::RouteBlueprint, directory::Directory, provider::AccountDoor, urgency::Urgency};

/// A server that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Completes the events of rows from their servers.
pub(super) async fn enrich(
    directory: &Directory,
    routes: &[RouteBlueprint],
    seats: &BTreeMap<SeatKey, Seat>,
    rows: &mut [InboxRecord],
) {
    for row in rows {
        let wants_library =
            routes.iter().any(|route| route.source == row.account && route.audience.libraries != Names::All);
        let Heard::Event(event) = &mut row.heard else { continue };
        if !lacks(event, wants_library) || is_seated(event, seats) {
            continue;
        }
        let door = AccountDoor::new(row.account.clone(), directory.clone(), Urgency::Live);
        match tokio::time::timeout(PATIENCE, door.describe(event.media.native.clone())).await {
            Ok(Ok(Some(described))) => {
                event.media.item = merged(&event.media.item, described.item);
                event.media.library = event.media.library.take().or(described.library);
                event.media.duration_ms = event.media.duration_ms.or(described.duration_ms);
            }
            Ok(Ok(None)) => {}
            Ok(Err(fault)) => tracing::debug!(account = row.account.as_str(), "an item was not described: {fault}"),
            Err(_) => tracing::debug!(account = row.account.as_str(), "an item was not described in time"),
        }
    }
}

fn lacks(event: &PlaybackEvent, wants_library: bool) -> bool {
    let (media, item) = (&event.media, &event.media.item);
    let lacks_show = item.kind == Kind::Episode && item.show.as_ref().is_none_or(|show| show.ids.is_empty());
    let lacks_length = event.step != Step::Complete && event.step.is_playback() && media.duration_ms.is_none();
    let lacks_something =
        item.ids.is_empty() || lacks_show || lacks_length || (wants_library && media.library.is_none());
    !media.native.is_empty() && lacks_something
}

/// Whether the item plays already, so that it was asked about when it began.
fn is_seated(event: &PlaybackEvent, seats: &BTreeMap<SeatKey, Seat>) -> bool {
    let mut sessions = seats.values().filter_map(|seat| seat.current.as_ref());
    event.step.is_playback()
        && sessions.any(|session| session.media.native == event.media.native && !session.media.item.ids.is_empty())
}

/// What the message and the server say together. The server knows its own ids better; the message knows the place.
fn merged(told: &Item, described: Item) -> Item {
    if told.kind != described.kind {
        return told.clone();
    }
    let mut item = told.clone();
    item.ids = joined(&item.ids, &described.ids);
    item.year = item.year.or(described.year);
    item.season = item.season.or(described.season);
    item.number = item.number.or(described.number);
    match (&mut item.show, described.show) {
        (Some(show), Some(other)) => {
            show.ids = joined(&show.ids, &other.ids);
            show.year = show.year.or(other.year);
        }
        (show @ None, other) => *show = other,
        (Some(_), None) => {}
    }
    // An "episode" id that is the show's own is no episode's.
    if let Some(show) = &item.show {
        let shows = show.ids.clone();
        let is_shows =
            |namespace, value: &str| shows.iter().any(|id| id.namespace() == namespace && id.value() == value);
        item.ids = item.ids.iter().filter(|id| !is_shows(id.namespace(), &id.value())).collect();
    }
    item
}

/// The one's ids, and the other's where the one has none of that namespace.
fn joined(one: &IdSet, other: &IdSet) -> IdSet {
    let missing = other.iter().filter(|id| one.get(id.namespace()).is_none());
    one.iter().chain(missing).collect()
}
