//! Reads of entities, baselines, readings, queues and shelves, each within one view.

use std::ops::ControlFlow;

use crosswatch_model::{BaselineRow, Feature, Id, Item, PairId, PlayKey, ProviderId, Uid};
use crosswatch_port::{
    HeldRecord, ItemRecord, OutboxRecord, PairFeatureRecord, ReadingHead, ReadingRow, RejectedRecord, ShelfCursor,
    ShelfRow, StandingRecord, UnresolvedRecord,
};

use crate::{
    failure::StoreError,
    key::{
        FactKey, FeatureKey, IdentityKey, ItemKey, KeptKey, Key, ReadingKey, entity_prefix, feature_prefix,
        scope_prefix,
    },
    keyspaces::Space,
    names::NameKind,
    row::{Cached, Entity, Pointer, ReadFact, Secret, ShelfFact, ShelfSize},
    view::{KeyRange, View},
};

impl View<'_> {
    pub(crate) fn visit_items(&self, visit: &mut dyn FnMut(ItemRecord)) -> Result<(), StoreError> {
        self.visit(Space::Item, &KeyRange::ALL, &mut |ItemKey(uid), Entity { item, runtime_s }| {
            visit(ItemRecord { uid, item, runtime_s });
            ControlFlow::Continue(())
        })
    }

    pub(crate) fn item(&self, uid: Uid) -> Result<Option<ItemRecord>, StoreError> {
        let entity: Option<Entity> = self.value(Space::Item, &ItemKey(uid))?;
        Ok(entity.map(|Entity { item, runtime_s }| ItemRecord { uid, item, runtime_s }))
    }

    pub(crate) fn uid_of(&self, id: Id) -> Result<Option<Uid>, StoreError> {
        let uid: Option<Pointer> = self.value(Space::Identity, &IdentityKey(id))?;
        Ok(uid.map(|Pointer(uid)| uid))
    }

    pub(crate) fn visit_baseline(
        &self,
        pair: &PairId,
        feature: Feature,
        visit: &mut dyn FnMut(Uid, PlayKey, BaselineRow),
    ) -> Result<(), StoreError> {
        let Some(scope) = self.pair(pair)? else { return Ok(()) };
        self.visit(Space::Baseline, &KeyRange::below(feature_prefix(scope, feature)), &mut |key: FactKey, row| {
            visit(key.uid, key.play, row);
            ControlFlow::Continue(())
        })
    }

    pub(crate) fn reading_head(
        &self,
        account: &ProviderId,
        feature: Feature,
    ) -> Result<Option<ReadingHead>, StoreError> {
        let Some(scope) = self.account(account)? else { return Ok(None) };
        self.value(Space::ReadingHead, &FeatureKey { scope, feature })
    }

    pub(crate) fn visit_reading(
        &self,
        account: &ProviderId,
        feature: Feature,
        visit: &mut dyn FnMut(ReadingRow),
    ) -> Result<(), StoreError> {
        let Some(scope) = self.account(account)? else { return Ok(()) };
        let rows = KeyRange::below(feature_prefix(scope, feature));
        self.visit(Space::Reading, &rows, &mut |key: ReadingKey, ReadFact(fact)| {
            visit(ReadingRow { uid: key.fact.uid, play: key.fact.play, native: key.native, fact });
            ControlFlow::Continue(())
        })
    }

    pub(crate) fn pair_feature(
        &self,
        pair: &PairId,
        feature: Feature,
    ) -> Result<Option<PairFeatureRecord>, StoreError> {
        let Some(scope) = self.pair(pair)? else { return Ok(None) };
        self.value(Space::PairFeature, &FeatureKey { scope, feature })
    }

    pub(crate) fn outbox(&self, account: &ProviderId, limit: usize) -> Result<Vec<OutboxRecord>, StoreError> {
        let Some(account) = self.account(account)? else { return Ok(Vec::new()) };
        self.values(Space::Outbox, &KeyRange::below(scope_prefix(account)), limit)
    }

    pub(crate) fn held(&self) -> Result<Vec<HeldRecord>, StoreError> {
        self.values(Space::Held, &KeyRange::ALL, usize::MAX)
    }

    pub(crate) fn rejected(&self, pair: &PairId) -> Result<Vec<RejectedRecord>, StoreError> {
        let Some(pair) = self.pair(pair)? else { return Ok(Vec::new()) };
        self.values(Space::Rejected, &KeyRange::below(scope_prefix(pair)), usize::MAX)
    }

    pub(crate) fn unresolved(&self, pair: &PairId) -> Result<Vec<UnresolvedRecord>, StoreError> {
        let Some(pair) = self.pair(pair)? else { return Ok(Vec::new()) };
        self.values(Space::Unresolved, &KeyRange::below(scope_prefix(pair)), usize::MAX)
    }

    pub(crate) fn shelf(
        &self,
        account: &ProviderId,
        feature: Feature,
        after: Option<ShelfCursor>,
        limit: usize,
    ) -> Result<Vec<ShelfRow>, StoreError> {
        let Some(scope) = self.account(account)? else { return Ok(Vec::new()) };
        let after = after.map(|cursor| FactKey { scope, feature, uid: cursor.uid, play: cursor.play });
        self.shelf_rows(&KeyRange::below(feature_prefix(scope, feature)).after(after.as_ref()), limit)
    }

    pub(crate) fn shelf_rows_of(
        &self,
        account: &ProviderId,
        feature: Feature,
        uid: Uid,
    ) -> Result<Vec<ShelfRow>, StoreError> {
        let Some(scope) = self.account(account)? else { return Ok(Vec::new()) };
        self.shelf_rows(&KeyRange::below(entity_prefix(scope, feature, uid)), usize::MAX)
    }

    fn shelf_rows(&self, range: &KeyRange, limit: usize) -> Result<Vec<ShelfRow>, StoreError> {
        let mut facts: Vec<(FactKey, ShelfFact)> = Vec::new();
        if limit == 0 {
            return Ok(Vec::new());
        }
        self.visit(Space::Shelf, range, &mut |key, fact| {
            facts.push((key, fact));
            if facts.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let mut rows: Vec<ShelfRow> = Vec::with_capacity(facts.len());
        for (key, ShelfFact(fact)) in facts {
            let item = match rows.last() {
                Some(last) if last.uid == key.uid => last.item.clone(),
                _ => self.shelved_item(&key)?,
            };
            rows.push(ShelfRow { uid: key.uid, play: key.play, item, fact });
        }
        Ok(rows)
    }

    fn shelved_item(&self, key: &FactKey) -> Result<Item, StoreError> {
        let item_key = ItemKey(key.uid);
        let entity: Option<Entity> = self.value(Space::Item, &item_key)?;
        entity.map(|entity| entity.item).ok_or_else(|| StoreError::missing_row(Space::Item, &item_key.bytes()))
    }

    pub(crate) fn shelf_count(&self, account: &ProviderId, feature: Feature) -> Result<(u64, u64), StoreError> {
        let Some(scope) = self.account(account)? else { return Ok((0, 0)) };
        let size: ShelfSize = self.value(Space::ShelfSize, &FeatureKey { scope, feature })?.unwrap_or_default();
        Ok((size.rows, size.change_number))
    }

    pub(crate) fn secret(&self, account: &ProviderId, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(account) = self.account(account)? else { return Ok(None) };
        let secret: Option<Secret> = self.value(Space::Secret, &KeptKey { account, name: name.into() })?;
        Ok(secret.map(|Secret(bytes)| bytes))
    }

    pub(crate) fn cached(&self, account: &ProviderId, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(account) = self.account(account)? else { return Ok(None) };
        let cached: Option<Cached> = self.value(Space::Cache, &KeptKey { account, name: name.into() })?;
        Ok(cached.map(|Cached(bytes)| bytes))
    }

    pub(crate) fn standings(&self) -> Result<Vec<StandingRecord>, StoreError> {
        self.values(Space::Standing, &KeyRange::ALL, usize::MAX)
    }

    pub(crate) fn pair(&self, pair: &PairId) -> Result<Option<u32>, StoreError> {
        self.number_of(NameKind::Pair, pair.as_str())
    }

    fn account(&self, account: &ProviderId) -> Result<Option<u32>, StoreError> {
        self.number_of(NameKind::Account, account.as_str())
    }
}
