//! When something runs: text, and the next moment as a pure function of the last run and the time.
//!
//! What was missed while the service slept is made up for once, not as often as it was missed. Wall-clock schedules
//! follow the zone through daylight saving: `daily 02:30` runs once on both days on which the clock is changed.
//! Nothing here reads a clock.

use std::{fmt, str::FromStr};

use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use jiff::{SignedDuration, Timestamp, Zoned, tz::TimeZone};
use smol_str::{SmolStr, format_smolstr};

use crate::duration::Span;

/// When something runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    text: SmolStr,
    rule: Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    /// So long after the last run.
    Every(Span),
    /// Whenever the wall clock matches.
    WallClock(Box<Cron>),
    /// Only when a person asks.
    Manual,
}

/// The text is not a schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleRejection {
    /// None of the forms.
    #[error("write `every 6h`, `hourly`, `daily 03:30`, five cron fields as in `30 3 * * 1`, or `manual`")]
    Form,
    /// `every` with something that is not a length of time.
    #[error("write the time after `every` as in `every 15m` or `every 6h`")]
    Interval,
    /// Too often.
    #[error("`every` needs at least 1m")]
    TooOften,
    /// `daily` without a time of day.
    #[error("write the time of day as in `daily 03:30`")]
    TimeOfDay,
    /// Cron fields that cannot be read.
    #[error("the cron fields cannot be read: {0}")]
    Cron(String),
    /// Cron fields that name no day that exists.
    #[error("these cron fields never come true: check the day against the month")]
    Never,
}

/// `every` is not allowed to be shorter than this.
const SHORTEST_S: u32 = 60;
/// How many occurrences are looked at to find the shortest gap.
const GAP_SAMPLES: usize = 1_500;

impl Schedule {
    /// The next moment to run, never before `now`; `None` when only a person starts it.
    ///
    /// `last_run` is when the last run started. Something that never ran is due at once with `every`, and at the next
    /// match of the wall clock otherwise. A last run in the future (a clock that was set back) counts as now.
    pub fn next_after(&self, last_run: Option<Timestamp>, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let last_run = last_run.map(|last| last.min(now));
        let due = match (&self.rule, last_run) {
            (Rule::Manual, _) => return None,
            (Rule::Every(_), None) => now,
            (Rule::Every(span), Some(last)) => last.checked_add(length(*span)).ok()?,
            (Rule::WallClock(cron), None) => occurrence(cron, now, zone, true)?,
            (Rule::WallClock(cron), Some(last)) => occurrence(cron, last, zone, false)?,
        };
        Some(due.max(now))
    }

    /// The shortest time between two runs, as far as the next 1 500 of them tell; `None` when only a person starts it.
    pub fn shortest_gap(&self) -> Option<Span> {
        match &self.rule {
            Rule::Manual => None,
            Rule::Every(span) => Some(*span),
            Rule::WallClock(cron) => {
                let mut shortest: Option<u32> = None;
                let mut last = occurrence(cron, Timestamp::UNIX_EPOCH, &TimeZone::UTC, true)?;
                for _ in 0..GAP_SAMPLES {
                    let Some(next) = occurrence(cron, last, &TimeZone::UTC, false) else { break };
                    let gap = u32::try_from(next.duration_since(last).as_secs()).unwrap_or(u32::MAX);
                    shortest = Some(shortest.map_or(gap, |shortest| shortest.min(gap)));
                    last = next;
                }
                shortest.map(Span::from_seconds)
            }
        }
    }

    /// Only a person starts it.
    pub const fn manual() -> Self {
        Self { text: SmolStr::new_static("manual"), rule: Rule::Manual }
    }

    /// Whether only a person starts it.
    pub fn is_manual(&self) -> bool {
        self.rule == Rule::Manual
    }

    /// The text that stands for this schedule.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

fn length(span: Span) -> SignedDuration {
    SignedDuration::from_secs(i64::from(span.seconds()))
}

/// The first match after a moment, or at it when it may count itself.
fn occurrence(cron: &Cron, from: Timestamp, zone: &TimeZone, inclusive: bool) -> Option<Timestamp> {
    let from: Zoned = if inclusive { up_to_second(from)? } else { from }.to_zoned(zone.clone());
    cron.find_next_occurrence(&from, inclusive).ok().map(|zoned| zoned.timestamp())
}

/// The moment itself when it is a whole second, else the next whole second.
fn up_to_second(moment: Timestamp) -> Option<Timestamp> {
    let second = if moment.subsec_nanosecond() > 0 { moment.as_second().checked_add(1)? } else { moment.as_second() };
    Timestamp::from_second(second).ok()
}

impl FromStr for Schedule {
    type Err = ScheduleRejection;

    fn from_str(text: &str) -> Result<Self, ScheduleRejection> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (text, rule) = match words.as_slice() {
            ["manual"] => ("manual".into(), Rule::Manual),
            ["hourly"] => ("hourly".into(), Rule::WallClock(cron("0 * * * *")?)),
            ["every", interval] => every(interval)?,
            ["every", ..] => return Err(ScheduleRejection::Interval),
            ["daily", time] => daily(time)?,
            ["daily", ..] => return Err(ScheduleRejection::TimeOfDay),
            [_, _, _, _, _] => {
                let fields = words.join(" ");
                let rule = Rule::WallClock(cron(&fields)?);
                (fields.into(), rule)
            }
            _ => return Err(ScheduleRejection::Form),
        };
        Ok(Self { text, rule })
    }
}

fn every(interval: &str) -> Result<(SmolStr, Rule), ScheduleRejection> {
    let span: Span = interval.parse().map_err(|_| ScheduleRejection::Interval)?;
    if span.seconds() < SHORTEST_S {
        return Err(ScheduleRejection::TooOften);
    }
    Ok((format_smolstr!("every {span}"), Rule::Every(span)))
}

fn daily(time: &str) -> Result<(SmolStr, Rule), ScheduleRejection> {
    let part = |text: &str, most: u8| {
        let fits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u8>().ok().filter(|number| fits && *number <= most)
    };
    let (hour, minute) = time.split_once(':').ok_or(ScheduleRejection::TimeOfDay)?;
    let hour = part(hour, 23).ok_or(ScheduleRejection::TimeOfDay)?;
    let minute = part(minute, 59).ok_or(ScheduleRejection::TimeOfDay)?;
    Ok((format_smolstr!("daily {hour:02}:{minute:02}"), Rule::WallClock(cron(&format!("{minute} {hour} * * *"))?)))
}

fn cron(fields: &str) -> Result<Box<Cron>, ScheduleRejection> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron = parser.parse(fields).map_err(|why| ScheduleRejection::Cron(why.to_string()))?;
    match occurrence(&cron, Timestamp::UNIX_EPOCH, &TimeZone::UTC, true) {
        Some(_) => Ok(Box::new(cron)),
        None => Err(ScheduleRejection::Never),
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Central Europe's rules, written out so that no zone files are needed.
    fn berlin() -> TimeZone {
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn next(schedule: &str, last_run: &str, now: &str) -> String {
        let schedule: Schedule = schedule.parse().unwrap();
        let last_run = if last_run.is_empty() { None } else { Some(at(last_run)) };
        schedule
            .next_after(last_run, at(now), &berlin())
            .map_or_else(|| "never".to_owned(), |moment| moment.to_string())
    }

    #[test]
    fn the_next_moment() {
        for (schedule, last_run, now, expected) in [
            // Nothing runs by itself.
            ("manual", "", "2026-07-01T10:00:00Z", "never"),
            // `every` counts from the last run, and is due at once without one.
            ("every 6h", "", "2026-07-01T10:00:00.5Z", "2026-07-01T10:00:00.5Z"),
            ("every 6h", "2026-07-01T09:00:00Z", "2026-07-01T10:00:00Z", "2026-07-01T15:00:00Z"),
            // After a long sleep: once, now.
            ("every 6h", "2026-06-01T09:00:00Z", "2026-07-01T10:00:00Z", "2026-07-01T10:00:00Z"),
            // A clock that was set back does not delay for years.
            ("every 6h", "2036-06-01T09:00:00Z", "2026-07-01T10:00:00Z", "2026-07-01T16:00:00Z"),
            // Wall clock, summer time (UTC+2).
            ("daily 03:30", "", "2026-07-01T01:29:59.9Z", "2026-07-01T01:30:00Z"),
            ("daily 03:30", "", "2026-07-01T01:30:00Z", "2026-07-01T01:30:00Z"),
            ("daily 03:30", "", "2026-07-01T01:30:00.1Z", "2026-07-02T01:30:00Z"),
            ("daily 03:30", "2026-07-01T01:30:00Z", "2026-07-01T01:31:00Z", "2026-07-02T01:30:00Z"),
            ("daily 03:30", "2026-06-20T01:30:00Z", "2026-07-01T12:00:00Z", "2026-07-01T12:00:00Z"),
            ("daily 03:30", "2026-07-01T12:00:00Z", "2026-07-01T12:00:01Z", "2026-07-02T01:30:00Z"),
            ("hourly", "2026-07-01T10:00:00.25Z", "2026-07-01T10:05:00Z", "2026-07-01T11:00:00Z"),
            ("30 3 * * 1", "2026-07-01T10:00:00Z", "2026-07-01T10:00:00Z", "2026-07-06T01:30:00Z"),
            ("*/20 * * * *", "2026-07-01T10:00:00Z", "2026-07-01T10:00:00Z", "2026-07-01T10:20:00Z"),
        ] {
            assert_eq!(next(schedule, last_run, now), expected, "{schedule}, last {last_run}, now {now}");
        }
    }

    #[test]
    fn daylight_saving_neither_skips_nor_repeats_a_day() {
        for (schedule, last_run, expected) in [
            // 29 March 2026: 02:00 to 03:00 does not exist; the run comes when the clock has jumped.
            ("daily 02:30", "2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z"),
            ("daily 02:30", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"),
            // 25 October 2026: 02:30 exists twice; the run comes at the first of them only.
            ("daily 02:30", "2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z"),
            ("daily 02:30", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
            // An hourly job runs every real hour through both.
            ("hourly", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"),
            ("hourly", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"),
            ("hourly", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"),
            // `every` does not look at the wall clock at all.
            ("every 24h", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"),
        ] {
            assert_eq!(next(schedule, last_run, last_run), expected, "{schedule} after {last_run}");
        }
    }

    #[test]
    fn the_text_comes_back() {
        for (text, shown) in [
            ("every  6h", "every 6h"),
            ("every 90m", "every 90m"),
            ("every 24h", "every 1d"),
            ("daily 03:30", "daily 03:30"),
            ("hourly", "hourly"),
            ("manual", "manual"),
            (" 30  3 * * mon-fri ", "30 3 * * mon-fri"),
        ] {
            let schedule: Schedule = text.parse().unwrap();
            assert_eq!(schedule.to_string(), shown);
            assert_eq!(schedule.to_string().parse::<Schedule>().unwrap(), schedule);
        }
    }

    #[test]
    fn bad_texts_say_what_to_write() {
        for (text, why) in [
            ("", "write `every 6h`"),
            ("sometimes", "write `every 6h`"),
            ("every", "after `every`"),
            ("every day", "after `every`"),
            ("every 30s", "at least 1m"),
            ("daily", "time of day"),
            ("daily 3:30", "time of day"),
            ("daily 24:00", "time of day"),
            ("daily 03:30 04:30", "time of day"),
            ("61 * * * *", "cron fields"),
            ("0 0 30 2 *", "never come true"),
            ("0 0 0 1 1 *", "write `every 6h`"),
            ("@daily", "write `every 6h`"),
        ] {
            let message = text.parse::<Schedule>().unwrap_err().to_string();
            assert!(message.contains(why), "{text:?}: {message}");
        }
    }

    #[test]
    fn the_shortest_gap_is_found_in_irregular_fields() {
        for (text, gap) in [
            ("every 15m", Some("15m")),
            ("hourly", Some("1h")),
            ("daily 03:30", Some("1d")),
            ("0,3 4 * * *", Some("3m")),
            ("* * * * *", Some("1m")),
            ("manual", None),
        ] {
            let found = text.parse::<Schedule>().unwrap().shortest_gap().map(|gap| gap.to_string());
            assert_eq!(found.as_deref(), gap, "{text}");
        }
    }

    proptest! {
        #[test]
        fn one_run_after_a_sleep_then_the_future(
            text in prop::sample::select(vec!["every 15m", "every 2d", "hourly", "daily 02:30", "*/7 * * * *", "0 4 1 * *"]),
            last_s in 1_700_000_000i64..1_800_000_000,
            slept_s in 0i64..40_000_000,
        ) {
            let schedule: Schedule = text.parse().unwrap();
            let last = Timestamp::from_second(last_s).unwrap();
            let now = Timestamp::from_second(last_s + slept_s).unwrap();
            let due = schedule.next_after(Some(last), now, &berlin()).unwrap();
            prop_assert!(due >= now);
            let after = schedule.next_after(Some(due), due, &berlin()).unwrap();
            prop_assert!(after > due);
        }
    }
}
