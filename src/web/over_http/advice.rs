//! Advice that is snoozed, and the graph of pairs.

use serde_json::{Value, json};

use super::house::Small;

const ADVICE: &str = "/base/api/v1/advice";

#[actix_web::test]
async fn advice_is_snoozed_with_its_reason_and_heard_again_afterwards() {
    let small = Small::start().await;
    let row = async || {
        let rows = small.get(ADVICE).await.json["items"].as_array().unwrap().clone();
        (rows.iter().position(|row| row["rule"] == "no-snapshots").unwrap() + 1 == rows.len(), rows)
    };
    let (_, rows) = row().await;
    let before = rows.iter().find(|row| row["rule"] == "no-snapshots").unwrap().clone();
    assert_eq!(
        (&before["snoozed_until"], &before["documentation"]),
        (&Value::Null, &json!("README.md#advice-no-snapshots"))
    );
    let wish =
        |days: u16| json!({"rule": "no-snapshots", "subject": "snapshot", "reason": "the disk is small", "days": days});
    let snoozed = small.ask("POST", &format!("{ADVICE}/snooze"), Some(wish(7))).await;
    assert_eq!(snoozed.status, 200, "{}", snoozed.text);
    let (is_last, rows) = row().await;
    assert!(is_last, "{rows:?}");
    assert_eq!(*rows.last().unwrap(), snoozed.json);
    assert_eq!(snoozed.json["snoozed_until"], "2026-07-08T20:15:30Z");
    assert_eq!(snoozed.json["snooze_reason"], "the disk is small");
    let ended = small.ask("POST", &format!("{ADVICE}/snooze"), Some(wish(0))).await;
    assert_eq!(ended.json["snoozed_until"], Value::Null);
    assert!(row().await.1.contains(&before));
    for (wish, problem) in [
        (wish(367), (400, "bad-body")),
        (json!({"rule": "no-snapshots", "days": 1}), (400, "bad-body")),
        (json!({"rule": "no-snapshots", "subject": "pair[x]", "days": 1}), (404, "unknown-advice")),
        (json!({"rule": "be-nice", "subject": "snapshot", "days": 1}), (404, "unknown-advice")),
    ] {
        let answer = small.ask("POST", &format!("{ADVICE}/snooze"), Some(wish)).await;
        assert_eq!(answer.problem(), problem);
    }
    small.stop().await;
}

#[actix_web::test]
async fn the_graph_has_every_account_and_every_way() {
    let small = Small::start().await;
    let graph = small.get("/base/api/v1/graph").await.json;
    assert_eq!(graph["nodes"][0], json!({"id": "home", "kind": "jellyfin", "is_media_server": true}));
    assert_eq!(
        graph["edges"],
        json!([{
            "pair": "home-to-ledger", "from": "home", "to": "ledger", "enabled": true, "shadow": false,
            "features": ["watchlist"], "removes": [],
        }])
    );
    assert_eq!(
        (&graph["loops"], &graph["two_removers"], &graph["removal_paths"]),
        (&json!([]), &json!([]), &json!([]))
    );
    small.stop().await;
}
