//! Items of a media server: movies, series, seasons, episodes, playlists and collections with ids of the server's own.
//!
//! Every item has two names: a wide id, which Jellyfin writes as 32 hexadecimal digits, and a number, which Emby writes.

use std::fmt;

use jiff::{Timestamp, civil::Date};
use smol_str::SmolStr;

use crate::library::LibraryItem;

/// The wide id of an item, a user or a library: 32 hexadecimal digits where it is on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MediaId(pub u128);

impl MediaId {
    /// Reads 32 hexadecimal digits, with or without dashes.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|letter| *letter != '-').collect();
        if digits.len() != 32 {
            return None;
        }
        u128::from_str_radix(&digits, 16).ok().map(Self)
    }
}

impl fmt::Display for MediaId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

/// The kinds of item this emulator holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ItemKind {
    /// A film.
    Movie,
    /// A series.
    Series,
    /// A season of a series.
    Season,
    /// An episode of a season.
    Episode,
    /// A playlist of one user.
    Playlist,
    /// A collection that all users share.
    BoxSet,
}

impl ItemKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Movie, Self::Series, Self::Season, Self::Episode, Self::Playlist, Self::BoxSet];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Movie => "Movie",
            Self::Series => "Series",
            Self::Season => "Season",
            Self::Episode => "Episode",
            Self::Playlist => "Playlist",
            Self::BoxSet => "BoxSet",
        }
    }

    /// Whether it holds other items instead of a film of its own.
    pub const fn is_folder(self) -> bool {
        matches!(self, Self::Series | Self::Season | Self::Playlist | Self::BoxSet)
    }
}

/// Where the item's content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// There is a file.
    FileSystem,
    /// Known from metadata only: a missing episode.
    Virtual,
}

/// One item.
#[derive(Debug, Clone)]
pub struct Item {
    /// Id on this server; derived from the path, so a renamed file is another item.
    pub id: MediaId,
    /// Number on this server; never given twice.
    pub number: u64,
    /// What it is.
    pub kind: ItemKind,
    /// Title.
    pub name: SmolStr,
    /// Year of release.
    pub year: Option<u16>,
    /// Day of release or airing.
    pub premiered: Option<Date>,
    /// Length in ticks of 100 ns; absent for folders.
    pub runtime_ticks: Option<i64>,
    /// Ids at metadata providers, with names in whatever case the plugin used.
    pub provider_ids: Vec<(SmolStr, SmolStr)>,
    /// Episode number of an episode, season number of a season.
    pub index_number: Option<u16>,
    /// Season number of an episode.
    pub parent_index_number: Option<u16>,
    /// The library, series or season it lies in.
    pub parent: MediaId,
    /// The user a playlist belongs to.
    pub owner: Option<MediaId>,
    /// The series of a season or episode.
    pub series: Option<(MediaId, SmolStr)>,
    /// Where it lies on the disk.
    pub path: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When its metadata last changed. Watching does not move this.
    pub saved_at: Timestamp,
    /// File or no file.
    pub location: Location,
    /// What it is in the library the server was filled from.
    pub origin: Option<LibraryItem>,
    pub(crate) sort_name: SmolStr,
    /// Under which user data is filed; copies of one title share it.
    pub(crate) data_key: SmolStr,
    pub(crate) data_slot: usize,
}

impl Item {
    /// A provider id, with the provider's name in any case.
    pub fn provider_id(&self, provider: &str) -> Option<&str> {
        let found = self.provider_ids.iter().find(|(name, _)| name.eq_ignore_ascii_case(provider));
        found.map(|(_, id)| id.as_str())
    }
}
