//! How titles and episodes are named in writes.
//!
//! A title that our copy knows is named by SIMKL's number alone; others by every id that is known, and never by their name,
//! which SIMKL would guess from. A show is never sent without the episodes that are meant, because a bare show stands for all
//! of them. TheTVDB's seasons reach the right cour of an anime only with the flag for it, which is sent wherever a show goes
//! by its number at TheTVDB: SIMKL knows the map, and for ordinary shows the flag says nothing.

use std::collections::BTreeMap;

use crosswatch_model::{IdSet, Item, Kind, Namespace, Reason};
use serde_json::{Map, Value, json};

use super::{
    copy::Copy,
    entry::Entry,
    find::{counts_by_cour, episode, is_anime, title},
};

/// Ids as they are sent, by their name on the wire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SentIds(BTreeMap<&'static str, String>);

/// How an item is named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Address {
    /// A film, a show or a cour.
    Title { bucket: &'static str, ids: SentIds },
    /// An episode of a show or a cour.
    Episode { ids: SentIds, by_tvdb: bool, season: u16, number: u16 },
}

impl SentIds {
    /// SIMKL's number alone.
    pub(super) fn simkl(simkl: u64) -> Self {
        Self(std::iter::once(("simkl", simkl.to_string())).collect())
    }

    /// All ids that SIMKL knows what to do with, but for these namespaces.
    pub(super) fn all(ids: &IdSet, but: &[Namespace]) -> Option<Self> {
        let taken = |namespace: Namespace| {
            !matches!(namespace, Namespace::Plex | Namespace::Wikidata | Namespace::Trakt) && !but.contains(&namespace)
        };
        let sent = ids.iter().filter(|id| taken(id.namespace()));
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

    /// Whether an echo is one of these ids, all of them.
    pub(super) fn is_echoed_by(&self, echo: &Value) -> bool {
        let Some(ids) = echo.get("ids") else { return false };
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.0.iter().all(|(name, sent)| ids.get(*name).is_some_and(|echoed| text(echoed) == *sent))
    }
}

impl Address {
    /// A title that the copy knows.
    pub(super) fn known(entry: &Entry) -> Self {
        let bucket = if entry.is_film && !entry.is_anime { "movies" } else { "shows" };
        Self::Title { bucket, ids: SentIds::simkl(entry.simkl) }
    }

    /// A title to be put on a list.
    pub(super) fn listed(item: &Item) -> Result<Self, Reason> {
        let ids = SentIds::all(&item.ids, &[]).ok_or(Reason::NoIds)?;
        match item.kind {
            Kind::Movie => Ok(Self::Title { bucket: "movies", ids }),
            Kind::Show => Ok(Self::Title { bucket: "shows", ids }),
            Kind::Season | Kind::Episode => Err(Reason::KindUnsupported),
        }
    }

    /// A film or an episode to be marked watched.
    pub(super) fn played(copy: &Copy, item: &Item) -> Result<Self, Reason> {
        match item.kind {
            Kind::Movie => match title(copy, item) {
                // A film that is filed as anime has one episode.
                Some(entry) if entry.is_anime => {
                    let ids = SentIds::simkl(entry.simkl);
                    Ok(Self::Episode { ids, by_tvdb: false, season: 1, number: 1 })
                }
                Some(entry) => Ok(Self::known(entry)),
                None => Self::listed(item),
            },
            Kind::Episode => Self::of_episode(copy, item),
            Kind::Show | Kind::Season => Err(Reason::NotALeaf),
        }
    }

    /// A watched episode to be unmarked, as the copy knows it.
    pub(super) fn watched(copy: &Copy, item: &Item) -> Option<Self> {
        let (entry, watched) = episode(copy, item)?;
        let ids = SentIds::simkl(entry.simkl);
        Some(Self::Episode { ids, by_tvdb: false, season: watched.season, number: watched.number })
    }

    fn of_episode(copy: &Copy, item: &Item) -> Result<Self, Reason> {
        if let Some(known) = Self::watched(copy, item) {
            return Ok(known);
        }
        let (Some(show), Some(season), Some(number)) = (item.show.as_deref(), item.season, item.number) else {
            return Err(Reason::NoIds);
        };
        let series = [Namespace::Imdb, Namespace::Tmdb, Namespace::Tvdb];
        let entry = [Namespace::Simkl, Namespace::Mal, Namespace::AniDb, Namespace::AniList, Namespace::Kitsu];
        if counts_by_cour(item) {
            let ids = SentIds::all(&show.ids, &series).ok_or(Reason::MatchTooWeak)?;
            return Ok(Self::Episode { ids, by_tvdb: false, season, number });
        }
        let by_tvdb = show.ids.get(Namespace::Tvdb).is_some();
        if is_anime(copy, item) && !by_tvdb {
            // Without TheTVDB's number nobody knows which cour is meant.
            return Err(Reason::MatchTooWeak);
        }
        let ids = SentIds::all(&show.ids, if by_tvdb { &entry } else { &[] }).ok_or(Reason::NoIds)?;
        Ok(Self::Episode { ids, by_tvdb, season, number })
    }

    /// The ids that it goes by.
    pub(super) const fn ids(&self) -> &SentIds {
        match self {
            Self::Title { ids, .. } | Self::Episode { ids, .. } => ids,
        }
    }

    /// The list of an answer in which it would be told as unknown.
    pub(super) const fn bucket(&self) -> &'static str {
        match self {
            Self::Title { bucket, .. } => bucket,
            Self::Episode { .. } => "shows",
        }
    }
}

/// The members an entry has besides its name: `watched_at`, `rating`, `to`.
pub(super) type Members = Map<String, Value>;

type Seasons<'a> = BTreeMap<u16, Vec<(u16, &'a Members)>>;

/// The body of one request.
pub(super) fn body(entries: &[(Address, Members)]) -> Value {
    let mut buckets: BTreeMap<&'static str, Vec<Value>> = BTreeMap::new();
    let mut shows: BTreeMap<(&SentIds, bool), Seasons<'_>> = BTreeMap::new();
    for (address, members) in entries {
        match address {
            Address::Title { bucket, ids } => {
                let mut entry = members.clone();
                entry.insert("ids".to_owned(), ids.json());
                buckets.entry(*bucket).or_default().push(Value::Object(entry));
            }
            Address::Episode { ids, by_tvdb, season, number } => {
                let seasons = shows.entry((ids, *by_tvdb)).or_default();
                seasons.entry(*season).or_default().push((*number, members));
            }
        }
    }
    for ((ids, by_tvdb), seasons) in shows {
        let seasons: Vec<Value> = seasons.into_iter().map(|(number, episodes)| season(number, &episodes)).collect();
        let mut show = Members::new();
        show.insert("ids".to_owned(), ids.json());
        show.insert("seasons".to_owned(), Value::Array(seasons));
        if by_tvdb {
            show.insert("use_tvdb_anime_seasons".to_owned(), json!(true));
        }
        buckets.entry("shows").or_default().push(Value::Object(show));
    }
    Value::Object(buckets.into_iter().map(|(name, entries)| (name.to_owned(), Value::Array(entries))).collect())
}

fn season(number: u16, episodes: &[(u16, &Members)]) -> Value {
    let numbered = |(number, members): &(u16, &Members)| {
        let mut entry = Members::clone(members);
        entry.insert("number".to_owned(), json!(number));
        Value::Object(entry)
    };
    json!({ "number": number, "episodes": episodes.iter().map(numbered).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{Id, Scheme, Show};

    use super::*;

    fn ids(kind: Kind, list: &[(Namespace, &str)]) -> IdSet {
        list.iter().map(|(namespace, text)| Id::parse(*namespace, kind, text).unwrap()).collect()
    }

    fn episode_of(list: &[(Namespace, &str)], scheme: Scheme) -> Item {
        let show = Show { ids: ids(Kind::Show, list), scheme, ..Show::default() };
        Item::episode(show, 2, 7, "E", IdSet::EMPTY)
    }

    fn sent(item: &Item) -> Result<Value, Reason> {
        Address::played(&Copy::default(), item).map(|address| body(&[(address, Members::new())]))
    }

    #[test]
    fn films_go_by_all_ids_and_never_by_name() {
        let item = Item::titled(
            Kind::Movie,
            "A",
            Some(1999),
            ids(Kind::Movie, &[(Namespace::Imdb, "tt0133093"), (Namespace::Tmdb, "603"), (Namespace::Trakt, "481")]),
        );
        assert_eq!(sent(&item), Ok(json!({ "movies": [{ "ids": { "imdb": "tt0133093", "tmdb": 603 } }] })));
        assert_eq!(sent(&Item::titled(Kind::Movie, "A", None, IdSet::EMPTY)), Err(Reason::NoIds));
        assert_eq!(sent(&Item::titled(Kind::Show, "A", None, item.ids)), Err(Reason::NotALeaf));
    }

    #[test]
    fn an_episode_names_its_season_and_the_flag_goes_with_thetvdb() {
        let seasons = json!([{ "number": 2, "episodes": [{ "number": 7 }] }]);
        let cases = [
            (
                vec![(Namespace::Tvdb, "81189"), (Namespace::Imdb, "tt0903747")],
                Scheme::Standard,
                Ok(
                    json!({ "ids": { "imdb": "tt0903747", "tvdb": 81189 }, "seasons": seasons, "use_tvdb_anime_seasons": true }),
                ),
            ),
            (
                vec![(Namespace::Imdb, "tt0903747")],
                Scheme::Standard,
                Ok(json!({ "ids": { "imdb": "tt0903747" }, "seasons": seasons })),
            ),
            (
                vec![(Namespace::Tvdb, "81189"), (Namespace::Mal, "16498")],
                Scheme::Standard,
                Ok(json!({ "ids": { "tvdb": 81189 }, "seasons": seasons, "use_tvdb_anime_seasons": true })),
            ),
            (vec![(Namespace::Mal, "16498")], Scheme::Standard, Err(Reason::MatchTooWeak)),
            (
                vec![(Namespace::Mal, "16498")],
                Scheme::SimklAnime,
                Ok(json!({ "ids": { "mal": 16498 }, "seasons": seasons })),
            ),
            (vec![], Scheme::Standard, Err(Reason::NoIds)),
        ];
        for (list, scheme, expected) in cases {
            let expected = expected.map(|show: Value| json!({ "shows": [show] }));
            assert_eq!(sent(&episode_of(&list, scheme)), expected, "{list:?}");
        }
    }
}
