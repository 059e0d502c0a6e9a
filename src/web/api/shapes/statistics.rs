//! What the built-in tracker knows, in numbers.

use serde::Serialize;
use utoipa::ToSchema;

/// The plays of a tracker in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Statistics)]
pub struct StatisticsShape {
    /// The tracker.
    pub(crate) provider: String,
    /// Plays, rewatches included.
    pub(crate) plays: u64,
    /// Different movies that were watched.
    pub(crate) movies: u64,
    /// Different episodes that were watched.
    pub(crate) episodes: u64,
    /// Different shows of which an episode was watched.
    pub(crate) shows: u64,
    /// Plays of something that was watched before.
    pub(crate) rewatches: u64,
    /// Plays of which nobody knows when.
    pub(crate) undated: u64,
    /// Hours of the plays whose length is known.
    pub(crate) hours: f64,
    /// How many plays that are.
    pub(crate) hours_known_for: u64,
    /// Days with plays, newest first, at most 366 of them, in the time zone of the service.
    pub(crate) per_day: Vec<DayShape>,
    /// The shows with the most plays, at most twenty.
    pub(crate) top_shows: Vec<TopShowShape>,
}

/// A day with plays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Day)]
pub struct DayShape {
    #[schema(example = "2026-07-01")]
    pub(crate) day: String,
    pub(crate) plays: u64,
}

/// A show with its plays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TopShow)]
pub struct TopShowShape {
    pub(crate) title: String,
    pub(crate) year: Option<u16>,
    pub(crate) plays: u64,
}
