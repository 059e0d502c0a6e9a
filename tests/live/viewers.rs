//! Who watches, and whether anybody should know.

use crosswatch_model::Disposition;
use crosswatch_scrobble::{Audience, Names, Via};

use crate::{
    stage::{Line, Stage, route},
    story::at,
};

#[test]
fn two_people_never_share_a_session() {
    let mut stage = Stage::new();
    stage.routes = vec![route("ann-live", "ann", &["trakt"]), route("bob-live", "bob", &["simkl"])];
    let stage = stage
        .tell(&[
            ("20:00:00", "ann@tv play M @50"),
            ("20:00:10", "bob@tv play M @2"),
            ("20:01:00", "ann@tv pause M @51"),
            ("20:01:10", "bob@tv stop M @3"),
        ])
        .play()
        .expect("interleaved", &["start M 50.00", "pause M 51.00"], 0);
    assert_eq!(stage.calls("simkl"), ["start M 2.00", "pause M 3.00"]);
}

#[test]
fn together_means_a_play_for_each() {
    let mut stage = Stage::new();
    stage.routes = vec![route("ann-live", "ann", &["trakt"]), route("bob-live", "bob", &["simkl"])];
    let stage = stage
        .tell(&[
            ("20:00:00", "ann@tv play E1 @0"),
            ("20:00:00", "bob@tv play E1 @0"),
            ("20:50:00", "ann@tv done E1 @-"),
            ("20:50:00", "bob@tv done E1 @-"),
        ])
        .play()
        .expect("one session, two people", &["start E1 0.00", "stop E1 90.00"], 2);
    assert_eq!(stage.calls("simkl"), ["start E1 0.00", "stop E1 90.00"]);
}

#[test]
fn whoever_is_not_on_the_list_leaves_no_trace() {
    let check = |audience: Audience, line: &str, detail: &str| {
        let mut stage = Stage::new();
        stage.routes[0].audience = audience;
        let stage = stage.tell(&[("20:00:00", line), ("21:35:00", "stop M @95")]).play();
        assert_eq!(stage.calls("trakt"), [""; 0], "{line}");
        assert!(stage.plays().is_empty());
        let row = stage.ledger_row(1);
        assert_eq!(row.disposition, Some(Disposition::Filtered));
        assert!(row.detail.contains(detail), "{}", row.detail);
    };
    let only = |name: &str| Names::Only(vec![name.into()]);
    let bob = Audience { users: only("bob"), libraries: Names::All };
    check(bob.clone(), "play M @0", "not one of the route's");
    check(bob, "nobody@tv play M @0", "named no user");
    check(Audience { users: Names::Only(vec![]), libraries: Names::All }, "play M @0", "no user filter");
    check(Audience { users: only("ann"), libraries: only("Kids") }, "play M @0", "not one of the account's");
}

#[test]
fn a_route_hears_only_by_its_own_ways() {
    let mut stage = Stage::new();
    stage.routes[0].via = vec![Via::Watch];
    let stage = stage.tell(&[("20:00:00", "play M @0")]).play().expect("by webhook", &[], 0);
    assert_eq!(stage.dispositions(), [Disposition::Filtered]);
}

/// A route that listens to the library Movies of a server that knows its libraries from some time on.
fn movies_only(from: Option<&str>) -> Stage {
    let mut stage = Stage::new();
    stage.routes[0].audience.libraries = Names::Only(vec!["Movies".into()]);
    let mut home = stage.home.lock().unwrap();
    (home.sessions, home.knows_libraries_from) = (Some(Vec::new()), from.map(at));
    drop(home);
    stage
}

#[test]
fn an_unknown_library_is_asked_for_once_more() {
    let stage = movies_only(Some("20:00:20"))
        .tell(&[("20:00:00", "play M @0 somewhere"), ("20:00:10", "play N @50"), ("20:00:12", "on M @0.2 somewhere")])
        .line("20:10:00", Line::Wait)
        .play();
    assert_eq!(
        stage.timed_calls("trakt"),
        ["20:00:10 start N 50.00", "20:00:30 pause N 50.00", "20:00:31 start M 0.00"]
    );
}

#[test]
fn a_library_that_stays_unknown_is_not_one_of_the_accounts() {
    let stage = movies_only(None)
        .tell(&[("20:00:00", "play M @0 somewhere"), ("20:00:10", "done M @- somewhere")])
        .line("20:10:00", Line::Wait)
        .play()
        .expect("nobody knows", &[], 0);
    assert_eq!(stage.dispositions(), [Disposition::Filtered, Disposition::Filtered]);
    assert!(stage.ledger_row(1).detail.ends_with("the library is not known"), "{:?}", stage.ledger_row(1));
}

#[test]
fn a_death_while_a_library_is_unknown_loses_nothing() {
    let stage = movies_only(Some("20:00:20"))
        .tell(&[("20:00:00", "done M @- somewhere")])
        .line("20:00:05", Line::Killed)
        .line("20:10:00", Line::Wait)
        .play();
    assert_eq!(stage.trakt.lock().unwrap().plays.len(), 1, "{:?}", stage.calls("trakt"));
}
