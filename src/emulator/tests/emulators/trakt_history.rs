//! Trakt's history: adding, listing, gathering and removing plays.

use crosswatch_emulator::{
    LibraryItem, TraktEmulator, TraktOptions,
    trakt::{AccountLimits, TraktSwitches, UnknownIds},
};
use serde_json::{Value, json};

use crate::client::{self, Client};

fn start() -> (TraktEmulator, Client) {
    let trakt = client::trakt(&client::clock());
    let anna = Client::trakt(&trakt, "anna");
    (trakt, anna)
}

fn ids(trakt: &TraktEmulator, item: LibraryItem) -> Value {
    json!({"ids": {"trakt": trakt.state().trakt_id(item)}})
}

fn plays(trakt: &TraktEmulator) -> Vec<(LibraryItem, String)> {
    let plays = trakt.state().account("anna").unwrap().plays();
    plays.iter().map(|play| (play.item, play.watched_at.to_string())).collect()
}

#[tokio::test]
async fn a_play_is_cut_to_the_minute_and_a_repeated_body_adds_another() {
    let (trakt, anna) = start();
    let mut movie = ids(&trakt, LibraryItem::Movie(3));
    movie["watched_at"] = json!("2026-03-04T20:15:59.999Z");
    let body = json!({"movies": [movie]});
    for _ in 0..2 {
        let answer = anna.post("/sync/history", body.clone()).await;
        assert_eq!(answer.status, 201);
        assert_eq!(answer.json()["added"], json!({"movies": 1, "episodes": 0}));
    }
    let kept = (LibraryItem::Movie(3), "2026-03-04T20:15:00Z".to_owned());
    assert_eq!(plays(&trakt), [kept.clone(), kept]);
    let rows = anna.get("/sync/history").await.ok();
    assert_eq!(rows[0]["watched_at"], "2026-03-04T20:15:00.000Z");
    assert!(rows[0]["id"].as_i64().unwrap() > i64::from(u32::MAX));
    assert_ne!(rows[0]["id"], rows[1]["id"]);
}

#[tokio::test]
async fn dates_may_be_words_and_the_epoch_means_now() {
    for (watched_at, kept) in [
        (json!("1970-01-01T00:00:00.000Z"), "2026-11-01T12:00:00Z"),
        (json!("unknown"), "1970-01-01T00:00:00Z"),
        (Value::Null, "2026-11-01T12:00:00Z"),
        (json!("2001-02-03T04:05:06+02:00"), "2001-02-03T02:05:00Z"),
    ] {
        let (trakt, anna) = start();
        let mut movie = ids(&trakt, LibraryItem::Movie(3));
        movie["watched_at"] = watched_at.clone();
        anna.post("/sync/history", json!({"movies": [movie]})).await.ok();
        assert_eq!(plays(&trakt), [(LibraryItem::Movie(3), kept.to_owned())], "{watched_at}");
    }
    let (trakt, anna) = start();
    let mut movie = ids(&trakt, LibraryItem::Movie(3));
    movie["watched_at"] = json!("released");
    anna.post("/sync/history", json!({"movies": [movie.clone()]})).await.ok();
    let released = client::library().movie(LibraryItem::Movie(3)).unwrap().released.to_string();
    assert!(plays(&trakt)[0].1.starts_with(&released));
    movie["watched_at"] = json!("last tuesday");
    assert_eq!(anna.post("/sync/history", json!({"movies": [movie]})).await.status, 422);
    assert_eq!(plays(&trakt).len(), 1);
}

#[tokio::test]
async fn a_bare_show_means_all_its_episodes_and_numbers_mean_one() {
    let (trakt, anna) = start();
    let library = client::library();
    let show = LibraryItem::Show(3);
    let all = library.episodes_below(show).len();
    let first_season = library.episodes_below(LibraryItem::Season { show: 3, season: 1 }).len();
    let mut one = ids(&trakt, show);
    one["seasons"] = json!([{"number": 1, "episodes": [{"number": 2, "watched_at": "2026-01-01T00:00:00Z"}]}]);
    let mut season = ids(&trakt, show);
    season["seasons"] = json!([{"number": 1}]);
    for (body, added) in [
        (json!({"shows": [ids(&trakt, show)]}), all),
        (json!({"shows": [season]}), first_season),
        (json!({"seasons": [ids(&trakt, LibraryItem::Season { show: 3, season: 1 })]}), first_season),
        (json!({"shows": [one]}), 1),
        (json!({"episodes": [ids(&trakt, LibraryItem::Episode { show: 3, season: 0, number: 1 })]}), 1),
    ] {
        let answer = anna.post("/sync/history", body.clone()).await.ok();
        assert_eq!(answer["added"]["episodes"], added, "{body}");
    }
}

#[tokio::test]
async fn what_is_unknown_comes_back_as_sent_inside_a_success() {
    let (trakt, anna) = start();
    let mut show = ids(&trakt, LibraryItem::Show(1));
    show["seasons"] = json!([{"number": 1, "episodes": [{"number": 1}, {"number": 999}]}, {"number": 77}]);
    let movie = json!({"ids": {"imdb": "tt0000111", "tvdb": 5}, "watched_at": "2026-01-01T00:00:00Z"});
    let body = json!({"movies": [movie], "shows": [show], "episodes": [{"ids": {"imdb": ""}}]});
    let answer = anna.post("/sync/history", body).await.ok();
    assert_eq!(answer["added"], json!({"movies": 0, "episodes": 1}));
    let not_found = &answer["not_found"];
    assert_eq!(not_found["movies"], json!([movie]));
    assert_eq!(not_found["shows"][0]["ids"], show["ids"]);
    assert_eq!(not_found["shows"][0]["seasons"], json!([{"number": 1, "episodes": [{"number": 999}]}, {"number": 77}]));
    assert_eq!(not_found["episodes"], json!([{"ids": {"imdb": ""}}]));
    assert_eq!(not_found["seasons"], json!([]));
}

#[tokio::test]
async fn ids_of_every_kind_are_tried_in_order_and_a_title_only_without_ids() {
    let (_trakt, anna) = start();
    let library = client::library();
    let movie = library.movie(LibraryItem::Movie(0)).unwrap();
    let show = library.show(LibraryItem::Show(0)).unwrap();
    for (body, added) in [
        (json!({"movies": [{"ids": {"tmdb": 13}}]}), json!({"movies": 1, "episodes": 0})),
        (json!({"movies": [{"ids": {"imdb": movie.ids.imdb}}]}), json!({"movies": 1, "episodes": 0})),
        (json!({"movies": [{"ids": {"tvdb": 13}}]}), json!({"movies": 0, "episodes": 0})),
        (json!({"movies": [{"title": movie.title, "year": movie.year}]}), json!({"movies": 1, "episodes": 0})),
        (
            json!({"movies": [{"title": movie.title, "year": movie.year, "ids": {"tmdb": 1}}]}),
            json!({"movies": 0, "episodes": 0}),
        ),
        (json!({"episodes": [{"ids": {"tmdb": "13"}}]}), json!({"movies": 0, "episodes": 1})),
        (
            json!({"shows": [{"ids": {"tvdb": show.ids.tvdb}, "seasons": [{"number": 1, "episodes": [{"number": 1}]}]}]}),
            json!({"movies": 0, "episodes": 1}),
        ),
    ] {
        assert_eq!(anna.post("/sync/history", body.clone()).await.ok()["added"], added, "{body}");
    }
}

#[tokio::test]
async fn anything_is_accepted_when_the_catalogue_is_open() {
    let mut options = TraktOptions::new(client::clock(), crosswatch_emulator::Library::empty());
    options.switches =
        TraktSwitches { unknown_ids: UnknownIds::Accept, history_add_status: 200, ..TraktSwitches::default() };
    let trakt = TraktEmulator::start(options).unwrap();
    let anna = Client::trakt(&trakt, "anna");
    let body = json!({
        "movies": [{"ids": {"imdb": "tt0133093"}, "title": "The Matrix", "year": 1999}, {}],
        "shows": [{"ids": {"tvdb": 81189}, "seasons": [{"number": 2, "episodes": [{"number": 7}]}]}],
        "episodes": [{"ids": {"tvdb": 349_232}}],
    });
    for _ in 0..2 {
        let answer = anna.post("/sync/history", body.clone()).await;
        assert_eq!((answer.status, &answer.json()["added"]), (200, &json!({"movies": 1, "episodes": 2})));
        assert_eq!(answer.json()["not_found"]["movies"], json!([{}]));
    }
    let rows = anna.get("/sync/history/movies").await.ok();
    assert_eq!(rows[0]["movie"]["title"], "The Matrix");
    assert_eq!((rows.as_array().unwrap().len(), trakt.state().library().shows().len()), (2, 2));
    let rows = anna.get("/sync/history/episodes").await.ok();
    let own: Vec<&Value> = rows.as_array().unwrap().iter().map(|row| &row["episode"]["ids"]["tvdb"]).collect();
    assert_eq!(own.iter().filter(|id| ***id == 349_232).count(), 2);
    let by_number = json!({"movies": [{"ids": {"trakt": 7_654_321}}]});
    anna.post("/sync/watchlist", by_number.clone()).await.ok();
    assert_eq!(anna.post("/sync/watchlist", by_number).await.ok()["existing"]["movies"], 1);
    assert_eq!(anna.get("/sync/watchlist").await.ok()[0]["movie"]["ids"]["trakt"], 7_654_321);
}

#[tokio::test]
async fn lists_are_newest_first_and_narrowed_by_type_item_and_time() {
    let (trakt, anna) = start();
    let episode = LibraryItem::Episode { show: 1, season: 1, number: 2 };
    for (item, at) in [
        (LibraryItem::Movie(1), "2026-01-01T10:00:00Z"),
        (episode, "2026-01-03T10:00:00Z"),
        (LibraryItem::Movie(2), "2026-01-02T10:00:00Z"),
    ] {
        trakt.state().account_mut("anna").unwrap().add_play(item, client::at(at));
    }
    let show = trakt.state().trakt_id(LibraryItem::Show(1));
    let movie = trakt.state().trakt_id(LibraryItem::Movie(2));
    for (path, days) in [
        (String::new(), vec![3, 2, 1]),
        ("/movies".to_owned(), vec![2, 1]),
        ("/episodes".to_owned(), vec![3]),
        (format!("/shows/{show}"), vec![3]),
        (format!("/movies/{movie}"), vec![2]),
        ("/movies/999999".to_owned(), vec![]),
        ("?start_at=2026-01-02T10:00:00Z".to_owned(), vec![3, 2]),
        ("?end_at=2026-01-02T10:00:00Z".to_owned(), vec![2, 1]),
        ("?start_at=2026-01-02&end_at=2026-01-02".to_owned(), vec![2]),
        (format!("/movies/{movie}?start_at=2026-01-02T10:00:00Z&end_at=2026-01-02T10:00:00Z"), vec![2]),
        (format!("/movies/{movie}?start_at=2026-01-02T10:00:01Z"), vec![]),
    ] {
        let rows = anna.get(&format!("/sync/history{path}")).await.ok();
        let found: Vec<String> =
            rows.as_array().unwrap().iter().map(|row| row["watched_at"].as_str().unwrap().to_owned()).collect();
        let wanted: Vec<String> = days.iter().map(|day| format!("2026-01-0{day}T10:00:00.000Z")).collect();
        assert_eq!(found, wanted, "{path}");
    }
    let row = &anna.get("/sync/history/episodes").await.ok()[0];
    assert_eq!((row["type"].as_str(), row["action"].as_str()), (Some("episode"), Some("watch")));
    assert_eq!(row["show"]["ids"]["trakt"], show);
    assert_eq!(anna.get("/sync/history/people").await.status, 404);
    assert_eq!(anna.get("/sync/history?start_at=soon").await.status, 400);
}

#[tokio::test]
async fn pages_have_headers_and_large_limits_are_lowered_without_a_word() {
    let (trakt, anna) = start();
    for minute in 0..260 {
        let at = client::at("2026-01-01T00:00:00Z") + jiff::SignedDuration::from_mins(minute);
        trakt.state().account_mut("anna").unwrap().add_play(LibraryItem::Movie(1), at);
    }
    for (query, rows, limit, pages) in [
        ("", 100, "100", "3"),
        ("?limit=1000", 250, "250", "2"),
        ("?limit=1000&page=2", 10, "250", "2"),
        ("?page=3", 60, "100", "3"),
        ("?page=4", 0, "100", "3"),
        ("?limit=0&page=0", 100, "100", "3"),
    ] {
        let answer = anna.get(&format!("/sync/history{query}")).await;
        assert_eq!(answer.ok().as_array().unwrap().len(), rows, "{query}");
        assert_eq!(answer.header("x-pagination-limit"), Some(limit), "{query}");
        assert_eq!(answer.header("x-pagination-page-count"), Some(pages), "{query}");
        assert_eq!(answer.header("x-pagination-item-count"), Some("260"), "{query}");
    }
}

#[tokio::test]
async fn watched_shows_carry_seasons_only_with_progress_and_min_is_a_map() {
    let (trakt, anna) = start();
    let episode = |number| LibraryItem::Episode { show: 1, season: 1, number };
    for (item, at) in [
        (episode(1), "2026-01-01T00:00:00Z"),
        (episode(1), "2026-02-01T00:00:00Z"),
        (episode(2), "2026-01-02T00:00:00Z"),
        (LibraryItem::Movie(1), "2026-01-05T00:00:00Z"),
    ] {
        trakt.state().account_mut("anna").unwrap().add_play(item, client::at(at));
    }
    let plain = anna.get("/sync/watched/shows").await.ok();
    assert_eq!((plain[0]["plays"].as_u64(), plain[0].get("seasons")), (Some(3), None));
    assert_eq!(plain[0]["last_watched_at"], "2026-02-01T00:00:00.000Z");
    let answer = anna.get("/sync/watched/shows?extended=full,progress&limit=250").await;
    assert_eq!(answer.header("x-pagination-limit"), Some("100"));
    let episodes = &answer.ok()[0]["seasons"][0]["episodes"];
    assert_eq!((episodes[0]["plays"].as_u64(), episodes[1]["number"].as_u64()), (Some(2), Some(2)));
    let show = trakt.state().trakt_id(LibraryItem::Show(1)).to_string();
    let answer = anna.get("/sync/watched/shows?extended=min").await;
    assert_eq!(answer.header("x-pagination-page"), None);
    let times = answer.ok()[&show]["1"]["1"].clone();
    assert_eq!(times, json!(["2026-02-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z"]));
    let movie = trakt.state().trakt_id(LibraryItem::Movie(1)).to_string();
    let minimal = anna.get("/sync/watched/movies?extended=min").await.ok();
    assert_eq!(minimal, json!({movie: ["2026-01-05T00:00:00.000Z"]}));
    assert!(anna.get("/sync/watched/movies").await.ok()[0]["movie"]["title"].is_string());
    assert_eq!(anna.get("/sync/watched/episodes").await.status, 404);
}

#[tokio::test]
async fn an_item_loses_all_plays_and_an_event_id_one() {
    let (trakt, anna) = start();
    let movie = LibraryItem::Movie(1);
    let mut events = Vec::new();
    for at in ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"] {
        events.push(trakt.state().account_mut("anna").unwrap().add_play(movie, client::at(at)));
    }
    let answer = anna.post("/sync/history/remove", json!({"ids": [events[1], 42]})).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["deleted"], json!({"movies": 1, "episodes": 0}));
    assert_eq!(answer.json()["not_found"]["ids"], json!([42]));
    let remaining = trakt.state().account("anna").unwrap().plays();
    assert_eq!(remaining.iter().map(|play| play.event_id).collect::<Vec<_>>(), [events[2], events[0]]);
    let answer = anna.post("/sync/history/remove", json!({"movies": [ids(&trakt, movie)]})).await.ok();
    assert_eq!(answer["deleted"]["movies"], 2);
    assert!(plays(&trakt).is_empty());
    let again = anna.post("/sync/history/remove", json!({"movies": [ids(&trakt, movie)]})).await.ok();
    assert_eq!((again["deleted"]["movies"].as_u64(), &again["not_found"]["movies"]), (Some(0), &json!([])));
}

#[tokio::test]
async fn the_gate_moves_on_additions_and_on_removals() {
    let (trakt, anna) = start();
    let gate = async || anna.get("/sync/last_activities").await.ok();
    let before = gate().await;
    let body = json!({"movies": [ids(&trakt, LibraryItem::Movie(1))]});
    anna.post("/sync/history", body.clone()).await.ok();
    let added = gate().await;
    anna.post("/sync/history/remove", body.clone()).await.ok();
    let removed = gate().await;
    anna.post("/sync/history/remove", body).await.ok();
    let nothing = gate().await;
    let stamp = |gate: &Value| gate["movies"]["watched_at"].as_str().unwrap().to_owned();
    assert!(stamp(&before) < stamp(&added) && stamp(&added) < stamp(&removed));
    assert_eq!(stamp(&removed), stamp(&nothing));
    assert_eq!((&before["episodes"], &before["watchlist"]), (&removed["episodes"], &removed["watchlist"]));
    assert_eq!(removed["all"], removed["movies"]["watched_at"]);
    for (group, field) in
        [("shows", "dropped_at"), ("comments", "reacted_at"), ("movies", "favorited_at"), ("account", "settings_at")]
    {
        assert!(before[group][field].is_string(), "{group}.{field}");
    }
}

#[tokio::test]
async fn a_full_history_refuses_the_whole_request() {
    let (trakt, anna) = start();
    trakt.state().account_mut("anna").unwrap().limits = AccountLimits { history: 1, ratings: 1, watchlist: 1 };
    let body = json!({"movies": [ids(&trakt, LibraryItem::Movie(1)), ids(&trakt, LibraryItem::Movie(2))]});
    let answer = anna.post("/sync/history", body).await;
    assert_eq!((answer.status, answer.text.as_str()), (420, ""));
    assert!(answer.header("x-upgrade-url").is_some());
    assert!(plays(&trakt).is_empty());
}

#[tokio::test]
async fn a_play_takes_titles_off_the_watchlist_when_switched_on() {
    for (switched, left) in [(false, 3), (true, 1)] {
        let (trakt, anna) = start();
        trakt.state().switches.play_leaves_watchlist = switched;
        let listed = client::at("2026-01-01T00:00:00Z");
        for item in [LibraryItem::Movie(1), LibraryItem::Show(1), LibraryItem::Movie(2)] {
            trakt.state().account_mut("anna").unwrap().list(item, listed);
        }
        let episode = LibraryItem::Episode { show: 1, season: 1, number: 1 };
        let body = json!({"movies": [ids(&trakt, LibraryItem::Movie(1))], "episodes": [ids(&trakt, episode)]});
        anna.post("/sync/history", body).await.ok();
        assert_eq!(trakt.state().account("anna").unwrap().watchlist().len(), left);
    }
}
