//! The cheap question "has anything changed": how many rows a list has and which is its newest, one small request per kind.
//!
//! Every change of state made by a person or an app stamps its row with now, so it moves either the number or the newest
//! row. What is stamped with an older date while another row leaves at the same time would be missed (a database put
//! together by hand, a merge between servers); therefore a mark is good for a week at most.

use crosswatch_model::{Feature, FeatureSet};
use crosswatch_port::{Fault, Stamp, Stamps};
use jiff::Timestamp;
use smol_str::{SmolStr, format_smolstr};

use super::{
    PLEX_EPISODES, PLEX_MOVIES, PLEX_SHOWS, Plex,
    wire::{List, WireItem},
};
use crate::loose::Scalar;

const WEEK_S: i64 = 7 * 24 * 3600;

/// What a list is asked for: its kind, the filter, and the field that moves.
type Probe = (&'static str, (&'static str, &'static str), &'static str);

impl Plex {
    /// The marks of these features.
    pub(super) async fn ask_stamps(&self, features: FeatureSet) -> Result<Option<Stamps>, Fault> {
        let mut stamps = Vec::new();
        for feature in features.iter() {
            stamps.push(Stamp { feature, mark: self.mark(feature).await? });
        }
        Ok(Some(Stamps(stamps)))
    }

    async fn mark(&self, feature: Feature) -> Result<SmolStr, Fault> {
        let week = week(self.connection.ports().clock.now());
        let probes: &[Probe] = match feature {
            Feature::Watchlist => {
                let answer = self.send_watchlist("watchlistedAt:desc", 0, 1).await?;
                let list: List<WireItem> = List::page(&answer)?;
                let newest = list.rows().next().map(|row| row.rating_key.written().unwrap_or_default());
                return Ok(format_smolstr!("{week}:{}:{}", told(list.total)?, newest.unwrap_or_default()));
            }
            Feature::History => &[
                (PLEX_MOVIES, ("viewCount>>", "0"), "lastViewedAt"),
                (PLEX_EPISODES, ("episode.viewCount>>", "0"), "episode.lastViewedAt"),
            ],
            Feature::Progress => &[
                (PLEX_MOVIES, ("inProgress", "1"), "lastViewedAt"),
                (PLEX_EPISODES, ("episode.inProgress", "1"), "episode.lastViewedAt"),
            ],
            Feature::Ratings => &[
                (PLEX_MOVIES, ("userRating>>", "0"), "lastRatedAt"),
                (PLEX_SHOWS, ("show.userRating>>", "0"), "show.lastRatedAt"),
                (PLEX_EPISODES, ("episode.userRating>>", "0"), "episode.lastRatedAt"),
            ],
        };
        let mut mark = week.to_string();
        for probe in probes {
            mark.push_str(&self.newest(feature, *probe).await?);
        }
        Ok(mark.into())
    }

    async fn newest(&self, feature: Feature, (kind, (name, value), moves): Probe) -> Result<SmolStr, Fault> {
        let call = self
            .connection
            .server_get("/library/all")
            .query("type", kind)
            .query(name, value)
            .query("sort", &format!("{moves}:desc"))
            .query("X-Plex-Container-Start", "0")
            .query("X-Plex-Container-Size", "1");
        let list: List<WireItem> = List::page(&self.connection.read(call).await?)?;
        let fields = |row: &WireItem| {
            let written = |field: &Scalar| field.written().unwrap_or_default();
            let key = written(&row.rating_key);
            match feature {
                Feature::Ratings => {
                    format_smolstr!("{key},{},{:?}", written(&row.last_rated_at), row.user_rating.number())
                }
                Feature::Progress => {
                    format_smolstr!("{key},{},{}", written(&row.last_viewed_at), written(&row.view_offset))
                }
                Feature::History | Feature::Watchlist => {
                    format_smolstr!("{key},{},{}", written(&row.last_viewed_at), written(&row.view_count))
                }
            }
        };
        let newest = list.rows().next().map(fields).unwrap_or_default();
        Ok(format_smolstr!(":{}:{newest}", told(list.total)?))
    }
}

/// A list that does not say how long it is cannot stand for anything.
fn told(total: Option<u64>) -> Result<u64, Fault> {
    total.ok_or_else(|| Fault::InDoubt("a list of the account does not say how long it is".into()))
}

/// Counted from 1970.
fn week(now: Timestamp) -> i64 {
    now.as_second().div_euclid(WEEK_S)
}
