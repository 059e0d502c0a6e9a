//! Signing in with a code over HTTP.

use std::time::Duration;

use crosswatch_port::{Fault, SignInState};
use serde_json::json;

use super::house::{Answer, Small};

const AUTH: &str = "/base/api/v1/providers/home/auth";

/// Looks until the sign-in is over.
async fn ended(house: &Small) -> Answer {
    for _ in 0..1000 {
        let looked = house.get(AUTH).await;
        if looked.json["state"] != "waiting" {
            return looked;
        }
        tokio::task::yield_now().await;
    }
    panic!("the sign-in never ends");
}

#[actix_web::test]
async fn a_sign_in_goes_on_by_itself_until_it_is_over() {
    let wait = Duration::from_secs(5);
    for (end, state, words, event) in [
        (Ok(SignInState::Done), "done", "home is signed in as anna.", "auth.done"),
        (Ok(SignInState::Denied), "denied", "The sign-in to home was refused.", "auth.failed"),
        (Ok(SignInState::Expired), "expired", "The code for home is no longer good; begin again.", "auth.failed"),
        (Ok(SignInState::Waiting(wait)), "expired", "The code for home is no longer good; begin again.", "auth.failed"),
        (
            Err(Fault::Auth("the code was approved by \"ben\"".into())),
            "expired",
            "The sign-in to home failed: the code was approved by \"ben\".",
            "auth.failed",
        ),
    ] {
        let house = Small::start().await;
        house.code_end.replace(Some(end));
        let mut events = house.state.directory.listen();
        assert_eq!(house.get(AUTH).await.json["state"], "not-begun");
        let begun = house.ask("POST", AUTH, Some(json!({}))).await;
        assert_eq!(begun.status, 200, "{}", begun.text);
        assert_eq!(
            begun.json,
            json!({
                "id": "home", "state": "waiting", "verification_url": "https://home.example/activate",
                "user_code": "ABCD", "expires_at": "2026-07-01T20:25:30Z",
                "sentence": "Open https://home.example/activate and enter ABCD.",
            })
        );
        let over = ended(&house).await;
        assert_eq!((&over.json["state"], &over.json["sentence"]), (&json!(state), &json!(words)));
        let told = events.recv().await.unwrap();
        assert_eq!((told.kind, told.account.unwrap().as_str(), told.sentence.as_str()), (event, "home", words));
        house.stop().await;
    }
}

#[actix_web::test]
async fn what_has_no_codes_or_gives_none_says_so() {
    let house = Small::start().await;
    for (method, path, problem, words) in [
        ("POST", "/base/api/v1/providers/ledger/auth", (409, "no-sign-in"), "needs none"),
        ("GET", "/base/api/v1/providers/ledger/auth", (409, "no-sign-in"), "needs none"),
        ("POST", AUTH, (409, "no-sign-in"), "set token (an API key or an access token) or password"),
        ("POST", "/base/api/v1/providers/nobody/auth", (404, "unknown-provider"), "nobody"),
        ("DELETE", AUTH, (405, "method-not-allowed"), "GET, POST"),
    ] {
        let refused = house.ask(method, path, None).await;
        assert_eq!(refused.problem(), problem, "{method} {path}");
        assert!(refused.text.contains(words), "{}", refused.text);
    }
    house.code_end.replace(Some(Ok(SignInState::NotBegun)));
    let refused = house.ask("POST", AUTH, None).await;
    assert_eq!(refused.problem(), (502, "no-code"));
    assert!(refused.text.contains("home: check client_id"), "{}", refused.text);
    house.stop().await;
}

#[actix_web::test]
async fn a_service_that_is_slow_to_give_a_code_holds_nothing_up() {
    let house = Small::start().await;
    house.code_end.replace(Some(Ok(SignInState::Denied)));
    house.gate.forget_permits(1);
    let meanwhile = async {
        assert_eq!(house.ask("POST", "/base/api/v1/providers/home/check", None).await.json["ok"], true);
        assert_eq!(house.get(AUTH).await.json["state"], "not-begun");
        house.gate.add_permits(1);
    };
    let (begun, ()) = futures_util::join!(house.ask("POST", AUTH, None), meanwhile);
    assert_eq!(begun.json["state"], "waiting", "{}", begun.text);
    assert_eq!(ended(&house).await.json["state"], "denied");
    house.stop().await;
}
