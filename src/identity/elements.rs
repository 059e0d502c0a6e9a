//! What can be joined: the items of a catalog, followed by the shows that its seasons and episodes name, followed by the
//! pairs of ids that the evidence links. All three are records: their ids name one thing.

use std::collections::BTreeSet;

use crosswatch_model::{Id, Kind, Scheme};

use crate::{
    atlas::Numbering,
    catalog::{Catalog, ItemIx, Tellers},
    evidence::Evidence,
    lens::Lens,
    provenance::Origins,
};

/// Pairs of ids that the evidence links, and the origins of everything that is joined.
pub(crate) struct Links {
    pub(crate) origins: Origins,
    pairs: Vec<([Id; 2], u64)>,
    origins_of_witness: Vec<u64>,
    untold: u64,
}

impl Links {
    pub(crate) fn of(catalog: &Catalog, evidence: &Evidence) -> Self {
        let told = catalog.witnesses().iter().map(|witness| &witness.origin);
        let origins = Origins::of(told.chain(evidence.links().map(|(_, origin)| origin)).cloned());
        let mut pairs: Vec<([Id; 2], u64)> = Vec::new();
        for ((one, other), origin) in evidence.links() {
            match pairs.last_mut().filter(|(pair, _)| *pair == [one, other]) {
                Some((_, said)) => *said |= origins.bit(origin),
                None => pairs.push(([one, other], origins.bit(origin))),
            }
        }
        let origins_of_witness = catalog.witnesses().iter().map(|witness| origins.bit(&witness.origin)).collect();
        Self { untold: origins.bit(&crate::Origin::Untold), origins, pairs, origins_of_witness }
    }

    /// Whose knowledge a set of witnesses has.
    pub(crate) fn of_tellers(&self, tellers: Tellers) -> u64 {
        if tellers == 0 {
            return self.untold;
        }
        let told = |at: usize| tellers >> at.min(15) & 1 == 1;
        self.origins_of_witness.iter().enumerate().filter(|(at, _)| told(*at)).fold(0, |set, (_, bit)| set | bit)
    }
}

/// A view of a catalog and the evidence as numbered elements: first the items, then the shows, then the linked pairs.
#[derive(Clone, Copy)]
pub(crate) struct Elements<'a> {
    catalog: &'a Catalog,
    links: &'a Links,
    lens: &'a Lens,
    items: u32,
    shows: u32,
}

/// Where a season or an episode stands: in which show (as a group of elements), by whose count, season and number.
pub(crate) type Spot = (u32, Scheme, u16, Option<u16>);

impl<'a> Elements<'a> {
    pub(crate) fn new(catalog: &'a Catalog, links: &'a Links, lens: &'a Lens) -> Self {
        Self { catalog, links, lens, items: count(catalog.len()), shows: count(catalog.shows().len()) }
    }

    /// The same elements, read in another way.
    pub(crate) fn read_through(self, lens: &'a Lens) -> Self {
        Self { lens, ..self }
    }

    /// How many elements are items.
    pub(crate) fn items(self) -> u32 {
        self.items
    }

    /// Where the shows end.
    pub(crate) fn shows_end(self) -> u32 {
        self.items.saturating_add(self.shows)
    }

    /// How many elements there are.
    pub(crate) fn len(self) -> u32 {
        self.shows_end().saturating_add(count(self.links.pairs.len()))
    }

    /// The element of an item's show.
    pub(crate) fn show_of(self, item: u32) -> Option<u32> {
        self.catalog.show_position(ItemIx(item)).map(|show| self.items.saturating_add(show))
    }

    pub(crate) fn kind(self, element: u32) -> Kind {
        if element < self.items {
            self.catalog.kind(ItemIx(element))
        } else {
            self.pair(element).map_or(Kind::Show, |([id, _], _)| id.kind())
        }
    }

    fn pair(self, element: u32) -> Option<&'a ([Id; 2], u64)> {
        self.links.pairs.get(element.checked_sub(self.shows_end())? as usize)
    }

    /// Whose knowledge the element is.
    pub(crate) fn origins(self, element: u32) -> u64 {
        match (self.pair(element), element.checked_sub(self.items)) {
            (Some((_, origins)), _) => *origins,
            (None, Some(show)) => self.links.of_tellers(self.catalog.tellers_of_show(show)),
            (None, None) => self.links.of_tellers(self.catalog.tellers(ItemIx(element))),
        }
    }

    /// The ids that name this very element, in no particular order. An id of another kind in the row names something
    /// else and is ignored.
    pub(crate) fn ids(self, element: u32) -> impl Iterator<Item = Id> + 'a {
        let (kind, lens) = (self.kind(element), self.lens);
        let ids: &'a [Id] = match (element.checked_sub(self.items), self.pair(element)) {
            (None, _) => self.catalog.ids(ItemIx(element)),
            (Some(_), Some((pair, _))) => pair,
            (Some(show), None) => {
                self.catalog.shows().get(show as usize).map(|show| show.ids.as_slice()).unwrap_or_default()
            }
        };
        let of_kind = ids.iter().copied().filter(move |id| id.kind() == kind);
        of_kind.filter_map(move |id| lens.read(id)).filter(move |id| lens.belongs(element, *id))
    }

    pub(crate) fn has_ids(self, element: u32) -> bool {
        self.ids(element).next().is_some()
    }

    /// Who counts in the shows that these elements name, whose ids they carry.
    pub(crate) fn numberings(self) -> BTreeSet<Numbering> {
        let schemes = self.catalog.shows().iter().map(|show| (show.scheme, &show.ids));
        schemes.flat_map(|(scheme, ids)| ids.iter().map(move |id| (id.namespace(), scheme))).collect()
    }

    pub(crate) fn total_ids(self) -> usize {
        self.catalog.total_ids() + self.links.pairs.len() * 2
    }

    /// The place of a season or episode, if it tells one and `show_group` knows its show.
    pub(crate) fn place(self, item: u32, show_group: impl Fn(u32) -> u32) -> Option<Spot> {
        let show = self.show_of(item).filter(|show| self.has_ids(*show))?;
        let scheme = self.scheme(item);
        match (self.kind(item), self.catalog.coordinates(ItemIx(item))?) {
            (Kind::Season, (season, _)) => Some((show_group(show), scheme, season, None)),
            (Kind::Episode, (season, Some(number))) => Some((show_group(show), scheme, season, Some(number))),
            _ => None,
        }
    }

    /// Who counted the season and number of an item.
    pub(crate) fn scheme(self, item: u32) -> Scheme {
        self.catalog.scheme(ItemIx(item))
    }

    /// The season and number of an item as the catalog tells them.
    pub(crate) fn coordinates(self, item: u32) -> Option<(u16, Option<u16>)> {
        self.catalog.coordinates(ItemIx(item))
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
