//! The JSON of Jellyfin 10.9 and later: PascalCase, null members omitted, dates with seven fractional digits.

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

/// The answer to a sign-in with user name and password.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SignedIn {
    pub(super) access_token: String,
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

/// A library as `/UserViews` tells it.
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

/// The members to change; an absent one stays as it is, and nothing is derived from another.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UserDataChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) played: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) play_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_played_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) playback_position_ticks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rating: Option<f64>,
}

/// 100 nanoseconds.
pub(super) const TICKS_PER_SECOND: u64 = 10_000_000;

/// An item id: 32 hex digits, with or without dashes.
pub(super) fn item_id(field: &Scalar) -> Option<u128> {
    let text = field.text()?;
    let digits: String = text.chars().filter(|character| *character != '-').collect();
    let is_hex = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex { u128::from_str_radix(&digits, 16).ok() } else { None }
}

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
        assert_eq!((item_id(&odd.id), kind(&odd)), (None, None));
        assert!(odd.user_data.get().is_none());
        assert!(serde_json::from_str::<List<WireItem>>("{}").is_err());
        assert!(serde_json::from_str::<List<WireItem>>(r#"{"Items":null}"#).is_err());
        let list: List<WireItem> = serde_json::from_str(r#"{"Items":[],"StartIndex":0}"#).unwrap();
        assert_eq!(list.total_record_count.whole(), None);
    }

    #[test]
    fn item_ids_are_32_hex_digits() {
        let id = |text: &str| item_id(&Scalar::Text(text.into()));
        assert_eq!(id("000000000000000000000000000000ff"), Some(255));
        assert_eq!(id("00000000-0000-0000-0000-0000000000FF"), Some(255));
        assert_eq!(id("item-1"), None);
    }

    #[test]
    fn a_change_holds_only_what_changes() {
        let change = UserDataChange { played: Some(true), play_count: Some(1), ..UserDataChange::default() };
        assert_eq!(serde_json::to_string(&change).unwrap(), r#"{"Played":true,"PlayCount":1}"#);
    }
}
