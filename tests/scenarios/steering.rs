//! The brakes of the service: what a person stops is stopped at once, stays so over a restart, and loses nothing.

use std::fs;

use crosswatch_emulator::{FaultKind, FaultRule, UserActivity};
use crosswatch_tests::service::{Service, Trakt, eventually, films, movie, places};
use serde_json::{Value, json};

use crate::{HISTORY, WATCHLIST, at_the_same_time, ledgers, to_trakt};

/// How long Trakt takes for a write, so that a freeze has something to hit.
const WRITE_TAKES_MS: u64 = 100;
/// Every viewing after the first is a request of its own.
const VIEWINGS: u32 = 8;

fn post(service: &Service, path: &str) -> Value {
    service.http().post(&format!("/api/v1/{path}"), &json!({})).expect(200)
}

fn status(service: &Service) -> Value {
    service.http().get("/api/v1/status").expect(200)
}

#[test]
fn what_is_frozen_stays_frozen_over_a_restart_and_is_only_looked_at() {
    let trakt = Trakt::new(films(3), UserActivity::default());
    let service = Service::start(&to_trakt(&trakt, WATCHLIST));
    service.ledger("a").list(&[movie(1), movie(2)]);
    assert_eq!(post(&service, "freeze")["frozen"], true);
    service.restart();
    let told = status(&service);
    assert_eq!(told["state"], "frozen", "{told}");
    assert!(told["sentence"].as_str().unwrap().contains("nothing is written to any account"), "{told}");
    let refused = service.http().post("/api/v1/pairs/p/run", &json!({"queue": true, "approve_held": true})).expect(423);
    assert_eq!(refused["type"], "frozen");
    assert_eq!(service.plan().len(), 2);
    service.run_with("p", json!({"dry_run": true})).expect("succeeded").planned("watchlist", 2, 0);
    // A person's own hand on the built-in tracker is no write of the service.
    service.ledger("a").list(&[movie(3)]);
    assert_eq!((trakt.writes(), trakt.listed().len()), (0, 0));
    assert_eq!(post(&service, "unfreeze")["frozen"], false);
    service.restart();
    service.run().expect("succeeded").planned("watchlist", 3, 0);
    service.is_at_rest();
    assert_eq!(trakt.listed(), ["Movie 1", "Movie 2", "Movie 3"]);
}

#[test]
fn a_freeze_in_the_middle_of_a_run_stops_it_between_two_requests_and_nothing_is_lost_or_doubled() {
    let trakt = Trakt::new(films(4), UserActivity::default());
    let slow = FaultRule::prefix("/sync/history", FaultKind::DelayMs(WRITE_TAKES_MS));
    trakt.service.faults().add(slow.method("POST").always());
    let service = Service::start(&to_trakt(&trakt, HISTORY));
    let mut expected = Vec::new();
    for viewing in 1..=VIEWINGS {
        let at = format!("2026-01-{viewing:02}T20:00:00Z");
        let seen: Vec<u32> = (1..=4).collect();
        service.ledger("a").watch(&seen.iter().map(|film| movie(*film)).collect::<Vec<_>>(), &at);
        expected.extend(seen.iter().map(|film| format!("Movie {film} at {at}")));
    }
    expected.sort();
    let run = service.begin("p");
    eventually("the first write", 60, || (trakt.posts("/sync/history") > 0).then_some(()));
    post(&service, "freeze");
    let sent = trakt.posts("/sync/history");
    let stopped = service.follow(&run);
    stopped.expect("cancelled");
    assert!(stopped.sentence().starts_with("Everything was frozen: "), "{stopped:?}");
    assert_eq!(trakt.posts("/sync/history"), sent, "nothing leaves after the answer to the freeze");
    assert!(trakt.plays().len() < expected.len(), "there was nothing left to stop");
    assert_eq!(status(&service)["outbox"]["queued"], 0);
    post(&service, "unfreeze");
    trakt.mend();
    service.run().expect("succeeded");
    assert_eq!(trakt.plays(), expected);
    service.is_at_rest();
}

#[test]
fn a_paused_pair_is_left_alone_over_a_restart_until_it_is_resumed() {
    let service = Service::start(&ledgers(WATCHLIST));
    service.ledger("a").list(&[movie(1)]);
    assert_eq!(post(&service, "pairs/p/pause")["paused"], true);
    service.restart();
    assert_eq!(service.http().get("/api/v1/pairs/p").expect(200)["paused"], true);
    for wishes in [json!({}), json!({"queue": true}), json!({"approve_held": true})] {
        assert_eq!(service.http().post("/api/v1/pairs/p/run", &wishes).expect(409)["type"], "pair-paused");
    }
    let plan = service.plan_to_decide();
    assert_eq!(service.try_apply(&plan, &json!({})).expect(409)["type"], "pair-paused");
    assert_eq!(service.ledger("b").listed(), Vec::<String>::new());
    post(&service, "pairs/p/resume");
    service.apply(&plan, &json!({})).expect("succeeded");
    assert_eq!(service.ledger("b").listed(), ["Movie 1"]);
    service.is_at_rest();
}

#[test]
fn the_schedule_skips_what_is_stopped_and_says_so() {
    let cases = [("freeze", "everything is frozen"), ("pairs/p/pause", "the pair p is paused")];
    at_the_same_time(cases, |(path, said)| {
        let service = Service::start(&ledgers(WATCHLIST));
        service.ledger("a").list(&[movie(1)]);
        post(&service, path);
        service.restart_with(&ledgers(WATCHLIST).replace("schedule = \"manual\"", "schedule = \"every 15m\""));
        let line = format!("the scheduled run is skipped: {said}");
        eventually(&line, 60, || fs::read_to_string(service.folder().log()).unwrap().contains(&line).then_some(()));
        assert_eq!(service.http().list("/api/v1/runs"), Vec::<Value>::new());
        assert_eq!(service.ledger("b").listed(), Vec::<String>::new());
    });
}

#[test]
fn a_restore_is_a_write_that_a_freeze_stops_and_a_pause_of_the_pair_does_not() {
    let trakt = Trakt::new(films(3), UserActivity::default());
    let service = Service::start(&to_trakt(&trakt, WATCHLIST));
    trakt.list(&places(2));
    let snapshot = service.snapshot("trakt");
    trakt.unlist(&places(2));
    let (plan, writes) = (service.restore(&snapshot, &json!({})), trakt.writes());
    post(&service, "freeze");
    let refused = service.try_apply(&plan, &json!({})).expect(423);
    assert_eq!((refused["type"].as_str(), trakt.writes()), (Some("frozen"), writes), "{refused}");
    assert_eq!(service.restore(&snapshot, &json!({})).0["state"], "ready", "looking is not writing");
    post(&service, "unfreeze");
    assert_eq!(service.state_of(&plan), "ready", "it can be applied later");
    // Whoever puts something back pauses the pair first, so that it does not take it away again.
    post(&service, "pairs/p/pause");
    service.apply(&plan, &json!({})).expect("succeeded").planned("watchlist", 2, 0);
    assert_eq!(trakt.listed(), ["Movie 1", "Movie 2"]);
}
