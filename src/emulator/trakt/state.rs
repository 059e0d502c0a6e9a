//! The state of an emulated Trakt: its catalogue, its accounts, and what each request has to bring along.

use actix_web::http::Method;
use jiff::Timestamp;

use super::{
    account::Account,
    call::Call,
    catalogue::{Catalogue, Kind, UnknownIds},
    oauth::Grants,
};
use crate::{
    clock::EmulatorClock,
    library::{Library, LibraryItem},
    reply::Reply,
    request::Request,
};

/// Behaviour that differs between accounts, times or opinions about the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraktSwitches {
    /// What happens to ids that the catalogue does not have.
    pub unknown_ids: UnknownIds,
    /// Whether request rates are enforced. Off by default, so that tests run at full speed.
    pub enforces_rates: bool,
    /// Whether a play takes the title off the watchlist.
    pub play_leaves_watchlist: bool,
    /// The status of a successful history add: the old documentation says 201, the newer contract 200.
    pub history_add_status: u16,
}

impl Default for TraktSwitches {
    fn default() -> Self {
        Self {
            unknown_ids: UnknownIds::NotFound,
            enforces_rates: false,
            play_leaves_watchlist: false,
            history_add_status: 201,
        }
    }
}

/// There is no account of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no account {0:?} at this Trakt: create it in the options")]
pub struct NoSuchAccount(pub String);

/// An emulated Trakt.
pub struct TraktState {
    /// Behaviour to switch while it runs.
    pub switches: TraktSwitches,
    pub(crate) clock: EmulatorClock,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
    pub(crate) token_lifetime_s: i64,
    pub(crate) device_interval_s: i64,
    pub(crate) approves_devices_as: Option<String>,
    pub(crate) catalogue: Catalogue,
    pub(crate) accounts: Vec<Account>,
    pub(crate) grants: Grants,
}

impl TraktState {
    /// An account, to inspect it.
    pub fn account(&self, name: &str) -> Result<&Account, NoSuchAccount> {
        let found = self.accounts.iter().find(|account| account.name == name);
        found.ok_or_else(|| NoSuchAccount(name.to_owned()))
    }

    /// An account, to arrange it.
    pub fn account_mut(&mut self, name: &str) -> Result<&mut Account, NoSuchAccount> {
        let found = self.accounts.iter_mut().find(|account| account.name == name);
        found.ok_or_else(|| NoSuchAccount(name.to_owned()))
    }

    /// All titles that Trakt knows, accepted ones included.
    pub fn library(&self) -> &Library {
        self.catalogue.library()
    }

    /// Trakt's own id of a title.
    pub fn trakt_id(&self, item: LibraryItem) -> u64 {
        self.catalogue.trakt_id(item)
    }

    /// The title with an id of `trakt`, `slug`, `imdb`, `tmdb` or `tvdb`; `kind` is `movie`, `show`, `season` or `episode`.
    pub fn find(&self, kind: &str, id_name: &str, id: &str) -> Option<LibraryItem> {
        self.catalogue.find(Kind::parse(kind)?, id_name, id)
    }

    /// Leads an id to a title whose rows do not show it, as the merge of two titles leaves it behind. False when the kind
    /// has no ids of that name.
    pub fn forward_id(&mut self, item: LibraryItem, id_name: &str, id: &str) -> bool {
        self.catalogue.forward(item, id_name, id)
    }

    /// A person types a device code in and agrees. False when no device shows that code.
    pub fn approve_device(&mut self, user_code: &str, account: &str) -> Result<bool, NoSuchAccount> {
        self.account(account)?;
        Ok(self.grants.answer_device(user_code, Some(account)))
    }

    /// A person types a device code in and refuses. False when no device shows that code.
    pub fn deny_device(&mut self, user_code: &str) -> bool {
        self.grants.answer_device(user_code, None)
    }

    /// The codes that wait for a person, as the person reads them.
    pub fn device_codes(&self) -> Vec<String> {
        self.grants.awaited_devices()
    }

    /// Every token that works at this moment, access and refresh tokens alike.
    pub fn tokens(&self) -> Vec<String> {
        self.grants.tokens(self.clock.now())
    }

    /// Ends the access tokens of an account; its refresh tokens still work.
    pub fn expire_access(&mut self, account: &str) {
        self.grants.expire(account);
    }

    /// Ends all tokens of an account: it has to be linked again.
    pub fn unlink(&mut self, account: &str) {
        self.grants.revoke_all(account);
    }

    /// Answers a request.
    pub(crate) fn receive(&mut self, request: &Request) -> Result<Reply, Reply> {
        // The network in front of Trakt challenges clients that do not say who they are.
        if request.header("user-agent").is_none() {
            return Err(Reply::html(403));
        }
        let path = request.segments();
        if request.method == Method::POST && !request.body.is_empty() && !request.declares_json() {
            return Err(Reply::status(412));
        }
        if let ["oauth", rest @ ..] = path.as_slice() {
            return if request.method == Method::POST { self.oauth(request, rest) } else { Err(Reply::status(404)) };
        }
        if request.header("trakt-api-key") != Some(self.client_id.as_str()) {
            return Err(Reply::status(403));
        }
        if request.header("trakt-api-version") != Some("2") {
            return Err(Reply::status(412));
        }
        if let (&Method::GET, ["search", id_type, id]) = (&request.method, path.as_slice()) {
            return self.search(request, id_type, id);
        }
        let now = self.clock.now();
        let account = self.admit(request, now)?;
        let account = self.accounts.get_mut(account).ok_or_else(|| Reply::status(401))?;
        let mut call = Call { account, catalogue: &mut self.catalogue, switches: &self.switches, request, now };
        call.route(&path)
    }

    /// Which account calls: 401 without a living token, 423 when it is locked, 429 when it calls too often.
    fn admit(&mut self, request: &Request, now: Timestamp) -> Result<usize, Reply> {
        let unauthorised = || Reply::status(401).with_header("WWW-Authenticate", "Bearer error=\"invalid_token\"");
        let token = request.header("authorization").and_then(|text| text.split_once(' '));
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
        let name = token.and_then(|token| self.grants.account_of(token, now)).ok_or_else(unauthorised)?;
        let place = self.accounts.iter().position(|account| account.name == name).ok_or_else(unauthorised)?;
        let account = self.accounts.get_mut(place).ok_or_else(unauthorised)?;
        if account.locked {
            return Err(Reply::status(423).with_header("X-Account-Locked", "true"));
        }
        if self.switches.enforces_rates {
            match request.method {
                Method::GET => account.windows.read(now)?,
                _ => account.windows.write(now)?,
            }
        }
        Ok(place)
    }
}
