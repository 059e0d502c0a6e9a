//! The state of an emulated SIMKL: its catalogue, its accounts, and what each request has to bring along.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::Method;
use jiff::Timestamp;
use serde_json::json;

use super::{
    account::{Account, Rated, Status},
    call::Call,
    catalogue::{Catalogue, TitlePlace},
    oauth::Grants,
};
use crate::{
    clock::EmulatorClock,
    instant,
    library::{Library, LibraryItem},
    reply::Reply,
    request::Request,
};

/// Behaviour that differs between accounts, times or opinions about the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SimklSwitches {
    /// Whether request rates and the daily quota are enforced. Off by default, so that tests run at full speed.
    pub enforces_limits: bool,
    /// For how long a write locks the account for others; up to 20 s happen.
    pub write_lock_s: i64,
    /// Reads of more titles than this are refused with `max_items`, unless they name a type and a status.
    pub max_items: Option<usize>,
}

/// There is no account of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no account {0:?} at this SIMKL: create it in the options")]
pub struct NoSuchAccount(pub String);

/// An emulated SIMKL.
pub struct SimklState {
    /// Behaviour to switch while it runs.
    pub switches: SimklSwitches,
    /// While true, the app is banned and every call answers 403. It never ends by itself.
    pub is_suspended: bool,
    pub(crate) clock: EmulatorClock,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
    pub(crate) token_lifetime_s: i64,
    pub(crate) approves_codes_as: Option<String>,
    pub(crate) catalogue: Catalogue,
    pub(crate) accounts: Vec<Account>,
    pub(crate) grants: Grants,
    /// Whole reads since the last question for activities, by account.
    pub(crate) whole_reads: BTreeSet<(String, String)>,
}

/// A title left in the middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PausedAt {
    /// Id of the row.
    pub row_id: u64,
    /// How far, of a hundred.
    pub progress_percent: f64,
    /// When.
    pub paused_at: Timestamp,
}

impl SimklState {
    /// An account, to arrange it.
    pub fn account_mut(&mut self, name: &str) -> Result<&mut Account, NoSuchAccount> {
        let found = self.accounts.iter_mut().find(|account| account.name == name);
        found.ok_or_else(|| NoSuchAccount(name.to_owned()))
    }

    /// All titles that SIMKL knows.
    pub fn library(&self) -> &Library {
        self.catalogue.library()
    }

    /// SIMKL's own number of a film, a series, or the cour that an episode is in.
    pub fn simkl_id(&self, item: LibraryItem) -> Option<u64> {
        self.catalogue.place_of(item).map(|(place, _)| self.catalogue.simkl_id(place))
    }

    /// The films and episodes an account has watched, with the date of each.
    pub fn watched(&self, name: &str) -> Result<Vec<(LibraryItem, Timestamp)>, NoSuchAccount> {
        let mut watched = Vec::new();
        for (place, entry) in &self.account(name)?.entries {
            let Some(title) = self.catalogue.title(*place) else { continue };
            if title.is_movie() && entry.status == Status::Completed {
                watched.push((title.item, entry.last_watched_at.unwrap_or(Timestamp::UNIX_EPOCH)));
            }
            let episodes = entry.episodes.iter();
            watched.extend(episodes.filter_map(|(at, when)| Some((self.catalogue.episode(*place, *at)?, *when))));
        }
        Ok(watched)
    }

    /// The list a film or series is on. Of an anime it is the first cour's.
    pub fn status(&self, name: &str, item: LibraryItem) -> Result<Option<Status>, NoSuchAccount> {
        let account = self.account(name)?;
        let place = self.catalogue.place_of(item).map(|(place, _)| place);
        Ok(place.and_then(|place| account.entries.get(&place)).map(|entry| entry.status))
    }

    /// The films and series to be watched some day.
    pub fn planned(&self, name: &str) -> Result<Vec<LibraryItem>, NoSuchAccount> {
        let entries = self.account(name)?.entries.iter();
        let planned = entries.filter(|(_, entry)| entry.status == Status::PlanToWatch);
        Ok(planned.filter_map(|(place, _)| self.catalogue.title(*place).map(|title| title.item)).collect())
    }

    /// The ratings of films and series.
    pub fn ratings(&self, name: &str) -> Result<BTreeMap<LibraryItem, Rated>, NoSuchAccount> {
        let entries = self.account(name)?.entries.iter();
        let rated = entries.filter_map(|(place, entry)| Some((self.catalogue.title(*place)?.item, entry.rating?)));
        Ok(rated.collect())
    }

    /// What was left in the middle and is not forgotten.
    pub fn paused(&self, name: &str) -> Result<BTreeMap<LibraryItem, PausedAt>, NoSuchAccount> {
        let rows = self.account(name)?.paused().into_iter().filter_map(|(place, paused)| {
            let item = match paused.episode {
                Some(at) => self.catalogue.episode(place, at)?,
                None => self.catalogue.title(place)?.item,
            };
            let told =
                PausedAt { row_id: paused.row_id, progress_percent: paused.progress_percent, paused_at: paused.at };
            Some((item, told))
        });
        Ok(rows.collect())
    }

    /// Marks a film or an episode watched, as the person would on the web site.
    pub fn watch(&mut self, name: &str, item: LibraryItem, at: Timestamp) -> Result<bool, NoSuchAccount> {
        self.arrange(name, item, |account, catalogue, place| {
            let episode = catalogue.place_of(item).and_then(|(_, episode)| episode);
            account.watch(catalogue, place, episode, at)
        })
    }

    /// Puts a film or series on a list, as the person would on the web site.
    pub fn move_to(&mut self, name: &str, item: LibraryItem, status: Status) -> Result<bool, NoSuchAccount> {
        self.arrange(name, item, |account, catalogue, place| {
            catalogue.title(place).map(|title| account.move_to(title.part, place, status)).is_some()
        })
    }

    /// Rates a film or series, as the person would on the web site.
    pub fn rate(
        &mut self,
        name: &str,
        item: LibraryItem,
        rating: u8,
        rated_at: Timestamp,
    ) -> Result<bool, NoSuchAccount> {
        self.arrange(name, item, |account, catalogue, place| {
            account.rate(catalogue, place, Rated { rating, rated_at });
            true
        })
    }

    /// Takes a rating away, as the person would on the web site.
    pub fn unrate(&mut self, name: &str, item: LibraryItem) -> Result<bool, NoSuchAccount> {
        self.arrange(name, item, |account, catalogue, place| {
            catalogue.title(place).is_some_and(|title| account.unrate(title.part, place))
        })
    }

    /// Takes a film or series out of the library, or unmarks an episode, as the person would on the web site.
    pub fn remove(&mut self, name: &str, item: LibraryItem) -> Result<bool, NoSuchAccount> {
        self.arrange(name, item, |account, catalogue, place| {
            let episode = catalogue.place_of(item).and_then(|(_, episode)| episode);
            catalogue.title(place).is_some_and(|title| match episode {
                Some(episode) => account.unwatch(title.part, place, episode),
                None => account.remove(title.part, place),
            })
        })
    }

    /// A person types a code in and agrees. False when nothing shows that code.
    pub fn approve_code(&mut self, user_code: &str, account: &str) -> Result<bool, NoSuchAccount> {
        self.account(account)?;
        Ok(self.grants.answer_code(user_code, Some(account)))
    }

    /// A person types a code in and refuses. False when nothing shows that code.
    pub fn deny_code(&mut self, user_code: &str) -> bool {
        self.grants.answer_code(user_code, None)
    }

    /// Ends the access tokens of an account; its refresh tokens still work.
    pub fn expire_access(&mut self, account: &str) {
        self.grants.expire(account);
    }

    /// Ends all tokens of an account: it has to be linked again.
    pub fn unlink(&mut self, account: &str) {
        self.grants.revoke_all(account);
    }

    fn account(&self, name: &str) -> Result<&Account, NoSuchAccount> {
        let found = self.accounts.iter().find(|account| account.name == name);
        found.ok_or_else(|| NoSuchAccount(name.to_owned()))
    }

    fn arrange(
        &mut self,
        name: &str,
        item: LibraryItem,
        change: impl FnOnce(&mut Account, &Catalogue, TitlePlace) -> bool,
    ) -> Result<bool, NoSuchAccount> {
        let found = self.accounts.iter_mut().find(|account| account.name == name);
        let account = found.ok_or_else(|| NoSuchAccount(name.to_owned()))?;
        let Some((place, _)) = self.catalogue.place_of(item) else { return Ok(false) };
        Ok(change(account, &self.catalogue, place))
    }

    /// Answers a request.
    pub(crate) fn receive(&mut self, request: &Request) -> Result<Reply, Reply> {
        if request.header("user-agent").is_none() {
            return Err(Reply::html(403));
        }
        let path = request.segments();
        match path.as_slice() {
            ["oauth", rest @ ..] => return self.oauth1(request, rest),
            ["oauth2", rest @ ..] => return self.oauth2(request, rest),
            _ => {}
        }
        let client_id = request.query.get("client_id").or_else(|| request.header("simkl-api-key"));
        if client_id != Some(self.client_id.as_str()) {
            return Err(wrong_client());
        }
        if ["app-name", "app-version"].into_iter().any(|name| request.query.get(name).is_none()) {
            return Err(refused(400, "empty_field", "app-name and app-version are required"));
        }
        if self.is_suspended {
            return Err(refused(403, "client_id_suspended", "This client_id is suspended"));
        }
        let now = self.clock.now();
        let is_write = is_write(&request.method, &path);
        let place = self.admit(request, now, is_write)?;
        let Some(account) = self.accounts.get_mut(place) else { return Err(wrong_token()) };
        let mut call = Call {
            account,
            catalogue: &self.catalogue,
            switches: &self.switches,
            whole_reads: &mut self.whole_reads,
            is_suspended: &mut self.is_suspended,
            request,
            now,
        };
        call.route(&path)
    }

    /// Which account calls: 401 without a living token, 403 when it may only read, 429 when it asks too often, and 400 while
    /// another write of the account is under way.
    fn admit(&mut self, request: &Request, now: Timestamp, is_write: bool) -> Result<usize, Reply> {
        let token = request.header("authorization").and_then(|text| text.split_once(' '));
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
        let access = token.and_then(|token| self.grants.find(token, now)).ok_or_else(wrong_token)?;
        if is_write && !access.may_write {
            return Err(refused(403, "insufficient_scope", "This token may only read"));
        }
        let place = self.accounts.iter().position(|account| account.name == access.account).ok_or_else(wrong_token)?;
        let account = self.accounts.get_mut(place).ok_or_else(wrong_token)?;
        if self.switches.enforces_limits {
            let membership = account.membership;
            account.usage.count(now, is_write, membership)?;
        }
        account.settle_check_in(&self.catalogue, now);
        if is_write {
            if account.locked_until.is_some_and(|until| now < until) {
                return Err(refused(400, "RATE_LIMIT", "Another request of this user is being processed"));
            }
            account.locked_until = Some(instant::plus_seconds(now, self.switches.write_lock_s));
        }
        Ok(place)
    }
}

/// Some questions may be asked with POST, too.
fn is_write(method: &Method, path: &[&str]) -> bool {
    let asks = matches!(path, ["sync", "activities" | "all-items" | "watched", ..] | ["users", ..]);
    *method != Method::GET && !asks
}

/// `{error, code, message}`.
pub(crate) fn refused(status: u16, error: &str, message: &str) -> Reply {
    Reply::json(status, json!({"error": error, "code": status, "message": message}))
}

/// 412: the app is not known.
pub(crate) fn wrong_client() -> Reply {
    refused(412, "client_id_failed", "Your client_id is wrong. Try another one")
}

fn wrong_token() -> Reply {
    refused(401, "user_token_failed", "Your token is wrong")
}
