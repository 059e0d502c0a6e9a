//! Wrong tokens, wrong addresses, web pages, full disks, wrong configurations: each is told in words that help, the
//! process stays up where it should, and nothing is lost.

use crosswatch_emulator::{FaultKind, UserActivity};
use crosswatch_tests::service::{
    Folder, Jellyfin, Process, Service, Trakt, films, jellyfin, ledger, movie, one_way, places,
};
use serde_json::{Value, json};

use crate::{HISTORY, WATCHLIST_REMOVING, to_trakt};

const SEEN: &str = "2026-01-01T20:00:00Z";

/// The pair `p` from this account to the ledger `b`.
fn to_ledger(section: &str) -> String {
    format!("{section}{}{}", ledger("b"), one_way("p", "home", "b", WATCHLIST_REMOVING))
}

/// An account in good order is spoiled: the run fails with this type of error and these words, nothing is removed, the
/// service stays up, and everything goes on once the account is mended.
fn check(what: &str, spoil: impl Fn(&Jellyfin) -> String, error: &str, words: &[&str]) {
    let home = Jellyfin::new(films(3), UserActivity::default());
    home.list(&places(3));
    let service = Service::start(&to_ledger(&home.section("")));
    service.run().expect("succeeded").planned("watchlist", 3, 0);
    home.unlist(&places(1));
    service.restart_with(&to_ledger(&spoil(&home)));
    let run = service.run();
    assert_eq!((run.state(), run.error()), ("failed", error), "{what}: {run:?}");
    let asked = service.http().post("/api/v1/providers/home/check", &json!({})).expect(200);
    assert!(asked["fault"]["detail"].as_str().is_some_and(|text| !text.is_empty()), "{what}: {asked}");
    assert!(run.advice().starts_with("home: "), "{what}: {}", run.advice());
    for word in words {
        assert!(run.advice().contains(word) && run.sentence().contains(word), "{what}: {word:?} is not in {run:?}");
    }
    assert_eq!(service.http().get("/healthz").status, 200, "{what}");
    assert_eq!(service.http().get("/readyz").status, 200, "{what}");
    assert_eq!(service.ledger("b").listed().len(), 3, "{what}");
    home.mend();
    service.restart_with(&to_ledger(&home.section("")));
    service.run().expect("succeeded").planned("watchlist", 0, 1);
    service.is_at_rest();
}

#[test]
fn a_wrong_token_is_a_sign_in() {
    let spoil = |home: &Jellyfin| jellyfin("home", &home.server.url(), "anna", "wrong", "");
    check("wrong token", spoil, "sign-in", &["401", "make an API key in its dashboard and write it as `token`"]);
}

#[test]
fn a_token_of_somebody_else_is_a_sign_in() {
    let spoil = |home: &Jellyfin| home.section("").replace("\"anna\"", "\"carla\"");
    check(
        "wrong user",
        spoil,
        "sign-in",
        &["the token belongs to \"anna\", not to \"carla\"", "use a token of \"carla\""],
    );
}

#[test]
fn an_address_where_nobody_listens_is_told_as_such() {
    let spoil = |_: &Jellyfin| jellyfin("home", "http://127.0.0.1:9", "anna", "none", "");
    check("nobody", spoil, "source-unavailable", &["no connection", "http://127.0.0.1:9", "check that it is running"]);
}

#[test]
fn a_web_page_instead_of_an_answer_is_told_as_such() {
    let spoil = |home: &Jellyfin| {
        home.breaks("/", FaultKind::HtmlOk);
        home.section("")
    };
    check("web page", spoil, "source-unavailable", &["a web page instead of JSON", "is the url right", "proxy"]);
}

#[test]
fn a_server_that_is_down_is_told_as_such() {
    let spoil = |home: &Jellyfin| {
        home.breaks("/", FaultKind::status(503));
        home.section("")
    };
    check("down", spoil, "source-unavailable", &["503", "check that it is running and reachable"]);
}

#[test]
fn another_service_at_the_address_is_told_as_such() {
    let spoil = |home: &Jellyfin| {
        home.breaks("/System/Info/Public", FaultKind::status(404));
        home.section("")
    };
    check("no such path", spoil, "source-unavailable", &["404", "check the url", "correct the configuration"]);
}

#[test]
fn trakt_tokens_that_ended_are_told_and_new_ones_in_the_configuration_are_taken() {
    let trakt = Trakt::new(films(3), UserActivity::default());
    let service = Service::start(&to_trakt(&trakt, HISTORY));
    service.ledger("a").watch(&[movie(1)], SEEN);
    // The first tokens are replaced on the way, so the store has others than the configuration.
    trakt.service.state().expire_access("anna");
    service.run().expect("succeeded").planned("history", 1, 0);
    assert_eq!(trakt.posts("/oauth/token"), 1);
    service.ledger("a").watch(&[movie(2)], SEEN);
    trakt.service.state().unlink("anna");
    let run = service.run();
    assert_eq!(run.expect("failed").error(), "sign-in");
    assert!(run.advice().starts_with("trakt: ") && run.advice().contains("link Trakt again"), "{}", run.advice());
    // The person does as told: the tokens of the configuration are of another link now.
    service.restart_with(&to_trakt(&trakt, HISTORY).replace(&trakt.section(), &trakt.section_of_ben()));
    service.run().expect("succeeded");
    assert_eq!(trakt.plays_of("ben").len(), 2);
}

#[test]
fn a_second_process_on_the_same_folder_is_turned_away() {
    let service = Service::start(&to_ledger(&ledger("home")));
    service.ledger("home").list(&[movie(1)]);
    let second = Process::command(service.folder(), &["serve"]);
    assert_eq!(second.code, Some(75), "{second:?}");
    assert!(second.errors.contains("another crosswatch process uses"), "{}", second.errors);
    assert!(second.errors.contains("set data.dir to another folder"), "{}", second.errors);
    service.run().expect("succeeded").planned("watchlist", 1, 0);
    service.is_at_rest();
}

#[test]
fn a_port_that_is_taken_is_told_as_such() {
    let service = Service::start(&ledger("a"));
    let folder = Folder::new();
    folder.configure(&std::fs::read_to_string(service.folder().configuration()).unwrap());
    let second = Process::command(&folder, &["serve"]);
    assert_eq!(second.code, Some(75), "{second:?}");
    assert!(second.errors.contains("in use by another process"), "{}", second.errors);
    assert!(second.errors.contains("set server.listen to another port"), "{}", second.errors);
    assert_eq!(service.http().get("/readyz").status, 200);
}

#[test]
fn a_wrong_configuration_is_told_by_file_line_and_field_and_changes_nothing() {
    const GOOD: &str =
        "[[provider]]\nid = \"a\"\nkind = \"tracker\"\n\n[[provider]]\nid = \"b\"\nkind = \"tracker\"\n\n";
    for (text, places) in [
        (
            "[server]\nlisten = 8787\nbase_paht = \"\"\n",
            vec!["crosswatch.toml:2: server.listen", "crosswatch.toml:3: server.base_paht"],
        ),
        ("[[provider]]\nid = \"a\"\nkind = \"trackt\"\n", vec!["crosswatch.toml:3: provider[a].kind"]),
        (
            "[[pair]]\nid = \"p\"\nsource = \"a\"\ntarget = \"c\"\n[pair.history]\n",
            vec!["crosswatch.toml:12: pair[p].target"],
        ),
        ("[[provider]]\nid = \"a\"\nkind = \"tracker\"\n", vec!["crosswatch.toml:10: provider[a].id"]),
        ("[server\n", vec!["crosswatch.toml:"]),
    ] {
        let folder = Folder::new();
        let needs_accounts = text.contains("[[pair]]") || text.contains("\"tracker\"");
        folder.configure(&if needs_accounts { format!("{GOOD}{text}") } else { text.to_owned() });
        for arguments in [["serve"].as_slice(), &["check"], &["run", "p"]] {
            let ended = Process::command(&folder, arguments);
            assert_eq!(ended.code, Some(78), "{text}: {ended:?}");
            for place in &places {
                assert!(ended.errors.contains(place), "{place} is not in {}", ended.errors);
            }
        }
        assert!(!folder.data().exists(), "{text}");
    }
}

#[test]
fn a_full_disk_ends_the_process_and_loses_nothing_that_was_confirmed() {
    let service = Service::start(&to_ledger(&ledger("home")));
    service.ledger("home").list(&[movie(1)]);
    service.run().expect("succeeded");
    service.kill();
    *service.process().borrow_mut() = Process::serve_with_file_limit(service.folder(), 512);
    service.wait_until_ready();
    let mut confirmed = 1;
    for round in 1..=400 {
        let films: Vec<Value> = (1..=100).map(|film| json!({"item": movie(round * 100 + film)})).collect();
        let body = json!({"provider": "home", "items": films});
        match service.http().try_post("/api/v1/tracker/watchlist", &body) {
            Some(answer) if answer.status == 200 => confirmed += 100,
            _ => break,
        }
    }
    assert_eq!(service.process().borrow_mut().wait(30), Some(70));
    let log = std::fs::read_to_string(service.folder().log()).unwrap();
    println!("{log}");
    service.start_again();
    let listed = service.ledger("home").listed().len();
    assert!(confirmed > 1 && (confirmed..=confirmed + 100).contains(&listed), "{confirmed} confirmed, {listed} there");
    service.run().expect("succeeded");
    service.is_at_rest();
}
