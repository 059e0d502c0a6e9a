//! Values: ratings on different scales, resume points by event time.

use std::collections::BTreeSet;

use crosswatch_model::{Action, Fact, Feature, Rating, Scale};

use crate::{
    rows::Row,
    world::{T1, World, at, e, m, policy},
};

fn ratings() -> World {
    World::new(Feature::Ratings)
}

fn progress() -> World {
    World::new(Feature::Progress)
}

#[test]
fn s42_the_source_wins_also_against_a_newer_rating() {
    let world = ratings().source([m(1).rated(80, Some(T1))]).target([m(1).rated(30, Some(T1 + 100))]);
    world.expect_all(&["~ movie 1 = 80"]);
    let planned = world.plan();
    let line = &planned.plan.items[0].line;
    assert_eq!(line.explain, "Rated 8/10 on the source, 3/10 on the target; the source wins.");
    assert_eq!((line.before, line.native), (world.target[0].fact, world.target[0].native));
    world.converges(&["~ movie 1 = 80"]);
}

#[test]
fn s43_one_way_never_writes_to_the_source() {
    let world = ratings().source([m(1).rated(80, Some(T1)), m(2)]).target([m(1).rated(30, Some(T1 + 100)), m(3)]);
    for item in world.plan().plan.items {
        assert_eq!(item.line.side, crosswatch_model::Side::Target);
    }
}

#[test]
fn s45_what_was_unrated_on_the_source() {
    let world = ratings().source([]).target([m(1)]).agreed([m(1)]);
    world.expect_all(&["skip movie 1: removes_off"]);
    world.removing().converges(&["- movie 1"]);
    ratings().source([]).target([m(1)]).removing().converges(&[]);
}

#[test]
fn s46_a_rating_is_the_same_with_and_without_its_time() {
    for time in [None, Some(T1), Some(T1 + 7)] {
        ratings().source([m(1).rated(80, time)]).target([m(1).rated(80, Some(T1))]).converges(&[]);
        ratings().source([m(1).rated(80, time)]).converges(&["+ movie 1 = 80"]);
    }
}

#[test]
fn s48_only_what_happened_after_the_pair_began_is_sent() {
    let world = ratings().source([m(1).rated(80, Some(T1 - 1)), m(2).rated(70, Some(T1)), m(3).rated(60, None)]);
    let mut world = world.with(|policy| policy.only_new = true);
    let older = ["skip movie 1: before_pair", "skip movie 3: before_pair"];
    world.adopted_at = None;
    world.expect_all(&[older[0], "skip movie 2: before_pair", older[1]]);
    world.adopted_at = Some(at(T1));
    world.expect_all(&[older[0], "+ movie 2 = 70", older[1]]);
    world.converges(&["+ movie 2 = 70"]);
}

#[test]
fn s76_what_the_pair_blocks_is_never_written() {
    let blocked = |text: &str| {
        let world = ratings().source([m(1).rated(80, None), e(1, 1, 1), e(1, 1, 2)]).target([m(1).rated(30, None)]);
        world.with(|policy| policy.blocked = vec![text.parse().unwrap()]).plan().lines(|_| true)
    };
    let free = ratings().source([m(1).rated(80, None), e(1, 1, 1), e(1, 1, 2)]).target([m(1).rated(30, None)]);
    assert_eq!(free.plan().writes(), 3);
    for (text, writes, skips) in
        [("tmdb_movie:1", 2, 1), ("tmdb_show:1/1/2", 2, 1), ("tmdb_show:1", 1, 2), ("tmdb_show:9", 3, 0)]
    {
        let lines = blocked(text);
        let is_skip = |line: &&String| line.starts_with("skip") && line.ends_with(": blocked");
        assert_eq!(
            (lines.len() - lines.iter().filter(is_skip).count(), lines.iter().filter(is_skip).count()),
            (writes, skips),
            "{text}: {lines:?}"
        );
    }
    let removal = ratings().source([]).target([m(1)]).agreed([m(1)]).removing();
    removal
        .with(|policy| policy.blocked = vec!["tmdb_movie:1".parse().unwrap()])
        .expect_all(&["skip movie 1: blocked"]);
}

#[test]
fn ratings_are_compared_on_the_coarser_scale_and_written_on_the_targets() {
    let scales = [Scale::TEN, Scale::TEN_HALVES, Scale::HUNDRED, Scale::FIVE_STARS];
    for source in scales {
        for target in scales {
            for value in 1..=100 {
                let value = source.quantise(Rating::new(value).unwrap());
                let world = ratings()
                    .source([m(1).rated(value.get(), None)])
                    .source_can(|can| can.scale = source)
                    .target_can(|can| can.scale = target);
                let written = target.quantise(value).get();
                world.converges(&[format!("+ movie 1 = {written}").as_str()]);
            }
        }
    }
    let halves = |value| ratings().source([m(1).rated(85, None)]).target([m(1).rated(value, None)]);
    let halves = |value| halves(value).source_can(|can| can.scale = Scale::TEN_HALVES);
    halves(90).converges(&[]);
    halves(80).converges(&["~ movie 1 = 90"]);
}

#[test]
fn a_rating_off_its_own_scale_does_not_flip() {
    let world = ratings().source([m(1).rated(94, None)]).target([m(1).rated(95, None)]);
    let world = world.target_can(|can| can.scale = Scale::TEN_HALVES);
    world.converges(&["~ movie 1 = 90"]);
}

#[test]
fn overwriting_a_rating_needs_matching_ids() {
    let world = ratings().source([e(1, 1, 1).rated(80, None)]).target([e(1, 1, 1).rated(30, None)]);
    world.expect_all(&["skip show 1 S01E01: match_too_weak"]);
    ratings().source([e(1, 1, 1)]).converges(&["+ show 1 S01E01 = 80"]);
    let known = m(1).ids("tmdb:1 imdb:tt0000001");
    let linked = ratings().source([m(1).rated(80, None)]).target([m(1).ids("imdb:tt0000001").rated(30, None)]);
    linked.agreed([known]).converges(&["~ movie 1 = 80"]);
}

#[test]
fn of_two_ratings_on_one_side_the_later_counts() {
    let world = ratings().source([m(1).rated(30, Some(T1)), m(1).rated(90, Some(T1 + 5)), m(1).rated(70, None)]);
    world.converges(&["+ movie 1 = 90"]);
}

#[test]
fn s49_progress_moves_forward_in_time_only() {
    let limit = progress().source([m(1).stopped(96, Some(T1))]).target([m(1).stopped(10, Some(T1 - 9))]);
    limit.expect_all(&["skip movie 1: outside_progress_limits"]);
    progress().source([m(1).stopped(1, Some(T1))]).expect_all(&["skip movie 1: outside_progress_limits"]);
    let world = progress().source([m(1).stopped(40, Some(T1))]).target([m(1).stopped(10, Some(T1 - 9))]);
    world.converges(&["~ movie 1"]);
    let older = progress().source([m(1).stopped(20, Some(T1))]).target([m(1).stopped(60, Some(T1 + 9))]);
    older.expect_all(&["skip movie 1: target_is_newer"]);
    older.converges(&[]);
}

#[test]
fn a_resume_point_that_went_away_by_itself_is_never_removed_across() {
    let gone = |expires: bool| {
        let world = progress().source([]).target([m(1).stopped(40, Some(T1))]).agreed([m(1).stopped(40, Some(T1))]);
        world.removing().source_can(|can| can.features.iter_mut().for_each(|feature| feature.rows_expire = expires))
    };
    gone(false).converges(&["- movie 1"]);
    let expired = gone(true);
    expired.expect_all(&["skip movie 1: removes_off"]);
    assert_eq!(expired.plan().plan.notices, ["progress at the source goes away by itself; nothing is removed for it."]);
    expired.converges(&[]);
}

#[test]
fn resume_points_half_a_minute_or_a_hundredth_apart_are_the_same() {
    let stopped = |position_s| {
        m(1).fact(Fact::Resume {
            position_s,
            duration_s: Some(6_000),
            stopped_at: Some(crate::world::at(T1 + i64::from(position_s))),
        })
    };
    progress().source([stopped(1_060)]).target([stopped(1_000)]).converges(&[]);
    progress().source([stopped(1_061)]).target([stopped(1_000)]).converges(&["~ movie 1"]);
}

#[test]
fn without_times_the_side_that_moved_is_the_newer() {
    let agreed = || progress().agreed([m(1).stopped(10, None)]);
    let ahead = agreed().source([m(1).stopped(40, None)]).target([m(1).stopped(10, None)]);
    ahead.converges(&["~ movie 1"]);
    let behind = agreed().source([m(1).stopped(10, None)]).target([m(1).stopped(40, None)]);
    behind.expect_all(&["skip movie 1: target_is_newer"]);
    let unknown = progress().source([m(1).stopped(10, None)]).target([m(1).stopped(40, Some(T1))]);
    unknown.expect_all(&["skip movie 1: target_is_newer"]);
}

#[test]
fn the_first_run_never_removes_but_the_source_wins_already() {
    let world = ratings().source([m(1).rated(80, None)]).target([m(1).rated(30, None), m(2)]).first_run().removing();
    world.converges(&["~ movie 1 = 80"]);
}

#[test]
fn with_adds_off_values_stay() {
    let world =
        ratings().source([m(1).rated(80, None)]).target([m(1).rated(30, None)]).with(|policy| policy.adds = false);
    world.expect_all(&[]);
    assert_eq!(world.plan().plan.counts.skipped, 1);
    assert!(policy().adds);
}

#[test]
fn a_changed_cell_is_another_operation() {
    let name = |world: World| world.plan().plan.items[0].line.op;
    let update = |before: u8| ratings().source([m(1).rated(80, None)]).target([m(1).rated(before, None)]);
    let rows = |mut world: World| {
        for row in world.source.iter_mut().chain(&mut world.target) {
            row.native = None;
        }
        world
    };
    let first = name(rows(update(30)));
    assert_eq!(first, name(rows(update(30))));
    assert_ne!(first, name(rows(update(40))));
    let remove = |world: World| name(rows(world.two_way().agreed([m(1)]).removing()));
    assert_ne!(remove(ratings().source([m(1)])), remove(ratings().target([m(1)])));
}

#[test]
fn lines_have_the_same_name_in_every_plan() {
    let mut world = ratings().source([m(1).rated(80, None), m(2)]).target([m(1).rated(30, None)]);
    let names = |world: &World| world.plan().plan.items.iter().map(|item| item.line.op).collect::<Vec<_>>();
    let first = names(&world);
    assert_ne!(first[0], first[1]);
    world.source.reverse();
    assert_eq!(names(&world), first);
    world.uid_of(&m(1).item);
    assert_eq!(names(&world), first);
    world.source[1] = m(1).rated(70, None);
    assert_ne!(names(&world)[0], first[0]);
    let held = ratings().target([m(1)]).agreed([m(1)]).removing();
    let free = held.plan().plan.items[0].line.clone();
    let held = held.with(|policy| policy.removes = crosswatch_plan::Removes::Mirror).plan().plan.items[0].line.clone();
    assert_eq!((free.action, held.action, free.op), (Action::Remove, Action::Hold, held.op));
}

/// Every rating that a scale can hold.
fn all_of(scale: Scale) -> Vec<Row> {
    let kept: BTreeSet<u8> = (1..=100).map(|value| scale.quantise(Rating::new(value).unwrap()).get()).collect();
    (1..).zip(kept).map(|(number, value)| m(number).rated(value, None)).collect()
}

fn values(rows: &[Row]) -> Vec<(String, u8)> {
    let value = |row: &Row| match row.fact {
        Some(Fact::Rated { value, .. }) => (format!("{:?}", row.item.ids), value.get()),
        other => panic!("not a rating: {other:?}"),
    };
    let mut values: Vec<_> = rows.iter().map(value).collect();
    values.sort_unstable();
    values
}

#[test]
fn ratings_carried_there_and_back_a_hundred_times_do_not_drift() {
    let scales = [Scale::TEN, Scale::TEN_HALVES, Scale::HUNDRED, Scale::FIVE_STARS];
    for (here, there) in scales.into_iter().flat_map(|here| scales.map(|there| (here, there))) {
        let carry = |rows: Vec<Row>, from: Scale, to: Scale| {
            let mut world = ratings().source(rows).source_can(|can| can.scale = from).target_can(|can| can.scale = to);
            world.run();
            world.target
        };
        let first = carry(all_of(here), here, there);
        let (mut out, mut back) = (first.clone(), carry(first.clone(), there, here));
        let once = values(&back);
        for _ in 1..50 {
            out = carry(back, here, there);
            back = carry(out.clone(), there, here);
        }
        assert_eq!((values(&out), values(&back)), (values(&first), once), "{here:?} {there:?}");
    }
}

#[test]
fn two_accounts_kept_in_step_for_a_hundred_runs_do_not_change_a_rating_after_the_first() {
    let scales = [Scale::TEN, Scale::TEN_HALVES, Scale::HUNDRED, Scale::FIVE_STARS];
    for (here, there) in scales.into_iter().flat_map(|here| scales.map(|there| (here, there))) {
        let rows = all_of(here);
        let world = ratings().two_way().source(rows.clone());
        let mut world = world.source_can(|can| can.scale = here).target_can(|can| can.scale = there);
        assert_eq!(world.run().writes(), rows.len(), "{here:?} {there:?}");
        for run in 1..100 {
            assert_eq!(world.run().writes(), 0, "{here:?} {there:?}, run {run}");
        }
        assert_eq!(values(&world.source), values(&rows), "{here:?} {there:?}");
    }
}
