//! Between plan and confirmation: what is on its way, refused, half done or only previewed.

use crosswatch_model::{Action, Feature, HoldKind, Side, Uid};
use crosswatch_plan::{After, Approvals, PlayKey, RecordedPlay};

use crate::world::{T1, World, is_write, m};

fn key() -> PlayKey {
    PlayKey(u32::try_from(T1 / 60).unwrap())
}

#[test]
fn s58_the_one_that_was_not_found_waits_and_the_nine_are_done() {
    let mut world = World::new(Feature::History).source((1..=10).map(m));
    let planned = world.plan();
    assert_eq!(planned.writes(), 10);
    for item in planned.plan.items.iter().take(9) {
        world.apply(item);
    }
    let uid = world.uid_of(&m(10).item);
    world.unresolved.push((uid, key()));
    world.expect_all(&["skip movie 10: unresolved"]);
    assert_eq!(world.plan().plan.counts.unchanged, 9);
    world.unresolved.clear();
    world.expect(&["+ movie 10"]);
}

#[test]
fn s60_what_is_on_its_way_is_not_planned_again() {
    let mut world = World::new(Feature::History).source([m(1), m(2)]);
    let uid = world.uid_of(&m(1).item);
    for minutes in [-2i64, 0, 2] {
        let play = PlayKey(u32::try_from(T1 / 60 + minutes).unwrap());
        world.in_flight = vec![(uid, play)];
        world.expect_all(&["skip movie 1: in_flight", "+ movie 2"]);
    }
    world.in_flight = vec![(uid, PlayKey(key().0 + 60))];
    world.expect_all(&["+ movie 1", "+ movie 2"]);
    world.in_flight = vec![(Uid(99), key())];
    world.expect_all(&["+ movie 1", "+ movie 2"]);
}

#[test]
fn what_live_scrobbling_records_is_not_added_again() {
    let mut world = World::new(Feature::History).source([m(1), m(2)]);
    let uid = world.uid_of(&m(1).item);
    let at = |seconds: i64| jiff::Timestamp::from_second(T1 + seconds).unwrap();
    let recorded = |side, from, until| RecordedPlay { uid, side, from: at(from), until: at(until) };
    for (side, from, until, is_recorded) in [
        (Side::Target, -3600, 600, true),
        (Side::Target, 0, 0, true),
        (Side::Target, 1, 600, false),
        (Side::Target, -600, -1, false),
        (Side::Source, -3600, 600, false),
    ] {
        world.recorded = vec![recorded(side, from, until)];
        let first = if is_recorded { "skip movie 1: recorded_live" } else { "+ movie 1" };
        world.expect_all(&[first, "+ movie 2"]);
    }
}

#[test]
fn s60_where_presence_counts_any_write_of_the_item_is_on_its_way() {
    let mut world = World::new(Feature::History).source([m(1)]).with(|policy| policy.rewatches = false);
    let uid = world.uid_of(&m(1).item);
    world.in_flight = vec![(uid, key())];
    world.expect_all(&["skip movie 1: in_flight"]);
}

#[test]
fn a_write_on_its_way_freezes_what_is_remembered() {
    let mut world = World::new(Feature::Watchlist).target([m(1)]).agreed([m(1)]).removing();
    world.in_flight = vec![(Uid(1), PlayKey::PRESENCE)];
    let planned = world.run();
    assert_eq!((planned.lines(|_| true), planned.plan.settle.len()), (vec!["skip movie 1: in_flight".to_owned()], 0));
}

#[test]
fn s61_a_run_that_died_goes_on_where_it_stopped() {
    let mut world = World::new(Feature::History).source((1..=5).map(m));
    let planned = world.plan();
    for item in planned.plan.items.iter().take(2) {
        world.apply(item);
    }
    world.converges(&["+ movie 3", "+ movie 4", "+ movie 5"]);
}

#[test]
fn s64_what_was_accepted_and_is_not_visible_is_not_added_for_ever() {
    let mut world = World::new(Feature::Watchlist).source([m(1)]).wrote([m(1)]);
    world.expect(&["+ movie 1"]);
    world.unresolved.push((Uid(1), PlayKey::PRESENCE));
    world.expect_all(&["skip movie 1: unresolved"]);
}

#[test]
fn s66_a_preview_is_exactly_what_the_run_does() {
    let world = World::new(Feature::Watchlist).source([m(1), m(2)]).target([m(2), m(3)]).agreed([m(3)]).removing();
    let preview = world.plan().plan;
    let mut run = world.clone();
    let done = run.run().plan;
    assert_eq!(preview, done);
    assert_eq!(done.items.iter().filter(|item| is_write(item.line.action)).count(), 2);
    run.converges(&[]);
}

#[test]
fn d11_held_removals_are_there_again_in_every_plan() {
    let mut world = World::new(Feature::Watchlist)
        .source((11..=40).map(m))
        .target((1..=40).map(m))
        .agreed((1..=40).map(m))
        .removing();
    for _ in 0..4 {
        let planned = world.run();
        assert_eq!((planned.plan.counts.held, planned.plan.holds[0].kind), (10, HoldKind::Removes));
    }
    world.policy.approvals = Approvals::ALL;
    assert_eq!(world.run().plan.counts.removes, 10);
}

#[test]
fn what_follows_from_a_write_says_so() {
    let world = World::new(Feature::Watchlist).source([m(1)]).target([m(2)]).agreed([m(2)]).removing();
    let planned = world.plan();
    let after: Vec<(Action, After)> = planned.plan.items.iter().map(|item| (item.line.action, item.after)).collect();
    assert!(
        matches!(after[0], (Action::Add, After::Put(row)) if row.written_by_us && row.seen_on_source && row.seen_on_target)
    );
    assert_eq!(after[1], (Action::Remove, After::Drop));
}
