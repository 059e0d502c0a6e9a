//! Several pairs and accounts in one house: what one of them remembers, blocks or copies is nothing to the others.

use crosswatch_emulator::{ExternalIds, FaultKind, FaultRule, LibraryItem, UserActivity};
use crosswatch_tests::service::{Jellyfin, Run, Service, Trakt, episode, films, ledger, movie, one_way, places};
use serde_json::json;

use crate::{AT_ONCE, HISTORY, WATCHLIST, WATCHLIST_REMOVING, history::with_show, to_trakt};

const SEEN: &str = "2020-01-02T03:04:05Z";

fn run(service: &Service, pair: &str) -> Run {
    service.run_with(pair, json!({}))
}

/// The ledger `a` to Trakt as `p` and to the ledger `b` as `q`, removals included.
fn to_two_targets(trakt: &Trakt) -> String {
    let pair = |id: &str, target: &str| one_way(id, "a", target, WATCHLIST_REMOVING);
    format!("{}{}{}{}{}", ledger("a"), ledger("b"), trakt.section(), pair("p", "trakt"), pair("q", "b"))
}

#[test]
fn s69_a_deletion_reaches_every_target_whatever_the_order() {
    for order in [["p", "q"], ["q", "p"]] {
        let trakt = Trakt::new(films(5), UserActivity::default());
        let service = Service::start(&to_two_targets(&trakt));
        service.ledger("a").list(&(1..=5).map(movie).collect::<Vec<_>>());
        for pair in order {
            run(&service, pair).expect("succeeded").planned("watchlist", 5, 0);
        }
        service.ledger("a").unlist(&[movie(5)]);
        for pair in order {
            run(&service, pair).expect("succeeded").planned("watchlist", 0, 1);
        }
        assert_eq!((trakt.listed().len(), service.ledger("b").listed().len()), (4, 4), "{order:?}");
        for pair in order {
            run(&service, pair).expect("succeeded").planned("watchlist", 0, 0);
        }
    }
}

#[test]
fn s70_what_one_user_removes_is_nothing_to_another_on_the_same_services() {
    let jellyfin = Jellyfin::new(films(4), UserActivity::default());
    let trakt = Trakt::new(films(4), UserActivity::default());
    let as_ben = |section: String, id: &str| section.replacen(&format!("\"{id}\""), &format!("\"{id}-ben\""), 1);
    let removing = "[pair.history]\nremove = \"observed\"\n[pair.policy]\nremove_after_reads = 1\n";
    let service = Service::start(&format!(
        "{}{}{}{}{}{}",
        jellyfin.section(""),
        as_ben(jellyfin.section_of_ben(), "home"),
        trakt.section(),
        as_ben(trakt.section_of_ben(), "trakt"),
        one_way("p", "home", "trakt", removing),
        one_way("q", "home-ben", "trakt-ben", removing),
    ));
    jellyfin.watch(&places(4), SEEN);
    jellyfin.watch_as("ben", &places(4), SEEN);
    for pair in ["p", "q"] {
        run(&service, pair).expect("succeeded").planned("history", 4, 0);
    }
    jellyfin.unwatch(&places(1));
    for _ in 0..2 {
        run(&service, "q").expect("succeeded").planned("history", 0, 0);
    }
    run(&service, "p").expect("succeeded").planned("history", 0, 1);
    run(&service, "q").expect("succeeded").planned("history", 0, 0);
    assert_eq!((trakt.plays_of("anna").len(), trakt.plays_of("ben").len()), (3, 4));
}

#[test]
fn s72_two_one_way_pairs_that_face_each_other_do_not_play_ping_pong() {
    let service = Service::start(&format!(
        "{}{}{}{}",
        ledger("a"),
        ledger("b"),
        one_way("p", "a", "b", WATCHLIST_REMOVING),
        one_way("q", "b", "a", &format!("{WATCHLIST}{AT_ONCE}")),
    ));
    let (a, b) = (service.ledger("a"), service.ledger("b"));
    a.list(&[movie(1), movie(2), movie(3), movie(4)]);
    b.list(&[movie(5)]);
    for pair in ["p", "q", "p", "q"] {
        run(&service, pair).expect("succeeded");
    }
    assert_eq!((a.listed().len(), b.listed().len()), (5, 5));
    for pair in ["p", "q"] {
        run(&service, pair).expect("succeeded").planned("watchlist", 0, 0);
    }
    // Whoever runs first: what was taken from `a` does not come back from `b`.
    for (first, tmdb) in [("p", 1), ("q", 2)] {
        a.unlist(&[movie(tmdb)]);
        for _ in 0..2 {
            run(&service, first).expect("succeeded");
            run(&service, if first == "p" { "q" } else { "p" }).expect("succeeded");
        }
        let left = 6 - tmdb as usize - 1;
        assert_eq!((a.listed().len(), b.listed().len()), (left, left), "{first}: {:?} {:?}", a.listed(), b.listed());
    }
}

#[test]
fn s73_pairs_of_one_server_with_other_libraries_remember_their_own() {
    let library = with_show(films(3), &[(1, 1), (1, 2)], &ExternalIds::default());
    let jellyfin = Jellyfin::new(library, UserActivity::default());
    let of = |id: &str, name: &str| {
        let section = jellyfin.section(&format!("libraries = {{ only = [\"{name}\"] }}"));
        section.replacen("\"home\"", &format!("\"{id}\""), 1)
    };
    let removing = "[pair.history]\nremove = \"observed\"\n[pair.policy]\nremove_after_reads = 1\n";
    let service = Service::start(&format!(
        "{}{}{}{}{}{}",
        of("films", "Movies"),
        of("shows", "Shows"),
        ledger("b"),
        ledger("c"),
        one_way("p", "films", "b", removing),
        one_way("q", "shows", "c", removing),
    ));
    jellyfin.watch(&places(3), SEEN);
    jellyfin.watch(&[LibraryItem::Show(0)], SEEN);
    for _ in 0..2 {
        run(&service, "p").expect("succeeded");
        run(&service, "q").expect("succeeded");
    }
    assert_eq!((service.ledger("b").plays().len(), service.ledger("c").plays().len()), (3, 2));
    jellyfin.unwatch(&places(1));
    run(&service, "q").expect("succeeded").planned("history", 0, 0);
    run(&service, "p").expect("succeeded").planned("history", 0, 1);
    run(&service, "q").expect("succeeded").planned("history", 0, 0);
    assert_eq!((service.ledger("b").plays().len(), service.ledger("c").plays().len()), (2, 2));
}

#[test]
fn s75_a_copy_taken_during_a_run_is_that_of_before_or_after() {
    let trakt = Trakt::new(films(30), UserActivity::default());
    trakt.list(&places(5));
    let service = Service::start(&to_trakt(&trakt, &format!("{WATCHLIST}{AT_ONCE}")));
    service.ledger("a").list(&(1..=30).map(movie).collect::<Vec<_>>());
    trakt.service.faults().add(FaultRule::prefix("/sync/watchlist", FaultKind::DelayMs(700)).method("POST").always());
    let begun = service.begin("p");
    let (during, before_end) = (service.snapshot("trakt"), service.snapshot("a"));
    let ended = service.follow(&begun);
    ended.expect("succeeded").planned("watchlist", 25, 0);
    let after = service.snapshot("trakt");
    assert!([&json!(5), &json!(30)].contains(&&during["items"]), "{during}");
    assert_eq!((&after["items"], &before_end["items"]), (&json!(30), &json!(30)), "{after}");
    service.is_at_rest();
}

#[test]
fn s76_what_a_pair_blocks_it_leaves_alone_and_other_pairs_do_not() {
    let trakt = Trakt::new(with_show(films(3), &[(1, 1)], &ExternalIds::default()), UserActivity::default());
    let blocking = "[pair.history]\nremove = \"observed\"\n[pair.policy]\nremove_after_reads = 1\nblock = [\"tmdb_movie:1\", \"tmdb_show:1\"]\n";
    let service = Service::start(&format!(
        "{}{}{}{}{}",
        ledger("a"),
        ledger("b"),
        trakt.section(),
        one_way("p", "a", "b", blocking),
        one_way("q", "a", "trakt", HISTORY),
    ));
    let (a, b) = (service.ledger("a"), service.ledger("b"));
    a.watch(&[movie(1), movie(2), episode(1, 1, 1)], SEEN);
    let first = run(&service, "p");
    first.expect("succeeded").planned("history", 1, 0);
    assert_eq!(
        service.told(&first).iter().filter(|line| line.ends_with(": blocked")).count(),
        2,
        "{:?}",
        service.told(&first)
    );
    run(&service, "q").expect("succeeded");
    assert_eq!((b.plays().len(), trakt.plays().len()), (1, 3));
    // What both have is not removed either.
    b.watch(&[movie(1)], SEEN);
    run(&service, "p").expect("succeeded").planned("history", 0, 0);
    a.unwatch(&[movie(1), movie(2)]);
    run(&service, "p").expect("succeeded").planned("history", 0, 1);
    assert!(b.plays().iter().any(|play| play.starts_with("Movie 1 ")), "{:?}", b.plays());
}
