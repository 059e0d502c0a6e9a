//! `[server]`: where the service listens and who may speak to it.

use std::net::SocketAddr;

use crate::{
    address::{BasePath, BaseUrl, Network},
    problem::Problem,
    secret::Secret,
    section::Section,
};

/// The HTTP side of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Path prefix behind a reverse proxy.
    pub base_path: BasePath,
    /// Where people reach it, with the path; `None` means where it listens.
    pub public_url: Option<BaseUrl>,
    /// The key of the API; `None` means that one is made on first start and kept in the data folder.
    pub api_key: Option<Secret>,
    /// Whose `X-Forwarded-*` and `Remote-User` headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// Whether `/metrics` answers without the key.
    pub metrics_public: bool,
}

impl Server {
    pub(crate) fn build(section: &Section<'_>) -> Result<Self, Problem> {
        Ok(Self {
            listen: section.parsed("listen")?,
            base_path: section.parsed("base_path")?,
            public_url: section.optional("public_url")?,
            api_key: section.secret("api_key"),
            trusted_proxies: section.words("trusted_proxies")?,
            metrics_public: section.boolean("metrics_public")?,
        })
    }
}
