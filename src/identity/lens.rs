//! How the ids of a record are read: without ignored ones, redirected ones as what they became, and in a contradictory
//! record only those of the core it belongs to.

use std::{cmp::Reverse, collections::BTreeMap};

use crosswatch_model::Id;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::provenance::Origin;

/// The reading. The usual one changes nothing and costs nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lens {
    ignored: FxHashSet<Id>,
    redirects: FxHashMap<Id, Id>,
    /// Of every id in a split component, the core: its lowest id.
    core_of_id: FxHashMap<Id, Id>,
    /// Of every element in a split component, the core.
    core_of_element: FxHashMap<u32, Id>,
}

impl Lens {
    /// `moved` holds each redirect with the origins that declare it.
    pub(crate) fn new(ignored: impl Iterator<Item = Id>, moved: BTreeMap<(Id, Id), Vec<&Origin>>) -> Self {
        let mut best: BTreeMap<Id, (Reverse<usize>, &Origin, Id)> = BTreeMap::new();
        for ((old, new), mut origins) in moved {
            origins.sort_unstable();
            origins.dedup();
            let Some(trusted) = origins.first().copied() else { continue };
            let rank = (Reverse(origins.len()), trusted, new);
            best.entry(old).and_modify(|known| *known = (*known).min(rank)).or_insert(rank);
        }
        let next = |id: Id| best.get(&id).map(|(_, _, new)| *new);
        let redirects = best.keys().map(|old| (*old, end_of_chain(*old, next))).filter(|(old, new)| old != new);
        Self { ignored: ignored.collect(), redirects: redirects.collect(), ..Self::default() }
    }

    /// The id as it is to be read, if at all.
    pub(crate) fn read(&self, id: Id) -> Option<Id> {
        if self.ignored.is_empty() && self.redirects.is_empty() {
            return Some(id);
        }
        let read = self.redirects.get(&id).copied().unwrap_or(id);
        let is_ignored = self.ignored.contains(&id) || self.ignored.contains(&read);
        (!is_ignored).then_some(read)
    }

    /// Whether an id that was read belongs to this element.
    pub(crate) fn belongs(&self, element: u32, id: Id) -> bool {
        match self.core_of_id.get(&id) {
            None => true,
            Some(core) => self.core_of_element.get(&element).is_none_or(|own| own == core),
        }
    }

    /// Tells the cores of split components.
    pub(crate) fn split(&mut self, ids: impl Iterator<Item = (Id, Id)>, elements: impl Iterator<Item = (u32, Id)>) {
        self.core_of_id.extend(ids);
        self.core_of_element.extend(elements);
    }
}

/// Follows redirects to their end. A ring ends at its lowest id.
fn end_of_chain(start: Id, next: impl Fn(Id) -> Option<Id>) -> Id {
    let mut passed = vec![start];
    let mut at = start;
    while let Some(new) = next(at) {
        if let Some(ring) = passed.iter().position(|id| *id == new) {
            return passed.iter().skip(ring).copied().min().unwrap_or(new);
        }
        passed.push(new);
        at = new;
    }
    at
}
