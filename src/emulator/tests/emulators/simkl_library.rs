//! Reading SIMKL's library: what is there, what is left out, and what changed since.

use crosswatch_emulator::{
    GivenRating, Library, LibraryItem, ManualClock, Marked, SimklAccount, SimklEmulator, SimklOptions, UserActivity,
    WatchedOnce,
    simkl::{AnimeCour, AnimeTitles, Status},
};
use serde_json::{Value, json};

use crate::client::{self, Client, at, simkl_path as path};

const EPISODE: LibraryItem = LibraryItem::Episode { show: 0, season: 1, number: 2 };
const SHOW: LibraryItem = LibraryItem::Show(0);

/// One film seen, one planned, one episode, one rating; a show of two cours.
fn start() -> (ManualClock, SimklEmulator, Client) {
    let clock = client::clock();
    let mut options = SimklOptions::new(clock.clone(), Library::sized(5, 100));
    let when = at("2020-01-02T03:04:05Z");
    let activity = UserActivity {
        plays: [LibraryItem::Movie(0), EPISODE].map(|item| WatchedOnce { item, at: when }).into(),
        ratings: vec![GivenRating { item: SHOW, rating: 8, at: when }],
        favourites: vec![Marked { item: LibraryItem::Movie(1), at: when }],
        ..UserActivity::default()
    };
    options.accounts = vec![SimklAccount::new("anna").with_activity(activity), SimklAccount::new("ben")];
    let cour = |first, last, mal| AnimeCour { show: 1, season: 2, first, last, mal, anidb: mal + 1 };
    options.anime = AnimeTitles { cours: vec![cour(1, 5, 501), cour(6, 10, 601)], movies: vec![3] };
    let simkl = SimklEmulator::start(options).unwrap();
    let anna = Client::simkl(&simkl, "anna");
    (clock, simkl, anna)
}

async fn read(client: &Client, place: &str) -> Value {
    client.get(&path("/sync/activities")).await.ok();
    client.get(&path(&format!("/sync/all-items{place}"))).await.ok()
}

#[tokio::test]
async fn empty_buckets_are_left_out_and_nothing_is_null() {
    let (_clock, simkl, anna) = start();
    let all = read(&anna, "").await;
    let names: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!(names, ["movies", "shows"]);
    assert_eq!(read(&anna, "/anime").await, Value::Null);
    assert_eq!(read(&anna, "/movies/dropped").await, Value::Null);
    assert_eq!(read(&Client::simkl(&simkl, "ben"), "").await, Value::Null);
    assert_eq!(anna.get(&path("/sync/all-items/books")).await.json()["error"], "url_failed");
}

#[tokio::test]
async fn rows_tell_one_status_and_their_ids_in_mixed_types() {
    let (_clock, simkl, anna) = start();
    let movies = read(&anna, "/movies").await;
    let statuses: Vec<&str> =
        movies["movies"].as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["completed", "plantowatch"]);
    let (first, second) = (&movies["movies"][0]["movie"]["ids"], &movies["movies"][1]["movie"]["ids"]);
    assert_eq!(first["simkl"].as_u64(), simkl.state().simkl_id(LibraryItem::Movie(0)));
    assert!(second.get("simkl").is_none() && second["simkl_id"].is_u64());
    assert!(first["tmdb"].is_string() && second["tmdb"].is_u64());
    assert_eq!(movies["movies"][0]["last_watched_at"], "2020-01-02T03:04:05Z");
    let shows = read(&anna, "/shows").await;
    assert_eq!(
        (shows["shows"][0]["user_rating"].as_u64(), shows["shows"][0]["last_watched"].as_str()),
        (Some(8), Some("S01E02"))
    );
    assert!(shows["shows"][0].get("seasons").is_none());
}

#[tokio::test]
async fn episodes_come_in_the_full_form_and_of_finished_shows_on_request_only() {
    let (_clock, simkl, anna) = start();
    let shows = read(&anna, "/shows?extended=full&episode_watched_at=yes").await;
    assert_eq!(
        shows["shows"][0]["seasons"],
        json!([{"number": 1, "episodes": [{"number": 2, "watched_at": "2020-01-02T03:04:05Z"}]}])
    );
    let undated = read(&anna, "/shows?extended=full").await;
    assert_eq!(undated["shows"][0]["seasons"][0]["episodes"][0], json!({"number": 2}));
    simkl.state().move_to("anna", SHOW, Status::Completed).unwrap();
    assert!(read(&anna, "/shows?extended=full").await["shows"][0].get("seasons").is_none());
    let all = read(&anna, "/shows?extended=full&include_all_episodes=yes").await;
    assert!(all["shows"][0]["seasons"].is_array());
}

#[tokio::test]
async fn anime_are_cours_with_a_map_to_thetvdb() {
    let (_clock, simkl, anna) = start();
    let number = |number| LibraryItem::Episode { show: 1, season: 2, number };
    let when = at("2026-01-01T00:00:00Z");
    for item in [number(5), number(7), LibraryItem::Movie(3)] {
        assert!(simkl.state().watch("anna", item, when).unwrap(), "{item:?}");
    }
    let anime = read(&anna, "/anime?extended=full_anime_seasons&include_all_episodes=yes").await;
    let rows = anime["anime"].as_array().unwrap();
    let types: Vec<&str> = rows.iter().map(|row| row["anime_type"].as_str().unwrap()).collect();
    assert_eq!(types, ["movie", "tv", "tv"]);
    assert!(rows.iter().all(|row| row["show"].is_object()), "films nest under show, too");
    let episode = |row: &Value| row["seasons"][0]["episodes"][0].clone();
    assert_eq!(episode(&rows[1]), json!({"number": 5, "tvdb": {"season": 2, "episode": 5}}));
    assert_eq!(episode(&rows[2]), json!({"number": 2, "tvdb": {"season": 2, "episode": 7}}));
    assert_eq!((rows[2]["show"]["ids"]["mal"].as_str(), &rows[2]["mapped_tvdb_seasons"]), (Some("601"), &json!([2])));
    let brief = read(&anna, "/anime?extended=full&include_all_episodes=yes").await;
    assert!(
        brief["anime"][2].get("mapped_tvdb_seasons").is_none() && episode(&brief["anime"][2]).get("tvdb").is_none()
    );
}

#[tokio::test]
async fn changes_are_newer_than_the_stamp_and_removals_show_in_the_gate_alone() {
    let (_clock, simkl, anna) = start();
    let stamps = async || anna.get(&path("/sync/activities")).await.ok();
    let before = stamps().await;
    assert!(before["anime"]["all"].is_null() && before["movies"].get("watching").is_none());
    let since = async |stamps: &Value| {
        let from = stamps["movies"]["all"].as_str().unwrap().to_owned();
        anna.get(&path(&format!("/sync/all-items/movies?date_from={from}"))).await.ok()
    };
    assert_eq!(since(&before).await, Value::Null, "equal is not newer");
    simkl.state().watch("anna", LibraryItem::Movie(2), at("2020-05-06T07:08:09Z")).unwrap();
    assert_eq!(since(&before).await["movies"].as_array().unwrap().len(), 1);
    let added = stamps().await;
    assert!(
        added["movies"]["completed"] != before["movies"]["completed"] && added["movies"]["removed_from_list"].is_null()
    );
    assert_eq!(since(&added).await, Value::Null);
    simkl.state().remove("anna", LibraryItem::Movie(2)).unwrap();
    let removed = stamps().await;
    assert_eq!(since(&added).await, Value::Null);
    assert!(removed["movies"]["removed_from_list"].is_string());
    let ids = read(&anna, "/movies?extended=simkl_ids_only").await;
    assert_eq!(ids["movies"].as_array().unwrap().len(), 2);
    assert!(ids["movies"][0].get("status").is_none() && ids["movies"][0]["movie"]["ids"]["simkl"].is_u64());
}

#[tokio::test]
async fn ratings_move_their_own_stamp_and_have_a_list_of_their_own() {
    let (_clock, simkl, anna) = start();
    let stamps = async || anna.get(&path("/sync/activities")).await.ok();
    let before = stamps().await;
    simkl.state().rate("anna", SHOW, 3, at("2026-10-30T00:00:00Z")).unwrap();
    let after = stamps().await;
    assert_ne!(before["tv_shows"]["rated_at"], after["tv_shows"]["rated_at"]);
    assert_eq!(before["tv_shows"]["watching"], after["tv_shows"]["watching"]);
    let rows = |answer: Value| answer["shows"].as_array().map_or(0, Vec::len);
    for (query, count) in [
        ("/sync/ratings/shows", 1),
        ("/sync/ratings", 1),
        ("/sync/ratings/shows/3,4", 1),
        ("/sync/ratings/shows/8", 0),
        ("/sync/ratings/shows?date_from=2026-10-29T00:00:00Z", 1),
        ("/sync/ratings/shows?date_from=2026-10-30T00:00:00Z", 0),
        ("/sync/ratings/movies", 0),
    ] {
        assert_eq!(rows(anna.get(&path(query)).await.ok()), count, "{query}");
    }
    simkl.state().unrate("anna", SHOW).unwrap();
    assert_eq!(anna.get(&path("/sync/ratings/shows")).await.ok(), Value::Null);
}

#[tokio::test]
async fn a_large_library_has_to_be_read_by_type_and_status() {
    let (_clock, simkl, anna) = start();
    simkl.state().switches.max_items = Some(1);
    anna.get(&path("/sync/activities")).await.ok();
    let refused = anna.get(&path("/sync/all-items/movies")).await;
    assert_eq!((refused.status, refused.json()["error"].as_str()), (400, Some("max_items")));
    assert_eq!(anna.get(&path("/sync/all-items/movies/completed")).await.status, 200);
}
