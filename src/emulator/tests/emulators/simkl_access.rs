//! What SIMKL wants to see before it answers, how accounts are linked, and how an app is banned.

use crosswatch_emulator::{SimklEmulator, SimklOptions, simkl::Membership};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::client::{self, Client, simkl_path as path};

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

#[tokio::test]
async fn each_missing_part_has_its_own_refusal() {
    let simkl = client::simkl(&client::clock());
    let anna = Client::simkl(&simkl, "anna");
    for (query, status, error) in [
        ("", 412, "client_id_failed"),
        ("?client_id=another&app-name=a&app-version=1", 412, "client_id_failed"),
        ("?client_id=simkl-client", 400, "empty_field"),
        ("?client_id=simkl-client&app-name=a", 400, "empty_field"),
    ] {
        let answer = anna.get(&format!("/sync/activities{query}")).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{query}");
    }
    let by_header = anna.with("simkl-api-key", Some("simkl-client"));
    assert_eq!(by_header.get("/sync/activities?app-name=a&app-version=1").await.status, 200);
    assert_eq!(anna.get(&path("/sync/activities")).await.status, 200);
    for token in [None, Some("Bearer nonsense")] {
        let answer = anna.with("authorization", token).get(&path("/sync/activities")).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("user_token_failed")));
    }
    let nameless = anna.with("user-agent", None).get(&path("/sync/activities")).await;
    assert!(nameless.status == 403 && nameless.text.starts_with("<!DOCTYPE html>"));
    assert_eq!(anna.get(&path("/sync/nothing")).await.json()["error"], "url_failed");
}

#[tokio::test]
async fn a_second_whole_read_without_a_question_between_bans_the_app_for_good() {
    let clock = client::clock();
    let simkl = client::simkl(&clock);
    let anna = Client::simkl(&simkl, "anna");
    for round in 0..2 {
        assert_eq!(anna.get(&path("/sync/activities")).await.status, 200);
        for part in ["shows", "anime", "movies", "movies?extended=simkl_ids_only"] {
            assert_eq!(anna.get(&path(&format!("/sync/all-items/{part}"))).await.status, 200, "{round} {part}");
        }
    }
    let since = path("/sync/all-items/movies?date_from=2026-01-01T00:00:00Z");
    for _ in 0..3 {
        assert_eq!(anna.get(&since).await.status, 200, "changes may be asked for at any time");
    }
    assert!(!simkl.state().is_suspended);
    assert_eq!(anna.get(&path("/sync/all-items/movies")).await.status, 403);
    clock.advance(WEEK);
    for place in ["/sync/activities", "/users/settings"] {
        let banned = anna.get(&path(place)).await;
        assert_eq!((banned.status, banned.json()["error"].as_str()), (403, Some("client_id_suspended")), "{place}");
    }
}

#[tokio::test]
async fn limits_are_enforced_when_switched_on() {
    let clock = client::clock();
    let simkl = client::simkl(&clock);
    let anna = Client::simkl(&simkl, "anna");
    simkl.state().switches.enforces_limits = true;
    assert_eq!(anna.post(&path("/sync/history"), json!({})).await.status, 201);
    let refused = anna.post(&path("/sync/history"), json!({})).await;
    assert_eq!((refused.status, refused.json()["error"].as_str()), (429, Some("rate_limit")));
    assert_eq!(refused.header("retry-after"), Some("61200"), "the header speaks of the day all the same");
    let mut asked = 1;
    while asked < 500 {
        clock.advance(SignedDuration::from_secs(1));
        for _ in 0..10.min(500 - asked) {
            assert_eq!(anna.get(&path("/sync/activities")).await.status, 200, "{asked}");
            asked += 1;
        }
    }
    clock.advance(SignedDuration::from_secs(1));
    let refused = anna.get(&path("/sync/activities")).await;
    assert_eq!(refused.json()["error"], "user_limit_exceeded");
    clock.set(client::at("2026-11-02T05:00:00Z"));
    assert_eq!(anna.get(&path("/sync/activities")).await.status, 200, "it is midnight in New York");
}

#[tokio::test]
async fn a_write_locks_the_account_for_a_while() {
    let clock = client::clock();
    let simkl = client::simkl(&clock);
    let anna = Client::simkl(&simkl, "anna");
    simkl.state().switches.write_lock_s = 20;
    assert_eq!(anna.post(&path("/sync/history"), json!({})).await.status, 201);
    let refused = anna.post(&path("/sync/ratings"), json!({})).await;
    assert_eq!((refused.status, refused.json()["error"].as_str()), (400, Some("RATE_LIMIT")));
    assert_eq!(anna.get(&path("/sync/activities")).await.status, 200, "reads go on");
    clock.advance(SignedDuration::from_secs(20));
    assert_eq!(anna.post(&path("/sync/ratings"), json!({})).await.status, 201);
}

#[tokio::test]
async fn a_refresh_keeps_its_token_and_ends_the_access_token_at_once() {
    let clock = client::clock();
    let simkl = client::simkl(&clock);
    let anna = Client::simkl(&simkl, "anna");
    let refresh = json!({
        "grant_type": "refresh_token", "refresh_token": "simkl-refresh-anna",
        "client_id": "simkl-client", "client_secret": "simkl-secret",
    });
    let mut wrong = refresh.clone();
    wrong["client_secret"] = json!("wrong");
    assert_eq!(anna.post("/oauth2/token", wrong).await.json()["error"], "invalid_client");
    let pair = anna.post("/oauth2/token", refresh.clone()).await.ok();
    assert_eq!(pair["refresh_token"], "simkl-refresh-anna");
    assert_eq!(
        (pair["expires_in"].as_i64(), pair["scope"].as_str()),
        (Some(WEEK.as_secs()), Some("media:read media:write"))
    );
    assert_eq!(anna.get(&path("/sync/activities")).await.status, 401, "it was good for six more days");
    let renewed = Client::simkl_with_token(&simkl, pair["access_token"].as_str().unwrap());
    assert_eq!(renewed.get(&path("/sync/activities")).await.status, 200);
    clock.advance(WEEK);
    assert_eq!(renewed.get(&path("/sync/activities")).await.status, 401);
    assert_eq!(anna.post("/oauth2/token", refresh.clone()).await.status, 200, "the refresh token works again");
    clock.advance(SignedDuration::from_hours(181 * 24));
    assert_eq!(anna.post("/oauth2/token", refresh).await.json()["error"], "invalid_grant");
    assert_eq!(anna.post("/oauth2/revoke", json!({"token": "unknown"})).await.status, 200);
}

#[tokio::test]
async fn a_device_code_goes_through_all_its_answers() {
    let clock = client::clock();
    let simkl = client::simkl(&clock);
    let app = Client::simkl(&simkl, "anna").with("authorization", None);
    let begin =
        async |scope: &str| app.post("/oauth2/device", json!({"client_id": "simkl-client", "scope": scope})).await.ok();
    let poll = async |device: &Value| {
        let body = json!({
            "grant_type": DEVICE_GRANT, "device_code": device["device_code"],
            "client_id": "simkl-client", "client_secret": "simkl-secret",
        });
        app.post("/oauth2/token", body).await.json()
    };
    let wait = |seconds| clock.advance(SignedDuration::from_secs(seconds));
    let device = begin("media:read media:write").await;
    assert_eq!((device["interval"].as_i64(), device["expires_in"].as_i64()), (Some(5), Some(900)));
    assert_eq!(poll(&device).await["error"], "authorization_pending");
    wait(4);
    assert_eq!(poll(&device).await["error"], "slow_down");
    wait(9);
    assert_eq!(poll(&device).await["error"], "slow_down", "the interval has grown by five seconds");
    wait(15);
    assert!(simkl.state().approve_code(device["user_code"].as_str().unwrap(), "anna").unwrap());
    assert_eq!(poll(&device).await["scope"], "media:read media:write");
    assert_eq!(poll(&device).await["error"], "expired_token");
    let refused = begin("").await;
    assert!(simkl.state().deny_code(refused["user_code"].as_str().unwrap()));
    assert_eq!(poll(&refused).await["error"], "access_denied");
    let late = begin("").await;
    wait(900);
    assert_eq!(poll(&late).await["error"], "expired_token");
}

#[tokio::test]
async fn a_scope_that_is_left_out_or_misspelt_may_only_read() {
    let simkl = client::simkl(&client::clock());
    let app = Client::simkl(&simkl, "anna").with("authorization", None);
    for scope in ["", "media:read", "media:wirte"] {
        let device = app.post("/oauth2/device", json!({"client_id": "simkl-client", "scope": scope})).await.ok();
        assert!(simkl.state().approve_code(device["user_code"].as_str().unwrap(), "anna").unwrap());
        let body = json!({
            "grant_type": DEVICE_GRANT, "device_code": device["device_code"],
            "client_id": "simkl-client", "client_secret": "simkl-secret",
        });
        let pair = app.post("/oauth2/token", body).await.ok();
        assert_eq!(pair["scope"], "media:read", "{scope}");
        let linked = Client::simkl_with_token(&simkl, pair["access_token"].as_str().unwrap());
        assert_eq!(linked.get(&path("/sync/activities")).await.status, 200);
        assert_eq!(linked.post(&path("/sync/history"), json!({})).await.status, 403);
    }
}

#[tokio::test]
async fn a_pin_has_no_device_code_and_an_unknown_one_begins_anew() {
    let clock = client::clock();
    let simkl = client::simkl(&clock);
    let app = Client::simkl(&simkl, "anna").with("authorization", None);
    let ask = async |code: &str| app.get(&format!("/oauth/pin{code}?client_id=simkl-client")).await.ok();
    let pin = ask("").await;
    assert_eq!((pin["device_code"].as_str(), pin["result"].as_str()), (Some("DEVICE_CODE"), Some("OK")));
    let user_code = pin["user_code"].as_str().unwrap().to_owned();
    assert_eq!(user_code.len(), 5);
    let place = format!("/{user_code}");
    assert_eq!(ask(&place).await["message"], "Authorization pending");
    assert_eq!(ask(&place).await["message"], "Slow down");
    clock.advance(SignedDuration::from_secs(5));
    assert!(simkl.state().approve_code(&user_code, "anna").unwrap());
    let token = ask(&place).await;
    let linked = Client::simkl_with_token(&simkl, token["access_token"].as_str().unwrap());
    assert_eq!(linked.get(&path("/users/settings")).await.ok()["user"]["name"], "anna");
    for unknown in [place.as_str(), "/NOPE1"] {
        let fresh = ask(unknown).await;
        assert_eq!(fresh["device_code"], "DEVICE_CODE", "{unknown}");
        assert_ne!(fresh["user_code"], pin["user_code"]);
    }
    clock.advance(WEEK);
    assert_eq!(linked.get(&path("/users/settings")).await.status, 200, "it has no end");
    assert_eq!(app.post("/oauth/token", json!({"code": "x"})).await.json()["error"], "grant_error");
}

#[tokio::test]
async fn settings_tell_the_membership() {
    for (membership, word) in [(Membership::Free, "free"), (Membership::Pro, "pro"), (Membership::Vip, "vip")] {
        let mut options = SimklOptions::new(client::clock(), client::library());
        options.accounts[0].membership = membership;
        let simkl = SimklEmulator::start(options).unwrap();
        let settings = Client::simkl(&simkl, "anna").get(&path("/users/settings")).await.ok();
        assert_eq!(settings["account"]["type"], word);
        assert!(settings["account"]["id"].as_u64().unwrap() > 0);
    }
}
