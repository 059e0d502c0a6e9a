//! The contract with a media server that is watched as it plays.
//!
//! - What is told MUST be told as the server tells it; who wants it is decided elsewhere.
//! - A socket that falls silent or breaks MUST end with a fault; it is the caller who opens the next one.

use crosswatch_model::Item;
use crosswatch_scrobble::PlaybackEvent;
use smol_str::SmolStr;

use crate::{Fault, LocalFuture};

/// A media server that can be watched.
pub trait Watching {
    /// Every playback under way, of all users that the account may see: one event each, saying that it plays or stands still.
    fn playing(&self) -> LocalFuture<'_, Result<Vec<PlaybackEvent>, Fault>>;

    /// Opens the server's event socket. `None` where it has none; then it is asked again and again.
    fn listen(&self) -> LocalFuture<'_, Result<Option<Box<dyn Telling>>, Fault>>;

    /// What an item of the server is, by the server's own id, with every id that is known there, and its library.
    /// `None` where there is no such item.
    fn describe<'a>(&'a self, native: &'a str) -> LocalFuture<'a, Result<Option<Described>, Fault>>;
}

/// An open event socket.
pub trait Telling {
    /// Waits for the next thing.
    fn next(&mut self) -> LocalFuture<'_, Result<Tidings, Fault>>;
}

/// What came over a socket.
#[derive(Debug, Clone, PartialEq)]
pub enum Tidings {
    /// Something happened.
    Event(Box<PlaybackEvent>),
    /// Something changed about who plays what: ask [`Watching::playing`].
    Changed,
    /// The connection lives.
    Alive,
}

/// An item of a media server.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// The item with all of its ids, and those of its show.
    pub item: Item,
    /// The library it lies in.
    pub library: Option<SmolStr>,
    /// How long it runs.
    pub duration_ms: Option<u64>,
}
