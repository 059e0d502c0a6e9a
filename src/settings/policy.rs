//! `[pair.policy]`: how conflicts, removals and surprises are dealt with.

use crate::{duration::Span, problem::Problem, section::Section, words::words};

/// The policy of one pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Who wins when both sides changed the same thing.
    pub conflict: Conflict,
    /// An absence counts after that many complete reads in a row. At least 1.
    pub remove_after_reads: u32,
    /// How long a just-added item is left alone.
    pub new_item_grace: Span,
    /// More removals than both limits are held for approval.
    pub max_removes: Limit,
    /// A read that lost more than both limits is suspect.
    pub max_shrink: Limit,
    /// First writes go out as 1, 10, then the rest, each read back.
    pub canary: bool,
    /// Risks that were read and accepted.
    pub acknowledge: Vec<Acknowledgement>,
    /// Items that the pair never writes, as they were written.
    pub block: Vec<String>,
}

/// A share and a number: it takes more than that share and at least that number to exceed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Part of what was there before, 0 to 100.
    pub percent: u8,
    /// Number of items.
    pub at_least: u32,
}

/// Who wins when both sides changed the same thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The source.
    Source,
    /// Whoever changed it last.
    Newest,
    /// The target.
    Target,
}

words!(Conflict { Source => "source", Newest => "newest", Target => "target" });

/// A risk that somebody accepted in writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Acknowledgement {
    /// History or ratings flow from a tracker to a media server.
    TrackerToServer,
    /// Two media servers are kept in step.
    ServerToServer,
    /// Changes travel in both directions.
    TwoWay,
    /// History or ratings are removed.
    Removes,
}

words!(Acknowledgement {
    TrackerToServer => "tracker-to-server",
    ServerToServer => "server-to-server",
    TwoWay => "two-way",
    Removes => "removes",
});

impl Policy {
    /// Whether the risk was accepted.
    pub fn acknowledges(&self, risk: Acknowledgement) -> bool {
        self.acknowledge.contains(&risk)
    }

    pub(crate) fn build(section: &Section<'_>) -> Result<Self, Problem> {
        Ok(Self {
            conflict: section.parsed("conflict")?,
            remove_after_reads: section.number("remove_after_reads")?,
            new_item_grace: section.parsed("new_item_grace")?,
            max_removes: Limit::build(&section.table("max_removes")?)?,
            max_shrink: Limit::build(&section.table("max_shrink")?)?,
            canary: section.boolean("canary")?,
            acknowledge: section.words("acknowledge")?,
            block: section.words("block")?,
        })
    }
}

impl Limit {
    fn build(section: &Section<'_>) -> Result<Self, Problem> {
        Ok(Self { percent: section.number("percent")?, at_least: section.number("at_least")? })
    }
}
