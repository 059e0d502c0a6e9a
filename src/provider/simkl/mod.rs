//! SIMKL, as source and target.
//!
//! SIMKL keeps one entry per title with one list, one rating and each episode once. It bans apps that read a library whole
//! again and again, so the adapter keeps a copy of it, asks what changed, and answers complete reads out of the copy.
//!
//! What it costs: a run in which nothing changed sends two requests (who we are, and the activities) whatever the size of the
//! library; each feature that is read adds one. The first read of 50 000 plays sends five: who we are, the activities, and
//! each of the three parts once. A change of one part costs one to three more. 50 000 plays are written in 250 requests.
//!
//! What it cannot do: rewatches (a second play of a title is ignored; only paying members have sessions of their own for
//! them, which are left out here), ratings of seasons and episodes, ratings of films that are not watched and of shows that
//! are on no list (SIMKL would file them as watched), taking a rated film out of the history (its rating would go, too),
//! titles that are watched and planned at once, resume points as a target, and the episodes of an anime where neither
//! TheTVDB's number nor the cour is known. Paused titles are forgotten after 7, 30 or 90 days by themselves.
//!
//! Deliberately absent: the sign-in of version 1 (a token of it can be given), searching for titles.

mod api;
mod auth;
mod body;
mod cells;
mod copy;
mod entry;
mod find;
mod part;
mod progress;
mod quota;
mod read;
mod refresh;
mod scrobble;
mod settle;
mod wire;
mod write;

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use crosswatch_model::{
    Capabilities, Feature, FeatureCapability, FeatureSet, Kind, PlayDetail, Scale, WatchedPrecision,
};
use crosswatch_port::{
    CellNow, CellQuery, Cursor, Fault, LocalFuture, Page, Probe, Provider, ReadScope, Scrobbling, SignIn, SignInCode,
    SignInState, Stamp, Stamps, Write, WriteReport,
};
use secrecy::SecretString;
use smol_str::{SmolStr, format_smolstr};
use tokio::sync::Mutex;

use self::{copy::Copy, part::Part, read::Reading, wire::Settings};
use crate::ports::Ports;

/// Which SIMKL account, and how to reach it.
#[derive(Debug, Clone)]
pub struct SimklOptions {
    /// What the account is called here: `crosswatch auth ACCOUNT`.
    pub account: SmolStr,
    /// Address of the API and of the sign-in.
    pub url: String,
    /// Names the app.
    pub client_id: SmolStr,
    /// Apps on devices have none.
    pub client_secret: Option<SecretString>,
    /// The first access token of a link; the vault has its successors.
    pub access_token: Option<SecretString>,
    /// The refresh token that belongs to it. A token of version 1 has none.
    pub refresh_token: Option<SecretString>,
    /// Whether the server's certificate must be trusted.
    pub verify_tls: bool,
}

impl SimklOptions {
    /// The public service, not linked yet.
    pub fn of_app(account: &str, client_id: &str) -> Self {
        Self {
            account: account.into(),
            url: "https://api.simkl.com".to_owned(),
            client_id: client_id.into(),
            client_secret: None,
            access_token: None,
            refresh_token: None,
            verify_tls: true,
        }
    }
}

/// A SIMKL account.
struct Simkl {
    api: api::Api,
    copy: Mutex<Copy>,
    readings: RefCell<BTreeMap<Feature, Reading>>,
    owner: RefCell<Option<SmolStr>>,
    membership: RefCell<Option<SmolStr>>,
}

/// Prepares an account. Nothing is sent yet.
pub fn open(options: &SimklOptions, ports: Ports) -> Result<Rc<dyn Provider>, Fault> {
    Ok(Rc::new(Simkl {
        api: api::Api::new(options, ports)?,
        copy: Mutex::default(),
        readings: RefCell::default(),
        owner: RefCell::default(),
        membership: RefCell::default(),
    }))
}

impl Simkl {
    async fn identify(&self) -> Result<Probe, Fault> {
        let settings: Settings = self.api.read(self.api.get("/users/settings")).await?.json()?;
        let name = settings.user.name.text_or_empty();
        let Some(number) = settings.account.id.written() else {
            return Err(Fault::InDoubt("SIMKL did not tell whose account this is; trying later may help".into()));
        };
        let membership = settings.account.membership.text().cloned();
        let product = match membership.as_deref() {
            Some("pro") => "SIMKL PRO",
            Some("vip") => "SIMKL VIP",
            _ => "SIMKL",
        };
        let ports = self.api.ports();
        ports.budget.learn(quota::requests_of_a_day(membership.as_deref(), ports.clock.now()));
        self.membership.replace(membership);
        let fingerprint = format_smolstr!("simkl:{number}");
        let user = if name.is_empty() { number } else { name.into() };
        if self.owner.replace(Some(fingerprint.clone())).is_some_and(|before| before != fingerprint) {
            self.copy.lock().await.forget();
        }
        Ok(Probe { fingerprint, user, product: product.into() })
    }

    /// Whose library it is. Asked once, so that a copy of another user's library is never taken for this one.
    async fn owner(&self) -> Result<SmolStr, Fault> {
        let known = self.owner.borrow().clone();
        match known {
            Some(owner) => Ok(owner),
            None => Ok(self.identify().await?.fingerprint),
        }
    }

    async fn ask_stamps(&self, features: FeatureSet) -> Result<Option<Stamps>, Fault> {
        let activities = self.activities().await?;
        let needs_copy = features.iter().any(|feature| feature != Feature::Progress);
        for part in Part::ALL.into_iter().filter(|_| needs_copy) {
            self.bring_up(part, &activities).await?;
        }
        let copy = self.copy.lock().await;
        let paused = || {
            let stamps = Part::ALL.iter().filter_map(|part| part.stamps(&activities));
            let texts: Vec<&str> = stamps.map(|stamps| stamps.playback.text_or_empty()).collect();
            SmolStr::from(texts.join("|"))
        };
        let mark = |feature| if feature == Feature::Progress { paused() } else { copy.mark(feature) };
        Ok(Some(Stamps(features.iter().map(|feature| Stamp { feature, mark: mark(feature) }).collect())))
    }

    async fn read(&self, feature: Feature, cursor: Option<Cursor>) -> Result<Page, Fault> {
        if feature == Feature::Progress { self.paused().await } else { self.page(feature, cursor).await }
    }
}

impl Provider for Simkl {
    fn capabilities(&self) -> Capabilities {
        const LISTED: &[Kind] = &[Kind::Movie, Kind::Show];
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
                feature(Feature::History, PLAYED),
                feature(Feature::Watchlist, LISTED),
                feature(Feature::Ratings, LISTED),
                FeatureCapability { can_write: false, rows_expire: true, ..feature(Feature::Progress, PLAYED) },
            ],
            scale: Scale::TEN,
            watched_precision: WatchedPrecision::Second,
            plays: PlayDetail::LastPlayOnly,
            keeps_undated_plays: true,
            duplicates_plays: false,
            needs_ids: true,
            keeps_one_status: true,
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
        _: ReadScope,
        cursor: Option<Cursor>,
    ) -> LocalFuture<'_, Result<Page, Fault>> {
        Box::pin(self.read(feature, cursor))
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
        self.api.auth.tokens_end()
    }

    fn requests_sent(&self) -> u64 {
        self.api.http.requests_sent()
    }
}

impl SignIn for Simkl {
    fn begin(&self) -> LocalFuture<'_, Result<SignInCode, Fault>> {
        Box::pin(self.api.auth.begin(&self.api.http))
    }

    fn poll(&self) -> LocalFuture<'_, Result<SignInState, Fault>> {
        Box::pin(async {
            let state = self.api.auth.poll(&self.api.http).await?;
            if state == SignInState::Done {
                // It may be another user's link.
                self.owner.replace(None);
                self.copy.lock().await.forget();
            }
            Ok(state)
        })
    }
}

#[cfg(test)]
mod tests;
