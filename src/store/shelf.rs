//! The content of ledger accounts: rows that move together with their count and their change number.

use crosswatch_model::ProviderId;
use crosswatch_port::ShelfChange;

use crate::{
    batch::Batch,
    failure::StoreError,
    key::{FactKey, FeatureKey},
    keyspaces::Space,
    row::{ShelfFact, ShelfSize},
};

impl Batch<'_> {
    /// Changes one row. A change that leaves everything as it is does not count as one.
    pub(crate) fn change_shelf(&mut self, account: &ProviderId, change: &ShelfChange) -> Result<(), StoreError> {
        let scope = self.account(account)?;
        let (feature, uid, play, fact) = match *change {
            ShelfChange::Put { uid, play, fact } => (fact.feature(), uid, play, Some(fact)),
            ShelfChange::Drop { feature, uid, play } => (feature, uid, play, None),
        };
        let key = FactKey { scope, feature, uid, play };
        let before: Option<ShelfFact> = self.get(Space::Shelf, &key)?;
        let after = fact.map(ShelfFact);
        if before == after {
            return Ok(());
        }
        match &after {
            Some(fact) => self.put(Space::Shelf, &key, fact)?,
            None => self.remove(Space::Shelf, &key)?,
        }
        let size_key = FeatureKey { scope, feature };
        let mut size: ShelfSize = self.get(Space::ShelfSize, &size_key)?.unwrap_or_default();
        size.rows = size.rows + u64::from(after.is_some()) - u64::from(before.is_some());
        size.change_number += 1;
        self.put(Space::ShelfSize, &size_key, &size)
    }
}
