//! The JSON of MDBList. Buckets may be left out, ids are spelt in several ways, answers to writes are counts or lists, and
//! unknown members are ignored.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value};
use smol_str::SmolStr;

use crate::loose::{Nested, Scalar};

/// One row of a bucket, or an entry that a write echoes; each list fills its own members.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireRow {
    pub(super) id: Scalar,
    pub(super) play_id: Scalar,
    pub(super) history_id: Scalar,
    #[serde(rename = "type")]
    pub(super) kind: Scalar,
    pub(super) watched_at: Scalar,
    pub(super) last_watched_at: Scalar,
    pub(super) rated_at: Scalar,
    pub(super) rating: Scalar,
    pub(super) watchlist_at: Scalar,
    pub(super) paused_at: Scalar,
    pub(super) progress: Scalar,
    pub(super) movie: Nested<WireTitle>,
    pub(super) show: Nested<WireTitle>,
    pub(super) season: Part,
    pub(super) episode: Part,
    pub(super) number: Scalar,
    pub(super) ids: Nested<Ids>,
    // What a flat row has in place of a nested title.
    pub(super) title: Scalar,
    pub(super) release_year: Scalar,
    pub(super) mediatype: Scalar,
    pub(super) imdb_id: Scalar,
    pub(super) tmdb_id: Scalar,
    pub(super) tvdb_id: Scalar,
    pub(super) imdb: Scalar,
    pub(super) tmdb: Scalar,
    pub(super) tvdb: Scalar,
    // What an echoed entry has below it.
    pub(super) seasons: Vec<Nested<WireRow>>,
    pub(super) episodes: Vec<Nested<WireRow>>,
}

/// A movie, show, season or episode inside a row.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireTitle {
    pub(super) title: Scalar,
    pub(super) name: Scalar,
    pub(super) year: Scalar,
    /// Season number of an episode.
    pub(super) season: Scalar,
    /// Number of a season or an episode.
    pub(super) number: Scalar,
    pub(super) ids: Nested<Ids>,
    pub(super) show: Nested<Box<WireTitle>>,
}

/// A season or an episode: an object, or in older rows its number alone.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Part {
    /// A number.
    Number(u16),
    /// An object.
    Title(Box<WireTitle>),
    /// Anything else, which is nothing.
    Other(IgnoredAny),
}

impl Default for Part {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

impl Part {
    /// The object, where it is one.
    pub(super) fn title(&self) -> Option<&WireTitle> {
        if let Self::Title(title) = self { Some(title) } else { None }
    }

    /// The number, alone or inside the object.
    pub(super) fn number(&self) -> Option<u16> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Title(title) => title.number.small(),
            Self::Other(_) => None,
        }
    }
}

/// Numbers of one title in both spellings: resume points have their own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ids {
    pub(super) imdb: Scalar,
    pub(super) tmdb: Scalar,
    pub(super) tvdb: Scalar,
    pub(super) trakt: Scalar,
    pub(super) imdbid: Scalar,
    pub(super) tmdbid: Scalar,
    pub(super) tvdbid: Scalar,
    pub(super) traktid: Scalar,
}

/// One page of a list in buckets.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WirePage {
    pub(super) movies: Option<Vec<Nested<WireRow>>>,
    pub(super) shows: Option<Vec<Nested<WireRow>>>,
    pub(super) seasons: Option<Vec<Nested<WireRow>>>,
    pub(super) episodes: Option<Vec<Nested<WireRow>>>,
    pub(super) pagination: Nested<Map<String, Value>>,
}

/// `GET /sync/last_activities`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LastActivities {
    pub(super) server_time: Scalar,
    #[serde(rename = "watched_at")]
    pub(super) watched: Scalar,
    #[serde(rename = "season_watched_at")]
    pub(super) season_watched: Scalar,
    #[serde(rename = "episode_watched_at")]
    pub(super) episode_watched: Scalar,
    #[serde(rename = "rated_at")]
    pub(super) rated: Scalar,
    #[serde(rename = "season_rated_at")]
    pub(super) season_rated: Scalar,
    #[serde(rename = "episode_rated_at")]
    pub(super) episode_rated: Scalar,
    #[serde(rename = "journal_at")]
    pub(super) journal: Scalar,
}

/// `GET /sync/journal`. The list must be there.
#[derive(Debug, Deserialize)]
pub(super) struct JournalPage {
    #[serde(default)]
    pub(super) requires_full_sync: Scalar,
    pub(super) journal: Vec<Value>,
    #[serde(default)]
    pub(super) pagination: Nested<Map<String, Value>>,
}

/// `GET /user`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Profile {
    pub(super) user_id: Scalar,
    pub(super) username: Scalar,
    pub(super) user_name: Scalar,
    /// Requests a day.
    pub(super) api_requests: Scalar,
    /// Requests of this day so far.
    pub(super) api_requests_count: Scalar,
}

/// `GET /{namespace}/movie/{id}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Looked {
    /// Minutes.
    pub(super) runtime: Scalar,
}

/// `POST /scrobble/…`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ScrobbleReply {
    pub(super) id: Scalar,
    pub(super) action: Scalar,
    pub(super) progress: Scalar,
    pub(super) deleted: Scalar,
}

/// `POST /oauth/device-authorization/`.
#[derive(Deserialize)]
pub(super) struct DeviceReply {
    pub(super) device_code: String,
    pub(super) user_code: SmolStr,
    pub(super) verification_uri: SmolStr,
    #[serde(default)]
    pub(super) interval: Scalar,
    #[serde(default)]
    pub(super) expires_in: Scalar,
}

/// `POST /oauth/token/`, when it hands out tokens.
#[derive(Deserialize)]
pub(super) struct TokenReply {
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    #[serde(default)]
    pub(super) expires_in: Scalar,
}

/// `POST /oauth/token/`, when it does not.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TokenRefusal {
    pub(super) error: Scalar,
}

/// What a write did.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireReply {
    pub(super) added: Nested<Buckets>,
    pub(super) updated: Nested<Buckets>,
    pub(super) existing: Nested<Buckets>,
    pub(super) removed: Nested<Buckets>,
    pub(super) deleted: Nested<Buckets>,
    pub(super) not_found: Nested<Buckets>,
}

/// Entries per kind, told or counted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Buckets {
    pub(super) movies: Amount,
    pub(super) shows: Amount,
    pub(super) seasons: Amount,
    pub(super) episodes: Amount,
}

/// A list, or how long it would be.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Amount {
    /// How many.
    Count(u64),
    /// Which.
    Entries(Vec<Nested<WireRow>>),
    /// Anything else, which says nothing.
    Other(IgnoredAny),
}

impl Default for Amount {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

/// `POST /sync/watched/plays/remove`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PlaysReply {
    pub(super) removed: PlayIds,
    pub(super) not_found: PlayIds,
}

/// Ids of plays, or how many there are.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum PlayIds {
    /// How many.
    Count(u64),
    /// Which.
    Ids(Vec<Scalar>),
    /// Anything else, which says nothing.
    Other(IgnoredAny),
}

impl Default for PlayIds {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

/// Running times of movies in seconds by the id they were looked up with, as they are kept.
pub(super) type Runtimes = BTreeMap<String, u32>;
