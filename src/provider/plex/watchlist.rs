//! The watchlist, which is kept in Plex's cloud and holds movies and shows, whether a server has them or not.
//!
//! A row of the list says hardly more than the 24 digits of its title; the ids are asked for once per title and kept. A
//! write is answered with an error where it is so already, and the errors are not documented; so what a title's own state
//! says afterwards decides, whatever was answered.

use crosswatch_model::{Action, Fact, Feature, Id, IdSet, Item, Kind, Namespace, NativeRef, Reason};
use crosswatch_port::{CellNow, CellQuery, Cursor, Fault, Page, Row, Write, WriteOutcome, WriteReport};
use serde::Deserialize;

use super::{
    Plex,
    cloud::digits,
    wire::{self, List, WireItem, WireUserState},
};
use crate::{
    http::Answer,
    loose::Nested,
    outcome::{Tally, acknowledged, outcome_of, rejected, rejected_for_good},
    reading::Position,
};

/// Rows per page.
pub(super) const PAGE_LIMIT: u64 = 100;

#[derive(Deserialize)]
struct StateEnvelope {
    #[serde(rename = "MediaContainer")]
    container: StateContainer,
}

#[derive(Deserialize)]
struct StateContainer {
    #[serde(rename = "UserState")]
    state: OneOrMany,
}

/// Told as an object by one version and as a list of one by another.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<Nested<WireUserState>>),
    One(WireUserState),
}

impl Plex {
    /// Asks for rows of the list.
    pub(super) async fn send_watchlist(&self, sort: &str, start: u64, size: u64) -> Result<Answer, Fault> {
        let call = self
            .connection
            .discover_get("/library/sections/watchlist/all")
            .query("sort", sort)
            .query("includeExternalMedia", "1")
            .query("X-Plex-Container-Start", &start.to_string())
            .query("X-Plex-Container-Size", &size.to_string());
        let answer = self.connection.send_as_user(call).await?;
        self.connection.accepted(answer)
    }

    /// One page of the list. Ids that were asked for are kept even where a later one could not be.
    pub(super) async fn watchlist_page(&self, cursor: Option<Cursor>) -> Result<Page, Fault> {
        let start = if let Some(cursor) = &cursor {
            Position::of(cursor)?.start
        } else {
            self.listed.borrow_mut().clear();
            0
        };
        let answer = self.send_watchlist("watchlistedAt:asc", start, PAGE_LIMIT).await?;
        let list: List<WireItem> = List::page(&answer)?;
        let read = self.watchlist_rows(&list).await;
        self.keep_cloud_ids().await?;
        let (rows, unusable) = read?;
        let received = list.received();
        let reached = start + received;
        let is_last = received == 0 || list.total.map_or(received < PAGE_LIMIT, |total| reached >= total);
        Ok(Page {
            rows,
            received,
            total: list.total,
            stream: 0,
            ends_stream: is_last,
            next: (!is_last).then(|| Position { stream: 0, start: reached }.cursor()),
            unusable,
        })
    }

    async fn watchlist_rows(&self, list: &List<WireItem>) -> Result<(Vec<Row>, u64), Fault> {
        let mut rows = Vec::new();
        let mut unusable = list.received() - list.rows().count() as u64;
        for item in list.rows() {
            let kind = wire::kind(&item.kind).filter(|kind| matches!(kind, Kind::Movie | Kind::Show));
            let title = kind.and_then(|kind| title(item, kind));
            let (Some(kind), Some(title)) = (kind, title) else {
                unusable += 1;
                continue;
            };
            if !self.listed.borrow_mut().insert(title) {
                continue;
            }
            let ids = self.ids_of_title(title).await?.unwrap_or_else(|| IdSet::from_iter([title]));
            rows.push(Row {
                item: Item::titled(kind, item.title.text_or_empty(), item.year.small(), ids),
                fact: Fact::Listed(None),
                native: native(title),
                uid: None,
                runtime_s: None,
            });
        }
        Ok((rows, unusable))
    }

    /// How many rows the list has.
    pub(super) async fn watchlist_count(&self) -> Result<Option<u64>, Fault> {
        let list: List<WireItem> = List::page(&self.send_watchlist("watchlistedAt:asc", 0, 1).await?)?;
        Ok(list.total)
    }

    /// Whether single titles are on the list.
    pub(super) async fn watchlist_cells(&self, queries: &[CellQuery]) -> Result<Vec<CellNow>, Fault> {
        let mut cells = Vec::with_capacity(queries.len());
        for query in queries {
            let title = match query.item.kind {
                Kind::Movie | Kind::Show => self.title_of_item(&query.item).await?,
                Kind::Season | Kind::Episode => None,
            };
            cells.push(match title {
                Some(title) if self.is_listed(title).await? == Some(true) => {
                    CellNow::Present(vec![(Fact::Listed(None), native(title))])
                }
                _ => CellNow::Absent,
            });
        }
        self.keep_cloud_ids().await?;
        Ok(cells)
    }

    /// Sends the operations one after the other and stops at the first fault that concerns more than one title.
    pub(super) async fn write_watchlist(&self, writes: &[Write]) -> WriteReport {
        let mut tally = Tally::of(writes.len());
        for (at, write) in writes.iter().enumerate() {
            match self.write_title(write).await {
                Ok(outcome) => tally.set(at, outcome),
                Err(fault) => {
                    tally.set(at, outcome_of(&fault));
                    if !matches!(fault, Fault::Rejected(_)) {
                        tally.stop(fault);
                        break;
                    }
                }
            }
        }
        if let Err(fault) = self.keep_cloud_ids().await {
            tracing::debug!("what the cloud told about ids is not kept: {fault}");
        }
        tally.finish()
    }

    async fn write_title(&self, write: &Write) -> Result<WriteOutcome, Fault> {
        let adds = write.action != Action::Remove;
        let is_of_this_list = write.value.is_none_or(|value| value.feature() == Feature::Watchlist);
        if !matches!(write.item.kind, Kind::Movie | Kind::Show) || !is_of_this_list {
            return Ok(rejected_for_good(Reason::RejectedByTarget));
        }
        let prepared = async {
            let title = self.title_of_item(&write.item).await?;
            let is_listed = match title {
                Some(title) => self.is_listed(title).await?,
                None => None,
            };
            Ok((title, is_listed))
        };
        // Nothing was sent yet that could change the list.
        let (title, is_listed) = prepared.await.map_err(unsent)?;
        let (Some(title), Some(is_listed)) = (title, is_listed) else {
            return Ok(if adds { rejected(Reason::NotFound) } else { WriteOutcome::AlreadyThere });
        };
        if is_listed == adds {
            return Ok(WriteOutcome::AlreadyThere);
        }
        let path = if adds { "/actions/addToWatchlist" } else { "/actions/removeFromWatchlist" };
        let call = self.connection.discover_change(path).query("ratingKey", &digits(title));
        let answer = self.connection.send_as_user(call).await?;
        let refusal = match self.connection.accepted(answer) {
            Ok(_) => None,
            Err(fault @ Fault::Rejected(_)) => Some(fault),
            Err(fault) => return Err(fault),
        };
        match (self.is_listed(title).await, refusal) {
            (Ok(Some(is_listed)), None) if is_listed == adds => Ok(acknowledged()),
            (Ok(Some(is_listed)), Some(_)) if is_listed == adds => Ok(WriteOutcome::AlreadyThere),
            (Ok(_), None) => Ok(rejected(Reason::NotVisible)),
            (_, Some(fault)) => Err(fault),
            (Err(fault), None) => {
                tracing::debug!("a title could not be read back: {fault}");
                Ok(WriteOutcome::InDoubt)
            }
        }
    }

    /// Whether a title is on the list. `None` where the cloud does not know the title.
    async fn is_listed(&self, title: Id) -> Result<Option<bool>, Fault> {
        let call = self.connection.metadata_get(&format!("/library/metadata/{}/userState", digits(title)));
        let answer = self.connection.send_as_user(call).await?;
        if answer.status.as_u16() == 404 {
            return Ok(None);
        }
        let state = self.connection.accepted(answer)?.json::<StateEnvelope>()?.container.state;
        let state = match state {
            OneOrMany::One(state) => Some(state),
            OneOrMany::Many(states) => states.into_iter().find_map(|state| state.0),
        };
        let state = state.ok_or_else(|| Fault::InDoubt("the cloud did not tell the state of a title".into()))?;
        Ok(Some(wire::instant(&state.watchlisted_at).is_some()))
    }
}

/// A fault of a request that only asked: nothing is in doubt.
fn unsent(fault: Fault) -> Fault {
    match fault {
        Fault::InDoubt(detail) => Fault::Transient(detail),
        other => other,
    }
}

/// The title that a row stands for.
fn title(item: &WireItem, kind: Kind) -> Option<Id> {
    let by_guid = wire::named(item, kind).ids.get(Namespace::Plex);
    by_guid.or_else(|| Id::parse(Namespace::Plex, kind, &item.rating_key.written()?).ok())
}

/// 96 bits of digits.
fn native(title: Id) -> Option<NativeRef> {
    u128::from_str_radix(&title.value(), 16).ok().map(NativeRef)
}
