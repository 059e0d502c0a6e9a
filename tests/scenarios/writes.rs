//! Writes: what is sent, what is lost on the way, and what a run makes of it.

use crosswatch_emulator::{FaultKind, FaultRule, UserActivity};
use crosswatch_tests::service::{Service, Trakt, eventually, films, ledger, movie, one_way, told};
use serde_json::{Value, json};

use crate::{AT_ONCE, HISTORY, WATCHLIST, WATCHLIST_REMOVING, at_the_same_time, ledgers, to_trakt};

const SEEN: &str = "2026-01-01T20:00:00Z";

/// A Trakt that knows `Movie 1` to `Movie N` and has nothing of them.
fn empty_trakt(count: u32) -> Trakt {
    Trakt::new(films(count), UserActivity::default())
}

/// `Movie 1` to `Movie N`.
fn movies(count: u32) -> Vec<Value> {
    (1..=count).map(movie).collect()
}

/// A play of `Movie 1` to `Movie N`, as Trakt tells them.
fn each_seen_once(count: u32) -> Vec<String> {
    let mut plays: Vec<String> = (1..=count).map(|tmdb| format!("Movie {tmdb} at {SEEN}")).collect();
    plays.sort();
    plays
}

/// Strikes the n-th request that sends plays, once.
fn strike_plays(trakt: &Trakt, after: u32, fault: FaultKind) {
    trakt.service.faults().add(FaultRule::prefix("/sync/history", fault).method("POST").after(after));
}

/// An answer that says that one film was added, and no film that is.
fn empty_promise() -> FaultKind {
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let body = json!({"added": {"movies": 1}, "not_found": {"movies": []}});
    FaultKind::Status { code: 201, headers, body: body.to_string() }
}

#[test]
fn s58_the_one_that_is_not_found_waits_and_the_nine_are_done() {
    let trakt = empty_trakt(9);
    let service = Service::start(&to_trakt(&trakt, &format!("{WATCHLIST}{AT_ONCE}")));
    service.ledger("a").list(&movies(10));
    let run = service.run();
    run.expect("partial").planned("watchlist", 10, 0);
    assert_eq!((run.outcome("watchlist", "verified"), run.outcome("watchlist", "rejected")), (9, 1));
    let lines = service.lines(&run);
    let refused: Vec<&Value> = lines.iter().filter(|line| line["outcome"] == "rejected").collect();
    assert_eq!(told(refused.iter().copied()), ["add Movie 10: not_found"]);
    assert_eq!((trakt.listed().len(), trakt.posts("/sync/watchlist")), (9, 1));
    let again = service.run();
    again.expect("succeeded").planned("watchlist", 0, 0);
    assert_eq!(service.told(&again), ["skip Movie 10: unresolved"]);
    assert_eq!(trakt.posts("/sync/watchlist"), 1);
}

#[test]
fn s60_a_lost_answer_is_read_back_before_anything_is_sent_again() {
    // What is applied is sent once, what is not is sent again; nothing is there twice in either case.
    at_the_same_time([(FaultKind::DropAfter, 1), (FaultKind::DropBefore, 2)], |(fault, requests)| {
        let trakt = empty_trakt(20);
        strike_plays(&trakt, 0, fault.clone());
        let service = Service::start(&to_trakt(&trakt, &format!("{HISTORY}{AT_ONCE}")));
        service.ledger("a").watch(&movies(20), SEEN);
        let run = service.run();
        run.expect("succeeded").planned("history", 20, 0);
        assert_eq!(run.outcome("history", "verified"), 20, "{fault:?}");
        assert_eq!((trakt.plays(), trakt.posts("/sync/history")), (each_seen_once(20), requests), "{fault:?}");
        service.is_at_rest();
    });
}

#[test]
fn s60_an_answer_that_stays_lost_is_in_doubt_until_the_account_can_tell() {
    let trakt = empty_trakt(20);
    let service = Service::start(&to_trakt(&trakt, &format!("{HISTORY}{AT_ONCE}")));
    service.ledger("a").watch(&movies(20), SEEN);
    trakt.service.faults().add(FaultRule::prefix("/sync/history", FaultKind::DropAfter).method("POST"));
    trakt.service.faults().add(FaultRule::containing("start_at", FaultKind::MissingTotals).always());
    let run = service.run();
    assert_eq!(run.expect("partial").outcome("history", "in_doubt"), 20, "{run:?}");
    // The service goes down and comes back with the doubt; the plays must not be sent on suspicion.
    service.kill();
    service.start_again();
    let doubtful = service.run();
    assert_eq!((doubtful.outcome("history", "verified"), trakt.posts("/sync/history")), (0, 1), "{doubtful:?}");
    trakt.mend();
    service.run();
    service.is_at_rest();
    assert_eq!((trakt.plays(), trakt.posts("/sync/history")), (each_seen_once(20), 1));
}

#[test]
fn s61_a_crash_after_two_of_five_portions_sends_the_other_three() {
    let trakt = empty_trakt(500);
    let service = Service::start(&to_trakt(&trakt, &format!("{HISTORY}{AT_ONCE}")));
    service.ledger("a").watch(&movies(500), SEEN);
    // The answer to the second portion is held back: it is applied and nobody knows.
    strike_plays(&trakt, 1, FaultKind::DelayMs(30_000));
    let run = service.begin("p");
    eventually("two portions are sent", 30, || (trakt.posts("/sync/history") == 2).then_some(()));
    service.kill();
    service.start_again();
    assert_eq!(service.follow(&run).state(), "interrupted");
    let rest = service.run();
    rest.expect("succeeded").planned("history", 300, 0);
    assert_eq!((trakt.posts("/sync/history"), trakt.plays()), (5, each_seen_once(500)));
    service.is_at_rest();
    assert_eq!(service.run().count("history", "unchanged"), 500);
}

#[test]
fn s63_an_item_that_is_refused_is_left_alone_and_the_others_go_on() {
    let trakt = empty_trakt(9);
    let service = Service::start(&to_trakt(&trakt, &format!("{HISTORY}{AT_ONCE}")));
    service.ledger("a").watch(&[movie(1), movie(10)], SEEN);
    let refused = service.run();
    assert_eq!(refused.expect("partial").outcome("history", "rejected"), 1);
    let posts = trakt.posts("/sync/history");
    service.restart();
    for tmdb in 2..=4 {
        service.ledger("a").watch(&[movie(tmdb)], SEEN);
        let run = service.run();
        run.expect("succeeded").planned("history", 1, 0);
        assert!(service.told(&run).contains(&"skip Movie 10: unresolved".to_owned()), "{run:?}");
    }
    assert_eq!((trakt.plays(), trakt.posts("/sync/history")), (each_seen_once(4), posts + 3));
}

#[test]
fn s64_what_is_accepted_and_never_shows_up_is_not_added_in_every_run() {
    let trakt = empty_trakt(2);
    let service = Service::start(&to_trakt(&trakt, &format!("{WATCHLIST}{AT_ONCE}")));
    service.ledger("a").list(&[movie(1)]);
    trakt.service.faults().add(FaultRule::prefix("/sync/watchlist", empty_promise()).method("POST"));
    let run = service.run();
    run.expect("partial").planned("watchlist", 1, 0);
    assert_eq!(service.told(&run), ["add Movie 1: not_visible"]);
    for _ in 0..2 {
        let again = service.run();
        again.expect("succeeded").planned("watchlist", 0, 0);
        assert_eq!(service.told(&again), ["skip Movie 1: unresolved"]);
    }
    assert_eq!((trakt.posts("/sync/watchlist"), trakt.listed().len()), (1, 0));
}

#[test]
fn s64_a_new_pair_stops_after_the_first_write_that_does_not_show_up() {
    let trakt = empty_trakt(50);
    let service = Service::start(&to_trakt(&trakt, WATCHLIST));
    service.ledger("a").list(&movies(50));
    trakt.service.faults().add(FaultRule::prefix("/sync/watchlist", empty_promise()).method("POST"));
    let run = service.run();
    let told = "accepted but Movie 1 (2001) does not show up at trakt; nothing more was sent";
    assert!(run.expect("partial").sentence().contains(told), "{}", run.sentence());
    assert_eq!((trakt.posts("/sync/watchlist"), trakt.listed().len()), (1, 0));
    service.run();
    assert_eq!(trakt.listed().len(), 49, "the others are not to blame");
}

#[test]
fn s66_a_dry_run_leaves_no_trace_and_the_next_run_does_exactly_what_it_said() {
    let trakt = empty_trakt(12);
    let service = Service::start(&to_trakt(&trakt, WATCHLIST_REMOVING));
    service.ledger("a").list(&movies(10));
    service.run().expect("succeeded").planned("watchlist", 10, 0);
    service.ledger("a").unlist(&[movie(1), movie(2)]);
    service.ledger("a").list(&[movie(11), movie(12)]);
    let writes = trakt.writes();
    let mut previews = Vec::new();
    for _ in 0..3 {
        let preview = service.run_with("p", json!({"dry_run": true}));
        preview.expect("succeeded").planned("watchlist", 2, 2);
        previews.push(service.told(&preview));
        previews.push(told(service.plan().iter().filter(|line| line["action"] != "skip")));
    }
    assert_eq!((trakt.writes(), trakt.listed().len(), service.held().len()), (writes, 10, 0));
    let run = service.run();
    run.expect("succeeded").planned("watchlist", 2, 2);
    for preview in previews {
        assert_eq!(preview, service.told(&run));
    }
    assert_eq!((trakt.listed().len(), trakt.listed().contains(&"Movie 1".to_owned())), (10, false));
    service.is_at_rest();
}

#[test]
fn s66_dry_runs_do_not_count_as_reads_that_prove_a_removal() {
    let service = Service::start(&ledgers("[pair.watchlist]\nremove = \"observed\"\n"));
    service.ledger("a").list(&[movie(1), movie(2)]);
    service.run().expect("succeeded");
    service.ledger("a").unlist(&[movie(1)]);
    for _ in 0..3 {
        let preview = service.run_with("p", json!({"dry_run": true}));
        assert_eq!(service.told(preview.planned("watchlist", 0, 0)), ["skip Movie 1: waiting_for_reads"]);
    }
    service.run().expect("succeeded").planned("watchlist", 0, 0);
    service.run().expect("succeeded").planned("watchlist", 0, 1);
}

#[test]
fn s67_an_account_that_asks_to_wait_is_parked_and_nobody_else() {
    let trakt = empty_trakt(20);
    let others = [ledger("c"), ledger("d"), one_way("q", "c", "d", HISTORY)].concat();
    let service = Service::start(&format!("{}{others}", to_trakt(&trakt, &format!("{HISTORY}{AT_ONCE}"))));
    service.ledger("a").watch(&movies(20), SEEN);
    service.ledger("c").watch(&movies(5), SEEN);
    strike_plays(&trakt, 0, FaultKind::retry_after(4));
    let parked = service.begin("p");
    eventually("the account says 429", 30, || (trakt.posts("/sync/history") == 1).then_some(()));
    service.run_with("q", json!({})).expect("succeeded").planned("history", 5, 0);
    let now = service.http().get(&format!("/api/v1/runs/{}", parked.id())).expect(200);
    assert_eq!((&now["state"], trakt.posts("/sync/history")), (&json!("applying"), 1), "the other pair waited: {now}");
    let run = service.follow(&parked);
    run.expect("succeeded");
    assert_eq!((run.outcome("history", "verified"), run.outcome("history", "rejected")), (20, 0));
    assert_eq!((trakt.plays(), trakt.posts("/sync/history")), (each_seen_once(20), 2));
    service.is_at_rest();
}
