//! Sessions told as stories: what happens at which time, and what is said about it.

use crosswatch_model::{Id, IdSet, Item, Kind, Namespace, Show};
use proptest::prelude::*;

use super::*;
use crate::{
    event::{Media, Viewer},
    session::later,
};

const RULES: SessionRules = SessionRules { watched_at: Percent::whole(90) };
const DAY: &str = "2026-03-01";

fn at(clock: &str) -> Timestamp {
    match clock.split_once(' ') {
        Some((day, clock)) => format!("{day}T{clock}Z").parse().unwrap(),
        None => format!("{DAY}T{clock}Z").parse().unwrap(),
    }
}

/// `M` is a film of 100 minutes, `M2` another version of it, `E1` to `E9` are episodes of 50 minutes.
fn media(name: &str) -> Media {
    let one = |namespace, kind, number| IdSet::from_iter([Id::from_number(namespace, kind, number).unwrap()]);
    let film = || Item::titled(Kind::Movie, "The Matrix", Some(1999), one(Namespace::Tmdb, Kind::Movie, 603));
    let (item, minutes) = match name {
        "M" | "M2" => (film(), 100),
        _ => {
            let number: u16 = name.trim_start_matches('E').parse().unwrap();
            let show = Show { ids: one(Namespace::Tvdb, Kind::Show, 81_189), ..Show::default() };
            (Item::episode(show, 1, number, "x", IdSet::default()), 50)
        }
    };
    Media { native: name.into(), item, last_number: None, duration_ms: Some(minutes * 60_000), library: None }
}

/// Reads `play M @12.5`, `stop E1 @-` or `done M @- #7`, where `#7` is the server's name for the playback.
fn event(text: &str) -> PlaybackEvent {
    let mut words = text.split(' ');
    let (step, name, place) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    let media = media(name);
    let position_ms = position_ms(place.trim_start_matches('@'), media.duration_ms.unwrap());
    let step = match step {
        "play" => Step::Start,
        "pause" => Step::Pause,
        "on" => Step::Playing,
        "held" => Step::StillPaused,
        "stop" => Step::Stop,
        "done" => Step::Complete,
        other => panic!("no step {other}"),
    };
    let session = words.next().unwrap_or_default().trim_start_matches('#').into();
    let (viewer, player) = (Viewer { name: "ann".into(), id: "11".into() }, "tv".into());
    PlaybackEvent { step, word: "x".into(), viewer, server: "s".into(), player, session, media, position_ms, at: None }
}

/// Where `98.7` percent of a length is; `-` is nowhere.
fn position_ms(percent: &str, duration_ms: u64) -> Option<u64> {
    let (whole, part) = percent.split_once('.').unwrap_or((percent, ""));
    let hundredths: u64 = whole.parse::<u64>().ok()? * 100 + format!("{part:0<2}").parse::<u64>().unwrap();
    Some(duration_ms * hundredths / 10_000)
}

fn word(saying: &Saying) -> String {
    let name = &saying.media.native;
    match saying.said {
        Said::Started { percent } => format!("start {name} {percent}"),
        Said::Paused { percent, ends, .. } => format!("{} {name} {percent}", if ends { "end" } else { "pause" }),
        Said::Cleared => format!("clear {name}"),
        Said::Completed { percent, .. } => format!("watched {name} {percent}"),
    }
}

/// Tells a story to one seat and answers what was said, each with its time. Time passes by itself between the lines.
fn told(rules: SessionRules, story: &[(&str, &str)]) -> Vec<String> {
    let (mut seat, mut said) = (Seat::default(), Vec::new());
    let wait_until = |seat: &mut Seat, until: Timestamp, said: &mut Vec<String>| {
        for _ in 0..100 {
            let Some(due) = seat.due(rules).filter(|due| *due <= until) else { return };
            let turn = seat.wait(due, rules);
            said.extend(turn.sayings.iter().map(|saying| format!("{} {}", clock(due), word(saying))));
            assert!(seat.due(rules).is_none_or(|next| next > due), "time stands still at {due}: {seat:?}");
        }
    };
    for (number, (when, what)) in (0..).zip(story) {
        let now = at(when);
        wait_until(&mut seat, now, &mut said);
        match *what {
            "wait" => {}
            "vanish" => {
                let turn = seat.vanish(now, rules);
                said.extend(turn.sayings.iter().map(|saying| format!("{} {}", clock(now), word(saying))));
            }
            text => {
                let turn = seat.hear(&event(text), PlayId(number), now, rules);
                said.extend(turn.sayings.iter().map(|saying| format!("{} {}", clock(now), word(saying))));
                assert!(!turn.is_absorbed || turn.sayings.is_empty());
            }
        }
    }
    said
}

fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

fn check(name: &str, story: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(told(RULES, story), expected, "{name}");
}

#[test]
fn the_life_of_a_viewing() {
    check(
        "a plain film",
        &[("20:00:00", "play M @0"), ("21:30:00", "done M @-"), ("21:40:00", "stop M @99.8")],
        &["20:00:00 start M 0.00", "21:30:00 watched M 90.00"],
    );
    check(
        "a short pause is nothing",
        &[
            ("20:00:00", "play M @0"),
            ("20:10:00", "pause M @10"),
            ("20:10:03", "play M @10"),
            ("20:20:00", "stop M @20"),
        ],
        &["20:00:00 start M 0.00", "20:20:00 end M 20.00"],
    );
    check(
        "a stop does not wait for the pause before it",
        &[("20:00:00", "play M @0"), ("20:10:00", "pause M @10"), ("20:10:02", "stop M @10"), ("20:11:00", "wait")],
        &["20:00:00 start M 0.00", "20:10:02 end M 10.00"],
    );
    check(
        "a pause that lasts is told, and so is its end",
        &[("20:00:00", "play M @0"), ("20:10:00", "pause M @10"), ("20:12:00", "play M @10")],
        &["20:00:00 start M 0.00", "20:10:05 pause M 10.00", "20:12:00 start M 10.00"],
    );
    check(
        "a stop below the bar is a resume point",
        &[("20:00:00", "play M @0"), ("21:25:00", "stop M @85")],
        &["20:00:00 start M 0.00", "21:25:00 end M 85.00"],
    );
    check(
        "a stop behind the bar is a viewing",
        &[("20:00:00", "play M @0"), ("21:32:00", "stop M @92")],
        &["20:00:00 start M 0.00", "21:32:00 watched M 92.00"],
    );
    check(
        "over before it began",
        &[("20:00:00", "play M @0"), ("20:00:20", "stop M @0.5")],
        &["20:00:00 start M 0.00", "20:00:20 clear M"],
    );
    check(
        "what the server calls watched is watched, wherever it says it is",
        &[("20:00:00", "play E1 @0"), ("20:50:00", "done E1 @0")],
        &["20:00:00 start E1 0.00", "20:50:00 watched E1 90.00"],
    );
    let early = SessionRules { watched_at: Percent::whole(70) };
    assert_eq!(
        told(early, &[("20:00:00", "play M @0"), ("21:12:00", "stop M @72")]),
        ["20:00:00 start M 0.00", "21:12:00 watched M 72.00"]
    );
}

#[test]
fn signs_of_life_are_no_news_and_jumps_are() {
    let mut story: Vec<(String, String)> = vec![("20:00:00".into(), "play E1 @0".into())];
    for second in (5..3000_u32).step_by(5) {
        let when = format!("20:{:02}:{:02}", second / 60, second % 60);
        story.push((when, format!("on E1 @{:.2}", f64::from(second) / 30.0)));
    }
    story.push(("20:50:00".into(), "done E1 @100".into()));
    let story: Vec<(&str, &str)> = story.iter().map(|(when, what)| (when.as_str(), what.as_str())).collect();
    check("a storm of progress", &story, &["20:00:00 start E1 0.00", "20:50:00 watched E1 100.00"]);
    check(
        "jumps are told, not more often than every five seconds",
        &[
            ("20:00:00", "play M @0"),
            ("20:10:00", "on M @10"),
            ("20:10:10", "on M @10.17"),
            ("20:10:20", "on M @60"),
            ("20:10:22", "on M @61"),
            ("20:10:32", "on M @61.2"),
        ],
        &["20:00:00 start M 0.00", "20:10:20 start M 60.00", "20:10:25 start M 61.00"],
    );
}

#[test]
fn a_viewing_is_complete_once() {
    check(
        "long credits",
        &[("20:00:00", "play M @0"), ("21:30:00", "done M @-"), ("21:37:10", "stop M @99"), ("21:37:12", "stop M @99")],
        &["20:00:00 start M 0.00", "21:30:00 watched M 90.00"],
    );
    check(
        "skipping credits sends a start",
        &[
            ("20:00:00", "play M @0"),
            ("21:30:00", "done M @-"),
            ("21:31:00", "play M @91"),
            ("21:34:00", "play M @97"),
            ("21:35:00", "stop M @99"),
        ],
        &["20:00:00 start M 0.00", "21:30:00 watched M 90.00"],
    );
    check("credits that flap are no viewing", &[("20:00:00", "play M @99.2"), ("20:00:05", "stop M @99.9")], &[]);
    check("an end nobody saw begin counts", &[("20:00:00", "stop M @97")], &["20:00:00 watched M 97.00"]);
    check(
        "the completion of what had stopped is its own",
        &[("20:00:00", "play M @0"), ("21:28:00", "stop M @88"), ("21:28:01", "done M @-"), ("21:28:02", "done M @-")],
        &["20:00:00 start M 0.00", "21:28:00 end M 88.00", "21:28:01 watched M 90.00"],
    );
    check(
        "a jump to the end that no clock allows is not believed",
        &[("20:00:00", "play M @0"), ("20:30:00", "on M @30"), ("20:30:20", "stop M @99")],
        &["20:00:00 start M 0.00", "20:30:20 end M 30.00"],
    );
    check(
        "a start that came late is no new playback",
        &[("20:00:00", "play M @10"), ("20:05:00", "stop M @15"), ("20:05:01", "play M @15")],
        &["20:00:00 start M 10.00", "20:05:00 end M 15.00"],
    );
}

#[test]
fn another_item_closes_the_one_before() {
    check(
        "a binge without stops",
        &[
            ("20:00:00", "play E1 @0"),
            ("20:49:20", "on E1 @98.7"),
            ("20:49:40", "play E2 @0"),
            ("21:38:40", "on E2 @98"),
            ("21:39:00", "play E3 @0"),
        ],
        &[
            "20:00:00 start E1 0.00",
            "20:49:40 watched E1 98.70",
            "20:49:40 start E2 0.00",
            "21:39:00 watched E2 98.00",
            "21:39:00 start E3 0.00",
        ],
    );
    check(
        "the late stop of the item before ends nothing",
        &[
            ("20:00:00", "play E1 @0"),
            ("20:49:20", "on E1 @98.7"),
            ("20:49:40", "play E2 @0"),
            ("20:49:42", "stop E1 @99"),
            ("20:49:43", "done E1 @-"),
            ("21:10:00", "stop E2 @40"),
        ],
        &["20:00:00 start E1 0.00", "20:49:40 watched E1 98.70", "20:49:40 start E2 0.00", "21:10:00 end E2 40.00"],
    );
    check(
        "another version of the film is the same viewing",
        &[
            ("20:00:00", "play M @0"),
            ("20:10:00", "pause M @10"),
            ("20:12:00", "play M2 @10"),
            ("21:32:00", "stop M2 @92"),
        ],
        &["20:00:00 start M 0.00", "20:10:05 pause M 10.00", "20:12:00 start M 10.00", "21:32:00 watched M 92.00"],
    );
    check(
        "a transcoder that starts anew is no news",
        &[("20:00:00", "play M @0 #7"), ("20:40:00", "on M @40 #7"), ("20:40:15", "play M @40.2 #9")],
        &["20:00:00 start M 0.00"],
    );
}

#[test]
fn a_second_viewing_is_one() {
    check(
        "the next day",
        &[
            ("20:00:00", "play M @0"),
            ("21:30:00", "done M @-"),
            ("21:40:00", "stop M @99.8"),
            ("2026-03-02 20:00:00", "play M @0"),
            ("2026-03-02 21:30:00", "done M @-"),
        ],
        &["20:00:00 start M 0.00", "21:30:00 watched M 90.00", "20:00:00 start M 0.00", "21:30:00 watched M 90.00"],
    );
    check(
        "at once",
        &[
            ("18:00:00", "play M @0"),
            ("19:30:00", "done M @-"),
            ("19:40:00", "stop M @100"),
            ("20:00:00", "play M @0"),
            ("21:40:00", "stop M @99"),
        ],
        &["18:00:00 start M 0.00", "19:30:00 watched M 90.00", "20:00:00 start M 0.00", "21:40:00 watched M 99.00"],
    );
    check(
        "given up",
        &[("18:00:00", "play M @0"), ("19:35:00", "stop M @95"), ("20:00:00", "play M @0"), ("20:10:00", "stop M @10")],
        &["18:00:00 start M 0.00", "19:35:00 watched M 95.00", "20:00:00 start M 0.00", "20:10:00 end M 10.00"],
    );
}

#[test]
fn silence_ends_a_session_where_it_was_seen() {
    check(
        "paused and forgotten",
        &[("20:00:00", "play M @0"), ("20:30:00", "pause M @30"), ("2026-03-02 12:00:00", "wait")],
        &["20:00:00 start M 0.00", "20:30:05 pause M 30.00"],
    );
    check(
        "playing and never heard of again",
        &[("20:00:00", "play M @40"), ("2026-03-02 12:00:00", "wait")],
        &["20:00:00 start M 40.00", "21:30:00 end M 40.00"],
    );
    check(
        "paused behind the bar",
        &[("20:00:00", "play M @0"), ("21:35:00", "pause M @95"), ("22:30:00", "wait")],
        &["20:00:00 start M 0.00", "21:45:00 watched M 95.00"],
    );
    check(
        "gone from the server's list",
        &[("20:00:00", "play M @0"), ("20:30:00", "on M @30"), ("20:31:00", "vanish")],
        &["20:00:00 start M 0.00", "20:31:00 end M 30.00"],
    );
}

proptest! {
    /// Whatever a server sends: every viewing is complete at most once, time never stands still, and memory is bounded.
    #[test]
    fn no_story_completes_a_viewing_twice(
        story in prop::collection::vec((0u32..4000, 0usize..6, 0usize..3, prop::option::of(0u32..101)), 1..60)
    ) {
        let (mut seat, mut now) = (Seat::default(), at("20:00:00"));
        let mut completed = std::collections::BTreeSet::new();
        for (number, (seconds, step, item, place)) in (0..).zip(story) {
            now = later(now, i64::from(seconds));
            let step = ["play", "pause", "on", "held", "stop", "done"][step];
            let name = ["M", "E1", "E2"][item];
            let place = place.map_or_else(|| "-".to_owned(), |place| place.to_string());
            let mut turns = vec![seat.wait(now, RULES)];
            prop_assert!(seat.due(RULES).is_none_or(|due| due > now));
            turns.push(seat.hear(&event(&format!("{step} {name} @{place}")), PlayId(number), now, RULES));
            for saying in turns.iter().flat_map(|turn| &turn.sayings) {
                if let Said::Completed { percent, started_at, completed_at } = saying.said {
                    prop_assert!(percent >= RULES.watched_at && started_at <= completed_at && completed_at <= now);
                    prop_assert!(completed.insert(saying.play));
                }
            }
        }
    }
}
