//! The webhook ingress: what media servers tell is on the disk before anybody answers them.
//!
//! Promises: rows are kept in the order of their arrival and with one sync for all that arrive while the disk is busy; the
//! same body within a minute is kept once more as a duplicate and goes no further. Deliberately absent: reading bodies
//! (the web does) and deciding anything about playback (the scrobbler does).

use actix::Message;
use crosswatch_model::ProviderId;
use crosswatch_scrobble::{Heard, Via};
use smol_str::SmolStr;

use crate::store::SaveError;

/// Something a media server told us.
#[derive(Debug, Clone, PartialEq, Message)]
#[rtype(result = "Result<Kept, SaveError>")]
pub struct Arrived {
    /// The account whose token it came with.
    pub account: ProviderId,
    /// How it was noticed.
    pub via: Via,
    /// The server's own name for the event; empty where it has none.
    pub word: SmolStr,
    /// A digest of the body, by which repeats are found.
    pub digest: u128,
    /// What it was read as.
    pub heard: Heard,
}

/// It is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Its number in the inbox.
    pub number: u64,
    /// Whether the same body had arrived just before.
    pub is_repeat: bool,
}
