//! What is decided about one cell: what is written, and what the baseline learns.

use crosswatch_model::{Action, Reason, Side};

use crate::baseline::BaselineRow;

/// What is to be done about a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Both sides agree.
    Same,
    /// Write to a side.
    Write(Side, Action, Reason),
    /// Would write to a side, but waits for a person.
    Hold(Side, Action, Reason),
    /// Left alone.
    Skip(Reason),
    /// Would add or update, which the policy does not do.
    AddsOff,
    /// Nothing to say.
    Quiet,
}

/// What the baseline learns from the reads alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Settle {
    /// Nothing.
    Keep,
    /// This row.
    Put(BaselineRow),
    /// Neither side has it any more.
    Drop,
}
