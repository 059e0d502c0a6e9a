//! What one user did with one item, and how each call changes it: the state machine that both servers descend from.
//!
//! There is one row per user and item and no play log. The traps: marking played with a date counts a play every time,
//! marking played without a date keeps an old date, starting to watch again forgets that the item was played, and a
//! `null` in an update never clears anything.

use jiff::Timestamp;

/// Resume points below this share of the length are dropped.
const MIN_RESUME_PERCENT: f64 = 5.0;
/// Above this share of the length an item counts as played.
const MAX_RESUME_PERCENT: f64 = 90.0;
/// Items shorter than this have no resume points.
const MIN_RESUME_DURATION_TICKS: i64 = 300 * TICKS_PER_SECOND;
const TICKS_PER_SECOND: i64 = 10_000_000;
/// Numeric ratings from here on read as "liked".
const LIKED_FROM: f64 = 6.5;

/// What starting to watch does to an item that counts as played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StartRule {
    /// It no longer counts as played.
    ForgetsPlayed,
    /// It still does.
    KeepsPlayed,
}

/// One row of user data.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct UserData {
    /// Where the user stopped, in ticks of 100 ns.
    pub position_ticks: i64,
    /// How often it was played, as far as the server knows.
    pub play_count: i32,
    /// Marked as favourite.
    pub favourite: bool,
    /// Marked as played.
    pub played: bool,
    /// When it was last played; may be missing though it was played.
    pub last_played_at: Option<Timestamp>,
    /// From 0 to 10. Likes are a view on this number.
    pub rating: Option<f64>,
}

/// A partial update: what is absent stays as it was.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct UserDataUpdate {
    pub(crate) position_ticks: Option<i64>,
    pub(crate) play_count: Option<i32>,
    pub(crate) favourite: Option<bool>,
    pub(crate) likes: Option<bool>,
    pub(crate) played: Option<bool>,
    pub(crate) last_played_at: Option<Timestamp>,
    pub(crate) rating: Option<f64>,
}

impl UserData {
    /// Marks as played. A date counts one more play, every time it is sent; without one an earlier date is kept.
    pub(crate) fn mark_played(&mut self, played_at: Option<Timestamp>, now: Timestamp) {
        if played_at.is_some() {
            self.play_count = self.play_count.saturating_add(1);
        }
        self.play_count = self.play_count.max(1);
        self.position_ticks = 0;
        self.last_played_at = played_at.or(self.last_played_at).or(Some(now));
        self.played = true;
    }

    /// Forgets plays, date and position; favourite and rating stay.
    pub(crate) fn mark_unplayed(&mut self) {
        self.play_count = 0;
        self.position_ticks = 0;
        self.last_played_at = None;
        self.played = false;
    }

    /// Applies what is present, in the server's order. Nothing is derived from anything.
    pub(crate) fn update(&mut self, update: UserDataUpdate) {
        self.position_ticks = update.position_ticks.unwrap_or(self.position_ticks);
        self.play_count = update.play_count.unwrap_or(self.play_count);
        self.favourite = update.favourite.unwrap_or(self.favourite);
        if let Some(likes) = update.likes {
            self.set_likes(Some(likes));
        }
        self.played = update.played.unwrap_or(self.played);
        self.last_played_at = update.last_played_at.or(self.last_played_at);
        self.rating = update.rating.or(self.rating);
    }

    /// Like, dislike or neither; this replaces a numeric rating.
    pub(crate) fn set_likes(&mut self, likes: Option<bool>) {
        self.rating = likes.map(|liked| if liked { 10.0 } else { 1.0 });
    }

    /// Liked, disliked, or not rated at all.
    pub fn likes(&self) -> Option<bool> {
        self.rating.map(|rating| rating >= LIKED_FROM)
    }

    /// Somebody pressed play.
    pub(crate) fn start_playback(&mut self, rule: StartRule, now: Timestamp) {
        self.play_count = self.play_count.saturating_add(1);
        self.last_played_at = Some(now);
        if rule == StartRule::ForgetsPlayed {
            self.played = false;
        }
    }

    /// Playback reached this position.
    pub(crate) fn report_position(&mut self, position_ticks: i64, runtime_ticks: Option<i64>) {
        let Some(runtime_ticks) = runtime_ticks.filter(|ticks| *ticks > 0) else {
            self.position_ticks = 0;
            self.played = true;
            return;
        };
        let percent = percent_of(position_ticks, runtime_ticks);
        if percent < MIN_RESUME_PERCENT {
            self.position_ticks = 0;
        } else if percent > MAX_RESUME_PERCENT
            || runtime_ticks - position_ticks < TICKS_PER_SECOND
            || runtime_ticks < MIN_RESUME_DURATION_TICKS
        {
            self.position_ticks = 0;
            self.played = true;
        } else {
            self.position_ticks = position_ticks;
        }
    }

    /// Playback stopped; without a position it counts as seen to the end.
    pub(crate) fn stop_playback(&mut self, position_ticks: Option<i64>, runtime_ticks: Option<i64>) {
        if let Some(position_ticks) = position_ticks {
            self.report_position(position_ticks, runtime_ticks);
        } else {
            self.play_count = self.play_count.saturating_add(1);
            self.played = true;
            self.position_ticks = 0;
        }
    }
}

/// A position as a share of a hundred.
#[expect(clippy::cast_precision_loss, reason = "ticks of any real film fit a double's 53 bits")]
pub(crate) fn percent_of(position_ticks: i64, runtime_ticks: i64) -> f64 {
    position_ticks as f64 * 100.0 / runtime_ticks as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn marking_with_a_date_counts_every_time_and_without_one_keeps_the_old_date() {
        let mut row = UserData::default();
        row.mark_played(None, at(50));
        assert_eq!((row.play_count, row.last_played_at), (1, Some(at(50))));
        row.mark_played(Some(at(10)), at(60));
        row.mark_played(Some(at(10)), at(70));
        assert_eq!((row.play_count, row.last_played_at), (3, Some(at(10))));
        row.mark_played(None, at(80));
        assert_eq!((row.play_count, row.last_played_at), (3, Some(at(10))));
        row.mark_unplayed();
        assert_eq!(row, UserData::default());
    }

    #[test]
    fn an_update_applies_what_is_present_and_derives_nothing() {
        let mut row = UserData { rating: Some(8.0), position_ticks: 5, ..UserData::default() };
        row.update(UserDataUpdate { played: Some(true), ..UserDataUpdate::default() });
        let expected = UserData { played: true, rating: Some(8.0), position_ticks: 5, ..UserData::default() };
        assert_eq!(row, expected);
        row.update(UserDataUpdate { likes: Some(false), rating: Some(7.5), ..UserDataUpdate::default() });
        assert_eq!((row.rating, row.likes()), (Some(7.5), Some(true)));
    }

    #[test]
    fn starting_again_forgets_played_only_by_the_older_rule() {
        for (rule, played) in [(StartRule::ForgetsPlayed, false), (StartRule::KeepsPlayed, true)] {
            let mut row = UserData { played: true, play_count: 1, ..UserData::default() };
            row.start_playback(rule, at(9));
            assert_eq!((row.played, row.play_count, row.last_played_at), (played, 2, Some(at(9))));
        }
    }

    #[test]
    fn positions_become_resume_points_or_played() {
        let hour = 3600 * TICKS_PER_SECOND;
        for (position, runtime, kept, played) in [
            (hour / 100, Some(hour), 0, false),
            (hour / 2, Some(hour), hour / 2, false),
            (hour / 100 * 91, Some(hour), 0, true),
            (hour / 40, Some(hour / 20), 0, true),
            (hour / 2, None, 0, true),
        ] {
            let mut row = UserData::default();
            row.report_position(position, runtime);
            assert_eq!((row.position_ticks, row.played), (kept, played), "{position} of {runtime:?}");
        }
        let mut row = UserData::default();
        row.stop_playback(None, Some(hour));
        assert_eq!((row.played, row.play_count), (true, 1));
    }
}
