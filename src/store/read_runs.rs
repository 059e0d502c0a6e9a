//! Reads of runs, plans, their lines, imports, and events: what people look at, newest first.

use std::{cmp::Reverse, ops::ControlFlow};

use crosswatch_model::{PairId, ProviderId, RunId};
use crosswatch_port::{EventRecord, ImportRecord, LineRecord};

use crate::{
    failure::StoreError,
    key::{ImportKey, Key, LineKey, RunKey, line_prefix, pair_index_prefix, record_prefix},
    keyspaces::Space,
    row::Stored,
    view::{KeyRange, View, decode, parse},
};

impl View<'_> {
    /// One run or plan.
    pub(crate) fn record<T: Stored>(&self, space: Space, id: RunId) -> Result<Option<T>, StoreError> {
        self.value(space, &RunKey::Record(Reverse(id)))
    }

    /// Runs or plans, newest first, of one pair or of all.
    pub(crate) fn records<T: Stored>(
        &self,
        space: Space,
        pair: Option<&PairId>,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<T>, StoreError> {
        let Some(pair) = pair else {
            let after = after.map(|id| RunKey::Record(Reverse(id)));
            return self.values(space, &KeyRange::below(record_prefix()).after(after.as_ref()), limit);
        };
        let Some(pair) = self.pair(pair)? else { return Ok(Vec::new()) };
        let after = after.map(|id| RunKey::OfPair(pair, Reverse(id)));
        let mut records = Vec::new();
        for id in self.ids_of_pair(space, &KeyRange::below(pair_index_prefix(pair)).after(after.as_ref()), limit)? {
            let key = RunKey::Record(Reverse(id));
            let record = self.value(space, &key)?;
            records.push(record.ok_or_else(|| StoreError::missing_row(space, &key.bytes()))?);
        }
        Ok(records)
    }

    fn ids_of_pair(&self, space: Space, range: &KeyRange, limit: usize) -> Result<Vec<RunId>, StoreError> {
        let mut ids = Vec::new();
        if limit == 0 {
            return Ok(ids);
        }
        self.visit_bytes(space, range, &mut |key, _| match parse(space, key)? {
            RunKey::OfPair(_, Reverse(id)) => {
                ids.push(id);
                Ok(if ids.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
            }
            RunKey::Record(_) => Err(StoreError::unreadable_key(space, key)),
        })?;
        Ok(ids)
    }

    pub(crate) fn visit_lines(
        &self,
        owner: RunId,
        from: u32,
        visit: &mut dyn FnMut(LineRecord) -> bool,
    ) -> Result<(), StoreError> {
        let lines = KeyRange::below(line_prefix(owner)).starting_at(&LineKey { owner, number: from });
        self.visit(Space::Line, &lines, &mut |LineKey { owner, number }, line| {
            if visit(LineRecord { owner, number, line }) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
    }

    /// The imports into an account.
    pub(crate) fn imports(&self, account: &ProviderId) -> Result<Vec<ImportRecord>, StoreError> {
        let imports: Vec<ImportRecord> = self.values(Space::Import, &KeyRange::ALL, usize::MAX)?;
        Ok(imports.into_iter().filter(|import| import.account == *account).collect())
    }

    /// One import.
    pub(crate) fn import(&self, id: RunId) -> Result<Option<ImportRecord>, StoreError> {
        self.value(Space::Import, &ImportKey(Reverse(id)))
    }

    pub(crate) fn events(&self, limit: usize) -> Result<Vec<EventRecord>, StoreError> {
        let mut events = Vec::new();
        if limit == 0 {
            return Ok(events);
        }
        self.visit_bytes_backwards(Space::Event, &KeyRange::ALL, &mut |key, bytes| {
            events.push(decode(Space::Event, key, bytes)?);
            Ok(if events.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(events)
    }
}
