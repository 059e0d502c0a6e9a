//! plex.tv: signing in with a PIN, who a token belongs to, which servers it opens, and the members of the home.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    people::{Person, PlexRole},
    state::{NotOnPlex, PlexState},
};
use crate::{instant, reply::Reply, request::Request};

/// A PIN lives this long; the long code of a strong one half an hour.
const PIN_SECONDS: i64 = 900;
const STRONG_PIN_SECONDS: i64 = 1_800;
/// Unanswered PINs beyond this number push out the first.
const MAX_PENDING: usize = 100;

/// The PINs that wait for a person.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    pending: BTreeMap<u64, Pin>,
    asked: u64,
}

#[derive(Debug)]
struct Pin {
    code: String,
    client: String,
    expires_at: Timestamp,
    lifetime_s: i64,
    polled_at: Option<Timestamp>,
    token: Option<String>,
}

impl PlexState {
    /// A person types the code in at plex.tv/link. False when no client waits with it.
    pub fn approve_pin(&mut self, code: &str, user: &str) -> Result<bool, NotOnPlex> {
        let id = self.person(user)?.id;
        let token = self.people.issue_account_token(id);
        let waiting = self.pins.pending.values_mut().find(|pin| pin.code.eq_ignore_ascii_case(code));
        let Some(pin) = waiting else { return Ok(false) };
        pin.token = Some(token);
        Ok(true)
    }

    /// `POST /api/v2/pins`.
    pub(crate) fn ask_pin(&mut self, request: &Request) -> Result<Reply, Reply> {
        let client =
            request.header("x-plex-client-identifier").or_else(|| request.query.get("X-Plex-Client-Identifier"));
        let client = client.ok_or_else(|| Reply::status(400))?.to_owned();
        let is_strong = request.query.get("strong") == Some("true");
        self.pins.asked += 1;
        let number = self.pins.asked;
        let code = if is_strong { format!("{:025x}", number * 7_919 + 0xabc) } else { four_letters(number) };
        let lifetime_s = if is_strong { STRONG_PIN_SECONDS } else { PIN_SECONDS };
        let expires_at = instant::plus_seconds(self.clock.now(), lifetime_s);
        let pin = Pin { code, client, expires_at, lifetime_s, polled_at: None, token: None };
        let answer = pin_json(number, &pin);
        if self.pins.pending.len() >= MAX_PENDING {
            self.pins.pending.pop_first();
        }
        self.pins.pending.insert(number, pin);
        Ok(Reply::json(201, answer))
    }

    /// `GET /api/v2/pins/{id}`: 404 when it is over or belongs to another client, 429 when asked twice in a second.
    pub(crate) fn poll_pin(&mut self, request: &Request, id: &str) -> Result<Reply, Reply> {
        let now = self.clock.now();
        let number: u64 = id.parse().map_err(|_| Reply::status(404))?;
        let client = request.header("x-plex-client-identifier");
        let pin = self.pins.pending.get_mut(&number).filter(|pin| pin.expires_at > now);
        let pin = pin.filter(|pin| client == Some(pin.client.as_str())).ok_or_else(|| Reply::status(404))?;
        let is_hasty = pin.polled_at.is_some_and(|at| now.as_second() - at.as_second() < 1);
        pin.polled_at = Some(now);
        if is_hasty && pin.token.is_none() {
            return Err(Reply::status(429).with_header("Retry-After", "1"));
        }
        Ok(Reply::json(200, pin_json(number, pin)))
    }

    /// `GET /api/v2/user`.
    pub(crate) fn user_reply(member: &Person) -> Reply {
        let is_managed = matches!(member.role, PlexRole::Managed { .. });
        let username = if is_managed { "" } else { member.name.as_str() };
        let email = if is_managed { Value::Null } else { format!("{}@example.org", member.name).into() };
        Reply::json(
            200,
            json!({"id": member.id, "uuid": member.uuid, "username": username, "title": member.name, "email": email,
                "friendlyName": member.name, "restricted": is_managed, "home": member.is_in_home(),
                "homeAdmin": member.is_owner()}),
        )
    }

    /// `GET /api/v2/resources`.
    pub(crate) fn resources_reply(&self, member: &Person) -> Reply {
        let player = json!({"name": "TV", "product": "Plex for Android", "provides": "client,player",
            "clientIdentifier": "tv-in-the-living-room", "accessToken": Value::Null, "owned": true, "connections": []});
        let mut resources = vec![player];
        if let (true, Some(token)) = (member.may_use_server(), self.people.server_token(member.id)) {
            resources.push(json!({"name": self.server_name, "product": "Plex Media Server", "provides": "server",
                "productVersion": self.version, "clientIdentifier": self.machine, "accessToken": token,
                "owned": member.is_owner(), "home": member.is_in_home(), "presence": true,
                "connections": [{"protocol": "http", "address": "127.0.0.1", "port": 32400, "local": true,
                    "relay": false, "uri": "http://127.0.0.1:32400"}]}));
        }
        Reply::json(200, Value::Array(resources))
    }

    /// `GET /api/v2/home/users`.
    pub(crate) fn home_reply(&self, member: &Person) -> Result<Reply, Reply> {
        if !member.is_in_home() {
            return Err(Reply::status(403));
        }
        let home = self.people.persons.iter().filter(|person| person.is_in_home());
        let users: Vec<Value> = home
            .map(|person| {
                let pin = matches!(&person.role, PlexRole::Managed { pin: Some(_) });
                let is_managed = matches!(person.role, PlexRole::Managed { .. });
                let username = if is_managed { Value::Null } else { person.name.as_str().into() };
                json!({"id": person.id, "uuid": person.uuid, "title": person.name, "username": username,
                    "restricted": is_managed, "admin": person.is_owner(), "protected": pin})
            })
            .collect();
        Ok(Reply::json(200, json!({"id": 1, "name": "Home", "users": users})))
    }

    /// `POST /api/v2/home/users/{uuid}/switch`: the administrator becomes somebody else.
    pub(crate) fn switch_reply(&mut self, member: &Person, request: &Request, uuid: &str) -> Result<Reply, Reply> {
        let wanted = self.people.persons.iter().find(|person| person.uuid == uuid && person.is_in_home());
        let wanted = wanted.filter(|_| member.is_in_home()).cloned().ok_or_else(|| Reply::status(404))?;
        if let PlexRole::Managed { pin: Some(pin) } = &wanted.role
            && request.query.get("pin") != Some(pin)
        {
            return Err(Reply::status(403));
        }
        let token = self.people.issue_account_token(wanted.id);
        Ok(Reply::json(201, json!({"id": wanted.id, "uuid": wanted.uuid, "title": wanted.name, "authToken": token})))
    }
}

fn pin_json(number: u64, pin: &Pin) -> Value {
    json!({"id": number, "code": pin.code, "product": "CrossWatch", "trusted": false,
        "clientIdentifier": pin.client, "expiresIn": pin.lifetime_s,
        "expiresAt": instant::to_millis_text(pin.expires_at), "authToken": pin.token, "newRegistration": Value::Null})
}

/// A code that is easy to type.
fn four_letters(number: u64) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut rest = number * 7_919 + 123_457;
    let mut code = String::new();
    for _ in 0..4 {
        let at = usize::try_from(rest % 32).unwrap_or(0);
        code.push(LETTERS.get(at).copied().map_or('A', char::from));
        rest /= 32;
    }
    code
}
