//! Linking with a code: what every answer of Trakt means, and that tokens are kept before anything counts as done.

use crosswatch_port::{SignInCode, SignInState};

use super::*;
use crate::testing::Server as Scripted;

const INTERVAL: Duration = Duration::from_secs(5);

impl World {
    /// An account that was never linked.
    fn unlinked(&self) -> Rc<dyn Provider> {
        let options =
            TraktOptions { access_token: None, refresh_token: None, account: "mine".into(), ..self.options() };
        open(&options, self.house.ports()).unwrap()
    }

    fn wait(&self, duration: Duration) {
        self.house.clock.advance(duration);
        self.clock.advance(duration.try_into().unwrap());
    }

    fn approve(&self, code: &SignInCode) {
        assert!(self.server.state().approve_device(&code.user_code, "anna").unwrap());
    }
}

async fn begin(account: &Rc<dyn Provider>) -> SignInCode {
    account.sign_in().unwrap().begin().await.unwrap()
}

async fn poll(account: &Rc<dyn Provider>) -> Result<SignInState, Fault> {
    account.sign_in().unwrap().poll().await
}

#[test]
fn an_account_that_was_never_linked_says_how_and_can_be() {
    run(async {
        let world = World::small();
        let account = world.unlinked();
        let fault = account.probe().await.unwrap_err();
        assert!(matches!(&fault, Fault::Auth(text) if text.contains("crosswatch auth mine")), "{fault:?}");
        assert_eq!(world.server.log().len(), 0, "nothing is sent without a token");
        assert_eq!(poll(&account).await, Ok(SignInState::NotBegun));
        let code = begin(&account).await;
        assert_eq!(code.verification_url, "https://auth.trakt.tv/activate");
        assert_eq!((code.interval, code.expires_at), (INTERVAL, at("2026-11-22T12:10:00Z")));
        assert_eq!(poll(&account).await, Ok(SignInState::Waiting(INTERVAL)));
        world.wait(INTERVAL);
        world.approve(&code);
        assert_eq!(poll(&account).await, Ok(SignInState::Done));
        assert_eq!(poll(&account).await, Ok(SignInState::NotBegun), "a code is over once it is done");
        assert_eq!(account.probe().await.unwrap().user, "anna");
        assert_eq!(world.unlinked().probe().await.unwrap().user, "anna", "the vault has the tokens");
    });
}

#[test]
fn every_answer_of_trakt_has_its_meaning() {
    run(async {
        let world = World::small();
        let account = world.unlinked();
        let denied = begin(&account).await;
        assert!(world.server.state().deny_device(&denied.user_code));
        assert_eq!(poll(&account).await, Ok(SignInState::Denied));
        assert_eq!(poll(&account).await, Ok(SignInState::NotBegun));
        begin(&account).await;
        world.wait(Duration::from_secs(600));
        assert_eq!(poll(&account).await, Ok(SignInState::Expired));
        begin(&account).await;
        world.clock.advance(jiff::SignedDuration::from_secs(600));
        assert_eq!(poll(&account).await, Ok(SignInState::Expired), "Trakt's clock counts, too");
        begin(&account).await;
        assert_eq!(poll(&account).await, Ok(SignInState::Waiting(INTERVAL)));
        assert_eq!(poll(&account).await, Ok(SignInState::Waiting(INTERVAL * 2)), "asked too often");
        world.wait(INTERVAL);
        assert_eq!(poll(&account).await, Ok(SignInState::Waiting(INTERVAL * 2)), "and slower from then on");
        let waits = world.house.budget.verdicts.borrow();
        assert!(
            waits.iter().all(|verdict| *verdict == crosswatch_port::Verdict::Answered),
            "the account is not held up"
        );
    });
}

#[test]
fn statuses_that_end_a_code_end_it() {
    run(async {
        for (status, expected) in [
            (404, Ok(SignInState::Expired)),
            (410, Ok(SignInState::Expired)),
            (418, Ok(SignInState::Denied)),
            (409, Err("used already")),
            (401, Err("check client_id and client_secret")),
            (503, Err("trying later may help")),
        ] {
            let server = Scripted::answering(move |seen| match seen.line.as_str() {
                "POST /oauth/device/code" => Reply::json(&json!({
                    "device_code": "d", "user_code": "U", "verification_url": "https://trakt.example/activate",
                })),
                _ => Reply::status(status, ""),
            })
            .await;
            let house = House::new();
            let account = open(&addressed(&server.url, "client"), house.ports()).unwrap();
            assert_eq!(begin(&account).await.interval, INTERVAL);
            match (poll(&account).await, expected) {
                (Err(fault), Err(words)) => assert!(fault.to_string().contains(words), "{status}: {fault}"),
                (state, expected) => assert_eq!(state.map_err(|_| ""), expected, "{status}"),
            }
            let seen = server.seen();
            assert_eq!(seen[0].json(), json!({ "client_id": "client" }));
            assert_eq!(seen[1].json(), json!({ "code": "d", "client_id": "client" }), "an app without a secret");
        }
    });
}

#[test]
fn a_wrong_app_is_told_when_the_code_is_asked_for() {
    run(async {
        let world = World::small();
        let options = TraktOptions { client_id: "wrong".into(), ..world.options() };
        let account = open(&options, world.house.ports()).unwrap();
        let fault = account.sign_in().unwrap().begin().await.unwrap_err();
        assert!(matches!(&fault, Fault::Auth(text) if text.contains("check client_id")), "{fault:?}");
        assert_eq!(poll(&account).await, Ok(SignInState::NotBegun));
    });
}

#[test]
fn tokens_that_cannot_be_stored_are_not_done_and_not_lost() {
    run(async {
        let world = World::small();
        let account = world.unlinked();
        let code = begin(&account).await;
        world.approve(&code);
        world.house.vault.refuses.set(true);
        assert_eq!(poll(&account).await, Err(Fault::Transient("the disk is full".into())));
        assert_eq!(poll(&account).await, Err(Fault::Transient("the disk is full".into())));
        world.house.vault.refuses.set(false);
        assert_eq!(poll(&account).await, Ok(SignInState::Done));
        assert_eq!(world.server.log().count("POST", "/oauth/device/token"), 1, "they are handed out once");
        assert_eq!(world.unlinked().probe().await.unwrap().user, "anna");
    });
}

#[test]
fn a_new_link_takes_the_place_of_the_configured_one_until_that_is_changed() {
    run(async {
        let world = World::small();
        world.server.state().unlink("anna");
        let account = world.account();
        assert!(matches!(account.probe().await, Err(Fault::Auth(_))));
        let code = begin(&account).await;
        world.approve(&code);
        let (first, second) = futures_util::join!(poll(&account), account.count(Feature::History));
        assert_eq!(first, Ok(SignInState::Done));
        assert!(second.is_ok() || matches!(second, Err(Fault::Auth(_))), "{second:?}");
        assert_eq!(world.account().probe().await.unwrap().user, "anna", "the configuration has the old tokens still");
        let others = TraktOptions {
            access_token: Some("trakt-access-ben".into()),
            refresh_token: Some("trakt-refresh-ben".into()),
            ..world.options()
        };
        assert_eq!(open(&others, world.house.ports()).unwrap().probe().await.unwrap().user, "ben");
        let unlinked_first = World::small();
        let account = unlinked_first.unlinked();
        let code = begin(&account).await;
        unlinked_first.approve(&code);
        assert_eq!(poll(&account).await, Ok(SignInState::Done));
        assert_eq!(
            unlinked_first.account().probe().await.unwrap().user,
            "anna",
            "tokens written later are another link"
        );
    });
}
