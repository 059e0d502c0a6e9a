//! Trakt's scrobbling: thresholds, the conflict window, playback rows and what is on now.

use crosswatch_emulator::{LibraryItem, ManualClock, TraktEmulator};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::client::{self, Client};

fn start() -> (ManualClock, TraktEmulator, Client) {
    let clock = client::clock();
    let trakt = client::trakt(&clock);
    let anna = Client::trakt(&trakt, "anna");
    (clock, trakt, anna)
}

fn movie(trakt: &TraktEmulator, progress: f64) -> Value {
    json!({"movie": {"ids": {"trakt": trakt.state().trakt_id(LibraryItem::Movie(1))}}, "progress": progress})
}

#[tokio::test]
async fn a_stop_is_ignored_saved_or_scrobbled_by_its_progress() {
    for (progress, status, action, plays, rows) in [
        (0.5, 422, None, 0, 0),
        (1.0, 201, Some("pause"), 0, 1),
        (79.9, 201, Some("pause"), 0, 1),
        (80.0, 201, Some("scrobble"), 1, 0),
        (100.0, 201, Some("scrobble"), 1, 0),
        (101.0, 422, None, 0, 0),
    ] {
        let (_clock, trakt, anna) = start();
        let answer = anna.post("/scrobble/stop", movie(&trakt, progress)).await;
        assert_eq!(answer.status, status, "{progress}");
        if let Some(action) = action {
            let body = answer.json();
            assert_eq!(body["action"], action);
            assert_eq!(body["id"].as_i64().unwrap() > 0, action == "scrobble");
        }
        let state = trakt.state();
        let account = state.account("anna").unwrap();
        assert_eq!((account.plays().len(), account.playback().len()), (plays, rows), "{progress}");
    }
}

#[tokio::test]
async fn the_same_item_within_the_hour_is_a_conflict() {
    let (clock, trakt, anna) = start();
    assert_eq!(anna.post("/scrobble/stop", movie(&trakt, 95.0)).await.status, 201);
    clock.advance(SignedDuration::from_mins(59));
    let conflict = anna.post("/scrobble/stop", movie(&trakt, 95.0)).await;
    assert_eq!(conflict.status, 409);
    assert_eq!(conflict.json()["watched_at"], "2026-11-01T12:00:00.000Z");
    assert_eq!(conflict.json()["expires_at"], "2026-11-01T13:00:00.000Z");
    clock.advance(SignedDuration::from_mins(1));
    assert_eq!(anna.post("/scrobble/stop", movie(&trakt, 95.0)).await.status, 201);
    assert_eq!(trakt.state().account("anna").unwrap().plays().len(), 2);
}

#[tokio::test]
async fn what_is_on_expires_after_the_rest_of_it_and_is_replaced_unscrobbled() {
    let (clock, trakt, anna) = start();
    assert_eq!(anna.get("/users/me/watching").await.status, 204);
    let started = anna.post("/scrobble/start", movie(&trakt, 50.0)).await;
    assert_eq!((started.status, started.json()["id"].as_i64()), (201, Some(0)));
    assert_eq!(anna.get("/users/me/watching").await.ok()["type"], "movie");
    let show = trakt.state().trakt_id(LibraryItem::Show(1));
    let episode = json!({
        "show": {"ids": {"trakt": show}}, "episode": {"season": 1, "number": 1}, "progress": 0.0,
    });
    anna.post("/scrobble/start", episode).await.ok();
    assert_eq!(anna.get("/users/anna/watching").await.ok()["episode"]["number"], 1);
    clock.advance(SignedDuration::from_hours(2));
    assert_eq!(anna.get("/users/me/watching").await.status, 204);
    assert!(trakt.state().account("anna").unwrap().plays().is_empty());
}

#[tokio::test]
async fn playback_rows_are_listed_dropped_and_forgotten() {
    let (clock, trakt, anna) = start();
    let episode = json!({
        "show": {"ids": {"trakt": trakt.state().trakt_id(LibraryItem::Show(1))}},
        "episode": {"number_abs": 2}, "progress": 33.3,
    });
    anna.post("/scrobble/pause", movie(&trakt, 40.0)).await.ok();
    clock.advance(SignedDuration::from_mins(1));
    anna.post("/scrobble/pause", episode).await.ok();
    let rows = anna.get("/sync/playback").await;
    assert_eq!(rows.header("x-pagination-item-count"), Some("2"));
    let rows = rows.ok();
    assert_eq!((rows[0]["type"].as_str(), rows[0]["progress"].as_f64()), (Some("episode"), Some(33.3)));
    assert_eq!(rows[0]["episode"]["number"], 2);
    assert_eq!(anna.get("/sync/playback/movies").await.ok().as_array().unwrap().len(), 1);
    assert_eq!(anna.get("/sync/playback?start_at=2026-11-01T12:01:00Z").await.ok().as_array().unwrap().len(), 1);
    let before = anna.get("/sync/last_activities").await.ok();
    assert_eq!(anna.delete(&format!("/sync/playback/{}", rows[0]["id"])).await.status, 204);
    assert_eq!(anna.delete(&format!("/sync/playback/{}", rows[0]["id"])).await.status, 404);
    let after = anna.get("/sync/last_activities").await.ok();
    assert_ne!(before["episodes"]["paused_at"], after["episodes"]["paused_at"]);
    anna.post("/scrobble/start", movie(&trakt, 41.0)).await.ok();
    assert!(trakt.state().account("anna").unwrap().playback().is_empty());
    anna.post("/scrobble/pause", movie(&trakt, 41.0)).await.ok();
    clock.advance(SignedDuration::from_hours(24 * 200));
    assert!(trakt.state().account("anna").unwrap().playback().is_empty());
}

#[tokio::test]
async fn unknown_items_and_actions_are_not_found() {
    let (_clock, trakt, anna) = start();
    for (path, body) in [
        ("/scrobble/stop", json!({"movie": {"ids": {"imdb": "tt0000111"}}, "progress": 90})),
        ("/scrobble/stop", json!({"progress": 90})),
        ("/scrobble/rewind", movie(&trakt, 10.0)),
    ] {
        assert_eq!(anna.post(path, body).await.status, 404, "{path}");
    }
    assert!(trakt.state().account("anna").unwrap().plays().is_empty());
}
