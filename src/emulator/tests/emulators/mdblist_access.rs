//! What MDBList wants to see before it answers, how much may be asked, and how apps are signed in.

use crosswatch_emulator::{FaultKind, FaultRule, LibraryItem, MdblistEmulator, MdblistOptions, mdblist::Membership};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::client::{self, Client};

#[tokio::test]
async fn a_key_counts_in_the_address_and_a_token_in_the_header() {
    let mdblist = client::mdblist(&client::clock());
    let anna = Client::mdblist(&mdblist, "anna");
    let nobody = anna.with("authorization", None);
    for (header, query, status) in [
        (None, "", 401),
        (None, "?apikey=mdblist-key-anna", 200),
        (None, "?apikey=wrong", 403),
        (Some("Bearer mdblist-access-anna"), "", 200),
        (Some("Bearer mdblist-key-anna"), "", 401),
        (Some("Basic mdblist-access-anna"), "", 401),
    ] {
        let answer = nobody.with("authorization", header).get(&format!("/user{query}")).await;
        assert_eq!(answer.status, status, "{header:?} {query}");
    }
    mdblist.state().account_mut("anna").unwrap().set_api_key("renewed");
    assert_eq!(nobody.get("/user?apikey=mdblist-key-anna").await.status, 403);
    assert_eq!(anna.get("/sync/nothing").await.status, 404);
    let logged = mdblist.log().requests();
    assert!(logged.iter().all(|request| !request.path_and_query.contains("mdblist-key")), "keys are starred");
}

#[tokio::test]
async fn the_user_tells_how_much_of_the_day_is_used() {
    for (membership, limit) in
        [(Membership::Free, 1_000), (Membership::Supporter, 10_000), (Membership::Patron, 250_000)]
    {
        let clock = client::clock();
        let mut options = MdblistOptions::new(clock.clone(), client::library());
        options.accounts[0].membership = membership;
        let mdblist = MdblistEmulator::start(options).unwrap();
        let anna = Client::mdblist(&mdblist, "anna");
        anna.get("/user").await.ok();
        let user = anna.get("/user").await.ok();
        assert_eq!((user["username"].as_str(), user["api_requests"].as_u64()), (Some("anna"), Some(limit)));
        assert_eq!(user["api_requests_count"], 2);
        clock.advance(SignedDuration::from_hours(12));
        assert_eq!(anna.get("/user").await.ok()["api_requests_count"], 1, "midnight UTC has passed");
    }
}

#[tokio::test]
async fn windows_and_quota_are_enforced_when_switched_on() {
    let clock = client::clock();
    let mdblist = client::mdblist(&clock);
    let anna = Client::mdblist(&mdblist, "anna");
    mdblist.state().switches.enforces_limits = true;
    for _ in 0..300 {
        assert_eq!(anna.post("/sync/watched", json!({})).await.status, 200);
    }
    let refused = anna.post("/sync/watched", json!({})).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("300")));
    assert_eq!(anna.get("/user").await.status, 200, "reads have a window of their own");
    clock.advance(SignedDuration::from_secs(300));
    assert_eq!(anna.post("/sync/watched", json!({})).await.status, 200);
    while mdblist.state().account("anna").unwrap().requests_today() < 1_000 {
        assert_eq!(anna.get("/user").await.status, 200);
    }
    let refused = anna.get("/user").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("42900")), "until midnight UTC");
}

#[tokio::test]
async fn a_refresh_token_works_once_and_addresses_end_with_a_slash() {
    let clock = client::clock();
    let mdblist = client::mdblist(&clock);
    let anna = Client::mdblist(&mdblist, "anna");
    clock.advance(SignedDuration::from_hours(100 * 24));
    assert_eq!(anna.get("/user").await.status, 401);
    let form = |token: &str| format!("grant_type=refresh_token&client_id=mdblist-client&refresh_token={token}");
    assert_eq!(anna.post_form("/oauth/token", &form("mdblist-refresh-anna")).await.status, 404);
    let wrong_app = "grant_type=refresh_token&client_id=x&refresh_token=mdblist-refresh-anna";
    assert_eq!(anna.post_form("/oauth/token/", wrong_app).await.status, 401);
    assert_eq!(anna.post("/oauth/token/", json!({"grant_type": "refresh_token"})).await.status, 401, "not a form");
    let pair = anna.post_form("/oauth/token/", &form("mdblist-refresh-anna")).await.ok();
    let again = anna.post_form("/oauth/token/", &form("mdblist-refresh-anna")).await;
    assert_eq!((again.status, again.json()["error"].as_str()), (400, Some("invalid_grant")));
    let bearer = format!("Bearer {}", pair["access_token"].as_str().unwrap());
    let renewed = anna.with("authorization", Some(&bearer));
    assert_eq!(renewed.get("/user").await.status, 200);
    let revoke = format!("token={}", pair["access_token"].as_str().unwrap());
    assert_eq!(anna.post_form("/oauth/revoke_token/", &revoke).await.status, 200);
    assert_eq!(renewed.get("/user").await.status, 401);
}

#[tokio::test]
async fn a_device_code_goes_through_all_its_answers() {
    let clock = client::clock();
    let mdblist = client::mdblist(&clock);
    let app = Client::mdblist(&mdblist, "anna").with("authorization", None);
    let begin =
        async || app.post_form("/oauth/device-authorization/", "client_id=mdblist-client&scope=write").await.ok();
    let poll = async |device: &Value| {
        let code = device["device_code"].as_str().unwrap();
        let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
        let form = format!("grant_type={grant}&client_id=mdblist-client&device_code={code}");
        app.post_form("/oauth/token/", &form).await
    };
    let error = |answer: &client::Answer| answer.json()["error"].as_str().map(str::to_owned);
    let wait = |seconds| clock.advance(SignedDuration::from_secs(seconds));
    let device = begin().await;
    assert_eq!((device["interval"].as_i64(), device["expires_in"].as_i64()), (Some(5), Some(300)));
    let pending = poll(&device).await;
    assert_eq!((pending.status, error(&pending).as_deref()), (400, Some("authorization_pending")));
    assert_eq!(error(&poll(&device).await).as_deref(), Some("slow_down"));
    wait(5);
    assert!(mdblist.state().approve_device(device["user_code"].as_str().unwrap(), "anna").unwrap());
    let pair = poll(&device).await.ok();
    let bearer = format!("Bearer {}", pair["access_token"].as_str().unwrap());
    assert_eq!(app.with("authorization", Some(&bearer)).get("/user").await.ok()["username"], "anna");
    assert_eq!(error(&poll(&device).await).as_deref(), Some("expired_token"), "a code works once");
    let late = begin().await;
    wait(300);
    assert_eq!(error(&poll(&late).await).as_deref(), Some("expired_token"));
    let refused = begin().await;
    assert!(mdblist.state().deny_device(refused["user_code"].as_str().unwrap()));
    let answer = poll(&refused).await;
    assert_eq!((answer.status, error(&answer).as_deref()), (403, Some("access_denied")));
}

#[tokio::test]
async fn a_list_that_is_being_built_is_no_list_yet() {
    let mdblist = client::mdblist(&client::clock());
    let anna = Client::mdblist(&mdblist, "anna");
    mdblist.state().switches.lists_being_built = 2;
    assert_eq!(anna.get("/sync/watched").await.status, 202);
    assert_eq!(anna.get("/sync/ratings").await.status, 202);
    assert_eq!(anna.get("/sync/ratings").await.status, 200);
}

#[tokio::test]
async fn lists_lie_on_demand() {
    let mdblist = client::mdblist(&client::clock());
    let anna = Client::mdblist(&mdblist, "anna");
    for place in 0..3 {
        mdblist
            .state()
            .account_mut("anna")
            .unwrap()
            .add_play(LibraryItem::Movie(place), client::at("2020-01-01T00:00:00Z"));
    }
    for (fault, rows, has_more) in [
        (FaultKind::EmptyList, 0, Some(false)),
        (FaultKind::WrongTotals, 3, Some(true)),
        (FaultKind::MissingTotals, 3, None),
    ] {
        mdblist.faults().add(FaultRule::prefix("/sync/watched", fault.clone()));
        let page = anna.get("/sync/watched?plays=all").await.ok();
        assert_eq!(page["movies"].as_array().unwrap().len(), rows, "{fault:?}");
        assert_eq!(page["pagination"]["has_more"].as_bool(), has_more, "{fault:?}");
    }
    mdblist.faults().add(FaultRule::prefix("/sync/watched", FaultKind::WrongTotals));
    let page = anna.get("/sync/watched?plays=all").await.ok();
    let cursor = page["pagination"]["next_cursor"].as_str().unwrap();
    let beyond = anna.get(&format!("/sync/watched?plays=all&cursor={cursor}")).await.ok();
    assert_eq!(beyond["movies"], json!([]));
}
