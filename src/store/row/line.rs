//! Lines of runs and plans. Their owner and number are in the key.

use crosswatch_model::{NativeRef, OpId, PlanItem, Uid};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    RowError, Stored,
    bytes::Wide,
    fact::{FactV1, fact_if_any, stored},
    item::ItemV1,
    row,
    word::{text, word, word_if_any},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LineV1 {
    op: u64,
    feature: SmolStr,
    action: SmolStr,
    held_action: Option<SmolStr>,
    side: SmolStr,
    uid: Option<u64>,
    item: ItemV1,
    value: Option<FactV1>,
    before: Option<FactV1>,
    native: Option<Wide>,
    reason: SmolStr,
    explain: SmolStr,
    outcome: SmolStr,
}
row!(LineV1, Positional, 1);

impl Stored for PlanItem {
    type Row = LineV1;

    fn to_row(&self) -> LineV1 {
        LineV1 {
            op: self.op.0,
            feature: text(self.feature.as_str()),
            action: text(self.action.as_str()),
            held_action: self.held_action.map(|action| text(action.as_str())),
            side: text(self.side.as_str()),
            uid: self.uid.map(|uid| uid.0),
            item: ItemV1::of(&self.item),
            value: stored(self.value),
            before: stored(self.before),
            native: self.native.map(|native| Wide(native.0)),
            reason: text(self.reason.as_str()),
            explain: self.explain.clone(),
            outcome: text(self.outcome.as_str()),
        }
    }

    fn from_row(row: LineV1) -> Result<Self, RowError> {
        Ok(Self {
            op: OpId(row.op),
            feature: word(&row.feature, "feature")?,
            action: word(&row.action, "action")?,
            held_action: word_if_any(row.held_action.as_ref(), "held_action")?,
            side: word(&row.side, "side")?,
            uid: row.uid.map(Uid),
            item: row.item.item()?,
            value: fact_if_any(row.value)?,
            before: fact_if_any(row.before)?,
            native: row.native.map(|native| NativeRef(native.0)),
            reason: word(&row.reason, "reason")?,
            explain: row.explain,
            outcome: word(&row.outcome, "outcome")?,
        })
    }
}
