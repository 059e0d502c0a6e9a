//! The first step to classes: elements that share an id are one component, and a component whose ids contradict each other
//! is split into cores.
//!
//! Every core of a contradictory component is disputed, unless a person has called all that clashes in it different.
//! An origin whose links clash too often counts for nothing when the components are split.

use crosswatch_model::{Id, Kind};
use rustc_hash::FxHashMap;

use crate::{
    catalog::fx,
    classes::Dispute,
    cores::{Bench, Component, Conflict},
    elements::Elements,
    evidence::Evidence,
    lens::Lens,
    slots::Slots,
    union_find::{Groups, NO_GROUP, UnionFind},
};

/// An id that is seen at more places than this is not the id of an episode: some rows carry the id of their show.
const MAX_PLACES: usize = 4;
/// An origin is distrusted when its links clash in more components than this …
const MAX_CLASHES: usize = 20;
/// … and in more of its components than this.
const MAX_CLASHES_PERCENT: usize = 2;

/// The components and cores.
pub(crate) struct ById {
    pub(crate) groups: Groups,
    pub(crate) sets: UnionFind,
    /// Per group, why it is disputed.
    pub(crate) disputes: Vec<Dispute>,
    pub(crate) conflicts: Vec<Conflict>,
    /// Origins whose word counts for nothing in this run.
    pub(crate) distrusted: u64,
    /// Of every disputed core, the first one of its component.
    first_core: FxHashMap<u32, u32>,
}

impl ById {
    /// Finds the components, and tells `lens` the cores of those that are split.
    pub(crate) fn of(elements: Elements<'_>, evidence: &Evidence, user: u64, lens: &mut Lens) -> Self {
        let (mut sets, seen) = sets_by_id(elements);
        let groups = sets.groups();
        let different = different_pairs(evidence, lens);
        let dirty = dirty_groups(elements, &groups, &seen, &different);
        drop(seen);
        if dirty.is_empty() {
            let disputes = (0..groups.count()).map(|group| judge(elements, groups.members(group))).collect();
            let first_core = FxHashMap::default();
            return Self { groups, sets, disputes, conflicts: Vec::new(), distrusted: 0, first_core };
        }
        let mut splitting = Splitting::new(elements, &groups, &dirty);
        splitting.split(&Bench { user, distrusted: 0, different: &different });
        let distrusted = splitting.distrusted() & !user;
        if distrusted != 0 {
            splitting = Splitting::new(elements, &groups, &dirty);
            splitting.split(&Bench { user, distrusted, different: &different });
        }
        let Splitting { conflicts, cores, disputed, .. } = splitting;
        let (groups, disputes, first_core) = regroup(elements, &groups, &cores, &disputed);
        lens.split(cores.of_id.into_iter(), cores.of_element.into_iter());
        Self { sets: UnionFind::of_groups(&groups), groups, disputes, conflicts, distrusted, first_core }
    }

    /// The show in which an element's seasons and episodes stand. While it is disputed which core is which show, numbers
    /// below all of them meet.
    pub(crate) fn show_group(&self, element: u32) -> u32 {
        let group = self.groups.group_of(element);
        self.first_core.get(&group).copied().unwrap_or(group)
    }
}

fn sets_by_id(elements: Elements<'_>) -> (UnionFind, Slots) {
    let mut sets = UnionFind::new(elements.len());
    let mut seen = Slots::with_room(elements.total_ids());
    for element in 0..elements.len() {
        for id in elements.ids(element) {
            match element_with(elements, &seen, id) {
                Some(other) => sets.union(other, element),
                None => seen.insert(fx(&id), element),
            }
        }
    }
    (sets, seen)
}

fn element_with(elements: Elements<'_>, seen: &Slots, id: Id) -> Option<u32> {
    seen.find(fx(&id), |element| elements.ids(element).any(|seen| seen == id))
}

fn different_pairs(evidence: &Evidence, lens: &Lens) -> Vec<(Id, Id)> {
    let read = |(one, other)| {
        let (one, other) = (lens.read(one)?, lens.read(other)?);
        (one != other).then_some((one.min(other), one.max(other)))
    };
    evidence.different().filter_map(read).collect()
}

/// The groups that contradict themselves or a person, in order.
fn dirty_groups(elements: Elements<'_>, groups: &Groups, seen: &Slots, different: &[(Id, Id)]) -> Vec<u32> {
    let is_dirty = |group: &u32| clash(groups.members(*group).iter().flat_map(|member| elements.ids(*member)));
    let mut dirty: Vec<u32> = (0..groups.count()).filter(is_dirty).collect();
    let group_with = |id: Id| element_with(elements, seen, id).map(|element| groups.group_of(element));
    for (one, other) in different {
        match (group_with(*one), group_with(*other)) {
            (Some(group), Some(same)) if group == same => dirty.push(group),
            _ => {}
        }
    }
    dirty.sort_unstable();
    dirty.dedup();
    dirty
}

fn judge(elements: Elements<'_>, members: &[u32]) -> Dispute {
    if stands_everywhere(elements, members) { Dispute::Coordinates } else { Dispute::None }
}

/// Whether two of the ids share a namespace and differ. Every namespace names an entity at most once.
pub(crate) fn clash(ids: impl Iterator<Item = Id>) -> bool {
    let mut values: [Option<Id>; 16] = [None; 16];
    for id in ids {
        match values.get_mut(id.namespace() as usize) {
            Some(Some(value)) if *value != id => return true,
            Some(value) => *value = Some(id),
            None => return true,
        }
    }
    false
}

/// Whether these elements are one episode at more places than an episode can have.
pub(crate) fn stands_everywhere(elements: Elements<'_>, members: &[u32]) -> bool {
    let is_episode = members.first().is_some_and(|first| elements.kind(*first) == Kind::Episode);
    if !is_episode || members.len() <= MAX_PLACES {
        return false;
    }
    let mut places: Vec<_> = members.iter().filter_map(|member| elements.coordinates(*member)).collect();
    places.sort_unstable();
    places.dedup();
    places.len() > MAX_PLACES
}

/// The cores of all split components.
#[derive(Default)]
struct AllCores {
    of_id: FxHashMap<Id, Id>,
    of_element: FxHashMap<u32, Id>,
}

/// The work of splitting the contradictory components.
struct Splitting<'a> {
    elements: Elements<'a>,
    groups: &'a Groups,
    dirty: &'a [u32],
    cores: AllCores,
    conflicts: Vec<Conflict>,
    /// The groups in which something is left to decide, in order.
    disputed: Vec<u32>,
    /// Per origin, in how many components its links clash.
    clashes: [usize; 64],
}

impl<'a> Splitting<'a> {
    fn new(elements: Elements<'a>, groups: &'a Groups, dirty: &'a [u32]) -> Self {
        let (cores, conflicts, disputed) = (AllCores::default(), Vec::new(), Vec::new());
        Self { elements, groups, dirty, cores, conflicts, disputed, clashes: [0; 64] }
    }

    fn split(&mut self, bench: &Bench<'_>) {
        for group in self.dirty {
            self.split_group(*group, bench);
        }
        self.conflicts.sort_unstable();
    }

    fn split_group(&mut self, group: u32, bench: &Bench<'_>) {
        let mut component = Component::default();
        let members = self.groups.members(group);
        for member in members {
            component.add(&ids_in_order(self.elements, *member), self.elements.origins(*member));
        }
        let cores = component.split(bench);
        for member in members {
            let own = ids_in_order(self.elements, *member);
            let mut touched: Vec<Id> = own.iter().filter_map(|id| cores.core_of.get(id).copied()).collect();
            touched.sort_unstable();
            // The core with most of the ids; the lowest of several.
            let runs = touched.chunk_by(|one, other| one == other);
            let best = runs.rev().max_by_key(|run| run.len()).and_then(|run| run.first());
            if let Some(core) = best {
                self.cores.of_element.insert(*member, *core);
            }
        }
        self.cores.of_id.extend(&cores.core_of);
        if cores.conflicts.iter().any(|conflict| !conflict.is_settled) {
            self.disputed.push(group);
        }
        let clashing = cores.conflicts.iter().fold(0, |set, conflict| set | conflict.origins);
        for (at, count) in self.clashes.iter_mut().enumerate() {
            *count += usize::from(clashing >> at & 1 == 1);
        }
        self.conflicts.extend(cores.conflicts);
    }

    /// The origins whose links clash too often.
    fn distrusted(&self) -> u64 {
        if self.clashes.iter().all(|count| *count <= MAX_CLASHES) {
            return 0;
        }
        let mut components = [0usize; 64];
        for group in 0..self.groups.count() {
            let told = self.groups.members(group).iter().fold(0, |set, member| set | self.elements.origins(*member));
            for (at, count) in components.iter_mut().enumerate() {
                *count += usize::from(told >> at & 1 == 1);
            }
        }
        let too_often = |clashes: usize, components: usize| {
            clashes > MAX_CLASHES && clashes * 100 > components * MAX_CLASHES_PERCENT
        };
        let counts = self.clashes.iter().zip(components).enumerate();
        counts
            .filter(|(_, (clashes, components))| too_often(**clashes, *components))
            .fold(0, |set, (at, _)| set | 1 << at)
    }
}

fn ids_in_order(elements: Elements<'_>, element: u32) -> Vec<Id> {
    let mut ids: Vec<Id> = elements.ids(element).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Lays out the groups with every core as a group of its own. In the components `open`, something is left to decide.
fn regroup(
    elements: Elements<'_>,
    groups: &Groups,
    cores: &AllCores,
    open: &[u32],
) -> (Groups, Vec<Dispute>, FxHashMap<u32, u32>) {
    let mut first_core: FxHashMap<u32, u32> = FxHashMap::default();
    let mut number_of_group = vec![NO_GROUP; groups.count() as usize];
    let mut number_of_core: FxHashMap<Id, u32> = FxHashMap::default();
    let mut first_of_open: FxHashMap<u32, u32> = FxHashMap::default();
    let mut disputes: Vec<Dispute> = Vec::new();
    let mut group_of = Vec::with_capacity(elements.len() as usize);
    for element in 0..elements.len() {
        let group = groups.group_of(element);
        let known = match cores.of_element.get(&element) {
            Some(core) => number_of_core.entry(*core).or_insert(NO_GROUP),
            None => match number_of_group.get_mut(group as usize) {
                Some(number) => number,
                None => continue,
            },
        };
        if *known == NO_GROUP {
            *known = u32::try_from(disputes.len()).unwrap_or(NO_GROUP);
            let is_open = open.binary_search(&group).is_ok();
            disputes.push(if is_open { Dispute::Ids } else { Dispute::None });
            if is_open {
                let core = *known;
                let first = first_of_open.entry(group).or_insert(core);
                first_core.insert(core, *first);
            }
        }
        group_of.push(*known);
    }
    let count = u32::try_from(disputes.len()).unwrap_or(u32::MAX);
    let groups = Groups::new(group_of, count);
    for (group, dispute) in (0..count).zip(&mut disputes) {
        *dispute = judge(elements, groups.members(group)).max(*dispute);
    }
    (groups, disputes, first_core)
}
