//! Facts: what is kept in step, one shape per feature.

use crosswatch_model::{Fact, WatchedAt};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// How exactly the moment of a play is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// To the second.
    Second,
    /// To the minute.
    Minute,
    /// To the day.
    Day,
    /// Watched, nobody knows when.
    Unknown,
}

/// The value of an operation. Which of the shapes it is follows from the feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Fact)]
pub enum FactShape {
    /// `history`: a play.
    Play {
        /// RFC 3339 in UTC; a date alone where only the day is known; `null` where nobody knows.
        watched_at: Option<String>,
        /// How exactly it is known.
        precision: Precision,
    },
    /// `watchlist`: a listing.
    Listed {
        /// Since when, where told.
        #[schema(value_type = Option<String>, format = DateTime)]
        listed_at: Option<Timestamp>,
    },
    /// `ratings`: a rating.
    Rated {
        /// From 1 to 100.
        #[schema(minimum = 1, maximum = 100)]
        rating: u8,
        /// When it was given, where told.
        #[schema(value_type = Option<String>, format = DateTime)]
        rated_at: Option<Timestamp>,
    },
    /// `progress`: a resume point.
    Resume {
        /// Seconds into the item.
        position_s: u32,
        /// Length of the item in seconds, where told.
        duration_s: Option<u32>,
        /// When playback stopped there, where told.
        #[schema(value_type = Option<String>, format = DateTime)]
        at: Option<Timestamp>,
    },
}

impl From<Fact> for FactShape {
    fn from(fact: Fact) -> Self {
        match fact {
            Fact::Play(watched_at) => {
                let (watched_at, precision) = moment(watched_at);
                Self::Play { watched_at, precision }
            }
            Fact::Listed(listed_at) => Self::Listed { listed_at },
            Fact::Rated { value, rated_at } => Self::Rated { rating: value.get(), rated_at },
            Fact::Resume { position_s, duration_s, stopped_at } => {
                Self::Resume { position_s, duration_s, at: stopped_at }
            }
        }
    }
}

/// A moment as text, and how exactly it is known.
pub(crate) fn moment(watched_at: WatchedAt) -> (Option<String>, Precision) {
    match watched_at {
        WatchedAt::Exact(at) => (Some(at.to_string()), Precision::Second),
        WatchedAt::Minute(at) => (Some(at.to_string()), Precision::Minute),
        WatchedAt::Day(day) => (Some(day.to_string()), Precision::Day),
        WatchedAt::Unknown => (None, Precision::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use crosswatch_model::Rating;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn facts_look_like_this() {
        let at: Timestamp = "2026-07-01T20:15:30Z".parse().unwrap();
        let cases: [(Fact, Value); 8] = [
            (Fact::Play(WatchedAt::Exact(at)), json!({"watched_at": "2026-07-01T20:15:30Z", "precision": "second"})),
            (
                Fact::Play(WatchedAt::Exact(at).to_minute()),
                json!({"watched_at": "2026-07-01T20:15:00Z", "precision": "minute"}),
            ),
            (
                Fact::Play(WatchedAt::Day("2026-07-01".parse().unwrap())),
                json!({"watched_at": "2026-07-01", "precision": "day"}),
            ),
            (Fact::Play(WatchedAt::Unknown), json!({"watched_at": null, "precision": "unknown"})),
            (Fact::Listed(None), json!({"listed_at": null})),
            (Fact::Listed(Some(at)), json!({"listed_at": "2026-07-01T20:15:30Z"})),
            (Fact::Rated { value: Rating::new(85).unwrap(), rated_at: None }, json!({"rating": 85, "rated_at": null})),
            (
                Fact::Resume { position_s: 61, duration_s: Some(5400), stopped_at: Some(at) },
                json!({"position_s": 61, "duration_s": 5400, "at": "2026-07-01T20:15:30Z"}),
            ),
        ];
        for (fact, shape) in cases {
            assert_eq!(serde_json::to_value(FactShape::from(fact)).unwrap(), shape);
        }
    }
}
