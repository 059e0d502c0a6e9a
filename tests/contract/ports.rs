//! What the house gives an adapter, in memory: a budget that never waits, a vault, a clock, chance, and a shelf.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    future::{Future, ready},
    rc::Rc,
    sync::Arc,
};

use crosswatch_model::{Feature, ProviderId, Uid};
use crosswatch_port::{
    Budget, Cache, Change, Commit, Durability, Fault, Ledger, LocalFuture, RequestKind, Shelf, ShelfChange,
    ShelfCursor, ShelfRow, StorageFailure, Vault, Verdict,
    fake::{FixedClock, MemoryLedger, SeededEntropy},
};
use crosswatch_provider::Ports;
use secrecy::{ExposeSecret, SecretString};

use crate::catalogue::now;

/// A budget that lets everything through.
struct OpenBudget;

impl Budget for OpenBudget {
    fn take(&self, _: RequestKind) -> LocalFuture<'_, Result<(), Fault>> {
        Box::pin(ready(Ok(())))
    }

    fn report(&self, _: Verdict) {}
}

/// Secrets in memory. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct MemoryVault(Rc<RefCell<BTreeMap<String, String>>>);

impl MemoryVault {
    /// Everything in it, as text.
    pub(crate) fn contents(&self) -> Vec<String> {
        self.0.borrow().values().cloned().collect()
    }
}

impl Vault for MemoryVault {
    fn load<'a>(&'a self, name: &'a str) -> LocalFuture<'a, Result<Option<SecretString>, Fault>> {
        let found = self.0.borrow().get(name).map(|secret| SecretString::from(secret.clone()));
        Box::pin(ready(Ok(found)))
    }

    fn save<'a>(&'a self, name: &'a str, secret: SecretString) -> LocalFuture<'a, Result<(), Fault>> {
        self.0.borrow_mut().insert(name.to_owned(), secret.expose_secret().to_owned());
        Box::pin(ready(Ok(())))
    }
}

/// Notes in memory. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct MemoryCache(Rc<RefCell<BTreeMap<String, Vec<u8>>>>);

impl Cache for MemoryCache {
    fn recall<'a>(&'a self, name: &'a str) -> LocalFuture<'a, Result<Option<Vec<u8>>, Fault>> {
        Box::pin(ready(Ok(self.0.borrow().get(name).cloned())))
    }

    fn keep<'a>(&'a self, name: &'a str, bytes: Vec<u8>) -> LocalFuture<'a, Result<(), Fault>> {
        self.0.borrow_mut().insert(name.to_owned(), bytes);
        Box::pin(ready(Ok(())))
    }
}

/// The ports of an adapter that finds its notes again.
pub(crate) fn ports_with_notes(vault: &MemoryVault, notes: &MemoryCache) -> Ports {
    Ports { cache: Rc::new(notes.clone()), ..ports(vault) }
}

/// The ports of an adapter. The clock stands still and sleeping moves it, so that retries take no time.
pub(crate) fn ports(vault: &MemoryVault) -> Ports {
    Ports {
        clock: Arc::new(FixedClock::at(now())),
        entropy: Arc::new(SeededEntropy::new(1)),
        budget: Rc::new(OpenBudget),
        vault: Rc::new(vault.clone()),
        cache: Rc::new(MemoryCache::default()),
    }
}

/// The shelf of one ledger account in memory.
pub(crate) struct MemoryShelf {
    pub(crate) ledger: Rc<MemoryLedger>,
    pub(crate) account: ProviderId,
}

fn fault(failure: &StorageFailure) -> Fault {
    Fault::Transient(failure.to_string().into())
}

impl Shelf for MemoryShelf {
    fn page(
        &self,
        feature: Feature,
        after: Option<ShelfCursor>,
        limit: usize,
    ) -> LocalFuture<'_, Result<Vec<ShelfRow>, Fault>> {
        let rows = self.ledger.shelf(&self.account, feature, after, limit);
        Box::pin(ready(rows.map_err(|failure| fault(&failure))))
    }

    fn rows_of(&self, feature: Feature, uid: Uid) -> LocalFuture<'_, Result<Vec<ShelfRow>, Fault>> {
        let rows = self.ledger.shelf_rows_of(&self.account, feature, uid);
        Box::pin(ready(rows.map_err(|failure| fault(&failure))))
    }

    fn count(&self, feature: Feature) -> LocalFuture<'_, Result<(u64, u64), Fault>> {
        let count = self.ledger.shelf_count(&self.account, feature);
        Box::pin(ready(count.map_err(|failure| fault(&failure))))
    }

    fn apply(&self, changes: Vec<ShelfChange>) -> LocalFuture<'_, Result<(), Fault>> {
        let changes = changes.into_iter().map(|change| Change::Shelf(self.account.clone(), change)).collect();
        let commit = Commit { fence: None, durability: Durability::Synced, changes };
        let done = self.ledger.commit(vec![commit]).map(drop);
        Box::pin(ready(done.map_err(|failure| fault(&failure))))
    }
}

/// Runs a future of an adapter on this thread.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, future)
}
