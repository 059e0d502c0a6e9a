//! What Jellyfin and Emby share: one code base ages ago, and so one adapter with two dialects.
//!
//! Both keep one row per user and item: watched or not, the date of the last play, a position, a favourite mark and a
//! number from 0 to 10. Neither has a log of plays nor a cheap question "what changed", so every read is a full one, in
//! large pages of few fields. Everything in which the two differ is in `dialect.rs`.
//!
//! What an account keeps in its notes: the external ids of the library (`library.rs`) and which playlist or collection
//! was its watchlist (`shelf.rs`).
//! Deliberately absent: choosing what to sync.

mod account;
mod cells;
mod code;
mod connection;
mod dialect;
mod index;
mod library;
mod read;
mod row;
mod shelf;
mod state;
mod watch;
mod wire;
mod write;

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use crosswatch_model::{
    Capabilities, Feature, FeatureCapability, FeatureSet, Kind, PlayDetail, Scale, WatchedPrecision,
};
use crosswatch_port::{
    CellNow, CellQuery, Cursor, Fault, LocalFuture, Page, Probe, Provider, ReadScope, SignIn, Stamps, Watching, Write,
    WriteReport,
};
use secrecy::SecretString;
use smol_str::{SmolStr, format_smolstr};

pub(crate) use self::dialect::Dialect;
use crate::{described::DescribedShelf, library::LibraryFilter, ports::Ports};

/// How to sign in.
#[derive(Debug, Clone)]
pub enum ServerCredentials {
    /// A user's token or an API key of the server.
    Token(SecretString),
    /// The user's password; the token it gives is kept in the vault.
    Password(SecretString),
    /// A code that the user approves on the server's own page; the token it gives is kept in the vault.
    Code,
}

/// What serves as the watchlist, which neither server has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WatchlistShelf {
    /// The user's favourites.
    #[default]
    Favourites,
    /// A playlist of the user, by name. It holds films only: a series would go in as all its episodes.
    Playlist(SmolStr),
    /// A collection, by name. All users of the server share it.
    Collection(SmolStr),
}

/// Which account on a server, and how to reach it.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Address of the server, with its base path if it has one.
    pub url: String,
    /// Token, API key, password or code.
    pub credentials: ServerCredentials,
    /// Name or id of the user whose state this is.
    pub user: SmolStr,
    /// Which libraries belong to the account. They do not narrow a playlist or collection.
    pub libraries: LibraryFilter,
    /// What serves as the watchlist.
    pub watchlist: WatchlistShelf,
    /// Whether the server's certificate must be trusted.
    pub verify_tls: bool,
    /// Names this installation to the server. It must never change: signing in with another one leaves a session behind.
    pub device_id: SmolStr,
}

/// An account on a server.
pub(crate) struct MediaServer {
    dialect: Dialect,
    connection: connection::Connection,
    readings: RefCell<BTreeMap<Feature, read::Reading>>,
    library: library::LibraryShelf,
    code: code::PendingCode,
    described: DescribedShelf,
    /// The last episodes of the files among them that hold several.
    last_numbers: RefCell<BTreeMap<SmolStr, u16>>,
}

/// Prepares an account. Nothing is sent yet.
pub(crate) fn open(dialect: Dialect, options: ServerOptions, ports: Ports) -> Result<Rc<dyn Provider>, Fault> {
    Ok(Rc::new(MediaServer {
        dialect,
        connection: connection::Connection::new(dialect, options, ports)?,
        readings: RefCell::default(),
        library: library::LibraryShelf::default(),
        code: code::PendingCode::default(),
        described: DescribedShelf::default(),
        last_numbers: RefCell::default(),
    }))
}

impl Provider for MediaServer {
    /// Ratings can only be read by listing every movie, series and episode, because the servers have no filter for them.
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
            rows_expire: false,
        };
        let listed: &[Kind] = match self.connection.options().watchlist {
            WatchlistShelf::Playlist(_) => &[Kind::Movie],
            WatchlistShelf::Favourites | WatchlistShelf::Collection(_) => &[Kind::Movie, Kind::Show],
        };
        Capabilities {
            features: vec![
                feature(Feature::History, &[Kind::Movie, Kind::Episode]),
                feature(Feature::Watchlist, listed),
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
                fingerprint: format_smolstr!("{}:{}:{}", self.dialect.word(), account.server_id, account.user_id),
                user: account.user_name.clone(),
                product: format_smolstr!("{} {}", self.dialect, account.version),
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

    /// Only where the token is not the person's own affair, and only where the server knows codes.
    fn sign_in(&self) -> Option<&dyn SignIn> {
        let is_given = matches!(self.connection.options().credentials, ServerCredentials::Token(_));
        (self.dialect == Dialect::Jellyfin && !is_given).then_some(self as &dyn SignIn)
    }

    fn watching(&self) -> Option<&dyn Watching> {
        Some(self)
    }

    fn requests_sent(&self) -> u64 {
        self.connection.requests_sent()
    }
}

#[cfg(test)]
mod watch_tests;
