//! Which items of an entity are tied together by ids of their own.
//!
//! Items may belong together because they stand at one place of a show, because a table says so or because a person does.
//! That holds as long as the place, the table or the word does, so it is found anew by every run and never remembered as
//! ids of one thing: otherwise a weak match would be a strong one as soon as our own record told both ids. For the same
//! reason a record has its ids as they were told, and not as what they are read for.

use std::borrow::Cow;

use crosswatch_model::{Id, IdSet, Item};

use crate::{
    catalog::{Catalog, ItemIx},
    join::{EntityIx, Join},
};

impl Join {
    /// Whether two items of an entity have an id in common, or items between them lead from one to the other by ids.
    pub fn are_bound(&self, catalog: &Catalog, entity: EntityIx, one: ItemIx, other: ItemIx) -> bool {
        let ids = |item| self.own_ids(catalog, item);
        if one == other || share_an_id(&ids(one), &ids(other)) {
            return !ids(one).is_empty();
        }
        self.bound_to(entity, one, ids).binary_search(&other).is_ok()
    }

    /// What is to be remembered of an entity: the item we know it by, or that with the smallest id, with everything that
    /// is bound to it. Items without ids have nothing that could be wrong.
    pub fn remembered(&self, catalog: &Catalog, entity: EntityIx) -> Item {
        let items = self.to_remember(catalog, entity);
        let of_show: IdSet = items.iter().flat_map(|item| catalog.show_ids(*item).iter().copied()).collect();
        let told = |item| self.told_ids(catalog, item).iter().copied().collect();
        let mut remembered = self.merged_of(catalog, entity, items.into_iter(), told);
        if let Some(show) = remembered.show.as_deref_mut() {
            show.ids = show.ids.iter().filter(|id| of_show.contains(*id)).collect();
        }
        remembered
    }

    /// The items of which that is made.
    pub fn to_remember(&self, catalog: &Catalog, entity: EntityIx) -> Vec<ItemIx> {
        let told = |item| self.told_ids(catalog, item);
        let smallest = |item: &ItemIx| told(*item).first().copied();
        let with_ids = self.members(entity).filter_map(|item| Some((smallest(&item)?, item)));
        let first = self.known_item(entity).or_else(|| with_ids.min().map(|(_, item)| item));
        let bound = first.map(|first| self.bound_to(entity, first, told)).unwrap_or_default();
        let is_kept = |item: &ItemIx| bound.binary_search(item).is_ok() || self.own_ids(catalog, *item).is_empty();
        self.members(entity).filter(is_kept).collect()
    }

    /// The items that are bound to one by these ids, itself included, in order.
    fn bound_to<'a>(&self, entity: EntityIx, first: ItemIx, ids: impl Fn(ItemIx) -> Cow<'a, [Id]>) -> Vec<ItemIx> {
        let mut bound = vec![first];
        let mut rest: Vec<ItemIx> = self.members(entity).filter(|item| *item != first).collect();
        let mut at = 0;
        while let Some(item) = bound.get(at).copied() {
            at += 1;
            rest.retain(|other| {
                let is_tied = share_an_id(&ids(item), &ids(*other));
                if is_tied {
                    bound.push(*other);
                }
                !is_tied
            });
        }
        bound.sort_unstable();
        bound
    }
}

fn share_an_id(ids: &[Id], others: &[Id]) -> bool {
    ids.iter().any(|id| others.contains(id))
}
