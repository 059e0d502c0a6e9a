//! Resume points of movies.
//!
//! MDBList tells how far something was played in percent and nothing of its length, so the length of a movie is looked up
//! once and kept as a note of the account. Episodes cannot be looked up: their resume points are counted as rows that cannot
//! be used. Writing goes the way of a player that pauses; MDBList then dates the point itself.

use crosswatch_model::{Action, Fact, IdSet, Item, Kind, Namespace, NativeRef, Reason};
use crosswatch_port::{CellNow, CellQuery, Fault, Page, Row, Write, WriteOutcome};
use serde_json::json;
use smol_str::format_smolstr;

use super::{
    Mdblist,
    body::sent_ids,
    row::{paused_item, progress_percent},
    wire::{Looked, Runtimes, ScrobbleReply, WireRow},
};
use crate::{
    ids::is_same_item,
    loose::Nested,
    outcome::{Tally, acknowledged, outcome_of, rejected, rejected_for_good},
};

/// The name of the note that holds running times.
const NOTE_NAME: &str = "runtimes";
/// Movies that are looked up in one read.
const MAX_LOOKUPS: usize = 50;
/// Running times that are kept.
const MAX_RUNTIMES: usize = 5_000;
/// Operations per call: each is a request of its own.
pub(super) const BATCH_LIMIT: usize = 20;
/// Two positions closer than this are one, as everywhere in the house.
const SAME_POSITION_S: u32 = 30;

/// One resume point as it is told.
pub(super) struct Paused {
    item: Item,
    percent: f64,
    native: Option<NativeRef>,
    row: WireRow,
}

impl Mdblist {
    /// Every row of the list of resume points; what cannot be understood is `None`.
    pub(super) async fn playback(&self) -> Result<Vec<Option<Paused>>, Fault> {
        let wire: Vec<Nested<WireRow>> = self.api.read(self.api.get("/sync/playback")).await?.json()?;
        let read = |row: Nested<WireRow>| {
            let row = row.0?;
            let (item, percent) = (paused_item(&row)?, progress_percent(&row)?);
            let native = row.id.whole().map(|id| NativeRef(u128::from(id)));
            Some(Paused { item, percent, native, row })
        };
        Ok(wire.into_iter().map(read).collect())
    }

    /// The resume points as one page: the list is not paged.
    pub(super) async fn resume_points(&self) -> Result<Page, Fault> {
        let list = self.playback().await?;
        let received = list.len() as u64;
        let runtimes = self.runtimes(list.iter().flatten().map(|paused| &paused.item)).await?;
        let rows: Vec<Row> = list.iter().flatten().filter_map(|paused| paused.row(&runtimes)).collect();
        let unusable = received - rows.len() as u64;
        Ok(Page { rows, received, total: Some(received), ends_stream: true, unusable, ..Page::default() })
    }

    /// The resume points of single items. The length that a question tells counts for its answer.
    pub(super) async fn resume_cells(&self, queries: &[CellQuery]) -> Result<Vec<CellNow>, Fault> {
        let list: Vec<Paused> = self.playback().await?.into_iter().flatten().collect();
        let asked = |paused: &&Paused| queries.iter().any(|query| is_same_item(&paused.item, &query.item));
        let runtimes = self.runtimes(list.iter().filter(asked).map(|paused| &paused.item)).await?;
        let answer = |query: &CellQuery| {
            let Some(paused) = list.iter().find(|paused| is_same_item(&paused.item, &query.item)) else {
                return CellNow::Absent;
            };
            let told = told_duration(query.value).or_else(|| known_runtime(&runtimes, &paused.item.ids));
            told.map_or(CellNow::Unknown, |duration_s| CellNow::Present(vec![(paused.fact(duration_s), paused.native)]))
        };
        Ok(queries.iter().map(answer).collect())
    }

    /// Writes resume points one by one and stops at the first request that fails.
    pub(super) async fn write_resume_points(&self, writes: &[Write], tally: &mut Tally) {
        if writes.is_empty() {
            return;
        }
        let held: Vec<Paused> = match self.playback().await {
            Ok(list) => list.into_iter().flatten().collect(),
            Err(fault) => return tally.stop(fault),
        };
        for (at, write) in writes.iter().enumerate() {
            let held = held.iter().find(|paused| is_same_item(&paused.item, &write.item));
            let outcome =
                if write.action == Action::Remove { self.clear(held).await } else { self.pause(write, held).await };
            match outcome {
                Ok(outcome) => tally.set(at, outcome),
                Err(fault) => {
                    tally.set(at, outcome_of(&fault));
                    return tally.stop(fault);
                }
            }
        }
    }

    /// Leaves a movie where the operation says, unless it is there already.
    async fn pause(&self, write: &Write, held: Option<&Paused>) -> Result<WriteOutcome, Fault> {
        let ids = sent_ids(&write.item.ids, Kind::Movie);
        let (Kind::Movie, Some(Fact::Resume { position_s, duration_s, .. })) = (write.item.kind, write.value) else {
            return Ok(rejected_for_good(Reason::KindUnsupported));
        };
        let Some(ids) = ids else { return Ok(rejected_for_good(Reason::NoIds)) };
        let duration_s = match duration_s.filter(|duration_s| *duration_s > 0) {
            Some(duration_s) => duration_s,
            None => match self.runtime_of(&write.item.ids).await? {
                Some(runtime_s) => runtime_s,
                None => return Ok(rejected(Reason::NotFound)),
            },
        };
        if let Some(held) = held
            && let Fact::Resume { position_s: there_s, .. } = held.fact(duration_s)
            && there_s.abs_diff(position_s) <= SAME_POSITION_S.max(duration_s / 100)
        {
            return Ok(WriteOutcome::AlreadyThere);
        }
        let percent = (f64::from(position_s.min(duration_s)) * 10_000.0 / f64::from(duration_s)).round() / 100.0;
        let body = json!({ "movie": { "ids": ids.json() }, "progress": percent });
        let answer = self.api.post(self.api.to("/scrobble/pause"), &body).await?;
        match answer.status.as_u16() {
            404 => return Ok(rejected(Reason::NotFound)),
            // Something is played there by another app at this moment; it leaves a newer point behind.
            409 => return Ok(rejected(Reason::RejectedByTarget)),
            _ => {}
        }
        let reply: ScrobbleReply = answer.success()?.json()?;
        let is_kept = reply.action.text_or_empty() == "pause"
            && reply.progress.number().is_some_and(|kept| (kept - percent).abs() < 0.02);
        let native = reply.id.whole().filter(|id| *id > 0).map(|id| NativeRef(u128::from(id)));
        Ok(if is_kept { WriteOutcome::Acknowledged { native } } else { WriteOutcome::InDoubt })
    }

    /// Forgets a resume point by its row.
    async fn clear(&self, held: Option<&Paused>) -> Result<WriteOutcome, Fault> {
        let Some(held) = held else { return Ok(WriteOutcome::AlreadyThere) };
        let Some(NativeRef(id)) = held.native else { return Ok(rejected(Reason::MatchTooWeak)) };
        let body = json!({ "id": u64::try_from(id).unwrap_or_default() });
        let answer = self.api.post(self.api.to("/scrobble/clear"), &body).await?;
        match answer.status.as_u16() {
            404 => return Ok(WriteOutcome::AlreadyThere),
            409 => return Ok(rejected(Reason::RejectedByTarget)),
            _ => {}
        }
        let reply: ScrobbleReply = answer.success()?.json()?;
        Ok(if reply.deleted.flag() == Some(true) { acknowledged() } else { WriteOutcome::InDoubt })
    }

    /// The running times of these movies, looked up where they are not known yet.
    async fn runtimes<'a>(&self, items: impl Iterator<Item = &'a Item>) -> Result<Runtimes, Fault> {
        let mut known = self.kept_runtimes().await?;
        let before = known.len();
        let movies = items.filter(|item| item.kind == Kind::Movie && known_runtime(&known, &item.ids).is_none());
        let unknown: Vec<IdSet> = movies.map(|item| item.ids.clone()).take(MAX_LOOKUPS).collect();
        for ids in unknown {
            if let (Some((key, path)), true) = (lookup(&ids), known.len() < MAX_RUNTIMES)
                && let Some(runtime_s) = self.look_up_runtime(&path).await?
            {
                known.insert(key, runtime_s);
            }
        }
        if known.len() > before {
            let bytes = serde_json::to_vec(&known)
                .map_err(|error| Fault::Transient(format_smolstr!("running times could not be written: {error}")))?;
            self.api.http().ports().cache.keep(NOTE_NAME, bytes).await?;
        }
        Ok(known)
    }

    async fn runtime_of(&self, ids: &IdSet) -> Result<Option<u32>, Fault> {
        let known = self.kept_runtimes().await?;
        match (known_runtime(&known, ids), lookup(ids)) {
            (Some(runtime_s), _) => Ok(Some(runtime_s)),
            (None, Some((_, path))) => self.look_up_runtime(&path).await,
            (None, None) => Ok(None),
        }
    }

    /// The running time of a title; `None` where MDBList does not know the title or its length.
    async fn look_up_runtime(&self, path: &str) -> Result<Option<u32>, Fault> {
        let answer = self.api.send(self.api.get(path)).await?;
        if answer.status.as_u16() == 404 {
            return Ok(None);
        }
        let looked: Looked = answer.success()?.json()?;
        let minutes = looked.runtime.whole().filter(|minutes| (1..=2_000).contains(minutes));
        Ok(minutes.and_then(|minutes| u32::try_from(minutes * 60).ok()))
    }

    async fn kept_runtimes(&self) -> Result<Runtimes, Fault> {
        let bytes = self.api.http().ports().cache.recall(NOTE_NAME).await?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }
}

impl Paused {
    fn fact(&self, duration_s: u32) -> Fact {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the duration")]
        let position_s = (f64::from(duration_s) * self.percent / 100.0).round() as u32;
        Fact::Resume { position_s, duration_s: Some(duration_s), stopped_at: self.row.paused_at.moment() }
    }

    fn row(&self, runtimes: &Runtimes) -> Option<Row> {
        let duration_s = known_runtime(runtimes, &self.item.ids)?;
        let fact = self.fact(duration_s);
        Some(Row { item: self.item.clone(), fact, native: self.native, uid: None, runtime_s: Some(duration_s) })
    }
}

fn told_duration(value: Option<Fact>) -> Option<u32> {
    match value {
        Some(Fact::Resume { duration_s, .. }) => duration_s.filter(|duration_s| *duration_s > 0),
        _ => None,
    }
}

fn known_runtime(runtimes: &Runtimes, ids: &IdSet) -> Option<u32> {
    runtimes.get(&lookup(ids)?.0).copied()
}

/// Under which name a movie's running time is kept, and where it is looked up.
fn lookup(ids: &IdSet) -> Option<(String, String)> {
    let id = [Namespace::Imdb, Namespace::Tmdb].into_iter().find_map(|space| ids.get(space))?;
    if id.kind() != Kind::Movie {
        return None;
    }
    let (space, value) = (id.namespace().as_str(), id.value());
    Some((format!("{space}:{value}"), format!("/{space}/movie/{value}")))
}
