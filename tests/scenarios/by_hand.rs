//! The built-in tracker and snapshots, changed by hand from the command line, with and without a running service.

use std::fs;

use crosswatch_tests::service::{Ended, Process, Service, ledger, movie};
use serde_json::{Value, json};

fn tracker(service: &Service, arguments: &[&str]) -> Ended {
    Process::command(service.folder(), &[&["tracker"], arguments].concat())
}

#[track_caller]
fn told(ended: &Ended) -> Value {
    serde_json::from_str(&ended.output).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

/// Adds, lists and takes out a row of every feature.
fn every_feature_by_hand(service: &Service) {
    for (feature, item, values, row) in [
        (
            "history",
            "tvdb_show:81189/1/3",
            &["--at", "2026-01-01", "--title", "Breaking Bad"][..],
            json!({
                "item": {
                    "kind": "episode", "title": "", "year": null, "ids": {}, "season": 1, "number": 3,
                    "show": {"title": "Breaking Bad", "year": null, "ids": {"tvdb": 81189}},
                },
                "watched_at": "2026-01-01", "precision": "day",
            }),
        ),
        (
            "watchlist",
            "tmdb_show:1399",
            &["--at", "2026-01-01T20:15:00Z"],
            json!({
                "item": {"kind": "show", "title": "", "year": null, "ids": {"tmdb": 1399}},
                "listed_at": "2026-01-01T20:15:00Z",
            }),
        ),
        (
            "ratings",
            "imdb:tt0133093",
            &["--value", "80", "--title", "The Matrix", "--year", "1999"],
            json!({
                "item": {"kind": "movie", "title": "The Matrix", "year": 1999, "ids": {"imdb": "tt0133093"}},
                "value": 80, "rated_at": null,
            }),
        ),
        (
            "progress",
            "tmdb_movie:604",
            &["--position", "60", "--duration", "3600"],
            json!({
                "item": {"kind": "movie", "title": "", "year": null, "ids": {"tmdb": 604}},
                "position_s": 60, "duration_s": 3600, "at": null,
            }),
        ),
    ] {
        let added = tracker(service, &[&["add", feature, item], values, &["--json"]].concat());
        assert_eq!(added.code, Some(0), "{added:?}");
        let mut there = told(&added)["items"][0].clone();
        assert_eq!(told(&tracker(service, &["list", feature, "--json"]))["items"], json!([there]), "{feature}");
        let id = there.as_object_mut().unwrap().remove("id").unwrap();
        assert_eq!(there, row, "{feature}");
        let id = id.as_str().unwrap();
        assert!(tracker(service, &["list", feature]).output.contains(id), "{feature}");
        let again = tracker(service, &[&["add", feature, item], values].concat());
        assert!(again.code == Some(0) && again.output.contains(id), "the same row: {again:?}");
        let gone = tracker(service, &["remove", feature, id, "9999-0"]);
        assert_eq!(gone.code, Some(3), "{gone:?}");
        assert_eq!(gone.output, "1 row was taken out. There is no row 9999-0.\n");
        assert_eq!(told(&tracker(service, &["list", feature, "--json"]))["items"], json!([]), "{feature}");
    }
}

#[test]
fn rows_of_the_tracker_are_added_listed_and_taken_out() {
    let service = Service::start(&ledger("a"));
    every_feature_by_hand(&service);
    for (arguments, said) in [
        (&["add", "ratings", "imdb:tt0133093"][..], "value: is missing"),
        (&["add", "history", "imdb:tt0133093", "--value", "8"], "value: belongs to ratings"),
        (&["add", "history", "The Matrix"], "write it like imdb:tt0133093"),
        (&["add", "history", "tmdb_movie:603", "--at", "yesterday"], "watched_at"),
        (&["add", "history", "tmdb_show:1399"], "history holds"),
        (&["add", "watchlist", "tmdb_movie:603", "--provider", "nobody"], "nobody"),
        (&["remove", "history", "../runs"], "tracker list"),
    ] {
        let refused = tracker(&service, arguments);
        assert!(refused.code == Some(4) && refused.errors.contains(said), "{arguments:?}: {refused:?}");
    }
    service.process().borrow().terminate();
    assert_eq!(service.process().borrow_mut().wait(10), Some(0));
    every_feature_by_hand(&service);
}

#[test]
fn a_snapshot_is_carried_to_another_house_as_a_file() {
    let service = Service::start(&ledger("a"));
    service.ledger("a").list(&[movie(1), movie(2)]);
    let taken = service.snapshot("a");
    let id = taken["id"].as_str().unwrap();
    let file = service.folder().path().join("kept.jsonl");
    let path = file.to_str().unwrap();
    let snapshot = |service: &Service, arguments: &[&str]| {
        Process::command(service.folder(), &[&["snapshot"], arguments].concat())
    };
    let written = snapshot(&service, &["export", id, path]);
    assert!(written.code == Some(0) && written.output.contains("kept.jsonl"), "{written:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), service.http().text(&format!("/api/v1/snapshots/{id}/export")));
    let other = Service::start(&ledger("a"));
    let kept = snapshot(&other, &["import", path, "--json"]);
    assert_eq!(kept.code, Some(0), "{kept:?}");
    let kept = told(&kept);
    assert_eq!((&kept["cause"], &kept["counts"]), (&json!("import"), &taken["counts"]));
    let restored = snapshot(&other, &["restore", kept["id"].as_str().unwrap(), "--yes"]);
    assert_eq!((restored.code, other.ledger("a").listed()), (Some(0), service.ledger("a").listed()), "{restored:?}");
    for (arguments, said) in [
        (&["export", "0199", path][..], "no snapshot"),
        (&["export", id, "/nowhere/file"], "/nowhere/file"),
        (&["import", "/nowhere/file"], "/nowhere/file"),
        (&["import", service.folder().configuration().to_str().unwrap()], "line 1"),
    ] {
        let refused = snapshot(&service, arguments);
        assert!(refused.code == Some(4) && refused.errors.contains(said), "{arguments:?}: {refused:?}");
    }
}
