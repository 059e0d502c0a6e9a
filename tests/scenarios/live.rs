//! Live scrobbling of the real binary: webhooks in, plays out, and kill −9 in between.
//!
//! Whatever the instant of a kill, every viewing that was answered with 202 is at the tracker and in the ledger exactly
//! once. `LIVE_KILLS=200` kills more often than the usual ten, `CRASH_SEED=n` chooses other instants.

use std::collections::BTreeMap;

use crosswatch_tests::service::{Plan, Service, Trakt, eventually, films, jellyfin, ledger, names};
use serde_json::{Value, json};

use crate::crash::{Chance, number_from_environment};

const KILLS: u64 = 10;
/// Films that are watched in a life.
const FILMS_PER_LIFE: u32 = 4;

/// A service that hears of anna's playback at home and tells the ledger and Trakt. The server itself cannot be reached.
fn start(trakt: &Trakt, more: &str) -> Service {
    let home = jellyfin("home", "http://127.0.0.1:9", "anna", "token", "webhook_token = \"the-token-of-anna-at-home\"");
    let route = format!(
        "[[route]]\nid = \"anna\"\nsource = \"home\"\ntargets = [\"a\", \"trakt\"]\nvia = [\"webhook\"]\n{more}\n"
    );
    Service::start(&format!("{}{home}{}{route}", ledger("a"), trakt.section()))
}

fn told(event: &str, film: u32, more: &Value) -> Value {
    let mut body = json!({
        "NotificationType": event, "ItemType": "Movie", "ItemId": format!("m{film}"), "Name": format!("Movie {film}"),
        "Year": 2001, "Provider_tmdb": film.to_string(), "RunTimeTicks": 60_000_000_000_u64,
        "NotificationUsername": "anna", "UserId": "u-anna", "DeviceId": "tv", "Id": "session-1",
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn watched(film: u32) -> Value {
    told("PlaybackStop", film, &json!({"PlayedToCompletion": true, "PlaybackPositionTicks": 60_000_000_000_u64}))
}

const DOOR: &str = "/hooks/home/the-token-of-anna-at-home";

/// How often each film is in the history of the ledger and at Trakt.
fn plays(service: &Service, trakt: &Trakt) -> [BTreeMap<String, usize>; 2] {
    let mut counts = [BTreeMap::new(), BTreeMap::new()];
    for name in names(&service.http().list("/api/v1/tracker/history?provider=a")) {
        *counts[0].entry(name).or_default() += 1;
    }
    for play in trakt.plays() {
        *counts[1].entry(play.split(" at ").next().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

fn dispositions(service: &Service) -> Vec<String> {
    let rows = service.http().list("/api/v1/inbox");
    rows.iter().rev().map(|row| row["disposition"].as_str().unwrap_or("waits").to_owned()).collect()
}

#[test]
fn a_film_is_seen_playing_and_told_to_the_ledger_and_to_trakt() {
    let trakt = Trakt::live(films(2));
    let service = start(&trakt, "");
    let start = told("PlaybackStart", 1, &json!({"PlaybackPositionTicks": 0}));
    let http = service.http();
    assert_eq!(http.post(DOOR, &start).expect(202)["inbox"], 1);
    assert_eq!(http.post(DOOR, &start).expect(202)["duplicate"], true);
    let playing = eventually("a session", 10, || http.list("/api/v1/sessions").into_iter().next());
    assert_eq!(
        (&playing["state"], &playing["user"], &playing["route"]),
        (&json!("playing"), &json!("anna"), &json!("anna"))
    );
    http.post(DOOR, &told("PlaybackProgress", 1, &json!({"PlaybackPositionTicks": 30_000_000_u64}))).expect(202);
    http.post(DOOR, &json!({"NotificationType": "ItemAdded", "ItemType": "Movie", "ItemId": "x"})).expect(202);
    http.post(DOOR, &told("PlaybackStart", 2, &json!({"NotificationUsername": "ben"}))).expect(202);
    http.post(DOOR, &watched(1)).expect(202);
    eventually("the plays", 30, || {
        plays(&service, &trakt).iter().all(|plays| plays.get("Movie 1") == Some(&1)).then_some(())
    });
    assert_eq!(dispositions(&service), ["applied", "duplicate", "absorbed", "ignored", "filtered", "applied"]);
    assert_eq!(http.list("/api/v1/inbox?disposition=filtered")[0]["user"], "ben");
    let sent = eventually("the end of delivery", 30, || {
        let sent = http.list("/api/v1/outbox?state=done");
        (sent.iter().any(|row| row["provider"] == "a" && row["op"] == "drop_place")
            && sent.iter().any(|row| row["provider"] == "trakt" && row["op"] == "watched"))
        .then_some(sent)
    });
    let watched_at_trakt = sent.iter().find(|row| row["op"] == "watched").unwrap();
    let id = watched_at_trakt["id"].as_str().unwrap();
    assert_eq!(http.post(&format!("/api/v1/outbox/{id}/retry"), &json!({})).expect(409)["type"], "message-settled");
    assert_eq!(http.post("/api/v1/outbox/4711/discard", &json!({})).expect(404)["type"], "unknown-message");
    assert_eq!(http.get("/api/v1/outbox?state=lost").expect(400)["type"], "bad-query");
    service.restart();
    assert!(plays(&service, &trakt).iter().all(|plays| plays["Movie 1"] == 1));
}

#[test]
fn a_play_that_was_told_live_is_taken_back_where_it_was_told() {
    let trakt = Trakt::live(films(1));
    let service = start(&trakt, "");
    let http = service.http();
    http.post(DOOR, &watched(1)).expect(202);
    let sent = eventually("the end of delivery", 30, || {
        let sent = http.list("/api/v1/outbox?state=done");
        (sent.len() == 3).then_some(sent)
    });
    let undo = |account: &str, op: &str| {
        let row = sent.iter().find(|row| row["provider"] == account && row["op"] == op).unwrap();
        http.post(&format!("/api/v1/outbox/{}/undo?wait=120", row["id"].as_str().unwrap()), &json!({}))
    };
    assert_eq!(undo("a", "drop_place").expect(409)["type"], "nothing-to-undo");
    let plan = Plan(undo("trakt", "watched").expect(200));
    assert_eq!(service.told_by(&plan), ["remove Movie 1: undo"]);
    assert!(plays(&service, &trakt).iter().all(|plays| plays["Movie 1"] == 1));
    let undone = service.apply(&plan, &json!({}));
    undone.expect("succeeded");
    let [at_ledger, at_trakt] = plays(&service, &trakt);
    assert_eq!((at_ledger.len(), at_trakt.len()), (1, 0));
    assert_eq!(service.told_by(&Plan(undo("trakt", "watched").expect(200))), ["skip Movie 1: stale"]);
    service.apply(&Plan(undo("a", "add_play").expect(200)), &json!({})).expect("succeeded");
    assert!(plays(&service, &trakt).iter().all(BTreeMap::is_empty));
    service.apply(&service.undo(&undone), &json!({})).expect("succeeded");
    assert_eq!(plays(&service, &trakt)[1]["Movie 1"], 1);
}

#[test]
fn frozen_the_service_listens_and_tells_nobody() {
    let trakt = Trakt::live(films(1));
    let service = start(&trakt, "");
    service.http().post("/api/v1/freeze", &json!({})).expect(200);
    service.http().post(DOOR, &watched(1)).expect(202);
    eventually("a row", 10, || (dispositions(&service) == ["applied"]).then_some(()));
    assert_eq!(service.http().get("/api/v1/status").expect(200)["outbox"]["queued"], 3);
    assert!(plays(&service, &trakt).iter().all(BTreeMap::is_empty));
    service.http().post("/api/v1/unfreeze", &json!({})).expect(200);
    eventually("the plays", 30, || {
        plays(&service, &trakt).iter().all(|plays| plays.get("Movie 1") == Some(&1)).then_some(())
    });
}

#[test]
fn killed_at_any_instant_every_viewing_is_there_once() {
    let kills = number_from_environment("LIVE_KILLS").unwrap_or(KILLS);
    let mut chance = Chance::of(number_from_environment("CRASH_SEED").unwrap_or(1));
    let count = FILMS_PER_LIFE * u32::try_from(kills + 1).unwrap();
    let trakt = Trakt::live(films(count));
    let service = start(&trakt, "");
    let mut told = 0;
    for kill in 0..=kills {
        // The first film of a life is often still on its way when the life ends; what was not taken is told again.
        for film in told + 1..=told + FILMS_PER_LIFE {
            service.http().post(DOOR, &watched(film)).expect(202);
        }
        told += FILMS_PER_LIFE;
        if kill < kills {
            for _ in 0..chance.below(150) {
                service.http().get("/healthz").expect(200);
            }
            service.kill();
            service.start_again();
        }
    }
    let expected: BTreeMap<String, usize> = (1..=told).map(|film| (format!("Movie {film}"), 1)).collect();
    eventually("every play", 240, || {
        let there = plays(&service, &trakt);
        for plays in &there {
            assert!(plays.values().all(|count| *count == 1), "{plays:?}");
        }
        there.iter().all(|plays| *plays == expected).then_some(())
    });
    assert_eq!(service.http().get("/api/v1/status").expect(200)["outbox"]["dead"], 0);
}
