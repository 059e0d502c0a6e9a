//! What Emby posts: `Event` with `Item`, `User`, `Server`, `Session` and `PlaybackInfo`.
//!
//! `Session.PlayState` may tell about the next episode already, so a position is taken from `PlaybackInfo` or from
//! nowhere. `item.rate` is a favourite or a like, which is no rating.

use crosswatch_scrobble::Heard;
use serde_json::Value;
use smol_str::SmolStr;

use super::{
    fields::{at, first, text},
    ignored, invalid, mediabrowser,
};

/// The server's own name for the event.
pub(super) fn word(body: &Value) -> SmolStr {
    text(first(body, &[&["Event"], &["NotificationType"]]))
}

/// Reads a body.
pub(super) fn read(body: &Value) -> Heard {
    let word = word(body);
    if word.is_empty() {
        return invalid("no event");
    }
    match mediabrowser::step(body, &word) {
        Some(step) => mediabrowser::event(body, word, step, at(body, &["PlaybackInfo", "PositionTicks"])),
        None => ignored(&word),
    }
}
