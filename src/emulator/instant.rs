//! Instants as the services write and read them.

use jiff::{Timestamp, ToSpan, civil, tz::TimeZone};

/// `2024-10-15T13:36:46.672Z`: three fractional digits.
pub(crate) fn to_millis_text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// `2024-10-15T13:36:46.6727027Z`: seven fractional digits, the resolution of .NET.
pub(crate) fn to_ticks_text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.7fZ").to_string()
}

/// An instant with offset, or a civil date and time, or a date alone; without an offset it is UTC.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    if let Ok(at) = text.parse::<civil::DateTime>() {
        return utc(at);
    }
    text.parse::<civil::Date>().ok().and_then(start_of)
}

/// `20241015133646`, taken as UTC.
pub(crate) fn parse_compact(text: &str) -> Option<Timestamp> {
    let fits = text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !fits {
        return None;
    }
    civil::DateTime::strptime("%Y%m%d%H%M%S", text).ok().and_then(utc)
}

/// Midnight UTC of a day.
pub(crate) fn start_of(day: civil::Date) -> Option<Timestamp> {
    utc(day.at(0, 0, 0, 0))
}

/// The same instant without its seconds.
pub(crate) fn to_minute(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(60)).unwrap_or(at)
}

/// The instant some seconds later, or earlier when negative; unchanged at the ends of time.
pub(crate) fn plus_seconds(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(seconds.seconds()).unwrap_or(at)
}

fn utc(at: civil::DateTime) -> Option<Timestamp> {
    at.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_digits_of_their_service() {
        let at = parse("2024-10-15T13:36:46.6727027Z").unwrap();
        assert_eq!(to_ticks_text(at), "2024-10-15T13:36:46.6727027Z");
        assert_eq!(to_millis_text(at), "2024-10-15T13:36:46.672Z");
        assert_eq!(to_ticks_text(to_minute(at)), "2024-10-15T13:36:00.0000000Z");
    }

    #[test]
    fn every_accepted_form_is_read_as_utc() {
        let noon = parse("2024-01-02T12:00:00Z").unwrap();
        for text in ["2024-01-02T12:00:00", "2024-01-02T14:00:00+02:00", " 2024-01-02T12:00:00.000Z"] {
            assert_eq!(parse(text), Some(noon), "{text}");
        }
        assert_eq!(parse_compact("20240102120000"), Some(noon));
        assert_eq!(parse("2024-01-02"), Some(plus_seconds(noon, -12 * 3600)));
        for text in ["", "yesterday", "2024-13-01", "20240102120000"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse_compact("2024010212000x"), None);
    }
}
