//! Replacing the configuration while the service runs: the process and its socket stay, runs stop in order.

use std::fs;

use crosswatch_emulator::{FaultKind, FaultRule, UserActivity};
use crosswatch_tests::service::{Service, Trakt, eventually, films, movie};
use serde_json::{Value, json};

use crate::{HISTORY, WATCHLIST, ledgers, to_trakt};

fn file(service: &Service) -> String {
    fs::read_to_string(service.folder().configuration()).unwrap()
}

/// Replaces the configuration, and answers what takes effect with the next start only.
#[track_caller]
fn replace(service: &Service, text: &str) -> Value {
    service.http().put("/api/v1/config", &json!({"toml": text})).expect(202)["after_restart"].clone()
}

/// Waits until the service shows this base schedule for `p`.
fn until_scheduled(service: &Service, schedule: &str) {
    eventually("the new configuration is taken", 60, || {
        let shown = service.http().try_get("/api/v1/config").filter(|answer| answer.status == 200)?;
        (shown.body["pair"][0]["schedule"] == schedule).then_some(())
    });
    service.wait_until_ready();
}

#[test]
fn a_new_configuration_is_taken_without_a_restart_and_again_and_again() {
    let service = Service::start(&ledgers(WATCHLIST));
    service.ledger("a").list(&[movie(1)]);
    service.ledger("a").rate(&[movie(1)], 80);
    let before = file(&service);
    for (number, schedule) in ["every 5h", "every 4h", "every 3h"].into_iter().enumerate() {
        let text = format!("# change {number}\n{}", before.replace("\"manual\"", &format!("\"{schedule}\"")));
        assert_eq!(replace(&service, &text), json!([]));
        until_scheduled(&service, schedule);
        assert_eq!(file(&service), text, "it stands there as it was written");
        service.run().expect("succeeded");
    }
    let more = format!("{before}[pair.ratings]\n")
        .replace("level = \"info\"", "level = \"debug\"")
        .replace("\"manual\"", "\"every 2h\"");
    assert_eq!(replace(&service, &more), json!(["log"]));
    until_scheduled(&service, "every 2h");
    service.run().expect("succeeded").planned("ratings", 1, 0);
    assert_eq!((service.ledger("b").listed().len(), service.ledger("b").ratings().len()), (1, 1));
    assert!(service.process().borrow_mut().ended().is_none(), "it is the same process");
    service.restart();
    service.is_at_rest();
}

#[test]
fn a_wrong_configuration_changes_nothing_and_every_problem_has_its_place() {
    let service = Service::start(&ledgers(WATCHLIST));
    let before = file(&service);
    let wrong = before
        .replace("mode = \"one-way\"", "mode = \"sideways\"")
        .replace("kind = \"tracker\"", "kind = \"tracker\"\nurl = 7");
    let refused = service.http().put("/api/v1/config", &json!({"toml": wrong})).expect(422);
    assert_eq!(refused["type"], "config-wrong");
    let problems = refused["problems"].as_array().unwrap();
    let fields: Vec<&str> = problems.iter().filter_map(|problem| problem["field"].as_str()).collect();
    assert!(fields.contains(&"pair[p].mode") && fields.contains(&"provider[a].url"), "{refused}");
    assert!(problems.iter().all(|problem| problem["line"].as_u64() > Some(0)), "{refused}");
    let masked = before.replace("[server]\n", "[server]\n# from the API\n");
    let masked = masked.lines().map(|line| if line.starts_with("api_key") { "api_key = \"***\"" } else { line });
    let refused =
        service.http().put("/api/v1/config", &json!({"toml": masked.collect::<Vec<_>>().join("\n")})).expect(422);
    assert_eq!(refused["problems"][0]["field"], "server.api_key", "{refused}");
    assert_eq!(file(&service), before);
    service.run().expect("succeeded");
}

#[test]
fn a_run_in_progress_stops_in_order_and_goes_on_under_the_new_configuration() {
    let trakt = Trakt::new(films(4), UserActivity::default());
    let slow = FaultRule::prefix("/sync/history", FaultKind::DelayMs(100));
    trakt.service.faults().add(slow.method("POST").always());
    let service = Service::start(&to_trakt(&trakt, HISTORY));
    let mut expected = Vec::new();
    for day in 1..=8 {
        let at = format!("2026-01-{day:02}T20:00:00Z");
        service.ledger("a").watch(&(1..=4).map(movie).collect::<Vec<_>>(), &at);
        expected.extend((1..=4).map(|film| format!("Movie {film} at {at}")));
    }
    expected.sort();
    let run = service.begin("p");
    eventually("the first write", 60, || (trakt.posts("/sync/history") > 0).then_some(()));
    replace(&service, &file(&service).replace("\"manual\"", "\"every 5h\""));
    until_scheduled(&service, "every 5h");
    service.follow(&run).expect("cancelled");
    trakt.mend();
    service.run().expect("succeeded");
    assert_eq!(trakt.plays(), expected);
    service.is_at_rest();
}
