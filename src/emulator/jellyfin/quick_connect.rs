//! Quick Connect: signing in with a six-digit code that a signed-in person approves.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::state::{JellyfinState, NotOnServer};
use crate::{
    chance::fingerprint,
    instant,
    mediabrowser::{ClientHeader, MediaId},
    reply::Reply,
    request::Request,
};

/// Unanswered requests beyond this number push out the first.
const MAX_PENDING: usize = 100;

/// The requests that wait for a person.
#[derive(Debug, Default)]
pub(crate) struct QuickConnect {
    pending: BTreeMap<String, Pending>,
    initiated: u32,
}

#[derive(Debug)]
struct Pending {
    code: String,
    answer: Value,
    approved_by: Option<MediaId>,
}

impl JellyfinState {
    /// A person types the code in: the waiting client may sign in as this user. False when no client waits with it.
    pub fn approve_quick_connect(&mut self, code: &str, user: &str) -> Result<bool, NotOnServer> {
        let user = self.user_id(user)?;
        let waiting = self.quick_connect.pending.values_mut().find(|pending| pending.code == code);
        let Some(pending) = waiting else { return Ok(false) };
        pending.approved_by = Some(user);
        Ok(true)
    }

    pub(crate) fn initiate_quick_connect(&mut self, request: &Request) -> Reply {
        let client = ClientHeader::of(request, self.accepts_legacy_authorization);
        let quick_connect = &mut self.quick_connect;
        quick_connect.initiated += 1;
        let secret = format!("{:032x}", fingerprint(&format!("quick-connect:{}", quick_connect.initiated)));
        let code = format!("{:06}", 100_000 + quick_connect.initiated * 7_919 % 900_000);
        let answer = json!({
            "Authenticated": false,
            "Secret": secret,
            "Code": code,
            "DeviceId": client.device_id,
            "DeviceName": client.device,
            "AppName": client.client,
            "AppVersion": client.version,
            "DateAdded": instant::to_ticks_text(self.clock.now()),
        });
        if quick_connect.pending.len() >= MAX_PENDING {
            quick_connect.pending.pop_first();
        }
        quick_connect.pending.insert(secret, Pending { code, answer: answer.clone(), approved_by: None });
        Reply::json(200, answer)
    }

    pub(crate) fn poll_quick_connect(&self, request: &Request) -> Result<Reply, Reply> {
        let secret = request.query.get("secret").unwrap_or_default();
        let pending = self.quick_connect.pending.get(secret);
        let pending = pending.ok_or_else(|| Reply::text(404, "Unable to find request"))?;
        let mut answer = pending.answer.clone();
        if let Some(authenticated) = answer.get_mut("Authenticated") {
            *authenticated = pending.approved_by.is_some().into();
        }
        Ok(Reply::json(200, answer))
    }

    pub(crate) fn authenticate_with_quick_connect(&mut self, request: &Request) -> Result<Reply, Reply> {
        let body = request.json().ok_or_else(|| Reply::text(400, "The body is not JSON."))?;
        let secret = body.get("Secret").and_then(Value::as_str).unwrap_or_default();
        let user = self.quick_connect.pending.get(secret).and_then(|pending| pending.approved_by);
        if user.is_none() {
            return Err(Reply::text(401, "The request was not approved."));
        }
        self.quick_connect.pending.remove(secret);
        self.sign_in(user, request)
    }
}
