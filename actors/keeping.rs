//! What an adapter keeps in the store: its tokens, its notes, and for the ledger its rows.
//!
//! Tokens are sealed before the store sees them.

use crosswatch_model::{Feature, ProviderId, Uid};
use crosswatch_port::{
    Cache, Change, Commit, Durability, Fault, Ledger, LocalFuture, Shelf, ShelfChange, ShelfCursor, ShelfRow,
    StorageFailure, Vault,
};
use secrecy::SecretString;
use smol_str::{SmolStr, format_smolstr};

use crate::{
    seal::Seal,
    store::{SaveError, StoreDoor},
};

/// The part of the store that belongs to one account.
#[derive(Clone)]
pub(crate) struct AccountKeeping {
    account: ProviderId,
    store: StoreDoor,
    seal: Seal,
}

impl AccountKeeping {
    pub(crate) fn new(account: ProviderId, store: StoreDoor, seal: Seal) -> Self {
        Self { account, store, seal }
    }

    async fn read<R, Q>(&self, query: Q) -> Result<R, Fault>
    where
        R: Send + 'static,
        Q: FnOnce(&dyn Ledger, &ProviderId) -> Result<R, StorageFailure> + Send + 'static,
    {
        let account = self.account.clone();
        self.store.query(move |ledger| query(ledger, &account)).await.map_err(|error| store_fault(&error))
    }

    async fn save(&self, changes: Vec<Change>) -> Result<(), Fault> {
        let commit = Commit { fence: None, durability: Durability::Synced, changes };
        self.store.save(commit).await.map_err(|error| store_fault(&error))
    }
}

fn store_fault(error: &SaveError) -> Fault {
    Fault::Transient(format_smolstr!("{error}"))
}

impl Vault for AccountKeeping {
    fn load<'a>(&'a self, name: &'a str) -> LocalFuture<'a, Result<Option<SecretString>, Fault>> {
        let asked = SmolStr::new(name);
        Box::pin(async move {
            let sealed = self.read(move |ledger, account| ledger.secret(account, &asked)).await?;
            let open = |sealed: Vec<u8>| self.seal.open(&self.account, name, &sealed);
            sealed.map(open).transpose().map_err(|error| Fault::Auth(format_smolstr!("{error}")))
        })
    }

    fn save<'a>(&'a self, name: &'a str, secret: SecretString) -> LocalFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            let sealed = self.seal.close(&self.account, name, &secret);
            let sealed = sealed.map_err(|error| Fault::Rejected(format_smolstr!("{error}")))?;
            self.save(vec![Change::PutSecret(self.account.clone(), name.into(), sealed)]).await
        })
    }
}

/// No note is larger; a library of a million items needs less.
const NOTE_MAX_BYTES: usize = 128 << 20;

impl Cache for AccountKeeping {
    fn recall<'a>(&'a self, name: &'a str) -> LocalFuture<'a, Result<Option<Vec<u8>>, Fault>> {
        let name = SmolStr::new(name);
        Box::pin(self.read(move |ledger, account| ledger.cached(account, &name)))
    }

    fn keep<'a>(&'a self, name: &'a str, bytes: Vec<u8>) -> LocalFuture<'a, Result<(), Fault>> {
        if bytes.len() > NOTE_MAX_BYTES {
            let fault = Fault::Rejected(format_smolstr!("a note of {} bytes is too large to keep", bytes.len()));
            return Box::pin(std::future::ready(Err(fault)));
        }
        Box::pin(self.save(vec![Change::PutCache(self.account.clone(), name.into(), bytes)]))
    }
}

impl Shelf for AccountKeeping {
    fn page(
        &self,
        feature: Feature,
        after: Option<ShelfCursor>,
        limit: usize,
    ) -> LocalFuture<'_, Result<Vec<ShelfRow>, Fault>> {
        Box::pin(self.read(move |ledger, account| ledger.shelf(account, feature, after, limit)))
    }

    fn rows_of(&self, feature: Feature, uid: Uid) -> LocalFuture<'_, Result<Vec<ShelfRow>, Fault>> {
        Box::pin(self.read(move |ledger, account| ledger.shelf_rows_of(account, feature, uid)))
    }

    fn count(&self, feature: Feature) -> LocalFuture<'_, Result<(u64, u64), Fault>> {
        Box::pin(self.read(move |ledger, account| ledger.shelf_count(account, feature)))
    }

    fn apply(&self, changes: Vec<ShelfChange>) -> LocalFuture<'_, Result<(), Fault>> {
        let changes = changes.into_iter().map(|change| Change::Shelf(self.account.clone(), change)).collect();
        Box::pin(self.save(changes))
    }
}
