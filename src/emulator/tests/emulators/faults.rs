//! Faults do what they say, and leave or do not leave their mark on the state.

use crosswatch_emulator::{FaultKind, FaultRule, LibraryItem};
use reqwest::Method;
use serde_json::json;

use crate::client::{self, Client};

fn one_movie(emulator: &crosswatch_emulator::TraktEmulator, place: usize) -> serde_json::Value {
    let trakt = emulator.state().trakt_id(LibraryItem::Movie(place));
    json!({"movies": [{"ids": {"trakt": trakt}, "watched_at": "2026-10-01T20:00:00Z"}]})
}

#[tokio::test]
async fn a_dropped_connection_is_a_transport_error_with_or_without_effect() {
    let trakt = client::trakt(&client::clock());
    let anna = Client::trakt(&trakt, "anna");
    let body = one_movie(&trakt, 0);
    for (kind, plays) in [(FaultKind::DropBefore, 0), (FaultKind::DropAfter, 1)] {
        trakt.faults().add(FaultRule::prefix("/sync/history", kind.clone()).method("POST"));
        let failed = anna.send(Method::POST, "/sync/history", Some(body.clone())).await;
        assert!(failed.is_err_and(|error| error.status().is_none()), "{kind:?}");
        assert_eq!(trakt.state().account("anna").unwrap().plays().len(), plays, "{kind:?}");
        assert_eq!(trakt.faults().pending(), 0);
    }
    let statuses: Vec<Option<u16>> = trakt.log().requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [None, None]);
    assert_eq!(anna.post("/sync/history", body).await.status, 201);
}

#[tokio::test]
async fn answers_instead_of_the_real_one_take_no_effect() {
    let trakt = client::trakt(&client::clock());
    let anna = Client::trakt(&trakt, "anna");
    for (kind, status, text) in [
        (FaultKind::status(503), 503, ""),
        (FaultKind::retry_after(30), 429, ""),
        (FaultKind::HtmlOk, 200, "<!DOCTYPE html>"),
        (FaultKind::NullBody, 200, "null"),
    ] {
        trakt.faults().add(FaultRule::containing("history", kind.clone()));
        let answer = anna.post("/sync/history", one_movie(&trakt, 0)).await;
        assert_eq!(answer.status, status, "{kind:?}");
        assert!(answer.text.starts_with(text), "{kind:?}");
        assert_eq!(answer.header("retry-after").is_some(), status == 429, "{kind:?}");
        assert!(trakt.state().account("anna").unwrap().plays().is_empty(), "{kind:?}");
    }
}

#[tokio::test]
async fn a_truncated_answer_is_not_json_though_its_request_took_effect() {
    let trakt = client::trakt(&client::clock());
    let anna = Client::trakt(&trakt, "anna");
    trakt.faults().add(FaultRule::prefix("/sync/history", FaultKind::TruncatedJson));
    let answer = anna.post("/sync/history", one_movie(&trakt, 0)).await;
    assert_eq!(answer.status, 201);
    assert!(serde_json::from_str::<serde_json::Value>(&answer.text).is_err());
    assert_eq!(trakt.state().account("anna").unwrap().plays().len(), 1);
}

#[tokio::test]
async fn a_delayed_answer_took_effect_when_the_client_gives_up() {
    let trakt = client::trakt(&client::clock());
    let anna = Client::trakt(&trakt, "anna");
    trakt.faults().add(FaultRule::prefix("/sync/history", FaultKind::DelayMs(60_000)));
    let arrived = async {
        while trakt.log().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = anna.send(Method::POST, "/sync/history", Some(one_movie(&trakt, 0))) => panic!("answered at once"),
        () = arrived => {}
    }
    assert_eq!(trakt.state().account("anna").unwrap().plays().len(), 1);
}

#[tokio::test]
async fn list_faults_lie_about_lists_in_the_words_of_each_service() {
    let clock = client::clock();
    let (trakt, jellyfin) = (client::trakt(&clock), client::jellyfin(&clock));
    for place in 0..3 {
        trakt
            .state()
            .account_mut("anna")
            .unwrap()
            .add_play(LibraryItem::Movie(place), client::at("2026-01-01T00:00:00Z"));
    }
    let anna = Client::trakt(&trakt, "anna");
    let viewer = Client::jellyfin(&jellyfin, &client::token("anna"));
    let movies = "/Items?recursive=true&includeItemTypes=Movie&limit=10";
    for (kind, trakt_total, trakt_rows, jellyfin_total, jellyfin_rows) in [
        (FaultKind::EmptyList, Some("0"), 0, Some(0), 0),
        (FaultKind::WrongTotals, Some("53"), 3, Some(170), 10),
        (FaultKind::MissingTotals, None, 3, None, 10),
    ] {
        trakt.faults().add(FaultRule::prefix("/sync", kind.clone()));
        let answer = anna.get("/sync/history").await;
        assert_eq!(answer.header("x-pagination-item-count"), trakt_total, "{kind:?}");
        assert_eq!(answer.ok().as_array().unwrap().len(), trakt_rows, "{kind:?}");
        jellyfin.faults().add(FaultRule::prefix("/Items", kind.clone()));
        let answer = viewer.get(movies).await.ok();
        assert_eq!(answer.get("TotalRecordCount").and_then(serde_json::Value::as_i64), jellyfin_total, "{kind:?}");
        assert_eq!(answer["Items"].as_array().unwrap().len(), jellyfin_rows, "{kind:?}");
    }
}

#[tokio::test]
async fn only_the_first_page_arrives() {
    let clock = client::clock();
    let (trakt, jellyfin) = (client::trakt(&clock), client::jellyfin(&clock));
    trakt.faults().add(FaultRule::prefix("/sync/ratings", FaultKind::FirstPageOnly).always());
    jellyfin.faults().add(FaultRule::prefix("/Items", FaultKind::FirstPageOnly).always());
    let anna = Client::trakt(&trakt, "anna");
    let viewer = Client::jellyfin(&jellyfin, &client::token("anna"));
    for (page, status) in [("", 200), ("?page=1", 200), ("?page=2", 500)] {
        assert_eq!(anna.get(&format!("/sync/ratings{page}")).await.status, status, "{page}");
    }
    for (page, status) in [("", 200), ("&startIndex=0", 200), ("&startIndex=10", 500)] {
        assert_eq!(viewer.get(&format!("/Items?recursive=true&limit=10{page}")).await.status, status, "{page}");
    }
    assert_eq!(trakt.faults().pending(), 1);
}

#[tokio::test]
async fn the_log_knows_what_was_asked_and_no_secrets() {
    let jellyfin = client::jellyfin(&client::clock());
    let anonymous = Client::new(jellyfin.url(), Vec::new());
    assert_eq!(anonymous.get("/Items?ApiKey=jellyfin-api-key&limit=1").await.status, 200);
    assert_eq!(anonymous.post_nothing("/UserPlayedItems/x").await.status, 401);
    assert_eq!((jellyfin.log().count("GET", "/Items"), jellyfin.log().count("POST", "/Items")), (1, 0));
    assert_eq!(jellyfin.log().writes().len(), 1);
    assert!(!format!("{:?}", jellyfin.log().requests()).contains("jellyfin-api-key"));
    jellyfin.log().clear();
    assert!(jellyfin.log().is_empty());
}

/// Another test may be given the port in the moment it is free; then the next try counts.
#[tokio::test]
async fn a_stopped_emulator_refuses_connections_and_frees_its_port() {
    for _ in 0..10 {
        let clock = client::clock();
        let first = client::jellyfin(&clock);
        let anonymous = Client::new(first.url(), Vec::new());
        assert_eq!(anonymous.get("/System/Info/Public").await.status, 200);
        let port = first.url().rsplit(':').next().unwrap().parse().unwrap();
        first.stop();
        let is_refused = anonymous.send(Method::GET, "/System/Info/Public", None).await.is_err();
        let mut options = crosswatch_emulator::JellyfinOptions::new(clock, crosswatch_emulator::Library::empty());
        options.port = port;
        if let (true, Ok(second)) = (is_refused, crosswatch_emulator::JellyfinEmulator::start(options)) {
            assert_eq!(Client::new(second.url(), Vec::new()).get("/System/Info/Public").await.status, 200);
            return;
        }
    }
    panic!("the port of a stopped emulator is never free");
}
