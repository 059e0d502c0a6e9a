//! The bodies of writes: who is meant, and how entries are put together.
//!
//! A show is never sent without naming its seasons and episodes unless the show itself is meant, since a bare show stands
//! for all of its episodes in history. Plays of episodes go by the episode's own number at TMDB or TheTVDB where one is
//! known, which avoids differences in how seasons are numbered; ratings know only the way through the show.

use std::collections::BTreeMap;

use crosswatch_model::{Feature, IdSet, Item, Kind, Namespace};
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
    pub(super) fn of(feature: Feature, item: &Item) -> Option<Self> {
        let own = SentIds::of(&item.ids, item.kind).map(|ids| Self::Own(item.kind, ids));
        let show = item.show.as_deref().and_then(|show| SentIds::of(&show.ids, Kind::Show));
        let nested = match (item.kind, show, item.season, item.number) {
            (Kind::Episode, Some(show), Some(season), Some(number)) => Some(Self::Episode(show, season, number)),
            (Kind::Season, Some(show), Some(season), _) => Some(Self::Season(show, season)),
            _ => None,
        };
        if feature == Feature::History { own.or(nested) } else { nested.or(own) }
    }
}

impl SentIds {
    /// The ids that MDBList looks a kind up by.
    pub(super) fn of(ids: &IdSet, kind: Kind) -> Option<Self> {
        let known: &[Namespace] = match kind {
            Kind::Movie | Kind::Show => &[Namespace::Imdb, Namespace::Tmdb, Namespace::Tvdb],
            Kind::Season | Kind::Episode => &[Namespace::Tmdb, Namespace::Tvdb],
        };
        let sent = known.iter().filter_map(|space| ids.get(*space));
        let sent: BTreeMap<_, _> = sent.map(|id| (id.namespace().as_str(), id.value())).collect();
        (!sent.is_empty()).then_some(Self(sent))
    }

    /// The ids as an object.
    pub(super) fn json(&self) -> Value {
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
pub(super) fn body(entries: &[(&Address, Members)]) -> Value {
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

/// The body of one request to the watchlist, whose entries are ids and nothing else.
pub(super) fn flat_body(addresses: &[&Address]) -> Value {
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

#[cfg(test)]
pub(super) mod tests {
    use crosswatch_model::{Id, Show};

    use super::*;

    fn ids(kind: Kind, list: &[(Namespace, &str)]) -> IdSet {
        list.iter().map(|(namespace, text)| Id::parse(*namespace, kind, text).unwrap()).collect()
    }

    pub(in crate::mdblist) fn movie(list: &[(Namespace, &str)]) -> Item {
        Item::titled(Kind::Movie, "A", None, ids(Kind::Movie, list))
    }

    pub(in crate::mdblist) fn episode(
        show: &[(Namespace, &str)],
        season: u16,
        number: u16,
        own: &[(Namespace, &str)],
    ) -> Item {
        let show = Show { ids: ids(Kind::Show, show), ..Show::default() };
        Item::episode(show, season, number, "E", ids(Kind::Episode, own))
    }

    fn check(feature: Feature, items: &[Item], expected: &Value) {
        let addresses: Vec<Address> = items.iter().map(|item| Address::of(feature, item).unwrap()).collect();
        let members = |number: usize| json!({ "watched_at": number }).as_object().cloned().unwrap();
        let entries: Vec<_> = addresses.iter().zip(1..).map(|(address, number)| (address, members(number))).collect();
        assert_eq!(body(&entries), *expected);
    }

    const SHOW: [(Namespace, &str); 1] = [(Namespace::Tvdb, "81189")];

    #[test]
    fn plays_of_episodes_go_by_their_own_numbers_where_known() {
        let items = [
            movie(&[(Namespace::Imdb, "tt0133093"), (Namespace::Tmdb, "603"), (Namespace::Trakt, "481")]),
            episode(&SHOW, 1, 1, &[(Namespace::Tmdb, "62085"), (Namespace::Imdb, "tt0959621")]),
            episode(&SHOW, 1, 2, &[(Namespace::Imdb, "tt1054724")]),
            episode(&SHOW, 0, 3, &[]),
        ];
        check(
            Feature::History,
            &items,
            &json!({
                "movies": [{ "ids": { "imdb": "tt0133093", "tmdb": 603 }, "watched_at": 1 }],
                "episodes": [{ "ids": { "tmdb": 62085 }, "watched_at": 2 }],
                "shows": [{ "ids": { "tvdb": 81189 }, "seasons": [
                    { "number": 0, "episodes": [{ "number": 3, "watched_at": 4 }] },
                    { "number": 1, "episodes": [{ "number": 2, "watched_at": 3 }] },
                ]}],
            }),
        );
    }

    #[test]
    fn ratings_of_seasons_and_episodes_go_through_their_show() {
        let mut season = episode(&SHOW, 1, 1, &[]);
        (season.kind, season.number) = (Kind::Season, None);
        let items = [season, episode(&SHOW, 1, 1, &[(Namespace::Tmdb, "62085")])];
        check(
            Feature::Ratings,
            &items,
            &json!({ "shows": [{ "ids": { "tvdb": 81189 }, "seasons": [
                { "number": 1, "watched_at": 1 },
                { "number": 1, "episodes": [{ "number": 1, "watched_at": 2 }] },
            ]}]}),
        );
    }

    #[test]
    fn watchlist_entries_are_ids_alone() {
        let address = Address::of(Feature::Watchlist, &movie(&[(Namespace::Tmdb, "603")])).unwrap();
        assert_eq!(flat_body(&[&address]), json!({ "movies": [{ "tmdb": 603 }] }));
        assert_eq!(Address::of(Feature::Watchlist, &movie(&[(Namespace::Trakt, "481")])), None);
        assert_eq!(Address::of(Feature::History, &episode(&[], 1, 1, &[(Namespace::Imdb, "tt0959621")])), None);
    }
}
