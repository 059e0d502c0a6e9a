//! Random work on the durable store and on the one in memory: every answer and everything that can be read are equal.

use crosswatch_model::{Feature, OpId, PlanState, PlayKey, RunState, Uid};
use crosswatch_port::{
    Change, Commit, Durability, Fence, Ledger, PairFeatureRecord, ReadingRow, StandingKind, fake::MemoryLedger,
};
use proptest::prelude::*;

use crate::snapshots::{rows, taken};
use crate::world::{
    account, ask, at, baseline, drop_shelf, empty, event, fact, held, import, line, mark, open, outbox, pair,
    pair_feature, picture, plan, put_item, put_shelf, reading_head, reading_row, rejected, run, run_id, standing,
    unresolved,
};

const RESOURCES: [&str; 3] = ["home", "trakt", "simkl"];

/// One thing that is done to a ledger.
#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<Commit>),
    Take(Vec<&'static str>, u64, u128),
    GiveBack(&'static str, u64),
    BeginLife(u128),
    MintUids(u32),
    MintSeqs(usize, u32),
    PutSnapshot(u64, usize, Vec<u64>),
    Sync,
    Reopen,
}

fn feature() -> impl Strategy<Value = Feature> + Clone {
    prop::sample::select(Feature::ALL)
}

fn state() -> impl Strategy<Value = RunState> {
    prop::sample::select(RunState::ALL)
}

fn row() -> impl Strategy<Value = (Feature, ReadingRow)> {
    (feature(), 0u64..3, prop::option::of(0u128..2), 0u8..2)
        .prop_map(|(feature, uid, native, number)| (feature, reading_row(uid, native, fact(feature, number))))
}

fn mark_kind() -> impl Strategy<Value = StandingKind> {
    prop::sample::select(StandingKind::ALL.to_vec())
}

fn record(scope: u8) -> PairFeatureRecord {
    pair_feature(&scope.to_string())
}

fn change() -> impl Strategy<Value = Change> {
    let of = 0usize..2;
    let place = (0usize..2, feature(), 0u64..4, 0u32..3);
    prop_oneof![
        (0u64..5, of.clone(), state()).prop_map(|(number, of, state)| Change::PutRun(run(number, of, state))),
        (0u64..5, of.clone()).prop_map(|(number, of)| Change::PutPlan(plan(number, of))),
        (0u64..5, 0u32..4).prop_map(|(owner, number)| Change::PutLine(line(owner, number))),
        (of.clone(), 0u64..5).prop_map(|(of, number)| Change::DropRun(pair(of), run_id(number))),
        (0u64..4, prop::collection::vec(600u64..606, 0..4)).prop_map(|(uid, ids)| put_item(uid, &ids)),
        (place.clone(), 0u8..3).prop_map(|((of, feature, uid, play), number)| {
            Change::PutBaseline(pair(of), feature, Uid(uid), PlayKey(play), baseline(number))
        }),
        place
            .clone()
            .prop_map(|(of, feature, uid, play)| { Change::DropBaseline(pair(of), feature, Uid(uid), PlayKey(play)) }),
        (of.clone(), 0u64..6).prop_map(|(of, seq)| Change::PutOutbox(outbox(of, seq))),
        (of.clone(), 0u64..6).prop_map(|(of, seq)| Change::DropOutbox(account(of), seq)),
        (of.clone(), feature(), 0u64..9).prop_map(|(of, feature, items)| Change::PutReadingHead(
            account(of),
            feature,
            reading_head(items)
        )),
        (of.clone(), row()).prop_map(|(of, (feature, row))| Change::PutReadingRow(account(of), feature, row)),
        (of.clone(), row()).prop_map(|(of, (feature, row))| Change::DropReadingRow(account(of), feature, row)),
        (of.clone(), feature(), 0u8..3).prop_map(|(of, feature, scope)| Change::PutPairFeature(
            pair(of),
            feature,
            record(scope)
        )),
        (0u64..4, 0u64..3).prop_map(|(id, items)| Change::PutHeld(held(id, items))),
        (0u64..4).prop_map(Change::DropHeld),
        (0u64..4, any::<bool>()).prop_map(|(number, is_applying)| {
            Change::MarkPlan(run_id(number), if is_applying { PlanState::Applying } else { PlanState::Applied })
        }),
        (of.clone(), 0u64..3).prop_map(|(of, op)| Change::PutRejected(rejected(of, op))),
        (of.clone(), 0u64..5, 0u64..3).prop_map(|(of, number, added)| Change::PutImport(import(of, number, added))),
        (0u64..5).prop_map(|number| Change::DropImport(run_id(number))),
        (of.clone(), 0u64..3).prop_map(|(of, op)| Change::DropRejected(pair(of), OpId(op))),
        (of.clone(), feature(), 0u64..3, 0u32..3)
            .prop_map(|(of, feature, uid, failures)| Change::PutUnresolved(unresolved(of, feature, uid, failures))),
        (of.clone(), feature(), 0u64..3).prop_map(|(of, feature, uid)| Change::DropUnresolved(
            pair(of),
            feature,
            Uid(uid),
            PlayKey(0)
        )),
        (-2i64..3, 0u8..9).prop_map(|(second, text)| Change::AppendEvent(event(second, &text.to_string()))),
        (place.clone(), 0u8..3).prop_map(|((of, feature, uid, play), number)| put_shelf(
            of,
            uid,
            play,
            fact(feature, number)
        )),
        place.prop_map(|(of, feature, uid, play)| drop_shelf(of, feature, uid, play)),
        (of.clone(), 0u8..9).prop_map(|(of, secret)| Change::PutSecret(account(of), "token".into(), vec![secret])),
        (of.clone(), 0u8..9).prop_map(|(of, note)| Change::PutCache(account(of), "index".into(), vec![note])),
        (mark_kind(), "[ab]{0,2}", "[xy]").prop_map(|(kind, of, text)| Change::PutStanding(standing(kind, &of, &text))),
        (mark_kind(), "[ab]{0,2}").prop_map(|(kind, of)| Change::DropStanding(kind, of.into())),
        of.clone().prop_map(|of| Change::ForgetPair(pair(of))),
        of.clone().prop_map(|of| Change::ForgetReadings(account(of))),
        (0u64..5, any::<bool>()).prop_map(|(number, is_pinned)| Change::PinSnapshot(run_id(number), is_pinned)),
        (0u64..5).prop_map(|number| Change::DropSnapshot(run_id(number))),
        (of, 0u8..9).prop_map(|(of, note)| Change::PutCache(account(of), "index".into(), vec![note])),
    ]
}

fn commit() -> impl Strategy<Value = Commit> {
    let fence = prop::option::weighted(0.4, (prop::sample::select(&RESOURCES[..]), 0u64..5));
    (fence, any::<bool>(), prop::collection::vec(change(), 0..12)).prop_map(|(fence, is_synced, changes)| Commit {
        fence: fence.map(|(resource, fence)| mark(resource, Fence(fence))),
        durability: if is_synced { Durability::Synced } else { Durability::Buffered },
        changes,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let resource = prop::sample::select(&RESOURCES[..]);
    prop_oneof![
        12 => prop::collection::vec(commit(), 0..4).prop_map(Step::Commit),
        4 => (prop::collection::vec(resource.clone(), 0..3), 0u64..3, 0u128..3)
            .prop_map(|(resources, run, boot)| Step::Take(resources, run, boot)),
        3 => (resource, 0u64..5).prop_map(|(resource, fence)| Step::GiveBack(resource, fence)),
        1 => (0u128..3).prop_map(Step::BeginLife),
        1 => (0u32..5).prop_map(Step::MintUids),
        1 => (0usize..2, 0u32..5).prop_map(|(of, count)| Step::MintSeqs(of, count)),
        2 => (0u64..5, 0usize..2, prop::collection::vec(600u64..700, 0..90))
            .prop_map(|(number, of, ids)| Step::PutSnapshot(number, of, ids)),
        1 => Just(Step::Sync),
        1 => Just(Step::Reopen),
    ]
}

/// All entities are known from the start, as the contract of a shelf asks for.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let items = (0..4).map(|uid| put_item(uid, &[600 + uid])).collect();
    let first = Step::Commit(vec![Commit { fence: None, durability: Durability::Synced, changes: items }]);
    prop::collection::vec(step(), 1..25).prop_map(move |mut steps| {
        steps.insert(0, first.clone());
        steps
    })
}

/// Does it and tells the answer.
fn perform(ledger: &dyn Ledger, step: &Step) -> String {
    match step {
        Step::Commit(commits) => format!("{:?}", ledger.commit(commits.clone())),
        Step::Take(resources, run, boot) => format!("{:?}", ledger.take_leases(&ask(resources, *run, *boot))),
        Step::GiveBack(resource, fence) => format!("{:?}", ledger.drop_leases(&[(*resource).into()], Fence(*fence))),
        Step::BeginLife(boot) => format!("{:?}", ledger.begin_life(*boot, at(1_790_000_099))),
        Step::MintUids(count) => format!("{:?}", ledger.mint_uids(*count)),
        Step::MintSeqs(of, count) => format!("{:?}", ledger.mint_outbox_seqs(&account(*of), *count)),
        Step::PutSnapshot(number, of, ids) => {
            let record = ledger.put_snapshot(taken(*number, *of, rows(ids.iter().copied()))).unwrap();
            format!("{:?} with {}", record.id, record.items())
        }
        Step::Sync => format!("{:?}", ledger.sync()),
        Step::Reopen => String::new(),
    }
}

/// Whether everything done so far is on the disk when the step is over.
fn settles(step: &Step, answer: &str) -> bool {
    match step {
        Step::Commit(commits) => {
            commits.iter().any(|commit| commit.fence.is_none() && commit.durability == Durability::Synced)
        }
        Step::Take(..) => answer.starts_with("Ok(Ok("),
        Step::BeginLife(_) | Step::MintUids(_) | Step::MintSeqs(..) | Step::PutSnapshot(..) | Step::Sync => true,
        Step::GiveBack(..) | Step::Reopen => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn disk_and_memory_agree(steps in steps()) {
        let memory = MemoryLedger::new();
        let (folder, mut disk) = empty();
        for step in &steps {
            if matches!(step, Step::Reopen) {
                drop(disk);
                disk = open(&folder);
            }
            prop_assert_eq!(perform(&disk, step), perform(&memory, step), "{:?}", step);
        }
        prop_assert_eq!(picture(&disk), picture(&memory));
        prop_assert!(disk.verify().is_ok());
    }

    #[test]
    fn a_crash_forgets_what_came_after_the_last_sync_and_nothing_else(steps in steps()) {
        let unfenced = steps.into_iter().map(|step| match step {
            Step::Commit(commits) => {
                Step::Commit(commits.into_iter().map(|commit| Commit { fence: None, ..commit }).collect())
            }
            other => other,
        });
        let steps: Vec<Step> = unfenced.collect();
        let crashed = MemoryLedger::new();
        let answers: Vec<String> = steps.iter().map(|step| perform(&crashed, step)).collect();
        crashed.crash();
        let kept = steps.iter().zip(&answers).rposition(|(step, answer)| settles(step, answer)).unwrap();
        let expected = MemoryLedger::new();
        for step in &steps[..=kept] {
            perform(&expected, step);
        }
        prop_assert_eq!(picture(&crashed), picture(&expected));
        prop_assert_eq!(crashed.mint_uids(1), expected.mint_uids(1));
        let everything = ask(&RESOURCES, 9, 9);
        prop_assert_eq!(crashed.take_leases(&everything), expected.take_leases(&everything));
    }
}
