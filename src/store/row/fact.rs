//! Facts: a one-letter tag and the fields of the variant.

use crosswatch_model::{Fact, Rating, WatchedAt};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    RowError,
    stamp::{StampV1, instant_if_any},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum FactV1 {
    /// A play known to the second.
    #[serde(rename = "e")]
    PlayExact(StampV1),
    /// A play known to the minute.
    #[serde(rename = "m")]
    PlayMinute(StampV1),
    /// A play known to the day: year, month, day.
    #[serde(rename = "d")]
    PlayDay(i16, i8, i8),
    /// A play at an unknown time.
    #[serde(rename = "u")]
    PlayUnknown,
    /// On the watchlist, since when.
    #[serde(rename = "l")]
    Listed(Option<StampV1>),
    /// A rating from 1 to 100, given when.
    #[serde(rename = "r")]
    Rated(u8, Option<StampV1>),
    /// A resume point: position and length in seconds, left when.
    #[serde(rename = "p")]
    Resume(u32, Option<u32>, Option<StampV1>),
}

impl FactV1 {
    pub(super) fn of(fact: Fact) -> Self {
        match fact {
            Fact::Play(WatchedAt::Exact(at)) => Self::PlayExact(StampV1::of(at)),
            Fact::Play(WatchedAt::Minute(at)) => Self::PlayMinute(StampV1::of(at)),
            Fact::Play(WatchedAt::Day(day)) => Self::PlayDay(day.year(), day.month(), day.day()),
            Fact::Play(WatchedAt::Unknown) => Self::PlayUnknown,
            Fact::Listed(at) => Self::Listed(StampV1::of_any(at)),
            Fact::Rated { value, rated_at } => Self::Rated(value.get(), StampV1::of_any(rated_at)),
            Fact::Resume { position_s, duration_s, stopped_at } => {
                Self::Resume(position_s, duration_s, StampV1::of_any(stopped_at))
            }
        }
    }

    pub(super) fn fact(self) -> Result<Fact, RowError> {
        Ok(match self {
            Self::PlayExact(at) => Fact::Play(WatchedAt::Exact(at.instant("watched_at")?)),
            Self::PlayMinute(at) => Fact::Play(WatchedAt::Minute(at.instant("watched_at")?)),
            Self::PlayDay(year, month, day) => {
                let day = Date::new(year, month, day).map_err(|_| RowError::Field("watched_at"))?;
                Fact::Play(WatchedAt::Day(day))
            }
            Self::PlayUnknown => Fact::Play(WatchedAt::Unknown),
            Self::Listed(at) => Fact::Listed(instant_if_any(at, "listed_at")?),
            Self::Rated(value, at) => Fact::Rated {
                value: Rating::new(value).map_err(|_| RowError::Field("rating"))?,
                rated_at: instant_if_any(at, "rated_at")?,
            },
            Self::Resume(position_s, duration_s, at) => {
                Fact::Resume { position_s, duration_s, stopped_at: instant_if_any(at, "stopped_at")? }
            }
        })
    }
}

/// The stored form of a fact that may be missing.
pub(super) fn stored(fact: Option<Fact>) -> Option<FactV1> {
    fact.map(FactV1::of)
}

/// The fact of a stored form that may be missing.
pub(super) fn fact_if_any(fact: Option<FactV1>) -> Result<Option<Fact>, RowError> {
    fact.map(FactV1::fact).transpose()
}
