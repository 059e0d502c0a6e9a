//! Signing in with a code: over the API and at the command line, with a running service and without.

use crosswatch_emulator::UserActivity;
use crosswatch_tests::service::{Folder, Process, Service, Trakt, eventually, films, ledger, movie, one_way};
use serde_json::{Value, json};

use crate::{HISTORY, meanwhile};

const SEEN: &str = "2026-01-01T20:00:00Z";
const AUTH: &str = "/api/v1/providers/trakt/auth";

/// The pair `p` from the ledger `a` to a Trakt that was never linked.
fn unlinked(trakt: &Trakt) -> String {
    format!("{}{}{}", ledger("a"), trakt.section_unlinked(), one_way("p", "a", "trakt", HISTORY))
}

fn ended(service: &Service) -> Value {
    eventually("the sign-in ends", 60, || {
        let looked = service.http().get(AUTH).expect(200);
        if looked["state"] == "waiting" { None } else { Some(looked) }
    })
}

#[test]
fn after_a_sign_in_the_next_run_works_without_a_restart() {
    let trakt = Trakt::new(films(3), UserActivity::default());
    let service = Service::start(&unlinked(&trakt));
    service.ledger("a").watch(&[movie(1)], SEEN);
    let run = service.run();
    assert_eq!(run.expect("failed").error(), "sign-in");
    assert!(run.advice().contains("run `crosswatch auth trakt`"), "{}", run.advice());
    assert_eq!(service.http().get(AUTH).expect(200)["state"], "not-begun");
    let begun = service.http().post(AUTH, &json!({})).expect(200);
    assert_eq!(
        (&begun["state"], &begun["verification_url"]),
        (&json!("waiting"), &json!("https://auth.trakt.tv/activate"))
    );
    assert!(begun["user_code"].is_string() && begun["expires_at"].is_string(), "{begun}");
    // Nobody looks while the person types.
    trakt.approve();
    let over = ended(&service);
    assert_eq!((&over["state"], &over["sentence"]), (&json!("done"), &json!("trakt is signed in as anna.")));
    service.run().expect("succeeded").planned("history", 1, 0);
    service.restart();
    service.is_at_rest();
    assert_eq!(service.http().get(AUTH).expect(200)["state"], "not-begun", "a code is good for minutes");
}

#[test]
fn a_code_that_was_given_up_or_refused_changes_nothing() {
    let trakt = Trakt::new(films(3), UserActivity::default());
    let service = Service::start(&unlinked(&trakt));
    let first = service.http().post(AUTH, &json!({})).expect(200);
    let second = service.http().post(AUTH, &json!({})).expect(200);
    assert_ne!(first["user_code"], second["user_code"]);
    assert!(trakt.service.state().deny_device(second["user_code"].as_str().unwrap()));
    assert_eq!(ended(&service)["state"], "denied");
    assert_eq!(service.run().expect("failed").error(), "sign-in");
    for account in ["a", "trakt"] {
        let path = format!("/api/v1/providers/{account}/auth");
        let expected = if account == "a" { 409 } else { 200 };
        assert_eq!(service.http().post(&path, &json!({})).status, expected, "{account}");
    }
}

#[test]
fn at_the_command_line_with_a_running_service() {
    let trakt = Trakt::new(films(3), UserActivity::default());
    let service = Service::start(&unlinked(&trakt));
    let folder = service.folder();
    let told = meanwhile(|| Process::command(folder, &["auth", "trakt"]), || trakt.approve());
    assert_eq!(told.code, Some(0), "{told:?}");
    for line in
        ["Open this page:   https://auth.trakt.tv/activate", "Enter this code:  ", "trakt is signed in as anna."]
    {
        assert!(told.output.contains(line), "{line:?} is not in {}", told.output);
    }
    service.ledger("a").watch(&[movie(1)], SEEN);
    service.run().expect("succeeded").planned("history", 1, 0);
    let configuration = std::fs::read_to_string(folder.configuration()).unwrap();
    folder.configure(&format!("{configuration}{}", ledger("late")));
    let refused = Process::command(folder, &["auth", "late"]);
    assert_eq!(refused.code, Some(4), "{refused:?}");
    assert!(refused.errors.contains("restart it to load the configuration"), "{}", refused.errors);
}

#[test]
fn at_the_command_line_alone() {
    let trakt = Trakt::new(films(3), UserActivity::default());
    let folder = Folder::new();
    folder.configure(&unlinked(&trakt));
    for (answer, code, state) in [(Trakt::deny as fn(&Trakt), 4, "denied"), (Trakt::approve, 0, "done")] {
        let told = meanwhile(|| Process::command(&folder, &["auth", "trakt", "--json"]), || answer(&trakt));
        assert_eq!(told.code, Some(code), "{told:?}");
        let lines: Vec<Value> = told.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let states: Vec<&str> = lines.iter().map(|line| line["state"].as_str().unwrap()).collect();
        assert_eq!(states, ["waiting", state]);
    }
    let checked = Process::command(&folder, &["check"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    for (account, words) in [("a", "a has no sign-in with a code"), ("nobody", "use one of: a, trakt")] {
        let refused = Process::command(&folder, &["auth", account]);
        assert_eq!(refused.code, Some(4), "{refused:?}");
        assert!(refused.errors.contains(words), "{}", refused.errors);
    }
}
