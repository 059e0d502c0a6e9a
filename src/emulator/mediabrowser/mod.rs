//! What the emulated Jellyfin and the emulated Emby have in common, as the real ones do: items, rows of user data with
//! their state machine, and the pairs of their authorization headers.
//!
//! Deliberately absent: routes, rights, JSON and everything else in which the two differ.

mod client_header;
mod item;
mod playback;
mod shelf;
mod store;
mod user_data;

pub(crate) use self::{
    client_header::ClientHeader,
    playback::NowPlaying,
    shelf::{movies_view, playlists_view, shows_view, view_of},
    store::Store,
    user_data::{StartRule, UserDataUpdate},
};
pub use self::{
    item::{Item, ItemKind, Location, MediaId},
    playback::PlaybackReport,
    shelf::Listed,
    user_data::UserData,
};
