//! Snapshots in memory: their rows as they were given, in their order.

use std::cmp::Reverse;

use crosswatch_model::{Feature, ProviderId, RunId};

use super::memory_state::State;
use crate::snapshot::{NewSnapshot, SnapshotPart, SnapshotRecord, SnapshotRow};

/// A snapshot with its rows.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) record: SnapshotRecord,
    rows: Vec<(Feature, Vec<SnapshotRow>)>,
}

impl State {
    /// Keeps a snapshot. What its rows would take on a disk is told as nothing.
    pub(super) fn put_snapshot(&mut self, new: NewSnapshot) -> SnapshotRecord {
        let NewSnapshot { id, provider, fingerprint, user, taken_at, cause, is_pinned, mut rows } = new;
        rows.sort_by_key(|(feature, _)| *feature);
        for (_, rows) in &mut rows {
            rows.sort_by(SnapshotRow::cmp_place);
        }
        let part = |(feature, rows): &(Feature, Vec<SnapshotRow>)| SnapshotPart {
            feature: *feature,
            items: rows.len() as u64,
            bytes: 0,
        };
        let parts = rows.iter().map(part).collect();
        let record = SnapshotRecord { id, provider, fingerprint, user, taken_at, cause, is_pinned, parts };
        self.snapshots.insert(Reverse(id), Kept { record: record.clone(), rows });
        record
    }

    pub(super) fn pin_snapshot(&mut self, id: RunId, is_pinned: bool) {
        if let Some(kept) = self.snapshots.get_mut(&Reverse(id)) {
            kept.record.is_pinned = is_pinned;
        }
    }

    pub(super) fn snapshots(
        &self,
        provider: Option<&ProviderId>,
        after: Option<RunId>,
        limit: usize,
    ) -> Vec<SnapshotRecord> {
        let records = self.snapshots.values().map(|kept| &kept.record);
        let is_behind = |record: &&SnapshotRecord| after.is_none_or(|after| record.id < after);
        let is_of = |record: &&SnapshotRecord| provider.is_none_or(|provider| record.provider == *provider);
        records.filter(is_behind).filter(is_of).take(limit).cloned().collect()
    }

    pub(super) fn snapshot_rows(&self, id: RunId, feature: Feature, from: u64) -> Vec<SnapshotRow> {
        let kept = self.snapshots.get(&Reverse(id)).into_iter().flat_map(|kept| &kept.rows);
        let rows = kept.filter(|(of, _)| *of == feature).flat_map(|(_, rows)| rows);
        rows.skip(usize::try_from(from).unwrap_or(usize::MAX)).cloned().collect()
    }
}
