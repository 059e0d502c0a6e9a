//! Who may ask an Emby server for what.

use crosswatch_emulator::{EmbyEmulator, EmbyUser};
use serde_json::json;

use crate::client::{self, Client};

const KEY: &str = "emby-api-key";

fn id_of(emulator: &EmbyEmulator, user: &str) -> String {
    emulator.state().user_id(user).unwrap().to_string()
}

#[tokio::test]
async fn the_public_page_needs_no_token_and_lies_below_emby_too() {
    let emulator = client::emby(&client::clock());
    let anonymous = Client::new(emulator.url(), Vec::new());
    for path in ["/System/Info/Public", "/emby/System/Info/Public", "/EMBY/system/info/public"] {
        let answer = anonymous.get(path).await.ok();
        assert_eq!(answer["Version"], "4.8.10.0", "{path}");
        assert!(answer.get("ProductName").is_none(), "only Jellyfin tells its name");
    }
}

#[tokio::test]
async fn each_caller_gets_what_it_may_and_the_right_refusal_otherwise() {
    let emulator = client::emby(&client::clock());
    let (anna, ben, nobody) = (id_of(&emulator, "anna"), id_of(&emulator, "ben"), "0".repeat(32));
    let (administrator, member) = (EmbyUser::member("anna").token, EmbyUser::member("ben").token);
    for (token, path, status) in [
        ("", "/Users".to_owned(), 401),
        ("wrong", "/Users".to_owned(), 401),
        (KEY, "/Users".to_owned(), 200),
        (member.as_str(), "/Users".to_owned(), 200),
        (KEY, format!("/Users/{ben}/Items?Recursive=true&Limit=1"), 200),
        (administrator.as_str(), format!("/Users/{ben}/Items?Recursive=true&Limit=1"), 200),
        (member.as_str(), format!("/Users/{anna}/Items?Recursive=true&Limit=1"), 403),
        (member.as_str(), format!("/users/{ben}/views"), 200),
        (KEY, format!("/Users/{nobody}/Items"), 404),
        (KEY, format!("/Users/{ben}/Items/99999999"), 404),
        (KEY, format!("/Users/{ben}/Items/not-a-number"), 404),
        (KEY, "/Users/Me".to_owned(), 404),
        (KEY, "/Items".to_owned(), 404),
        (KEY, "/UserItems/Resume".to_owned(), 404),
    ] {
        assert_eq!(Client::emby(&emulator, token).get(&path).await.status, status, "{path} with {token:?}");
    }
}

#[tokio::test]
async fn every_way_to_send_the_token_works() {
    let emulator = client::emby(&client::clock());
    let anonymous = Client::new(emulator.url(), Vec::new());
    assert_eq!(anonymous.get(&format!("/emby/Users?api_key={KEY}")).await.status, 200);
    for (header, value) in [
        ("x-emby-token", KEY.to_owned()),
        ("x-emby-authorization", format!(r#"Emby Client="A", Token="{KEY}""#)),
        ("authorization", format!(r#"Emby Client="A", Token="{KEY}""#)),
    ] {
        assert_eq!(anonymous.with(header, Some(&value)).get("/emby/Users").await.status, 200, "{header}");
    }
}

#[tokio::test]
async fn the_sessions_of_a_device_tell_whose_token_it_uses() {
    let emulator = client::emby(&client::clock());
    let owner = async |token: &str| {
        let sessions = Client::emby(&emulator, token).get("/Sessions?DeviceId=bench").await.ok();
        let own = sessions.as_array().unwrap().last().unwrap().clone();
        own.get("UserName").map(|name| name.as_str().unwrap().to_owned())
    };
    assert_eq!(owner(KEY).await, None, "a key is nobody's");
    assert_eq!(owner(&EmbyUser::member("ben").token).await.as_deref(), Some("ben"));
    assert_eq!(owner(&EmbyUser::member("anna").token).await.as_deref(), Some("anna"));
}

#[tokio::test]
async fn signing_in_again_on_a_device_ends_the_earlier_token_of_that_user() {
    let emulator = client::emby(&client::clock());
    let client = Client::emby(&emulator, "");
    let sign_in = async |client: &Client, user: &str, password: &str| {
        client.post("/Users/AuthenticateByName", json!({"Username": user, "Pw": password})).await
    };
    assert_eq!(sign_in(&client, "ben", "wrong").await.status, 401);
    let nameless = Client::new(format!("{}/emby", emulator.url()), Vec::new());
    assert_eq!(sign_in(&nameless, "ben", "secret").await.status, 400);
    let first = sign_in(&client, "BEN", "secret").await.ok();
    assert_eq!(first["User"]["Id"], id_of(&emulator, "ben"));
    let second = sign_in(&client, "ben", "secret").await.ok();
    for (answer, status) in [(&first, 401), (&second, 200)] {
        let token = answer["AccessToken"].as_str().unwrap();
        assert_eq!(Client::emby(&emulator, token).get("/Users").await.status, status);
    }
    emulator.state().revoke_tokens("ben").unwrap();
    assert_eq!(Client::emby(&emulator, &EmbyUser::member("ben").token).get("/Users").await.status, 401);
}
