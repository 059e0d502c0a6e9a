//! Who may ask a Jellyfin server for what.

use crosswatch_emulator::{
    JellyfinEmulator, JellyfinOptions, JellyfinUser, LibraryItem,
    jellyfin::{JellyfinRole, JellyfinVersion},
};
use serde_json::json;

use crate::client::{self, Client};

const KEY: &str = "jellyfin-api-key";

fn id_of(emulator: &JellyfinEmulator, user: &str) -> String {
    emulator.state().user_id(user).unwrap().to_string()
}

#[tokio::test]
async fn the_public_page_needs_no_token_and_tells_the_version() {
    for (version, number) in [(JellyfinVersion::TenEleven, "10.11.8"), (JellyfinVersion::Twelve, "12.0.0")] {
        let mut options = JellyfinOptions::new(client::clock(), client::library());
        options.version = version;
        let emulator = JellyfinEmulator::start(options).unwrap();
        let answer = Client::new(emulator.url(), Vec::new()).get("/system/info/PUBLIC").await.ok();
        assert_eq!((answer["Version"].as_str(), answer["Id"].as_str().map(str::len)), (Some(number), Some(32)));
    }
}

#[tokio::test]
async fn each_caller_gets_what_it_may_and_the_right_refusal_otherwise() {
    let emulator = client::jellyfin(&client::clock());
    let (anna, ben) = (id_of(&emulator, "anna"), id_of(&emulator, "ben"));
    let movie = emulator.state().item_of(LibraryItem::Movie(1)).unwrap();
    let nobody = "0".repeat(32);
    let (administrator, member) = (client::token("anna"), client::token("ben"));
    for (token, path, status) in [
        ("", "/Items".to_owned(), 401),
        ("wrong", "/Items".to_owned(), 401),
        ("", "/System/Info".to_owned(), 401),
        (KEY, "/System/Info".to_owned(), 200),
        (KEY, "/Users".to_owned(), 200),
        (administrator.as_str(), "/Users".to_owned(), 200),
        (member.as_str(), "/Users".to_owned(), 403),
        (KEY, "/Users/Me".to_owned(), 400),
        (member.as_str(), "/Users/Me".to_owned(), 200),
        (KEY, format!("/Items?recursive=true&limit=1&userId={ben}"), 200),
        (administrator.as_str(), format!("/Items?recursive=true&limit=1&userId={ben}"), 200),
        (member.as_str(), format!("/Items?recursive=true&limit=1&userId={anna}"), 403),
        (member.as_str(), format!("/Items?recursive=true&limit=1&USERID={ben}"), 200),
        (KEY, format!("/Items?recursive=true&limit=1&userId={nobody}"), 404),
        (KEY, "/Items?userId=ben".to_owned(), 400),
        (KEY, "/UserViews".to_owned(), 404),
        (member.as_str(), "/UserViews".to_owned(), 200),
        (KEY, format!("/Items/{movie}"), 200),
        (KEY, format!("/Items/{nobody}"), 404),
        (KEY, "/Items/not-an-id".to_owned(), 400),
        (KEY, format!("/UserItems/{movie}/UserData"), 404),
        (KEY, format!("/UserItems/{movie}/UserData?userId={ben}"), 200),
        (member.as_str(), format!("/UserItems/{movie}/UserData?userId={anna}"), 403),
        (KEY, "/Nothing".to_owned(), 404),
    ] {
        assert_eq!(Client::jellyfin(&emulator, token).get(&path).await.status, status, "{path} with {token:?}");
    }
}

#[tokio::test]
async fn a_user_without_the_right_may_mark_but_not_edit() {
    let mut options = JellyfinOptions::new(client::clock(), client::library());
    options.users.push(JellyfinUser::with_role("kid", JellyfinRole::WithoutPreferenceAccess));
    let emulator = JellyfinEmulator::start(options).unwrap();
    let movie = emulator.state().item_of(LibraryItem::Movie(1)).unwrap();
    let kid = Client::jellyfin(&emulator, &client::token("kid"));
    assert_eq!(kid.post(&format!("/UserItems/{movie}/UserData"), json!({"Played": true})).await.status, 403);
    assert_eq!(kid.post_nothing(&format!("/UserPlayedItems/{movie}")).await.status, 200);
}

#[tokio::test]
async fn old_ways_to_send_the_token_work_only_when_switched_on() {
    for (legacy, status) in [(false, 401), (true, 200)] {
        let mut options = JellyfinOptions::new(client::clock(), client::library());
        options.accepts_legacy_authorization = legacy;
        let emulator = JellyfinEmulator::start(options).unwrap();
        let anonymous = Client::new(emulator.url(), Vec::new());
        assert_eq!(anonymous.get(&format!("/Users?ApiKey={KEY}")).await.status, 200);
        assert_eq!(anonymous.get(&format!("/Users?api_key={KEY}")).await.status, status);
        for (header, value) in [
            ("x-emby-token", KEY.to_owned()),
            ("x-mediabrowser-token", KEY.to_owned()),
            ("x-emby-authorization", format!(r#"MediaBrowser Token="{KEY}""#)),
            ("authorization", format!(r#"Emby Token="{KEY}""#)),
        ] {
            let answer = anonymous.with(header, Some(&value)).get("/Users").await;
            assert_eq!(answer.status, status, "{header} with legacy {legacy}");
        }
    }
}

#[tokio::test]
async fn signing_in_again_on_a_device_ends_the_earlier_token_of_that_user() {
    let emulator = client::jellyfin(&client::clock());
    let client = Client::jellyfin(&emulator, "");
    let sign_in = async |client: &Client, user: &str, password: &str| {
        client.post("/Users/AuthenticateByName", json!({"Username": user, "Pw": password})).await
    };
    assert_eq!(sign_in(&client, "ben", "wrong").await.status, 401);
    assert_eq!(sign_in(&client, "nobody", "secret").await.status, 401);
    assert_eq!(sign_in(&Client::new(emulator.url(), Vec::new()), "ben", "secret").await.status, 400);
    let first = sign_in(&client, "BEN", "secret").await.ok();
    assert_eq!(first["User"]["Id"], id_of(&emulator, "ben"));
    let first = first["AccessToken"].as_str().unwrap().to_owned();
    assert_eq!(Client::jellyfin(&emulator, &first).get("/Users/Me").await.status, 200);
    let other_user = sign_in(&client, "anna", "secret").await.ok();
    let second = sign_in(&client, "ben", "secret").await.ok();
    for (token, status) in [
        (first.as_str(), 401),
        (second["AccessToken"].as_str().unwrap(), 200),
        (other_user["AccessToken"].as_str().unwrap(), 200),
    ] {
        assert_eq!(Client::jellyfin(&emulator, token).get("/Users/Me").await.status, status);
    }
    emulator.state().revoke_tokens("ben").unwrap();
    assert_eq!(Client::jellyfin(&emulator, &client::token("ben")).get("/Users/Me").await.status, 401);
}

#[tokio::test]
async fn quick_connect_waits_for_a_person() {
    let emulator = client::jellyfin(&client::clock());
    let client = Client::jellyfin(&emulator, "");
    let request = client.post_nothing("/QuickConnect/Initiate").await.ok();
    let (secret, code) = (request["Secret"].as_str().unwrap(), request["Code"].as_str().unwrap());
    assert_eq!(code.len(), 6);
    let poll = format!("/QuickConnect/Connect?secret={secret}");
    assert_eq!(client.get("/QuickConnect/Connect?secret=none").await.status, 404);
    assert_eq!(client.get(&poll).await.ok()["Authenticated"], false);
    let sign_in = || client.post("/Users/AuthenticateWithQuickConnect", json!({"Secret": secret}));
    assert_eq!(sign_in().await.status, 401);
    assert!(emulator.state().approve_quick_connect(code, "ben").unwrap());
    assert_eq!(client.get(&poll).await.ok()["Authenticated"], true);
    assert_eq!(sign_in().await.ok()["User"]["Name"], "ben");
    assert_eq!(sign_in().await.status, 401);
}
