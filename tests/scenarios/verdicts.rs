//! A person's word on ids, from the file that the configuration names.

use std::fs;

use crosswatch_emulator::{ExternalIds, Library, Movie, UserActivity};
use crosswatch_tests::service::{Service, Trakt, movie, places};
use serde_json::json;
use tempfile::TempDir;

use crate::{WATCHLIST, to_trakt};

/// A Trakt that knows one film by this TMDB number alone.
fn trakt_with(tmdb: u32) -> Trakt {
    let mut library = Library::empty();
    library.add_movie(Movie {
        title: "Movie 1".into(),
        year: 2001,
        released: "2001-02-03".parse().unwrap(),
        runtime_min: 100,
        ids: ExternalIds { tmdb: Some(tmdb), ..ExternalIds::default() },
    });
    Trakt::new(library, UserActivity::default())
}

fn with_verdicts(folder: &TempDir, verdicts: &str, trakt: &Trakt) -> String {
    let file = folder.path().join("verdicts.toml");
    fs::write(&file, verdicts).unwrap();
    format!("[identity]\nverdicts = \"{}\"\n\n{}", file.display(), to_trakt(trakt, WATCHLIST))
}

#[test]
fn what_a_person_calls_the_same_is_the_same_and_taking_it_back_ends_that() {
    let (folder, trakt) = (TempDir::new().unwrap(), trakt_with(7));
    trakt.list(&places(1));
    let service = Service::start(&with_verdicts(&folder, "same = [[\"tmdb_movie:1\", \"tmdb_movie:7\"]]", &trakt));
    service.ledger("a").list(&[movie(1)]);
    let run = service.run();
    run.expect("succeeded").planned("watchlist", 0, 0);
    assert_eq!(run.count("watchlist", "unchanged"), 1, "{run:?}");
    // A file that cannot be read changes nothing.
    fs::write(folder.path().join("verdicts.toml"), "same = [[\"tmdb_movie:1\"]]").unwrap();
    assert_eq!(service.run().count("watchlist", "unchanged"), 1);
    fs::write(folder.path().join("verdicts.toml"), "").unwrap();
    service.run().planned("watchlist", 1, 0);
}

#[test]
fn a_wrong_id_that_a_person_ignores_contradicts_nothing() {
    let (folder, trakt) = (TempDir::new().unwrap(), trakt_with(1));
    trakt.list(&places(1));
    let mut mislabelled = movie(1);
    mislabelled["ids"] = json!({"tmdb": 1, "imdb": "tt0000009"});
    let mut other = movie(2);
    other["ids"] = json!({"tmdb": 2, "imdb": "tt0000009"});
    let service = Service::start(&with_verdicts(&folder, "", &trakt));
    service.ledger("a").list(&[mislabelled]);
    service.http().post("/api/v1/tracker/watchlist", &json!({"provider": "a", "items": [{"item": other}]}));
    let told = service.told(&service.run());
    fs::write(folder.path().join("verdicts.toml"), "ignore = [\"imdb:tt0000009\"]").unwrap();
    let run = service.run();
    assert!(run.count("watchlist", "conflicts") == 0, "{told:?} {run:?}");
}
