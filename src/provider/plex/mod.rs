//! Plex, as source and target: a media server, the accounts of plex.tv, and the watchlists of its cloud.
//!
//! The server keeps one row per user and title (how often it was seen, when last, where it stopped, a rating) and a log of
//! what was really played. The log knows dates and no ids, the titles know ids and only the last date; both are read and
//! put together, see `history.rs`. The server cannot be asked for a title by external id, see `index.rs`.
//!
//! What Plex cannot do: keep a date of the past (every mark is stamped with now, so a play is written only where nothing
//! is watched yet), count a view less, take a position from a watched title, tell what was removed.
//!
//! What it costs, in requests. The first question of a process is four (server, user, token, libraries) and every later
//! one is that for the libraries, which also tell that it is the same server. An unchanged run adds one small request per
//! kind: two for history and progress together or for one of them, three for ratings, one for the watchlist; so history and
//! watchlist are four, all four features seven, and four where there are films only, whatever the size of the libraries.
//! Where plays or resume points moved, it is four more. Ratings of films, shows and episodes have their own dates and so
//! their own questions. A first read of 50 000 plays of as many titles is about 105: 50 pages of the log, 50 of watched titles, the shows, and four. A
//! first read of a watchlist asks once per title it has never seen. Lists of libraries and ids of titles are kept over
//! restarts.
//! Deliberately absent: seasons' ratings, PINs of home users, signing requests with keys of our own, and
//! marking whole shows.

mod account;
mod auth;
mod cells;
mod cloud;
mod connection;
mod gate;
mod history;
mod index;
mod lookup;
mod read;
mod row;
mod sign_in;
mod watch;
mod watchlist;
mod wire;
mod write;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    rc::{Rc, Weak},
};

use crosswatch_model::{
    Capabilities, Feature, FeatureCapability, FeatureSet, Id, Kind, PlayDetail, Scale, WatchedPrecision,
};
use crosswatch_port::{
    CellNow, CellQuery, Cursor, Fault, LocalFuture, Page, Probe, Provider, ReadScope, SignIn, Stamps, Watching, Write,
    WriteReport,
};
use rustc_hash::FxHashSet;
use secrecy::SecretString;
use smol_str::{SmolStr, format_smolstr};

use crate::{described::DescribedShelf, library::LibraryFilter, ports::Ports};

/// The numbers that stand for kinds in queries.
const PLEX_MOVIES: &str = "1";
const PLEX_SHOWS: &str = "2";
const PLEX_EPISODES: &str = "4";

/// Which Plex account, and how to reach it.
#[derive(Debug, Clone)]
pub struct PlexOptions {
    /// The name of the account in the configuration, for advice to people.
    pub account: SmolStr,
    /// Address of the server.
    pub url: String,
    /// Address of the account service.
    pub plextv_url: String,
    /// Address of the watchlist service.
    pub discover_url: String,
    /// Address of the service that knows titles.
    pub metadata_url: String,
    /// The user's token for plex.tv. A sign-in can take its place.
    pub token: Option<SecretString>,
    /// Name, mail address or number of the user whose state this is; `None` is the token's owner.
    pub user: Option<SmolStr>,
    /// Which libraries belong to the account.
    pub libraries: LibraryFilter,
    /// Whether certificates must be trusted.
    pub verify_tls: bool,
    /// Names this installation to Plex. It must never change: a sign-in belongs to it.
    pub device_id: SmolStr,
}

/// A Plex account.
struct Plex {
    /// Itself, for the event sockets that outlive the call that opens them.
    me: Weak<Plex>,
    connection: connection::Connection,
    readings: RefCell<BTreeMap<Feature, read::Reading>>,
    /// Titles of the watchlist that the read under way has told.
    listed: RefCell<FxHashSet<Id>>,
    gate: gate::Gate,
    index: index::IndexShelf,
    cloud: cloud::CloudIds,
    pin: sign_in::PinShelf,
    described: DescribedShelf,
}

/// Prepares an account. Nothing is sent yet.
pub fn open(options: PlexOptions, ports: Ports) -> Result<Rc<dyn Provider>, Fault> {
    let connection = connection::Connection::new(options, ports)?;
    Ok(Rc::new_cyclic(|me| Plex {
        me: me.clone(),
        connection,
        readings: RefCell::default(),
        listed: RefCell::default(),
        gate: gate::Gate::default(),
        index: index::IndexShelf::default(),
        cloud: cloud::CloudIds::default(),
        pin: sign_in::PinShelf::default(),
        described: DescribedShelf::default(),
    }))
}

impl Provider for Plex {
    fn capabilities(&self) -> Capabilities {
        let feature = |feature, kinds, batch_size| FeatureCapability {
            feature,
            can_write: true,
            can_remove: true,
            kinds,
            has_change_gate: true,
            can_read_since: false,
            batch_size,
            max_rows: None,
            tells_removals: false,
            rows_expire: false,
        };
        Capabilities {
            features: vec![
                feature(Feature::History, &[Kind::Movie, Kind::Episode], 50),
                feature(Feature::Watchlist, &[Kind::Movie, Kind::Show], 20),
                feature(Feature::Ratings, &[Kind::Movie, Kind::Show, Kind::Episode], 50),
                feature(Feature::Progress, &[Kind::Movie, Kind::Episode], 50),
            ],
            scale: Scale::TEN_HALVES,
            watched_precision: WatchedPrecision::WriteTimeOnly,
            plays: PlayDetail::EveryPlay,
            keeps_undated_plays: false,
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
                fingerprint: format_smolstr!("plex:{}:{}", account.machine, account.user_id),
                user: account.user_name.clone(),
                product: format_smolstr!("Plex Media Server {}", account.version),
            })
        })
    }

    fn stamps(&self, features: FeatureSet) -> LocalFuture<'_, Result<Option<Stamps>, Fault>> {
        Box::pin(self.ask_stamps(features))
    }

    fn read_page(
        &self,
        feature: Feature,
        _: ReadScope,
        cursor: Option<Cursor>,
    ) -> LocalFuture<'_, Result<Page, Fault>> {
        Box::pin(async move {
            match feature {
                Feature::Watchlist => self.watchlist_page(cursor).await,
                _ => self.server_page(feature, cursor).await,
            }
        })
    }

    /// Only the watchlist is told by one request: plays are put together from two lists, ratings lie in several.
    fn count(&self, feature: Feature) -> LocalFuture<'_, Result<Option<u64>, Fault>> {
        Box::pin(async move {
            self.connection.account().await?;
            if feature == Feature::Watchlist { self.watchlist_count().await } else { Ok(None) }
        })
    }

    fn cells<'a>(&'a self, feature: Feature, queries: &'a [CellQuery]) -> LocalFuture<'a, Result<Vec<CellNow>, Fault>> {
        Box::pin(async move {
            match feature {
                Feature::Watchlist => self.watchlist_cells(queries).await,
                _ => self.server_cells(feature, queries).await,
            }
        })
    }

    fn write<'a>(&'a self, feature: Feature, writes: &'a [Write]) -> LocalFuture<'a, WriteReport> {
        Box::pin(async move {
            match feature {
                Feature::Watchlist => self.write_watchlist(writes).await,
                _ => self.write_to_server(feature, writes).await,
            }
        })
    }

    fn sign_in(&self) -> Option<&dyn SignIn> {
        Some(self)
    }

    fn watching(&self) -> Option<&dyn Watching> {
        Some(self)
    }

    fn requests_sent(&self) -> u64 {
        self.connection.requests_sent()
    }
}

#[cfg(test)]
mod tests;
