//! Instants, without loss: whole seconds since 1970 and the nanoseconds beside them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::RowError;

/// An instant. Before 1970 both numbers are negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StampV1(i64, i32);

impl StampV1 {
    pub(super) fn of(at: Timestamp) -> Self {
        Self(at.as_second(), at.subsec_nanosecond())
    }

    pub(super) fn of_any(at: Option<Timestamp>) -> Option<Self> {
        at.map(Self::of)
    }

    pub(super) fn instant(self, field: &'static str) -> Result<Timestamp, RowError> {
        Timestamp::new(self.0, self.1).map_err(|_| RowError::Field(field))
    }
}

/// The instant of a stamp that may be missing.
pub(super) fn instant_if_any(stamp: Option<StampV1>, field: &'static str) -> Result<Option<Timestamp>, RowError> {
    stamp.map(|stamp| stamp.instant(field)).transpose()
}
