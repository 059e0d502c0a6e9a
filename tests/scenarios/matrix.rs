//! Every kind of account as source and as target of every other, for every feature: what the source has arrives as far as
//! the target can hold it, and a second run finds nothing to do.

use std::collections::BTreeMap;

use crosswatch_emulator::{GivenRating, Library, LibraryItem, Marked, ResumePoint, UserActivity, WatchedOnce};
use crosswatch_tests::service::{AnyAccount, KINDS, Service, item_of, now, one_way};
use serde_json::{Value, json};

/// Every feature, with everything agreed to that a careful person would think about first.
const EVERYTHING: &str = "[pair.history]\nallow_undated = true\n[pair.watchlist]\n[pair.ratings]\n[pair.progress]\n\
                          [pair.policy]\ncanary = false\n\
                          acknowledge = [\"tracker-to-server\", \"server-to-server\"]\n";
const FEATURES: [&str; 4] = ["history", "watchlist", "ratings", "progress"];

fn library() -> Library {
    Library::sized(5, 60)
}

/// Films and episodes watched, some of the films rated, others wanted, and two left in the middle.
fn lived() -> UserActivity {
    let film = LibraryItem::Movie;
    let library = library();
    let episodes: Vec<LibraryItem> = library.episodes().map(|(place, _)| place).take(5).collect();
    let watched = (0..4).map(film).chain(episodes);
    UserActivity {
        plays: watched.map(|item| WatchedOnce { item, at: "2020-03-04T05:06:00Z".parse().unwrap() }).collect(),
        ratings: (0..3).map(|at| GivenRating { item: film(at), rating: 8, at: now() }).collect(),
        favourites: (5..8).map(|at| Marked { item: film(at), at: now() }).collect(),
        resume_points: (8..10).map(|at| ResumePoint { item: film(at), progress_percent: 40, at: now() }).collect(),
        ..UserActivity::default()
    }
}

/// The same in the words of the built-in tracker.
fn live_in_the_ledger(service: &Service) {
    let library = library();
    let activity = lived();
    let item = |place: LibraryItem| item_of(&library, place);
    let ledger = service.ledger("tracker");
    let plays = activity.plays.iter().map(|play| json!({"item": item(play.item), "watched_at": play.at.to_string()}));
    ledger.add("history", plays.collect());
    ledger
        .add("ratings", activity.ratings.iter().map(|given| json!({"item": item(given.item), "value": 80})).collect());
    ledger.add("watchlist", activity.favourites.iter().map(|mark| json!({"item": item(mark.item)})).collect());
    let points = activity.resume_points.iter().map(|point| {
        let length_s = u32::from(library.runtime_min(point.item).unwrap()) * 60;
        json!({"item": item(point.item), "position_s": length_s * 2 / 5, "duration_s": length_s})
    });
    ledger.add("progress", points.collect());
}

/// What an account says it can do, by feature: whether it is kept at all, and whether it can be written.
fn abilities(service: &Service, kind: &str) -> BTreeMap<String, bool> {
    let account = service.http().get(&format!("/api/v1/providers/{kind}")).expect(200);
    let features = account["capabilities"]["features"].as_array().unwrap().clone();
    let ability =
        |entry: &Value| (entry["feature"].as_str().unwrap().to_owned(), entry["can_write"].as_bool().unwrap());
    features.iter().map(ability).collect()
}

/// One source into every other kind of account.
fn check(source: &str) {
    let targets: Vec<&str> = KINDS.iter().copied().filter(|kind| *kind != source).collect();
    let from = AnyAccount::start(source, library(), lived());
    let accounts: Vec<AnyAccount> =
        targets.iter().map(|kind| AnyAccount::start(kind, library(), UserActivity::default())).collect();
    let sections: String = accounts.iter().chain([&from]).map(AnyAccount::section).collect();
    let pairs: String =
        targets.iter().map(|target| one_way(&format!("to-{target}"), source, target, EVERYTHING)).collect();
    let service = Service::start(&format!("{sections}{pairs}"));
    if source == "tracker" {
        live_in_the_ledger(&service);
    }
    let can_read = abilities(&service, source);
    for (target, account) in targets.iter().zip(&accounts) {
        let pair = format!("to-{target}");
        let run = service.run_with(&pair, json!({}));
        run.expect("succeeded");
        let can_write = abilities(&service, target);
        for feature in FEATURES {
            let travels = can_read.contains_key(feature) && can_write.get(feature) == Some(&true);
            let (adds, seen) = (run.count(feature, "adds"), run.outcome(feature, "verified"));
            assert_eq!(adds > 0, travels, "{feature} from {source} to {target}: {run:?}");
            assert_eq!(adds, seen, "{feature} from {source} to {target}: {run:?}");
        }
        let writes = account.writes();
        let again = service.run_with(&pair, json!({}));
        again.expect("succeeded");
        assert_eq!((again.wanted(), account.writes()), (0, writes), "{source} to {target}: {again:?}");
    }
    assert_eq!(from.writes(), 0, "the source is never written");
}

#[test]
fn from_plex_to_every_other() {
    check("plex");
}

#[test]
fn from_jellyfin_to_every_other() {
    check("jellyfin");
}

#[test]
fn from_emby_to_every_other() {
    check("emby");
}

#[test]
fn from_simkl_to_every_other() {
    check("simkl");
}

#[test]
fn from_trakt_to_every_other() {
    check("trakt");
}

#[test]
fn from_mdblist_to_every_other() {
    check("mdblist");
}

#[test]
fn from_the_built_in_tracker_to_every_other() {
    check("tracker");
}
