//! The state of an emulated MDBList: its catalogue, its accounts, and what each request has to bring along.

use actix_web::http::Method;
use jiff::Timestamp;
use serde_json::json;

use super::{account::Account, call::Call, catalogue::Catalogue, listing::Paging, oauth::Grants};
use crate::{
    clock::EmulatorClock,
    library::{Library, LibraryItem},
    reply::Reply,
    request::Request,
};

/// How writes are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WriteAnswers {
    /// Counts, and what was not found as it was sent. Plays that were made are listed where that is asked for.
    #[default]
    CountsAndMisses,
    /// Counts alone, also of what was not found; made plays are never listed.
    Counts,
    /// Lists of entries everywhere.
    Lists,
}

/// Behaviour that differs between accounts, times or opinions about the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MdblistSwitches {
    /// Whether the request windows and the daily quota are enforced. Off by default, so that tests run at full speed.
    pub enforces_limits: bool,
    /// How far behind the clock `server_time` is told.
    pub server_time_behind_s: i64,
    /// Plays of one item this close together are one play.
    pub near_duplicate_s: i64,
    /// How pages follow each other.
    pub paging: Paging,
    /// How writes are answered.
    pub answers: WriteAnswers,
    /// How many list reads are still answered with 202, because the list is being built.
    pub lists_being_built: u32,
    /// The name of the id of a play: `play_id`, `history_id` or `id`.
    pub play_id_name: &'static str,
    /// Whether a stop of playback is refused with 423.
    pub locks_stops: bool,
}

impl Default for MdblistSwitches {
    fn default() -> Self {
        Self {
            enforces_limits: false,
            server_time_behind_s: 30,
            near_duplicate_s: 60,
            paging: Paging::Cursor,
            answers: WriteAnswers::CountsAndMisses,
            lists_being_built: 0,
            play_id_name: "play_id",
            locks_stops: false,
        }
    }
}

/// There is no account of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no account {0:?} at this MDBList: create it in the options")]
pub struct NoSuchAccount(pub String);

/// An emulated MDBList.
pub struct MdblistState {
    /// Behaviour to switch while it runs.
    pub switches: MdblistSwitches,
    pub(crate) clock: EmulatorClock,
    pub(crate) client_id: String,
    pub(crate) token_lifetime_s: i64,
    pub(crate) approves_devices_as: Option<String>,
    pub(crate) catalogue: Catalogue,
    pub(crate) accounts: Vec<Account>,
    pub(crate) grants: Grants,
}

impl MdblistState {
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

    /// All titles of the world behind it, those that MDBList lacks included.
    pub fn library(&self) -> &Library {
        self.catalogue.library()
    }

    /// From now on MDBList's catalogue lacks this title, as it lacks some double episodes.
    pub fn lose(&mut self, item: LibraryItem) {
        self.catalogue.lose(item);
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

    /// Ends the access tokens of an account; its refresh tokens still work.
    pub fn expire_access(&mut self, account: &str) {
        self.grants.expire(account);
    }

    /// Ends all tokens of an account: it has to be signed in again.
    pub fn unlink(&mut self, account: &str) {
        self.grants.revoke_all(account);
    }

    /// Answers a request.
    pub(crate) fn receive(&mut self, request: &Request) -> Result<Reply, Reply> {
        let path = request.segments();
        if let ["oauth", rest @ ..] = path.as_slice() {
            // The sign-in is another program than the API and knows only addresses with a slash at the end.
            let is_known = request.method == Method::POST && request.path.ends_with('/');
            return if is_known { self.oauth(request, rest) } else { Err(Reply::html(404)) };
        }
        let now = self.clock.now();
        let place = self.admit(request, now)?;
        let account = self.accounts.get_mut(place).ok_or_else(unauthorised)?;
        let (catalogue, switches) = (&self.catalogue, &mut self.switches);
        Call { account, catalogue, switches, request, now }.route(&path)
    }

    /// Which account calls: by the key in the address, or by a living token in the header. A key in the header is nothing.
    fn admit(&mut self, request: &Request, now: Timestamp) -> Result<usize, Reply> {
        let place = if let Some(key) = request.query.get("apikey") {
            let known = self.accounts.iter().position(|account| account.api_key == key);
            known.ok_or_else(|| Reply::json(403, json!({"response": false, "error": "Invalid API key!"})))?
        } else {
            let token = request.header("authorization").and_then(|text| text.split_once(' '));
            let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            let name = token.and_then(|(_, token)| self.grants.account_of(token.trim(), now));
            let name = name.ok_or_else(unauthorised)?;
            self.accounts.iter().position(|account| account.name == name).ok_or_else(unauthorised)?
        };
        let account = self.accounts.get_mut(place).ok_or_else(unauthorised)?;
        let daily = account.membership.requests_a_day();
        account.usage.count(request.method == Method::GET, daily, now, self.switches.enforces_limits)?;
        Ok(place)
    }
}

fn unauthorised() -> Reply {
    Reply::json(401, json!({"detail": "Authentication credentials were not provided."}))
}
