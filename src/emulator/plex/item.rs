//! Items of a Plex Media Server: films, shows, seasons and episodes, named by numbers of that server's database.

use jiff::{Timestamp, civil::Date};
use smol_str::SmolStr;

use crate::library::LibraryItem;

/// The kinds of item this emulator holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlexKind {
    /// A film.
    Movie,
    /// A series.
    Show,
    /// A season of a series.
    Season,
    /// An episode of a season.
    Episode,
}

impl PlexKind {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Movie => "movie",
            Self::Show => "show",
            Self::Season => "season",
            Self::Episode => "episode",
        }
    }

    /// The number that stands for the kind in queries.
    pub(crate) const fn number(self) -> u32 {
        match self {
            Self::Movie => 1,
            Self::Show => 2,
            Self::Season => 3,
            Self::Episode => 4,
        }
    }

    /// Whether it is played itself.
    pub const fn is_leaf(self) -> bool {
        matches!(self, Self::Movie | Self::Episode)
    }
}

/// One item.
#[derive(Debug, Clone)]
pub struct PlexItem {
    /// Number in this server's database. An item that is added again gets another one.
    pub rating_key: u64,
    /// What it is.
    pub kind: PlexKind,
    /// The primary guid: `plex://movie/…`, or that of an older agent.
    pub guid: String,
    /// The child guids: `imdb://…`, `tmdb://…`, `tvdb://…`. Older agents have none.
    pub guids: Vec<String>,
    /// Title.
    pub title: SmolStr,
    /// Year of release.
    pub year: Option<u16>,
    /// Day of release or airing.
    pub released: Option<Date>,
    /// Episode number of an episode, season number of a season.
    pub index: Option<u16>,
    /// Season number of an episode.
    pub parent_index: Option<u16>,
    /// The show of a season, the season of an episode.
    pub parent: Option<u64>,
    /// The show of an episode.
    pub grandparent: Option<u64>,
    /// Key of the section it lies in.
    pub section: u32,
    /// Length in milliseconds; shows and seasons have none.
    pub duration_ms: Option<u64>,
    /// When it was added.
    pub added_at: Timestamp,
    /// When its metadata last changed. Watching does not move this.
    pub updated_at: Timestamp,
    /// What it is in the library the server was filled from.
    pub origin: Option<LibraryItem>,
}

/// Which agent a library was matched with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlexAgents {
    /// `plex://` guids with child guids.
    #[default]
    Modern,
    /// `com.plexapp.agents.…` guids alone.
    Legacy,
}
