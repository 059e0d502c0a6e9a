//! Time and memory of filling a catalog, joining it, and looking things up in it.
//!
//! `cargo bench -p crosswatch-identity`. Of ten items eight are episodes of shows with 50 episodes and two are films; every
//! thing is told by two accounts, with four ids each, of which one is another account's own. The budget: 1 000 000 items
//! with 4 000 000 ids joined within 1 s and 200 MiB, 100 000 within 60 ms, a look-up within 100 ns.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, missing_docs, reason = "a benchmark")]

use crosswatch_identity::{
    Catalog, Entry, Evidence, How, IdIndex, ItemIx, Join, Origin, Placement, Provenance, Source, Witness, join,
};
use crosswatch_model::{Id, IdSet, Item, Kind, Namespace, Show};
use divan::{Bencher, black_box, counter::ItemsCount};

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

const SIZES: [u64; 2] = [100_000, 1_000_000];
/// How many look-ups one sample makes.
const LOOKUPS: u64 = 100_000;

/// Numbers that look random and are the same in every run.
fn mix(number: u64) -> u64 {
    let mixed = (number ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ mixed >> 29).wrapping_mul(0x94d0_49bb_1331_11eb) >> 11
}

/// The ids of the thing with this number, as one of two accounts tells them.
fn ids(kind: Kind, number: u64, side: u64) -> IdSet {
    let own = if side == 0 { Namespace::Trakt } else { Namespace::Simkl };
    let mut ids: IdSet = [Namespace::Tmdb, Namespace::Tvdb, own]
        .into_iter()
        .map(|namespace| Id::from_number(namespace, kind, number + 1).unwrap())
        .collect();
    ids.insert(Id::parse(Namespace::Imdb, kind, &format!("tt{:07}", number + 1)).unwrap());
    ids
}

fn item(at: u64) -> Item {
    let (number, side) = (at / 2, at % 2);
    if mix(number) % 10 < 2 {
        return Item::titled(Kind::Movie, "A Film", Some(1990), ids(Kind::Movie, number, side));
    }
    let (show, place) = (number / 50, (number % 50) as u16);
    let show = Show { title: "Series".into(), year: Some(2002), ids: ids(Kind::Show, show, side), ..Show::default() };
    Item::episode(show, place / 10 + 1, place % 10 + 1, "Part", ids(Kind::Episode, number, side))
}

fn witness(origin: Origin) -> Witness {
    Witness { source: Source::User, origin }
}

fn catalog(size: u64) -> Catalog {
    let mut catalog = Catalog::new();
    let sides = [catalog.witness(witness(Origin::Trakt)), catalog.witness(witness(Origin::Simkl))];
    for at in 0..size {
        let told = catalog.push(&item(at)).unwrap();
        if let Some(side) = sides.get((at % 2) as usize) {
            catalog.told_by(told, *side);
        }
    }
    catalog
}

/// A statement about every hundredth thing, and a contradiction about every thousandth.
fn evidence(size: u64) -> Evidence {
    let mut evidence = Evidence::new();
    let number = |namespace, number| Id::from_number(namespace, Kind::Movie, number + 1).unwrap();
    for thing in (0..size / 2).step_by(100) {
        let other = if thing % 1000 == 0 { thing + 1 } else { thing };
        let provenance =
            Provenance { witness: witness(Origin::Tmdb), how: How::Lookup, first_seen_s: 0, last_seen_s: 0 };
        let entry = Entry::Is(number(Namespace::Tmdb, thing), number(Namespace::Tvdb, other), provenance);
        evidence.add(entry).unwrap();
    }
    evidence
}

fn entities(join: &Join) -> usize {
    black_box(join).len()
}

#[divan::bench(args = SIZES, sample_count = 3, sample_size = 1)]
fn fill_catalog(bencher: Bencher<'_, '_>, size: u64) {
    bencher.counter(ItemsCount::new(size)).bench_local(|| catalog(size));
}

#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn join_items(bencher: Bencher<'_, '_>, size: u64) {
    let (catalog, evidence) = (catalog(size), Evidence::new());
    assert_eq!(entities(&join(&catalog, &[], &evidence)) as u64, size / 2);
    bencher.counter(ItemsCount::new(size)).bench_local(|| join(&catalog, &[], &evidence));
}

#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn join_items_with_evidence(bencher: Bencher<'_, '_>, size: u64) {
    let (catalog, evidence) = (catalog(size), evidence(size));
    let conflicts = join(&catalog, &[], &evidence).conflicts().len();
    assert!(conflicts > 0);
    bencher.counter(ItemsCount::new(size)).bench_local(|| join(&catalog, &[], &evidence));
}

#[divan::bench(args = SIZES, sample_count = 20, sample_size = 1)]
fn look_up_placements(bencher: Bencher<'_, '_>, size: u64) {
    let mut catalog = catalog(size);
    let join = join(&catalog, &[], &Evidence::new());
    let items: Vec<ItemIx> = (0..LOOKUPS).map(|at| catalog.push(&item(mix(at) % size)).unwrap()).collect();
    let placed = |item: &ItemIx| matches!(join.placement(*item), Placement::Entity(_));
    bencher
        .counter(ItemsCount::new(LOOKUPS))
        .bench_local(|| items.iter().filter(|item| placed(black_box(item))).count());
}

#[divan::bench(args = SIZES, sample_count = 20, sample_size = 1)]
fn look_up_ids(bencher: Bencher<'_, '_>, size: u64) {
    let catalog = catalog(size);
    let (join, index) = (join(&catalog, &[], &Evidence::new()), IdIndex::of(&catalog));
    let first = |at: u64| item(mix(at) % size).ids.iter().next().unwrap();
    let ids: Vec<Id> = (0..LOOKUPS).map(first).collect();
    let placed = |id: &Id| index.find(&catalog, *id).map(|item| join.placement(item));
    bencher
        .counter(ItemsCount::new(LOOKUPS))
        .bench_local(|| ids.iter().filter(|id| placed(black_box(id)).is_some()).count());
}

#[divan::bench(args = SIZES, sample_count = 20, sample_size = 1)]
fn find_known_items(bencher: Bencher<'_, '_>, size: u64) {
    let mut catalog = catalog(size);
    let items: Vec<Item> = (0..LOOKUPS).map(|at| item(mix(at) % size)).collect();
    bencher
        .counter(ItemsCount::new(LOOKUPS))
        .bench_local(|| items.iter().filter(|item| catalog.push(black_box(item)).is_ok()).count());
}
