//! Baseline rows. Their pair, feature, entity and play are in the key.

use crosswatch_model::{BaselineRow, Flips, NativeRef, Rating};
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
    /// Bit 0: seen on the source, bit 1: seen on the target, bits 2 and 3: written by us to the target and to the source,
    /// bit 4: diverged, bit 5: taken back, bit 6: matched without an id.
    provenance: u8,
    absent_source_reads: u8,
    absent_target_reads: u8,
    target_native: Option<Wide>,
    flips: Option<FlipsV1>,
}
row!(BaselineV1, Positional, 1);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct FlipsV1 {
    previous: Option<u8>,
    returns: u8,
    at: u32,
}

const SEEN_ON_SOURCE: u8 = 1;
const SEEN_ON_TARGET: u8 = 2;
const WRITTEN_BY_US: u8 = 4;
const SOURCE_WRITTEN_BY_US: u8 = 8;
const DIVERGED: u8 = 16;
const TAKEN_BACK: u8 = 32;
const WEAK_MATCH: u8 = 64;
const KNOWN: u8 = 127;

impl Stored for BaselineRow {
    type Row = BaselineV1;

    fn to_row(&self) -> BaselineV1 {
        BaselineV1 {
            source: stored(self.source),
            target: stored(self.target),
            provenance: flag(self.seen_on_source, SEEN_ON_SOURCE)
                | flag(self.seen_on_target, SEEN_ON_TARGET)
                | flag(self.written_by_us, WRITTEN_BY_US)
                | flag(self.source_written_by_us, SOURCE_WRITTEN_BY_US)
                | flag(self.is_diverged, DIVERGED)
                | flag(self.is_taken_back, TAKEN_BACK)
                | flag(self.is_weak_match, WEAK_MATCH),
            absent_source_reads: self.absent_source_reads,
            absent_target_reads: self.absent_target_reads,
            target_native: self.target_native.map(|native| Wide(native.0)),
            flips: self.flips.map(|flips| FlipsV1 {
                previous: flips.previous.map(Rating::get),
                returns: flips.returns,
                at: flips.at,
            }),
        }
    }

    fn from_row(row: BaselineV1) -> Result<Self, RowError> {
        if row.provenance & !KNOWN != 0 {
            return Err(RowError::Field("provenance"));
        }
        Ok(Self {
            source: fact_if_any(row.source)?,
            target: fact_if_any(row.target)?,
            seen_on_source: row.provenance & SEEN_ON_SOURCE != 0,
            seen_on_target: row.provenance & SEEN_ON_TARGET != 0,
            written_by_us: row.provenance & WRITTEN_BY_US != 0,
            source_written_by_us: row.provenance & SOURCE_WRITTEN_BY_US != 0,
            is_diverged: row.provenance & DIVERGED != 0,
            is_taken_back: row.provenance & TAKEN_BACK != 0,
            is_weak_match: row.provenance & WEAK_MATCH != 0,
            absent_source_reads: row.absent_source_reads,
            absent_target_reads: row.absent_target_reads,
            target_native: row.target_native.map(|native| NativeRef(native.0)),
            flips: row.flips.map(FlipsV1::flips).transpose()?,
        })
    }
}

impl FlipsV1 {
    fn flips(self) -> Result<Flips, RowError> {
        let previous =
            self.previous.map(|value| Rating::new(value).map_err(|_| RowError::Field("previous"))).transpose()?;
        Ok(Flips { previous, returns: self.returns, at: self.at })
    }
}

const fn flag(is_set: bool, bit: u8) -> u8 {
    if is_set { bit } else { 0 }
}
