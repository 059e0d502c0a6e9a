//! Resetting a pair: what was shown is forgotten, the next run only adds, and the advice fits what changed.

use crosswatch_emulator::UserActivity;
use crosswatch_tests::service::{Process, Service, Trakt, films, ledger, movie, one_way};
use serde_json::{Value, json};

use crate::{WATCHLIST, WATCHLIST_REMOVING, ledgers};

/// What the reset of `p` would say and do.
fn shown(service: &Service) -> Value {
    service.http().post("/api/v1/pairs/p/reset", &json!({"dry_run": true})).expect(200)
}

#[test]
fn after_a_reset_the_next_run_only_adds() {
    let service = Service::start(&ledgers(WATCHLIST_REMOVING));
    service.ledger("a").list(&[movie(1), movie(2), movie(3)]);
    service.run().expect("succeeded");
    service.ledger("a").unlist(&[movie(3)]);
    service.ledger("a").list(&[movie(4)]);
    let reset = |more: &[&str]| Process::command(service.folder(), &[&["reset", "p"], more].concat());
    let asked = reset(&["--dry-run"]);
    assert_eq!(asked.code, Some(0), "{asked:?}");
    for line in ["p would forget:", "  3 items that both sides agreed on", "Nothing was changed."] {
        assert!(asked.output.lines().any(|there| there == line), "{line} is not in\n{}", asked.output);
    }
    assert_eq!(shown(&service)["cleared"]["baseline"], 3, "showing it changed nothing");
    // Nobody can be asked here, so calling it is the word.
    let done = reset(&["--json"]);
    let told: Value = serde_json::from_str(&done.output).unwrap();
    assert_eq!((done.code, &told["done"], &told["cleared"]["baseline"]), (Some(0), &json!(true), &json!(3)));
    assert_eq!(shown(&service)["cleared"]["baseline"], 0);
    service.run().expect("succeeded").planned("watchlist", 1, 0);
    assert_eq!(service.ledger("b").listed(), ["Movie 1", "Movie 2", "Movie 3", "Movie 4"]);
    service.is_at_rest();
    service.ledger("a").unlist(&[movie(4)]);
    service.run().expect("succeeded").planned("watchlist", 0, 1);
}

#[test]
fn a_reset_lets_go_of_what_waits_and_of_every_no_also_without_a_running_service() {
    let service = Service::start(&ledgers(WATCHLIST_REMOVING));
    service.ledger("a").list(&(1..=40).map(movie).collect::<Vec<_>>());
    service.run().expect("succeeded");
    service.ledger("a").unlist(&(1..=6).map(movie).collect::<Vec<_>>());
    service.run().expect("held");
    service.decide(&service.held()[0], "reject");
    service.ledger("a").unlist(&(7..=13).map(movie).collect::<Vec<_>>());
    service.run().expect("held");
    let cleared = shown(&service)["cleared"].clone();
    assert_eq!((&cleared["held"], &cleared["rejected"]), (&json!(service.held().len()), &json!(6)), "{cleared}");
    service.process().borrow().terminate();
    service.process().borrow_mut().wait(10);
    let alone = Process::command(service.folder(), &["reset", "p", "--full", "--yes"]);
    assert_eq!(alone.code, Some(0), "{alone:?}");
    assert!(alone.output.contains("the last reads of both accounts"), "{alone:?}");
    service.start_again();
    assert_eq!(service.held().len(), 0);
    service.run().expect("succeeded").planned("watchlist", 0, 0);
    assert_eq!(service.ledger("b").listed().len(), 40);
    let unknown = Process::command(service.folder(), &["reset", "nobody"]);
    assert_eq!(unknown.code, Some(4), "{unknown:?}");
}

#[test]
fn the_advice_about_a_reset_fits_what_changed() {
    let service = Service::start(&ledgers(WATCHLIST));
    let advised = || {
        let rows = service.http().list("/api/v1/advice");
        let rules = rows.iter().filter_map(|row| row["rule"].as_str());
        rules.filter(|rule| rule.starts_with("reset-")).map(str::to_owned).collect::<Vec<_>>()
    };
    let advice = || shown(&service)["advice"].as_str().unwrap().to_owned();
    assert!(advice().starts_with("Not needed: "), "{}", advice());
    assert!(advised().is_empty());
    let both_ways = ledgers("[pair.watchlist]\n[pair.policy]\nacknowledge = [\"two-way\"]\n");
    service.restart_with(&both_ways.replace("mode = \"one-way\"", "mode = \"two-way\""));
    assert!(advice().starts_with("Not advised: the mode of the pair changed"), "{}", advice());
    assert_eq!(advised(), ["reset-not-advised"]);
    service.restart_with(&ledgers("[pair.watchlist]\n[pair.ratings]\n"));
    assert!(advice().starts_with("Advised: the features of the pair changed"), "{}", advice());
    assert_eq!(advised(), ["reset-advised"]);
    service.http().post("/api/v1/pairs/p/reset", &json!({})).expect(200);
    assert!(advised().is_empty());
    service.restart();
    assert!(advised().is_empty());
}

#[test]
fn readiness_is_measured_from_runs_and_removals_without_it_are_an_error() {
    let trakt = Trakt::new(films(3), UserActivity::default());
    let one_way = one_way("p", "a", "trakt", WATCHLIST);
    let sections = |pair: &str| format!("{}{}{pair}", ledger("a"), trakt.section());
    let service = Service::start(&sections(&one_way));
    service.ledger("a").list(&[movie(1), movie(2)]);
    let check = |name: &str| {
        let pair = service.http().get("/api/v1/pairs/p").expect(200);
        let watchlist = &pair["readiness"]["watchlist"];
        assert_eq!(watchlist["ready"], false, "{watchlist}");
        watchlist["checks"].as_array().unwrap().iter().find(|check| check["check"] == name).unwrap().clone()
    };
    assert_eq!(check("stable_ids")["detail"], "nothing is in step yet");
    for _ in 0..5 {
        service.run().expect("succeeded");
    }
    for (name, ok, detail) in [
        ("stable_ids", true, "100 % of 2 items carry an id of IMDb, TMDB or TheTVDB"),
        ("clean_runs", true, "5 runs in a row without a surprise, 5 are due"),
        ("adds_verified", false, "2 adds seen at trakt, 0 at a"),
        ("removes_verified", true, "removals are off"),
        ("no_open_conflicts", true, "0 conflicts in the last run"),
        ("no_flip_flops", true, "0 flip-flops in the last run"),
        ("snapshots", false, "no snapshot of the last 24 hours holds the watchlist of a and trakt"),
    ] {
        assert_eq!(check(name), json!({"check": name, "ok": ok, "detail": detail}));
    }
    service.snapshot("trakt");
    let file =
        service.http().text(&format!("/api/v1/snapshots/{}/export", service.snapshot("a")["id"].as_str().unwrap()));
    assert_eq!(check("snapshots")["detail"], "both accounts have a snapshot of the last 24 hours");
    let drop = |snapshot: &Value| {
        let path = format!("/api/v1/snapshots/{}", snapshot["id"].as_str().unwrap());
        service.http().delete(&path, &json!({})).expect(200);
    };
    service.snapshots("a").iter().for_each(drop);
    service.http().post_text("/api/v1/snapshots/import", &file).expect(201);
    assert_eq!(check("snapshots")["ok"], false, "a file says nothing about the account of today");
    service.http().post("/api/v1/snapshots?wait=120", &json!({"provider": "a", "features": ["ratings"]})).expect(200);
    assert_eq!(check("snapshots")["detail"], "no snapshot of the last 24 hours holds the watchlist of a");
    service.http().post("/api/v1/pairs/p/reset", &json!({})).expect(200);
    assert_eq!(check("clean_runs")["detail"], "0 runs in a row without a surprise, 5 are due");
    let errors = || {
        let rows = service.http().list("/api/v1/advice").into_iter();
        rows.filter(|row| row["severity"] == "error").map(|row| row["rule"].clone()).collect::<Vec<_>>()
    };
    assert!(errors().is_empty());
    let removing = format!("{one_way}[pair.ratings]\nremove = \"observed\"\n");
    service.restart_with(&sections(&removing));
    assert_eq!(errors(), ["not-ready"]);
    service.restart_with(&sections(&format!("{removing}[pair.policy]\nacknowledge = [\"removes\"]\n")));
    assert!(errors().is_empty());
}
