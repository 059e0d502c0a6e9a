//! Freezing everything, and pausing a pair.

use serde_json::json;

use super::house::{Small, listed};

const PAIR: &str = "/base/api/v1/pairs/home-to-ledger";
const STATUS: &str = "/base/api/v1/status";

#[actix_web::test]
async fn while_everything_is_frozen_runs_are_refused_and_looks_are_not() {
    let small = Small::start().await;
    small.at_home.borrow_mut().push(listed(603, "The Matrix"));
    let frozen = small.ask("POST", "/base/api/v1/freeze", None).await;
    assert_eq!(frozen.json, json!({"frozen": true, "since": "2026-07-01T20:15:30Z"}), "{}", frozen.text);
    let run = small.ask("POST", &format!("{PAIR}/run?wait=20"), None).await;
    assert_eq!(run.problem(), (423, "frozen"));
    assert!(run.json["detail"].as_str().unwrap().contains("/api/v1/unfreeze"));
    let status = small.get(STATUS).await.json;
    assert_eq!((&status["state"], &status["next_runs"]), (&json!("frozen"), &json!([])));
    assert_eq!(status["sentence"], "Frozen just now: nothing is written to any account until it is unfrozen.");
    assert_eq!(small.get("/base/api/v1/widget").await.json["status"], "frozen");
    let dry = small.ask("POST", &format!("{PAIR}/run?wait=20"), Some(json!({"dry_run": true}))).await;
    assert_eq!(
        (dry.json["state"].as_str(), &dry.json["features"]["watchlist"]["adds"]),
        (Some("succeeded"), &json!(1))
    );
    let plan = small.ask("POST", &format!("{PAIR}/plan?wait=20"), None).await;
    let apply = format!("/base/api/v1/plans/{}/apply", plan.json["id"].as_str().unwrap());
    assert_eq!(small.ask("POST", &apply, None).await.problem(), (423, "frozen"));
    assert_eq!(small.get(&apply.replace("/apply", "")).await.json["state"], "ready", "it can be applied later");
    let again = small.ask("POST", "/base/api/v1/unfreeze", None).await;
    assert_eq!(again.json, json!({"frozen": false, "since": null}));
    assert_eq!(small.get(STATUS).await.json["state"], "ok");
    assert_eq!(small.ask("POST", &format!("{PAIR}/run?wait=20"), None).await.status, 200);
    small.stop().await;
}

#[actix_web::test]
async fn a_freeze_stops_a_run_in_the_middle_and_takes_what_waits() {
    let small = Small::start().await;
    small.gate.forget_permits(1);
    let first = small.ask("POST", &format!("{PAIR}/run"), None).await;
    let location = &first.headers["location"];
    while small.get(location).await.json["state"] != "reading" {
        tokio::task::yield_now().await;
    }
    let waiting = small.ask("POST", &format!("{PAIR}/run"), Some(json!({"queue": true}))).await;
    assert_eq!(small.ask("POST", "/base/api/v1/freeze", None).await.status, 200);
    for (location, sentence) in [
        (
            location,
            "Everything was frozen: stopped before it was done; what was written is kept, the rest is planned again",
        ),
        (&waiting.headers["location"], "Everything was frozen before it began."),
    ] {
        while small.get(location).await.json["state"] != "cancelled" {
            tokio::task::yield_now().await;
        }
        assert_eq!(small.get(location).await.json["sentence"], sentence);
    }
    small.stop().await;
}

#[actix_web::test]
async fn a_paused_pair_is_not_started_and_can_be_looked_at() {
    let small = Small::start().await;
    let paused = small.ask("POST", &format!("{PAIR}/pause"), None).await;
    assert_eq!(paused.json, json!({"pair": "home-to-ledger", "paused": true}), "{}", paused.text);
    let run = small.ask("POST", &format!("{PAIR}/run"), None).await;
    assert_eq!(run.problem(), (409, "pair-paused"));
    assert!(run.json["detail"].as_str().unwrap().contains("/api/v1/pairs/home-to-ledger/resume"));
    assert_eq!(small.ask("POST", &format!("{PAIR}/plan?wait=20"), None).await.status, 200);
    let pair = small.get(PAIR).await.json;
    assert_eq!(
        (&pair["paused"], &small.get("/base/api/v1/pairs").await.json["items"][0]["paused"]),
        (&json!(true), &json!(true))
    );
    assert!(pair["sentence"].as_str().unwrap().starts_with("Paused: Watchlist goes from home to ledger"), "{pair}");
    let status = small.get(STATUS).await.json;
    assert_eq!(status["pairs"][0]["paused"], true);
    assert_eq!(status["sentence"], "1 pair set up, none has run yet. 1 pair is paused.");
    assert_eq!(small.ask("POST", &format!("{PAIR}/resume"), None).await.json["paused"], false);
    assert_eq!(small.ask("POST", &format!("{PAIR}/run?wait=20"), None).await.status, 200);
    let unknown = small.ask("POST", "/base/api/v1/pairs/nobody/pause", None).await;
    assert_eq!(unknown.problem(), (404, "unknown-pair"));
    small.stop().await;
}

#[actix_web::test]
async fn a_pair_forgets_what_was_shown_and_its_next_run_is_a_first_run() {
    let small = Small::start().await;
    assert_eq!(small.ask("POST", &format!("{PAIR}/run?wait=20"), None).await.status, 200);
    let reset = async |wish| small.ask("POST", &format!("{PAIR}/reset"), Some(wish)).await.json;
    let shown = reset(json!({"dry_run": true})).await;
    let cleared = json!({"baseline": 0, "features": 1, "held": 0, "rejected": 0, "unresolved": 0, "reads": false});
    assert_eq!((&shown["done"], &shown["cleared"]), (&json!(false), &cleared), "{shown}");
    assert!(shown["advice"].as_str().unwrap().starts_with("Not needed: "), "{shown}");
    assert_eq!(reset(json!({})).await["cleared"], cleared, "showing it changed nothing");
    let full = reset(json!({"full": true})).await;
    assert_eq!(
        (&full["done"], &full["cleared"]["features"], &full["cleared"]["reads"]),
        (&json!(true), &json!(0), &json!(true))
    );
    assert_eq!(reset(json!({"full": true})).await["done"], true, "no account here punishes full reads");
    small.gate.forget_permits(1);
    let running = small.ask("POST", &format!("{PAIR}/run"), None).await;
    let refused = small.ask("POST", &format!("{PAIR}/reset"), None).await;
    assert_eq!((refused.problem(), &refused.json["run"]), ((409, "already-running"), &running.json["id"]));
    small.gate.add_permits(1);
    small.stop().await;
}
