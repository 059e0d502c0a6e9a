//! What Trakt wants to see before it answers, and how accounts are linked.

use crosswatch_emulator::{LibraryItem, TraktEmulator, TraktOptions, trakt::Membership};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::client::{self, Client};

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

#[tokio::test]
async fn each_missing_header_has_its_own_refusal() {
    let trakt = client::trakt(&client::clock());
    let anna = Client::trakt(&trakt, "anna");
    for (header, value, status) in [
        ("user-agent", None, 403),
        ("trakt-api-key", None, 403),
        ("trakt-api-key", Some("another"), 403),
        ("trakt-api-version", None, 412),
        ("trakt-api-version", Some("1"), 412),
        ("authorization", None, 401),
        ("authorization", Some("Bearer nonsense"), 401),
        ("trakt-api-version", Some("2"), 200),
    ] {
        let answer = anna.with(header, value).get("/sync/last_activities").await;
        assert_eq!(answer.status, status, "{header} {value:?}");
        assert_eq!(answer.text.starts_with("<!DOCTYPE html>"), header == "user-agent", "{header}");
    }
    assert_eq!(anna.with("authorization", None).get("/search/tmdb/13?type=movie").await.status, 200);
    assert_eq!(anna.get("/sync/nothing").await.status, 404);
}

#[tokio::test]
async fn bodies_have_to_be_json_and_say_so() {
    let trakt = client::trakt(&client::clock());
    let anna = Client::trakt(&trakt, "anna");
    assert_eq!(anna.with("content-type", Some("text/plain")).post("/sync/history", json!({})).await.status, 412);
    assert_eq!(anna.post("/sync/history", json!([])).await.status, 400);
    assert_eq!(anna.post_nothing("/sync/history").await.status, 400);
    assert_eq!(anna.post("/sync/history", json!({})).await.status, 201);
}

#[tokio::test]
async fn a_locked_account_answers_nothing_else() {
    let trakt = client::trakt(&client::clock());
    let anna = Client::trakt(&trakt, "anna");
    trakt.state().account_mut("anna").unwrap().locked = true;
    let answer = anna.get("/sync/last_activities").await;
    assert_eq!((answer.status, answer.header("x-account-locked")), (423, Some("true")));
}

#[tokio::test]
async fn rates_are_enforced_when_switched_on() {
    let clock = client::clock();
    let trakt = client::trakt(&clock);
    let anna = Client::trakt(&trakt, "anna");
    for _ in 0..3 {
        assert_eq!(anna.post("/sync/history", json!({})).await.status, 201);
    }
    trakt.state().switches.enforces_rates = true;
    assert_eq!(anna.post("/sync/history", json!({})).await.status, 201);
    let refused = anna.post("/sync/history", json!({})).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    let window: Value = serde_json::from_str(refused.header("x-ratelimit").unwrap()).unwrap();
    assert_eq!((window["name"].as_str(), window["remaining"].as_i64()), (Some("AUTHED_API_POST_LIMIT"), Some(0)));
    clock.advance(SignedDuration::from_secs(1));
    assert_eq!(anna.post("/sync/history", json!({})).await.status, 201);
    for _ in 0..1_000 {
        assert_eq!(anna.get("/users/settings").await.status, 200);
    }
    let refused = anna.get("/users/settings").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("300")));
    clock.advance(SignedDuration::from_secs(300));
    assert_eq!(anna.get("/users/settings").await.status, 200);
}

#[tokio::test]
async fn tokens_expire_and_a_refresh_token_works_once() {
    let clock = client::clock();
    let trakt = client::trakt(&clock);
    let anna = Client::trakt(&trakt, "anna");
    let refresh = |token: &str| {
        json!({
            "refresh_token": token, "client_id": "trakt-client", "client_secret": "trakt-secret",
            "redirect_uri": "urn:ietf:wg:oauth:2.0:oob", "grant_type": "refresh_token",
        })
    };
    clock.advance(WEEK);
    assert_eq!(anna.get("/sync/last_activities").await.status, 401);
    let mut wrong_secret = refresh("trakt-refresh-anna");
    wrong_secret["client_secret"] = json!("wrong");
    assert_eq!(anna.post("/oauth/token", wrong_secret).await.status, 401);
    let pair = anna.post("/oauth/token", refresh("trakt-refresh-anna")).await.ok();
    assert_eq!((pair["token_type"].as_str(), pair["expires_in"].as_i64()), (Some("bearer"), Some(WEEK.as_secs())));
    assert_eq!(pair["created_at"], clock.now().as_second());
    let again = anna.post("/oauth/token", refresh("trakt-refresh-anna")).await;
    assert_eq!((again.status, again.json()["error"].as_str()), (400, Some("invalid_grant")));
    let renewed = Client::trakt_with_token(&trakt, pair["access_token"].as_str().unwrap());
    assert_eq!(renewed.get("/sync/last_activities").await.status, 200);
    let next = anna.post("/oauth/token", refresh(pair["refresh_token"].as_str().unwrap())).await.ok();
    assert_ne!(next["refresh_token"], pair["refresh_token"]);
    let revoke = json!({"token": pair["access_token"], "client_id": "trakt-client", "client_secret": "trakt-secret"});
    assert_eq!(anna.post("/oauth/revoke", revoke.clone()).await.status, 200);
    assert_eq!(anna.post("/oauth/revoke", revoke).await.status, 200);
    assert_eq!(renewed.get("/sync/last_activities").await.status, 401);
}

#[tokio::test]
async fn a_device_code_goes_through_all_its_answers() {
    let clock = client::clock();
    let trakt = client::trakt(&clock);
    let app = Client::trakt(&trakt, "anna").with("authorization", None);
    let begin = async || app.post("/oauth/device/code", json!({"client_id": "trakt-client"})).await.ok();
    let poll = async |code: &Value| {
        let body = json!({"code": code, "client_id": "trakt-client", "client_secret": "trakt-secret"});
        app.post("/oauth/device/token", body).await
    };
    let wait = |seconds| clock.advance(SignedDuration::from_secs(seconds));
    assert_eq!(app.post("/oauth/device/code", json!({"client_id": "wrong"})).await.status, 401);
    assert_eq!(poll(&json!("unknown")).await.status, 404);
    let device = begin().await;
    assert_eq!((device["interval"].as_i64(), device["expires_in"].as_i64()), (Some(5), Some(600)));
    let pending = poll(&device["device_code"]).await;
    assert_eq!((pending.status, pending.text.as_str()), (400, ""));
    assert_eq!(poll(&device["device_code"]).await.status, 429);
    wait(5);
    assert!(trakt.state().approve_device(device["user_code"].as_str().unwrap(), "anna").unwrap());
    let pair = poll(&device["device_code"]).await.ok();
    let linked = Client::trakt_with_token(&trakt, pair["access_token"].as_str().unwrap());
    assert_eq!(linked.get("/users/settings").await.ok()["user"]["username"], "anna");
    for token in ["access_token", "refresh_token"] {
        assert!(trakt.state().tokens().contains(&pair[token].as_str().unwrap().to_owned()), "{token}");
    }
    wait(5);
    assert_eq!(poll(&device["device_code"]).await.status, 409);
    let late = begin().await;
    wait(600);
    assert_eq!(poll(&late["device_code"]).await.status, 410);
    let refused = begin().await;
    assert!(trakt.state().device_codes().contains(&refused["user_code"].as_str().unwrap().to_owned()));
    assert!(trakt.state().deny_device(refused["user_code"].as_str().unwrap()));
    assert_eq!(poll(&refused["device_code"]).await.status, 418);
}

#[tokio::test]
async fn settings_tell_the_limits_of_the_membership() {
    for (membership, vip, watchlist) in [(Membership::Free, false, 250), (Membership::Vip, true, 5_000)] {
        let mut options = TraktOptions::new(client::clock(), client::library());
        options.accounts[0].membership = membership;
        let trakt = TraktEmulator::start(options).unwrap();
        let settings = Client::trakt(&trakt, "anna").get("/users/settings").await.ok();
        assert_eq!(settings["user"]["vip"], vip);
        assert_eq!(settings["limits"]["watchlist"]["item_count"], watchlist);
        assert_eq!(settings["browsing"]["watch_only_once"], false);
    }
}

#[tokio::test]
async fn one_number_means_three_titles_until_a_type_is_named() {
    let trakt = client::trakt(&client::clock());
    let anna = Client::trakt(&trakt, "anna");
    for (query, types) in [
        ("", vec!["movie", "show", "episode"]),
        ("?type=show", vec!["show"]),
        ("?type=movie,episode", vec!["movie", "episode"]),
    ] {
        let rows = anna.get(&format!("/search/tmdb/13{query}")).await.ok();
        let found: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["type"].as_str().unwrap()).collect();
        assert_eq!(found, types, "{query}");
    }
    let episode = &anna.get("/search/tmdb/13?type=episode").await.ok()[0];
    assert_eq!((episode["episode"]["season"].as_u64(), episode["show"]["ids"]["tmdb"].as_u64()), (Some(1), Some(13)));
    assert_eq!(anna.get("/search/imdb/tt9999999").await.ok(), json!([]));
    assert_eq!(anna.get("/search/letterboxd/x").await.status, 404);
    let movie = &anna.get("/search/tmdb/13?type=movie").await.ok()[0]["movie"];
    assert_eq!(movie["ids"]["trakt"], trakt.state().trakt_id(LibraryItem::Movie(0)));
    assert!(movie["ids"].get("tvdb").is_none());
}
