//! What people do by hand, what comes back of our own writes, and pairs that meet what was recorded live.

use std::time::Duration;

use crosswatch_actors::{House, JobKind, Permit, RequestRun};
use crosswatch_model::{Cause, Disposition, PairId};

use crate::stage::{Line, Stage};

/// Runs the pair of the stage and waits for its end.
pub(crate) async fn run_pair(house: &House) {
    let request = RequestRun {
        pair: PairId::parse("home-to-trakt").unwrap(),
        kind: JobKind::Run,
        cause: Cause::Manual,
        features: None,
        permit: Permit::Nothing,
        undoes: None,
        restores: None,
        question: None,
        may_queue: false,
    };
    let supervisor = house.directory().supervisor().unwrap();
    let id = supervisor.ask(request, Duration::from_secs(5)).await.unwrap().unwrap().id;
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let run = house.directory().store().query(move |ledger| ledger.run(id)).await.unwrap().unwrap();
        if run.state.is_final() {
            return;
        }
    }
}

#[test]
fn a_season_marked_by_hand_goes_in_one_request() {
    let mut stage = Stage::new();
    for number in 1..=24 {
        stage = stage.tell(&[("20:00:01", &format!("mark E{number}"))]);
    }
    let stage = stage.play();
    let calls = stage.calls("trakt");
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert!(calls[0].starts_with("hist? E1 E2 ") && calls[1].starts_with("hist+ E1 @20:00:01 E2 "), "{calls:?}");
    assert_eq!(stage.trakt.lock().unwrap().plays.len(), 24);
    let stage = stage.tell(&[("20:10:00", "unmark E3")]).play();
    assert_eq!(stage.calls("trakt").last().unwrap(), "hist- E3 @20:00:01");
    assert_eq!(stage.trakt.lock().unwrap().plays.len(), 23);
    assert_eq!(stage.plays().len(), 23);
}

#[test]
fn marking_what_was_just_watched_is_no_second_play() {
    let stage = Stage::new()
        .tell(&[("20:00:00", "play M @0"), ("21:30:00", "done M @-"), ("21:31:00", "mark M")])
        .play()
        .expect("the server marks it as well", &["start M 0.00", "stop M 90.00"], 1);
    assert_eq!(stage.dispositions()[2], Disposition::Absorbed);
}

#[test]
fn what_was_never_seen_is_not_taken_back() {
    let stage = Stage::new().tell(&[("20:00:00", "unmark M")]).play().expect("unknown", &[], 0);
    assert_eq!(stage.dispositions(), [Disposition::Absorbed]);
}

#[test]
fn a_write_of_ours_that_comes_back_is_an_echo_once() {
    // What is heard at home goes to Trakt; what simkl-live hears goes home, and comes back from there.
    let mut stage = Stage::new();
    let mut back = crate::stage::route("other-way", "ann", &["home"]);
    back.source = crate::stage::account("simkl");
    back.targets[0].ear = crosswatch_scrobble::Ear::Server;
    stage.routes.push(back);
    let stage = stage
        .line("12:00:00", Line::Heard(crosswatch_scrobble::Via::Webhook, "simkl: done M @-".into(), None))
        .tell(&[("12:00:10", "mark M"), ("12:40:00", "mark M")])
        .play();
    assert_eq!(stage.calls("home"), ["hist? M", "hist+ M @12:00:00"]);
    assert_eq!(stage.dispositions(), [Disposition::Applied, Disposition::Echo, Disposition::Applied]);
    assert_eq!(stage.calls("trakt"), ["hist? M", "hist+ M @12:40:00"]);
}
