//! Signing in with a code, and tokens that are renewed.

use std::{rc::Rc, time::Duration};

use crosswatch_model::Feature;
use crosswatch_port::{Fault, Provider, SignInCode, SignInState};
use serde_json::json;

use super::World;
use crate::{
    mdblist::{MdblistOptions, open},
    testing::{House, Reply, Server, run},
};

impl World {
    fn unlinked(&self) -> Rc<dyn Provider> {
        let options = MdblistOptions { api_key: None, client_id: Some("mdblist-client".into()), ..self.options() };
        open(&options, self.house.ports()).unwrap()
    }

    async fn begin(&self, account: &Rc<dyn Provider>) -> SignInCode {
        account.sign_in().unwrap().begin().await.unwrap()
    }

    async fn poll(&self, account: &Rc<dyn Provider>) -> SignInState {
        account.sign_in().unwrap().poll().await.unwrap()
    }

    fn pass(&self, seconds: u64) {
        self.house.clock.advance(Duration::from_secs(seconds));
        self.wait(i64::try_from(seconds).unwrap());
    }

    async fn signed_in(&self) -> Rc<dyn Provider> {
        let account = self.unlinked();
        let code = self.begin(&account).await;
        assert!(self.server.state().approve_device(&code.user_code, "anna").unwrap());
        assert_eq!(self.poll(&account).await, SignInState::Done);
        account
    }

    fn refreshes(&self) -> usize {
        self.server.log().count("POST", "/oauth/token/")
    }
}

#[test]
fn a_person_enters_the_code_and_the_tokens_are_kept() {
    run(async {
        let world = World::small();
        let account = world.unlinked();
        assert_eq!(world.poll(&account).await, SignInState::NotBegun);
        let fault = account.probe().await.unwrap_err();
        assert!(matches!(&fault, Fault::Auth(text) if text.contains("run crosswatch auth films")), "{fault}");
        let code = world.begin(&account).await;
        assert_eq!(
            (code.verification_url.as_str(), code.interval),
            ("https://mdblist.com/oauth/device/", Duration::from_secs(5))
        );
        assert_eq!(world.poll(&account).await, SignInState::Waiting(Duration::from_secs(5)));
        assert_eq!(world.poll(&account).await, SignInState::Waiting(Duration::from_secs(10)), "too fast");
        world.pass(10);
        assert!(world.server.state().approve_device(&code.user_code, "anna").unwrap());
        world.house.vault.refuses.set(true);
        assert!(account.sign_in().unwrap().poll().await.is_err(), "the disk is full");
        world.house.vault.refuses.set(false);
        assert_eq!(world.poll(&account).await, SignInState::Done, "the tokens were not lost");
        assert!(world.house.vault.secrets.borrow().contains_key("tokens"));
        assert_eq!(account.probe().await.unwrap().user, "anna");
        assert_eq!(world.poll(&account).await, SignInState::NotBegun);
        assert_eq!(world.unlinked().probe().await.unwrap().user, "anna", "after a restart, too");
    });
}

#[test]
fn a_sign_in_may_be_refused_or_come_too_late() {
    run(async {
        let world = World::small();
        let account = world.unlinked();
        let code = world.begin(&account).await;
        assert!(world.server.state().deny_device(&code.user_code));
        assert_eq!(world.poll(&account).await, SignInState::Denied);
        world.begin(&account).await;
        world.wait(300);
        assert_eq!(world.poll(&account).await, SignInState::Expired, "the service says so");
        let code = world.begin(&account).await;
        world.house.clock.advance(Duration::from_secs(7_200));
        assert!(code.expires_at <= crosswatch_port::Clock::now(&*world.house.clock));
        assert_eq!(world.poll(&account).await, SignInState::Expired, "nobody has to be asked");
        let options = MdblistOptions { api_key: None, client_id: Some("another".into()), ..world.options() };
        let stranger = open(&options, world.house.ports()).unwrap();
        let fault = stranger.sign_in().unwrap().begin().await.unwrap_err();
        assert!(matches!(&fault, Fault::Auth(text) if text.contains("client_id")), "{fault}");
    });
}

#[test]
fn without_an_app_the_key_is_the_way() {
    run(async {
        let world = World::small();
        let fault = world.account().sign_in().unwrap().begin().await.unwrap_err();
        assert!(
            matches!(&fault, Fault::Rejected(text) if text.contains("API key") && text.contains("films")),
            "{fault}"
        );
        assert_eq!(world.server.log().len(), 0);
    });
}

#[test]
fn a_sign_in_wins_over_the_key_and_the_key_serves_without_one() {
    run(async {
        let world = World::small();
        let both = MdblistOptions { client_id: Some("mdblist-client".into()), ..world.options() };
        let account = || open(&both, world.house.ports()).unwrap();
        assert_eq!(account().probe().await.unwrap().user, "anna");
        assert!(world.server.log().requests()[0].path_and_query.contains("apikey"));
        let code = {
            let account = account();
            let code = world.begin(&account).await;
            assert!(world.server.state().approve_device(&code.user_code, "ben").unwrap());
            assert_eq!(world.poll(&account).await, SignInState::Done);
            code
        };
        assert!(!code.user_code.is_empty());
        assert_eq!(account().probe().await.unwrap().user, "ben");
        world.server.state().unlink("ben");
        let fault = account().probe().await.unwrap_err();
        assert!(
            matches!(&fault, Fault::Auth(text) if text.contains("crosswatch auth films")),
            "{fault}: no other account"
        );
    });
}

#[test]
fn an_ended_token_is_renewed_once_for_everybody() {
    run(async {
        let world = World::small();
        let account = world.signed_in().await;
        let before = world.refreshes();
        world.server.state().expire_access("anna");
        let (one, other) = futures_util::join!(account.count(Feature::History), account.count(Feature::Ratings));
        assert_eq!((one, other), (Ok(Some(0)), Ok(Some(0))));
        assert_eq!(world.refreshes(), before + 1);
        assert_eq!(account.requests_sent(), world.server.log().len() as u64, "refreshes are counted");
        world.pass(24 * 3600 - 301);
        assert_eq!(world.unlinked().count(Feature::History).await, Ok(Some(0)));
        assert_eq!(world.refreshes(), before + 1, "five minutes are left");
        world.pass(2);
        let restarted = world.unlinked();
        assert_eq!(restarted.count(Feature::History).await, Ok(Some(0)));
        assert_eq!(world.refreshes(), before + 2, "renewed in time");
        world.server.state().unlink("anna");
        let fault = restarted.probe().await.unwrap_err();
        assert!(matches!(&fault, Fault::Auth(text) if text.contains("crosswatch auth films")), "{fault}");
    });
}

#[test]
fn a_new_pair_is_stored_before_it_is_used_and_an_old_refresh_token_stays_good() {
    run(async {
        let house = House::new();
        let vault = house.vault.clone();
        let server = Server::answering(move |seen| {
            let is_stored = vault.secrets.borrow().get("tokens").is_some_and(|pair| pair.contains("\"new\""));
            match (seen.line.as_str(), seen.headers.get("authorization").map(String::as_str)) {
                ("POST /oauth/token/", _) if seen.body.contains("refresh_token=keeps") => {
                    Reply::json(&json!({ "access_token": "new", "expires_in": 3600 }))
                }
                ("POST /oauth/token/", _) => Reply::status(400, r#"{"error":"invalid_grant"}"#),
                (_, Some("Bearer new")) if is_stored => Reply::json(&json!({ "user_id": 1, "username": "anna" })),
                (_, Some("Bearer new")) => Reply::status(500, "used before it was stored"),
                _ => Reply::status(401, ""),
            }
        })
        .await;
        let pair = json!({ "access_token": "old", "refresh_token": "keeps", "created_at_s": 0, "lifetime_s": null });
        house.vault.secrets.borrow_mut().insert("tokens".into(), pair.to_string());
        let options = MdblistOptions {
            url: server.url.clone(),
            api_key: None,
            client_id: Some("app".into()),
            ..MdblistOptions::with_key("films", "".into())
        };
        let account = open(&options, house.ports()).unwrap();
        assert_eq!(account.probe().await.unwrap().user, "anna");
        let seen = server.seen();
        assert_eq!(seen.len(), 3, "refused, renewed, sent again");
        assert_eq!(seen[1].body, "grant_type=refresh_token&refresh_token=keeps&client_id=app");
        assert!(house.vault.secrets.borrow()["tokens"].contains("keeps"));
    });
}
