//! Plans as files: applied later, and only what is still true.

use crosswatch_tests::service::{Process, Service, movie, told};
use serde_json::{Value, json};

use crate::{WATCHLIST, WATCHLIST_REMOVING, ledgers};

#[test]
fn of_a_saved_plan_only_what_is_still_true_is_done() {
    let service = Service::start(&ledgers(WATCHLIST));
    let (source, target) = (service.ledger("a"), service.ledger("b"));
    source.list(&[movie(1), movie(2), movie(3)]);
    let plan = service.plan_to_decide();
    let file = service.http().text(&format!("/api/v1/plans/{}/export", plan.id()));
    assert_eq!(file.lines().count(), 4, "{file}");
    // One of them came by itself, one is not wanted any more, and one is new.
    target.list(&[movie(1)]);
    source.unlist(&[movie(2)]);
    source.list(&[movie(4)]);
    let saved = service.http().post_text("/api/v1/plans/import?wait=120", &file).expect(200);
    let stale: Vec<Value> = saved["stale_lines"].as_array().unwrap().clone();
    assert_eq!(told(&stale), ["add Movie 1: only_on_source", "add Movie 2: only_on_source"]);
    assert_eq!((saved["only"].as_array().unwrap().len(), &saved["stale"]), (1, &json!(2)));
    assert_eq!(target.listed(), ["Movie 1"]);
    let path = format!("/api/v1/plans/{}/apply?wait=120", saved["plan"]["id"].as_str().unwrap());
    let run = service.http().post(&path, &json!({"only": saved["only"]})).expect(200);
    assert_eq!(
        (&run["state"], target.listed()),
        (&json!("succeeded"), vec!["Movie 1".to_owned(), "Movie 3".to_owned()])
    );
    let moved = file.replace("\"target\":\"b\"", "\"target\":\"c\"");
    for (text, status, kind) in [
        (moved.as_str(), 409, "plan-not-saved"),
        ("{}", 400, "bad-body"),
        (&file.replace("\"pair\":\"p\"", "\"pair\":\"q\""), 404, "unknown-pair"),
    ] {
        assert_eq!(service.http().post_text("/api/v1/plans/import", text).expect(status)["type"], kind);
    }
}

#[test]
fn the_commands_save_a_plan_and_do_it_later() {
    let service = Service::start(&ledgers(WATCHLIST_REMOVING));
    let (source, target) = (service.ledger("a"), service.ledger("b"));
    source.list(&(1..=20).map(movie).collect::<Vec<_>>());
    service.run().expect("succeeded");
    source.unlist(&(1..=6).map(movie).collect::<Vec<_>>());
    source.list(&[movie(21), movie(22)]);
    let command = |arguments: &[&str]| Process::command(service.folder(), arguments);
    let saved = command(&["plan", "p", "--save", "plan.jsonl"]);
    assert_eq!(saved.code, Some(2), "{saved:?}");
    let text = std::fs::read_to_string(service.folder().path().join("plan.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 1 + 6 + 2, "{text}");
    assert_eq!(command(&["plan", "p", "--save", "plan.jsonl"]).code, Some(4));
    target.list(&[movie(21)]);
    let apply = |more: &[&str]| command(&[&["apply", "plan.jsonl"], more].concat());
    for (more, code, left) in [(&[][..], 3, 21), (&["--yes"], 3, 22), (&["--yes", "--approve-held"], 3, 16)] {
        let ended = apply(more);
        assert_eq!((ended.code, target.listed().len()), (Some(code), left), "{more:?} {ended:?}");
        assert!(ended.output.contains("Movie 21"), "{more:?} {ended:?}");
    }
    service.is_at_rest();
}
