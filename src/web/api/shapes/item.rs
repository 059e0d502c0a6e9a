//! Items and their ids, going out and coming in.

use std::collections::BTreeMap;

use crosswatch_model::{Id, IdSet, Item, Kind, Namespace, Show};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use smol_str::SmolStr;
use utoipa::ToSchema;

/// Titles are no longer.
const TITLE_MAX_BYTES: usize = 500;

/// Ids by namespace: numbers where the namespace has numbers, text elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(value_type = Object, example = json!({"imdb": "tt0133093", "tmdb": 603}))]
#[schema(as = Ids)]
pub struct IdsShape(BTreeMap<&'static str, Value>);

impl From<&IdSet> for IdsShape {
    fn from(ids: &IdSet) -> Self {
        let mut shown = BTreeMap::new();
        for id in ids.iter() {
            let namespace = id.namespace();
            let value = if namespace.is_numeric() { Value::from(id.number()) } else { Value::from(id.value()) };
            shown.entry(namespace.as_str()).or_insert(value);
        }
        Self(shown)
    }
}

/// The show of a season or episode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Show)]
pub struct ShowShape {
    title: String,
    year: Option<u16>,
    ids: IdsShape,
}

/// A movie, show, season or episode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Item)]
pub struct ItemShape {
    #[schema(example = "movie")]
    kind: &'static str,
    /// Empty where nobody told one.
    title: String,
    year: Option<u16>,
    ids: IdsShape,
    #[serde(skip_serializing_if = "Option::is_none")]
    show: Option<ShowShape>,
    /// Season number; 0 holds specials.
    #[serde(skip_serializing_if = "Option::is_none")]
    season: Option<u16>,
    /// Episode number inside its season.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u16>,
}

impl From<&Item> for ItemShape {
    fn from(item: &Item) -> Self {
        let show = item.show.as_deref().map(|show| ShowShape {
            title: show.title.to_string(),
            year: show.year,
            ids: IdsShape::from(&show.ids),
        });
        Self {
            kind: item.kind.as_str(),
            title: item.title.to_string(),
            year: item.year,
            ids: IdsShape::from(&item.ids),
            show,
            season: item.season,
            number: item.number,
        }
    }
}

/// The show of an item that comes in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowIn {
    #[serde(default)]
    title: String,
    year: Option<u16>,
    #[serde(default)]
    #[schema(value_type = Object)]
    ids: BTreeMap<String, Value>,
}

/// An item that comes in: with at least one id of its own, or for seasons and episodes with an id of the show and numbers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemIn {
    #[schema(example = "movie")]
    kind: String,
    #[serde(default)]
    title: String,
    year: Option<u16>,
    #[serde(default)]
    #[schema(value_type = Object, example = json!({"imdb": "tt0133093", "tmdb": 603}))]
    ids: BTreeMap<String, Value>,
    show: Option<ShowIn>,
    season: Option<u16>,
    number: Option<u16>,
}

impl ItemIn {
    /// The item, or what is wrong with it, beginning with the field.
    pub(crate) fn read(&self) -> Result<Item, String> {
        let unknown = |_| format!("kind: {:?} is not known; use one of: {}", self.kind, listed(Kind::ALL));
        let kind: Kind = self.kind.parse().map_err(unknown)?;
        let below_show = matches!(kind, Kind::Season | Kind::Episode);
        if !below_show && (self.show.is_some() || self.season.is_some() || self.number.is_some()) {
            return Err(format!("kind: a {kind} has no show, season or number; leave them out"));
        }
        if kind == Kind::Season && self.number.is_some() {
            return Err("number: a season has none; leave it out".to_owned());
        }
        let show = match &self.show {
            Some(show) => Some(Box::new(show.read()?)),
            None => None,
        };
        let item = Item {
            kind,
            title: title("title", &self.title)?,
            year: self.year,
            ids: ids("ids", kind, &self.ids)?,
            show,
            season: self.season,
            number: self.number,
        };
        if is_named(&item) {
            return Ok(item);
        }
        Err(if below_show {
            "ids: give an id of its own, or an id of the show with season and number".to_owned()
        } else {
            format!("ids: give at least one id, as in {{\"tmdb\": 603}}; known are {}", listed(Namespace::ALL))
        })
    }
}

/// Whether the item can be found again.
fn is_named(item: &Item) -> bool {
    let show_is_named = item.show.as_ref().is_some_and(|show| !show.ids.is_empty());
    let has_place = match item.kind {
        Kind::Episode => item.season.is_some() && item.number.is_some(),
        Kind::Season => item.season.is_some(),
        Kind::Movie | Kind::Show => false,
    };
    !item.ids.is_empty() || show_is_named && has_place
}

impl ShowIn {
    fn read(&self) -> Result<Show, String> {
        Ok(Show {
            title: title("show.title", &self.title)?,
            year: self.year,
            ids: ids("show.ids", Kind::Show, &self.ids)?,
            ..Show::default()
        })
    }
}

fn title(field: &str, text: &str) -> Result<SmolStr, String> {
    if text.len() > TITLE_MAX_BYTES {
        return Err(format!("{field}: longer than {TITLE_MAX_BYTES} bytes"));
    }
    Ok(text.trim().into())
}

fn ids(field: &str, kind: Kind, given: &BTreeMap<String, Value>) -> Result<IdSet, String> {
    let mut ids = IdSet::EMPTY;
    for (name, value) in given {
        let unknown = |_| format!("{field}.{name}: not a known namespace; use one of: {}", listed(Namespace::ALL));
        let namespace: Namespace = name.parse().map_err(unknown)?;
        let parsed = match value {
            Value::Null => continue,
            Value::String(text) => Id::parse(namespace, kind, text),
            Value::Number(number) => match number.as_u64() {
                Some(number) => Id::from_number(namespace, kind, number),
                None => return Err(format!("{field}.{name}: {number} is not a whole number above 0")),
            },
            _ => return Err(format!("{field}.{name}: write a number or a text")),
        };
        ids.insert(parsed.map_err(|why| format!("{field}.{name}: {why}"))?);
    }
    Ok(ids)
}

fn listed<T: ToString>(words: &[T]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<Item, String> {
        serde_json::from_value::<ItemIn>(value).map_err(|error| error.to_string())?.read()
    }

    #[test]
    fn what_goes_out_can_come_back() {
        let movie =
            json!({"kind": "movie", "title": "The Matrix", "year": 1999, "ids": {"imdb": "tt0133093", "tmdb": 603}});
        let episode = json!({
            "kind": "episode", "title": "The Train Job", "year": null, "ids": {"tvdb": 297_999},
            "show": {"title": "Firefly", "year": 2002, "ids": {"tmdb": 1437, "wikidata": "Q11622"}}, "season": 0, "number": 1,
        });
        for shape in [movie, episode] {
            let item = read(shape.clone()).unwrap();
            assert_eq!(serde_json::to_value(ItemShape::from(&item)).unwrap(), shape);
        }
    }

    #[test]
    fn items_that_cannot_be_kept_say_which_field() {
        for (item, said) in [
            (json!({"kind": "film", "ids": {"tmdb": 1}}), "kind: \"film\" is not known; use one of: movie"),
            (json!({"kind": "movie"}), "ids: give at least one id"),
            (json!({"kind": "movie", "ids": {"tmdb": 0}}), "ids.tmdb: the field is empty"),
            (json!({"kind": "movie", "ids": {"tmdb": 603.5}}), "ids.tmdb: 603.5 is not a whole number"),
            (json!({"kind": "movie", "ids": {"tmdb": -1}}), "ids.tmdb: -1 is not a whole number"),
            (json!({"kind": "movie", "ids": {"tmdb": true}}), "ids.tmdb: write a number or a text"),
            (json!({"kind": "movie", "ids": {"imdb": "nm0000206"}}), "ids.imdb: this names a person"),
            (json!({"kind": "movie", "ids": {"slug": "x"}}), "ids.slug: not a known namespace"),
            (json!({"kind": "movie", "ids": {"tmdb": 1}, "season": 1}), "kind: a movie has no show"),
            (json!({"kind": "episode", "show": {"ids": {"tmdb": 1}}, "season": 1}), "ids: give an id of its own"),
            (json!({"kind": "episode", "season": 1, "number": 1}), "ids: give an id of its own"),
            (json!({"kind": "season", "show": {"ids": {"tmdb": 1}}, "season": 1, "number": 2}), "number: a season"),
            (json!({"kind": "movie", "title": "x".repeat(501), "ids": {"tmdb": 1}}), "title: longer"),
            (json!({"kind": "movie", "ids": {"tmdb": 1}, "name": "x"}), "unknown field `name`"),
        ] {
            let problem = read(item.clone()).unwrap_err();
            assert!(problem.contains(said), "{item}: {problem}");
        }
    }

    #[test]
    fn specials_are_season_0() {
        let item =
            read(json!({"kind": "episode", "show": {"ids": {"tvdb": 78874}}, "season": 0, "number": 0})).unwrap();
        assert_eq!((item.season, item.number), (Some(0), Some(0)));
    }
}
