//! Which entity each row of a file is about.

use std::collections::BTreeMap;

use crosswatch_identity::{
    Catalog, CatalogFull, Confidence, EntityIx, Evidence, ItemIx, Join, Placement, join, title_matches,
};
use crosswatch_model::{Fact, Kind, Uid};
use crosswatch_port::{Ledger, StorageFailure};

use super::{Subject, Write};
use crate::{ImportRow, Misplaced, Told, row::has_identity};

/// The rows of a file beside everything that is known, joined.
pub(super) struct Entities {
    catalog: Catalog,
    join: Join,
    /// A row, and its item where there was room for it.
    rows: Vec<(ImportRow, Result<ItemIx, CatalogFull>)>,
    /// Items without ids, and the one entity that has their name and year.
    namesakes: BTreeMap<ItemIx, EntityIx>,
}

impl Entities {
    /// Reads what is known and joins the rows with it.
    pub(super) fn of(ledger: &dyn Ledger, rows: Vec<ImportRow>, evidence: &Evidence) -> Result<Self, StorageFailure> {
        let (mut catalog, mut known) = (Catalog::new(), Vec::new());
        ledger.visit_items(&mut |record| {
            // What does not fit any more is not found by the file, as it is not found by a run.
            let Ok(item) = catalog.push(&record.item) else { return };
            if let Some(runtime_s) = record.runtime_s {
                catalog.note_runtime(item, runtime_s);
            }
            known.push((record.uid, item));
        })?;
        let mut put = |row: ImportRow| {
            let item = catalog.push(&row.item);
            if let (Ok(item), Some(runtime_s)) = (item, row.runtime_s) {
                catalog.note_runtime(item, runtime_s);
            }
            (row, item)
        };
        let rows: Vec<_> = rows.into_iter().map(&mut put).collect();
        let join = join(&catalog, &known, evidence);
        let namesakes = namesakes(&catalog, &join, &rows);
        Ok(Self { catalog, join, rows, namesakes })
    }

    /// The facts of the rows with their entities. Rows that have none are told.
    pub(super) fn place(&mut self, wrong: &mut dyn FnMut(Misplaced)) -> Vec<(u32, Fact)> {
        let rows = std::mem::take(&mut self.rows);
        let mut placed = Vec::with_capacity(rows.len());
        for (row, item) in rows {
            let found = self.entity(item).and_then(|entity| Ok((entity.number(), self.fact(entity, &row)?)));
            match found {
                Ok(found) => placed.push(found),
                Err(reason) => wrong(Misplaced { text: row.item.label(), place: row.place, reason }),
            }
        }
        placed
    }

    fn entity(&self, item: Result<ItemIx, CatalogFull>) -> Result<EntityIx, String> {
        let item = item.map_err(|full| full.to_string())?;
        match self.join.placement(item) {
            Placement::Entity(entity) => Ok(entity),
            Placement::Disputed(_, reason) => Err(reason.sentence().to_owned()),
            Placement::NoIdentity => self.namesakes.get(&item).copied().ok_or_else(|| {
                "it carries no id, and not exactly one item of this title and year is known; import a file with ids, or \
                 run a pair that knows it first"
                    .to_owned()
            }),
        }
    }

    fn fact(&self, entity: EntityIx, row: &ImportRow) -> Result<Fact, String> {
        let (hundredths, stopped_at) = match row.told {
            Told::Fact(fact) => return Ok(fact),
            Told::ResumePart { hundredths, stopped_at } => (hundredths, stopped_at),
        };
        let length = self.runtime_s(entity).ok_or("it tells a percentage, and nobody knows how long the item runs")?;
        let position_s = u64::from(length) * u64::from(hundredths) / 10_000;
        let position_s = u32::try_from(position_s).unwrap_or(length);
        Ok(Fact::Resume { position_s, duration_s: Some(length), stopped_at })
    }

    /// Our name of an entity, where it has one.
    pub(super) fn uid(&self, entity: u32) -> Option<Uid> {
        self.join.uid(EntityIx::from_number(entity))
    }

    /// What is to be written about an entity; nothing where it neither has rows nor learned anything.
    pub(super) fn subject(&self, entity: u32, writes: Vec<Write>) -> Option<Subject> {
        let entity = EntityIx::from_number(entity);
        let runtime_s = self.runtime_s(entity);
        let Some(known) = self.join.known_item(entity) else {
            let item = self.join.remembered(&self.catalog, entity);
            return Some(Subject { uid: None, item, runtime_s, is_news: true, writes });
        };
        let before = self.catalog.get(known);
        let item = self.join.remembered(&self.catalog, entity);
        let has_learned_length = runtime_s.is_some() && self.catalog.runtime_s(known).is_none();
        let is_news = item != before || has_learned_length;
        let subject = Subject { uid: self.join.uid(entity), item, runtime_s, is_news, writes };
        if is_news || !subject.writes.is_empty() { Some(subject) } else { None }
    }

    /// The shortest length that was told.
    fn runtime_s(&self, entity: EntityIx) -> Option<u32> {
        self.join
            .to_remember(&self.catalog, entity)
            .into_iter()
            .filter_map(|member| self.catalog.runtime_s(member))
            .min()
    }
}

/// For items that carry a title and a year alone: the entity that is the only one of that name and year.
fn namesakes(
    catalog: &Catalog,
    join: &Join,
    rows: &[(ImportRow, Result<ItemIx, CatalogFull>)],
) -> BTreeMap<ItemIx, EntityIx> {
    let mut nameless: Vec<ItemIx> =
        rows.iter().filter(|(row, _)| !has_identity(&row.item)).filter_map(|(_, item)| item.ok()).collect();
    nameless.sort_unstable();
    nameless.dedup();
    if nameless.is_empty() {
        return BTreeMap::new();
    }
    let entities = (0..join.len()).filter_map(|number| u32::try_from(number).ok()).map(EntityIx::from_number);
    let one_each = entities.filter_map(|entity| {
        let item = join.known_item(entity).or_else(|| join.members(entity).next())?;
        let is_whole = matches!(catalog.kind(item), Kind::Movie | Kind::Show);
        (is_whole && join.dispute(entity).is_none()).then_some((item, entity))
    });
    let entity_of: BTreeMap<ItemIx, EntityIx> = one_each.collect();
    let known: Vec<ItemIx> = entity_of.keys().copied().collect();
    let matches = title_matches(catalog, join, &nameless, &known);
    let sure = matches.into_iter().filter(|found| found.confidence == Confidence::C5);
    sure.filter_map(|found| Some((found.one, *entity_of.get(&found.other)?))).collect()
}
