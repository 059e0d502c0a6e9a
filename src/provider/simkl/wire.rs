//! The JSON of SIMKL. Ids are numbers or texts, SIMKL's own has two names, and any stamp may be missing.

use serde::{Deserialize, de::DeserializeOwned};
use smol_str::SmolStr;

use crate::{
    http::Answer,
    loose::{Nested, Scalar, Several},
};

/// `GET /sync/activities`.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct Activities {
    pub(super) tv_shows: Nested<PartActivities>,
    pub(super) anime: Nested<PartActivities>,
    pub(super) movies: Nested<PartActivities>,
}

/// When each list of a part last changed.
#[derive(Debug, Default, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct PartActivities {
    pub(super) all: Scalar,
    pub(super) rated_at: Scalar,
    pub(super) playback: Scalar,
    pub(super) plantowatch: Scalar,
    pub(super) watching: Scalar,
    pub(super) completed: Scalar,
    pub(super) hold: Scalar,
    #[serde(alias = "notinteresting")]
    pub(super) dropped: Scalar,
    pub(super) removed_from_list: Scalar,
}

/// `GET /sync/all-items/…` and `GET /sync/ratings/…`. Empty buckets are left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Buckets {
    pub(super) shows: Option<Vec<Nested<WireRow>>>,
    pub(super) anime: Option<Vec<Nested<WireRow>>>,
    pub(super) movies: Option<Vec<Nested<WireRow>>>,
    pub(super) error: Scalar,
}

/// One title of the library.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireRow {
    pub(super) added_to_watchlist_at: Scalar,
    pub(super) last_watched_at: Scalar,
    pub(super) user_rated_at: Scalar,
    pub(super) user_rating: Scalar,
    pub(super) status: Scalar,
    pub(super) watched_episodes_count: Scalar,
    pub(super) anime_type: Scalar,
    pub(super) movie: Nested<WireTitle>,
    /// Of shows and of anime, films included.
    pub(super) show: Nested<WireTitle>,
    pub(super) seasons: Several<Nested<WireSeason>>,
    pub(super) mapped_tvdb_seasons: Several<Scalar>,
    pub(super) ids: Nested<Ids>,
}

/// A film, a show or an anime.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireTitle {
    pub(super) title: Scalar,
    pub(super) year: Scalar,
    /// Minutes.
    pub(super) runtime: Scalar,
    pub(super) ids: Nested<Ids>,
}

/// Numbers of one title. Slugs are not unique and not looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ids {
    pub(super) simkl: Scalar,
    pub(super) simkl_id: Scalar,
    pub(super) imdb: Scalar,
    pub(super) tmdb: Scalar,
    pub(super) tvdb: Scalar,
    pub(super) mal: Scalar,
    pub(super) anidb: Scalar,
    pub(super) anilist: Scalar,
    pub(super) kitsu: Scalar,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireSeason {
    pub(super) number: Scalar,
    pub(super) episodes: Several<Nested<WireEpisode>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireEpisode {
    pub(super) number: Scalar,
    pub(super) watched_at: Scalar,
    pub(super) tvdb: Nested<TvdbPlace>,
}

/// Where TheTVDB has an episode.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TvdbPlace {
    pub(super) season: Scalar,
    pub(super) episode: Scalar,
}

/// One row of `GET /sync/playback`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PausedRow {
    pub(super) id: Scalar,
    pub(super) progress: Scalar,
    pub(super) paused_at: Scalar,
    pub(super) movie: Nested<WireTitle>,
    pub(super) show: Nested<WireTitle>,
    pub(super) anime: Nested<WireTitle>,
    pub(super) episode: Nested<PausedEpisode>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PausedEpisode {
    pub(super) season: Scalar,
    #[serde(alias = "episode")]
    pub(super) number: Scalar,
    pub(super) title: Scalar,
    pub(super) tvdb_season: Scalar,
    pub(super) tvdb_number: Scalar,
}

/// `GET /users/settings`.
#[derive(Debug, Deserialize)]
pub(super) struct Settings {
    pub(super) user: SettingsUser,
    pub(super) account: SettingsAccount,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SettingsUser {
    pub(super) name: Scalar,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SettingsAccount {
    pub(super) id: Scalar,
    #[serde(rename = "type")]
    pub(super) membership: Scalar,
}

/// `POST /oauth2/device`.
#[derive(Deserialize)]
pub(super) struct DeviceReply {
    pub(super) device_code: String,
    pub(super) user_code: SmolStr,
    pub(super) verification_uri: SmolStr,
    #[serde(default)]
    pub(super) expires_in: Scalar,
    #[serde(default)]
    pub(super) interval: Scalar,
}

/// `POST /oauth2/token`.
#[derive(Deserialize)]
pub(super) struct TokenReply {
    pub(super) access_token: String,
    #[serde(default)]
    pub(super) refresh_token: Option<String>,
    #[serde(default)]
    pub(super) expires_in: Scalar,
    #[serde(default)]
    pub(super) scope: Scalar,
}

/// Whether the body is the `null` that stands for "nothing at all" here.
pub(super) fn is_null(answer: &Answer) -> bool {
    answer.body.trim_ascii() == b"null"
}

/// The body as an object of this form; anything else says nothing.
pub(super) fn object<T: DeserializeOwned>(answer: &Answer) -> Result<T, crosswatch_port::Fault> {
    answer.json::<Nested<T>>()?.0.ok_or_else(|| {
        crosswatch_port::Fault::InDoubt(smol_str::format_smolstr!("{} answered with no object", answer.place))
    })
}
