//! One moment of the database: every read of a view sees the same commits, and never half of one.

use std::ops::{Bound, ControlFlow};

use fjall::{Readable, Snapshot, UserValue};

use crate::{
    failure::StoreError,
    key::Key,
    keyspaces::{Keyspaces, Space},
    row::{self, Stored},
};

/// Reads of one moment. Keep it short: while it lives, nothing it may see is cleaned up.
pub(crate) struct View<'a> {
    spaces: &'a Keyspaces,
    snapshot: Snapshot,
}

/// Is given a key and its bytes, and says whether it wants the next.
type VisitBytes<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, StoreError>;

impl<'a> View<'a> {
    pub(crate) const fn new(spaces: &'a Keyspaces, snapshot: Snapshot) -> Self {
        Self { spaces, snapshot }
    }

    /// The keyspaces it reads from.
    pub(crate) const fn spaces(&self) -> &'a Keyspaces {
        self.spaces
    }

    /// The bytes at a key.
    pub(crate) fn bytes(&self, space: Space, key: &[u8]) -> Result<Option<UserValue>, StoreError> {
        Ok(self.snapshot.get(self.spaces.get(space), space.place(key))?)
    }

    /// Whether there is a value at a key.
    pub(crate) fn contains(&self, space: Space, key: &[u8]) -> Result<bool, StoreError> {
        Ok(self.snapshot.contains_key(self.spaces.get(space), space.place(key))?)
    }

    /// The keys of a range, in order. Large values are not touched.
    pub(crate) fn keys(&self, space: Space, range: &KeyRange) -> Result<Vec<Vec<u8>>, StoreError> {
        self.rows(space, range).map(|row| Ok(space.key_at(&row.key()?).to_vec())).collect()
    }

    /// The value at a key.
    pub(crate) fn value<T: Stored>(&self, space: Space, key: &impl Key) -> Result<Option<T>, StoreError> {
        let key = key.bytes();
        self.bytes(space, &key)?.map(|bytes| decode(space, &key, &bytes)).transpose()
    }

    /// Visits keys and bytes of a range, in key order, until `visit` breaks.
    pub(crate) fn visit_bytes(&self, space: Space, range: &KeyRange, visit: VisitBytes<'_>) -> Result<(), StoreError> {
        visit_rows(space, self.rows(space, range), visit)
    }

    /// The same from the end, highest key first.
    pub(crate) fn visit_bytes_backwards(
        &self,
        space: Space,
        range: &KeyRange,
        visit: VisitBytes<'_>,
    ) -> Result<(), StoreError> {
        visit_rows(space, self.rows(space, range).rev(), visit)
    }

    fn rows(&self, space: Space, range: &KeyRange) -> fjall::Iter {
        self.snapshot.range(self.spaces.get(space), space.places(range.bounds()))
    }

    /// Every row of a keyspace as it lies there.
    pub(crate) fn rows_of(&self, keyspace: &fjall::Keyspace) -> fjall::Iter {
        self.snapshot.iter(keyspace)
    }

    /// Visits every key of the shared keyspace, with its first byte.
    pub(crate) fn visit_shared_keys(
        &self,
        visit: &mut dyn FnMut(&[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for row in self.snapshot.iter(self.spaces.shared()) {
            visit(&row.key()?)?;
        }
        Ok(())
    }

    /// Visits keys and values in key order until `visit` breaks.
    pub(crate) fn visit<K: Key, T: Stored>(
        &self,
        space: Space,
        range: &KeyRange,
        visit: &mut dyn FnMut(K, T) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.visit_bytes(space, range, &mut |key, bytes| Ok(visit(parse(space, key)?, decode(space, key, bytes)?)))
    }

    /// Values in key order, at most `limit`.
    pub(crate) fn values<T: Stored>(&self, space: Space, range: &KeyRange, limit: usize) -> Result<Vec<T>, StoreError> {
        let mut values = Vec::new();
        if limit == 0 {
            return Ok(values);
        }
        self.visit_bytes(space, range, &mut |key, bytes| {
            values.push(decode(space, key, bytes)?);
            Ok(if values.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(values)
    }
}

fn visit_rows(space: Space, rows: impl Iterator<Item = fjall::Guard>, visit: VisitBytes<'_>) -> Result<(), StoreError> {
    for row in rows {
        let (place, value) = row.into_inner()?;
        if visit(space.key_at(&place), &value)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// The value of a row, or an error that says which row it was.
pub(crate) fn decode<T: Stored>(space: Space, key: &[u8], bytes: &[u8]) -> Result<T, StoreError> {
    row::decode(bytes).map_err(|why| StoreError::unreadable_row(space, key, why))
}

/// The value of a key, or an error that says which key it was.
pub(crate) fn parse<K: Key>(space: Space, key: &[u8]) -> Result<K, StoreError> {
    K::parse(key).ok_or_else(|| StoreError::unreadable_key(space, key))
}

/// All keys that begin with a prefix, from a first one on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyRange {
    start: Bound<Vec<u8>>,
    end: Bound<Vec<u8>>,
}

impl KeyRange {
    /// Every key there is.
    pub(crate) const ALL: Self = Self { start: Bound::Unbounded, end: Bound::Unbounded };

    /// All keys below the prefix.
    pub(crate) fn below(prefix: Vec<u8>) -> Self {
        let end = end_of(&prefix);
        Self { start: Bound::Included(prefix), end }
    }

    /// The same without the keys before this one.
    #[must_use]
    pub(crate) fn starting_at(self, key: &impl Key) -> Self {
        Self { start: Bound::Included(key.bytes()), end: self.end }
    }

    /// The same without this key and those before it, where there is one.
    #[must_use]
    pub(crate) fn after<K: Key>(self, key: Option<&K>) -> Self {
        match key {
            Some(key) => Self { start: Bound::Excluded(key.bytes()), end: self.end },
            None => self,
        }
    }

    /// The same without this key and those behind it.
    #[must_use]
    pub(crate) fn ending_before(self, key: &impl Key) -> Self {
        Self { start: self.start, end: Bound::Excluded(key.bytes()) }
    }

    pub(crate) fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        (self.start.as_ref().map(Vec::as_slice), self.end.as_ref().map(Vec::as_slice))
    }
}

/// The first key behind all keys with this prefix.
fn end_of(prefix: &[u8]) -> Bound<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Bound::Excluded(end);
        }
    }
    Bound::Unbounded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_ends_behind_the_last_key_with_its_prefix() {
        for (prefix, end) in [
            (vec![1, 2], Bound::Excluded(vec![1, 3])),
            (vec![1, 0xff], Bound::Excluded(vec![2])),
            (vec![0xff, 0xff], Bound::Unbounded),
            (vec![], Bound::Unbounded),
        ] {
            assert_eq!(KeyRange::below(prefix.clone()).end, end, "{prefix:?}");
        }
    }
}
