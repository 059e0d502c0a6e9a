//! How media servers are watched, as the API tells it.

use crosswatch_model::{IdSet, Item, Kind};
use crosswatch_port::Fault;
use crosswatch_scrobble::{Media, PlaybackEvent, Step, Viewer};
use serde_json::{Value, json};

use super::house::Small;

const HOME: &str = "/base/api/v1/providers/home";

fn film() -> PlaybackEvent {
    PlaybackEvent {
        step: Step::Playing,
        word: "playing".into(),
        viewer: Viewer { name: "anna".into(), id: "2".into() },
        server: "s".into(),
        player: "tv".into(),
        session: "1".into(),
        media: Media {
            native: "9".into(),
            item: Item::titled(Kind::Movie, "A", None, IdSet::EMPTY),
            last_number: None,
            duration_ms: None,
            library: None,
        },
        position_ms: Some(1000),
        at: None,
    }
}

/// Asks until the watcher stands so; it walks while the house is asked.
async fn wait_for(small: &Small, state: &str) -> Value {
    for _ in 0..1000 {
        let provider = small.get(HOME).await.json;
        if provider["watcher"]["state"] == state {
            return provider;
        }
    }
    panic!("it is never {state}");
}

#[actix_web::test]
async fn a_server_that_is_watched_says_what_it_told_last() {
    let small = Small::watched(vec![Ok(vec![film()])]).await;
    let provider = wait_for(&small, "polling").await;
    assert_eq!(
        provider["watcher"],
        json!({
            "state": "polling", "since": "2026-07-01T20:15:30Z", "healthy_at": "2026-07-01T20:15:30Z", "playing": 1,
            "lost": 0, "last_error": null, "last_error_at": null,
        })
    );
    assert_eq!(provider["last_event"], json!({"event": "playing", "received_at": "2026-07-01T20:15:30Z"}));
    let rows = small.get("/base/api/v1/providers").await.json["items"].clone();
    assert_eq!((&rows[0]["watcher"], &rows[0]["last_event"]), (&provider["watcher"], &provider["last_event"]));
    assert_eq!((&rows[1]["watcher"], &rows[1]["last_event"]), (&Value::Null, &Value::Null));
    let status = small.get("/base/api/v1/status").await.json;
    assert_eq!((&status["unwatched"], &status["state"]), (&json!([]), &json!("ok")));
    small.stop().await;
}

#[actix_web::test]
async fn a_server_that_is_not_watched_for_some_minutes_is_told_to_people() {
    let small = Small::watched(vec![Ok(vec![film()]), Err(Fault::Auth("sign in again".into()))]).await;
    let provider = wait_for(&small, "sign_in").await;
    assert_eq!(provider["watcher"]["last_error"], "sign in again");
    assert_eq!(provider["watcher"]["last_error_at"], provider["watcher"]["since"]);
    let since = &provider["watcher"]["healthy_at"];
    let status = small.get("/base/api/v1/status").await.json;
    assert_eq!(status["unwatched"], json!([{"provider": "home", "since": since, "detail": "sign in again"}]));
    assert_eq!(status["state"], "attention");
    assert_eq!(status["sentence"], "home is not watched: the last sign of life was 15 min ago.");
    let alerts = small.get("/base/api/v1/widget").await.json["alerts"].clone();
    assert_eq!(alerts, 1);
    let advice = small.get("/base/api/v1/advice").await.json["items"].as_array().unwrap().clone();
    let told: Vec<&Value> = advice.iter().filter(|row| row["rule"] == "watcher-down").collect();
    let [row] = told.as_slice() else { panic!("{advice:?}") };
    assert_eq!((&row["subject"], &row["severity"]), (&json!("provider[home]"), &json!("warning")));
    small.stop().await;
}
