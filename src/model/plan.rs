//! What a plan tells: items with reasons, counts, holds and the reads it rests on.

use smol_str::SmolStr;

use crate::{
    fact::Fact,
    feature::Feature,
    item::{Item, NativeRef, Uid},
    operation::{Action, OpId, Outcome, Side},
    reason::Reason,
    run::Completeness,
    text::words,
};

/// One line of a plan or run.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanItem {
    /// Content-derived name of the operation.
    pub op: OpId,
    /// The feature.
    pub feature: Feature,
    /// What is to be done.
    pub action: Action,
    /// The action that waits, when `action` is [`Action::Hold`].
    pub held_action: Option<Action>,
    /// The side that would be written.
    pub side: Side,
    /// Our entity, where one was minted already.
    pub uid: Option<Uid>,
    /// The item, with the ids of both sides merged where they agree.
    pub item: Item,
    /// The value to write.
    pub value: Option<Fact>,
    /// The value the side has now.
    pub before: Option<Fact>,
    /// The side's own row, where known: what a removal of one play needs.
    pub native: Option<NativeRef>,
    /// Why.
    pub reason: Reason,
    /// One sentence about this item, with its values.
    pub explain: SmolStr,
    /// What became of it.
    pub outcome: Outcome,
}

/// Counts of one feature of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Facts to add.
    pub adds: u64,
    /// Facts to remove.
    pub removes: u64,
    /// Values to replace.
    pub updates: u64,
    /// Facts that are in step.
    pub unchanged: u64,
    /// Operations that wait for a person.
    pub held: u64,
    /// Items left alone, each with a reason.
    pub skipped: u64,
    /// Items whose ids contradict each other.
    pub conflicts: u64,
}

impl Counts {
    /// How many writes the plan would send.
    pub const fn writes(&self) -> u64 {
        self.adds + self.removes + self.updates
    }
}

/// What waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HoldKind {
    /// More removals than `max_removes` allows.
    Removes,
    /// The source lost more than `max_shrink` allows.
    SourceShrunk,
    /// The target lost more than `max_shrink` allows; what follows from it waits.
    TargetShrunk,
    /// The first removals of a `mirror` feature.
    FirstMirror,
    /// The plan would double plays.
    DuplicatePlays,
    /// The account has no room for all of it.
    AccountFull,
    /// A value went back and forth between two writers.
    FlipFlop,
    /// Rows of a media server are about something else than before.
    Rematch,
}

words!(HoldKind {
    Removes => "removes", SourceShrunk => "source_shrunk", TargetShrunk => "target_shrunk", FirstMirror => "first_mirror",
    DuplicatePlays => "duplicate_plays", AccountFull => "account_full", FlipFlop => "flip_flop", Rematch => "rematch",
});

impl HoldKind {
    /// The reason that the waiting lines carry.
    pub const fn reason(self) -> Reason {
        match self {
            Self::Removes => Reason::TooManyRemoves,
            Self::SourceShrunk => Reason::SourceShrunk,
            Self::TargetShrunk => Reason::TargetShrunk,
            Self::FirstMirror => Reason::FirstMirror,
            Self::DuplicatePlays => Reason::DuplicatePlays,
            Self::AccountFull => Reason::AccountFull,
            Self::FlipFlop => Reason::FlipFlop,
            Self::Rematch => Reason::Rematched,
        }
    }
}

/// How one side of one feature was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadReport {
    /// How much the read can be trusted.
    pub completeness: Completeness,
    /// Rows that arrived.
    pub items: u64,
    /// Why it is complete, or what is missing.
    pub proof: SmolStr,
}
