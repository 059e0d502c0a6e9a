//! The JSON of Trakt. Every id may be null, every activity stamp may be missing, unknown members are ignored.

use std::collections::BTreeMap;

use serde::Deserialize;
use smol_str::SmolStr;

use crate::loose::{Nested, Scalar};

/// One row of history, ratings, watchlist or playback; each list fills its own members.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireRow {
    pub(super) id: Scalar,
    #[serde(rename = "type")]
    pub(super) kind: Scalar,
    pub(super) watched_at: Scalar,
    pub(super) rated_at: Scalar,
    pub(super) rating: Scalar,
    pub(super) listed_at: Scalar,
    pub(super) paused_at: Scalar,
    pub(super) progress: Scalar,
    pub(super) movie: Nested<WireTitle>,
    pub(super) show: Nested<WireTitle>,
    pub(super) season: Nested<WireTitle>,
    pub(super) episode: Nested<WireTitle>,
}

/// A movie, show, season or episode inside a row.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireTitle {
    pub(super) title: Scalar,
    pub(super) year: Scalar,
    /// Season number of an episode.
    pub(super) season: Scalar,
    /// Number of a season or an episode.
    pub(super) number: Scalar,
    /// Minutes.
    pub(super) runtime: Scalar,
    pub(super) ids: Nested<Ids>,
}

/// Numbers of one title; slugs name pages, not titles, and are not looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ids {
    pub(super) trakt: Scalar,
    pub(super) imdb: Scalar,
    pub(super) tmdb: Scalar,
    pub(super) tvdb: Scalar,
}

/// `GET /sync/last_activities`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LastActivities {
    pub(super) movies: Nested<ActivityStamps>,
    pub(super) episodes: Nested<ActivityStamps>,
    pub(super) shows: Nested<ActivityStamps>,
    pub(super) seasons: Nested<ActivityStamps>,
    pub(super) watchlist: Nested<ActivityStamps>,
}

/// The stamps of one group.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ActivityStamps {
    #[serde(rename = "watched_at")]
    pub(super) watched: Scalar,
    #[serde(rename = "rated_at")]
    pub(super) rated: Scalar,
    #[serde(rename = "watchlisted_at")]
    pub(super) watchlisted: Scalar,
    #[serde(rename = "paused_at")]
    pub(super) paused: Scalar,
    #[serde(rename = "updated_at")]
    pub(super) updated: Scalar,
}

/// `GET /users/settings`.
#[derive(Debug, Deserialize)]
pub(super) struct Settings {
    pub(super) user: SettingsUser,
    #[serde(default)]
    pub(super) limits: Nested<Limits>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SettingsUser {
    pub(super) username: Scalar,
    pub(super) vip: Scalar,
    pub(super) ids: Nested<UserIds>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UserIds {
    pub(super) slug: Scalar,
    pub(super) uuid: Scalar,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Limits {
    pub(super) watchlist: Nested<Limit>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Limit {
    pub(super) item_count: Scalar,
}

/// `POST /oauth/device/code`.
#[derive(Deserialize)]
pub(super) struct DeviceReply {
    pub(super) device_code: String,
    pub(super) user_code: SmolStr,
    pub(super) verification_url: SmolStr,
    #[serde(default)]
    pub(super) expires_in: Scalar,
    #[serde(default)]
    pub(super) interval: Scalar,
}

/// `POST /oauth/token` and `POST /oauth/device/token`.
#[derive(Deserialize)]
pub(super) struct TokenReply {
    pub(super) access_token: String,
    pub(super) refresh_token: String,
    #[serde(default)]
    pub(super) expires_in: Scalar,
    #[serde(default)]
    pub(super) created_at: Scalar,
}

/// What a write did, in counts, and what of it the catalogue does not know.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WriteReply {
    pub(super) added: Nested<Counts>,
    pub(super) updated: Nested<Counts>,
    pub(super) existing: Nested<Counts>,
    pub(super) deleted: Nested<Counts>,
    pub(super) not_found: Nested<NotFound>,
}

/// Counts per kind.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Counts {
    pub(super) movies: Scalar,
    pub(super) shows: Scalar,
    pub(super) seasons: Scalar,
    pub(super) episodes: Scalar,
}

/// Entries as they were sent, and event ids.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NotFound {
    pub(super) movies: Vec<Nested<Echo>>,
    pub(super) shows: Vec<Nested<Echo>>,
    pub(super) seasons: Vec<Nested<Echo>>,
    pub(super) episodes: Vec<Nested<Echo>>,
    pub(super) ids: Vec<Scalar>,
}

/// One entry as it was sent. A show with seasons means these episodes only.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Echo {
    pub(super) ids: Nested<BTreeMap<SmolStr, Scalar>>,
    pub(super) number: Scalar,
    pub(super) seasons: Vec<Nested<Echo>>,
    pub(super) episodes: Vec<Nested<Echo>>,
}
