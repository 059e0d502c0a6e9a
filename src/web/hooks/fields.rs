//! Looking into a JSON body of which nothing is certain: a field that is missing, or of another type than expected, reads as
//! nothing and never spoils its neighbours.
//!
//! Texts are clipped, so that one body cannot fill the store. Deliberately absent: what the fields mean.

use crosswatch_identity::namespace_of_key;
use crosswatch_model::{Id, IdSet, Kind, Rating};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value;
use smol_str::{SmolStr, ToSmolStr};

/// No name of anything is longer.
const TEXT_MAX_CHARS: usize = 512;
/// Smaller numbers are years or compact dates, not seconds since 1970: this is March 1973.
const EARLIEST_EPOCH_S: u64 = 100_000_000;
/// Nothing has more ids.
const IDS_MAX: usize = 32;
/// No file holds more episodes.
const EPISODES_PER_FILE_MAX: u16 = 100;

static NOTHING: Value = Value::Null;

/// What lies at the end of the path.
pub(super) fn at<'a>(body: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().try_fold(body, |value, name| value.get(name)).unwrap_or(&NOTHING)
}

/// What lies at the end of the first path that ends somewhere.
pub(super) fn first<'a>(body: &'a Value, paths: &[&[&str]]) -> &'a Value {
    paths.iter().map(|path| at(body, path)).find(|value| !value.is_null()).unwrap_or(&NOTHING)
}

/// A text, or a whole number as text: how servers write names and ids.
pub(super) fn text(value: &Value) -> SmolStr {
    match value {
        Value::String(text) => clipped(text.trim()),
        Value::Number(number) if !number.is_f64() => number.to_smolstr(),
        _ => SmolStr::default(),
    }
}

fn clipped(text: &str) -> SmolStr {
    match text.char_indices().nth(TEXT_MAX_CHARS) {
        Some((end, _)) => text.get(..end).unwrap_or_default().into(),
        None => text.into(),
    }
}

/// A whole number, also when written as text.
pub(super) fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A whole number that fits 16 bits: years, seasons, episode numbers.
pub(super) fn small(value: &Value) -> Option<u16> {
    whole(value).and_then(|number| number.try_into().ok())
}

/// A number, whole or not, also when written as text.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

/// Yes or no, in the ways that templates write it.
pub(super) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" | "" => Some(false),
            _ => None,
        },
        Value::Number(number) => number.as_u64().map(|number| number != 0),
        _ => None,
    }
}

/// The instant of an ISO 8601 text, or of seconds since 1970 as a number or a text. A text without a zone is taken as UTC.
/// The servers' stand-ins for "never" are none.
pub(super) fn moment(value: &Value) -> Option<Timestamp> {
    let text = value.as_str().map_or("", str::trim);
    let in_utc = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let told = text.parse().ok().or_else(in_utc).or_else(|| {
        let seconds = whole(value)?;
        Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
    });
    let earliest = i64::try_from(EARLIEST_EPOCH_S).ok()?;
    told.filter(|moment| moment.as_second() >= earliest)
}

/// The year of a date text.
pub(super) fn year_of_date(value: &Value) -> Option<u16> {
    let (year, _) = value.as_str()?.split_once('-')?;
    year.parse().ok().filter(|year| *year > 0)
}

/// The last episode of a file that holds several, where it comes behind the first.
pub(super) fn last_number(first: Option<u16>, last: &Value) -> Option<u16> {
    let (first, last) = (first?, small(last)?);
    (last > first && last - first < EPISODES_PER_FILE_MAX).then_some(last)
}

/// 0 to 10 in any fraction, as 1 to 100.
pub(super) fn rating(stored: f64) -> Option<Rating> {
    let tenths = (stored * 10.0).round();
    if (1.0..=100.0).contains(&tenths) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 100")]
        let value = tenths as u8;
        Rating::new(value).ok()
    } else {
        None
    }
}

/// Adds an id, where there are not more than anybody has.
pub(super) fn add(ids: &mut IdSet, id: Id) {
    if ids.len() < IDS_MAX {
        ids.insert(id);
    }
}

/// Adds what a field holds under a provider's key: one id, or several with commas between.
pub(super) fn add_ids(ids: &mut IdSet, kind: Kind, key: &str, value: &Value) {
    let Some(namespace) = namespace_of_key(key) else { return };
    for part in text(value).split(',') {
        if let Ok(id) = Id::parse(namespace, kind, part) {
            add(ids, id);
        }
    }
}

/// The ids of a `ProviderIds` object.
pub(super) fn add_id_map(ids: &mut IdSet, kind: Kind, map: &Value) {
    for (key, value) in map.as_object().into_iter().flatten() {
        add_ids(ids, kind, key, value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_taken_in_every_way_they_are_written() {
        let body = json!({"a": {"b": "x"}, "n": null, "s": " 12 ", "i": 12, "f": 8.5, "t": "True"});
        assert_eq!(text(at(&body, &["a", "b"])), "x");
        assert_eq!(text(at(&body, &["a", "b", "c"])), "");
        assert_eq!(text(first(&body, &[&["n"], &["z"], &["i"]])), "12");
        assert_eq!((small(&body["s"]), small(&body["i"]), small(&body["f"])), (Some(12), Some(12), None));
        assert_eq!((number(&body["f"]), number(&body["s"]), number(&json!("NaN"))), (Some(8.5), Some(12.0), None));
        assert_eq!((flag(&body["t"]), flag(&json!(0)), flag(&json!("maybe")), flag(&json!(null))), {
            (Some(true), Some(false), None, None)
        });
        assert_eq!(text(&json!("é".repeat(9_000))).chars().count(), TEXT_MAX_CHARS);
    }

    #[test]
    fn moments_are_read_and_stand_ins_are_none() {
        let expected: Timestamp = "2026-03-01T20:00:00Z".parse().unwrap();
        for told in [
            json!("2026-03-01T20:00:00.0000000Z"),
            json!("2026-03-01T21:00:00+01:00"),
            json!("2026-03-01T20:00:00"),
            json!(1_772_395_200),
            json!("1772395200"),
        ] {
            assert_eq!(moment(&told), Some(expected), "{told}");
        }
        for none in [json!("0001-01-01T00:00:00.0000000Z"), json!(0), json!("soon"), json!(2026), json!([]), json!(-5)]
        {
            assert_eq!(moment(&none), None, "{none}");
        }
    }

    #[test]
    fn files_hold_a_bounded_number_of_episodes() {
        for (first, last, expected) in [
            (Some(1), json!(2), Some(2)),
            (Some(2), json!(2), None),
            (None, json!(2), None),
            (Some(1), json!(900), None),
        ] {
            assert_eq!(last_number(first, &last), expected, "{first:?} {last}");
        }
    }
}
