//! Snapshots: the record, the list of its chunks, and chunks of rows.

use crosswatch_model::{Feature, RunId};
use crosswatch_port::{SnapshotPart, SnapshotRecord, SnapshotRow};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    RowError, Stored,
    bytes::{Opaque, Wide},
    fact::FactV1,
    item::ItemV1,
    row,
    stamp::StampV1,
    word::{self, text, word},
};

/// `snapshot`: the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SnapshotV1 {
    id: Wide,
    provider: SmolStr,
    fingerprint: SmolStr,
    user: SmolStr,
    taken_at: StampV1,
    cause: SmolStr,
    is_pinned: bool,
    /// Feature, rows, bytes.
    parts: Vec<(SmolStr, u64, u64)>,
}
row!(SnapshotV1, Named, 1);

impl Stored for SnapshotRecord {
    type Row = SnapshotV1;

    fn to_row(&self) -> SnapshotV1 {
        let parts = self.parts.iter().map(|part| (text(part.feature.as_str()), part.items, part.bytes));
        SnapshotV1 {
            id: word::run(self.id),
            provider: self.provider.as_str().into(),
            fingerprint: self.fingerprint.clone(),
            user: self.user.clone(),
            taken_at: StampV1::of(self.taken_at),
            cause: text(self.cause.as_str()),
            is_pinned: self.is_pinned,
            parts: parts.collect(),
        }
    }

    fn from_row(row: SnapshotV1) -> Result<Self, RowError> {
        let part = |(feature, items, bytes): (SmolStr, u64, u64)| {
            Ok(SnapshotPart { feature: word::<Feature>(&feature, "parts")?, items, bytes })
        };
        Ok(Self {
            id: RunId(row.id.0),
            provider: word::account(&row.provider)?,
            fingerprint: row.fingerprint,
            user: row.user,
            taken_at: row.taken_at.instant("taken_at")?,
            cause: word(&row.cause, "cause")?,
            is_pinned: row.is_pinned,
            parts: row.parts.into_iter().map(part).collect::<Result<_, _>>()?,
        })
    }
}

/// The name of a chunk: the blake3 hash of its bytes.
pub(crate) type ChunkHash = [u8; 32];

/// The chunks of one feature of a snapshot, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ChunkList(pub(crate) Vec<ListedChunk>);

/// One chunk of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListedChunk {
    pub(crate) hash: ChunkHash,
    pub(crate) rows: u16,
}

/// `chunk_list`: the chunks of a feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChunkListV1 {
    /// The hashes one after the other.
    hashes: Opaque,
    /// How many rows each has.
    rows: Vec<u16>,
}
row!(ChunkListV1, Positional, 1);

impl Stored for ChunkList {
    type Row = ChunkListV1;

    fn to_row(&self) -> ChunkListV1 {
        ChunkListV1 {
            hashes: Opaque(self.0.iter().flat_map(|chunk| chunk.hash).collect()),
            rows: self.0.iter().map(|chunk| chunk.rows).collect(),
        }
    }

    fn from_row(row: ChunkListV1) -> Result<Self, RowError> {
        let (hashes, rest) = row.hashes.0.as_chunks();
        if !rest.is_empty() || hashes.len() != row.rows.len() {
            return Err(RowError::Field("hashes"));
        }
        let chunks = hashes.iter().zip(row.rows).map(|(hash, rows)| ListedChunk { hash: *hash, rows });
        Ok(Self(chunks.collect()))
    }
}

/// Rows that stand together in one or more snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk(pub(crate) Vec<SnapshotRow>);

/// `chunk`: some rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChunkV1 {
    rows: Vec<SnapshotRowV1>,
}
row!(ChunkV1, Positional, 1);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SnapshotRowV1 {
    item: ItemV1,
    fact: FactV1,
}

impl Stored for Chunk {
    type Row = ChunkV1;

    fn to_row(&self) -> ChunkV1 {
        let row = |row: &SnapshotRow| SnapshotRowV1 { item: ItemV1::of(&row.item), fact: FactV1::of(row.fact) };
        ChunkV1 { rows: self.0.iter().map(row).collect() }
    }

    fn from_row(chunk: ChunkV1) -> Result<Self, RowError> {
        let row = |row: SnapshotRowV1| Ok(SnapshotRow { item: row.item.item()?, fact: row.fact.fact()? });
        chunk.rows.into_iter().map(row).collect::<Result<_, _>>().map(Self)
    }
}
