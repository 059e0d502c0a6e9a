//! The bodies that several trackers take: films, shows, seasons and episodes in lists of their own, episodes below their
//! season and show where they have no name of their own.
//!
//! A show is never sent without naming its seasons and episodes unless the show itself is meant, since a bare show stands
//! for all of its episodes in history. Deliberately absent: by which ids a service is told what is meant.

use std::collections::BTreeMap;

use crosswatch_model::{IdSet, Kind, Namespace};
use serde_json::{Map, Value, json};

/// Ids as they are sent, by their name on the wire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SentIds(pub(crate) BTreeMap<&'static str, String>);

/// How an item is named in a body.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Address {
    /// By its own ids.
    Own(Kind, SentIds),
    /// A season of a show.
    Season(SentIds, u16),
    /// An episode of a show.
    Episode(SentIds, u16, u16),
}

impl Address {
    /// The kind that the answer counts it under.
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Own(kind, _) => *kind,
            Self::Season(..) => Kind::Season,
            Self::Episode(..) => Kind::Episode,
        }
    }
}

impl SentIds {
    /// Those of the ids that a service is told.
    pub(crate) fn among(ids: &IdSet, told: &[Namespace]) -> Option<Self> {
        let sent = told.iter().filter_map(|space| ids.get(*space));
        let sent: BTreeMap<_, _> = sent.map(|id| (id.namespace().as_str(), id.value())).collect();
        (!sent.is_empty()).then_some(Self(sent))
    }

    /// The ids as an object.
    pub(crate) fn json(&self) -> Value {
        let value = |(name, text): (&&'static str, &String)| {
            let number = text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number));
            ((*name).to_owned(), number)
        };
        Value::Object(self.0.iter().map(value).collect())
    }
}

/// The members an entry has besides its name: `watched_at`, `rating`, `rated_at`.
pub(crate) type Members = Map<String, Value>;

/// The body of one request.
pub(crate) fn body(entries: &[(&Address, Members)]) -> Value {
    let mut flat: BTreeMap<&'static str, Vec<Value>> = BTreeMap::new();
    let mut shows: BTreeMap<&SentIds, BTreeMap<u16, Season<'_>>> = BTreeMap::new();
    for (address, members) in entries {
        match address {
            Address::Own(kind, ids) => {
                let mut entry = members.clone();
                entry.insert("ids".to_owned(), ids.json());
                flat.entry(bucket(*kind)).or_default().push(Value::Object(entry));
            }
            Address::Season(show, season) => {
                shows.entry(show).or_default().entry(*season).or_default().members = Some(members);
            }
            Address::Episode(show, season, number) => {
                let season = shows.entry(show).or_default().entry(*season).or_default();
                season.episodes.push((*number, members));
            }
        }
    }
    for (ids, seasons) in shows {
        let seasons: Vec<Value> = seasons.into_iter().flat_map(|(number, season)| season.json(number)).collect();
        flat.entry(bucket(Kind::Show)).or_default().push(json!({ "ids": ids.json(), "seasons": seasons }));
    }
    lists(flat)
}

/// The body of one request to a list whose entries are ids and nothing else.
pub(crate) fn flat_body(addresses: &[&Address]) -> Value {
    let mut flat: BTreeMap<&'static str, Vec<Value>> = BTreeMap::new();
    for address in addresses {
        if let Address::Own(kind, ids) = address {
            flat.entry(bucket(*kind)).or_default().push(ids.json());
        }
    }
    lists(flat)
}

fn lists(flat: BTreeMap<&'static str, Vec<Value>>) -> Value {
    Value::Object(flat.into_iter().map(|(name, entries)| (name.to_owned(), Value::Array(entries))).collect())
}

#[derive(Default)]
struct Season<'a> {
    members: Option<&'a Members>,
    episodes: Vec<(u16, &'a Members)>,
}

impl Season<'_> {
    /// A season that is meant itself and single episodes of it are two entries, because one with episodes stands for those.
    fn json(self, number: u16) -> Vec<Value> {
        let numbered = |members: &Members, number: u16| {
            let mut entry = members.clone();
            entry.insert("number".to_owned(), json!(number));
            Value::Object(entry)
        };
        let mut entries: Vec<Value> = self.members.map(|members| numbered(members, number)).into_iter().collect();
        if !self.episodes.is_empty() {
            let episodes: Vec<Value> =
                self.episodes.into_iter().map(|(number, members)| numbered(members, number)).collect();
            entries.push(json!({ "number": number, "episodes": episodes }));
        }
        entries
    }
}

const fn bucket(kind: Kind) -> &'static str {
    match kind {
        Kind::Movie => "movies",
        Kind::Show => "shows",
        Kind::Season => "seasons",
        Kind::Episode => "episodes",
    }
}
