//! What differs between two configurations, so that a reload touches only what changed.

use crosswatch_model::{PairId, ProviderId};

use crate::{route::RouteId, settings::Settings};

/// The difference between two configurations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one answer per table of the file")]
pub struct SettingsDiff {
    /// Accounts.
    pub providers: Changes<ProviderId>,
    /// Pairs.
    pub pairs: Changes<PairId>,
    /// Routes.
    pub routes: Changes<RouteId>,
    /// Whether `[server]` changed.
    pub server_changed: bool,
    /// Whether `[data]` changed; it takes a restart.
    pub storage_changed: bool,
    /// Whether `[log]` changed.
    pub log_changed: bool,
    /// Whether any `[[snapshot]]` changed.
    pub snapshots_changed: bool,
    /// Whether any `[[notify]]` changed.
    pub notify_changed: bool,
}

/// The entries of a list that differ, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes<Id> {
    /// Only in the new configuration.
    pub added: Vec<Id>,
    /// In both, and different.
    pub changed: Vec<Id>,
    /// Only in the old configuration.
    pub removed: Vec<Id>,
}

impl<Id> Default for Changes<Id> {
    fn default() -> Self {
        Self { added: Vec::new(), changed: Vec::new(), removed: Vec::new() }
    }
}

impl<Id> Changes<Id> {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

impl SettingsDiff {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What changed from the old configuration to the new one. The order of entries does not count, except of snapshots
/// and notifications, which have no ids.
pub fn diff(old: &Settings, new: &Settings) -> SettingsDiff {
    SettingsDiff {
        providers: changes(&old.providers, &new.providers, |provider| &provider.id),
        pairs: changes(&old.pairs, &new.pairs, |pair| &pair.id),
        routes: changes(&old.routes, &new.routes, |route| &route.id),
        server_changed: old.server != new.server,
        storage_changed: old.storage != new.storage,
        log_changed: old.log != new.log,
        snapshots_changed: old.snapshots != new.snapshots,
        notify_changed: old.notify != new.notify,
    }
}

fn changes<T: PartialEq, Id: Clone + PartialEq>(old: &[T], new: &[T], id: impl Fn(&T) -> &Id) -> Changes<Id> {
    let mut changes = Changes::default();
    for entry in new {
        match old.iter().find(|before| id(before) == id(entry)) {
            None => changes.added.push(id(entry).clone()),
            Some(before) if before != entry => changes.changed.push(id(entry).clone()),
            Some(_) => {}
        }
    }
    for entry in old {
        if !new.iter().any(|after| id(after) == id(entry)) {
            changes.removed.push(id(entry).clone());
        }
    }
    changes
}
