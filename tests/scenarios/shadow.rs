//! Shadow mode: whatever is asked of the pair, nothing is written, and what it would have done is kept and compared.

use crosswatch_emulator::UserActivity;
use crosswatch_tests::service::{Run, Service, Trakt, eventually, films, ledger, movie, one_way};
use serde_json::{Value, json};

use crate::WATCHLIST_REMOVING;

/// The pair `p` as it is at first.
fn sections(trakt: &Trakt) -> String {
    format!("{}{}{}", ledger("a"), trakt.section(), one_way("p", "a", "trakt", WATCHLIST_REMOVING))
}

/// The pair `p` as a shadow, and `q`, which is due at once and only looks.
fn in_shadow(trakt: &Trakt) -> String {
    let q = one_way("q", "a", "trakt", "[pair.ratings]\n").replace("\"manual\"", "\"every 15m\"\nshadow = true");
    format!("{}{q}", sections(trakt).replace("\"manual\"", "\"manual\"\nshadow = true"))
}

fn report(service: &Service) -> Value {
    service.http().get("/api/v1/pairs/p").expect(200)["shadow_report"].clone()
}

#[test]
fn nothing_is_written_whoever_asks_and_changes_of_mind_are_counted() {
    let trakt = Trakt::new(films(30), UserActivity::default());
    let service = Service::start(&sections(&trakt));
    let source = service.ledger("a");
    source.list(&(1..=20).map(movie).collect::<Vec<_>>());
    let written = service.run();
    written.expect("succeeded").planned("watchlist", 20, 0);
    source.unlist(&(1..=6).map(movie).collect::<Vec<_>>());
    service.run().expect("held");
    assert_eq!(report(&service), Value::Null, "the pair is no shadow yet");
    let held = service.held();
    source.rate(&[movie(1)], 80);
    service.restart_with(&in_shadow(&trakt));
    source.list(&[movie(21)]);
    let (writes, listed) = (trakt.writes(), trakt.listed());

    for run in [service.run(), service.run_approving(), Run(service.decide(&held[0], "approve"))] {
        assert_eq!(run.0["dry_run"], true, "{run:?}");
        assert!(service.told(&run).iter().any(|line| line.contains("Movie 21")), "its report is kept: {run:?}");
    }
    for plan in [service.plan_to_decide(), service.undo(&written)] {
        assert_eq!(service.try_apply(&plan, &json!({})).expect(409)["type"], "pair-shadow");
    }
    let by_schedule = eventually("the scheduled run ends", 60, || {
        service.http().list("/api/v1/runs?pair=q").into_iter().map(Run).find(Run::is_final)
    });
    assert_eq!((by_schedule.cause(), by_schedule.0["dry_run"].as_bool()), ("schedule", Some(true)));
    by_schedule.planned("ratings", 1, 0);
    assert_eq!((trakt.writes(), trakt.listed(), trakt.ratings().len()), (writes, listed, 0));

    assert_eq!(report(&service)["changed_its_mind"], 0, "{}", report(&service));
    source.unlist(&[movie(21)]);
    service.run();
    let told = report(&service);
    assert_eq!((&told["changed_its_mind"], &told["reversed"], &told["is_cut"]), (&json!(1), &json!(0), &json!(false)));
    assert!(told["examples"][0].as_str().unwrap().starts_with("add Movie 21"), "{told}");
    assert_eq!((told["runs"].as_u64(), told["planned"].as_u64()), (Some(4), Some(6)), "{told}");
    assert_eq!(trakt.writes(), writes);
}
