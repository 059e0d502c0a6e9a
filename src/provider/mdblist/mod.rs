//! MDBList, as source and target.
//!
//! MDBList keeps every play as an event of its own, dated to the second, and takes a play near another one of its item for
//! the same. Its gate tells which lists moved, removals included; it tells no totals, so reads are proven by an unbroken
//! chain of pages and a gate that stood still.
//!
//! What it costs: an unchanged account is asked four requests a run, whatever it holds: who it is, what changed, the
//! watchlist and the resume points (one per thousand titles more on the watchlist). A first read of 50 000 plays is 58
//! requests: a page per thousand rows, among them roll-ups of shows and seasons, and the gate before and after.
//! Ratings are one request per five thousand. A write is one request per hundred operations, and one or two reads where the
//! answer proves too little. A free account has 1 000 requests a day.
//!
//! What it cannot do: say what is played when nothing dates it (an undated play would get the moment of the write); keep
//! resume points of episodes in a way that can be read back; tell that a title left the watchlist other than by its absence;
//! answer for single items without their list; keep two plays of an item within about a minute.
//! Deliberately absent: collections, curated lists, dropped shows.

mod api;
mod auth;
mod body;
mod cells;
mod gate;
mod paging;
mod progress;
mod read;
mod row;
mod scrobble;
mod settle;
mod sign_in;
mod wire;
mod write;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use crosswatch_model::{
    Capabilities, Feature, FeatureCapability, FeatureSet, Kind, PlayDetail, Scale, WatchedPrecision,
};
use crosswatch_port::{
    CellNow, CellQuery, Cursor, DailyQuota, Fault, LocalFuture, Page, Probe, Provider, ReadScope, Scrobbling, SignIn,
    Stamp, Stamps, Write, WriteReport,
};
use jiff::tz::TimeZone;
use secrecy::SecretString;
use smol_str::{SmolStr, format_smolstr};

use self::wire::Profile;
use crate::{day, ports::Ports};

/// So many requests a day come with a free account.
const FREE_REQUESTS_A_DAY: u64 = 1_000;

/// Which MDBList account, and how to reach it.
#[derive(Debug, Clone)]
pub struct MdblistOptions {
    /// The account's name in the configuration, for advice.
    pub account: SmolStr,
    /// Address of the API.
    pub url: String,
    /// The key from the account's preferences.
    pub api_key: Option<SecretString>,
    /// Names the app, for accounts that sign in with a code.
    pub client_id: Option<SmolStr>,
    /// Whether the server's certificate must be trusted.
    pub verify_tls: bool,
}

impl MdblistOptions {
    /// The public service, with this key.
    pub fn with_key(account: &str, api_key: SecretString) -> Self {
        Self {
            account: account.into(),
            url: "https://api.mdblist.com".to_owned(),
            api_key: Some(api_key),
            client_id: None,
            verify_tls: true,
        }
    }
}

/// An MDBList account.
struct Mdblist {
    api: api::Api,
    gate: gate::Gate,
    device: sign_in::Device,
    readings: RefCell<BTreeMap<Feature, read::Reading>>,
    /// Pages have their other size, because one that was promised was empty.
    other_limit: Cell<bool>,
    /// The last answer to a write of plays counted them only.
    only_counts: Cell<bool>,
    membership: RefCell<Option<SmolStr>>,
}

/// Prepares an account. Nothing is sent yet.
pub fn open(options: &MdblistOptions, ports: Ports) -> Result<Rc<dyn Provider>, Fault> {
    Ok(Rc::new(Mdblist {
        api: api::Api::new(options, ports)?,
        gate: gate::Gate::default(),
        device: sign_in::Device::default(),
        readings: RefCell::default(),
        other_limit: Cell::default(),
        only_counts: Cell::default(),
        membership: RefCell::default(),
    }))
}

impl Mdblist {
    async fn identify(&self) -> Result<Probe, Fault> {
        let user: Profile = self.api.read(self.api.get("/user")).await?.json()?;
        let name = user.username.text().or_else(|| user.user_name.text()).cloned().unwrap_or_default();
        let identity = user.user_id.written().unwrap_or_else(|| name.clone());
        if identity.is_empty() {
            return Err(Fault::Transient("MDBList did not tell whose account this is; trying later may help".into()));
        }
        self.membership.replace(user.api_requests.whole().map(|daily| {
            let kind = if daily <= FREE_REQUESTS_A_DAY { "free" } else { "supporter" };
            format_smolstr!("{kind}, {daily} requests a day")
        }));
        if let Some(limit) = user.api_requests.whole() {
            let ports = self.api.http().ports();
            let resets_in = day::until_midnight(ports.clock.now(), TimeZone::UTC);
            ports.budget.learn(DailyQuota { limit, used: user.api_requests_count.whole(), resets_in });
        }
        let name = if name.is_empty() { identity.clone() } else { name };
        Ok(Probe { fingerprint: format_smolstr!("mdblist:{identity}"), user: name, product: "MDBList".into() })
    }

    async fn ask_stamps(&self, features: FeatureSet) -> Result<Option<Stamps>, Fault> {
        let marks = self.marks().await?;
        let marked = [(Feature::History, marks.history), (Feature::Ratings, marks.ratings)].into_iter();
        let wanted = marked.filter(|(feature, _)| features.contains(*feature));
        Ok(Some(Stamps(wanted.map(|(feature, mark)| Stamp { feature, mark }).collect())))
    }
}

impl Provider for Mdblist {
    fn capabilities(&self) -> Capabilities {
        const RATED: &[Kind] = &[Kind::Movie, Kind::Show, Kind::Season, Kind::Episode];
        const LISTED: &[Kind] = &[Kind::Movie, Kind::Show];
        const PLAYED: &[Kind] = &[Kind::Movie, Kind::Episode];
        let feature = |feature, kinds, has_change_gate, batch_size| FeatureCapability {
            feature,
            can_write: true,
            can_remove: true,
            kinds,
            has_change_gate,
            can_read_since: false,
            batch_size,
            max_rows: None,
            // The journal that tells removals is what the gate is made of.
            tells_removals: has_change_gate,
            rows_expire: false,
        };
        Capabilities {
            features: vec![
                feature(Feature::History, PLAYED, true, write::BATCH_LIMIT),
                feature(Feature::Watchlist, LISTED, false, write::BATCH_LIMIT),
                feature(Feature::Ratings, RATED, true, write::BATCH_LIMIT),
                FeatureCapability {
                    rows_expire: true,
                    ..feature(Feature::Progress, &[Kind::Movie], false, progress::BATCH_LIMIT)
                },
            ],
            scale: Scale::TEN,
            watched_precision: WatchedPrecision::Second,
            plays: PlayDetail::EveryPlay,
            keeps_undated_plays: false,
            duplicates_plays: false,
            needs_ids: true,
            keeps_one_status: false,
            is_media_server: false,
            membership: self.membership.borrow().clone(),
        }
    }

    fn probe(&self) -> LocalFuture<'_, Result<Probe, Fault>> {
        Box::pin(self.identify())
    }

    fn stamps(&self, features: FeatureSet) -> LocalFuture<'_, Result<Option<Stamps>, Fault>> {
        Box::pin(self.ask_stamps(features))
    }

    fn read_page(
        &self,
        feature: Feature,
        scope: ReadScope,
        cursor: Option<Cursor>,
    ) -> LocalFuture<'_, Result<Page, Fault>> {
        Box::pin(self.page(feature, scope, cursor))
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

    fn sign_in(&self) -> Option<&dyn SignIn> {
        Some(self)
    }

    fn scrobbling(&self) -> Option<&dyn Scrobbling> {
        Some(self)
    }

    fn tokens_end(&self) -> Option<jiff::Timestamp> {
        self.api.auth().tokens_end()
    }

    fn requests_sent(&self) -> u64 {
        self.api.http().requests_sent()
    }
}

#[cfg(test)]
mod tests;
