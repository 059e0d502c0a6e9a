//! Writing plays, ratings and the watchlist.
//!
//! A play that is near another one of its item is not made, and MDBList does not say so; therefore the answer is asked to
//! list what was made, and what is missing from that list is looked up. Where an answer only counts, everything is looked up
//! before it is called done. Nothing is sent twice, and one request never holds an item twice.

use std::collections::BTreeMap;

use crosswatch_model::{Action, Fact, Feature, Item, NativeRef, Reason, Scale, WatchedAt};
use crosswatch_port::{Fault, Write, WriteOutcome, WriteReport};
use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::json;

use super::{
    Mdblist,
    body::address,
    cells::{Found, is_near},
    settle::{lists_made, misses_counted, proven},
    wire::{PlayIds, PlaysReply, WireReply},
};
use crate::{
    http::Answer,
    nested::{Address, Members, body, flat_body},
    outcome::{Tally, acknowledged, outcome_of, rejected, rejected_for_good},
};

/// Operations per request: MDBList lists made plays for so many items and no more.
pub(super) const BATCH_LIMIT: usize = 100;

/// An operation, its place in the call, and how its item is named.
type Addressed<'a> = (usize, &'a Write, Address);

/// A fact of the account with its row.
type HeldFact = (Fact, Option<NativeRef>);

/// Operations that go out together.
struct Request<'a> {
    path: &'static str,
    action: Action,
    entries: Vec<Addressed<'a>>,
}

impl Mdblist {
    /// Sends the operations in as few requests as possible and stops at the first one that fails.
    pub(super) async fn write_all(&self, feature: Feature, writes: &[Write]) -> WriteReport {
        let mut tally = Tally::of(writes.len());
        if feature == Feature::Progress {
            self.write_resume_points(writes, &mut tally).await;
            return tally.finish();
        }
        let (mut plays, mut addressed) = (Vec::new(), Vec::new());
        for (at, write) in writes.iter().enumerate() {
            match (feature, write.action) {
                (Feature::History, Action::Remove) => plays.push((at, write)),
                _ => match address(feature, &write.item) {
                    Some(address) => addressed.push((at, write, address)),
                    None => tally.set(at, rejected_for_good(Reason::NoIds)),
                },
            }
        }
        for request in requests(feature, addressed) {
            self.send_request(feature, &request, &mut tally).await;
            if tally.is_stopped() {
                return tally.finish();
            }
        }
        if !plays.is_empty() {
            self.remove_plays(&plays, &mut tally).await;
        }
        tally.finish()
    }

    async fn send_request(&self, feature: Feature, request: &Request<'_>, tally: &mut Tally) {
        // What such an account answers has to be looked up; knowing the time before makes that a short read.
        let since = if feature == Feature::History && self.only_counts.get() {
            match self.server_time().await {
                Ok(time) => Some(time),
                Err(fault) => return tally.stop(fault),
            }
        } else {
            None
        };
        let zone = self.api.http().ports().clock.zone();
        let body = if feature == Feature::Watchlist {
            flat_body(&request.entries.iter().map(|(_, _, address)| address).collect::<Vec<_>>())
        } else {
            let entries: Vec<_> =
                request.entries.iter().map(|(_, write, address)| (address, members(write, &zone))).collect();
            body(&entries)
        };
        let call = self.api.to(request.path);
        let call = if feature == Feature::History { call.query("report_added", "true") } else { call };
        let reply = match self.api.post(call, &body).await {
            Ok(answer) => read_reply(answer, request.action),
            Err(fault) => Err((outcome_of(&fault), fault)),
        };
        let reply = match reply {
            Ok(reply) => reply,
            Err((outcome, fault)) => {
                for (at, ..) in &request.entries {
                    tally.set(*at, outcome);
                }
                return tally.stop(fault);
            }
        };
        if feature == Feature::History {
            self.only_counts.set(!lists_made(&reply));
        }
        let mut unproven = Vec::new();
        for entry in &request.entries {
            let (at, write, address) = entry;
            match proven(&reply, feature, write, address) {
                Some(outcome) => tally.set(*at, outcome),
                None => unproven.push((*at, *write)),
            }
        }
        if !unproven.is_empty() {
            self.look_up(feature, &reply, &unproven, since.as_deref(), tally).await;
        }
    }

    /// Looks up what the answer did not prove.
    async fn look_up(
        &self,
        feature: Feature,
        reply: &WireReply,
        unproven: &[(usize, &Write)],
        since: Option<&str>,
        tally: &mut Tally,
    ) {
        for (at, _) in unproven {
            tally.set(*at, WriteOutcome::InDoubt);
        }
        let mut open = unproven.to_vec();
        if let Some(since) = since {
            // What was touched since shows what landed; what is not in it may have collapsed into an older play.
            let call = self.list_call(feature).query("since", since);
            match self.find(feature, &call, &items(&open)).await {
                Ok(found) => {
                    let mut rest = Vec::new();
                    for ((at, write), facts) in open.iter().zip(&found.facts) {
                        match holds(write, facts) {
                            Some((_, native)) => tally.set(*at, WriteOutcome::Acknowledged { native }),
                            None => rest.push((*at, *write)),
                        }
                    }
                    open = rest;
                }
                Err(fault) => return tally.stop(fault),
            }
        }
        if open.is_empty() {
            return;
        }
        match self.find(feature, &self.list_call(feature), &items(&open)).await {
            Ok(found) => judge(reply, &open, &found, tally),
            Err(fault) => tally.stop(fault),
        }
    }

    /// Plays are removed by their ids, because naming the item would remove all of its plays. A play whose id is not known
    /// is looked for first.
    async fn remove_plays(&self, removals: &[(usize, &Write)], tally: &mut Tally) {
        let (known, unknown): (Vec<_>, Vec<_>) = removals.iter().partition(|(_, write)| write.native.is_some());
        let mut plays: Vec<(usize, u64)> =
            known.iter().filter_map(|(at, write)| Some((*at, number(write.native)?))).collect();
        if !unknown.is_empty() {
            let found = match self.find(Feature::History, &self.list_call(Feature::History), &items(&unknown)).await {
                Ok(found) => found,
                Err(fault) => return tally.stop(fault),
            };
            for ((at, write), facts) in unknown.iter().zip(&found.facts) {
                match play_meant(write, facts, found.is_whole) {
                    Ok(play) => plays.push((*at, play)),
                    Err(outcome) => tally.set(*at, outcome),
                }
            }
        }
        for batch in plays.chunks(BATCH_LIMIT) {
            self.remove_by_id(batch, tally).await;
            if tally.is_stopped() {
                return;
            }
        }
    }

    async fn remove_by_id(&self, plays: &[(usize, u64)], tally: &mut Tally) {
        let ids: Vec<u64> = plays.iter().map(|(_, id)| *id).collect();
        let answer = self.api.post(self.api.to("/sync/watched/plays/remove"), &json!({ "play_ids": ids })).await;
        let reply = match answer.and_then(Answer::success).and_then(|answer| answer.json::<PlaysReply>()) {
            Ok(reply) => reply,
            Err(fault) => {
                for (at, _) in plays {
                    tally.set(*at, outcome_of(&fault));
                }
                return tally.stop(fault);
            }
        };
        for (at, id) in plays {
            tally.set(*at, removal(&reply, *id, plays.len() as u64));
        }
    }
}

/// The answer, or what every operation of the request comes to. The limits of an account refuse a request as a whole.
fn read_reply(answer: Answer, action: Action) -> Result<WireReply, (WriteOutcome, Fault)> {
    if matches!(answer.status.as_u16(), 420 | 426) && action != Action::Remove {
        return Err((rejected(Reason::AccountFull), answer.fault()));
    }
    answer.success().and_then(|answer| answer.json()).map_err(|fault| (outcome_of(&fault), fault))
}

/// What was looked up, and what it means for each operation.
fn judge(reply: &WireReply, open: &[(usize, &Write)], found: &Found, tally: &mut Tally) {
    let made_is_listed = lists_made(reply);
    let is_absent = |facts: &Vec<HeldFact>| facts.is_empty();
    let absent = open.iter().zip(&found.facts).filter(|(_, facts)| is_absent(facts)).count() as u64;
    // Counted misses name nobody; where they are exactly what is absent, they need not.
    let misses_explain_all = found.is_whole && absent > 0 && misses_counted(reply) == absent;
    for ((at, write), facts) in open.iter().zip(&found.facts) {
        let removes = write.action == Action::Remove;
        let outcome = match (holds(write, facts), is_absent(facts)) {
            (_, true) if removes && found.is_whole => acknowledged(),
            (Some(_), _) if removes => WriteOutcome::InDoubt,
            (Some(_), _) if made_is_listed => WriteOutcome::AlreadyThere,
            (Some((_, native)), _) => WriteOutcome::Acknowledged { native },
            (None, true) if misses_explain_all => rejected(Reason::NotFound),
            // It has plays, and none at this time: the new one collapsed into one farther away.
            (None, false) if matches!(write.value, Some(Fact::Play(_))) => rejected(Reason::NotVisible),
            (None, _) => WriteOutcome::InDoubt,
        };
        tally.set(*at, outcome);
    }
}

/// Whether the facts hold the value of an operation, and in which row.
fn holds(write: &Write, facts: &[HeldFact]) -> Option<HeldFact> {
    let is_it = |fact: &Fact| match (write.value, fact) {
        (Some(Fact::Rated { value, .. }), Fact::Rated { value: held, .. }) if write.action != Action::Remove => {
            Scale::TEN.steps(value) == Scale::TEN.steps(*held)
        }
        (value, fact) => is_near(value, *fact),
    };
    facts.iter().find(|(fact, _)| is_it(fact)).copied()
}

fn items<'a>(writes: &[(usize, &'a Write)]) -> Vec<(&'a Item, Option<NativeRef>)> {
    writes.iter().map(|(_, write)| (&write.item, None)).collect()
}

fn number(native: Option<NativeRef>) -> Option<u64> {
    native.and_then(|NativeRef(id)| u64::try_from(id).ok())
}

/// The play that a removal means: the one at its very second, else the only one near it.
fn play_meant(write: &Write, facts: &[HeldFact], is_whole: bool) -> Result<u64, WriteOutcome> {
    let Some(Fact::Play(wanted)) = write.value else { return Err(rejected(Reason::MatchTooWeak)) };
    let near: Vec<_> = facts.iter().filter(|(fact, _)| is_near(write.value, *fact)).collect();
    if near.is_empty() {
        return Err(if is_whole { WriteOutcome::AlreadyThere } else { rejected(Reason::MatchTooWeak) });
    }
    let is_exact = |fact: &Fact| matches!(fact, Fact::Play(at) if at.instant() == wanted.instant());
    let exact = near.iter().find(|(fact, _)| is_exact(fact) && wanted.instant().is_some());
    let only = if let [only] = near.as_slice() { Some(only) } else { None };
    let meant = exact.or(only.filter(|_| wanted.instant().is_some()));
    meant.and_then(|(_, native)| number(*native)).ok_or(rejected(Reason::MatchTooWeak))
}

/// What the answer to a removal by ids says about one of them. Counts speak for all or for none.
fn removal(reply: &PlaysReply, id: u64, sent: u64) -> WriteOutcome {
    let (has, counts) = (
        |ids: &PlayIds| matches!(ids, PlayIds::Ids(ids) if ids.iter().any(|own| own.whole() == Some(id))),
        |ids: &PlayIds, count: u64| matches!(ids, PlayIds::Count(told) if *told == count),
    );
    if has(&reply.removed) || counts(&reply.removed, sent) {
        acknowledged()
    } else if has(&reply.not_found) || counts(&reply.not_found, sent) {
        WriteOutcome::AlreadyThere
    } else {
        WriteOutcome::InDoubt
    }
}

/// Puts operations into requests: one path each, at most [`BATCH_LIMIT`] entries, no address twice.
fn requests(feature: Feature, addressed: Vec<Addressed<'_>>) -> Vec<Request<'_>> {
    let mut rounds: BTreeMap<(bool, usize), Vec<Addressed<'_>>> = BTreeMap::new();
    let mut times_seen: BTreeMap<(bool, Address), usize> = BTreeMap::new();
    for (at, write, address) in addressed {
        let removes = write.action == Action::Remove;
        let times = times_seen.entry((removes, address.clone())).or_default();
        rounds.entry((removes, *times)).or_default().push((at, write, address));
        *times += 1;
    }
    let mut requests = Vec::new();
    for ((removes, _), mut entries) in rounds {
        let action = if removes { Action::Remove } else { Action::Add };
        let path = match (feature, removes) {
            (Feature::Ratings, false) => "/sync/ratings",
            (Feature::Ratings, true) => "/sync/ratings/remove",
            (Feature::Watchlist, false) => "/watchlist/items/add",
            (Feature::Watchlist, true) => "/watchlist/items/remove",
            _ => "/sync/watched",
        };
        while !entries.is_empty() {
            let rest = entries.split_off(entries.len().min(BATCH_LIMIT));
            requests.push(Request { path, action, entries: std::mem::replace(&mut entries, rest) });
        }
    }
    requests
}

/// An instant as MDBList writes it.
fn iso(at: Timestamp) -> String {
    format!("{at:.0}")
}

/// What is written besides the name. A play known to the day is put at noon of that day in the user's zone; one without a
/// date is sent without, which MDBList takes for a play of this moment.
fn members(write: &Write, zone: &TimeZone) -> Members {
    let mut members = Members::new();
    if write.action == Action::Remove {
        return members;
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
            if let Some(at) = instant {
                members.insert("watched_at".to_owned(), json!(iso(at)));
            }
        }
        Some(Fact::Rated { value, rated_at }) => {
            members.insert("rating".to_owned(), json!(Scale::TEN.steps(value)));
            if let Some(at) = rated_at {
                members.insert("rated_at".to_owned(), json!(iso(at)));
            }
        }
        _ => {}
    }
    members
}
