//! A call of a signed-in account, and which part of the API it is for.

use actix_web::http::Method;
use jiff::Timestamp;
use serde_json::json;

use super::{
    account::{Account, Membership},
    catalogue::Catalogue,
    state::TraktSwitches,
};
use crate::{chance::fingerprint, instant, reply::Reply, request::Request};

/// Everything that the answer to one request depends on.
pub(crate) struct Call<'a> {
    pub(crate) account: &'a mut Account,
    pub(crate) catalogue: &'a mut Catalogue,
    pub(crate) switches: &'a TraktSwitches,
    pub(crate) request: &'a Request,
    pub(crate) now: Timestamp,
}

impl Call<'_> {
    pub(crate) fn route(&mut self, path: &[&str]) -> Result<Reply, Reply> {
        match (&self.request.method, path) {
            (&Method::GET, ["sync", "last_activities"]) => Ok(Reply::json(200, self.account.stamps.to_json())),
            (&Method::GET, ["sync", "history", rest @ ..]) => self.get_history(rest),
            (&Method::POST, ["sync", "history"]) => self.add_history(),
            (&Method::POST, ["sync", "history", "remove"]) => self.remove_history(),
            (&Method::GET, ["sync", "watched", kind]) => self.get_watched(kind),
            (&Method::GET, ["sync", "ratings", rest @ ..]) => self.get_ratings(rest),
            (&Method::POST, ["sync", "ratings"]) => self.add_ratings(),
            (&Method::POST, ["sync", "ratings", "remove"]) => self.remove_ratings(),
            (&Method::GET, ["sync", "watchlist", rest @ ..]) => self.get_watchlist(rest),
            (&Method::POST, ["sync", "watchlist"]) => self.add_watchlist(),
            (&Method::POST, ["sync", "watchlist", "remove"]) => self.remove_watchlist(),
            (&Method::GET, ["sync", "playback", rest @ ..]) => self.get_playback(rest),
            (&Method::DELETE, ["sync", "playback", id]) => self.delete_playback(id),
            (&Method::POST, ["scrobble", action]) => self.scrobble(action),
            (&Method::DELETE, ["checkin"]) => Ok(self.forget_watching()),
            (&Method::GET, ["users", "settings"]) => Ok(self.settings()),
            (&Method::GET, ["users", name, "watching"]) if *name == "me" || *name == self.account.name => {
                Ok(self.get_watching())
            }
            _ => Err(Reply::status(404)),
        }
    }

    /// The `extended` parameter as sent.
    pub(crate) fn extended(&self) -> &str {
        self.request.query.get("extended").unwrap_or_default()
    }

    /// Whether `extended` has this among its parts.
    pub(crate) fn extends(&self, part: &str) -> bool {
        self.extended().split(',').any(|own| own == part)
    }

    /// 420 for the whole request when the account would hold more than it may.
    pub(crate) fn within(&self, wanted: usize, limit: usize) -> Result<(), Reply> {
        if wanted <= limit {
            return Ok(());
        }
        let vip = (self.account.membership == Membership::Vip).to_string();
        Err(Reply::status(420)
            .with_header("X-Upgrade-URL", "https://trakt.tv/vip")
            .with_header("X-VIP-User", vip)
            .with_header("X-Account-Limit", limit.to_string()))
    }

    /// `GET /users/settings`.
    fn settings(&self) -> Reply {
        let account = &*self.account;
        let vip = account.membership == Membership::Vip;
        let (lists, list_items) = if vip { (100, 5_000) } else { (5, 250) };
        Reply::json(
            200,
            json!({
                "user": {
                    "username": account.name,
                    "private": false,
                    "name": account.name,
                    "vip": vip,
                    "vip_ep": false,
                    "vip_og": false,
                    "vip_years": u8::from(vip),
                    "director": false,
                    "ids": {
                        "slug": account.name,
                        "trakt": fingerprint(&account.name) % 1_000_000,
                        "uuid": format!("{:032x}", fingerprint(&account.name)),
                    },
                    "joined_at": instant::to_millis_text(account.joined_at),
                    "images": {"avatar": {"full": "https://walter.trakt.tv/images/avatar.png"}},
                },
                "account": {"timezone": "Europe/Berlin", "date_format": "dmy", "time_24hr": true, "cover_image": null},
                "permissions": {"commenting": true, "liking": true, "following": true},
                "browsing": {"watch_only_once": false},
                "limits": {
                    "list": {"count": lists, "item_count": list_items},
                    "watchlist": {"item_count": account.limits.watchlist},
                    "favorites": {"item_count": 100},
                },
            }),
        )
    }
}
