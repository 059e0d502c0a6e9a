//! Who we are, tokens, the sign-in with a code, and what refusals mean.

use std::time::Duration;

use crosswatch_emulator::{FaultKind, FaultRule};
use crosswatch_model::Action;
use crosswatch_port::WriteOutcome;
use secrecy::ExposeSecret;
use serde_json::json;

use super::*;
use crate::testing::{
    Reply, run,
    titles::{send, write},
};

#[test]
fn a_probe_tells_who_we_are_and_which_key_to_fix() {
    run(async {
        let world = World::small();
        let account = world.account();
        let probe = account.probe().await.unwrap();
        assert_eq!((probe.user.as_str(), probe.product.as_str()), ("anna", "SIMKL"));
        assert_eq!(account.capabilities().membership.as_deref(), Some("free"));
        assert_eq!(world.house.budget.quota.get().map(|quota| (quota.limit, quota.used)), Some((500, None)));
        let bad = SimklOptions { client_id: "hunter2".into(), ..world.options() };
        let fault = open(&bad, world.house.ports()).unwrap().probe().await.unwrap_err();
        assert!(matches!(&fault, Fault::Auth(text) if text.contains("check client_id") && !text.contains("hunter2")));
        let unlinked = open(&addressed(&world.server.url()), House::new().ports()).unwrap();
        let fault = unlinked.probe().await.unwrap_err();
        assert!(matches!(&fault, Fault::Auth(text) if text.contains("run `crosswatch auth my-simkl`")), "{fault:?}");
    });
}

#[test]
fn refusals_mean_what_they_should() {
    run(async {
        let error = |code: u16, name: &str| FaultKind::Status {
            code,
            headers: vec![("Retry-After".to_owned(), "40000".to_owned())],
            body: json!({ "error": name, "code": code, "message": "hunter2" }).to_string(),
        };
        let wait = |seconds| Some(Duration::from_secs(seconds));
        let cases = [
            (error(429, "rate_limit"), "wait", wait(1)),
            (error(429, "user_limit_exceeded"), "wait", wait(17 * 3600)),
            (error(429, "app_limit_exceeded"), "wait", wait(17 * 3600)),
            (error(429, "another"), "wait", wait(40_000)),
            (error(400, "RATE_LIMIT"), "wait", wait(20)),
            (error(403, "client_id_suspended"), "gone", None),
            (error(403, "insufficient_scope"), "auth", None),
            (error(412, "client_id_failed"), "auth", None),
            (error(400, "wrong_parameter"), "rejected", None),
            (error(404, "url_failed"), "rejected", None),
        ];
        let world = World::small();
        let account = world.account();
        for (kind, word, after) in cases {
            world.server.faults().clear();
            world.server.faults().add(FaultRule::prefix("/sync/history", kind.clone()).method("POST"));
            let add = write(Action::Add, &world.item(MOVIE), play("2020-01-02T03:04:05Z"));
            let report = account.write(Feature::History, &[add]).await;
            let (told, waits) = match report.fault.clone().unwrap() {
                Fault::Auth(_) => ("auth", None),
                Fault::Rejected(_) => ("rejected", None),
                Fault::Gone(_) => ("gone", None),
                Fault::RateLimited { after, .. } => ("wait", Some(after)),
                other => panic!("{other:?}"),
            };
            assert_eq!((told, waits), (word, after), "{kind:?}");
            assert!(!format!("{report:?}").contains("hunter2"));
            let is_refused = matches!(report.outcomes[0], WriteOutcome::NotAttempted | WriteOutcome::Rejected(_));
            assert!(is_refused, "{kind:?}: {report:?}");
        }
        assert_eq!(world.plays(), [], "nothing was sent twice");
        let verdicts = world.house.budget.verdicts.borrow();
        assert!(verdicts.contains(&crosswatch_port::Verdict::Wait(Duration::from_secs(1))), "the budget waits as long");
    });
}

#[test]
fn an_expired_token_is_refreshed_once_for_everybody_and_kept() {
    run(async {
        let world = World::small();
        let account = world.account();
        account.probe().await.unwrap();
        world.server.state().expire_access("anna");
        let (one, other) = futures_util::join!(account.count(Feature::Progress), account.count(Feature::Progress));
        assert_eq!((one, other), (Ok(Some(0)), Ok(Some(0))));
        assert_eq!(world.server.log().count("POST", "/oauth2/token"), 1);
        assert_eq!(account.requests_sent(), world.server.log().len() as u64, "refreshes are counted");
        let restarted = world.account();
        assert!(restarted.probe().await.is_ok(), "the vault wins over the seeds");
        assert_eq!(world.server.log().count("POST", "/oauth2/token"), 1);
        let kept = world.house.vault.secrets.borrow()["tokens"].clone();
        assert!(kept.contains("simkl-refresh-anna") && kept.contains("media:write"), "the refresh token stays");
        world.pass(7 * 24 * 3600 - 60);
        assert!(restarted.probe().await.is_ok());
        assert_eq!(world.server.log().count("POST", "/oauth2/token"), 2, "less than an hour is left");
        world.server.state().unlink("anna");
        let fault = restarted.probe().await.unwrap_err();
        assert!(matches!(&fault, Fault::Auth(text) if text.contains("run `crosswatch auth my-simkl`")), "{fault:?}");
    });
}

#[test]
fn new_tokens_are_stored_before_they_are_used() {
    run(async {
        let house = House::new();
        let vault = house.vault.clone();
        let server = crate::testing::Server::answering(move |seen| {
            let is_stored = vault.secrets.borrow().get("tokens").is_some_and(|pair| pair.contains("\"new\""));
            let path = seen.line.split('?').next().unwrap_or_default();
            match (path, seen.headers.get("authorization").map(String::as_str)) {
                ("POST /oauth2/token", _) => Reply::json(&json!({ "access_token": "new", "expires_in": 604_800 })),
                (_, Some("Bearer new")) if is_stored => Reply::json(&json!([])),
                (_, Some("Bearer new")) => Reply::status(500, "used before it was stored"),
                _ => Reply::status(401, ""),
            }
        })
        .await;
        let options = SimklOptions {
            access_token: Some("old".into()),
            refresh_token: Some("old-refresh".into()),
            ..addressed(&server.url)
        };
        let account = open(&options, house.ports()).unwrap();
        assert_eq!(account.count(Feature::Progress).await, Ok(Some(0)));
        let seen = server.seen();
        assert_eq!(seen.len(), 3, "refused, refreshed, sent again");
        assert_eq!(
            seen[1].json(),
            json!({ "client_id": "simkl-client", "grant_type": "refresh_token", "refresh_token": "old-refresh" })
        );
        for name in ["client_id=simkl-client", "app-name=crosswatch", "app-version="] {
            assert!(seen[2].line.contains(name), "{}", seen[2].line);
        }
        assert!(house.vault.secrets.borrow()["tokens"].contains("old-refresh"), "what is left out stays");
    });
}

#[test]
fn a_person_signs_in_with_a_code() {
    run(async {
        let world = World::small();
        let options = SimklOptions { client_secret: Some("simkl-secret".into()), ..addressed(&world.server.url()) };
        let account = open(&options, world.house.ports()).unwrap();
        let sign_in = account.sign_in().unwrap();
        assert_eq!(sign_in.poll().await, Ok(SignInState::NotBegun));
        let code = sign_in.begin().await.unwrap();
        assert_eq!((code.verification_url.as_str(), code.interval.as_secs()), ("https://simkl.com/device", 5));
        assert_eq!(sign_in.poll().await, Ok(SignInState::Waiting(Duration::from_secs(5))));
        assert_eq!(sign_in.poll().await, Ok(SignInState::Waiting(Duration::from_secs(10))), "too soon");
        world.pass(10);
        world.server.state().approve_code(&code.user_code, "anna").unwrap();
        world.house.vault.refuses.set(true);
        assert!(sign_in.poll().await.is_err(), "not done before the tokens are kept");
        world.house.vault.refuses.set(false);
        assert_eq!(sign_in.poll().await, Ok(SignInState::Done));
        assert_eq!(account.probe().await.unwrap().user, "anna");
        let restarted = open(&options, world.house.ports()).unwrap();
        assert_eq!(restarted.probe().await.unwrap().user, "anna");
    });
}

#[test]
fn a_sign_in_ends_without_tokens_in_three_ways() {
    run(async {
        let world = World::small();
        let options = SimklOptions { client_secret: Some("simkl-secret".into()), ..addressed(&world.server.url()) };
        let account = open(&options, world.house.ports()).unwrap();
        let sign_in = account.sign_in().unwrap();
        let denied = sign_in.begin().await.unwrap();
        world.server.state().deny_code(&denied.user_code);
        assert_eq!(sign_in.poll().await, Ok(SignInState::Denied));
        assert_eq!(sign_in.poll().await, Ok(SignInState::NotBegun));
        sign_in.begin().await.unwrap();
        world.pass(900);
        assert_eq!(sign_in.poll().await, Ok(SignInState::Expired));
        let wrong = SimklOptions { client_id: "wrong".into(), ..options };
        let wrong = open(&wrong, world.house.ports()).unwrap();
        let fault = wrong.sign_in().unwrap().begin().await.unwrap_err();
        assert!(matches!(&fault, Fault::Auth(text) if text.contains("check client_id")), "{fault:?}");
        assert!(world.house.vault.secrets.borrow().is_empty());
    });
}

#[test]
fn tokens_that_may_only_read_are_told_before_anything_is_written() {
    run(async {
        let house = House::new();
        let server = crate::testing::Server::answering(|seen| match seen.line.split('?').next() {
            Some("POST /oauth2/device") => Reply::json(&json!({
                "device_code": "d", "user_code": "U", "verification_uri": "https://simkl.com/device",
            })),
            Some("POST /oauth2/token") => Reply::json(&json!({ "access_token": "a", "scope": "media:read" })),
            _ => Reply::status(500, ""),
        })
        .await;
        let account = open(&addressed(&server.url), house.ports()).unwrap();
        let sign_in = account.sign_in().unwrap();
        sign_in.begin().await.unwrap();
        let fault = sign_in.poll().await.unwrap_err();
        assert!(matches!(&fault, Fault::Auth(text) if text.contains("media:write")), "{fault:?}");
        assert!(house.vault.secrets.borrow().is_empty(), "such a link does not count");
        let kept = json!({ "access_token": "a", "scope": "media:read" });
        house.vault.secrets.borrow_mut().insert("tokens".to_owned(), kept.to_string());
        let account = open(&addressed(&server.url), house.ports()).unwrap();
        let before = server.seen().len();
        let add = write(Action::Add, &World::small().item(MOVIE), play("2020-01-02T03:04:05Z"));
        assert_eq!(send(&account, Feature::History, &add).await, WriteOutcome::NotAttempted);
        assert_eq!(server.seen().len(), before, "nothing is sent");
    });
}

#[test]
fn no_token_is_in_any_error() {
    run(async {
        let house = House::new();
        let server = crate::testing::Server::scripted(vec![Reply::status(401, "hunter2")]).await;
        let options = SimklOptions {
            access_token: Some("hunter2-access".into()),
            refresh_token: Some("hunter2-refresh".into()),
            client_secret: Some("hunter2-secret".into()),
            ..addressed(&server.url)
        };
        let account = open(&options, house.ports()).unwrap();
        for fault in [account.probe().await.unwrap_err(), account.sign_in().unwrap().begin().await.unwrap_err()] {
            assert!(!format!("{fault} {fault:?}").contains("hunter2"), "{fault:?}");
        }
        assert!(!format!("{options:?}").contains("hunter2-access"));
        assert_eq!(options.access_token.unwrap().expose_secret(), "hunter2-access");
    });
}
