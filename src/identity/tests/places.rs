//! Episodes that are known by their numbers, checked against a slow and simple model.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may")]

use std::collections::BTreeSet;

use crosswatch_identity::{Catalog, Evidence, ItemIx, Placement, join};
use crosswatch_model::{Id, IdSet, Item, Kind, Namespace, Scheme, Show};
use proptest::prelude::*;

/// What an account tells about an episode.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    show: BTreeSet<Id>,
    scheme: Scheme,
    season: u16,
    number: u16,
    own: BTreeSet<Id>,
}

impl Told {
    fn item(&self) -> Item {
        let ids = |ids: &BTreeSet<Id>| -> IdSet { ids.iter().copied().collect() };
        let show = Show { ids: ids(&self.show), scheme: self.scheme, ..Show::default() };
        Item::episode(show, self.season, self.number, "", ids(&self.own))
    }
}

/// Some of the ids of one thing; both namespaces number things alike, so that they seldom contradict each other.
fn any_ids(kind: Kind, things: u64) -> impl Strategy<Value = BTreeSet<Id>> {
    (1..=things, any::<[bool; 2]>()).prop_map(move |(number, told)| {
        let spaces = [Namespace::Tmdb, Namespace::Tvdb].into_iter().zip(told).filter(|(_, told)| *told);
        spaces.map(|(namespace, _)| Id::from_number(namespace, kind, number).unwrap()).collect()
    })
}

fn any_told() -> impl Strategy<Value = Vec<Told>> {
    let schemes = [Scheme::Standard, Scheme::TvdbDvd];
    let told = (any_ids(Kind::Show, 2), 0usize..2, (0u16..2, 1u16..3), any_ids(Kind::Episode, 3)).prop_map(
        move |(show, scheme, (season, number), own)| Told { show, scheme: schemes[scheme], season, number, own },
    );
    proptest::collection::btree_set(told, 1..9).prop_map(|told| told.into_iter().collect())
}

fn contradicts(ids: &BTreeSet<Id>) -> bool {
    ids.iter().any(|id| ids.iter().any(|other| id != other && id.namespace() == other.namespace()))
}

/// Merges sets that overlap until none do.
fn merged(sets: impl Iterator<Item = BTreeSet<Id>>) -> Vec<BTreeSet<Id>> {
    let mut classes: Vec<BTreeSet<Id>> = Vec::new();
    for set in sets {
        let (mut grown, mut rest) = (set, Vec::new());
        for class in classes {
            if class.is_disjoint(&grown) { rest.push(class) } else { grown.extend(class) }
        }
        rest.push(grown);
        classes = rest;
    }
    classes
}

/// Per item, the lowest item of its class and whether the class is disputed; `None` where it has no identity.
fn model(told: &[Told]) -> Option<Vec<Option<(usize, bool)>>> {
    let shows = merged(told.iter().map(|told| told.show.clone()));
    let own = merged(told.iter().map(|told| told.own.clone()));
    if shows.iter().chain(&own).any(contradicts) {
        return None;
    }
    let class_of = |classes: &[BTreeSet<Id>], ids: &BTreeSet<Id>| {
        if ids.is_empty() { None } else { classes.iter().position(|class| !class.is_disjoint(ids)) }
    };
    let spot = |told: &Told| Some((class_of(&shows, &told.show)?, told.scheme, told.season, told.number));
    let mut class: Vec<usize> = (0..told.len()).collect();
    let join = |class: &mut Vec<usize>, one: usize, other: usize| {
        let (from, into) = (class[one].max(class[other]), class[one].min(class[other]));
        class.iter_mut().filter(|class| **class == from).for_each(|class| *class = into);
    };
    for one in 0..told.len() {
        for other in 0..one {
            let (left, right) = (class_of(&own, &told[one].own), class_of(&own, &told[other].own));
            if left.is_some() && left == right {
                join(&mut class, one, other);
            }
        }
    }
    let by_id = class.clone();
    let mut is_disputed = vec![false; told.len()];
    for one in told.iter().filter(|told| spot(told).is_some()) {
        let there: Vec<usize> = (0..told.len()).filter(|other| spot(&told[*other]) == spot(one)).collect();
        let ids: BTreeSet<Id> = there
            .iter()
            .filter_map(|item| class_of(&own, &told[*item].own))
            .flat_map(|class| own[class].iter().copied())
            .collect();
        let clashes = contradicts(&ids);
        if clashes {
            for item in 0..told.len() {
                is_disputed[item] |= there.iter().any(|other| by_id[*other] == by_id[item]);
            }
        }
        let joined: Vec<usize> = there.iter().copied().filter(|item| !clashes || told[*item].own.is_empty()).collect();
        for pair in joined.windows(2) {
            join(&mut class, pair[0], pair[1]);
        }
    }
    let members = |of: usize| (0..told.len()).filter(|item| class[*item] == class[of]).collect::<Vec<_>>();
    let judged = |item: usize| {
        let members = members(item);
        let ids: BTreeSet<Id> = members.iter().flat_map(|member| told[*member].own.iter().copied()).collect();
        let has_identity = members.iter().any(|member| !told[*member].own.is_empty() || spot(&told[*member]).is_some());
        let disputed = contradicts(&ids) || members.iter().any(|member| is_disputed[*member]);
        has_identity.then_some((class[item], disputed))
    };
    Some((0..told.len()).map(judged).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn episodes_are_joined_as_the_simple_model_says(told in any_told()) {
        let Some(model) = model(&told) else { return Ok(()) };
        let mut catalog = Catalog::new();
        let items: Vec<ItemIx> = told.iter().map(|told| catalog.push(&told.item()).unwrap()).collect();
        let join = join(&catalog, &[], &Evidence::new());
        let found: Vec<Option<(u32, bool)>> = items
            .iter()
            .map(|item| match join.placement(*item) {
                Placement::Entity(entity) => Some((entity.number(), false)),
                Placement::Disputed(entity, _) => Some((entity.number(), true)),
                Placement::NoIdentity => None,
            })
            .collect();
        for one in 0..told.len() {
            prop_assert_eq!(found[one].map(|(_, disputed)| disputed), model[one].map(|(_, disputed)| disputed), "{}", one);
            for other in 0..told.len() {
                let are_one = |pair: (Option<u64>, Option<u64>)| pair.0.is_some() && pair.0 == pair.1;
                let entity = |at: usize| found[at].map(|(entity, _)| u64::from(entity));
                let class = |at: usize| model[at].map(|(class, _)| u64::try_from(class).unwrap());
                prop_assert_eq!(are_one((entity(one), entity(other))), are_one((class(one), class(other))));
            }
        }
    }
}
