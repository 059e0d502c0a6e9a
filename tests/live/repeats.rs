//! What arrives twice, by two ways, or in the wrong order.

use crosswatch_model::Disposition;
use crosswatch_scrobble::Via;

use crate::stage::{Line, Stage};

fn same(stage: Stage, when: &str, what: &str, body: u128) -> Stage {
    stage.line(when, Line::Heard(Via::Webhook, what.to_owned(), Some(body)))
}

#[test]
fn the_same_body_is_heard_once() {
    for second in ["21:30:00.300", "21:30:20"] {
        let stage = Stage::new().tell(&[("20:00:00", "play M @0")]);
        let stage = same(same(stage, "21:30:00", "done M @-", 5), second, "done M @-", 5);
        let stage = stage.play().expect(second, &["start M 0.00", "stop M 90.00"], 1);
        assert_eq!(stage.dispositions()[2], Disposition::Duplicate);
    }
}

#[test]
fn a_repeat_is_known_across_a_restart() {
    let stage = same(Stage::new(), "21:30:00", "done M @-", 5).line("21:30:02", Line::Killed);
    let stage = same(stage, "21:30:10", "done M @-", 5);
    let stage = stage.play().expect("killed in between", &["stop M 90.00"], 1);
    assert_eq!(stage.dispositions(), [Disposition::Applied, Disposition::Duplicate]);
}

#[test]
fn a_webhook_and_a_watcher_of_one_server_give_one_play() {
    let watch = |stage: Stage, when: &str, what: &str| stage.line(when, Line::Heard(Via::Watch, what.to_owned(), None));
    let stage =
        Stage::new().tell(&[("20:00:00", "play M @0"), ("21:30:00", "done M @-"), ("21:40:00", "stop M @99.8")]);
    let stage = watch(stage, "20:00:01", "play M @0.02 #7");
    let stage = watch(stage, "20:30:00", "on M @30 #7");
    let stage = watch(stage, "21:40:01", "stop M @99.8 #7");
    let stage = stage.play().expect("both", &["start M 0.00", "stop M 90.00"], 1);
    assert_eq!(
        stage.dispositions(),
        [
            Disposition::Applied,
            Disposition::Absorbed,
            Disposition::Absorbed,
            Disposition::Applied,
            Disposition::Absorbed,
            Disposition::Absorbed,
        ]
    );
}

#[test]
fn skipping_credits_tells_nothing_new() {
    Stage::new()
        .tell(&[
            ("20:00:00", "play M @0"),
            ("21:30:00", "done M @-"),
            ("21:31:00", "play M @91"),
            ("21:34:00", "play M @97"),
            ("21:35:00", "stop M @99"),
        ])
        .play()
        .expect("skip credits", &["start M 0.00", "stop M 90.00"], 1);
}

#[test]
fn the_last_of_several_ratings_is_told() {
    Stage::new().tell(&[("20:00:00", "rate M 8"), ("20:00:02", "rate M 9"), ("20:00:03", "rate M 9")]).play().expect(
        "ratings",
        &["rate+ M 90"],
        0,
    );
    let stage = Stage::new().tell(&[("20:00:00", "rate M 9"), ("20:01:00", "rate M 0")]).play();
    assert_eq!(stage.calls("trakt"), ["rate+ M 90", "rate- M"]);
}
