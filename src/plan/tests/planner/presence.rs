//! Presence, one-way: scenarios of the watchlist.

use crosswatch_model::{Action, Feature, Kind};
use crosswatch_plan::After;
use crosswatch_plan::Removes;

use crate::world::{World, e, m, nameless, w};

fn watchlist() -> World {
    World::new(Feature::Watchlist)
}

#[test]
fn s01_what_only_the_source_has_is_added_and_the_target_keeps_its_own() {
    let world = watchlist().source([m(1), m(2)]).target([m(2), m(3)]);
    world.expect_all(&["+ movie 1", "skip movie 3: only_on_target"]);
    let world = world.converges(&["+ movie 1"]);
    assert_eq!(world.target.len(), 3);
}

#[test]
fn s01_the_first_run_adopts_both_sides() {
    let world = watchlist().source([m(1), m(2)]).target([m(2), m(3)]).first_run().with(|policy| {
        policy.removes = Removes::Mirror;
        policy.mirror_approved = true;
    });
    world.expect_all(&["+ movie 1", "skip movie 3: adoption"]);
    let mut world = world;
    world.run();
    let rows: Vec<(bool, bool)> = world.baseline.values().map(|row| (row.seen_on_source, row.seen_on_target)).collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows.iter().filter(|row| **row == (true, true)).count(), 2);
    assert_eq!(rows.iter().filter(|row| **row == (false, true)).count(), 1);
}

#[test]
fn s03_with_removals_off_nothing_is_removed() {
    let world = watchlist().source([m(2)]).target([m(1), m(2)]).agreed([m(1), m(2)]);
    world.expect_all(&["skip movie 1: removes_off"]);
    world.converges(&[]);
}

#[test]
fn s04_with_removals_on_what_left_the_source_is_removed() {
    let world = watchlist().source([m(2)]).target([m(1), m(2)]).agreed([m(1), m(2)]).removing();
    let world = world.converges(&["- movie 1"]);
    assert_eq!((world.target.len(), world.baseline.len()), (1, 1));
}

#[test]
fn s04_grace_waits_for_another_complete_read() {
    let mut world = watchlist().source([m(2)]).target([m(1), m(2)]).agreed([m(1), m(2)]).removing();
    world.policy.remove_after_reads = 2;
    assert_eq!(world.run().lines(|_| true), ["skip movie 1: waiting_for_reads"]);
    let mut returned = world.clone();
    returned.source.push(m(1).fact(world.source[0].fact.unwrap()));
    assert_eq!(returned.run().writes(), 0);
    returned.source.pop();
    assert_eq!(returned.run().lines(|_| true), ["skip movie 1: waiting_for_reads"]);
    world.converges(&["- movie 1"]);
}

#[test]
fn s06_what_is_gone_on_both_sides_is_forgotten() {
    let mut world = watchlist().source([]).target([]).agreed([m(1)]).removing();
    assert_eq!(world.run().lines(|_| true), Vec::<String>::new());
    assert!(world.baseline.is_empty());
}

#[test]
fn s07_what_the_target_adds_again_after_the_removal_is_its_own() {
    let mut world = watchlist().source([m(2)]).target([m(1), m(2)]).agreed([m(1), m(2)]).removing();
    world.run();
    world = world.target([m(1), m(2)]);
    world.expect_all(&["skip movie 1: only_on_target"]);
}

#[test]
fn s07_a_mirror_removes_what_the_target_added_once_it_was_remembered() {
    let mut world = watchlist().source([m(2)]).target([m(1), m(2)]).agreed([m(2)]).removing();
    world.policy.removes = Removes::Mirror;
    world.policy.mirror_approved = true;
    assert_eq!(world.run().lines(|_| true), ["skip movie 1: only_on_target"]);
    world.converges(&["- movie 1"]);
}

#[test]
fn s09_one_shared_id_is_a_match_and_the_ids_are_united() {
    let both = m(1).ids("tmdb:1 imdb:tt0000001");
    let mut world = watchlist().source([both.clone()]).target([m(1).ids("imdb:tt0000001")]);
    world.expect_all(&[]);
    world.run();
    assert_eq!(world.known[0].1.ids, both.item.ids);
    world.converges(&[]);
}

#[test]
fn s10_an_alias_learned_from_the_target_ends_the_attempts() {
    let mut world = watchlist().source([m(1)]).target([m(1).ids("imdb:tt0000001")]);
    world.expect(&["+ movie 1"]);
    world.known.push((crosswatch_model::Uid(1), m(1).ids("tmdb:1 imdb:tt0000001").item));
    world.converges(&[]);
}

#[test]
fn s12_two_rows_of_one_title_are_one_add() {
    let world = watchlist().source([m(1), m(1).ids("tmdb:1 imdb:tt0000001")]);
    world.converges(&["+ movie 1"]);
}

#[test]
fn s13_an_item_without_ids_is_listed_and_the_others_go_on() {
    let world = watchlist().source([nameless("Carrie"), m(1)]);
    world.expect_all(&["+ movie 1", "skip Carrie (1999): no_ids"]);
    assert_eq!(world.plan().plan.counts.skipped, 1);
}

#[test]
fn contradicting_ids_are_a_conflict_and_never_a_write() {
    let world = watchlist()
        .source([m(1).ids("tmdb:1 imdb:tt0000001")])
        .target([m(1).ids("tmdb:2 imdb:tt0000001")])
        .agreed([m(1)])
        .removing();
    world.expect(&["conflict movie 1: ids_contradict"]);
    let gone = World { source: Vec::new(), ..world };
    assert_eq!(gone.plan().writes(), 0);
}

#[test]
fn a_removal_needs_matching_ids_or_our_own_write() {
    let episode = e(1, 1, 1);
    let world = watchlist().target([episode.clone()]).agreed([episode.clone()]).removing();
    world.expect_all(&["skip show 1 S01E01: match_too_weak"]);
    let world = watchlist().target([episode.clone()]).wrote([episode]).removing();
    world.converges(&["- show 1 S01E01"]);
}

#[test]
fn kinds_the_target_cannot_hold_are_left_alone() {
    let world = watchlist().source([m(1), w(1)]).target_can(|can| {
        for feature in &mut can.features {
            feature.kinds = &[Kind::Movie];
        }
    });
    world.expect_all(&["+ movie 1", "skip show 1: kind_unsupported"]);
}

#[test]
fn features_a_side_does_not_keep_are_not_planned() {
    let world = watchlist().source([m(1)]).target_can(|can| can.features.clear());
    world.expect_all(&[]);
    assert_eq!(world.plan().notices(), ["One side does not keep watchlist. Nothing is planned."]);
}

#[test]
fn a_target_that_cannot_remove_keeps_everything() {
    let world = watchlist().target([m(1)]).agreed([m(1)]).removing().target_can(|can| {
        for feature in &mut can.features {
            feature.can_remove = false;
        }
    });
    world.expect_all(&["skip movie 1: removes_off"]);
    assert_eq!(world.plan().notices(), ["The target cannot remove single watchlist items; nothing is removed."]);
}

#[test]
fn with_adds_off_nothing_is_added_but_it_is_said() {
    let world = watchlist().source([m(1), m(2)]).with(|policy| policy.adds = false);
    world.expect_all(&[]);
    assert_eq!(world.plan().notices(), ["2 items would be added or updated, but add is off for watchlist."]);
}

#[test]
fn just_added_items_wait_for_their_grace() {
    let recent = crate::world::NOW - 30;
    let world =
        watchlist().source([m(1).listed(recent), m(2).listed(recent - 60)]).with(|policy| policy.new_item_grace_s = 60);
    world.expect_all(&["skip movie 1: too_new", "+ movie 2"]);
    let ahead = watchlist().source([m(1).listed(crate::world::NOW + 30)]);
    ahead.clone().with(|policy| policy.new_item_grace_s = 60).expect_all(&["skip movie 1: too_new"]);
    ahead.expect_all(&["+ movie 1"]);
}

#[test]
fn turning_removals_on_never_acts_on_what_left_while_they_were_off() {
    let mut world = watchlist().source([m(2)]).target([m(1), m(2)]).agreed([m(1), m(2)]);
    world.run();
    world = world.removing();
    world.expect_all(&["skip movie 1: only_on_target"]);
    world.converges(&[]);
}

#[test]
fn every_row_of_the_target_that_makes_up_the_item_is_removed() {
    let world = watchlist().target([m(1), m(1).ids("tmdb:1 imdb:tt0000001")]).agreed([m(1)]).removing();
    let mut world = world;
    world.expect(&["- movie 1", "- movie 1"]);
    let after: Vec<After> = world.run().plan.items.iter().map(|item| item.after).collect();
    assert_eq!(after, [After::Nothing, After::Drop], "the memory goes with the last row");
    assert!(world.target.is_empty());
    world.run();
    assert!(world.baseline.is_empty());
}

#[test]
fn folded_names_become_one_row() {
    let both = m(1).ids("tmdb:1 imdb:tt0000001");
    let mut world = watchlist().agreed([m(1), m(1).ids("imdb:tt0000001")]).source([both.clone()]).target([both]);
    assert_eq!((world.known.len(), world.baseline.len()), (2, 2));
    assert_eq!(world.run().lines(|_| true), Vec::<String>::new());
    assert_eq!(world.baseline.len(), 1);
    world.source.clear();
    let world = world.removing();
    world.expect(&["- movie 1"]);
    assert_eq!(world.plan().plan.items[0].line.action, Action::Remove);
}

#[test]
fn folded_names_count_absences_together() {
    let both = m(1).ids("tmdb:1 imdb:tt0000001");
    let mut world = watchlist().agreed([m(1), m(1).ids("imdb:tt0000001")]).target([both]).removing();
    world.policy.remove_after_reads = 3;
    for _ in 0..2 {
        assert_eq!(world.run().lines(|_| true), ["skip movie 1: waiting_for_reads"]);
    }
    assert_eq!(world.run().lines(|_| true), ["- movie 1"]);
    assert!(world.baseline.is_empty(), "the removal was acknowledged, nothing may bring the row back");
}
