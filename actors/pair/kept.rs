//! The source of a keeper: a snapshot, read from the store as if it were an account.
//!
//! A snapshot is complete or it is not there at all. Whoever takes a restore back has no source: only the journal counts.

use crosswatch_identity::Catalog;
use crosswatch_model::{Capabilities, Feature, FeatureCapability, Kind, Picker, PlayDetail, Scale, WatchedPrecision};
use crosswatch_plan::{Read, Seen};
use crosswatch_port::{Ledger, SnapshotRecord, SnapshotRow, Stamps};
use smol_str::{SmolStr, format_smolstr};

use super::{
    collect::{SideAccount, SideRead, too_many_items},
    journey::{Journey, Stop},
};
use crate::provider::AccountDoor;

/// The snapshot that the job brings back; `None` where it takes a restore back.
async fn snapshot(journey: &Journey) -> Result<Option<SnapshotRecord>, Stop> {
    let Some(order) = &journey.ticket.job.restores else { return Ok(None) };
    let id = order.snapshot;
    match journey.directory.store().query(move |ledger| ledger.snapshot(id)).await? {
        Some(record) => Ok(Some(record)),
        None => Err(Stop::Stale("the snapshot is not kept any more; nothing was written, choose another".into())),
    }
}

/// The snapshot as the side of a run: what the account could tell that it was taken of.
pub(super) async fn account(journey: &Journey) -> Result<SideAccount, Stop> {
    let record = snapshot(journey).await?;
    let mut capabilities = match &record {
        Some(record) => {
            let door = AccountDoor::new(record.provider.clone(), journey.directory.clone(), journey.urgency());
            door.observe().await.ok().map(|state| state.capabilities)
        }
        None => None,
    }
    .unwrap_or_else(everything);
    capabilities.features = everything().features;
    Ok(SideAccount {
        capabilities,
        fingerprint: record.as_ref().map(|record| format_smolstr!("snapshot {}", record.id)).unwrap_or_default(),
        user: record.map(|record| record.user).unwrap_or_default(),
        read_as: SmolStr::default(),
        stamps: Stamps::default(),
        error: None,
    })
}

/// The rows of one feature that the job is about.
pub(super) async fn read(journey: &Journey, feature: Feature, catalog: &mut Catalog) -> Result<SideRead, Stop> {
    let of = |read: Read| SideRead { read, is_fresh: false, mark: None, before: Vec::new() };
    let Some(record) = snapshot(journey).await? else {
        return Ok(of(Read::unchanged(Vec::new(), "only the journal of the run counts".into())));
    };
    if record.part(feature).is_none() {
        return Ok(of(Read::Unconfigured));
    }
    let (id, picker) = (record.id, picker(journey)?);
    let rows = move |ledger: &dyn Ledger| {
        let mut rows: Vec<SnapshotRow> = Vec::new();
        let mut take = |row: SnapshotRow| {
            if picker.as_ref().is_none_or(|picker| picker.takes(&row.item)) {
                rows.push(row);
            }
            true
        };
        ledger.visit_snapshot(id, feature, 0, &mut take)?;
        Ok(rows)
    };
    let mut seen = Vec::new();
    for row in journey.directory.store().query(rows).await? {
        let item = catalog.push(&row.item).map_err(|_| too_many_items())?;
        seen.push(Seen::new(item, &row.fact, None));
    }
    let proof = format_smolstr!("{} items of the snapshot of {} at {}", seen.len(), record.provider, record.taken_at);
    Ok(of(Read::unchanged(seen, proof)))
}

/// Which items the job is about; `None` where about all of them.
pub(super) fn picker(journey: &Journey) -> Result<Option<Picker>, Stop> {
    let Some(filter) = journey.ticket.job.restores.as_ref().map(|order| &order.filter) else { return Ok(None) };
    if filter.is_open() {
        return Ok(None);
    }
    let refused = |why| Stop::Account { kind: "unknown-item", detail: format_smolstr!("the item to restore: {why}") };
    filter.picker().map(Some).map_err(refused)
}

/// An account that tells everything in full.
fn everything() -> Capabilities {
    let feature = |feature: Feature| FeatureCapability {
        feature,
        can_write: false,
        can_remove: false,
        kinds: Kind::ALL,
        has_change_gate: false,
        can_read_since: false,
        batch_size: 1,
        max_rows: None,
        tells_removals: false,
        rows_expire: false,
    };
    Capabilities {
        features: Feature::ALL.iter().copied().map(feature).collect(),
        scale: Scale::HUNDRED,
        watched_precision: WatchedPrecision::Second,
        plays: PlayDetail::EveryPlay,
        keeps_undated_plays: true,
        duplicates_plays: false,
        keeps_one_status: false,
        needs_ids: false,
        is_media_server: false,
        membership: None,
    }
}
