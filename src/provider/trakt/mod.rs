//! Trakt, as source and target.
//!
//! Trakt keeps every play as an event of its own, dated to the minute, and adds another one whenever a play is sent again;
//! a change gate tells which lists moved, not what moved in them.
//! Deliberately absent: writing resume points (Trakt takes them from players only), collections and lists.

mod api;
mod auth;
mod body;
mod cells;
mod device;
mod read;
mod scrobble;
mod settle;
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
    CellNow, CellQuery, Cursor, Fault, LocalFuture, Page, Probe, Provider, ReadScope, Scrobbling, SignIn, Stamp,
    Stamps, Write, WriteReport,
};
use rustc_hash::FxHashSet;
use secrecy::SecretString;
use smol_str::{SmolStr, format_smolstr};

use self::wire::{ActivityStamps, LastActivities, Settings};
use crate::{
    loose::{Nested, Scalar},
    ports::Ports,
};

/// Which Trakt account, and how to reach it.
#[derive(Debug, Clone)]
pub struct TraktOptions {
    /// Name of the account, for what a person is told to type.
    pub account: SmolStr,
    /// Address of the API.
    pub url: String,
    /// Address that hands out tokens.
    pub auth_url: String,
    /// Names the app.
    pub client_id: SmolStr,
    /// Apps that use PKCE have none.
    pub client_secret: Option<SecretString>,
    /// The first access token of a link; the vault has its successors.
    pub access_token: Option<SecretString>,
    /// The refresh token that belongs to it.
    pub refresh_token: Option<SecretString>,
    /// Whether the server's certificate must be trusted.
    pub verify_tls: bool,
}

impl TraktOptions {
    /// The public service, not linked yet.
    pub fn of_app(client_id: &str) -> Self {
        Self {
            account: "trakt".into(),
            url: "https://api.trakt.tv".to_owned(),
            auth_url: "https://auth.trakt.tv".to_owned(),
            client_id: client_id.into(),
            client_secret: None,
            access_token: None,
            refresh_token: None,
            verify_tls: true,
        }
    }
}

/// A Trakt account.
struct Trakt {
    api: api::Api,
    /// Row ids of the read under way, because rows move while pages are read.
    seen: RefCell<BTreeMap<Feature, FxHashSet<u64>>>,
    watchlist_limit: Cell<Option<u64>>,
    membership: RefCell<Option<SmolStr>>,
}

/// Prepares an account. Nothing is sent yet.
pub fn open(options: &TraktOptions, ports: Ports) -> Result<Rc<dyn Provider>, Fault> {
    Ok(Rc::new(Trakt {
        api: api::Api::new(options, ports)?,
        seen: RefCell::default(),
        watchlist_limit: Cell::new(None),
        membership: RefCell::default(),
    }))
}

impl Trakt {
    async fn identify(&self) -> Result<Probe, Fault> {
        let settings: Settings = self.api.read(self.api.get("/users/settings")).await?.json()?;
        let limits = settings.limits.get();
        self.watchlist_limit.set(limits.and_then(|limits| limits.watchlist.get()?.item_count.whole()));
        let user = settings.user;
        let own = user.ids.get().and_then(|ids| ids.uuid.text().or_else(|| ids.slug.text()));
        let name = user.username.text_or_empty();
        let identity = own.map_or(name, SmolStr::as_str);
        if identity.is_empty() {
            return Err(Fault::Transient("Trakt did not tell whose account this is; trying later may help".into()));
        }
        let is_vip = user.vip.flag();
        self.membership.replace(is_vip.map(|is_vip| if is_vip { "vip" } else { "free" }.into()));
        let product = if is_vip == Some(true) { "Trakt VIP" } else { "Trakt" };
        Ok(Probe { fingerprint: format_smolstr!("trakt:{identity}"), user: name.into(), product: product.into() })
    }

    async fn ask_stamps(&self, features: FeatureSet) -> Result<Option<Stamps>, Fault> {
        let activities: LastActivities = self.api.read(self.api.get("/sync/last_activities")).await?.json()?;
        let stamps = features.iter().filter_map(|feature| Some(Stamp { feature, mark: mark(feature, &activities)? }));
        Ok(Some(Stamps(stamps.collect())))
    }
}

/// The stamps that move with a feature, joined. Removals move them too. `None` when Trakt tells none of them.
fn mark(feature: Feature, activities: &LastActivities) -> Option<SmolStr> {
    type Pick = fn(&ActivityStamps) -> &Scalar;
    let LastActivities { movies, episodes, shows, seasons, watchlist } = activities;
    let listed: &[(&Nested<ActivityStamps>, Pick)] = &[(watchlist, |stamps| &stamps.updated)];
    let listed_by_kind: Vec<(&Nested<ActivityStamps>, Pick)> = [movies, shows, seasons, episodes]
        .into_iter()
        .map(|group| (group, (|stamps| &stamps.watchlisted) as Pick))
        .collect();
    let joined = |picks: &[(&Nested<ActivityStamps>, Pick)]| {
        let texts: Vec<&str> =
            picks.iter().map(|(group, pick)| group.get().map_or("", |stamps| pick(stamps).text_or_empty())).collect();
        texts.iter().any(|text| !text.is_empty()).then(|| SmolStr::from(texts.join("|")))
    };
    match feature {
        Feature::History => joined(&[(movies, |stamps| &stamps.watched), (episodes, |stamps| &stamps.watched)]),
        Feature::Progress => joined(&[(movies, |stamps| &stamps.paused), (episodes, |stamps| &stamps.paused)]),
        Feature::Ratings => {
            joined(&[movies, shows, seasons, episodes].map(|group| (group, (|stamps| &stamps.rated) as Pick)))
        }
        Feature::Watchlist => joined(listed).or_else(|| joined(&listed_by_kind)),
    }
}

impl Provider for Trakt {
    fn capabilities(&self) -> Capabilities {
        const LISTED: &[Kind] = &[Kind::Movie, Kind::Show, Kind::Season, Kind::Episode];
        const PLAYED: &[Kind] = &[Kind::Movie, Kind::Episode];
        let feature = |feature, kinds| FeatureCapability {
            feature,
            can_write: true,
            can_remove: true,
            kinds,
            has_change_gate: true,
            can_read_since: false,
            batch_size: write::BATCH_LIMIT,
            max_rows: None,
            tells_removals: false,
            rows_expire: false,
        };
        Capabilities {
            features: vec![
                FeatureCapability { can_read_since: true, ..feature(Feature::History, PLAYED) },
                FeatureCapability { max_rows: self.watchlist_limit.get(), ..feature(Feature::Watchlist, LISTED) },
                feature(Feature::Ratings, LISTED),
                FeatureCapability {
                    can_write: false,
                    can_remove: false,
                    rows_expire: true,
                    ..feature(Feature::Progress, PLAYED)
                },
            ],
            scale: Scale::TEN,
            watched_precision: WatchedPrecision::Minute,
            plays: PlayDetail::EveryPlay,
            keeps_undated_plays: true,
            duplicates_plays: true,
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
        Some(&self.api)
    }

    fn scrobbling(&self) -> Option<&dyn Scrobbling> {
        Some(self)
    }

    fn tokens_end(&self) -> Option<jiff::Timestamp> {
        self.api.tokens_end()
    }

    fn requests_sent(&self) -> u64 {
        self.api.requests_sent()
    }
}

#[cfg(test)]
mod tests;
