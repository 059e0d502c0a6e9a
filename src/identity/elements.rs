//! What can be joined: the items of a catalog, followed by the shows that its seasons and episodes name.

use crosswatch_model::{Id, Kind};

use crate::catalog::{Catalog, ItemIx};

/// A view of a catalog as numbered elements: first its items, then its shows.
#[derive(Clone, Copy)]
pub(crate) struct Elements<'a> {
    catalog: &'a Catalog,
    items: u32,
    shows: u32,
}

/// Where a season or an episode stands: in which show (as a group of elements), season and number.
pub(crate) type Place = (u32, u16, Option<u16>);

impl<'a> Elements<'a> {
    pub(crate) fn new(catalog: &'a Catalog) -> Self {
        let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
        Self { catalog, items: count(catalog.len()), shows: count(catalog.shows().len()) }
    }

    /// How many elements are items.
    pub(crate) fn items(self) -> u32 {
        self.items
    }

    /// How many elements there are.
    pub(crate) fn len(self) -> u32 {
        self.items.saturating_add(self.shows)
    }

    /// The element of an item's show.
    pub(crate) fn show_of(self, item: u32) -> Option<u32> {
        self.catalog.show_position(ItemIx(item)).map(|show| self.items.saturating_add(show))
    }

    pub(crate) fn kind(self, element: u32) -> Kind {
        if element < self.items { self.catalog.kind(ItemIx(element)) } else { Kind::Show }
    }

    /// The ids that name this very element. An id of another kind in the row names something else and is ignored.
    pub(crate) fn ids(self, element: u32) -> impl Iterator<Item = Id> + 'a {
        let kind = self.kind(element);
        let ids: &'a [Id] = match element.checked_sub(self.items) {
            None => self.catalog.ids(ItemIx(element)),
            Some(show) => self.catalog.shows().get(show as usize).map(|show| show.ids.as_slice()).unwrap_or_default(),
        };
        ids.iter().copied().filter(move |id| id.kind() == kind)
    }

    pub(crate) fn has_ids(self, element: u32) -> bool {
        self.ids(element).next().is_some()
    }

    pub(crate) fn total_ids(self) -> usize {
        self.catalog.total_ids()
    }

    /// The place of a season or episode, if it tells one and `show_group` knows its show.
    pub(crate) fn place(self, item: u32, show_group: impl Fn(u32) -> u32) -> Option<Place> {
        let show = self.show_of(item).filter(|show| self.has_ids(*show))?;
        match (self.kind(item), self.catalog.coordinates(ItemIx(item))?) {
            (Kind::Season, (season, _)) => Some((show_group(show), season, None)),
            (Kind::Episode, (season, Some(number))) => Some((show_group(show), season, Some(number))),
            _ => None,
        }
    }

    /// The season and number of an item as the catalog tells them.
    pub(crate) fn coordinates(self, item: u32) -> Option<(u16, Option<u16>)> {
        self.catalog.coordinates(ItemIx(item))
    }
}
