//! Baseline rows. Their pair, feature, entity and play are in the key.

use crosswatch_model::{BaselineRow, NativeRef};
use serde::{Deserialize, Serialize};

use super::{
    RowError, Stored,
    bytes::Wide,
    fact::{FactV1, fact_if_any, stored},
    row,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BaselineV1 {
    source: Option<FactV1>,
    target: Option<FactV1>,
    /// Bit 0: seen on the source, bit 1: seen on the target, bit 2: written by us.
    provenance: u8,
    absent_source_reads: u8,
    absent_target_reads: u8,
    target_native: Option<Wide>,
}
row!(BaselineV1, Positional, 1);

const SEEN_ON_SOURCE: u8 = 1;
const SEEN_ON_TARGET: u8 = 2;
const WRITTEN_BY_US: u8 = 4;

impl Stored for BaselineRow {
    type Row = BaselineV1;

    fn to_row(&self) -> BaselineV1 {
        BaselineV1 {
            source: stored(self.source),
            target: stored(self.target),
            provenance: flag(self.seen_on_source, SEEN_ON_SOURCE)
                | flag(self.seen_on_target, SEEN_ON_TARGET)
                | flag(self.written_by_us, WRITTEN_BY_US),
            absent_source_reads: self.absent_source_reads,
            absent_target_reads: self.absent_target_reads,
            target_native: self.target_native.map(|native| Wide(native.0)),
        }
    }

    fn from_row(row: BaselineV1) -> Result<Self, RowError> {
        if row.provenance & !(SEEN_ON_SOURCE | SEEN_ON_TARGET | WRITTEN_BY_US) != 0 {
            return Err(RowError::Field("provenance"));
        }
        Ok(Self {
            source: fact_if_any(row.source)?,
            target: fact_if_any(row.target)?,
            seen_on_source: row.provenance & SEEN_ON_SOURCE != 0,
            seen_on_target: row.provenance & SEEN_ON_TARGET != 0,
            written_by_us: row.provenance & WRITTEN_BY_US != 0,
            absent_source_reads: row.absent_source_reads,
            absent_target_reads: row.absent_target_reads,
            target_native: row.target_native.map(|native| NativeRef(native.0)),
        })
    }
}

const fn flag(is_set: bool, bit: u8) -> u8 {
    if is_set { bit } else { 0 }
}
