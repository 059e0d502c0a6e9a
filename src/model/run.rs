//! States of runs, plans and reads.

use crate::text::words;

/// Why a run was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// The schedule was due.
    Schedule,
    /// A person or a script asked.
    Manual,
    /// A webhook or watcher event.
    Webhook,
    /// A held item was approved.
    Approval,
    /// A run is taken back.
    Undo,
    /// A snapshot is restored.
    Restore,
}

words!(Cause {
    Schedule => "schedule", Manual => "manual", Webhook => "webhook", Approval => "approval", Undo => "undo", Restore => "restore",
});

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RunState {
    /// Waits for its accounts to be free.
    Queued,
    /// Reads both sides.
    Reading,
    /// Compares and guards.
    Planning,
    /// Writes.
    Applying,
    /// Reads back what was written.
    Verifying,
    /// Everything asked was done and verified, or nothing was needed.
    Succeeded,
    /// Some feature or item could not be read or written.
    Partial,
    /// Something waits for a person; the rest was done.
    Held,
    /// No feature could be read or written at all.
    Failed,
    /// Stopped by a person or a shutdown.
    Cancelled,
    /// The process died in the middle.
    Interrupted,
}

words!(RunState {
    Queued => "queued", Reading => "reading", Planning => "planning", Applying => "applying", Verifying => "verifying",
    Succeeded => "succeeded", Partial => "partial", Held => "held", Failed => "failed", Cancelled => "cancelled",
    Interrupted => "interrupted",
});

impl RunState {
    /// Whether nothing more will happen in this run.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Partial | Self::Held | Self::Failed | Self::Cancelled | Self::Interrupted
        )
    }
}

/// Where a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlanState {
    /// May be applied.
    Ready,
    /// Is being applied.
    Applying,
    /// Was applied.
    Applied,
    /// A person said no.
    Rejected,
    /// A side moved since.
    Stale,
    /// Could not be made or applied.
    Failed,
    /// Shows what other settings would do, and is never applied.
    WhatIf,
}

words!(PlanState {
    Ready => "ready", Applying => "applying", Applied => "applied", Rejected => "rejected", Stale => "stale", Failed => "failed",
    WhatIf => "what_if",
});

/// How much a read of one feature can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Completeness {
    /// Everything arrived, and there is proof of it.
    Complete,
    /// Some of it arrived; what is missing says nothing.
    Partial,
    /// It arrived, but lost more than `max_shrink` against the last complete read.
    Suspect,
    /// The account could not be read.
    Unavailable,
    /// The account is not set up.
    Unconfigured,
}

words!(Completeness {
    Complete => "complete", Partial => "partial", Suspect => "suspect", Unavailable => "unavailable", Unconfigured => "unconfigured",
});
