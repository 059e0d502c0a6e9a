//! JSON values as they really arrive: a wrong type spoils its own field, never the page it is on.
//!
//! What must be there (the list itself, its totals) is declared with ordinary types, so that its absence is an error.

use std::fmt;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use smol_str::{SmolStr, ToSmolStr};

/// Smaller numbers are years or compact dates, not seconds since 1970: this is March 1973.
const EARLIEST_EPOCH_S: u64 = 100_000_000;

/// One value of any type.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Scalar {
    /// `null`, or not there.
    #[default]
    Nothing,
    /// `true` or `false`.
    Flag(bool),
    /// A whole number that is not negative.
    Whole(u64),
    /// Any other number.
    Number(f64),
    /// A text.
    Text(SmolStr),
    /// A list or an object where a single value is due.
    Structure,
}

impl Scalar {
    /// The text, where it is one and not empty.
    pub(crate) fn text(&self) -> Option<&SmolStr> {
        match self {
            Self::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The text, or an empty one.
    pub(crate) fn text_or_empty(&self) -> &str {
        self.text().map_or("", SmolStr::as_str)
    }

    /// Text or whole number as text: how services write ids.
    pub(crate) fn written(&self) -> Option<SmolStr> {
        match self {
            Self::Text(text) if !text.is_empty() => Some(text.clone()),
            Self::Whole(number) => Some(number.to_smolstr()),
            _ => None,
        }
    }

    /// The whole number, also when written as text.
    pub(crate) fn whole(&self) -> Option<u64> {
        match self {
            Self::Whole(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// The whole number, where it fits 16 bits: years, seasons, episode numbers.
    pub(crate) fn small(&self) -> Option<u16> {
        self.whole().and_then(|number| number.try_into().ok())
    }

    /// The number, whole or not, also when written as text.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(number) => u32::try_from(*number).ok().map(f64::from),
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// The truth value.
    pub(crate) fn flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The instant of an ISO 8601 text, or of seconds since 1970 as a number or a text. A text without a zone is taken as
    /// UTC, as the services mean it.
    pub(crate) fn moment(&self) -> Option<Timestamp> {
        let text = self.text().map_or("", SmolStr::as_str);
        let in_utc = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
        text.parse().ok().or_else(in_utc).or_else(|| self.seconds_since_1970())
    }

    fn seconds_since_1970(&self) -> Option<Timestamp> {
        let seconds = self.whole().filter(|seconds| *seconds >= EARLIEST_EPOCH_S)?;
        Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Scalar, E> {
        Ok(Scalar::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar::Whole(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "negative numbers only have to be told from whole ones")]
    fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
        Ok(u64::try_from(number).map_or(Scalar::Number(number as f64), Scalar::Whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.into()))
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Structure)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Scalar, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Structure)
    }
}

/// An object that may be missing, `null` or of another type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Nested<T>(pub(crate) Option<T>);

impl<T> Default for Nested<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Nested<T> {
    /// The object, where it is one.
    pub(crate) const fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Nested<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NestedVisitor<T>(std::marker::PhantomData<T>);

        impl<'de, T: DeserializeOwned> Visitor<'de> for NestedVisitor<T> {
            type Value = Nested<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_bool<E>(self, _: bool) -> Result<Nested<T>, E> {
                Ok(Nested(None))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Nested<T>, E> {
                Ok(Nested(None))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Nested<T>, E> {
                Ok(Nested(None))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Nested<T>, E> {
                Ok(Nested(None))
            }

            fn visit_str<E>(self, _: &str) -> Result<Nested<T>, E> {
                Ok(Nested(None))
            }

            fn visit_unit<E>(self) -> Result<Nested<T>, E> {
                Ok(Nested(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Nested<T>, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Nested(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Nested<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(object)).map(|value| Nested(Some(value)))
            }
        }

        deserializer.deserialize_any(NestedVisitor(std::marker::PhantomData))
    }
}

/// A list that may be missing, `null` or of another type, of members that stand for any value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Several<T>(pub(crate) Vec<T>);

impl<T> Default for Several<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SeveralVisitor<T>(std::marker::PhantomData<T>);

        impl<'de, T: DeserializeOwned> Visitor<'de> for SeveralVisitor<T> {
            type Value = Several<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list")
            }

            fn visit_bool<E>(self, _: bool) -> Result<Several<T>, E> {
                Ok(Several::default())
            }

            fn visit_u64<E>(self, _: u64) -> Result<Several<T>, E> {
                Ok(Several::default())
            }

            fn visit_i64<E>(self, _: i64) -> Result<Several<T>, E> {
                Ok(Several::default())
            }

            fn visit_f64<E>(self, _: f64) -> Result<Several<T>, E> {
                Ok(Several::default())
            }

            fn visit_str<E>(self, _: &str) -> Result<Several<T>, E> {
                Ok(Several::default())
            }

            fn visit_unit<E>(self) -> Result<Several<T>, E> {
                Ok(Several::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Several<T>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = list.next_element()? {
                    members.push(member);
                }
                Ok(Several(members))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Several<T>, A::Error> {
                while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Several::default())
            }
        }

        deserializer.deserialize_any(SeveralVisitor(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, Default)]
    #[serde(default)]
    struct Sample {
        value: Scalar,
        inner: Nested<Inner>,
        list: Several<Scalar>,
    }

    #[derive(Debug, Deserialize, Default, PartialEq, Clone)]
    #[serde(default)]
    struct Inner {
        value: Scalar,
    }

    fn scalar(json: &str) -> Scalar {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn every_type_is_taken_and_none_is_repaired() {
        assert_eq!(scalar("603").written().as_deref(), Some("603"));
        assert_eq!(scalar("\"tt1\"").written().as_deref(), Some("tt1"));
        for nothing in ["603.5", "-1", "null", "true", "[1]", "{\"a\":1}", "\"\""] {
            assert_eq!(scalar(nothing).written(), None, "{nothing}");
        }
        assert_eq!(scalar("\"12\"").small(), Some(12));
        assert_eq!(scalar("70000").small(), None);
        assert_eq!(scalar("8").number(), Some(8.0));
        assert_eq!(scalar("\"8.5\"").number(), Some(8.5));
        assert_eq!(scalar("\"NaN\"").number(), None);
    }

    #[test]
    fn instants_are_read_with_and_without_zone() {
        let expected: Timestamp = "2020-01-02T03:04:05Z".parse().unwrap();
        for text in [
            "\"2020-01-02T03:04:05.0000000Z\"",
            "\"2020-01-02T03:04:05\"",
            "\"2020-01-02T04:04:05+01:00\"",
            "1577934245",
            "\"1577934245\"",
        ] {
            assert_eq!(scalar(text).moment(), Some(expected), "{text}");
        }
        for text in ["\"2014-02-31T09:28:53.000Z\"", "\"soon\"", "2020", "\"2020\"", "1577934245000", "-5", "0", "null"]
        {
            assert_eq!(scalar(text).moment(), None, "{text}");
        }
    }

    #[test]
    fn a_wrong_type_spoils_only_its_field() {
        let sample: Sample = serde_json::from_str(r#"{"value":[1,{"a":[]}],"inner":"x","more":1}"#).unwrap();
        assert_eq!((sample.value, sample.inner.get()), (Scalar::Structure, None));
        let sample: Sample = serde_json::from_str(r#"{"inner":{"value":1,"other":{}}}"#).unwrap();
        assert_eq!(sample.inner.get(), Some(&Inner { value: Scalar::Whole(1) }));
        let list = |json: &str| serde_json::from_str::<Sample>(json).unwrap().list.0;
        assert_eq!(list(r#"{"list":[1,null,{}]}"#), [Scalar::Whole(1), Scalar::Nothing, Scalar::Structure]);
        for odd in [r#"{"list":{"a":[1]}}"#, r#"{"list":null}"#, r#"{"list":"x"}"#, r#"{"list":-1}"#, "{}"] {
            assert_eq!(list(odd), [], "{odd}");
        }
    }
}
