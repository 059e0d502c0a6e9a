//! What people do by hand, what comes back of our own writes, and pairs that meet what was recorded live.

use std::time::Duration;

use crosswatch_actors::{FeatureBlueprint, House, JobKind, Lock, PairBlueprint, Permit, RequestRun};
use crosswatch_model::{Cause, Disposition, Feature, PairId};
use crosswatch_plan::{Approvals, ConflictPolicy, FeaturePolicy, Limit, Mode, Removes};
use crosswatch_port::Ledger;
use crosswatch_settings::Schedule;

use crate::{
    stage::{Line, Stage, account},
    story::at,
    tracker::Mood,
};

/// Runs the pair of the stage and waits for its end.
pub(crate) async fn run_pair(house: &House) {
    let request = RequestRun {
        pair: PairId::parse("the-pair").unwrap(),
        kind: JobKind::Run,
        cause: Cause::Manual,
        features: None,
        permit: Permit::Nothing,
        undoes: None,
        restores: None,
        instead: None,
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

/// A pair between home and Trakt that carries every play, and removes what it sees removed where it is told to.
pub(crate) fn pair(removes: Removes, heeds_live: bool) -> PairBlueprint {
    let policy = FeaturePolicy {
        mode: Mode::OneWay,
        conflict: ConflictPolicy::Source,
        adds: true,
        removes,
        remove_after_reads: 1,
        max_removes: Limit { percent: 100, at_least: 100 },
        max_shrink: Limit { percent: 100, at_least: 100 },
        rewatches: true,
        allow_undated: false,
        new_item_grace_s: 0,
        min_percent: 0,
        max_percent: 100,
        only_new: false,
        blocked: Vec::new(),
        approvals: Approvals::NONE,
        mirror_approved: true,
        leaves_losses: false,
    };
    PairBlueprint {
        id: PairId::parse("the-pair").unwrap(),
        source: account("home"),
        target: account("trakt"),
        is_enabled: true,
        is_shadow: false,
        lock: Lock::Open,
        way_back: Vec::new(),
        runs_after: Vec::new(),
        has_canary: false,
        heeds_live,
        scope: "all".into(),
        features: vec![FeatureBlueprint { feature: Feature::History, policy, schedule: Schedule::manual() }],
    }
}

/// A film watched at noon and from 20:00 on, the second time dated by home as `stamp`; and a run of the pair at 22:00.
fn met(stamp: &str, heeds_live: bool) -> Stage {
    let mut stage = Stage::new();
    stage.pairs = vec![pair(Removes::Off, heeds_live)];
    stage.home.lock().unwrap().plays = vec![("M".to_owned(), at("12:00:00")), ("M".to_owned(), at(stamp))];
    stage
        .tell(&[("20:00:00", "play M @0"), ("21:03:11", "done M @-"), ("21:15:00", "stop M @99")])
        .line("22:00:00", Line::Run)
        .play()
}

#[test]
fn a_pair_adds_nothing_that_was_recorded_live() {
    for stamp in ["21:03:11", "21:04:40", "21:12:00", "21:03:59", "20:00:30"] {
        let stage = met(stamp, true);
        assert_eq!(stage.trakt.lock().unwrap().plays.len(), 2, "{stamp}: {:?}", stage.calls("trakt"));
    }
    let stage = met("16:00:00", true);
    assert_eq!(stage.trakt.lock().unwrap().plays.len(), 3, "a play of its own is added");
    let stage = met("21:12:00", false);
    assert_eq!(stage.trakt.lock().unwrap().plays.len(), 3, "a pair that does not heed live scrobbling adds its own");
}

#[test]
fn a_pair_adds_nothing_that_is_still_on_its_way() {
    let mut stage = Stage::new();
    stage.pairs = vec![pair(Removes::Off, true)];
    stage.home.lock().unwrap().plays = vec![("M".to_owned(), at("21:10:00"))];
    let stage = stage
        .line("19:00:00", Line::Mood("trakt", Mood::SignedOut))
        .tell(&[("20:00:00", "play M @0"), ("21:03:11", "done M @-")])
        .line("22:00:00", Line::Mood("trakt", Mood::Well))
        .line("22:00:00.100", Line::Run)
        .line("22:20:00", Line::Wait)
        .play();
    assert_eq!(stage.trakt.lock().unwrap().plays, [("M".to_owned(), at("21:03:11"))]);
}

#[test]
fn a_new_play_that_the_server_does_not_show_yet_is_not_removed() {
    let mut stage = Stage::new();
    stage.pairs = vec![pair(Removes::Mirror, true)];
    stage.home.lock().unwrap().plays = vec![("N".to_owned(), at("12:00:00"))];
    stage.trakt.lock().unwrap().plays = vec![("N".to_owned(), at("12:00:00"))];
    let stage = stage
        .line("19:00:00", Line::Run)
        .tell(&[("20:00:00", "play M @0"), ("21:30:00", "done M @-")])
        .line("21:31:00", Line::Run)
        .play();
    assert_eq!(stage.trakt.lock().unwrap().plays.len(), 2, "{:?}", stage.calls("trakt"));
}

#[test]
fn two_viewings_of_one_evening_stay_two() {
    let mut stage = Stage::new();
    stage.pairs = vec![pair(Removes::Off, true)];
    stage.home.lock().unwrap().plays = vec![("M".to_owned(), at("19:40:00")), ("M".to_owned(), at("21:40:00"))];
    let stage = stage
        .tell(&[
            ("18:00:00", "play M @0"),
            ("19:30:00", "done M @-"),
            ("19:40:00", "stop M @100"),
            ("20:00:00", "play M @0"),
            ("21:30:00", "done M @-"),
            ("21:40:00", "stop M @100"),
        ])
        .line("22:00:00", Line::Run)
        .play();
    assert_eq!(stage.trakt.lock().unwrap().plays.len(), 2, "{:?}", stage.calls("trakt"));
}

#[test]
fn what_a_pair_writes_to_a_server_is_no_news_when_the_server_tells_it() {
    let mut stage = Stage::new();
    stage.pairs = vec![PairBlueprint { source: account("trakt"), target: account("home"), ..pair(Removes::Off, true) }];
    stage.trakt.lock().unwrap().plays = vec![("N".to_owned(), at("12:00:00"))];
    let stage = stage
        .line("20:00:00", Line::Run)
        .tell(&[("20:00:30", "mark N"), ("20:20:00", "mark N")])
        .line("20:30:00", Line::Wait)
        .play();
    assert_eq!(stage.home.lock().unwrap().plays.len(), 1);
    assert_eq!(stage.dispositions(), [Disposition::Echo, Disposition::Applied]);
}

#[test]
fn a_pair_that_waits_for_plays_runs_a_minute_after_the_last_of_them() {
    let mut stage = Stage::new();
    stage.pairs = vec![PairBlueprint { runs_after: vec![account("home")], ..pair(Removes::Off, true) }];
    stage = stage.tell(&[
        ("20:00:00", "mark E1"),
        ("20:00:30", "mark E2"),
        ("20:01:10", "mark E3"),
        ("20:01:20", "rate E3 8"),
    ]);
    // Who does not stop watching is not waited for without end.
    for second in (0..=700).step_by(50) {
        let clock = format!("21:{:02}:{:02}", second / 60, second % 60);
        stage = stage.tell(&[(clock.as_str(), format!("mark E{}", 4 + second / 50).as_str())]);
    }
    let stage = stage.line("22:00:00", Line::Wait).play();
    let runs = stage.ledger.runs(None, None, 9).unwrap();
    let asked = runs.iter().rev().map(|run| (run.asked_at, run.cause)).collect::<Vec<_>>();
    let expected = ["20:02:10", "21:10:00", "21:12:40"].map(|clock| (at(clock), Cause::Webhook));
    assert_eq!(asked, expected);
}
