//! What the quality of a read allows: whatever an account answers, only proven absence removes anything.

use crosswatch_emulator::{ExternalIds, FaultKind, Library, LibraryItem, Show, UserActivity};
use crosswatch_tests::service::{Jellyfin, Run, Service, Trakt, films, ledger, movie, one_way, places};
use serde_json::json;

use crate::{HISTORY, WATCHLIST, WATCHLIST_REMOVING, to_trakt};

const HUNDRED: usize = 100;

/// A Jellyfin with a hundred favourites.
fn hundred() -> Jellyfin {
    let jellyfin = Jellyfin::new(films(120), UserActivity::default());
    jellyfin.list(&places(HUNDRED));
    jellyfin
}

/// The places of `Movie FROM` to `Movie TO`.
fn from_to(from: usize, to: usize) -> Vec<LibraryItem> {
    places(to).split_off(from - 1)
}

/// A Jellyfin and the ledger `b`, in step over a hundred titles; removals are on and need one read.
fn in_step() -> (Jellyfin, Service) {
    let jellyfin = hundred();
    let pair = one_way("p", "home", "b", WATCHLIST_REMOVING);
    let service = Service::start(&format!("{}{}{pair}", jellyfin.section(""), ledger("b")));
    service.run().expect("succeeded").planned("watchlist", 100, 0);
    (jellyfin, service)
}

fn on_b(service: &Service) -> usize {
    service.ledger("b").listed().len()
}

#[test]
fn s15_an_emptied_source_without_a_change_gate_removes_nothing_and_asks() {
    let (jellyfin, service) = in_step();
    jellyfin.unlist(&places(HUNDRED));
    for _ in 0..3 {
        let run = service.run();
        run.expect("held").planned("watchlist", 0, 0);
        assert_eq!((run.read("source", "watchlist"), run.count("watchlist", "held")), ("suspect", 100));
        let held: Vec<String> = service.held().iter().map(|held| held["reason"].as_str().unwrap().to_owned()).collect();
        assert_eq!((on_b(&service), held), (100, vec!["source_shrunk".to_owned(), "too_many_removes".to_owned()]));
    }
    jellyfin.list(&places(HUNDRED));
    service.is_at_rest();
    assert_eq!((on_b(&service), service.held().len()), (100, 0));
}

#[test]
fn s16_a_broken_read_removes_nothing_and_forgets_nothing() {
    let (jellyfin, service) = in_step();
    // These titles are really gone; a damaged answer must not be what proves it.
    jellyfin.unlist(&places(3));
    let mut told = Vec::new();
    for fault in [
        FaultKind::HtmlOk,
        FaultKind::NullBody,
        FaultKind::TruncatedJson,
        FaultKind::WrongTotals,
        FaultKind::MissingTotals,
        FaultKind::EmptyList,
        FaultKind::status(404),
    ] {
        jellyfin.breaks("isFavorite", fault.clone());
        let run = service.run();
        jellyfin.mend();
        run.planned("watchlist", 0, 0);
        assert_eq!(on_b(&service), 100, "{fault:?}");
        told.push(format!("{fault:?}: {}, {}", run.read("source", "watchlist"), run.state()));
    }
    let not_there = FaultKind::status(404);
    let expected = [
        "HtmlOk: partial, partial".to_owned(),
        "NullBody: partial, partial".to_owned(),
        "TruncatedJson: partial, partial".to_owned(),
        "WrongTotals: partial, partial".to_owned(),
        "MissingTotals: partial, partial".to_owned(),
        "EmptyList: suspect, held".to_owned(),
        format!("{not_there:?}: unavailable, failed"),
    ];
    service.run().expect("succeeded").planned("watchlist", 0, 3);
    service.is_at_rest();
    assert_eq!(told, expected);
}

#[test]
fn s16_half_of_the_pages_adds_what_came_and_removes_nothing() {
    let trakt = Trakt::new(films(602), UserActivity::default());
    trakt.watch(&places(600), "2026-01-01T20:00:00Z");
    let pair =
        one_way("p", "trakt", "b", "[pair.history]\nremove = \"observed\"\n[pair.policy]\nremove_after_reads = 1\n");
    let service = Service::start(&format!("{}{}{pair}", trakt.section(), ledger("b")));
    service.run().expect("succeeded").planned("history", 600, 0);
    trakt.watch(&from_to(601, 601), "2026-02-01T20:00:00Z");
    trakt.breaks("/sync/history?", FaultKind::FirstPageOnly);
    let half = service.run();
    half.expect("partial").planned("history", 1, 0);
    assert_eq!((half.read("source", "history"), half.error()), ("partial", "source-partial"));
    assert_eq!(service.ledger("b").plays().len(), 601);
    trakt.mend();
    trakt.watch(&from_to(602, 602), "2026-02-02T20:00:00Z");
    // The baseline did not shrink with the half read: only the new play is new.
    service.run().expect("succeeded").planned("history", 1, 0);
    service.is_at_rest();
}

#[test]
fn s18_a_read_that_fails_stops_neither_the_other_features_nor_the_other_pairs() {
    let jellyfin = hundred();
    let both = format!("{WATCHLIST_REMOVING}{HISTORY}");
    let pairs = [one_way("p", "home", "b", &both), one_way("q", "home", "c", HISTORY)].concat();
    let service = Service::start(&format!("{}{}{}{pairs}", jellyfin.section(""), ledger("b"), ledger("c")));
    service.run().expect("succeeded").planned("watchlist", 100, 0);
    jellyfin.unlist(&places(2));
    jellyfin.watch(&places(5), "2026-03-01T20:00:00Z");
    jellyfin.breaks("isFavorite", FaultKind::DropBefore);
    let run = service.run();
    run.expect("partial").planned("watchlist", 0, 0).planned("history", 5, 0);
    assert_eq!((run.read("source", "watchlist"), run.error()), ("unavailable", "source-unavailable"));
    assert!(run.advice().contains("/Items"), "{}", run.advice());
    service.run_with("q", json!({})).expect("succeeded").planned("history", 5, 0);
    assert_eq!((service.ledger("b").plays().len(), service.ledger("c").plays().len(), on_b(&service)), (5, 5, 100));
    jellyfin.mend();
    service.run().expect("succeeded").planned("watchlist", 0, 2).planned("history", 0, 0);
    service.is_at_rest();
}

#[test]
fn s19_a_source_that_is_logged_out_ends_the_run_before_the_target_is_asked() {
    let jellyfin = hundred();
    let trakt = Trakt::new(films(120), UserActivity::default());
    let pair = one_way("p", "home", "trakt", WATCHLIST_REMOVING);
    let service = Service::start(&format!("{}{}{pair}", jellyfin.section(""), trakt.section()));
    service.run().expect("succeeded").planned("watchlist", 100, 0);
    jellyfin.unlist(&places(1));
    jellyfin.server.state().revoke_tokens("anna").unwrap();
    trakt.service.log().clear();
    let run = service.run();
    assert_eq!(run.expect("failed").error(), "sign-in");
    assert!(run.advice().starts_with("home: ") && run.advice().contains("make an API key"), "{}", run.advice());
    assert_eq!((run.requests("trakt"), trakt.service.log().len(), trakt.listed().len()), (0, 0, 100));
}

#[test]
fn s21_a_target_that_is_down_gets_the_same_plan_once_it_is_up() {
    let jellyfin = hundred();
    let trakt = Trakt::new(films(120), UserActivity::default());
    let pair = one_way("p", "home", "trakt", WATCHLIST_REMOVING);
    let service = Service::start(&format!("{}{}{pair}", jellyfin.section(""), trakt.section()));
    service.run().expect("succeeded").planned("watchlist", 100, 0);
    jellyfin.list(&from_to(101, 107));
    let writes = trakt.writes();
    trakt.breaks("/", FaultKind::status(503));
    let run = service.run();
    assert_eq!(run.expect("failed").error(), "target-unavailable");
    assert!(run.sentence().contains("7 to add and 0 to update wait for it"), "{}", run.sentence());
    assert_eq!(trakt.writes(), writes);
    trakt.mend();
    let again = service.run();
    again.expect("succeeded").planned("watchlist", 7, 0);
    assert_eq!((again.outcome("watchlist", "verified"), trakt.listed().len()), (7, 107));
    service.is_at_rest();
}

#[test]
fn s22_an_emptied_target_is_not_filled_again_without_asking() {
    for tables in [WATCHLIST, WATCHLIST_REMOVING] {
        let jellyfin = hundred();
        let trakt = Trakt::new(films(120), UserActivity::default());
        let pair = one_way("p", "home", "trakt", tables);
        let service = Service::start(&format!("{}{}{pair}", jellyfin.section(""), trakt.section()));
        service.run().expect("succeeded").planned("watchlist", 100, 0);
        trakt.unlist(&places(HUNDRED));
        for _ in 0..2 {
            let run = service.run();
            run.expect("held").planned("watchlist", 0, 0);
            assert_eq!((run.count("watchlist", "held"), trakt.listed().len()), (100, 0), "{run:?}");
            assert_eq!(service.held()[0]["kind"], "target_shrunk");
        }
        service.run_approving().expect("succeeded").planned("watchlist", 100, 0);
        assert_eq!(trakt.listed().len(), 100);
        trakt.unlist(&places(3));
        service.run().expect("succeeded").planned("watchlist", 3, 0);
        service.is_at_rest();
        let writes = jellyfin.server.log().writes();
        assert_eq!(writes, [], "the source is never written");
    }
}

#[test]
fn s22_the_question_says_how_much_the_target_lost() {
    let trakt = Trakt::new(films(20), UserActivity::default());
    let service = Service::start(&to_trakt(&trakt, WATCHLIST));
    service.ledger("a").list(&(1..=20).map(movie).collect::<Vec<_>>());
    service.run().expect("succeeded");
    trakt.unlist(&places(20));
    service.run().expect("held");
    let sentence = "The target lost 20 of 20 items since its last complete read; approving puts 20 back.";
    assert_eq!(service.held()[0]["sentence"], sentence);
}

/// How many removals are held; nothing else may be in the lines of this run.
fn held_removals(service: &Service, run: &Run) -> usize {
    let lines = service.lines(run);
    let held = lines.iter().filter(|line| line["action"] == "hold" && line["held_action"] == "remove").count();
    assert_eq!(lines.len(), held, "{lines:?}");
    held
}

#[test]
fn s24_a_loss_that_is_approved_is_removed_once_and_the_approval_is_used_up() {
    let (jellyfin, service) = in_step();
    jellyfin.unlist(&places(30));
    service.run_approving().expect("succeeded").planned("watchlist", 0, 30);
    assert_eq!(on_b(&service), 70);
    service.is_at_rest();
    jellyfin.unlist(&from_to(31, 50));
    let next = service.run();
    assert_eq!((held_removals(&service, next.expect("held")), on_b(&service)), (20, 70));
}

#[test]
fn s25_a_loss_that_nobody_approved_waits_until_somebody_does_or_it_is_over() {
    let (jellyfin, service) = in_step();
    jellyfin.unlist(&places(30));
    for _ in 0..3 {
        let run = service.run();
        assert_eq!((held_removals(&service, run.expect("held")), on_b(&service)), (30, 100));
    }
    service.restart();
    jellyfin.list(&places(10));
    let fewer = service.run();
    assert_eq!((held_removals(&service, fewer.expect("held")), on_b(&service)), (20, 100));
    assert_eq!(service.held()[0]["items"], 20);
    service.run_approving().expect("succeeded").planned("watchlist", 0, 20);
    assert_eq!((on_b(&service), service.held().len()), (80, 0));
    service.is_at_rest();
}

/// Ten films and ten series.
fn films_and_shows() -> Library {
    let mut library = films(10);
    for tmdb in 1..=10 {
        let ids = ExternalIds { tmdb: Some(tmdb), ..ExternalIds::default() };
        library.add_show(Show { title: format!("Show {tmdb}").into(), year: 2001, ids, seasons: [].into() });
    }
    library
}

#[test]
fn s27_a_narrower_library_filter_removes_nothing_now_or_later() {
    let jellyfin = Jellyfin::new(films_and_shows(), UserActivity::default());
    jellyfin.list(&places(10));
    jellyfin.list(&(0..10).map(LibraryItem::Show).collect::<Vec<_>>());
    let sections = |libraries: &str| {
        let home = jellyfin.section(&format!("libraries = {{ only = [{libraries}] }}"));
        format!("{home}{}{}", ledger("b"), one_way("p", "home", "b", WATCHLIST_REMOVING))
    };
    let service = Service::start(&sections("\"Movies\", \"Shows\""));
    service.run().expect("succeeded").planned("watchlist", 20, 0);
    jellyfin.unlist(&places(1));
    service.restart_with(&sections("\"Movies\""));
    service.run().expect("succeeded").planned("watchlist", 0, 0);
    service.is_at_rest();
    assert_eq!(on_b(&service), 20);
    // What leaves the narrower view from now on is a removal again.
    jellyfin.unlist(&from_to(2, 2));
    service.run().expect("succeeded").planned("watchlist", 0, 1);
    service.is_at_rest();
    assert_eq!(on_b(&service), 19);
}

#[test]
fn s28_another_account_behind_the_same_name_starts_with_adoption() {
    let (jellyfin, service) = in_step();
    {
        let mut state = jellyfin.server.state();
        let id = state.item_of(LibraryItem::Movie(110)).unwrap();
        state.add_favourite("ben", id).unwrap();
    }
    let pair = one_way("p", "home", "b", WATCHLIST_REMOVING);
    service.restart_with(&format!("{}{}{pair}", jellyfin.section_of_ben(), ledger("b")));
    service.run().expect("succeeded").planned("watchlist", 1, 0);
    service.is_at_rest();
    assert_eq!(on_b(&service), 101);
}

#[test]
fn s28_another_member_behind_the_same_target_starts_with_adoption() {
    let trakt = Trakt::new(films(40), UserActivity::default());
    trakt.watch(&from_to(21, 40), "2026-01-01T20:00:00Z");
    let removing = "[pair.history]\nremove = \"mirror\"\n[pair.policy]\nremove_after_reads = 1\n";
    let sections = |member: &str| format!("{}{member}{}", ledger("a"), one_way("p", "a", "trakt", removing));
    let service = Service::start(&sections(&trakt.section_of_ben()));
    service.ledger("a").watch(&(1..=20).map(movie).collect::<Vec<_>>(), "2026-01-01T20:00:00Z");
    service.run().expect("succeeded").planned("history", 20, 0);
    service.ledger("a").unwatch(&[movie(20)]);
    service.restart_with(&sections(&trakt.section()));
    service.run().expect("succeeded").planned("history", 19, 0);
    assert_eq!((trakt.plays_of("anna").len(), trakt.plays_of("ben").len()), (39, 20));
}
