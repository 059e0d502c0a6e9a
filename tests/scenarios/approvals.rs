//! Deciding: plans that are applied or rejected, holds that are approved or rejected.

use crosswatch_emulator::UserActivity;
use crosswatch_tests::service::{Service, Trakt, films, movie, places};
use serde_json::{Value, json};

use crate::{WATCHLIST, WATCHLIST_REMOVING, ledgers, to_trakt};

/// Twenty films on both lists, and six of them taken off the first.
fn six_lost() -> Service {
    // Small enough to be believed, and too many to be removed unasked.
    let believed = "max_shrink = { percent = 90, at_least = 50 }\n";
    let service = Service::start(&ledgers(&format!("{WATCHLIST_REMOVING}{believed}")));
    service.ledger("a").list(&(1..=20).map(movie).collect::<Vec<_>>());
    service.run().expect("succeeded");
    service.ledger("a").unlist(&(1..=6).map(movie).collect::<Vec<_>>());
    service
}

/// The name of the operation on `Movie N`.
fn op(lines: &[Value], tmdb: u32) -> Value {
    let title = format!("Movie {tmdb}");
    lines.iter().find(|line| line["item"]["title"] == title.as_str()).unwrap()["op"].clone()
}

fn on_b(service: &Service) -> usize {
    service.ledger("b").listed().len()
}

#[test]
fn a_plan_applied_does_what_was_shown_and_only_once() {
    let trakt = Trakt::new(films(3), UserActivity::default());
    let service = Service::start(&to_trakt(&trakt, WATCHLIST));
    service.ledger("a").list(&[movie(1), movie(2)]);
    let plan = service.plan_to_decide();
    let run = service.apply(&plan, &json!({}));
    run.expect("succeeded").planned("watchlist", 2, 0);
    assert_eq!(service.told(&run), service.told_by(&plan));
    assert_eq!((run.cause(), service.state_of(&plan)), ("approval", "applied".to_owned()));
    assert_eq!(trakt.listed(), ["Movie 1", "Movie 2"]);
    let again = service.try_apply(&plan, &json!({})).expect(409);
    assert_eq!(again["type"], "plan-not-ready", "{again}");
    service.is_at_rest();
}

#[test]
fn a_plan_is_not_applied_once_a_side_moved() {
    let trakt = Trakt::new(films(3), UserActivity::default());
    let service = Service::start(&to_trakt(&trakt, WATCHLIST));
    service.ledger("a").list(&[movie(1), movie(2)]);
    let plan = service.plan_to_decide();
    trakt.list(&places(1));
    let writes = trakt.writes();
    let stale = service.try_apply(&plan, &json!({})).expect(409);
    assert_eq!(stale["type"], "plan-stale", "{stale}");
    assert_eq!((trakt.writes(), service.state_of(&plan)), (writes, "stale".to_owned()));
    let run = service.http().get("/api/v1/runs?limit=1").expect(200)["items"][0].clone();
    assert_eq!((run["state"].as_str(), run["error"]["type"].as_str()), (Some("failed"), Some("plan-stale")), "{run}");
    assert_eq!(service.try_apply(&plan, &json!({})).expect(409)["type"], "plan-not-ready");
    service.run().expect("succeeded").planned("watchlist", 1, 0);
}

#[test]
fn some_of_a_plan_is_applied_and_what_is_not_true_any_more_is_left_out() {
    let service = Service::start(&ledgers(WATCHLIST));
    service.ledger("a").list(&[movie(1), movie(2), movie(3), movie(4)]);
    let plan = service.plan_to_decide();
    let lines = service.lines_of(&plan);
    let unknown = service.try_apply(&plan, &json!({"only": ["00000000000000ff"]})).expect(422);
    assert_eq!(unknown["type"], "unknown-operation");
    service.ledger("b").list(&[movie(2)]);
    let run = service.apply(&plan, &json!({"only": [op(&lines, 1), op(&lines, 2)]}));
    run.expect("succeeded").planned("watchlist", 1, 0);
    assert!(run.sentence().contains("1 of the chosen operations are not true any more"), "{run:?}");
    assert_eq!(service.ledger("b").listed(), ["Movie 1", "Movie 2"]);
    let plan = service.plan_to_decide();
    let lines = service.lines_of(&plan);
    service.apply(&plan, &json!({"except": [op(&lines, 3)]})).expect("succeeded").planned("watchlist", 1, 0);
    assert_eq!(service.ledger("b").listed(), ["Movie 1", "Movie 2", "Movie 4"]);
    // The same operation has the same name in every plan.
    service.apply(&service.plan_to_decide(), &json!({"only": [op(&lines, 3)]})).expect("succeeded");
    service.is_at_rest();
}

#[test]
fn one_held_line_is_approved_by_naming_it() {
    let service = six_lost();
    service.run().expect("held");
    let plan = service.plan_to_decide();
    let lines = service.lines_of(&plan);
    service.apply(&plan, &json!({"only": [op(&lines, 2)]})).expect("succeeded").planned("watchlist", 0, 1);
    assert_eq!((on_b(&service), service.held().len()), (19, 1));
    let left = service.run();
    assert_eq!((left.expect("held").count("watchlist", "held"), on_b(&service)), (5, 19));
}

#[test]
fn approving_one_hold_lets_through_that_and_is_over() {
    let service = six_lost();
    service.run().expect("held");
    let held = service.held();
    assert_eq!(held.len(), 1, "{held:?}");
    let run = service.decide(&held[0], "approve");
    assert_eq!((run["state"].as_str(), run["cause"].as_str()), (Some("succeeded"), Some("approval")), "{run}");
    assert_eq!((on_b(&service), service.held().len()), (14, 0));
    service.ledger("a").unlist(&(7..=12).map(movie).collect::<Vec<_>>());
    let next = service.run();
    assert_eq!((next.expect("held").count("watchlist", "held"), on_b(&service)), (6, 14));
    let gone = service.http().post("/api/v1/held/00000000000000ff/approve", &json!({})).expect(404);
    assert_eq!(gone["type"], "unknown-hold");
}

#[test]
fn a_rejected_removal_is_not_asked_again_until_something_about_it_changes() {
    let service = six_lost();
    service.run().expect("held");
    let rejected = service.decide(&service.held()[0], "reject");
    assert_eq!((rejected["rejected"].as_u64(), service.held().len()), (Some(6), 0));
    for run in [service.run(), service.run_approving()] {
        run.expect("succeeded").planned("watchlist", 0, 0);
        assert_eq!(service.told(&run)[0], "skip Movie 1: declined");
    }
    assert_eq!((on_b(&service), service.held().len()), (20, 0));
    // Back on the list and off it again is another question.
    service.ledger("a").list(&[movie(1)]);
    service.run().expect("succeeded");
    service.ledger("a").unlist(&[movie(1)]);
    let run = service.run();
    run.expect("succeeded").planned("watchlist", 0, 1);
    assert_eq!(on_b(&service), 19);
}

#[test]
fn of_two_holds_on_the_same_lines_each_is_decided_for_itself() {
    let service = Service::start(&ledgers(WATCHLIST_REMOVING));
    service.ledger("a").list(&(1..=20).map(movie).collect::<Vec<_>>());
    service.run().expect("succeeded");
    service.ledger("a").unlist(&(1..=6).map(movie).collect::<Vec<_>>());
    service.run().expect("held");
    let kinds = |held: &[Value]| held.iter().map(|held| held["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let mut held = service.held();
    held.sort_by_key(|held| held["kind"].as_str().unwrap().to_owned());
    assert_eq!(kinds(&held), ["removes", "source_shrunk"]);
    assert_eq!(service.decide(&held[1], "approve")["state"], "held");
    assert_eq!((on_b(&service), kinds(&service.held())), (20, vec!["removes".to_owned()]));
    assert_eq!(service.decide(&service.held()[0], "reject")["rejected"], 6);
    service.is_at_rest();
    assert_eq!((on_b(&service), service.held().len()), (20, 0));
}

#[test]
fn a_rejected_plan_is_never_applied_and_its_held_lines_are_declined() {
    let service = six_lost();
    let plan = service.plan_to_decide();
    let path = format!("/api/v1/plans/{}/reject", plan.id());
    assert_eq!(service.http().post(&path, &json!({})).expect(200)["state"], "rejected");
    assert_eq!(service.try_apply(&plan, &json!({})).expect(409)["type"], "plan-not-ready");
    let run = service.run();
    run.expect("succeeded").planned("watchlist", 0, 0);
    assert_eq!((service.told(&run).len(), on_b(&service)), (6, 20));
}

#[test]
fn what_is_let_through_every_time_is_not_asked_again_until_that_is_taken_back() {
    let service = six_lost();
    service.run().expect("held");
    let held = service.held().remove(0);
    let approve = format!("/api/v1/held/{}/approve?wait=120", held["id"].as_str().unwrap());
    service.http().post(&approve, &json!({"always": true})).expect(200);
    assert_eq!(on_b(&service), 14);
    let told = |service: &Service| service.http().get("/api/v1/pairs/p").expect(200)["always"].clone();
    assert_eq!((&told(&service)[0]["feature"], &told(&service)[0]["kind"]), (&json!("watchlist"), &json!("removes")));
    let advised = |service: &Service| {
        let advice = service.http().list("/api/v1/advice");
        advice.iter().any(|advice| advice["rule"] == "always-approved")
    };
    assert!(advised(&service));
    service.restart();
    let lose = |titles: std::ops::RangeInclusive<u32>| {
        service.ledger("a").unlist(&titles.map(movie).collect::<Vec<_>>());
    };
    lose(7..=12);
    service.run().expect("succeeded").planned("watchlist", 0, 6);
    let ask_again = || service.http().delete("/api/v1/pairs/p/always/watchlist/removes", &json!({}));
    let taken = ask_again().expect(200);
    assert_eq!(taken["kind"], "removes", "{taken}");
    assert_eq!(ask_again().expect(404)["type"], "unknown-hold");
    assert_eq!((told(&service), advised(&service)), (json!([]), false));
    lose(13..=18);
    service.run().expect("held").planned("watchlist", 0, 0);
}

#[test]
fn a_loss_is_asked_about_every_time() {
    let service = Service::start(&ledgers(WATCHLIST_REMOVING));
    service.ledger("a").list(&(1..=100).map(movie).collect::<Vec<_>>());
    service.run().expect("succeeded");
    service.ledger("a").unlist(&(1..=70).map(movie).collect::<Vec<_>>());
    service.run().expect("held");
    let held = service.held();
    let shrunk = held.iter().find(|held| held["kind"] == "source_shrunk").unwrap();
    let approve = format!("/api/v1/held/{}/approve?wait=120", shrunk["id"].as_str().unwrap());
    let refused = service.http().post(&approve, &json!({"always": true})).expect(409);
    assert_eq!((refused["type"].as_str(), on_b(&service)), (Some("never-always"), 100), "{refused}");
}
