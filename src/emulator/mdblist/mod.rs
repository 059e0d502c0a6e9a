//! An emulated MDBList, as of late 2026: API and sign-in on one address, several accounts, one catalogue.
//!
//! It has the traps of the real one: an API key that is taken from the address only, two rolling request windows and a daily
//! quota, a clock that is told a little late, removals that only the journal knows of, roll-up rows among the real ones,
//! near duplicates that collapse without a word, and answers to writes in counts or in lists.
//! Deliberately absent: curated lists, collection, dropped shows, check-in, the browser sign-in, and text search.

mod account;
mod call;
mod catalogue;
mod journal;
mod limits;
mod listing;
mod lookup;
mod oauth;
mod present;
mod ratings;
mod scrobble;
mod stamps;
mod state;
mod targets;
mod watched;
mod watchlist;

use std::io;

use serde_json::{Value, json};

pub use self::{
    account::{Account, Membership, Paused, Play, Rated},
    listing::Paging,
    state::{MdblistState, MdblistSwitches, NoSuchAccount, WriteAnswers},
};
use self::{catalogue::Catalogue, listing::END_CURSOR, oauth::Grants};
use crate::{
    activity::UserActivity,
    clock::EmulatorClock,
    instant,
    library::Library,
    reply::{Body, Reply},
    request::Request,
    server::{Distortion, Emulator, Service, serve},
};

/// Access tokens live this long unless the options say otherwise.
const TOKEN_LIFETIME_SECONDS: i64 = 24 * 3600;

/// A running MDBList.
pub type MdblistEmulator = Emulator<MdblistState>;

/// An account to create.
#[derive(Debug, Clone)]
pub struct MdblistAccount {
    /// User name.
    pub name: String,
    /// What it pays.
    pub membership: Membership,
    /// Its API key.
    pub api_key: String,
    /// A token that is valid from the start.
    pub access_token: String,
    /// The refresh token that belongs to it.
    pub refresh_token: String,
    /// What the account did before; favourites become its watchlist, and undated plays are not kept.
    pub activity: UserActivity,
}

impl MdblistAccount {
    /// A free account without activity, with the key `mdblist-key-NAME` and the tokens `mdblist-access-NAME` and
    /// `mdblist-refresh-NAME`.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            membership: Membership::Free,
            api_key: format!("mdblist-key-{name}"),
            access_token: format!("mdblist-access-{name}"),
            refresh_token: format!("mdblist-refresh-{name}"),
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

/// What an MDBList starts with.
#[derive(Debug, Clone)]
pub struct MdblistOptions {
    /// The time it lives in.
    pub clock: EmulatorClock,
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The registered app.
    pub client_id: String,
    /// How long new access tokens live.
    pub token_lifetime_s: i64,
    /// When set, device codes are approved at once for this account.
    pub approves_devices_as: Option<String>,
    /// All titles MDBList knows.
    pub library: Library,
    /// Who has an account.
    pub accounts: Vec<MdblistAccount>,
    /// Behaviour that differs.
    pub switches: MdblistSwitches,
}

impl MdblistOptions {
    /// An MDBList that knows this library, with the app `mdblist-client` and a free account `anna` without activity.
    pub fn new(clock: impl Into<EmulatorClock>, library: Library) -> Self {
        Self {
            clock: clock.into(),
            port: 0,
            client_id: "mdblist-client".to_owned(),
            token_lifetime_s: TOKEN_LIFETIME_SECONDS,
            approves_devices_as: None,
            library,
            accounts: vec![MdblistAccount::new("anna")],
            switches: MdblistSwitches::default(),
        }
    }
}

impl MdblistEmulator {
    /// Starts the service; returns when it listens.
    pub fn start(options: MdblistOptions) -> io::Result<Self> {
        let (clock, port) = (options.clock.clone(), options.port);
        serve(MdblistState::new(options), clock, port)
    }
}

impl MdblistState {
    fn new(options: MdblistOptions) -> Self {
        let clock = options.clock;
        let expires_at = instant::plus_seconds(clock.now(), options.token_lifetime_s);
        let mut grants = Grants::default();
        let mut accounts = Vec::with_capacity(options.accounts.len());
        for wanted in options.accounts {
            grants.seed(&wanted.name, &wanted.access_token, &wanted.refresh_token, expires_at);
            let mut account = Account::new(&wanted.name, &wanted.api_key, wanted.membership, clock.clone());
            account.live_through(&wanted.activity);
            accounts.push(account);
        }
        Self {
            switches: options.switches,
            clock,
            client_id: options.client_id,
            token_lifetime_s: options.token_lifetime_s,
            approves_devices_as: options.approves_devices_as,
            catalogue: Catalogue::new(options.library),
            accounts,
            grants,
        }
    }
}

impl Service for MdblistState {
    fn answer(&mut self, request: &mut Request) -> Reply {
        self.receive(request).unwrap_or_else(|refusal| refusal)
    }

    fn asks_later_page(request: &Request) -> bool {
        let offset = request.query.get("offset").and_then(|text| text.parse::<u64>().ok());
        request.query.get("cursor").is_some() || offset.is_some_and(|offset| offset > 0)
    }

    /// MDBList tells no totals: what a page claims is whether another one follows.
    fn distort(mut reply: Reply, distortion: Distortion) -> Reply {
        match (&mut reply.body, distortion) {
            (Body::Json(Value::Array(rows)), Distortion::Empty) => rows.clear(),
            (Body::Json(Value::Object(page)), _) if page.contains_key("pagination") => match distortion {
                Distortion::Empty => {
                    for list in page.values_mut().filter_map(Value::as_array_mut) {
                        list.clear();
                    }
                    page.insert("pagination".to_owned(), json!({"has_more": false, "next_cursor": null}));
                }
                Distortion::WrongTotals => {
                    page.insert("pagination".to_owned(), json!({"has_more": true, "next_cursor": END_CURSOR}));
                }
                Distortion::MissingTotals => {
                    page.remove("pagination");
                }
            },
            _ => {}
        }
        reply
    }
}
