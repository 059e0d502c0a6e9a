//! Snapshots as files: one line of JSON that says what it is, then a line per row. What goes out comes back the same.
//!
//! Deliberately absent: anything that is not a fact about an item. There are no secrets in a snapshot, and none in its file.

use crosswatch_model::{
    Fact, Feature, Id, IdSet, Item, Kind, Namespace, ProviderId, Rating, RunId, Scheme, Show, WatchedAt,
};
use crosswatch_port::{SnapshotRecord, SnapshotRow};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the format.
const VERSION: u8 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeadLine {
    crosswatch_snapshot: u8,
    id: String,
    provider: String,
    user: String,
    fingerprint: String,
    taken_at: Timestamp,
    features: Vec<String>,
}

/// What the first line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) id: RunId,
    pub(crate) provider: ProviderId,
    pub(crate) user: String,
    pub(crate) fingerprint: String,
    pub(crate) taken_at: Timestamp,
    pub(crate) features: Vec<Feature>,
}

impl HeadLine {
    pub(crate) fn of(record: &SnapshotRecord) -> Self {
        Self {
            crosswatch_snapshot: VERSION,
            id: record.id.to_string(),
            provider: record.provider.to_string(),
            user: record.user.to_string(),
            fingerprint: record.fingerprint.to_string(),
            taken_at: record.taken_at,
            features: record.parts.iter().map(|part| part.feature.as_str().to_owned()).collect(),
        }
    }

    /// What it says, or what is wrong with it.
    pub(crate) fn read(self) -> Result<Head, String> {
        if self.crosswatch_snapshot != VERSION {
            return Err(format!("crosswatch_snapshot: this program reads version {VERSION}; use a newer one"));
        }
        let feature = |name: &String| name.parse().map_err(|_| format!("features: {name:?} is not known"));
        let mut features: Vec<Feature> = self.features.iter().map(feature).collect::<Result<_, _>>()?;
        features.sort_unstable();
        features.dedup();
        if features.is_empty() {
            return Err("features: is empty".to_owned());
        }
        Ok(Head {
            id: RunId::parse(&self.id).ok_or("id: is not the id of a snapshot")?,
            provider: ProviderId::parse(&self.provider).map_err(|why| format!("provider: {why}"))?,
            user: self.user,
            fingerprint: self.fingerprint,
            taken_at: self.taken_at,
            features,
        })
    }
}

/// A line about one fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowLine {
    feature: String,
    item: ItemLine,
    #[serde(flatten)]
    fact: FactLine,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemLine {
    kind: String,
    title: String,
    year: Option<u16>,
    /// Namespace and value, as in `tmdb:603`.
    ids: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    show: Option<ShowLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    season: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShowLine {
    title: String,
    year: Option<u16>,
    ids: Vec<String>,
    scheme: String,
}

/// The fact of a line. Which fields it has follows from the feature.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct FactLine {
    /// `second`, `minute`, `day` or `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    precision: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    watched_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    listed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rating: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rated_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    position_s: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    duration_s: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stopped_at: Option<Timestamp>,
}

impl RowLine {
    pub(crate) fn of(feature: Feature, row: &SnapshotRow) -> Self {
        let item = &row.item;
        let show = item.show.as_ref().map(|show| ShowLine {
            title: show.title.to_string(),
            year: show.year,
            ids: ids_out(&show.ids),
            scheme: show.scheme.to_string(),
        });
        Self {
            feature: feature.as_str().to_owned(),
            item: ItemLine {
                kind: item.kind.as_str().to_owned(),
                title: item.title.to_string(),
                year: item.year,
                ids: ids_out(&item.ids),
                show,
                season: item.season,
                number: item.number,
            },
            fact: FactLine::of(row.fact),
        }
    }

    /// The row and its feature, or what is wrong with it.
    pub(crate) fn read(self) -> Result<(Feature, SnapshotRow), String> {
        let feature = self.feature.parse().map_err(|_| format!("feature: {:?} is not known", self.feature))?;
        let fact = self.fact.read(feature)?;
        Ok((feature, SnapshotRow { item: self.item.read()?, fact }))
    }
}

impl ItemLine {
    fn read(self) -> Result<Item, String> {
        let kind: Kind = self.kind.parse().map_err(|_| format!("item.kind: {:?} is not known", self.kind))?;
        let show = self.show.map(|show| {
            Ok::<_, String>(Box::new(Show {
                title: show.title.into(),
                year: show.year,
                ids: ids_in("item.show.ids", Kind::Show, &show.ids)?,
                scheme: show.scheme.parse::<Scheme>().map_err(|_| "item.show.scheme: is not known".to_owned())?,
            }))
        });
        Ok(Item {
            kind,
            title: self.title.into(),
            year: self.year,
            ids: ids_in("item.ids", kind, &self.ids)?,
            show: show.transpose()?,
            season: self.season,
            number: self.number,
        })
    }
}

fn ids_out(ids: &IdSet) -> Vec<String> {
    ids.iter().map(|id| format!("{}:{}", id.namespace(), id.value())).collect()
}

fn ids_in(field: &str, kind: Kind, texts: &[String]) -> Result<IdSet, String> {
    let id = |text: &String| {
        let (namespace, value) = text.split_once(':').ok_or_else(|| format!("{field}: {text:?} is not an id"))?;
        let namespace: Namespace =
            namespace.parse().map_err(|_| format!("{field}: {text:?} is of no known namespace"))?;
        Id::parse(namespace, kind, value).map_err(|why| format!("{field}: {text:?}: {why}"))
    };
    texts.iter().map(id).collect()
}

impl FactLine {
    fn of(fact: Fact) -> Self {
        match fact {
            Fact::Play(at) => {
                let (precision, watched_at) = match at {
                    WatchedAt::Exact(at) => ("second", Some(at.to_string())),
                    WatchedAt::Minute(at) => ("minute", Some(at.to_string())),
                    WatchedAt::Day(day) => ("day", Some(day.to_string())),
                    WatchedAt::Unknown => ("unknown", None),
                };
                Self { precision: Some(precision.to_owned()), watched_at, ..Self::default() }
            }
            Fact::Listed(listed_at) => Self { listed_at, ..Self::default() },
            Fact::Rated { value, rated_at } => Self { rating: Some(value.get()), rated_at, ..Self::default() },
            Fact::Resume { position_s, duration_s, stopped_at } => {
                Self { position_s: Some(position_s), duration_s, stopped_at, ..Self::default() }
            }
        }
    }

    fn read(&self, feature: Feature) -> Result<Fact, String> {
        match feature {
            Feature::History => self.watched_at().map(Fact::Play).ok_or_else(|| {
                "watched_at: give precision second, minute or day with a matching time, or unknown".to_owned()
            }),
            Feature::Watchlist => Ok(Fact::Listed(self.listed_at)),
            Feature::Ratings => {
                let value = self.rating.and_then(|value| Rating::new(value).ok());
                let value = value.ok_or("rating: give a number from 1 to 100")?;
                Ok(Fact::Rated { value, rated_at: self.rated_at })
            }
            Feature::Progress => {
                let position_s = self.position_s.ok_or("position_s: is missing")?;
                Ok(Fact::Resume { position_s, duration_s: self.duration_s, stopped_at: self.stopped_at })
            }
        }
    }

    fn watched_at(&self) -> Option<WatchedAt> {
        let instant = || self.watched_at.as_deref()?.parse::<Timestamp>().ok();
        match self.precision.as_deref()? {
            "second" => instant().map(WatchedAt::Exact),
            "minute" => instant().map(WatchedAt::Minute),
            "day" => self.watched_at.as_deref()?.parse().ok().map(WatchedAt::Day),
            "unknown" if self.watched_at.is_none() => Some(WatchedAt::Unknown),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items() -> [Item; 3] {
        let id = |namespace, kind, value: &str| Id::parse(namespace, kind, value).unwrap();
        let ids = [id(Namespace::Imdb, Kind::Movie, "tt0133093"), id(Namespace::Tmdb, Kind::Movie, "603")];
        let firefly = Show {
            title: "Firefly".into(),
            year: Some(2002),
            ids: [id(Namespace::Tvdb, Kind::Show, "78874")].into_iter().collect(),
            scheme: Scheme::TvdbAired,
        };
        [
            Item::titled(Kind::Movie, "The Matrix", Some(1999), ids.into_iter().collect()),
            Item::episode(firefly, 0, 3, "", IdSet::EMPTY),
            Item::titled(Kind::Show, "Nobody knows its ids", None, IdSet::EMPTY),
        ]
    }

    #[test]
    fn what_goes_out_comes_back_the_same() {
        let at: Timestamp = "2026-07-01T20:15:30.5Z".parse().unwrap();
        let facts = [
            Fact::Play(WatchedAt::Exact(at)),
            Fact::Play(WatchedAt::Exact(at).to_minute()),
            Fact::Play(WatchedAt::Day("2026-07-01".parse().unwrap())),
            Fact::Play(WatchedAt::Unknown),
            Fact::Listed(None),
            Fact::Listed(Some(at)),
            Fact::Rated { value: Rating::new(85).unwrap(), rated_at: Some(at) },
            Fact::Resume { position_s: 61, duration_s: Some(5_400), stopped_at: None },
        ];
        for item in items() {
            for fact in facts {
                let row = SnapshotRow { item: item.clone(), fact };
                let text = serde_json::to_string(&RowLine::of(fact.feature(), &row)).unwrap();
                let line: RowLine = serde_json::from_str(&text).unwrap();
                assert_eq!(line.read().unwrap(), (fact.feature(), row), "{text}");
            }
        }
    }

    #[test]
    fn lines_that_do_not_fit_name_the_field() {
        let movie = r#""item":{"kind":"movie","title":"","year":null,"ids":["tmdb:603"]}"#;
        for (line, said) in [
            (format!(r#"{{"feature":"plays",{movie}}}"#), "feature: \"plays\""),
            (format!(r#"{{"feature":"ratings",{movie}}}"#), "rating: give"),
            (format!(r#"{{"feature":"ratings",{movie},"rating":101}}"#), "rating: give"),
            (format!(r#"{{"feature":"history",{movie},"watched_at":"2026-07-01"}}"#), "watched_at: give"),
            (format!(r#"{{"feature":"progress",{movie}}}"#), "position_s"),
            (
                movie.replace("tmdb:603", "tmdb:x").replace("\"item\"", "{\"feature\":\"watchlist\",\"item\"") + "}",
                "item.ids",
            ),
            (
                movie.replace("\"movie\"", "\"film\"").replace("\"item\"", "{\"feature\":\"watchlist\",\"item\"") + "}",
                "item.kind",
            ),
        ] {
            let read = serde_json::from_str::<RowLine>(&line).unwrap().read();
            assert!(read.as_ref().unwrap_err().starts_with(said), "{line}: {read:?}");
        }
    }
}
