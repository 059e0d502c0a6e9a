//! One item out of the members of an entity.

use std::cmp::Reverse;

use crosswatch_model::{IdSet, Item, Show};

use crate::catalog::{Catalog, ItemIx};

/// An item of the entity, and whether it is the one we know it by.
pub(crate) struct Member {
    pub(crate) item: ItemIx,
    pub(crate) is_known: bool,
}

/// Unites the ids of all members under the description of the known or longest-titled one.
///
/// `ids_of` gives the ids of an item as they count; `ids_of_show` gives all ids of a show of the catalog, where they do not contradict each other.
pub(crate) fn merge<'a>(
    catalog: &Catalog,
    members: impl Iterator<Item = Member>,
    ids_of: impl Fn(ItemIx) -> IdSet,
    ids_of_show: impl Fn(u32) -> Option<&'a IdSet>,
) -> Item {
    let members: Vec<Member> = members.collect();
    let mut items: Vec<(bool, Item, Option<u32>)> = members
        .iter()
        .map(|member| {
            let item = Item { ids: ids_of(member.item), ..catalog.get(member.item) };
            (member.is_known, item, catalog.show_position(member.item))
        })
        .collect();
    items.sort_by(|(known, item, _), (other_known, other, _)| {
        let order = (Reverse(*known), Reverse(item.title.len()), item);
        order.cmp(&(Reverse(*other_known), Reverse(other.title.len()), other))
    });
    let mut rest = items.into_iter();
    let Some((_, mut merged, show_position)) = rest.next() else {
        return catalog.get(ItemIx(u32::MAX));
    };
    if let (Some(show), Some(ids)) = (merged.show.as_deref_mut(), show_position.and_then(ids_of_show)) {
        show.ids = ids.clone();
    }
    let mut disagree = false;
    for (_, item, _) in rest {
        merged.ids = merged.ids.iter().chain(item.ids.iter()).collect();
        merged.year = merged.year.or(item.year);
        let scheme = |show: &Option<Box<Show>>| show.as_deref().map(|show| show.scheme);
        match (merged.season, item.season) {
            (None, Some(_)) => {
                (merged.season, merged.number) = (item.season, item.number);
                if let (Some(show), Some(scheme)) = (merged.show.as_deref_mut(), scheme(&item.show)) {
                    show.scheme = scheme;
                }
            }
            // Numbers of another scheme are other numbers, and say nothing against these.
            (Some(_), Some(_)) if scheme(&merged.show) == scheme(&item.show) => {
                disagree |= (merged.season, merged.number) != (item.season, item.number);
            }
            _ => {}
        }
        merge_show(&mut merged.show, item.show);
    }
    if disagree {
        (merged.season, merged.number) = (None, None);
    }
    merged
}

fn merge_show(merged: &mut Option<Box<Show>>, other: Option<Box<Show>>) {
    match (merged, other) {
        (merged @ None, other) => *merged = other,
        (Some(merged), Some(other)) => {
            if merged.title.is_empty() {
                merged.title = other.title;
            }
            merged.year = merged.year.or(other.year);
            if merged.ids.is_empty() {
                merged.ids = other.ids;
            }
        }
        (Some(_), None) => {}
    }
}
