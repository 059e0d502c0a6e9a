//! Who gets in, and what every answer wears.

use super::house::{KEY, Small};
use crate::readiness::Stage;

#[actix_web::test]
async fn health_needs_no_key_and_follows_the_stage() {
    let small = Small::start().await;
    for path in ["/base/healthz", "/base/readyz"] {
        for method in ["GET", "HEAD"] {
            assert_eq!(small.ask_as(None, method, path, None).await.status, 200, "{method} {path}");
        }
    }
    small.state.readiness.set(Stage::Stopping);
    assert_eq!(small.ask_as(None, "GET", "/base/healthz", None).await.status, 200);
    let answer = small.ask_as(None, "GET", "/base/readyz", None).await;
    assert_eq!(answer.problem(), (503, "not-ready"));
    assert_eq!(answer.headers["retry-after"], "2");
    assert_eq!(small.get("/base/api/v1/status").await.json["state"], "stopping");
    small.stop().await;
}

#[actix_web::test]
async fn nothing_else_opens_without_the_key() {
    let small = Small::start().await;
    for path in [
        "/base/api/v1/status",
        "/base/api/v1/config",
        "/base/api/v1/events",
        "/base/api/openapi.json",
        "/base/api/v1/nowhere",
        "/base/api/nowhere",
        "/base/metrics",
    ] {
        for key in [None, Some("wrong"), Some("")] {
            let answer = small.ask_as(key, "GET", path, None).await;
            assert_eq!(answer.problem(), (401, "unauthorized"), "{path} with {key:?}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            assert_eq!(answer.json["instance"], path);
        }
    }
    small.stop().await;
}

#[actix_web::test]
async fn every_list_has_pages() {
    let small = Small::start().await;
    for list in [
        "advice",
        "held",
        "inbox",
        "outbox",
        "pairs",
        "plans",
        "providers",
        "runs",
        "sessions",
        "snapshots",
        "tracker/history",
        "tracker/imports",
    ] {
        let path = format!("/base/api/v1/{list}");
        for bad in ["limit=501", "limit=0", "cursor=nowhere!"] {
            assert_eq!(small.get(&format!("{path}?{bad}")).await.problem(), (400, "bad-query"), "{path}?{bad}");
        }
        let page = small.get(&format!("{path}?limit=500")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.json["items"].is_array() && page.json["next_cursor"].is_null(), "{}", page.text);
    }
    let first = small.get("/base/api/v1/providers?limit=1").await.json;
    assert_eq!((&first["items"][0]["id"], &first["next_cursor"]), (&"home".into(), &"home".into()));
    small.stop().await;
}

#[actix_web::test]
async fn everything_is_dressed() {
    let small = Small::start().await;
    for (path, status) in [("/base/api/v1/status", 200), ("/base/api/v1/nowhere", 404), ("/nowhere", 404)] {
        let answer = small.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
        assert_eq!(answer.headers["x-frame-options"], "DENY", "{path}");
    }
    let answer = small.get("/base/api/v1/nowhere?q=1").await;
    assert_eq!(answer.problem(), (404, "not-found"));
    assert_eq!(answer.json["instance"], "/base/api/v1/nowhere");
    assert_eq!(small.get("/nowhere").await.problem(), (404, "not-found"));
    let answer = small.ask("DELETE", "/base/api/v1/status", None).await;
    assert_eq!(answer.problem(), (405, "method-not-allowed"));
    assert_eq!(answer.headers["allow"], "GET");
    small.stop().await;
}

#[actix_web::test]
async fn the_service_tells_about_itself() {
    let small = Small::start().await;
    let config = small.get("/base/api/v1/config").await;
    assert_eq!(config.json["provider"][0]["token"], "***");
    assert!(!config.text.contains("very-secret") && !config.text.contains(KEY));
    let advice = small.get("/base/api/v1/advice").await;
    assert_eq!(advice.json["next_cursor"], serde_json::Value::Null);
    assert!(
        advice.json["items"].as_array().unwrap().iter().any(|row| row["rule"] == "no-snapshots"),
        "{}",
        advice.text
    );
    let document = small.get("/base/api/openapi.json").await;
    assert_eq!(document.json["servers"][0]["url"], "/base");
    let metrics = small.get("/base/metrics").await;
    assert!(metrics.headers["content-type"].starts_with("application/openmetrics-text"));
    assert!(metrics.text.contains("crosswatch_requests_total{account=\"home\"} 3\n"), "{}", metrics.text);
    let events = small.get("/base/api/v1/events").await;
    assert!(events.headers["content-type"].starts_with("text/event-stream"));
    small.stop().await;
}

#[actix_web::test]
async fn bodies_are_bounded_and_must_be_json() {
    let small = Small::start().await;
    let path = "/base/api/v1/pairs/home-to-ledger/run";
    let large = serde_json::json!({ "features": ["x".repeat(1024 * 1024)] });
    assert_eq!(small.ask("POST", path, Some(large)).await.problem(), (413, "too-large"));
    for body in [serde_json::json!([]), serde_json::json!({"feature": []}), serde_json::json!({"queue": "yes"})] {
        assert_eq!(small.ask("POST", path, Some(body)).await.problem(), (400, "bad-body"));
    }
    small.stop().await;
}

#[actix_web::test]
async fn the_page_of_the_api_opens_without_the_key_and_loads_nothing_from_elsewhere() {
    let small = Small::start().await;
    for (path, kind) in [("docs", "text/html"), ("docs.js", "text/javascript"), ("docs.css", "text/css")] {
        let answer = small.ask_as(None, "GET", &format!("/base/api/{path}"), None).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.headers["content-type"].starts_with(kind), "{path}");
        let policy = &answer.headers["content-security-policy"];
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(!answer.text.contains("://") && !answer.text.contains(KEY), "{path}");
    }
    small.stop().await;
}

#[actix_web::test]
async fn a_service_without_a_file_says_that_there_is_nothing_to_replace() {
    let small = Small::start().await;
    let put = async |body| small.ask("PUT", "/base/api/v1/config", Some(body)).await;
    assert_eq!(put(serde_json::json!({"toml": ""})).await.problem(), (409, "no-config-file"));
    assert_eq!(put(serde_json::json!({"text": ""})).await.problem(), (400, "bad-body"));
    small.stop().await;
}
