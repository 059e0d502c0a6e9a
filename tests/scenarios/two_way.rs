//! Two-way pairs: what changed on one side travels to the other, and nothing goes back and forth.

use crosswatch_emulator::{FaultKind, UserActivity};
use crosswatch_tests::service::{Folder, Process, Service, Trakt, films, ledger, movie, one_way, places};

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
fn two_way_needs_a_written_word() {
    let trakt = Trakt::new(films(1), UserActivity::default());
    let folder = Folder::new();
    folder.configure(&format!("[data]\ndir = \"data\"\n\n{}", with_trakt(&trakt, "[pair.watchlist]\n")));
    let told = Process::command(&folder, &["run", "p"]);
    assert_eq!(told.code, Some(78), "{told:?}");
    assert!(told.errors.contains("acknowledge = [\"two-way\"]"), "{told:?}");
}
