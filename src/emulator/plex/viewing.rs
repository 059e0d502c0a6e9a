//! What one account did with one item, and how each call changes it.
//!
//! The traps: marking watched always stamps now and counts one more view, every time; marking unwatched forgets everything
//! but the rating; a position of 0 changes nothing; a position near the end counts as seen.

use jiff::Timestamp;

/// From this share of the length on, a stopped item counts as watched.
const WATCHED_PERCENT: u64 = 90;
/// Shorter positions are not kept.
const MIN_OFFSET_MS: u64 = 60_000;

/// The row of one account and one guid. Copies of a title share it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Viewing {
    /// How often it was seen.
    pub view_count: u32,
    /// When something was last played of it, to the end or not.
    pub last_viewed_at: Option<Timestamp>,
    /// Where playback stopped.
    pub view_offset_ms: u64,
    /// From 0 to 10.
    pub user_rating: Option<f64>,
    /// When the rating was given.
    pub last_rated_at: Option<Timestamp>,
}

impl Viewing {
    /// One more view, now.
    pub(crate) fn scrobble(&mut self, now: Timestamp) {
        self.view_count = self.view_count.saturating_add(1);
        self.last_viewed_at = Some(now);
        self.view_offset_ms = 0;
    }

    /// Never seen.
    pub(crate) fn unscrobble(&mut self) {
        self.view_count = 0;
        self.last_viewed_at = None;
        self.view_offset_ms = 0;
    }

    /// A rating, or none for a negative number.
    pub(crate) fn rate(&mut self, rating: f64, at: Timestamp) {
        let is_rating = rating >= 0.0;
        self.user_rating = is_rating.then_some(rating);
        self.last_rated_at = is_rating.then_some(at);
    }

    /// Playback stopped here. Whether that was the end.
    pub(crate) fn stop(&mut self, offset_ms: u64, duration_ms: u64, at: Timestamp) -> bool {
        if offset_ms == 0 || duration_ms == 0 {
            return false;
        }
        if offset_ms * 100 >= duration_ms * WATCHED_PERCENT {
            self.scrobble(at);
            return true;
        }
        if offset_ms >= MIN_OFFSET_MS {
            self.view_offset_ms = offset_ms;
            self.last_viewed_at = Some(at);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn marking_watched_counts_and_stamps_every_time() {
        let mut row = Viewing { view_offset_ms: 5, ..Viewing::default() };
        row.scrobble(at(50));
        row.scrobble(at(60));
        assert_eq!((row.view_count, row.last_viewed_at, row.view_offset_ms), (2, Some(at(60)), 0));
    }

    #[test]
    fn marking_unwatched_keeps_the_rating_alone() {
        let mut row = Viewing { user_rating: Some(8.0), ..Viewing::default() };
        row.scrobble(at(50));
        row.unscrobble();
        assert_eq!(row, Viewing { user_rating: Some(8.0), ..Viewing::default() });
        row.rate(-1.0, at(60));
        assert_eq!(row, Viewing::default());
    }

    #[test]
    fn a_stop_is_ignored_kept_or_the_end() {
        let hour = 3_600_000;
        for (offset_ms, kept_ms, seen) in [(0, 0, 0), (30_000, 0, 0), (600_000, 600_000, 0), (hour / 100 * 95, 0, 1)] {
            let mut row = Viewing::default();
            row.stop(offset_ms, hour, at(9));
            assert_eq!((row.view_offset_ms, row.view_count), (kept_ms, seen), "{offset_ms}");
        }
    }
}
