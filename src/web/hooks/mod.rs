//! The doors through which media servers tell about playback: finding the JSON in what they post and reading what it means.
//!
//! Promises: [`read`] is total and looks at nothing but the body. Deliberately absent: whether anybody wants to know, and
//! anything that the body does not say, such as the ids of a show that a server did not send.
//!
//! | sender | what it says | is read as |
//! |---|---|---|
//! | Plex | `media.play`, `media.resume` | start |
//! | Plex | `media.pause` · `media.stop` · `media.scrobble` | pause · stop · watched to the end, without a position |
//! | Plex | `media.rate` with `rating` or `Metadata.userRating` (which wins) | the rating; −1, 0 and `null` take it away |
//! | Plex | `media.rate` without either field | ignored, and told in the log |
//! | Plex | `playback.started`, `library.*`, `device.new`, `admin.*` and what else there is | ignored |
//! | Plex | a track, a photo, a clip, an extra, live TV | ignored |
//! | Plex | `Metadata` that is missing or empty | invalid: no item |
//! | Jellyfin | `PlaybackStart`, `Play`, `Resume`, `Unpause` | start |
//! | Jellyfin | `PlaybackProgress` | a sign of life, playing or paused by `IsPaused` |
//! | Jellyfin | `PlaybackStop`, `Stop` | watched to the end with `PlayedToCompletion`, otherwise stop |
//! | Jellyfin | `Pause` · `Scrobble` · `MarkPlayed` · `MarkUnplayed` | pause · watched to the end · marked · unmarked |
//! | Jellyfin | `UserDataSaved` because of `TogglePlayed` | marked or unmarked, by `Played` |
//! | Jellyfin | `UserDataSaved` because of `UpdateUserRating` | the rating; 0 is a favourite that was saved, and ignored |
//! | Jellyfin | `UserDataSaved` because of anything else, `Session*`, `Authentication*`, `ItemAdded` | ignored |
//! | Jellyfin | an item of type `Audio`, `TvChannel`, `Trailer` … | ignored |
//! | Emby | `playback.start`, `playback.unpause` | start |
//! | Emby | `playback.pause` · `playback.progress` | pause · a sign of life |
//! | Emby | `playback.stop` | watched to the end with `PlaybackInfo.PlayedToCompletion`, otherwise stop |
//! | Emby | `playback.scrobble` · `item.markplayed` · `item.markunplayed` | watched to the end · marked · unmarked |
//! | Emby | `item.rate`, `item.addedtofavorites`, `library.new`, `system.*` | ignored |
//! | Tautulli | `play`, `resume` · `pause` · `stop` · `watched` | start · pause · stop · watched to the end |
//! | Tautulli | `buffer`, `error`, `created` … | ignored |
//! | any | an object without an event, or about nothing that has a name | invalid |
//! | any | a list, a single value, or no JSON | refused, and kept nowhere |

mod addresses;
mod body;
pub(crate) mod doors;
mod emby;
mod fields;
mod grammar;
mod inbox;
mod jellyfin;
mod keyring;
mod mediabrowser;
mod plex;
mod rate;
mod sniff;
mod tautulli;
#[cfg(test)]
mod tests;

use crosswatch_scrobble::{Heard, Media};
use crosswatch_settings::ProviderKind;
use serde_json::Value;
use smol_str::SmolStr;

pub(crate) use addresses::{addresses, is_https, shown_path};
pub(crate) use doors::Porch;
pub use inbox::Inbox;
pub(crate) use keyring::{Generations, Keyring};

/// Why a rating that has no value is ignored: a field that is not there takes no rating away.
const NO_RATING: &str = "a rating without a value";

/// What a body that a server of this kind sent means.
fn read(kind: ProviderKind, body: &Value) -> Heard {
    match kind {
        ProviderKind::Plex if tautulli::is_template(body) => tautulli::read(body),
        ProviderKind::Plex => plex::read(body),
        ProviderKind::Jellyfin => jellyfin::read(body),
        ProviderKind::Emby => emby::read(body),
        ProviderKind::Trakt | ProviderKind::Simkl | ProviderKind::Mdblist | ProviderKind::Tracker => {
            ignored("not from a media server")
        }
    }
}

/// The sender's own name for the event; empty where the body has none.
fn word(kind: ProviderKind, body: &Value) -> SmolStr {
    match kind {
        ProviderKind::Plex if tautulli::is_template(body) => tautulli::word(body),
        ProviderKind::Plex => plex::word(body),
        ProviderKind::Jellyfin => jellyfin::word(body),
        ProviderKind::Emby => emby::word(body),
        ProviderKind::Trakt | ProviderKind::Simkl | ProviderKind::Mdblist | ProviderKind::Tracker => SmolStr::default(),
    }
}

fn ignored(why: &str) -> Heard {
    Heard::Ignored(why.into())
}

fn invalid(why: &str) -> Heard {
    Heard::Invalid(why.into())
}

/// Whether there is any way to find out what it is: an id, a name, or the server's own key.
fn names_something(media: &Media) -> bool {
    let item = &media.item;
    let has_show = item.show.as_ref().is_some_and(|show| !show.title.is_empty() || !show.ids.is_empty());
    let has_place = has_show && (item.number.is_some() || item.season.is_some());
    !media.native.is_empty() || !item.ids.is_empty() || !item.title.is_empty() || has_place
}
