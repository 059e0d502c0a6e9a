//! Presence, one-way: the watchlist from account to account.

use crosswatch_emulator::{ExternalIds, Library, LibraryItem, Movie, UserActivity};
use crosswatch_tests::service::{Jellyfin, Service, Trakt, films, ledger, movie, one_way, places};
use serde_json::{Value, json};

use crate::{WATCHLIST, WATCHLIST_REMOVING, ledgers, to_trakt};

/// `Movie N` known by more or other ids than its TMDB number.
fn movie_with(tmdb: u32, ids: Value) -> Value {
    let mut item = movie(tmdb);
    item["ids"] = ids;
    item
}

/// One film with these ids.
fn one_film(ids: ExternalIds) -> Library {
    let mut library = Library::empty();
    let released = "2001-02-03".parse().unwrap();
    library.add_movie(Movie { title: "Movie 1".into(), year: 2001, released, runtime_min: 100, ids });
    library
}

/// A Trakt that knows `Movie 1` to `Movie N`, with nothing listed.
fn empty_trakt(count: u32) -> Trakt {
    Trakt::new(films(count), UserActivity::default())
}

#[test]
fn s01_what_only_the_source_has_is_added_and_the_target_keeps_its_own() {
    let service = Service::start(&ledgers(WATCHLIST));
    let (source, target) = (service.ledger("a"), service.ledger("b"));
    source.list(&[movie(1), movie(2)]);
    target.list(&[movie(2), movie(3)]);
    let run = service.run();
    run.expect("succeeded").planned("watchlist", 1, 0);
    assert_eq!(service.told(&run), ["add Movie 1: only_on_source"]);
    assert_eq!(target.listed(), ["Movie 1", "Movie 2", "Movie 3"]);
    assert_eq!(source.listed(), ["Movie 1", "Movie 2"]);
    service.is_at_rest();
}

#[test]
fn s03_with_removals_off_nothing_is_removed_and_it_is_said() {
    let trakt = empty_trakt(2);
    let service = Service::start(&to_trakt(&trakt, WATCHLIST));
    service.ledger("a").list(&[movie(1), movie(2)]);
    service.run().expect("succeeded").planned("watchlist", 2, 0);
    service.ledger("a").unlist(&[movie(1)]);
    let run = service.run();
    run.expect("succeeded").planned("watchlist", 0, 0);
    assert_eq!(service.told(&run), ["skip Movie 1: removes_off"]);
    service.is_at_rest();
    assert_eq!(trakt.listed(), ["Movie 1", "Movie 2"]);
    assert_eq!(trakt.posts("/sync/watchlist/remove"), 0);
}

#[test]
fn s04_what_left_the_source_is_removed_by_the_pair_that_may() {
    let trakt = empty_trakt(2);
    let careful = one_way("careful", "a", "b", WATCHLIST);
    let service = Service::start(&format!("{}{}{careful}", to_trakt(&trakt, WATCHLIST_REMOVING), ledger("b")));
    service.ledger("a").list(&[movie(1), movie(2)]);
    service.run().expect("succeeded").planned("watchlist", 2, 0);
    service.run_with("careful", json!({})).expect("succeeded").planned("watchlist", 2, 0);
    service.ledger("a").unlist(&[movie(1)]);
    let run = service.run();
    run.expect("succeeded").planned("watchlist", 0, 1);
    assert_eq!(
        (service.told(&run), run.outcome("watchlist", "verified")),
        (vec!["remove Movie 1: removed_on_source".to_owned()], 1)
    );
    let writes = trakt.writes();
    service.is_at_rest();
    service.run_with("careful", json!({})).expect("succeeded").planned("watchlist", 0, 0);
    assert_eq!((trakt.listed(), trakt.writes()), (vec!["Movie 2".to_owned()], writes));
    assert_eq!(service.ledger("b").listed(), ["Movie 1", "Movie 2"]);
}

#[test]
fn s04_by_default_a_removal_waits_for_a_second_complete_read() {
    let service = Service::start(&ledgers("[pair.watchlist]\nremove = \"observed\"\n"));
    service.ledger("a").list(&[movie(1), movie(2)]);
    service.run().expect("succeeded");
    service.ledger("a").unlist(&[movie(1)]);
    let first = service.run();
    first.expect("succeeded").planned("watchlist", 0, 0);
    assert_eq!(service.told(&first), ["skip Movie 1: waiting_for_reads"]);
    service.run().expect("succeeded").planned("watchlist", 0, 1);
    assert_eq!(service.ledger("b").listed(), ["Movie 2"]);
    service.is_at_rest();
}

#[test]
fn s06_what_is_gone_on_both_sides_is_forgotten_without_a_call() {
    let trakt = empty_trakt(1);
    let service = Service::start(&to_trakt(&trakt, WATCHLIST_REMOVING));
    service.ledger("a").list(&[movie(1)]);
    service.run().expect("succeeded").planned("watchlist", 1, 0);
    service.ledger("a").unlist(&[movie(1)]);
    trakt.unlist(&places(1));
    service.run().expect("succeeded").planned("watchlist", 0, 0);
    // Nothing of the deletion is left over for a film that the person lists again.
    trakt.list(&places(1));
    service.run().expect("succeeded").planned("watchlist", 0, 0);
    service.is_at_rest();
    assert_eq!((trakt.listed(), trakt.posts("/sync/watchlist/remove")), (vec!["Movie 1".to_owned()], 0));
}

#[test]
fn s07_what_the_target_adds_again_after_the_removal_is_its_own() {
    let trakt = empty_trakt(2);
    let service = Service::start(&to_trakt(&trakt, WATCHLIST_REMOVING));
    service.ledger("a").list(&[movie(1), movie(2)]);
    service.run().expect("succeeded");
    service.ledger("a").unlist(&[movie(1)]);
    service.run().expect("succeeded").planned("watchlist", 0, 1);
    trakt.list(&places(1));
    service.run().expect("succeeded").planned("watchlist", 0, 0);
    service.is_at_rest();
    assert_eq!(trakt.listed(), ["Movie 1", "Movie 2"]);
}

#[test]
fn s07_a_mirror_removes_it_once_an_earlier_read_showed_it() {
    let trakt = empty_trakt(3);
    let mirror = "[pair.watchlist]\nremove = \"mirror\"\n[pair.policy]\nremove_after_reads = 1\n";
    let service = Service::start(&to_trakt(&trakt, mirror));
    service.ledger("a").list(&[movie(1), movie(2)]);
    service.run().expect("succeeded").planned("watchlist", 2, 0);
    service.ledger("a").unlist(&[movie(1)]);
    let first = service.run();
    assert_eq!(service.told(first.expect("held")), ["hold remove Movie 1: first_mirror"]);
    service.run_approving().expect("succeeded").planned("watchlist", 0, 1);
    trakt.list(&places(1));
    service.run().expect("succeeded").planned("watchlist", 0, 0);
    assert_eq!(trakt.listed(), ["Movie 1", "Movie 2"]);
    let second = service.run();
    assert_eq!(service.told(second.expect("succeeded")), ["remove Movie 1: not_on_source_mirror"]);
    assert_eq!(trakt.listed(), ["Movie 2"]);
    service.is_at_rest();
}

#[test]
fn s09_one_shared_id_is_a_match_and_all_ids_are_remembered() {
    let trakt = Trakt::new(
        one_film(ExternalIds { imdb: Some("tt0000001".into()), ..ExternalIds::default() }),
        UserActivity::default(),
    );
    trakt.list(&places(1));
    let service = Service::start(&to_trakt(&trakt, WATCHLIST));
    service.ledger("a").list(&[movie_with(1, json!({"tmdb": 1, "imdb": "tt0000001"}))]);
    service.run().expect("succeeded").planned("watchlist", 0, 0);
    service.ledger("a").unlist(&[movie(1)]);
    service.run().expect("succeeded").planned("watchlist", 0, 0);
    // What was learned stays: the number alone is still the film that Trakt knows by its IMDb id.
    service.ledger("a").list(&[movie(1)]);
    service.run().expect("succeeded").planned("watchlist", 0, 0);
    service.is_at_rest();
    assert_eq!(trakt.posts("/sync"), 0);
}

#[test]
fn s10_a_target_that_knows_the_title_by_another_id_is_asked_once() {
    let trakt = Trakt::new(
        one_film(ExternalIds { imdb: Some("tt0000001".into()), ..ExternalIds::default() }),
        UserActivity::default(),
    );
    assert!(trakt.service.state().forward_id(LibraryItem::Movie(0), "tmdb", "1"));
    trakt.list(&places(1));
    let service = Service::start(&to_trakt(&trakt, WATCHLIST));
    service.ledger("a").list(&[movie(1)]);
    let run = service.run();
    run.expect("succeeded").planned("watchlist", 1, 0);
    assert_eq!((trakt.listed(), trakt.posts("/sync/watchlist")), (vec!["Movie 1".to_owned()], 1));
    service.is_at_rest();
    // The two ids are one title from now on: whatever names it is in step, and nothing is left to ask.
    let known = service.run();
    assert_eq!((known.count("watchlist", "unchanged"), known.count("watchlist", "skipped")), (1, 0), "{known:?}");
    assert_eq!(trakt.posts("/sync/watchlist"), 1);
}

#[test]
fn s12_two_rows_of_one_title_are_one_add() {
    let mut library = films(1);
    let copy = library.movie(LibraryItem::Movie(0)).unwrap().clone();
    library.add_movie(Movie { title: "Movie 1 (in 4K)".into(), ..copy });
    let jellyfin = Jellyfin::new(library, UserActivity::default());
    jellyfin.list(&places(2));
    let trakt = empty_trakt(1);
    let pair = one_way("p", "home", "trakt", WATCHLIST);
    let service = Service::start(&format!("{}{}{pair}", jellyfin.section(""), trakt.section()));
    service.run().expect("succeeded").planned("watchlist", 1, 0);
    assert_eq!((trakt.listed(), trakt.posts("/sync/watchlist")), (vec!["Movie 1".to_owned()], 1));
    service.is_at_rest();
}

#[test]
fn s13_an_item_without_ids_is_listed_and_the_others_go_on() {
    let mut library = films(1);
    let known = library.movie(LibraryItem::Movie(0)).unwrap().clone();
    library.add_movie(Movie { title: "Holiday 2009".into(), ids: ExternalIds::default(), ..known });
    let jellyfin = Jellyfin::new(library, UserActivity::default());
    jellyfin.list(&places(2));
    let trakt = empty_trakt(1);
    let pair = one_way("p", "home", "trakt", WATCHLIST);
    let service = Service::start(&format!("{}{}{pair}", jellyfin.section(""), trakt.section()));
    let run = service.run();
    run.expect("succeeded").planned("watchlist", 1, 0);
    assert_eq!(service.told(&run), ["add Movie 1: only_on_source", "skip Holiday 2009: no_ids"]);
    assert_eq!(run.count("watchlist", "skipped"), 1);
    assert_eq!(trakt.listed(), ["Movie 1"]);
    service.is_at_rest();
}
