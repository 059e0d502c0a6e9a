//! Files settled into a ledger in memory.

use crosswatch_model::{Id, Kind, Namespace, RunId};
use crosswatch_port::{Change, Commit, Durability, ImportRecord, ImportState, ItemRecord, fake::MemoryLedger};

use super::*;
use crate::read;

fn account() -> ProviderId {
    ProviderId::parse("ledger").unwrap()
}

fn settled(ledger: &MemoryLedger, file: &str) -> Settled {
    let imported = read(file.as_bytes(), &TimeZone::UTC).unwrap();
    settle(ledger, &account(), imported, &Evidence::new(), &TimeZone::UTC).unwrap()
}

fn save(ledger: &MemoryLedger, changes: Vec<Change>) {
    let commit = Commit { fence: None, durability: Durability::Synced, changes };
    ledger.commit(vec![commit]).unwrap().into_iter().for_each(|answer| answer.unwrap());
}

/// Imports a file, and answers adds, updates and unchanged rows.
fn import(ledger: &MemoryLedger, number: u128, file: &str) -> (u64, u64, u64) {
    let settled = settled(ledger, file);
    let sum = |part: fn(&Tally) -> u64| settled.tallies.values().map(part).sum();
    let sums = (sum(|tally| tally.adds), sum(|tally| tally.updates), sum(Tally::unchanged));
    let record = ImportRecord {
        id: RunId(number),
        account: account(),
        format: settled.format.as_str().into(),
        at: "2026-07-01T10:00:00Z".parse().unwrap(),
        state: ImportState::Applying,
        added: 0,
        updated: 0,
        misplaced: settled.misplaced_total,
        taken_back: 0,
    };
    let first = ledger.mint_uids(settled.nameless()).unwrap();
    for changes in settled.chunks(record, first) {
        save(ledger, changes);
    }
    sums
}

/// The rows of a feature as short lines.
fn rows(ledger: &MemoryLedger, feature: Feature) -> Vec<String> {
    let rows = ledger.shelf(&account(), feature, None, 100).unwrap();
    rows.iter().map(|row| format!("{} {} {:?}", row.uid.0, row.item.label(), row.fact)).collect()
}

const PLAYS: &str = "type,title,year,tmdb,imdb,season,episode,show_tmdb,watched_at,rating\n\
    movie,Heat,1995,949,,,,,2026-01-01T20:00:00Z,8\n\
    movie,Heat,1995,949,tt0113277,,,,2026-02-01T20:00:00Z,\n\
    ,Zoo,,,,2,1,8592,,\n\
    ,Zoo,,,,2,1,8592,2026-03-01,\n";

#[test]
fn the_same_file_again_changes_nothing() {
    let ledger = MemoryLedger::new();
    assert_eq!(import(&ledger, 1, PLAYS), (4, 0, 1));
    let history = rows(&ledger, Feature::History);
    assert_eq!(
        history,
        [
            "1 Heat (1995) Play(Exact(2026-01-01T20:00:00Z))",
            "1 Heat (1995) Play(Exact(2026-02-01T20:00:00Z))",
            "2  S02E01 Zoo Play(Day(2026-03-01))",
        ]
    );
    assert_eq!(ledger.item(Uid(1)).unwrap().unwrap().item.ids.len(), 2);
    let again = settled(&ledger, PLAYS);
    assert!(again.is_empty() && !again.writes_rows(), "{again:?}");
    assert_eq!(import(&ledger, 2, PLAYS), (0, 0, 5));
    assert_eq!(rows(&ledger, Feature::History), history);
    assert_eq!(ledger.import(RunId(2)).unwrap(), None);
    let first = ledger.import(RunId(1)).unwrap().unwrap();
    assert_eq!((first.state, first.added, first.updated), (ImportState::Done, 4, 0));
}

#[test]
fn items_that_are_known_from_elsewhere_are_found_again() {
    let ledger = MemoryLedger::new();
    let ids = [(Namespace::Imdb, "tt0113277"), (Namespace::Plex, "5d776825880197001ec9038e")];
    let ids = ids.iter().map(|(namespace, text)| Id::parse(*namespace, Kind::Movie, text).unwrap()).collect();
    let item = Item::titled(Kind::Movie, "Heat", Some(1995), ids);
    let uid = ledger.mint_uids(1).unwrap();
    save(&ledger, vec![Change::PutItem(ItemRecord { uid, item, runtime_s: Some(10_200) })]);
    import(&ledger, 1, "type,title,tmdb,imdb,watched_at\nmovie,heat,949,tt0113277,2026-01-01\n");
    assert_eq!(rows(&ledger, Feature::History), ["1 Heat (1995) Play(Day(2026-01-01))"]);
    assert_eq!(ledger.item(uid).unwrap().unwrap().item.ids.len(), 3);
    let paused = r#"[{"type": "movie", "progress": 50, "movie": {"ids": {"tmdb": 949}}},
                     {"type": "movie", "progress": 50, "movie": {"ids": {"tmdb": 1}}}]"#;
    assert_eq!(import(&ledger, 2, paused), (1, 0, 0));
    assert!(rows(&ledger, Feature::Progress)[0].contains("position_s: 5100, duration_s: Some(10200)"));
    assert!(settled(&ledger, paused).misplaced[0].reason.contains("nobody knows how long"));
}

#[test]
fn a_title_and_a_year_are_enough_where_one_item_has_them() {
    let ledger = MemoryLedger::new();
    import(
        &ledger,
        1,
        "type,title,year,tmdb,watched_at\nmovie,Heat,1995,949,\nmovie,Solaris,1972,593,\nmovie,Solaris,2002,2103,\nmovie,Twin,2000,1,\nmovie,Twin,2000,2,\n",
    );
    let diary = "Date,Name,Year,Letterboxd URI,Rating,Watched Date\n\
        2026-01-02,HEAT,1995,u,,2026-01-01\n2026-01-02,Solaris,2002,u,,2026-01-01\n\
        2026-01-02,Twin,2000,u,,2026-01-01\n2026-01-02,Nobody knows,2000,u,,2026-01-01\n";
    let told = settled(&ledger, diary);
    let misplaced: Vec<&str> = told.misplaced.iter().map(|row| row.text.as_str()).collect();
    assert_eq!(misplaced, ["Twin (2000)", "Nobody knows (2000)"]);
    assert_eq!(import(&ledger, 2, diary), (0, 2, 0));
    let history = rows(&ledger, Feature::History);
    assert!(history.contains(&"4 Heat (1995) Play(Day(2026-01-01))".to_owned()), "{history:?}");
    assert_eq!(import(&ledger, 3, diary), (0, 0, 2));
}

#[test]
fn ids_that_contradict_each_other_are_told() {
    let ledger = MemoryLedger::new();
    import(&ledger, 1, "type,title,tmdb,imdb,watched_at\nmovie,Heat,949,tt0113277,\nmovie,Ran,11645,tt0089881,\n");
    let told = settled(&ledger, "type,title,tmdb,imdb,watched_at\nmovie,Heat,949,tt0089881,2026-01-01\n");
    assert_eq!((told.misplaced_total, told.writes_rows()), (1, false), "{told:?}");
    assert_eq!(told.misplaced[0].place.to_string(), "line 2");
}

#[test]
fn a_large_file_is_written_in_parts() {
    let ledger = MemoryLedger::new();
    let row = |number: usize| format!("movie,Film {number},{number},2026-01-01T{:02}:00:00Z\n", number % 24);
    let file = format!("type,title,tmdb,watched_at\n{}", (1..=5_000).map(row).collect::<String>());
    let settled = settled(&ledger, &file);
    assert_eq!(settled.nameless(), 5_000);
    drop(settled);
    assert_eq!(import(&ledger, 1, &file), (5_000, 0, 0));
    let mut lines = 0;
    let mut count = |_| {
        lines += 1;
        true
    };
    ledger.visit_lines(RunId(1), 0, &mut count).unwrap();
    assert_eq!((lines, ledger.shelf_count(&account(), Feature::History).unwrap().0), (5_000, 5_000));
    assert_eq!(ledger.import(RunId(1)).unwrap().unwrap().added, 5_000);
}
