//! What a pair knows about one of its features.

use crosswatch_port::PairFeatureRecord;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{RowError, Stored, row, stamp::StampV1};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PairFeatureV1 {
    scope: SmolStr,
    adopted_at: StampV1,
    mirror_approved: bool,
    source_items: u64,
    target_items: u64,
    writing_runs: u32,
}
row!(PairFeatureV1, Named, 1);

impl Stored for PairFeatureRecord {
    type Row = PairFeatureV1;

    fn to_row(&self) -> PairFeatureV1 {
        PairFeatureV1 {
            scope: self.scope.clone(),
            adopted_at: StampV1::of(self.adopted_at),
            mirror_approved: self.mirror_approved,
            source_items: self.source_items,
            target_items: self.target_items,
            writing_runs: self.writing_runs,
        }
    }

    fn from_row(row: PairFeatureV1) -> Result<Self, RowError> {
        Ok(Self {
            scope: row.scope,
            adopted_at: row.adopted_at.instant("adopted_at")?,
            mirror_approved: row.mirror_approved,
            source_items: row.source_items,
            target_items: row.target_items,
            writing_runs: row.writing_runs,
        })
    }
}
