//! Sessions, the inbox and the messages to accounts.

use crosswatch_model::Disposition;
use crosswatch_port::{InboxRecord, ParcelRecord, SeatKey};
use crosswatch_scrobble::{Heard, Message, Percent, Phase, Session};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::ItemShape;

/// A playback under way.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionShape {
    route: String,
    /// The viewer, as the media server names them.
    user: String,
    /// The device, as the media server names it.
    player: String,
    item: ItemShape,
    /// `playing`, `paused`, or `completed` while it runs on after it counted as watched.
    #[schema(example = "playing")]
    state: &'static str,
    /// How far it was when it was heard of last.
    progress_percent: f64,
    position_s: Option<u64>,
    duration_s: Option<u64>,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// When it was heard of last.
    #[schema(value_type = String, format = DateTime)]
    seen_at: Timestamp,
}

impl SessionShape {
    pub(crate) fn new(key: &SeatKey, session: &Session) -> Self {
        Self {
            route: key.route.to_string(),
            user: session.viewer.name.to_string(),
            player: session.player.to_string(),
            item: ItemShape::from(&session.media.item),
            state: match session.phase {
                Phase::Playing => "playing",
                Phase::Paused => "paused",
                Phase::Completed => "completed",
                Phase::Stopped | Phase::Watched => "ended",
            },
            progress_percent: percent(session.percent),
            position_s: session.position_ms.map(|position| position / 1000),
            duration_s: session.media.duration_ms.map(|duration| duration / 1000),
            started_at: session.started_at,
            seen_at: session.seen_at,
        }
    }
}

/// Something that a media server told.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = InboxRow)]
pub struct InboxShape {
    id: String,
    provider: String,
    #[schema(example = "webhook")]
    via: &'static str,
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// The server's own name for it.
    #[schema(example = "media.scrobble")]
    event: String,
    /// Who, where it is about playback.
    user: Option<String>,
    /// Of what, where it is about playback.
    item: Option<ItemShape>,
    /// What became of it; `null` while it waits.
    #[schema(example = "applied")]
    disposition: Option<&'static str>,
    /// Why.
    detail: String,
}

impl From<&InboxRecord> for InboxShape {
    fn from(row: &InboxRecord) -> Self {
        let event = if let Heard::Event(event) = &row.heard { Some(event) } else { None };
        Self {
            id: row.number.to_string(),
            provider: row.account.to_string(),
            via: row.via.as_str(),
            received_at: row.received_at,
            event: row.word.to_string(),
            user: event.map(|event| event.viewer.name.to_string()),
            item: event.map(|event| ItemShape::from(&event.media.item)),
            disposition: row.disposition.map(Disposition::as_str),
            detail: row.detail.to_string(),
        }
    }
}

/// A message to an account.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = OutboxRow)]
pub struct ParcelShape {
    id: String,
    /// The account it goes to.
    provider: String,
    route: String,
    /// What is told: `start`, `pause`, `clear`, `watched`, `add_play`, `remove_play`, `rate`, `keep_place`, `drop_place`,
    /// `unlist`.
    #[schema(example = "watched")]
    op: &'static str,
    item: ItemShape,
    /// How far it was, for what is told of a playback.
    progress_percent: Option<f64>,
    /// When it was watched, for a play.
    #[schema(value_type = Option<String>, format = DateTime)]
    watched_at: Option<Timestamp>,
    #[schema(example = "queued")]
    state: &'static str,
    attempts: u32,
    /// When it may be sent.
    #[schema(value_type = String, format = DateTime)]
    not_before: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    sent_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    last_error: Option<String>,
}

impl From<&ParcelRecord> for ParcelShape {
    fn from(row: &ParcelRecord) -> Self {
        let (progress_percent, watched_at) = match row.message {
            Message::Start(at) | Message::Pause(at) => (Some(percent(at)), None),
            Message::Watched { percent: at, at: when } => (Some(percent(at)), Some(when)),
            Message::AddPlay(when) | Message::RemovePlay(when) => (None, Some(when)),
            _ => (None, None),
        };
        Self {
            id: parcel_id(row.seq),
            provider: row.account.to_string(),
            route: row.route.to_string(),
            op: row.message.as_str(),
            item: ItemShape::from(&row.item),
            progress_percent,
            watched_at,
            state: row.state.as_str(),
            attempts: row.attempts,
            not_before: row.not_before,
            sent_at: row.sent_at,
            finished_at: row.finished_at,
            last_error: row.last_error.as_ref().map(ToString::to_string),
        }
    }
}

/// The id as text.
pub(crate) fn parcel_id(seq: u64) -> String {
    seq.to_string()
}

fn percent(percent: Percent) -> f64 {
    f64::from(percent.get()) / 100.0
}
