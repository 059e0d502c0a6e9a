//! `GET /sync/last_activities`: when each feature last changed. Stamps move on additions and on removals, and only forward.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value};

use super::catalogue::Kind;
use crate::instant;

/// Every group of the answer with its fields.
const GROUPS: [(&str, &[&str]); 13] = [
    (
        "movies",
        &[
            "watched_at",
            "collected_at",
            "rated_at",
            "watchlisted_at",
            "favorited_at",
            "commented_at",
            "paused_at",
            "hidden_at",
        ],
    ),
    ("episodes", &["watched_at", "collected_at", "rated_at", "watchlisted_at", "commented_at", "paused_at"]),
    ("shows", &["rated_at", "watchlisted_at", "favorited_at", "commented_at", "hidden_at", "dropped_at"]),
    ("seasons", &["rated_at", "watchlisted_at", "commented_at", "hidden_at"]),
    ("comments", &["liked_at", "reacted_at", "blocked_at"]),
    ("lists", &["liked_at", "reacted_at", "updated_at", "commented_at"]),
    ("watchlist", &["updated_at"]),
    ("favorites", &["updated_at"]),
    ("collaborations", &["updated_at"]),
    ("account", &["settings_at", "followed_at", "following_at", "pending_at", "requested_at"]),
    ("saved_filters", &["updated_at"]),
    ("notes", &["updated_at"]),
    ("recommendations", &["updated_at"]),
];

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stamp {
    Watched(Kind),
    Rated(Kind),
    Watchlisted(Kind),
    Paused(Kind),
    Watchlist,
}

/// The stamps of an account.
#[derive(Debug, Clone)]
pub(crate) struct Stamps {
    joined_at: Timestamp,
    moved: BTreeMap<Stamp, Timestamp>,
}

impl Stamps {
    pub(crate) const fn new(joined_at: Timestamp) -> Self {
        Self { joined_at, moved: BTreeMap::new() }
    }

    /// Moves a stamp to this time, and at least one millisecond past where it was.
    pub(crate) fn touch(&mut self, stamp: Stamp, at: Timestamp) {
        let old = self.get(stamp);
        let least = old.checked_add(1.millisecond()).unwrap_or(old);
        self.moved.insert(stamp, at.max(least));
    }

    pub(crate) fn get(&self, stamp: Stamp) -> Timestamp {
        self.moved.get(&stamp).copied().unwrap_or(self.joined_at)
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut answer = Map::new();
        for (group, fields) in GROUPS {
            let stamps = fields.iter().map(|field| {
                let at = stamp_of(group, field).map_or(self.joined_at, |stamp| self.get(stamp));
                ((*field).to_owned(), Value::from(instant::to_millis_text(at)))
            });
            answer.insert(group.to_owned(), Value::Object(stamps.collect()));
        }
        let latest = self.moved.values().copied().max().unwrap_or(self.joined_at);
        answer.insert("all".to_owned(), instant::to_millis_text(latest).into());
        Value::Object(answer)
    }
}

fn stamp_of(group: &str, field: &str) -> Option<Stamp> {
    if group == "watchlist" {
        return Some(Stamp::Watchlist);
    }
    let kind = Kind::parse(group)?;
    match field {
        "watched_at" => Some(Stamp::Watched(kind)),
        "rated_at" => Some(Stamp::Rated(kind)),
        "watchlisted_at" => Some(Stamp::Watchlisted(kind)),
        "paused_at" => Some(Stamp::Paused(kind)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_always_moves_forward() {
        let joined: Timestamp = "2020-01-01T00:00:00Z".parse().unwrap();
        let mut stamps = Stamps::new(joined);
        let stamp = Stamp::Watched(Kind::Movie);
        let mut last = stamps.get(stamp);
        for at in ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "2021-01-01T00:00:00Z"] {
            stamps.touch(stamp, at.parse().unwrap());
            assert!(stamps.get(stamp) > last);
            last = stamps.get(stamp);
        }
        let json = stamps.to_json();
        assert_eq!(json["movies"]["watched_at"], "2024-01-01T00:00:00.002Z");
        assert_eq!(json["all"], "2024-01-01T00:00:00.002Z");
        assert_eq!(json["episodes"]["watched_at"], "2020-01-01T00:00:00.000Z");
    }
}
