//! Restoring a snapshot: the source is what an account once held, the target is what an account holds now.

use crosswatch_model::{Feature, Kind, PlayDetail, RestoreFilter, WatchedPrecision};
use crosswatch_plan::{Approvals, FeatureInput, Mode, Removes, plan_feature};

use crate::{
    planned::Planned,
    world::{Reading, T1, World, e, m, w},
};

/// What is missing or changed comes back, the rest stays.
fn merging(feature: Feature) -> World {
    World::new(feature).with(|policy| {
        policy.mode = Mode::Restore;
        policy.allow_undated = true;
        (policy.min_percent, policy.max_percent) = (0, 100);
    })
}

/// The target becomes what the snapshot is.
fn exact(feature: Feature) -> World {
    merging(feature).with(|policy| policy.removes = Removes::Mirror)
}

fn picking(world: &World, filter: &RestoreFilter) -> Planned {
    let picker = filter.picker().unwrap();
    world.asking(|input| plan_feature(&FeatureInput { picker: Some(&picker), ..*input }))
}

#[test]
fn what_is_missing_or_changed_comes_back_and_the_rest_stays() {
    let ratings = merging(Feature::Ratings).source([m(1), m(2).rated(80, None), m(3)]);
    let world = ratings.target([m(2).rated(30, Some(T1)), m(3), m(4)]);
    world.expect_all(&["+ movie 1 = 80", "~ movie 2 = 80", "skip movie 4: only_on_target"]);
    let planned = world.plan();
    let told: Vec<&str> = planned.plan.items.iter().map(|item| item.line.explain.as_str()).collect();
    assert_eq!(
        told,
        [
            "Rated 8/10 in the snapshot, not rated now.",
            "Rated 8/10 in the snapshot, 3/10 now; comes back.",
            "Rated 8/10 now. Only the target has it; it is left alone.",
        ]
    );
    let list = merging(Feature::Watchlist).source([m(1), w(2)]).target([w(2)]);
    list.expect_all(&["+ movie 1"]);
}

#[test]
fn what_the_pair_of_the_account_once_agreed_on_means_nothing() {
    let world = merging(Feature::Ratings).source([m(1)]).agreed([m(1), m(2)]).target([m(2)]);
    world.expect_all(&["+ movie 1 = 80", "skip movie 2: only_on_target"]);
    assert_eq!(world.plan().plan.settle, []);
}

#[test]
fn exactly_what_was_holds_what_came_since_until_a_person_says_so() {
    let world = exact(Feature::Watchlist).source([m(1), m(2)]).target([m(2), m(3)]);
    world.expect_all(&["+ movie 1", "hold - movie 3: not_in_snapshot"]);
    let approved = world.clone().with(|policy| policy.approvals = Approvals::ALL);
    approved.expect_all(&["+ movie 1", "- movie 3"]);
    let cannot = world.target_can(|can| can.features[1].can_remove = false);
    cannot.expect_all(&["+ movie 1", "skip movie 3: cannot_undo"]);
}

#[test]
fn an_older_resume_point_comes_back_only_where_it_is_to_be_exactly_as_it_was() {
    let points = |world: World| world.source([m(1).stopped(20, Some(T1))]).target([m(1).stopped(60, Some(T1 + 9))]);
    points(merging(Feature::Progress)).expect_all(&["skip movie 1: target_is_newer"]);
    points(exact(Feature::Progress)).expect_all(&["~ movie 1"]);
}

#[test]
fn nothing_is_added_to_what_was_not_read_in_full() {
    let world = merging(Feature::Watchlist).source([m(1), m(2)]).target([m(2), m(3)]);
    world.reading(Reading::Complete, Reading::FirstRows(1)).expect_all(&["skip movie 1: read_incomplete"]);
}

#[test]
fn plays_come_back_one_by_one_and_a_play_that_is_there_does_not() {
    let world = merging(Feature::History).source([m(1), m(1).played(T1 + 9_000), e(1, 1, 2)]);
    world.target([m(1).played(T1 + 60)]).expect_all(&["+ movie 1 at 9000", "+ show 1 S01E02"]);
}

#[test]
fn plays_without_their_date_are_told_before() {
    let world = merging(Feature::History).source([m(1), m(2)]).target([m(2)]).target_can(|can| {
        can.watched_precision = WatchedPrecision::WriteTimeOnly;
        can.plays = PlayDetail::LastPlayOnly;
    });
    world.expect_all(&["+ movie 1"]);
    let notices = world.plan().plan.notices;
    assert!(notices.iter().any(|notice| notice.contains("1 plays come back with today's date")), "{notices:?}");
}

#[test]
fn what_an_account_cannot_hold_is_left_out_with_the_reason() {
    let world = merging(Feature::Ratings).source([m(1), w(2)]).target_can(|can| can.features[2].kinds = &[Kind::Movie]);
    world.expect_all(&["+ movie 1 = 80", "skip show 2: kind_unsupported"]);
}

#[test]
fn a_part_of_a_snapshot_leaves_everything_else_alone() {
    let world = exact(Feature::History).source([e(1, 1, 1)]).target([e(1, 1, 2), e(2, 1, 1), m(3)]);
    let show = RestoreFilter { show: Some("show 1".into()), ..RestoreFilter::default() };
    let lines = picking(&world, &show).lines(|_| true);
    assert_eq!(lines, ["+ show 1 S01E01", "hold - show 1 S01E02: not_in_snapshot"]);
}
