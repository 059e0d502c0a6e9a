//! Who may ask a Plex what: tokens of two kinds, the PIN, the home, and answers in two languages.

use crosswatch_emulator::{
    ManualClock, PlexEmulator, PlexOptions, PlexUser,
    plex::{PlexAgents, PlexRole},
};
use jiff::SignedDuration;
use serde_json::Value;

use crate::client::{self, Client};

fn household(clock: &ManualClock) -> PlexEmulator {
    let mut options = PlexOptions::new(clock.clone(), client::library());
    options.agents = PlexAgents::Legacy;
    options.users = vec![
        PlexUser::owner("anna"),
        PlexUser::friend("ben"),
        PlexUser::with_role("kim", PlexRole::Managed { pin: None }),
        PlexUser::with_role("lou", PlexRole::Managed { pin: Some("1234".to_owned()) }),
        PlexUser::with_role("zoe", PlexRole::Stranger),
    ];
    PlexEmulator::start(options).unwrap()
}

fn server_token(resources: &Value) -> Option<String> {
    let server = resources.as_array().unwrap().iter().find(|resource| resource["provides"] == "server")?;
    Some(server["accessToken"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_friend_needs_the_token_of_the_server_and_the_owner_does_not() {
    let plex = household(&client::clock());
    for (user, account_token_is_good, may_use) in [("anna", true, true), ("ben", false, true), ("zoe", false, false)] {
        let direct = Client::plex(plex.url(), Some(user));
        let status = direct.get("/library/sections").await.status;
        assert_eq!(status == 200, account_token_is_good, "{user}");
        let resources = Client::plex(plex.plextv_url(), Some(user)).get("/api/v2/resources").await.ok();
        let Some(token) = server_token(&resources) else {
            assert!(!may_use, "{user}");
            continue;
        };
        let own = direct.with("x-plex-token", Some(&token));
        assert_eq!(own.get("/library/sections").await.status, 200, "{user}");
        plex.state().replace_server_token(user).unwrap();
        assert_eq!(own.get("/library/sections").await.status, 401, "{user}");
    }
    let anonymous = Client::plex(plex.url(), None);
    assert_eq!(anonymous.get("/library/sections").await.status, 401);
    let identity = anonymous.get("/identity").await.ok();
    assert_eq!(identity["MediaContainer"]["machineIdentifier"].as_str().unwrap().len(), 40);
    let in_query = format!("/library/sections?X-Plex-Token={}", PlexUser::token_of("anna"));
    assert_eq!(anonymous.get(&in_query).await.status, 200);
    assert!(!format!("{:?}", plex.log().requests()).contains(&PlexUser::token_of("anna")));
}

#[tokio::test]
async fn a_pin_is_approved_by_a_person_and_ends_by_itself() {
    let clock = client::clock();
    let plex = household(&clock);
    let cloud = Client::plex(plex.plextv_url(), None);
    for (query, code_len) in [("", 4), ("?strong=true", 25)] {
        let asked = cloud.post_nothing(&format!("/api/v2/pins{query}")).await;
        assert_eq!(asked.status, 201);
        let pin = asked.json();
        let (id, code) = (pin["id"].as_u64().unwrap(), pin["code"].as_str().unwrap());
        assert_eq!((code.len(), &pin["authToken"]), (code_len, &Value::Null));
        let path = format!("/api/v2/pins/{id}");
        assert_eq!(cloud.get(&path).await.ok()["authToken"], Value::Null);
        assert_eq!(cloud.get(&path).await.header("retry-after"), Some("1"), "not twice in a second");
        let stranger = cloud.with("x-plex-client-identifier", Some("other"));
        assert_eq!(stranger.get(&path).await.status, 404, "a pin belongs to its client");
        assert_eq!(plex.state().approve_pin(code, "ben"), Ok(true));
        let token = cloud.get(&path).await.ok()["authToken"].as_str().unwrap().to_owned();
        let own = cloud.with("x-plex-token", Some(&token)).get("/api/v2/user").await.ok();
        assert_eq!(own["username"], "ben");
        clock.advance(SignedDuration::from_hours(1));
        assert_eq!(cloud.get(&path).await.status, 404);
    }
    assert_eq!(cloud.with("x-plex-client-identifier", None).post_nothing("/api/v2/pins").await.status, 400);
    assert_eq!(cloud.get("/api/v2/user").await.status, 401);
}

#[tokio::test]
async fn an_administrator_becomes_a_managed_user_with_the_pin_where_there_is_one() {
    let plex = household(&client::clock());
    let anna = Client::plex(plex.plextv_url(), Some("anna"));
    let home = anna.get("/api/v2/home/users").await.ok();
    let users = home["users"].as_array().unwrap();
    let named = |name: &str| users.iter().find(|user| user["title"] == name).unwrap();
    assert_eq!(users.len(), 3, "friends and strangers do not live here");
    assert_eq!((&named("kim")["protected"], &named("lou")["protected"]), (&Value::Bool(false), &Value::Bool(true)));
    for (name, query, status) in
        [("kim", "", 201), ("lou", "", 403), ("lou", "?pin=9999", 403), ("lou", "?pin=1234", 201)]
    {
        let path = format!("/api/v2/home/users/{}/switch{query}", named(name)["uuid"].as_str().unwrap());
        let answer = anna.post_nothing(&path).await;
        assert_eq!(answer.status, status, "{name}{query}");
        if status == 201 {
            let token = answer.json()["authToken"].as_str().unwrap().to_owned();
            let own = anna.with("x-plex-token", Some(&token));
            assert_eq!(own.get("/api/v2/user").await.ok()["title"], name);
            assert!(server_token(&own.get("/api/v2/resources").await.ok()).is_some());
        }
    }
    let ben = Client::plex(plex.plextv_url(), Some("ben"));
    assert_eq!(ben.get("/api/v2/home/users").await.status, 403);
}

#[tokio::test]
async fn the_owner_is_account_one_and_nobody_else_sees_the_accounts() {
    let plex = household(&client::clock());
    let accounts = Client::plex(plex.url(), Some("anna")).get("/accounts").await.ok();
    let ids: Vec<u64> = accounts["MediaContainer"]["Account"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_u64().unwrap())
        .collect();
    let ben = plex.state().account_id("ben").unwrap();
    assert!(ids.contains(&1) && ids.contains(&ben) && !ids.contains(&plex.state().account_id("anna").unwrap()));
}

#[tokio::test]
async fn without_a_wish_for_json_the_server_speaks_xml() {
    let plex = household(&client::clock());
    let anna = Client::plex(plex.url(), Some("anna")).with("accept", None);
    let sections = anna.get("/library/sections").await;
    assert!(sections.text.starts_with("<?xml") && sections.text.contains("<Directory "), "{}", sections.text);
    let movies = anna.get("/library/sections/1/all?X-Plex-Container-Start=0&X-Plex-Container-Size=2").await;
    assert!(movies.text.contains("size=\"2\"") && movies.text.contains("<Video "), "{}", movies.text);
}
