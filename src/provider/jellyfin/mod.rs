//! Jellyfin 10.9 and later, as source and target.
//!
//! Jellyfin keeps one row per user and item: watched or not, the date of the last play, a position, a favourite mark and a
//! number from 0 to 10 that no screen shows. It has no log of plays and no cheap question "what changed", so every read is
//! a full one, in large pages of few fields. It cannot be asked for an item by external id; see `index.rs`.
//! Deliberately absent: playlists and collections as watchlists, the websocket, and the call that marks an item as played,
//! because it counts a play each time it is sent.

mod account;
mod cells;
mod connection;
mod index;
mod read;
mod row;
mod wire;
mod write;

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use crosswatch_model::{
    Capabilities, Feature, FeatureCapability, FeatureSet, Kind, PlayDetail, Scale, WatchedPrecision,
};
use crosswatch_port::{
    CellNow, CellQuery, Cursor, Fault, LocalFuture, Page, Probe, Provider, ReadScope, Stamps, Write, WriteReport,
};
use secrecy::SecretString;
use smol_str::{SmolStr, format_smolstr};

use crate::{library::LibraryFilter, ports::Ports};

/// How to sign in.
#[derive(Debug, Clone)]
pub enum JellyfinCredentials {
    /// A user's token or an API key of the server.
    Token(SecretString),
    /// The user's password; the token it gives is kept in the vault.
    Password(SecretString),
}

/// Which Jellyfin account, and how to reach it.
#[derive(Debug, Clone)]
pub struct JellyfinOptions {
    /// Address of the server, with its base path if it has one.
    pub url: String,
    /// Token, API key or password.
    pub credentials: JellyfinCredentials,
    /// Name or id of the user whose state this is.
    pub user: SmolStr,
    /// Which libraries belong to the account.
    pub libraries: LibraryFilter,
    /// Whether the server's certificate must be trusted.
    pub verify_tls: bool,
    /// Names this installation to the server. It must never change: signing in with another one leaves a session behind.
    pub device_id: SmolStr,
}

/// A Jellyfin account.
struct Jellyfin {
    connection: connection::Connection,
    readings: RefCell<BTreeMap<Feature, read::Reading>>,
    index: index::IndexShelf,
}

/// Prepares an account. Nothing is sent yet.
pub fn open(options: JellyfinOptions, ports: Ports) -> Result<Rc<dyn Provider>, Fault> {
    Ok(Rc::new(Jellyfin {
        connection: connection::Connection::new(options, ports)?,
        readings: RefCell::default(),
        index: index::IndexShelf::default(),
    }))
}

impl Provider for Jellyfin {
    /// Ratings can only be read by listing every movie, series and episode, because the server has no filter for them.
    fn capabilities(&self) -> Capabilities {
        let feature = |feature, kinds| FeatureCapability {
            feature,
            can_write: true,
            can_remove: true,
            kinds,
            has_change_gate: false,
            can_read_since: false,
            batch_size: 50,
            max_rows: None,
            tells_removals: false,
        };
        Capabilities {
            features: vec![
                feature(Feature::History, &[Kind::Movie, Kind::Episode]),
                feature(Feature::Watchlist, &[Kind::Movie, Kind::Show]),
                feature(Feature::Ratings, &[Kind::Movie, Kind::Show, Kind::Episode]),
                feature(Feature::Progress, &[Kind::Movie, Kind::Episode]),
            ],
            scale: Scale::HUNDRED,
            watched_precision: WatchedPrecision::Second,
            plays: PlayDetail::LastPlayOnly,
            keeps_undated_plays: true,
            duplicates_plays: false,
            needs_ids: true,
            keeps_one_status: false,
            is_media_server: true,
            membership: None,
        }
    }

    fn probe(&self) -> LocalFuture<'_, Result<Probe, Fault>> {
        Box::pin(async {
            let account = self.connection.identify().await?;
            Ok(Probe {
                fingerprint: format_smolstr!("jellyfin:{}:{}", account.server_id, account.user_id),
                user: account.user_name.clone(),
                product: format_smolstr!("Jellyfin {}", account.version),
            })
        })
    }

    fn stamps(&self, _: FeatureSet) -> LocalFuture<'_, Result<Option<Stamps>, Fault>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn read_page(
        &self,
        feature: Feature,
        _: ReadScope,
        cursor: Option<Cursor>,
    ) -> LocalFuture<'_, Result<Page, Fault>> {
        Box::pin(self.page(feature, cursor))
    }

    fn count(&self, feature: Feature) -> LocalFuture<'_, Result<Option<u64>, Fault>> {
        Box::pin(self.count_rows(feature))
    }

    fn cells<'a>(&'a self, feature: Feature, queries: &'a [CellQuery]) -> LocalFuture<'a, Result<Vec<CellNow>, Fault>> {
        Box::pin(self.cells_now(feature, queries))
    }

    fn write<'a>(&'a self, feature: Feature, writes: &'a [Write]) -> LocalFuture<'a, WriteReport> {
        Box::pin(self.write_all(feature, writes))
    }

    fn requests_sent(&self) -> u64 {
        self.connection.requests_sent()
    }
}

#[cfg(test)]
mod tests;
