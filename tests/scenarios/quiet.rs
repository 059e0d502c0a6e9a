//! A run in which nothing changed: it writes nothing and asks a tracker a handful of questions, whatever the size.

use crosswatch_emulator::{GivenRating, Library, Marked, UserActivity};
use crosswatch_tests::service::{Jellyfin, Service, Trakt, ledger, now, one_way};
use serde_json::json;

const EVERYTHING: &str = "[pair.history]\n[pair.watchlist]\n[pair.ratings]\n";
/// What an unchanged run may ask an account that has a change gate.
const REQUESTS_MAX: u64 = 6;

/// Everything watched, every third film rated and every fifth on the watchlist.
fn busy(library: &Library) -> UserActivity {
    let mut activity = UserActivity::everything(1, library, now());
    let films = || library.movies().map(|(item, _)| item);
    activity.ratings = films().step_by(3).map(|item| GivenRating { item, rating: 8, at: now() }).collect();
    activity.favourites = films().step_by(5).map(|item| Marked { item, at: now() }).collect();
    activity
}

/// Jellyfin to Trakt to the ledger: after the first runs, the next ones find nothing and ask little.
fn check(items: usize) {
    let library = Library::sized(5, items);
    let home = Jellyfin::new(library.clone(), busy(&library));
    let trakt = Trakt::new(library, UserActivity::default());
    let pairs = [one_way("p", "home", "trakt", EVERYTHING), one_way("q", "trakt", "b", EVERYTHING)].concat();
    let service = Service::start(&format!("{}{}{}{pairs}", home.section(""), trakt.section(), ledger("b")));
    let run = |pair: &str| service.run_with(pair, json!({}));
    run("p").expect("succeeded").planned("history", items as u64, 0);
    run("q").expect("succeeded").planned("history", items as u64, 0);
    trakt.service.log().clear();
    for pair in ["p", "q", "p", "q"] {
        let quiet = run(pair);
        quiet.expect("succeeded");
        assert_eq!((quiet.wanted(), quiet.count("history", "unchanged")), (0, items as u64), "{quiet:?}");
        assert!(quiet.requests("trakt") <= REQUESTS_MAX, "{} requests for {items} items", quiet.requests("trakt"));
        let sent = trakt.service.log().requests();
        assert_eq!(sent.len() as u64, quiet.requests("trakt"), "what is told is what was sent: {sent:?}");
        assert_eq!(trakt.writes(), 0);
        trakt.service.log().clear();
    }
    assert_eq!(home.server.log().writes(), [], "the source is never written");
}

#[test]
fn an_unchanged_run_over_fifty_items_asks_a_handful_of_questions() {
    check(50);
}

#[test]
fn an_unchanged_run_over_fifteen_hundred_items_asks_no_more() {
    check(1500);
}
