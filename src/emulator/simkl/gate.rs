//! `/sync/activities`: when each part of the library last changed, to the second. Stamps only move forward.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::catalogue::Part;
use crate::instant;

/// What changed in a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Rated,
    Playback,
    Planned,
    Watching,
    Completed,
    Hold,
    Dropped,
    Removed,
}

impl Field {
    const ALL: [Self; 8] = [
        Self::Rated,
        Self::Playback,
        Self::Planned,
        Self::Watching,
        Self::Completed,
        Self::Hold,
        Self::Dropped,
        Self::Removed,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Rated => "rated_at",
            Self::Playback => "playback",
            Self::Planned => "plantowatch",
            Self::Watching => "watching",
            Self::Completed => "completed",
            Self::Hold => "hold",
            Self::Dropped => "dropped",
            Self::Removed => "removed_from_list",
        }
    }
}

/// The stamps of an account. What never happened has none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stamps(BTreeMap<(Part, Field), Timestamp>);

impl Stamps {
    /// Moves a stamp to this second, and at least one second past every other of its part. Answers where it stands now.
    pub(crate) fn touch(&mut self, part: Part, field: Field, now: Timestamp) -> Timestamp {
        let least = self.latest(Some(part)).map_or(now, |latest| instant::plus_seconds(latest, 1));
        let at = Timestamp::from_second(now.max(least).as_second()).unwrap_or(now);
        self.0.insert((part, field), at);
        at
    }

    /// Notes something of the past.
    pub(crate) fn note(&mut self, part: Part, field: Field, at: Timestamp) {
        let at = Timestamp::from_second(at.as_second()).unwrap_or(at);
        let stamp = self.0.entry((part, field)).or_insert(at);
        *stamp = at.max(*stamp);
    }

    pub(crate) fn to_json(&self, joined_at: Timestamp) -> Value {
        let text = |at: Option<Timestamp>| at.map_or(Value::Null, |at| second_text(at).into());
        let mut answer = Map::new();
        answer.insert("all".to_owned(), text(self.latest(None)));
        answer.insert("settings".to_owned(), Map::from_iter([("all".to_owned(), text(Some(joined_at)))]).into());
        for part in Part::ALL {
            let fields = Field::ALL
                .into_iter()
                .filter(|field| part != Part::Movies || !matches!(field, Field::Watching | Field::Hold));
            let stamps = fields.map(|field| (field.name().to_owned(), text(self.0.get(&(part, field)).copied())));
            let all = ("all".to_owned(), text(self.latest(Some(part))));
            let name = if part == Part::Shows { "tv_shows" } else { part.bucket() };
            answer.insert(name.to_owned(), std::iter::once(all).chain(stamps).collect::<Map<_, _>>().into());
        }
        Value::Object(answer)
    }

    fn latest(&self, part: Option<Part>) -> Option<Timestamp> {
        let stamps = self.0.iter().filter(|((own, _), _)| part.is_none_or(|part| part == *own));
        stamps.map(|(_, at)| *at).max()
    }
}

/// `2026-11-22T12:00:00Z`: whole seconds.
pub(crate) fn second_text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_passes_every_other_of_its_part() {
        let mut stamps = Stamps::default();
        let now: Timestamp = "2026-01-01T00:00:00.7Z".parse().unwrap();
        assert_eq!(second_text(stamps.touch(Part::Movies, Field::Completed, now)), "2026-01-01T00:00:00Z");
        assert_eq!(second_text(stamps.touch(Part::Movies, Field::Rated, now)), "2026-01-01T00:00:01Z");
        assert_eq!(second_text(stamps.touch(Part::Shows, Field::Rated, now)), "2026-01-01T00:00:00Z");
        let json = stamps.to_json(now);
        assert_eq!(
            (json["movies"]["all"].as_str(), json["all"].as_str()),
            (Some("2026-01-01T00:00:01Z"), Some("2026-01-01T00:00:01Z"))
        );
        assert!(
            json["movies"].get("hold").is_none()
                && json["tv_shows"]["hold"].is_null()
                && json["anime"]["all"].is_null()
        );
    }
}
