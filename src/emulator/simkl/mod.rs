//! An emulated SIMKL, as of late 2026: API and both sign-ins on one address, several accounts, one catalogue.
//!
//! It has the traps of the real one: an app that reads the library whole without asking for activities first is banned for
//! good, nothing is `null`, removals show in no delta, one title has one status, a rating files its title, and anime are
//! many titles where TheTVDB has one. Deliberately absent: rewatches, memos, lookups, the catalogue, the browser sign-in.

mod account;
mod all_items;
mod call;
mod catalogue;
mod gate;
mod limits;
mod oauth;
mod scrobble;
mod state;
mod writes;

use std::{collections::BTreeSet, io};

use serde_json::{Value, json};

pub use self::{
    account::{Account, Membership, Rated, Status},
    catalogue::{AnimeCour, AnimeTitles},
    state::{NoSuchAccount, PausedAt, SimklState, SimklSwitches},
};
use self::{catalogue::Catalogue, oauth::Grants};
use crate::{
    activity::UserActivity,
    clock::EmulatorClock,
    library::Library,
    reply::{Body, Reply},
    request::Request,
    server::{Distortion, Emulator, Service, serve},
};

/// Tokens live this long unless the options say otherwise: seven days.
const TOKEN_LIFETIME_SECONDS: i64 = 7 * 24 * 3600;

/// A running SIMKL.
pub type SimklEmulator = Emulator<SimklState>;

/// An account to create.
#[derive(Debug, Clone)]
pub struct SimklAccount {
    /// User name.
    pub name: String,
    /// What it pays.
    pub membership: Membership,
    /// A token that is valid from the start.
    pub access_token: String,
    /// The refresh token that belongs to it; a token of version 1 has none and does not end.
    pub refresh_token: Option<String>,
    /// What the account did before; favourites are planned, ratings of what is in no list are dropped.
    pub activity: UserActivity,
}

impl SimklAccount {
    /// A free account without activity, with the tokens `simkl-access-NAME` and `simkl-refresh-NAME`.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            membership: Membership::Free,
            access_token: format!("simkl-access-{name}"),
            refresh_token: Some(format!("simkl-refresh-{name}")),
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

/// What a SIMKL starts with.
#[derive(Debug, Clone)]
pub struct SimklOptions {
    /// The time it lives in.
    pub clock: EmulatorClock,
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The registered app.
    pub client_id: String,
    /// Its secret; apps on devices have none.
    pub client_secret: Option<String>,
    /// How long new access tokens live.
    pub token_lifetime_s: i64,
    /// When set, codes are approved at once for this account.
    pub approves_codes_as: Option<String>,
    /// All titles SIMKL knows.
    pub library: Library,
    /// Which of them are anime.
    pub anime: AnimeTitles,
    /// Who has an account.
    pub accounts: Vec<SimklAccount>,
    /// Behaviour that differs.
    pub switches: SimklSwitches,
}

impl SimklOptions {
    /// A SIMKL that knows this library, with the app `simkl-client` and a free account `anna` without activity.
    pub fn new(clock: impl Into<EmulatorClock>, library: Library) -> Self {
        Self {
            clock: clock.into(),
            port: 0,
            client_id: "simkl-client".to_owned(),
            client_secret: Some("simkl-secret".to_owned()),
            token_lifetime_s: TOKEN_LIFETIME_SECONDS,
            approves_codes_as: None,
            library,
            anime: AnimeTitles::default(),
            accounts: vec![SimklAccount::new("anna")],
            switches: SimklSwitches::default(),
        }
    }
}

impl SimklEmulator {
    /// Starts the service; returns when it listens.
    pub fn start(options: SimklOptions) -> io::Result<Self> {
        let (clock, port) = (options.clock.clone(), options.port);
        serve(SimklState::new(options), clock, port)
    }
}

impl SimklState {
    fn new(options: SimklOptions) -> Self {
        let clock = options.clock;
        let catalogue = Catalogue::new(options.library, &options.anime);
        let mut grants = Grants::default();
        let mut accounts = Vec::with_capacity(options.accounts.len());
        for (number, wanted) in (8_101..).zip(options.accounts) {
            let (access, refresh) = (wanted.access_token.as_str(), wanted.refresh_token.as_deref());
            grants.seed(&wanted.name, access, refresh, clock.now(), options.token_lifetime_s);
            let mut account = Account::new(&wanted.name, number, wanted.membership, clock.clone());
            account.live_through(&catalogue, &wanted.activity);
            accounts.push(account);
        }
        Self {
            switches: options.switches,
            is_suspended: false,
            clock,
            client_id: options.client_id,
            client_secret: options.client_secret,
            token_lifetime_s: options.token_lifetime_s,
            approves_codes_as: options.approves_codes_as,
            catalogue,
            accounts,
            grants,
            whole_reads: BTreeSet::new(),
        }
    }
}

impl Service for SimklState {
    fn answer(&mut self, request: &mut Request) -> Reply {
        self.receive(request).unwrap_or_else(|refusal| refusal)
    }

    /// No list has pages.
    fn asks_later_page(_: &Request) -> bool {
        false
    }

    /// No list has totals, so that it can only be emptied.
    fn distort(mut reply: Reply, distortion: Distortion) -> Reply {
        let is_library =
            |body: &Value| ["shows", "anime", "movies"].iter().any(|name| body.get(name).is_some_and(Value::is_array));
        if let (Distortion::Empty, Body::Json(body)) = (distortion, &reply.body) {
            if body.is_array() {
                reply.body = Body::Json(json!([]));
            } else if is_library(body) {
                reply.body = Body::Json(Value::Null);
            }
        }
        reply
    }
}
