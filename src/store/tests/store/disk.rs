//! What only a store on a disk promises: it keeps, it locks, it names what it cannot read, it never shows half a commit.

use std::sync::atomic::{AtomicBool, Ordering};

use crosswatch_model::{Feature, PlayKey, RunState, Uid};
use crosswatch_port::{Change, Commit, Durability, Fence, Ledger};
use crosswatch_store::{FjallLedger, OpenError, OpenOptions};
use fjall::{Database, KeyspaceCreateOptions};
use tempfile::TempDir;

use crate::world::{
    account, ask, baseline, commit, empty, event, fact, held, line, open, outbox, pair, picture, put_item, put_shelf,
    reading_head, reading_row, run, run_id, synced, unresolved,
};

/// Some of everything.
fn fill(ledger: &dyn Ledger) {
    let fact = fact(Feature::History, 1);
    commit(
        ledger,
        vec![
            put_item(1, &[601]),
            put_item(2, &[602]),
            put_shelf(0, 2, 1, fact),
            Change::PutRun(run(1, 0, RunState::Succeeded)),
            Change::PutLine(line(1, 1)),
            Change::PutBaseline(pair(0), Feature::History, Uid(1), PlayKey(3), baseline(1)),
            Change::PutOutbox(outbox(0, 1)),
            Change::PutReadingHead(account(0), Feature::History, reading_head(1)),
            Change::PutReadingRow(account(0), Feature::History, reading_row(1, Some(4), fact)),
            Change::PutHeld(held(1, 1)),
            Change::PutUnresolved(unresolved(0, Feature::History, 1, 1)),
            Change::AppendEvent(event(1, "a")),
            Change::PutSecret(account(0), "token".into(), vec![1]),
            Change::PutCache(account(0), "index".into(), vec![1, 2]),
        ],
    );
}

#[test]
fn everything_is_there_again_after_opening() {
    let (folder, ledger) = empty();
    fill(&ledger);
    assert_eq!(ledger.mint_uids(5), Ok(Uid(1)));
    assert_eq!(ledger.mint_outbox_seqs(&account(0), 5), Ok(1));
    let fence = ledger.take_leases(&ask(&["home"], 1, 7)).unwrap().unwrap();
    let buffered = Commit { durability: Durability::Buffered, ..synced(vec![put_item(3, &[603])]) };
    ledger.commit(vec![buffered]).unwrap().pop().unwrap().unwrap();
    let before = picture(&ledger);
    drop(ledger);
    let ledger = open(&folder);
    assert_eq!(picture(&ledger), before);
    assert_eq!(ledger.mint_uids(1), Ok(Uid(6)));
    assert_eq!(ledger.mint_outbox_seqs(&account(0), 1), Ok(6));
    assert!(ledger.take_leases(&ask(&["home"], 2, 7)).unwrap().is_err());
    ledger.drop_leases(&["home".into()], fence).unwrap();
    assert_eq!(ledger.take_leases(&ask(&["home"], 2, 7)), Ok(Ok(Fence(fence.0 + 1))));
}

#[test]
fn a_second_process_is_refused() {
    let (folder, ledger) = empty();
    let second = FjallLedger::open(folder.path(), OpenOptions::default());
    let Err(OpenError::Locked(path)) = second else { panic!("opened twice: {second:?}") };
    assert_eq!(path, folder.path().join("db"));
    drop(ledger);
    drop(open(&folder));
}

#[test]
fn verify_counts_every_row() {
    let (_folder, ledger) = empty();
    fill(&ledger);
    let counts = ledger.verify().unwrap();
    let of = |keyspace: &str| counts.iter().find(|count| count.keyspace == keyspace).unwrap().rows;
    assert_eq!((of("item"), of("identity"), of("baseline"), of("shelf"), of("shelf_size")), (2, 2, 1, 1, 1));
    assert_eq!(of("run"), 2, "the record and its place in the index");
    assert_eq!(of("cache"), 1);
    assert_eq!(counts.len(), 32);
}

/// Changes a database behind the store's back.
fn tamper(folder: &TempDir, keyspace: &str, change: fn(&fjall::Keyspace)) {
    let database = Database::builder(folder.path().join("db")).open().unwrap();
    change(&database.keyspace(keyspace, KeyspaceCreateOptions::default).unwrap());
}

#[test]
fn a_row_that_cannot_be_read_is_named_and_everything_stops() {
    let (folder, ledger) = empty();
    fill(&ledger);
    drop(ledger);
    tamper(&folder, "item", |items| items.insert(1u64.to_be_bytes(), [1, 1, 0xc1]).unwrap());
    let ledger = open(&folder);
    assert!(ledger.item(Uid(2)).unwrap().is_some(), "other rows are fine");
    let failure = ledger.visit_items(&mut |_| {}).unwrap_err();
    assert!(failure.0.contains("the row 0000000000000001 in keyspace item cannot be read"), "{failure}");
    assert_eq!(ledger.item(Uid(2)), Err(failure.clone()), "after a failure nothing is answered");
    assert_eq!(ledger.sync(), Err(failure));
    drop(ledger);
    let failure = open(&folder).verify().unwrap_err();
    assert!(failure.0.contains("keyspace item"), "{failure}");
    let check = open(&folder).check();
    assert!(matches!(&check.problems[..], [problem, ..] if problem.contains("keyspace item")), "{check:?}");
    assert!(check.counts.iter().any(|count| count.keyspace == "line" && count.rows == 1), "it goes on: {check:?}");
}

#[test]
fn verify_finds_what_does_not_fit_together() {
    let check = |keyspace: &str, change: fn(&fjall::Keyspace), expected: &str| {
        let (folder, ledger) = empty();
        fill(&ledger);
        drop(ledger);
        tamper(&folder, keyspace, change);
        let failure = open(&folder).verify().unwrap_err();
        assert!(failure.0.contains(expected), "{failure}");
    };
    check("item", |items| items.remove(2u64.to_be_bytes()).unwrap(), "0000000000000002 in keyspace item is missing");
    let no_size = |record: &fjall::Keyspace| record.remove([10, 0, 0, 0, 1, 1]).unwrap();
    check("record", no_size, "says 0 rows for key 0000000101, there are 1");
    let no_run =
        |record: &fjall::Keyspace| record.remove([&[3, 0][..], &(!run_id(1).0).to_be_bytes()].concat()).unwrap();
    check("record", no_run, "in keyspace run is missing");
    let short_key = |record: &fjall::Keyspace| record.insert([7, 1, 2, 3], [2, 1, 0x80]).unwrap();
    check("record", short_key, "the key 010203 in keyspace held");
    let stray = |record: &fjall::Keyspace| record.insert([200, 1], [2, 1, 0x80]).unwrap();
    check("record", stray, "the key c801 in the shared keyspace belongs to nothing");
}

#[test]
fn a_database_of_a_newer_program_is_refused() {
    let (folder, ledger) = empty();
    drop(ledger);
    tamper(&folder, "record", |record| {
        let newer = [&[2, 1, 0x81, 0xa6][..], b"number", &[9]].concat();
        record.insert("\u{1}format", newer).unwrap();
    });
    let refused = FjallLedger::open(folder.path(), OpenOptions::default());
    assert!(matches!(refused, Err(OpenError::NewerFormat { found: 9, known: 1, .. })), "{refused:?}");
}

#[test]
fn a_folder_that_cannot_be_made_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("db"), "a file").unwrap();
    let refused = FjallLedger::open(folder.path(), OpenOptions::default()).unwrap_err();
    assert!(matches!(refused, OpenError::Failed(..)), "{refused:?}");
    assert!(refused.to_string().contains("cannot be opened"), "{refused}");
}

#[cfg(unix)]
#[test]
fn the_folder_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;

    let (folder, ledger) = empty();
    let mode = || std::fs::metadata(folder.path().join("db")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o700);
    drop(ledger);
    std::fs::set_permissions(folder.path().join("db"), std::fs::Permissions::from_mode(0o755)).unwrap();
    drop(open(&folder));
    assert_eq!(mode(), 0o700);
}

#[test]
fn half_a_commit_is_never_seen() {
    const ROWS: u64 = 40;
    let (_folder, ledger) = empty();
    let write = |generation: u8| {
        let rows = (0..ROWS)
            .map(|uid| Change::PutBaseline(pair(0), Feature::History, Uid(uid), PlayKey(0), baseline(generation)));
        let changes = rows.collect();
        let commits = vec![Commit { fence: None, durability: Durability::Buffered, changes }];
        assert_eq!(ledger.commit(commits), Ok(vec![Ok(())]));
    };
    write(0);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let reader = threads.spawn(|| {
            let mut reads = 0;
            while reads == 0 || !is_over.load(Ordering::Acquire) {
                let mut rows = Vec::new();
                let mut note = |_, _, row| rows.push(row);
                ledger.visit_baseline(&pair(0), Feature::History, &mut note).unwrap();
                assert_eq!(rows.len(), 40);
                assert!(rows.iter().all(|row| *row == rows[0]), "rows of two commits in one read");
                reads += 1;
            }
        });
        (1..=200).for_each(write);
        is_over.store(true, Ordering::Release);
        reader.join().unwrap();
    });
}

#[test]
fn a_large_commit_goes_through_in_one_piece() {
    let (folder, ledger) = empty();
    let items = (1..=5_000).map(|uid| put_item(uid, &[uid, 500_000 + uid]));
    commit(&ledger, items.collect());
    drop(ledger);
    let mut count = 0;
    let ledger = open(&folder);
    ledger.visit_items(&mut |_| count += 1).unwrap();
    assert_eq!(count, 5_000);
    let changed = (1..=5_000).map(|uid| put_item(uid, &[uid]));
    commit(&ledger, changed.collect());
    let rows = ledger.verify().unwrap().into_iter().find(|count| count.keyspace == "identity").unwrap().rows;
    assert_eq!(rows, 5_000);
}
