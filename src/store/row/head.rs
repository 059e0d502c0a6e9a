//! Heads of the last complete reads.

use crosswatch_port::ReadingHead;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{RowError, Stored, row, stamp::StampV1};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReadingHeadV1 {
    mark: Option<SmolStr>,
    fingerprint: SmolStr,
    items: u64,
    taken_at: StampV1,
    keeps_rows: bool,
}
row!(ReadingHeadV1, Named, 1);

impl Stored for ReadingHead {
    type Row = ReadingHeadV1;

    fn to_row(&self) -> ReadingHeadV1 {
        ReadingHeadV1 {
            mark: self.mark.clone(),
            fingerprint: self.fingerprint.clone(),
            items: self.items,
            taken_at: StampV1::of(self.taken_at),
            keeps_rows: self.keeps_rows,
        }
    }

    fn from_row(row: ReadingHeadV1) -> Result<Self, RowError> {
        Ok(Self {
            mark: row.mark,
            fingerprint: row.fingerprint,
            items: row.items,
            taken_at: row.taken_at.instant("taken_at")?,
            keeps_rows: row.keeps_rows,
        })
    }
}
