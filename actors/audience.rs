//! The audience: at which media servers somebody is watching right now.
//!
//! The scrobbler tells it, from webhooks and watchers alike; the budgets of accounts ask it, so that a server that plays is
//! asked for less at a time. Deliberately absent: who watches what; and servers that no route listens to.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
};

use crosswatch_model::ProviderId;

/// The audience. Cheap to clone; all clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Audience(Arc<RwLock<BTreeSet<ProviderId>>>);

impl Audience {
    /// From now on somebody watches at these accounts and no others.
    pub(crate) fn tell(&self, accounts: BTreeSet<ProviderId>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = accounts;
    }

    /// Whether somebody watches there.
    pub fn is_at(&self, account: &ProviderId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(account)
    }
}
