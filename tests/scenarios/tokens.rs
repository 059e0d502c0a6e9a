//! Tokens on the disk: sealed with a key, in no other place, and of no use with another key.

use std::{fs, path::Path};

use crosswatch_emulator::UserActivity;
use crosswatch_tests::service::{Folder, Jellyfin, Process, Service, Trakt, eventually, films, ledger, movie, one_way};
use serde_json::json;

use crate::{HISTORY, meanwhile, to_trakt};

const SEEN: &str = "2026-01-01T20:00:00Z";

/// The names of the files below this folder that hold this text.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files_with(&entry.path(), text));
        } else if fs::read(entry.path()).unwrap().windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(entry.path().display().to_string());
        }
    }
    found
}

/// Everything that the API shows.
fn shown(service: &Service) -> String {
    let paths =
        ["config", "providers", "providers/trakt", "providers/trakt/auth", "status", "runs", "advice", "held", "pairs"];
    let answers = paths.map(|path| service.http().get(&format!("/api/v1/{path}")).expect(200).to_string());
    answers.concat()
}

#[test]
fn no_token_is_in_the_data_folder_the_log_or_an_answer() {
    let trakt = Trakt::new(films(3), UserActivity::default());
    let service = Service::start(&to_trakt(&trakt, HISTORY));
    let configuration = fs::read_to_string(service.folder().configuration()).unwrap();
    service.folder().configure(&configuration.replace("level = \"info\"", "level = \"trace\""));
    service.restart();
    // Tokens of the configuration, those that replaced them, and those of a sign-in.
    let mut tokens = trakt.service.state().tokens();
    trakt.service.state().expire_access("anna");
    service.ledger("a").watch(&[movie(1)], SEEN);
    service.run().expect("succeeded").planned("history", 1, 0);
    let account = service.http().get("/api/v1/providers/trakt").expect(200);
    assert!(account["token_expires_at"].is_string(), "the end of the new tokens is told: {account}");
    tokens.extend(trakt.service.state().tokens());
    let folder = service.folder();
    let told = meanwhile(|| Process::command(folder, &["auth", "trakt"]), || trakt.approve());
    assert_eq!(told.code, Some(0), "{told:?}");
    service.ledger("a").watch(&[movie(2)], SEEN);
    service.run().expect("succeeded").planned("history", 1, 0);
    tokens.extend(trakt.service.state().tokens());
    let answers = shown(&service);
    service.restart();
    tokens.sort();
    tokens.dedup();
    assert!(tokens.len() >= 8, "{tokens:?}");
    let (data, log) = (service.folder().data(), fs::read_to_string(service.folder().log()).unwrap());
    assert!(!files_with(&data, "Movie 1").is_empty(), "what is not secret can be found");
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log tells everything it can");
    for secret in tokens.iter().map(String::as_str).chain(["trakt-secret"]) {
        assert_eq!(files_with(&data, secret), Vec::<String>::new(), "{secret}");
        assert!(!log.contains(secret), "{secret} is in the log");
        assert!(!answers.contains(secret), "{secret} is in an answer");
        assert!(!told.output.contains(secret) && !told.errors.contains(secret), "{secret} was printed");
    }
}

#[test]
fn a_lost_key_costs_a_sign_in_and_nothing_else() {
    let trakt = Trakt::new(films(3), UserActivity::default());
    let service = Service::start(&to_trakt(&trakt, HISTORY));
    let key = service.folder().data().join("secret_key");
    let kept = fs::read_to_string(&key).unwrap();
    assert_eq!(kept.trim().len(), 64);
    trakt.service.state().expire_access("anna");
    service.ledger("a").watch(&[movie(1)], SEEN);
    service.run().expect("succeeded");
    assert_eq!(trakt.posts("/oauth/token"), 1);
    fs::remove_file(&key).unwrap();
    service.restart();
    assert_ne!(fs::read_to_string(&key).unwrap(), kept, "a new key was made");
    service.ledger("a").watch(&[movie(2)], SEEN);
    trakt.service.log().clear();
    let run = service.run();
    assert_eq!(run.expect("failed").error(), "sign-in");
    for words in ["trakt: the stored sign-in of trakt cannot be opened", "put the key back", "or sign in again"] {
        assert!(run.advice().contains(words), "{words:?} is not in {}", run.advice());
    }
    assert_eq!(trakt.service.log().len(), 0, "no token is tried that is not the one that was kept");
    assert_eq!(service.http().get("/readyz").status, 200);
    // The old key is as good as before.
    let new = fs::read_to_string(&key).unwrap();
    fs::write(&key, &kept).unwrap();
    service.restart();
    service.run().expect("succeeded").planned("history", 1, 0);
    // And without it, signing in again is enough.
    fs::write(&key, &new).unwrap();
    service.restart();
    service.ledger("a").watch(&[movie(3)], SEEN);
    assert_eq!(service.run().expect("failed").error(), "sign-in");
    assert_eq!(service.http().post("/api/v1/providers/trakt/auth", &json!({})).status, 200);
    trakt.approve();
    eventually("the sign-in ends", 60, || {
        let looked = service.http().get("/api/v1/providers/trakt/auth").expect(200);
        (looked["state"] == "done").then_some(())
    });
    service.run().expect("succeeded").planned("history", 1, 0);
}

#[test]
fn a_password_is_enough_to_sign_in_again() {
    let home = Jellyfin::new(films(1), UserActivity::default());
    let token = home.section("");
    let token = token.lines().find(|line| line.starts_with("token")).unwrap();
    let sections = format!(
        "{}{}{}",
        home.section("").replace(token, "password = \"secret\""),
        ledger("b"),
        one_way("p", "home", "b", HISTORY)
    );
    let service = Service::start(&sections);
    service.run().expect("succeeded");
    fs::remove_file(service.folder().data().join("secret_key")).unwrap();
    service.restart();
    service.run().expect("succeeded");
}

#[test]
fn a_key_of_the_environment_is_used_and_kept_nowhere() {
    let trakt = Trakt::new(films(1), UserActivity::default());
    let folder = Folder::new();
    folder.configure(&trakt.section_unlinked());
    let command = || Process::command_with_key(&folder, "a long sentence", &["auth", "trakt"]);
    let signed_in = meanwhile(command, || trakt.approve());
    assert_eq!(signed_in.code, Some(0), "{signed_in:?}");
    assert!(!folder.data().join("secret_key").exists());
    assert_eq!(files_with(&folder.data(), "a long sentence"), Vec::<String>::new());
    for (key, code, words) in
        [("a long sentence", 0, "anna"), ("another", 1, "sign in again"), ("a long sentence", 0, "anna")]
    {
        let checked = Process::command_with_key(&folder, key, &["check"]);
        assert_eq!(checked.code, Some(code), "{checked:?}");
        assert!(checked.output.contains(words), "{}", checked.output);
    }
}
