//! Deaths of the process: at every single write, before and after it reached the disk.

use crosswatch_model::{Feature, ParcelState};

use crate::{
    stage::{Line, Stage},
    store::Death,
    tracker::Mood,
};

fn evening() -> Stage {
    Stage::to(&["trakt", "ledger"]).tell(&[
        ("20:00:00", "play M @0"),
        ("20:40:00", "pause M @40"),
        ("20:45:00", "play M @40"),
        ("21:35:00", "done M @-"),
        ("21:45:00", "stop M @99.8"),
        ("22:00:00", "play E1 @0"),
        ("22:46:00", "done E1 @-"),
        ("22:50:00", "mark N"),
        ("22:51:00", "rate M 9"),
    ])
}

/// Ends the first life at every write there is, and checks the whole evening each time.
fn at_every_write(story: fn() -> Stage) -> u64 {
    for number in 1.. {
        let mut has_died = false;
        for death in [Death::Before(number), Death::After(number)] {
            let (stage, died) = story().play_until(death);
            has_died |= died;
            let plays = |name: &str, stage: &Stage| {
                let truth = stage.trakt.lock().unwrap();
                truth.plays.iter().filter(|(item, _)| item == name).count()
            };
            for name in ["M", "E1", "N"] {
                assert_eq!(
                    plays(name, &stage),
                    1,
                    "{death:?}: {name} at the tracker: {:?}",
                    stage.timed_calls("trakt")
                );
            }
            assert_eq!(stage.shelf(Feature::History).len(), 3, "{death:?}: {:?}", stage.shelf(Feature::History));
            assert_eq!(stage.plays().len(), 3, "{death:?}");
            assert_eq!(stage.trakt.lock().unwrap().ratings, [("M".to_owned(), 90)], "{death:?}");
            assert!(stage.waiting("trakt").is_empty() && stage.waiting("ledger").is_empty(), "{death:?}");
            assert_eq!(stage.settled(ParcelState::Dead), 0, "{death:?}");
            stage.dispositions();
        }
        if !has_died {
            return number;
        }
    }
    0
}

#[test]
fn no_play_is_lost_or_doubled_by_a_death_at_any_write() {
    let writes = at_every_write(evening);
    assert!(writes > 40, "only {writes} writes were tried");
}

#[test]
fn nor_where_the_tracker_was_down_and_forgot_its_answers() {
    let writes = at_every_write(|| {
        evening()
            .line("21:00:00", Line::Mood("trakt", Mood::Down))
            .line("22:20:00", Line::Mood("trakt", Mood::LosesReplies(2)))
            .line("23:30:00", Line::Wait)
    });
    assert!(writes > 40, "only {writes} writes were tried");
}

#[test]
fn a_kill_right_after_the_answer_loses_nothing() {
    let stage = Stage::new()
        .tell(&[("20:00:00", "play M @0"), ("21:30:00", "done M @-")])
        .line("21:30:00", Line::Killed)
        .line("21:31:00", Line::Wait)
        .play();
    assert_eq!(stage.trakt.lock().unwrap().plays.len(), 1, "{:?}", stage.calls("trakt"));
    assert_eq!(stage.calls("trakt").iter().filter(|call| call.starts_with("stop")).count(), 1);
    assert_eq!(stage.plays().len(), 1);
}

#[test]
fn a_stop_finds_its_start_after_a_restart() {
    Stage::new()
        .tell(&[("20:00:00", "play M @0"), ("21:00:00", "stop M @60")])
        .line("20:30:00", Line::Killed)
        .play()
        .expect("the resume point is kept", &["start M 0.00", "pause M 60.00"], 0);
}
