//! Every format by a small file of its own.

use super::{check, reading};
use crate::FileError;

#[test]
fn rows_of_trakt_say_by_their_members_what_they_are() {
    check(
        br#"[
            {"id": 1, "watched_at": "2026-08-21T06:41:33.000Z", "action": "watch", "type": "movie",
             "movie": {"title": "Heat", "year": 1995, "ids": {"trakt": 1, "slug": "heat-1995", "imdb": "tt0113277", "tmdb": 949, "tvdb": 7}}},
            {"id": 2, "watched_at": "1970-01-01T00:00:00.000Z", "type": "episode",
             "episode": {"season": 0, "number": 3, "title": "Extra", "ids": {"trakt": 5, "imdb": null}},
             "show": {"title": "Parks", "year": 2009, "ids": {"trakt": 4, "tvdb": 84912}}},
            {"rated_at": "2026-06-30T19:55:52.000Z", "rating": 9, "type": "show", "show": {"title": "Parks", "year": 2009, "ids": {"trakt": 4}}},
            {"listed_at": null, "type": "season", "season": {"number": 3, "ids": {"tmdb": 3575}}, "show": {"title": "Parks", "ids": {"trakt": 4}}},
            {"progress": 25.5, "paused_at": "2026-08-19T21:09:06.000Z", "type": "movie", "movie": {"title": "Ran", "year": 1985, "runtime": 162, "ids": {"tmdb": 11645}}},
            {"rating": 0, "type": "movie", "movie": {"title": "Ran", "ids": {"tmdb": 11645}}},
            {"watched_at": "last week", "type": "movie", "movie": {"title": "Ran", "ids": {"tmdb": 11645}}},
            {"watched_at": null, "type": "movie", "movie": {"title": "Ran", "year": 1985, "ids": {"imdb": "nm0000041"}}},
            {"watched_at": null, "type": "show", "show": {"title": "Parks", "ids": {"trakt": 4}}}
        ]"#,
        "trakt",
        &[
            "entry 1: movie Heat (1995) {imdb_movie:tt0113277, tmdb_movie:949, trakt_movie:1} Play(Minute(2026-08-21T06:41:00Z))",
            "entry 2: episode Parks S00E03 Extra {trakt_episode:5} of {tvdb_show:84912, trakt_show:4} Play(Unknown)",
            "entry 3: show Parks (2009) {trakt_show:4} Rated { value: Rating(90), rated_at: Some(2026-06-30T19:55:52Z) }",
            "entry 4: season Parks season 3 {tmdb_season:3575} of {trakt_show:4} Listed(None)",
            "entry 5: movie Ran (1985) {tmdb_movie:11645} 2550/10000",
        ],
        &[
            "entry 6: it has no rating",
            "entry 7: \"last week\" is no date",
            "entry 8: imdb \"nm0000041\": this names a person",
            "entry 9: history is kept of movies and episodes, not of a whole show",
        ],
    );
}

#[test]
fn backups_of_simkl_are_lists_of_titles() {
    check(
        br#"{
            "shows": [{"status": "watching", "user_rating": 8, "user_rated_at": "2026-01-01T10:00:00Z", "added_to_watchlist_at": "2020-01-01T00:00:00Z",
                "show": {"title": "Parks", "year": 2009, "ids": {"simkl": 35919, "tmdb": "8592", "slug": "parks"}},
                "seasons": [{"number": 2, "episodes": [{"number": 1, "watched_at": "2026-02-01T20:00:00Z"}, {"number": 2}]}]},
                {"status": "completed", "watched_episodes_count": 12, "show": {"title": "Lost", "year": 2004, "ids": {"simkl": 3}}}],
            "movies": [{"status": "completed", "last_watched_at": "2026-03-01T20:00:00Z", "movie": {"title": "Heat", "year": 1995, "runtime": 170, "ids": {"simkl": 1, "imdb": "tt0113277"}}},
                {"status": "plantowatch", "added_to_watchlist_at": "2026-04-01T20:00:00Z", "movie": {"title": "Ran", "year": 1985, "ids": {"simkl": 2}}},
                {"status": "completed"}],
            "anime": [{"status": "completed", "anime_type": "tv", "show": {"title": "Fate", "year": 2014, "ids": {"simkl": 46116, "mal": "22297", "tvdb": "278157"}},
                "seasons": [{"number": 1, "episodes": [{"number": 1, "tvdb": {"season": 2, "episode": 5}}, {"number": 2}]}]}]
        }"#,
        "simkl",
        &[
            "shows, entry 1: show Parks (2009) {tmdb_show:8592, simkl_show:35919} Rated { value: Rating(80), rated_at: Some(2026-01-01T10:00:00Z) }",
            "shows, entry 1: episode Parks S02E01 {} of {tmdb_show:8592, simkl_show:35919} Play(Exact(2026-02-01T20:00:00Z))",
            "shows, entry 1: episode Parks S02E02 {} of {tmdb_show:8592, simkl_show:35919} Play(Unknown)",
            "movies, entry 1: movie Heat (1995) {imdb_movie:tt0113277, simkl_movie:1} Play(Exact(2026-03-01T20:00:00Z))",
            "movies, entry 2: movie Ran (1985) {simkl_movie:2} Listed(Some(2026-04-01T20:00:00Z))",
            "anime, entry 1: episode Fate S02E05 {} of {tvdb_show:278157} Play(Unknown)",
            "anime, entry 1: episode Fate S01E02 {} of {simkl_show:46116, mal_show:22297} Play(Unknown)",
        ],
        &["shows, entry 2: 12 episodes were watched", "movies, entry 3: it has neither a movie nor a show"],
    );
}

#[test]
fn tables_of_imdb_are_ratings_or_a_list() {
    check(
        b"Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year\n\
          tt0113277,8,2026-02-02,Heat,Heat,https://www.imdb.com/title/tt0113277/,Movie,8.3,170,1995\n\
          tt2301451,10,2026-02-03,Ozymandias,Ozymandias,https://www.imdb.com/title/tt2301451/,TV Episode,10,47,2013\n\
          tt2140553,9,2026-02-03,A game,A game,,Video Game,9,,2013\n\
          nm1,9,2026-02-03,A person,,,Movie,9,,2013\n",
        "imdb",
        &[
            "line 2: movie Heat (1995) {imdb_movie:tt0113277} Rated { value: Rating(80), rated_at: Some(2026-02-02T11:00:00Z) }",
            "line 3: episode Ozymandias {imdb_episode:tt2301451} Rated { value: Rating(100), rated_at: Some(2026-02-03T11:00:00Z) }",
        ],
        &["line 4: a Video Game is no movie, series or episode", "line 5: imdb \"nm1\""],
    );
    check(
        b"Position,Const,Created,Modified,Description,Title,URL,Title Type,Year,Your Rating,Date Rated\r\n\
          1,16968450,2023-07-12,,,\"Sugar, Henry\",https://www.imdb.com/title/tt16968450/,Short,2023,,\r\n\
          2,tt0944947,2023-07-13,,,Thrones,,TV Series,2011,7,2024-01-01\r\n",
        "imdb",
        &[
            "line 2: movie Sugar, Henry (2023) {imdb_movie:tt16968450} Listed(Some(2023-07-12T11:00:00Z))",
            "line 3: show Thrones (2011) {imdb_show:tt0944947} Listed(Some(2023-07-13T11:00:00Z))",
            "line 3: show Thrones (2011) {imdb_show:tt0944947} Rated { value: Rating(70), rated_at: Some(2024-01-01T11:00:00Z) }",
        ],
        &[],
    );
}

#[test]
fn the_table_of_yamtrack_has_a_row_per_title_season_and_episode() {
    check(
        b"\"media_id\",\"source\",\"media_type\",\"title\",\"image\",\"season_number\",\"episode_number\",\"score\",\"progress\",\"status\",\"start_date\",\"end_date\",\"notes\"\n\
          \"1668\",\"tmdb\",\"tv\",\"Friends\",\"\",\"\",\"\",\"8.5\",\"24\",\"In progress\",\"\",\"\",\"\"\n\
          \"1668\",\"tmdb\",\"episode\",\"Friends\",\"\",\"1\",\"24\",\"\",\"\",\"\",\"\",\"2024-02-09\",\"\"\n\
          \"10494\",\"tmdb\",\"movie\",\"Perfect Blue\",\"\",\"\",\"\",\"9.0\",\"1\",\"Completed\",\"\",\"2024-02-09 20:00:00+00:00\",\"\"\n\
          \"11\",\"tmdb\",\"movie\",\"Later\",\"\",\"\",\"\",\"\",\"0\",\"Planning\",\"\",\"\",\"\"\n\
          \"227\",\"mal\",\"anime\",\"FLCL\",\"\",\"\",\"\",\"\",\"2\",\"In progress\",\"\",\"\",\"\"\n\
          \"2\",\"mal\",\"manga\",\"Berserk\",\"\",\"\",\"\",\"\",\"0\",\"Completed\",\"\",\"\",\"\"\n\
          \"1\",\"manual\",\"movie\",\"Mine\",\"\",\"\",\"\",\"\",\"0\",\"Completed\",\"\",\"\",\"\"\n",
        "yamtrack",
        &[
            "line 2: show Friends {tmdb_show:1668} Rated { value: Rating(85), rated_at: None }",
            "line 3: episode Friends S01E24 {} of {tmdb_show:1668} Play(Day(2024-02-09))",
            "line 4: movie Perfect Blue {tmdb_movie:10494} Play(Exact(2024-02-09T20:00:00Z))",
            "line 4: movie Perfect Blue {tmdb_movie:10494} Rated { value: Rating(90), rated_at: None }",
            "line 5: movie Later {tmdb_movie:11} Listed(None)",
            "line 6: episode FLCL S01E01 {} of {mal_show:227} Play(Unknown)",
            "line 6: episode FLCL S01E02 {} of {mal_show:227} Play(Unknown)",
        ],
        &["line 7: a manga is no movie", "line 8: it was made by hand"],
    );
}

#[test]
fn plain_tables_say_by_their_columns_what_they_are() {
    check(
        "\u{feff}Type;Title;Year;IMDB_ID;tmdb;Season;Episode;show tmdb;Watched At;Rating\n\
          movie;Heat;1995;tt0113277;;;;;2026-02-02 21:00;8,5\n\
          ;Pilot;;;;1;1;1668;;\n\
          tv;Friends;1994;;1668;;;;;7\n\
          film;No id;;;;;;;2026-02-02;\n\
          opera;Aida;;;1;;;;2026-02-02;\n\
          movie;\"open;;;;;;;;"
            .as_bytes(),
        "csv",
        &[
            "line 2: movie Heat (1995) {imdb_movie:tt0113277} Play(Minute(2026-02-02T20:00:00Z))",
            "line 2: movie Heat (1995) {imdb_movie:tt0113277} Rated { value: Rating(85), rated_at: None }",
            "line 3: episode  S01E01 Pilot {} of {tmdb_show:1668} Play(Unknown)",
            "line 4: show Friends (1994) {tmdb_show:1668} Rated { value: Rating(70), rated_at: None }",
        ],
        &[
            "line 5: it has no id, and not both a title and a year",
            "line 6: a opera is no movie",
            "line 7: it has no id",
        ],
    );
}

#[test]
fn plain_objects_and_trackers_of_the_python_crosswatch_are_read() {
    check(
        br#"[{"type": "movie", "title": "Heat", "year": 1995, "ids": {"imdb": "tt0113277"}, "watched_at": "2026-02-02"},
             {"type": "episode", "show": {"ids": {"tmdb": 1668}}, "season": 1, "episode": 2, "position_s": 60, "duration_s": 1200},
             {"type": "movie", "ids": {"imdb": "tt0113277"}}, 7]"#,
        "json",
        &[
            "entry 1: movie Heat (1995) {imdb_movie:tt0113277} Play(Day(2026-02-02))",
            "entry 2: episode  S01E02 {} of {tmdb_show:1668} Resume { position_s: 60, duration_s: Some(1200), stopped_at: None }",
        ],
        &["entry 3: it says neither watched_at", "entry 4: it is no object"],
    );
    check(
        br#"{"ts": 1, "items": {"tmdb:949": {"type": "movie", "title": "Heat", "year": 1995, "ids": {"tmdb": "949"}},
             "k": {"type": "episode", "title": "S01E02", "series_title": "Friends", "season": 1, "episode": 2, "ids": {}, "show_ids": {"tmdb": "1668"}, "watched_at": "2026-02-02T20:00:00Z"}}}"#,
        "json",
        &[
            "items, entry 1: movie Heat (1995) {tmdb_movie:949} Listed(None)",
            "items, entry 2: episode Friends S01E02 S01E02 {} of {tmdb_show:1668} Play(Exact(2026-02-02T20:00:00Z))",
        ],
        &[],
    );
}

#[test]
fn sheets_of_letterboxd_name_films_by_title_and_year() {
    check(
        "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n\
          2026-08-18,Heat,1995,https://boxd.it/a,4.5,Yes,,2026-08-17\n\
          2026-08-18,Amélie,2001,https://boxd.it/b,,,,\n\
          2026-08-18,Untitled,,https://boxd.it/c,,,,2026-08-17\n"
            .as_bytes(),
        "letterboxd",
        &[
            "line 2: movie Heat (1995) {} Play(Day(2026-08-17))",
            "line 2: movie Heat (1995) {} Rated { value: Rating(90), rated_at: Some(2026-08-17T11:00:00Z) }",
            "line 3: movie Amélie (2001) {} Play(Unknown)",
        ],
        &["line 4: it has no id, and not both a title and a year"],
    );
    check(
        b"tmdbID,imdbID,Title,Year,Rating10,WatchedDate,Rewatch\n949,,Heat,1995,9,2026-08-17,true\n",
        "letterboxd",
        &[
            "line 2: movie Heat (1995) {tmdb_movie:949} Play(Day(2026-08-17))",
            "line 2: movie Heat (1995) {tmdb_movie:949} Rated { value: Rating(90), rated_at: Some(2026-08-17T11:00:00Z) }",
        ],
        &[],
    );
    let alike = reading(b"Date,Name,Year,Letterboxd URI\n2026-08-18,Heat,1995,https://boxd.it/a\n");
    assert!(matches!(alike, Err(FileError::Ambiguous(_))), "{alike:?}");
}
