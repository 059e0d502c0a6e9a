//! Signing in with a browser: the page, the cookie, and the token that changes must carry.

use std::time::Duration;

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use super::house::{KEY, Small};

const STATUS: &str = "/base/api/v1/status";
const FREEZE: &str = "/base/api/v1/freeze";
const SESSION: &str = "/base/api/v1/session";

/// Signs in, and answers the cookie as a browser sends it and the token of the session.
async fn signed_in(small: &Small) -> (String, String) {
    let answer = small.ask_as(None, "POST", "/base/login", Some(json!({"key": KEY}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json["expires_at"], "2026-07-08T20:15:30Z");
    let set = &answer.headers["set-cookie"];
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict") && set.contains("Path=/base"), "{set}");
    assert!(!set.contains(KEY) && !set.contains("Secure"), "{set}");
    let cookie = set.split(';').next().unwrap().to_owned();
    (cookie, answer.json["csrf_token"].as_str().unwrap().to_owned())
}

#[actix_web::test]
async fn a_browser_signs_in_once_and_proves_that_a_change_is_its_own() {
    let small = Small::start().await;
    let (cookie, csrf) = signed_in(&small).await;
    let get = async |path: &str, cookie: &str| {
        small.send(TestRequest::get().uri(path).insert_header(("cookie", cookie))).await
    };
    assert_eq!(get(STATUS, &format!("theme=dark; {cookie}")).await.status, 200);
    assert_eq!(get("/base/metrics", &cookie).await.status, 200);
    let session = get(SESSION, &cookie).await;
    assert_eq!((&session.json["via"], &session.json["csrf_token"]), (&json!("session"), &json!(csrf)));
    let mut cut = cookie.clone();
    cut.pop();
    for broken in ["crosswatch_session=", "crosswatch_session=1.2.3", cut.as_str(), "other=1"] {
        assert_eq!(get(STATUS, broken).await.problem(), (401, "unauthorized"), "{broken}");
    }
    let post = async |token: Option<&str>| {
        let mut request = TestRequest::post().uri(FREEZE).insert_header(("cookie", cookie.as_str()));
        if let Some(token) = token {
            request = request.insert_header(("x-csrf-token", token));
        }
        small.send(request).await
    };
    for token in [None, Some(""), Some("wrong")] {
        assert_eq!(post(token).await.problem(), (403, "csrf-missing"), "{token:?}");
    }
    assert_eq!(small.get(STATUS).await.json["state"], "ok", "nothing was changed");
    assert_eq!(post(Some(&csrf)).await.status, 200);
    assert_eq!(small.get(STATUS).await.json["state"], "frozen");
    small.clock.advance(Duration::from_secs(7 * 24 * 3_600));
    assert_eq!(get(STATUS, &cookie).await.problem(), (401, "unauthorized"));
    small.stop().await;
}

#[actix_web::test]
async fn the_key_needs_no_second_token_and_a_wrong_one_begins_nothing() {
    let small = Small::start().await;
    assert_eq!(small.get(SESSION).await.json, json!({"via": "key", "csrf_token": null, "expires_at": null}));
    assert_eq!(small.ask("POST", FREEZE, None).await.status, 200);
    for wish in [json!({"key": "wrong"}), json!({"key": ""})] {
        let refused = small.ask_as(None, "POST", "/base/login", Some(wish)).await;
        assert_eq!(refused.problem(), (401, "unauthorized"));
        assert!(!refused.headers.contains_key("set-cookie"));
    }
    let misfit = small.ask_as(None, "POST", "/base/login", Some(json!({"password": KEY}))).await;
    assert_eq!(misfit.problem(), (400, "bad-body"));
    let ended = small.ask_as(None, "POST", "/base/logout", None).await;
    assert_eq!(ended.status, 204);
    assert!(ended.headers["set-cookie"].starts_with("crosswatch_session=;"), "{:?}", ended.headers);
    small.stop().await;
}

#[actix_web::test]
async fn the_page_is_a_form_that_works_without_scripts() {
    let small = Small::start().await;
    let page = small.ask_as(None, "GET", "/base/login", None).await;
    assert!(page.status == 200 && page.text.contains("name=\"key\""), "{}", page.text);
    let policy = &page.headers["content-security-policy"];
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for path in ["/base/", "/base"] {
        let front = small.ask_as(None, "GET", path, None).await;
        assert_eq!((front.status.as_u16(), front.headers["location"].as_str()), (303, "/base/login"), "{path}");
    }
    let send = async |text: String| {
        let request = TestRequest::post().uri("/base/login");
        small.send(request.insert_header(("content-type", "application/x-www-form-urlencoded")).set_payload(text)).await
    };
    let wrong = send("key=wrong".to_owned()).await;
    assert!(wrong.status == 401 && wrong.text.contains("This is not the key."), "{}", wrong.text);
    let right = send(format!("key={KEY}")).await;
    assert_eq!((right.status.as_u16(), right.headers["location"].as_str()), (303, "/base/api/docs"));
    assert!(right.headers["set-cookie"].starts_with("crosswatch_session="), "{:?}", right.headers);
    small.stop().await;
}

#[actix_web::test]
async fn a_proxy_is_believed_where_it_is_trusted_and_changes_need_the_token_there_too() {
    let settings = "[server]\ntrusted_proxies = [\"172.18.0.0/16\"]\n";
    let small = Small::with(settings, None).await;
    let ask = async |method: &str, path: &str, peer: &str, headers: &[(&'static str, String)]| {
        let mut request = TestRequest::with_uri(path).method(method.parse().unwrap()).peer_addr(peer.parse().unwrap());
        for header in headers {
            request = request.insert_header(header.clone());
        }
        small.send(request).await
    };
    let anna = || ("remote-user", "anna".to_owned());
    let (proxy, stranger) = ("172.18.0.2:5000", "10.0.0.2:5000");
    assert_eq!(ask("GET", "/api/v1/status", proxy, &[anna()]).await.status, 200);
    assert_eq!(ask("GET", "/api/v1/status", stranger, &[anna()]).await.problem(), (401, "unauthorized"));
    assert_eq!(ask("GET", "/api/v1/status", proxy, &[("remote-user", " ".to_owned())]).await.problem().0, 401);
    assert_eq!(ask("POST", "/api/v1/freeze", proxy, &[anna()]).await.problem(), (403, "csrf-missing"));
    let session = ask("GET", "/api/v1/session", proxy, &[anna()]).await.json;
    assert_eq!((&session["via"], &session["expires_at"]), (&json!("proxy"), &Value::Null));
    let token = session["csrf_token"].as_str().unwrap().to_owned();
    let ben = ("remote-user", "ben".to_owned());
    assert_eq!(ask("POST", "/api/v1/freeze", proxy, &[ben, ("x-csrf-token", token.clone())]).await.problem().0, 403);
    assert_eq!(ask("POST", "/api/v1/freeze", proxy, &[anna(), ("x-csrf-token", token)]).await.status, 200);
    let secure = ask("POST", "/logout", proxy, &[("x-forwarded-proto", "https".to_owned())]).await;
    assert!(secure.headers["set-cookie"].contains("Secure"), "{:?}", secure.headers);
    small.stop().await;
}
