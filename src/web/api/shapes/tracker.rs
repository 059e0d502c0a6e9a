//! The content of the built-in tracker: rows going out, and entries coming in.

use crosswatch_model::{Fact, Feature, Item, PlayKey, Rating, Uid, WatchedAt};
use crosswatch_port::{ShelfCursor, ShelfRow};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ItemIn, ItemShape, Precision, fact::moment};

/// A row of the built-in tracker. Which fields it has follows from the feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrackerRow {
    /// Stable as long as the row is there.
    #[schema(example = "17-0")]
    id: String,
    item: ItemShape,
    #[serde(flatten)]
    fact: TrackerFact,
}

/// The fact of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
enum TrackerFact {
    /// `history`.
    Play {
        /// RFC 3339 in UTC; a date alone where only the day is known; `null` where nobody knows.
        watched_at: Option<String>,
        precision: Precision,
    },
    /// `watchlist`.
    Listed {
        #[schema(value_type = Option<String>, format = DateTime)]
        listed_at: Option<Timestamp>,
    },
    /// `ratings`.
    Rated {
        /// From 1 to 100.
        #[schema(minimum = 1, maximum = 100)]
        value: u8,
        #[schema(value_type = Option<String>, format = DateTime)]
        rated_at: Option<Timestamp>,
    },
    /// `progress`.
    Resume {
        position_s: u32,
        duration_s: Option<u32>,
        #[schema(value_type = Option<String>, format = DateTime)]
        at: Option<Timestamp>,
    },
}

impl From<&ShelfRow> for TrackerRow {
    fn from(row: &ShelfRow) -> Self {
        let fact = match row.fact {
            Fact::Play(watched_at) => {
                let (watched_at, precision) = moment(watched_at);
                TrackerFact::Play { watched_at, precision }
            }
            Fact::Listed(listed_at) => TrackerFact::Listed { listed_at },
            Fact::Rated { value, rated_at } => TrackerFact::Rated { value: value.get(), rated_at },
            Fact::Resume { position_s, duration_s, stopped_at } => {
                TrackerFact::Resume { position_s, duration_s, at: stopped_at }
            }
        };
        Self { id: row_id(row.uid, row.play), item: ItemShape::from(&row.item), fact }
    }
}

/// The name of a row: entity and play.
pub(crate) fn row_id(uid: Uid, play: PlayKey) -> String {
    format!("{}-{}", uid.0, play.0)
}

/// Reads the name of a row. It also says where a page ends.
pub(crate) fn parse_row_id(text: &str) -> Option<ShelfCursor> {
    let (uid, play) = text.split_once('-')?;
    let cursor = ShelfCursor { uid: Uid(uid.parse().ok()?), play: PlayKey(play.parse().ok()?) };
    if row_id(cursor.uid, cursor.play) == text { Some(cursor) } else { None }
}

/// An entry for the built-in tracker. Only the fields of its feature may be given.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrackerEntry {
    item: ItemIn,
    /// `history`: RFC 3339, or a date alone; left out or `null` where nobody knows.
    watched_at: Option<String>,
    /// `watchlist`: since when, where known.
    #[schema(value_type = Option<String>, format = DateTime)]
    listed_at: Option<Timestamp>,
    /// `ratings`: from 1 to 100.
    #[schema(minimum = 1, maximum = 100)]
    value: Option<u8>,
    /// `ratings`: when it was given, where known.
    #[schema(value_type = Option<String>, format = DateTime)]
    rated_at: Option<Timestamp>,
    /// `progress`: seconds into the item.
    position_s: Option<u32>,
    /// `progress`: length of the item in seconds, where known.
    duration_s: Option<u32>,
    /// `progress`: when playback stopped there, where known.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

impl TrackerEntry {
    /// The item and the fact, or what is wrong with them, beginning with the field.
    pub(crate) fn read(&self, feature: Feature) -> Result<(Item, Fact), String> {
        self.refuse_fields_of_others(feature)?;
        let item = self.item.read().map_err(|why| format!("item.{why}"))?;
        let fact = match feature {
            Feature::History => Fact::Play(watched_at(self.watched_at.as_deref())?),
            Feature::Watchlist => Fact::Listed(self.listed_at),
            Feature::Ratings => {
                let value = self.value.ok_or("value: is missing; give a rating from 1 to 100")?;
                let value = Rating::new(value).map_err(|why| format!("value: {why}"))?;
                Fact::Rated { value, rated_at: self.rated_at }
            }
            Feature::Progress => {
                let position_s = self.position_s.ok_or("position_s: is missing; give the seconds into the item")?;
                if self.duration_s.is_some_and(|duration_s| position_s > duration_s) {
                    return Err("position_s: is after the end given by duration_s".to_owned());
                }
                Fact::Resume { position_s, duration_s: self.duration_s, stopped_at: self.at }
            }
        };
        Ok((item, fact))
    }

    fn refuse_fields_of_others(&self, feature: Feature) -> Result<(), String> {
        let given = [
            ("watched_at", self.watched_at.is_some(), Feature::History),
            ("listed_at", self.listed_at.is_some(), Feature::Watchlist),
            ("value", self.value.is_some(), Feature::Ratings),
            ("rated_at", self.rated_at.is_some(), Feature::Ratings),
            ("position_s", self.position_s.is_some(), Feature::Progress),
            ("duration_s", self.duration_s.is_some(), Feature::Progress),
            ("at", self.at.is_some(), Feature::Progress),
        ];
        match given.into_iter().find(|(_, is_given, owner)| *is_given && *owner != feature) {
            Some((field, _, owner)) => Err(format!("{field}: belongs to {owner}, not to {feature}")),
            None => Ok(()),
        }
    }
}

/// A moment as precise as it is written: an instant, a day, or unknown.
fn watched_at(text: Option<&str>) -> Result<WatchedAt, String> {
    let Some(text) = text else { return Ok(WatchedAt::Unknown) };
    let is_day = text.len() == "2026-07-01".len();
    let read = if is_day {
        text.parse::<Date>().ok().map(WatchedAt::Day)
    } else {
        text.parse::<Timestamp>().ok().map(WatchedAt::Exact)
    };
    read.ok_or_else(|| format!("watched_at: {text:?} is not `2026-07-01T20:15:00Z`, `2026-07-01` or null"))
}

/// Entries for the built-in tracker.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrackerAdd {
    /// The tracker; the only one where left out.
    pub(crate) provider: Option<String>,
    /// At most 500 entries.
    pub(crate) items: Vec<TrackerEntry>,
}

/// Rows to take out of the built-in tracker.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrackerIds {
    /// The tracker; the only one where left out.
    pub(crate) provider: Option<String>,
    /// At most 500 ids of rows.
    #[serde(default)]
    pub(crate) ids: Vec<String>,
}

/// What was taken out of the built-in tracker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrackerDropped {
    /// How many rows were taken out.
    pub(crate) removed: usize,
    /// Ids that no row has.
    pub(crate) unknown: Vec<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(feature: Feature, mut entry: Value) -> Result<Fact, String> {
        entry["item"] = json!({"kind": "movie", "ids": {"tmdb": 603}});
        let entry: TrackerEntry = serde_json::from_value(entry).map_err(|error| error.to_string())?;
        entry.read(feature).map(|(_, fact)| fact)
    }

    #[test]
    fn entries_become_facts_as_exact_as_they_are_written() {
        let at: Timestamp = "2026-07-01T20:15:30Z".parse().unwrap();
        for (feature, entry, fact) in [
            (Feature::History, json!({"watched_at": "2026-07-01T22:15:30+02:00"}), Fact::Play(WatchedAt::Exact(at))),
            (
                Feature::History,
                json!({"watched_at": "2026-07-01"}),
                Fact::Play(WatchedAt::Day("2026-07-01".parse().unwrap())),
            ),
            (Feature::History, json!({"watched_at": null}), Fact::Play(WatchedAt::Unknown)),
            (Feature::History, json!({}), Fact::Play(WatchedAt::Unknown)),
            (Feature::Watchlist, json!({}), Fact::Listed(None)),
            (Feature::Watchlist, json!({"listed_at": "2026-07-01T20:15:30Z"}), Fact::Listed(Some(at))),
            (Feature::Ratings, json!({"value": 85}), Fact::Rated { value: Rating::new(85).unwrap(), rated_at: None }),
            (
                Feature::Progress,
                json!({"position_s": 60, "duration_s": 60}),
                Fact::Resume { position_s: 60, duration_s: Some(60), stopped_at: None },
            ),
        ] {
            assert_eq!(read(feature, entry.clone()), Ok(fact), "{entry}");
        }
    }

    #[test]
    fn entries_that_do_not_fit_name_the_field() {
        for (feature, entry, said) in [
            (Feature::History, json!({"watched_at": "yesterday"}), "watched_at: \"yesterday\" is not"),
            (Feature::History, json!({"watched_at": "2026-02-30"}), "watched_at:"),
            (Feature::History, json!({"watched_at": "2026-07-01T20:15:30"}), "watched_at:"),
            (Feature::History, json!({"value": 85}), "value: belongs to ratings, not to history"),
            (Feature::Ratings, json!({}), "value: is missing"),
            (Feature::Ratings, json!({"value": 0}), "value: a rating is"),
            (Feature::Ratings, json!({"value": 101}), "value: a rating is"),
            (Feature::Ratings, json!({"value": 8.5}), "expected u8"),
            (Feature::Progress, json!({}), "position_s: is missing"),
            (Feature::Progress, json!({"position_s": 61, "duration_s": 60}), "position_s: is after"),
            (Feature::Watchlist, json!({"listed": "x"}), "unknown field `listed`"),
        ] {
            let problem = read(feature, entry.clone()).unwrap_err();
            assert!(problem.contains(said), "{entry}: {problem}");
        }
    }

    #[test]
    fn row_ids_round_trip_and_nothing_else_parses() {
        let id = row_id(Uid(17), PlayKey(29_000_000));
        assert_eq!(id, "17-29000000");
        assert_eq!(parse_row_id(&id), Some(ShelfCursor { uid: Uid(17), play: PlayKey(29_000_000) }));
        for bad in ["", "17", "17-", "-1", "17-+1", "017-1", "17-1-1", "a-b", "17-4294967296"] {
            assert_eq!(parse_row_id(bad), None, "{bad}");
        }
    }

    #[test]
    fn rows_look_like_this() {
        let entry =
            json!({"item": {"kind": "movie", "title": "The Matrix", "year": 1999, "ids": {"tmdb": 603}}, "value": 85});
        let entry: TrackerEntry = serde_json::from_value(entry).unwrap();
        let (item, fact) = entry.read(Feature::Ratings).unwrap();
        let row = ShelfRow { uid: Uid(3), play: PlayKey::PRESENCE, item, fact };
        assert_eq!(
            serde_json::to_value(TrackerRow::from(&row)).unwrap(),
            json!({
                "id": "3-0",
                "item": {"kind": "movie", "title": "The Matrix", "year": 1999, "ids": {"tmdb": 603}},
                "value": 85,
                "rated_at": null,
            })
        );
    }
}
