//! The content of the built-in tracker.

use serde_json::{Value, json};

use super::house::Small;

const WATCHLIST: &str = "/base/api/v1/tracker/watchlist";
const HISTORY: &str = "/base/api/v1/tracker/history";

fn movie(number: u64) -> Value {
    json!({"kind": "movie", "title": "A movie", "year": 1999, "ids": {"tmdb": number}})
}

#[actix_web::test]
async fn what_is_added_is_there_and_can_be_taken_out() {
    let small = Small::start().await;
    let body = json!({"items": [{"item": movie(1)}, {"item": movie(2), "listed_at": "2026-07-01T10:00:00Z"}]});
    let added = small.ask("POST", WATCHLIST, Some(body)).await;
    assert_eq!(added.status, 200, "{}", added.text);
    let rows = small.get(WATCHLIST).await;
    assert_eq!(rows.json, added.json);
    assert_eq!(rows.json["items"][0]["item"], movie(1));
    assert_eq!(rows.json["items"][1]["listed_at"], "2026-07-01T10:00:00Z");

    let first = small.get(&format!("{WATCHLIST}?limit=1")).await;
    let cursor = first.json["next_cursor"].as_str().unwrap();
    let second = small.get(&format!("{WATCHLIST}?limit=1&cursor={cursor}")).await;
    assert_eq!((&second.json["items"][0], &second.json["next_cursor"]), (&rows.json["items"][1], &Value::Null));

    let id = rows.json["items"][0]["id"].as_str().unwrap();
    let gone = small.ask("DELETE", &format!("{WATCHLIST}?id={id},9-9,x"), None).await;
    assert_eq!(gone.json, json!({"removed": 1, "unknown": ["x", "9-9"]}));
    let other = rows.json["items"][1]["id"].as_str().unwrap();
    let gone = small.ask("DELETE", WATCHLIST, Some(json!({"ids": [other, id]}))).await;
    assert_eq!(gone.json, json!({"removed": 1, "unknown": [id]}));
    assert_eq!(small.get(WATCHLIST).await.json, json!({"items": [], "next_cursor": null}));
    small.stop().await;
}

#[actix_web::test]
async fn plays_of_one_movie_are_rows_of_one_entity() {
    let small = Small::start().await;
    let play = |watched_at: Value| json!({"item": movie(1), "watched_at": watched_at});
    let body = json!({"provider": "ledger", "items": [play(json!("2026-07-01T10:00:00Z")), play(json!("2026-06-01")), play(Value::Null)]});
    for _ in 0..2 {
        let added = small.ask("POST", HISTORY, Some(body.clone())).await;
        assert_eq!(added.status, 200, "{}", added.text);
    }
    let rows = small.get(HISTORY).await;
    let rows = rows.json["items"].as_array().unwrap();
    let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap().split('-').next().unwrap()).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| *id == ids[0]));
    let moments: Vec<(&Value, &Value)> = rows.iter().map(|row| (&row["watched_at"], &row["precision"])).collect();
    assert_eq!(
        moments,
        [
            (&Value::Null, &json!("unknown")),
            (&json!("2026-06-01"), &json!("day")),
            (&json!("2026-07-01T10:00:00Z"), &json!("second")),
        ]
    );
    small.stop().await;
}

#[actix_web::test]
async fn what_cannot_be_kept_changes_nothing() {
    let small = Small::start().await;
    for (path, body, problem, said) in [
        (WATCHLIST, json!({"items": []}), (400, "bad-body"), "items: give 1 to 500"),
        (WATCHLIST, json!({"item": []}), (400, "bad-body"), "unknown field `item`"),
        (
            WATCHLIST,
            json!({"items": [{"item": movie(1)}, {"item": {"kind": "movie"}}]}),
            (422, "invalid-item"),
            "items[1].item.ids: give at least one id",
        ),
        (
            WATCHLIST,
            json!({"items": [{"item": movie(1), "value": 7}]}),
            (422, "invalid-item"),
            "items[0].value: belongs",
        ),
        (
            HISTORY,
            json!({"items": [{"item": {"kind": "show", "ids": {"tmdb": 1}}}]}),
            (422, "invalid-item"),
            "items[0].item.kind: history holds movie, episode, not show",
        ),
        (WATCHLIST, json!({"provider": "home", "items": [{"item": movie(1)}]}), (422, "which-tracker"), "home is not"),
        (WATCHLIST, json!({"provider": "nobody", "items": [{"item": movie(1)}]}), (404, "unknown-provider"), "nobody"),
        (
            "/base/api/v1/tracker/plays",
            json!({"items": [{"item": movie(1)}]}),
            (404, "unknown-feature"),
            "history, watchlist",
        ),
    ] {
        let answer = small.ask("POST", path, Some(body)).await;
        assert_eq!(answer.problem(), problem, "{}", answer.text);
        assert!(answer.json["detail"].as_str().unwrap().contains(said), "{}", answer.text);
    }
    assert_eq!(small.get(WATCHLIST).await.json["items"], json!([]));
    assert_eq!(small.ask("DELETE", WATCHLIST, None).await.problem(), (400, "bad-body"));
    small.stop().await;
}
