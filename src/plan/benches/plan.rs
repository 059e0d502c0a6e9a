//! Time and memory of joining and planning, beside a plain hash join of the same sizes on the same machine.
//!
//! `cargo bench -p crosswatch-plan`. Two sides that share 98 % of their items; three of ten items lack each id on a side.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, missing_docs, reason = "a benchmark")]

use crosswatch_identity::{Catalog, ItemIx, Join, join};
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
    divan::main();
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
    let show = Show { title: "Series".into(), year: Some(2002), ids: ids_of_show.into_iter().collect() };
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
    /// Both sides hold `size` plays; `shared` per cent of them are the same.
    fn of(size: u64, shared: u64) -> Self {
        let mut catalog = Catalog::new();
        let is_shared = |number: u64| mix(number) % 100 < shared;
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
            run_number: 0,
            runtimes_s: &[],
            in_flight: &[],
            unresolved: &[],
            policy: &self.policy,
            source_capabilities: &self.capabilities,
            target_capabilities: &self.capabilities,
            zone: &TimeZone::UTC,
            now: Timestamp::UNIX_EPOCH,
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
        }],
        scale: Scale::TEN,
        watched_precision: WatchedPrecision::Second,
        plays: PlayDetail::EveryPlay,
        keeps_undated_plays: true,
        duplicates_plays: true,
        keeps_one_status: false,
        needs_ids: true,
        is_media_server: false,
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
        approvals: Approvals::NONE,
        mirror_approved: false,
    }
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn join_items(bencher: Bencher<'_, '_>, size: u64) {
    let pair = Pair::of(size, 98);
    bencher.counter(ItemsCount::new(size * 2)).bench_local(|| join(&pair.catalog, &pair.known));
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn plan_two_percent_new(bencher: Bencher<'_, '_>, size: u64) {
    let pair = Pair::of(size, 98);
    let join = join(&pair.catalog, &pair.known);
    let counts = pair.plan(&join).counts;
    println!("{counts:?}");
    assert_eq!((counts.adds + counts.unchanged, counts.conflicts, counts.removes), (size, 0, 0));
    bencher.counter(ItemsCount::new(size * 2)).bench_local(|| pair.plan(&join));
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn plan_unchanged(bencher: Bencher<'_, '_>, size: u64) {
    let pair = Pair::of(size, 100);
    let join = join(&pair.catalog, &pair.known);
    assert!(pair.plan(&join).items.is_empty());
    bencher.counter(ItemsCount::new(size * 2)).bench_local(|| pair.plan(&join));
}

#[divan::bench(args = [100_000u64], sample_count = 5)]
fn plan_everything_new(bencher: Bencher<'_, '_>, size: u64) {
    let pair = Pair::of(size, 0);
    let join = join(&pair.catalog, &pair.known);
    bencher.counter(ItemsCount::new(size * 2)).bench_local(|| pair.plan(&join));
}

/// What any diff costs at least: ids of one side in a hash map, looked up from the other.
#[divan::bench(args = SIZES, sample_count = 5)]
fn plain_hash_join(bencher: Bencher<'_, '_>, size: u64) {
    let numbers = |side: u64| -> Vec<u64> {
        (0..size)
            .flat_map(|number| {
                item(number, side)
                    .ids
                    .iter()
                    .map(|id| id.number() ^ u64::from(id.namespace() as u8) << 56)
                    .collect::<Vec<_>>()
            })
            .collect()
    };
    let (source, target) = (numbers(1), numbers(2));
    bencher.counter(ItemsCount::new(size * 2)).bench_local(|| {
        let known: FxHashMap<u64, usize> = source.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        target.iter().filter(|id| known.contains_key(id)).count()
    });
}
