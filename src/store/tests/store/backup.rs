//! Backups: what comes back is what was there, and a file that is not whole changes nothing.

use std::{fs, path::Path};

use crosswatch_model::{Feature, PlayKey, RunState, Uid};
use crosswatch_port::{Change, Ledger, StandingKind};
use crosswatch_store::{BackupError, FjallLedger, OpenOptions, Replace, check_backup, restore_backup};

use crate::world::{
    account, baseline, commit, empty, fact, held, line, open, outbox, pair, pair_feature, picture, plan, put_item,
    put_shelf, reading_head, reading_row, rejected, run, standing, unresolved,
};

fn fill(ledger: &FjallLedger) {
    let rows = (1..=2_500).map(|uid| put_item(uid, &[600 + uid]));
    commit(ledger, rows.collect());
    commit(
        ledger,
        vec![
            Change::PutRun(run(1, 0, RunState::Succeeded)),
            Change::PutPlan(plan(2, 1)),
            Change::PutLine(line(1, 0)),
            Change::PutBaseline(pair(0), Feature::History, Uid(1), PlayKey(0), baseline(1)),
            Change::PutOutbox(outbox(0, 1)),
            Change::PutReadingHead(account(0), Feature::History, reading_head(1)),
            Change::PutReadingRow(account(0), Feature::History, reading_row(1, None, fact(Feature::History, 1))),
            Change::PutPairFeature(pair(0), Feature::History, pair_feature("a")),
            Change::PutHeld(held(1, 1)),
            Change::PutRejected(rejected(0, 1)),
            Change::PutUnresolved(unresolved(0, Feature::History, 1, 1)),
            Change::PutSecret(account(0), "token".into(), vec![1, 2]),
            Change::PutCache(account(0), "index".into(), vec![3; 100_000]),
            Change::PutStanding(standing(StandingKind::Paused, "home-trakt", "")),
            put_shelf(0, 1, 0, fact(Feature::Ratings, 1)),
        ],
    );
}

fn back_up(ledger: &FjallLedger) -> Vec<u8> {
    let mut bytes = Vec::new();
    let count = ledger.backup(&mut bytes).unwrap().unwrap();
    assert_eq!(count.bytes, bytes.len() as u64);
    bytes
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_comes_back_is_what_was_there() {
    let (_folder, ledger) = empty();
    fill(&ledger);
    let bytes = back_up(&ledger);
    commit(&ledger, vec![Change::DropHeld(1), put_item(1, &[999])]);
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("backup");
    fs::write(&file, &bytes).unwrap();
    let data = elsewhere.path().join("data");
    fs::create_dir(&data).unwrap();
    let restored = restore_backup(&data, &file, Replace::Nothing).unwrap();
    assert_eq!((restored.count, restored.kept), (check_backup(&file).unwrap(), None));
    let again = FjallLedger::open(&data, OpenOptions::default()).unwrap();
    assert!(again.check().problems.is_empty());
    assert_eq!(back_up(&again), bytes, "the copy of the copy is the copy");
    assert_ne!(picture(&again), picture(&ledger), "what came after the copy is not in it");
    assert_eq!(again.held().unwrap().len(), 1);
    assert_eq!(again.mint_uids(1), ledger.mint_uids(1), "counters go on");
    assert_eq!(names(&data), ["db"]);
}

#[test]
fn a_database_with_something_in_it_is_replaced_only_when_told_and_kept() {
    let (folder, ledger) = empty();
    let bytes = back_up(&ledger);
    fill(&ledger);
    let file = folder.path().join("backup");
    fs::write(&file, bytes).unwrap();
    let locked = restore_backup(folder.path(), &file, Replace::Anything).unwrap_err();
    assert!(matches!(locked, BackupError::Locked(_)), "{locked}");
    drop(ledger);
    let occupied = restore_backup(folder.path(), &file, Replace::Nothing).unwrap_err();
    assert!(matches!(occupied, BackupError::Occupied(_)), "{occupied}");
    assert_eq!(open(&folder).held().unwrap().len(), 1, "nothing was changed");
    for number in 1..=2 {
        let kept = restore_backup(folder.path(), &file, Replace::Anything).unwrap().kept.unwrap();
        assert!(kept.ends_with(format!("db.before-restore-{number}")) && kept.is_dir(), "{kept:?}");
    }
    assert_eq!(open(&folder).held().unwrap().len(), 0);
    // An empty database is in nobody's way.
    restore_backup(folder.path(), &file, Replace::Nothing).unwrap();
}

#[test]
fn a_file_that_is_not_whole_is_refused_before_anything_is_touched() {
    let (folder, ledger) = empty();
    commit(&ledger, vec![put_item(1, &[601]), Change::PutHeld(held(1, 1))]);
    let good = back_up(&ledger);
    drop(ledger);
    let file = folder.path().join("backup");
    let refuse = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        let error = restore_backup(folder.path(), &file, Replace::Anything).unwrap_err();
        assert_eq!(names(folder.path()), ["backup", "db"], "{error}");
        error
    };
    for cut in (0..12).chain([good.len() / 2, good.len() - 1]) {
        let error = refuse(&good[..cut]);
        assert!(matches!(error, BackupError::Damaged(..) | BackupError::NotABackup(_)), "cut at {cut}: {error}");
    }
    for at in (12..good.len()).step_by(7) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x40;
        assert!(matches!(refuse(&bytes), BackupError::Damaged(..)), "changed at {at}");
    }
    assert!(matches!(refuse(&[&good[..], &[0]].concat()), BackupError::Damaged(..)));
    assert!(matches!(refuse(b"PK\x03\x04 something else"), BackupError::NotABackup(_)));
    let newer = [&good[..8], &2u32.to_be_bytes(), &good[12..]].concat();
    assert!(matches!(refuse(&newer), BackupError::Newer { found: 2, .. }));
    let missing = restore_backup(folder.path(), &folder.path().join("nowhere"), Replace::Anything).unwrap_err();
    assert!(matches!(missing, BackupError::Unreadable(..)));
    assert_eq!(open(&folder).held().unwrap().len(), 1);
}

#[test]
fn a_writer_that_fails_does_not_fail_the_store() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("full"))
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (_folder, ledger) = empty();
    fill(&ledger);
    assert!(ledger.backup(&mut Full).unwrap().is_err());
    assert!(ledger.sync().is_ok());
}
