//! Which snapshots of an account go by themselves. Pure: no clock, no store.
//!
//! Promises: what is pinned stays; what a person took, imported or restored over stays; the newest of an account stays;
//! nothing of the last day goes. Of what the schedule took and of what was taken before removals, each for itself, the
//! last of so many days, weeks and months stays.

use std::collections::BTreeSet;

use crosswatch_model::{RunId, SnapshotCause};
use crosswatch_port::SnapshotRecord;
use crosswatch_settings::Keep;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

/// Nothing younger goes: several removals of one day each leave their snapshot.
const YOUNG: SignedDuration = SignedDuration::from_hours(24);

/// The snapshots of one account that go now.
pub(crate) fn outlived(snapshots: &[SnapshotRecord], keep: Keep, now: Timestamp, zone: &TimeZone) -> Vec<RunId> {
    let mut stays: BTreeSet<RunId> = BTreeSet::new();
    stays.extend(snapshots.iter().max_by_key(|snapshot| (snapshot.taken_at, snapshot.id)).map(|newest| newest.id));
    for cause in SnapshotCause::ALL {
        let mut of_cause: Vec<&SnapshotRecord> = snapshots.iter().filter(|snapshot| snapshot.cause == *cause).collect();
        of_cause.sort_by_key(|snapshot| std::cmp::Reverse((snapshot.taken_at, snapshot.id)));
        for (most, span_of) in [
            (keep.daily, (|day: Date| (day.year(), day.day_of_year())) as fn(Date) -> (i16, i16)),
            (keep.weekly, |day| (day.iso_week_date().year(), i16::from(day.iso_week_date().week()))),
            (keep.monthly, |day| (day.year(), i16::from(day.month()))),
        ] {
            let mut spans = BTreeSet::new();
            for snapshot in &of_cause {
                let day = snapshot.taken_at.to_zoned(zone.clone()).date();
                if spans.len() < usize::try_from(most).unwrap_or(usize::MAX) && spans.insert(span_of(day)) {
                    stays.insert(snapshot.id);
                }
            }
        }
    }
    let goes = |snapshot: &&SnapshotRecord| {
        let is_young = now.duration_since(snapshot.taken_at) < YOUNG;
        snapshot.cause.is_kept_for_a_while() && !snapshot.is_pinned && !is_young && !stays.contains(&snapshot.id)
    };
    snapshots.iter().filter(goes).map(|snapshot| snapshot.id).collect()
}

#[cfg(test)]
mod tests {
    use crosswatch_model::ProviderId;

    use super::*;

    const NOW: &str = "2026-11-30T12:00:00Z";

    fn taken(number: u128, at: &str, cause: SnapshotCause) -> SnapshotRecord {
        SnapshotRecord {
            id: RunId(number),
            provider: ProviderId::parse("home").unwrap(),
            fingerprint: "f".into(),
            user: "anna".into(),
            taken_at: at.parse().unwrap(),
            cause,
            is_pinned: false,
            parts: Vec::new(),
        }
    }

    fn scheduled(days: &[&str]) -> Vec<SnapshotRecord> {
        let at = |(number, day): (usize, &&str)| taken(number as u128, &format!("{day}Z"), SnapshotCause::Schedule);
        days.iter().enumerate().map(at).collect()
    }

    #[track_caller]
    fn check(snapshots: &[SnapshotRecord], [daily, weekly, monthly]: [u32; 3], gone: &[u128]) {
        let keep = Keep { daily, weekly, monthly };
        let outlived = outlived(snapshots, keep, NOW.parse().unwrap(), &TimeZone::UTC);
        assert_eq!(outlived, gone.iter().map(|number| RunId(*number)).collect::<Vec<_>>());
    }

    #[test]
    fn the_last_of_each_day_week_and_month_stays() {
        let days = [
            "2026-11-28T04:00:00", // 0: Saturday
            "2026-11-28T16:00:00", // 1: later that day
            "2026-11-27T04:00:00", // 2
            "2026-11-22T04:00:00", // 3: Sunday of the week before
            "2026-11-16T04:00:00", // 4: Monday of that week
            "2026-10-31T04:00:00", // 5: the last of October
            "2026-10-01T04:00:00", // 6
        ];
        for (keep, gone) in [
            ([7, 0, 0], &[0][..]),
            ([2, 0, 0], &[0, 3, 4, 5, 6]),
            ([0, 2, 0], &[0, 2, 4, 5, 6]),
            ([0, 0, 2], &[0, 2, 3, 4, 6]),
            ([1, 2, 2], &[0, 2, 4, 6]),
            ([0, 0, 0], &[0, 2, 3, 4, 5, 6]),
            ([99, 99, 99], &[0]),
        ] {
            check(&scheduled(&days), keep, gone);
        }
    }

    #[test]
    fn what_is_young_pinned_or_wanted_by_a_person_stays() {
        let mut snapshots = scheduled(&["2026-11-30T11:00:00", "2026-11-30T01:00:00", "2026-11-01T01:00:00"]);
        check(&snapshots, [1, 0, 0], &[2]);
        snapshots[2].is_pinned = true;
        check(&snapshots, [1, 0, 0], &[]);
        for cause in [SnapshotCause::Manual, SnapshotCause::Import, SnapshotCause::BeforeRestore] {
            snapshots[2] = taken(2, "2026-11-01T01:00:00Z", cause);
            check(&snapshots, [1, 0, 0], &[]);
        }
    }

    #[test]
    fn snapshots_before_removals_do_not_push_out_those_of_the_schedule() {
        let day = |number, day: &str, cause| taken(number, &format!("2026-11-{day}T04:00:00Z"), cause);
        let snapshots = [
            day(0, "20", SnapshotCause::Schedule),
            day(1, "21", SnapshotCause::BeforeRemoval),
            day(2, "22", SnapshotCause::BeforeRemoval),
            day(3, "19", SnapshotCause::Schedule),
        ];
        check(&snapshots, [1, 0, 0], &[1, 3]);
    }

    #[test]
    fn the_newest_stays_whatever_is_kept() {
        check(&scheduled(&["2020-01-01T00:00:00", "2020-01-02T00:00:00"]), [0, 0, 0], &[0]);
        check(&[], [0, 0, 0], &[]);
    }
}
