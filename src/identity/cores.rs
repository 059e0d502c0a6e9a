//! Splits a component whose ids contradict each other into cores that do not, for reading only.
//!
//! Ids that stand together in a record are linked. The links are taken from the best vouched one on (a person's word, then
//! more independent origins, then the most trusted origin, then the lowest ids); a link that would put two ids of one
//! namespace, or two ids that a person called different, into one core is a [`Conflict`] and joins nothing. This depends
//! on the links alone, not on the order in which they were read.

use std::{cmp::Reverse, collections::BTreeMap};

use crosswatch_model::Id;

use crate::union_find::UnionFind;

/// A link that was not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The two ids that some record or statement calls the same.
    pub link: (Id, Id),
    /// The two ids that would have ended in one entity through it.
    pub clash: (Id, Id),
    /// Who says so, as a set of origins of the join.
    pub(crate) origins: u64,
    /// A person called the clashing ids different, so nothing is left to decide.
    pub(crate) is_settled: bool,
}

/// A component as links between its ids.
#[derive(Debug, Default)]
pub(crate) struct Component {
    ids: Vec<Id>,
    links: BTreeMap<(Id, Id), u64>,
}

/// What the links are judged by.
pub(crate) struct Bench<'a> {
    /// The bit of the user.
    pub(crate) user: u64,
    /// Origins whose word counts for nothing in this run.
    pub(crate) distrusted: u64,
    /// Pairs that a person called different, ordered.
    pub(crate) different: &'a [(Id, Id)],
}

/// The cores of a component.
pub(crate) struct Cores {
    /// Every id with its core, which is named by its lowest id.
    pub(crate) core_of: BTreeMap<Id, Id>,
    pub(crate) conflicts: Vec<Conflict>,
}

impl Component {
    /// Adds a record: its ids, in order and without repetition, and who tells it.
    pub(crate) fn add(&mut self, ids: &[Id], origins: u64) {
        self.ids.extend_from_slice(ids);
        for (at, one) in ids.iter().enumerate() {
            for other in ids.iter().skip(at + 1) {
                *self.links.entry((*one, *other)).or_default() |= origins;
            }
        }
    }

    /// Splits the component.
    pub(crate) fn split(mut self, bench: &Bench<'_>) -> Cores {
        self.ids.sort_unstable();
        self.ids.dedup();
        let mut links: Vec<((Id, Id), u64)> = self.links.into_iter().collect();
        links.sort_by_key(|(link, origins)| {
            let trusted = origins & !bench.distrusted;
            (origins & bench.user == 0, Reverse(trusted.count_ones()), trusted.trailing_zeros(), *link)
        });
        let at = |id: Id| self.ids.binary_search(&id).ok().and_then(|at| u32::try_from(at).ok());
        let inside = bench.different.iter().filter_map(|(one, other)| Some((at(*one)?, at(*other)?)));
        let mut growing = Growing::new(&self.ids, inside.collect());
        let mut conflicts = Vec::new();
        for (link, origins) in links {
            let (Some(one), Some(other)) = (at(link.0), at(link.1)) else { continue };
            let said_by_user = origins & bench.user != 0;
            match growing.obstacle(one, other) {
                Some(Obstacle { clash, is_settled }) if is_settled || !said_by_user => {
                    conflicts.push(Conflict { link, clash, origins, is_settled });
                }
                _ => growing.join(one, other),
            }
        }
        let groups = growing.sets.groups();
        let lowest = |group: u32| groups.members(group).first().and_then(|first| self.ids.get(*first as usize));
        let core_of = (0..).zip(&self.ids).filter_map(|(at, id)| Some((*id, *lowest(groups.group_of(at))?)));
        Cores { core_of: core_of.collect(), conflicts }
    }
}

/// Why two cores cannot be one.
struct Obstacle {
    clash: (Id, Id),
    is_settled: bool,
}

/// Cores while they grow.
struct Growing<'a> {
    ids: &'a [Id],
    sets: UnionFind,
    /// Per root, the id in each namespace.
    values: Vec<[Option<Id>; 16]>,
    different: Vec<(u32, u32)>,
}

impl<'a> Growing<'a> {
    fn new(ids: &'a [Id], different: Vec<(u32, u32)>) -> Self {
        let alone = |id: &Id| {
            let mut values = [None; 16];
            if let Some(value) = values.get_mut(id.namespace() as usize) {
                *value = Some(*id);
            }
            values
        };
        let len = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        Self { ids, sets: UnionFind::new(len), values: ids.iter().map(alone).collect(), different }
    }

    fn obstacle(&mut self, one: u32, other: u32) -> Option<Obstacle> {
        let (left, right) = (self.sets.root(one), self.sets.root(other));
        if left == right {
            return None;
        }
        for (low, high) in &self.different {
            let ends = (self.sets.root(*low), self.sets.root(*high));
            if ends == (left, right) || ends == (right, left) {
                let clash = (self.ids.get(*low as usize).copied()?, self.ids.get(*high as usize).copied()?);
                return Some(Obstacle { clash, is_settled: true });
            }
        }
        let (values, others) = (self.values.get(left as usize)?, self.values.get(right as usize)?);
        values.iter().zip(others).find_map(|(value, other)| match (value, other) {
            (Some(value), Some(other)) if value != other => {
                Some(Obstacle { clash: (*value.min(other), *value.max(other)), is_settled: false })
            }
            _ => None,
        })
    }

    fn join(&mut self, one: u32, other: u32) {
        let (left, right) = (self.sets.root(one), self.sets.root(other));
        let (kept, folded) = (left.min(right), left.max(right));
        let Some(from) = self.values.get(folded as usize).copied() else { return };
        self.sets.union(one, other);
        if let Some(into) = self.values.get_mut(kept as usize) {
            for (value, other) in into.iter_mut().zip(from) {
                *value = match (*value, other) {
                    (Some(value), Some(other)) => Some(value.min(other)),
                    (value, other) => value.or(other),
                };
            }
        }
    }
}
