//! `/sync/last_activities`: when each list was added to. Removals move the journal's stamp and no other.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::present::text_of;
use crate::kind::Kind;

/// A stamp that something moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stamp {
    Watched(Kind),
    Rated(Kind),
    Watchlisted,
    Paused,
    Journal,
}

/// All stamps of an account, to the second.
#[derive(Debug, Default)]
pub(crate) struct Stamps(BTreeMap<Stamp, Timestamp>);

impl Stamps {
    /// Moves a stamp on to this time. It never goes back, and a second change within a second leaves it where it is.
    pub(crate) fn touch(&mut self, stamp: Stamp, at: Timestamp) {
        let moved = self.0.entry(stamp).or_insert(at);
        *moved = at.max(*moved);
    }

    /// The answer; what never moved is `null`.
    pub(crate) fn to_json(&self, server_time: Timestamp) -> Value {
        let told = |stamps: &[Stamp]| {
            let newest = stamps.iter().filter_map(|stamp| self.0.get(stamp)).max();
            newest.map_or(Value::Null, |at| text_of(*at).into())
        };
        let fields = [
            ("watched_at", told(&[Stamp::Watched(Kind::Movie), Stamp::Watched(Kind::Show)])),
            ("season_watched_at", told(&[Stamp::Watched(Kind::Season)])),
            ("episode_watched_at", told(&[Stamp::Watched(Kind::Episode)])),
            ("rated_at", told(&[Stamp::Rated(Kind::Movie), Stamp::Rated(Kind::Show)])),
            ("season_rated_at", told(&[Stamp::Rated(Kind::Season)])),
            ("episode_rated_at", told(&[Stamp::Rated(Kind::Episode)])),
            ("watchlisted_at", told(&[Stamp::Watchlisted])),
            ("paused_at", told(&[Stamp::Paused])),
            ("journal_at", told(&[Stamp::Journal])),
            ("collected_at", Value::Null),
            ("dropped_at", Value::Null),
            ("server_time", text_of(server_time).into()),
        ];
        Value::Object(fields.into_iter().map(|(name, at)| (name.to_owned(), at)).collect::<Map<_, _>>())
    }
}
