//! Why the store cannot go on. Each of these ends the process; none is retried.

use std::fmt::Write;

use crosswatch_model::Uid;

use crate::{keyspaces::Space, row::RowError};

/// What went wrong below the ledger. Its text becomes the text of the storage failure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The engine or the disk under it.
    #[error("{0}")]
    Engine(#[from] fjall::Error),
    /// A row is there and makes no sense.
    #[error("the row {key} in keyspace {space} cannot be read: {why}", space = .space.name())]
    UnreadableRow {
        /// Where.
        space: Space,
        /// Its key in hex.
        key: String,
        /// What is wrong with it.
        why: RowError,
    },
    /// A key is there and makes no sense.
    #[error("the key {key} in keyspace {space} cannot be read", space = .space.name())]
    UnreadableKey {
        /// Where.
        space: Space,
        /// The key in hex.
        key: String,
    },
    /// A key in the shared keyspace belongs to no space.
    #[error("the key {key} in the shared keyspace belongs to nothing")]
    StrayKey {
        /// The key in hex.
        key: String,
    },
    /// Two rows that move together do not fit.
    #[error("the row {key} in keyspace {space} is missing", space = .space.name())]
    MissingRow {
        /// Where.
        space: Space,
        /// Its key in hex.
        key: String,
    },
    /// A counter in a row is not what the rows add up to.
    #[error("{space} says {said} rows for key {key}, there are {found}", space = .space.name())]
    Miscounted {
        /// The keyspace of the counter.
        space: Space,
        /// The key of the counter in hex.
        key: String,
        /// What the counter says.
        said: u64,
        /// What was found.
        found: u64,
    },
    /// A value could not be turned into a row.
    #[error("a row for keyspace {space} cannot be written: {why}", space = .space.name())]
    UnwritableRow {
        /// Where it should go.
        space: Space,
        /// Why not.
        why: RowError,
    },
    /// A text in a key is far longer than any name.
    #[error("a key of {length} bytes for keyspace {space} is longer than {limit}", space = .space.name())]
    LongKey {
        /// Where it should go.
        space: Space,
        /// How long it is.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// A ledger row about an entity nobody knows.
    #[error("entity {0:?} is put on a shelf without its item; put the item in the same commit")]
    ShelfWithoutItem(Uid),
    /// A counter has no next value.
    #[error("a counter has reached its end")]
    CounterExhausted,
    /// A writer panicked and left the lock.
    #[error("a writer stopped in the middle of a commit")]
    AbandonedWriter,
}

impl StoreError {
    pub(crate) fn unreadable_key(space: Space, key: &[u8]) -> Self {
        Self::UnreadableKey { space, key: hex(key) }
    }

    pub(crate) fn unreadable_row(space: Space, key: &[u8], why: RowError) -> Self {
        Self::UnreadableRow { space, key: hex(key), why }
    }

    pub(crate) fn missing_row(space: Space, key: &[u8]) -> Self {
        Self::MissingRow { space, key: hex(key) }
    }
}

/// Bytes as lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}
