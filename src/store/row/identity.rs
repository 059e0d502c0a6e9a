//! Which entity an external id points at. The id is the key.

use crosswatch_model::Uid;
use serde::{Deserialize, Serialize};

use super::{RowError, Stored, row};

/// The entity an id points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pointer(pub(crate) Uid);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PointerV1 {
    uid: u64,
}
row!(PointerV1, Positional, 1);

impl Stored for Pointer {
    type Row = PointerV1;

    fn to_row(&self) -> PointerV1 {
        PointerV1 { uid: self.0.0 }
    }

    fn from_row(row: PointerV1) -> Result<Self, RowError> {
        Ok(Self(Uid(row.uid)))
    }
}
