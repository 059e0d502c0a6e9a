//! The bodies of writes: who is meant, and how entries are put together.
//!
//! An entry is named by the Trakt number where one is known, else by everything else that is known, because one wrong id
//! among many can win. A show is never sent without naming its seasons and episodes unless the show itself is meant, since a
//! bare show stands for all of its episodes in history.

use std::collections::BTreeMap;

use crosswatch_model::{Id, IdSet, Item, Kind, Namespace};
use serde_json::{Map, Value, json};

/// Ids as they are sent, by their name on the wire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SentIds(pub(super) BTreeMap<&'static str, String>);

/// How an item is named in a body.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Address {
    /// By its own ids.
    Own(Kind, SentIds),
    /// A season of a show.
    Season(SentIds, u16),
    /// An episode of a show.
    Episode(SentIds, u16, u16),
}

impl Address {
    /// How to name an item; `None` when it carries nothing to name it by.
    ///
    /// Episodes without a Trakt number go by their show's ids with season and number, which is what most services agree on.
    pub(super) fn of(item: &Item) -> Option<Self> {
        let own = SentIds::of(&item.ids, item.kind);
        let is_certain = item.ids.get(Namespace::Trakt).is_some();
        let show = item.show.as_deref().and_then(|show| SentIds::of(&show.ids, Kind::Show));
        match (item.kind, show, item.season, item.number) {
            (Kind::Episode, Some(show), Some(season), Some(number)) if !is_certain => {
                Some(Self::Episode(show, season, number))
            }
            (Kind::Season, Some(show), Some(season), _) if !is_certain => Some(Self::Season(show, season)),
            _ => own.map(|ids| Self::Own(item.kind, ids)),
        }
    }

    /// The kind that the answer counts it under.
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Own(kind, _) => *kind,
            Self::Season(..) => Kind::Season,
            Self::Episode(..) => Kind::Episode,
        }
    }
}

impl SentIds {
    fn of(ids: &IdSet, kind: Kind) -> Option<Self> {
        let trusted: &[Namespace] = match (ids.get(Namespace::Trakt), kind) {
            (Some(_), _) => &[Namespace::Trakt],
            (None, Kind::Movie) => &[Namespace::Imdb, Namespace::Tmdb],
            (None, Kind::Season) => &[Namespace::Tmdb, Namespace::Tvdb],
            (None, Kind::Show | Kind::Episode) => &[Namespace::Imdb, Namespace::Tmdb, Namespace::Tvdb],
        };
        let sent: BTreeMap<_, _> = trusted
            .iter()
            .filter_map(|space| ids.get(*space))
            .map(|id: Id| (id.namespace().as_str(), id.value()))
            .collect();
        (!sent.is_empty()).then_some(Self(sent))
    }

    fn json(&self) -> Value {
        let value = |(name, text): (&&'static str, &String)| {
            let number = text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number));
            ((*name).to_owned(), number)
        };
        Value::Object(self.0.iter().map(value).collect())
    }
}

/// The members an entry has besides its name: `watched_at`, `rating`, `rated_at`.
pub(super) type Members = Map<String, Value>;

/// The body of one request.
pub(super) fn body(entries: &[(Address, Members)]) -> Value {
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

#[cfg(test)]
pub(super) mod tests {
    use crosswatch_model::Show;

    use super::*;

    pub(in crate::trakt) fn ids(kind: Kind, list: &[(Namespace, &str)]) -> IdSet {
        list.iter().map(|(namespace, text)| Id::parse(*namespace, kind, text).unwrap()).collect()
    }

    pub(in crate::trakt) fn movie(list: &[(Namespace, &str)]) -> Item {
        Item::titled(Kind::Movie, "A", None, ids(Kind::Movie, list))
    }

    pub(in crate::trakt) fn episode(
        show: &[(Namespace, &str)],
        season: u16,
        number: u16,
        own: &[(Namespace, &str)],
    ) -> Item {
        let show = Show { ids: ids(Kind::Show, show), ..Show::default() };
        Item::episode(show, season, number, "E", ids(Kind::Episode, own))
    }

    fn entry(item: &Item, watched_at: &str) -> (Address, Members) {
        let members = json!({ "watched_at": watched_at });
        (Address::of(item).unwrap(), members.as_object().cloned().unwrap())
    }

    #[test]
    fn a_trakt_number_is_sent_alone_and_movies_never_have_tvdb_numbers() {
        let all = [(Namespace::Imdb, "tt0133093"), (Namespace::Tmdb, "603"), (Namespace::Tvdb, "169")];
        let sent = |list: &[(Namespace, &str)]| body(&[entry(&movie(list), "unknown")])["movies"][0]["ids"].clone();
        assert_eq!(sent(&all), json!({ "imdb": "tt0133093", "tmdb": 603 }));
        assert_eq!(sent(&[&all[..], &[(Namespace::Trakt, "481")]].concat()), json!({ "trakt": 481 }));
        assert_eq!(Address::of(&movie(&[(Namespace::Tvdb, "169")])), None);
        assert_eq!(Address::of(&movie(&[])), None);
    }

    #[test]
    fn episodes_are_nested_below_their_show() {
        let show = [(Namespace::Tvdb, "81189")];
        let entries = [
            entry(&episode(&show, 1, 1, &[(Namespace::Tvdb, "349232")]), "a"),
            entry(&episode(&show, 1, 2, &[]), "b"),
            entry(&episode(&show, 0, 3, &[]), "c"),
            entry(&episode(&show, 2, 1, &[(Namespace::Trakt, "62118")]), "d"),
            entry(&episode(&[], 2, 2, &[(Namespace::Tvdb, "7")]), "e"),
        ];
        let expected = json!({
            "episodes": [
                { "ids": { "trakt": 62118 }, "watched_at": "d" },
                { "ids": { "tvdb": 7 }, "watched_at": "e" },
            ],
            "shows": [{ "ids": { "tvdb": 81189 }, "seasons": [
                { "number": 0, "episodes": [{ "number": 3, "watched_at": "c" }] },
                { "number": 1, "episodes": [{ "number": 1, "watched_at": "a" }, { "number": 2, "watched_at": "b" }] },
            ]}],
        });
        assert_eq!(body(&entries), expected);
    }

    #[test]
    fn a_season_itself_and_its_episodes_are_two_entries() {
        let show = [(Namespace::Tmdb, "1396")];
        let mut season = episode(&show, 4, 1, &[]);
        (season.kind, season.number) = (Kind::Season, None);
        let entries = [entry(&season, "s"), entry(&episode(&show, 4, 1, &[]), "e")];
        let expected = json!([
            { "number": 4, "watched_at": "s" },
            { "number": 4, "episodes": [{ "number": 1, "watched_at": "e" }] },
        ]);
        assert_eq!(body(&entries)["shows"][0]["seasons"], expected);
    }
}
