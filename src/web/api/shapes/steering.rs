//! What a person stopped.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Frozen)]
pub struct FrozenShape {
    /// Nothing is written to any account.
    pub(crate) frozen: bool,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) since: Option<Timestamp>,
}

/// Whether a pair runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Paused)]
pub struct PausedShape {
    pub(crate) pair: String,
    /// It starts no runs.
    pub(crate) paused: bool,
}
