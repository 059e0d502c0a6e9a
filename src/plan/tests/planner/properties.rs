//! What holds in every world.

use crosswatch_model::{
    Action, Fact, Feature, PlayDetail, Reason, Scale, Side, WatchedAt, WatchedPrecision, same_instant_tolerance_s,
};
use crosswatch_plan::{ConflictPolicy, Limit, Mode, Removes};
use proptest::prelude::*;

use crate::{
    planned::Planned,
    world::{Reading, Row, T1, World, e, is_same, m},
};

fn any_item() -> impl Strategy<Value = Row> {
    prop_oneof![
        (1u64..8).prop_map(m),
        (1u64..8).prop_map(|number| m(number).ids(&format!("tmdb:{number} imdb:tt000000{number}"))),
        (1u64..8).prop_map(|number| m(number).ids(&format!("imdb:tt000000{number}"))),
        (1u64..3, 0u16..2, 1u16..4).prop_map(|(show, season, number)| e(show, season, number)),
        (1u64..3, 0u16..2, 1u16..4).prop_map(|(show, season, number)| {
            e(show, season, number).ids(&format!("tvdb:{}", show * 100 + u64::from(season) * 10 + u64::from(number)))
        }),
    ]
}

fn any_row(feature: Feature) -> BoxedStrategy<Row> {
    let item = any_item();
    match feature {
        Feature::History => (item, 0i64..40, 0u8..10)
            .prop_map(|(row, step, form)| match form {
                0 => row.undated(),
                1 => row.on_day(crate::world::at(T1 + step * 3_000).to_zoned(jiff::tz::TimeZone::UTC).date()),
                2..4 => row.played(T1 + step * 37),
                _ => row.played(T1 + step * 3_000),
            })
            .boxed(),
        Feature::Watchlist => (item, proptest::option::of(0i64..40))
            .prop_map(|(row, step)| row.fact(Fact::Listed(step.map(|step| crate::world::at(T1 + step)))))
            .boxed(),
        Feature::Ratings => (item, 1u8..=10, proptest::option::of(0i64..40))
            .prop_map(|(row, value, step)| row.rated(value * 10, step.map(|step| T1 + step)))
            .boxed(),
        Feature::Progress => (item, 0u32..=100, proptest::option::of(0i64..4_000))
            .prop_map(|(row, percent, step)| row.stopped(percent, step.map(|step| T1 + step)))
            .boxed(),
    }
}

fn any_conflict() -> impl Strategy<Value = ConflictPolicy> {
    prop_oneof![Just(ConflictPolicy::Source), Just(ConflictPolicy::Newest), Just(ConflictPolicy::Target)]
}

const LENIENT: Limit = Limit { percent: 100, at_least: 100 };

prop_compose! {
    fn world_of(features: &'static [Feature])(feature in proptest::sample::select(features))(
        rows in proptest::collection::vec(any_row(feature), 0..16),
        others in proptest::collection::vec(any_row(feature), 0..16),
        before in proptest::collection::vec(any_row(feature), 0..12),
        removes in prop_oneof![Just(Removes::Off), Just(Removes::Observed), Just(Removes::Mirror)],
        flags in proptest::collection::vec(any::<bool>(), 12),
        conflict in any_conflict(),
        reads in 0u8..3,
        feature in Just(feature),
    ) -> World {
        let mut world = World::new(feature).source(rows).target(others);
        world.policy.removes = removes;
        world.policy.remove_after_reads = reads;
        world.policy.rewatches = flags[0];
        world.policy.allow_undated = flags[1];
        world.policy.mirror_approved = flags[2];
        world.is_first_run = flags[3];
        world.target_can.keeps_undated_plays = flags[4];
        world.target_can.duplicates_plays = flags[5];
        world.target_can.plays = if flags[6] { PlayDetail::LastPlayOnly } else { PlayDetail::EveryPlay };
        world.target_can.watched_precision = if flags[7] { WatchedPrecision::Minute } else { WatchedPrecision::Second };
        world.target_can.scale = if flags[8] { Scale::FIVE_STARS } else { Scale::TEN_HALVES };
        world.policy.mode = if flags[10] { Mode::TwoWay } else { Mode::OneWay };
        world.policy.conflict = conflict;
        if flags[11] {
            world.runtimes_s = (1..8).map(|number| (m(number).item, 3_000)).collect();
        }
        if flags[9] { world.wrote(before) } else { world.agreed(before) }
    }
}

fn reading() -> impl Strategy<Value = Reading> {
    prop_oneof![
        3 => Just(Reading::Complete),
        1 => (0usize..16).prop_map(Reading::FirstRows),
        1 => Just(Reading::Delta),
        1 => Just(Reading::Down),
        1 => Just(Reading::Unconfigured),
    ]
}

fn count(planned: &Planned, action: Action) -> u64 {
    planned.plan.items.iter().filter(|item| item.line.action == action).count() as u64
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A plan that was applied is not planned again, and after the grace is over everything comes to rest.
    #[test]
    fn applying_a_plan_empties_it(mut world in world_of(Feature::ALL)) {
        world.policy.max_removes = Limit { percent: 100, at_least: 100 };
        world.policy.max_shrink = Limit { percent: 100, at_least: 100 };
        for _ in 0..6 {
            world.run();
        }
        let planned = world.plan();
        prop_assert_eq!(planned.writes(), 0, "{:?}", planned.lines(|_| true));
        prop_assert_eq!(planned.plan.settle, vec![]);
    }

    /// The first plan is done in one go, unless removals wait for more reads.
    #[test]
    fn adds_and_updates_are_never_planned_twice(mut world in world_of(Feature::ALL)) {
        world.policy.removes = Removes::Off;
        world.policy.max_shrink = Limit { percent: 100, at_least: 100 };
        if world.policy.mode == Mode::TwoWay && world.is_first_run {
            // What was agreed before is forgotten first.
            world.run();
        }
        world.run();
        let planned = world.plan();
        prop_assert_eq!(planned.writes(), 0, "{:?}", planned.lines(|_| true));
    }

    #[test]
    fn the_order_of_rows_does_not_matter(world in world_of(Feature::ALL), seed in any::<u64>()) {
        let mut shuffled = world.clone();
        let mut step = seed | 1;
        for rows in [&mut shuffled.source, &mut shuffled.target] {
            for at in (1..rows.len()).rev() {
                step = step.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                rows.swap(at, usize::try_from(step >> 33).unwrap() % (at + 1));
            }
        }
        prop_assert_eq!(world.plan().plan, shuffled.plan().plan);
    }

    /// No removal without a complete read of the side that lost it and a row that says it was there (or, for a mirror, that
    /// the target had it before); never on a first run, never with removals off.
    #[test]
    fn removals_have_proof_and_provenance(world in world_of(Feature::ALL), source in reading(), target in reading(), suspect in any::<bool>(), other_suspect in any::<bool>()) {
        let mut world = world.reading(source, target);
        world.source_before = suspect.then_some(1_000);
        world.target_before = other_suspect.then_some(1_000);
        let planned = world.plan();
        for item in planned.plan.items.iter().filter(|item| item.line.action == Action::Remove) {
            let lost_on = item.line.side.other();
            let (reading, rows, suspect) = match lost_on {
                Side::Source => (&world.source_reading, world.source.len(), suspect),
                Side::Target => (&world.target_reading, world.target.len(), other_suspect),
            };
            prop_assert!([Reading::Complete, Reading::FirstRows(rows)].contains(reading) && !suspect);
            prop_assert!(!world.is_first_run && world.policy.removes != Removes::Off);
            prop_assert!(world.policy.mode == Mode::TwoWay || lost_on == Side::Source);
            let uid = item.line.uid.unwrap();
            let rows: Vec<_> = world.baseline.iter().filter(|((known, _), _)| *known == uid).map(|(_, row)| *row).collect();
            let is_mirror = world.policy.removes == Removes::Mirror && world.policy.mode == Mode::OneWay;
            prop_assert!(rows.iter().any(|row| row.was_seen_on(lost_on) || (is_mirror && row.seen_on_target)));
            prop_assert!(item.line.before.is_some());
        }
        let is_silent = |reading: &Reading| [Reading::Down, Reading::Unconfigured].contains(reading);
        if is_silent(&world.source_reading) || is_silent(&world.target_reading) {
            prop_assert!(planned.plan.items.is_empty() && planned.plan.settle.is_empty());
        }
    }

    /// What a stricter guard holds was let through by a looser one; it never adds a write.
    #[test]
    fn stricter_guards_never_let_more_through(world in world_of(Feature::ALL), percent in 0u8..100, at_least in 0u32..8) {
        let loose = Limit { percent: 100, at_least: 100 };
        let strict = Limit { percent, at_least };
        let mut one = world.clone();
        (one.policy.max_removes, one.policy.max_shrink) = (loose, loose);
        let mut other = world;
        (other.policy.max_removes, other.policy.max_shrink) = (strict, strict);
        let (one, other) = (one.plan(), other.plan());
        for action in [Action::Add, Action::Update, Action::Remove] {
            prop_assert!(count(&other, action) <= count(&one, action));
        }
        let names = |planned: &Planned| planned.plan.items.iter().map(|item| item.line.op).collect::<Vec<_>>();
        prop_assert_eq!(names(&one), names(&other));
    }

    /// After a run every value that both sides hold is the source's, as the target can keep it.
    #[test]
    fn the_source_wins(mut world in world_of(&[Feature::Ratings])) {
        world.policy.mode = Mode::OneWay;
        world.policy.max_shrink = Limit { percent: 100, at_least: 100 };
        let wanted: Vec<_> = world.plan().plan.items.into_iter().filter(|item| item.line.action == Action::Update).collect();
        world.run();
        for item in wanted {
            let Some(Fact::Rated { value, .. }) = item.line.value else { panic!("an update without a rating") };
            prop_assert_eq!(world.target_can.scale.quantise(value), value);
            let held = world.target.iter().any(|row| is_same(&row.item, &item.line.item) && row.fact == item.line.value);
            prop_assert!(held);
        }
        prop_assert_eq!(world.plan().plan.counts.updates, 0);
    }

    /// Without removals neither side loses anything.
    #[test]
    fn without_removals_both_sides_only_grow(mut world in world_of(&[Feature::History]), source in reading(), target in reading()) {
        world.policy.removes = Removes::Off;
        let mut world = world.reading(source, target);
        world.target_can.plays = PlayDetail::EveryPlay;
        let before = (world.source.len(), world.target.len());
        world.run();
        prop_assert!(world.source.len() >= before.0 && world.target.len() >= before.1);
        prop_assert!(world.policy.mode == Mode::TwoWay || world.source.len() == before.0);
    }

    /// One run, and one more where removals wait for a second read: then both sides are at rest. Where two of our names
    /// turn out to be one thing, their rows are united first, which may cost a read.
    #[test]
    fn two_way_comes_to_rest_at_once(mut world in world_of(Feature::ALL)) {
        world.policy.mode = Mode::TwoWay;
        (world.policy.max_removes, world.policy.max_shrink) = (LENIENT, LENIENT);
        world.is_first_run = false;
        let has_folded = world.known.iter().enumerate().any(|(at, (_, one))| {
            world.known.iter().skip(at + 1).any(|(_, other)| is_same(one, other))
        });
        for _ in 0..world.policy.remove_after_reads.max(1) + u8::from(has_folded) {
            world.run();
        }
        let planned = world.plan();
        prop_assert_eq!(planned.writes(), 0, "{:?}", planned.lines(|_| true));
    }

    /// What a plan removed stays away from both sides.
    #[test]
    fn nothing_removed_comes_back(mut world in world_of(&[Feature::Watchlist, Feature::Ratings])) {
        (world.policy.max_removes, world.policy.max_shrink) = (LENIENT, LENIENT);
        world.policy.mirror_approved = true;
        for _ in 0..3 {
            let planned = world.run();
            for item in planned.plan.items.iter().filter(|item| item.line.action == Action::Remove) {
                let is_it = |row: &&Row| is_same(&row.item, &item.line.item);
                prop_assert!(!world.source.iter().chain(&world.target).any(|row| is_it(&row)));
            }
        }
        prop_assert_eq!(world.plan().writes(), 0);
    }

    /// Seen from the other side, with the other side right, everything is mirrored.
    #[test]
    fn two_way_knows_no_favourite(world in world_of(Feature::ALL), source_wins in any::<bool>(), source in reading(), target in reading(), suspect in any::<bool>()) {
        let mut world = world.reading(source, target);
        world.target_before = suspect.then_some(1_000);
        world.policy.mode = Mode::TwoWay;
        world.policy.conflict = if source_wins { ConflictPolicy::Source } else { ConflictPolicy::Target };
        let mirrored = world.clone().swapped();
        prop_assert_eq!(written(&world.plan(), |side| side, |reason| reason), written(&mirrored.plan(), Side::other, across));
    }

    /// The plays that are added are those of which the slow way finds no other one near.
    #[test]
    fn two_way_adds_what_the_slow_way_misses(mut stamps in proptest::collection::vec((0i64..4_000, any::<bool>()), 0..20)) {
        stamps.sort_unstable();
        let on = |side: bool| stamps.iter().filter(move |(_, of)| *of == side).map(|(second, _)| m(1).played(T1 + second));
        let world = World::new(Feature::History).two_way().source(on(false)).target(on(true));
        let mut slow = [0, 0];
        for viewing in slow_viewings(&stamps) {
            slow[0] += usize::from(viewing.iter().all(|(_, of)| *of));
            slow[1] += usize::from(viewing.iter().all(|(_, of)| !*of));
        }
        let planned = world.plan();
        let adds = |side: Side| planned.plan.items.iter().filter(|item| item.line.side == side).count();
        prop_assert_eq!([adds(Side::Source), adds(Side::Target)], slow);
    }
}

/// Every stamp is compared with every other; those that are near are one viewing, and so is what is near to one of them.
fn slow_viewings(stamps: &[(i64, bool)]) -> Vec<Vec<(i64, bool)>> {
    let mut viewings: Vec<Vec<(i64, bool)>> = Vec::new();
    for stamp in stamps {
        let is_near = |viewing: &Vec<(i64, bool)>| {
            viewing.iter().any(|other| (other.0 - stamp.0).abs() <= same_instant_tolerance_s())
        };
        let (near, mut rest): (Vec<_>, Vec<_>) = viewings.into_iter().partition(is_near);
        rest.push(near.into_iter().flatten().chain([*stamp]).collect());
        viewings = rest;
    }
    viewings
}

fn written(
    planned: &Planned,
    side: impl Fn(Side) -> Side,
    reason: impl Fn(Reason) -> Reason,
) -> std::collections::BTreeSet<String> {
    let lines = planned.plan.items.iter().filter(|item| item.line.action != Action::Skip);
    let line = |item: &crosswatch_plan::PlannedItem| {
        let line = &item.line;
        let value = line.value.filter(|value| *value != Fact::Play(WatchedAt::Unknown));
        let what = (line.action, line.held_action, side(line.side), reason(line.reason));
        format!("{} {:?} {what:?} {value:?} {:?}", line.item.label(), line.item.ids, line.before)
    };
    lines.map(line).collect()
}

const fn across(reason: Reason) -> Reason {
    match reason {
        Reason::OnlyOnSource => Reason::NewOnTarget,
        Reason::NewOnTarget => Reason::OnlyOnSource,
        Reason::ChangedOnSource => Reason::ChangedOnTarget,
        Reason::ChangedOnTarget => Reason::ChangedOnSource,
        Reason::RemovedOnSource => Reason::RemovedOnTarget,
        Reason::RemovedOnTarget => Reason::RemovedOnSource,
        Reason::SourceShrunk => Reason::TargetShrunk,
        Reason::TargetShrunk => Reason::SourceShrunk,
        same => same,
    }
}
