//! Where the episodes of a run are in the other numberings of that run, by the atlas.

use std::collections::BTreeSet;

use crosswatch_model::{Id, IdSet, Kind};
use rustc_hash::FxHashMap;

use crate::{
    atlas::{Atlas, Numbering, Place, Translation},
    by_id::{ById, clash},
    elements::{Elements, Spot},
};

/// The atlas beside the shows of one run.
pub(crate) struct Charts<'a> {
    elements: Elements<'a>,
    atlas: &'a Atlas,
    numberings: BTreeSet<Numbering>,
    group_of_show: FxHashMap<Id, u32>,
    ids_of_group: FxHashMap<u32, IdSet>,
}

impl<'a> Charts<'a> {
    pub(crate) fn of(elements: Elements<'a>, by_id: &ById, atlas: &'a Atlas) -> Self {
        let (mut group_of_show, mut ids_of_group) = (FxHashMap::default(), FxHashMap::default());
        for show in elements.items()..elements.shows_end() {
            let group = by_id.show_group(show);
            let ids: &mut IdSet = ids_of_group.entry(group).or_default();
            for id in elements.ids(show) {
                ids.insert(id);
                group_of_show.insert(id, group);
            }
        }
        Self { elements, atlas, numberings: elements.numberings(), group_of_show, ids_of_group }
    }

    /// The spots where an episode also stands. A numbering to which the ids of its show lead in different ways, or whose
    /// show contradicts the ids of its own, gives none.
    pub(crate) fn elsewhere(&self, item: u32) -> Vec<Spot> {
        let Some(places) = self.places(item) else { return Vec::new() };
        let mut spots = Vec::new();
        for numbering in &self.numberings {
            let others = places.iter().filter(|place| (place.show.namespace(), place.scheme) != *numbering);
            let mut found: BTreeSet<Option<Place>> = BTreeSet::new();
            for place in others {
                match self.atlas.translate(*place, *numbering) {
                    Translation::Nowhere => {}
                    Translation::One(there) => {
                        found.insert(Some(there));
                    }
                    _ => {
                        found.insert(None);
                    }
                }
            }
            if let (Some(Some(there)), 1) = (found.first(), found.len()) {
                let group = self.group_of_show.get(&there.show).filter(|group| self.agrees(&places, **group));
                spots.extend(group.map(|group| (*group, there.scheme, there.season, Some(there.number))));
            }
        }
        spots
    }

    /// Whether no id of this show differs from one of that show.
    fn agrees(&self, places: &[Place], group: u32) -> bool {
        let others = self.ids_of_group.get(&group).map(IdSet::as_slice).unwrap_or_default();
        !clash(places.iter().map(|place| place.show).chain(others.iter().copied()))
    }

    /// The episode's place under each id of its show that the atlas knows.
    fn places(&self, item: u32) -> Option<Vec<Place>> {
        let (season, number) = self.elements.coordinates(item).filter(|_| self.elements.kind(item) == Kind::Episode)?;
        let (show, number, scheme) = (self.elements.show_of(item)?, number?, self.elements.scheme(item));
        let ids = self.elements.ids(show);
        let mut places = ids.map(|show| Place { show, scheme, season, number }).peekable();
        places.peek()?;
        let places: Vec<Place> = places.collect();
        places.iter().any(|place| self.atlas.knows(place.show, scheme)).then_some(places)
    }
}
