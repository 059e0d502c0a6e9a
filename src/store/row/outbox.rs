//! Writes that are on their way.

use crosswatch_model::{After, BaselineRow, NativeRef, OpId, PlayKey, RunId, Uid};
use crosswatch_port::{OutboxRecord, OutboxState, Write};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    RowError, Stored,
    baseline::BaselineV1,
    bytes::Wide,
    fact::{FactV1, fact_if_any, stored},
    item::ItemV1,
    row,
    stamp::{StampV1, instant_if_any},
    word::{self, text, word},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutboxV1 {
    account: SmolStr,
    seq: u64,
    run: Wide,
    pair: SmolStr,
    line_number: u32,
    feature: SmolStr,
    write: WriteV1,
    play: u32,
    after: Option<BaselineV1>,
    drops: bool,
    state: u8,
    attempts: u32,
    sent_at: Option<StampV1>,
}
row!(OutboxV1, Named, 1);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct WriteV1 {
    op: u64,
    action: SmolStr,
    uid: u64,
    item: ItemV1,
    value: Option<FactV1>,
    native: Option<Wide>,
}

impl Stored for OutboxRecord {
    type Row = OutboxV1;

    fn to_row(&self) -> OutboxV1 {
        OutboxV1 {
            account: self.account.as_str().into(),
            seq: self.seq,
            run: word::run(self.run),
            pair: self.pair.as_str().into(),
            line_number: self.line_number,
            feature: text(self.feature.as_str()),
            write: WriteV1::of(&self.write),
            play: self.play.0,
            after: if let After::Put(row) = &self.after { Some(row.to_row()) } else { None },
            drops: self.after == After::Drop,
            state: self.state as u8,
            attempts: self.attempts,
            sent_at: StampV1::of_any(self.sent_at),
        }
    }

    fn from_row(row: OutboxV1) -> Result<Self, RowError> {
        Ok(Self {
            account: word::account(&row.account)?,
            seq: row.seq,
            run: RunId(row.run.0),
            pair: word::pair(&row.pair)?,
            line_number: row.line_number,
            feature: word(&row.feature, "feature")?,
            write: row.write.write()?,
            play: PlayKey(row.play),
            after: match (row.after, row.drops) {
                (Some(after), false) => After::Put(BaselineRow::from_row(after)?),
                (None, true) => After::Drop,
                (None, false) => After::Nothing,
                (Some(_), true) => return Err(RowError::Field("drops")),
            },
            state: match row.state {
                1 => OutboxState::Queued,
                2 => OutboxState::Inflight,
                3 => OutboxState::InDoubt,
                _ => return Err(RowError::Field("state")),
            },
            attempts: row.attempts,
            sent_at: instant_if_any(row.sent_at, "sent_at")?,
        })
    }
}

impl WriteV1 {
    fn of(write: &Write) -> Self {
        Self {
            op: write.op.0,
            action: text(write.action.as_str()),
            uid: write.uid.0,
            item: ItemV1::of(&write.item),
            value: stored(write.value),
            native: write.native.map(|native| Wide(native.0)),
        }
    }

    fn write(self) -> Result<Write, RowError> {
        Ok(Write {
            op: OpId(self.op),
            action: word(&self.action, "action")?,
            uid: Uid(self.uid),
            item: self.item.item()?,
            value: fact_if_any(self.value)?,
            native: self.native.map(|native| NativeRef(native.0)),
        })
    }
}
