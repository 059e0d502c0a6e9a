//! The keyspaces of the database and how much memory each may use before it writes to disk.
//!
//! One journal serves them all, so a batch over several of them is atomic.
//! Deliberately absent: anything that knows what the bytes mean.

use fjall::{Database, Keyspace, KeyspaceCreateOptions};

/// Memory for unwritten rows of a keyspace that holds rows by the hundred thousand.
const BULK_MEMTABLE_BYTES: u64 = 4 << 20;
/// Memory for unwritten rows of a keyspace with few rows.
const SMALL_MEMTABLE_BYTES: u64 = 1 << 20;

macro_rules! spaces {
    ($($(#[$doc:meta])* $variant:ident $field:ident $memtable:ident),+ $(,)?) => {
        /// Names a keyspace.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Space {
            $($(#[$doc])* $variant),+
        }

        impl Space {
            /// Every keyspace.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in the database and in messages.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($field)),+ }
            }
        }

        /// Handles of all keyspaces.
        #[derive(Clone)]
        pub(crate) struct Keyspaces {
            $($field: Keyspace),+
        }

        impl Keyspaces {
            /// Opens all keyspaces, creating those that are missing.
            pub(crate) fn open(database: &Database) -> fjall::Result<Self> {
                Ok(Self { $($field: open_one(database, stringify!($field), $memtable)?),+ })
            }

            /// The handle of a keyspace.
            pub(crate) const fn get(&self, space: Space) -> &Keyspace {
                match space { $(Space::$variant => &self.$field),+ }
            }
        }
    };
}

spaces! {
    /// Counters, names and the format version.
    Meta meta SMALL_MEMTABLE_BYTES,
    /// Who holds which resource.
    Lease lease SMALL_MEMTABLE_BYTES,
    /// Runs, and their index by pair.
    Run run SMALL_MEMTABLE_BYTES,
    /// Plans, and their index by pair.
    Plan plan SMALL_MEMTABLE_BYTES,
    /// Lines of runs and plans.
    Line line BULK_MEMTABLE_BYTES,
    /// Entities.
    Item item BULK_MEMTABLE_BYTES,
    /// Which entity an external id points at.
    Identity identity BULK_MEMTABLE_BYTES,
    /// What pairs agreed on.
    Baseline baseline BULK_MEMTABLE_BYTES,
    /// Rows of the last complete reads.
    Reading reading BULK_MEMTABLE_BYTES,
    /// Heads of the last complete reads.
    ReadingHead reading_head SMALL_MEMTABLE_BYTES,
    /// Writes on their way.
    Outbox outbox BULK_MEMTABLE_BYTES,
    /// What pairs know about their features.
    PairFeature pair_feature SMALL_MEMTABLE_BYTES,
    /// What waits for a person.
    Held held SMALL_MEMTABLE_BYTES,
    /// Items that targets refused.
    Unresolved unresolved SMALL_MEMTABLE_BYTES,
    /// What happened.
    Event event SMALL_MEMTABLE_BYTES,
    /// The content of ledger accounts.
    Shelf shelf BULK_MEMTABLE_BYTES,
    /// How much content ledger accounts have.
    ShelfSize shelf_size SMALL_MEMTABLE_BYTES,
    /// Secrets of accounts. Never part of snapshots or exports.
    Secret secret SMALL_MEMTABLE_BYTES,
}

fn open_one(database: &Database, name: &str, memtable_bytes: u64) -> fjall::Result<Keyspace> {
    database.keyspace(name, || KeyspaceCreateOptions::default().max_memtable_size(memtable_bytes))
}
