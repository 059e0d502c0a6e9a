//! Why: for an item in any state the service tells the chain of facts and rules, over HTTP and at the command line.

use crosswatch_tests::service::{Process, Service, movie};
use serde_json::Value;

use crate::{WATCHLIST, ledgers};

/// The answer for an item of the pair `p`.
#[track_caller]
fn why(service: &Service, item: &str, status: u16) -> Value {
    service.http().get(&format!("/api/v1/why?pair=p&item={item}")).expect(status)
}

/// What the links of an answer have under this key.
fn words<'a>(answer: &'a Value, key: &str) -> Vec<&'a str> {
    answer["chain"].as_array().unwrap().iter().filter_map(|link| link[key].as_str()).collect()
}

#[test]
fn every_state_of_an_item_has_its_chain() {
    let service = Service::start(&ledgers("[pair.watchlist]\nremove = \"observed\"\n"));
    service.ledger("a").list(&[movie(1), movie(2)]);
    let wanted = why(&service, "tmdb_movie:1", 200);
    assert_eq!(wanted["item"]["title"], "Movie 1");
    assert!(wanted["sentence"].as_str().unwrap().starts_with("watchlist: "), "{wanted}");
    let sources = words(&wanted, "source");
    assert!(["identity", "source", "target"].iter().all(|source| sources.contains(source)), "{wanted}");
    assert!(words(&wanted, "rule").contains(&"only_on_source"), "{wanted}");
    assert!(service.ledger("b").listed().is_empty(), "asking writes nothing");
    service.run().expect("succeeded");
    assert!(words(&why(&service, "tmdb_movie:1", 200), "rule").contains(&"same"));
    service.ledger("a").unlist(&[movie(1)]);
    let waits = why(&service, "tmdb_movie:1", 200);
    assert!(words(&waits, "rule").contains(&"waiting_for_reads"), "{waits}");
    assert!(words(&waits, "source").contains(&"baseline"), "{waits}");
    service.ledger("b").list(&[movie(3)]);
    assert!(words(&why(&service, "tmdb_movie:3", 200), "rule").contains(&"only_on_target"));
    let told = Process::command(service.folder(), &["why", "p", "tmdb_movie:1"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.output.contains("watchlist: ") && told.output.contains("waiting_for_reads"), "{told:?}");
}

#[test]
fn what_nobody_knows_and_what_is_no_item_is_said() {
    let service = Service::start(&ledgers(WATCHLIST));
    assert_eq!(why(&service, "tmdb_movie:999", 404)["type"], "unknown-item");
    assert_eq!(why(&service, "the-matrix", 400)["type"], "bad-query");
    let told = Process::command(service.folder(), &["why", "p", "the matrix"]);
    assert_eq!(told.code, Some(4), "{told:?}");
    assert!(told.errors.contains("imdb:tt0133093"), "{told:?}");
}
