//! Operations that a person said no to.

use crosswatch_model::OpId;
use crosswatch_port::RejectedRecord;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    RowError, Stored, row,
    stamp::StampV1,
    word::{self, text},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RejectedV1 {
    pair: SmolStr,
    feature: SmolStr,
    op: u64,
    at: StampV1,
}
row!(RejectedV1, Named, 1);

impl Stored for RejectedRecord {
    type Row = RejectedV1;

    fn to_row(&self) -> RejectedV1 {
        RejectedV1 {
            pair: self.pair.as_str().into(),
            feature: text(self.feature.as_str()),
            op: self.op.0,
            at: StampV1::of(self.at),
        }
    }

    fn from_row(row: RejectedV1) -> Result<Self, RowError> {
        Ok(Self {
            pair: word::pair(&row.pair)?,
            feature: word::word(&row.feature, "feature")?,
            op: OpId(row.op),
            at: row.at.instant("at")?,
        })
    }
}
