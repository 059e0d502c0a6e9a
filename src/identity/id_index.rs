//! Finds the items that carry an id, for people and for single questions. A run itself needs none.

use crosswatch_model::Id;

use crate::{
    catalog::{Catalog, ItemIx, fx},
    slots::Slots,
};

/// The first item of a catalog for each id. Made for one catalog; it knows nothing of items that are added later.
#[derive(Debug, Clone, Default)]
pub struct IdIndex {
    slots: Slots,
}

impl IdIndex {
    /// Indexes all items: four bytes to eight per id.
    pub fn of(catalog: &Catalog) -> Self {
        let mut index = Self { slots: Slots::with_room(catalog.total_ids()) };
        for item in (0..u32::try_from(catalog.len()).unwrap_or(u32::MAX)).map(ItemIx) {
            for id in catalog.ids(item) {
                if index.find(catalog, *id).is_none() {
                    index.slots.insert(fx(id), item.0);
                }
            }
        }
        index
    }

    /// An item with this id among its own. [`crate::Join::placement`] tells which entity that is.
    pub fn find(&self, catalog: &Catalog, id: Id) -> Option<ItemIx> {
        self.slots.find(fx(&id), |item| catalog.ids(ItemIx(item)).contains(&id)).map(ItemIx)
    }
}
