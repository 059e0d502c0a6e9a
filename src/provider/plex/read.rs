//! Reading state from the server: list after list, each paged to its end by what really arrives.
//!
//! A history is the log of plays, then the shows (an episode names its show by number only), then what is watched. Ratings
//! and resume points are lists of what has them. A list is sorted by something that watching does not move, a row that
//! comes twice is told once, and a filter that a server ignores only makes the list longer: every row is looked at again.

use std::rc::Rc;

use crosswatch_model::{Feature, Kind, NativeRef};
use crosswatch_port::{Cursor, Fault, Page, Row};
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::{
    PLEX_EPISODES, PLEX_MOVIES, PLEX_SHOWS, Plex,
    account::{Account, Holds},
    history::Plays,
    row::{Shows, describe, fact, runtime_s, show, view_count},
    wire::{self, List, WireItem, WirePlay},
};
use crate::{http::Call, reading::Position};

/// Rows per page.
pub(super) const PAGE_LIMIT: u64 = 1000;
/// Lists of a read are counted in one byte.
const MAX_STREAMS: usize = 250;
/// Rating keys per request: more would make the address too long for some proxies.
const KEYS_PER_REQUEST: usize = 50;

/// One read of one feature.
pub(super) struct Reading {
    account: Rc<Account>,
    streams: Vec<Stream>,
    shows: Shows,
    plays: Plays,
    seen: FxHashSet<u64>,
    rejected_guids: u64,
}

/// One list that is paged to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stream {
    /// The log of plays.
    Log,
    /// A listing of one library.
    Section { key: SmolStr, listing: Listing },
}

/// What is listed of a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Listing {
    kind: &'static str,
    filter: Option<(&'static str, &'static str)>,
    sort: &'static str,
}

const SHOWS: Listing = Listing { kind: PLEX_SHOWS, filter: None, sort: "addedAt" };

const fn movies(filter: (&'static str, &'static str)) -> Listing {
    Listing { kind: PLEX_MOVIES, filter: Some(filter), sort: "addedAt" }
}

const fn episodes(filter: (&'static str, &'static str)) -> Listing {
    Listing { kind: PLEX_EPISODES, filter: Some(filter), sort: "episode.addedAt" }
}

/// The lists of a feature, in order.
fn streams(feature: Feature, account: &Account) -> Vec<Stream> {
    let below = |holds: Holds, listing: Listing| {
        let sections = account.sections.iter().filter(move |section| section.holds == holds);
        sections.map(move |section| Stream::Section { key: section.key.clone(), listing })
    };
    let shows = || below(Holds::Shows, SHOWS);
    let watched = below(Holds::Movies, movies(("viewCount>>", "0")));
    let watched = watched.chain(below(Holds::Shows, episodes(("episode.viewCount>>", "0"))));
    let rated = below(Holds::Movies, movies(("userRating>>", "0")));
    let rated = rated.chain(below(Holds::Shows, episodes(("episode.userRating>>", "0"))));
    let resumable = below(Holds::Movies, movies(("inProgress", "1")));
    let resumable = resumable.chain(below(Holds::Shows, episodes(("episode.inProgress", "1"))));
    match feature {
        Feature::History => std::iter::once(Stream::Log).chain(shows()).chain(watched).collect(),
        Feature::Ratings => shows().chain(rated).collect(),
        Feature::Progress => resumable.collect(),
        Feature::Watchlist => Vec::new(),
    }
}

impl Plex {
    /// One page of a read of history, ratings or progress.
    pub(super) async fn server_page(&self, feature: Feature, cursor: Option<Cursor>) -> Result<Page, Fault> {
        let position = if let Some(cursor) = &cursor {
            Position::of(cursor)?
        } else {
            self.begin(feature).await?;
            Position::default()
        };
        let (stream, log_number) = self.in_reading(feature, |reading| {
            let stream = reading.streams.get(usize::from(position.stream)).ok_or_else(start_again)?;
            Ok((stream.clone(), reading.account.log_number))
        })?;
        match &stream {
            Stream::Log => {
                let call = self.log_call(log_number).query("sort", "viewedAt:asc");
                let answer = self.connection.read(paged(call, position.start)).await?;
                let list: List<WirePlay> = List::page(&answer)?;
                self.in_reading(feature, |reading| Ok(reading.take_log(position, &list)))
            }
            Stream::Section { key, listing } => {
                let call = paged(self.section_call(key, *listing), position.start);
                let list: List<WireItem> = List::page(&self.connection.read(call).await?)?;
                if listing.kind == PLEX_EPISODES {
                    self.ask_for_missing_shows(feature, &list).await?;
                }
                self.in_reading(feature, |reading| Ok(reading.take_items(feature, position, *listing, &list)))
            }
        }
    }

    /// Episodes may name shows that were not in the list of shows: added meanwhile, or the list was not asked for.
    async fn ask_for_missing_shows(&self, feature: Feature, list: &List<WireItem>) -> Result<(), Fault> {
        let missing = self.in_reading(feature, |reading| Ok(reading.missing_shows(list)))?;
        if missing.is_empty() {
            return Ok(());
        }
        let found = self.items_by_key(&missing).await?;
        self.in_reading(feature, |reading| {
            reading.shows.extend(missing.iter().map(|key| (*key, None)));
            for item in &found {
                if let (Some(key), Some(Kind::Show)) = (wire::key(&item.rating_key), wire::kind(&item.kind)) {
                    reading.shows.insert(key, Some(show(item)));
                }
            }
            Ok(())
        })
    }

    /// Single items with the user's state. What the server does not have is left out.
    pub(super) async fn items_by_key(&self, keys: &[u64]) -> Result<Vec<WireItem>, Fault> {
        let mut found = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(KEYS_PER_REQUEST) {
            let keys: Vec<String> = chunk.iter().map(u64::to_string).collect();
            let path = format!("/library/metadata/{}", keys.join(","));
            let answer = self.connection.send(self.connection.server_get(&path).query("includeGuids", "1")).await?;
            if answer.status.as_u16() == 404 {
                continue;
            }
            let list: List<WireItem> = List::whole(&self.connection.accepted(answer)?)?;
            found.extend(list.into_rows());
        }
        Ok(found)
    }

    /// The log of one account's plays.
    pub(super) fn log_call(&self, log_number: u64) -> Call {
        self.connection.server_get("/status/sessions/history/all").query("accountID", &log_number.to_string())
    }

    async fn begin(&self, feature: Feature) -> Result<(), Fault> {
        let account = self.connection.account().await?;
        let reading = Reading::of(feature, account);
        if reading.streams.is_empty() {
            return Err(Fault::Rejected("no library holds what this feature is about; check `libraries`".into()));
        }
        if reading.streams.len() > MAX_STREAMS {
            return Err(Fault::Rejected(
                "there are too many libraries to read; name those that count in `libraries`".into(),
            ));
        }
        self.readings.borrow_mut().insert(feature, reading);
        Ok(())
    }

    fn in_reading<T>(&self, feature: Feature, act: impl FnOnce(&mut Reading) -> Result<T, Fault>) -> Result<T, Fault> {
        act(self.readings.borrow_mut().get_mut(&feature).ok_or_else(start_again)?)
    }

    fn section_call(&self, key: &str, listing: Listing) -> Call {
        let call = self
            .connection
            .server_get(&format!("/library/sections/{key}/all"))
            .query("type", listing.kind)
            .query("includeGuids", "1")
            .query("sort", listing.sort);
        match listing.filter {
            Some((name, value)) => call.query(name, value),
            None => call,
        }
    }
}

/// The page of a list that begins here.
pub(super) fn paged(call: Call, start: u64) -> Call {
    call.query("X-Plex-Container-Start", &start.to_string()).query("X-Plex-Container-Size", &PAGE_LIMIT.to_string())
}

fn start_again() -> Fault {
    Fault::Transient("the read was interrupted; it has to start again from the first page".into())
}

impl Reading {
    fn of(feature: Feature, account: Rc<Account>) -> Self {
        Self {
            streams: streams(feature, &account),
            account,
            shows: Shows::default(),
            plays: Plays::default(),
            seen: FxHashSet::default(),
            rejected_guids: 0,
        }
    }

    /// The shows that the episodes of a page name and nobody told about yet.
    fn missing_shows(&self, list: &List<WireItem>) -> Vec<u64> {
        let named = list.rows().filter_map(|item| wire::key(&item.grandparent_rating_key));
        let mut missing: Vec<u64> = named.filter(|key| !self.shows.contains_key(key)).collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    fn take_log(&mut self, position: Position, list: &List<WirePlay>) -> Page {
        let mut page = self.page(position, list.received(), list.total, list.rows().count());
        let account = Rc::clone(&self.account);
        let is_in_library = |section: &str| account.sections.iter().any(|known| known.key == section);
        for play in list.rows() {
            page.unusable += u64::from(!self.plays.log(play, account.log_number, is_in_library));
        }
        self.close(&mut page);
        page
    }

    fn take_items(&mut self, feature: Feature, position: Position, listing: Listing, list: &List<WireItem>) -> Page {
        let mut page = self.page(position, list.received(), list.total, list.rows().count());
        for item in list.rows() {
            self.take_item(feature, listing, item, &mut page);
        }
        self.close(&mut page);
        page
    }

    /// A page without its rows: how far it reaches, and where the read goes on.
    fn page(&self, position: Position, received: u64, total: Option<u64>, readable: usize) -> Page {
        let reached = position.start + received;
        let is_last = received == 0 || total.map_or(received < PAGE_LIMIT, |total| reached >= total);
        let next = if is_last {
            Position { stream: position.stream + 1, start: 0 }
        } else {
            Position { stream: position.stream, start: reached }
        };
        Page {
            received,
            total,
            stream: position.stream,
            ends_stream: is_last,
            next: (usize::from(next.stream) < self.streams.len()).then(|| next.cursor()),
            unusable: received - readable as u64,
            ..Page::default()
        }
    }

    fn take_item(&mut self, feature: Feature, listing: Listing, item: &WireItem, page: &mut Page) {
        let (Some(key), Some(kind)) = (wire::key(&item.rating_key), wire::kind(&item.kind)) else {
            page.unusable += 1;
            return;
        };
        if !self.seen.insert(key) {
            return;
        }
        if kind == Kind::Show {
            self.shows.insert(key, Some(show(item)));
        }
        let (described, rejected) = describe(item, kind, &self.shows);
        self.rejected_guids += rejected;
        if feature == Feature::History {
            let is_leaf = matches!(kind, Kind::Movie | Kind::Episode);
            if is_leaf && view_count(item) > 0 {
                page.rows.extend(self.plays.watched(key, item, &described));
            } else if listing != SHOWS {
                page.unusable += 1;
            }
            return;
        }
        let Some(fact) = fact(feature, kind, item) else {
            page.unusable += u64::from(listing != SHOWS);
            return;
        };
        page.rows.push(Row {
            item: described,
            fact,
            native: Some(NativeRef(u128::from(key))),
            uid: None,
            runtime_s: runtime_s(item),
        });
    }

    /// At the end of a read, what could only be known there.
    fn close(&mut self, page: &mut Page) {
        if page.next.is_some() {
            return;
        }
        page.rows.extend(self.plays.rest());
        if self.rejected_guids > 0 {
            tracing::debug!(count = self.rejected_guids, "left out guids that do not have the form of one");
        }
    }
}

#[cfg(test)]
mod tests {
    use crosswatch_model::Fact;

    use super::super::account::Section;
    use super::*;

    fn reading(feature: Feature) -> Reading {
        let section =
            |key: &str, holds| Section { key: key.into(), name: key.into(), holds, mark: "".into(), uuid: key.into() };
        Reading::of(
            feature,
            Rc::new(Account {
                machine: "m".into(),
                version: "1.41".into(),
                user_id: 7,
                user_name: "anna".into(),
                log_number: 1,
                cloud_token: "c".into(),
                server_token: "s".into(),
                sections: vec![section("1", Holds::Movies), section("2", Holds::Shows)],
            }),
        )
    }

    fn list(rows: &str, total: Option<u64>) -> List<WireItem> {
        let rows: Vec<serde_json::Value> = serde_json::from_str(&format!("[{rows}]")).unwrap();
        let mut container = serde_json::json!({"size": rows.len(), "Metadata": rows});
        if let Some(total) = total {
            container["totalSize"] = total.into();
        }
        let body = serde_json::json!({ "MediaContainer": container });
        List::page(&crate::testing::answer(&body.to_string())).unwrap()
    }

    #[test]
    fn a_history_is_the_log_the_shows_and_what_is_watched() {
        let streams = reading(Feature::History).streams;
        assert_eq!(streams.len(), 4);
        assert_eq!(streams[0], Stream::Log);
        let kinds: Vec<&str> = streams
            .iter()
            .filter_map(|stream| match stream {
                Stream::Log => None,
                Stream::Section { listing, .. } => Some(listing.kind),
            })
            .collect();
        assert_eq!(kinds, [PLEX_SHOWS, PLEX_MOVIES, PLEX_EPISODES]);
        assert_eq!(reading(Feature::Progress).streams.len(), 2);
    }

    #[test]
    fn pages_go_on_by_what_arrived_and_tell_an_item_once() {
        let mut reading = reading(Feature::Progress);
        let movie =
            |key: u32| format!(r#"{{"ratingKey":"{key}","type":"movie","viewOffset":61000,"duration":120000}}"#);
        let at = |start| Position { stream: 0, start };
        let listing = movies(("inProgress", "1"));
        let first = reading.take_items(
            Feature::Progress,
            at(0),
            listing,
            &list(&format!("{},{}", movie(5), movie(6)), Some(4)),
        );
        assert_eq!((first.ends_stream, first.next, first.rows.len()), (false, Some(at(2).cursor()), 2));
        assert_eq!(first.rows[0].fact, Fact::Resume { position_s: 61, duration_s: Some(120), stopped_at: None });
        let odd = format!("{},null,7,{{\"ratingKey\":\"9\",\"type\":\"clip\"}},{{\"type\":\"movie\"}}", movie(6));
        let second = reading.take_items(Feature::Progress, at(2), listing, &list(&odd, Some(7)));
        assert_eq!((second.rows.len(), second.received, second.unusable, second.ends_stream), (0, 5, 4, true));
    }

    #[test]
    fn a_filter_that_is_ignored_only_makes_the_list_longer() {
        let mut reading = reading(Feature::Ratings);
        let rows = r#"{"ratingKey":"5","type":"movie","userRating":8.5},{"ratingKey":"6","type":"movie"}"#;
        let page = reading.take_items(
            Feature::Ratings,
            Position { stream: 1, start: 0 },
            movies(("userRating>>", "0")),
            &list(rows, Some(2)),
        );
        assert_eq!((page.rows.len(), page.received, page.unusable), (1, 2, 1));
    }
}
