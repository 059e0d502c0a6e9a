//! Small values for the tests, and a picture of everything a ledger tells.

use crosswatch_model::{
    Action, After, BaselineRow, Cause, Fact, Feature, FeatureSet, HoldKind, Id, IdSet, Item, Kind, Namespace,
    NativeRef, OpId, Outcome, PairId, PlanItem, PlanState, PlayKey, ProviderId, Rating, Reason, RunId, RunState, Side,
    Uid, WatchedAt,
};
use crosswatch_port::{
    Change, Commit, Durability, EventRecord, Fence, FenceMark, HeldRecord, ImportRecord, ImportState, ItemRecord,
    LeaseAsk, Ledger, LineRecord, OutboxRecord, OutboxState, PairFeatureRecord, PlanRecord, ReadingHead, ReadingRow,
    RejectedRecord, RunRecord, ShelfChange, StandingKind, StandingRecord, UnresolvedRecord, Write,
};
use crosswatch_store::{FjallLedger, OpenOptions};
use jiff::Timestamp;
use tempfile::TempDir;

pub(crate) const PAIRS: [&str; 2] = ["home-trakt", "home-simkl"];
pub(crate) const ACCOUNTS: [&str; 2] = ["home", "trakt"];

pub(crate) fn pair(number: usize) -> PairId {
    PairId::parse(PAIRS[number]).unwrap()
}

pub(crate) fn account(number: usize) -> ProviderId {
    ProviderId::parse(ACCOUNTS[number]).unwrap()
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn run_id(number: u64) -> RunId {
    RunId::new(1_790_000_000_000 + number, [number, number])
}

pub(crate) fn tmdb(number: u64) -> Id {
    Id::from_number(Namespace::Tmdb, Kind::Movie, number).unwrap()
}

pub(crate) fn item(ids: &[u64]) -> Item {
    let ids: IdSet = ids.iter().map(|id| tmdb(*id)).collect();
    Item::titled(Kind::Movie, "A film", Some(1999), ids)
}

pub(crate) fn put_item(uid: u64, ids: &[u64]) -> Change {
    Change::PutItem(ItemRecord { uid: Uid(uid), item: item(ids), runtime_s: None })
}

pub(crate) fn fact(feature: Feature, number: u8) -> Fact {
    let moment = Timestamp::new(1_790_000_000 + i64::from(number), 500).unwrap();
    match feature {
        Feature::History => Fact::Play(WatchedAt::Exact(moment)),
        Feature::Watchlist => Fact::Listed(Some(moment)),
        Feature::Ratings => Fact::Rated { value: Rating::new(number + 1).unwrap(), rated_at: None },
        Feature::Progress => Fact::Resume { position_s: u32::from(number), duration_s: None, stopped_at: None },
    }
}

pub(crate) fn put_shelf(account_number: usize, uid: u64, play: u32, fact: Fact) -> Change {
    Change::Shelf(account(account_number), ShelfChange::Put { uid: Uid(uid), play: PlayKey(play), fact })
}

pub(crate) fn drop_shelf(account_number: usize, feature: Feature, uid: u64, play: u32) -> Change {
    Change::Shelf(account(account_number), ShelfChange::Drop { feature, uid: Uid(uid), play: PlayKey(play) })
}

pub(crate) fn run(number: u64, of: usize, state: RunState) -> RunRecord {
    RunRecord {
        id: run_id(number),
        pair: pair(of),
        cause: Cause::Manual,
        state,
        dry_run: false,
        features: FeatureSet::NONE.with(Feature::History),
        tallies: Vec::new(),
        requests: Vec::new(),
        asked_at: at(1_790_000_000),
        started_at: None,
        finished_at: None,
        sentence: "A run.".into(),
        error: None,
    }
}

pub(crate) fn plan(number: u64, of: usize) -> PlanRecord {
    PlanRecord {
        id: run_id(number),
        pair: pair(of),
        created_at: at(1_790_000_000),
        state: PlanState::Ready,
        tallies: Vec::new(),
        cost: Vec::new(),
        sentence: "A plan.".into(),
        undoes: None,
        restores: None,
        today: None,
    }
}

pub(crate) fn line(owner: u64, number: u32) -> LineRecord {
    let line = PlanItem {
        op: OpId(u64::from(number)),
        feature: Feature::History,
        action: Action::Add,
        held_action: None,
        side: Side::Target,
        uid: Some(Uid(1)),
        item: item(&[603]),
        value: Some(fact(Feature::History, 1)),
        before: None,
        native: None,
        reason: Reason::OnlyOnSource,
        explain: "The source has it.".into(),
        outcome: Outcome::Planned,
    };
    LineRecord { owner: run_id(owner), number, line }
}

pub(crate) fn outbox(account_number: usize, seq: u64) -> OutboxRecord {
    OutboxRecord {
        account: account(account_number),
        seq,
        run: run_id(1),
        pair: pair(0),
        line_number: 1,
        feature: Feature::History,
        write: Write {
            op: OpId(seq),
            action: Action::Add,
            uid: Uid(1),
            item: item(&[603]),
            value: Some(fact(Feature::History, 1)),
            native: None,
        },
        play: PlayKey(3),
        after: After::Drop,
        state: OutboxState::Queued,
        attempts: 0,
        sent_at: None,
    }
}

pub(crate) fn baseline(number: u8) -> BaselineRow {
    BaselineRow { source: Some(fact(Feature::History, number)), absent_source_reads: number, ..BaselineRow::default() }
}

pub(crate) fn reading_row(uid: u64, native: Option<u128>, fact: Fact) -> ReadingRow {
    ReadingRow { uid: Uid(uid), play: PlayKey(0), native: native.map(NativeRef), fact }
}

pub(crate) fn reading_head(items: u64) -> ReadingHead {
    ReadingHead {
        mark: Some("mark".into()),
        fingerprint: "server/user".into(),
        items,
        taken_at: at(1_790_000_000),
        keeps_rows: true,
    }
}

pub(crate) fn pair_feature(scope: &str) -> PairFeatureRecord {
    PairFeatureRecord {
        scope: scope.into(),
        adopted_at: at(1_790_000_000),
        mirror_approved: false,
        source_items: 3,
        target_items: 4,
        writing_runs: 5,
    }
}

pub(crate) fn held(id: u64, items: u64) -> HeldRecord {
    HeldRecord {
        id,
        pair: pair(0),
        feature: Feature::History,
        kind: HoldKind::Removes,
        items,
        sentence: "It waits.".into(),
        run: run_id(1),
        since: at(1_790_000_000),
    }
}

pub(crate) fn rejected(of: usize, op: u64) -> RejectedRecord {
    RejectedRecord { pair: pair(of), feature: Feature::History, op: OpId(op), at: at(1_790_000_000) }
}

pub(crate) fn import(of: usize, number: u64, added: u64) -> ImportRecord {
    ImportRecord {
        id: run_id(number),
        account: account(of),
        format: "trakt".into(),
        at: at(1_790_000_000),
        state: ImportState::Done,
        added,
        updated: 0,
        misplaced: 0,
        taken_back: 0,
    }
}

pub(crate) fn unresolved(of: usize, feature: Feature, uid: u64, failures: u32) -> UnresolvedRecord {
    UnresolvedRecord {
        pair: pair(of),
        feature,
        uid: Uid(uid),
        play: PlayKey(0),
        reason: Reason::NotFound,
        failures,
        next_try: None,
        since: at(1_790_000_000),
    }
}

pub(crate) fn event(second: i64, sentence: &str) -> EventRecord {
    EventRecord { at: at(second), kind: "run.finished".into(), pair: None, run: None, sentence: sentence.into() }
}

pub(crate) fn standing(kind: StandingKind, subject: &str, text: &str) -> StandingRecord {
    let (at, until) = (at(1_790_000_000), Some(at(1_790_086_400)));
    StandingRecord { kind, subject: subject.into(), at, until, text: text.into() }
}

pub(crate) fn ask(resources: &[&str], run: u64, boot: u128) -> LeaseAsk {
    let resources = resources.iter().map(|resource| (*resource).into()).collect();
    LeaseAsk { resources, run: run_id(run), boot, at: at(1_790_000_000) }
}

pub(crate) fn mark(resource: &str, fence: Fence) -> FenceMark {
    FenceMark { resource: resource.into(), fence }
}

pub(crate) fn synced(changes: Vec<Change>) -> Commit {
    Commit { fence: None, durability: Durability::Synced, changes }
}

pub(crate) fn fenced(fence: FenceMark, changes: Vec<Change>) -> Commit {
    Commit { fence: Some(fence), durability: Durability::Synced, changes }
}

/// Commits one group of changes that must go through.
#[track_caller]
pub(crate) fn commit(ledger: &dyn Ledger, changes: Vec<Change>) {
    assert_eq!(ledger.commit(vec![synced(changes)]), Ok(vec![Ok(())]));
}

/// An empty database in a folder of its own.
pub(crate) fn empty() -> (TempDir, FjallLedger) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(&folder);
    (folder, ledger)
}

pub(crate) fn open(folder: &TempDir) -> FjallLedger {
    FjallLedger::open(folder.path(), OpenOptions::default()).unwrap()
}

/// Everything a ledger tells about the world of these tests, a line per answer.
pub(crate) fn picture(ledger: &dyn Ledger) -> Vec<String> {
    let mut lines = Vec::new();
    let mut tell = |name: &str, answer: &dyn std::fmt::Debug| lines.push(format!("{name}: {answer:?}"));
    ledger.visit_items(&mut |item| tell("item", &item)).unwrap();
    for number in 600..606 {
        tell("uid_of", &ledger.uid_of(tmdb(number)).unwrap());
    }
    for pair in [pair(0), pair(1)] {
        for feature in Feature::ALL {
            ledger.visit_baseline(&pair, *feature, &mut |uid, play, row| tell("baseline", &(uid, play, row))).unwrap();
            tell("pair feature", &ledger.pair_feature(&pair, *feature).unwrap());
        }
        tell("rejected", &ledger.rejected(&pair).unwrap());
        tell("unresolved", &ledger.unresolved(&pair).unwrap());
        tell("memory", &ledger.pair_memory(&pair).unwrap());
        tell("runs", &ledger.runs(Some(&pair), None, 100).unwrap());
        tell("plans", &ledger.plans(Some(&pair), Some(run_id(2)), 2).unwrap());
    }
    for account in [account(0), account(1)] {
        for feature in Feature::ALL {
            tell("head", &ledger.reading_head(&account, *feature).unwrap());
            ledger.visit_reading(&account, *feature, &mut |row| tell("reading", &row)).unwrap();
            tell("shelf", &ledger.shelf(&account, *feature, None, 3).unwrap());
            tell("shelf rows", &ledger.shelf_rows_of(&account, *feature, Uid(2)).unwrap());
            tell("shelf count", &ledger.shelf_count(&account, *feature).unwrap());
        }
        tell("imports", &ledger.imports(&account).unwrap());
        tell("outbox", &ledger.outbox(&account, 3).unwrap());
        tell("secret", &ledger.secret(&account, "token").unwrap());
        tell("cached", &ledger.cached(&account, "index").unwrap());
    }
    tell("held", &ledger.held().unwrap());
    tell("standings", &ledger.standings().unwrap());
    tell("runs", &ledger.runs(None, Some(run_id(3)), 2).unwrap());
    tell("plans", &ledger.plans(None, None, 100).unwrap());
    tell("events", &ledger.events(5).unwrap());
    for snapshot in ledger.snapshots(None, None, 100).unwrap() {
        // How many bytes they are is for the disk to say.
        let items: Vec<_> = snapshot.parts.iter().map(|part| (part.feature, part.items)).collect();
        tell("snapshot", &(snapshot.id, &snapshot.provider, snapshot.is_pinned, items));
        for feature in Feature::ALL {
            let mut visit = |row| {
                tell("snapshot row", &row);
                true
            };
            ledger.visit_snapshot(snapshot.id, *feature, 1, &mut visit).unwrap();
        }
    }
    for number in 0..5 {
        tell("run", &ledger.run(run_id(number)).unwrap());
        tell("plan", &ledger.plan(run_id(number)).unwrap());
        tell("import", &ledger.import(run_id(number)).unwrap());
        ledger
            .visit_lines(run_id(number), 1, &mut |line| {
                tell("line", &line);
                line.number < 2
            })
            .unwrap();
    }
    lines
}
