//! Facts: what an account says about an item.

use jiff::{Timestamp, civil::Date};

use crate::{feature::Feature, rating::Rating};

/// When something was watched, with the precision it is known to. Never invented: a missing date stays `Unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WatchedAt {
    /// Known to the second.
    Exact(Timestamp),
    /// Known to the minute; the seconds are zero because the service dropped them.
    Minute(Timestamp),
    /// Known to the day, in the user's time zone.
    Day(Date),
    /// Watched, nobody knows when.
    Unknown,
}

impl WatchedAt {
    /// The instant, where one is known to at least the minute.
    pub const fn instant(self) -> Option<Timestamp> {
        match self {
            Self::Exact(at) | Self::Minute(at) => Some(at),
            Self::Day(_) | Self::Unknown => None,
        }
    }

    /// The same moment as a service sees it that keeps only minutes.
    #[must_use]
    pub fn to_minute(self) -> Self {
        match self {
            Self::Exact(at) => {
                let second = at.as_second();
                Self::Minute(Timestamp::from_second(second - second.rem_euclid(60)).unwrap_or(at))
            }
            other => other,
        }
    }
}

/// Two stamps of one viewing may differ by this many seconds.
pub const fn same_instant_tolerance_s() -> i64 {
    120
}

/// One fact about an item. Which variant it is follows from the feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    /// A play.
    Play(WatchedAt),
    /// The item is on the watchlist, since then where told.
    Listed(Option<Timestamp>),
    /// A rating.
    Rated {
        /// From 1 to 100.
        value: Rating,
        /// When it was given, where told.
        rated_at: Option<Timestamp>,
    },
    /// A resume point.
    Resume {
        /// Seconds into the item.
        position_s: u32,
        /// Length of the item in seconds, where told.
        duration_s: Option<u32>,
        /// When playback stopped there, where told.
        stopped_at: Option<Timestamp>,
    },
}

impl Fact {
    /// The feature this fact belongs to.
    pub const fn feature(&self) -> Feature {
        match self {
            Self::Play(_) => Feature::History,
            Self::Listed(_) => Feature::Watchlist,
            Self::Rated { .. } => Feature::Ratings,
            Self::Resume { .. } => Feature::Progress,
        }
    }
}
