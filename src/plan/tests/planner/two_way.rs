//! Two-way: what changed on one side travels, also that something is gone; the policy decides where both changed.

use crosswatch_model::{Action, Feature, HoldKind, Kind, PlayDetail, Side};
use crosswatch_plan::{Approvals, ConflictPolicy, Removes};

use crate::world::{Reading, Row, T1, World, e, m, nameless};

const HOUR: i64 = 3_600;

fn watchlist() -> World {
    World::new(Feature::Watchlist).two_way()
}

fn ratings() -> World {
    World::new(Feature::Ratings).two_way()
}

fn conflict(policy: ConflictPolicy) -> impl FnOnce(&mut crosswatch_plan::FeaturePolicy) {
    move |rules| rules.conflict = policy
}

fn movies(numbers: std::ops::RangeInclusive<u64>) -> Vec<Row> {
    numbers.map(m).collect()
}

#[test]
fn what_one_side_has_and_the_other_never_had_is_added_there() {
    let world = watchlist().source([m(1), m(2)]).target([m(2), m(3)]);
    let world = world.converges(&["+ movie 1", "+ movie 3 on the source"]);
    assert_eq!((world.source.len(), world.target.len()), (3, 3));
    assert!(world.baseline.values().all(|row| row.seen_on_source && row.seen_on_target));
    assert_eq!(world.baseline.values().filter(|row| row.source_written_by_us).count(), 1);
    assert_eq!(world.baseline.values().filter(|row| row.written_by_us).count(), 1);
}

#[test]
fn the_first_run_adds_in_both_directions_and_never_removes() {
    let world = watchlist().source([m(1), m(2)]).target([m(2), m(3)]).first_run().removing();
    world.converges(&["+ movie 1", "+ movie 3 on the source"]);
}

#[test]
fn a_first_run_forgets_what_was_agreed_before_it_concludes_anything() {
    let mut world = watchlist().source([m(1)]).target([m(1), m(2)]).agreed([m(1), m(2)]).first_run().removing();
    assert_eq!(world.run().lines(|_| true), ["skip movie 2: adoption"]);
    world.converges(&["+ movie 2 on the source"]);
}

#[test]
fn s43_where_both_rated_the_policy_decides() {
    let world = ratings().source([m(1).rated(80, Some(T1))]).target([m(1).rated(30, Some(T1 + 100))]);
    world.clone().converges(&["~ movie 1 = 80"]);
    world.clone().with(conflict(ConflictPolicy::Newest)).converges(&["~ movie 1 = 30 on the source"]);
    world.with(conflict(ConflictPolicy::Target)).converges(&["~ movie 1 = 30 on the source"]);
    let undated = ratings().source([m(1).rated(80, None)]).target([m(1).rated(30, Some(T1))]);
    undated.with(conflict(ConflictPolicy::Newest)).converges(&["~ movie 1 = 80"]);
}

#[test]
fn what_changed_on_one_side_travels_whatever_the_policy() {
    for policy in [ConflictPolicy::Source, ConflictPolicy::Newest, ConflictPolicy::Target] {
        let agreed = || ratings().agreed([m(1).rated(50, Some(T1))]).with(conflict(policy));
        let ahead = agreed().source([m(1).rated(80, None)]).target([m(1).rated(50, Some(T1))]);
        ahead.converges(&["~ movie 1 = 80"]);
        let behind = agreed().source([m(1).rated(50, Some(T1))]).target([m(1).rated(80, None)]);
        let planned = behind.plan();
        let line = &planned.plan.items[0].line;
        assert_eq!((line.side, line.native), (Side::Source, behind.source[0].native));
        assert_eq!(line.explain, "Rated 5/10 on the source, 8/10 on the target; the target wins.");
        behind.converges(&["~ movie 1 = 80 on the source"]);
    }
}

#[test]
fn s51_what_the_source_lost_is_removed_from_the_target() {
    let world = watchlist().target([m(1)]).agreed([m(1)]).removing();
    let world = world.converges(&["- movie 1"]);
    assert!(world.baseline.is_empty() && world.target.is_empty());
}

#[test]
fn s52_what_the_target_lost_is_removed_from_the_source() {
    let world = watchlist().source([m(1)]).agreed([m(1)]).removing();
    let world = world.converges(&["- movie 1 on the source"]);
    assert!(world.baseline.is_empty() && world.source.is_empty());
}

#[test]
fn s52_with_removals_off_a_loss_diverges_for_ever() {
    for sides in [[vec![m(1)], vec![]], [vec![], vec![m(1)]]] {
        let [source, target] = sides;
        let mut world = watchlist().source(source).target(target).agreed([m(1)]);
        for _ in 0..3 {
            assert_eq!(world.run().lines(|_| true), ["skip movie 1: diverged"]);
        }
        let mut world = world.removing();
        for _ in 0..3 {
            assert_eq!(world.run().lines(|_| true), ["skip movie 1: diverged"]);
        }
        world.converges(&[]);
    }
}

#[test]
fn s52_a_change_against_a_loss_is_a_conflict() {
    let changed = || ratings().source([m(1).rated(90, None)]).agreed([m(1).rated(50, None)]);
    for removes in [Removes::Off, Removes::Observed] {
        let changed = || changed().removing().with(|policy| policy.removes = removes);
        changed().converges(&["+ movie 1 = 90"]);
        changed().with(conflict(ConflictPolicy::Newest)).converges(&["+ movie 1 = 90"]);
        let lost = changed().with(conflict(ConflictPolicy::Target));
        match removes {
            Removes::Off => lost.expect_all(&["skip movie 1: diverged"]),
            _ => drop(lost.converges(&["- movie 1 on the source"])),
        }
    }
    let lost = || ratings().target([m(1).rated(90, None)]).agreed([m(1).rated(50, None)]);
    lost().expect_all(&["skip movie 1: diverged"]);
    lost().removing().converges(&["- movie 1"]);
    lost().removing().with(conflict(ConflictPolicy::Newest)).converges(&["+ movie 1 = 90 on the source"]);
}

#[test]
fn s52_a_new_play_against_a_loss_is_a_conflict() {
    let history = || World::new(Feature::History).two_way().with(|policy| policy.rewatches = false).agreed([m(1)]);
    history().source([m(1).played(T1 + HOUR)]).removing().converges(&["+ movie 1 at 3600"]);
    history().source([m(1).played(T1 + 60)]).removing().converges(&["- movie 1 on the source"]);
    history().source([m(1).played(T1 - HOUR)]).removing().converges(&["- movie 1 on the source"]);
    history().source([m(1)]).removing().converges(&["- movie 1 on the source"]);
}

fn remembers_everything(world: &World) -> bool {
    let is_kept = |row: &crosswatch_plan::BaselineRow| {
        row.seen_on_source && row.seen_on_target && row.absent_source_reads + row.absent_target_reads == 0
    };
    world.baseline.len() == 100 && world.baseline.values().all(is_kept)
}

#[test]
fn s54_a_side_that_is_down_or_empty_costs_the_other_nothing() {
    let hundred = || {
        let world = watchlist().source(movies(1..=100)).target(movies(1..=100)).wrote(movies(1..=100));
        world.removing().before(100, 100)
    };
    for removes in [Removes::Off, Removes::Observed, Removes::Mirror] {
        for policy in [ConflictPolicy::Source, ConflictPolicy::Newest, ConflictPolicy::Target] {
            let rules = |world: World| world.with(conflict(policy)).with(|rules| rules.removes = removes);
            for down in [Reading::Down, Reading::Unconfigured, Reading::FirstRows(0), Reading::FirstRows(50)] {
                let mut world = rules(hundred()).reading(Reading::Complete, down.clone());
                assert_eq!(world.run().writes(), 0, "{down:?}");
                assert!(remembers_everything(&world));
                let mut world = rules(hundred()).reading(down.clone(), Reading::Complete);
                assert_eq!(world.run().writes(), 0, "{down:?}");
                assert!(remembers_everything(&world));
            }
            assert_eq!(rules(hundred()).source([]).plan().writes(), 0);
            assert_eq!(rules(hundred()).target([]).plan().writes(), 0);
            let both = rules(hundred()).reading(Reading::Down, Reading::Down);
            assert_eq!(both.plan().plan.items, []);
        }
    }
}

#[test]
fn s54_a_shrunken_side_waits_and_says_so() {
    let world = || {
        let world = watchlist().source(movies(1..=20)).target(movies(1..=20)).wrote(movies(1..=20));
        world.removing().before(20, 20)
    };
    let holds = |world: &World| -> Vec<(HoldKind, Side, u64)> {
        world.plan().plan.holds.iter().map(|hold| (hold.kind, hold.side, hold.items)).collect()
    };
    let source = world().source(movies(1..=10));
    assert_eq!(holds(&source), [(HoldKind::SourceShrunk, Side::Target, 10), (HoldKind::Removes, Side::Target, 10)]);
    let target = world().target(movies(1..=10));
    assert_eq!(holds(&target), [(HoldKind::TargetShrunk, Side::Source, 10), (HoldKind::Removes, Side::Source, 10)]);
    assert_eq!(
        target.plan().plan.holds[0].sentence,
        "The target lost 10 of 20 items since its last complete read; approving accepts that as the truth."
    );
    let other = target.clone().with(|policy| policy.approvals = Approvals::NONE.with(HoldKind::SourceShrunk));
    assert_eq!(other.plan().writes(), 0);
    let only = target.clone().with(|policy| policy.approvals = Approvals::NONE.with(HoldKind::TargetShrunk));
    assert_eq!(holds(&only), [(HoldKind::Removes, Side::Source, 10)]);
    let mut all = target.with(|policy| policy.approvals = Approvals::ALL);
    assert_eq!(all.run().plan.counts.removes, 10);
    assert_eq!(all.source.len(), 10);
}

#[test]
fn s54_what_waits_for_a_side_that_is_down_is_counted() {
    let world = watchlist().source([m(1)]).target([m(1), m(2)]).agreed([m(1)]);
    let down = world.clone().reading(Reading::Down, Reading::Complete);
    down.expect_all(&[]);
    assert_eq!(
        down.plan().notices(),
        ["The source could not be read: connection refused. 1 to add and 0 to update wait for it."]
    );
    world.converges(&["+ movie 2 on the source"]);
}

#[test]
fn s55_a_divergence_ends_when_the_side_has_it_again_or_both_lack_it() {
    let mut world = watchlist().source(movies(1..=5)).target(movies(1..=4)).agreed(movies(1..=5));
    assert_eq!(world.run().lines(|_| true), ["skip movie 5: diverged"]);
    let back = world.clone().target(movies(1..=5)).converges(&[]);
    assert!(back.baseline.values().all(|row| !row.is_diverged && row.seen_on_target));
    let gone = world.clone().source(movies(1..=4)).converges(&[]);
    assert_eq!(gone.baseline.len(), 4);
    gone.source(movies(1..=5)).converges(&["+ movie 5"]);
    let swapped = world.source(movies(1..=4)).target(movies(1..=5));
    swapped.converges(&["+ movie 5 on the source"]);
}

#[test]
fn s55_a_divergence_ends_when_what_remains_changes() {
    let mut world = ratings().source([m(1).rated(50, None)]).agreed([m(1).rated(50, None)]);
    assert_eq!(world.run().lines(|_| true), ["skip movie 1: diverged"]);
    world.source([m(1).rated(90, None)]).converges(&["+ movie 1 = 90"]);
}

#[test]
fn s57_a_play_after_a_removal_travels() {
    for rewatches in [false, true] {
        let history = World::new(Feature::History).two_way().with(|policy| policy.rewatches = rewatches);
        let mut world = history.target([m(1)]).agreed([m(1)]).removing();
        assert_eq!(world.run().lines(|_| true), ["- movie 1"]);
        world.target([m(1).played(T1 + 90 * HOUR)]).converges(&["+ movie 1 at 324000 on the source"]);
    }
}

#[test]
fn removals_wait_for_reads_of_the_side_that_lost_it() {
    let mut world = watchlist().source([m(1)]).agreed([m(1)]).removing();
    world.policy.remove_after_reads = 3;
    for _ in 0..2 {
        assert_eq!(world.run().lines(|_| true), ["skip movie 1: waiting_for_reads"]);
    }
    world.target_reading = Reading::FirstRows(0);
    world = world.target([m(2)]);
    assert_eq!(world.run().plan.counts.unchanged, 1);
    let world = world.target([]).reading(Reading::Complete, Reading::Complete);
    world.converges(&["- movie 1 on the source"]);
}

#[test]
fn turning_removals_on_never_acts_on_what_was_lost_while_one_side_was_half_read() {
    let mut world = watchlist().source([m(1), m(2)]).target([m(2)]).agreed([m(1), m(2)]);
    world.source_reading = Reading::FirstRows(0);
    world.run();
    let world = world.removing().reading(Reading::Complete, Reading::Complete);
    world.expect_all(&["skip movie 1: diverged"]);
}

#[test]
fn every_play_travels_in_both_directions() {
    let history = || World::new(Feature::History).two_way();
    let world = history().source([m(1), m(1).played(T1 + 9 * HOUR)]).target([m(1), m(1).played(T1 + 20 * HOUR)]);
    let world = world.converges(&["+ movie 1 at 32400", "+ movie 1 at 72000 on the source"]);
    assert_eq!((world.source.len(), world.target.len()), (3, 3));
    let doubled = history().target([m(1), m(1).played(T1 + 60)]);
    let doubled = doubled.converges(&["+ movie 1 on the source"]);
    let mut gone = World { source: Vec::new(), ..doubled }.removing();
    assert_eq!(gone.run().lines(|_| true), ["- movie 1", "- movie 1"]);
    gone.converges(&[]);
}

#[test]
fn plays_without_a_time_stand_for_what_their_side_lacks() {
    let history = || World::new(Feature::History).two_way();
    history().source([m(1).undated()]).target([m(1)]).converges(&[]);
    history().source([m(1)]).target([m(1).undated()]).converges(&[]);
    history()
        .source([m(1).undated()])
        .target([m(1), m(1).played(T1 + 9 * HOUR)])
        .converges(&["+ movie 1 at 32400 on the source"]);
    let day = jiff::civil::date(2023, 11, 14);
    history().source([m(1).on_day(day)]).converges(&["+ movie 1"]);
    let noon = day.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second();
    let world = history().source([m(1).on_day(day)]).target([m(1).played(noon), m(1).played(noon + 5 * HOUR)]);
    assert_eq!(world.plan().writes(), 1);
    let line = &world.plan().plan.items[0].line;
    assert_eq!(line.side, Side::Source);
    let mut world = world;
    world.run();
    world.converges(&[]);
}

#[test]
fn progress_goes_forward_in_time_in_both_directions() {
    let progress = || World::new(Feature::Progress).two_way();
    for policy in [ConflictPolicy::Source, ConflictPolicy::Newest, ConflictPolicy::Target] {
        let progress = || progress().with(conflict(policy));
        let ahead = progress().source([m(1).stopped(40, Some(T1))]).target([m(1).stopped(60, Some(T1 - 9))]);
        ahead.converges(&["~ movie 1"]);
        let behind = progress().source([m(1).stopped(60, Some(T1))]).target([m(1).stopped(40, Some(T1 + 9))]);
        behind.converges(&["~ movie 1 on the source"]);
        let unknown = progress().source([m(1).stopped(10, None)]).target([m(1).stopped(40, Some(T1))]);
        unknown.converges(&["~ movie 1 on the source"]);
    }
}

#[test]
fn a_source_that_cannot_be_written_is_only_read() {
    let world = watchlist().source([m(1)]).target([m(2)]).source_can(|can| {
        for feature in &mut can.features {
            feature.can_write = false;
        }
    });
    world.expect_all(&["+ movie 1", "skip movie 2: only_on_target"]);
    assert_eq!(world.plan().notices(), ["The source's watchlist cannot be written; only the target is."]);
    let mirror = world.knows_on_target([m(2)]).removing().with(|policy| policy.removes = Removes::Mirror);
    mirror.expect_all(&["+ movie 1", "skip movie 2: only_on_target"]);
}

#[test]
fn each_side_is_written_as_it_can_keep_it() {
    let world = watchlist().target([m(1), e(1, 1, 1)]).source_can(|can| {
        for feature in &mut can.features {
            feature.kinds = &[Kind::Movie];
        }
    });
    world.expect_all(&["+ movie 1 on the source", "skip show 1 S01E01: kind_unsupported"]);
    let stars =
        ratings().target([m(1).rated(80, None)]).source_can(|can| can.scale = crosswatch_model::Scale::FIVE_STARS);
    stars.converges(&["+ movie 1 = 80 on the source"]);
    let lasting = World::new(Feature::History).two_way().source([m(1)]).target([m(1).played(T1 + HOUR), m(2)]);
    lasting.source_can(|can| can.plays = PlayDetail::LastPlayOnly).converges(&["+ movie 2 on the source"]);
}

#[test]
fn a_removal_on_the_source_needs_matching_ids_or_our_own_write() {
    let world = watchlist().source([e(1, 1, 1)]).agreed([e(1, 1, 1)]).removing();
    world.expect_all(&["skip show 1 S01E01: match_too_weak"]);
    let mut world = watchlist().target([e(1, 1, 1)]).removing();
    world.run();
    world.target.clear();
    world.converges(&["- show 1 S01E01 on the source"]);
}

#[test]
fn a_side_that_cannot_remove_keeps_what_the_other_lost() {
    let world = watchlist().source([m(1)]).agreed([m(1)]).removing().source_can(|can| {
        for feature in &mut can.features {
            feature.can_remove = false;
        }
    });
    world.expect_all(&["skip movie 1: diverged"]);
    assert_eq!(world.plan().notices(), ["The source cannot remove single watchlist items; nothing is removed."]);
}

#[test]
fn rows_without_ids_are_listed_on_the_side_they_cannot_reach() {
    let world = watchlist().source([nameless("Carrie")]).target([nameless("Alien")]);
    let planned = world.plan();
    let sides: Vec<(Side, String)> =
        planned.plan.items.iter().map(|item| (item.line.side, item.line.item.label())).collect();
    assert_eq!(sides, [(Side::Source, "Alien (1999)".to_owned()), (Side::Target, "Carrie (1999)".to_owned())]);
    assert_eq!(planned.plan.counts.skipped, 2);
}

#[test]
fn a_mirror_in_both_directions_only_removes_what_was_observed() {
    let world = watchlist().source([m(1)]).target([m(1), m(2), m(3)]).agreed([m(1), m(2)]).removing();
    world.with(|policy| policy.removes = Removes::Mirror).converges(&["- movie 2", "+ movie 3 on the source"]);
}

#[test]
fn what_a_one_way_pair_left_alone_is_not_brought_back_by_a_two_way_one() {
    let mut world = World::new(Feature::Watchlist).source([m(2)]).target([m(1), m(2), m(3)]).agreed([m(1), m(2)]);
    world.run();
    let world = world.two_way();
    world.expect_all(&["skip movie 1: diverged", "+ movie 3 on the source"]);
    assert_eq!(world.plan().plan.counts.skipped, 1);
    let actions = world.plan().lines(|action| action == Action::Remove);
    assert!(actions.is_empty());
}

#[test]
fn s72_two_one_way_pairs_that_face_each_other_do_not_play_ping_pong() {
    let there = World::new(Feature::Watchlist).source([m(2)]).target([m(1), m(2)]).agreed([m(1), m(2)]).removing();
    let there = there.converges(&["- movie 1"]);
    let back = World::new(Feature::Watchlist).source(there.target.clone()).target(there.source.clone());
    let back = back.agreed([m(1), m(2)]).removing().converges(&[]);
    assert_eq!((back.source.len(), back.target.len()), (1, 1));
}

#[test]
fn s72_what_another_pair_is_to_remove_is_not_put_back() {
    let lost = |feature: Feature| World::new(feature).source([m(1), m(2)]).target([m(2)]).agreed([m(1), m(2)]);
    for feature in [Feature::Watchlist, Feature::History] {
        lost(feature).expect_all(&["+ movie 1"]);
        let facing = lost(feature).with(|policy| policy.leaves_losses = true);
        facing.converges(&[]).expect_all(&["skip movie 1: removed_on_target"]);
        // What the target never had is added as ever.
        let new = World::new(feature).source([m(1), m(3)]).target([]).agreed([m(1)]);
        new.with(|policy| policy.leaves_losses = true).expect_all(&["skip movie 1: removed_on_target", "+ movie 3"]);
    }
}

#[test]
fn s69_a_deletion_reaches_every_target_whatever_the_order() {
    for other_first in [false, true] {
        let source = [m(1), m(2)];
        let pair = || World::new(Feature::Watchlist).source(source.clone()).target([m(1), m(2), m(5)]);
        let (one, other) = (pair().agreed([m(1), m(2), m(5)]).removing(), pair().agreed([m(1), m(2), m(5)]).removing());
        let order = if other_first { [other, one] } else { [one, other] };
        for world in order {
            world.converges(&["- movie 5"]);
        }
    }
}

#[test]
fn s70_s73_what_one_pair_remembers_is_nothing_to_another() {
    let mine = World::new(Feature::Watchlist).source([m(1)]).target([m(1), m(5)]).agreed([m(1), m(5)]).removing();
    let theirs = World::new(Feature::Watchlist).source([m(1), m(5)]).target([m(1), m(5)]).agreed([m(1), m(5)]);
    mine.converges(&["- movie 5"]);
    theirs.removing().converges(&[]);
    let filtered = World::new(Feature::Watchlist).source([m(1)]).target([m(1), m(5)]).agreed([m(1)]).removing();
    filtered.converges(&[]);
}

#[test]
fn s46_a_rating_time_of_any_form_gives_one_plan() {
    for time in [None, Some(T1), Some(T1 + 7)] {
        ratings().source([m(1).rated(80, time)]).target([m(1).rated(80, Some(T1))]).converges(&[]);
        ratings().target([m(1).rated(80, time)]).converges(&["+ movie 1 = 80 on the source"]);
    }
}

#[test]
fn s45_what_was_unrated_on_one_side() {
    ratings().target([m(1)]).agreed([m(1)]).expect_all(&["skip movie 1: diverged"]);
    ratings().target([m(1)]).agreed([m(1)]).removing().converges(&["- movie 1"]);
    ratings().target([m(1)]).removing().converges(&["+ movie 1 = 80 on the source"]);
}
