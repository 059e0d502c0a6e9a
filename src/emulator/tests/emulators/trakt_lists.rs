//! Trakt's ratings and watchlist.

use crosswatch_emulator::{LibraryItem, TraktEmulator, trakt::Membership};
use jiff::SignedDuration;
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

fn rated(trakt: &TraktEmulator, item: LibraryItem, rating: i64) -> Value {
    let mut sent = ids(trakt, item);
    sent["rating"] = json!(rating);
    sent["rated_at"] = json!("2026-05-05T05:05:05Z");
    sent
}

#[tokio::test]
async fn ratings_of_all_kinds_are_kept_overwritten_and_removed() {
    let (trakt, anna) = start();
    let episode = LibraryItem::Episode { show: 2, season: 1, number: 1 };
    let mut nested = ids(&trakt, LibraryItem::Show(1));
    nested["seasons"] = json!([
        {"number": 1, "rating": 7, "episodes": [{"number": 1, "rating": 9}]},
    ]);
    let body = json!({
        "movies": [rated(&trakt, LibraryItem::Movie(1), 8), {"ids": {"imdb": "tt0000111"}, "rating": 10}],
        "shows": [rated(&trakt, LibraryItem::Show(2), 6), nested],
        "episodes": [rated(&trakt, episode, 5)],
    });
    let answer = anna.post("/sync/ratings", body).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["added"], json!({"movies": 1, "shows": 1, "seasons": 1, "episodes": 2}));
    assert_eq!(answer.json()["not_found"]["movies"], json!([{"ids": {"imdb": "tt0000111"}, "rating": 10}]));
    for (path, count) in
        [("", 5), ("/movies", 1), ("/seasons", 1), ("/episodes/9", 1), ("/all/8,9", 2), ("/shows/1", 0)]
    {
        let rows = anna.get(&format!("/sync/ratings{path}")).await.ok();
        assert_eq!(rows.as_array().unwrap().len(), count, "{path}");
    }
    let row = &anna.get("/sync/ratings/movies").await.ok()[0];
    assert_eq!((row["rating"].as_u64(), row["rated_at"].as_str()), (Some(8), Some("2026-05-05T05:05:05.000Z")));
    let again = json!({"movies": [rated(&trakt, LibraryItem::Movie(1), 3)]});
    assert_eq!(anna.post("/sync/ratings", again).await.ok()["added"]["movies"], 1);
    assert_eq!(trakt.state().account("anna").unwrap().ratings()[&LibraryItem::Movie(1)].rating, 3);
    let remove = json!({"movies": [ids(&trakt, LibraryItem::Movie(1))], "shows": [ids(&trakt, LibraryItem::Show(2))]});
    let answer = anna.post("/sync/ratings/remove", remove).await;
    assert_eq!((answer.status, answer.json()["deleted"]["shows"].as_u64()), (200, Some(1)));
    assert_eq!(trakt.state().account("anna").unwrap().ratings().len(), 3);
}

#[tokio::test]
async fn a_rating_out_of_range_refuses_the_whole_request() {
    let (trakt, anna) = start();
    for rating in [json!(0), json!(11), json!(7.5), json!("8"), Value::Null] {
        let mut bad = ids(&trakt, LibraryItem::Movie(2));
        bad["rating"] = rating.clone();
        let body = json!({"movies": [rated(&trakt, LibraryItem::Movie(1), 8), bad]});
        assert_eq!(anna.post("/sync/ratings", body).await.status, 422, "{rating}");
    }
    assert!(trakt.state().account("anna").unwrap().ratings().is_empty());
}

#[tokio::test]
async fn the_watchlist_tells_what_is_new_and_what_was_there() {
    let (trakt, anna) = start();
    let body = json!({
        "movies": [ids(&trakt, LibraryItem::Movie(1)), ids(&trakt, LibraryItem::Movie(2))],
        "shows": [ids(&trakt, LibraryItem::Show(1))],
    });
    let answer = anna.post("/sync/watchlist", body).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["added"], json!({"movies": 2, "shows": 1, "seasons": 0, "episodes": 0}));
    assert_eq!(answer.json()["list"]["item_count"], 3);
    let again = anna.post("/sync/watchlist", json!({"movies": [ids(&trakt, LibraryItem::Movie(2))]})).await.ok();
    assert_eq!((again["added"]["movies"].as_u64(), again["existing"]["movies"].as_u64()), (Some(0), Some(1)));
    let all = anna.get("/sync/watchlist").await;
    assert_eq!((all.header("x-sort-by"), all.header("x-applied-sort-how")), (Some("rank"), Some("asc")));
    let rows = all.ok();
    assert_eq!(rows.as_array().unwrap().len(), 3);
    assert_eq!((rows[0]["rank"].as_u64(), rows[2]["type"].as_str()), (Some(1), Some("show")));
    assert!(rows[0]["listed_at"].is_string() && rows[0]["notes"].is_null());
    let latest = anna.get("/sync/watchlist/movies/added/desc").await.ok();
    assert_eq!(latest[0]["movie"]["ids"]["trakt"], trakt.state().trakt_id(LibraryItem::Movie(2)));
    let remove = json!({"movies": [ids(&trakt, LibraryItem::Movie(1)), ids(&trakt, LibraryItem::Movie(9))]});
    let answer = anna.post("/sync/watchlist/remove", remove).await.ok();
    assert_eq!((answer["deleted"]["movies"].as_u64(), answer["list"]["item_count"].as_u64()), (Some(1), Some(2)));
}

#[tokio::test]
async fn a_full_watchlist_takes_nothing_at_all() {
    let (trakt, anna) = start();
    trakt.state().account_mut("anna").unwrap().limits.watchlist = 2;
    let movies = |places: [usize; 2]| {
        let sent: Vec<Value> = places.iter().map(|place| ids(&trakt, LibraryItem::Movie(*place))).collect();
        json!({"movies": sent})
    };
    assert_eq!(anna.post("/sync/watchlist", movies([1, 2])).await.status, 201);
    let before = anna.get("/sync/last_activities").await.ok();
    assert_eq!(anna.post("/sync/watchlist", movies([2, 3])).await.status, 420);
    assert_eq!(trakt.state().account("anna").unwrap().watchlist().len(), 2);
    assert_eq!(anna.get("/sync/last_activities").await.ok(), before);
    assert_eq!(anna.post("/sync/watchlist", movies([1, 2])).await.status, 201);
}

#[tokio::test]
async fn notes_are_for_paying_members() {
    for (membership, length, status) in
        [(Membership::Free, 5, 426), (Membership::Vip, 5, 201), (Membership::Vip, 501, 422)]
    {
        let (trakt, anna) = start();
        trakt.state().account_mut("anna").unwrap().membership = membership;
        let mut movie = ids(&trakt, LibraryItem::Movie(1));
        movie["notes"] = json!("x".repeat(length));
        assert_eq!(anna.post("/sync/watchlist", json!({"movies": [movie]})).await.status, status);
    }
}

#[tokio::test]
async fn every_change_moves_its_own_stamps() {
    let clock = client::clock();
    let trakt = client::trakt(&clock);
    let anna = Client::trakt(&trakt, "anna");
    let movie = json!({"movies": [rated(&trakt, LibraryItem::Movie(1), 8)]});
    for (path, moved) in [
        ("/sync/ratings", vec!["/movies/rated_at"]),
        ("/sync/ratings/remove", vec!["/movies/rated_at"]),
        ("/sync/watchlist", vec!["/movies/watchlisted_at", "/watchlist/updated_at"]),
        ("/sync/watchlist/remove", vec!["/movies/watchlisted_at", "/watchlist/updated_at"]),
    ] {
        let before = anna.get("/sync/last_activities").await.ok();
        clock.advance(SignedDuration::from_secs(60));
        anna.post(path, movie.clone()).await.ok();
        let after = anna.get("/sync/last_activities").await.ok();
        for pointer in ["/movies/rated_at", "/movies/watchlisted_at", "/watchlist/updated_at", "/movies/watched_at"] {
            let changed = before.pointer(pointer) != after.pointer(pointer);
            assert_eq!(changed, moved.contains(&pointer), "{path} {pointer}");
        }
    }
}

#[tokio::test]
async fn an_id_of_a_merged_title_is_understood_and_not_shown() {
    let (trakt, anna) = start();
    assert!(trakt.state().forward_id(LibraryItem::Movie(1), "tmdb", "987654"));
    assert!(!trakt.state().forward_id(LibraryItem::Movie(1), "tvdb", "987654"));
    let sent = json!({"movies": [{"ids": {"tmdb": 987_654}}]});
    assert_eq!(anna.post("/sync/watchlist", sent.clone()).await.json()["added"]["movies"], 1);
    assert_eq!(anna.post("/sync/watchlist", sent).await.json()["existing"]["movies"], 1);
    assert_ne!(anna.get("/sync/watchlist").await.ok()[0]["movie"]["ids"]["tmdb"], 987_654);
}
