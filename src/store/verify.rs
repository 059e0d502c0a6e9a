//! Reading everything: every key and every row is parsed and checked, and what moves together must fit together.

use std::{cmp::Reverse, collections::BTreeMap, ops::ControlFlow};

use crosswatch_model::{BaselineRow, PlanItem};
use crosswatch_port::{
    EchoRecord, EventRecord, HeldRecord, ImportRecord, InboxRecord, OutboxRecord, PairFeatureRecord, ParcelRecord,
    PlanRecord, PlayRecord, ReadingHead, RejectedRecord, RunRecord, SeatRecord, SnapshotRecord, StandingRecord,
    UnresolvedRecord,
};

use crate::{
    failure::{StoreError, hex},
    key::{
        ChunkListKey, EventKey, FactKey, FeatureKey, FeatureOfKey, HeldKey, IdentityKey, ImportKey, ItemKey, KeptKey,
        Key, LeaseKey, LineKey, NumberKey, OutboxKey, PlayOfKey, ReadingKey, RejectedKey, RunKey, SeatName,
        StandingKey,
    },
    keyspaces::Space,
    names::MetaKey,
    row::{
        Cached, ChunkList, Entity, Lease, Life, Number, Pointer, Present, ReadFact, Secret, ShelfFact, ShelfSize,
        Stored,
    },
    snapshots::read_chunk,
    view::{KeyRange, View, decode, parse},
};

/// How many rows a keyspace has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyspaceCount {
    /// Its name.
    pub keyspace: &'static str,
    /// Its rows, all of them readable.
    pub rows: u64,
}

/// What a look at everything found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreCheck {
    /// The kinds of rows that are all readable, with how many there are.
    pub counts: Vec<KeyspaceCount>,
    /// What is wrong: the first problem of each kind of rows. Empty where nothing is.
    pub problems: Vec<String>,
}

/// Is given a key and its bytes.
type CheckRow<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError>;

impl View<'_> {
    pub(crate) fn verify(&self) -> Result<Vec<KeyspaceCount>, StoreError> {
        let counts = Space::ALL.iter().map(|space| {
            Ok::<_, StoreError>(KeyspaceCount { keyspace: space.name(), rows: self.verify_space(*space)? })
        });
        let counts = counts.collect::<Result<_, _>>()?;
        self.verify_tags()?;
        self.verify_shelf_sizes()?;
        self.verify_chunk_lists()?;
        Ok(counts)
    }

    /// Goes on after a problem, and lists what it finds.
    pub(crate) fn check(&self) -> StoreCheck {
        let (mut counts, mut problems) = (Vec::new(), Vec::new());
        for space in Space::ALL {
            match self.verify_space(space) {
                Ok(rows) => counts.push(KeyspaceCount { keyspace: space.name(), rows }),
                Err(problem) => problems.push(problem.to_string()),
            }
        }
        let together = [self.verify_tags(), self.verify_shelf_sizes()].into_iter().filter_map(Result::err);
        problems.extend(together.map(|problem| problem.to_string()));
        problems.dedup();
        StoreCheck { counts, problems }
    }

    fn verify_space(&self, space: Space) -> Result<u64, StoreError> {
        match space {
            Space::Meta => self.verify_meta(),
            Space::Lease => self.verify_rows::<LeaseKey, Lease>(space),
            Space::Run => self.verify_records::<RunRecord>(space),
            Space::Plan => self.verify_records::<PlanRecord>(space),
            Space::Line => self.verify_rows::<LineKey, PlanItem>(space),
            Space::Item => self.verify_rows::<ItemKey, Entity>(space),
            Space::Identity => self.verify_rows::<IdentityKey, Pointer>(space),
            Space::Baseline => self.verify_rows::<FactKey, BaselineRow>(space),
            Space::Reading => self.verify_rows::<ReadingKey, ReadFact>(space),
            Space::ReadingHead => self.verify_rows::<FeatureKey, ReadingHead>(space),
            Space::Outbox => self.verify_rows::<OutboxKey, OutboxRecord>(space),
            Space::PairFeature => self.verify_rows::<FeatureKey, PairFeatureRecord>(space),
            Space::Held => self.verify_rows::<HeldKey, HeldRecord>(space),
            Space::Rejected => self.verify_rows::<RejectedKey, RejectedRecord>(space),
            Space::Unresolved => self.verify_rows::<FactKey, UnresolvedRecord>(space),
            Space::Event => self.verify_rows::<EventKey, EventRecord>(space),
            Space::Shelf => self.verify_rows::<FactKey, ShelfFact>(space),
            Space::ShelfSize => self.verify_rows::<FeatureKey, ShelfSize>(space),
            Space::Import => self.verify_rows::<ImportKey, ImportRecord>(space),
            Space::Secret => self.verify_rows::<KeptKey, Secret>(space),
            Space::Cache => self.verify_rows::<KeptKey, Cached>(space),
            Space::Inbox => self.verify_rows::<NumberKey, InboxRecord>(space),
            Space::InboxWaiting => self.verify_rows::<NumberKey, Present>(space),
            Space::Seat => self.verify_rows::<SeatName, SeatRecord>(space),
            Space::Play => self.verify_rows::<PlayOfKey, PlayRecord>(space),
            Space::Parcel => self.verify_rows::<OutboxKey, ParcelRecord>(space),
            Space::ParcelSettled => self.verify_rows::<NumberKey, ParcelRecord>(space),
            Space::Echo => self.verify_rows::<FeatureOfKey, EchoRecord>(space),
            Space::Standing => self.verify_rows::<StandingKey, StandingRecord>(space),
            Space::Snapshot => self.verify_rows::<RunKey, SnapshotRecord>(space),
            Space::ChunkList => self.verify_rows::<ChunkListKey, ChunkList>(space),
            Space::Chunk => self.count(space, &mut |key, bytes| read_chunk(key, bytes).map(drop)),
        }
    }

    fn verify_rows<K: Key, T: Stored>(&self, space: Space) -> Result<u64, StoreError> {
        self.count(space, &mut |key, bytes| {
            parse::<K>(space, key)?;
            decode::<T>(space, key, bytes)?;
            Ok(())
        })
    }

    /// Records and index entries; each entry must have its record.
    fn verify_records<T: Stored>(&self, space: Space) -> Result<u64, StoreError> {
        self.count(space, &mut |key, bytes| match parse(space, key)? {
            RunKey::Record(_) => decode::<T>(space, key, bytes).map(drop),
            RunKey::OfPair(_, Reverse(id)) => {
                decode::<Present>(space, key, bytes)?;
                let record = RunKey::Record(Reverse(id)).bytes();
                match self.bytes(space, &record)? {
                    Some(_) => Ok(()),
                    None => Err(StoreError::missing_row(space, &record)),
                }
            }
        })
    }

    fn verify_meta(&self) -> Result<u64, StoreError> {
        let space = Space::Meta;
        self.count(space, &mut |key, bytes| match parse(space, key)? {
            MetaKey::Life => decode::<Life>(space, key, bytes).map(drop),
            _ => decode::<Number>(space, key, bytes).map(drop),
        })
    }

    /// Every key of the shared keyspace must belong to somebody.
    fn verify_tags(&self) -> Result<(), StoreError> {
        self.visit_shared_keys(&mut |key| {
            let is_known = Space::ALL.iter().any(|space| space.tag().is_some() && space.tag() == key.first().copied());
            if is_known { Ok(()) } else { Err(StoreError::StrayKey { key: hex(key) }) }
        })
    }

    /// What the counters of the shelves say must be what lies there, and every row must have its item.
    fn verify_shelf_sizes(&self) -> Result<(), StoreError> {
        let mut found: BTreeMap<FeatureKey, u64> = BTreeMap::new();
        self.count(Space::Shelf, &mut |key, _| {
            let key: FactKey = parse(Space::Shelf, key)?;
            let item = ItemKey(key.uid).bytes();
            if self.bytes(Space::Item, &item)?.is_none() {
                return Err(StoreError::missing_row(Space::Item, &item));
            }
            *found.entry(FeatureKey { scope: key.scope, feature: key.feature }).or_default() += 1;
            Ok(())
        })?;
        self.count(Space::ShelfSize, &mut |key, bytes| {
            let size: ShelfSize = decode(Space::ShelfSize, key, bytes)?;
            let found = found.remove(&parse(Space::ShelfSize, key)?).unwrap_or(0);
            miscounted(key, size.rows, found)
        })?;
        found.into_iter().try_for_each(|(key, found)| miscounted(&key.bytes(), 0, found))
    }

    fn count(&self, space: Space, check: CheckRow<'_>) -> Result<u64, StoreError> {
        let mut rows = 0;
        self.visit_bytes(space, &KeyRange::ALL, &mut |key, bytes| {
            check(key, bytes)?;
            rows += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(rows)
    }
}

fn miscounted(key: &[u8], said: u64, found: u64) -> Result<(), StoreError> {
    if said == found {
        return Ok(());
    }
    Err(StoreError::Miscounted { space: Space::ShelfSize, key: hex(key), said, found })
}
