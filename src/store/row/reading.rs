//! Rows of the last complete read. Everything but the fact is in the key.

use crosswatch_model::Fact;
use serde::{Deserialize, Serialize};

use super::{RowError, Stored, fact::FactV1, row};

/// The fact of one row of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReadFact(pub(crate) Fact);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReadingV1 {
    fact: FactV1,
}
row!(ReadingV1, Positional, 1);

impl Stored for ReadFact {
    type Row = ReadingV1;

    fn to_row(&self) -> ReadingV1 {
        ReadingV1 { fact: FactV1::of(self.0) }
    }

    fn from_row(row: ReadingV1) -> Result<Self, RowError> {
        row.fact.fact().map(Self)
    }
}
