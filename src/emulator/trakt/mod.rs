//! An emulated Trakt, as of late 2026: API and sign-in on one address, several accounts, one catalogue.
//!
//! It has the traps of the real one: plays to the minute that are never de-duplicated, limits that clamp without a word,
//! removals that only the gate tells of, refresh tokens that work once, and errors without bodies.
//! Deliberately absent: lists, favourites, collection, hidden items, check-in, the browser sign-in, and text search.

mod account;
mod call;
mod catalogue;
mod gate;
mod history;
mod limits;
mod oauth;
mod page;
mod plays;
mod present;
mod ratings;
mod scrobble;
mod search;
mod state;
mod targets;
mod watched;
mod watchlist;

use std::io;

use serde_json::Value;

pub use self::{
    account::{Account, AccountLimits, Listed, Membership, Paused, Rated},
    catalogue::UnknownIds,
    plays::{Play, PlayAction},
    state::{NoSuchAccount, TraktState, TraktSwitches},
};
use self::{catalogue::Catalogue, oauth::Grants, page::page_count};
use crate::{
    activity::UserActivity,
    clock::EmulatorClock,
    instant,
    library::Library,
    reply::{Body, Reply},
    request::Request,
    server::{Distortion, Emulator, Service, serve},
};

/// Tokens live this long unless the options say otherwise: seven days.
const TOKEN_LIFETIME_SECONDS: i64 = 7 * 24 * 3600;
/// Device codes may be asked about this often unless the options say otherwise.
const DEVICE_INTERVAL_SECONDS: i64 = 5;

/// A running Trakt.
pub type TraktEmulator = Emulator<TraktState>;

/// An account to create.
#[derive(Debug, Clone)]
pub struct TraktAccount {
    /// User name.
    pub name: String,
    /// Whether it pays.
    pub membership: Membership,
    /// A token that is valid from the start.
    pub access_token: String,
    /// The refresh token that belongs to it.
    pub refresh_token: String,
    /// What the account did before; favourites become its watchlist.
    pub activity: UserActivity,
}

impl TraktAccount {
    /// A free account without activity, with the tokens `trakt-access-NAME` and `trakt-refresh-NAME`.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            membership: Membership::Free,
            access_token: format!("trakt-access-{name}"),
            refresh_token: format!("trakt-refresh-{name}"),
            activity: UserActivity::default(),
        }
    }

    /// The same account with this activity.
    #[must_use]
    pub fn with_activity(mut self, activity: UserActivity) -> Self {
        self.activity = activity;
        self
    }
}

/// What a Trakt starts with.
#[derive(Debug, Clone)]
pub struct TraktOptions {
    /// The time it lives in.
    pub clock: EmulatorClock,
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The registered app.
    pub client_id: String,
    /// Its secret; newer apps have none.
    pub client_secret: Option<String>,
    /// How long new access tokens live.
    pub token_lifetime_s: i64,
    /// How long a client has to wait between two questions about a device code.
    pub device_interval_s: i64,
    /// When set, device codes are approved at once for this account.
    pub approves_devices_as: Option<String>,
    /// All titles Trakt knows.
    pub library: Library,
    /// Who has an account.
    pub accounts: Vec<TraktAccount>,
    /// Behaviour that differs.
    pub switches: TraktSwitches,
}

impl TraktOptions {
    /// A Trakt that knows this library, with the app `trakt-client` and a free account `anna` without activity.
    pub fn new(clock: impl Into<EmulatorClock>, library: Library) -> Self {
        Self {
            clock: clock.into(),
            port: 0,
            client_id: "trakt-client".to_owned(),
            client_secret: Some("trakt-secret".to_owned()),
            token_lifetime_s: TOKEN_LIFETIME_SECONDS,
            device_interval_s: DEVICE_INTERVAL_SECONDS,
            approves_devices_as: None,
            library,
            accounts: vec![TraktAccount::new("anna")],
            switches: TraktSwitches::default(),
        }
    }
}

impl TraktEmulator {
    /// Starts the service; returns when it listens.
    pub fn start(options: TraktOptions) -> io::Result<Self> {
        let (clock, port) = (options.clock.clone(), options.port);
        serve(TraktState::new(options), clock, port)
    }
}

impl TraktState {
    fn new(options: TraktOptions) -> Self {
        let clock = options.clock;
        let expires_at = instant::plus_seconds(clock.now(), options.token_lifetime_s);
        let mut grants = Grants::default();
        let mut accounts = Vec::with_capacity(options.accounts.len());
        for wanted in options.accounts {
            grants.seed(&wanted.name, &wanted.access_token, &wanted.refresh_token, expires_at);
            let mut account = Account::new(&wanted.name, wanted.membership, clock.clone());
            account.live_through(&wanted.activity);
            accounts.push(account);
        }
        Self {
            switches: options.switches,
            clock,
            client_id: options.client_id,
            client_secret: options.client_secret,
            token_lifetime_s: options.token_lifetime_s,
            device_interval_s: options.device_interval_s,
            approves_devices_as: options.approves_devices_as,
            catalogue: Catalogue::new(options.library),
            accounts,
            grants,
        }
    }
}

impl Service for TraktState {
    fn answer(&mut self, request: &mut Request) -> Reply {
        self.receive(request).unwrap_or_else(|refusal| refusal)
    }

    fn asks_later_page(request: &Request) -> bool {
        request.query.get("page").and_then(|text| text.parse::<u64>().ok()).is_some_and(|page| page > 1)
    }

    fn distort(mut reply: Reply, distortion: Distortion) -> Reply {
        let is_list = reply.header("X-Pagination-Item-Count").is_some();
        if !is_list {
            return reply;
        }
        let number = |reply: &Reply, name: &str| reply.header(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        let total = match distortion {
            Distortion::Empty => {
                reply.body = Body::Json(Value::Array(Vec::new()));
                0
            }
            Distortion::WrongTotals => number(&reply, "X-Pagination-Item-Count") + 50,
            Distortion::MissingTotals => {
                reply.headers.retain(|(name, _)| !name.starts_with("X-Pagination-"));
                return reply;
            }
        };
        let pages = page_count(total, number(&reply, "X-Pagination-Limit"));
        reply.replace_header("X-Pagination-Item-Count", &total.to_string());
        reply.replace_header("X-Pagination-Page-Count", &pages.to_string());
        reply
    }
}
