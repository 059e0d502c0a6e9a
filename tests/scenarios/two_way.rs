//! Two-way pairs: what changed on one side travels to the other, and nothing goes back and forth.

use crosswatch_emulator::{FaultKind, UserActivity};
use crosswatch_tests::service::{Jellyfin, Process, Service, Trakt, films, ledger, movie, one_way, places};
use serde_json::json;

/// The two-way pair `p` between the ledger `a` and this Trakt.
fn with_trakt(trakt: &Trakt, tables: &str) -> String {
    let pair = one_way("p", "a", "trakt", tables).replace("mode = \"one-way\"", "mode = \"two-way\"");
    format!("{}{}{pair}", ledger("a"), trakt.section())
}

const ACCEPTED: &str = "[pair.policy]\nremove_after_reads = 1\nacknowledge = [\"two-way\"]\n";

/// Both sides with films 1 to 20 on their watchlists, in step.
fn in_step(tables: &str) -> (Trakt, Service) {
    let trakt = Trakt::new(films(30), UserActivity::default());
    trakt.list(&places(10));
    let service = Service::start(&with_trakt(&trakt, &format!("{tables}{ACCEPTED}")));
    service.ledger("a").list(&(11..=20).map(movie).collect::<Vec<_>>());
    service.run().expect("succeeded").planned("watchlist", 20, 0);
    assert_eq!((trakt.listed().len(), service.ledger("a").listed().len()), (20, 20));
    service.is_at_rest();
    (trakt, service)
}

#[test]
fn the_first_run_unites_both_sides() {
    in_step("[pair.watchlist]\n");
}

#[test]
fn s51_s52_a_removal_travels_in_both_directions() {
    let (trakt, service) = in_step("[pair.watchlist]\nremove = \"observed\"\n");
    service.ledger("a").unlist(&[movie(1)]);
    trakt.unlist(&places(2)[1..]);
    service.run().expect("succeeded").planned("watchlist", 0, 2);
    assert_eq!((trakt.listed().len(), service.ledger("a").listed().len()), (18, 18));
    service.is_at_rest();
}

#[test]
fn s54_a_side_that_is_down_or_emptied_costs_the_other_nothing() {
    let (trakt, service) = in_step("[pair.watchlist]\nremove = \"observed\"\n");
    trakt.list(&places(21)[20..]);
    trakt.breaks("watchlist", FaultKind::status(503));
    let blind = service.run();
    assert!(["partial", "failed"].contains(&blind.state()), "{blind:?}");
    assert_eq!((service.ledger("a").listed().len(), trakt.listed().len()), (20, 21));
    trakt.mend();
    trakt.unlist(&places(21));
    service.run().expect("held").planned("watchlist", 0, 0);
    assert_eq!(service.ledger("a").listed().len(), 20);
}

#[test]
fn s55_with_removals_off_a_loss_diverges_and_stays_so() {
    let (trakt, service) = in_step("[pair.watchlist]\n");
    trakt.unlist(&places(1));
    for _ in 0..3 {
        service.run().expect("succeeded").planned("watchlist", 0, 0);
    }
    assert_eq!((trakt.listed().len(), service.ledger("a").listed().len()), (19, 20));
    service.restart_with(&with_trakt(&trakt, &format!("[pair.watchlist]\nremove = \"observed\"\n{ACCEPTED}")));
    service.run().expect("succeeded").planned("watchlist", 0, 0);
    assert_eq!((trakt.listed().len(), service.ledger("a").listed().len()), (19, 20));
}

#[test]
fn s43_a_rating_that_changed_travels_and_in_a_conflict_the_source_wins() {
    let trakt = Trakt::new(films(3), UserActivity::default());
    let service = Service::start(&with_trakt(&trakt, &format!("[pair.ratings]\n{ACCEPTED}")));
    service.ledger("a").rate(&[movie(1)], 80);
    trakt.rate(&places(3)[..2], 3);
    service.run().expect("succeeded");
    assert_eq!(trakt.ratings(), ["Movie 1 is 8", "Movie 2 is 3"]);
    assert_eq!(service.ledger("a").ratings(), ["Movie 1 is 80", "Movie 2 is 30"]);
    trakt.rate(&places(1), 5);
    service.run().expect("succeeded");
    assert_eq!(service.ledger("a").ratings(), ["Movie 1 is 50", "Movie 2 is 30"]);
    service.is_at_rest();
}

#[test]
fn both_ways_wait_for_a_written_word_or_for_runs_that_show_that_it_is_safe() {
    let trakt = Trakt::new(films(6), UserActivity::default());
    let sections = |mode: &str, back: &str| {
        let p = one_way("p", "a", "trakt", "[pair.watchlist]\n").replace("mode = \"one-way\"", mode);
        let q = one_way("q", "trakt", "a", "[pair.watchlist]\n").replace("\"manual\"", &format!("\"manual\"\n{back}"));
        format!("{}{}{p}{q}", ledger("a"), trakt.section())
    };
    let (both_ways, one_of_two) = (sections("mode = \"two-way\"", "enabled = false"), sections("", ""));
    let service = Service::start(&both_ways);
    service.ledger("a").list(&[movie(1)]);
    let is_refused = |what: &str| {
        let refused = service.run();
        refused.expect("failed");
        assert_eq!((refused.error(), trakt.writes()), ("not-ready", 0), "{what}: {refused:?}");
        assert!(refused.sentence().contains("acknowledge = [\"two-way\"]"), "{what}: {refused:?}");
    };
    is_refused("nothing was ever run");
    assert_eq!(service.plan().len(), 1, "looking is not writing");
    let told = Process::command(service.folder(), &["run", "p", "--wait"]);
    assert!(told.code == Some(4) && told.output.contains("5 are due"), "{told:?}");
    let advice = service.http().list("/api/v1/advice");
    assert!(advice.iter().any(|row| row["rule"] == "not-ready" && row["subject"] == "pair[p].watchlist"), "{advice:?}");

    service.restart_with(&one_of_two);
    trakt.list(&places(2)[1..]);
    service.run_with("q", json!({})).expect("succeeded").planned("watchlist", 1, 0);
    for _ in 0..5 {
        service.run().expect("succeeded");
    }
    service.snapshot("trakt");
    service.snapshot("a");
    service.restart_with(&both_ways);
    trakt.list(&places(3)[2..]);
    service.run().expect("succeeded").planned("watchlist", 1, 0);
    assert_eq!(service.ledger("a").listed(), ["Movie 1", "Movie 2", "Movie 3"]);
    // What was shown once stands: the snapshots may grow old.
    for account in ["a", "trakt"] {
        for snapshot in service.snapshots(account) {
            let path = format!("/api/v1/snapshots/{}", snapshot["id"].as_str().unwrap());
            service.http().delete(&path, &json!({})).expect(200);
        }
    }
    service.is_at_rest();
    service.http().post("/api/v1/pairs/p/reset", &json!({})).expect(200);
    let forgotten = service.run();
    assert_eq!((forgotten.state(), forgotten.error()), ("failed", "not-ready"), "{forgotten:?}");
    service.restart_with(&both_ways.replace("[pair.watchlist]\n", &format!("[pair.watchlist]\n{ACCEPTED}")));
    service.run().expect("succeeded");
}

#[test]
fn two_servers_both_ways_need_a_word_about_their_databases() {
    let (home, attic) =
        (Jellyfin::new(films(2), UserActivity::default()), Jellyfin::new(films(2), UserActivity::default()));
    home.list(&places(1));
    let sections = |words: &str| {
        let policy = format!("[pair.watchlist]\n[pair.policy]\nacknowledge = [{words}]\n");
        let pair = one_way("p", "home", "attic", &policy).replace("mode = \"one-way\"", "mode = \"two-way\"");
        format!("{}{}{pair}", home.section_as("home"), attic.section_as("attic"))
    };
    let service = Service::start(&sections("\"two-way\""));
    let refused = service.run();
    refused.expect("failed");
    assert!(refused.error() == "not-ready" && refused.sentence().contains("back up both servers"), "{refused:?}");
    service.restart_with(&sections("\"two-way\", \"server-to-server\""));
    service.run().expect("succeeded").planned("watchlist", 1, 0);
}
