//! What became of an account's rows, and what is held because of it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may")]

use std::slice::from_ref as only;

use crosswatch_identity::{
    Entry, Evidence, How, Origin, Provenance, Source, Witness,
    rematch::{Change, Extent, Holds, NativeRow, compare, identifying},
};
use crosswatch_model::{Id, IdSet, Item, Kind, NativeRef, Show};
use proptest::prelude::*;

fn id(word: &str) -> Id {
    let (namespace, value) = word.split_once(':').unwrap();
    Id::parse(namespace.parse().unwrap(), Kind::Movie, value).unwrap()
}

fn ids(words: &str) -> IdSet {
    words.split_whitespace().map(id).collect()
}

fn row(native: u128, title: &str, year: u16, words: &str) -> NativeRow {
    let native = (native > 0).then_some(NativeRef(native));
    NativeRow { native, kind: Kind::Movie, ids: ids(words), title: title.into(), year: Some(year) }
}

fn titled(ids: &IdSet) -> Item {
    Item::titled(Kind::Movie, "", None, ids.clone())
}

fn word(change: &Change) -> &'static str {
    match change {
        Change::Enriched(..) => "enriched",
        Change::Moved(..) => "moved",
        Change::Remapped(..) => "remapped",
        Change::Rematched(..) => "rematched",
        Change::RemapSuspected(..) => "suspected",
    }
}

/// A library of films that stay as they are, so that one row is a small part of it.
fn others() -> Vec<NativeRow> {
    (1000..1100).map(|n| row(n, "Other", 1990, &format!("tmdb:{n}"))).collect()
}

#[track_caller]
fn check(was: &[NativeRow], is: &[NativeRow], evidence: &Evidence, expected: &[&str]) -> Holds {
    let before = [others(), was.to_vec()].concat();
    let now = [is.to_vec(), others()].concat();
    let found = compare(&before, &now, before.len(), evidence);
    assert_eq!(found.changes.iter().map(word).collect::<Vec<_>>(), expected);
    assert_eq!(found.extent, Extent::Usual);
    let mut holds = Holds::new();
    holds.note(&found, 100);
    holds
}

fn redirects(old: &str, new: &str, origins: &[Origin]) -> Evidence {
    let mut evidence = Evidence::new();
    for origin in origins {
        let witness = Witness { source: Source::User, origin: origin.clone() };
        let provenance = Provenance { witness, how: How::Lookup, first_seen_s: 0, last_seen_s: 0 };
        evidence.add(Entry::Redirect(id(old), id(new), provenance)).unwrap();
    }
    evidence
}

#[test]
fn better_known_rows_and_moved_rows_change_nothing() {
    let none = Evidence::new();
    let film = row(1, "Heat", 1995, "tmdb:949");
    check(only(&film), only(&film), &none, &[]);
    let known = row(1, "Heat", 1995, "tmdb:949 imdb:tt0113277");
    assert!(check(only(&film), only(&known), &none, &["enriched"]).all().count() == 0);
    check(only(&known), only(&film), &none, &[]);
    check(&[row(1, "Heat", 1995, "")], only(&film), &none, &["enriched"]);
    check(only(&film), &[row(1, "Heat", 1995, "")], &none, &[]);
    let moved = row(2, "Heat (1080p)", 1995, "tmdb:949");
    let holds = check(only(&film), only(&moved), &none, &["moved"]);
    assert!(holds.allows_add(&titled(&film.ids)) && holds.allows_remove(&titled(&film.ids)));
    // Two copies of one film are no move.
    check(only(&film), &[film.clone(), moved], &none, &[]);
}

#[test]
fn case_19_a_row_that_is_another_film_holds_both() {
    let was = row(1, "My Own Private Idaho", 1991, "imdb:tt0197013 tmdb:503901");
    let is = row(1, "The Bodyguard", 1992, "imdb:tt0103855 tmdb:619");
    let mut holds = check(only(&was), only(&is), &Evidence::new(), &["rematched"]);
    for ids in [&was.ids, &is.ids] {
        assert!(!holds.allows_add(&titled(ids)) && !holds.allows_remove(&titled(ids)));
    }
    assert!(holds.allows_remove(&titled(&ids("tmdb:1000"))));
    assert_eq!((holds.questions(100).count(), holds.questions(100 + 7 * 86_400).count()), (0, 1));
    let mut corrected = holds.clone();
    corrected.note(
        &compare(
            &[others(), vec![is.clone()]].concat(),
            &[others(), vec![was.clone()]].concat(),
            101,
            &Evidence::new(),
        ),
        200,
    );
    assert!(corrected.all().count() == 0);
    let mut restored = Holds::new();
    holds.all().for_each(|hold| restored.hold(hold));
    assert_eq!(restored, holds);
    let change = holds.all().next().unwrap().change;
    assert!(holds.release(&change) && !holds.release(&change));
    assert_eq!(holds, Holds::new());
    assert!(holds.allows_add(&titled(&is.ids)));
}

#[test]
fn case_21_a_namesake_that_came_is_a_question() {
    let gone = row(0, "Coma", 2012, "tmdb:758677");
    let came = row(0, "Coma", 2012, "tmdb:430155");
    let holds = check(only(&gone), only(&came), &Evidence::new(), &["suspected"]);
    assert!(!holds.allows_remove(&titled(&gone.ids)) && !holds.allows_add(&titled(&came.ids)));
    assert_eq!(holds.all().next().unwrap().change.replaced(), [(id("tmdb:758677"), id("tmdb:430155"))]);
    // The title alone does not decide.
    check(only(&gone), &[row(0, "Coma", 1978, "tmdb:11223")], &Evidence::new(), &[]);
    check(&[gone], &[came.clone(), row(0, "Coma", 2012, "tmdb:9")], &Evidence::new(), &[]);
}

#[test]
fn case_22_one_equal_id_makes_it_a_remap() {
    let was = row(0, "63 Up", 2019, "tmdb:567273 imdb:tt10182946");
    let is = row(0, "63 Up", 2019, "tmdb:698102 imdb:tt10182946");
    let mut holds = check(only(&was), only(&is), &Evidence::new(), &["remapped"]);
    assert!(holds.allows_add(&titled(&is.ids)) && !holds.allows_remove(&titled(&was.ids)));
    holds.settle(&redirects("tmdb:567273", "tmdb:698102", &[Origin::Plex]));
    assert!(!holds.allows_remove(&titled(&was.ids)));
    let confirmed = redirects("tmdb:567273", "tmdb:698102", &[Origin::Plex, Origin::Trakt]);
    holds.settle(&confirmed);
    assert!(holds.allows_remove(&titled(&was.ids)));
    check(&[row(1, "63 Up", 2019, "tmdb:567273")], &[row(1, "63 Up", 2019, "tmdb:698102")], &confirmed, &["enriched"]);
}

#[test]
fn a_rebuilt_library_freezes_all_removals() {
    let library = |shift: u128| -> Vec<NativeRow> {
        (1..=100).map(|n| row(n, "Film", 1990, &format!("tmdb:{}", n + shift))).collect()
    };
    let mut half = library(0);
    half.truncate(95);
    half.extend(library(500).into_iter().skip(95));
    assert_eq!(compare(&library(0), &half, library(0).len(), &Evidence::new()).extent, Extent::Usual);
    let mut more = library(0);
    more.truncate(94);
    more.extend(library(500).into_iter().skip(94));
    let found = compare(&library(0), &more, library(0).len(), &Evidence::new());
    assert_eq!(found.extent, Extent::Mass);
    let mut holds = Holds::new();
    holds.note(&found, 1);
    assert!(
        holds.is_frozen()
            && !holds.allows_remove(&titled(&ids("tmdb:7777")))
            && holds.allows_add(&titled(&ids("tmdb:7777")))
    );
    holds.thaw();
    assert!(holds.allows_remove(&titled(&ids("tmdb:7777"))));
}

fn any_rows() -> impl Strategy<Value = Vec<NativeRow>> {
    let any_ids = proptest::collection::vec((0usize..2, 1u64..6), 0..3);
    proptest::collection::btree_map(1u128..6, (any_ids, 0usize..2), 0..5).prop_map(|rows| {
        let row = |(native, (pairs, title)): (u128, (Vec<(usize, u64)>, usize))| {
            let words: Vec<String> =
                pairs.iter().map(|(space, n)| format!("{}:{n}", ["tmdb", "trakt"][*space])).collect();
            let mut row = row(native, ["Heat", "Dune"][title], 1990, &words.join(" "));
            row.ids = row.ids.iter().fold(IdSet::EMPTY, |mut ids, id| {
                if ids.get(id.namespace()).is_none() {
                    ids.insert(id);
                }
                ids
            });
            row
        };
        rows.into_iter().map(row).collect()
    })
}

proptest! {
    #[test]
    fn invariant_15_a_rematch_neither_adds_nor_removes(before in any_rows(), now in any_rows()) {
        let found = compare(&before, &now, before.len(), &Evidence::new());
        let mut holds = Holds::new();
        holds.note(&found, 1);
        for change in &found.changes {
            let (was, is) = change.rows();
            if matches!(change, Change::Rematched(..)) {
                for ids in [&was.ids, &is.ids].into_iter().filter(|ids| !ids.is_empty()) {
                    prop_assert!(!holds.allows_add(&titled(ids)) && !holds.allows_remove(&titled(ids)));
                }
            }
        }
    }

    #[test]
    fn invariant_16_new_numbers_for_the_same_things_hold_nothing(rows in any_rows()) {
        let mut distinct: Vec<NativeRow> = Vec::new();
        for row in rows {
            let is_told = |other: &NativeRow| other.ids.iter().any(|id| row.ids.contains(id));
            if !row.ids.is_empty() && !distinct.iter().any(is_told) {
                distinct.push(row);
            }
        }
        let renumber = |row: &NativeRow| NativeRow { native: Some(NativeRef(row.native.unwrap().0 + 100)), ..row.clone() };
        let renumbered: Vec<NativeRow> = distinct.iter().map(renumber).collect();
        let found = compare(&distinct, &renumbered, distinct.len(), &Evidence::new());
        prop_assert_eq!(found.changes.iter().map(word).collect::<Vec<_>>(), vec!["moved"; distinct.len()]);
        let mut holds = Holds::new();
        holds.note(&found, 1);
        prop_assert!(holds.all().next().is_none() && !holds.is_frozen());
        prop_assert_eq!(compare(&distinct, &distinct, distinct.len(), &Evidence::new()).changes, []);
    }
}

#[test]
fn an_episode_without_ids_is_what_its_show_is() {
    let show = |word: &str| Show {
        ids: [Id::parse(word.split_once(':').unwrap().0.parse().unwrap(), Kind::Show, word.split_once(':').unwrap().1)
            .unwrap()]
        .into_iter()
        .collect(),
        ..Show::default()
    };
    let episode = |word: &str, own: IdSet| Item::episode(show(word), 1, 2, "", own);
    let at = |word: &str| NativeRow {
        kind: Kind::Episode,
        ids: identifying(&episode(word, IdSet::EMPTY)),
        ..row(7, "Pilot", 2000, "")
    };
    let found = compare(&[at("tvdb:1")], &[at("tvdb:2")], 100, &Evidence::new());
    let mut holds = Holds::new();
    holds.note(&found, 100);
    for word in ["tvdb:1", "tvdb:2"] {
        assert!(
            !holds.allows_add(&episode(word, IdSet::EMPTY)) && !holds.allows_remove(&episode(word, IdSet::EMPTY)),
            "{word}"
        );
    }
    assert!(holds.allows_remove(&episode("tvdb:3", IdSet::EMPTY)));
}
