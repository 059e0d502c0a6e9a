//! Time and memory of joining and planning, beside a plain hash join of the same sizes on the same machine.
//!
//! `cargo bench -p crosswatch-plan`. Two sides of which one item in a thousand differs; three of ten items lack each id on
//! a side. First come the times per item and how many plain hash joins that is, then the figures with their memory.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark measures the clock"
)]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use crosswatch_identity::{Catalog, Evidence, ItemIx, Join, join, rematch::Holds};
use crosswatch_model::{
    Capabilities, Fact, Feature, FeatureCapability, Id, IdSet, Item, Kind, Namespace, PairId, PlayDetail, Scale, Show,
    Uid, WatchedAt, WatchedPrecision,
};
use crosswatch_plan::{
    Approvals, BaselineEntry, BaselineRow, ConflictPolicy, FeatureInput, FeaturePlan, FeaturePolicy, Limit, Mode,
    PlayKey, Read, Removes, Seen, plan_feature,
};
use divan::{Bencher, counter::ItemsCount};
use jiff::{Timestamp, tz::TimeZone};
use rustc_hash::FxHashMap;

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    if std::env::args().any(|argument| argument == "--bench") {
        print_ratios();
    }
    divan::main();
}

/// Times per item in one table, so that they can be compared whatever the machine.
fn print_ratios() {
    println!("{:>9} {:<22} {:>9} {:>12}", "per side", "work", "ns/item", "hash joins");
    for size in SIZES {
        let (source, target) = (packed_ids(size, 1), packed_ids(size, 2));
        let plain = fastest(|| hash_join(&source, &target));
        let pair = Pair::of(size, 999);
        let joined = join(&pair.catalog, &pair.known, &Evidence::new());
        let both_ways = Pair { policy: FeaturePolicy { mode: Mode::TwoWay, ..policy() }, ..Pair::of(size, 999) };
        let both_joined = join(&both_ways.catalog, &both_ways.known, &Evidence::new());
        for (work, time) in [
            ("plain hash join", plain),
            ("join", fastest(|| join(&pair.catalog, &pair.known, &Evidence::new()))),
            ("plan one-way", fastest(|| pair.plan(&joined))),
            ("plan two-way", fastest(|| both_ways.plan(&both_joined))),
        ] {
            let per_item = time.as_nanos() as f64 / (size * 2) as f64;
            println!("{size:>9} {work:<22} {per_item:>9.0} {:>12.2}", time.as_secs_f64() / plain.as_secs_f64());
        }
    }
}

/// The fastest of a few tries; what a try makes is not counted among its time.
fn fastest<T>(work: impl Fn() -> T) -> Duration {
    let time = |_| {
        let start = Instant::now();
        let made = black_box(work());
        let took = start.elapsed();
        drop(made);
        took
    };
    (0..5).map(time).min().unwrap()
}

const SIZES: [u64; 2] = [100_000, 1_000_000];

/// Numbers that look random and are the same in every run.
fn mix(number: u64) -> u64 {
    let mixed = (number ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ mixed >> 29).wrapping_mul(0x94d0_49bb_1331_11eb) >> 11
}

fn ids(kind: Kind, number: u64, side: u64) -> IdSet {
    let namespaces = [Namespace::Tmdb, Namespace::Tvdb, Namespace::Trakt];
    let kept = |(at, _): &(u64, Namespace)| mix(number * 31 + side * 7 + at) % 10 >= 3;
    let named = (0..).zip(namespaces).filter(kept).map(|(_, from)| Id::from_number(from, kind, number + 1).unwrap());
    let mut ids: IdSet = named.collect();
    ids.insert(Id::parse(Namespace::Imdb, kind, &format!("tt{:07}", number + 1)).unwrap());
    ids
}

/// Three of ten are movies, the others episodes of shows with a hundred episodes each, a third known by number only.
fn item(number: u64, side: u64) -> Item {
    if number % 10 < 3 {
        return Item::titled(Kind::Movie, "The Hundredth Film", Some(1999), ids(Kind::Movie, number, side));
    }
    let (show, place) = (number / 100, number % 100);
    let ids_of_show =
        [Namespace::Tmdb, Namespace::Tvdb].map(|from| Id::from_number(from, Kind::Show, show + 1).unwrap());
    let show =
        Show { title: "Series".into(), year: Some(2002), ids: ids_of_show.into_iter().collect(), ..Show::default() };
    let own = if number.is_multiple_of(3) { IdSet::EMPTY } else { ids(Kind::Episode, number, side) };
    Item::episode(show, (place / 10) as u16, (place % 10) as u16, "The Train Job", own)
}

fn played(number: u64) -> Fact {
    Fact::Play(WatchedAt::Exact(
        Timestamp::from_second(1_500_000_000 + (mix(number) % 100_000_000).cast_signed()).unwrap(),
    ))
}

struct Pair {
    catalog: Catalog,
    known: Vec<(Uid, ItemIx)>,
    source: Read,
    target: Read,
    baseline: Vec<BaselineEntry>,
    capabilities: Capabilities,
    policy: FeaturePolicy,
    id: PairId,
}

impl Pair {
    /// Both sides hold `size` plays; `shared` of a thousand of them are the same.
    fn of(size: u64, shared: u64) -> Self {
        let mut catalog = Catalog::new();
        let is_shared = |number: u64| mix(number) % 1_000 < shared;
        let (mut source, mut target, mut known, mut baseline) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for number in 0..size {
            let fact = played(number);
            let ix = catalog.push(&item(number, 1)).unwrap();
            source.push(Seen::new(ix, &fact, None));
            if is_shared(number) {
                known.push((Uid(number), ix));
                let Fact::Play(at) = fact else { continue };
                let row = BaselineRow {
                    source: Some(fact),
                    target: Some(fact),
                    seen_on_source: true,
                    seen_on_target: true,
                    ..BaselineRow::default()
                };
                baseline.push(BaselineEntry { uid: Uid(number), play: PlayKey::of(at), row });
            }
        }
        for number in (0..size).rev() {
            let number = if is_shared(number) { number } else { size + number };
            target.push(Seen::new(catalog.push(&item(number, 2)).unwrap(), &played(number), None));
        }
        Self {
            catalog,
            known,
            source: Read::unchanged(source, "made up".into()),
            target: Read::unchanged(target, "made up".into()),
            baseline,
            capabilities: capabilities(),
            policy: policy(),
            id: PairId::parse("bench").unwrap(),
        }
    }

    /// `size` plays per side, spread over so many movies; each stamp of the target is off by up to two minutes, and one
    /// play in a thousand is only on one side.
    fn of_rewatches(size: u64, movies: u64, mode: Mode) -> Self {
        let mut catalog = Catalog::new();
        let at = |second: u64| {
            let at = Timestamp::from_second(1_000_000_000 + second.cast_signed()).unwrap();
            Fact::Play(WatchedAt::Exact(at))
        };
        let mut rows_of = |side: u64| -> Vec<Seen> {
            let items: Vec<ItemIx> =
                (0..movies).map(|number| catalog.push(&item(number * 10, side)).unwrap()).collect();
            let mut rows = Vec::new();
            for play in (0..size).filter(|play| !mix(play * 2 + side).is_multiple_of(1_000)) {
                let second = play / movies * 7_200 + if side == 2 { mix(play) % 120 } else { 0 };
                rows.push(Seen::new(items[(play % movies) as usize], &at(second), None));
            }
            rows
        };
        let (source, target) = (rows_of(1), rows_of(2));
        Self {
            catalog,
            known: Vec::new(),
            source: Read::unchanged(source, "made up".into()),
            target: Read::unchanged(target, "made up".into()),
            baseline: Vec::new(),
            capabilities: capabilities(),
            policy: FeaturePolicy { mode, ..policy() },
            id: PairId::parse("bench").unwrap(),
        }
    }

    fn plan(&self, join: &Join) -> FeaturePlan {
        plan_feature(&FeatureInput {
            pair: &self.id,
            feature: Feature::History,
            catalog: &self.catalog,
            join,
            source: &self.source,
            target: &self.target,
            baseline: &self.baseline,
            is_first_run: false,
            adopted_at: None,
            run_number: 0,
            rematched: &Holds::default(),
            in_flight: &[],
            recorded: &[],
            unresolved: &[],
            rejected: &rustc_hash::FxHashSet::default(),
            policy: &self.policy,
            source_capabilities: &self.capabilities,
            target_capabilities: &self.capabilities,
            zone: &TimeZone::UTC,
            picker: None,
            now: Timestamp::from_second(1_790_000_000).unwrap(),
        })
    }
}

fn capabilities() -> Capabilities {
    Capabilities {
        features: vec![FeatureCapability {
            feature: Feature::History,
            can_write: true,
            can_remove: true,
            kinds: &[Kind::Movie, Kind::Episode],
            has_change_gate: false,
            can_read_since: false,
            batch_size: 100,
            max_rows: None,
            tells_removals: false,
            rows_expire: false,
        }],
        scale: Scale::TEN,
        watched_precision: WatchedPrecision::Second,
        plays: PlayDetail::EveryPlay,
        keeps_undated_plays: true,
        duplicates_plays: true,
        keeps_one_status: false,
        needs_ids: true,
        is_media_server: false,
        membership: None,
    }
}

fn policy() -> FeaturePolicy {
    let limit = Limit { percent: 10, at_least: 5 };
    FeaturePolicy {
        mode: Mode::OneWay,
        conflict: ConflictPolicy::Source,
        adds: true,
        removes: Removes::Observed,
        remove_after_reads: 2,
        max_removes: limit,
        max_shrink: limit,
        rewatches: true,
        allow_undated: false,
        new_item_grace_s: 0,
        min_percent: 2,
        max_percent: 90,
        only_new: false,
        blocked: Vec::new(),
        approvals: Approvals::NONE,
        mirror_approved: false,
        leaves_losses: false,
    }
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn join_items(bencher: Bencher<'_, '_>, size: u64) {
    let pair = Pair::of(size, 999);
    bencher.counter(ItemsCount::new(size * 2)).bench_local(|| join(&pair.catalog, &pair.known, &Evidence::new()));
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn plan_one_way(bencher: Bencher<'_, '_>, size: u64) {
    let pair = Pair::of(size, 999);
    let join = join(&pair.catalog, &pair.known, &Evidence::new());
    let counts = pair.plan(&join).counts;
    assert_eq!((counts.adds + counts.unchanged, counts.conflicts, counts.removes), (size, 0, 0));
    bencher.counter(ItemsCount::new(size * 2)).bench_local(|| pair.plan(&join));
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn plan_two_way(bencher: Bencher<'_, '_>, size: u64) {
    let pair = Pair { policy: FeaturePolicy { mode: Mode::TwoWay, ..policy() }, ..Pair::of(size, 999) };
    let join = join(&pair.catalog, &pair.known, &Evidence::new());
    let counts = pair.plan(&join).counts;
    assert_eq!((counts.adds / 2 + counts.unchanged, counts.conflicts, counts.removes), (size, 0, 0));
    bencher.counter(ItemsCount::new(size * 2)).bench_local(|| pair.plan(&join));
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn plan_unchanged(bencher: Bencher<'_, '_>, size: u64) {
    let pair = Pair::of(size, 1_000);
    let join = join(&pair.catalog, &pair.known, &Evidence::new());
    assert!(pair.plan(&join).items.is_empty());
    bencher.counter(ItemsCount::new(size * 2)).bench_local(|| pair.plan(&join));
}

#[divan::bench(args = [100_000u64], sample_count = 5)]
fn plan_everything_new(bencher: Bencher<'_, '_>, size: u64) {
    let pair = Pair::of(size, 0);
    let join = join(&pair.catalog, &pair.known, &Evidence::new());
    bencher.counter(ItemsCount::new(size * 2)).bench_local(|| pair.plan(&join));
}

const REWATCHES: u64 = 50_000;

#[divan::bench(args = [1u64, 500], sample_count = 10)]
fn rewatches_one_way(bencher: Bencher<'_, '_>, movies: u64) {
    let pair = Pair::of_rewatches(REWATCHES, movies, Mode::OneWay);
    let join = join(&pair.catalog, &pair.known, &Evidence::new());
    assert!(pair.plan(&join).counts.unchanged > REWATCHES * 99 / 100);
    bencher.counter(ItemsCount::new(REWATCHES * 2)).bench_local(|| pair.plan(&join));
}

#[divan::bench(args = [1u64, 500], sample_count = 10)]
fn rewatches_two_way(bencher: Bencher<'_, '_>, movies: u64) {
    let pair = Pair::of_rewatches(REWATCHES, movies, Mode::TwoWay);
    let join = join(&pair.catalog, &pair.known, &Evidence::new());
    assert!(pair.plan(&join).counts.unchanged > REWATCHES * 99 / 100);
    bencher.counter(ItemsCount::new(REWATCHES * 2)).bench_local(|| pair.plan(&join));
}

/// The ids of one side as plain numbers.
fn packed_ids(size: u64, of: u64) -> Vec<u64> {
    let packed = |id: Id| id.number() ^ u64::from(id.namespace() as u8) << 56;
    (0..size).flat_map(|number| item(number, of).ids.iter().map(packed).collect::<Vec<_>>()).collect()
}

/// What any diff costs at least: ids of one side in a hash map, looked up from the other.
fn hash_join(source: &[u64], target: &[u64]) -> usize {
    let known: FxHashMap<u64, usize> = source.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    target.iter().filter(|id| known.contains_key(id)).count()
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn plain_hash_join(bencher: Bencher<'_, '_>, size: u64) {
    let (source, target) = (packed_ids(size, 1), packed_ids(size, 2));
    bencher.counter(ItemsCount::new(size * 2)).bench_local(|| hash_join(&source, &target));
}
