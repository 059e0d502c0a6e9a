//! Which plays of a file are new to the plays that are there, for one item.
//!
//! Stamps of one viewing may differ a little; a day is any instant of that day, once; and a play without a date says no
//! more than that it was watched. Where only that was known, the first dated play takes its place.

use std::collections::BTreeSet;

use crosswatch_model::{Fact, PlayKey, WatchedAt, same_instant_tolerance_s};
use crosswatch_scrobble::same_viewing;
use jiff::{civil::Date, tz::TimeZone};

use super::{Write, place};

/// Plays by how exactly they are dated, each viewing once.
#[derive(Debug, Default)]
struct Plays {
    /// In order of time.
    instants: Vec<WatchedAt>,
    days: BTreeSet<Date>,
    has_undated: bool,
}

impl Plays {
    fn of(plays: &[WatchedAt]) -> Self {
        let mut sorted = Self::default();
        for play in plays {
            match play {
                WatchedAt::Day(day) => drop(sorted.days.insert(*day)),
                WatchedAt::Unknown => sorted.has_undated = true,
                WatchedAt::Exact(_) | WatchedAt::Minute(_) => sorted.instants.push(*play),
            }
        }
        sorted.instants.sort_unstable_by_key(|play| (play.instant(), *play));
        sorted
    }

    fn has_dated(&self) -> bool {
        !self.instants.is_empty() || !self.days.is_empty()
    }

    /// Every viewing once: a file may tell one viewing twice.
    fn distinct(mut self, zone: &TimeZone) -> Self {
        let mut kept: Vec<WatchedAt> = Vec::with_capacity(self.instants.len());
        for play in self.instants {
            if kept.last().is_none_or(|last| !same_viewing(*last, play, zone)) {
                kept.push(play);
            }
        }
        for day in kept.iter().filter_map(|play| day_of(*play, zone)) {
            self.days.remove(&day);
        }
        Self { instants: kept, ..self }
    }

    /// Whether one of the instants is the same viewing.
    fn has_instant_of(&self, play: WatchedAt, zone: &TimeZone) -> bool {
        let Some(at) = play.instant() else { return false };
        let reach_s = same_instant_tolerance_s() + 60;
        let earliest = at.as_second().saturating_sub(reach_s);
        let second = |other: &WatchedAt| other.instant().map_or(i64::MIN, jiff::Timestamp::as_second);
        let start = self.instants.partition_point(|other| second(other) < earliest);
        let near = self.instants.get(start..).unwrap_or_default().iter();
        near.take_while(|other| second(other) <= at.as_second().saturating_add(reach_s))
            .any(|other| same_viewing(*other, play, zone))
    }
}

fn day_of(play: WatchedAt, zone: &TimeZone) -> Option<Date> {
    play.instant().map(|at| at.to_zoned(zone.clone()).date())
}

/// The plays to write.
pub(super) fn news(there: &[WatchedAt], told: &[WatchedAt], zone: &TimeZone) -> Vec<Write> {
    let mut taken: BTreeSet<PlayKey> = there.iter().map(|play| place(Fact::Play(*play))).collect();
    let is_empty = there.is_empty();
    let (there, told) = (Plays::of(there), Plays::of(told).distinct(zone));
    let mut plays: Vec<WatchedAt> =
        told.instants.iter().copied().filter(|play| !there.has_instant_of(*play, zone)).collect();
    let mut free_days: BTreeSet<Date> = there.days.difference(&told.days).copied().collect();
    plays.retain(|play| !day_of(*play, zone).is_some_and(|day| free_days.remove(&day)));
    let days_there: BTreeSet<Date> = there.instants.iter().filter_map(|play| day_of(*play, zone)).collect();
    let new_days = told.days.iter().filter(|day| !there.days.contains(day) && !days_there.contains(day));
    plays.extend(new_days.copied().map(WatchedAt::Day));
    if told.has_undated && !told.has_dated() && is_empty {
        plays.push(WatchedAt::Unknown);
    }
    plays.retain(|play| taken.insert(place(Fact::Play(*play))));
    let mut undated = (there.has_undated && !there.has_dated()).then_some(Fact::Play(WatchedAt::Unknown));
    plays.into_iter().map(|play| Write { fact: Fact::Play(play), before: undated.take() }).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn exact(second: i64) -> WatchedAt {
        WatchedAt::Exact(Timestamp::from_second(1_790_000_000 + second).unwrap())
    }

    fn day(second: i64) -> WatchedAt {
        WatchedAt::Day(day_of(exact(second), &TimeZone::UTC).unwrap())
    }

    const UNDATED: WatchedAt = WatchedAt::Unknown;
    const DAY_S: i64 = 86_400;

    #[test]
    fn only_viewings_that_are_not_there_are_news() {
        let cases: [(&[WatchedAt], &[WatchedAt], &[WatchedAt]); 10] = [
            (&[], &[exact(0), exact(0), exact(100), exact(7_200)], &[exact(0), exact(7_200)]),
            (&[exact(0)], &[exact(120), exact(121)], &[]),
            (&[exact(0)], &[exact(121)], &[exact(121)]),
            (&[exact(0).to_minute()], &[exact(59)], &[]),
            (&[day(0)], &[exact(0), exact(7_200)], &[exact(7_200)]),
            (&[exact(0)], &[day(0), day(DAY_S)], &[day(DAY_S)]),
            (&[], &[day(0), exact(0), UNDATED], &[exact(0)]),
            (&[], &[UNDATED, UNDATED], &[UNDATED]),
            (&[exact(0)], &[UNDATED], &[]),
            (&[UNDATED], &[UNDATED], &[]),
        ];
        for (there, told, expected) in cases {
            let written = news(there, told, &TimeZone::UTC);
            let plays: Vec<Write> =
                expected.iter().map(|play| Write { fact: Fact::Play(*play), before: None }).collect();
            assert_eq!(written, plays, "{there:?} {told:?}");
        }
    }

    #[test]
    fn the_first_dated_play_takes_the_place_of_an_undated_one() {
        let written = news(&[UNDATED], &[exact(0), exact(7_200)], &TimeZone::UTC);
        let before = Some(Fact::Play(UNDATED));
        assert_eq!(written[0], Write { fact: Fact::Play(exact(0)), before });
        assert_eq!(written[1], Write { fact: Fact::Play(exact(7_200)), before: None });
    }

    fn some_plays() -> impl Strategy<Value = Vec<WatchedAt>> {
        let play = (0i64..3 * DAY_S, 0u8..8).prop_map(|(second, form)| match form {
            0 => UNDATED,
            1 | 2 => day(second),
            3 | 4 => exact(second).to_minute(),
            _ => exact(second / 50 * 50),
        });
        proptest::collection::vec(play, 0..8)
    }

    proptest! {
        #[test]
        fn the_same_plays_again_are_no_news(there in some_plays(), told in some_plays()) {
            let zone = TimeZone::posix("NZST-12").unwrap();
            let mut rows: std::collections::BTreeMap<PlayKey, WatchedAt> =
                there.iter().map(|play| (place(Fact::Play(*play)), *play)).collect();
            for write in news(&rows.values().copied().collect::<Vec<_>>(), &told, &zone) {
                if let Some(before) = write.before {
                    rows.remove(&place(before));
                }
                let Fact::Play(play) = write.fact else { panic!("{write:?}") };
                prop_assert_eq!(rows.insert(place(write.fact), play), None);
            }
            let again = news(&rows.values().copied().collect::<Vec<_>>(), &told, &zone);
            prop_assert_eq!(again, vec![]);
        }
    }
}
