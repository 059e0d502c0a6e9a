//! The bodies of writes: `{movies, shows, seasons, episodes}`, where shows may nest seasons and episodes.

use serde_json::{Map, Value, json};

use super::catalogue::{Catalogue, Kind, UnknownIds};
use crate::{library::LibraryItem, reply::Reply, request::Request};

/// What a bare show or season means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All episodes below it, as in the history.
    Leaves,
    /// The show or season itself, as in ratings and the watchlist.
    Whole,
}

/// One title that a body names.
pub(crate) struct Target<'a> {
    pub(crate) item: LibraryItem,
    /// The object that names it, then those around it.
    chain: Vec<&'a Value>,
}

impl<'a> Target<'a> {
    /// A field of the object itself.
    pub(crate) fn own(&self, field: &str) -> Option<&'a Value> {
        self.chain.first().and_then(|object| object.get(field))
    }

    /// A field of the object or of the nearest one around it that has it.
    pub(crate) fn inherited(&self, field: &str) -> Option<&'a Value> {
        self.chain.iter().find_map(|object| object.get(field)).filter(|value| !value.is_null())
    }
}

/// What a body names, and what of it is unknown.
pub(crate) struct Targets<'a> {
    pub(crate) known: Vec<Target<'a>>,
    not_found: Map<String, Value>,
    reach: Reach,
    unknown: UnknownIds,
}

/// The body of a write, which has to be a JSON object.
pub(crate) fn body_of(request: &Request) -> Result<Value, Reply> {
    request.json().filter(Value::is_object).ok_or_else(|| Reply::status(400))
}

impl<'a> Targets<'a> {
    pub(crate) fn read(body: &'a Value, reach: Reach, catalogue: &mut Catalogue, unknown: UnknownIds) -> Self {
        let kinds = [Kind::Movie, Kind::Show, Kind::Season, Kind::Episode];
        let not_found = kinds.map(|kind| (kind.plural().to_owned(), json!([])));
        let mut targets = Self { known: Vec::new(), not_found: not_found.into_iter().collect(), reach, unknown };
        for kind in kinds {
            for sent in list(body, kind.plural()) {
                match catalogue.resolve(kind, sent, unknown) {
                    None => targets.miss(kind, sent.clone()),
                    Some(show) if kind == Kind::Show && !list(sent, "seasons").is_empty() => {
                        targets.read_seasons(show, sent, catalogue);
                    }
                    Some(item) => targets.add(item, vec![sent], catalogue),
                }
            }
        }
        targets
    }

    /// What was not found, as it was sent.
    pub(crate) fn not_found(self) -> Map<String, Value> {
        self.not_found
    }

    fn read_seasons(&mut self, show: LibraryItem, sent: &'a Value, catalogue: &mut Catalogue) {
        if self.reach == Reach::Whole && sent.get("rating").is_some() {
            self.add(show, vec![sent], catalogue);
        }
        let mut missing = Vec::new();
        for season in list(sent, "seasons") {
            let Some(number) = number_of(season) else {
                missing.push(season.clone());
                continue;
            };
            let episodes = list(season, "episodes");
            if episodes.is_empty() || self.reach == Reach::Whole && season.get("rating").is_some() {
                match catalogue.season_of(show, number, self.unknown) {
                    Some(item) => self.add(item, vec![season, sent], catalogue),
                    None => missing.push(season.clone()),
                }
            }
            let mut unknown = Vec::new();
            for episode in episodes {
                let found = number_of(episode).and_then(|e| catalogue.episode_of(show, number, e, self.unknown));
                match found {
                    Some(item) => self.known.push(Target { item, chain: vec![episode, season, sent] }),
                    None => unknown.push(episode.clone()),
                }
            }
            if !unknown.is_empty() {
                missing.push(json!({"number": number, "episodes": unknown}));
            }
        }
        if !missing.is_empty() {
            let mut echo = sent.clone();
            if let Some(seasons) = echo.get_mut("seasons") {
                *seasons = Value::Array(missing);
            }
            self.miss(Kind::Show, echo);
        }
    }

    fn add(&mut self, item: LibraryItem, chain: Vec<&'a Value>, catalogue: &Catalogue) {
        if self.reach == Reach::Leaves && matches!(item, LibraryItem::Show(_) | LibraryItem::Season { .. }) {
            let below = catalogue.library().episodes_below(item);
            self.known.extend(below.into_iter().map(|item| Target { item, chain: chain.clone() }));
        } else {
            self.known.push(Target { item, chain });
        }
    }

    fn miss(&mut self, kind: Kind, sent: Value) {
        if let Some(Value::Array(list)) = self.not_found.get_mut(kind.plural()) {
            list.push(sent);
        }
    }
}

/// How many of each kind, in the kinds that the call counts.
pub(crate) fn counts(items: impl Iterator<Item = LibraryItem>, kinds: &[Kind]) -> Value {
    let mut counts: Map<String, Value> = kinds.iter().map(|kind| (kind.plural().to_owned(), 0.into())).collect();
    for item in items {
        if let Some(count) = counts.get_mut(Kind::of(item).plural()) {
            *count = (count.as_u64().unwrap_or(0) + 1).into();
        }
    }
    Value::Object(counts)
}

fn list<'v>(object: &'v Value, name: &str) -> &'v [Value] {
    object.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn number_of(object: &Value) -> Option<u16> {
    object.get("number").and_then(Value::as_u64).and_then(|number| u16::try_from(number).ok())
}
