//! Files of other tools into the built-in tracker and out of it, and moving in from the Python CrossWatch.

use std::{
    fs,
    io::{Cursor, Write},
};

use crosswatch_tests::service::{Ended, Folder, Process, Service, Trakt, films, ledger, movie, one_way};
use serde_json::{Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};

/// An archive of these members.
fn zipped(members: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Runs `crosswatch import` on a file of this content.
fn import(service: &Service, name: &str, content: &[u8], more: &[&str]) -> Ended {
    let file = service.folder().path().join(name);
    fs::write(&file, content).unwrap();
    Process::command(service.folder(), &[&["import", file.to_str().unwrap()], more].concat())
}

/// What the command prints as JSON.
fn told(ended: &Ended) -> Value {
    serde_json::from_str(&ended.output).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

/// Adds, updates and unchanged rows of all features.
fn sums(answer: &Value) -> [u64; 3] {
    let of = |name: &str| {
        answer["features"].as_object().unwrap().values().map(|counts| counts[name].as_u64().unwrap()).sum()
    };
    [of("adds"), of("updates"), of("unchanged")]
}

fn trakt_export() -> Vec<u8> {
    let heat = r#""type": "movie", "movie": {"title": "Movie 1", "year": 2001, "ids": {"tmdb": 1}}"#;
    let zoo = r#""type": "episode", "episode": {"season": 2, "number": 1, "title": "Zoo", "ids": {"tmdb": 397629}}, "show": {"title": "Parks", "year": 2009, "ids": {"tmdb": 8592}}"#;
    zipped(&[
        ("user-profile.json", "{}"),
        (
            "watched-history-1.json",
            &format!(
                r#"[{{"watched_at": "2026-01-01T20:00:30.000Z", {heat}}}, {{"watched_at": "2026-02-01T20:00:00.000Z", {heat}}}]"#
            ),
        ),
        (
            "watched-history-2.json",
            &format!(r#"[{{"watched_at": "2026-03-01T20:00:00.000Z", {zoo}}}, {{"watched_at": null, {zoo}}}]"#),
        ),
        ("ratings-movies.json", &format!(r#"[{{"rating": 8, "rated_at": "2026-01-02T20:00:00.000Z", {heat}}}]"#)),
        (
            "lists-watchlist.json",
            r#"[{"listed_at": "2026-01-02T20:00:00.000Z", "type": "show", "show": {"title": "Lost", "ids": {"tmdb": 4607}}}]"#,
        ),
    ])
}

#[test]
fn an_export_is_shown_first_imported_once_and_taken_back() {
    let service = Service::start(&ledger("a"));
    let preview = import(&service, "trakt.zip", &trakt_export(), &["--dry-run", "--json"]);
    assert_eq!((preview.code, sums(&told(&preview))), (Some(0), [5, 0, 1]), "{preview:?}");
    assert_eq!(service.ledger("a").plays(), Vec::<String>::new());
    // Nobody can be asked here, so calling it is the word.
    let first = import(&service, "trakt.zip", &trakt_export(), &["--json"]);
    assert_eq!((first.code, sums(&told(&first))), (Some(0), [5, 0, 1]), "{first:?}");
    let plays = service.ledger("a").plays();
    assert_eq!(plays.len(), 3, "{plays:?}");
    assert_eq!(service.ledger("a").ratings(), ["Movie 1 is 80"]);
    let second = import(&service, "again.zip", &trakt_export(), &["--yes"]);
    assert!(second.code == Some(0) && second.output.contains("Nothing of it is new."), "{second:?}");
    assert_eq!(service.ledger("a").plays(), plays);

    let numbers = Process::command(service.folder(), &["tracker", "statistics", "--json"]);
    assert_eq!((&told(&numbers)["plays"], &told(&numbers)["rewatches"]), (&json!(3), &json!(1)), "{numbers:?}");
    let rows = Process::command(service.folder(), &["tracker", "list", "ratings"]);
    assert!(rows.code == Some(0) && rows.output.contains("Movie 1 (2001)  80/100"), "{rows:?}");

    let id = told(&first)["import"].as_str().unwrap().to_owned();
    let list = Process::command(service.folder(), &["import", "--list"]);
    assert!(list.output.contains(&id) && list.output.contains("done"), "{list:?}");
    let undone = Process::command(service.folder(), &["import", "--undo", &id]);
    assert!(undone.code == Some(0) && undone.output.contains("5 rows were taken out"), "{undone:?}");
    assert_eq!(service.ledger("a").plays(), Vec::<String>::new());
    assert_eq!(service.ledger("a").listed(), Vec::<String>::new());
}

#[test]
fn every_format_is_known_by_its_content() {
    let service = Service::start(&ledger("a"));
    let simkl = r#"{"movies": [{"status": "completed", "last_watched_at": "2026-01-01T20:00:00Z", "movie": {"title": "Heat", "year": 1995, "ids": {"simkl": 1, "tmdb": 949}}}]}"#;
    let diary =
        "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n2026-02-02,Heat,1995,u,4.5,,,2026-02-01\n";
    let imdb = "Const,Your Rating,Date Rated,Title,URL,Title Type,Year\ntt0113277,9,2026-02-02,Heat,u,Movie,1995\n";
    let yamtrack = "media_id,source,media_type,title,season_number,episode_number,score,status,end_date\n949,tmdb,movie,Heat,,,,Completed,2026-03-01\n";
    let plain = "type,title,tmdb,watched_at\nmovie,Heat,949,2026-04-01T20:00:00Z\n";
    let python = r#"{"ts": 1, "items": {"tmdb:949": {"type": "movie", "title": "Heat", "ids": {"tmdb": "949"}, "watched_at": "2026-05-01T20:00:00Z"}}}"#;
    for (content, format, adds) in [
        (zipped(&[("SimklBackup.json", simkl)]), "simkl", 1),
        (zipped(&[("diary.csv", diary)]), "letterboxd", 2),
        (imdb.into(), "imdb", 1),
        (yamtrack.into(), "yamtrack", 1),
        (plain.into(), "csv", 1),
        (python.into(), "json", 1),
    ] {
        let first = import(&service, "file.bin", &content, &["--yes", "--json"]);
        assert_eq!((first.code, &told(&first)["format"]), (Some(0), &json!(format)), "{first:?}");
        assert_eq!(sums(&told(&first)), [adds, 0, 0], "{first:?}");
        let second = import(&service, "file.bin", &content, &["--yes", "--json"]);
        assert_eq!(sums(&told(&second)), [0, 0, adds], "{second:?}");
    }
    assert_eq!(
        service.ledger("a").plays(),
        [
            "Heat at 2026-01-01T20:00:00Z",
            "Heat at 2026-02-01",
            "Heat at 2026-03-01",
            "Heat at 2026-04-01T20:00:00Z",
            "Heat at 2026-05-01T20:00:00Z",
        ]
    );
}

#[test]
fn rows_that_cannot_be_placed_are_told_and_the_others_are_imported() {
    let service = Service::start(&ledger("a"));
    let file = "type,title,year,tmdb,watched_at\nmovie,Heat,1995,949,2026-01-01\nmovie,Lost film,1990,,2026-01-01\nmovie,Bad date,1990,5,soon\n\"movie";
    let ended = import(&service, "plays.csv", file.as_bytes(), &["--yes"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    for said in ["line 3", "Lost film", "line 4", "\"soon\" is no date", "1 row was written"] {
        assert!(ended.output.contains(said), "{said}: {ended:?}");
    }
    assert_eq!(service.ledger("a").plays(), ["Heat at 2026-01-01"]);
}

#[test]
fn files_that_are_no_exports_are_refused_and_change_nothing() {
    let service = Service::start(&ledger("a"));
    let swollen = "[".to_owned() + &" ".repeat(8 << 20);
    for (content, said) in [
        (zipped(&[("watched-history-1.json", &swollen)]), "larger than 512 MiB or than 200 times the archive"),
        (zipped(&[("photo.jpg", "x")]), "an archive with photo.jpg"),
        (b"hello".to_vec(), "expected a Trakt, SIMKL or Letterboxd export ZIP"),
        (b"[{\"type\": \"movie\"".to_vec(), "cannot be read to its end"),
        (Vec::new(), "the file is empty"),
    ] {
        let ended = import(&service, "file.zip", &content, &["--yes"]);
        assert!(ended.code == Some(4) && ended.errors.contains(said), "{said}: {ended:?}");
    }
    let nowhere = Process::command(service.folder(), &["import", "nowhere.zip"]);
    assert!(nowhere.code == Some(4) && nowhere.errors.contains("nowhere.zip"), "{nowhere:?}");
    assert_eq!(service.ledger("a").plays(), Vec::<String>::new());
}

#[test]
fn what_was_imported_is_known_to_pairs_and_not_sent_twice() {
    let trakt = Trakt::new(films(4), crosswatch_emulator::UserActivity::default());
    let service = Service::start(&format!(
        "{}{}{}",
        ledger("a"),
        trakt.section(),
        one_way("p", "a", "trakt", "[pair.history]\n")
    ));
    service.ledger("a").watch(&[movie(2)], "2026-01-01T20:00:00Z");
    service.run().expect("succeeded").planned("history", 1, 0);
    let id = movie(2)["ids"].clone();
    let file = json!([{"type": "movie", "title": "Movie 2", "ids": id, "watched_at": "2026-01-01T20:01:00Z"},
        {"type": "movie", "title": "Movie 2", "ids": id}]);
    let same = import(&service, "same.json", file.to_string().as_bytes(), &["--yes", "--json"]);
    assert_eq!(told(&same)["features"]["history"]["adds"], 0, "{same:?}");
    service.is_at_rest();
}

#[test]
fn an_export_comes_back_as_it_was() {
    let service = Service::start(&ledger("a"));
    import(&service, "trakt.zip", &trakt_export(), &["--yes"]);
    service.ledger("a").rate(&[movie(3)], 85);
    for format in ["json", "csv"] {
        let file = service.folder().path().join(format!("ledger.{format}"));
        let out = file.to_str().unwrap();
        let ended = Process::command(service.folder(), &["export", "--format", format, "-o", out]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let again = Process::command(service.folder(), &["import", out, "--dry-run", "--json"]);
        assert_eq!((again.code, sums(&told(&again))), (Some(0), [0, 0, 6]), "{again:?}");
        let other = Service::start(&ledger("a"));
        let taken = import(&other, "export", &fs::read(&file).unwrap(), &["--yes", "--json"]);
        assert_eq!((taken.code, sums(&told(&taken))), (Some(0), [6, 0, 0]), "{taken:?}");
        let everything = |service: &Service| {
            let hand = service.ledger("a");
            (hand.plays(), hand.ratings(), hand.listed())
        };
        assert_eq!(everything(&other), everything(&service));
    }
    let films = Process::command(service.folder(), &["export", "--format", "letterboxd"]);
    assert!(films.output.starts_with("tmdbID,imdbID,Title,Year") && films.output.lines().count() == 3, "{films:?}");
    assert!(films.errors.contains("left out") && films.errors.contains("watchlist=1"), "{films:?}");
    assert!(films.errors.contains("ratings=1"), "a film that was rated and not watched: {films:?}");
}

#[test]
fn a_command_alone_imports_without_a_running_service() {
    let service = Service::start(&ledger("a"));
    service.process().borrow().terminate();
    assert_eq!(service.process().borrow_mut().wait(10), Some(0));
    let ended = import(&service, "trakt.zip", &trakt_export(), &["--yes"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    service.start_again();
    assert_eq!(service.ledger("a").plays().len(), 3);
}

#[test]
fn moving_in_from_the_python_crosswatch_gives_a_configuration_that_loads() {
    let folder = Folder::new();
    let old = json!({
        "jellyfin": {"server": "http://jellyfin:8096", "access_token": "very-secret", "username": "anna"},
        "crosswatch": {"enabled": true, "instances": {"CW-P01": {}}},
        "anilist": {"access_token": "another-secret"},
        "pairs": [{"id": "pair_1", "source": "JELLYFIN", "target": "CROSSWATCH", "mode": "one-way", "enabled": true,
            "features": {"history": {"enable": true, "add": true}, "ratings": {"enable": true, "mode": "all"}}}],
        "scheduling": {"enabled": true, "mode": "daily_time", "daily_time": "04:30"},
    });
    let file = folder.path().join("config.json");
    fs::write(&file, old.to_string()).unwrap();
    let configuration = folder.configuration();
    let arguments = ["import-config", file.to_str().unwrap(), "-o", configuration.to_str().unwrap()];
    let moved = Process::command(&folder, &arguments);
    assert_eq!(moved.code, Some(3), "{moved:?}");
    for said in [
        "jellyfin: the account jellyfin",
        "pairs.pair_1: the pair jellyfin-to-crosswatch",
        "anilist: there is no such provider",
    ] {
        assert!(moved.output.contains(said), "{said}: {moved:?}");
    }
    assert!(!format!("{moved:?}").contains("secret"), "{moved:?}");
    let checked = Process::command(&folder, &["check", "--offline"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let again = Process::command(&folder, &arguments);
    assert!(again.code == Some(4) && again.errors.contains("is there already"), "{again:?}");
}
