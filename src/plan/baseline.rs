//! What a pair agreed on: the memory that tells "removed" from "never there".

use crosswatch_identity::EntityIx;
use crosswatch_model::Uid;
pub use crosswatch_model::{BaselineRow, Flips, PlayKey};

/// A stored row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaselineEntry {
    /// Our entity.
    pub uid: Uid,
    /// Which play of it.
    pub play: PlayKey,
    /// What is remembered.
    pub row: BaselineRow,
}

/// A row to store (`Some`) or to forget (`None`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BaselineChange {
    /// The entity of the run; it needs a name of ours before it can be stored.
    pub entity: EntityIx,
    /// The name the row is stored under where that is not the entity's own: one that was folded into it.
    pub folded: Option<Uid>,
    /// Which play of it.
    pub play: PlayKey,
    /// The new row.
    pub row: Option<BaselineRow>,
}
