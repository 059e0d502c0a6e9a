//! Snapshots of accounts, and bringing back what they hold.

use crosswatch_emulator::{FaultKind, UserActivity};
use crosswatch_tests::service::{Process, Service, Trakt, episode, films, ledger, movie, names, places, show};
use serde_json::{Value, json};

use crate::{WATCHLIST, WATCHLIST_REMOVING, ledgers, to_trakt};

const SEEN: &str = "2026-01-01T20:00:00Z";

/// A Trakt with a watchlist and ratings, and a service that knows it.
fn rated_and_listed() -> (Trakt, Service) {
    let trakt = Trakt::new(films(6), UserActivity::default());
    trakt.list(&places(4));
    trakt.rate(&places(2), 8);
    trakt.rate(&places(3)[2..], 3);
    let service = Service::start(&to_trakt(&trakt, WATCHLIST));
    (trakt, service)
}

fn of(trakt: &Trakt) -> (Vec<String>, Vec<String>) {
    (trakt.listed(), trakt.ratings())
}

fn id(snapshot: &Value) -> &str {
    snapshot["id"].as_str().unwrap()
}

#[test]
fn what_was_destroyed_at_an_account_comes_back_as_it_was() {
    let (trakt, service) = rated_and_listed();
    let before = of(&trakt);
    let snapshot = service.snapshot("trakt");
    assert_eq!(
        (&snapshot["provider"], &snapshot["cause"], &snapshot["pinned"]),
        (&json!("trakt"), &json!("manual"), &json!(false))
    );
    assert_eq!(snapshot["counts"], json!({"history": 0, "watchlist": 4, "ratings": 3, "progress": 0}));
    trakt.unlist(&places(4));
    trakt.unrate(&places(2));
    trakt.rate(&places(3)[2..], 9);
    let writes = trakt.writes();
    let plan = service.restore(&snapshot, &json!({"target": "trakt"}));
    assert_eq!((plan.0["pair"].as_str(), plan.0["restores"].as_str()), (Some("@trakt"), Some(id(&snapshot))));
    assert_eq!(service.told_by(&plan)[..2], ["add Movie 1: restore", "add Movie 1: restore"]);
    assert_eq!(trakt.writes(), writes, "a plan writes nothing");
    let run = service.apply(&plan, &json!({}));
    run.expect("succeeded").planned("watchlist", 4, 0);
    assert_eq!((run.cause(), run.count("ratings", "adds"), run.count("ratings", "updates")), ("restore", 2, 1));
    assert_eq!(of(&trakt), before);
    // Once more there is nothing to bring back.
    let plan = service.restore(&snapshot, &json!({}));
    assert_eq!(service.told_by(&plan), Vec::<String>::new());
    let causes: Vec<Value> = service.snapshots("trakt").iter().map(|snapshot| snapshot["cause"].clone()).collect();
    assert_eq!(causes, ["before_restore", "manual"]);
}

#[test]
fn a_restore_is_taken_back_like_any_run() {
    let (trakt, service) = rated_and_listed();
    let snapshot = service.snapshot("trakt");
    trakt.unrate(&places(2));
    trakt.rate(&places(3)[2..], 9);
    let destroyed = of(&trakt);
    let run = service.apply(&service.restore(&snapshot, &json!({})), &json!({}));
    let undone = service.apply(&service.undo(&run), &json!({}));
    assert_eq!((undone.expect("succeeded").cause(), of(&trakt)), ("undo", destroyed));
}

#[test]
fn what_came_back_is_not_taken_away_by_the_pair_of_the_account() {
    let (trakt, service) = rated_and_listed();
    service.ledger("a").list(&[movie(1)]);
    service.run().expect("succeeded");
    let snapshot = service.snapshot("trakt");
    trakt.unlist(&places(4));
    service.apply(&service.restore(&snapshot, &json!({})), &json!({})).expect("succeeded");
    service.is_at_rest();
    assert_eq!(trakt.listed(), ["Movie 1", "Movie 2", "Movie 3", "Movie 4"]);
}

#[test]
fn one_show_comes_back_and_nothing_else() {
    let service = Service::start(&ledger("a"));
    let account = service.ledger("a");
    let everything = [episode(1, 1, 1), episode(1, 1, 2), episode(2, 1, 1), movie(1)];
    account.watch(&everything, SEEN);
    account.list(&[show(1), show(2)]);
    let snapshot = service.snapshot("a");
    account.unwatch(&everything);
    account.unlist(&[show(1), show(2)]);
    let plan = service.restore(&snapshot, &json!({"target": "a", "filter": {"show": "tmdb_show:1"}}));
    service.apply(&plan, &json!({})).expect("succeeded").planned("history", 2, 0);
    assert_eq!((account.listed(), account.plays().len()), (vec!["Show 1".to_owned()], 2));
    let plan = service.restore(&snapshot, &json!({"features": ["history"], "filter": {"kind": "movie"}}));
    assert_eq!(service.told_by(&plan), ["add Movie 1: restore"]);
    let nobody = json!({"filter": {"user": "ben"}});
    let path = format!("/api/v1/snapshots/{}/restore", id(&snapshot));
    assert_eq!(service.http().post(&path, &nobody).expect(422)["type"], "not-in-snapshot");
    assert_eq!(service.http().post(&path, &json!({"filter": {"item": "Movie 1"}})).expect(400)["type"], "bad-body");
}

#[test]
fn a_snapshot_goes_into_another_account_and_what_that_cannot_hold_is_said() {
    let (trakt, service) = rated_and_listed();
    let snapshot = service.snapshot("trakt");
    let plan = service.restore(&snapshot, &json!({"target": "a", "features": ["watchlist", "ratings"]}));
    service.apply(&plan, &json!({})).expect("succeeded").planned("ratings", 3, 0);
    assert_eq!((service.ledger("a").listed(), service.ledger("a").ratings()), of(&trakt).map_ratings());
    service.ledger("a").list(&[movie(99)]);
    let plan = service.restore(&service.snapshot("a"), &json!({"target": "trakt", "features": ["watchlist"]}));
    let run = service.apply(&plan, &json!({}));
    run.expect("partial");
    assert_eq!(service.told(&run), ["add Movie 99: not_found"]);
}

/// Ratings as the built-in tracker tells them.
trait MapRatings {
    fn map_ratings(self) -> (Vec<String>, Vec<String>);
}

impl MapRatings for (Vec<String>, Vec<String>) {
    fn map_ratings(self) -> Self {
        (self.0, self.1.into_iter().map(|rating| rating + "0").collect())
    }
}

#[test]
fn exactly_what_was_holds_what_came_since_for_a_person() {
    let service = Service::start(&ledger("a"));
    let account = service.ledger("a");
    account.list(&[movie(1), movie(2)]);
    let snapshot = service.snapshot("a");
    account.unlist(&[movie(1)]);
    account.list(&[movie(3)]);
    let plan = service.restore(&snapshot, &json!({"mode": "exact"}));
    assert_eq!(service.told_by(&plan), ["add Movie 1: restore", "hold remove Movie 3: not_in_snapshot"]);
    service.apply(&plan, &json!({})).expect("succeeded");
    assert_eq!(account.listed(), ["Movie 1", "Movie 2", "Movie 3"]);
    let plan = service.restore(&snapshot, &json!({"mode": "exact"}));
    let ops: Vec<Value> = service.lines_of(&plan).iter().map(|line| line["op"].clone()).collect();
    service.apply(&plan, &json!({"only": ops})).expect("succeeded").planned("watchlist", 0, 1);
    assert_eq!(account.listed(), ["Movie 1", "Movie 2"]);
}

#[test]
fn half_a_read_is_no_snapshot_and_says_why() {
    let (trakt, service) = rated_and_listed();
    for fault in [FaultKind::NullBody, FaultKind::HtmlOk, FaultKind::WrongTotals, FaultKind::TruncatedJson] {
        trakt.breaks("/sync/watchlist", fault.clone());
        let failed = service.http().post("/api/v1/snapshots?wait=120", &json!({"provider": "trakt"})).expect(502);
        assert_eq!(failed["type"], "snapshot-failed", "{fault:?}: {failed}");
        assert!(failed["detail"].as_str().unwrap().contains("watchlist of trakt could not be read"), "{failed}");
        trakt.mend();
    }
    assert_eq!(service.snapshots("trakt"), Vec::<Value>::new());
    service.snapshot("trakt");
}

#[test]
fn a_run_that_removes_leaves_a_snapshot_of_what_it_removed_from() {
    let service = Service::start(&ledgers(WATCHLIST_REMOVING));
    let (source, target) = (service.ledger("a"), service.ledger("b"));
    source.list(&[movie(1), movie(2), movie(3)]);
    service.run().expect("succeeded");
    assert_eq!(service.snapshots("b"), Vec::<Value>::new(), "nothing was removed yet");
    source.unlist(&[movie(1)]);
    service.run().expect("succeeded").planned("watchlist", 0, 1);
    let snapshots = service.snapshots("b");
    assert_eq!(snapshots.len(), 1, "{snapshots:?}");
    assert_eq!((&snapshots[0]["cause"], &snapshots[0]["features"]), (&json!("before_removal"), &json!(["watchlist"])));
    let rows = service.http().list(&format!("/api/v1/snapshots/{}/items", id(&snapshots[0])));
    assert_eq!(names(&rows), ["Movie 1", "Movie 2", "Movie 3"]);
    let plan = service.restore(&snapshots[0], &json!({}));
    service.apply(&plan, &json!({})).expect("succeeded");
    assert_eq!(target.listed(), ["Movie 1", "Movie 2", "Movie 3"]);
    service.is_at_rest();
}

#[test]
fn nothing_is_removed_from_what_could_not_be_read_in_full() {
    let trakt = Trakt::new(films(6), UserActivity::default());
    let service = Service::start(&to_trakt(&trakt, WATCHLIST_REMOVING));
    service.ledger("a").list(&[movie(1), movie(2), movie(3)]);
    service.run().expect("succeeded");
    service.ledger("a").unlist(&[movie(1)]);
    // Somebody else changed something, so the list is read anew.
    trakt.list(&places(4)[3..]);
    trakt.breaks("/sync/watchlist", FaultKind::WrongTotals);
    let run = service.run();
    run.expect("partial").planned("watchlist", 0, 0);
    assert_eq!(service.told(&run), ["skip Movie 1: read_incomplete"]);
    assert_eq!((trakt.listed().len(), service.snapshots("trakt").len()), (4, 0));
    trakt.mend();
    service.run().expect("succeeded").planned("watchlist", 0, 1);
    assert_eq!((trakt.listed().len(), service.snapshots("trakt").len()), (3, 1));
}

#[test]
fn a_schedule_takes_snapshots_by_itself() {
    let schedule = "[[snapshot]]\nprovider = \"a\"\nfeatures = [\"watchlist\"]\nschedule = \"every 6h\"\n";
    let service = Service::start(&format!("{}{schedule}", ledger("a")));
    let taken = crosswatch_tests::service::eventually("a snapshot is taken", 60, || service.snapshots("a").pop());
    assert_eq!((&taken["cause"], &taken["features"]), (&json!("schedule"), &json!(["watchlist"])));
    service.restart();
    assert_eq!(service.snapshots("a").len(), 1, "the next is due in six hours");
}

#[test]
fn snapshots_are_looked_at_compared_pinned_and_dropped() {
    let service = Service::start(&ledger("a"));
    let account = service.ledger("a");
    account.rate(&[movie(1), movie(2)], 50);
    let first = service.snapshot("a");
    account.rate(&[movie(2)], 70);
    account.rate(&[movie(3)], 70);
    account.list(&[movie(4)]);
    let second = service.snapshot("a");
    let http = service.http();
    let diff = http.get(&format!("/api/v1/snapshots/diff?from={}&to={}&limit=2", id(&first), id(&second))).expect(200);
    assert_eq!((&diff["added"], &diff["removed"], &diff["changed"]), (&json!(2), &json!(0), &json!(1)));
    let changes = http.list(&format!("/api/v1/snapshots/diff?from={}&to={}", id(&first), id(&second)));
    let told =
        |change: &Value| format!("{} {} {}", change["change"], change["item"]["title"], change["value"]["rating"]);
    let told: Vec<String> = changes.iter().map(|change| told(change).replace('"', "")).collect();
    assert_eq!(told, ["added Movie 4 null", "changed Movie 2 70", "added Movie 3 70"]);
    let as_of = |at: &Value| {
        let path = format!("/api/v1/snapshots?provider=a&as_of={}", at.as_str().unwrap());
        http.get(&path).expect(200)["items"][0]["id"].clone()
    };
    assert_eq!((as_of(&first["taken_at"]), as_of(&second["taken_at"])), (first["id"].clone(), second["id"].clone()));
    assert_eq!(as_of(&json!("2020-01-01T00:00:00Z")), Value::Null);
    let path = format!("/api/v1/snapshots/{}", id(&first));
    assert_eq!(http.post(&format!("{path}/pin"), &json!({})).expect(200)["pinned"], true);
    assert_eq!(http.delete(&path, &json!({})).expect(409)["type"], "snapshot-pinned");
    assert_eq!(http.post(&format!("{path}/pin"), &json!({"pinned": false})).expect(200)["pinned"], false);
    http.delete(&path, &json!({})).expect(200);
    assert_eq!(http.get(&path).expect(404)["type"], "unknown-snapshot");
    assert_eq!(service.snapshots("a").len(), 1);
    let rows = http.list(&format!("/api/v1/snapshots/{}/items?feature=ratings", id(&second)));
    assert_eq!(names(&rows), ["Movie 1", "Movie 2", "Movie 3"]);
    for (wish, status, kind) in [
        (json!({"provider": "nobody"}), 404, "unknown-provider"),
        (json!({"provider": "a", "features": ["plays"]}), 400, "bad-body"),
        (json!({}), 400, "bad-body"),
    ] {
        assert_eq!(http.post("/api/v1/snapshots", &wish).expect(status)["type"], kind, "{wish}");
    }
}

#[test]
fn a_snapshot_travels_as_a_file_without_any_secret() {
    let (trakt, service) = rated_and_listed();
    let snapshot = service.snapshot("trakt");
    let file = service.http().text(&format!("/api/v1/snapshots/{}/export", id(&snapshot)));
    assert_eq!(file.lines().count(), 8, "{file}");
    for secret in ["trakt-access", "trakt-refresh", "trakt-secret", "trakt-client", "0123456789abcdef"] {
        assert!(!file.contains(secret), "{secret}: {file}");
    }
    let there = service.http().post_text("/api/v1/snapshots/import", &file).expect(200);
    assert_eq!(there["id"], snapshot["id"]);
    let other = Service::start(&to_trakt(&trakt, WATCHLIST));
    let taken = other.http().post_text("/api/v1/snapshots/import", &file).expect(201);
    assert_eq!((&taken["cause"], &taken["counts"]), (&json!("import"), &snapshot["counts"]));
    assert_eq!(other.http().text(&format!("/api/v1/snapshots/{}/export", id(&taken))), file);
    let before = of(&trakt);
    trakt.unlist(&places(4));
    other.apply(&other.restore(&taken, &json!({"target": "trakt"})), &json!({})).expect("succeeded");
    assert_eq!(of(&trakt), before);
    for (broken, said) in [
        (String::new(), "the file is empty"),
        ("{}".to_owned(), "line 1: "),
        (file.replacen("\"crosswatch_snapshot\":1", "\"crosswatch_snapshot\":9", 1), "line 1: crosswatch_snapshot"),
        (file.clone() + "{\"feature\":\"ratings\"}\n", "line 9: "),
    ] {
        let problem = other.http().post_text("/api/v1/snapshots/import", &broken).expect(400);
        assert!(problem["detail"].as_str().unwrap().starts_with(said), "{said}: {problem}");
    }
}

#[test]
fn the_commands_do_the_same_with_and_without_a_running_service() {
    let service = Service::start(&ledger("a"));
    let account = service.ledger("a");
    account.list(&[movie(1), movie(2)]);
    let folder = service.folder();
    let run = |arguments: &[&str]| Process::command(folder, &[&["snapshot"], arguments].concat());
    let taken = run(&["take", "a", "--feature", "watchlist", "--json"]);
    assert_eq!(taken.code, Some(0), "{taken:?}");
    let first: Value = serde_json::from_str(&taken.output).unwrap();
    account.unlist(&[movie(1)]);
    account.list(&[movie(3)]);
    for (arguments, code, said) in [
        (&["restore", id(&first)][..], 0, "Movie 1"),
        (&["restore", id(&first), "--exact", "--target", "a", "--yes"], 2, "Movie 3"),
        (&["restore", id(&first), "--exact", "--yes", "--approve-held"], 0, "Movie 3"),
        (&["show", id(&first)], 0, "Movie 2"),
        (&["pin", id(&first)], 0, "kept for good"),
        (&["drop", id(&first)], 4, "is pinned"),
        (&["pin", id(&first), "--off", "--json"], 0, "\"pinned\": false"),
        (&["take", "nobody"], 4, "no provider"),
        (&["show", "../runs"], 4, "not the id of a snapshot"),
    ] {
        let ended = run(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?} {ended:?}");
        assert!((ended.output.clone() + &ended.errors).contains(said), "{arguments:?} {ended:?}");
    }
    assert_eq!(account.listed(), ["Movie 1", "Movie 2"]);
    service.kill();
    service.process().borrow_mut().wait(10);
    let alone = run(&["take", "a"]);
    assert_eq!(alone.code, Some(0), "{alone:?}");
    let listed = run(&["list", "--json"]);
    let listed: Value = serde_json::from_str(&listed.output).unwrap();
    let second = listed["items"][0]["id"].as_str().unwrap();
    let diff = run(&["diff", id(&first), second]);
    assert!(diff.output.contains("hold the same"), "{diff:?}");
    let dropped = run(&["drop", id(&first)]);
    assert_eq!(dropped.code, Some(0), "{dropped:?}");
    assert!(run(&["list"]).output.contains(second));
}
