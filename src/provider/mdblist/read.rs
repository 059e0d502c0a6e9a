//! Reading lists, page by page.
//!
//! MDBList tells no totals. Each page is therefore a stream of its own to the house, and what proves the read is the
//! unbroken chain of pages from the first to the one that says that nothing follows. A page that was promised and is empty
//! breaks the chain. Pages by offset shift when rows before them go away, so a chain of several pages counts only if the
//! marks of the list are the same after it as before it; the watchlist has no mark, so there only cursors will do.
//!
//! History is read with `plays=all`, one row per play, and always as a whole. The journal does not serve to merge a read:
//! it tells states of items and no plays, so one play of several taken away looks like a play added, and no total would
//! show the mistake. Roll-up rows of shows and seasons are derived and left aside.

use crosswatch_model::{Fact, Feature, Kind, NativeRef};
use crosswatch_port::{Cursor, Fault, Page, ReadScope, Row};
use rustc_hash::FxHashSet;
use smol_str::{SmolStr, format_smolstr};

use super::{
    Mdblist,
    paging::{Next, next_page},
    row::read_row,
    wire::WirePage,
};
use crate::http::Call;

/// No list has more pages than the house can count.
const MAX_PAGES: u8 = 250;

/// A read between two of its pages.
pub(super) struct Reading {
    /// The mark before the first page.
    mark: Option<SmolStr>,
    /// Ids of the plays told so far, because rows move while pages are read.
    seen: FxHashSet<NativeRef>,
    /// Pages before this one.
    pages: u8,
    /// Rows before this page, roll-ups included.
    rows: u64,
    /// Whether an earlier page was followed by offset.
    by_offset: bool,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// At the beginning.
    Start,
    /// At a cursor.
    Cursor(SmolStr),
    /// After so many rows.
    Offset(u64),
}

/// One page of a list.
pub(super) struct ListPage {
    /// Rows that could be understood.
    pub(super) rows: Vec<Row>,
    /// Rows on the wire that count for the feature.
    pub(super) received: u64,
    /// Rows that could not be understood.
    pub(super) unusable: u64,
    /// All rows on the wire, roll-ups included.
    pub(super) on_wire: u64,
    /// What follows; offsets count from the beginning of this page.
    pub(super) next: Next,
}

impl Mdblist {
    /// The list a feature is kept in, with the largest pages that MDBList gives.
    pub(super) fn list_call(&self, feature: Feature) -> Call {
        let (path, limit) = match feature {
            Feature::Watchlist => ("/watchlist/items", LIMITS),
            Feature::Ratings => ("/sync/ratings", RATING_LIMITS),
            Feature::History | Feature::Progress => ("/sync/watched", LIMITS),
        };
        let (usual, other) = limit;
        let limit = if self.other_limit.get() { other } else { usual };
        let call = self.api.get(path).query("limit", limit);
        match feature {
            Feature::History => call.query("plays", "all"),
            Feature::Watchlist => call.query("unified", "true"),
            Feature::Ratings | Feature::Progress => call,
        }
    }

    /// Asks for one page of a list.
    pub(super) async fn list_page(&self, feature: Feature, call: Call, place: &Place) -> Result<ListPage, Fault> {
        let call = match place {
            Place::Start => call,
            Place::Cursor(cursor) => call.query("cursor", cursor),
            Place::Offset(rows) => call.query("offset", &rows.to_string()),
        };
        let answer = self.api.read(call).await?;
        let wire: WirePage = answer.json()?;
        let buckets = [
            (Kind::Movie, wire.movies),
            (Kind::Show, wire.shows),
            (Kind::Season, wire.seasons),
            (Kind::Episode, wire.episodes),
        ];
        if buckets.iter().all(|(_, rows)| rows.is_none()) {
            let place = &answer.place;
            return Err(Fault::InDoubt(format_smolstr!(
                "{place} answered without any list, which is not an empty one"
            )));
        }
        let mut page = ListPage { rows: Vec::new(), received: 0, unusable: 0, on_wire: 0, next: Next::Untold };
        for (kind, rows) in buckets {
            let rows = rows.unwrap_or_default();
            page.on_wire += rows.len() as u64;
            if feature == Feature::History && !matches!(kind, Kind::Movie | Kind::Episode) {
                continue;
            }
            page.received += rows.len() as u64;
            for row in &rows {
                match row.get().and_then(|row| read_row(feature, kind, row)) {
                    Some(row) => page.rows.push(row),
                    None => page.unusable += 1,
                }
            }
        }
        page.next = next_page(wire.pagination.get(), page.on_wire);
        if *place != Place::Start && page.on_wire == 0 {
            // Should the list end with a full page, pages of another size show it at the next try.
            self.other_limit.set(!self.other_limit.get());
            let place = &answer.place;
            return Err(Fault::InDoubt(format_smolstr!("{place} promised another page and sent an empty one")));
        }
        Ok(page)
    }

    /// One page of a read.
    pub(super) async fn page(&self, feature: Feature, scope: ReadScope, cursor: Option<Cursor>) -> Result<Page, Fault> {
        if feature == Feature::Progress {
            return self.resume_points().await;
        }
        let (mut reading, place) = if let Some(cursor) = &cursor {
            let known = self.readings.borrow_mut().remove(&feature);
            known.zip(Place::of(cursor)).ok_or_else(|| {
                Fault::Transient(format_smolstr!("the cursor \"{}\" belongs to no read of this account", cursor.0))
            })?
        } else {
            let mark = self.mark(feature).await?;
            let reading = Reading { mark, seen: FxHashSet::default(), pages: 0, rows: 0, by_offset: false };
            (reading, Place::Start)
        };
        let mut list = self.list_page(feature, self.list_call(feature), &place).await?;
        list.rows.retain(|row| row.native.is_none_or(|native| reading.seen.insert(native)) && is_in(scope, row));
        let before = reading.rows;
        reading.rows += list.on_wire;
        reading.pages += 1;
        let next = match &list.next {
            Next::Cursor(cursor) => Some(Place::Cursor(cursor.clone())),
            Next::Offset(rows) => Some(Place::Offset(before + rows)),
            Next::End | Next::Untold => None,
        };
        reading.by_offset |= matches!(next, Some(Place::Offset(_)));
        if next.as_ref() == Some(&place) || next.is_some() && reading.pages >= MAX_PAGES {
            return Err(Fault::InDoubt("MDBList never stops sending pages".into()));
        }
        let stream = reading.pages - 1;
        let is_proven = list.next != Next::Untold && (next.is_some() || self.is_unchanged(feature, &reading).await?);
        let cursor = next.as_ref().map(Place::cursor);
        if next.is_some() {
            self.readings.borrow_mut().insert(feature, reading);
        }
        Ok(Page {
            rows: list.rows,
            received: list.received,
            total: is_proven.then_some(list.received),
            stream,
            ends_stream: true,
            next: cursor,
            unusable: list.unusable,
        })
    }

    /// How many rows a list has, where its first page holds all of them.
    pub(super) async fn count_rows(&self, feature: Feature) -> Result<Option<u64>, Fault> {
        if feature == Feature::Progress {
            return self.playback().await.map(|rows| Some(rows.len() as u64));
        }
        let page = self.list_page(feature, self.list_call(feature), &Place::Start).await?;
        Ok(Some(page.received).filter(|_| page.next == Next::End))
    }

    /// Reads a list to its end and hands every row to `visit`. Whether the chain of pages was whole.
    pub(super) async fn walk(&self, feature: Feature, call: &Call, mut visit: impl FnMut(Row)) -> Result<bool, Fault> {
        let (mut place, mut rows) = (Place::Start, 0);
        for _ in 0..MAX_PAGES {
            let page = self.list_page(feature, call.clone(), &place).await?;
            page.rows.into_iter().for_each(&mut visit);
            place = match page.next {
                Next::Cursor(cursor) => Place::Cursor(cursor),
                Next::Offset(more) => Place::Offset(rows + more),
                Next::End => return Ok(true),
                Next::Untold => return Ok(false),
            };
            rows += page.on_wire;
        }
        Ok(false)
    }

    /// Whether the list is still as it was before the first page. One page is one moment and needs no proof.
    async fn is_unchanged(&self, feature: Feature, reading: &Reading) -> Result<bool, Fault> {
        if reading.pages == 1 {
            return Ok(true);
        }
        match &reading.mark {
            None => Ok(!reading.by_offset),
            before if *before == self.mark(feature).await? => Ok(true),
            Some(_) => Err(Fault::InDoubt(format_smolstr!("the {feature} at MDBList changed while it was read"))),
        }
    }

    async fn mark(&self, feature: Feature) -> Result<Option<SmolStr>, Fault> {
        match feature {
            Feature::History => self.marks().await.map(|marks| Some(marks.history)),
            Feature::Ratings => self.marks().await.map(|marks| Some(marks.ratings)),
            Feature::Watchlist | Feature::Progress => Ok(None),
        }
    }
}

/// Rows per page, and what is tried after a page that was promised was empty.
const LIMITS: (&str, &str) = ("1000", "900");
/// The same for ratings, whose pages are larger.
const RATING_LIMITS: (&str, &str) = ("5000", "4500");

impl Place {
    /// The cursor that stands for this place.
    fn cursor(&self) -> Cursor {
        Cursor(match self {
            Self::Start => SmolStr::default(),
            Self::Cursor(cursor) => format_smolstr!("cursor:{cursor}"),
            Self::Offset(rows) => format_smolstr!("offset:{rows}"),
        })
    }

    /// Reads a cursor back.
    fn of(cursor: &Cursor) -> Option<Self> {
        match cursor.0.split_once(':')? {
            ("cursor", cursor) => Some(Self::Cursor(cursor.into())),
            ("offset", rows) => rows.parse().ok().map(Self::Offset),
            _ => None,
        }
    }
}

/// MDBList cannot be asked for plays from a moment on, so all are read and the older ones are left out.
fn is_in(scope: ReadScope, row: &Row) -> bool {
    match (scope, row.fact) {
        (ReadScope::Since(from), Fact::Play(watched_at)) => watched_at.instant().is_none_or(|at| at >= from),
        _ => true,
    }
}
