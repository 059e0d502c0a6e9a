//! What is known about items beside what accounts say: a person's verdicts and tables of episode numbers.

use std::sync::Arc;

use crosswatch_identity::{Evidence, TableShift};
use smol_str::SmolStr;

/// What is known right now.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Verdicts and tables.
    pub evidence: Arc<Evidence>,
    /// What the last versions of the tables moved. Nothing that they touch is removed without a person.
    pub shifts: Arc<Vec<TableShift>>,
    /// Another one when any of it is another one. What was read under another version is read again.
    pub version: SmolStr,
}

/// Where that comes from. Asked once in every run, on a thread that may wait for files.
pub trait Knowledge: Send + Sync {
    /// What is known right now.
    fn current(&self) -> Known;
}

/// Nothing is known.
impl Knowledge for () {
    fn current(&self) -> Known {
        Known::default()
    }
}
