//! The plan of one feature: what is to be written, what waits, and what is learned.

use crosswatch_identity::EntityIx;
pub use crosswatch_model::After;
use crosswatch_model::{Counts, Feature, HoldKind, PlanItem, ReadReport, Side};
use smol_str::SmolStr;

use crate::baseline::{BaselineChange, PlayKey};

/// One line of a plan, with what follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedItem {
    /// The entity; a row without identity has none.
    pub entity: Option<EntityIx>,
    /// Which play of it.
    pub play: PlayKey,
    /// The line.
    pub line: PlanItem,
    /// What the baseline becomes once the write is confirmed. For a held line: once it was approved and confirmed.
    pub after: After,
    /// A row that this rests on names something else than before. Where it is written, a person agreed to that.
    pub is_rematched: bool,
}

/// Something that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Which guard holds it.
    pub kind: HoldKind,
    /// The feature.
    pub feature: Feature,
    /// The side that would be written.
    pub side: Side,
    /// How many items wait, or for a shrunken side how many are gone.
    pub items: u64,
    /// What happened and what approving does.
    pub sentence: SmolStr,
}

/// The plan of one feature.
#[derive(Debug, Clone, PartialEq)]
pub struct FeaturePlan {
    /// The lines in a fixed order. What is in step is only counted.
    pub items: Vec<PlannedItem>,
    /// How many of each.
    pub counts: Counts,
    /// What waits for a person.
    pub holds: Vec<Hold>,
    /// What the baseline learns from the reads alone. Only rows that differ from the stored ones.
    pub settle: Vec<BaselineChange>,
    /// What a person should know about the plan as a whole.
    pub notices: Vec<SmolStr>,
    /// How the source was read.
    pub source: ReadReport,
    /// How the target was read.
    pub target: ReadReport,
}
