//! Writing plays, ratings and the watchlist.
//!
//! Trakt adds a second play when the same one is sent twice, so a request whose answer is lost leaves its operations in
//! doubt and nothing is sent again. One request never holds an item twice.

use std::collections::BTreeMap;

use crosswatch_model::{Action, Fact, Feature, NativeRef, Reason, Scale, WatchedAt};
use crosswatch_port::{CellNow, CellQuery, Fault, Write, WriteOutcome, WriteReport};
use jiff::civil;
use serde_json::{Value, json};

use super::{
    Trakt,
    body::address,
    read::iso,
    settle::{settle, settle_events},
    wire::WriteReply,
};
use crate::{
    http::Answer,
    nested::{Address, Members, body},
    outcome::{Tally, outcome_of, rejected, rejected_for_good},
};

/// Operations per request: larger bodies are known to time out after they were applied.
pub(super) const BATCH_LIMIT: usize = 100;

/// An operation, its place in the call, and how its item is named.
type Addressed<'a> = (usize, &'a Write, Address);

/// Operations that go out together.
struct Request<'a> {
    path: &'static str,
    action: Action,
    entries: Vec<Addressed<'a>>,
}

impl Trakt {
    /// Sends the operations in as few requests as possible and stops at the first one that fails.
    pub(super) async fn write_all(&self, feature: Feature, writes: &[Write]) -> WriteReport {
        let mut tally = Tally::of(writes.len());
        let mut events = Vec::new();
        let mut addressed = Vec::new();
        for (at, write) in writes.iter().enumerate() {
            match (feature, write.action) {
                (Feature::Progress, _) => tally.set(at, rejected_for_good(Reason::KindUnsupported)),
                (Feature::History, Action::Remove) => events.push((at, write)),
                _ => match address(&write.item) {
                    Some(address) => addressed.push((at, write, address)),
                    None => tally.set(at, rejected_for_good(Reason::NoIds)),
                },
            }
        }
        for request in requests(feature, addressed) {
            self.send_request(&request, &mut tally).await;
            if tally.is_stopped() {
                return tally.finish();
            }
        }
        if !events.is_empty() {
            self.remove_plays(&events, &mut tally).await;
        }
        tally.finish()
    }

    async fn send_request(&self, request: &Request<'_>, tally: &mut Tally) {
        let zone = self.api.zone();
        let entries: Vec<_> =
            request.entries.iter().map(|(_, write, address)| (address, members(write, &zone))).collect();
        let places: Vec<usize> = request.entries.iter().map(|(at, ..)| *at).collect();
        let Some(reply) = self.post_write(request.path, &body(&entries), request.action, &places, tally).await else {
            return;
        };
        let addresses: Vec<&Address> = request.entries.iter().map(|(_, _, address)| address).collect();
        for (at, outcome) in places.iter().zip(settle(&reply, request.action, &addresses)) {
            tally.set(*at, outcome);
        }
    }

    /// Plays are removed by their event ids, because naming the item would remove all of its plays. A play whose event id is
    /// not known is looked for first.
    async fn remove_plays(&self, removals: &[(usize, &Write)], tally: &mut Tally) {
        let unknown: Vec<&(usize, &Write)> = removals.iter().filter(|(_, write)| write.native.is_none()).collect();
        let queries: Vec<CellQuery> = unknown
            .iter()
            .map(|(_, write)| CellQuery { item: write.item.clone(), uid: write.uid, value: write.value, native: None })
            .collect();
        let cells = match self.cells_now(Feature::History, &queries).await {
            Ok(cells) => cells,
            Err(fault) => return tally.stop(fault),
        };
        let mut events: Vec<(usize, u64)> =
            removals.iter().filter_map(|(at, write)| Some((*at, u64::try_from(write.native?.0).ok()?))).collect();
        for ((at, write), cell) in unknown.into_iter().zip(cells) {
            match event_of(write, cell) {
                Ok(event) => events.push((*at, event)),
                Err(outcome) => tally.set(*at, outcome),
            }
        }
        if events.is_empty() {
            return;
        }
        let (places, ids): (Vec<usize>, Vec<u64>) = events.into_iter().unzip();
        let body = json!({ "ids": ids });
        let Some(reply) = self.post_write("/sync/history/remove", &body, Action::Remove, &places, tally).await else {
            return;
        };
        for (at, outcome) in places.iter().zip(settle_events(&reply, &ids)) {
            tally.set(*at, outcome);
        }
    }

    /// Sends one body. Anything but an answer in counts is noted for all of its operations, and gives `None`.
    async fn post_write(
        &self,
        path: &str,
        body: &Value,
        action: Action,
        places: &[usize],
        tally: &mut Tally,
    ) -> Option<WriteReply> {
        let reply = match self.api.post(path, body).await {
            Ok(answer) => read_reply(answer, action, places.len()),
            Err(fault) => Err((outcome_of(&fault), Some(fault))),
        };
        match reply {
            Ok(reply) => Some(reply),
            Err((outcome, fault)) => {
                for at in places {
                    tally.set(*at, outcome);
                }
                if let Some(fault) = fault {
                    tally.stop(fault);
                }
                None
            }
        }
    }
}

/// The counts, or what every operation of the request comes to.
///
/// A conflict says that a play is there already; in a larger request it does not say which. The limits of an account refuse a
/// request as a whole.
fn read_reply(answer: Answer, action: Action, operations: usize) -> Result<WriteReply, (WriteOutcome, Option<Fault>)> {
    match answer.status.as_u16() {
        409 if operations == 1 => return Err((WriteOutcome::AlreadyThere, None)),
        409 => return Err((WriteOutcome::InDoubt, None)),
        420 | 426 if action != Action::Remove => return Err((rejected(Reason::AccountFull), Some(answer.fault()))),
        _ => {}
    }
    let reply = answer.success().and_then(|answer| answer.json());
    reply.map_err(|fault| (outcome_of(&fault), Some(fault)))
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
            (Feature::Watchlist, false) => "/sync/watchlist",
            (Feature::Watchlist, true) => "/sync/watchlist/remove",
            _ => "/sync/history",
        };
        while !entries.is_empty() {
            let rest = entries.split_off(entries.len().min(BATCH_LIMIT));
            requests.push(Request { path, action, entries: std::mem::replace(&mut entries, rest) });
        }
    }
    requests
}

/// What is written besides the name. A play known to the day is put at noon of that day in the user's zone; one without a
/// date is sent with the word for it, because a left-out date would become the moment of the write.
fn members(write: &Write, zone: &jiff::tz::TimeZone) -> Members {
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
            members.insert("watched_at".to_owned(), instant.map_or_else(|| json!("unknown"), |at| json!(iso(at))));
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

/// The event a removal means, from what was found around its time.
fn event_of(write: &Write, cell: CellNow) -> Result<u64, WriteOutcome> {
    let facts = match cell {
        CellNow::Absent | CellNow::NotInLibrary => return Err(WriteOutcome::AlreadyThere),
        CellNow::Unknown => return Err(rejected(Reason::MatchTooWeak)),
        CellNow::Present(facts) => facts,
    };
    let wanted = match write.value {
        Some(Fact::Play(watched_at)) => watched_at.to_minute(),
        _ => return Err(rejected(Reason::MatchTooWeak)),
    };
    let is_meant = |fact: &Fact| matches!(fact, Fact::Play(watched_at) if watched_at.to_minute() == wanted);
    let native = facts.iter().find(|(fact, _)| is_meant(fact)).and_then(|(_, native)| *native);
    let event = native.and_then(|NativeRef(id)| u64::try_from(id).ok());
    event.ok_or(rejected(Reason::MatchTooWeak))
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{Namespace, OpId, Rating, Uid};

    use super::*;
    use crate::trakt::body::tests::movie;

    fn write(tmdb: u32, value: Fact) -> Write {
        Write {
            op: OpId(1),
            action: Action::Add,
            uid: Uid(1),
            item: movie(&[(Namespace::Tmdb, &tmdb.to_string())]),
            value: Some(value),
            native: None,
        }
    }

    fn play(at: &str) -> Fact {
        Fact::Play(WatchedAt::Exact(at.parse().unwrap()))
    }

    fn sizes(writes: &[Write]) -> Vec<usize> {
        let addressed =
            writes.iter().enumerate().map(|(at, write)| (at, write, address(&write.item).unwrap())).collect();
        requests(Feature::History, addressed).iter().map(|request| request.entries.len()).collect()
    }

    #[test]
    fn no_request_is_too_large_or_holds_an_item_twice() {
        let many: Vec<Write> = (1..=205).map(|tmdb| write(tmdb, play("2020-01-01T00:00:00Z"))).collect();
        assert_eq!(sizes(&many), [100, 100, 5]);
        let rewatched: Vec<Write> = [1, 1, 2, 1].map(|tmdb| write(tmdb, play("2020-01-01T00:00:00Z"))).into();
        assert_eq!(sizes(&rewatched), [2, 1, 1]);
    }

    #[test]
    fn values_are_written_as_trakt_keeps_them() {
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(2));
        let check = |value: Fact, expected: Value| {
            assert_eq!(Value::Object(members(&write(1, value), &zone)), expected);
        };
        check(play("2020-01-02T03:04:05.678Z"), json!({ "watched_at": "2020-01-02T03:04:05.678Z" }));
        check(Fact::Play(WatchedAt::Unknown), json!({ "watched_at": "unknown" }));
        check(
            Fact::Play(WatchedAt::Day("2020-01-02".parse().unwrap())),
            json!({ "watched_at": "2020-01-02T10:00:00.000Z" }),
        );
        let rated_at = Some("2020-01-02T03:04:05Z".parse().unwrap());
        check(
            Fact::Rated { value: Rating::new(85).unwrap(), rated_at },
            json!({ "rating": 9, "rated_at": "2020-01-02T03:04:05.000Z" }),
        );
        check(Fact::Rated { value: Rating::new(3).unwrap(), rated_at: None }, json!({ "rating": 1 }));
        check(Fact::Listed(rated_at), json!({}));
    }
}
