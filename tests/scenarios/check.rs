//! `crosswatch check` names what is wrong with an account in one line that says what to do.

use std::{
    net::{TcpListener, TcpStream},
    sync::Arc,
};

use crosswatch_emulator::{FaultKind, JellyfinUser, UserActivity};
use crosswatch_tests::service::{AnyAccount, Folder, Jellyfin, KINDS, Process, Trakt, films, jellyfin, trakt_unlinked};
use rustls::{ServerConfig, ServerConnection, pki_types::PrivateKeyDer};
use serde_json::Value;

use crate::at_the_same_time;

/// Asks the accounts of these sections; every one of them must be told with all of these words.
#[track_caller]
fn check(what: &str, section: &str, words: &[&str]) {
    let folder = Folder::new();
    folder.configure(section);
    let json = Process::command(&folder, &["check", "--json"]);
    assert_eq!(json.code, Some(1), "{what}: {json:?}");
    let report: Value = serde_json::from_str(&json.output).unwrap();
    let told = report["providers"][0]["error"].as_str().unwrap();
    assert_eq!(told.lines().count(), 1, "{what}: {told}");
    for word in words {
        assert!(told.contains(word), "{what}: {word:?} is not in {told:?}");
    }
    let table = Process::command(&folder, &["check"]);
    assert_eq!(table.code, Some(1), "{what}: {table:?}");
    let lines: Vec<&str> = table.output.lines().filter(|line| line.contains(words[0])).collect();
    assert!(matches!(lines.as_slice(), [line] if words.iter().all(|word| line.contains(word))), "{what}: {table:?}");
}

/// What may be wrong with an account of any kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Token,
    Host,
    Tls,
    User,
    Version,
    Rights,
    Page,
}

const WRONG: [Wrong; 7] =
    [Wrong::Token, Wrong::Host, Wrong::Tls, Wrong::User, Wrong::Version, Wrong::Rights, Wrong::Page];

/// What is told of it: what is wrong, and what to do.
fn told(kind: &str, wrong: Wrong) -> Option<[&'static str; 2]> {
    Some(match (wrong, kind) {
        (Wrong::Token, "plex") => ["does not accept the token (401)", "run `crosswatch auth plex`"],
        (Wrong::Token, "jellyfin" | "emby") => ["does not accept the token (401)", "make an API key in its dashboard"],
        (Wrong::Token, "simkl") => ["does not accept the stored tokens any more", "run `crosswatch auth simkl`"],
        (Wrong::Token, "trakt") => ["does not accept the stored tokens any more", "with `crosswatch auth trakt`"],
        (Wrong::Token, _) | (Wrong::Rights, "mdblist") => {
            ["does not accept the API key", "copy it again from mdblist.com/preferences"]
        }
        (Wrong::Host, _) => ["http://127.0.0.1:9/", "check the url, and that it is running"],
        (Wrong::Tls, _) => ["does not speak TLS there", "write the url with http://"],
        (Wrong::User, "plex") => ["belongs to \"anna\", not to \"carla\"", "sign in as \"carla\", or correct `user`"],
        (Wrong::User, "jellyfin" | "emby") => {
            ["belongs to \"anna\", not to \"carla\"", "use a token of \"carla\" or an API key"]
        }
        (Wrong::Version, "jellyfin") => {
            ["it is version \"4.1.0\"", "Jellyfin 10.9 or later is needed, please update it"]
        }
        (Wrong::Version, "emby") => ["it is version \"4.1.0\"", "Emby 4.7 or later is needed, please update it"],
        // Whose a token of a tracker is, only the token says. No version of Plex is known to be too old.
        (Wrong::User | Wrong::Version, _) => return None,
        (Wrong::Rights, _) => ["is forbidden for these credentials (403)", "check the rights of the user, key or app"],
        (Wrong::Page, _) => ["a web page instead of JSON", "is the url right, is a proxy in between?"],
    })
}

/// An account with that fault, and its section.
fn faulty(kind: &str, wrong: Wrong) -> (AnyAccount, String) {
    let account = AnyAccount::start(kind, films(1), UserActivity::default());
    let section = account.section().to_owned();
    let url = section.lines().find_map(|line| line.strip_prefix("url = ")).unwrap().trim_matches('"').to_owned();
    let with_keys = |keys: &[&str], value: &str| {
        let line = |line: &str| match line.split_once(" = ") {
            Some((key, _)) if keys.contains(&key) => format!("{key} = \"{value}\"\n"),
            _ => format!("{line}\n"),
        };
        section.lines().map(line).collect::<String>()
    };
    let section = match wrong {
        Wrong::Token => with_keys(&["token", "access_token", "refresh_token"], "wrong"),
        Wrong::Host => with_keys(&["url"], "http://127.0.0.1:9"),
        Wrong::Tls => with_keys(&["url"], &url.replace("http://", "https://")),
        Wrong::User => with_keys(&["user"], "carla"),
        Wrong::Version => {
            let body = r#"{"Version":"4.1.0","Id":"a"}"#.to_owned();
            account.breaks("/System/Info/Public", FaultKind::Status { code: 200, headers: Vec::new(), body });
            section
        }
        Wrong::Rights => {
            account.breaks("/", FaultKind::status(403));
            section
        }
        Wrong::Page => {
            account.breaks("/", FaultKind::HtmlOk);
            section
        }
    };
    (account, section)
}

#[test]
fn every_kind_says_in_one_line_what_is_wrong_and_what_to_do() {
    let all = KINDS.iter().filter(|kind| **kind != "tracker").flat_map(|kind| WRONG.map(|wrong| (*kind, wrong)));
    let cases: Vec<_> = all.filter_map(|(kind, wrong)| Some((kind, wrong, told(kind, wrong)?))).collect();
    assert_eq!(cases.len(), 35, "six kinds and seven faults, but for users of three and versions of four");
    at_the_same_time(cases, |(kind, wrong, words)| {
        let (_account, section) = faulty(kind, wrong);
        check(&format!("{kind}: {wrong:?}"), &section, &words);
    });
}

#[test]
fn a_user_of_a_tracker_is_refused_with_the_line_of_the_file() {
    for kind in ["simkl", "trakt", "mdblist"] {
        let account = AnyAccount::start(kind, films(1), UserActivity::default());
        let folder = Folder::new();
        folder.configure(&account.section().replace("\nurl", "\nuser = \"carla\"\nurl"));
        let ended = Process::command(&folder, &["check"]);
        let line =
            format!("provider[{kind}].user: a {kind} account does not take this; it is for plex, jellyfin, emby");
        assert!(ended.code == Some(78) && ended.errors.contains(&line), "{ended:?}");
    }
}

#[test]
fn accounts_in_order_are_told_so() {
    let home = Jellyfin::new(films(1), UserActivity::default());
    let trakt = Trakt::new(films(1), UserActivity::default());
    let folder = Folder::new();
    folder.configure(&format!("{}{}", home.section(""), trakt.section()));
    let ended = Process::command(&folder, &["check"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.output.contains("anna") && ended.output.contains("Jellyfin 10."), "{}", ended.output);
}

#[test]
fn an_account_without_a_token_is_told_how_to_get_one() {
    let trakt = Trakt::new(films(1), UserActivity::default());
    check("Trakt", &trakt.section_unlinked(), &["Trakt is not linked yet", "run `crosswatch auth trakt`"]);
}

#[test]
fn a_wrong_host_is_told() {
    let nowhere = "http://127.0.0.1:9";
    let words = ["no connection", "http://127.0.0.1:9", "check the url, and that it is running"];
    check("Jellyfin", &jellyfin("home", nowhere, "anna", "t", ""), &words);
    check("a name that nobody has", &jellyfin("home", "http://nobody.invalid", "anna", "t", ""), &[words[0], words[2]]);
    let linked = trakt_unlinked("trakt", nowhere).replace("\n\n", "\naccess_token = \"t\"\n\n");
    check("Trakt", &linked, &words);
}

#[test]
fn another_service_at_the_address_is_told() {
    let trakt = Trakt::new(films(1), UserActivity::default());
    let section = jellyfin("home", &trakt.service.url(), "anna", "t", "");
    check("Trakt for Jellyfin", &section, &["/System/Info/Public", "(403)"]);
    let home = Jellyfin::new(films(1), UserActivity::default());
    home.breaks("/System/Info/Public", FaultKind::HtmlOk);
    check("a web page", &home.section(""), &["a web page instead of JSON", "is the url right"]);
}

#[test]
fn trouble_with_tls_is_told() {
    let home = Jellyfin::new(films(1), UserActivity::default());
    let https = home.server.url().replace("http://", "https://");
    let words = ["does not speak TLS there", "write the url with http://"];
    check("TLS to a plain port", &jellyfin("home", &https, "anna", "t", ""), &words);
    let url = untrusted_server();
    let words = ["the certificate is not trusted", "install it on this machine or set verify_tls = false"];
    check("a certificate of one's own", &jellyfin("home", &url, "anna", "t", ""), &words);
}

#[test]
fn a_wrong_user_is_told() {
    let home = Jellyfin::new(films(1), UserActivity::default());
    let section = home.section("").replace("\"anna\"", "\"carla\"");
    check(
        "a token of another",
        &section,
        &["the token belongs to \"anna\", not to \"carla\"", "use a token of \"carla\""],
    );
    let section = jellyfin("home", &home.server.url(), "carla", "jellyfin-api-key", "");
    check("an API key", &section, &["there is no user \"carla\"", "the server has: anna, ben"]);
}

#[test]
fn an_old_server_is_told() {
    let home = Jellyfin::new(films(1), UserActivity::default());
    let body = r#"{"Version":"10.8.13","ProductName":"Jellyfin Server","Id":"a"}"#.to_owned();
    home.breaks("/System/Info/Public", FaultKind::Status { code: 200, headers: Vec::new(), body });
    check("10.8", &home.section(""), &["it is version \"10.8.13\"", "10.9 or later is needed", "please update it"]);
}

#[test]
fn missing_rights_are_told() {
    let home = Jellyfin::new(films(1), UserActivity::default());
    home.breaks("/UserViews", FaultKind::status(403));
    let section = jellyfin(
        "home",
        &home.server.url(),
        "anna",
        &JellyfinUser::member("anna").token,
        "libraries = { only = [\"Movies\"] }",
    );
    check("Jellyfin", &section, &["/UserViews is forbidden", "check the rights of the user, key or app"]);
    let trakt = Trakt::new(films(1), UserActivity::default());
    let section = trakt.section().replace("trakt-client", "another-app");
    check("Trakt", &section, &["/users/settings is forbidden", "check the rights of the user, key or app"]);
}

/// A server that speaks TLS with a certificate that it made itself.
fn untrusted_server() -> String {
    let certificate = include_bytes!("tls/self_signed.der").to_vec().into();
    let key = PrivateKeyDer::try_from(include_bytes!("tls/key.der").to_vec()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            shake_hands(stream.unwrap(), &config);
        }
    });
    url
}

/// The client turns away in the middle.
fn shake_hands(mut stream: TcpStream, config: &Arc<ServerConfig>) {
    let mut connection = ServerConnection::new(Arc::clone(config)).unwrap();
    drop(connection.complete_io(&mut stream));
}
