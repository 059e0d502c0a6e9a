//! Snapshots: a record, per feature a list of chunks, and the chunks themselves under the hash of their bytes.
//!
//! Promises: chunks are on their way before the list that names them, and the record comes last, so that a snapshot that
//! can be seen has every row. A chunk that no list names any more is swept with the drop that made it so; what a crash
//! left behind is swept with the next drop.
//! Deliberately absent: counters of users per chunk. They could be wrong; the lists cannot.

use std::{cmp::Reverse, ops::ControlFlow};

use crosswatch_model::{Feature, ProviderId, RunId};
use crosswatch_port::{Durability, NewSnapshot, SnapshotPart, SnapshotRecord, SnapshotRow};

use crate::{
    batch::Batch,
    chunk::chunks,
    failure::StoreError,
    key::{ChunkKey, ChunkListKey, Key, RunKey, chunk_list_prefix, record_prefix},
    keyspaces::Space,
    ledger::FjallLedger,
    row::{self, Chunk, ChunkList, ListedChunk, RowError},
    view::{KeyRange, View, decode, parse},
};

/// New chunks that are written at once.
const CHUNKS_AT_ONCE: usize = 256;

impl FjallLedger {
    /// Keeps a snapshot. Other writers wait, so no chunk that it shares can be swept meanwhile.
    pub(crate) fn keep_snapshot(&self, new: NewSnapshot) -> Result<SnapshotRecord, StoreError> {
        let _writer = self.lock()?;
        let NewSnapshot { id, provider, fingerprint, user, taken_at, cause, is_pinned, mut rows } = new;
        rows.sort_by_key(|(feature, _)| *feature);
        let mut last = self.batch();
        let mut parts = Vec::with_capacity(rows.len());
        for (feature, mut rows) in rows {
            rows.sort_unstable_by(SnapshotRow::cmp_place);
            let (chunk_list, bytes) = self.keep_rows(&rows)?;
            last.put(Space::ChunkList, &ChunkListKey { snapshot: id, feature }, &chunk_list)?;
            parts.push(SnapshotPart { feature, items: rows.len() as u64, bytes });
        }
        let record = SnapshotRecord { id, provider, fingerprint, user, taken_at, cause, is_pinned, parts };
        last.put(Space::Snapshot, &RunKey::Record(Reverse(id)), &record)?;
        last.write(self.database(), Durability::Synced)?;
        Ok(record)
    }

    /// Writes the chunks of some rows that are not there yet. Answers their list, and the bytes of all of them.
    fn keep_rows(&self, rows: &[SnapshotRow]) -> Result<(ChunkList, u64), StoreError> {
        let (mut list, mut bytes_in_all, mut new_chunks) = (ChunkList::default(), 0, 0);
        let mut batch = self.batch();
        for rows in chunks(rows) {
            let count = u16::try_from(rows.len()).unwrap_or(u16::MAX);
            let unwritable = |why| StoreError::UnwritableRow { space: Space::Chunk, why };
            let bytes = row::encode(&Chunk(rows.to_vec())).map_err(unwritable)?;
            let hash = *blake3::hash(&bytes).as_bytes();
            list.0.push(ListedChunk { hash, rows: count });
            bytes_in_all += bytes.len() as u64;
            if batch.contains(Space::Chunk, &ChunkKey(hash))? {
                continue;
            }
            batch.put_bytes(Space::Chunk, &ChunkKey(hash), bytes)?;
            new_chunks += 1;
            if new_chunks % CHUNKS_AT_ONCE == 0 {
                std::mem::replace(&mut batch, self.batch()).write(self.database(), Durability::Buffered)?;
            }
        }
        batch.write(self.database(), Durability::Buffered)?;
        Ok((list, bytes_in_all))
    }
}

impl Batch<'_> {
    pub(crate) fn pin_snapshot(&mut self, id: RunId, is_pinned: bool) -> Result<(), StoreError> {
        let key = RunKey::Record(Reverse(id));
        match self.get::<SnapshotRecord>(Space::Snapshot, &key)? {
            Some(record) => self.put(Space::Snapshot, &key, &SnapshotRecord { is_pinned, ..record }),
            None => Ok(()),
        }
    }

    /// Forgets a snapshot with its lists. Its chunks go with [`Batch::sweep_chunks`], once for all that are dropped.
    pub(crate) fn drop_snapshot(&mut self, id: RunId) -> Result<(), StoreError> {
        self.remove(Space::Snapshot, &RunKey::Record(Reverse(id)))?;
        self.remove_range(Space::ChunkList, &KeyRange::below(chunk_list_prefix(id)))
    }

    /// Removes every chunk that no list names.
    pub(crate) fn sweep_chunks(&mut self) -> Result<(), StoreError> {
        let mut named = std::collections::BTreeSet::new();
        for key in self.keys(Space::ChunkList, &KeyRange::ALL)? {
            let key: ChunkListKey = parse(Space::ChunkList, &key)?;
            let list: Option<ChunkList> = self.get(Space::ChunkList, &key)?;
            named.extend(list.into_iter().flat_map(|list| list.0).map(|chunk| chunk.hash));
        }
        for key in self.view().keys(Space::Chunk, &KeyRange::ALL)? {
            let key: ChunkKey = parse(Space::Chunk, &key)?;
            if !named.contains(&key.0) {
                self.remove(Space::Chunk, &key)?;
            }
        }
        Ok(())
    }
}

impl View<'_> {
    pub(crate) fn snapshots(
        &self,
        provider: Option<&ProviderId>,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<SnapshotRecord>, StoreError> {
        let mut records = Vec::new();
        if limit == 0 {
            return Ok(records);
        }
        let after = after.map(|id| RunKey::Record(Reverse(id)));
        let range = KeyRange::below(record_prefix()).after(after.as_ref());
        self.visit(Space::Snapshot, &range, &mut |_: RunKey, record: SnapshotRecord| {
            if provider.is_none_or(|provider| record.provider == *provider) {
                records.push(record);
            }
            if records.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(records)
    }

    pub(crate) fn visit_snapshot(
        &self,
        id: RunId,
        feature: Feature,
        from: u64,
        visit: &mut dyn FnMut(SnapshotRow) -> bool,
    ) -> Result<(), StoreError> {
        let list: Option<ChunkList> = self.value(Space::ChunkList, &ChunkListKey { snapshot: id, feature })?;
        let mut skipped = from;
        for listed in list.unwrap_or_default().0 {
            let rows = u64::from(listed.rows);
            if skipped >= rows {
                skipped -= rows;
                continue;
            }
            let chunk = self.chunk(&listed)?;
            let first = usize::try_from(std::mem::take(&mut skipped)).unwrap_or(usize::MAX);
            for row in chunk.0.into_iter().skip(first) {
                if !visit(row) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The chunk of an entry of a list: it must be there, and it must be what it was.
    fn chunk(&self, listed: &ListedChunk) -> Result<Chunk, StoreError> {
        let key = ChunkKey(listed.hash).bytes();
        let bytes = self.bytes(Space::Chunk, &key)?.ok_or_else(|| StoreError::missing_row(Space::Chunk, &key))?;
        let chunk = read_chunk(&key, &bytes)?;
        if chunk.0.len() == usize::from(listed.rows) {
            Ok(chunk)
        } else {
            Err(StoreError::unreadable_row(Space::Chunk, &key, RowError::Field("rows")))
        }
    }

    /// Every list must belong to a snapshot, and every chunk it names must be there.
    pub(crate) fn verify_chunk_lists(&self) -> Result<(), StoreError> {
        self.visit_bytes(Space::ChunkList, &KeyRange::ALL, &mut |key, bytes| {
            let ChunkListKey { snapshot, .. } = parse(Space::ChunkList, key)?;
            let record = RunKey::Record(Reverse(snapshot)).bytes();
            if !self.contains(Space::Snapshot, &record)? {
                return Err(StoreError::missing_row(Space::Snapshot, &record));
            }
            let ChunkList(chunks) = decode(Space::ChunkList, key, bytes)?;
            for chunk in chunks {
                let chunk = ChunkKey(chunk.hash).bytes();
                if !self.contains(Space::Chunk, &chunk)? {
                    return Err(StoreError::missing_row(Space::Chunk, &chunk));
                }
            }
            Ok(ControlFlow::Continue(()))
        })
    }
}

/// The rows of a chunk. Bytes that are not those of its name are no chunk.
pub(crate) fn read_chunk(key: &[u8], bytes: &[u8]) -> Result<Chunk, StoreError> {
    if blake3::hash(bytes).as_bytes() != key {
        return Err(StoreError::unreadable_row(Space::Chunk, key, RowError::Field("hash")));
    }
    decode(Space::Chunk, key, bytes)
}
