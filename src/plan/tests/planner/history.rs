//! Plays: which are the same, which are new, and what never happens to them.

use crosswatch_model::{Feature, HoldKind, PlayDetail, WatchedPrecision};
use crosswatch_plan::{Approvals, Removes};
use jiff::{civil::date, tz::TimeZone};

use crate::world::{Reading, Row, T1, World, e, m, w};

const HOUR: i64 = 3_600;

fn history() -> World {
    World::new(Feature::History)
}

#[test]
fn s30_without_rewatches_other_dates_are_nothing() {
    let world = history().with(|policy| policy.rewatches = false).source([m(1)]).target([m(1).played(T1 + HOUR)]);
    world.expect_all(&[]);
    world.converges(&[]);
}

#[test]
fn s31_with_rewatches_only_the_missing_play_is_added() {
    let world = history().source([m(1), m(1).played(T1 + 9 * HOUR)]).target([m(1)]);
    world.converges(&["+ movie 1 at 32400"]);
}

#[test]
fn s33_rewatches_collapse_where_one_side_cannot_keep_them() {
    let collapse: [fn(World) -> World; 3] = [
        |world| world.target_can(|can| can.plays = PlayDetail::LastPlayOnly),
        |world| world.source_can(|can| can.plays = PlayDetail::LastPlayOnly),
        |world| {
            world
                .target_can(|can| can.watched_precision = WatchedPrecision::WriteTimeOnly)
                .with(|policy| policy.allow_undated = true)
        },
    ];
    for collapse in collapse {
        let world = history().source([m(1), m(1).played(T1 + 9 * HOUR), m(2)]).target([m(1).played(T1 + HOUR)]);
        let world = collapse(world);
        world.expect_all(&["+ movie 2"]);
        assert_eq!(world.plan().notices(), ["One side keeps only the last play, so only watched or not counts."]);
        world.converges(&["+ movie 2"]);
    }
}

#[test]
fn s34_plays_deleted_on_the_source_stay_on_the_target_for_ever() {
    let mut world = history().source([m(2)]).target([m(1), m(2)]).agreed([m(1), m(2)]);
    world.expect_all(&["skip movie 1: removes_off"]);
    world.run();
    let world = world.removing();
    world.expect_all(&["skip movie 1: only_on_target"]);
    world.converges(&[]);
}

#[test]
fn a_play_removed_on_the_source_removes_that_play_by_its_row() {
    let plays = || [m(1), m(1).played(T1 + 9 * HOUR), m(1).played(T1 + 20 * HOUR)];
    let world = history().source([m(1), m(1).played(T1 + 20 * HOUR)]).target(plays()).wrote(plays()).removing();
    let planned = world.plan();
    assert_eq!(planned.lines(|_| true), ["- movie 1"]);
    assert_eq!(planned.plan.items[0].line.native, world.target[1].native);
    let world = world.converges(&["- movie 1"]);
    assert_eq!(world.target.len(), 2);
}

#[test]
fn s36_a_movie_and_an_episode_of_one_number_are_two_things() {
    let world = history().source([m(550)]).target([e(1, 1, 1).ids("tmdb:550")]);
    world.converges(&["+ movie 550"]);
}

#[test]
fn s37_specials_are_season_zero_and_nothing_else() {
    let world = history().source([e(1, 0, 5), e(1, 1, 1)]).target([e(1, 0, 5), e(1, 5, 0), m(5)]);
    world.converges(&["+ show 1 S01E01"]);
}

#[test]
fn s39_show_and_season_rows_are_left_alone() {
    let mut season = e(1, 1, 1);
    season.item.kind = crosswatch_model::Kind::Season;
    season.item.number = None;
    let world = history().source([w(1), season, e(1, 1, 1)]);
    world.expect_all(&["skip show 1 season 1: not_a_leaf", "+ show 1 S01E01", "skip show 1: not_a_leaf"]);
    world.converges(&["+ show 1 S01E01"]);
}

#[test]
fn s40_undated_plays_need_a_target_that_keeps_them_or_permission() {
    let world = history().source([m(1).undated()]);
    world.clone().converges(&["+ movie 1"]);
    let strict = world.target_can(|can| can.keeps_undated_plays = false);
    strict.expect_all(&["skip movie 1: undated_not_allowed"]);
    strict.with(|policy| policy.allow_undated = true).converges(&["+ movie 1"]);
}

#[test]
fn s40_a_target_that_stamps_today_needs_permission_for_every_play() {
    let world = history().source([m(1)]).target_can(|can| {
        can.watched_precision = WatchedPrecision::WriteTimeOnly;
        can.keeps_undated_plays = false;
        can.plays = PlayDetail::LastPlayOnly;
    });
    world.expect_all(&["skip movie 1: undated_not_allowed"]);
    world.with(|policy| policy.allow_undated = true).converges(&["+ movie 1"]);
}

#[test]
fn an_undated_play_is_never_added_to_what_is_watched() {
    history().source([m(1).undated()]).target([m(1)]).converges(&[]);
    history().source([m(1).undated(), m(1)]).converges(&["+ movie 1"]);
    history().source([m(1), m(1).played(T1 + 9 * HOUR)]).target([m(1).undated()]).converges(&["+ movie 1 at 32400"]);
}

#[test]
fn stamps_two_minutes_apart_are_one_play() {
    for (apart, lines) in [(0, vec![]), (120, vec![]), (-120, vec![]), (121, vec!["+ movie 1"])] {
        history().source([m(1)]).target([m(1).played(T1 + apart)]).converges(&lines);
    }
}

#[test]
fn d14_the_turn_of_a_minute_is_not_another_play() {
    let world = history().source([m(1).played(T1 + 59)]).target([m(1).played(T1 + 60)]);
    world.converges(&[]);
}

#[test]
fn a_target_that_keeps_minutes_gets_minutes() {
    let world =
        history().source([m(1).played(T1 + 59)]).target_can(|can| can.watched_precision = WatchedPrecision::Minute);
    let start = T1 - T1.rem_euclid(60);
    assert_eq!(start, T1);
    world.converges(&["+ movie 1"]);
}

#[test]
fn a_day_is_any_moment_of_that_day_in_the_users_zone() {
    let zone = TimeZone::fixed(jiff::tz::offset(-8));
    // 2023-11-15T03:00Z is still the 14th eight hours further west.
    let evening = date(2023, 11, 15).at(3, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp().as_second();
    let mut world = history().source([m(1).on_day(date(2023, 11, 14))]).target([m(1).played(evening)]);
    world.zone = zone;
    world.expect_all(&[]);
    world.clone().converges(&[]);
    let mut swapped = history().source([m(1).played(evening)]).target([m(1).on_day(date(2023, 11, 14))]);
    swapped.zone = world.zone.clone();
    swapped.converges(&[]);
    world.zone = TimeZone::UTC;
    assert_eq!(world.plan().writes(), 1);
    history().source([m(1).on_day(date(2023, 11, 14))]).converges(&["+ movie 1"]);
}

#[test]
fn a_day_stands_for_one_play_of_that_day() {
    let noon = date(2023, 11, 14).at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp().as_second();
    let world =
        history().source([m(1).played(noon), m(1).played(noon + 5 * HOUR)]).target([m(1).on_day(date(2023, 11, 14))]);
    assert_eq!(world.plan().writes(), 1);
    let mut world = world;
    world.run();
    assert_eq!(world.plan().writes(), 0);
}

#[test]
fn copies_in_two_libraries_are_one_play() {
    let world = history().source([m(1), m(1).played(T1 + 60), m(1).ids("tmdb:1 imdb:tt0000001")]);
    world.converges(&["+ movie 1"]);
}

#[test]
fn d13_fifty_thousand_plays_of_one_item_are_paired_by_one_sweep() {
    let plays = |shift: i64| -> Vec<Row> { (0..50_000).map(|play| m(1).played(T1 + play * 600 + shift)).collect() };
    let mut world = history().source(plays(0)).target(plays(100));
    world.source.push(m(1).played(T1 - HOUR));
    let planned = world.plan();
    assert_eq!(planned.lines(|_| true), ["+ movie 1 at -3600"]);
    assert_eq!(planned.plan.counts.unchanged, 50_000);
}

#[test]
fn the_breaker_stops_a_plan_that_would_double_what_is_watched() {
    let watched = |shift: i64| -> Vec<Row> { (1..=20).map(|number| m(number).played(T1 + shift)).collect() };
    let world = history().source(watched(0)).target(watched(2 * HOUR));
    let planned = world.plan();
    assert_eq!((planned.writes(), planned.plan.counts.held), (0, 20));
    assert_eq!(planned.plan.holds[0].kind, HoldKind::DuplicatePlays);
    assert_eq!(world.clone().with(|policy| policy.approvals = Approvals::ALL).plan().writes(), 20);
    let few = history().source(watched(0).into_iter().take(19)).target(watched(2 * HOUR));
    assert_eq!(few.plan().writes(), 19);
    let mut rows = watched(2 * HOUR);
    rows.extend((1..=10).map(m));
    let half = history().source(rows).target(watched(2 * HOUR));
    assert_eq!(half.plan().writes(), 10);
}

#[test]
fn a_switch_between_every_play_and_presence_keeps_the_memory() {
    let plays = || [m(1), m(1).played(T1 + 9 * HOUR)];
    let mut world = history().source(plays()).target(plays());
    world.run();
    assert_eq!(world.baseline.len(), 2);
    let mut world = world.with(|policy| policy.rewatches = false);
    assert_eq!(world.run().writes(), 0);
    assert_eq!(world.baseline.len(), 1);
    let mut world = world.with(|policy| policy.rewatches = true);
    assert_eq!(world.run().writes(), 0);
    assert_eq!(world.baseline.len(), 2);
    assert!(world.baseline.values().all(|row| row.seen_on_source && row.seen_on_target));
    world.source.clear();
    let world = world.removing();
    assert_eq!(world.plan().plan.counts.removes, 2);
}

#[test]
fn a_mirror_of_plays_removes_the_targets_own_after_approval() {
    let mut world = history().source([m(1)]).target([m(1), m(2)]).removing();
    world.policy.removes = Removes::Mirror;
    world.run();
    world.expect(&["hold - movie 2: first_mirror"]);
    world.policy.mirror_approved = true;
    world.converges(&["- movie 2"]);
}

#[test]
fn a_delta_of_the_source_only_adds() {
    let world = history().source([m(2)]).target([m(1)]).agreed([m(1)]).removing();
    let world = world.reading(Reading::Delta, Reading::Complete);
    world.expect_all(&["skip movie 1: read_incomplete", "+ movie 2"]);
    world.converges(&["+ movie 2"]);
}

/// A film of 100 minutes whose plays one side stamps at the start and the other at the end.
fn started_and_stopped(starts: &[i64], stops: &[i64]) -> World {
    let plays = |hours: &[i64], late: i64| -> Vec<Row> {
        hours.iter().map(|hour| m(1).played(T1 + hour * HOUR + late)).collect()
    };
    let mut world = history().source(plays(stops, 6_000)).target(plays(starts, 0));
    world.runtimes_s = vec![(m(1).item, 6_000)];
    world
}

#[test]
fn a_start_and_a_stop_of_one_length_are_one_play_where_the_counts_agree() {
    for change in [|world: World| world, |world: World| world.two_way()] {
        change(started_and_stopped(&[0, 24, 90], &[0, 24, 90])).converges(&[]);
        let mut unknown = change(started_and_stopped(&[0, 24], &[0, 24]));
        unknown.runtimes_s.clear();
        assert_ne!(unknown.plan().writes(), 0);
        let far = change(started_and_stopped(&[0, 24], &[0, 27]));
        assert_ne!(far.plan().writes(), 0);
    }
    assert_eq!(started_and_stopped(&[0], &[0, 24]).plan().writes(), 2);
}

#[test]
fn a_start_and_a_stop_that_were_one_play_stay_one_when_another_is_watched() {
    for change in [|world: World| world, |world: World| world.two_way()] {
        let mut world = change(started_and_stopped(&[0], &[0]));
        world.run();
        assert_eq!(world.baseline.len(), 1);
        let rows = world.source.clone();
        world = world.source(rows.into_iter().chain([m(1).played(T1 + 90 * HOUR)]));
        world.runtimes_s.clear();
        let world = world.converges(&["+ movie 1 at 324000"]);
        let mut gone = World { source: Vec::new(), source_before: None, ..world }.removing();
        assert_eq!(gone.run().lines(|_| true), ["- movie 1", "- movie 1"]);
        assert!(gone.target.is_empty());
        gone.converges(&[]);
    }
}

#[test]
fn another_row_of_a_viewing_that_the_source_has_is_never_removed() {
    let twice = || [m(1).played(T1), m(1).played(T1 + 60)];
    let world = history().source([m(1).played(T1 + 29)]).target(twice()).wrote(twice()).removing();
    world.expect(&[]);
    let gone = history().source([]).target(twice()).wrote(twice()).removing();
    gone.expect(&["- movie 1", "- movie 1"]);
}
