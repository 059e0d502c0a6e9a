//! What adapters keep so that they need not ask again.

use serde::{Deserialize, Serialize};

use super::{RowError, Stored, bytes::Opaque, row};

/// Bytes that only the adapter can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cached(pub(crate) Vec<u8>);

/// `cache`: (account, name).
#[derive(Serialize, Deserialize)]
pub(crate) struct CachedV1 {
    bytes: Opaque,
}

row!(CachedV1, Positional, 1);

impl Stored for Cached {
    type Row = CachedV1;

    fn to_row(&self) -> CachedV1 {
        CachedV1 { bytes: Opaque(self.0.clone()) }
    }

    fn from_row(row: CachedV1) -> Result<Self, RowError> {
        Ok(Self(row.bytes.0))
    }
}
