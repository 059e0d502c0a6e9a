//! The JSON of both servers: PascalCase, null members omitted, dates with seven fractional digits.

use std::collections::BTreeMap;

use crosswatch_model::{IdSet, Kind, Namespace, WatchedAt};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    ids::IdCollector,
    loose::{Nested, Scalar},
};

/// `GET /System/Info/Public`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct SystemInfo {
    pub(super) id: Scalar,
    pub(super) version: Scalar,
    pub(super) product_name: Scalar,
}

/// A user, from `/Users`, `/Users/Me` and the answer to a sign-in.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct User {
    pub(super) id: Scalar,
    pub(super) name: Scalar,
}

impl User {
    /// Whether a configured name or id means this user.
    pub(super) fn is(&self, wanted: &str) -> bool {
        let wanted = wanted.trim();
        self.name.text_or_empty().to_lowercase() == wanted.to_lowercase() || self.id.text_or_empty() == wanted
    }
}

/// A session: a device as somebody used it last.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Session {
    pub(super) user_id: Scalar,
    pub(super) user_name: Scalar,
    pub(super) last_activity_date: Scalar,
}

/// The answer to a sign-in with a password or a code.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SignedIn {
    pub(super) access_token: String,
    #[serde(default)]
    pub(super) user: Nested<User>,
}

/// A code to approve, and how far it is.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CodeAnswer {
    pub(super) secret: String,
    pub(super) code: String,
    pub(super) authenticated: bool,
}

/// The body of a sign-in with an approved code.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CodeSecret<'a> {
    pub(super) secret: &'a str,
}

/// The body that makes a playlist at Jellyfin.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NewPlaylist<'a> {
    pub(super) name: &'a str,
    pub(super) ids: Vec<String>,
    pub(super) user_id: &'a str,
    pub(super) media_type: &'a str,
}

/// The body of a sign-in with user name and password.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SignIn<'a> {
    pub(super) username: &'a str,
    pub(super) pw: &'a str,
}

/// A list. One without `Items` is broken, not empty; an entry that is no object is an odd entry of a whole list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", bound = "T: serde::de::DeserializeOwned")]
pub(super) struct List<T> {
    items: Vec<Nested<T>>,
    #[serde(default)]
    pub(super) total_record_count: Scalar,
}

impl<T> List<T> {
    /// Entries on the wire, odd ones too.
    pub(super) fn received(&self) -> u64 {
        self.items.len() as u64
    }

    /// The entries that can be read.
    pub(super) fn items(&self) -> impl Iterator<Item = &T> {
        self.items.iter().filter_map(Nested::get)
    }

    /// The entries that can be read, taken out.
    pub(super) fn into_items(self) -> impl Iterator<Item = T> {
        self.items.into_iter().filter_map(|item| item.0)
    }
}

/// A library as the list of views tells it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct View {
    pub(super) id: Scalar,
    pub(super) name: Scalar,
    pub(super) collection_type: Scalar,
}

/// One item of a listing.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireItem {
    pub(super) id: Scalar,
    pub(super) name: Scalar,
    #[serde(rename = "Type")]
    pub(super) kind: Scalar,
    pub(super) production_year: Scalar,
    pub(super) run_time_ticks: Scalar,
    pub(super) index_number: Scalar,
    pub(super) index_number_end: Scalar,
    pub(super) parent_index_number: Scalar,
    pub(super) series_id: Scalar,
    pub(super) series_name: Scalar,
    /// Names the row of a playlist; the item may be in it twice.
    pub(super) playlist_item_id: Scalar,
    pub(super) provider_ids: Nested<BTreeMap<SmolStr, Scalar>>,
    pub(super) user_data: Nested<UserData>,
}

/// What one user did with one item.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct UserData {
    pub(super) playback_position_ticks: Scalar,
    pub(super) play_count: Scalar,
    pub(super) is_favorite: Scalar,
    pub(super) played: Scalar,
    pub(super) last_played_date: Scalar,
    pub(super) rating: Scalar,
}

/// The members to write. At Jellyfin an absent one stays as it is; at Emby it may be lost. Nothing is derived from another.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UserDataChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) played: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) play_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) is_favorite: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_played_date: Option<SmolStr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) playback_position_ticks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rating: Option<f64>,
}

impl UserDataChange {
    /// The change together with everything else that the row holds.
    pub(super) fn over(self, row: &UserData) -> Self {
        Self {
            played: self.played.or(row.played.flag()),
            play_count: self.play_count.or(row.play_count.whole()),
            is_favorite: self.is_favorite.or(row.is_favorite.flag()),
            last_played_date: self.last_played_date.or(row.last_played_date.text().cloned()),
            playback_position_ticks: self.playback_position_ticks.or(row.playback_position_ticks.whole()),
            rating: self.rating.or(row.rating.number()),
        }
    }
}

/// 100 nanoseconds.
pub(super) const TICKS_PER_SECOND: u64 = 10_000_000;

/// The kind of an item; boxes, folders, trailers and the rest have none.
pub(super) fn kind(item: &WireItem) -> Option<Kind> {
    match item.kind.text_or_empty() {
        "Movie" => Some(Kind::Movie),
        "Series" => Some(Kind::Show),
        "Season" => Some(Kind::Season),
        "Episode" => Some(Kind::Episode),
        _ => None,
    }
}

/// The ids of an item, and how many fields were refused. The case of the keys varies between metadata plugins; keys that
/// name other things (`TmdbCollection`, `TvRage`, `Wikipedia`) are not looked at.
pub(super) fn ids(item: &WireItem, kind: Kind) -> (IdSet, u64) {
    let mut collector = IdCollector::default();
    for (key, value) in item.provider_ids.get().into_iter().flatten() {
        if let Some(namespace) = namespace(key) {
            collector.take(namespace, kind, value);
        }
    }
    collector.finish()
}

fn namespace(key: &str) -> Option<Namespace> {
    match key.to_ascii_lowercase().as_str() {
        "imdb" => Some(Namespace::Imdb),
        "tmdb" => Some(Namespace::Tmdb),
        "tvdb" => Some(Namespace::Tvdb),
        "trakt" => Some(Namespace::Trakt),
        "anidb" => Some(Namespace::AniDb),
        "anilist" => Some(Namespace::AniList),
        "mal" | "myanimelist" => Some(Namespace::Mal),
        "kitsu" => Some(Namespace::Kitsu),
        "simkl" => Some(Namespace::Simkl),
        "wikidata" => Some(Namespace::Wikidata),
        _ => None,
    }
}

impl UserData {
    /// When it was played last. A missing date and the placeholder dates of years 1 and 1970 are no dates.
    pub(super) fn last_played(&self) -> Option<Timestamp> {
        const DAY_S: i64 = 86_400;
        self.last_played_date.moment().filter(|at| at.as_second() >= DAY_S)
    }

    /// The same as a fact.
    pub(super) fn watched_at(&self) -> WatchedAt {
        self.last_played().map_or(WatchedAt::Unknown, WatchedAt::Exact)
    }

    /// Whether it counts as watched. On 10.x a rewatch that has begun clears this while the position is above 0.
    pub(super) fn is_played(&self) -> bool {
        self.played.flag() == Some(true)
    }

    /// The resume point in seconds, where there is one.
    pub(super) fn position_s(&self) -> Option<u32> {
        let ticks = self.playback_position_ticks.whole().filter(|ticks| *ticks > 0)?;
        u32::try_from(ticks / TICKS_PER_SECOND).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(json: &str) -> WireItem {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn ids_are_taken_by_an_exact_table_whatever_the_case() {
        let movie = item(
            r#"{"ProviderIds":{"IMDB":"tt0133093","tmdb":"603","TmdbCollection":"2344","Tvdb":"matrix-x","AniDB":"",
                "Official Website":"http://x","TvRage":"1"}}"#,
        );
        let (ids, rejected) = ids(&movie, Kind::Movie);
        assert_eq!(format!("{ids:?}"), "{imdb_movie:tt0133093, tmdb_movie:603}");
        assert_eq!(rejected, 1);
    }

    #[test]
    fn placeholder_dates_are_no_dates() {
        let cases = [
            (r#"{"Played":true}"#, None),
            (r#"{"LastPlayedDate":null}"#, None),
            (r#"{"LastPlayedDate":"0001-01-01T00:00:00.0000000Z"}"#, None),
            (r#"{"LastPlayedDate":"1970-01-01T00:00:00.0000000Z"}"#, None),
            (r#"{"LastPlayedDate":17}"#, None),
            (r#"{"LastPlayedDate":"2020-03-04T05:06:07.1230000Z"}"#, Some("2020-03-04T05:06:07.123Z")),
            (r#"{"LastPlayedDate":"2020-03-04T05:06:07"}"#, Some("2020-03-04T05:06:07Z")),
        ];
        for (json, expected) in cases {
            let user_data: UserData = serde_json::from_str(json).unwrap();
            assert_eq!(user_data.last_played(), expected.map(|text| text.parse().unwrap()), "{json}");
        }
    }

    #[test]
    fn wrong_types_spoil_a_field_and_a_missing_list_spoils_the_page() {
        let odd = item(r#"{"Id":7,"Name":null,"Type":["Movie"],"UserData":"none","ProviderIds":[],"New":{"a":1}}"#);
        assert_eq!((odd.id.text(), kind(&odd)), (None, None));
        assert!(odd.user_data.get().is_none());
        assert!(serde_json::from_str::<List<WireItem>>("{}").is_err());
        assert!(serde_json::from_str::<List<WireItem>>(r#"{"Items":null}"#).is_err());
        let list: List<WireItem> = serde_json::from_str(r#"{"Items":[],"StartIndex":0}"#).unwrap();
        assert_eq!(list.total_record_count.whole(), None);
    }

    #[test]
    fn a_change_holds_only_what_changes() {
        let change = UserDataChange { played: Some(true), play_count: Some(1), ..UserDataChange::default() };
        assert_eq!(serde_json::to_string(&change).unwrap(), r#"{"Played":true,"PlayCount":1}"#);
        let row: UserData = serde_json::from_str(
            r#"{"Played":false,"PlayCount":7,"IsFavorite":true,"LastPlayedDate":"2020-03-04T05:06:07.1230000Z","Rating":8.5}"#,
        )
        .unwrap();
        assert_eq!(
            serde_json::to_string(&change.over(&row)).unwrap(),
            r#"{"Played":true,"PlayCount":1,"IsFavorite":true,"LastPlayedDate":"2020-03-04T05:06:07.1230000Z","Rating":8.5}"#
        );
    }
}
