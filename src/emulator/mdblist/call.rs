//! A call of a signed-in account, and which part of the API it is for.

use actix_web::http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    account::{Account, Membership},
    catalogue::Catalogue,
    state::{MdblistSwitches, WriteAnswers},
    targets::grouped,
};
use crate::{chance::fingerprint, instant, kind::Kind, library::LibraryItem, reply::Reply, request::Request};

/// Everything that the answer to one request depends on.
pub(crate) struct Call<'a> {
    pub(crate) account: &'a mut Account,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) switches: &'a mut MdblistSwitches,
    pub(crate) request: &'a Request,
    pub(crate) now: Timestamp,
}

impl Call<'_> {
    pub(crate) fn route(&mut self, path: &[&str]) -> Result<Reply, Reply> {
        match (&self.request.method, path) {
            (&Method::GET, ["user"]) => Ok(self.user()),
            (&Method::GET, ["sync", "last_activities"]) => {
                let server_time = instant::plus_seconds(self.now, -self.switches.server_time_behind_s);
                Ok(Reply::json(200, self.account.stamps.to_json(server_time)))
            }
            (&Method::GET, ["sync", "journal"]) => self.get_journal(),
            (&Method::GET, ["sync", "watched"]) => self.built().and_then(|()| self.get_watched()),
            (&Method::POST, ["sync", "watched"]) => self.add_watched(),
            (&Method::POST, ["sync", "watched", "remove"]) => self.remove_watched(),
            (&Method::POST, ["sync", "watched", "plays", "remove"]) => self.remove_plays(),
            (&Method::GET, ["sync", "ratings"]) => self.built().and_then(|()| self.get_ratings()),
            (&Method::POST, ["sync", "ratings"]) => self.add_ratings(),
            (&Method::POST, ["sync", "ratings", "remove"]) => self.remove_ratings(),
            (&Method::GET, ["watchlist", "items", kind @ ..]) => self.built().and_then(|()| self.get_watchlist(kind)),
            (&Method::POST, ["watchlist", "items", "add"]) => self.add_watchlist(),
            (&Method::POST, ["watchlist", "items", "remove"]) => self.remove_watchlist(),
            (&Method::GET, ["sync", "playback"]) => Ok(self.get_playback()),
            (&Method::POST, ["scrobble", action]) => self.scrobble(action),
            (&Method::GET, [space, kind, id]) => self.lookup(space, kind, id),
            _ => Err(Reply::json(404, json!({"detail": "Not found."}))),
        }
    }

    /// 202 while the list is still being built.
    fn built(&mut self) -> Result<(), Reply> {
        if self.switches.lists_being_built == 0 {
            return Ok(());
        }
        self.switches.lists_being_built -= 1;
        Err(Reply::json(202, json!({"detail": "The list is being built, try again later."})))
    }

    /// Rows by kind in the way writes are answered.
    pub(crate) fn told(&self, rows: Vec<(Kind, Value)>) -> Value {
        grouped(rows, self.switches.answers == WriteAnswers::Lists)
    }

    /// An item as a row of an answer.
    pub(crate) fn named(&self, item: LibraryItem) -> (Kind, Value) {
        let mut row = serde_json::Map::new();
        self.catalogue.describe(&mut row, item, super::present::IdDetail::All);
        (Kind::of(item), Value::Object(row))
    }

    /// `GET /user`.
    fn user(&self) -> Reply {
        let account = &*self.account;
        let pays = account.membership != Membership::Free;
        Reply::json(
            200,
            json!({
                "user_id": u64::try_from(fingerprint(&account.name) % 1_000_000).unwrap_or(0),
                "username": account.name,
                "patron_status": if pays { json!("active_patron") } else { Value::Null },
                "api_requests": account.membership.requests_a_day(),
                "api_requests_count": account.usage.today(),
            }),
        )
    }
}
