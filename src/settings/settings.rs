//! The validated configuration as one value.

use crosswatch_model::{PairId, ProviderId};

use crate::{
    identity::Identity,
    log::Log,
    notify::Notify,
    pair::Pair,
    problem::Problem,
    provider::Provider,
    route::{Route, RouteId},
    section::Section,
    server::Server,
    snapshot::Snapshot,
    storage::Storage,
    tree::Table,
};

/// Everything that is configured. Ids are unique and references lead somewhere; lists are in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `[server]`.
    pub server: Server,
    /// `[data]`.
    pub storage: Storage,
    /// `[log]`.
    pub log: Log,
    /// `[identity]`.
    pub identity: Identity,
    /// `[[provider]]`.
    pub providers: Vec<Provider>,
    /// `[[pair]]`.
    pub pairs: Vec<Pair>,
    /// `[[route]]`.
    pub routes: Vec<Route>,
    /// `[[snapshot]]`.
    pub snapshots: Vec<Snapshot>,
    /// `[[notify]]`.
    pub notify: Vec<Notify>,
}

impl Settings {
    /// The account of this name.
    pub fn provider(&self, id: &ProviderId) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id == *id)
    }

    /// The pair of this name.
    pub fn pair(&self, id: &PairId) -> Option<&Pair> {
        self.pairs.iter().find(|pair| pair.id == *id)
    }

    /// The route of this name.
    pub fn route(&self, id: &RouteId) -> Option<&Route> {
        self.routes.iter().find(|route| route.id == *id)
    }

    /// Reads a tree that was checked.
    pub(crate) fn build(root: &Table) -> Result<Self, Problem> {
        let root = Section::root(root);
        let providers = root.entries("provider", Provider::build)?;
        let user_of = |id: &ProviderId| {
            providers.iter().find(|provider| provider.id == *id).and_then(|provider| provider.user.clone())
        };
        Ok(Self {
            server: Server::build(&root.table("server")?)?,
            storage: Storage::build(&root.table("data")?)?,
            log: Log::build(&root.table("log")?)?,
            identity: Identity::build(&root.table("identity")?)?,
            pairs: root.entries("pair", Pair::build)?,
            routes: root.entries("route", |section| Route::build(section, user_of))?,
            snapshots: root.entries("snapshot", Snapshot::build)?,
            notify: root.entries("notify", Notify::build)?,
            providers,
        })
    }
}
