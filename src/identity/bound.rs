//! Which items of an entity are tied together by ids of their own.
//!
//! Items may belong together because they stand at one place of a show, because a table says so or because a person does.
//! That holds as long as the place, the table or the word does, so it is found anew by every run and never remembered as
//! ids of one thing: otherwise a weak match would be a strong one as soon as our own record told both ids.

use crosswatch_model::Item;

use crate::{
    catalog::{Catalog, ItemIx},
    join::{EntityIx, Join},
};

impl Join {
    /// Whether two items of an entity have an id in common, or items between them lead from one to the other by ids.
    pub fn are_bound(&self, catalog: &Catalog, entity: EntityIx, one: ItemIx, other: ItemIx) -> bool {
        self.share_an_id(catalog, one, other)
            || (one != other && self.bound_to(catalog, entity, one).binary_search(&other).is_ok())
    }

    /// What is to be remembered of an entity: the item we know it by, or that with the smallest id, with everything that
    /// is bound to it. Items without ids have nothing that could be wrong.
    pub fn remembered(&self, catalog: &Catalog, entity: EntityIx) -> Item {
        self.merged_of(catalog, entity, self.to_remember(catalog, entity).into_iter())
    }

    /// The items of which that is made.
    pub fn to_remember(&self, catalog: &Catalog, entity: EntityIx) -> Vec<ItemIx> {
        let first = self.known_item(entity).or_else(|| self.with_smallest_id(catalog, entity));
        let bound = first.map(|first| self.bound_to(catalog, entity, first)).unwrap_or_default();
        let is_kept = |item: &ItemIx| bound.binary_search(item).is_ok() || self.own_ids(catalog, *item).is_empty();
        self.members(entity).filter(is_kept).collect()
    }

    /// The items that are bound to one, itself included, in order.
    fn bound_to(&self, catalog: &Catalog, entity: EntityIx, first: ItemIx) -> Vec<ItemIx> {
        let mut bound = vec![first];
        let mut rest: Vec<ItemIx> = self.members(entity).filter(|item| *item != first).collect();
        let mut at = 0;
        while let Some(item) = bound.get(at).copied() {
            at += 1;
            rest.retain(|other| {
                let is_tied = self.share_an_id(catalog, item, *other);
                if is_tied {
                    bound.push(*other);
                }
                !is_tied
            });
        }
        bound.sort_unstable();
        bound
    }

    fn share_an_id(&self, catalog: &Catalog, one: ItemIx, other: ItemIx) -> bool {
        let (ids, others) = (self.own_ids(catalog, one), self.own_ids(catalog, other));
        ids.iter().any(|id| others.contains(id))
    }

    fn with_smallest_id(&self, catalog: &Catalog, entity: EntityIx) -> Option<ItemIx> {
        let smallest = |item: &ItemIx| self.own_ids(catalog, *item).first().copied();
        let with_ids = self.members(entity).filter_map(|item| Some((smallest(&item)?, item)));
        with_ids.min().map(|(_, item)| item)
    }
}
