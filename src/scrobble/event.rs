//! What a media server tells about playback, whichever way it was noticed.
//!
//! Facts are told as the server tells them: a missing position stays missing, a missing time is not now. Deliberately
//! absent: what kind of message it was read from, and whether anybody wants to know it.

use crosswatch_model::{Item, Rating};
use jiff::Timestamp;
use smol_str::SmolStr;

/// One thing that happened at a media server.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaybackEvent {
    /// What happened.
    pub step: Step,
    /// The server's own name for it: `media.play`, `PlaybackStop`.
    pub word: SmolStr,
    /// Who.
    pub viewer: Viewer,
    /// The server's own id; empty where it told none.
    pub server: SmolStr,
    /// The device it plays on; empty where it told none.
    pub player: SmolStr,
    /// The server's name for this very playback; empty where it told none.
    pub session: SmolStr,
    /// What plays.
    pub media: Media,
    /// How far it got.
    pub position_ms: Option<u64>,
    /// When the server says that it happened.
    pub at: Option<Timestamp>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Playback began or went on.
    Start,
    /// Playback was paused.
    Pause,
    /// A sign of life while it plays.
    Playing,
    /// A sign of life while it is paused.
    StillPaused,
    /// Playback ended somewhere.
    Stop,
    /// The server says that it was watched to its end.
    Complete,
    /// A person marked it as watched.
    MarkWatched,
    /// The server's own history says that it was watched, at a time when nobody listened.
    Recalled,
    /// A person marked it as not watched.
    MarkUnwatched,
    /// A person rated it; `None` takes the rating away.
    Rate(Option<Rating>),
}

impl Step {
    /// Whether it tells about a playback that is under way, rather than about an item.
    pub const fn is_playback(self) -> bool {
        matches!(self, Self::Start | Self::Pause | Self::Playing | Self::StillPaused | Self::Stop | Self::Complete)
    }
}

/// A user of the server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Viewer {
    /// The name people know; empty where it told none.
    pub name: SmolStr,
    /// The server's id of the user; empty where it told none.
    pub id: SmolStr,
}

/// What plays.
#[derive(Debug, Clone, PartialEq)]
pub struct Media {
    /// The server's own id of the file's item; empty where it told none.
    pub native: SmolStr,
    /// What it is.
    pub item: Item,
    /// The last episode of a file that holds several.
    pub last_number: Option<u16>,
    /// How long it runs.
    pub duration_ms: Option<u64>,
    /// The library it lies in: its name, or its number where no name was told.
    pub library: Option<SmolStr>,
}

/// How an event was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Via {
    /// The server called us.
    Webhook = 1,
    /// We watched the server.
    Watch = 2,
}

/// What a message of a server turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// Something about playback.
    Event(Box<PlaybackEvent>),
    /// Something else, for the stated reason: `library.new`, a track, live TV.
    Ignored(SmolStr),
    /// It should have been about playback and cannot be understood, for the stated reason.
    Invalid(SmolStr),
}

impl Via {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Watch => "watch",
        }
    }
}
