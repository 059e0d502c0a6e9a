//! What an undo takes back: what runs of a pair wrote, or a play that was told live.

use crosswatch_model::RunId;
use jiff::Timestamp;

/// What is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoOrder {
    /// What one run wrote.
    Run(RunId),
    /// What a pair wrote since some moment: these runs, the oldest first.
    Since {
        /// The moment.
        since: Timestamp,
        /// The runs that ended since.
        runs: Vec<RunId>,
    },
    /// The play that an account was told of live, by the place of the message.
    Message(u64),
}

impl UndoOrder {
    /// The one run, where it is one.
    pub const fn run(&self) -> Option<RunId> {
        match self {
            Self::Run(run) => Some(*run),
            Self::Since { .. } | Self::Message(_) => None,
        }
    }
}
