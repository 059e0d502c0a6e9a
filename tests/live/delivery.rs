//! Trackers that are down, busy, locked or forgetful: nothing is lost, nothing is told twice, nothing holds up the rest.

use crosswatch_model::{Feature, ParcelState};

use crate::{
    stage::{Line, Stage, route},
    story::at,
    tracker::Mood,
};

const FILM: [(&str, &str); 2] = [("20:00:00", "play M @0"), ("21:30:00", "done M @-")];

#[test]
fn an_account_that_asks_to_wait_is_left_alone_and_told_the_newest() {
    let stage = Stage::new()
        .line("19:59:00", Line::Mood("trakt", Mood::Busy(7)))
        .tell(&[("20:00:00", "play E1 @0"), ("20:00:03", "stop E1 @50")])
        .play()
        .expect("429", &["pause E1 50.00"], 0);
    assert!(stage.timed_calls("trakt")[0].as_str() >= "20:00:07", "{:?}", stage.timed_calls("trakt"));
    assert_eq!(stage.settled(ParcelState::Superseded), 1);
}

#[test]
fn a_tracker_that_fails_three_times_gets_one_play() {
    let stage = Stage::new()
        .tell(&FILM)
        .line("21:00:00", Line::Mood("trakt", Mood::Broken(3)))
        .line("21:40:00", Line::Wait)
        .play();
    assert_eq!(stage.trakt.lock().unwrap().plays.len(), 1);
    assert_eq!(stage.calls("trakt"), ["start M 0.00", "stop M 90.00"]);
}

#[test]
fn an_evening_without_the_tracker_is_delivered_with_its_own_dates() {
    let mut stage = Stage::new().line("18:00:00", Line::Mood("trakt", Mood::Down));
    let mut expected = Vec::new();
    for number in 1..=6_i64 {
        let start = at("18:00:00") + jiff::SignedDuration::from_mins(50 * (number - 1));
        let end = start + jiff::SignedDuration::from_mins(46);
        let clock = |at: jiff::Timestamp| at.strftime("%H:%M:%S").to_string();
        stage =
            stage.tell(&[(&clock(start), &format!("play E{number} @0")), (&clock(end), &format!("done E{number} @-"))]);
        expected.push(format!("E{number} @{}", clock(end)));
    }
    let stage = stage
        .tell(&[("23:00:00", "play E7 @0")])
        .line("23:10:00", Line::Mood("trakt", Mood::Well))
        .line("23:40:00", Line::Wait)
        .play();
    let calls = stage.calls("trakt");
    let history: Vec<&String> = calls.iter().filter(|call| call.starts_with("hist+")).collect();
    let told: Vec<String> = history
        .iter()
        .flat_map(|call| call.trim_start_matches("hist+ ").split(" E"))
        .map(|play| if play.starts_with('E') { play.to_owned() } else { format!("E{play}") })
        .collect();
    assert_eq!(told, expected, "{calls:?}");
    let starts: Vec<&String> = calls.iter().filter(|call| call.starts_with("start")).collect();
    assert_eq!(starts.len(), 1, "only what plays is announced: {calls:?}");
    assert!(starts[0].starts_with("start E7 "), "{calls:?}");
    assert_eq!(calls.iter().filter(|call| call.starts_with("stop")).count(), 0);
    assert!(stage.waiting("trakt").is_empty());
}

#[test]
fn a_conflict_is_the_last_word() {
    let stage = Stage::new()
        .line("19:00:00", Line::Mood("trakt", Mood::JustHad(at("21:29:30"))))
        .tell(&FILM)
        .line("2026-03-02 01:00:00", Line::Wait)
        .play()
        .expect("this very viewing", &["start M 0.00", "stop M 90.00"], 1);
    assert_eq!(stage.plays()[0].aliases[0].at, Some(at("21:29:30")));
}

#[test]
fn a_conflict_with_another_viewing_adds_this_one_with_its_date() {
    Stage::new().line("19:00:00", Line::Mood("trakt", Mood::JustHad(at("19:20:00")))).tell(&FILM).play().expect(
        "a rewatch inside the lock",
        &["start M 0.00", "stop M 90.00", "hist? M", "hist+ M @21:30:00"],
        1,
    );
}

#[test]
fn a_lost_answer_is_looked_for_before_anything_is_sent_again() {
    let stage = Stage::new().tell(&FILM).line("21:00:00", Line::Mood("trakt", Mood::LosesReplies(1))).play().expect(
        "taken, and the answer lost",
        &["start M 0.00", "stop M 90.00", "hist? M"],
        1,
    );
    assert_eq!(stage.trakt.lock().unwrap().plays.len(), 1);
}

#[test]
fn what_is_in_doubt_stays_in_doubt_until_the_account_can_be_asked() {
    let stage = Stage::new()
        .tell(&FILM)
        .line("21:00:00", Line::Mood("trakt", Mood::LosesReplyThenBreaks(2)))
        .line("22:00:00", Line::Wait)
        .play()
        .expect("the look fails twice", &["start M 0.00", "stop M 90.00", "hist? M"], 1);
    assert_eq!(stage.trakt.lock().unwrap().plays.len(), 1);
}

#[test]
fn whoever_must_sign_in_again_loses_nothing() {
    let stage = Stage::new()
        .line("19:00:00", Line::Mood("trakt", Mood::SignedOut))
        .tell(&FILM)
        .tell(&[("22:00:00", "play N @0"), ("23:30:00", "done N @-")])
        .line("2026-03-03 10:00:00", Line::Mood("trakt", Mood::Well))
        .line("2026-03-03 10:05:00", Line::Wait)
        .play();
    let calls = stage.calls("trakt");
    assert_eq!(calls, ["hist? M N", "hist+ M @21:30:00 N @23:30:00"]);
}

#[test]
fn what_is_unknown_there_waits_and_holds_up_nothing() {
    let stage = Stage::new();
    stage.trakt.lock().unwrap().unknown = vec!["N"];
    let stage = stage.tell(&[("20:00:00", "done N @-"), ("20:00:01", "done M @-")]).play();
    assert_eq!(stage.trakt.lock().unwrap().plays.len(), 1);
    let waiting = stage.waiting("trakt");
    assert_eq!(waiting.iter().map(|parcel| parcel.state).collect::<Vec<_>>(), [ParcelState::Parked]);
    assert_eq!(waiting[0].last_error.as_deref(), Some("not_found"));
    stage.trakt.lock().unwrap().unknown.clear();
    let stage = stage.line("2026-03-02 21:00:00", Line::Wait).play();
    assert!(stage.waiting("trakt").is_empty());
    assert_eq!(stage.trakt.lock().unwrap().plays.len(), 2);
}

#[test]
fn one_target_that_is_down_does_not_hold_up_the_other() {
    let mut stage = Stage::to(&["trakt", "simkl", "ledger"]);
    stage.routes = vec![route("ann-live", "ann", &["trakt", "simkl", "ledger"])];
    let stage = stage
        .line("19:00:00", Line::Mood("simkl", Mood::Down))
        .tell(&FILM)
        .line("22:30:00", Line::Mood("simkl", Mood::Well))
        .line("23:00:00", Line::Wait)
        .play()
        .expect("trakt hears on time", &["start M 0.00", "stop M 90.00"], 1);
    assert_eq!(stage.calls("simkl"), ["hist? M", "hist+ M @21:30:00"]);
    assert_eq!(stage.shelf(Feature::History).len(), 1);
    let accounts: Vec<String> = stage.plays()[0].aliases.iter().map(|alias| alias.account.to_string()).collect();
    assert_eq!(accounts.len(), 3, "{accounts:?}");
}

#[test]
fn the_built_in_tracker_keeps_places_and_forgets_them_with_the_viewing() {
    let stage = Stage::to(&["ledger"]).tell(&[("20:00:00", "play M @0"), ("20:30:00", "stop M @30")]).play();
    assert_eq!(stage.shelf(Feature::Progress).len(), 1);
    assert_eq!(stage.shelf(Feature::History), [""; 0]);
    let stage = stage.tell(&[("21:00:00", "play M @30"), ("22:10:00", "done M @-")]).play();
    assert_eq!(stage.shelf(Feature::Progress), [""; 0]);
    assert_eq!(stage.shelf(Feature::History).len(), 1);
}

#[test]
fn a_film_that_was_watched_leaves_the_watchlist_once_its_viewing_is_there() {
    let mut stage = Stage::new();
    stage.routes[0].unlists_films = true;
    stage.trakt.lock().unwrap().watchlist = vec!["M".into(), "N".into()];
    let stage = stage.tell(&FILM).play();
    assert_eq!(stage.calls("trakt"), ["start M 0.00", "stop M 90.00", "list- M"]);
    assert_eq!(stage.trakt.lock().unwrap().watchlist, ["N"]);
}
