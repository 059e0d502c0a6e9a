//! Which items are the same thing.
//!
//! Every item ends in exactly one [`Placement`]. Entities are numbered by their smallest id (or by show and numbers where
//! there is none), so the same items give the same numbers in whatever order they arrive.

use std::{borrow::Cow, collections::BTreeSet};

use crosswatch_model::{Id, IdSet, Item, Kind, Reason, Uid};
use rustc_hash::FxHashSet;

use crate::{
    by_id::ById,
    catalog::{Catalog, ItemIx},
    classes::{Classes, Dispute},
    confidence::{Confidence, Likeness, Placing, Said},
    cores::Conflict,
    elements::{Elements, Links},
    evidence::Evidence,
    lens::Lens,
    merged::{Member, merge},
    provenance::{Origin, Origins},
    union_find::{Groups, NO_GROUP},
};

/// An entity of one [`Join`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityIx(u32);

impl EntityIx {
    /// The position from 0, below [`Join::len`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The position as a number, for packed records.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The entity at a position that [`Self::number`] gave. A position of another join is an entity without items.
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// One of the items of this entity.
    Entity(EntityIx),
    /// Its ids contradict each other. It is never written, and nothing is concluded from its absence.
    Disputed(EntityIx, Reason),
    /// It carries no usable id.
    NoIdentity,
}

/// The entities of a catalog.
#[derive(Debug, Clone)]
pub struct Join {
    entities: Groups,
    disputes: Vec<Dispute>,
    known: Vec<(Uid, ItemIx)>,
    /// Per entity the position in `known`, or [`NO_GROUP`].
    known_of: Vec<u32>,
    folded: Vec<(Uid, Uid)>,
    show_group: Vec<u32>,
    show_ids: Vec<IdSet>,
    lens: Lens,
    /// The pairs that a person called the same, in order.
    same: Vec<(Id, Id)>,
    /// The items that stand where a translated place met something.
    translated: FxHashSet<u32>,
    origins: Origins,
    conflicts: Vec<Conflict>,
    distrusted: u64,
}

/// Joins all items of the catalog. `known` names the items that have an entity of ours already; `evidence` is what is
/// known about ids beside the items.
pub fn join(catalog: &Catalog, known: &[(Uid, ItemIx)], evidence: &Evidence) -> Join {
    let links = Links::of(catalog, evidence);
    let (plain, mut lens) = (evidence.lens(), evidence.lens());
    let elements = Elements::new(catalog, &links, &plain);
    let mut by_id = ById::of(elements, evidence, links.origins.bit(&Origin::User), &mut lens);
    let (conflicts, distrusted) = (std::mem::take(&mut by_id.conflicts), by_id.distrusted);
    let elements = elements.read_through(&lens);
    let classes = Classes::of(elements, by_id, evidence.atlas());
    let shows = ShowGroups::of(elements, &classes);
    let (entities, disputes) = number_entities(elements, &classes, &shows);
    let mut join = Join {
        entities,
        disputes,
        known: known.to_vec(),
        known_of: Vec::new(),
        folded: Vec::new(),
        show_group: shows.group,
        show_ids: shows.ids,
        conflicts,
        distrusted,
        origins: Origins::default(),
        lens: Lens::default(),
        same: evidence.same().collect(),
        translated: classes.translated,
    };
    (join.lens, join.origins) = (lens, links.origins);
    join.settle_known();
    join
}

impl Join {
    /// Where an item belongs.
    pub fn placement(&self, item: ItemIx) -> Placement {
        let group = self.entities.group_of(item.0);
        if group == NO_GROUP {
            return Placement::NoIdentity;
        }
        let entity = EntityIx(group);
        match self.dispute(entity) {
            None => Placement::Entity(entity),
            Some(reason) => Placement::Disputed(entity, reason),
        }
    }

    /// Why the entity is disputed, if it is.
    pub fn dispute(&self, entity: EntityIx) -> Option<Reason> {
        self.disputes.get(entity.index()).copied().unwrap_or_default().reason()
    }

    /// Our own name of the entity; the lowest where several were minted.
    pub fn uid(&self, entity: EntityIx) -> Option<Uid> {
        self.known_entry(entity).map(|(uid, _)| uid)
    }

    /// The item by which we know the entity.
    pub fn known_item(&self, entity: EntityIx) -> Option<ItemIx> {
        self.known_entry(entity).map(|(_, item)| item)
    }

    /// The entity with this name of ours. A folded name leads to the entity that kept another one.
    pub fn entity_of_uid(&self, uid: Uid) -> Option<EntityIx> {
        let at = self.known.partition_point(|(known, _)| *known < uid);
        let (_, item) = self.known.get(at).filter(|(known, _)| *known == uid)?;
        let group = self.entities.group_of(item.0);
        if group == NO_GROUP { None } else { Some(EntityIx(group)) }
    }

    /// Names that turned out to mean the same entity: the one to forget, and the one that stays.
    pub fn folded(&self) -> &[(Uid, Uid)] {
        &self.folded
    }

    /// The items of an entity.
    pub fn members(&self, entity: EntityIx) -> impl Iterator<Item = ItemIx> + '_ {
        self.entities.members(entity.0).iter().map(|item| ItemIx(*item))
    }

    /// How many entities.
    pub fn len(&self) -> usize {
        self.entities.count() as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How sure it is that two items are the same thing.
    pub fn confidence(&self, catalog: &Catalog, one: ItemIx, other: ItemIx) -> Confidence {
        match (self.placement(one), self.placement(other)) {
            (Placement::Entity(left), Placement::Entity(right)) if left == right => {}
            _ => return Confidence::X,
        }
        self.likeness(catalog, one, other).level()
    }

    /// What speaks for and against two items of one entity being the same thing. A caller who knows more, as dates of
    /// broadcast, adds it.
    pub fn likeness(&self, catalog: &Catalog, one: ItemIx, other: ItemIx) -> Likeness {
        let (ids, others) = (self.own_ids(catalog, one), self.own_ids(catalog, other));
        let in_both = |id: &&Id| others.iter().any(|other| other.namespace() == id.namespace());
        let are_films = catalog.kind(one) == Kind::Movie && catalog.kind(other) == Kind::Movie;
        let years = catalog.year(one).zip(catalog.year(other));
        let placing = self.placing(catalog, one, other);
        Likeness {
            said: if self.are_called_same(catalog, one, other) { Said::Same } else { Said::Nothing },
            kinds_differ: catalog.kind(one) != catalog.kind(other),
            are_films,
            equal_ids: ids.iter().filter(|id| others.contains(id)).count(),
            different_ids: ids.iter().filter(|id| !others.contains(id)).filter(in_both).count(),
            are_linked: placing == Placing::Unrelated,
            placing,
            show: (placing != Placing::Unrelated).then_some(Confidence::C2),
            years_apart: years.filter(|_| are_films).map(|(year, other)| year.abs_diff(other)),
            runtimes_s: catalog.runtime_s(one).zip(catalog.runtime_s(other)).filter(|_| are_films),
            ..Likeness::default()
        }
    }

    /// Items that share a show, season and number stand at one place.
    fn placing(&self, catalog: &Catalog, one: ItemIx, other: ItemIx) -> Placing {
        let place = |item| {
            let show = self.show_group.get(catalog.show_position(item)? as usize)?;
            Some((*show, catalog.scheme(item), catalog.coordinates(item)?))
        };
        if place(one).is_some_and(|place_of_one| place(other) == Some(place_of_one)) {
            Placing::SameScheme
        } else if self.translated.contains(&one.0) && self.translated.contains(&other.0) {
            Placing::Translated
        } else {
            Placing::Unrelated
        }
    }

    /// The links that were not believed, in order.
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// Whose knowledge a link that was not believed is.
    pub fn origins_of(&self, conflict: &Conflict) -> impl Iterator<Item = &Origin> {
        self.origins.named(conflict.origins)
    }

    /// Whose knowledge an entity is: the distinct origins of its items. Where nobody was named for an item, it has none.
    /// Adds of a disputed entity need [`crate::policy::ORIGINS_FOR_A_DISPUTED_ADD`] of them.
    pub fn vouched_by<'a>(&self, catalog: &'a Catalog, entity: EntityIx) -> BTreeSet<&'a Origin> {
        self.members(entity).flat_map(|item| catalog.origins(item)).collect()
    }

    /// The origins that contradicted others so often that their links counted for nothing.
    pub fn distrusted(&self) -> impl Iterator<Item = &Origin> {
        self.origins.named(self.distrusted)
    }

    /// The ids of an item as they count: without ignored ones, redirected ones as what they became, and of a
    /// contradictory row only those of the entity it was placed in.
    pub fn ids(&self, catalog: &Catalog, item: ItemIx) -> IdSet {
        let read = catalog.ids(item).iter().filter_map(|id| self.lens.read(*id));
        read.filter(|id| self.lens.belongs(item.0, *id)).collect()
    }

    /// The same without ids that name another kind of thing, and without a copy where all of them count.
    pub(crate) fn own_ids<'a>(&self, catalog: &'a Catalog, item: ItemIx) -> Cow<'a, [Id]> {
        let (kind, ids) = (catalog.kind(item), catalog.ids(item));
        let counts = |id: &Id| id.kind() == kind && self.lens.read(*id) == Some(*id) && self.lens.belongs(item.0, *id);
        if ids.iter().all(counts) {
            return Cow::Borrowed(ids);
        }
        let counted = self.ids(catalog, item);
        Cow::Owned(counted.iter().filter(|id| id.kind() == kind).collect())
    }

    /// The same as they were told, whatever they are read as.
    pub(crate) fn told_ids<'a>(&self, catalog: &'a Catalog, item: ItemIx) -> Cow<'a, [Id]> {
        let (kind, ids) = (catalog.kind(item), catalog.ids(item));
        let belongs = |read| self.lens.belongs(item.0, read);
        let counts = |id: &Id| id.kind() == kind && self.lens.read(*id).is_some_and(belongs);
        if ids.iter().all(counts) {
            return Cow::Borrowed(ids);
        }
        Cow::Owned(ids.iter().copied().filter(counts).collect())
    }

    /// The item with the ids of all its members, described like the item we know it by, else like the one with the
    /// longest title. Numbers that the members do not agree on are left out.
    pub fn merged(&self, catalog: &Catalog, entity: EntityIx) -> Item {
        self.merged_of(catalog, entity, self.members(entity), |item| self.ids(catalog, item))
    }

    /// These items of an entity as one, with these ids of each.
    pub(crate) fn merged_of(
        &self,
        catalog: &Catalog,
        entity: EntityIx,
        items: impl Iterator<Item = ItemIx>,
        ids_of: impl Fn(ItemIx) -> IdSet,
    ) -> Item {
        let known = self.known_item(entity);
        let members = items.map(|item| Member { item, is_known: known == Some(item) });
        merge(catalog, members, ids_of, |show| {
            let group = self.show_group.get(show as usize)?;
            self.show_ids.get(*group as usize).filter(|ids| !ids.is_empty())
        })
    }

    fn are_called_same(&self, catalog: &Catalog, one: ItemIx, other: ItemIx) -> bool {
        let is_said = |one: Id, other: Id| self.same.binary_search(&(one.min(other), one.max(other))).is_ok();
        !self.same.is_empty()
            && catalog.ids(one).iter().any(|one| catalog.ids(other).iter().any(|other| is_said(*one, *other)))
    }

    fn known_entry(&self, entity: EntityIx) -> Option<(Uid, ItemIx)> {
        let at = self.known_of.get(entity.index()).filter(|at| **at != NO_GROUP)?;
        self.known.get(*at as usize).copied()
    }

    /// Gives every entity its lowest uid. A uid known by several entities stays with the first of them.
    fn settle_known(&mut self) {
        let entities = &self.entities;
        self.known.sort_unstable_by_key(|(uid, item)| (*uid, entities.group_of(item.0), *item));
        self.known.dedup_by_key(|(uid, _)| *uid);
        self.known_of = vec![NO_GROUP; self.len()];
        for (at, (uid, item)) in (0u32..).zip(&self.known) {
            let group = self.entities.group_of(item.0);
            let Some(slot) = self.known_of.get_mut(group as usize) else { continue };
            if *slot == NO_GROUP {
                *slot = at;
                continue;
            }
            let is_disputed = self.disputes.get(group as usize).is_some_and(|dispute| *dispute != Dispute::None);
            if let Some((kept, _)) = self.known.get(*slot as usize).filter(|_| !is_disputed) {
                self.folded.push((*uid, *kept));
            }
        }
    }
}

/// The shows of a catalog as groups.
struct ShowGroups {
    /// Per show of the catalog, its group.
    group: Vec<u32>,
    /// Per group, the ids of all its shows; empty for a disputed one.
    ids: Vec<IdSet>,
    /// Per group, the smallest id.
    smallest: Vec<Option<Id>>,
}

impl ShowGroups {
    fn of(elements: Elements<'_>, classes: &Classes) -> Self {
        let mut numbers = vec![NO_GROUP; classes.groups.count() as usize];
        let mut shows = Self { group: Vec::new(), ids: Vec::new(), smallest: Vec::new() };
        for show in elements.items()..elements.shows_end() {
            let class = classes.groups.group_of(show);
            let Some(number) = numbers.get_mut(class as usize) else { continue };
            if *number == NO_GROUP {
                *number = u32::try_from(shows.ids.len()).unwrap_or(NO_GROUP);
                let members = classes.groups.members(class);
                let ids: IdSet = members.iter().flat_map(|member| elements.ids(*member)).collect();
                shows.smallest.push(ids.iter().next());
                let is_disputed = classes.dispute(class) != Dispute::None;
                shows.ids.push(if is_disputed { IdSet::EMPTY } else { ids });
            }
            shows.group.push(*number);
        }
        shows
    }

    fn smallest_id(&self, show: u32) -> Option<Id> {
        let group = self.group.get(show as usize)?;
        self.smallest.get(*group as usize).copied().flatten()
    }
}

/// What an entity is sorted by: its smallest own id, else the smallest id of its show with season and number.
type Key = (u128, u64);

/// Numbers the classes that have an identity by their key.
fn number_entities(elements: Elements<'_>, classes: &Classes, shows: &ShowGroups) -> (Groups, Vec<Dispute>) {
    let mut keyed: Vec<(Key, u32)> = Vec::new();
    for class in 0..classes.groups.count() {
        let items = classes.groups.members(class).iter().copied().take_while(|member| *member < elements.items());
        if let Some(key) = items.filter_map(|item| key(elements, shows, item)).min_by_key(|key| (key.1 != OWN_ID, *key))
        {
            keyed.push((key, class));
        }
    }
    // Classes without ids may differ in nothing but who counted.
    let scheme_of = |(key_of_class, class): &(Key, u32)| {
        let items = classes.groups.members(*class).iter().take_while(|member| **member < elements.items());
        items
            .filter(|item| key(elements, shows, **item) == Some(*key_of_class))
            .map(|item| elements.scheme(*item))
            .min()
    };
    keyed.sort_unstable_by(|one, other| one.0.cmp(&other.0).then_with(|| scheme_of(one).cmp(&scheme_of(other))));
    let mut entity_of_class = vec![NO_GROUP; classes.groups.count() as usize];
    let mut disputes = Vec::with_capacity(keyed.len());
    for (entity, (_, class)) in (0u32..).zip(&keyed) {
        if let Some(slot) = entity_of_class.get_mut(*class as usize) {
            *slot = entity;
        }
        disputes.push(classes.dispute(*class));
    }
    let entity_of =
        |item: u32| entity_of_class.get(classes.groups.group_of(item) as usize).copied().unwrap_or(NO_GROUP);
    let group_of: Vec<u32> = (0..elements.items()).map(entity_of).collect();
    (Groups::new(group_of, u32::try_from(keyed.len()).unwrap_or(u32::MAX)), disputes)
}

const OWN_ID: u64 = u64::MAX;

fn key(elements: Elements<'_>, shows: &ShowGroups, item: u32) -> Option<Key> {
    if let Some(smallest) = elements.ids(item).min() {
        return Some((smallest.to_bits(), OWN_ID));
    }
    let (_, _, season, number) = elements.place(item, |show| show)?;
    let show = elements.show_of(item)?.checked_sub(elements.items())?;
    let smallest = shows.smallest_id(show)?;
    let place = u64::from(season) << 17 | number.map_or(0, |number| 1 << 16 | u64::from(number));
    Some((smallest.to_bits(), place))
}
