//! Collecting: everything a plan looks at, read from both accounts and from the store.
//!
//! The cheap question comes first: where an account's change mark did not move since the last complete read, that read
//! stands for a new one and costs nothing. The mark that is kept is the one seen before a read, so a change that lands
//! in the middle is seen by the next run.

use std::sync::Arc;

use crosswatch_identity::{Catalog, ItemIx};
use crosswatch_model::{
    Action, Capabilities, Feature, HoldKind, OpId, PairId, Picker, PlanState, PlayKey, ProviderId, Side, Uid,
};
use crosswatch_plan::{Approvals, BaselineEntry, PageHead, Read, RecordedPlay, Seen, Tally};
use crosswatch_port::{
    Fault, Known, Ledger, PairFeatureRecord, PlanRecord, PlayRecord, Probe, ReadScope, ReadingHead, RunError, Stamps,
    StorageFailure,
};
use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHashSet;
use smol_str::{SmolStr, format_smolstr};

use super::{
    finish::PLANS_KEPT,
    journey::{Journey, Stop, account_error},
    kept, last_reads,
};
use crate::{
    always::always_approved, provider::AccountDoor, run_table::JobKind, scrobbler::viewing_of, store::SaveError,
};

/// Pages of one read; more means that an account never stops answering.
const PAGES_MAX: u32 = 100_000;

/// Everything a plan looks at.
pub(super) struct Collected {
    pub(super) catalog: Catalog,
    pub(super) known: Vec<(Uid, ItemIx)>,
    pub(super) features: Vec<FeatureReads>,
    pub(super) source: SideAccount,
    pub(super) target: SideAccount,
    /// What is known beside what the accounts say.
    pub(super) beside: Known,
    /// Which items a restore is about.
    pub(super) picker: Option<Picker>,
}

/// One account as this run found it.
pub(super) struct SideAccount {
    pub(super) capabilities: Capabilities,
    pub(super) fingerprint: SmolStr,
    /// Whose state it is.
    pub(super) user: SmolStr,
    /// Names the account and what was known when it was read: a read under other names is none.
    pub(super) read_as: SmolStr,
    pub(super) stamps: Stamps,
    /// Why it cannot be used at all.
    pub(super) error: Option<RunError>,
}

impl SideAccount {
    /// The same account, read with this knowledge.
    fn knowing(self, beside: &Known) -> Self {
        Self { read_as: format_smolstr!("{}|{}", self.fingerprint, beside.version), ..self }
    }
}

/// One feature, read on both sides.
pub(super) struct FeatureReads {
    pub(super) feature: Feature,
    pub(super) source: SideRead,
    pub(super) target: SideRead,
    pub(super) baseline: Vec<BaselineEntry>,
    pub(super) known_pair: Option<PairFeatureRecord>,
    pub(super) in_flight: Vec<(Uid, PlayKey)>,
    /// Plays that live scrobbling has recorded at either side, or is about to.
    pub(super) recorded: Vec<RecordedPlay>,
    pub(super) unresolved: Vec<(Uid, PlayKey)>,
    /// Operations that a person said no to.
    pub(super) rejected: FxHashSet<OpId>,
    /// What waits for a person already: an approval is for this and for nothing that only shows up now.
    pub(super) held: Approvals,
    /// What a person lets through every time.
    pub(super) always: Approvals,
}

impl FeatureReads {
    /// The read of a side.
    pub(super) fn side(&self, side: Side) -> &SideRead {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }
}

/// One feature of one account.
pub(super) struct SideRead {
    pub(super) read: Read,
    /// Read over the wire in this run, not stood for by an unmoved mark.
    pub(super) is_fresh: bool,
    /// The mark seen before the read.
    pub(super) mark: Option<SmolStr>,
    /// The rows that were believed before, of a media server that was read now.
    pub(super) before: Vec<Seen>,
}

/// Reads everything. A source that cannot be used ends the run; a target that cannot be used is reported with the plan.
pub(super) async fn collect(journey: &Journey) -> Result<Collected, Stop> {
    let is_keeper = journey.pair.is_keeper();
    let source = if is_keeper { kept::account(journey).await? } else { open_side(journey, Side::Source).await? };
    if let Some(error) = source.error {
        let kind = if error.kind == "sign-in" { "sign-in" } else { "source-unavailable" };
        return Err(Stop::Account { kind, detail: error.detail });
    }
    let target = open_side(journey, Side::Target).await?;
    let knowledge = Arc::clone(&journey.surroundings.knowledge);
    let beside = journey.surroundings.lane.run(move || knowledge.current()).await?;
    let (mut catalog, known) = load_known(journey).await?;
    let mut features = Vec::new();
    let (source, target) = (source.knowing(&beside), target.knowing(&beside));
    for feature in journey.features().iter() {
        let source_read = if is_keeper {
            kept::read(journey, feature, &mut catalog).await?
        } else {
            read_side(journey, &journey.source, &source, feature, &mut catalog, &known).await?
        };
        let target_read = read_side(journey, &journey.target, &target, feature, &mut catalog, &known).await?;
        features.push(remember(journey, feature, source_read, target_read).await?);
    }
    let picker = kept::picker(journey)?;
    Ok(Collected { catalog, known, features, source, target, beside, picker })
}

/// Asks who we are there and what has changed.
async fn open_side(journey: &Journey, side: Side) -> Result<SideAccount, Stop> {
    if journey.ticket.job.kind == JobKind::WhatIf {
        return last_reads::account(journey, side).await;
    }
    let door = journey.door(side);
    let broken = |fault: &Fault, capabilities: Capabilities| SideAccount {
        capabilities,
        fingerprint: SmolStr::default(),
        user: SmolStr::default(),
        read_as: SmolStr::default(),
        stamps: Stamps::default(),
        error: Some(account_error(side, door, fault)),
    };
    let before = match door.observe().await {
        Ok(state) => state.capabilities,
        Err(fault) => {
            return Err(Stop::Account {
                kind: "source-unavailable",
                detail: format_smolstr!("{}: {fault}", door.id()),
            });
        }
    };
    let probe = match journey.unless_cancelled(door.probe()).await? {
        Ok(probe) => probe,
        Err(fault) => return Ok(broken(&fault, before)),
    };
    let stamps = match journey.unless_cancelled(door.stamps(journey.features())).await? {
        Ok(stamps) => stamps.unwrap_or_default(),
        // Without an answer to the cheap question everything is read.
        Err(fault) if fault.may_pass() => Stamps::default(),
        Err(fault) => return Ok(broken(&fault, before)),
    };
    let capabilities = door.observe().await.map_or(before, |state| state.capabilities);
    let read_as = SmolStr::default();
    let Probe { fingerprint, user, .. } = probe;
    Ok(SideAccount { capabilities, fingerprint, user, read_as, stamps, error: None })
}

/// Every entity we have a name for, in the order of the names.
async fn load_known(journey: &Journey) -> Result<(Catalog, Vec<(Uid, ItemIx)>), Stop> {
    let read = |ledger: &dyn Ledger| {
        let (mut catalog, mut known, mut is_full) = (Catalog::new(), Vec::new(), false);
        ledger.visit_items(&mut |record| match catalog.push(&record.item) {
            Ok(item) => {
                known.push((record.uid, item));
                if let Some(runtime_s) = record.runtime_s {
                    catalog.note_runtime(item, runtime_s);
                }
            }
            Err(_) => is_full = true,
        })?;
        Ok((catalog, known, is_full))
    };
    let (catalog, known, is_full) = journey.directory.store().query(read).await?;
    if is_full { Err(too_many_items()) } else { Ok((catalog, known)) }
}

pub(super) fn too_many_items() -> Stop {
    Stop::Account {
        kind: "too-many-items",
        detail: "the accounts hold more items than one run can compare; narrow the libraries".into(),
    }
}

async fn read_side(
    journey: &Journey,
    door: &AccountDoor,
    side: &SideAccount,
    feature: Feature,
    catalog: &mut Catalog,
    known: &[(Uid, ItemIx)],
) -> Result<SideRead, Stop> {
    let account = door.id().clone();
    let head = journey.directory.store().query(move |ledger| ledger.reading_head(&account, feature)).await?;
    if journey.ticket.job.kind == JobKind::WhatIf && side.capabilities.feature(feature).is_some() {
        let head = last_reads::of_account(head, side).ok_or_else(|| last_reads::missing(door, feature))?;
        let read = last_reads::read(&head, load_reading(journey, door, feature, known).await?);
        return Ok(SideRead { read, is_fresh: false, mark: None, before: Vec::new() });
    }
    let mark = side.stamps.get(feature).cloned();
    let unread = |read: Read| SideRead { read, is_fresh: false, mark: None, before: Vec::new() };
    if let Some(error) = &side.error {
        return Ok(unread(Read::Unavailable { reason: error.detail.clone() }));
    }
    if side.capabilities.feature(feature).is_none() {
        return Ok(unread(Read::Unconfigured));
    }
    if let Some(head) = head.as_ref().filter(|head| stands_for_a_read(head, mark.as_ref(), &side.read_as)) {
        let rows = load_reading(journey, door, feature, known).await?;
        let proof = format_smolstr!("{} items, unchanged since the complete read of {}", rows.len(), head.taken_at);
        return Ok(SideRead { read: Read::unchanged(rows, proof), is_fresh: false, mark, before: Vec::new() });
    }
    let read = read_pages(journey, door, feature, ReadScope::Everything, catalog).await?;
    let is_believed = |head: &ReadingHead| head.keeps_rows && head.fingerprint == side.read_as;
    let before = if side.capabilities.is_media_server && head.as_ref().is_some_and(is_believed) {
        load_reading(journey, door, feature, known).await?
    } else {
        Vec::new()
    };
    Ok(SideRead { read, is_fresh: true, mark, before })
}

/// Whether the last complete read is as good as a new one.
fn stands_for_a_read(head: &ReadingHead, mark: Option<&SmolStr>, read_as: &SmolStr) -> bool {
    head.keeps_rows && mark.is_some() && head.mark.as_ref() == mark && &head.fingerprint == read_as
}

/// The rows of the last complete read.
async fn load_reading(
    journey: &Journey,
    door: &AccountDoor,
    feature: Feature,
    known: &[(Uid, ItemIx)],
) -> Result<Vec<Seen>, Stop> {
    let account = door.id().clone();
    let known = known.to_vec();
    let read = move |ledger: &dyn Ledger| {
        let mut rows = Vec::new();
        ledger.visit_reading(&account, feature, &mut |row| {
            if let Ok(at) = known.binary_search_by_key(&row.uid, |(uid, _)| *uid)
                && let Some((_, item)) = known.get(at)
            {
                rows.push(Seen::new(*item, &row.fact, row.native));
            }
        })?;
        Ok(rows)
    };
    Ok(journey.directory.store().query(read).await?)
}

/// Reads page by page. Whatever goes wrong after the first page leaves a partial read, never a short complete one.
pub(super) async fn read_pages(
    journey: &Journey,
    door: &AccountDoor,
    feature: Feature,
    scope: ReadScope,
    catalog: &mut Catalog,
) -> Result<Read, Stop> {
    let (mut tally, mut rows, mut cursor) = (Tally::new(), Vec::new(), None);
    for number in 0..PAGES_MAX {
        let page = match journey.unless_cancelled(door.page(feature, scope, cursor)).await? {
            Ok(page) => page,
            // A damaged answer is half a read; no answer at all at the beginning is none.
            Err(Fault::InDoubt(detail)) => {
                tally.broken(detail);
                return Ok(tally.finish(rows));
            }
            Err(fault) if number == 0 => return Ok(Read::Unavailable { reason: fault.to_string().into() }),
            Err(fault) => {
                tally.broken(format_smolstr!("page {} failed: {fault}", number + 1));
                return Ok(tally.finish(rows));
            }
        };
        tally.page(PageHead { stream: page.stream, rows: page.received, total: page.total, is_last: page.ends_stream });
        for row in &page.rows {
            let item = catalog.push(&row.item).map_err(|_| too_many_items())?;
            if let Some(runtime_s) = row.runtime_s {
                catalog.note_runtime(item, runtime_s);
            }
            rows.push(Seen::new(item, &row.fact, row.native));
        }
        journey.happened(
            "run.progress",
            rows.len() as u64,
            page.total,
            format_smolstr!("{} {feature} items read from {}", rows.len(), door.id()),
        );
        cursor = page.next;
        if cursor.is_none() {
            return Ok(tally.finish(rows));
        }
    }
    tally.broken("the account never stopped sending pages".into());
    Ok(tally.finish(rows))
}

/// Adds what the store remembers about one feature of the pair.
async fn remember(
    journey: &Journey,
    feature: Feature,
    source: SideRead,
    target: SideRead,
) -> Result<FeatureReads, Stop> {
    let (pair, now) = (journey.pair.id.clone(), journey.surroundings.clock.now());
    let accounts = [journey.pair.target.clone(), journey.pair.source.clone()];
    let is_keeper = journey.pair.is_keeper();
    let heeds_live = feature == Feature::History && journey.pair.heeds_live;
    let read = move |ledger: &dyn Ledger| {
        let mut baseline = Vec::new();
        ledger.visit_baseline(&pair, feature, &mut |uid, play, row| baseline.push(BaselineEntry { uid, play, row }))?;
        // A person who restores something has it tried again.
        let waits = if is_keeper { Vec::new() } else { ledger.unresolved(&pair)? };
        let waits = waits.into_iter().filter(|item| item.feature == feature);
        let unresolved =
            waits.filter(|item| item.next_try.is_none_or(|at| at > now)).map(|item| (item.uid, item.play)).collect();
        let mut in_flight = Vec::new();
        for account in &accounts {
            let rows = ledger.outbox(account, IN_FLIGHT_MAX)?.into_iter();
            let ours = rows.filter(|row| row.pair == pair && row.feature == feature);
            in_flight.extend(ours.map(|row| (row.write.uid, row.play)));
        }
        let recorded = if heeds_live { recorded_live(ledger, &accounts)? } else { Vec::new() };
        let held = held_kinds(ledger, &pair, feature, now)?;
        let always = always_approved(&ledger.standings()?, &pair, feature);
        let rejected = ledger.rejected(&pair)?.into_iter().filter(|row| row.feature == feature).map(|row| row.op);
        let known_pair = ledger.pair_feature(&pair, feature)?;
        Ok((baseline, unresolved, in_flight, recorded, known_pair, [held, always], rejected.collect()))
    };
    let (baseline, unresolved, in_flight, recorded, known_pair, [held, always], rejected) =
        journey.directory.store().query(read).await.map_err(|error: SaveError| Stop::from(error))?;
    Ok(FeatureReads {
        feature,
        source,
        target,
        baseline,
        known_pair,
        in_flight,
        recorded,
        unresolved,
        rejected,
        held,
        always,
    })
}

/// The plays that live scrobbling has recorded at the target and the source, or is about to.
fn recorded_live(ledger: &dyn Ledger, accounts: &[ProviderId; 2]) -> Result<Vec<RecordedPlay>, StorageFailure> {
    let mut recorded = Vec::new();
    for (account, side) in accounts.iter().zip([Side::Target, Side::Source]) {
        let told = ledger.parcels_waiting(account, IN_FLIGHT_MAX)?;
        let is_told = |play: &PlayRecord| told.iter().any(|parcel| parcel.play == play.play && parcel.uid == play.uid);
        ledger.visit_plays(&mut |play| {
            let has_it = play.account == *account || play.aliases.iter().any(|alias| alias.account == *account);
            if has_it || is_told(&play) {
                let (from, until) = viewing_of(&play).span();
                recorded.push(RecordedPlay { uid: play.uid, side, from, until });
            }
        })?;
    }
    Ok(recorded)
}

/// What a person could see waiting when asking for this run: the holds of the last run, and those of the newest plan.
fn held_kinds(
    ledger: &dyn Ledger,
    pair: &PairId,
    feature: Feature,
    now: Timestamp,
) -> Result<Approvals, StorageFailure> {
    let held = ledger.held()?.into_iter().filter(|held| &held.pair == pair && held.feature == feature);
    let mut kinds: Approvals = held.map(|held| held.kind).collect();
    let newest = newest_plan(ledger, pair)?;
    if let Some(plan) = newest.filter(|plan| now.duration_since(plan.created_at) < PLAN_IS_SEEN) {
        ledger.visit_lines(plan.id, 0, &mut |record| {
            let line = record.line;
            if line.feature == feature && line.action == Action::Hold {
                kinds = HoldKind::ALL
                    .iter()
                    .filter(|kind| kind.reason() == line.reason)
                    .fold(kinds, |all, kind| all.with(*kind));
            }
            true
        })?;
    }
    Ok(kinds)
}

/// The newest plan of a pair, those aside that only show what other settings would do.
pub fn newest_plan(ledger: &dyn Ledger, pair: &PairId) -> Result<Option<PlanRecord>, StorageFailure> {
    let plans = ledger.plans(Some(pair), None, PLANS_KEPT + 1)?;
    Ok(plans.into_iter().find(|plan| plan.state != PlanState::WhatIf))
}

/// So long a person may think about a plan.
const PLAN_IS_SEEN: SignedDuration = SignedDuration::from_hours(24);

/// Rows in doubt that are looked at; a run leaves at most one batch of them behind.
const IN_FLIGHT_MAX: usize = 10_000;
