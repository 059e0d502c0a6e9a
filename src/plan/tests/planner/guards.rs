//! The guards hold what is risky and let the rest through.

use crosswatch_model::{Action, Feature, HoldKind, Side};
use crosswatch_plan::{Approvals, Limit, Removes};

use crate::world::{Row, T1, World, m};

fn agreed(count: u64) -> World {
    World::new(Feature::Watchlist).target((1..=count).map(m)).agreed((1..=count).map(m)).removing()
}

fn kinds(world: &World) -> Vec<(HoldKind, u64)> {
    world.plan().plan.holds.iter().map(|hold| (hold.kind, hold.items)).collect()
}

#[test]
fn both_halves_of_max_removes_must_be_exceeded() {
    for (items, gone, held) in [(10, 4, false), (10, 5, true), (100, 10, false), (100, 11, true), (3, 3, false)] {
        let world = agreed(items).source((gone + 1..=items).map(m));
        let counts = world.plan().plan.counts;
        let expected = if held { (0, gone) } else { (gone, 0) };
        assert_eq!((counts.removes, counts.held), expected, "{gone} of {items}");
    }
}

#[test]
fn the_harmless_part_goes_on() {
    let world = agreed(10).source([m(50)]);
    assert_eq!((world.plan().plan.counts.adds, world.plan().plan.counts.held), (1, 10));
    assert_eq!(
        world.plan().plan.holds[0].sentence,
        "10 of 10 items would be removed from the target; approving removes them."
    );
}

#[test]
fn the_first_removals_of_a_mirror_wait() {
    let mirror = agreed(3).source([m(1)]).with(|policy| policy.removes = Removes::Mirror);
    mirror.expect(&["hold - movie 2: first_mirror", "hold - movie 3: first_mirror"]);
    assert_eq!(kinds(&mirror), [(HoldKind::FirstMirror, 2)]);
    for approve in [
        |world: &mut World| world.policy.approvals = Approvals::ALL,
        |world: &mut World| world.policy.mirror_approved = true,
    ] {
        let mut approved = mirror.clone();
        approve(&mut approved);
        approved.expect(&["- movie 2", "- movie 3"]);
    }
}

#[test]
fn a_mirror_never_removes_what_it_sees_for_the_first_time() {
    let mut world = World::new(Feature::Watchlist).source([m(1)]).target([m(1), m(2)]).removing();
    world.policy.removes = Removes::Mirror;
    world.policy.mirror_approved = true;
    world.expect_all(&["skip movie 2: only_on_target"]);
    let world = world.knows_on_target([m(2)]);
    world.expect_all(&["- movie 2"]);
    let planned = world.plan();
    assert_eq!(planned.plan.items[0].line.reason.as_str(), "not_on_source_mirror");
}

#[test]
fn a_full_account_takes_what_fits_and_says_the_rest() {
    let world = World::new(Feature::Watchlist).source((1..=8).map(m)).target((1..=2).map(m)).target_can(|can| {
        for feature in &mut can.features {
            feature.max_rows = Some(5);
        }
    });
    for approvals in [Approvals::NONE, Approvals::ALL] {
        let world = world.clone().with(|policy| policy.approvals = approvals);
        let planned = world.plan();
        assert_eq!(planned.lines(|action| action == Action::Add), ["+ movie 3", "+ movie 4", "+ movie 5"]);
        assert_eq!(planned.lines(|action| action == Action::Hold).len(), 3);
        assert_eq!(kinds(&world), [(HoldKind::AccountFull, 3)]);
    }
}

#[test]
fn long_lists_of_what_is_left_alone_are_cut_and_counted() {
    let world = World::new(Feature::Watchlist).target((1..=1_500).map(m));
    let planned = world.plan();
    assert_eq!((planned.plan.items.len(), planned.plan.counts.skipped), (1_000, 1_500));
    assert_eq!(planned.notices(), ["1500 items are left alone (only_on_target); 1000 of them are listed."]);
}

#[test]
fn a_limit_of_nothing_holds_every_removal() {
    let world =
        agreed(100).source((2..=100).map(m)).with(|policy| policy.max_removes = Limit { percent: 0, at_least: 0 });
    assert_eq!((world.plan().writes(), world.plan().plan.counts.held), (0, 1));
}

#[test]
fn each_written_side_has_its_own_limit() {
    let world = || World::new(Feature::Watchlist).two_way().agreed((1..=40).map(m)).removing();
    let lenient = |world: World| world.with(|policy| policy.max_shrink = Limit { percent: 100, at_least: 100 });
    let one = lenient(world().source((1..=36).map(m)).target((5..=40).map(m)));
    assert_eq!((one.plan().plan.counts.removes, one.plan().plan.counts.held), (8, 0));
    let many = lenient(world().source((1..=36).map(m)).target((7..=40).map(m)));
    let holds: Vec<(HoldKind, Side, u64)> =
        many.plan().plan.holds.iter().map(|hold| (hold.kind, hold.side, hold.items)).collect();
    assert_eq!(holds, [(HoldKind::Removes, Side::Source, 6)]);
    assert_eq!(many.plan().plan.counts.removes, 4);
    assert_eq!(
        many.plan().plan.holds[0].sentence,
        "6 of 36 items would be removed from the source; approving removes them."
    );
}

#[test]
fn two_way_a_side_that_lost_too_much_of_what_is_known_is_not_believed() {
    let world = World::new(Feature::Watchlist).two_way().agreed((1..=10).map(m)).removing();
    for (world, kind, side) in [
        (world.clone().source((1..=10).map(m)), HoldKind::TargetShrunk, Side::Source),
        (world.clone().target((1..=10).map(m)), HoldKind::SourceShrunk, Side::Target),
    ] {
        let planned = world.plan();
        let hold = &planned.plan.holds[0];
        assert_eq!((planned.writes(), hold.kind, hold.side, hold.items), (0, kind, side, 10));
        let approved = world.clone().with(|policy| policy.approvals = Approvals::NONE.with(kind));
        assert_eq!(approved.plan().plan.holds[0].kind, HoldKind::Removes);
        assert_eq!(world.with(|policy| policy.approvals = Approvals::ALL).plan().plan.counts.removes, 10);
    }
}

#[test]
fn an_approval_opens_the_guard_it_names_and_no_other() {
    let mirror = agreed(10).source([m(1)]).with(|policy| policy.removes = Removes::Mirror);
    let approving = |kinds: &[HoldKind]| {
        let approvals = kinds.iter().copied().collect();
        let world = mirror.clone().with(|policy| policy.approvals = approvals);
        (world.plan().writes(), self::kinds(&world))
    };
    assert_eq!(approving(&[]), (0, vec![(HoldKind::Removes, 9), (HoldKind::FirstMirror, 9)]), "both are told at once");
    assert_eq!(approving(&[HoldKind::Removes]), (0, vec![(HoldKind::FirstMirror, 9)]));
    assert_eq!(approving(&[HoldKind::FirstMirror]), (0, vec![(HoldKind::Removes, 9)]));
    assert_eq!(approving(&[HoldKind::FirstMirror, HoldKind::Removes]), (9, vec![]));
}

/// A pair that rated movie 1 and then meets somebody who rates it otherwise, again and again.
fn quarrel() -> World {
    let mut world = World::new(Feature::Ratings).source([m(1).rated(80, None)]);
    world.run();
    world
}

fn other_writer(world: &mut World, value: u8) {
    *world = world.clone().target([m(1).rated(value, None)]);
}

#[test]
fn a_value_that_goes_back_and_forth_waits_until_it_is_approved() {
    let mut world = quarrel();
    for _ in 0..2 {
        other_writer(&mut world, 30);
        assert_eq!(world.run().lines(|_| true), ["~ movie 1 = 80"]);
        assert_eq!(world.run().lines(|_| true), Vec::<String>::new());
    }
    other_writer(&mut world, 30);
    for _ in 0..3 {
        assert_eq!(world.run().lines(|_| true), ["hold ~ movie 1 = 80: flip_flop"]);
    }
    assert_eq!(kinds(&world), [(HoldKind::FlipFlop, 1)]);
    let mut settled = world.clone().target([m(1)]);
    assert_eq!(settled.run().lines(|_| true), Vec::<String>::new());
    world.policy.approvals = Approvals::NONE.with(HoldKind::FlipFlop);
    assert_eq!(world.run().writes(), 1);
    world.policy.approvals = Approvals::NONE;
    other_writer(&mut world, 30);
    world.converges(&["~ movie 1 = 80"]);
}

#[test]
fn returns_that_are_far_apart_are_no_quarrel() {
    let mut world = quarrel();
    for _ in 0..5 {
        other_writer(&mut world, 30);
        assert_eq!(world.run().writes(), 1);
        world.run_number += 11;
    }
}

#[test]
fn values_that_only_move_on_are_no_quarrel() {
    let mut world = quarrel();
    for value in [10, 20, 30, 40, 50, 60] {
        world.source = world.clone().source([m(1).rated(value, None)]).source;
        assert_eq!(world.run().writes(), 1, "{value}");
    }
    for value in [50, 60] {
        world.source = world.clone().source([m(1).rated(value, None)]).source;
        assert_eq!(world.run().writes(), 1, "{value}");
    }
    world.source = world.clone().source([m(1).rated(50, None)]).source;
    world.expect(&["hold ~ movie 1 = 50: flip_flop"]);
}

#[test]
fn two_way_a_value_that_goes_back_and_forth_between_the_sides_waits() {
    let mut world = World::new(Feature::Ratings).two_way().source([m(1).rated(60, None)]);
    world.run();
    let rate_source = |world: &mut World| world.source = world.clone().source([m(1).rated(80, None)]).source;
    rate_source(&mut world);
    assert_eq!(world.run().lines(|_| true), ["~ movie 1 = 80"]);
    other_writer(&mut world, 60);
    assert_eq!(world.run().lines(|_| true), ["~ movie 1 = 60 on the source"]);
    rate_source(&mut world);
    assert_eq!(world.run().lines(|_| true), ["~ movie 1 = 80"]);
    other_writer(&mut world, 60);
    world.expect(&["hold ~ movie 1 = 60 on the source: flip_flop"]);
}

#[test]
fn s64_what_is_put_back_and_lost_again_and_again_waits() {
    let mut world = World::new(Feature::Watchlist).source([m(1)]);
    for _ in 0..3 {
        assert_eq!(world.run().lines(|_| true), ["+ movie 1"]);
        world.target.clear();
    }
    world.expect(&["hold + movie 1: flip_flop"]);
}

#[test]
fn more_than_two_plays_within_one_length_of_the_item_wait() {
    let plays = |minutes: &[i64]| -> Vec<Row> { minutes.iter().map(|at| m(1).played(T1 + at * 60)).collect() };
    let world = |minutes: &[i64]| {
        let mut world = World::new(Feature::History).source(plays(minutes)).target(plays(&[0]));
        world.runtimes_s = vec![(m(1).item, 6_000)];
        world
    };
    assert_eq!(world(&[0, 30]).plan().writes(), 1);
    assert_eq!(world(&[0, 30, 130]).plan().writes(), 2);
    let crowded = world(&[0, 30, 60, 500]);
    assert_eq!((crowded.plan().writes(), kinds(&crowded)), (1, vec![(HoldKind::DuplicatePlays, 2)]));
    assert_eq!(
        crowded.plan().plan.holds[0].sentence,
        "2 plays would make more than two of one item within its own length; approving adds them."
    );
    let both = crowded.clone().two_way();
    assert_eq!(both.plan().plan.counts.held, 2);
    let approved = crowded.clone().with(|policy| policy.approvals = Approvals::NONE.with(HoldKind::DuplicatePlays));
    assert_eq!(approved.plan().writes(), 3);
    let mut unknown = crowded;
    unknown.runtimes_s.clear();
    assert_eq!(unknown.plan().writes(), 3);
}

#[test]
fn the_room_of_an_account_counts_for_each_side() {
    let world = World::new(Feature::Watchlist).two_way().source((1..=4).map(m)).target((3..=8).map(m));
    let world = world.source_can(|can| can.features.iter_mut().for_each(|feature| feature.max_rows = Some(6)));
    let planned = world.plan();
    assert_eq!(planned.lines(|action| action == Action::Hold).len(), 2);
    assert_eq!(
        planned.plan.holds[0].sentence,
        "2 items do not fit, the source holds at most 6; make room there, then run again."
    );
    assert_eq!(planned.writes(), 4);
}
