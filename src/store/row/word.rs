//! Words of closed sets, and the names that people choose.

use std::str::FromStr;

use crosswatch_model::{PairId, ProviderId, RunId};
use smol_str::SmolStr;

use super::{RowError, bytes::Wide};

/// The value of a stored word.
pub(super) fn word<T: FromStr>(text: &str, field: &'static str) -> Result<T, RowError> {
    text.parse().map_err(|_| RowError::Field(field))
}

/// The value of a stored word that may be missing.
pub(super) fn word_if_any<T: FromStr>(text: Option<&SmolStr>, field: &'static str) -> Result<Option<T>, RowError> {
    text.map(|text| word(text, field)).transpose()
}

/// A stored word.
pub(super) const fn text(word: &'static str) -> SmolStr {
    SmolStr::new_static(word)
}

pub(super) fn pair(text: &str) -> Result<PairId, RowError> {
    PairId::read(text).map_err(|_| RowError::Field("pair"))
}

pub(super) fn account(text: &str) -> Result<ProviderId, RowError> {
    ProviderId::parse(text).map_err(|_| RowError::Field("account"))
}

pub(super) const fn run(id: RunId) -> Wide {
    Wide(id.0)
}
