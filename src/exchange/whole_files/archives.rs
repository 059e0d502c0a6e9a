//! Export archives: which members count, and in which order.

use super::{check, reading, zipped};

const HEAT: &str = r#""type": "movie", "movie": {"title": "Heat", "year": 1995, "ids": {"tmdb": 949}}"#;

#[test]
fn an_export_of_trakt_is_read_member_by_member() {
    let row = |told: &str| format!("[{{{told}, {HEAT}}}]").into_bytes();
    let archive = zipped(&[
        ("user-profile.json", b"{\"username\": \"somebody\"}"),
        ("lists-best-of.json", &row("\"listed_at\": \"2026-01-01T00:00:00.000Z\"")),
        ("watched-history-10.json", &row("\"watched_at\": \"2026-01-03T00:00:00.000Z\"")),
        ("watched-history-2.json", &row("\"watched_at\": \"2026-01-02T00:00:00.000Z\"")),
        ("ratings-movies.json", &row("\"rating\": 7")),
        ("lists-watchlist.json", &row("\"listed_at\": \"2026-01-01T00:00:00.000Z\"")),
        ("watched-playback.json", &row("\"progress\": 50")),
        ("comments-movies.json", b"[]"),
    ]);
    check(
        &archive,
        "trakt",
        &[
            "ratings-movies.json, entry 1: movie Heat (1995) {tmdb_movie:949} Rated { value: Rating(70), rated_at: None }",
            "lists-watchlist.json, entry 1: movie Heat (1995) {tmdb_movie:949} Listed(Some(2026-01-01T00:00:00Z))",
            "watched-playback.json, entry 1: movie Heat (1995) {tmdb_movie:949} 5000/10000",
            "watched-history-2.json, entry 1: movie Heat (1995) {tmdb_movie:949} Play(Minute(2026-01-02T00:00:00Z))",
            "watched-history-10.json, entry 1: movie Heat (1995) {tmdb_movie:949} Play(Minute(2026-01-03T00:00:00Z))",
        ],
        &[],
    );
}

#[test]
fn an_export_of_letterboxd_has_undated_plays_only_of_films_that_are_not_in_the_diary() {
    let archive = zipped(&[
        ("letterboxd-anna/watched.csv", b"Date,Name,Year,Letterboxd URI\n2026-08-18,Heat,1995,u\n2026-08-18,Ran,1985,u\n"),
        ("letterboxd-anna/diary.csv", b"Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n2026-08-18,Heat,1995,u,3,,,2026-08-01\n2026-08-19,Heat,1995,u,3,Yes,,2026-08-11\n"),
        ("letterboxd-anna/ratings.csv", b"Date,Name,Year,Letterboxd URI,Rating\n2026-08-20,Heat,1995,u,4\n"),
        ("letterboxd-anna/watchlist.csv", b"Date,Name,Year,Letterboxd URI\n2026-08-18,Fargo,1996,u\n"),
        ("letterboxd-anna/likes/watched.csv", b"Date,Name,Year,Letterboxd URI\n2026-08-18,Else,1985,u\n"),
        ("letterboxd-anna/profile.csv", b"Username\nanna\n"),
    ]);
    check(
        &archive,
        "letterboxd",
        &[
            "letterboxd-anna/diary.csv, line 2: movie Heat (1995) {} Play(Day(2026-08-01))",
            "letterboxd-anna/diary.csv, line 3: movie Heat (1995) {} Play(Day(2026-08-11))",
            "letterboxd-anna/watched.csv, line 3: movie Ran (1985) {} Play(Unknown)",
            "letterboxd-anna/ratings.csv, line 2: movie Heat (1995) {} Rated { value: Rating(80), rated_at: Some(2026-08-20T11:00:00Z) }",
            "letterboxd-anna/watchlist.csv, line 2: movie Fargo (1996) {} Listed(Some(2026-08-18T11:00:00Z))",
        ],
        &[],
    );
}

#[test]
fn an_archive_around_one_file_is_read_as_that_file() {
    let backup = br#"{"movies": [{"status": "completed", "movie": {"title": "Heat", "ids": {"simkl": 1}}}]}"#;
    check(
        &zipped(&[("SimklBackup.json", backup), ("__MACOSX/._SimklBackup.json", b"x")]),
        "simkl",
        &["SimklBackup.json, movies, entry 1: movie Heat {simkl_movie:1} Play(Unknown)"],
        &[],
    );
    let two = reading(&zipped(&[("one.json", b"[]"), ("two.json", b"[]")])).unwrap_err().to_string();
    assert!(two.contains("an archive with one.json, two.json") && two.contains("expected a Trakt"), "{two}");
}
