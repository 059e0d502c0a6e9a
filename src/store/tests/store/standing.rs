//! The contract of marks, and of forgetting: on the durable store and on the one in memory.

use crosswatch_model::{Feature, PlayKey, Uid};
use crosswatch_port::{Change, Ledger, PairMemory, StandingKind, fake::MemoryLedger};

use crate::world::{
    account, baseline, commit, empty, fact, held, open, pair, pair_feature, put_item, put_shelf, reading_head,
    reading_row, rejected, run, run_id, standing, unresolved,
};

fn on_both(check: fn(&dyn Ledger)) {
    check(&MemoryLedger::new());
    let (folder, ledger) = empty();
    check(&ledger);
    drop(ledger);
    open(&folder).verify().unwrap();
}

#[test]
fn a_mark_replaces_the_one_of_its_kind_and_subject() {
    on_both(|ledger| {
        assert_eq!(ledger.standings(), Ok(vec![]));
        let paused = |subject: &str, text: &str| standing(StandingKind::Paused, subject, text);
        let frozen = standing(StandingKind::Frozen, "", "x");
        let marks = [paused("b", "1"), paused("a", "1"), frozen.clone(), paused("b", "2")];
        commit(ledger, marks.map(Change::PutStanding).into());
        assert_eq!(ledger.standings(), Ok(vec![frozen, paused("a", "1"), paused("b", "2")]));
        let drops = [(StandingKind::Frozen, ""), (StandingKind::Reset, "a"), (StandingKind::Paused, "b")];
        commit(ledger, drops.map(|(kind, subject)| Change::DropStanding(kind, subject.into())).into());
        assert_eq!(ledger.standings(), Ok(vec![paused("a", "1")]));
    });
}

/// Everything a pair and an account can have.
fn known(of: usize) -> Vec<Change> {
    vec![
        Change::PutBaseline(pair(of), Feature::History, Uid(1), PlayKey(0), baseline(1)),
        Change::PutBaseline(pair(of), Feature::Ratings, Uid(1), PlayKey(0), baseline(1)),
        Change::PutPairFeature(pair(of), Feature::History, pair_feature("a")),
        Change::PutRejected(rejected(of, 3)),
        Change::PutUnresolved(unresolved(of, Feature::History, 1, 1)),
        Change::PutReadingHead(account(of), Feature::History, reading_head(1)),
        Change::PutReadingRow(account(of), Feature::History, reading_row(1, None, fact(Feature::History, 1))),
        Change::PutCache(account(of), "index".into(), vec![1]),
        Change::PutSecret(account(of), "token".into(), vec![1]),
        put_shelf(of, 1, 0, fact(Feature::Ratings, 1)),
        Change::PutStanding(standing(StandingKind::Paused, pair(of).as_str(), "")),
    ]
}

#[test]
fn a_pair_forgets_what_it_knows_and_nothing_of_others() {
    on_both(|ledger| {
        commit(ledger, vec![put_item(1, &[601])]);
        commit(ledger, known(0));
        commit(ledger, known(1));
        let of_first = vec![Change::PutHeld(held(7, 1)), Change::PutRun(run(1, 0, crosswatch_model::RunState::Held))];
        commit(ledger, of_first);
        let memory = PairMemory { baseline: 2, features: 1, held: 0, rejected: 1, unresolved: 1 };
        assert_eq!(ledger.pair_memory(&pair(0)), Ok(PairMemory { held: 1, ..memory }));
        assert_eq!(ledger.pair_memory(&pair(1)), Ok(memory));
        // What the same commit wrote before is forgotten, too; what it writes after stays.
        let baseline_row = |uid| Change::PutBaseline(pair(0), Feature::Progress, Uid(uid), PlayKey(0), baseline(1));
        let group = vec![Change::PutHeld(held(8, 1)), baseline_row(1), Change::ForgetPair(pair(0)), baseline_row(2)];
        commit(ledger, group);
        let left = PairMemory { baseline: 1, ..PairMemory::default() };
        assert_eq!((ledger.pair_memory(&pair(0)), ledger.pair_memory(&pair(1))), (Ok(left), Ok(memory)));
        assert_eq!((ledger.held().unwrap().len(), ledger.standings().unwrap().len()), (0, 2));
        assert!(ledger.run(run_id(1)).unwrap().is_some(), "the journal stays");
        assert!(ledger.reading_head(&account(0), Feature::History).unwrap().is_some(), "reads are of accounts");
    });
}

#[test]
fn the_reads_of_an_account_are_forgotten_and_its_secrets_and_content_are_not() {
    on_both(|ledger| {
        commit(ledger, vec![put_item(1, &[601])]);
        commit(ledger, known(0));
        commit(ledger, known(1));
        commit(ledger, vec![Change::ForgetReadings(account(0))]);
        let reads = |of: usize| {
            let mut rows = 0;
            ledger.visit_reading(&account(of), Feature::History, &mut |_| rows += 1).unwrap();
            let head = ledger.reading_head(&account(of), Feature::History).unwrap();
            (head.is_some(), rows, ledger.cached(&account(of), "index").unwrap().is_some())
        };
        assert_eq!((reads(0), reads(1)), ((false, 0, false), (true, 1, true)));
        assert_eq!(ledger.secret(&account(0), "token"), Ok(Some(vec![1])));
        assert_eq!(ledger.shelf_count(&account(0), Feature::Ratings), Ok((1, 1)));
        assert_eq!(ledger.pair_memory(&pair(0)).unwrap().baseline, 2);
    });
}
