//! Who is who: typed ids joined into entities, with contradictions kept apart.
//!
//! A [`Catalog`] holds the items of one run in little memory, [`Evidence`] what is known beside them (lookups, redirects,
//! tables, the user's word), and [`join`] says which items are the same thing: that is the one way from rows to entities.
//! [`Join::confidence`] says how sure it is, [`policy`] what that is good enough for. Around it stand what comes before
//! ([`plex_guid`], [`web_address`], [`namespace_of_key`]: text to ids; [`anime_lists`], [`edits`], [`Alignment`]: tables
//! to an [`Atlas`] of episode coordinates) and what comes after ([`rematch`]: what became of an account's rows;
//! [`pending`]: writes that cannot arrive yet; [`aliases`]: our own names; [`parts`]: files and episodes).
//!
//! Promises: the answer does not depend on the order of the input; a movie and a show never meet; numbers of different
//! ordering schemes are never compared; an entity whose ids contradict each other is [`Placement::Disputed`], which nobody
//! may write to, until a person has decided, and then the person's word holds.
//! Deliberately absent: tables (the caller brings the text), storage, clocks, chance and I/O. Classes are not maintained
//! from run to run: a million items are joined anew in half a second, and what is derived cannot go stale.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod aliases;
mod alignment;
pub mod anime_lists;
mod atlas;
mod bound;
mod by_id;
mod catalog;
mod charts;
mod classes;
mod confidence;
mod cores;
pub mod edits;
mod elements;
mod evidence;
mod id_index;
mod join;
mod lens;
mod merged;
pub mod parts;
pub mod pending;
pub mod policy;
mod provenance;
mod provider_ids;
pub mod rematch;
mod slots;
mod table;
mod titles;
mod union_find;
pub mod web_address;

pub use alignment::{Alignment, Listed, Segment};
pub use atlas::{Atlas, Layer, Numbering, PartOf, Place, Ratio, RowRejection, Stretch, Translation};
pub use catalog::{Catalog, CatalogFull, ItemIx, WitnessIx};
pub use confidence::{
    Confidence, Likeness, MAX_AIR_DAYS_APART, MAX_RUNTIME_PERCENT_APART, MAX_YEARS_APART, Placing, Said, Titles,
};
pub use cores::Conflict;
pub use crosswatch_model::plex_guid;
pub use evidence::{Entry, Evidence, EvidenceRejection, Verdict};
pub use id_index::IdIndex;
pub use join::{EntityIx, Join, Placement, join};
pub use plex_guid::Parsed;
pub use provenance::{How, Origin, Provenance, Source, Witness};
pub use provider_ids::namespace_of_key;
pub use table::{Table, TableFault, TableShift};
pub use titles::{TitleMatch, look_mislabelled, may_be_aliases, title_matches};
