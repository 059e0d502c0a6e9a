//! What other settings would do, from the last reads alone.

use crosswatch_emulator::UserActivity;
use crosswatch_tests::service::{Plan, Process, Service, Trakt, films, movie, places};
use serde_json::{Value, json};

use crate::{WATCHLIST, ledgers, to_trakt};

fn ask(service: &Service, toml: &str, status: u16) -> Value {
    service.http().post("/api/v1/pairs/p/what-if?wait=120", &json!({"toml": toml})).expect(status)
}

#[test]
fn other_settings_are_planned_from_the_last_reads_without_a_request() {
    let trakt = Trakt::new(films(5), UserActivity::default());
    trakt.list(&places(1));
    let tables = "[pair.watchlist]\nadd = false\n";
    let service = Service::start(&to_trakt(&trakt, tables));
    service.ledger("a").list(&[movie(2), movie(3), movie(4)]);
    let refused = ask(&service, "watchlist.add = true", 409);
    assert_eq!(refused["type"], "no-reads");
    assert!(refused["detail"].as_str().unwrap().contains("run the pair once"), "{refused}");
    service.run().expect("succeeded").planned("watchlist", 0, 0);
    let sent = trakt.service.log().len();
    let plan = Plan(ask(&service, "watchlist.add = true", 200));
    assert_eq!((&plan.0["state"], &plan.0["features"]["watchlist"]["adds"]), (&json!("what_if"), &json!(3)));
    assert_eq!(plan.0["today"]["watchlist"]["adds"], 0);
    assert_eq!(
        service.told_by(&plan),
        [
            "add Movie 2: only_on_source",
            "add Movie 3: only_on_source",
            "add Movie 4: only_on_source",
            "skip Movie 1: only_on_target"
        ]
    );
    let proof = plan.0["reads"]["target"]["watchlist"]["proof"].as_str().unwrap();
    assert!(proof.contains("nothing was asked"), "{proof}");
    assert_eq!(service.try_apply(&plan, &json!({})).expect(409)["type"], "plan-not-ready");
    let blocked = "[watchlist]\nadd = true\n[policy]\nblock = [\"tmdb_movie:2\"]";
    let fewer = Plan(ask(&service, blocked, 200));
    assert_eq!(
        (&fewer.0["features"]["watchlist"]["adds"], &fewer.0["today"]["watchlist"]["adds"]),
        (&json!(2), &json!(0))
    );
    for (toml, field) in [
        ("[watchlist]\nremove = \"sometimes\"", "pair[p].watchlist.remove"),
        ("target = \"a\"", "target"),
        ("[ratings]\nstars = 5", "pair[p].ratings.stars"),
    ] {
        assert_eq!(ask(&service, toml, 422)["problems"][0]["field"], field);
    }
    // A feature that was never read cannot be looked at.
    assert_eq!(ask(&service, "[ratings]", 409)["type"], "no-reads");
    assert_eq!((trakt.service.log().len(), trakt.listed()), (sent, vec!["Movie 1".to_owned()]));
    // Nothing of it is remembered, and with the settings in the file it comes true.
    service.run().expect("succeeded").planned("watchlist", 0, 0);
    service.restart_with(&to_trakt(&trakt, WATCHLIST));
    service.run().expect("succeeded").planned("watchlist", 3, 0);
    service.is_at_rest();
}

#[test]
fn the_command_shows_both_plans() {
    let service = Service::start(&ledgers("[pair.watchlist]\nadd = false\n"));
    service.ledger("a").list(&[movie(1)]);
    let plan = |more: &[&str]| Process::command(service.folder(), &[&["plan", "p", "--what-if"], more].concat());
    let early = plan(&["watchlist.add=true"]);
    assert_eq!(early.code, Some(4), "{early:?}");
    service.run().expect("succeeded");
    std::fs::write(service.folder().path().join("changes.toml"), "[watchlist]\nadd = true\n").unwrap();
    for more in [&["watchlist.add=true"][..], &["changes.toml"]] {
        let shown = plan(more);
        assert_eq!(shown.code, Some(0), "{more:?} {shown:?}");
        for words in ["Movie 1", "With these settings:", "With those of today", "Nothing was written."] {
            assert!(shown.output.contains(words), "{words}: {shown:?}");
        }
    }
    assert!(service.ledger("b").listed().is_empty());
}
