//! Writing plays, ratings and the watchlist.
//!
//! SIMKL ignores a play that it has, so plays go out as they are. Everything else is looked up first, because it would move or
//! destroy something: a title has one list, leaving the library takes its rating and episodes along, and a rating files its
//! title, a film as watched. What the counts of an answer do not explain is read back before it counts as done.

use crosswatch_model::{Action, Fact, Feature, Item, Kind, Reason, Scale, WatchedAt};
use crosswatch_port::{Fault, Write, WriteOutcome, WriteReport};
use jiff::civil;
use serde_json::{Value, json};

use super::{
    Simkl,
    body::{Address, Members, body},
    cells::play,
    copy::Copy,
    entry::{Entry, Status},
    find, progress,
    settle::{Answered, Settled, is_there, settle},
};
use crate::{
    http::Answer,
    outcome::{Tally, outcome_of, rejected, rejected_for_good},
};

/// Operations per request: one write of an account is worked on at a time, and not for longer than 20 s.
pub(super) const BATCH_LIMIT: usize = 200;
/// What SIMKL takes for "watched, nobody knows when".
const UNKNOWN_DATE: &str = "1970-01-01T00:00:01Z";

/// An operation that is to be sent: its place in the call, and how its item is named.
pub(super) struct Sending<'a> {
    pub(super) at: usize,
    pub(super) write: &'a Write,
    pub(super) address: Address,
}

impl Simkl {
    /// Sends the operations and stops at the first request that fails.
    pub(super) async fn write_all(&self, feature: Feature, writes: &[Write]) -> WriteReport {
        let mut tally = Tally::of(writes.len());
        if writes.is_empty() {
            return tally.finish();
        }
        if let Err(fault) = self.api.require_write_scope().await {
            tally.stop(fault);
            return tally.finish();
        }
        if feature == Feature::Progress {
            self.write_progress(writes, &mut tally).await;
            return tally.finish();
        }
        for removes in [false, true] {
            let of_kind = writes.iter().enumerate().filter(|(_, write)| (write.action == Action::Remove) == removes);
            let of_kind: Vec<(usize, &Write)> = of_kind.collect();
            if !of_kind.is_empty() && !tally.is_stopped() {
                self.send_all(feature, removes, &of_kind, &mut tally).await;
            }
        }
        tally.finish()
    }

    async fn write_progress(&self, writes: &[Write], tally: &mut Tally) {
        let mut removals = Vec::new();
        for (at, write) in writes.iter().enumerate() {
            if write.action == Action::Remove {
                removals.push((at, write));
            } else {
                tally.set(at, progress::not_written());
            }
        }
        if !removals.is_empty() {
            self.forget_paused(&removals, tally).await;
        }
    }

    async fn send_all(&self, feature: Feature, removes: bool, writes: &[(usize, &Write)], tally: &mut Tally) {
        let looks_first = removes || feature != Feature::History;
        let looked = if looks_first { self.refresh().await } else { self.recall().await };
        if let Err(fault) = looked {
            return tally.stop(fault);
        }
        let mut sendings = Vec::new();
        {
            let copy = self.copy.lock().await;
            for (at, write) in writes {
                match judge(&copy, feature, removes, write) {
                    Ok(address) => sendings.push(Sending { at: *at, write, address }),
                    Err(outcome) => tally.set(*at, outcome),
                }
            }
        }
        for batch in sendings.chunks(BATCH_LIMIT) {
            self.send_batch(feature, removes, batch, tally).await;
            if tally.is_stopped() {
                return;
            }
        }
    }

    async fn send_batch(&self, feature: Feature, removes: bool, batch: &[Sending<'_>], tally: &mut Tally) {
        let zone = self.api.ports().clock.zone();
        let entries: Vec<(Address, Members)> = batch
            .iter()
            .map(|sending| (sending.address.clone(), members(feature, removes, sending.write, &zone)))
            .collect();
        let path = match (feature, removes) {
            (Feature::Ratings, false) => "/sync/ratings",
            (Feature::Ratings, true) => "/sync/ratings/remove",
            (Feature::Watchlist, false) => "/sync/add-to-list",
            (_, true) => "/sync/history/remove",
            _ => "/sync/history",
        };
        let reply = match self.api.post(path, &body(&entries)).await {
            Ok(answer) => self.read_reply(answer),
            Err(fault) => Err(fault),
        };
        let reply = match reply {
            Ok(reply) => reply,
            Err(fault) => {
                for sending in batch {
                    tally.set(sending.at, outcome_of(&fault));
                }
                return tally.stop(fault);
            }
        };
        let settled = settle(feature, removes, &reply, batch);
        if settled.iter().any(|settled| matches!(settled, Settled::ReadBack { .. }))
            && let Err(fault) = self.refresh().await
        {
            note(feature, removes, batch, &settled, None, tally);
            return tally.stop(fault);
        }
        let copy = self.copy.lock().await;
        note(feature, removes, batch, &settled, Some(&copy), tally);
    }

    fn read_reply(&self, answer: Answer) -> Result<Answered, Fault> {
        self.api.success(answer)?.json()
    }
}

/// Notes what became of each operation; without a copy what has to be read back stays in doubt.
fn note(
    feature: Feature,
    removes: bool,
    batch: &[Sending<'_>],
    settled: &[Settled],
    copy: Option<&Copy>,
    tally: &mut Tally,
) {
    for (sending, settled) in batch.iter().zip(settled) {
        let outcome = match (settled, copy) {
            (Settled::Known(outcome), _) => *outcome,
            (Settled::ReadBack { .. }, None) => WriteOutcome::InDoubt,
            (Settled::ReadBack { has_news }, Some(copy)) => is_there(feature, removes, *has_news, copy, sending.write),
        };
        tally.set(sending.at, outcome);
    }
}

/// How an operation is sent, or what it comes to without being sent.
fn judge(copy: &Copy, feature: Feature, removes: bool, write: &Write) -> Result<Address, WriteOutcome> {
    let item = &write.item;
    match (feature, removes) {
        (Feature::History, false) => Address::played(copy, item).map_err(refused),
        (Feature::History, true) => judge_unwatching(copy, item),
        (Feature::Watchlist, false) => match find::title(copy, item).map(|entry| entry.status) {
            Some(Status::Planned) => Err(WriteOutcome::AlreadyThere),
            Some(_) => Err(rejected(Reason::StatusTaken)),
            None => Address::listed(item).map_err(refused),
        },
        (Feature::Watchlist, true) => {
            let planned = find::title(copy, item).filter(|entry| entry.status == Status::Planned);
            match planned {
                None => Err(WriteOutcome::AlreadyThere),
                Some(entry) if entry.rating.is_none() && entry.episodes.is_empty() => Ok(Address::known(entry)),
                Some(_) => Err(rejected(Reason::StatusTaken)),
            }
        }
        (Feature::Ratings, false) => judge_rating(copy, write),
        (Feature::Ratings, true) => match find::title(copy, item) {
            Some(entry) if entry.rating.is_some() => Ok(Address::known(entry)),
            _ => Err(WriteOutcome::AlreadyThere),
        },
        (Feature::Progress, _) => Err(progress::not_written()),
    }
}

/// A film leaves the library as a whole, and its rating with it; an episode is unmarked.
fn judge_unwatching(copy: &Copy, item: &Item) -> Result<Address, WriteOutcome> {
    if play(copy, item).is_none() {
        return Err(WriteOutcome::AlreadyThere);
    }
    if item.kind == Kind::Episode {
        return Address::watched(copy, item).ok_or(WriteOutcome::AlreadyThere);
    }
    match find::title(copy, item) {
        Some(entry) if entry.rating.is_some() => Err(rejected(Reason::StatusTaken)),
        Some(entry) => Ok(Address::known(entry)),
        None => Err(WriteOutcome::AlreadyThere),
    }
}

/// A rating must not file a title: not one that is on no list, and no film that is not watched.
fn judge_rating(copy: &Copy, write: &Write) -> Result<Address, WriteOutcome> {
    if !matches!(write.item.kind, Kind::Movie | Kind::Show) {
        return Err(rejected_for_good(Reason::KindUnsupported));
    }
    let Some(Fact::Rated { value, .. }) = write.value else { return Err(rejected_for_good(Reason::RejectedByTarget)) };
    let entry: &Entry = find::title(copy, &write.item).ok_or(rejected(Reason::NotInLibrary))?;
    if entry.is_film && entry.status != Status::Completed {
        return Err(rejected(Reason::StatusTaken));
    }
    if entry.rating.is_some_and(|given| given.steps == Scale::TEN.steps(value)) {
        return Err(WriteOutcome::AlreadyThere);
    }
    Ok(Address::known(entry))
}

fn refused(reason: Reason) -> WriteOutcome {
    match reason {
        Reason::MatchTooWeak => rejected(reason),
        _ => rejected_for_good(reason),
    }
}

/// What is written besides the name. A play known to the day is put at noon of that day in the user's zone; one without a
/// date gets the date that stands for none, because a left-out date would become the moment of the write.
fn members(feature: Feature, removes: bool, write: &Write, zone: &jiff::tz::TimeZone) -> Members {
    let mut members = Members::new();
    if removes {
        return members;
    }
    if feature == Feature::Watchlist {
        members.insert("to".to_owned(), json!("plantowatch"));
    }
    match write.value {
        Some(Fact::Play(watched_at)) => {
            let instant = match watched_at {
                WatchedAt::Exact(at) | WatchedAt::Minute(at) => Some(at),
                WatchedAt::Day(day) => {
                    let noon = day.to_datetime(civil::time(12, 0, 0, 0)).to_zoned(zone.clone());
                    noon.ok().map(|zoned| zoned.timestamp())
                }
                WatchedAt::Unknown => None,
            };
            members.insert("watched_at".to_owned(), instant.map_or_else(|| json!(UNKNOWN_DATE), iso));
        }
        Some(Fact::Rated { value, rated_at }) => {
            members.insert("rating".to_owned(), json!(Scale::TEN.steps(value)));
            if let Some(at) = rated_at {
                members.insert("rated_at".to_owned(), iso(at));
            }
        }
        _ => {}
    }
    members
}

/// An instant as SIMKL writes it, to the second.
fn iso(at: jiff::Timestamp) -> Value {
    json!(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{IdSet, OpId, Rating, Uid};

    use super::*;

    #[test]
    fn values_are_written_as_simkl_keeps_them() {
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(2));
        let check = |feature: Feature, value: Fact, expected: Value| {
            let write = Write {
                op: OpId(1),
                action: Action::Add,
                uid: Uid(1),
                item: Item::titled(Kind::Movie, "A", None, IdSet::EMPTY),
                value: Some(value),
                native: None,
            };
            assert_eq!(Value::Object(members(feature, false, &write, &zone)), expected);
        };
        let at = "2020-01-02T03:04:05.678Z".parse().unwrap();
        let play = |watched_at| Fact::Play(watched_at);
        check(Feature::History, play(WatchedAt::Exact(at)), json!({ "watched_at": "2020-01-02T03:04:05Z" }));
        check(Feature::History, play(WatchedAt::Unknown), json!({ "watched_at": UNKNOWN_DATE }));
        let day = WatchedAt::Day("2020-01-02".parse().unwrap());
        check(Feature::History, play(day), json!({ "watched_at": "2020-01-02T10:00:00Z" }));
        check(
            Feature::Ratings,
            Fact::Rated { value: Rating::new(85).unwrap(), rated_at: Some(at) },
            json!({ "rating": 9, "rated_at": "2020-01-02T03:04:05Z" }),
        );
        check(Feature::Ratings, Fact::Rated { value: Rating::new(3).unwrap(), rated_at: None }, json!({ "rating": 1 }));
        check(Feature::Watchlist, Fact::Listed(Some(at)), json!({ "to": "plantowatch" }));
    }
}
