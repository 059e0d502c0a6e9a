//! The keyspaces of the database and how much memory each may use before it writes to disk.
//!
//! Rows that exist by the hundred thousand have a keyspace of their own. All small ones share the keyspace `record`,
//! each behind its own first byte: an engine keyspace costs files, memory, and some sixteen disk syncs when it is made.
//! One journal serves them all, so a batch over several of them is atomic.
//! Deliberately absent: anything that knows what the bytes mean.

use std::{borrow::Cow, ops::Bound};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, KvSeparationOptions};

/// Memory for unwritten rows of a keyspace that holds rows by the hundred thousand.
const BULK_MEMTABLE_BYTES: u64 = 4 << 20;
/// Memory for unwritten rows of the keyspace that the small ones share.
const SHARED_MEMTABLE_BYTES: u64 = 1 << 20;

/// The name of the keyspace that the small ones share.
const SHARED_NAME: &str = "record";

/// Where the rows of one kind live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Space {
    /// Counters, names and the format version.
    Meta,
    /// Who holds which resource.
    Lease,
    /// Runs, and their index by pair.
    Run,
    /// Plans, and their index by pair.
    Plan,
    /// Lines of runs and plans.
    Line,
    /// Entities.
    Item,
    /// Which entity an external id points at.
    Identity,
    /// What pairs agreed on.
    Baseline,
    /// Rows of the last complete reads.
    Reading,
    /// Heads of the last complete reads.
    ReadingHead,
    /// Writes on their way.
    Outbox,
    /// What pairs know about their features.
    PairFeature,
    /// What waits for a person.
    Held,
    /// Operations that a person said no to.
    Rejected,
    /// Items that targets refused.
    Unresolved,
    /// What happened.
    Event,
    /// The content of ledger accounts.
    Shelf,
    /// How much content ledger accounts have.
    ShelfSize,
    /// Files that were imported into ledger accounts.
    Import,
    /// Secrets of accounts. Never part of snapshots or exports.
    Secret,
    /// What adapters keep so that they need not ask again.
    Cache,
    /// What media servers told.
    Inbox,
    /// Which of it waits.
    InboxWaiting,
    /// Who watches what.
    Seat,
    /// Viewings.
    Play,
    /// Messages on their way.
    Parcel,
    /// Messages that are settled.
    ParcelSettled,
    /// Writes of ours that will come back.
    Echo,
    /// Words of people and marks of the past.
    Standing,
    /// Snapshots.
    Snapshot,
    /// Which chunks the features of a snapshot are made of.
    ChunkList,
    /// Rows of snapshots, under the hash of their bytes. They never change.
    Chunk,
}

impl Space {
    /// Every space.
    pub(crate) const ALL: [Self; 32] = [
        Self::Meta,
        Self::Lease,
        Self::Run,
        Self::Plan,
        Self::Line,
        Self::Item,
        Self::Identity,
        Self::Baseline,
        Self::Reading,
        Self::ReadingHead,
        Self::Outbox,
        Self::PairFeature,
        Self::Held,
        Self::Rejected,
        Self::Unresolved,
        Self::Event,
        Self::Shelf,
        Self::ShelfSize,
        Self::Import,
        Self::Secret,
        Self::Cache,
        Self::Inbox,
        Self::InboxWaiting,
        Self::Seat,
        Self::Play,
        Self::Parcel,
        Self::ParcelSettled,
        Self::Echo,
        Self::Standing,
        Self::Snapshot,
        Self::ChunkList,
        Self::Chunk,
    ];

    /// Its name in messages, and in the database where it has a keyspace of its own.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Lease => "lease",
            Self::Run => "run",
            Self::Plan => "plan",
            Self::Line => "line",
            Self::Item => "item",
            Self::Identity => "identity",
            Self::Baseline => "baseline",
            Self::Reading => "reading",
            Self::ReadingHead => "reading_head",
            Self::Outbox => "outbox",
            Self::PairFeature => "pair_feature",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::Unresolved => "unresolved",
            Self::Event => "event",
            Self::Shelf => "shelf",
            Self::ShelfSize => "shelf_size",
            Self::Import => "import",
            Self::Secret => "secret",
            Self::Cache => "cache",
            Self::Inbox => "inbox",
            Self::InboxWaiting => "inbox_waiting",
            Self::Seat => "seat",
            Self::Play => "play",
            Self::Parcel => "parcel",
            Self::ParcelSettled => "parcel_settled",
            Self::Echo => "echo",
            Self::Standing => "standing",
            Self::Snapshot => "snapshot",
            Self::ChunkList => "chunk_list",
            Self::Chunk => "chunk",
        }
    }

    /// The first byte of its keys in the shared keyspace. A number that was ever used is never used for anything else.
    pub(crate) const fn tag(self) -> Option<u8> {
        match self {
            Self::Meta => Some(1),
            Self::Lease => Some(2),
            Self::Run => Some(3),
            Self::Plan => Some(4),
            Self::ReadingHead => Some(5),
            Self::PairFeature => Some(6),
            Self::Held => Some(7),
            Self::Unresolved => Some(8),
            Self::Event => Some(9),
            Self::ShelfSize => Some(10),
            Self::Secret => Some(11),
            Self::Rejected => Some(12),
            Self::Inbox => Some(40),
            Self::InboxWaiting => Some(41),
            Self::Seat => Some(42),
            Self::Play => Some(43),
            Self::Parcel => Some(44),
            Self::ParcelSettled => Some(45),
            Self::Echo => Some(46),
            Self::Standing => Some(32),
            Self::Snapshot => Some(21),
            Self::Import => Some(50),
            Self::Line
            | Self::Item
            | Self::Identity
            | Self::Baseline
            | Self::Reading
            | Self::Outbox
            | Self::Shelf
            | Self::Cache
            | Self::ChunkList
            | Self::Chunk => None,
        }
    }

    /// A key as it lies in the keyspace.
    pub(crate) fn place(self, key: &[u8]) -> Cow<'_, [u8]> {
        match self.tag() {
            None => Cow::Borrowed(key),
            Some(tag) => Cow::Owned([&[tag], key].concat()),
        }
    }

    /// A key of the keyspace as the rest of the store knows it.
    pub(crate) fn key_at(self, place: &[u8]) -> &[u8] {
        match self.tag() {
            None => place,
            Some(_) => place.get(1..).unwrap_or_default(),
        }
    }

    /// The bounds of a range as they lie in the keyspace.
    pub(crate) fn places<'a>(self, range: (Bound<&'a [u8]>, Bound<&'a [u8]>)) -> (PlaceBound<'a>, PlaceBound<'a>) {
        let place = |key: Bound<&'a [u8]>| key.map(|key| self.place(key));
        match (range, self.tag()) {
            ((start, Bound::Unbounded), Some(tag)) => {
                let start = if start == Bound::Unbounded { Bound::Included(&[][..]) } else { start };
                (place(start), Bound::Excluded(Cow::Owned(vec![tag + 1])))
            }
            ((Bound::Unbounded, end), Some(_)) => (place(Bound::Included(&[])), place(end)),
            ((start, end), _) => (place(start), place(end)),
        }
    }
}

/// One end of a range of keys as they lie in a keyspace.
pub(crate) type PlaceBound<'a> = Bound<Cow<'a, [u8]>>;

/// Handles of all keyspaces.
pub(crate) struct Keyspaces {
    line: Keyspace,
    item: Keyspace,
    identity: Keyspace,
    baseline: Keyspace,
    reading: Keyspace,
    outbox: Keyspace,
    shelf: Keyspace,
    cache: Keyspace,
    chunk_list: Keyspace,
    chunk: Keyspace,
    record: Keyspace,
}

impl Keyspaces {
    /// Opens all keyspaces, creating those that are missing.
    pub(crate) fn open(database: &Database) -> fjall::Result<Self> {
        let bulk = |space: Space| open_one(database, space.name(), BULK_MEMTABLE_BYTES);
        Ok(Self {
            line: bulk(Space::Line)?,
            item: bulk(Space::Item)?,
            identity: bulk(Space::Identity)?,
            baseline: bulk(Space::Baseline)?,
            reading: bulk(Space::Reading)?,
            outbox: bulk(Space::Outbox)?,
            shelf: bulk(Space::Shelf)?,
            cache: bulk(Space::Cache)?,
            record: open_one(database, SHARED_NAME, SHARED_MEMTABLE_BYTES)?,
            chunk_list: open_one(database, Space::ChunkList.name(), SHARED_MEMTABLE_BYTES)?,
            chunk: open_separated(database, Space::Chunk.name())?,
        })
    }

    /// The keyspace that rows of this kind live in.
    pub(crate) const fn get(&self, space: Space) -> &Keyspace {
        match space {
            Space::Line => &self.line,
            Space::Item => &self.item,
            Space::Identity => &self.identity,
            Space::Baseline => &self.baseline,
            Space::Reading => &self.reading,
            Space::Outbox => &self.outbox,
            Space::Shelf => &self.shelf,
            Space::Cache => &self.cache,
            Space::ChunkList => &self.chunk_list,
            Space::Chunk => &self.chunk,
            Space::Meta
            | Space::Lease
            | Space::Run
            | Space::Plan
            | Space::ReadingHead
            | Space::PairFeature
            | Space::Held
            | Space::Rejected
            | Space::Unresolved
            | Space::Event
            | Space::ShelfSize
            | Space::Secret
            | Space::Inbox
            | Space::InboxWaiting
            | Space::Seat
            | Space::Play
            | Space::Parcel
            | Space::ParcelSettled
            | Space::Echo
            | Space::Standing
            | Space::Snapshot
            | Space::Import => &self.record,
        }
    }

    /// Every keyspace with its name.
    pub(crate) fn all(&self) -> [(&'static str, &Keyspace); 11] {
        [
            (Space::Line.name(), &self.line),
            (Space::Item.name(), &self.item),
            (Space::Identity.name(), &self.identity),
            (Space::Baseline.name(), &self.baseline),
            (Space::Reading.name(), &self.reading),
            (Space::Outbox.name(), &self.outbox),
            (Space::Shelf.name(), &self.shelf),
            (Space::Cache.name(), &self.cache),
            (Space::ChunkList.name(), &self.chunk_list),
            (Space::Chunk.name(), &self.chunk),
            (SHARED_NAME, &self.record),
        ]
    }

    /// The keyspace of this name.
    pub(crate) fn of_name(&self, name: &str) -> Option<&Keyspace> {
        self.all().into_iter().find(|(known, _)| *known == name).map(|(_, keyspace)| keyspace)
    }

    /// The keyspace that the small ones share.
    pub(crate) const fn shared(&self) -> &Keyspace {
        &self.record
    }
}

fn open_one(database: &Database, name: &str, memtable_bytes: u64) -> fjall::Result<Keyspace> {
    database.keyspace(name, || KeyspaceCreateOptions::default().max_memtable_size(memtable_bytes))
}

/// A keyspace of large values: they lie in files of their own, so that sorting its keys never copies them.
fn open_separated(database: &Database, name: &str) -> fjall::Result<Keyspace> {
    let options = || {
        let separation = KvSeparationOptions::default();
        KeyspaceCreateOptions::default().max_memtable_size(BULK_MEMTABLE_BYTES).with_kv_separation(Some(separation))
    };
    database.keyspace(name, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_that_share_a_keyspace_never_share_a_key() {
        let mut tags: Vec<u8> = Space::ALL.iter().filter_map(|space| space.tag()).collect();
        let count = tags.len();
        tags.sort_unstable();
        tags.dedup();
        assert_eq!(tags.len(), count);
        for space in Space::ALL {
            assert_eq!(space.key_at(&space.place(b"key")), b"key", "{space:?}");
        }
    }

    #[test]
    fn a_range_stays_inside_its_space() {
        let tag = Space::Lease.tag().unwrap();
        let owned = |key: &[u8]| Cow::<'_, [u8]>::Owned(key.to_vec());
        for (range, start, end) in [
            ((Bound::Unbounded, Bound::Unbounded), Bound::Included(owned(&[tag])), Bound::Excluded(owned(&[tag + 1]))),
            (
                (Bound::Excluded(&[7][..]), Bound::Unbounded),
                Bound::Excluded(owned(&[tag, 7])),
                Bound::Excluded(owned(&[tag + 1])),
            ),
            (
                (Bound::Included(&[7][..]), Bound::Excluded(&[8][..])),
                Bound::Included(owned(&[tag, 7])),
                Bound::Excluded(owned(&[tag, 8])),
            ),
        ] {
            assert_eq!(Space::Lease.places(range), (start, end), "{range:?}");
        }
        let all = (Bound::Unbounded, Bound::Unbounded);
        assert_eq!(Space::Item.places(all), (Bound::Unbounded, Bound::Unbounded));
    }
}
