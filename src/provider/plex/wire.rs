//! The JSON of Plex: lists inside a `MediaContainer`, ids as texts, instants as seconds since 1970.
//!
//! A list without members has no list; only a size of 0 beside it says that it is empty.

use std::time::Duration;

use crosswatch_model::{Id, IdRejection, IdSet, Kind, Scheme, plex_guid};
use crosswatch_port::Fault;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use smol_str::format_smolstr;

use crate::{
    http::Answer,
    loose::{Nested, Scalar},
};

/// The header that repeats the total of a list.
const TOTAL_HEADER: &str = "x-plex-container-total-size";

/// What every answer of the server is wrapped in.
#[derive(Debug, Deserialize)]
struct Envelope<T> {
    #[serde(rename = "MediaContainer")]
    container: T,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: DeserializeOwned")]
struct Container<T> {
    #[serde(default)]
    size: Scalar,
    #[serde(default)]
    total_size: Scalar,
    #[serde(rename = "Metadata", alias = "Directory", default)]
    rows: Option<Vec<Nested<T>>>,
}

/// A list as it arrived.
#[derive(Debug)]
pub(super) struct List<T> {
    rows: Vec<Nested<T>>,
    /// Rows of the whole list, where told.
    pub(super) total: Option<u64>,
}

impl<T: DeserializeOwned> List<T> {
    /// One page of a list.
    pub(super) fn page(answer: &Answer) -> Result<Self, Fault> {
        let (container, list) = Self::read(answer)?;
        let claims = container.size.whole().is_some_and(|size| size != list.received());
        if claims { Err(half(answer)) } else { Ok(list) }
    }

    /// A list that always comes whole: its size must be told and be true.
    pub(super) fn whole(answer: &Answer) -> Result<Self, Fault> {
        let (container, list) = Self::read(answer)?;
        if container.size.whole() == Some(list.received()) { Ok(list) } else { Err(half(answer)) }
    }

    fn read(answer: &Answer) -> Result<(Container<T>, Self), Fault> {
        let mut container = answer.json::<Envelope<Container<T>>>()?.container;
        let total = container.total_size.whole().or_else(|| answer.number(TOTAL_HEADER));
        let rows = match container.rows.take() {
            Some(rows) => rows,
            None if container.size.whole() == Some(0) => Vec::new(),
            None => return Err(half(answer)),
        };
        Ok((container, Self { rows, total }))
    }
}

impl<T> List<T> {
    /// Rows on the wire, odd ones too.
    pub(super) fn received(&self) -> u64 {
        self.rows.len() as u64
    }

    /// The rows that can be read.
    pub(super) fn rows(&self) -> impl Iterator<Item = &T> {
        self.rows.iter().filter_map(Nested::get)
    }

    /// The rows that can be read, taken out.
    pub(super) fn into_rows(self) -> impl Iterator<Item = T> {
        self.rows.into_iter().filter_map(|row| row.0)
    }
}

fn half(answer: &Answer) -> Fault {
    Fault::InDoubt(format_smolstr!("{} answered with a list that does not say how long it is", answer.place))
}

/// `/identity`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Identity {
    pub(super) machine_identifier: Scalar,
    pub(super) version: Scalar,
}

impl Identity {
    pub(super) fn of(answer: &Answer) -> Result<Self, Fault> {
        Ok(answer.json::<Envelope<Self>>()?.container)
    }
}

/// One library of the server.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireSection {
    pub(super) key: Scalar,
    #[serde(rename = "type")]
    pub(super) kind: Scalar,
    pub(super) title: Scalar,
    pub(super) uuid: Scalar,
    pub(super) updated_at: Scalar,
    pub(super) scanned_at: Scalar,
    pub(super) content_changed_at: Scalar,
}

/// One item of a listing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireItem {
    pub(super) rating_key: Scalar,
    pub(super) guid: Scalar,
    #[serde(rename = "Guid", deserialize_with = "loose_list")]
    pub(super) guids: Vec<WireGuid>,
    #[serde(rename = "type")]
    pub(super) kind: Scalar,
    pub(super) title: Scalar,
    pub(super) year: Scalar,
    pub(super) index: Scalar,
    pub(super) parent_index: Scalar,
    pub(super) grandparent_rating_key: Scalar,
    pub(super) grandparent_title: Scalar,
    pub(super) grandparent_guid: Scalar,
    pub(super) duration: Scalar,
    pub(super) updated_at: Scalar,
    pub(super) view_count: Scalar,
    pub(super) last_viewed_at: Scalar,
    pub(super) view_offset: Scalar,
    pub(super) user_rating: Scalar,
    pub(super) last_rated_at: Scalar,
    #[serde(rename = "librarySectionID")]
    pub(super) section: Scalar,
    #[serde(rename = "librarySectionTitle")]
    pub(super) section_title: Scalar,
}

/// A child guid.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireGuid {
    pub(super) id: Scalar,
}

/// One play of the log.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WirePlay {
    pub(super) history_key: Scalar,
    pub(super) rating_key: Scalar,
    #[serde(rename = "librarySectionID")]
    pub(super) section: Scalar,
    #[serde(rename = "accountID")]
    pub(super) account: Scalar,
    #[serde(rename = "type")]
    pub(super) kind: Scalar,
    pub(super) title: Scalar,
    pub(super) grandparent_title: Scalar,
    pub(super) index: Scalar,
    pub(super) parent_index: Scalar,
    pub(super) viewed_at: Scalar,
}

/// What a user did with a title of the cloud.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireUserState {
    pub(super) watchlisted_at: Scalar,
}

/// An account of plex.tv.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireUser {
    pub(super) id: Scalar,
    pub(super) uuid: Scalar,
    pub(super) username: Scalar,
    pub(super) title: Scalar,
    pub(super) email: Scalar,
    pub(super) protected: Scalar,
}

/// The members of a home.
#[derive(Debug, Deserialize)]
pub(super) struct Home {
    pub(super) users: Vec<Nested<WireUser>>,
}

/// A server or player that an account may use.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireResource {
    pub(super) client_identifier: Scalar,
    pub(super) access_token: Scalar,
    pub(super) owned: Scalar,
}

/// A token that a switch of users or a PIN hands out.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WirePin {
    pub(super) id: Scalar,
    pub(super) code: Scalar,
    pub(super) expires_in: Scalar,
    pub(super) auth_token: Scalar,
}

impl WirePin {
    /// How long the code is good.
    pub(super) fn lifetime(&self) -> Option<Duration> {
        self.expires_in.whole().filter(|seconds| *seconds > 0).map(Duration::from_secs)
    }
}

/// A list whose members may be of any type; anything else is an empty one.
fn loose_list<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let serde_json::Value::Array(members) = value else { return Ok(Vec::new()) };
    Ok(members.into_iter().filter_map(|member| serde_json::from_value(member).ok()).collect())
}

/// A rating key.
pub(super) fn key(field: &Scalar) -> Option<u64> {
    field.whole().filter(|key| *key > 0)
}

/// The kind of an item; clips, tracks and the rest have none.
pub(super) fn kind(field: &Scalar) -> Option<Kind> {
    match field.text_or_empty() {
        "movie" => Some(Kind::Movie),
        "show" => Some(Kind::Show),
        "season" => Some(Kind::Season),
        "episode" => Some(Kind::Episode),
        _ => None,
    }
}

/// Seconds since 1970; zero is no date.
pub(super) fn instant(field: &Scalar) -> Option<Timestamp> {
    let second = field.whole().filter(|second| *second > 0)?;
    Timestamp::from_second(i64::try_from(second).ok()?).ok()
}

/// What the guids of an item say.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Named {
    /// Ids of the item itself.
    pub(super) ids: IdSet,
    /// The show that a guid of an older agent names on what lies below it, and who counted there.
    pub(super) show: Option<(Id, Scheme)>,
    /// Guids that have no known form.
    pub(super) rejected: u64,
}

/// Reads the guids of an item of this kind.
pub(super) fn named(item: &WireItem, kind: Kind) -> Named {
    let mut named = Named::default();
    let children = item.guids.iter().map(|guid| &guid.id);
    for text in std::iter::once(&item.guid).chain(children).filter_map(Scalar::text) {
        match plex_guid::parse(Some(kind), text) {
            plex_guid::Parsed::Id(id) => named.ids.insert(id),
            plex_guid::Parsed::Coordinates { show, scheme, .. } => named.show = Some((show, scheme)),
            plex_guid::Parsed::GoToParent | plex_guid::Parsed::Rejected(IdRejection::Empty) => {}
            plex_guid::Parsed::Rejected(_) => named.rejected += 1,
        }
    }
    if let (Kind::Show, Some((show, _))) = (kind, named.show) {
        named.ids.insert(show);
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(json: &str) -> WireItem {
        serde_json::from_str(json).unwrap()
    }

    fn check(json: &str, kind: Kind, expected: &str) {
        let named = named(&item(json), kind);
        let show = named.show.map(|(id, scheme)| format!(" of {id:?} by {scheme}")).unwrap_or_default();
        assert_eq!(format!("{:?}{show} -{}", named.ids, named.rejected), expected, "{json}");
    }

    #[test]
    fn guids_of_every_agent_are_read() {
        check(
            r#"{"guid":"plex://movie/5d776883ebdf2200209c104e","Guid":[{"id":"imdb://tt0133093"},{"id":"tmdb://603"},
                {"id":"anything://1"},7,{"id":null}]}"#,
            Kind::Movie,
            "{imdb_movie:tt0133093, tmdb_movie:603, plex_movie:5d776883ebdf2200209c104e} -1",
        );
        check(
            r#"{"guid":"com.plexapp.agents.thetvdb://81189/1/3?lang=en","Guid":"none"}"#,
            Kind::Episode,
            "{} of tvdb_show:81189 by tvdb_aired -0",
        );
        check(
            r#"{"guid":"com.plexapp.agents.hama://tvdb2-78857?lang=en"}"#,
            Kind::Show,
            "{tvdb_show:78857} of tvdb_show:78857 by tvdb2 -0",
        );
        check(r#"{"guid":"local://17"}"#, Kind::Movie, "{} -0");
        check(r#"{"guid":17}"#, Kind::Movie, "{} -0");
    }

    #[test]
    fn zero_and_words_are_no_instants() {
        let at = |json: &str| instant(&serde_json::from_str(json).unwrap()).map(Timestamp::as_second);
        assert_eq!(at("1577934245"), Some(1_577_934_245));
        assert_eq!(at("\"1577934245\""), Some(1_577_934_245));
        for none in ["0", "null", "-5", "1.5", "\"soon\"", "[]"] {
            assert_eq!(at(none), None, "{none}");
        }
    }
}
