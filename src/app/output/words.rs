//! Values, items and times as people read them.

use jiff::{Timestamp, tz::TimeZone};

use crate::answer::{Item, Value};

/// `The Matrix (1999)` or `Firefly S01E03 The Train Job`.
pub(crate) fn item(item: &Item) -> String {
    let show = item.show.as_ref().map(|show| show.title.as_str());
    let name = match (show, item.season, item.number) {
        (Some(show), Some(season), Some(number)) => format!("{show} S{season:02}E{number:02} {}", item.title),
        (Some(show), Some(season), None) => format!("{show} season {season}"),
        _ => item.title.clone(),
    };
    let name = name.trim_end();
    match (item.kind.as_str(), item.year) {
        _ if name.is_empty() => format!("untitled {}", item.kind),
        ("movie" | "show", Some(year)) => format!("{name} ({year})"),
        _ => name.to_owned(),
    }
}

/// `85/100 -> 90/100`, or the only side there is.
pub(crate) fn change(feature: &str, before: Option<&Value>, value: Option<&Value>) -> String {
    match (before, value) {
        (None, None) => String::new(),
        (None, Some(after)) => fact(feature, after),
        (Some(before), None) => fact(feature, before),
        (Some(before), Some(after)) => {
            let (before, after) = (fact(feature, before), fact(feature, after));
            if before == after { after } else { format!("{before} -> {after}") }
        }
    }
}

fn fact(feature: &str, value: &Value) -> String {
    match feature {
        "history" => value.watched_at.as_deref().map_or_else(|| "date unknown".to_owned(), moment),
        "watchlist" => {
            value.listed_at.as_deref().map_or_else(|| "listed".to_owned(), |at| format!("since {}", moment(at)))
        }
        "ratings" => value.rating.map_or_else(String::new, |rating| format!("{rating}/100")),
        "progress" => value.position_s.map_or_else(String::new, clock_time),
        _ => String::new(),
    }
}

/// An RFC 3339 instant to the minute; anything else as it is.
fn moment(text: &str) -> String {
    text.parse::<Timestamp>().map_or_else(|_| text.to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string())
}

fn clock_time(seconds: u32) -> String {
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// An instant in the reader's own zone, to the second.
pub(crate) fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`.
pub(crate) fn length(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..10 => format!("{seconds}.{} s", ms / 100 % 10),
        10..120 => format!("{seconds} s"),
        120..7200 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// `12 345`: thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// `1 play`, `2 plays`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check_item(given: serde_json::Value, expected: &str) {
        assert_eq!(item(&serde_json::from_value(given).unwrap()), expected);
    }

    #[test]
    fn items_are_named_as_people_name_them() {
        check_item(json!({"kind": "movie", "title": "The Matrix", "year": 1999}), "The Matrix (1999)");
        check_item(
            json!({"kind": "episode", "title": "The Train Job", "year": 2002, "show": {"title": "Firefly"}, "season": 1, "number": 2}),
            "Firefly S01E02 The Train Job",
        );
        check_item(json!({"kind": "season", "show": {"title": "Firefly"}, "season": 0}), "Firefly season 0");
        check_item(json!({"kind": "movie", "year": 1999}), "untitled movie");
    }

    fn check_change(feature: &str, before: serde_json::Value, value: serde_json::Value, expected: &str) {
        let [before, value]: [Option<Value>; 2] = [before, value].map(|value| serde_json::from_value(value).unwrap());
        assert_eq!(change(feature, before.as_ref(), value.as_ref()), expected);
    }

    #[test]
    fn values_are_shown_by_feature() {
        check_change("history", json!(null), json!({"watched_at": "2024-03-01T20:15:30Z"}), "2024-03-01 20:15");
        check_change("history", json!(null), json!({"watched_at": "2024-03-01"}), "2024-03-01");
        check_change("history", json!(null), json!({"watched_at": null}), "date unknown");
        check_change("ratings", json!({"rating": 30}), json!({"rating": 80}), "30/100 -> 80/100");
        check_change("ratings", json!({"rating": 30}), json!(null), "30/100");
        check_change("watchlist", json!(null), json!({"listed_at": null}), "listed");
        check_change("watchlist", json!(null), json!({"listed_at": "2024-03-01T20:15:30Z"}), "since 2024-03-01 20:15");
        check_change("progress", json!(null), json!({"position_s": 3725}), "1:02:05");
        check_change("progress", json!(null), json!(null), "");
    }

    #[test]
    fn lengths_and_counts_are_easy_to_read() {
        for (ms, expected) in
            [(0, "0.0 s"), (450, "0.4 s"), (12_900, "12 s"), (200_000, "3 min 20 s"), (7_500_000, "2 h 5 min")]
        {
            assert_eq!(length(ms), expected);
        }
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1 000"), (1_234_567, "1 234 567")] {
            assert_eq!(count(number), expected);
        }
        assert_eq!(counted(1, "play", "plays"), "1 play");
        assert_eq!(counted(2000, "play", "plays"), "2 000 plays");
        let at: Timestamp = "2024-03-01T20:15:30Z".parse().unwrap();
        assert_eq!(local(at, &TimeZone::UTC), "2024-03-01 20:15:30");
    }
}
