//! What the quality of a read allows: absence is only believed where it is proven.

use crosswatch_model::{Completeness, Feature, HoldKind};
use crosswatch_plan::{Approvals, Limit, Read, Removes, Seen, judge};

use crate::world::{Reading, Row, World, m};

fn movies(numbers: std::ops::RangeInclusive<u64>) -> Vec<Row> {
    numbers.map(m).collect()
}

/// A pair that agreed on a hundred movies, with removals on.
fn hundred() -> World {
    World::new(Feature::Watchlist)
        .source(movies(1..=100))
        .target(movies(1..=100))
        .wrote(movies(1..=100))
        .removing()
        .before(100, 100)
}

fn holds(world: &World) -> Vec<(HoldKind, u64)> {
    world.plan().plan.holds.iter().map(|hold| (hold.kind, hold.items)).collect()
}

#[test]
fn s15_an_empty_source_removes_nothing_and_asks() {
    let world = hundred().source([]);
    assert_eq!(world.plan().plan.counts.held, 100);
    assert_eq!(world.plan().writes(), 0);
    assert_eq!(holds(&world), [(HoldKind::SourceShrunk, 100), (HoldKind::Removes, 100)]);
    assert_eq!(world.plan().plan.source.completeness, Completeness::Suspect);
}

#[test]
fn s15_a_source_that_is_not_set_up_removes_nothing() {
    let world = hundred().reading(Reading::Unconfigured, Reading::Complete);
    world.expect_all(&[]);
    assert_eq!(world.plan().plan.settle, []);
    assert_eq!(world.plan().notices(), ["The source is not set up. Nothing is planned."]);
}

#[test]
fn s16_half_of_the_pages_adds_and_never_removes() {
    let mut rows = movies(1..=100);
    rows.insert(10, m(500));
    let mut world = hundred().source(rows).reading(Reading::FirstRows(51), Reading::Complete);
    let planned = world.run();
    assert_eq!(planned.lines(|action| action == crosswatch_model::Action::Add), ["+ movie 500"]);
    assert_eq!((planned.plan.counts.removes, planned.plan.counts.held, planned.plan.counts.skipped), (0, 0, 50));
    assert_eq!(planned.plan.source.proof, "page 1 said 101 items, 51 arrived");
    assert_eq!(world.baseline.len(), 101);
    assert!(world.baseline.values().all(|row| row.seen_on_source && row.absent_source_reads == 0));
}

#[test]
fn s18_s19_a_source_that_cannot_be_read_changes_nothing() {
    let world = hundred().reading(Reading::Down, Reading::Complete);
    world.expect_all(&[]);
    assert_eq!(world.plan().plan.settle, []);
    assert_eq!(world.plan().notices(), ["The source could not be read: connection refused. Nothing is planned."]);
}

#[test]
fn s21_a_target_that_is_down_gets_nothing_and_the_same_plan_later() {
    let mut rows = movies(1..=100);
    rows.push(m(101));
    let mut world = hundred().source(rows).reading(Reading::Complete, Reading::Down);
    let planned = world.run();
    assert_eq!((planned.lines(|_| true), planned.plan.settle.len()), (Vec::new(), 0));
    assert_eq!(
        planned.notices(),
        ["The target could not be read: connection refused. 1 to add and 0 to update wait for it."]
    );
    let world = world.reading(Reading::Complete, Reading::Complete);
    world.converges(&["+ movie 101"]);
}

#[test]
fn s22_an_emptied_target_is_not_filled_again_without_asking() {
    for removes in [Removes::Off, Removes::Observed] {
        let mut rows = movies(1..=100);
        rows.push(m(101));
        let mut world = hundred().source(rows).target([]).with(|policy| policy.removes = removes);
        world.target_before = None;
        let planned = world.plan();
        assert_eq!(planned.plan.counts.held, 100);
        assert_eq!(planned.lines(|action| action == crosswatch_model::Action::Add), ["+ movie 101"]);
        assert_eq!(holds(&world), [(HoldKind::TargetShrunk, 100)]);
        world.run();
        assert_eq!(holds(&world), [(HoldKind::TargetShrunk, 100)]);
        world.policy.approvals = Approvals::ALL;
        assert_eq!(world.run().plan.counts.adds, 100);
        world.policy.approvals = Approvals::NONE;
        world.converges(&[]);
    }
}

#[test]
fn s22_a_suspect_target_holds_what_it_lost() {
    let world = hundred().target([]);
    assert_eq!(world.plan().plan.target.completeness, Completeness::Suspect);
    assert_eq!((world.plan().writes(), world.plan().plan.counts.held), (0, 100));
    assert_eq!(
        world.plan().plan.holds[0].sentence,
        "The target lost 100 of 100 items since its last complete read; approving puts 100 back."
    );
}

#[test]
fn s22_a_few_lost_items_are_put_back() {
    let world = hundred().target(movies(1..=97));
    world.converges(&["+ movie 98", "+ movie 99", "+ movie 100"]);
}

#[test]
fn s24_an_approved_loss_is_removed_once() {
    let mut world = hundred().source(movies(31..=100)).with(|policy| policy.approvals = Approvals::ALL);
    assert_eq!(world.run().plan.counts.removes, 30);
    world.policy.approvals = Approvals::NONE;
    world.source_before = Some(70);
    world.source.truncate(60);
    let planned = world.plan();
    assert_eq!((planned.plan.counts.removes, planned.plan.counts.held), (0, 10));
}

#[test]
fn s25_a_loss_without_approval_stays_held_until_it_is_approved_or_over() {
    let mut world = hundred().source(movies(31..=100));
    for _ in 0..3 {
        let planned = world.run();
        assert_eq!((planned.writes(), planned.plan.counts.held), (0, 30));
        assert_eq!(planned.plan.items[0].line.reason.as_str(), "source_shrunk");
    }
    world = world.source(movies(21..=100));
    assert_eq!(world.plan().plan.counts.held, 20);
    world.policy.approvals = Approvals::ALL;
    assert_eq!(world.run().plan.counts.removes, 20);
}

#[test]
fn s25_too_many_removals_stay_held_until_they_are_approved_or_over() {
    let mut world = hundred().source(movies(31..=100));
    world.source_before = None;
    for _ in 0..3 {
        let planned = world.run();
        assert_eq!((planned.writes(), planned.plan.counts.held), (0, 30));
        assert_eq!(holds(&world), [(HoldKind::Removes, 30)]);
    }
    world = world.source(movies(21..=100));
    assert_eq!(holds(&world), [(HoldKind::Removes, 20)]);
    world.policy.approvals = Approvals::ALL;
    assert_eq!(world.run().plan.counts.removes, 20);
    world.policy.approvals = Approvals::NONE;
    world.converges(&[]);
}

#[test]
fn s27_rows_that_leave_the_view_with_a_filter_are_forgotten_not_removed() {
    let mut world = hundred().source(movies(1..=50)).first_run();
    world.source_before = None;
    let planned = world.run();
    assert_eq!((planned.writes(), planned.plan.counts.held), (0, 0));
    assert_eq!(world.baseline.values().filter(|row| row.seen_on_source).count(), 50);
    assert_eq!(world.plan().lines(|action| action != crosswatch_model::Action::Skip), Vec::<String>::new());
    world.source_before = Some(50);
    world.source.push(m(99).fact(world.source[0].fact.unwrap()));
    world.converges(&[]);
}

#[test]
fn s28_a_new_account_starts_with_adoption() {
    let world = hundred().source(movies(1..=10)).target(movies(5..=200)).first_run();
    let world =
        World { baseline: std::collections::BTreeMap::new(), source_before: None, target_before: None, ..world };
    world.converges(&["+ movie 1", "+ movie 2", "+ movie 3", "+ movie 4"]);
}

#[test]
fn nothing_is_added_to_a_target_that_doubles_plays_and_was_not_read_in_full() {
    let world = World::new(Feature::History)
        .source([m(1), m(2)])
        .target([m(2), m(1)])
        .reading(Reading::Complete, Reading::FirstRows(1));
    world.expect_all(&["skip movie 1: read_incomplete"]);
    let world = world.target_can(|can| can.duplicates_plays = false);
    world.expect_all(&["+ movie 1"]);
    let known = World::new(Feature::History)
        .source([m(1)])
        .target([m(1)])
        .agreed([m(1)])
        .reading(Reading::Complete, Reading::FirstRows(0));
    known.expect_all(&[]);
    assert_eq!(known.plan().plan.counts.unchanged, 1);
}

#[test]
fn adds_to_lists_go_on_when_the_target_was_not_read_in_full() {
    let world = World::new(Feature::Watchlist)
        .source([m(1), m(2)])
        .target([m(2)])
        .reading(Reading::Complete, Reading::FirstRows(0));
    world.expect_all(&["+ movie 1", "+ movie 2"]);
}

#[test]
fn judging_looks_at_what_was_lost() {
    let limit = Limit { percent: 10, at_least: 5 };
    let catalog = &mut crosswatch_identity::Catalog::new();
    let rows = |items: u64, catalog: &mut crosswatch_identity::Catalog| -> Vec<Seen> {
        (1..=items)
            .map(|number| {
                Seen::new(catalog.push(&m(number).item).unwrap(), &crosswatch_model::Fact::Listed(None), None)
            })
            .collect()
    };
    for (before, now, completeness) in [
        (None, 0, Completeness::Complete),
        (Some(100), 100, Completeness::Complete),
        (Some(100), 90, Completeness::Complete),
        (Some(100), 89, Completeness::Suspect),
        (Some(10), 6, Completeness::Complete),
        (Some(4), 0, Completeness::Complete),
        (Some(5), 0, Completeness::Suspect),
        (Some(50), 200, Completeness::Complete),
    ] {
        let read = judge(Read::unchanged(rows(now, catalog), "the gate did not move".into()), before, limit);
        assert_eq!(read.completeness(), completeness, "{before:?} {now}");
    }
    let lenient = Limit { percent: 100, at_least: 5 };
    let emptied = judge(Read::unchanged(Vec::new(), "proof".into()), Some(100), lenient);
    assert_eq!(
        (emptied.completeness(), emptied.report().proof.as_str()),
        (Completeness::Suspect, "100 items before, 0 now; proof")
    );
    let partial = judge(Read::partial(Vec::new(), "half".into()), Some(100), limit);
    assert_eq!(partial.completeness(), Completeness::Partial);
    let since = crate::world::at(0);
    assert_eq!(Read::delta(Vec::new(), since, since).completeness(), Completeness::Partial);
}

#[test]
fn a_value_that_was_not_seen_is_not_replaced_where_it_may_be_the_right_one() {
    let rated = || World::new(Feature::Ratings).source([m(1)]).target([m(2), m(1).rated(30, None)]);
    let unseen = |world: World| world.reading(Reading::Complete, Reading::FirstRows(1));
    unseen(rated()).expect(&["+ movie 1 = 80"]);
    unseen(rated().two_way()).expect(&["+ movie 2 = 80 on the source"]);
    let stopped = || World::new(Feature::Progress).source([m(1)]).target([m(2), m(1).stopped(70, None)]);
    unseen(stopped()).expect_all(&["skip movie 1: read_incomplete", "skip movie 2: only_on_target"]);
    unseen(stopped().two_way()).expect(&["+ movie 2 on the source"]);
}
