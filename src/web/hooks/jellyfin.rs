//! What Jellyfin's webhook plug-in posts: a flat object with `NotificationType`, as "Send all properties" makes it.
//!
//! The ids in it are those of the item; ids of the show are not told, so an id that looks like the show's stays where it
//! stands. `UserDataSaved` tells about many things, of which marks and ratings count. Shapes:
//! <https://github.com/jellyfin/jellyfin-plugin-webhook>.

use crosswatch_scrobble::{Heard, Step};
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

use super::{
    fields::{at, first, flag, number, rating, text},
    ignored, invalid, mediabrowser,
};

/// The plug-in's own name for the event.
pub(super) fn word(body: &Value) -> SmolStr {
    text(first(body, &[&["NotificationType"], &["Event"]]))
}

/// Reads a body.
pub(super) fn read(body: &Value) -> Heard {
    let word = word(body);
    if word.is_empty() {
        return invalid("no event");
    }
    let step = if word.eq_ignore_ascii_case("UserDataSaved") {
        match saved(body) {
            Ok(step) => step,
            Err(heard) => return heard,
        }
    } else {
        match mediabrowser::step(body, &word) {
            Some(step) => step,
            None => return ignored(&word),
        }
    };
    let position = first(body, &[&["PlaybackPositionTicks"], &["PlaybackInfo", "PositionTicks"]]);
    mediabrowser::event(body, word, step, position)
}

/// What was saved about an item. A favourite is saved for the same reason as a rating and with a rating of 0, so 0 takes
/// nothing away.
fn saved(body: &Value) -> Result<Step, Heard> {
    let reason = text(at(body, &["SaveReason"]));
    match reason.as_str() {
        "TogglePlayed" => match flag(at(body, &["Played"])) {
            Some(true) => Ok(Step::MarkWatched),
            Some(false) => Ok(Step::MarkUnwatched),
            None => Err(invalid("not said whether it was played")),
        },
        "UpdateUserRating" => match number(at(body, &["Rating"])).and_then(rating) {
            Some(rating) => Ok(Step::Rate(Some(rating))),
            None => Err(ignored("a favourite or a like")),
        },
        _ => Err(ignored(&format_smolstr!("saved because of {reason}"))),
    }
}
