//! Items that a target refused.

use crosswatch_model::{PlayKey, Uid};
use crosswatch_port::UnresolvedRecord;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    RowError, Stored, row,
    stamp::{StampV1, instant_if_any},
    word::{self, text},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnresolvedV1 {
    pair: SmolStr,
    feature: SmolStr,
    uid: u64,
    play: u32,
    reason: SmolStr,
    failures: u32,
    next_try: Option<StampV1>,
    since: StampV1,
}
row!(UnresolvedV1, Named, 1);

impl Stored for UnresolvedRecord {
    type Row = UnresolvedV1;

    fn to_row(&self) -> UnresolvedV1 {
        UnresolvedV1 {
            pair: self.pair.as_str().into(),
            feature: text(self.feature.as_str()),
            uid: self.uid.0,
            play: self.play.0,
            reason: text(self.reason.as_str()),
            failures: self.failures,
            next_try: StampV1::of_any(self.next_try),
            since: StampV1::of(self.since),
        }
    }

    fn from_row(row: UnresolvedV1) -> Result<Self, RowError> {
        Ok(Self {
            pair: word::pair(&row.pair)?,
            feature: word::word(&row.feature, "feature")?,
            uid: Uid(row.uid),
            play: PlayKey(row.play),
            reason: word::word(&row.reason, "reason")?,
            failures: row.failures,
            next_try: instant_if_any(row.next_try, "next_try")?,
            since: row.since.instant("since")?,
        })
    }
}
