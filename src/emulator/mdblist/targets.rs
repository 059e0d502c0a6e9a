//! The bodies of writes: `{movies, shows, episodes}`, where shows may nest seasons and episodes.

use serde_json::{Map, Value, json};

use super::{catalogue::Catalogue, state::WriteAnswers};
use crate::{kind::Kind, library::LibraryItem, reply::Reply, request::Request};

/// A request names no more than this many entries of a kind.
const MAX_ENTRIES: usize = 200;
const ALL_KINDS: [Kind; 4] = [Kind::Movie, Kind::Show, Kind::Season, Kind::Episode];

/// What a bare show or season means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All episodes below it, as in the history.
    Leaves,
    /// The show or season itself, as in ratings.
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
    missing: Vec<(Kind, Value)>,
    reach: Reach,
}

/// The body of a write, which has to be a JSON object.
pub(crate) fn body_of(request: &Request) -> Result<Value, Reply> {
    let body = request.json().filter(|body| request.declares_json() && body.is_object());
    body.ok_or_else(|| Reply::json(400, json!({"error": "Invalid JSON"})))
}

impl<'a> Targets<'a> {
    pub(crate) fn read(body: &'a Value, reach: Reach, catalogue: &Catalogue) -> Result<Self, Reply> {
        let mut targets = Self { known: Vec::new(), missing: Vec::new(), reach };
        for kind in ALL_KINDS {
            let entries = list(body, kind.plural());
            if entries.len() > MAX_ENTRIES {
                let plural = kind.plural();
                let error = format!("Too many {plural} in one request (max {MAX_ENTRIES})");
                return Err(Reply::json(400, json!({"error": error})));
            }
            for sent in entries {
                match catalogue.resolve(kind, sent.get("ids").unwrap_or(&Value::Null)) {
                    None => targets.missing.push((kind, sent.clone())),
                    Some(show) if kind == Kind::Show && !list(sent, "seasons").is_empty() => {
                        targets.read_seasons(show, sent, catalogue);
                    }
                    Some(item) => targets.add(item, vec![sent], catalogue),
                }
            }
        }
        Ok(targets)
    }

    /// Entries of flat ids, as the watchlist has them.
    pub(crate) fn flat(body: &'a Value, catalogue: &Catalogue) -> Self {
        let mut targets = Self { known: Vec::new(), missing: Vec::new(), reach: Reach::Whole };
        for kind in [Kind::Movie, Kind::Show] {
            for sent in list(body, kind.plural()) {
                match catalogue.resolve(kind, sent) {
                    Some(item) => targets.known.push(Target { item, chain: vec![sent] }),
                    None => targets.missing.push((kind, sent.clone())),
                }
            }
        }
        targets
    }

    /// What was not found: as it was sent, or how much of it.
    pub(crate) fn not_found(self, answers: WriteAnswers) -> Value {
        grouped(self.missing, answers != WriteAnswers::Counts)
    }

    fn read_seasons(&mut self, show: LibraryItem, sent: &'a Value, catalogue: &Catalogue) {
        if self.reach == Reach::Whole && sent.get("rating").is_some() {
            self.known.push(Target { item: show, chain: vec![sent] });
        }
        let mut missing = Vec::new();
        for season in list(sent, "seasons") {
            let Some(number) = number_of(season) else {
                missing.push(season.clone());
                continue;
            };
            let episodes = list(season, "episodes");
            if episodes.is_empty() || self.reach == Reach::Whole && season.get("rating").is_some() {
                match catalogue.season_of(show, number) {
                    Some(item) => self.add(item, vec![season, sent], catalogue),
                    None => missing.push(season.clone()),
                }
            }
            let mut unknown = Vec::new();
            for episode in episodes {
                match number_of(episode).and_then(|wanted| catalogue.episode_of(show, number, wanted)) {
                    Some(item) => self.known.push(Target { item, chain: vec![episode, season, sent] }),
                    None => unknown.push(episode.clone()),
                }
            }
            if !unknown.is_empty() {
                missing.push(json!({"number": number, "episodes": unknown}));
            }
        }
        if !missing.is_empty() {
            self.missing.push((Kind::Show, json!({"ids": sent.get("ids"), "seasons": missing})));
        }
    }

    fn add(&mut self, item: LibraryItem, chain: Vec<&'a Value>, catalogue: &Catalogue) {
        if self.reach == Reach::Leaves && matches!(item, LibraryItem::Show(_) | LibraryItem::Season { .. }) {
            let below = catalogue.episodes_below(item).into_iter();
            self.known.extend(below.map(|item| Target { item, chain: chain.clone() }));
        } else {
            self.known.push(Target { item, chain });
        }
    }
}

/// Rows by kind, as lists or as counts.
pub(crate) fn grouped(rows: Vec<(Kind, Value)>, as_lists: bool) -> Value {
    let mut lists = ALL_KINDS.map(|kind| (kind, Vec::new()));
    for (kind, row) in rows {
        if let Some((_, list)) = lists.iter_mut().find(|(own, _)| *own == kind) {
            list.push(row);
        }
    }
    let told = |list: Vec<Value>| if as_lists { Value::Array(list) } else { list.len().into() };
    let members: Map<String, Value> =
        lists.into_iter().map(|(kind, list)| (kind.plural().to_owned(), told(list))).collect();
    Value::Object(members)
}

pub(crate) fn list<'v>(object: &'v Value, name: &str) -> &'v [Value] {
    object.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(crate) fn number_of(object: &Value) -> Option<u16> {
    object.get("number").and_then(Value::as_u64).and_then(|number| u16::try_from(number).ok())
}
