//! The contract of a ledger. Every test runs on the durable store and on the one in memory.

use crosswatch_model::{Feature, OpId, PlanState, PlayKey, RunState, Uid};
use crosswatch_port::{
    BootReport, Change, Commit, Durability, Fence, LeaseBusy, Ledger, Refused, ShelfCursor, fake::MemoryLedger,
};
use crosswatch_store::EVENTS_KEPT;

use crate::world::{
    account, ask, at, baseline, commit, drop_shelf, empty, event, fact, fenced, held, import, item, line, mark, open,
    outbox, pair, pair_feature, plan, put_item, put_shelf, reading_head, reading_row, rejected, run, run_id, synced,
    tmdb, unresolved,
};

fn on_both(check: fn(&dyn Ledger)) {
    check(&MemoryLedger::new());
    let (folder, ledger) = empty();
    check(&ledger);
    drop(ledger);
    open(&folder).verify().unwrap();
}

#[test]
fn an_empty_ledger_knows_nothing() {
    on_both(|ledger| {
        assert_eq!(ledger.item(Uid(1)), Ok(None));
        assert_eq!(ledger.uid_of(tmdb(603)), Ok(None));
        assert_eq!(ledger.runs(Some(&pair(0)), None, 10), Ok(vec![]));
        assert_eq!(ledger.shelf_count(&account(0), Feature::History), Ok((0, 0)));
        assert_eq!(ledger.secret(&account(0), "token"), Ok(None));
        assert_eq!(ledger.commit(vec![]), Ok(vec![]));
    });
}

#[test]
fn ids_point_at_their_entity_and_lost_ids_point_nowhere() {
    on_both(|ledger| {
        commit(ledger, vec![put_item(1, &[601, 602]), put_item(2, &[603])]);
        assert_eq!(ledger.uid_of(tmdb(602)), Ok(Some(Uid(1))));
        // 602 moves to the second entity; writing the first without it must not take the pointer away again.
        commit(ledger, vec![put_item(2, &[602, 603])]);
        commit(ledger, vec![put_item(1, &[604])]);
        let pointers: Vec<_> = (601..605).map(|number| ledger.uid_of(tmdb(number)).unwrap()).collect();
        assert_eq!(pointers, [None, Some(Uid(2)), Some(Uid(2)), Some(Uid(1))]);
        assert_eq!(ledger.item(Uid(1)).unwrap().unwrap().item, item(&[604]));
    });
}

#[test]
fn a_commit_sees_its_own_changes() {
    on_both(|ledger| {
        commit(ledger, vec![put_item(1, &[601]), put_item(1, &[602]), put_item(1, &[602, 603])]);
        let pointers: Vec<_> = (601..604).map(|number| ledger.uid_of(tmdb(number)).unwrap()).collect();
        assert_eq!(pointers, [None, Some(Uid(1)), Some(Uid(1))]);
        let owner = Change::PutRun(run(1, 0, RunState::Queued));
        let gone = Change::DropRun(pair(0), run_id(1));
        commit(ledger, vec![owner, Change::PutLine(line(1, 0)), gone, Change::PutLine(line(1, 1))]);
        assert_eq!(ledger.run(run_id(1)), Ok(None));
        let mut numbers = Vec::new();
        let mut note = |line: crosswatch_port::LineRecord| {
            numbers.push(line.number);
            true
        };
        ledger.visit_lines(run_id(1), 0, &mut note).unwrap();
        assert_eq!(numbers, [1]);
        // The same holds between the commits of one group.
        let put = synced(vec![put_shelf(0, 1, 5, fact(Feature::Ratings, 1))]);
        let group = vec![put.clone(), synced(vec![drop_shelf(0, Feature::Ratings, 1, 5)]), put];
        assert_eq!(ledger.commit(group), Ok(vec![Ok(()); 3]));
        assert_eq!(ledger.shelf_count(&account(0), Feature::Ratings), Ok((1, 3)));
    });
}

#[test]
fn leases_are_taken_all_or_none_and_fences_grow() {
    on_both(|ledger| {
        assert_eq!(ledger.take_leases(&ask(&["home", "trakt"], 1, 7)), Ok(Ok(Fence(1))));
        let busy = LeaseBusy { resource: "trakt".into(), run: run_id(1) };
        assert_eq!(ledger.take_leases(&ask(&["simkl", "trakt"], 2, 7)), Ok(Err(busy)));
        assert_eq!(ledger.take_leases(&ask(&["simkl"], 3, 7)), Ok(Ok(Fence(1))), "nothing was taken before");
        ledger.drop_leases(&["home".into()], Fence(9)).unwrap();
        assert!(ledger.take_leases(&ask(&["home"], 2, 7)).unwrap().is_err(), "a wrong fence gives nothing back");
        ledger.drop_leases(&["home".into(), "trakt".into()], Fence(1)).unwrap();
        assert_eq!(ledger.take_leases(&ask(&["home"], 2, 7)), Ok(Ok(Fence(2))));
        ledger.drop_leases(&["home".into()], Fence(2)).unwrap();
        assert_eq!(ledger.take_leases(&ask(&["home", "trakt"], 4, 7)), Ok(Ok(Fence(3))), "above all of them");
        assert_eq!(ledger.take_leases(&ask(&["home", "home"], 4, 7)), Ok(Ok(Fence(4))), "a run may take again");
    });
}

#[test]
fn a_stale_fence_is_left_out_and_the_rest_of_the_group_goes_through() {
    on_both(|ledger| {
        let old = ledger.take_leases(&ask(&["home"], 1, 7)).unwrap().unwrap();
        ledger.drop_leases(&["home".into()], old).unwrap();
        let given_back = fenced(mark("home", old), vec![put_item(9, &[609])]);
        let refused = Err(Refused::StaleFence { resource: "home".into() });
        assert_eq!(ledger.commit(vec![given_back.clone()]), Ok(vec![refused.clone()]));
        let new = ledger.take_leases(&ask(&["home"], 2, 7)).unwrap().unwrap();
        let group = vec![
            fenced(mark("home", new), vec![put_item(1, &[601])]),
            given_back,
            fenced(mark("nobody", Fence(1)), vec![put_item(8, &[608])]),
            synced(vec![put_item(2, &[602])]),
        ];
        let unknown = Err(Refused::StaleFence { resource: "nobody".into() });
        assert_eq!(ledger.commit(group), Ok(vec![Ok(()), refused, unknown, Ok(())]));
        let known: Vec<_> = [1, 2, 8, 9].map(|uid| ledger.item(Uid(uid)).unwrap().is_some()).into();
        assert_eq!(known, [true, true, false, false]);
    });
}

#[test]
fn a_new_life_releases_leases_and_marks_unfinished_runs() {
    on_both(|ledger| {
        assert_eq!(ledger.begin_life(7, at(1)), Ok(BootReport::default()));
        let fence = ledger.take_leases(&ask(&["home", "trakt"], 2, 7)).unwrap().unwrap();
        let states = [RunState::Queued, RunState::Applying, RunState::Succeeded];
        let runs = states.iter().zip(1..).map(|(state, number)| Change::PutRun(run(number, 0, *state)));
        commit(ledger, runs.collect());
        assert_eq!(ledger.begin_life(7, at(2)), Ok(BootReport::default()), "the same life again");
        let report = BootReport { released_leases: 2, interrupted_runs: vec![run_id(2), run_id(1)] };
        assert_eq!(ledger.begin_life(8, at(3)), Ok(report));
        let marked = ledger.run(run_id(2)).unwrap().unwrap();
        assert_eq!((marked.state, marked.finished_at), (RunState::Interrupted, Some(at(3))));
        assert_eq!(ledger.run(run_id(3)).unwrap().unwrap().state, RunState::Succeeded);
        let late = fenced(mark("home", fence), vec![put_item(1, &[601])]);
        assert_eq!(ledger.commit(vec![late]), Ok(vec![Err(Refused::StaleFence { resource: "home".into() })]));
        assert_eq!(ledger.take_leases(&ask(&["home"], 4, 8)), Ok(Ok(Fence(2))));
        assert_eq!(ledger.begin_life(8, at(4)), Ok(BootReport::default()), "its own lease stays");
    });
}

#[test]
fn runs_and_plans_come_newest_first_page_by_page() {
    on_both(|ledger| {
        for number in [3, 1, 4, 2] {
            let of = usize::from(number == 4);
            let run = Change::PutRun(run(number, of, RunState::Succeeded));
            commit(ledger, vec![run, Change::PutPlan(plan(number, of))]);
        }
        let ids = |of: Option<usize>, after, limit| {
            let of = of.map(pair);
            let of = of.as_ref();
            let runs = ledger.runs(of, after, limit).unwrap();
            let plans = ledger.plans(of, after, limit).unwrap();
            assert_eq!(
                runs.iter().map(|run| run.id).collect::<Vec<_>>(),
                plans.iter().map(|plan| plan.id).collect::<Vec<_>>()
            );
            runs.into_iter().map(|run| run.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(None, None, 10), [run_id(4), run_id(3), run_id(2), run_id(1)]);
        assert_eq!(ids(None, Some(run_id(4)), 2), [run_id(3), run_id(2)]);
        assert_eq!(ids(Some(0), None, 2), [run_id(3), run_id(2)]);
        assert_eq!(ids(Some(0), Some(run_id(2)), 2), [run_id(1)]);
        assert_eq!(ids(Some(0), Some(run_id(1)), 2), []);
        assert_eq!(ids(None, None, 0), []);
        assert_eq!(ids(Some(1), None, 0), []);
        commit(ledger, vec![Change::DropRun(pair(0), run_id(3))]);
        assert_eq!(ids(Some(0), None, 10), [run_id(2), run_id(1)]);
        assert_eq!((ledger.run(run_id(3)), ledger.plan(run_id(3))), (Ok(None), Ok(None)));
    });
}

#[test]
fn lines_go_with_their_run_and_are_visited_in_order() {
    on_both(|ledger| {
        let lines = |owner| (0..5).map(move |number| Change::PutLine(line(owner, number)));
        commit(ledger, lines(1).chain(lines(2)).collect());
        let visited = |owner, from, last| {
            let mut numbers = Vec::new();
            let mut note = |line: crosswatch_port::LineRecord| {
                numbers.push(line.number);
                line.number < last
            };
            ledger.visit_lines(run_id(owner), from, &mut note).unwrap();
            numbers
        };
        assert_eq!(visited(1, 0, 9), [0, 1, 2, 3, 4]);
        assert_eq!(visited(1, 2, 3), [2, 3]);
        assert!(visited(1, 5, 9).is_empty());
        commit(ledger, vec![Change::DropRun(pair(0), run_id(1))]);
        assert!(visited(1, 0, 9).is_empty());
        assert_eq!(visited(2, 0, 9), [0, 1, 2, 3, 4]);
    });
}

#[test]
fn baselines_are_kept_apart_and_in_order() {
    on_both(|ledger| {
        let put = |of, feature, uid, play, number| {
            Change::PutBaseline(pair(of), feature, Uid(uid), PlayKey(play), baseline(number))
        };
        commit(
            ledger,
            vec![
                put(0, Feature::History, 300, 1, 1),
                put(0, Feature::History, 2, 70_000, 2),
                put(0, Feature::History, 2, 9, 3),
                put(0, Feature::Ratings, 2, 0, 4),
                put(1, Feature::History, 1, 0, 5),
            ],
        );
        commit(ledger, vec![Change::DropBaseline(pair(1), Feature::History, Uid(1), PlayKey(0))]);
        let rows = |of, feature| {
            let mut rows = Vec::new();
            let mut note = |uid: Uid, play: PlayKey, row| rows.push((uid.0, play.0, row));
            ledger.visit_baseline(&pair(of), feature, &mut note).unwrap();
            rows
        };
        let history = [(2, 9, baseline(3)), (2, 70_000, baseline(2)), (300, 1, baseline(1))];
        assert_eq!(rows(0, Feature::History), history);
        assert_eq!(rows(0, Feature::Ratings), [(2, 0, baseline(4))]);
        assert_eq!(rows(1, Feature::History), []);
    });
}

#[test]
fn a_reading_keeps_rows_apart_by_the_accounts_own_row() {
    on_both(|ledger| {
        let rated = |number| fact(Feature::Ratings, number);
        let rows =
            [reading_row(1, None, rated(1)), reading_row(1, Some(9), rated(2)), reading_row(1, Some(300), rated(3))];
        let put = |row| Change::PutReadingRow(account(0), Feature::Ratings, row);
        let gone = |row| Change::DropReadingRow(account(0), Feature::Ratings, row);
        commit(ledger, rows.iter().rev().map(|row| put(*row)).collect());
        commit(ledger, vec![Change::PutReadingHead(account(0), Feature::Ratings, reading_head(3))]);
        let visited = || {
            let mut visited = Vec::new();
            ledger.visit_reading(&account(0), Feature::Ratings, &mut |row| visited.push(row)).unwrap();
            visited
        };
        assert_eq!(visited(), rows);
        assert_eq!(ledger.reading_head(&account(0), Feature::Ratings), Ok(Some(reading_head(3))));
        assert_eq!(ledger.reading_head(&account(0), Feature::History), Ok(None));
        // A changed row may be written before the old one is dropped, or after.
        let changed = reading_row(1, Some(9), rated(8));
        commit(ledger, vec![put(changed), gone(rows[1]), gone(rows[2])]);
        assert_eq!(visited(), [rows[0], changed]);
    });
}

#[test]
fn a_shelf_counts_rows_and_changes() {
    on_both(|ledger| {
        let play = |number| fact(Feature::History, number);
        let count = || ledger.shelf_count(&account(0), Feature::History).unwrap();
        commit(ledger, vec![put_shelf(0, 1, 5, play(1)), put_item(1, &[601])]);
        assert_eq!(count(), (1, 1));
        commit(ledger, vec![put_shelf(0, 1, 5, play(1))]);
        assert_eq!(count(), (1, 1), "an equal row is no change");
        commit(ledger, vec![put_shelf(0, 1, 5, play(2))]);
        assert_eq!(count(), (1, 2), "another value is a change and no row");
        commit(ledger, vec![put_item(2, &[602]), put_shelf(0, 2, 6, play(3)), put_shelf(0, 1, 4, play(4))]);
        assert_eq!(count(), (3, 4));
        commit(ledger, vec![drop_shelf(0, Feature::History, 7, 7), drop_shelf(0, Feature::History, 2, 6)]);
        assert_eq!(count(), (2, 5), "what is not there cannot be dropped");
        assert_eq!(ledger.shelf_count(&account(1), Feature::History), Ok((0, 0)));
    });
}

#[test]
fn a_shelf_is_read_page_by_page() {
    on_both(|ledger| {
        let mut changes: Vec<_> = (1..4).map(|uid| put_item(uid, &[600 + uid])).collect();
        for (uid, play) in [(3, 1), (1, 1), (2, 8), (2, 2)] {
            changes.push(put_shelf(0, uid, play, fact(Feature::History, 1)));
        }
        changes.push(put_shelf(0, 2, 0, fact(Feature::Ratings, 1)));
        commit(ledger, changes);
        let page = |after: Option<(u64, u32)>, limit| {
            let after = after.map(|(uid, play)| ShelfCursor { uid: Uid(uid), play: PlayKey(play) });
            let rows = ledger.shelf(&account(0), Feature::History, after, limit).unwrap();
            for row in &rows {
                assert_eq!(row.item, item(&[600 + row.uid.0]));
            }
            rows.into_iter().map(|row| (row.uid.0, row.play.0)).collect::<Vec<_>>()
        };
        assert_eq!(page(None, 2), [(1, 1), (2, 2)]);
        assert_eq!(page(Some((2, 2)), 2), [(2, 8), (3, 1)]);
        assert_eq!(page(Some((3, 1)), 2), []);
        assert_eq!(page(Some((2, 5)), 1), [(2, 8)], "the row of the cursor may be gone by now");
        assert_eq!(page(None, 0), []);
        let of_one = ledger.shelf_rows_of(&account(0), Feature::History, Uid(2)).unwrap();
        assert_eq!(of_one.iter().map(|row| row.play.0).collect::<Vec<_>>(), [2, 8]);
    });
}

#[test]
fn a_shelf_row_without_its_item_stops_the_store() {
    on_both(|ledger| {
        let orphan = vec![put_item(1, &[601]), put_shelf(0, 5, 0, fact(Feature::History, 1))];
        let failure = ledger.commit(vec![synced(orphan)]).unwrap_err();
        assert!(failure.0.contains("put the item in the same commit"), "{failure}");
        assert_eq!(ledger.item(Uid(1)), Err(failure), "every later call fails the same way");
    });
}

#[test]
fn events_come_newest_first_and_old_ones_go() {
    on_both(|ledger| {
        let sentences =
            |limit| ledger.events(limit).unwrap().into_iter().map(|event| event.sentence).collect::<Vec<_>>();
        let group = [event(5, "a"), event(9, "b"), event(5, "c"), event(-3, "d")].map(Change::AppendEvent);
        commit(ledger, group.into());
        commit(ledger, vec![Change::AppendEvent(event(5, "e"))]);
        assert_eq!(sentences(10), ["b", "e", "c", "a", "d"]);
        assert_eq!(sentences(2), ["b", "e"]);
        assert!(sentences(0).is_empty());
        let kept = i64::try_from(EVENTS_KEPT).unwrap();
        for first in (0..kept + 1_000).step_by(3_000) {
            let many = (first..first + 3_000).map(|second| Change::AppendEvent(event(100 + second, "x")));
            commit(ledger, many.collect());
        }
        let left = ledger.events(usize::MAX).unwrap();
        let kept = usize::try_from(EVENTS_KEPT).unwrap();
        assert!((kept..=kept + 1_000).contains(&left.len()), "{} events", left.len());
        assert!(left.iter().all(|event| event.sentence == "x"));
        assert!(left.is_sorted_by(|newer, older| newer.at > older.at));
    });
    assert_eq!(MemoryLedger::EVENTS_KEPT as u64, EVENTS_KEPT);
}

#[test]
fn outboxes_are_queues_with_places_that_are_never_given_twice() {
    on_both(|ledger| {
        assert_eq!(ledger.mint_outbox_seqs(&account(0), 300), Ok(1));
        assert_eq!(ledger.mint_outbox_seqs(&account(0), 1), Ok(301));
        assert_eq!(ledger.mint_outbox_seqs(&account(1), 1), Ok(1));
        assert_eq!(
            (ledger.mint_uids(2), ledger.mint_uids(0), ledger.mint_uids(1)),
            (Ok(Uid(1)), Ok(Uid(3)), Ok(Uid(3)))
        );
        commit(ledger, [300, 2, 1].map(|seq| Change::PutOutbox(outbox(0, seq))).into());
        let sent = crosswatch_port::OutboxRecord { attempts: 1, ..outbox(0, 2) };
        commit(ledger, vec![Change::PutOutbox(sent.clone()), Change::DropOutbox(account(0), 1)]);
        assert_eq!(ledger.outbox(&account(0), 10), Ok(vec![sent.clone(), outbox(0, 300)]));
        assert_eq!(ledger.outbox(&account(0), 1), Ok(vec![sent]));
        assert_eq!(ledger.outbox(&account(0), 0), Ok(vec![]));
        assert_eq!(ledger.outbox(&account(1), 10), Ok(vec![]));
    });
}

#[test]
fn imports_are_newest_first_and_go_with_their_lines() {
    on_both(|ledger| {
        commit(
            ledger,
            vec![
                Change::PutImport(import(0, 1, 5)),
                Change::PutImport(import(0, 3, 1)),
                Change::PutImport(import(1, 2, 1)),
                Change::PutImport(import(0, 1, 7)),
                Change::PutLine(line(1, 1)),
                Change::PutLine(line(3, 1)),
            ],
        );
        assert_eq!(ledger.imports(&account(0)), Ok(vec![import(0, 3, 1), import(0, 1, 7)]));
        assert_eq!(ledger.import(run_id(2)), Ok(Some(import(1, 2, 1))));
        commit(ledger, vec![Change::DropImport(run_id(1)), Change::DropImport(run_id(9))]);
        assert_eq!((ledger.imports(&account(0)), ledger.import(run_id(1))), (Ok(vec![import(0, 3, 1)]), Ok(None)));
        let lines = |owner: u64| {
            let mut count = 0;
            ledger
                .visit_lines(run_id(owner), 0, &mut |_| {
                    count += 1;
                    true
                })
                .unwrap();
            count
        };
        assert_eq!((lines(1), lines(3)), (0, 1));
    });
}

#[test]
fn small_records_are_written_replaced_and_dropped() {
    on_both(|ledger| {
        commit(
            ledger,
            vec![
                Change::PutHeld(held(300, 1)),
                Change::PutHeld(held(2, 1)),
                Change::PutHeld(held(2, 5)),
                Change::PutRejected(rejected(0, 9)),
                Change::PutRejected(rejected(0, 3)),
                Change::PutRejected(rejected(1, 3)),
                Change::PutUnresolved(unresolved(0, Feature::Ratings, 1, 1)),
                Change::PutUnresolved(unresolved(0, Feature::History, 2, 1)),
                Change::PutUnresolved(unresolved(1, Feature::History, 2, 1)),
                Change::PutPairFeature(pair(0), Feature::History, pair_feature("a")),
                Change::PutSecret(account(0), "token".into(), vec![0, 255, 1]),
                Change::PutSecret(account(0), "token".into(), vec![7]),
                Change::PutCache(account(0), "index".into(), vec![1; 300_000]),
                Change::PutCache(account(0), "index".into(), vec![2, 0]),
            ],
        );
        assert_eq!(ledger.rejected(&pair(0)), Ok(vec![rejected(0, 3), rejected(0, 9)]));
        assert_eq!(ledger.held(), Ok(vec![held(2, 5), held(300, 1)]));
        let of_first = vec![unresolved(0, Feature::History, 2, 1), unresolved(0, Feature::Ratings, 1, 1)];
        assert_eq!(ledger.unresolved(&pair(0)), Ok(of_first));
        assert_eq!(ledger.pair_feature(&pair(0), Feature::History), Ok(Some(pair_feature("a"))));
        assert_eq!(ledger.pair_feature(&pair(1), Feature::History), Ok(None));
        assert_eq!(ledger.secret(&account(0), "token"), Ok(Some(vec![7])));
        assert_eq!(ledger.secret(&account(0), "toke"), Ok(None));
        assert_eq!(ledger.cached(&account(0), "index"), Ok(Some(vec![2, 0])));
        assert_eq!(ledger.cached(&account(1), "index"), Ok(None));
        assert_eq!(ledger.secret(&account(1), "token"), Ok(None));
        let dropped = Change::DropUnresolved(pair(0), Feature::History, Uid(2), PlayKey(0));
        commit(ledger, vec![Change::DropHeld(2), Change::DropHeld(77), dropped]);
        commit(ledger, vec![Change::DropRejected(pair(0), OpId(9)), Change::DropRejected(pair(1), OpId(9))]);
        assert_eq!(
            (ledger.rejected(&pair(0)), ledger.rejected(&pair(1))),
            (Ok(vec![rejected(0, 3)]), Ok(vec![rejected(1, 3)]))
        );
        assert_eq!(ledger.held(), Ok(vec![held(300, 1)]));
        assert_eq!(ledger.unresolved(&pair(0)), Ok(vec![unresolved(0, Feature::Ratings, 1, 1)]));
    });
}

#[test]
fn a_plan_says_where_it_stands_and_a_new_life_ends_what_was_being_applied() {
    on_both(|ledger| {
        commit(ledger, vec![Change::PutPlan(plan(1, 0)), Change::PutPlan(plan(2, 0))]);
        let marks = [(1, PlanState::Rejected), (2, PlanState::Applying), (3, PlanState::Applied)];
        commit(ledger, marks.map(|(number, state)| Change::MarkPlan(run_id(number), state)).to_vec());
        let states =
            || ledger.plans(Some(&pair(0)), None, 9).unwrap().into_iter().map(|plan| plan.state).collect::<Vec<_>>();
        assert_eq!(states(), [PlanState::Applying, PlanState::Rejected]);
        ledger.begin_life(7, at(1_790_000_000)).unwrap();
        assert_eq!(states(), [PlanState::Failed, PlanState::Rejected]);
    });
}

#[test]
fn buffered_and_synced_commits_read_the_same() {
    on_both(|ledger| {
        let buffered = Commit { durability: Durability::Buffered, ..synced(vec![put_item(1, &[601])]) };
        assert_eq!(ledger.commit(vec![buffered]), Ok(vec![Ok(())]));
        assert_eq!(ledger.uid_of(tmdb(601)), Ok(Some(Uid(1))));
        ledger.sync().unwrap();
        assert_eq!(ledger.uid_of(tmdb(601)), Ok(Some(Uid(1))));
    });
}
