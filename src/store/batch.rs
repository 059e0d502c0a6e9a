//! Changes on their way into the database.
//!
//! A batch sees its own changes: what an earlier change of the same group wrote is what a later one reads.
//! Every key is written at most once, with its last value, because the engine gives a whole batch one version number.
//! Nothing of it is visible to anybody before [`Batch::write`], and then all of it is.

use std::collections::BTreeMap;

use crosswatch_port::Durability;
use fjall::{Database, PersistMode};
use smol_str::SmolStr;

use crate::{
    failure::StoreError,
    key::Key,
    keyspaces::Space,
    names::NameKind,
    row::{self, Stored},
    view::{KeyRange, View, decode},
};

/// No key is near as long; the engine would take 65,535 bytes.
const KEY_LIMIT_BYTES: usize = 512;

/// Changes, and the moment they are based on.
pub(crate) struct Batch<'a> {
    view: View<'a>,
    /// The numbers of names seen so far.
    pub(crate) names: BTreeMap<(NameKind, SmolStr), u32>,
    /// What becomes of a key; `None` removes it.
    changes: BTreeMap<Space, BTreeMap<Vec<u8>, Option<Vec<u8>>>>,
}

impl<'a> Batch<'a> {
    pub(crate) const fn on(view: View<'a>) -> Self {
        Self { view, names: BTreeMap::new(), changes: BTreeMap::new() }
    }

    /// The moment before this batch.
    pub(crate) const fn view(&self) -> &View<'a> {
        &self.view
    }

    /// The value at a key as it will be.
    pub(crate) fn get<T: Stored>(&self, space: Space, key: &impl Key) -> Result<Option<T>, StoreError> {
        let bytes = key.bytes();
        match self.changes.get(&space).and_then(|changes| changes.get(&bytes)) {
            Some(Some(value)) => decode(space, &bytes, value).map(Some),
            Some(None) => Ok(None),
            None => self.view.value(space, key),
        }
    }

    /// Whether there will be a value at a key.
    pub(crate) fn contains(&self, space: Space, key: &impl Key) -> Result<bool, StoreError> {
        let bytes = key.bytes();
        match self.changes.get(&space).and_then(|changes| changes.get(&bytes)) {
            Some(change) => Ok(change.is_some()),
            None => self.view.contains(space, &bytes),
        }
    }

    /// Writes a value.
    pub(crate) fn put<T: Stored>(&mut self, space: Space, key: &impl Key, value: &T) -> Result<(), StoreError> {
        let bytes = row::encode(value).map_err(|why| StoreError::UnwritableRow { space, why })?;
        self.change(space, key.bytes(), Some(bytes))
    }

    /// Writes bytes that are a value already.
    pub(crate) fn put_bytes(&mut self, space: Space, key: &impl Key, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.change(space, key.bytes(), Some(bytes))
    }

    /// Removes a value; one that is not there changes nothing.
    pub(crate) fn remove(&mut self, space: Space, key: &impl Key) -> Result<(), StoreError> {
        self.change(space, key.bytes(), None)
    }

    /// Removes everything in a range.
    pub(crate) fn remove_range(&mut self, space: Space, range: &KeyRange) -> Result<(), StoreError> {
        for key in self.keys(space, range)? {
            self.change(space, key, None)?;
        }
        Ok(())
    }

    /// Removes the first `count` keys of a range.
    pub(crate) fn remove_first(&mut self, space: Space, range: &KeyRange, count: usize) -> Result<(), StoreError> {
        for key in self.keys(space, range)?.into_iter().take(count) {
            self.change(space, key, None)?;
        }
        Ok(())
    }

    /// The last key of a range as it will be.
    pub(crate) fn last_key(&self, space: Space, range: &KeyRange) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.keys(space, range)?.pop())
    }

    /// The keys of a range as they will be, in order.
    pub(crate) fn keys(&self, space: Space, range: &KeyRange) -> Result<Vec<Vec<u8>>, StoreError> {
        let changes = self.changes.get(&space);
        let mut keys = Vec::new();
        self.view.visit_bytes(space, range, &mut |key, _| {
            if changes.is_none_or(|changes| !changes.contains_key(key)) {
                keys.push(key.to_vec());
            }
            Ok(std::ops::ControlFlow::Continue(()))
        })?;
        let written = changes.into_iter().flat_map(|changes| changes.range::<[u8], _>(range.bounds()));
        keys.extend(written.filter(|(_, value)| value.is_some()).map(|(key, _)| key.clone()));
        keys.sort_unstable();
        Ok(keys)
    }

    fn change(&mut self, space: Space, key: Vec<u8>, value: Option<Vec<u8>>) -> Result<(), StoreError> {
        if key.len() > KEY_LIMIT_BYTES {
            return Err(StoreError::LongKey { space, length: key.len(), limit: KEY_LIMIT_BYTES });
        }
        self.changes.entry(space).or_default().insert(key, value);
        Ok(())
    }

    /// Writes everything at once. A synced batch also puts on the disk what was buffered before it, even an empty one.
    pub(crate) fn write(self, database: &Database, durability: Durability) -> Result<(), StoreError> {
        let mode = match durability {
            Durability::Buffered => PersistMode::Buffer,
            Durability::Synced => PersistMode::SyncData,
        };
        let mut batch = database.batch().durability(Some(mode));
        for (space, changes) in self.changes {
            let keyspace = self.view.spaces().get(space);
            for (key, value) in changes {
                let place = space.place(&key);
                match value {
                    Some(value) => batch.insert(keyspace, &*place, value),
                    None => batch.remove(keyspace, &*place),
                }
            }
        }
        if batch.is_empty() {
            if durability == Durability::Synced {
                database.persist(mode)?;
            }
            return Ok(());
        }
        Ok(batch.commit()?)
    }
}
