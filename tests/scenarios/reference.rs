//! What the reference implementation gets wrong, one test each: the same day at the same accounts, and nothing is lost.

use crosswatch_emulator::{
    Episode, ExternalIds, FaultKind, FaultRule, Library, LibraryItem, Season, Show, UserActivity, WatchedOnce,
};
use crosswatch_tests::service::{
    Jellyfin, Service, Trakt, episode, eventually, films, jellyfin, ledger, movie, one_way, places, show,
};
use serde_json::{Value, json};

use crate::{AT_ONCE, HISTORY, WATCHLIST, WATCHLIST_REMOVING, at_the_same_time, ledgers, to_trakt};

const SEEN: &str = "2026-01-01T20:00:00Z";

/// `Movie FROM` to `Movie TO`.
fn movies(from: u32, to: u32) -> Vec<Value> {
    (from..=to).map(movie).collect()
}

fn empty_trakt(count: u32) -> Trakt {
    Trakt::new(films(count), UserActivity::default())
}

/// Moments twelve hours apart.
fn viewings(count: u32) -> impl Iterator<Item = jiff::Timestamp> {
    let first: jiff::Timestamp = "2005-01-01T20:00:00Z".parse().unwrap();
    (0..count).map(move |viewing| first + jiff::SignedDuration::from_hours(12 * i64::from(viewing)))
}

/// A source that is unconfigured, logged out or reads empty counts as "the user removed everything" there: with the
/// default settings a hundred of a hundred items of the target are deleted.
#[test]
fn d01_a_source_that_is_gone_logged_out_or_empty_deletes_nothing() {
    let trakt = empty_trakt(100);
    let home = Jellyfin::new(films(100), UserActivity::default());
    home.list(&places(100));
    let sections =
        |section: &str| format!("{section}{}{}", trakt.section(), one_way("p", "home", "trakt", WATCHLIST_REMOVING));
    let service = Service::start(&sections(&home.section("")));
    service.run().expect("succeeded").planned("watchlist", 100, 0);
    home.unlist(&places(100));
    service.run().expect("held").planned("watchlist", 0, 0);
    home.server.state().revoke_tokens("anna").unwrap();
    assert_eq!(service.run().expect("failed").error(), "sign-in");
    let nobody = jellyfin("home", "http://127.0.0.1:9", "anna", "none", "");
    service.restart_with(&sections(&nobody));
    assert_eq!(service.run().expect("failed").error(), "source-unavailable");
    assert_eq!((trakt.listed().len(), trakt.posts("/sync/watchlist/remove")), (100, 0));
}

/// Half of the pages lost, and fifty of a hundred items are deleted there, with the guard on.
#[test]
fn d02_half_of_the_pages_delete_nothing() {
    let trakt = empty_trakt(500);
    trakt.list(&places(500));
    let pair = one_way("p", "trakt", "b", WATCHLIST_REMOVING);
    let service = Service::start(&format!("{}{}{pair}", trakt.section(), ledger("b")));
    service.run().expect("succeeded").planned("watchlist", 500, 0);
    trakt.unlist(&places(1));
    trakt.breaks("/sync/watchlist", FaultKind::FirstPageOnly);
    service.run().expect("partial").planned("watchlist", 0, 0);
    assert_eq!(service.ledger("b").listed().len(), 500);
    trakt.mend();
    service.run().expect("succeeded").planned("watchlist", 0, 1);
}

/// A dry run commits baselines there, and the deletion it saw never happens afterwards.
#[test]
fn d04_a_deletion_that_a_dry_run_saw_still_happens() {
    let service = Service::start(&ledgers(WATCHLIST_REMOVING));
    service.ledger("a").list(&movies(1, 3));
    service.run().expect("succeeded");
    service.ledger("a").unlist(&[movie(1)]);
    service.run_with("p", json!({"dry_run": true})).expect("succeeded").planned("watchlist", 0, 1);
    assert_eq!(service.ledger("b").listed().len(), 3);
    service.run().expect("succeeded").planned("watchlist", 0, 1);
    assert_eq!(service.ledger("b").listed(), ["Movie 2", "Movie 3"]);
}

/// The pairs of one account share their baselines there: the second pair misses the change, and the filter of one pair
/// overwrites what the other one knows.
#[test]
fn d05_pairs_of_one_account_do_not_spoil_each_others_memory() {
    let mut library = films(10);
    let ids = ExternalIds { tmdb: Some(1), ..ExternalIds::default() };
    library.add_show(Show { title: "Show 1".into(), year: 2001, ids, seasons: [].into() });
    let home = Jellyfin::new(library, UserActivity::default());
    home.list(&places(10));
    home.list(&[LibraryItem::Show(0)]);
    let films_only = home.section("libraries = { only = [\"Movies\"] }").replace("\"home\"", "\"films\"");
    let pairs = [
        one_way("p", "home", "b", WATCHLIST_REMOVING),
        one_way("q", "home", "c", WATCHLIST_REMOVING),
        one_way("r", "films", "c", WATCHLIST_REMOVING),
    ]
    .concat();
    let service = Service::start(&format!("{}{films_only}{}{}{pairs}", home.section(""), ledger("b"), ledger("c")));
    let run = |pair: &str| service.run_with(pair, json!({}));
    for pair in ["p", "q", "r"] {
        run(pair).expect("succeeded");
    }
    home.unlist(&places(1));
    for (pair, removes) in [("p", 1), ("r", 1), ("q", 0)] {
        run(pair).expect("succeeded").planned("watchlist", 0, removes);
    }
    home.unlist(&[LibraryItem::Movie(1)]);
    for (pair, removes) in [("r", 1), ("p", 1), ("q", 0), ("r", 0)] {
        run(pair).expect("succeeded").planned("watchlist", 0, removes);
    }
    for account in ["b", "c"] {
        let listed = service.ledger(account).listed();
        assert_eq!((listed.len(), listed.contains(&"Show 1".to_owned())), (9, true), "{account}");
    }
}

/// Ids have no kind there: film 1399 and series 1399 collapse into one, and an episode's own id hides a film.
#[test]
fn d07_equal_numbers_of_different_kinds_are_different_things() {
    let number = ExternalIds { tmdb: Some(1399), ..ExternalIds::default() };
    let mut library = Library::empty();
    let film = films(1).movie(LibraryItem::Movie(0)).unwrap().clone();
    library.add_movie(crosswatch_emulator::Movie { title: "Movie 1399".into(), ids: number.clone(), ..film });
    let aired = "2001-02-03".parse().unwrap();
    let first = Episode { title: "Winter".into(), aired, runtime_min: 60, ids: number.clone(), has_file: true };
    let season = Season { ids: number.clone(), episodes: [(1, first)].into() };
    library.add_show(Show { title: "Show 1399".into(), year: 2011, ids: number, seasons: [(1, season)].into() });
    let trakt = Trakt::new(library, UserActivity::default());
    let service = Service::start(&to_trakt(&trakt, &format!("{WATCHLIST}{HISTORY}")));
    service.ledger("a").list(&[movie(1399), show(1399)]);
    service.ledger("a").watch(&[episode(1399, 1, 1)], SEEN);
    service.run().expect("succeeded").planned("watchlist", 2, 0).planned("history", 1, 0);
    service.ledger("a").watch(&[movie(1399)], SEEN);
    service.run().expect("succeeded").planned("watchlist", 0, 0).planned("history", 1, 0);
    service.is_at_rest();
    assert_eq!(trakt.listed(), ["Movie 1399", "Show 1399"]);
    assert_eq!(trakt.plays(), [format!("Movie 1399 at {SEEN}"), format!("Show 1399 1x01 at {SEEN}")]);
}

/// Three cancels quarantine items there that were never sent, for thirty days.
#[test]
fn d08_cancelled_runs_are_no_failures_of_what_was_never_sent() {
    let trakt = empty_trakt(400);
    let service = Service::start(&to_trakt(&trakt, &format!("{HISTORY}{AT_ONCE}")));
    service.ledger("a").watch(&movies(1, 400), SEEN);
    for sent in 1..=3 {
        trakt.breaks("/sync/history", FaultKind::DelayMs(800));
        let run = service.begin("p");
        eventually("a portion is sent", 30, || (trakt.posts("/sync/history") == sent).then_some(()));
        let cancelled = service.cancel(&run);
        trakt.mend();
        assert_eq!(cancelled.state(), "cancelled", "{cancelled:?}");
        assert_eq!(cancelled.outcome("history", "rejected"), 0, "{cancelled:?}");
        assert_eq!(trakt.plays().len(), sent * 100);
    }
    let last = service.run();
    last.expect("succeeded").planned("history", 100, 0);
    assert_eq!((last.count("history", "skipped"), trakt.plays().len(), trakt.posts("/sync/history")), (0, 400, 4));
    service.is_at_rest();
}

/// One item that is not found in a batch of ten marks all ten as failed there, because the answer only counts.
#[test]
fn d09_one_item_that_is_not_found_does_not_spoil_its_batch() {
    let trakt = empty_trakt(9);
    trakt.service.state().switches.history_add_status = 200;
    let service = Service::start(&to_trakt(&trakt, &format!("{HISTORY}{AT_ONCE}")));
    service.ledger("a").watch(&movies(1, 10), SEEN);
    let run = service.run();
    run.expect("partial").planned("history", 10, 0);
    assert_eq!((run.outcome("history", "verified"), run.outcome("history", "rejected")), (9, 1), "{run:?}");
    let again = service.run();
    assert_eq!(service.told(again.expect("succeeded")), ["skip Movie 10: unresolved"]);
    assert_eq!((again.count("history", "unchanged"), trakt.plays().len(), trakt.posts("/sync/history")), (9, 9, 1));
}

/// A batch is sent up to three times there after any exception, and the plays are there three times.
#[test]
fn d10_no_broken_answer_makes_a_play_twice() {
    let faults = [FaultKind::DropAfter, FaultKind::TruncatedJson, FaultKind::HtmlOk, FaultKind::status(502)];
    at_the_same_time(faults, |fault| {
        let trakt = empty_trakt(30);
        trakt.service.faults().add(FaultRule::prefix("/sync/history", fault.clone()).method("POST"));
        let service = Service::start(&to_trakt(&trakt, &format!("{HISTORY}{AT_ONCE}")));
        service.ledger("a").watch(&movies(1, 30), SEEN);
        let run = service.run();
        run.expect("succeeded");
        assert_eq!((run.outcome("history", "verified"), trakt.plays().len()), (30, 30), "{fault:?}");
        service.is_at_rest();
    });
}

/// Removals that the guard blocks are forgotten there, and a later approval does nothing.
#[test]
fn d11_removals_that_wait_are_there_when_somebody_approves() {
    let service = Service::start(&ledgers(WATCHLIST_REMOVING));
    service.ledger("a").list(&movies(1, 20));
    service.run().expect("succeeded");
    service.ledger("a").unlist(&movies(1, 6));
    for _ in 0..3 {
        assert_eq!(service.run().expect("held").count("watchlist", "held"), 6);
    }
    service.restart();
    assert_eq!(service.held()[0]["items"], 6);
    service.run_approving().planned("watchlist", 0, 6);
    assert_eq!((service.ledger("b").listed().len(), service.held().len()), (14, 0));
    service.is_at_rest();
}

/// A rating time that comes as a number crashes the feature there, while the run reports ok.
#[test]
fn d12_a_rating_time_in_any_form_is_a_rating() {
    let trakt = empty_trakt(4);
    let row = |tmdb: u32, rated_at: Value| {
        let ids = json!({"trakt": 300 + tmdb, "tmdb": tmdb});
        let film = json!({"title": format!("Movie {tmdb}"), "year": 2001, "ids": ids});
        json!({"rated_at": rated_at, "rating": tmdb, "type": "movie", "movie": film})
    };
    let moment = 1_767_297_600;
    let rows = json!([
        row(1, json!(moment)),
        row(2, json!(moment.to_string())),
        row(3, json!("2026-01-01T20:00:00.000Z")),
        row(4, Value::Null),
    ]);
    let headers = [
        "Content-Type",
        "X-Pagination-Page",
        "X-Pagination-Limit",
        "X-Pagination-Page-Count",
        "X-Pagination-Item-Count",
    ];
    let values = ["application/json", "1", "250", "1", "4"];
    let headers = headers.iter().zip(values).map(|(name, value)| ((*name).to_owned(), value.to_owned())).collect();
    trakt.breaks("/sync/ratings", FaultKind::Status { code: 200, headers, body: rows.to_string() });
    let pair = one_way("p", "trakt", "b", "[pair.ratings]\n");
    let service = Service::start(&format!("{}{}{pair}", trakt.section(), ledger("b")));
    service.run().expect("succeeded").planned("ratings", 4, 0);
    let rated: Vec<String> = (1..=4).map(|tmdb| format!("Movie {tmdb} is {}", tmdb * 10)).collect();
    assert_eq!(service.ledger("b").ratings(), rated);
    let times: Vec<Value> = service.ledger("b").rows("ratings").iter().map(|row| row["rated_at"].clone()).collect();
    assert_eq!(times.iter().filter(|time| **time == "2026-01-01T20:00:00Z").count(), 3, "{times:?}");
    service.is_at_rest();
}

/// Rewatches are compared with each other one by one there: two thousand plays take seven seconds, fifty thousand an hour.
#[test]
fn d13_ten_thousand_plays_of_one_film_are_compared_at_once() {
    const PLAYS: u32 = 10_000;
    let seen = |shift_s: i64| UserActivity {
        plays: viewings(PLAYS)
            .map(|at| WatchedOnce { item: LibraryItem::Movie(0), at: at + jiff::SignedDuration::from_secs(shift_s) })
            .collect(),
        ..UserActivity::default()
    };
    let (one, other) = (Trakt::new(films(1), seen(0)), Trakt::new(films(1), seen(60)));
    one.watch(&places(1), "2004-01-01T20:00:00Z");
    let source = one.section().replace("id = \"trakt\"", "id = \"source\"");
    let pair = one_way("p", "source", "trakt", HISTORY);
    let service = Service::start(&format!("{source}{}{pair}", other.section()));
    let run = service.run();
    run.expect("succeeded").planned("history", 1, 0);
    assert_eq!((run.count("history", "unchanged"), other.plays().len()), (u64::from(PLAYS), PLAYS as usize + 1));
    let moment = |name: &str| run.0[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let length = moment("finished_at").duration_since(moment("started_at"));
    assert!(length.as_secs() < 30, "compared one by one they take minutes; this took {length:#}");
    service.is_at_rest();
}

/// Minutes are cut into buckets there: 12:00:59 and 12:01:00 become two plays.
#[test]
fn d14_one_second_across_the_minute_is_one_play() {
    let trakt = empty_trakt(2);
    trakt.watch(&places(1), "2026-01-01T12:01:00Z");
    let service = Service::start(&to_trakt(&trakt, HISTORY));
    service.ledger("a").watch(&[movie(1), movie(2)], "2026-01-01T12:00:59Z");
    service.run().expect("succeeded").planned("history", 1, 0);
    service.is_at_rest();
    assert_eq!(trakt.plays(), ["Movie 1 at 2026-01-01T12:01:00Z", "Movie 2 at 2026-01-01T12:00:00Z"]);
}
