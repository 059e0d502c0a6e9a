//! Webhook tokens of the real service: known again after a restart, rotated with an overlap, and in no log.

use std::fs;

use crosswatch_tests::service::{Service, ledger};
use serde_json::{Value, json};

const SECTIONS: &str = "[[provider]]\nid = \"attic\"\nkind = \"plex\"\nurl = \"http://127.0.0.1:9\"\ntoken = \"plex-token\"\n\
                        webhook_token = \"a-token-of-long-ago\"\n\n";
const PATH: &str = "/api/v1/providers/attic";

fn start() -> Service {
    Service::start(&format!("{}{SECTIONS}", ledger("a")))
}

fn token(service: &Service) -> String {
    let detail = service.http().get(&format!("{PATH}?reveal=1")).expect(200);
    detail["webhook_token"].as_str().unwrap().to_owned()
}

/// Whether the door opens: behind it only the inbox may say no.
fn opens(service: &Service, token: &str) -> bool {
    let body = json!({"event": "device.new", "Player": {"uuid": "tv-1"}});
    let answer = service.http().post(&format!("/hooks/attic/{token}"), &body);
    assert!([202, 401, 503].contains(&answer.status), "{answer:?}");
    answer.status != 401
}

#[test]
fn sc_75_without_the_token_nobody_gets_in() {
    let service = start();
    for path in ["/webhook/plex", "/webhook/plex?wrong", "/webhook/plextrakt?token=wrong"] {
        let answer = service.http().post(path, &json!({}));
        assert_eq!(answer.expect(401), json!({"detail": "invalid_webhook_token"}), "{path}");
    }
    let ignored = service.http().post("/webhook/plex?profile=wrong", &json!({})).expect(200);
    assert_eq!(ignored, json!({"ok": true, "ignored": true, "error": "invalid_profile"}));
    assert!(!opens(&service, "wrong"));
    assert!(opens(&service, "a-token-of-long-ago"));
    assert_eq!(service.http().post("/hooks/a/x", &json!({})).expect(404)["type"], "unknown-provider");
    assert_eq!(service.http().get("/hooks/attic/x").expect(405)["detail"], "this path takes POST");
}

#[test]
fn what_an_account_told_last_is_shown_and_its_token_opens_nothing_else() {
    let route = "[[route]]\nid = \"r\"\nsource = \"attic\"\nusers = { only = [\"anna\"] }\ntargets = [\"a\"]\n";
    let service = Service::start(&format!("{}{SECTIONS}{route}", ledger("a")));
    let last = |path: &str| service.http().get(path).expect(200)["last_event"].clone();
    assert_eq!(last(PATH), Value::Null);
    let token = token(&service);
    let body = json!({"event": "device.new", "Player": {"uuid": "tv-1"}});
    service.http().post(&format!("/hooks/attic/{token}"), &body).expect(202);
    let told = last(PATH);
    assert_eq!(told["event"], "device.new");
    assert!(told["received_at"].is_string(), "{told}");
    let all = service.http().list("/api/v1/providers");
    assert_eq!((&all[0]["last_event"], &all[1]["last_event"]), (&Value::Null, &told), "{all:?}");
    let stranger = service.http().with_key(&token);
    assert_eq!(stranger.get("/api/v1/status").expect(403)["type"], "wrong-scope");
    assert_eq!(service.http().with_key("nonsense").get("/api/v1/status").expect(401)["type"], "unauthorized");
}

#[test]
fn a_token_outlives_a_restart_and_a_rotation_does_too() {
    let service = start();
    let first = token(&service);
    service.restart();
    assert_eq!(token(&service), first);
    let rotate = |overlap: Value| service.http().post(&format!("{PATH}/webhook-token/rotate"), &overlap).expect(200);
    assert_eq!(rotate(json!({}))["webhook_token"], "***");
    let second = token(&service);
    service.kill();
    service.start_again();
    assert_eq!(token(&service), second);
    assert!(opens(&service, &first) && opens(&service, &second));
    rotate(json!({"overlap_hours": 0}));
    service.restart();
    assert!(!opens(&service, &second) && opens(&service, &token(&service)));
}

#[test]
fn sc_76_no_token_is_in_the_log() {
    let service = start();
    let configuration = fs::read_to_string(service.folder().configuration()).unwrap();
    service.folder().configure(&configuration.replace("level = \"info\"", "level = \"trace\""));
    service.restart();
    let tokens = [token(&service), "a-token-of-long-ago".to_owned(), "a-wrong-token".to_owned()];
    for token in &tokens {
        opens(&service, token);
        for query in [token.clone(), format!("token={token}"), format!("profile={token}")] {
            service.http().post(&format!("/webhook/plex?{query}"), &json!({"event": "device.new"}));
        }
    }
    service.http().post(&format!("{PATH}/webhook-token/rotate"), &json!({})).expect(200);
    service.restart();
    let log = fs::read_to_string(service.folder().log()).unwrap();
    assert!(log.contains("TRACE") && log.contains("the webhook token was rotated"), "the log tells everything it can");
    for token in &tokens {
        assert!(!log.contains(token), "{token} is in the log");
    }
}
