//! The contract with a tracker that is told what plays right now.
//!
//! - A call MUST be sent once, except after a `401` that proves it was not taken.
//! - A tracker dates what it is told with its own clock, so nothing old is told this way.

use crosswatch_model::{Item, NativeRef};
use crosswatch_scrobble::Percent;
use jiff::Timestamp;
use smol_str::SmolStr;

use crate::{Fault, LocalFuture};

/// A tracker with scrobble calls.
pub trait Scrobbling {
    /// Tells about a playback.
    fn scrobble<'a>(&'a self, call: &'a Scrobble) -> LocalFuture<'a, Result<Scrobbled, Fault>>;

    /// Takes back that an item plays. One that does not play there changes nothing.
    fn clear<'a>(&'a self, item: &'a Item) -> LocalFuture<'a, Result<(), Fault>>;
}

/// What a tracker is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Scrobble {
    /// What happens.
    pub verb: Verb,
    /// What plays.
    pub item: Item,
    /// How far it is.
    pub percent: Percent,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// It plays.
    Start,
    /// It stands still; below the tracker's own bar only.
    Pause,
    /// It was watched; from the tracker's own bar on only.
    Stop,
}

/// What a tracker made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scrobbled {
    /// It shows that this plays, or stands still here.
    Shown,
    /// It has a new play.
    Watched {
        /// Its own row, where it tells.
        native: Option<NativeRef>,
    },
    /// It has had a play of the item shortly before and adds none.
    Repeated {
        /// When that one was, where it tells.
        watched_at: Option<Timestamp>,
    },
    /// It does not know the item, however it is named.
    NotFound,
    /// It understood and said no, for the stated reason.
    Refused(SmolStr),
}
