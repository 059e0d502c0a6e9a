//! The content of ledger accounts, and how much of it there is.

use crosswatch_model::Fact;
use serde::{Deserialize, Serialize};

use super::{RowError, Stored, fact::FactV1, row};

/// The fact of one row of a shelf. Account, feature, entity and play are in the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShelfFact(pub(crate) Fact);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShelfV1 {
    fact: FactV1,
}
row!(ShelfV1, Positional, 1);

impl Stored for ShelfFact {
    type Row = ShelfV1;

    fn to_row(&self) -> ShelfV1 {
        ShelfV1 { fact: FactV1::of(self.0) }
    }

    fn from_row(row: ShelfV1) -> Result<Self, RowError> {
        row.fact.fact().map(Self)
    }
}

/// How many rows one feature of a shelf has, and how often it has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ShelfSize {
    /// Rows.
    pub(crate) rows: u64,
    /// Grows with every change.
    pub(crate) change_number: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShelfSizeV1 {
    rows: u64,
    change_number: u64,
}
row!(ShelfSizeV1, Named, 1);

impl Stored for ShelfSize {
    type Row = ShelfSizeV1;

    fn to_row(&self) -> ShelfSizeV1 {
        ShelfSizeV1 { rows: self.rows, change_number: self.change_number }
    }

    fn from_row(row: ShelfSizeV1) -> Result<Self, RowError> {
        Ok(Self { rows: row.rows, change_number: row.change_number })
    }
}
