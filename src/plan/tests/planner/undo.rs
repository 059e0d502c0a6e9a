//! Taking a run back, and what is remembered of that; what a person said no to.

use crosswatch_model::{Action, Feature, Outcome, WatchedPrecision};
use crosswatch_plan::{Approvals, choose, plan_undo};

use crate::world::{T1, World, m};

/// Two ratings that differ and one that the target lacks.
fn ratings() -> World {
    World::new(Feature::Ratings).source([m(1).rated(80, None), m(2).rated(70, None)]).target([m(1).rated(30, None)])
}

#[test]
fn every_write_has_its_inverse_and_the_target_is_as_it_was() {
    let mut world = ratings();
    let before = world.target.iter().map(|row| row.fact).collect::<Vec<_>>();
    let run = world.run();
    world.expect_undo(&run, &["~ movie 1 = 30", "- movie 2"]);
    world.undo(&run);
    assert_eq!(world.target.iter().map(|row| row.fact).collect::<Vec<_>>(), before);
    world.expect_all(&["skip movie 1: taken_back", "skip movie 2: taken_back"]);
    assert_eq!(world.plan().plan.settle, []);
}

#[test]
fn a_change_on_the_source_ends_it_and_agreement_too() {
    let mut world = ratings();
    let run = world.run();
    world.undo(&run);
    world.source = World::new(Feature::Ratings).source([m(1).rated(90, None), m(2).rated(70, None)]).source;
    world.expect_all(&["~ movie 1 = 90", "skip movie 2: taken_back"]);
    world.source.clear();
    let mut gone = world.clone();
    gone.run();
    gone.source = World::new(Feature::Ratings).source([m(2).rated(70, None)]).source;
    gone.expect(&["+ movie 2 = 70"]);
}

#[test]
fn an_undo_can_be_undone() {
    let mut world = ratings();
    let run = world.run();
    let undone = world.undo(&run);
    world.expect_undo(&undone, &["~ movie 1 = 80", "+ movie 2 = 70"]);
    world.undo(&undone);
    world.converges(&[]);
}

#[test]
fn a_removal_comes_back_and_is_not_removed_again() {
    for mirrors in [false, true] {
        let mut world = World::new(Feature::Watchlist).wrote([m(1), m(2)]).source([m(2)]).target([m(1), m(2)]);
        world = world.removing().with(|policy| policy.mirror_approved = true);
        if mirrors {
            world = world.with(|policy| policy.removes = crosswatch_plan::Removes::Mirror);
        }
        let run = world.run();
        assert_eq!(run.lines(|action| action == Action::Remove), ["- movie 1"]);
        world.expect_undo(&run, &["+ movie 1"]);
        world.undo(&run);
        world.run();
        world.expect_all(&["skip movie 1: taken_back"]);
        assert_eq!(world.plan().plan.settle, []);
    }
}

#[test]
fn several_runs_go_back_to_what_was_before_the_first_of_them() {
    let mut world = ratings();
    let before = world.target.iter().map(|row| row.fact).collect::<Vec<_>>();
    let first = world.run();
    world.source = World::new(Feature::Ratings).source([m(1).rated(90, None), m(2).rated(10, None)]).source;
    let second = world.run();
    assert_eq!(second.lines(|_| true), ["~ movie 1 = 90", "~ movie 2 = 10"]);
    let both = world.undo_of_all(&[&first, &second]);
    assert_eq!(both.lines(|_| true), ["~ movie 1 = 30", "- movie 2"]);
    world.carry_out(&both);
    assert_eq!(world.target.iter().map(|row| row.fact).collect::<Vec<_>>(), before);
    world.expect_all(&["skip movie 1: taken_back", "skip movie 2: taken_back"]);
    world.expect_undo(&both, &["~ movie 1 = 90", "+ movie 2 = 10"]);
}

#[test]
fn what_several_runs_left_as_it_was_is_not_told() {
    let mut world = ratings();
    let run = world.run();
    let undone = world.undo(&run);
    assert_eq!(world.undo_of_all(&[&run, &undone]).plan.items, []);
    let mut world = World::new(Feature::Watchlist).removing().source([m(1), m(2)]);
    let added = world.run();
    world.source.pop();
    let removed = world.run();
    assert_eq!(removed.lines(|_| true), ["- movie 2"]);
    assert_eq!(world.undo_of_all(&[&added, &removed]).lines(|_| true), ["- movie 1"]);
}

#[test]
fn several_plays_of_one_item_stay_apart() {
    let mut world = World::new(Feature::History).source([m(1).played(T1)]);
    let first = world.run();
    world.source.extend(World::new(Feature::History).source([m(1).played(T1 + 90_000)]).source);
    let second = world.run();
    let both = world.undo_of_all(&[&first, &second]);
    assert_eq!((both.plan.counts.removes, both.plan.items.len()), (2, 2));
    assert_eq!(world.undo_of_all(&[&second]).plan.counts.removes, 1);
}

#[test]
fn a_place_whose_value_nobody_knew_does_not_come_back_by_guess() {
    let mut world = ratings();
    let run = world.run();
    world.source = World::new(Feature::Ratings).source([m(1).rated(90, None), m(2).rated(70, None)]).source;
    let next = world.run();
    let mut journals = [world.journal(&run), world.journal(&next)];
    for line in &mut journals[0] {
        (line.action, line.before) = (Action::Update, None);
    }
    let planned = world.asking(|input| plan_undo(input, &journals));
    assert_eq!(planned.lines(|_| true), ["skip movie 1: cannot_undo", "skip movie 2: cannot_undo"]);
}

#[test]
fn two_way_both_sides_are_taken_back() {
    let mut world = World::new(Feature::Watchlist).two_way().source([m(1)]).target([m(2)]);
    let run = world.run();
    world.expect_undo(&run, &["- movie 1", "- movie 2 on the source"]);
    let undone = world.undo(&run);
    world.expect_all(&["skip movie 1: taken_back", "skip movie 2: taken_back"]);
    assert_eq!(world.plan().plan.settle, []);
    world.undo(&undone);
    world.converges(&[]);
}

#[test]
fn every_play_is_taken_back_for_itself() {
    let mut world = World::new(Feature::History)
        .source([m(1).played(T1), m(1).played(T1 + 90_000)])
        .target([m(1).played(T1)])
        .agreed([m(1).played(T1)]);
    let run = world.run();
    world.undo(&run);
    assert_eq!(world.target.len(), 1);
    world.expect_all(&["skip movie 1: taken_back"]);
    world.source.extend(World::new(Feature::History).source([m(1).played(T1 + 200_000)]).source);
    world.expect(&["+ movie 1 at 200000"]);
}

#[test]
fn what_changed_since_is_left_alone_and_said() {
    let mut world = ratings();
    let run = world.run();
    world.target = World::new(Feature::Ratings).target([m(1).rated(10, None)]).target;
    world.expect_undo(&run, &["skip movie 1: stale", "skip movie 2: stale"]);
    assert_eq!(world.undo_of(&run).plan.counts.skipped, 2);
}

#[test]
fn only_what_was_confirmed_is_ours() {
    let mut world = ratings();
    let run = world.run();
    for (outcome, lines) in
        [(Outcome::Acknowledged, 2), (Outcome::AlreadyThere, 0), (Outcome::Rejected, 0), (Outcome::NotAttempted, 0)]
    {
        let mut journal = world.journal(&run);
        for line in &mut journal {
            line.outcome = outcome;
        }
        assert_eq!(
            world.asking(|input| plan_undo(input, std::slice::from_ref(&journal))).plan.items.len(),
            lines,
            "{outcome}"
        );
    }
}

#[test]
fn what_the_account_cannot_bring_back_is_said_before() {
    let mut world = World::new(Feature::History).wrote([m(1)]).target([m(1)]).removing();
    let run = world.run();
    assert_eq!(run.writes(), 1);
    let dateless = world.target_can(|can| {
        (can.watched_precision, can.keeps_undated_plays) = (WatchedPrecision::WriteTimeOnly, false);
    });
    dateless.expect_undo(&run, &["skip movie 1: undated_not_allowed"]);
    let allowed = dateless.with(|policy| policy.allow_undated = true).undo_of(&run);
    assert_eq!(allowed.lines(|_| true), ["+ movie 1"]);
    assert_eq!(allowed.notices(), ["1 plays come back without their date: the account cannot keep it."]);
    let mut world = ratings();
    let run = world.run();
    let stuck = world.target_can(|can| can.features.iter_mut().for_each(|feature| feature.can_remove = false));
    stuck.expect_undo(&run, &["~ movie 1 = 30", "skip movie 2: cannot_undo"]);
}

#[test]
fn limits_guard_an_undo() {
    let mut world = World::new(Feature::Watchlist).source((1..=6).map(m));
    let run = world.run();
    let planned = world.undo_of(&run);
    assert_eq!(planned.lines(|_| true)[0], "hold - movie 1: too_many_removes");
    assert_eq!((planned.plan.counts.held, planned.plan.holds.len()), (6, 1));
    let approved = world.with(|policy| policy.approvals = Approvals::ALL);
    assert_eq!(approved.undo_of(&run).writes(), 6);
}

#[test]
fn a_held_line_keeps_its_name_and_is_skipped_once_declined() {
    let mut world = World::new(Feature::Watchlist)
        .removing()
        .wrote((1..=20).map(m))
        .target((1..=20).map(m))
        .source((7..=20).map(m));
    let held = world.plan();
    assert_eq!(held.plan.counts.held, 6);
    let ops = held.plan.items.iter().map(|item| item.line.op).collect::<Vec<_>>();
    world.rejected = ops.iter().copied().take(2).collect();
    let planned = world.plan();
    assert_eq!(planned.lines(|_| true)[..2], ["skip movie 1: declined", "skip movie 2: declined"]);
    assert_eq!(planned.plan.items.iter().map(|item| item.line.op).collect::<Vec<_>>(), ops);
    assert_eq!((planned.plan.counts.skipped, planned.plan.counts.removes, planned.plan.holds.len()), (2, 4, 0));
    let approved = world.with(|policy| policy.approvals = Approvals::ALL).plan();
    assert_eq!((approved.plan.counts.removes, approved.plan.counts.skipped), (4, 2));
}

#[test]
fn what_was_chosen_is_all_that_remains() {
    let world = World::new(Feature::Watchlist).source([m(1), m(2), m(3)]).target([m(3), m(4)]);
    let planned = world.plan();
    let ops: Vec<_> =
        planned.plan.items.iter().filter(|item| item.line.action == Action::Add).map(|item| item.line.op).collect();
    let chosen = choose(planned.plan.clone(), planned.plan.items, |op| op == ops[1]);
    assert_eq!((chosen.counts.adds, chosen.items.len(), chosen.counts.unchanged), (1, 1, 1));
    assert_eq!(chosen.items[0].line.op, ops[1]);
    assert_eq!(chosen.settle.len(), planned.plan.settle.len());
}
