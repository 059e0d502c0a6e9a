//! A deleted file is not a watch taken back: what left the library of a media server stays where it was carried to.

use crosswatch_emulator::{GivenRating, LibraryItem, UserActivity, WatchedOnce};
use crosswatch_tests::service::{AnyAccount, Service, films, ledger, now, one_way, places};

const REMOVING: &str = "[pair.history]\nremove = \"observed\"\n[pair.ratings]\nremove = \"observed\"\n\
                        [pair.policy]\nremove_after_reads = 1\n";

/// All of these were watched and rated.
fn lived() -> UserActivity {
    let at = "2026-01-01T20:00:00Z".parse().unwrap();
    UserActivity {
        plays: places(4).into_iter().map(|item| WatchedOnce { item, at }).collect(),
        ratings: places(4).into_iter().map(|item| GivenRating { item, rating: 8, at: now() }).collect(),
        ..UserActivity::default()
    }
}

/// One title is deleted, another one is marked as not watched: only the second leaves the ledger.
fn check(kind: &str) {
    let home = AnyAccount::start(kind, films(4), lived());
    let pair = one_way("p", kind, "b", REMOVING);
    let service = Service::start(&format!("{}{}{pair}", home.section(), ledger("b")));
    service.run().expect("succeeded").planned("history", 4, 0).planned("ratings", 4, 0);
    service.is_at_rest();
    home.delete_file(LibraryItem::Movie(0));
    home.unwatch(LibraryItem::Movie(1));
    let run = service.run();
    run.expect("succeeded");
    assert_eq!(run.count("history", "removes"), 1, "{kind}: {:?}", service.told(&run));
    let told = service.told(&run);
    let kept = told.iter().filter(|line| line.as_str() == "skip Movie 1: left_library").count();
    assert_eq!(kept, 2, "{kind}: a play and a rating: {told:?}");
    assert!(told.contains(&"remove Movie 2: removed_on_source".to_owned()), "{kind}: {told:?}");
    let watched = |title: &str| service.ledger("b").plays().iter().any(|play| play.contains(title));
    assert_eq!([watched("Movie 1"), watched("Movie 2"), watched("Movie 3")], [true, false, true], "{kind}");
    assert!(service.ledger("b").ratings().iter().any(|rating| rating.contains("Movie 1")), "{kind}");
    service.is_at_rest();
    service.restart();
    service.is_at_rest();
    assert!(watched("Movie 1"), "{kind}");
}

#[test]
fn what_is_deleted_from_plex_stays_watched() {
    check("plex");
}

#[test]
fn what_is_deleted_from_jellyfin_stays_watched() {
    check("jellyfin");
}

#[test]
fn what_is_deleted_from_emby_stays_watched() {
    check("emby");
}
