//! A call of a signed-in account, and which part of the API it is for.

use std::collections::BTreeSet;

use actix_web::http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    account::Account,
    catalogue::{Catalogue, Part, TitlePlace},
    state::{SimklSwitches, refused},
};
use crate::{instant, reply::Reply, request::Request};

/// Everything that the answer to one request depends on.
pub(crate) struct Call<'a> {
    pub(crate) account: &'a mut Account,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) switches: &'a SimklSwitches,
    pub(crate) whole_reads: &'a mut BTreeSet<(String, String)>,
    pub(crate) is_suspended: &'a mut bool,
    pub(crate) request: &'a Request,
    pub(crate) now: Timestamp,
}

impl Call<'_> {
    pub(crate) fn route(&mut self, path: &[&str]) -> Result<Reply, Reply> {
        match (&self.request.method, path) {
            (&Method::GET | &Method::POST, ["sync", "activities"]) => Ok(self.activities()),
            (&Method::GET | &Method::POST, ["sync", "all-items", rest @ ..]) => self.all_items(rest),
            (&Method::POST, ["sync", "history"]) => self.add_history(),
            (&Method::POST, ["sync", "history", "remove"]) => self.remove_history(),
            (&Method::POST, ["sync", "add-to-list"]) => self.add_to_list(),
            (&Method::GET, ["sync", "ratings", rest @ ..]) => self.get_ratings(rest),
            (&Method::POST, ["sync", "ratings"]) => self.add_ratings(),
            (&Method::POST, ["sync", "ratings", "remove"]) => self.remove_ratings(),
            (&Method::GET, ["sync", "playback", rest @ ..]) => self.get_playback(rest),
            (&Method::DELETE, ["sync", "playback", id]) => self.delete_playback(id),
            (&Method::POST, ["scrobble", action]) => self.scrobble(action),
            (&Method::GET | &Method::POST, ["users", "settings"]) => Ok(self.settings()),
            _ => Err(refused(404, "url_failed", "There is nothing at this address")),
        }
    }

    /// `/sync/activities`: after it every part may be read whole once.
    fn activities(&mut self) -> Reply {
        self.whole_reads.retain(|(account, _)| *account != self.account.name);
        Reply::json(200, self.account.stamps.to_json(self.account.joined_at))
    }

    /// `/users/settings`.
    fn settings(&self) -> Reply {
        let account = &*self.account;
        Reply::json(
            200,
            json!({
                "user": {
                    "name": account.name,
                    "joined_at": instant::to_millis_text(account.joined_at),
                    "gender": "",
                    "avatar": "//simkl.in/avatars/0/0_101.jpg",
                    "bio": "",
                    "loc": "",
                    "age": "",
                },
                "account": {"id": account.number, "timezone": "Europe/Berlin", "type": account.membership.as_str()},
                "connections": {"facebook": false},
            }),
        )
    }

    /// The body of a write, which has to be a JSON object.
    pub(crate) fn body(&self) -> Result<Value, Reply> {
        let body = self.request.json().filter(Value::is_object);
        body.ok_or_else(|| refused(400, "empty_field", "The body has to be a JSON object"))
    }

    /// The titles that a bucket of a body names, and the objects whose ids are unknown, as they are echoed.
    pub(crate) fn named<'v>(&self, body: &'v Value, bucket: &str) -> (Vec<(TitlePlace, &'v Value)>, Vec<Value>) {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for sent in list(body, bucket) {
            let is_anime =
                |place: &TitlePlace| self.catalogue.title(*place).is_some_and(|title| title.part == Part::Anime);
            let found = match bucket {
                "movies" => self.catalogue.resolve(true, sent),
                // Films that are filed as anime are found there, too.
                _ => {
                    self.catalogue.resolve(false, sent).or_else(|| self.catalogue.resolve(true, sent).filter(is_anime))
                }
            };
            match found {
                Some(place) => known.push((place, sent)),
                None => unknown.push(echo(sent, bucket)),
            }
        }
        (known, unknown)
    }

    /// The moment under this name; now where it is missing or cannot be read.
    pub(crate) fn moment(&self, sent: &[&Value], name: &str) -> Timestamp {
        let mut texts = sent.iter().filter_map(|object| object.get(name)).filter_map(Value::as_str);
        texts.find_map(instant::parse).unwrap_or(self.now)
    }
}

/// The objects of a list.
pub(crate) fn list<'v>(object: &'v Value, name: &str) -> &'v [Value] {
    object.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A whole number that fits seasons and episodes, also as a text.
pub(crate) fn number(object: &Value, name: &str) -> Option<u16> {
    let value = object.get(name)?;
    let whole = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    u16::try_from(whole).ok()
}

/// What was sent, with the kind it was taken for and without seasons.
pub(crate) fn echo(sent: &Value, bucket: &str) -> Value {
    let mut echoed = sent.clone();
    if let Some(object) = echoed.as_object_mut() {
        object.remove("seasons");
        object.remove("episodes");
        let kind = match bucket {
            "movies" => "movie",
            "episodes" => "episode",
            _ => "show",
        };
        object.insert("type".to_owned(), kind.into());
    }
    echoed
}
