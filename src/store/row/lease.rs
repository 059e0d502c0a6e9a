//! Leases. A lease that was given back keeps its row, because the fence must keep growing.

use crosswatch_model::RunId;
use crosswatch_port::LeaseRecord;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{RowError, Stored, bytes::Wide, row, stamp::StampV1, word};

/// A lease, held or given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lease {
    /// Who took it last.
    pub(crate) record: LeaseRecord,
    /// Whether it is still held.
    pub(crate) is_held: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LeaseV1 {
    resource: SmolStr,
    fence: u64,
    boot: Wide,
    run: Wide,
    taken_at: StampV1,
    is_held: bool,
}
row!(LeaseV1, Named, 1);

impl Stored for Lease {
    type Row = LeaseV1;

    fn to_row(&self) -> LeaseV1 {
        LeaseV1 {
            resource: self.record.resource.clone(),
            fence: self.record.fence,
            boot: Wide(self.record.boot),
            run: word::run(self.record.run),
            taken_at: StampV1::of(self.record.taken_at),
            is_held: self.is_held,
        }
    }

    fn from_row(row: LeaseV1) -> Result<Self, RowError> {
        let record = LeaseRecord {
            resource: row.resource,
            fence: row.fence,
            boot: row.boot.0,
            run: RunId(row.run.0),
            taken_at: row.taken_at.instant("taken_at")?,
        };
        Ok(Self { record, is_held: row.is_held })
    }
}
