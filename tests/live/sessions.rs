//! The basic life of a viewing, as a tracker hears of it.

use crosswatch_model::Disposition;
use crosswatch_scrobble::{Percent, SessionRules};

use crate::stage::Stage;

fn check(name: &str, lines: &[(&str, &str)], trakt: &[&str], plays: usize) {
    Stage::new().tell(lines).play().expect(name, trakt, plays);
}

#[test]
fn a_film_is_announced_and_watched_once() {
    let stage = Stage::new()
        .tell(&[("20:00:00", "play M @0"), ("21:30:00", "done M @-"), ("21:40:00", "stop M @99.8")])
        .play()
        .expect("a plain film", &["start M 0.00", "stop M 90.00"], 1);
    assert_eq!(stage.timed_calls("trakt"), ["20:00:00 start M 0.00", "21:30:00 stop M 90.00"]);
    assert_eq!(stage.dispositions(), [Disposition::Applied, Disposition::Applied, Disposition::Absorbed]);
    let alias = &stage.plays()[0].aliases[0];
    assert_eq!((alias.account.as_str(), alias.native.is_some()), ("trakt", true));
}

#[test]
fn pauses_and_ends_are_told_as_trackers_take_them() {
    check(
        "a short pause is nothing",
        &[
            ("20:00:00", "play M @0"),
            ("20:10:00", "pause M @10"),
            ("20:10:03", "play M @10"),
            ("20:20:00", "stop M @20"),
        ],
        &["start M 0.00", "pause M 20.00"],
        0,
    );
    check(
        "a stop does not wait for the pause before it",
        &[("20:00:00", "play M @0"), ("20:10:00", "pause M @10"), ("20:10:02", "stop M @10")],
        &["start M 0.00", "pause M 10.00"],
        0,
    );
    check(
        "an end in the grey zone is a pause below the tracker's bar",
        &[("20:00:00", "play M @0"), ("21:25:00", "stop M @85")],
        &["start M 0.00", "pause M 79.90"],
        0,
    );
    check(
        "an end behind the bar is a viewing",
        &[("20:00:00", "play M @0"), ("21:32:00", "stop M @92")],
        &["start M 0.00", "stop M 92.00"],
        1,
    );
    check(
        "a jump is told",
        &[("20:00:00", "play M @9"), ("20:01:00", "on M @10"), ("20:01:10", "on M @10.17"), ("20:01:20", "on M @60")],
        &["start M 9.00", "start M 60.00"],
        0,
    );
}

#[test]
fn a_route_with_a_lower_bar_adds_the_play_with_its_date() {
    let mut stage = Stage::new();
    stage.routes[0].rules = SessionRules { watched_at: Percent::whole(70) };
    stage.tell(&[("20:00:00", "play M @0"), ("21:12:00", "stop M @72")]).play().expect(
        "a scrobble below 80 % would be taken for a pause",
        &["start M 0.00", "hist? M", "hist+ M @21:12:00"],
        1,
    );
}

#[test]
fn a_binge_without_stops_is_three_viewings() {
    check(
        "each episode closes the one before",
        &[
            ("20:00:00", "play E1 @0"),
            ("20:49:20", "on E1 @98.7"),
            ("20:49:40", "play E2 @0"),
            ("21:38:40", "on E2 @98"),
            ("21:39:00", "play E3 @0"),
        ],
        &["start E1 0.00", "stop E1 98.70", "start E2 0.00", "stop E2 98.00", "start E3 0.00"],
        2,
    );
}

#[test]
fn a_file_of_two_episodes_is_two_plays() {
    check(
        "one scrobble, and a dated play for the other",
        &[("20:00:00", "play E4 @0 to5"), ("20:45:00", "done E4 @- to5")],
        &["start E4 0.00", "stop E4 90.00", "hist? E5", "hist+ E5 @20:45:00"],
        2,
    );
}

#[test]
fn a_second_viewing_is_told_again() {
    check(
        "the next day",
        &[
            ("20:00:00", "play M @0"),
            ("21:30:00", "done M @-"),
            ("21:40:00", "stop M @99.8"),
            ("2026-03-02 20:00:00", "play M @0"),
            ("2026-03-02 21:30:00", "done M @-"),
        ],
        &["start M 0.00", "stop M 90.00", "start M 0.00", "stop M 90.00"],
        2,
    );
    check(
        "given up in the middle",
        &[("18:00:00", "play M @0"), ("19:35:00", "stop M @95"), ("21:00:00", "play M @0"), ("21:10:00", "stop M @10")],
        &["start M 0.00", "stop M 95.00", "start M 0.00", "pause M 10.00"],
        1,
    );
}

#[test]
fn a_session_that_falls_silent_ends_where_it_was_seen() {
    check(
        "paused for ever",
        &[("20:00:00", "play M @0"), ("20:30:00", "pause M @30"), ("2026-03-02 12:00:00", "play N @0")],
        &["start M 0.00", "pause M 30.00", "start N 0.00"],
        0,
    );
    check(
        "playing for ever",
        &[("20:00:00", "play M @40"), ("2026-03-02 12:00:00", "play N @0")],
        &["start M 40.00", "pause M 40.00", "start N 0.00"],
        0,
    );
}
