//! One title of a library at SIMKL, as it is kept: its list, its rating, its watched episodes.
//!
//! An anime is one cour. The ids of the series it belongs to at TheTVDB, TMDB and IMDb stand beside its own and do not
//! mean it: they lead to it only together with an episode's place at TheTVDB.

use crosswatch_model::{Id, IdSet, Item, Kind, Namespace, Rating, Scale, Scheme, Show, WatchedAt};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::{SmolStr, ToSmolStr};

use super::{
    part::Part,
    wire::{Ids, WireRow, WireTitle},
};
use crate::{ids::IdCollector, loose::Scalar};

/// Before this a date stands for none.
const EARLIEST_S: i64 = 86_400;
/// Namespaces that name a cour and not its series.
const OF_ENTRY: [Namespace; 5] =
    [Namespace::Simkl, Namespace::Mal, Namespace::AniDb, Namespace::AniList, Namespace::Kitsu];

/// The list a title is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Status {
    #[serde(rename = "plantowatch")]
    Planned,
    #[serde(rename = "watching")]
    Watching,
    #[serde(rename = "completed")]
    Completed,
    #[serde(rename = "hold")]
    Hold,
    #[serde(rename = "dropped")]
    Dropped,
}

impl Status {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "plantowatch" => Some(Self::Planned),
            "watching" => Some(Self::Watching),
            "completed" => Some(Self::Completed),
            "hold" => Some(Self::Hold),
            "dropped" | "notinteresting" => Some(Self::Dropped),
            _ => None,
        }
    }
}

/// A rating from 1 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Given {
    pub(super) steps: u8,
    pub(super) at: Option<Timestamp>,
}

impl Given {
    /// The rating of a row.
    pub(super) fn of(row: &WireRow) -> Option<Self> {
        let steps = u8::try_from(row.user_rating.whole()?).ok().filter(|steps| (1..=10).contains(steps))?;
        Some(Self { steps, at: row.user_rated_at.moment() })
    }

    /// The same on our scale.
    pub(super) fn value(self) -> Option<Rating> {
        Scale::TEN.rating(self.steps).ok()
    }
}

/// A watched episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Watched {
    #[serde(rename = "s")]
    pub(super) season: u16,
    #[serde(rename = "n")]
    pub(super) number: u16,
    /// Seconds since 1970; nobody knows when where it is missing.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub(super) at_s: Option<i64>,
    /// Season and number at TheTVDB, for anime.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(super) tvdb: Option<(u16, u16)>,
}

/// A title.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) simkl: u64,
    pub(super) is_film: bool,
    pub(super) is_anime: bool,
    pub(super) title: SmolStr,
    pub(super) year: Option<u16>,
    #[serde(serialize_with = "write_ids", deserialize_with = "read_ids")]
    pub(super) ids: IdSet,
    pub(super) runtime_s: Option<u32>,
    pub(super) status: Status,
    pub(super) added_at: Option<Timestamp>,
    pub(super) last_watched_s: Option<i64>,
    pub(super) rating: Option<Given>,
    pub(super) episodes: Vec<Watched>,
    /// The seasons of TheTVDB it covers, for anime.
    pub(super) tvdb_seasons: Vec<u16>,
}

impl Entry {
    /// Reads a row; `None` when it has no number, no known list or no title.
    pub(super) fn read(part: Part, row: &WireRow) -> Option<Self> {
        let is_film = part == Part::Movies || row.anime_type.text_or_empty() == "movie";
        let title = row.movie.get().or_else(|| row.show.get())?;
        let simkl = simkl_of(row)?;
        let kind = if is_film { Kind::Movie } else { Kind::Show };
        let minutes = title.runtime.whole().filter(|minutes| is_film && *minutes > 0);
        Some(Self {
            simkl,
            is_film,
            is_anime: part == Part::Anime,
            title: title.title.text_or_empty().into(),
            year: title.year.small(),
            ids: ids_of(kind, simkl, title),
            runtime_s: minutes.and_then(|minutes| u32::try_from(minutes.checked_mul(60)?).ok()),
            status: Status::parse(row.status.text_or_empty())?,
            added_at: row.added_to_watchlist_at.moment(),
            last_watched_s: second(&row.last_watched_at),
            rating: Given::of(row),
            episodes: if is_film { Vec::new() } else { episodes_of(row) },
            tvdb_seasons: row.mapped_tvdb_seasons.0.iter().filter_map(Scalar::small).collect(),
        })
    }

    /// The film, show or cour itself. A cour goes by the ids of its series only where it is the beginning of it.
    pub(super) fn item(&self) -> Item {
        let kind = if self.is_film { Kind::Movie } else { Kind::Show };
        Item::titled(kind, &self.title, self.year, self.own_ids())
    }

    /// The ids that mean this title and nothing larger.
    pub(super) fn own_ids(&self) -> IdSet {
        let is_whole = self.is_film || !self.is_anime || self.tvdb_seasons.contains(&1);
        if is_whole { self.ids.clone() } else { self.entry_ids() }
    }

    /// The ids that name a cour.
    pub(super) fn entry_ids(&self) -> IdSet {
        self.ids.iter().filter(|id| OF_ENTRY.contains(&id.namespace())).collect()
    }

    /// A watched episode as an item. An anime's is told as TheTVDB counts where that is known, so that it is the same
    /// episode everywhere, else as SIMKL counts it.
    pub(super) fn episode(&self, watched: &Watched) -> Item {
        let show = |ids: IdSet, scheme: Scheme| Show { title: self.title.clone(), year: self.year, ids, scheme };
        let tvdb_id = self.ids.get(Namespace::Tvdb);
        let (show, season, number) = match (self.is_anime, watched.tvdb, tvdb_id) {
            (false, ..) => (show(self.ids.clone(), Scheme::Standard), watched.season, watched.number),
            (true, Some((season, number)), Some(id)) => {
                (show(std::iter::once(id).collect(), Scheme::Standard), season, number)
            }
            (true, ..) => (show(self.entry_ids(), Scheme::SimklAnime), watched.season, watched.number),
        };
        Item::episode(show, season, number, "", IdSet::EMPTY)
    }
}

/// When a film or episode was watched.
pub(super) fn watched_at(at_s: Option<i64>) -> WatchedAt {
    at_s.and_then(|at_s| Timestamp::from_second(at_s).ok()).map_or(WatchedAt::Unknown, WatchedAt::Exact)
}

/// SIMKL's own number, wherever it stands.
pub(super) fn simkl_of(row: &WireRow) -> Option<u64> {
    let titles = [row.movie.get(), row.show.get()].into_iter().flatten().filter_map(|title| title.ids.get());
    let mut all = titles.chain(row.ids.get());
    all.find_map(|ids| ids.simkl.whole().or_else(|| ids.simkl_id.whole())).filter(|simkl| *simkl > 0)
}

/// The ids of a title of this kind. Films have no numbers of TheTVDB's series.
pub(super) fn ids_of(kind: Kind, simkl: u64, title: &WireTitle) -> IdSet {
    let mut collector = IdCollector::default();
    collector.take(Namespace::Simkl, kind, &Scalar::Text(simkl.to_smolstr()));
    if let Some(Ids { imdb, tmdb, tvdb, mal, anidb, anilist, kitsu, .. }) = title.ids.get() {
        collector.take(Namespace::Imdb, kind, imdb);
        collector.take(Namespace::Tmdb, kind, tmdb);
        if kind == Kind::Show {
            collector.take(Namespace::Tvdb, kind, tvdb);
        }
        collector.take(Namespace::Mal, kind, mal);
        collector.take(Namespace::AniDb, kind, anidb);
        collector.take(Namespace::AniList, kind, anilist);
        collector.take(Namespace::Kitsu, kind, kitsu);
    }
    let (ids, rejected) = collector.finish();
    if rejected > 0 {
        tracing::debug!(count = rejected, "left out ids that do not have the form of one");
    }
    ids
}

/// What is listed is watched. Should SIMKL list more than it counts as watched, only what has a date is.
fn episodes_of(row: &WireRow) -> Vec<Watched> {
    let mut episodes = Vec::new();
    for season in row.seasons.0.iter().filter_map(|season| season.get()) {
        let Some(season_number) = season.number.small() else { continue };
        for episode in season.episodes.0.iter().filter_map(|episode| episode.get()) {
            let Some(number) = episode.number.small() else { continue };
            let place = episode.tvdb.get();
            episodes.push(Watched {
                season: season_number,
                number,
                at_s: second(&episode.watched_at),
                tvdb: place.and_then(|place| Some((place.season.small()?, place.episode.small()?))),
            });
        }
    }
    episodes.sort_unstable();
    episodes.dedup_by_key(|watched| (watched.season, watched.number));
    let counted = row.watched_episodes_count.whole();
    if counted.is_some_and(|counted| episodes.len() as u64 > counted) {
        episodes.retain(|watched| watched.at_s.is_some());
    }
    episodes
}

fn second(field: &Scalar) -> Option<i64> {
    field.moment().map(Timestamp::as_second).filter(|second| *second >= EARLIEST_S)
}

fn write_ids<S: Serializer>(ids: &IdSet, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ids.iter().map(|id| format!("{:x}", id.to_bits())))
}

fn read_ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IdSet, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let read = |text: &String| u128::from_str_radix(text, 16).ok().and_then(Id::from_bits);
    texts.iter().map(|text| read(text).ok_or_else(|| serde::de::Error::custom("this is no id"))).collect()
}
