//! Taking snapshots: of an account because somebody asked, and of a side of a run before it removes anything there.
//!
//! Promises: only a read that is known to be complete becomes a snapshot; before the first removal of a run leaves, what
//! it is taken from is on the disk. Old snapshots go when new ones come.

use crosswatch_identity::Catalog;
use crosswatch_model::{Action, Cause, Completeness, Feature, FeatureSet, ProviderId, RunState, Side, SnapshotCause};
use crosswatch_plan::{Limit, Read, judge};
use crosswatch_port::{
    Change, Durability, EventRecord, Ledger, NewSnapshot, Notice, NoticeKind, ReadScope, SnapshotRecord, SnapshotRow,
};
use smol_str::{SmolStr, format_smolstr};

use super::{
    apply::Named,
    collect::read_pages,
    journey::{Journey, Stop},
};
use crate::{answers::Answer, retention::outlived, store::SaveError};

/// A scheduled read that lost more than this against the last snapshot is not believed.
const MAX_SHRINK: Limit = Limit { percent: 10, at_least: 5 };
/// Snapshots of one account that are looked at when the old ones go.
const SNAPSHOTS_MAX: usize = 100_000;

/// Takes the snapshot that the job is about, and tells how it went. Never fails: a failure is one of the endings.
pub(super) async fn take(journey: &mut Journey) {
    let sentence = match read_and_keep(journey).await {
        Ok(record) => {
            journey.record.state = RunState::Succeeded;
            format_smolstr!("{} items of {} are kept.", record.items(), record.provider)
        }
        Err(stop) => {
            journey.record.state = if stop == Stop::Cancelled { RunState::Cancelled } else { RunState::Failed };
            let sentence = format_smolstr!("No snapshot was taken: {stop}.");
            tracing::warn!(account = journey.target.id().as_str(), "{sentence}");
            journey.directory.put_answer(journey.record.id, Answer::Failed(sentence.clone()));
            if stop != Stop::Cancelled && journey.record.cause == Cause::Schedule {
                tell_people(journey, &sentence);
            }
            sentence
        }
    };
    journey.happened("snapshot.finished", 0, None, sentence);
}

async fn read_and_keep(journey: &mut Journey) -> Result<SnapshotRecord, Stop> {
    journey.check_cancelled()?;
    let door = journey.target.clone();
    let (probe, capabilities) = journey.kept_account().await?;
    let supported = |feature: &Feature| capabilities.feature(*feature).is_some();
    let features: FeatureSet = journey.features().iter().filter(supported).collect();
    if features.is_empty() {
        return Err(refused(format_smolstr!("{} keeps none of the features that were asked for", door.id())));
    }
    let mut rows = Vec::new();
    for feature in features.iter() {
        let (mut catalog, before) = (Catalog::new(), items_before(journey, feature, &probe.fingerprint).await?);
        let read = read_pages(journey, &door, feature, ReadScope::Everything, &mut catalog).await?;
        let read = if journey.record.cause == Cause::Schedule { judge(read, before, MAX_SHRINK) } else { read };
        believe(&door.id().clone(), feature, &read)?;
        rows.push((feature, journey.surroundings.lane.run(move || rows_of(&catalog, &read)).await?));
    }
    let cause = match journey.record.cause {
        Cause::Schedule => SnapshotCause::Schedule,
        _ => SnapshotCause::Manual,
    };
    journey.check_cancelled()?;
    let new = NewSnapshot {
        id: journey.record.id,
        provider: door.id().clone(),
        fingerprint: probe.fingerprint,
        user: probe.user,
        taken_at: journey.surroundings.clock.now(),
        cause,
        is_pinned: false,
        rows,
    };
    keep(journey, new).await
}

fn refused(detail: SmolStr) -> Stop {
    Stop::Account { kind: "snapshot-refused", detail }
}

/// Refuses a read that may not be all there is.
fn believe(account: &ProviderId, feature: Feature, read: &Read) -> Result<(), Stop> {
    let proof = read.report().proof;
    match read.completeness() {
        Completeness::Complete => Ok(()),
        Completeness::Suspect => Err(refused(format_smolstr!(
            "{account} lost much of its {feature} since the last snapshot ({proof}); look at the account, and where that \
             is right take one by hand: crosswatch snapshot take {account}"
        ))),
        _ => Err(refused(format_smolstr!("{feature} of {account} could not be read in full ({proof}); try again"))),
    }
}

/// How many rows the last snapshot of this very account had.
async fn items_before(journey: &Journey, feature: Feature, fingerprint: &SmolStr) -> Result<Option<u64>, Stop> {
    let (account, fingerprint) = (journey.target.id().clone(), fingerprint.clone());
    let read = move |ledger: &dyn Ledger| {
        let snapshots = ledger.snapshots(Some(&account), None, SNAPSHOTS_MAX)?;
        let is_its_own =
            |snapshot: &&SnapshotRecord| snapshot.fingerprint == fingerprint && snapshot.cause != SnapshotCause::Import;
        let mut parts = snapshots.iter().filter(is_its_own).filter_map(|snapshot| snapshot.part(feature));
        Ok(parts.next().map(|part| part.items))
    };
    Ok(journey.directory.store().query(read).await?)
}

fn rows_of(catalog: &Catalog, read: &Read) -> Vec<SnapshotRow> {
    read.rows().iter().map(|row| SnapshotRow { item: catalog.get(row.item()), fact: row.fact() }).collect()
}

/// Keeps a snapshot, tells of it, and lets the old ones go.
async fn keep(journey: &Journey, new: NewSnapshot) -> Result<SnapshotRecord, Stop> {
    let record = journey.directory.store().query(move |ledger| ledger.put_snapshot(new)).await?;
    let sentence =
        format_smolstr!("A snapshot of {} was taken ({}): {} items.", record.provider, record.cause, record.items());
    tracing::info!(account = record.provider.as_str(), snapshot = %record.id, "{sentence}");
    let event = EventRecord {
        at: journey.surroundings.clock.now(),
        kind: "snapshot.taken".into(),
        pair: None,
        run: Some(record.id),
        sentence,
    };
    let mut changes = vec![Change::AppendEvent(event)];
    changes.extend(old_ones(journey, record.provider.clone()).await?.into_iter().map(Change::DropSnapshot));
    journey.commit(Durability::Buffered, changes).await?;
    Ok(record)
}

async fn old_ones(journey: &Journey, account: ProviderId) -> Result<Vec<crosswatch_model::RunId>, SaveError> {
    let surroundings = &journey.surroundings;
    let (keep, now, zone) = (surroundings.keep_of(&account), surroundings.clock.now(), surroundings.clock.zone());
    let read = move |ledger: &dyn Ledger| {
        Ok(outlived(&ledger.snapshots(Some(&account), None, SNAPSHOTS_MAX)?, keep, now, &zone))
    };
    journey.directory.store().query(read).await
}

/// Keeps what a run is about to remove or to restore over, out of the read that it has just made.
pub(super) async fn before_writes(journey: &Journey, mut named: Named) -> Result<Named, Stop> {
    for side in [Side::Target, Side::Source] {
        let features = endangered(journey, &named, side);
        if features.is_empty() {
            continue;
        }
        let is_restore = journey.ticket.job.restores.is_some();
        let cause = if is_restore { SnapshotCause::BeforeRestore } else { SnapshotCause::BeforeRemoval };
        let account = named.decided.account(side);
        let mut new = NewSnapshot {
            id: journey.surroundings.new_run_id(),
            provider: journey.door(side).id().clone(),
            fingerprint: account.fingerprint.clone(),
            user: account.user.clone(),
            taken_at: journey.surroundings.clock.now(),
            cause,
            is_pinned: false,
            rows: Vec::new(),
        };
        let copy = move || {
            let decisions = named.decided.features.iter().filter(|decision| features.contains(decision.feature));
            let rows = |read: &Read| rows_of(&named.decided.catalog, read);
            let rows = decisions.map(|decision| (decision.feature, rows(&decision.reads.side(side).read))).collect();
            (named, rows)
        };
        (named, new.rows) = journey.surroundings.lane.run(copy).await?;
        keep(journey, new).await?;
    }
    Ok(named)
}

/// The features of a side that the run takes something from.
fn endangered(journey: &Journey, named: &Named, side: Side) -> FeatureSet {
    let is_restore = journey.ticket.job.restores.is_some();
    let takes = |action: Action| action == Action::Remove || (is_restore && action == Action::Update);
    let lines = named.decided.features.iter().flat_map(|feature| &feature.plan.items).map(|item| &item.line);
    lines.filter(|line| line.side == side && takes(line.action)).map(|line| line.feature).collect()
}

fn tell_people(journey: &Journey, sentence: &SmolStr) {
    let notice = Notice {
        kind: NoticeKind::Failed,
        title: format_smolstr!("No snapshot of {}", journey.target.id()),
        body: sentence.clone(),
        path: format_smolstr!("/api/v1/providers/{}", journey.target.id()),
    };
    journey.directory.tell_people(notice);
}
