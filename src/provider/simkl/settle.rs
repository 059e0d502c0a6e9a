//! What an answer to a write means for each operation that was in it.
//!
//! SIMKL answers with counts and an echo of what it does not know; an episode that a show does not have is in neither. An
//! operation is done where the count of its kind is that of all that were sent; the rest is read back. What landed on an
//! anime is always read back, because the numbers may have meant another cour.

use std::collections::BTreeMap;

use crosswatch_model::{Fact, Feature, Reason, WatchedAt};
use crosswatch_port::{Write, WriteOutcome};
use serde_json::Value;
use smol_str::SmolStr;

use super::{body::Address, cells::held, copy::Copy, write::Sending};
use crate::outcome::{acknowledged, rejected};

/// The members of an answer to a write.
pub(super) type Answered = BTreeMap<SmolStr, Value>;

/// What is known of an operation after the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    /// This became of it.
    Known(WriteOutcome),
    /// The answer does not tell, or only that nothing was new.
    ReadBack {
        /// Whether anything of this kind was.
        has_news: bool,
    },
}

/// What the counts of an answer are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Counted {
    Movies,
    Shows,
    Episodes,
}

/// One result per operation, in order. All of them were in one request.
pub(super) fn settle(feature: Feature, removes: bool, reply: &Answered, batch: &[Sending<'_>]) -> Vec<Settled> {
    let is_unknown: Vec<bool> = batch.iter().map(|sending| is_not_found(reply, &sending.address)).collect();
    let landed_on_anime = names_anime(reply);
    let known = batch.iter().zip(&is_unknown).filter(|(_, unknown)| !**unknown);
    let sent = known.fold(BTreeMap::<Counted, u64>::new(), |mut sent, (sending, _)| {
        *sent.entry(counted_as(&sending.address)).or_default() += 1;
        sent
    });
    let place = if removes { "deleted" } else { "added" };
    let one = |sending: &Sending<'_>, is_unknown: bool| {
        let counted = counted_as(&sending.address);
        if is_unknown {
            // What SIMKL does not know is not in the library either.
            let outcome = if removes { WriteOutcome::AlreadyThere } else { rejected(Reason::NotFound) };
            return Settled::Known(outcome);
        }
        if feature == Feature::Watchlist && !removes {
            return listed(reply, &sending.address);
        }
        let is_explained = count(reply, place, counted) == sent.get(&counted).copied();
        let may_be_elsewhere = counted == Counted::Episodes && landed_on_anime;
        if is_explained && !may_be_elsewhere {
            return Settled::Known(acknowledged());
        }
        Settled::ReadBack { has_news: count(reply, place, counted) != Some(0) }
    };
    batch.iter().zip(&is_unknown).map(|(sending, is_unknown)| one(sending, *is_unknown)).collect()
}

/// What an operation came to, by what the library holds now.
pub(super) fn is_there(feature: Feature, removes: bool, has_news: bool, copy: &Copy, write: &Write) -> WriteOutcome {
    let now = held(copy, feature, &write.item);
    match now {
        None if removes && has_news => acknowledged(),
        None if removes => WriteOutcome::AlreadyThere,
        Some(now) if !removes && is_as_written(now, write) && has_news => acknowledged(),
        // A play that was there before keeps its own date; a rating would have been replaced.
        Some(now) if !removes && (is_as_written(now, write) || matches!(now, Fact::Play(_))) => {
            WriteOutcome::AlreadyThere
        }
        _ => rejected(Reason::NotVisible),
    }
}

/// Whether what is there is what was sent.
fn is_as_written(now: Fact, write: &Write) -> bool {
    let second = |watched_at: WatchedAt| watched_at.instant().map(jiff::Timestamp::as_second);
    match (now, write.value) {
        (Fact::Play(now), Some(Fact::Play(sent))) => second(now) == second(sent),
        (Fact::Rated { value: now, .. }, Some(Fact::Rated { value: sent, .. })) => {
            crosswatch_model::Scale::TEN.same(now, sent)
        }
        _ => true,
    }
}

const fn counted_as(address: &Address) -> Counted {
    match address {
        Address::Episode { .. } => Counted::Episodes,
        Address::Title { bucket, .. } => match bucket.as_bytes() {
            b"movies" => Counted::Movies,
            _ => Counted::Shows,
        },
    }
}

fn count(reply: &Answered, place: &str, counted: Counted) -> Option<u64> {
    let name = match counted {
        Counted::Movies => "movies",
        Counted::Shows => "shows",
        Counted::Episodes => "episodes",
    };
    reply.get(place)?.get(name)?.as_u64()
}

/// The echo of a list says where each title went.
fn listed(reply: &Answered, address: &Address) -> Settled {
    let echoes = reply.get("added").and_then(|added| added.get(address.bucket())).and_then(Value::as_array);
    let own = echoes.into_iter().flatten().find(|echo| address.ids().is_echoed_by(echo));
    match own.and_then(|echo| echo.get("to")).and_then(Value::as_str) {
        Some("plantowatch") => Settled::Known(acknowledged()),
        _ => Settled::ReadBack { has_news: true },
    }
}

fn is_not_found(reply: &Answered, address: &Address) -> bool {
    let unknown = reply.get("not_found").and_then(|unknown| unknown.get(address.bucket())).and_then(Value::as_array);
    unknown.into_iter().flatten().any(|echo| address.ids().is_echoed_by(echo))
}

fn names_anime(reply: &Answered) -> bool {
    let statuses = reply.get("added").and_then(|added| added.get("statuses")).and_then(Value::as_array);
    statuses.into_iter().flatten().any(|status| {
        status.get("response").and_then(|response| response.get("simkl_type")).and_then(Value::as_str) == Some("anime")
    })
}
