//! Pairs, runs and plans.

use serde_json::{Value, json};

use super::house::{Small, listed};

const PAIR: &str = "/base/api/v1/pairs/home-to-ledger";

#[actix_web::test]
async fn a_run_is_waited_for_and_followed() {
    let small = Small::start().await;
    let run = small.ask("POST", &format!("{PAIR}/run?wait=20"), None).await;
    assert_eq!(run.status, 200, "{}", run.text);
    assert_eq!((&run.json["state"], &run.json["cause"]), (&json!("succeeded"), &json!("manual")), "{}", run.text);
    let id = run.json["id"].as_str().unwrap();

    let again = small.get(&format!("/base/api/v1/runs/{id}")).await;
    assert_eq!(again.json, run.json);
    let list = small.get("/base/api/v1/runs?pair=home-to-ledger").await;
    assert_eq!(list.json, json!({"items": [run.json], "next_cursor": null}));
    let items = small.get(&format!("/base/api/v1/runs/{id}/items?outcome=verified")).await;
    assert_eq!(items.json, json!({"items": [], "next_cursor": null}));
    let cancelled = small.ask("POST", &format!("/base/api/v1/runs/{id}/cancel"), None).await;
    assert_eq!(cancelled.problem(), (409, "not-running"));

    let pair = small.get(PAIR).await;
    assert_eq!(pair.json["last_run"], run.json);
    assert_eq!(pair.json["health"][0]["state"], "succeeded");
    assert_eq!(
        pair.json["sentence"],
        "Watchlist goes from home to ledger, only when you ask; nothing is ever removed."
    );
    let status = small.get("/base/api/v1/status").await;
    assert_eq!(status.json["state"], "ok", "{}", status.text);
    assert_eq!(status.json["sentence"], "All in step: 1 pair, last run just now.");
    assert_eq!(status.json["pairs"][0]["last_run"]["run"], id);
    assert_eq!(status.json["outbox"], json!({"queued": 0, "parked": 0, "dead": 0, "more": false}));
    let widget = small.get("/base/api/v1/widget").await;
    let expected = json!({"status": "ok", "last_run": "2026-07-01T20:15:30Z", "held": 0, "queued": 0, "alerts": 0});
    assert_eq!(widget.json, expected);
    small.stop().await;
}

#[actix_web::test]
async fn without_waiting_the_answer_says_where_the_run_is() {
    let small = Small::start().await;
    let run =
        small.ask("POST", &format!("{PAIR}/run"), Some(json!({"dry_run": true, "features": ["watchlist"]}))).await;
    assert_eq!(run.status, 202, "{}", run.text);
    let location = &run.headers["location"];
    assert_eq!(*location, format!("/base/api/v1/runs/{}", run.json["id"].as_str().unwrap()));
    assert_eq!(run.json["dry_run"], true);
    assert_eq!(small.get(location).await.status, 200);
    small.stop().await;
}

#[actix_web::test]
async fn a_plan_is_made_and_its_lines_are_filtered() {
    let small = Small::start().await;
    small.at_home.borrow_mut().extend([listed(603, "The Matrix"), listed(604, "The Matrix Reloaded")]);
    let plan = small.ask("POST", &format!("{PAIR}/plan?wait=20"), Some(json!({}))).await;
    assert_eq!(plan.status, 200, "{}", plan.text);
    assert_eq!(plan.json["state"], "ready");
    assert_eq!(plan.json["features"]["watchlist"]["adds"], 2);
    assert_eq!(plan.json["reads"]["source"]["watchlist"]["completeness"], "complete");
    let id = plan.json["id"].as_str().unwrap();

    assert_eq!(small.get(&format!("/base/api/v1/plans/{id}")).await.json, plan.json);
    assert_eq!(small.get("/base/api/v1/plans").await.json["items"], json!([plan.json]));
    let lines = async |query: &str| small.get(&format!("/base/api/v1/plans/{id}/items?{query}")).await.json;
    let adds = lines("action=add&feature=watchlist&limit=1").await;
    assert_eq!(adds["items"].as_array().unwrap().len(), 1);
    let cursor = adds["next_cursor"].as_str().unwrap();
    let rest = lines(&format!("action=add&feature=watchlist&limit=1&cursor={cursor}")).await;
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next_cursor"]), (1, &Value::Null));
    assert_ne!(adds["items"][0]["op"], rest["items"][0]["op"]);
    assert_eq!(adds["items"][0]["item"]["ids"], json!({"tmdb": 603}));
    assert_eq!(lines("reason=removed_on_source").await["items"], json!([]));
    assert_eq!(small.get("/base/api/v1/runs").await.json["items"], json!([]));
    small.stop().await;
}

#[actix_web::test]
async fn a_running_pair_refuses_or_queues_and_can_be_stopped() {
    let small = Small::start().await;
    small.gate.forget_permits(1);
    let first = small.ask("POST", &format!("{PAIR}/run"), None).await;
    let location = &first.headers["location"];
    while small.get(location).await.json["state"] != "reading" {
        tokio::task::yield_now().await;
    }
    let second = small.ask("POST", &format!("{PAIR}/run"), Some(json!({"queue": false}))).await;
    assert_eq!(second.problem(), (409, "already-running"));
    assert_eq!(second.json["run"], first.json["id"]);
    let queued = small.ask("POST", &format!("{PAIR}/run"), Some(json!({"queue": true}))).await;
    let joined = small.ask("POST", &format!("{PAIR}/run"), Some(json!({"queue": true}))).await;
    assert_eq!((queued.status, &queued.json["state"]), (202.try_into().unwrap(), &json!("queued")));
    assert_eq!(joined.json["id"], queued.json["id"]);
    let pair = small.get(PAIR).await;
    assert_eq!((&pair.json["running"], &pair.json["waiting"]), (&first.json["id"], &queued.json["id"]));
    assert_eq!(small.get("/base/api/v1/status").await.json["sentence"], "1 of 1 pair running.");

    let cancelled = small.ask("POST", &format!("{location}/cancel?wait=20"), None).await;
    assert_eq!((cancelled.status, &cancelled.json["state"]), (200.try_into().unwrap(), &json!("cancelled")));
    small.gate.add_permits(1);
    while small.get(&queued.headers["location"]).await.json["state"] != "succeeded" {
        tokio::task::yield_now().await;
    }
    small.stop().await;
}

#[actix_web::test]
async fn plans_of_one_pair_take_turns() {
    let small = Small::start().await;
    let path = format!("{PAIR}/plan?wait=20");
    let asked = futures_util::future::join_all((0..4).map(|_| small.ask("POST", &path, None))).await;
    let mut ids: Vec<&str> = asked.iter().filter_map(|plan| plan.json["id"].as_str()).collect();
    assert!(asked.iter().all(|plan| plan.status == 200 && plan.json["state"] == "ready"), "{asked:?}");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4);

    small.gate.forget_permits(1);
    let path = format!("{PAIR}/plan");
    let asked = futures_util::future::join_all((0..3).map(|_| small.ask("POST", &path, None))).await;
    let places: Vec<&String> = asked.iter().map(|plan| &plan.headers["location"]).collect();
    for place in &places {
        let answer = small.get(place).await;
        assert_eq!((answer.status, answer.json.get("state")), (202.try_into().unwrap(), None), "{}", answer.text);
    }
    small.gate.add_permits(1);
    for place in places {
        while small.get(place).await.status == 202 {
            tokio::task::yield_now().await;
        }
        assert_eq!(small.get(place).await.json["state"], "ready");
    }
    small.stop().await;
}

#[actix_web::test]
async fn what_does_not_exist_or_fit_is_said() {
    let small = Small::start().await;
    let run = "00000000-0000-0000-0000-000000000001";
    for (method, path, body, problem) in [
        ("GET", "/base/api/v1/pairs/nobody".to_owned(), None, (404, "unknown-pair")),
        ("POST", "/base/api/v1/pairs/nobody/run".to_owned(), None, (404, "unknown-pair")),
        ("GET", "/base/api/v1/providers/nobody".to_owned(), None, (404, "unknown-provider")),
        ("GET", format!("/base/api/v1/runs/{run}"), None, (404, "unknown-run")),
        ("GET", "/base/api/v1/runs/x/items".to_owned(), None, (404, "unknown-run")),
        ("GET", format!("/base/api/v1/plans/{run}"), None, (404, "unknown-plan")),
        ("POST", format!("/base/api/v1/runs/{run}/cancel"), None, (404, "unknown-run")),
        ("GET", "/base/api/v1/runs?limit=501".to_owned(), None, (400, "bad-query")),
        ("GET", "/base/api/v1/runs?cursor=x".to_owned(), None, (400, "bad-query")),
        ("GET", "/base/api/v1/runs?pear=x".to_owned(), None, (400, "bad-query")),
        ("POST", format!("{PAIR}/run?wait=121"), None, (400, "bad-query")),
        ("POST", format!("{PAIR}/run"), Some(json!({"features": ["plays"]})), (400, "bad-body")),
        ("POST", format!("{PAIR}/run"), Some(json!({"features": ["history"]})), (422, "feature-off")),
        ("POST", format!("{PAIR}/plan"), Some(json!({"dry_run": true})), (400, "bad-body")),
    ] {
        assert_eq!(small.ask(method, &path, body).await.problem(), problem, "{method} {path}");
    }
    small.stop().await;
}

#[actix_web::test]
async fn accounts_are_shown_and_asked() {
    let small = Small::start().await;
    let list = small.get("/base/api/v1/providers?limit=1").await;
    assert_eq!(list.json["items"][0]["id"], "home");
    assert_eq!(list.json["items"][0]["host"], "jellyfin");
    assert_eq!(list.json["items"][0]["capabilities"]["rating_steps"], 100);
    assert_eq!(list.json["next_cursor"], "home");
    let rest = small.get("/base/api/v1/providers?limit=1&cursor=home").await;
    assert_eq!((&rest.json["items"][0]["id"], &rest.json["next_cursor"]), (&json!("ledger"), &Value::Null));
    let check = small.ask("POST", "/base/api/v1/providers/home/check", None).await;
    let expected = json!({
        "id": "home", "ok": true, "checked_at": "2026-07-01T20:15:30Z", "user": "anna", "product": "Fake 1", "fingerprint": "f",
    });
    assert_eq!(check.json, expected);
    small.stop().await;
}
