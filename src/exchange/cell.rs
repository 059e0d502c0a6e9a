//! Single values as files write them: moments, ratings, numbers, ids.
//!
//! An empty cell is nothing; a cell that holds something unreadable is a complaint in words, beginning with what was read.

use crosswatch_identity::namespace_of_key;
use crosswatch_model::{Id, IdRejection, IdSet, Kind, Rating, WatchedAt};
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};

/// Smaller numbers are years or compact dates, not seconds since 1970: this is March 1973.
const EARLIEST_EPOCH_S: i64 = 100_000_000;
/// Before this a date stands for none: services write the beginning of 1970 where they know nothing.
const DAY_S: i64 = 86_400;

/// When something was watched, as precisely as it is written: an instant, a minute, a day, or nothing.
pub(crate) fn watched_at(text: &str, zone: &TimeZone) -> Result<WatchedAt, String> {
    let text = text.trim();
    if is_nothing(text) {
        return Ok(WatchedAt::Unknown);
    }
    if let Some(day) = day(text) {
        return Ok(if day.year() <= 1970 { WatchedAt::Unknown } else { WatchedAt::Day(day) });
    }
    let at = moment(text, zone).ok_or_else(|| unreadable(text))?;
    if at.as_second() < DAY_S {
        return Ok(WatchedAt::Unknown);
    }
    // `2026-07-01T20:15Z`: nobody told the seconds.
    let colons = text.split(['+', 'Z', '.']).next().unwrap_or_default().matches(':').count();
    let is_minute = colons == 1 && text.len() > "2026-07-01".len();
    Ok(if is_minute { WatchedAt::Exact(at).to_minute() } else { WatchedAt::Exact(at) })
}

/// An instant of something that is only ordered by it: a rating, an entry of a list. Of a day it is the noon.
pub(crate) fn instant(text: &str, zone: &TimeZone) -> Result<Option<Timestamp>, String> {
    let text = text.trim();
    if is_nothing(text) {
        return Ok(None);
    }
    let noon = |day: Date| day.at(12, 0, 0, 0).to_zoned(zone.clone()).ok().map(|noon| noon.timestamp());
    let at = day(text).map_or_else(|| moment(text, zone), noon).ok_or_else(|| unreadable(text))?;
    Ok(Some(at).filter(|at| at.as_second() >= DAY_S))
}

fn day(text: &str) -> Option<Date> {
    if text.len() == "2026-07-01".len() { text.parse().ok() } else { None }
}

fn moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    if let Ok(second) = text.parse::<i64>() {
        // Milliseconds where seconds would lie thousands of years ahead.
        let second = if second > EARLIEST_EPOCH_S * 1_000 { second / 1_000 } else { second };
        return if second >= EARLIEST_EPOCH_S { Timestamp::from_second(second).ok() } else { None };
    }
    let local = text.parse::<DateTime>().ok()?;
    local.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
}

fn unreadable(text: &str) -> String {
    format!("{:?} is no date; write 2026-07-01T20:15:00Z or 2026-07-01", short(text))
}

/// A rating where the best is `best`; nothing where nobody rated.
pub(crate) fn rating(text: &str, best: f64) -> Result<Option<Rating>, String> {
    let text = text.trim();
    if is_nothing(text) {
        return Ok(None);
    }
    let number: f64 = text.replace(',', ".").parse().map_err(|_| format!("{:?} is no rating", short(text)))?;
    if number == 0.0 {
        return Ok(None);
    }
    let hundredths = (number * 100.0 / best).round();
    if !(number > 0.0 && number <= best) {
        return Err(format!("the rating {} is not above 0 and at most {best}", short(text)));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
    let value = (hundredths as u8).max(1);
    Rating::new(value).map(Some).map_err(|why| why.to_string())
}

/// A whole number that fits 16 bits: a year, a season, an episode.
pub(crate) fn small(name: &str, text: &str) -> Result<Option<u16>, String> {
    let text = text.trim();
    if is_nothing(text) {
        return Ok(None);
    }
    let whole = text.strip_suffix(".0").unwrap_or(text);
    whole.parse().map(Some).map_err(|_| format!("{:?} is no {name}", short(text)))
}

/// A number of seconds.
pub(crate) fn seconds(name: &str, text: &str) -> Result<Option<u32>, String> {
    let text = text.trim();
    if is_nothing(text) {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| format!("{:?} is no {name} in seconds", short(text)))
}

/// A length in whole minutes, as seconds; nothing where it is not one.
pub(crate) fn minutes(text: &str) -> Option<u32> {
    text.trim().parse::<u32>().ok().filter(|minutes| (1..=100_000).contains(minutes)).map(|minutes| minutes * 60)
}

/// A part of the length in hundredths of a percent.
pub(crate) fn percent(text: &str) -> Result<u16, String> {
    let number: f64 = text.trim().parse().map_err(|_| format!("{:?} is no percentage", short(text)))?;
    if !(0.0..=100.0).contains(&number) {
        return Err(format!("{} is no percentage between 0 and 100", short(text)));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 10 000")]
    Ok((number * 100.0).round() as u16)
}

fn is_nothing(text: &str) -> bool {
    text.is_empty() || ["null", "none", "n/a", "-", "unknown"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// The beginning of a text, to be told.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Collects the ids of one item; what is no id is remembered, and told when nothing else names the item.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    pub(crate) ids: IdSet,
    pub(crate) complaint: Option<String>,
}

impl Ids {
    /// Takes what stands under the name of a namespace. Other names say nothing to us.
    pub(crate) fn take(&mut self, key: &str, kind: Kind, text: &str) {
        let Some(namespace) = namespace_of_key(key) else { return };
        match Id::parse(namespace, kind, text) {
            Ok(id) => self.ids.insert(id),
            Err(IdRejection::Empty | IdRejection::KindUnsupported) => {}
            Err(why) => self.complaint = Some(format!("{namespace} {:?}: {why}", short(text))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::posix("CET-1").unwrap()
    }

    #[test]
    fn moments_are_as_precise_as_they_are_written() {
        let exact = |text: &str| WatchedAt::Exact(text.parse().unwrap());
        for (text, expected) in [
            ("", WatchedAt::Unknown),
            (" null ", WatchedAt::Unknown),
            ("2026-07-01", WatchedAt::Day("2026-07-01".parse().unwrap())),
            ("2026-07-01T20:15:30Z", exact("2026-07-01T20:15:30Z")),
            ("2026-07-01T20:15:30.000Z", exact("2026-07-01T20:15:30Z")),
            ("2026-07-01 20:15:30+02:00", exact("2026-07-01T18:15:30Z")),
            ("2026-07-01 20:15:30", exact("2026-07-01T19:15:30Z")),
            ("2026-07-01T20:15Z", WatchedAt::Minute("2026-07-01T20:15:00Z".parse().unwrap())),
            ("1782936930", exact("2026-07-01T20:15:30Z")),
            ("1782936930000", exact("2026-07-01T20:15:30Z")),
            ("1970-01-01T00:00:00.000Z", WatchedAt::Unknown),
            ("1970-01-01", WatchedAt::Unknown),
        ] {
            assert_eq!(watched_at(text, &berlin()), Ok(expected), "{text}");
        }
        for bad in ["yesterday", "2026-02-30", "2026", "20:15", "01/07/2026", "-5"] {
            assert!(watched_at(bad, &berlin()).unwrap_err().contains("is no date"), "{bad}");
        }
    }

    #[test]
    fn a_day_stands_for_its_noon_where_an_instant_is_due() {
        let noon = Some("2026-07-01T11:00:00Z".parse().unwrap());
        assert_eq!(instant("2026-07-01", &berlin()), Ok(noon));
        assert_eq!(instant("", &berlin()), Ok(None));
        assert!(instant("soon", &berlin()).is_err());
    }

    #[test]
    fn ratings_are_read_on_their_own_scale() {
        let value = |text: &str, best: f64| rating(text, best).map(|rating| rating.map(Rating::get));
        for (text, best, expected) in [
            ("5", 5.0, Some(100)),
            ("0.5", 5.0, Some(10)),
            ("3.5", 5.0, Some(70)),
            ("8", 10.0, Some(80)),
            ("8.5", 10.0, Some(85)),
            ("8,5", 10.0, Some(85)),
            ("87", 100.0, Some(87)),
            ("0.01", 10.0, Some(1)),
            ("0", 10.0, None),
            ("", 10.0, None),
        ] {
            assert_eq!(value(text, best), Ok(expected), "{text} of {best}");
        }
        for bad in ["11", "-1", "NaN", "inf", "good"] {
            assert!(value(bad, 10.0).is_err(), "{bad}");
        }
    }

    #[test]
    fn ids_that_are_none_are_told_only_when_asked() {
        let mut ids = Ids::default();
        for (key, text) in [("tmdb", "603"), ("imdb", "nm0000206"), ("slug", "the-matrix"), ("tvdb", "")] {
            ids.take(key, Kind::Movie, text);
        }
        assert_eq!(format!("{:?}", ids.ids), "{tmdb_movie:603}");
        assert!(ids.complaint.unwrap().starts_with("imdb \"nm0000206\""));
    }
}
