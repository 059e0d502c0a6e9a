//! Words of people and marks of the past.

use crosswatch_port::{StandingKind, StandingRecord};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    RowError, Stored, row,
    stamp::{StampV1, instant_if_any},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StandingV1 {
    kind: u8,
    subject: SmolStr,
    at: StampV1,
    until: Option<StampV1>,
    text: SmolStr,
}
row!(StandingV1, Named, 1);

impl Stored for StandingRecord {
    type Row = StandingV1;

    fn to_row(&self) -> StandingV1 {
        StandingV1 {
            kind: self.kind as u8,
            subject: self.subject.clone(),
            at: StampV1::of(self.at),
            until: StampV1::of_any(self.until),
            text: self.text.clone(),
        }
    }

    fn from_row(row: StandingV1) -> Result<Self, RowError> {
        Ok(Self {
            kind: StandingKind::from_number(row.kind).ok_or(RowError::Field("kind"))?,
            subject: row.subject,
            at: row.at.instant("at")?,
            until: instant_if_any(row.until, "until")?,
            text: row.text,
        })
    }
}
