//! The closed sets of live scrobbling: what became of an event, and where a message to an account stands.

use crate::text::words;

/// What became of an event that a media server told. Every event ends in exactly one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Disposition {
    /// It changed a session or a play.
    Applied,
    /// The same message had arrived just before.
    Duplicate,
    /// No route wants it.
    Filtered,
    /// It told nothing new about its session.
    Absorbed,
    /// It is the echo of a write of ours.
    Echo,
    /// It is not about playback of a film or episode.
    Ignored,
    /// What it is about cannot be told apart yet.
    Unresolved,
    /// It cannot be understood.
    Invalid,
}

words!(Disposition {
    Applied => "applied", Duplicate => "duplicate", Filtered => "filtered", Absorbed => "absorbed", Echo => "echo",
    Ignored => "ignored", Unresolved => "unresolved", Invalid => "invalid",
});

/// Where a message to an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ParcelState {
    /// It is sent when its turn comes.
    Queued,
    /// Marked on the disk before it was sent; without an answer it is read back before anything else happens to it.
    Inflight,
    /// It waits for a person or for something to be learned.
    Parked,
    /// The account has it.
    Done,
    /// A newer message said it better.
    Superseded,
    /// It came too late to be worth anything.
    Expired,
    /// The account refuses it; a person may try again.
    Dead,
}

words!(ParcelState {
    Queued => "queued", Inflight => "inflight", Parked => "parked", Done => "done", Superseded => "superseded",
    Expired => "expired", Dead => "dead",
});

impl ParcelState {
    /// Whether nothing more happens to it by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Superseded | Self::Expired | Self::Dead)
    }
}

/// How a play came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlayKind {
    /// A session was seen.
    Session,
    /// A person marked it as watched.
    Manual,
    /// The server had it when we came back.
    BackFill,
}

words!(PlayKind { Session => "session", Manual => "manual", BackFill => "back_fill" });
