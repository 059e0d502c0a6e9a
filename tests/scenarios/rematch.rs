//! A media server takes one of its films for another one: nothing is written about either until a person agrees.

use crosswatch_emulator::{ExternalIds, LibraryItem, Movie, UserActivity};
use crosswatch_tests::service::{Jellyfin, Service, films, ledger, one_way, places};

/// Enough films for one of them to be a small part.
const FILMS: u32 = 40;
const SEEN: &str = "2020-01-02T03:04:05Z";

/// A server of which everything is watched and a pair that carries that to a ledger, removals included.
fn house() -> (Jellyfin, Service) {
    let jellyfin = Jellyfin::new(films(FILMS), UserActivity::default());
    jellyfin.watch(&places(FILMS as usize), SEEN);
    let removing = "[pair.history]\nremove = \"observed\"\n[pair.policy]\nremove_after_reads = 1\n";
    let pair = one_way("p", "home", "b", removing);
    let service = Service::start(&format!("{}{}{pair}", jellyfin.section(""), ledger("b")));
    service.run().expect("succeeded").planned("history", u64::from(FILMS), 0);
    service.is_at_rest();
    (jellyfin, service)
}

/// Takes the first film of the library for this one.
fn take_the_first_for(jellyfin: &Jellyfin, number: u32) {
    let mut state = jellyfin.server.state();
    let item = state.item_of(LibraryItem::Movie(0)).unwrap();
    let other = Movie {
        title: format!("Movie {number}").into(),
        year: 2001,
        released: "2001-02-03".parse().unwrap(),
        runtime_min: 100,
        ids: ExternalIds { tmdb: Some(number), ..ExternalIds::default() },
    };
    state.rematch(item, &other).unwrap();
}

#[test]
fn neither_the_old_nor_the_new_film_is_written_until_a_person_agrees() {
    let (jellyfin, service) = house();
    take_the_first_for(&jellyfin, 900);
    for _ in 0..2 {
        let run = service.run();
        run.expect("held").planned("history", 0, 0);
        assert_eq!(service.told(&run), ["hold add Movie 900: rematched", "hold remove Movie 1: rematched"]);
    }
    assert_eq!(service.ledger("b").plays().len(), FILMS as usize);
    assert_eq!(service.held().iter().map(|held| held["kind"].clone()).collect::<Vec<_>>(), ["rematch"]);
    let run = service.run_approving();
    run.expect("succeeded").planned("history", 1, 1);
    assert!(service.held().is_empty());
    let watched = service.ledger("b").plays();
    assert!(watched.iter().any(|play| play.starts_with("Movie 900 ")), "{watched:?}");
    assert!(!watched.iter().any(|play| play.starts_with("Movie 1 ")), "{watched:?}");
    service.is_at_rest();
}

#[test]
fn a_film_that_is_again_what_it_was_is_free() {
    let (jellyfin, service) = house();
    take_the_first_for(&jellyfin, 900);
    service.run().expect("held");
    take_the_first_for(&jellyfin, 1);
    service.run().expect("succeeded").planned("history", 0, 0);
    assert!(service.held().is_empty());
    service.is_at_rest();
}
