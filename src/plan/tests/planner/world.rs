//! A pair of accounts in memory: what they hold, what the pair remembers, and a run that plans and applies.

use std::collections::BTreeMap;

use crosswatch_identity::{Catalog, EntityIx, Evidence, ItemIx, join, rematch::Holds};
use crosswatch_model::{
    Action, Capabilities, Fact, Feature, FeatureCapability, Item, Kind, NativeRef, OpId, Outcome, PairId, PlanItem,
    PlayDetail, Rating, Scale, Side, Uid, WatchedAt, WatchedPrecision,
};
use crosswatch_plan::{
    After, Approvals, BaselineEntry, BaselineRow, ConflictPolicy, FeatureInput, FeaturePolicy, Limit, Mode, PageHead,
    PlannedItem, PlayKey, Read, RecordedPlay, Removes, Seen, Tally, Why, judge, plan_feature, plan_undo, why,
};
use jiff::{Timestamp, tz::TimeZone};
use rustc_hash::FxHashSet;

use crate::planned::{Answer, Planned};
pub(crate) use crate::rows::{Row, at, e, m, nameless, w};

pub(crate) const NOW: i64 = 1_790_000_000;
/// When plays happen unless a test says otherwise.
pub(crate) const T1: i64 = 1_700_000_040;

/// How a side is read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reading {
    /// Nothing changed since a complete read: its rows stand for the things we know by the ids of their records.
    Unchanged,
    Complete,
    /// Only the first so many rows arrive.
    FirstRows(usize),
    /// Everything there is, told as what changed.
    Delta,
    Down,
    Unconfigured,
}

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) feature: Feature,
    pub(crate) source: Vec<Row>,
    pub(crate) target: Vec<Row>,
    pub(crate) known: Vec<(Uid, Item)>,
    pub(crate) baseline: BTreeMap<(Uid, PlayKey), BaselineRow>,
    pub(crate) is_first_run: bool,
    pub(crate) in_flight: Vec<(Uid, PlayKey)>,
    pub(crate) recorded: Vec<RecordedPlay>,
    pub(crate) unresolved: Vec<(Uid, PlayKey)>,
    pub(crate) rejected: FxHashSet<OpId>,
    pub(crate) policy: FeaturePolicy,
    pub(crate) source_can: Capabilities,
    pub(crate) target_can: Capabilities,
    pub(crate) source_reading: Reading,
    pub(crate) target_reading: Reading,
    pub(crate) source_before: Option<u64>,
    pub(crate) target_before: Option<u64>,
    pub(crate) zone: TimeZone,
    pub(crate) run_number: u32,
    pub(crate) rematched: Holds,
    pub(crate) adopted_at: Option<Timestamp>,
    /// Lengths of items in seconds.
    pub(crate) runtimes_s: Vec<(Item, u32)>,
    pub(crate) next_native: u128,
}

/// What a failing property prints: everything that differs from world to world.
impl std::fmt::Debug for World {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rows = |rows: &[Row]| -> Vec<String> {
            let text =
                |row: &Row| format!("{} {:?} {:?} {:?}", row.item.label(), row.item.ids, row.fact.unwrap(), row.native);
            rows.iter().map(text).collect()
        };
        let known: Vec<String> =
            self.known.iter().map(|(uid, item)| format!("{uid:?} {} {:?}", item.label(), item.ids)).collect();
        formatter
            .debug_struct("World")
            .field("source", &rows(&self.source))
            .field("target", &rows(&self.target))
            .field("known", &known)
            .field("baseline", &self.baseline)
            .field("policy", &self.policy)
            .field("is_first_run", &self.is_first_run)
            .field("readings", &(&self.source_reading, &self.target_reading))
            .field("plays", &self.target_can.plays)
            .field("precision", &self.target_can.watched_precision)
            .field("keeps_undated_plays", &self.target_can.keeps_undated_plays)
            .field("scale", &self.target_can.scale)
            .finish_non_exhaustive()
    }
}

/// A tracker that keeps everything.
pub(crate) fn tracker() -> Capabilities {
    let feature = |feature: Feature| FeatureCapability {
        feature,
        can_write: true,
        can_remove: true,
        kinds: if feature == Feature::History {
            &[Kind::Movie, Kind::Episode]
        } else {
            &[Kind::Movie, Kind::Show, Kind::Season, Kind::Episode]
        },
        has_change_gate: true,
        can_read_since: false,
        batch_size: 100,
        max_rows: None,
        tells_removals: false,
        rows_expire: false,
    };
    Capabilities {
        features: Feature::ALL.iter().copied().map(feature).collect(),
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

pub(crate) fn policy() -> FeaturePolicy {
    FeaturePolicy {
        mode: Mode::OneWay,
        conflict: ConflictPolicy::Source,
        adds: true,
        removes: Removes::Off,
        remove_after_reads: 2,
        max_removes: Limit { percent: 10, at_least: 5 },
        max_shrink: Limit { percent: 10, at_least: 5 },
        rewatches: true,
        allow_undated: false,
        new_item_grace_s: 0,
        min_percent: 2,
        max_percent: 95,
        only_new: false,
        blocked: Vec::new(),
        approvals: Approvals::NONE,
        mirror_approved: false,
        leaves_losses: false,
    }
}

impl World {
    pub(crate) fn new(feature: Feature) -> Self {
        Self {
            feature,
            source: Vec::new(),
            target: Vec::new(),
            known: Vec::new(),
            baseline: BTreeMap::new(),
            is_first_run: false,
            in_flight: Vec::new(),
            recorded: Vec::new(),
            unresolved: Vec::new(),
            rejected: FxHashSet::default(),
            policy: policy(),
            source_can: tracker(),
            target_can: tracker(),
            source_reading: Reading::Complete,
            target_reading: Reading::Complete,
            source_before: None,
            target_before: None,
            zone: TimeZone::UTC,
            run_number: 0,
            rematched: Holds::new(),
            adopted_at: None,
            runtimes_s: Vec::new(),
            next_native: 1,
        }
    }

    pub(crate) fn source(mut self, rows: impl IntoIterator<Item = Row>) -> Self {
        self.source = self.with_facts(rows);
        for row in &mut self.source {
            row.native = Some(NativeRef(self.next_native));
            self.next_native += 1;
        }
        self
    }

    pub(crate) fn target(mut self, rows: impl IntoIterator<Item = Row>) -> Self {
        self.target = self.with_facts(rows);
        for row in &mut self.target {
            row.native = Some(NativeRef(self.next_native));
            self.next_native += 1;
        }
        self
    }

    /// The pair agreed on these: both sides had them.
    pub(crate) fn agreed(self, rows: impl IntoIterator<Item = Row>) -> Self {
        self.remembers(rows, |fact| BaselineRow {
            source: Some(fact),
            target: Some(fact),
            seen_on_source: true,
            seen_on_target: true,
            ..BaselineRow::default()
        })
    }

    /// The pair wrote these to the target.
    pub(crate) fn wrote(self, rows: impl IntoIterator<Item = Row>) -> Self {
        self.remembers(rows, |fact| BaselineRow {
            source: Some(fact),
            target: Some(fact),
            seen_on_source: true,
            seen_on_target: true,
            written_by_us: true,
            ..BaselineRow::default()
        })
    }

    /// The pair saw these on the target only.
    pub(crate) fn knows_on_target(self, rows: impl IntoIterator<Item = Row>) -> Self {
        self.remembers(rows, |fact| BaselineRow { target: Some(fact), seen_on_target: true, ..BaselineRow::default() })
    }

    fn remembers(mut self, rows: impl IntoIterator<Item = Row>, row: impl Fn(Fact) -> BaselineRow) -> Self {
        for remembered in self.with_facts(rows) {
            let fact = remembered.fact.unwrap();
            let uid = self.uid_of(&remembered.item);
            let key = self.key(fact);
            self.baseline.insert((uid, key), row(fact));
        }
        self
    }

    fn key(&self, fact: Fact) -> PlayKey {
        match fact {
            Fact::Play(played) if self.policy.rewatches => PlayKey::of(played),
            _ => PlayKey::PRESENCE,
        }
    }

    pub(crate) fn uid_of(&mut self, item: &Item) -> Uid {
        if let Some((uid, _)) = self.known.iter().find(|(_, known)| known == item) {
            return *uid;
        }
        let uid = Uid(self.known.iter().map(|(uid, _)| uid.0).max().unwrap_or_default() + 1);
        self.known.push((uid, item.clone()));
        uid
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut FeaturePolicy)) -> Self {
        change(&mut self.policy);
        self
    }

    /// Removals of what was seen on the source, after one read.
    pub(crate) fn removing(self) -> Self {
        self.with(|policy| {
            policy.removes = Removes::Observed;
            policy.remove_after_reads = 1;
        })
    }

    /// Each side follows the other.
    pub(crate) fn two_way(self) -> Self {
        self.with(|policy| policy.mode = Mode::TwoWay)
    }

    /// The same pair seen from the other side.
    pub(crate) fn swapped(mut self) -> Self {
        std::mem::swap(&mut self.source, &mut self.target);
        std::mem::swap(&mut self.source_can, &mut self.target_can);
        std::mem::swap(&mut self.source_reading, &mut self.target_reading);
        std::mem::swap(&mut self.source_before, &mut self.target_before);
        for row in self.baseline.values_mut() {
            std::mem::swap(&mut row.source, &mut row.target);
            std::mem::swap(&mut row.seen_on_source, &mut row.seen_on_target);
            std::mem::swap(&mut row.written_by_us, &mut row.source_written_by_us);
            std::mem::swap(&mut row.absent_source_reads, &mut row.absent_target_reads);
        }
        self.policy.conflict = match self.policy.conflict {
            ConflictPolicy::Source => ConflictPolicy::Target,
            ConflictPolicy::Newest => ConflictPolicy::Newest,
            ConflictPolicy::Target => ConflictPolicy::Source,
        };
        self
    }

    pub(crate) fn first_run(mut self) -> Self {
        self.is_first_run = true;
        self
    }

    pub(crate) fn source_can(mut self, change: impl FnOnce(&mut Capabilities)) -> Self {
        change(&mut self.source_can);
        self
    }

    pub(crate) fn target_can(mut self, change: impl FnOnce(&mut Capabilities)) -> Self {
        change(&mut self.target_can);
        self
    }

    pub(crate) fn reading(mut self, source: Reading, target: Reading) -> Self {
        (self.source_reading, self.target_reading) = (source, target);
        self
    }

    /// How many rows the last complete reads had.
    pub(crate) fn before(mut self, source: u64, target: u64) -> Self {
        (self.source_before, self.target_before) = (Some(source), Some(target));
        self
    }

    fn with_facts(&self, rows: impl IntoIterator<Item = Row>) -> Vec<Row> {
        let usual = match self.feature {
            Feature::History => Fact::Play(WatchedAt::Exact(at(T1))),
            Feature::Watchlist => Fact::Listed(None),
            Feature::Ratings => Fact::Rated { value: Rating::new(80).unwrap(), rated_at: None },
            Feature::Progress => Fact::Resume { position_s: 2_400, duration_s: Some(6_000), stopped_at: Some(at(T1)) },
        };
        rows.into_iter().map(|row| Row { fact: Some(row.fact.unwrap_or(usual)), ..row }).collect()
    }

    /// Plans and answers the plan with its entities.
    pub(crate) fn plan(&self) -> Planned {
        self.asking(plan_feature)
    }

    /// Asks why the first entity, in the order of ids, is what it is.
    pub(crate) fn why(&self) -> Vec<Why> {
        self.asking(|input| why(input, EntityIx::from_number(0)))
    }

    /// Asks something about the pair as it is now.
    pub(crate) fn asking<T: Answer>(&self, question: impl FnOnce(&FeatureInput<'_>) -> T) -> T::Told {
        let mut catalog = Catalog::new();
        let known: Vec<(Uid, ItemIx)> =
            self.known.iter().map(|(uid, item)| (*uid, catalog.push(item).unwrap())).collect();
        let source = read(&mut catalog, &known, &self.source, &self.source_reading);
        let target = read(&mut catalog, &known, &self.target, &self.target_reading);
        let source = judge(source, self.source_before, self.policy.max_shrink);
        let target = judge(target, self.target_before, self.policy.max_shrink);
        let baseline: Vec<BaselineEntry> = self
            .baseline
            .iter()
            .map(|((uid, play), row)| BaselineEntry { uid: *uid, play: *play, row: *row })
            .collect();
        for (item, runtime_s) in &self.runtimes_s {
            let item = catalog.push(item).unwrap();
            catalog.note_runtime(item, *runtime_s);
        }
        let join = join(&catalog, &known, &Evidence::new());
        let answer = question(&FeatureInput {
            pair: &PairId::parse("home-to-trakt").unwrap(),
            feature: self.feature,
            catalog: &catalog,
            join: &join,
            source: &source,
            target: &target,
            baseline: &baseline,
            is_first_run: self.is_first_run,
            adopted_at: self.adopted_at,
            run_number: self.run_number,
            rematched: &self.rematched,
            in_flight: &self.in_flight,
            recorded: &self.recorded,
            unresolved: &self.unresolved,
            rejected: &self.rejected,
            policy: &self.policy,
            source_capabilities: &self.source_can,
            target_capabilities: &self.target_can,
            zone: &self.zone,
            picker: None,
            now: at(NOW),
        });
        answer.told(catalog, join)
    }

    /// Plans, applies everything and commits, as a run does whose writes all succeed.
    pub(crate) fn run(&mut self) -> Planned {
        let planned = self.plan();
        self.carry_out(&planned);
        self.learn(&planned);
        for change in planned.plan.settle.clone() {
            let uid = change.folded.unwrap_or_else(|| self.mint(&planned, change.entity));
            self.store(uid, change.play, change.row);
        }
        self.is_first_run = false;
        self.run_number += u32::from(planned.writes() > 0);
        planned
    }

    /// What is known of an entity gains what the rows of this run told of it.
    fn learn(&mut self, planned: &Planned) {
        let (join, catalog) = (&planned.join, &planned.catalog);
        for (uid, item) in &mut self.known {
            let mut entities = (0..u32::try_from(join.len()).unwrap()).map(EntityIx::from_number);
            let entity = entities.find(|entity| join.uid(*entity) == Some(*uid));
            if let Some(entity) = entity {
                *item = join.remembered(catalog, entity);
            }
        }
    }

    pub(crate) fn carry_out(&mut self, planned: &Planned) {
        for item in planned.plan.items.clone() {
            self.apply(&item);
            let Some(entity) = item.entity.filter(|_| is_write(item.line.action)) else { continue };
            let uid = self.mint(planned, entity);
            match item.after {
                After::Put(row) => self.store(uid, item.play, Some(row)),
                After::Drop => self.store(uid, item.play, None),
                After::Nothing => {}
            }
        }
    }

    /// Plans how a run is taken back whose writes all succeeded, and compares everything.
    #[track_caller]
    pub(crate) fn expect_undo(&self, run: &Planned, lines: &[&str]) {
        assert_eq!(self.undo_of(run).lines(|_| true), lines);
    }

    /// Plans how a run is taken back whose writes all succeeded.
    pub(crate) fn undo_of(&self, run: &Planned) -> Planned {
        self.undo_of_all(&[run])
    }

    /// Plans how runs are taken back, the oldest first, whose writes all succeeded.
    pub(crate) fn undo_of_all(&self, runs: &[&Planned]) -> Planned {
        let journals: Vec<Vec<PlanItem>> = runs.iter().map(|run| self.journal(run)).collect();
        self.asking(|input| plan_undo(input, &journals))
    }

    /// The lines of a run as they are kept.
    pub(crate) fn journal(&self, run: &Planned) -> Vec<PlanItem> {
        let name = |item: &PlannedItem| {
            let entity = item.entity?;
            let item = run.join.remembered(&run.catalog, entity);
            run.join.uid(entity).or_else(|| self.known.iter().find(|(_, known)| *known == item).map(|(uid, _)| *uid))
        };
        let kept = |item: &PlannedItem| PlanItem { uid: name(item), outcome: Outcome::Verified, ..item.line.clone() };
        run.plan.items.iter().map(kept).collect()
    }

    /// Takes a run back, as a run does whose writes all succeed.
    pub(crate) fn undo(&mut self, run: &Planned) -> Planned {
        let planned = self.undo_of(run);
        self.carry_out(&planned);
        planned
    }

    fn store(&mut self, uid: Uid, play: PlayKey, row: Option<BaselineRow>) {
        match row {
            Some(row) => self.baseline.insert((uid, play), row),
            None => self.baseline.remove(&(uid, play)),
        };
    }

    fn mint(&mut self, planned: &Planned, entity: EntityIx) -> Uid {
        planned.join.uid(entity).unwrap_or_else(|| self.uid_of(&planned.join.remembered(&planned.catalog, entity)))
    }

    /// Does to the side what a service would do.
    pub(crate) fn apply(&mut self, item: &PlannedItem) {
        let line = &item.line;
        let (rows, can) = match line.side {
            Side::Source => (&mut self.source, &self.source_can),
            Side::Target => (&mut self.target, &self.target_can),
        };
        match line.action {
            Action::Add | Action::Update => {
                if self.feature != Feature::History || can.plays == PlayDetail::LastPlayOnly {
                    rows.retain(|row| !is_same(&row.item, &line.item));
                }
                let fact = match line.value.unwrap() {
                    Fact::Play(WatchedAt::Unknown) if !can.keeps_undated_plays => Fact::Play(WatchedAt::Exact(at(NOW))),
                    fact => fact,
                };
                let native = Some(NativeRef(self.next_native));
                self.next_native += 1;
                rows.push(Row { item: line.item.clone(), fact: Some(fact), native });
            }
            Action::Remove => match line.native {
                Some(native) => rows.retain(|row| row.native != Some(native)),
                None => rows.retain(|row| !is_same(&row.item, &line.item)),
            },
            Action::Hold | Action::Skip | Action::Conflict => {}
        }
    }

    /// Plans and compares what would be written or held.
    #[track_caller]
    pub(crate) fn expect(&self, lines: &[&str]) {
        assert_eq!(self.plan().lines(|action| action != Action::Skip), lines);
    }

    /// Plans and compares everything, with what is left alone.
    #[track_caller]
    pub(crate) fn expect_all(&self, lines: &[&str]) {
        assert_eq!(self.plan().lines(|_| true), lines);
    }

    /// Runs, compares, and checks that a second run finds nothing to do and nothing to remember.
    #[track_caller]
    pub(crate) fn converges(mut self, lines: &[&str]) -> Self {
        assert_eq!(self.run().lines(|action| action != Action::Skip), lines);
        assert_eq!(self.run().lines(|action| action != Action::Skip), Vec::<String>::new());
        assert_eq!(self.plan().plan.settle, []);
        self
    }
}

fn read(catalog: &mut Catalog, known: &[(Uid, ItemIx)], rows: &[Row], reading: &Reading) -> Read {
    let total = rows.len();
    let arrived = match reading {
        Reading::Complete | Reading::Delta => total,
        Reading::Unchanged => {
            let record = |row: &Row| {
                let mut records = known.iter().map(|(_, item)| *item);
                records.find(|item| is_same(&catalog.get(*item), &row.item)).unwrap()
            };
            let seen = |row: &Row| Seen::new(record(row), &row.fact.unwrap(), row.native);
            return Read::unchanged(rows.iter().map(seen).collect(), "unchanged".into());
        }
        Reading::FirstRows(arrived) => *arrived,
        Reading::Down => return Read::Unavailable { reason: "connection refused".into() },
        Reading::Unconfigured => return Read::Unconfigured,
    };
    let mut seen = Vec::new();
    for row in rows.iter().take(arrived) {
        seen.push(Seen::new(catalog.push(&row.item).unwrap(), &row.fact.unwrap(), row.native));
    }
    if *reading == Reading::Delta {
        return Read::delta(seen, at(T1), at(NOW));
    }
    let mut tally = Tally::new();
    tally.page(PageHead { stream: 0, rows: arrived as u64, total: Some(total as u64), is_last: true });
    tally.finish(seen)
}

pub(crate) fn is_same(one: &Item, other: &Item) -> bool {
    let shows = |item: &Item| item.show.as_ref().map(|show| show.ids.clone());
    one.kind == other.kind
        && (one.ids.iter().any(|id| other.ids.contains(id))
            || (one.show.is_some()
                && shows(one) == shows(other)
                && (one.season, one.number) == (other.season, other.number)))
}

pub(crate) const fn is_write(action: Action) -> bool {
    matches!(action, Action::Add | Action::Update | Action::Remove)
}
