//! A question about one item: which entities the words may mean, and what the plan says about each of them.

use std::collections::BTreeSet;

use crosswatch_identity::{Catalog, EntityIx, ItemIx, Placement};
use crosswatch_model::{ItemRef, Kind, Side, Uid};
use crosswatch_plan::{FeatureInput, why};

use crate::answers::FeatureAnswer;

/// Answers for every feature, and every entity that the question may mean: an IMDb id does not say its kind.
pub(super) fn answer(question: &ItemRef, inputs: &[FeatureInput<'_>], known: &[(Uid, ItemIx)]) -> Vec<FeatureAnswer> {
    let mut answers = Vec::new();
    for input in inputs {
        let answer = |entity: EntityIx| FeatureAnswer {
            feature: input.feature,
            item: input.join.merged(input.catalog, entity),
            whys: why(input, entity),
        };
        answers.extend(entities(question, input, known).into_iter().map(answer));
    }
    answers
}

fn entities(question: &ItemRef, input: &FeatureInput<'_>, known: &[(Uid, ItemIx)]) -> BTreeSet<EntityIx> {
    let rows = Side::ALL.iter().flat_map(|side| input.read(*side).rows()).map(crosswatch_plan::Seen::item);
    let items = known.iter().map(|(_, item)| *item).chain(rows);
    let meant = items.filter(|item| means(question, input.catalog, *item));
    let entity = |item: ItemIx| match input.join.placement(item) {
        Placement::Entity(entity) | Placement::Disputed(entity, _) => Some(entity),
        Placement::NoIdentity => None,
    };
    meant.filter_map(entity).collect()
}

fn means(question: &ItemRef, catalog: &Catalog, item: ItemIx) -> bool {
    let has = |ids: &[crosswatch_model::Id]| ids.iter().any(|id| question.ids.contains(id));
    match question.coordinates {
        None => has(catalog.ids(item)),
        Some((season, number)) => {
            let stands_there = catalog.coordinates(item) == Some((season, Some(number)));
            catalog.kind(item) == Kind::Episode && stands_there && has(catalog.show_ids(item))
        }
    }
}
