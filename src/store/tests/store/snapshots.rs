//! Snapshots: what was kept comes back in its order, what is shared is kept once, and what nobody names goes.

use crosswatch_model::{Feature, RunId, SnapshotCause};
use crosswatch_port::{Change, Ledger, NewSnapshot, SnapshotRow, fake::MemoryLedger};
use crosswatch_store::FjallLedger;
use fjall::{Database, KeyspaceCreateOptions};

use crate::world::{account, at, commit, empty, fact, item, open, run_id};

/// One row per number.
pub(crate) fn rows(numbers: impl IntoIterator<Item = u64>) -> Vec<SnapshotRow> {
    let row = |number| SnapshotRow { item: item(&[number]), fact: fact(Feature::Ratings, 7) };
    numbers.into_iter().map(row).collect()
}

pub(crate) fn taken(number: u64, of: usize, rows: Vec<SnapshotRow>) -> NewSnapshot {
    NewSnapshot {
        id: run_id(number),
        provider: account(of),
        fingerprint: "server/user".into(),
        user: "anna".into(),
        taken_at: at(1_790_000_000),
        cause: SnapshotCause::Manual,
        is_pinned: false,
        rows: vec![(Feature::Ratings, rows)],
    }
}

pub(crate) fn read(ledger: &dyn Ledger, id: RunId, from: u64, most: usize) -> Vec<SnapshotRow> {
    let mut rows = Vec::new();
    let mut note = |row| {
        rows.push(row);
        rows.len() < most
    };
    ledger.visit_snapshot(id, Feature::Ratings, from, &mut note).unwrap();
    rows
}

fn on_both(check: fn(&dyn Ledger)) {
    check(&MemoryLedger::new());
    let (folder, ledger) = empty();
    check(&ledger);
    drop(ledger);
    open(&folder).verify().unwrap();
}

fn chunks(ledger: &FjallLedger) -> u64 {
    ledger.verify().unwrap().into_iter().find(|count| count.keyspace == "chunk").unwrap().rows
}

#[test]
fn rows_come_back_in_one_order_however_they_were_given() {
    on_both(|ledger| {
        let sorted = rows(1..=1_000);
        ledger.put_snapshot(taken(1, 0, rows((1..=1_000).rev()))).unwrap();
        assert_eq!(read(ledger, run_id(1), 0, usize::MAX), sorted);
        assert_eq!(read(ledger, run_id(1), 700, 3), sorted[700..703]);
        assert_eq!(read(ledger, run_id(1), 999, 3), sorted[999..]);
        assert_eq!(read(ledger, run_id(1), 1_000, 3), []);
        assert_eq!(read(ledger, run_id(2), 0, 3), []);
        let mut of_another_feature = 0;
        let mut count = |_| {
            of_another_feature += 1;
            true
        };
        ledger.visit_snapshot(run_id(1), Feature::History, 0, &mut count).unwrap();
        assert_eq!(of_another_feature, 0);
    });
}

#[test]
fn snapshots_are_listed_newest_first_by_account_and_page() {
    on_both(|ledger| {
        for (number, of) in [(1, 0), (3, 1), (2, 0)] {
            let record = ledger.put_snapshot(taken(number, of, rows(1..=number))).unwrap();
            assert_eq!((record.items(), record.parts.len()), (number, 1));
            let kept = ledger.snapshot(run_id(number)).unwrap().unwrap();
            assert_eq!(kept, record);
        }
        let ids = |of: Option<usize>, after, limit| {
            let of = of.map(account);
            let records = ledger.snapshots(of.as_ref(), after, limit).unwrap();
            records.into_iter().map(|record| record.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(None, None, 10), [run_id(3), run_id(2), run_id(1)]);
        assert_eq!(ids(None, Some(run_id(3)), 1), [run_id(2)]);
        assert_eq!(ids(Some(0), None, 1), [run_id(2)]);
        assert_eq!(ids(Some(0), Some(run_id(2)), 9), [run_id(1)]);
        assert_eq!(ids(Some(1), None, 0), []);
        commit(ledger, vec![Change::PinSnapshot(run_id(2), true), Change::PinSnapshot(run_id(9), true)]);
        assert!(ledger.snapshot(run_id(2)).unwrap().unwrap().is_pinned);
        commit(ledger, vec![Change::PinSnapshot(run_id(2), false), Change::DropSnapshot(run_id(3))]);
        assert!(!ledger.snapshot(run_id(2)).unwrap().unwrap().is_pinned);
        assert_eq!(ids(None, None, 10), [run_id(2), run_id(1)]);
        assert_eq!(read(ledger, run_id(3), 0, 9), []);
        assert_eq!(ledger.snapshot(run_id(9)), Ok(None));
    });
}

#[test]
fn what_two_snapshots_share_is_kept_once_and_goes_with_the_last_of_them() {
    let (folder, ledger) = empty();
    ledger.put_snapshot(taken(1, 0, rows(1..=5_000))).unwrap();
    let alone = chunks(&ledger);
    assert!((40..160).contains(&alone), "{alone}");
    ledger.put_snapshot(taken(2, 0, rows((1..=5_000).filter(|number| *number != 2_500)))).unwrap();
    let both = chunks(&ledger);
    assert!(both - alone <= 2, "{alone} chunks became {both}");
    commit(&ledger, vec![Change::DropSnapshot(run_id(1))]);
    assert!(chunks(&ledger) <= alone);
    assert_eq!(read(&ledger, run_id(2), 2_498, 2), rows([2_499, 2_501]));
    drop(ledger);
    let ledger = open(&folder);
    assert_eq!(read(&ledger, run_id(2), 0, usize::MAX).len(), 4_999);
    commit(&ledger, vec![Change::DropSnapshot(run_id(2))]);
    assert_eq!(chunks(&ledger), 0);
}

#[test]
fn what_a_crash_left_behind_goes_with_the_next_drop() {
    let (folder, ledger) = empty();
    ledger.put_snapshot(taken(1, 0, rows(1..=300))).unwrap();
    ledger.put_snapshot(taken(2, 0, rows(301..=600))).unwrap();
    let kept = chunks(&ledger);
    drop(ledger);
    // As after a crash between the chunks and the record that names them.
    let database = Database::builder(folder.path().join("db")).open().unwrap();
    let keyspace = |name: &str| database.keyspace(name, KeyspaceCreateOptions::default).unwrap();
    let second = run_id(2).0;
    keyspace("record").remove([&[21, 0][..], &(!second).to_be_bytes()].concat()).unwrap();
    keyspace("chunk_list").remove([&second.to_be_bytes()[..], &[3]].concat()).unwrap();
    drop(database);
    let ledger = open(&folder);
    assert_eq!(chunks(&ledger), kept, "nobody names them, and nobody misses them");
    commit(&ledger, vec![Change::DropSnapshot(run_id(9))]);
    assert!(chunks(&ledger) < kept);
    assert_eq!(read(&ledger, run_id(1), 0, usize::MAX), rows(1..=300));
}

#[test]
fn a_snapshot_that_misses_rows_is_noticed() {
    let check = |change: fn(&fjall::Keyspace), expected: &str| {
        let (folder, ledger) = empty();
        ledger.put_snapshot(taken(1, 0, rows(1..=10))).unwrap();
        drop(ledger);
        let database = Database::builder(folder.path().join("db")).open().unwrap();
        change(&database.keyspace("chunk", KeyspaceCreateOptions::default).unwrap());
        drop(database);
        let ledger = open(&folder);
        let failure = ledger.verify().unwrap_err();
        assert!(failure.0.contains(expected), "{failure}");
        let failure = open_and_read(ledger, &folder);
        assert!(failure.contains(expected), "{failure}");
    };
    check(|chunks| remove_all(chunks, false), "in keyspace chunk is missing");
    check(|chunks| remove_all(chunks, true), "in keyspace chunk cannot be read: its field hash");
}

fn open_and_read(failed: FjallLedger, folder: &tempfile::TempDir) -> String {
    drop(failed);
    let ledger = open(folder);
    ledger.visit_snapshot(run_id(1), Feature::Ratings, 0, &mut |_| true).unwrap_err().0
}

fn remove_all(chunks: &fjall::Keyspace, replaces: bool) {
    let keys: Vec<_> = chunks.iter().map(|row| row.key().unwrap()).collect();
    for key in keys {
        if replaces {
            chunks.insert(key, b"other bytes").unwrap();
        } else {
            chunks.remove(key).unwrap();
        }
    }
}
