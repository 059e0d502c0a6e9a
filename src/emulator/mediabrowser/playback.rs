//! What a client reports while it plays.

use jiff::Timestamp;

use super::MediaId;

/// What a device plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NowPlaying {
    pub(crate) item: MediaId,
    pub(crate) position_ticks: i64,
    pub(crate) paused: bool,
    pub(crate) reported_at: Timestamp,
}

/// One report of a playing client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaybackReport {
    /// Playback began.
    Started,
    /// It goes on.
    Playing {
        /// Where it is, in ticks of 100 ns.
        position_ticks: i64,
    },
    /// It is paused.
    Paused {
        /// Where it is, in ticks of 100 ns.
        position_ticks: i64,
    },
    /// It ended; without a position it counts as seen to the end.
    Stopped {
        /// Where it was, in ticks of 100 ns.
        position_ticks: Option<i64>,
    },
}
