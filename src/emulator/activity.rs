//! What a person did with a library over the years: plays, ratings, favourites and films left half seen.

use jiff::Timestamp;

use crate::{
    chance::Chance,
    instant,
    library::{Library, LibraryItem, Show},
};

/// Plays are spread over this many seconds before the end: six years.
const SPAN_SECONDS: u32 = 6 * 365 * 24 * 3600;
/// What was left in the middle was left in the last four months: services forget older resume points.
const RESUMABLE_SECONDS: u32 = 120 * 24 * 3600;

/// One person's activity, in no particular order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserActivity {
    /// Films and episodes watched, once per viewing.
    pub plays: Vec<WatchedOnce>,
    /// Films and episodes marked watched that nobody remembers the date of.
    pub undated: Vec<LibraryItem>,
    /// Ratings from 1 to 10.
    pub ratings: Vec<GivenRating>,
    /// Titles marked to see or to keep.
    pub favourites: Vec<Marked>,
    /// Films and episodes left in the middle.
    pub resume_points: Vec<ResumePoint>,
}

/// One viewing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchedOnce {
    /// The film or episode.
    pub item: LibraryItem,
    /// When, to the second.
    pub at: Timestamp,
}

/// One rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenRating {
    /// What was rated.
    pub item: LibraryItem,
    /// From 1 to 10.
    pub rating: u8,
    /// When.
    pub at: Timestamp,
}

/// One mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked {
    /// What was marked.
    pub item: LibraryItem,
    /// When.
    pub at: Timestamp,
}

/// One film or episode left in the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResumePoint {
    /// The film or episode.
    pub item: LibraryItem,
    /// How far, of a hundred.
    pub progress_percent: u8,
    /// When it was stopped.
    pub at: Timestamp,
}

impl UserActivity {
    /// A plausible person: about half of the films and two thirds of the shows seen at least in part, everything before `until`.
    pub fn generate(seed: u64, library: &Library, until: Timestamp) -> Self {
        let mut diary = Diary { chance: Chance::new(seed), until, activity: Self::default() };
        for (item, _) in library.movies() {
            diary.movie(item);
        }
        for (item, show) in library.shows() {
            diary.show(item, show);
        }
        diary.activity
    }

    /// Every film and every episode watched exactly once before `until`, and nothing else.
    pub fn everything(seed: u64, library: &Library, until: Timestamp) -> Self {
        let mut diary = Diary { chance: Chance::new(seed), until, activity: Self::default() };
        let movies = library.movies().map(|(item, _)| item);
        for item in movies.chain(library.episodes().map(|(item, _)| item)) {
            let at = diary.some_time();
            diary.activity.plays.push(WatchedOnce { item, at });
        }
        diary.activity
    }
}

struct Diary {
    chance: Chance,
    until: Timestamp,
    activity: UserActivity,
}

impl Diary {
    fn movie(&mut self, item: LibraryItem) {
        match self.chance.below(100) {
            0..=46 => {
                let at = self.some_time();
                self.activity.plays.push(WatchedOnce { item, at });
                if self.chance.percent(12) {
                    let again = self.some_time();
                    self.activity.plays.push(WatchedOnce { item, at: again });
                }
                if self.chance.percent(30) {
                    self.rate(item, at);
                }
            }
            47 => self.activity.undated.push(item),
            48..=52 => {
                let at = self.some_time();
                self.activity.favourites.push(Marked { item, at });
            }
            53 => {
                let at = self.time_within(RESUMABLE_SECONDS);
                let progress_percent = u8::try_from(self.chance.between(6, 85)).unwrap_or(50);
                self.activity.resume_points.push(ResumePoint { item, progress_percent, at });
            }
            _ => {}
        }
    }

    fn show(&mut self, item: LibraryItem, show: &Show) {
        let LibraryItem::Show(place) = item else { return };
        if self.chance.percent(5) {
            let at = self.some_time();
            self.activity.favourites.push(Marked { item, at });
        }
        if !self.chance.percent(66) {
            return;
        }
        let start = self.some_time();
        let episodes = show.numbers().filter(|(season, _)| *season > 0);
        let wanted = self.chance.below(90) as usize;
        let mut at = start;
        for (season, number) in episodes.take(wanted) {
            at = instant::plus_seconds(at, 2_600 + i64::from(self.chance.below(200_000)));
            if at >= self.until {
                return;
            }
            let item = LibraryItem::Episode { show: place, season, number };
            self.activity.plays.push(WatchedOnce { item, at });
            if self.chance.percent(3) {
                self.rate(item, at);
            }
        }
        if self.chance.percent(35) {
            self.rate(item, at);
        }
    }

    fn rate(&mut self, item: LibraryItem, after: Timestamp) {
        let rating = u8::try_from(self.chance.between(3, 10)).unwrap_or(7);
        let at = instant::plus_seconds(after, 60 + i64::from(self.chance.below(7_200))).min(self.until);
        self.activity.ratings.push(GivenRating { item, rating, at });
    }

    fn some_time(&mut self) -> Timestamp {
        self.time_within(SPAN_SECONDS)
    }

    fn time_within(&mut self, span_seconds: u32) -> Timestamp {
        instant::plus_seconds(self.until, -i64::from(self.chance.below(span_seconds)) - 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_watched_rated_marked_and_left_things_before_the_end() {
        let library = Library::generate(1, 400, 40);
        let until: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        let activity = UserActivity::generate(5, &library, until);
        assert_eq!(activity, UserActivity::generate(5, &library, until));
        for (what, count) in [
            ("plays", activity.plays.len()),
            ("undated", activity.undated.len()),
            ("ratings", activity.ratings.len()),
            ("favourites", activity.favourites.len()),
            ("resume points", activity.resume_points.len()),
        ] {
            assert!(count > 0, "{what}");
        }
        assert!(activity.plays.iter().all(|play| play.at < until && library.runtime_min(play.item).is_some()));
        assert!(activity.ratings.iter().all(|given| (1..=10).contains(&given.rating) && given.at <= until));
        let years: std::collections::BTreeSet<i16> =
            activity.plays.iter().map(|play| play.at.to_zoned(jiff::tz::TimeZone::UTC).year()).collect();
        assert!(years.len() >= 6, "{years:?}");
    }

    #[test]
    fn everything_means_each_leaf_once() {
        let library = Library::sized(1, 500);
        let activity = UserActivity::everything(5, &library, "2026-11-01T00:00:00Z".parse().unwrap());
        let distinct: std::collections::BTreeSet<LibraryItem> = activity.plays.iter().map(|play| play.item).collect();
        assert_eq!((activity.plays.len(), distinct.len()), (500, 500));
    }
}
