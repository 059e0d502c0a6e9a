//! Naming: every entity that is written about gets a name of our own, minted once and kept for ever.
//!
//! Ids that a read newly tells about an entity are added to its record; nothing is ever taken away here.

use std::collections::BTreeSet;

use crosswatch_identity::{Catalog, EntityIx, ItemIx, Join, Placement};
use crosswatch_model::Uid;
use crosswatch_plan::Read;
use crosswatch_port::{Change, ItemRecord};
use rustc_hash::FxHashMap;

use super::journey::{Journey, Stop};

/// Names minted in this run; older names are in the join.
#[derive(Debug, Default)]
pub(super) struct Names(FxHashMap<EntityIx, Uid>);

impl Names {
    /// The name of an entity.
    pub(super) fn of(&self, join: &Join, entity: EntityIx) -> Option<Uid> {
        join.uid(entity).or_else(|| self.0.get(&entity).copied())
    }
}

/// What a look at the rows found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Entities that need a name, in a fixed order.
    pub(super) nameless: BTreeSet<EntityIx>,
    /// Entities whose record learns something.
    pub(super) enriched: BTreeSet<EntityIx>,
}

impl Survey {
    /// Looks at the rows of a read. Every entity of it gets a name when the rows are to be kept.
    pub(super) fn add_rows(&mut self, join: &Join, catalog: &Catalog, read: &Read, keeps_rows: bool) {
        for row in read.rows() {
            let Placement::Entity(entity) = join.placement(row.item()) else { continue };
            self.add(join, catalog, entity, keeps_rows);
        }
    }

    /// Looks at one entity.
    pub(super) fn add(&mut self, join: &Join, catalog: &Catalog, entity: EntityIx, needs_name: bool) {
        match join.known_item(entity) {
            None if needs_name => {
                self.nameless.insert(entity);
            }
            None => {}
            Some(known) => {
                let is_described_differently = join.members(entity).any(|member| member != known);
                if is_described_differently
                    && !self.enriched.contains(&entity)
                    && (has_learned_its_length(join, catalog, entity, known)
                        || join.remembered(catalog, entity) != catalog.get(known))
                {
                    self.enriched.insert(entity);
                }
            }
        }
    }
}

fn has_learned_its_length(join: &Join, catalog: &Catalog, entity: EntityIx, known: ItemIx) -> bool {
    catalog.runtime_s(known).is_none() && runtime_s(join, catalog, entity).is_some()
}

/// The shortest length that was told of an entity.
fn runtime_s(join: &Join, catalog: &Catalog, entity: EntityIx) -> Option<u32> {
    join.to_remember(catalog, entity).into_iter().filter_map(|member| catalog.runtime_s(member)).min()
}

/// Mints names and writes the records of new and enriched entities into `changes`.
pub(super) async fn name(
    journey: &Journey,
    catalog: &mut Catalog,
    known: &mut Vec<(Uid, ItemIx)>,
    join: &Join,
    survey: Survey,
) -> Result<(Names, Vec<Change>), Stop> {
    let count = u32::try_from(survey.nameless.len()).unwrap_or(u32::MAX);
    let mut names = Names::default();
    let mut minted = Vec::with_capacity(survey.nameless.len());
    let mut changes = Vec::with_capacity(survey.nameless.len() + survey.enriched.len());
    if count > 0 {
        let first = journey.directory.store().query(move |ledger| ledger.mint_uids(count)).await?;
        for (number, entity) in (first.0..).zip(survey.nameless) {
            let (uid, item) = (Uid(number), join.remembered(catalog, entity));
            let runtime_s = runtime_s(join, catalog, entity);
            names.0.insert(entity, uid);
            if let Ok(described) = catalog.push(&item) {
                minted.push((uid, described));
            }
            changes.push(Change::PutItem(ItemRecord { uid, item, runtime_s }));
        }
    }
    for entity in survey.enriched {
        let Some(uid) = join.uid(entity) else { continue };
        let item = join.remembered(catalog, entity);
        let runtime_s = runtime_s(join, catalog, entity);
        // A full catalog keeps the older description.
        if let (Ok(described), Ok(at)) = (catalog.push(&item), known.binary_search_by_key(&uid, |(uid, _)| *uid))
            && let Some(entry) = known.get_mut(at)
        {
            entry.1 = described;
        }
        changes.push(Change::PutItem(ItemRecord { uid, item, runtime_s }));
    }
    known.append(&mut minted);
    known.sort_unstable_by_key(|(uid, _)| *uid);
    Ok((names, changes))
}
