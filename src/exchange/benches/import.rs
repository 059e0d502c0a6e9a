//! What an import of 50 000 plays costs: reading the file, settling it, and writing it to a real store.
//!
//! Run with `cargo bench -p crosswatch-exchange`. Figures are printed, never asserted: machines differ.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark")]

use std::fmt::Write;

use crosswatch_exchange::{Imported, read, settle::settle};
use crosswatch_identity::Evidence;
use crosswatch_model::{ProviderId, RunId};
use crosswatch_port::{Commit, Durability, ImportRecord, ImportState, Ledger};
use crosswatch_store::{FjallLedger, OpenOptions};
use divan::Bencher;
use jiff::tz::TimeZone;

const PLAYS: usize = 50_000;

fn main() {
    divan::main();
}

/// Plays of 5 000 films and 1 000 series, as Trakt exports them.
fn export() -> String {
    let mut text = String::from("[");
    for number in 0..PLAYS {
        let comma = if number == 0 { "" } else { ",\n" };
        let at = format!(
            "20{:02}-{:02}-{:02}T20:{:02}:00.000Z",
            10 + number % 15,
            1 + number % 12,
            1 + number % 28,
            number % 60
        );
        let (show, episode) = (1 + number % 1_000, 1 + number / 1_000);
        let row = if number % 5 == 0 {
            let film = 1 + number / 5 % 5_000;
            format!(
                r#""type":"movie","movie":{{"title":"Film {film}","year":2001,"ids":{{"trakt":{film},"imdb":"tt{film:07}","tmdb":{film}}}}}"#
            )
        } else {
            format!(
                r#""type":"episode","episode":{{"season":1,"number":{episode},"title":"Episode","ids":{{"trakt":{number},"tmdb":{number}}}}},"show":{{"title":"Show {show}","year":2001,"ids":{{"trakt":{show},"tvdb":{show},"tmdb":{show}}}}}"#
            )
        };
        write!(text, "{comma}{{\"id\":{number},\"watched_at\":\"{at}\",{row}}}").unwrap();
    }
    text.push(']');
    text
}

fn imported() -> Imported {
    read(export().as_bytes(), &TimeZone::UTC).unwrap()
}

fn account() -> ProviderId {
    ProviderId::parse("ledger").unwrap()
}

/// A store in a folder of its own.
fn store() -> (tempfile::TempDir, FjallLedger) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = FjallLedger::open(folder.path(), OpenOptions::default()).unwrap();
    (folder, ledger)
}

/// Settles and writes, as the service does. Answers how many rows were written.
fn import(ledger: &FjallLedger, imported: Imported) -> u64 {
    let settled = settle(ledger, &account(), imported, &Evidence::new(), &TimeZone::UTC).unwrap();
    let record = ImportRecord {
        id: RunId(7),
        account: account(),
        format: "trakt".into(),
        at: jiff::Timestamp::UNIX_EPOCH,
        state: ImportState::Applying,
        added: 0,
        updated: 0,
        misplaced: 0,
        taken_back: 0,
    };
    let nameless = settled.nameless();
    let first = ledger.mint_uids(nameless.max(1)).unwrap();
    let mut chunks = settled.chunks(record, first);
    for changes in chunks.by_ref() {
        ledger.commit(vec![Commit { fence: None, durability: Durability::Synced, changes }]).unwrap();
    }
    chunks.import().added
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn reads_a_file(bencher: Bencher<'_, '_>) {
    let text = export();
    bencher.bench_local(|| read(text.as_bytes(), &TimeZone::UTC).unwrap().rows.len());
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn imports_it_into_an_empty_store(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| (store(), imported())).bench_local_values(|((folder, ledger), imported)| {
        assert!(import(&ledger, imported) > 30_000);
        (folder, ledger)
    });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn finds_nothing_new_in_it_again(bencher: Bencher<'_, '_>) {
    let (_folder, ledger) = store();
    import(&ledger, imported());
    bencher.with_inputs(imported).bench_local_values(|imported| assert_eq!(import(&ledger, imported), 0));
}
