//! The change gate: what moves it, what does not, and what it costs.

use crosswatch_emulator::{FaultKind, FaultRule, LibraryItem};
use crosswatch_model::{Feature, FeatureSet};
use crosswatch_port::Provider;
use jiff::SignedDuration;
use smol_str::SmolStr;

use super::{EPISODE, MOVIE, World};
use crate::testing::run;

/// The marks of history and ratings.
async fn marks(account: &dyn Provider) -> [SmolStr; 2] {
    let both: FeatureSet = [Feature::History, Feature::Ratings].into_iter().collect();
    let stamps = account.stamps(both).await.unwrap().unwrap();
    [Feature::History, Feature::Ratings].map(|feature| stamps.get(feature).cloned().unwrap())
}

/// Something that a person does.
type Change = fn(&World, &mut Vec<u64>);

#[test]
fn every_change_moves_the_mark_of_its_list_and_no_other() {
    run(async {
        let world = World::small();
        let account = world.account();
        let mut ids = Vec::new();
        let changes: [(&str, Change, [bool; 2]); 9] = [
            ("nothing", |_, _| {}, [false, false]),
            ("a play", |world, ids| ids.push(world.play(MOVIE, "2020-01-01T00:00:00Z")), [true, false]),
            ("another play of it", |world, ids| ids.push(world.play(MOVIE, "2021-01-01T00:00:00Z")), [true, false]),
            ("one of two plays gone", |world, ids| remove(world, ids), [true, false]),
            ("the last play gone", |world, ids| remove(world, ids), [true, false]),
            ("a play of an episode", |world, ids| ids.push(world.play(EPISODE, "2020-01-01T00:00:00Z")), [true, false]),
            ("a rating", |world, _| rate(world, 7), [false, true]),
            ("another rating", |world, _| rate(world, 8), [false, true]),
            (
                "a rating gone",
                |world, _| assert!(world.server.state().account_mut("anna").unwrap().unrate(MOVIE)),
                [false, true],
            ),
        ];
        let mut before = marks(&*account).await;
        for (what, change, expected) in changes {
            world.wait(3600);
            change(&world, &mut ids);
            let after = marks(&*account).await;
            let moved = [before[0] != after[0], before[1] != after[1]];
            assert_eq!(moved, expected, "{what}");
            world.wait(3600);
            assert_eq!(marks(&*account).await, after, "{what}, and nothing since");
            assert_eq!(marks(&*world.account()).await, after, "{what}, after a restart");
            before = after;
        }
    });
}

fn remove(world: &World, ids: &mut Vec<u64>) {
    let id = ids.pop().unwrap();
    assert!(world.server.state().account_mut("anna").unwrap().remove_play(id));
}

fn rate(world: &World, rating: u8) {
    let now = world.clock.now();
    world.server.state().account_mut("anna").unwrap().rate(MOVIE, rating, now);
}

#[test]
fn a_second_change_within_the_same_second_is_seen() {
    run(async {
        let world = World::small();
        let account = world.account();
        marks(&*account).await;
        world.wait(3600);
        let id = world.play(MOVIE, "2020-01-01T00:00:00Z");
        let first = marks(&*account).await;
        assert!(world.server.state().account_mut("anna").unwrap().remove_play(id));
        let second = marks(&*account).await;
        assert_ne!(first[0], second[0], "taken away in the second in which it came");
        world.play(LibraryItem::Movie(2), "2020-01-01T00:00:00Z");
        assert_ne!(marks(&*account).await[0], second[0]);
    });
}

#[test]
fn the_journal_is_asked_only_while_it_may_have_news() {
    run(async {
        let world = World::small();
        let account = world.account();
        marks(&*account).await;
        world.wait(3600);
        world.play(MOVIE, "2020-01-01T00:00:00Z");
        for (seconds, journals) in [(0, 1), (10, 2), (60, 3), (60, 3), (86_400 * 20, 3)] {
            world.wait(seconds);
            marks(&*account).await;
            assert_eq!(world.server.log().count("GET", "/sync/journal"), journals, "{seconds} s later");
        }
    });
}

#[test]
fn where_the_journal_cannot_tell_everything_moves() {
    run(async {
        let world = World::small();
        let account = world.account();
        let mut before = marks(&*account).await;
        world.wait(31 * 86_400);
        world.play(MOVIE, "2020-01-01T00:00:00Z");
        let after = marks(&*account).await;
        assert!(before[0] != after[0] && before[1] != after[1], "thirty days are over");
        before = after;
        for kind in [FaultKind::EmptyList, FaultKind::MissingTotals] {
            world.wait(3600);
            world.play(MOVIE, "2021-01-01T00:00:00Z");
            world.server.faults().add(FaultRule::prefix("/sync/journal", kind.clone()));
            let after = marks(&*account).await;
            assert!(before[0] != after[0] && before[1] != after[1], "{kind:?}");
            // The journal is asked once more for a second that was not over yet.
            world.wait(3600);
            before = marks(&*account).await;
            world.wait(3600);
            assert_eq!(marks(&*account).await, before, "{kind:?}");
        }
        world.wait(3600);
        world.play(MOVIE, "2022-01-01T00:00:00Z");
        world.house.cache.0.borrow_mut().clear();
        let restarted = marks(&*world.account()).await;
        assert!(before[0] != restarted[0] && before[1] != restarted[1], "the note is lost");
        world.house.cache.0.borrow_mut().insert("gate".into(), b"{nonsense".to_vec());
        world.wait(3600);
        assert_eq!(
            marks(&*world.account()).await,
            marks(&*world.account()).await,
            "a note that cannot be read is none"
        );
    });
}

#[test]
fn a_quiet_note_is_written_once_a_day() {
    run(async {
        let world = World::small();
        let account = world.account();
        let kept = || world.house.cache.0.borrow().get("gate").cloned();
        marks(&*account).await;
        let first = kept();
        world.wait(3600);
        marks(&*account).await;
        assert_eq!(kept(), first);
        world.clock.advance(SignedDuration::from_hours(24));
        marks(&*account).await;
        assert_ne!(kept(), first, "so that it never grows older than the journal");
    });
}
