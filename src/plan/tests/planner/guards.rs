//! The guards hold what is risky and let the rest through.

use crosswatch_model::{Action, Feature, HoldKind};
use crosswatch_plan::{Approvals, Limit, Removes};

use crate::world::{World, m};

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
