//! Secrets of accounts.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{RowError, Stored, bytes::Opaque, row};

/// A secret. It never shows in logs.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SecretV1 {
    secret: Opaque,
}
row!(SecretV1, Named, 1);

impl Stored for Secret {
    type Row = SecretV1;

    fn to_row(&self) -> SecretV1 {
        SecretV1 { secret: Opaque(self.0.clone()) }
    }

    fn from_row(row: SecretV1) -> Result<Self, RowError> {
        Ok(Self(row.secret.0))
    }
}
