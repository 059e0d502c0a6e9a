//! What waits for a person.

use crosswatch_port::HeldRecord;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Something that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Held)]
pub struct HeldShape {
    /// Stable for the same pair, feature and kind.
    id: String,
    pair: String,
    #[schema(example = "history")]
    feature: &'static str,
    #[schema(example = "removes")]
    kind: &'static str,
    /// How many operations wait.
    items: u64,
    /// One of the closed set of reasons.
    #[schema(example = "too_many_removes")]
    reason: &'static str,
    /// What waits, and why.
    sentence: String,
    /// The run that found it first.
    run: String,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// When it becomes a question: people are asked again, and it is advised to decide. It waits on, however long that
    /// takes; nothing is done or given up by itself.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl From<&HeldRecord> for HeldShape {
    fn from(held: &HeldRecord) -> Self {
        Self {
            id: held_id(held),
            pair: held.pair.to_string(),
            feature: held.feature.as_str(),
            kind: held.kind.as_str(),
            items: held.items,
            reason: held.kind.reason().as_str(),
            sentence: held.sentence.to_string(),
            run: held.run.to_string(),
            since: held.since,
            expires_at: held.expires_at(),
        }
    }
}

/// What a person said no to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Rejected)]
pub struct RejectedShape {
    /// Of what waited.
    pub(crate) id: String,
    /// How many operations are left alone from now on, until something about them changes.
    pub(crate) rejected: usize,
}

/// The id as text: 16 hex digits, because a 64-bit number does not survive every JSON reader.
pub(crate) fn held_id(held: &HeldRecord) -> String {
    format!("{:016x}", held.id)
}
