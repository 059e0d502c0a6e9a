//! Taking runs back: the target is what it was before, and stays so.

use crosswatch_emulator::UserActivity;
use crosswatch_tests::service::{Plan, Process, Service, Trakt, films, movie, places};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{AT_ONCE, HISTORY, WATCHLIST, WATCHLIST_REMOVING, ledgers, to_trakt};

const SEEN: &str = "2026-01-01T20:00:00Z";
const LATER: &str = "2026-02-01T20:00:00Z";

#[test]
fn an_undone_run_leaves_the_tracker_as_it_was_and_undoing_that_brings_it_back() {
    let trakt = Trakt::new(films(4), UserActivity::default());
    trakt.watch(&places(1), LATER);
    let service = Service::start(&to_trakt(&trakt, HISTORY));
    service.ledger("a").watch(&[movie(2), movie(3), movie(4)], SEEN);
    let before = trakt.plays();
    let run = service.run();
    run.expect("succeeded").planned("history", 3, 0);
    let after = trakt.plays();
    let plan = service.undo(&run);
    assert_eq!(service.told_by(&plan), ["remove Movie 2: undo", "remove Movie 3: undo", "remove Movie 4: undo"]);
    assert_eq!(trakt.plays(), after);
    let undone = service.apply(&plan, &json!({}));
    undone.expect("succeeded").planned("history", 0, 3);
    assert_eq!((undone.cause(), trakt.plays()), ("undo", before));
    let next = service.run();
    next.expect("succeeded").planned("history", 0, 0);
    assert!(service.told(&next).contains(&"skip Movie 2: taken_back".to_owned()), "{:?}", service.told(&next));
    let redone = service.apply(&service.undo(&undone), &json!({}));
    redone.expect("succeeded").planned("history", 3, 0);
    assert_eq!(trakt.plays(), after);
    service.is_at_rest();
}

#[test]
fn what_was_taken_back_is_planned_again_once_it_changes_on_the_source() {
    let service = Service::start(&ledgers("[pair.ratings]\n"));
    let (source, target) = (service.ledger("a"), service.ledger("b"));
    target.rate(&[movie(1)], 30);
    source.rate(&[movie(1), movie(2)], 80);
    let run = service.run();
    assert_eq!(target.ratings(), ["Movie 1 is 80", "Movie 2 is 80"]);
    service.apply(&service.undo(&run), &json!({})).expect("succeeded");
    assert_eq!(target.ratings(), ["Movie 1 is 30"]);
    service.is_at_rest();
    assert_eq!(target.ratings(), ["Movie 1 is 30"]);
    source.rate(&[movie(1)], 90);
    service.run().expect("succeeded");
    assert_eq!(target.ratings(), ["Movie 1 is 90"]);
    service.is_at_rest();
}

#[test]
fn a_removal_is_undone_and_what_changed_by_hand_is_left_alone_and_said() {
    let service = Service::start(&ledgers(WATCHLIST_REMOVING));
    let (source, target) = (service.ledger("a"), service.ledger("b"));
    source.list(&[movie(1), movie(2), movie(3)]);
    service.run().expect("succeeded");
    source.unlist(&[movie(1), movie(2)]);
    let run = service.run();
    run.expect("succeeded").planned("watchlist", 0, 2);
    target.list(&[movie(2)]);
    let plan = service.undo(&run);
    assert_eq!(service.told_by(&plan), ["add Movie 1: undo", "skip Movie 2: stale"]);
    service.apply(&plan, &json!({})).expect("succeeded");
    assert_eq!(target.listed(), ["Movie 1", "Movie 2", "Movie 3"]);
    service.is_at_rest();
    assert_eq!(target.listed(), ["Movie 1", "Movie 2", "Movie 3"]);
}

#[test]
fn a_large_undo_waits_for_a_person_and_a_moved_side_makes_it_stale() {
    let service = Service::start(&ledgers(WATCHLIST));
    service.ledger("a").list(&(1..=6).map(movie).collect::<Vec<_>>());
    let run = service.run();
    let plan = service.undo(&run);
    let lines = service.lines_of(&plan);
    assert!(lines.iter().all(|line| line["action"] == "hold" && line["held_action"] == "remove"), "{lines:?}");
    let ops: Vec<_> = lines.iter().map(|line| line["op"].clone()).collect();
    service.apply(&plan, &json!({"only": ops})).expect("succeeded").planned("watchlist", 0, 6);
    assert_eq!(service.ledger("b").listed(), Vec::<String>::new());
    service.is_at_rest();
    service.ledger("a").list(&[movie(7), movie(8)]);
    let run = service.run();
    let plan = service.undo(&run);
    service.ledger("b").unlist(&[movie(7)]);
    assert_eq!(service.try_apply(&plan, &json!({})).expect(409)["type"], "plan-stale");
    assert_eq!(service.ledger("b").listed(), ["Movie 8"]);
}

#[test]
fn the_command_shows_the_way_back_and_takes_it_only_when_told() {
    let service = Service::start(&ledgers(WATCHLIST));
    service.ledger("a").list(&(1..=6).map(movie).collect::<Vec<_>>());
    let run = service.run();
    let undo = |more: &[&str]| Process::command(service.folder(), &[&["undo", run.id()], more].concat());
    for (more, code, left) in [(&[][..], 2, 6), (&["--yes"], 2, 6), (&["--yes", "--approve-held"], 0, 0)] {
        let ended = undo(more);
        assert_eq!((ended.code, service.ledger("b").listed().len()), (Some(code), left), "{more:?} {ended:?}");
        assert!(ended.output.contains("too many removes"), "{more:?} {ended:?}");
    }
    let unknown = Process::command(service.folder(), &["undo", "ff", "--json"]);
    assert_eq!(unknown.code, Some(4), "{unknown:?}");
    service.is_at_rest();
}

#[test]
fn everything_a_pair_wrote_in_a_time_goes_back_in_one_plan() {
    let service = Service::start(&ledgers("[pair.ratings]\n"));
    let (source, target) = (service.ledger("a"), service.ledger("b"));
    assert_eq!(service.undo_pair(&json!({})).expect(409)["type"], "nothing-to-undo");
    target.rate(&[movie(1)], 30);
    source.rate(&[movie(1), movie(2)], 80);
    let first = service.run();
    source.rate(&[movie(1)], 90);
    let second = service.run();
    assert_eq!(target.ratings(), ["Movie 1 is 90", "Movie 2 is 80"]);
    let plan = Plan(service.undo_pair(&json!({"hours": 1})).expect(200));
    assert_eq!(service.told_by(&plan), ["remove Movie 2: undo", "update Movie 1: undo"]);
    assert_eq!(plan.0["undoes_runs"], json!([first.id(), second.id()]));
    assert_eq!(target.ratings(), ["Movie 1 is 90", "Movie 2 is 80"]);
    let undone = service.apply(&plan, &json!({}));
    undone.expect("succeeded");
    assert_eq!((undone.cause(), target.ratings()), ("undo", vec!["Movie 1 is 30".to_owned()]));
    service.is_at_rest();
    // What was taken back is left as it was found, so there is nothing to take back of all three.
    assert_eq!(service.told_by(&Plan(service.undo_pair(&json!({})).expect(200))), Vec::<String>::new());
    service.apply(&service.undo(&undone), &json!({})).expect("succeeded");
    assert_eq!(target.ratings(), ["Movie 1 is 90", "Movie 2 is 80"]);
    service.is_at_rest();
    for (wish, status) in [(json!({"hours": 0}), 400), (json!({"hours": 1, "since": SEEN}), 400)] {
        service.undo_pair(&wish).expect(status);
    }
}

#[test]
fn the_command_takes_back_a_day_of_a_pair() {
    let service = Service::start(&ledgers(WATCHLIST));
    service.ledger("a").list(&[movie(1)]);
    service.run().expect("succeeded");
    service.ledger("a").list(&[movie(2)]);
    service.run().expect("succeeded");
    let undo = |more: &[&str]| Process::command(service.folder(), &[&["undo", "--pair", "p"], more].concat());
    for (more, left) in [(&["--last", "1d"][..], 2), (&["--yes"], 0)] {
        let ended = undo(more);
        assert_eq!((ended.code, service.ledger("b").listed().len()), (Some(0), left), "{more:?} {ended:?}");
        assert!(ended.output.contains("Movie 1") && ended.output.contains("Movie 2"), "{more:?} {ended:?}");
    }
    service.is_at_rest();
}

#[test]
fn ten_thousand_operations_go_back_and_come_again() {
    const PLAYS: u32 = 8_000;
    const RATED_BEFORE: usize = 1_000;
    let movies: Vec<_> = (1..=PLAYS).map(movie).collect();
    let first: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
    let at = |number: usize| first + SignedDuration::from_mins(10 * i64::try_from(number).unwrap());
    let seen = |(number, item)| json!({"item": item, "watched_at": at(number)});
    let plays: Vec<_> = movies.iter().enumerate().map(seen).collect();
    let trakt = Trakt::new(films(PLAYS), UserActivity::default());
    trakt.rate(&places(RATED_BEFORE), 3);
    trakt.watch(&places(1), LATER);
    let service = Service::start(&to_trakt(&trakt, &format!("{HISTORY}[pair.ratings]\n{AT_ONCE}")));
    service.ledger("a").add("history", plays);
    service.ledger("a").rate(&movies[..2 * RATED_BEFORE], 80);
    let account = || (trakt.plays(), trakt.ratings());
    let before = account();
    let run = service.run();
    run.expect("succeeded");
    assert_eq!(run.wanted(), u64::from(PLAYS) + 2 * RATED_BEFORE as u64, "{run:?}");
    let after = account();
    let plan = service.undo(&run);
    let lines = service.lines_of(&plan);
    assert_eq!((lines.len(), account() == after), (10_000, true));
    let ops: Vec<_> = lines.iter().map(|line| line["op"].clone()).collect();
    let undone = service.apply(&plan, &json!({"only": ops}));
    undone.expect("succeeded");
    assert!(account() == before, "the account is not as before the run");
    service.is_at_rest();
    let redone = service.apply(&service.undo(&undone), &json!({}));
    redone.expect("succeeded");
    assert!(account() == after, "the account is not as after the run");
    service.is_at_rest();
}

#[test]
fn plays_of_a_moment_that_thousands_share_are_found_and_taken_back() {
    // More than one look at that moment may show.
    let many: Vec<_> = (1..=1_010).map(movie).collect();
    let trakt = Trakt::new(films(1_020), UserActivity::default());
    let service = Service::start(&to_trakt(&trakt, &format!("{HISTORY}{AT_ONCE}")));
    service.ledger("a").watch(&many, LATER);
    service.run().expect("succeeded");
    service.ledger("a").watch(&(1_011..=1_020).map(movie).collect::<Vec<_>>(), LATER);
    let last = service.run();
    last.expect("succeeded").planned("history", 10, 0);
    service.apply(&service.undo(&last), &json!({})).expect("succeeded").planned("history", 0, 10);
    assert_eq!(trakt.plays().len(), 1_010);
    service.is_at_rest();
}
