//! Reading state: the series first, because an episode names its series only by item id, then the items themselves.
//!
//! Pages are offsets into a list that may move; it is sorted by something that does not, and an item that comes twice is
//! told once. A read of watched items never sees `Played = false`, so the rewatch that clears it on 10.x shows up as an
//! item that is missing while it has a resume point; telling that from a removal needs the resume points.

use std::rc::Rc;

use crosswatch_model::{Fact, Feature, Kind, NativeRef};
use crosswatch_port::{Cursor, Fault, Page, Row};
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::{
    Dialect, MediaServer, WatchlistShelf,
    account::Account,
    dialect::Place,
    row::{Shows, describe, fact, last_number, runtime_s, show},
    shelf::ShelfId,
    wire::{self, List, WireItem},
};
use crate::{http::Call, reading::Position};

/// Rows per page.
pub(super) const PAGE_LIMIT: u64 = 1000;

/// One read of one feature.
pub(super) struct Reading {
    dialect: Dialect,
    account: Rc<Account>,
    streams: Vec<Stream>,
    shows: Shows,
    seen: FxHashSet<u128>,
    rejected_ids: u64,
}

/// One list that is paged to its end.
#[derive(Debug, Clone)]
struct Stream {
    library: Option<SmolStr>,
    types: &'static str,
    list: Listing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listing {
    All,
    Played,
    Favourite,
    Resumable,
    /// Everything in a playlist or collection.
    Shelf(ShelfId),
}

/// What the libraries hold of one feature: the lists to page, in order.
fn streams(feature: Feature, account: &Account) -> Vec<Stream> {
    const SERIES: (&str, Listing) = ("Series", Listing::All);
    let lists: &[(&'static str, Listing)] = match feature {
        Feature::History => &[SERIES, ("Movie,Episode", Listing::Played)],
        Feature::Ratings => &[SERIES, ("Movie,Episode", Listing::All)],
        Feature::Progress => &[SERIES, ("Movie,Episode", Listing::Resumable)],
        Feature::Watchlist => &[("Movie,Series,Season", Listing::Favourite)],
    };
    let libraries: Vec<Option<SmolStr>> = match &account.libraries {
        None => vec![None],
        Some(chosen) => chosen.iter().cloned().map(Some).collect(),
    };
    let stream = |(types, list): (&'static str, Listing)| {
        libraries.iter().cloned().map(move |library| Stream { library, types, list })
    };
    lists.iter().copied().flat_map(stream).collect()
}

impl MediaServer {
    /// One page of a read. The first streams of history, ratings and progress are the series; their rows are only facts
    /// where the feature is ratings.
    pub(super) async fn page(&self, feature: Feature, cursor: Option<Cursor>) -> Result<Page, Fault> {
        let position = if let Some(cursor) = &cursor {
            Position::of(cursor)?
        } else {
            self.begin(feature).await?;
            Position::default()
        };
        if self.in_reading(feature, |reading| Ok(reading.streams.is_empty()))? {
            // The playlist or collection was never made: the complete list of them proves it.
            return Ok(Page { total: Some(0), ends_stream: true, ..Page::default() });
        }
        let call = self.in_reading(feature, |reading| {
            let stream = reading.streams.get(usize::from(position.stream)).ok_or_else(start_again)?;
            Ok(self.list_call(stream, &reading.account, position.start, PAGE_LIMIT))
        })?;
        let list: List<WireItem> = self.connection.send(call).await?.success()?.json()?;
        self.ask_for_missing_series(feature, &list).await?;
        self.in_reading(feature, |reading| {
            let page = reading.take(feature, position, &list);
            if page.next.is_none() && reading.rejected_ids > 0 {
                tracing::debug!(%feature, count = reading.rejected_ids, "left out ids that do not have the form of one");
            }
            Ok(page)
        })
    }

    /// Episodes may name series that were not in the list of series: added meanwhile, or kept in another library.
    async fn ask_for_missing_series(&self, feature: Feature, list: &List<WireItem>) -> Result<(), Fault> {
        let (account, missing) =
            self.in_reading(feature, |reading| Ok((reading.account.clone(), reading.missing_series(list))))?;
        if missing.is_empty() {
            return Ok(());
        }
        let found = self.items_by_id(&account, &missing).await?;
        self.in_reading(feature, |reading| {
            reading.shows.extend(missing.iter().map(|series| (*series, None)));
            for item in &found {
                if let (Some(id), Some(Kind::Show)) = (self.dialect.item_id(&item.id), wire::kind(item)) {
                    reading.shows.insert(id, Some(show(item, wire::ids(item, Kind::Show).0)));
                }
            }
            Ok(())
        })
    }

    async fn begin(&self, feature: Feature) -> Result<(), Fault> {
        let account = self.connection.account().await?;
        let is_shelf = self.connection.options().watchlist != WatchlistShelf::Favourites;
        let streams = if feature == Feature::Watchlist && is_shelf {
            let list_id = self.find_shelf(&account).await?;
            list_id
                .map(|list_id| Stream { library: None, types: "", list: Listing::Shelf(list_id) })
                .into_iter()
                .collect()
        } else {
            streams(feature, &account)
        };
        let reading = Reading {
            dialect: self.dialect,
            streams,
            account,
            shows: Shows::default(),
            seen: FxHashSet::default(),
            rejected_ids: 0,
        };
        self.readings.borrow_mut().insert(feature, reading);
        Ok(())
    }

    fn in_reading<T>(&self, feature: Feature, act: impl FnOnce(&mut Reading) -> Result<T, Fault>) -> Result<T, Fault> {
        act(self.readings.borrow_mut().get_mut(&feature).ok_or_else(start_again)?)
    }

    fn list_call(&self, stream: &Stream, account: &Account, start: u64, limit: u64) -> Call {
        if let Listing::Shelf(list_id) = stream.list {
            return self.shelf_call(list_id, account, start, limit);
        }
        let call = self.items_call(account, stream.types, start, limit);
        let call = match &stream.library {
            Some(library) => self.with(call, "parentId", library),
            None => call,
        };
        match stream.list {
            Listing::Played => self.with(call, "isPlayed", "true"),
            Listing::Favourite => self.with(call, "isFavorite", "true"),
            Listing::Resumable => self.with(call, "filters", "IsResumable"),
            Listing::All | Listing::Shelf(_) => call,
        }
    }

    /// A page of items of these types, in an order that does not move.
    pub(super) fn items_call(&self, account: &Account, types: &str, start: u64, limit: u64) -> Call {
        let mut call = self.with_fields(self.get(Place::Items, account));
        let (keeps_boxes_apart, total) = match self.dialect {
            Dialect::Jellyfin => ("collapseBoxSetItems", Some("enableTotalRecordCount")),
            Dialect::Emby => ("groupItemsIntoCollections", None),
        };
        if let Some(total) = total {
            call = self.with(call, total, "true");
        }
        for (name, value) in [
            ("recursive", "true"),
            ("includeItemTypes", types),
            ("excludeLocationTypes", "Virtual"),
            ("isMissing", "false"),
            (keeps_boxes_apart, "false"),
            ("sortBy", "DateCreated,SortName"),
            ("sortOrder", "Ascending"),
            ("startIndex", &start.to_string()),
            ("limit", &limit.to_string()),
        ] {
            call = self.with(call, name, value);
        }
        call
    }

    /// Rows on the wire of a feature, where one request tells: not with several libraries, not for ratings, and
    /// not for a playlist or collection, which may hold what is no row.
    pub(super) async fn count_rows(&self, feature: Feature) -> Result<Option<u64>, Fault> {
        let account = self.connection.account().await?;
        let lists = streams(feature, &account);
        let is_shelf = self.connection.options().watchlist != WatchlistShelf::Favourites;
        let last = match (feature, &account.libraries) {
            (Feature::Ratings, _) | (_, Some(_)) => None,
            (Feature::Watchlist, None) if is_shelf => None,
            _ => lists.last(),
        };
        let Some(stream) = last else { return Ok(None) };
        let mut stream = stream.clone();
        if feature == Feature::Watchlist {
            // Favourite seasons are read to be reported; they are no rows.
            stream.types = "Movie,Series";
        }
        let call = self.list_call(&stream, &account, 0, 1);
        let page: List<WireItem> = self.connection.send(call).await?.success()?.json()?;
        Ok(page.total_record_count.whole())
    }
}

fn start_again() -> Fault {
    Fault::Transient("the read was interrupted; it has to start again from the first page".into())
}

impl Reading {
    /// The series that the episodes of a page name and nobody told about yet.
    fn missing_series(&self, list: &List<WireItem>) -> Vec<u128> {
        let episodes = list.items().filter(|item| wire::kind(item) == Some(Kind::Episode));
        let mut missing: Vec<u128> = episodes
            .filter_map(|item| self.dialect.item_id(&item.series_id))
            .filter(|series| !self.shows.contains_key(series))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    fn take(&mut self, feature: Feature, position: Position, list: &List<WireItem>) -> Page {
        let received = list.received();
        let total = list.total_record_count.whole();
        let reached = position.start + received;
        let is_last = received == 0 || total.map_or(received < PAGE_LIMIT, |total| reached >= total);
        let next = if is_last {
            Position { stream: position.stream + 1, start: 0 }
        } else {
            Position { stream: position.stream, start: reached }
        };
        let mut page = Page {
            received,
            total,
            stream: position.stream,
            ends_stream: is_last,
            next: (usize::from(next.stream) < self.streams.len()).then(|| next.cursor()),
            ..Page::default()
        };
        page.unusable += received - list.items().count() as u64;
        for item in list.items() {
            self.take_item(feature, item, &mut page);
        }
        page
    }

    fn take_item(&mut self, feature: Feature, item: &WireItem, page: &mut Page) {
        let (Some(id), Some(kind)) = (self.dialect.item_id(&item.id), wire::kind(item)) else {
            page.unusable += 1;
            return;
        };
        if !self.seen.insert(id) {
            return;
        }
        let (ids, rejected) = wire::ids(item, kind);
        self.rejected_ids += rejected;
        if kind == Kind::Show && feature != Feature::Watchlist {
            self.shows.insert(id, Some(show(item, ids.clone())));
        }
        let list = self.streams.get(usize::from(page.stream)).map(|stream| stream.list);
        let told = match list {
            Some(Listing::Shelf(_)) => matches!(kind, Kind::Movie | Kind::Show).then_some(Fact::Listed(None)),
            _ => item.user_data.get().and_then(|user_data| fact(feature, kind, item, user_data)),
        };
        let Some(fact) = told else {
            // Only the list of everything holds items without a fact; a favourite season has none that we could tell.
            page.unusable += u64::from(list != Some(Listing::All));
            return;
        };
        if feature == Feature::Progress && last_number(item).is_some() {
            page.unusable += 1;
            return;
        }
        // A file of several episodes is longer than each of them.
        let runtime_s = if last_number(item).is_none() { runtime_s(item) } else { None };
        let rows = describe(self.dialect, item, kind, ids, &self.shows).into_iter().map(|item| Row {
            item,
            fact,
            native: Some(NativeRef(id)),
            uid: None,
            runtime_s,
        });
        page.rows.extend(rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(feature: Feature) -> Reading {
        let account = Account {
            server_id: "s".into(),
            version: "10.10.7".into(),
            user_id: "u".into(),
            user_name: "anna".into(),
            is_of_api_key: false,
            libraries: None,
        };
        Reading {
            dialect: Dialect::Jellyfin,
            streams: streams(feature, &account),
            account: Rc::new(account),
            shows: Shows::default(),
            seen: FxHashSet::default(),
            rejected_ids: 0,
        }
    }

    fn list(items: &str, total: &str) -> List<WireItem> {
        serde_json::from_str(&format!("{{\"Items\":[{items}],\"TotalRecordCount\":{total}}}")).unwrap()
    }

    fn id(number: u128) -> String {
        format!("{number:032x}")
    }

    fn episode(number: u128, coordinates: &str, user_data: &str) -> String {
        format!(
            r#"{{"Id":"{}","Type":"Episode","Name":"Pilot","SeriesId":"{}","SeriesName":"Firefly",{coordinates}
                "ProviderIds":{{"Tvdb":"297989"}},"UserData":{{{user_data}}}}}"#,
            id(number),
            id(1),
        )
    }

    const SERIES: &str = r#"{"Id":"00000000000000000000000000000001","Type":"Series","Name":"Firefly","ProductionYear":2002,
        "ProviderIds":{"Tvdb":"78874"},"UserData":{"Rating":9.0}}"#;

    #[test]
    fn episodes_get_the_ids_of_their_series() {
        let mut reading = reading(Feature::History);
        let first = reading.take(Feature::History, Position::default(), &list(SERIES, "1"));
        assert_eq!((first.rows.len(), first.received, first.total, first.ends_stream), (0, 1, Some(1), true));
        assert_eq!(first.next, Some(Position { stream: 1, start: 0 }.cursor()));
        let item = episode(
            2,
            r#""ParentIndexNumber":1,"IndexNumber":1,"#,
            r#""Played":true,"LastPlayedDate":"2020-03-04T05:06:07.0000000Z""#,
        );
        let page = reading.take(Feature::History, Position { stream: 1, start: 0 }, &list(&item, "1"));
        let row = &page.rows[0];
        let show = row.item.show.as_deref().unwrap();
        assert_eq!((show.title.as_str(), show.year, show.ids.len()), ("Firefly", Some(2002), 1));
        assert_eq!((row.item.season, row.item.number, row.native), (Some(1), Some(1), Some(NativeRef(2))));
        assert_eq!(page.next, None);
    }

    #[test]
    fn a_file_with_three_episodes_is_three_plays() {
        let mut reading = reading(Feature::History);
        reading.take(Feature::History, Position::default(), &list(SERIES, "1"));
        let item = episode(2, r#""ParentIndexNumber":0,"IndexNumber":4,"IndexNumberEnd":6,"#, r#""Played":true"#);
        let page = reading.take(Feature::History, Position { stream: 1, start: 0 }, &list(&item, "1"));
        let numbers: Vec<_> =
            page.rows.iter().map(|row| (row.item.season, row.item.number, row.item.ids.len())).collect();
        assert_eq!(numbers, [(Some(0), Some(4), 1), (Some(0), Some(5), 0), (Some(0), Some(6), 0)]);
        assert_eq!((page.received, page.rows[2].fact), (1, Fact::Play(crosswatch_model::WatchedAt::Unknown)));
    }

    #[test]
    fn ratings_are_numbers_above_zero_and_likes_are_not() {
        for (stored, expected) in [
            (r#""Rating":8.5"#, Some(85)),
            (r#""Rating":10"#, Some(100)),
            (r#""Rating":0.04"#, None),
            (r#""Rating":0"#, None),
            (r#""Rating":11"#, None),
            (r#""Rating":null"#, None),
            (r#""Likes":true"#, None),
        ] {
            let mut reading = reading(Feature::Ratings);
            let movie = format!(r#"{{"Id":"{}","Type":"Movie","Name":"A","UserData":{{{stored}}}}}"#, id(5));
            let page = reading.take(Feature::Ratings, Position { stream: 1, start: 0 }, &list(&movie, "1"));
            let told = page.rows.first().map(|row| match row.fact {
                Fact::Rated { value, .. } => value.get(),
                other => panic!("{other:?}"),
            });
            assert_eq!(told, expected, "{stored}");
        }
        let mut reading = reading(Feature::Ratings);
        let shows = reading.take(Feature::Ratings, Position::default(), &list(SERIES, "1"));
        assert_eq!(shows.rows[0].item.kind, Kind::Show);
    }

    #[test]
    fn favourite_seasons_are_counted_as_unusable() {
        let mut reading = reading(Feature::Watchlist);
        let season = format!(r#"{{"Id":"{}","Type":"Season","UserData":{{"IsFavorite":true}}}}"#, id(7));
        let movie = format!(r#"{{"Id":"{}","Type":"Movie","Name":"A","UserData":{{"IsFavorite":true}}}}"#, id(8));
        let page = reading.take(Feature::Watchlist, Position::default(), &list(&format!("{season},{movie}"), "2"));
        assert_eq!((page.rows.len(), page.unusable, page.received), (1, 1, 2));
        assert!(page.rows[0].item.ids.is_empty(), "an item without ids is still told");
    }

    #[test]
    fn resume_points_are_seconds() {
        let mut reading = reading(Feature::Progress);
        let movie = format!(
            r#"{{"Id":"{}","Type":"Movie","RunTimeTicks":72000000000,"UserData":{{"PlaybackPositionTicks":18000000000}}}}"#,
            id(8)
        );
        let page = reading.take(Feature::Progress, Position { stream: 1, start: 0 }, &list(&movie, "1"));
        let expected = Fact::Resume { position_s: 1800, duration_s: Some(7200), stopped_at: None };
        assert_eq!(page.rows[0].fact, expected);
    }

    #[test]
    fn pages_go_on_by_what_arrived_and_tell_an_item_once() {
        let mut reading = reading(Feature::History);
        let movie = |number| format!(r#"{{"Id":"{}","Type":"Movie","UserData":{{"Played":true}}}}"#, id(number));
        let at = |start| Position { stream: 1, start };
        let first = reading.take(Feature::History, at(0), &list(&format!("{},{}", movie(5), movie(6)), "4"));
        assert_eq!((first.ends_stream, first.next), (false, Some(at(2).cursor())));
        let second = reading.take(Feature::History, at(2), &list(&format!("{},{}", movie(6), movie(7)), "4"));
        assert_eq!((second.rows.len(), second.received, second.ends_stream), (1, 2, true));
        let stateless = format!(r#"{{"Id":"{}","Type":"Movie","UserData":"gone"}}"#, id(10));
        let odd = reading.take(Feature::History, at(4), &list(&format!("null,{},7,{stateless}", movie(9)), "9"));
        assert_eq!((odd.rows.len(), odd.received, odd.unusable), (1, 4, 3));
        let short = reading.take(Feature::History, at(4), &list("", "9"));
        assert_eq!((short.ends_stream, short.total, short.received), (true, Some(9), 0));
    }
}
