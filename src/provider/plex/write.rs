//! Writing state to the server: every copy of an item, none of which is touched where it is as wanted already.
//!
//! Nothing that Plex answers says what it did, so the state of all items is read before, and of those that were written
//! again after: only what is seen then is acknowledged. A watched item is never marked again, because that would count
//! another view and stamp it with today. A position near the end is never sent, because that would be a view. Marking as
//! unwatched also takes a position away, so one that was there is put back; and a position on a watched item cannot be
//! taken away at all without taking the view, so that is refused.

use crosswatch_model::{Action, Fact, Feature, Rating, Reason, Scale};
use crosswatch_port::{Fault, Write, WriteOutcome, WriteReport};
use reqwest::Method;
use rustc_hash::FxHashMap;

use super::{
    Plex,
    lookup::Found,
    row::{self, offset_ms, view_count},
    wire::WireItem,
};
use crate::{
    http::Call,
    outcome::{Tally, acknowledged, outcome_of, rejected, rejected_for_good},
};

/// What every call names as the owner of the keys.
const IDENTIFIER: &str = "com.plexapp.plugins.library";
/// From this share of the length on, a position counts as a view; a little less than the server's own number.
const NEAR_END_PERCENT: u64 = 88;
const MS_PER_SECOND: u64 = 1000;
/// Positions this close are one.
const SAME_POSITION_MS: u64 = 2000;

/// The state that a copy is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Watched,
    Unwatched,
    Rated(Rating),
    NotRated,
    At(u64),
    Nowhere,
}

/// An operation whose requests were all answered, and what must be seen of it.
struct Sent<'a> {
    at: usize,
    copies: &'a [u64],
    wanted: Wanted,
}

impl Plex {
    /// Sends the operations one after the other, stops at the first fault that concerns more than one item, and reads back
    /// what was answered.
    pub(super) async fn write_to_server(&self, feature: Feature, writes: &[Write]) -> WriteReport {
        let mut tally = Tally::of(writes.len());
        if writes.is_empty() {
            return tally.finish();
        }
        let items: Vec<_> = writes.iter().map(|write| &write.item).collect();
        let prepared = async {
            let found = self.look_up(&items).await?;
            let state = self.state_of(&found).await?;
            Ok((found, state))
        };
        let (found, state) = match prepared.await {
            Ok(ready) => ready,
            Err(fault) => {
                tally.stop(fault);
                return tally.finish();
            }
        };
        let mut sent = Vec::new();
        for (at, (write, found)) in writes.iter().zip(&found).enumerate() {
            let copies = match found {
                Found::Nothing if write.action == Action::Remove => {
                    tally.set(at, WriteOutcome::AlreadyThere);
                    continue;
                }
                Found::Nothing => {
                    tally.set(at, rejected(Reason::NotInLibrary));
                    continue;
                }
                Found::Contradicts(reason) => {
                    tally.set(at, rejected(*reason));
                    continue;
                }
                Found::Copies(copies) => copies,
            };
            let Some(wanted) = wanted(feature, write) else {
                tally.set(at, rejected_for_good(Reason::RejectedByTarget));
                continue;
            };
            let (outcome, fault) = self.write_copies(copies, wanted, &state).await;
            tally.set(at, outcome);
            if outcome == acknowledged() {
                sent.push(Sent { at, copies, wanted });
            }
            if let Some(fault) = fault {
                tally.stop(fault);
                break;
            }
        }
        self.read_back(&sent, &mut tally).await;
        tally.finish()
    }

    /// Only what is seen is acknowledged. What cannot be seen now stays in doubt.
    async fn read_back(&self, sent: &[Sent<'_>], tally: &mut Tally) {
        if sent.is_empty() {
            return;
        }
        let found: Vec<Found> = sent.iter().map(|sent| Found::Copies(sent.copies.to_vec())).collect();
        let state = match self.state_of(&found).await {
            Ok(state) => state,
            Err(fault) => {
                for sent in sent {
                    tally.set(sent.at, WriteOutcome::InDoubt);
                }
                tally.stop(fault);
                return;
            }
        };
        for sent in sent {
            let is_there = |key: &u64| state.get(key).is_some_and(|item| sent.wanted.is_met(item));
            if !sent.copies.iter().all(is_there) {
                tally.set(sent.at, rejected(Reason::NotVisible));
            }
        }
    }

    /// Writes all copies. When only some could be written, the operation is in doubt: reading it back tells.
    async fn write_copies(
        &self,
        copies: &[u64],
        wanted: Wanted,
        state: &FxHashMap<u64, WireItem>,
    ) -> (WriteOutcome, Option<Fault>) {
        let mut has_written = false;
        for key in copies {
            match self.write_copy(*key, wanted, state, has_written).await {
                Ok(Step::Nothing) => {}
                Ok(Step::Written) => has_written = true,
                Ok(Step::Refused(outcome)) if !has_written => return (outcome, None),
                Ok(Step::Refused(_)) => return (WriteOutcome::InDoubt, None),
                Err(fault) => {
                    let outcome = if has_written { WriteOutcome::InDoubt } else { outcome_of(&fault) };
                    let concerns_all = !matches!(fault, Fault::Rejected(_));
                    return (outcome, concerns_all.then_some(fault));
                }
            }
        }
        (if has_written { acknowledged() } else { WriteOutcome::AlreadyThere }, None)
    }

    /// Copies share their state, so after one was written the next is looked at again before it is touched.
    async fn write_copy(
        &self,
        key: u64,
        wanted: Wanted,
        state: &FxHashMap<u64, WireItem>,
        look_again: bool,
    ) -> Result<Step, Fault> {
        let fresh = if look_again { self.items_by_key(&[key]).await?.pop() } else { None };
        let Some(item) = fresh.as_ref().or_else(|| state.get(&key)) else {
            self.doubt_index().await;
            let refused = if wanted.takes_away() { WriteOutcome::AlreadyThere } else { rejected(Reason::NotInLibrary) };
            return Ok(Step::Refused(refused));
        };
        if wanted.is_met(item) {
            return Ok(Step::Nothing);
        }
        let call = match wanted {
            Wanted::Watched => self.marking("/:/scrobble", key),
            Wanted::Rated(rating) => {
                let steps = f64::from(Scale::TEN_HALVES.steps(rating)) / 2.0;
                self.marking("/:/rate", key).query("rating", &steps.to_string())
            }
            Wanted::NotRated => self.marking("/:/rate", key).query("rating", "-1"),
            Wanted::At(position_ms) => match self.stop_at(key, position_ms, item) {
                Ok(call) => call,
                Err(refused) => return Ok(Step::Refused(refused)),
            },
            Wanted::Nowhere if view_count(item) > 0 => {
                return Ok(Step::Refused(rejected_for_good(Reason::RejectedByTarget)));
            }
            Wanted::Unwatched | Wanted::Nowhere => self.marking("/:/unscrobble", key),
        };
        let answer = self.connection.send(call).await?;
        if answer.status.as_u16() == 404 {
            self.doubt_index().await;
            return Ok(Step::Refused(rejected(Reason::NotInLibrary)));
        }
        self.connection.accepted(answer)?;
        if wanted == Wanted::Unwatched && offset_ms(item) > 0 {
            self.put_back_position(key, item).await?;
        }
        Ok(Step::Written)
    }

    /// The position that marking as unwatched took away. It was there before, so it is no new position of ours.
    async fn put_back_position(&self, key: u64, item: &WireItem) -> Result<(), Fault> {
        let Ok(call) = self.stop_at(key, offset_ms(item), item) else { return Ok(()) };
        let answer = self.connection.send(call).await?;
        self.connection.accepted(answer).map(drop)
    }

    fn marking(&self, path: &str, key: u64) -> Call {
        let call = self.connection.server_change(Method::PUT, path);
        call.query("identifier", IDENTIFIER).query("key", &key.to_string())
    }

    /// A stop at a position. Without a length the server ignores it.
    fn stop_at(&self, key: u64, position_ms: u64, item: &WireItem) -> Result<Call, WriteOutcome> {
        let duration_ms = item.duration.whole().filter(|ms| *ms > 0);
        let duration_ms = duration_ms.ok_or_else(|| rejected_for_good(Reason::RejectedByTarget))?;
        if position_ms.saturating_mul(100) >= duration_ms.saturating_mul(NEAR_END_PERCENT) {
            return Err(rejected_for_good(Reason::OutsideProgressLimits));
        }
        let call = self.connection.server_change(Method::POST, "/:/timeline");
        Ok(call
            .query("identifier", IDENTIFIER)
            .query("ratingKey", &key.to_string())
            .query("key", &format!("/library/metadata/{key}"))
            .query("state", "stopped")
            .query("time", &position_ms.to_string())
            .query("duration", &duration_ms.to_string()))
    }
}

/// What became of one copy.
enum Step {
    /// It is so already.
    Nothing,
    /// The server took it.
    Written,
    /// It cannot be.
    Refused(WriteOutcome),
}

/// The state that an operation wants. `None` where its value belongs to another feature.
const fn wanted(feature: Feature, write: &Write) -> Option<Wanted> {
    let adds = !matches!(write.action, Action::Remove);
    match (feature, adds, write.value) {
        (Feature::History, true, Some(Fact::Play(_))) => Some(Wanted::Watched),
        (Feature::History, false, _) => Some(Wanted::Unwatched),
        (Feature::Ratings, true, Some(Fact::Rated { value, .. })) => Some(Wanted::Rated(value)),
        (Feature::Ratings, false, _) => Some(Wanted::NotRated),
        (Feature::Progress, true, Some(Fact::Resume { position_s, .. })) => {
            Some(Wanted::At(position_s as u64 * MS_PER_SECOND))
        }
        (Feature::Progress, false, _) => Some(Wanted::Nowhere),
        _ => None,
    }
}

impl Wanted {
    const fn takes_away(self) -> bool {
        matches!(self, Self::Unwatched | Self::NotRated | Self::Nowhere)
    }

    fn is_met(self, item: &WireItem) -> bool {
        let stored = item.user_rating.number().and_then(row::rating);
        match self {
            Self::Watched => view_count(item) > 0,
            Self::Unwatched => view_count(item) == 0,
            Self::Rated(rating) => stored.is_some_and(|stored| Scale::TEN_HALVES.same(stored, rating)),
            Self::NotRated => stored.is_none(),
            Self::At(position_ms) => offset_ms(item).abs_diff(position_ms) <= SAME_POSITION_MS && offset_ms(item) > 0,
            Self::Nowhere => offset_ms(item) == 0,
        }
    }
}
