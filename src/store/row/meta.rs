//! The smallest rows: numbers, the process life, and the mere fact that a key is there.

use serde::{Deserialize, Serialize};

use super::{RowError, Stored, bytes::Wide, row};

/// A counter, the number of an interned name, the version of the whole database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NumberV1 {
    number: u64,
}
row!(NumberV1, Named, 1);

impl Stored for Number {
    type Row = NumberV1;

    fn to_row(&self) -> NumberV1 {
        NumberV1 { number: self.0 }
    }

    fn from_row(row: NumberV1) -> Result<Self, RowError> {
        Ok(Self(row.number))
    }
}

/// The process life that owns the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life(pub(crate) u128);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LifeV1 {
    boot: Wide,
}
row!(LifeV1, Named, 1);

impl Stored for Life {
    type Row = LifeV1;

    fn to_row(&self) -> LifeV1 {
        LifeV1 { boot: Wide(self.0) }
    }

    fn from_row(row: LifeV1) -> Result<Self, RowError> {
        Ok(Self(row.boot.0))
    }
}

/// The value of a key that says everything itself: an entry of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Present;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PresentV1 {}
row!(PresentV1, Positional, 1);

impl Stored for Present {
    type Row = PresentV1;

    fn to_row(&self) -> PresentV1 {
        PresentV1 {}
    }

    fn from_row(_: PresentV1) -> Result<Self, RowError> {
        Ok(Self)
    }
}
