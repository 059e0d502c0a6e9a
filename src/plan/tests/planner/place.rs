//! What stands at one place and shares no id: it stays a weak match for ever, whatever is remembered of it.

use crosswatch_model::Feature;
use crosswatch_plan::{ConflictPolicy, Limit, Mode, Removes};

use crate::world::{Reading, T1, World, e, m};

const LENIENT: Limit = Limit { percent: 100, at_least: 100 };

/// One side tells an id of the episode, the other only where it stands.
fn pair_of(feature: Feature) -> World {
    World::new(feature).removing()
}

#[test]
fn what_was_matched_by_its_place_is_never_overwritten() {
    let mut world = pair_of(Feature::Ratings)
        .source([e(1, 1, 1).rated(80, None)])
        .target([e(1, 1, 1).ids("tvdb:111").rated(30, None)]);
    for _ in 0..4 {
        world.expect_all(&["skip show 1 S01E01: match_too_weak"]);
        world.run();
    }
}

#[test]
fn what_was_matched_by_its_place_is_never_removed() {
    for (mode, ours, theirs) in [
        (Mode::OneWay, "", "tvdb:111"),
        (Mode::OneWay, "tvdb:111", ""),
        (Mode::OneWay, "tvdb:111", "tmdb:7"),
        (Mode::TwoWay, "tvdb:111", "tmdb:7"),
    ] {
        let row = |ids: &str| e(1, 1, 1).ids(ids);
        let mut world = pair_of(Feature::Watchlist).source([row(ours), m(1)]).target([row(theirs), m(1)]);
        world.policy.mode = mode;
        (world.policy.max_removes, world.policy.max_shrink) = (LENIENT, LENIENT);
        for _ in 0..3 {
            world.expect_all(&[]);
            world.run();
        }
        world.source.retain(|kept| kept.item == m(1).item);
        for _ in 0..2 {
            world.run();
        }
        world.expect_all(&["skip show 1 S01E01: match_too_weak"]);
    }
}

/// A side that did not change tells the ids of our record, which may be those of the other side.
#[test]
fn a_side_that_did_not_change_makes_nothing_surer() {
    let source = [e(1, 1, 1).ids("tvdb:111").rated(80, None)];
    let target = [e(1, 1, 1).ids("tmdb:7").rated(80, None)];
    let mut world = pair_of(Feature::Ratings).source(source).target(target);
    (world.policy.max_removes, world.policy.max_shrink) = (LENIENT, LENIENT);
    world.run();
    assert_eq!(world.known[0].1.ids, e(1, 1, 1).ids("tmdb:7").item.ids);
    world.source_reading = Reading::Unchanged;
    world.run();
    let mut changed = world.clone().target([e(1, 1, 1).ids("tmdb:7").rated(30, None)]);
    for reading in [Reading::Unchanged, Reading::Complete] {
        changed.source_reading = reading;
        changed.expect_all(&["skip show 1 S01E01: match_too_weak"]);
    }
    let mut lost = world.source([]);
    lost.source_reading = Reading::Complete;
    lost.expect_all(&["skip show 1 S01E01: match_too_weak"]);
}

#[test]
fn one_run_with_an_id_in_common_makes_it_sure() {
    let mut world = pair_of(Feature::Watchlist).source([e(1, 1, 1)]).target([e(1, 1, 1).ids("tvdb:111")]);
    (world.policy.max_removes, world.policy.max_shrink) = (LENIENT, LENIENT);
    world.run();
    let mut world = world.source([e(1, 1, 1).ids("tvdb:111")]);
    world.run();
    world.source.clear();
    world.policy.remove_after_reads = 1;
    world.expect_all(&["- show 1 S01E01"]);
}

/// The row that tied both names together goes away with what it said; what it told of them stays known.
#[test]
fn what_a_row_told_of_ids_outlives_the_row() {
    for conflict in [ConflictPolicy::Source, ConflictPolicy::Newest, ConflictPolicy::Target] {
        let tie = m(7).ids("tmdb:7 imdb:tt0000007").played(T1 + 703);
        let mut world = World::new(Feature::History)
            .source([m(7).played(T1 + 9_000)])
            .target([m(7).ids("imdb:tt0000007").undated(), tie])
            .agreed([m(7).played(T1 + 592)]);
        world.policy.mode = Mode::TwoWay;
        world.policy.removes = Removes::Observed;
        world.policy.conflict = conflict;
        world.policy.remove_after_reads = 1;
        (world.policy.max_removes, world.policy.max_shrink) = (LENIENT, LENIENT);
        world.expect(&["- movie 7"]);
        world.run();
        world.expect(&[]);
    }
}
