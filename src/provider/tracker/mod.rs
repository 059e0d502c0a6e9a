//! The built-in ledger: an account without a server, kept on our own shelf.
//!
//! It holds every kind, every play, undated ones too, and ratings from 1 to 100. A row is named by entity and play, so that
//! writing one again changes nothing. No request is ever sent.

use std::rc::Rc;

use crosswatch_model::{
    Action, Capabilities, Fact, Feature, FeatureCapability, FeatureSet, Kind, NativeRef, PlayDetail, PlayKey,
    ProviderId, Reason, Scale, Uid, WatchedPrecision,
};
use crosswatch_port::{
    CellNow, CellQuery, Cursor, Fault, LocalFuture, Page, Probe, Provider, ReadScope, Row, Shelf, ShelfChange,
    ShelfCursor, ShelfRow, Stamp, Stamps, Write, WriteOutcome, WriteReport,
};
use smol_str::format_smolstr;

use crate::outcome::{Tally, outcome_of, rejected_for_good};

/// Rows per page.
const PAGE_LIMIT: usize = 1000;
/// Operations per commit.
const BATCH_LIMIT: usize = 500;

/// A ledger account.
struct Tracker {
    id: ProviderId,
    shelf: Rc<dyn Shelf>,
}

/// Opens the ledger of one account.
pub fn open(id: ProviderId, shelf: Rc<dyn Shelf>) -> Rc<dyn Provider> {
    Rc::new(Tracker { id, shelf })
}

impl Provider for Tracker {
    fn capabilities(&self) -> Capabilities {
        const ALL: &[Kind] = &[Kind::Movie, Kind::Show, Kind::Season, Kind::Episode];
        const PLAYED: &[Kind] = &[Kind::Movie, Kind::Episode];
        let feature = |feature, kinds| FeatureCapability {
            feature,
            can_write: true,
            can_remove: true,
            kinds,
            has_change_gate: true,
            can_read_since: false,
            batch_size: BATCH_LIMIT,
            max_rows: None,
            tells_removals: false,
            rows_expire: false,
        };
        Capabilities {
            features: vec![
                feature(Feature::History, PLAYED),
                feature(Feature::Watchlist, ALL),
                feature(Feature::Ratings, ALL),
                feature(Feature::Progress, PLAYED),
            ],
            scale: Scale::HUNDRED,
            watched_precision: WatchedPrecision::Second,
            plays: PlayDetail::EveryPlay,
            keeps_undated_plays: true,
            duplicates_plays: false,
            needs_ids: false,
            keeps_one_status: false,
            is_media_server: false,
            membership: None,
        }
    }

    fn probe(&self) -> LocalFuture<'_, Result<Probe, Fault>> {
        let probe = Probe {
            fingerprint: format_smolstr!("tracker:{}", self.id),
            user: self.id.as_str().into(),
            product: concat!("CrossWatch Tracker ", env!("CARGO_PKG_VERSION")).into(),
        };
        Box::pin(std::future::ready(Ok(probe)))
    }

    fn stamps(&self, features: FeatureSet) -> LocalFuture<'_, Result<Option<Stamps>, Fault>> {
        Box::pin(async move {
            let mut stamps = Stamps::default();
            for feature in features.iter() {
                let (_, mark) = self.shelf.count(feature).await?;
                stamps.0.push(Stamp { feature, mark: format_smolstr!("{mark}") });
            }
            Ok(Some(stamps))
        })
    }

    fn read_page(
        &self,
        feature: Feature,
        _: ReadScope,
        cursor: Option<Cursor>,
    ) -> LocalFuture<'_, Result<Page, Fault>> {
        Box::pin(self.page(feature, cursor))
    }

    fn count(&self, feature: Feature) -> LocalFuture<'_, Result<Option<u64>, Fault>> {
        Box::pin(async move { Ok(Some(self.shelf.count(feature).await?.0)) })
    }

    fn cells<'a>(&'a self, feature: Feature, queries: &'a [CellQuery]) -> LocalFuture<'a, Result<Vec<CellNow>, Fault>> {
        Box::pin(async move {
            let mut cells = Vec::with_capacity(queries.len());
            for query in queries {
                let rows = self.shelf.rows_of(feature, query.uid).await?;
                let facts: Vec<_> = rows.iter().map(|row| (row.fact, Some(native(row.uid, row.play)))).collect();
                cells.push(if facts.is_empty() { CellNow::Absent } else { CellNow::Present(facts) });
            }
            Ok(cells)
        })
    }

    fn write<'a>(&'a self, feature: Feature, writes: &'a [Write]) -> LocalFuture<'a, WriteReport> {
        Box::pin(self.write_all(feature, writes))
    }

    fn requests_sent(&self) -> u64 {
        0
    }
}

impl Tracker {
    async fn page(&self, feature: Feature, cursor: Option<Cursor>) -> Result<Page, Fault> {
        let after = cursor.as_ref().map(shelf_cursor).transpose()?;
        let (total, _) = self.shelf.count(feature).await?;
        let rows = self.shelf.page(feature, after, PAGE_LIMIT).await?;
        let is_last = rows.len() < PAGE_LIMIT;
        let last = rows.last().map(|row| ShelfCursor { uid: row.uid, play: row.play });
        Ok(Page {
            received: rows.len() as u64,
            total: Some(total),
            ends_stream: is_last,
            next: last.filter(|_| !is_last).map(cursor_after),
            rows: rows.into_iter().map(row).collect(),
            ..Page::default()
        })
    }

    /// Puts all operations into one commit: what is there already is left out, the rest moves together or not at all.
    async fn write_all(&self, feature: Feature, writes: &[Write]) -> WriteReport {
        let mut tally = Tally::of(writes.len());
        let (mut changes, mut places) = (Vec::new(), Vec::new());
        for (at, write) in writes.iter().enumerate() {
            match self.change(feature, write).await {
                Ok(Planned::Change(change, native)) => {
                    changes.push(change);
                    places.push((at, native));
                }
                Ok(Planned::Nothing) => tally.set(at, WriteOutcome::AlreadyThere),
                Ok(Planned::Refused) => tally.set(at, rejected_for_good(Reason::RejectedByTarget)),
                Err(fault) => {
                    tally.stop(fault);
                    return tally.finish();
                }
            }
        }
        if changes.is_empty() {
            return tally.finish();
        }
        let fault = self.shelf.apply(changes).await.err();
        for (at, native) in places {
            tally.set(at, fault.as_ref().map_or(WriteOutcome::Acknowledged { native: Some(native) }, outcome_of));
        }
        if let Some(fault) = fault {
            tally.stop(fault);
        }
        tally.finish()
    }

    async fn change(&self, feature: Feature, write: &Write) -> Result<Planned, Fault> {
        let Some(play) = play_key(feature, write) else { return Ok(Planned::Refused) };
        let uid = write.uid;
        let rows = self.shelf.rows_of(feature, uid).await?;
        let now = rows.iter().find(|row| row.play == play).map(|row| row.fact);
        Ok(match (write.action, now, write.value) {
            (Action::Remove, None, _) => Planned::Nothing,
            (Action::Remove, Some(_), _) => {
                Planned::Change(ShelfChange::Drop { feature, uid, play }, native(uid, play))
            }
            (Action::Add | Action::Update, Some(now), Some(fact)) if now == fact => Planned::Nothing,
            (Action::Add | Action::Update, _, Some(fact)) if fact.feature() == feature => {
                Planned::Change(ShelfChange::Put { uid, play, fact }, native(uid, play))
            }
            _ => Planned::Refused,
        })
    }
}

/// What one operation comes to.
enum Planned {
    Change(ShelfChange, NativeRef),
    Nothing,
    Refused,
}

/// The row an operation is about. A removal names it by the account's own row where that is known.
fn play_key(feature: Feature, write: &Write) -> Option<PlayKey> {
    if feature != Feature::History {
        return Some(PlayKey::PRESENCE);
    }
    match (write.action, write.native, write.value) {
        (Action::Remove, Some(NativeRef(native)), _) => {
            Some(PlayKey(u32::try_from(native & u128::from(u32::MAX)).ok()?))
        }
        (_, _, Some(Fact::Play(watched_at))) => Some(PlayKey::of(watched_at)),
        _ => None,
    }
}

/// Entity and play in one number.
fn native(uid: Uid, play: PlayKey) -> NativeRef {
    NativeRef(u128::from(uid.0) << 32 | u128::from(play.0))
}

fn row(row: ShelfRow) -> Row {
    Row { item: row.item, fact: row.fact, native: Some(native(row.uid, row.play)), uid: Some(row.uid), runtime_s: None }
}

fn cursor_after(last: ShelfCursor) -> Cursor {
    Cursor(format_smolstr!("{}:{}", last.uid.0, last.play.0))
}

fn shelf_cursor(cursor: &Cursor) -> Result<ShelfCursor, Fault> {
    let parts = cursor.0.split_once(':');
    let parsed = parts
        .and_then(|(uid, play)| Some(ShelfCursor { uid: Uid(uid.parse().ok()?), play: PlayKey(play.parse().ok()?) }));
    parsed.ok_or_else(|| Fault::Transient(format_smolstr!("the cursor \"{}\" is not one of this account", cursor.0)))
}

#[cfg(test)]
mod tests;
