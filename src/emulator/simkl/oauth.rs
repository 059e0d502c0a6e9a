//! Sign-in in both versions: PINs with a token for good, and device codes with tokens that end.
//!
//! Version 2: a refresh hands back the same refresh token and ends the access token before it at once; a scope that is
//! left out or misspelt gives a token that may only read, without a word. Deliberately absent: the browser sign-in.

use std::collections::BTreeMap;

use actix_web::http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::SimklState;
use crate::{
    chance::fingerprint,
    instant,
    reply::Reply,
    request::{Query, Request},
};

const CODE_LIFE_SECONDS: i64 = 900;
const POLL_INTERVAL_SECONDS: i64 = 5;
const REFRESH_LIFE_SECONDS: i64 = 180 * 24 * 3600;
/// Codes beyond this number push out the first.
const MAX_CODES: usize = 1_000;
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// All tokens and codes.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    access: BTreeMap<String, Access>,
    refresh: BTreeMap<String, Refresh>,
    codes: BTreeMap<String, Code>,
    issued: u64,
}

/// A living access token.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) account: String,
    pub(crate) may_write: bool,
    /// Tokens of version 1 have no end.
    expires_at: Option<Timestamp>,
}

#[derive(Debug, Clone)]
struct Refresh {
    account: String,
    may_write: bool,
    expires_at: Timestamp,
}

#[derive(Debug)]
struct Code {
    shown: String,
    is_pin: bool,
    may_write: bool,
    expires_at: Timestamp,
    polled_at: Option<Timestamp>,
    interval_s: i64,
    answer: Answer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Awaited,
    Approved(String),
    Denied,
}

impl Grants {
    pub(crate) fn seed(&mut self, account: &str, access: &str, refresh: Option<&str>, now: Timestamp, life_s: i64) {
        let expires_at = refresh.map(|_| instant::plus_seconds(now, life_s));
        self.access.insert(access.to_owned(), Access { account: account.to_owned(), may_write: true, expires_at });
        if let Some(refresh) = refresh {
            let expires_at = instant::plus_seconds(now, REFRESH_LIFE_SECONDS);
            let refresh_token = Refresh { account: account.to_owned(), may_write: true, expires_at };
            self.refresh.insert(refresh.to_owned(), refresh_token);
        }
    }

    pub(crate) fn find(&self, access: &str, now: Timestamp) -> Option<&Access> {
        self.access.get(access).filter(|access| access.expires_at.is_none_or(|ends| now < ends))
    }

    pub(crate) fn expire(&mut self, account: &str) {
        self.access.retain(|_, access| access.account != account);
    }

    pub(crate) fn revoke_all(&mut self, account: &str) {
        self.expire(account);
        self.refresh.retain(|_, refresh| refresh.account != account);
    }

    pub(crate) fn answer_code(&mut self, user_code: &str, account: Option<&str>) -> bool {
        let Some(code) = self.codes.values_mut().find(|code| code.shown == user_code) else { return false };
        code.answer = account.map_or(Answer::Denied, |account| Answer::Approved(account.to_owned()));
        true
    }

    fn mint(&mut self, what: &str) -> String {
        self.issued += 1;
        format!(
            "{:032x}{:032x}",
            fingerprint(&format!("{what}:{}", self.issued)),
            fingerprint(&format!("{}:{what}", self.issued))
        )
    }

    fn new_code(&mut self, key: &str, code: Code) {
        if self.codes.len() >= MAX_CODES {
            self.codes.pop_first();
        }
        self.codes.insert(key.to_owned(), code);
    }
}

impl SimklState {
    /// `GET /oauth/pin[/{user_code}]` and `POST /oauth/token`, version 1.
    pub(crate) fn oauth1(&mut self, request: &Request, path: &[&str]) -> Result<Reply, Reply> {
        match (&request.method, path) {
            (&Method::GET, ["pin"]) => {
                self.check_client(request.query.get("client_id").unwrap_or_default())?;
                Ok(self.new_pin())
            }
            (&Method::GET, ["pin", user_code]) => {
                self.check_client(request.query.get("client_id").unwrap_or_default())?;
                Ok(self.poll_pin(user_code))
            }
            (&Method::POST, ["token"]) => Err(Reply::json(401, json!({"error": "grant_error"}))),
            _ => Err(Reply::status(404)),
        }
    }

    /// `POST /oauth2/{device|token|revoke}`, version 2. Bodies are forms or JSON.
    pub(crate) fn oauth2(&mut self, request: &Request, path: &[&str]) -> Result<Reply, Reply> {
        if request.method != Method::POST {
            return Err(Reply::status(404));
        }
        let sent = Fields::of(request);
        match path {
            ["revoke"] => {
                self.grants.access.remove(sent.get("token"));
                Ok(Reply::status(200))
            }
            ["device"] => {
                self.check_app(&sent, false)?;
                Ok(self.new_device(sent.get("scope")))
            }
            ["token"] => {
                self.check_app(&sent, true)?;
                match sent.get("grant_type") {
                    DEVICE_GRANT => self.poll_device(sent.get("device_code")),
                    "refresh_token" => self.refresh(sent.get("refresh_token")),
                    _ => Err(refusal(400, "unsupported_grant_type")),
                }
            }
            _ => Err(Reply::status(404)),
        }
    }

    fn check_client(&self, id: &str) -> Result<(), Reply> {
        if id == self.client_id { Ok(()) } else { Err(super::state::wrong_client()) }
    }

    /// An app without a secret is known by its id alone.
    fn check_app(&self, sent: &Fields, needs_secret: bool) -> Result<(), Reply> {
        let secret_fits = match &self.client_secret {
            Some(secret) if needs_secret => sent.get("client_secret") == secret,
            _ => true,
        };
        if sent.get("client_id") == self.client_id && secret_fits {
            Ok(())
        } else {
            Err(refusal(401, "invalid_client"))
        }
    }

    fn first_answer(&self) -> Answer {
        self.approves_codes_as.clone().map_or(Answer::Awaited, Answer::Approved)
    }

    fn new_pin(&mut self) -> Reply {
        let minted = self.grants.mint("pin");
        let user_code = format!("{:05X}", fingerprint(&minted) & 0xf_ffff);
        let code = Code {
            shown: user_code.clone(),
            is_pin: true,
            may_write: true,
            expires_at: instant::plus_seconds(self.clock.now(), CODE_LIFE_SECONDS),
            polled_at: None,
            interval_s: POLL_INTERVAL_SECONDS,
            answer: self.first_answer(),
        };
        self.grants.new_code(&user_code, code);
        Reply::json(
            200,
            json!({
                "result": "OK",
                "device_code": "DEVICE_CODE",
                "user_code": user_code,
                "verification_uri": "https://simkl.com/pin",
                "verification_url": "https://simkl.com/pin",
                "expires_in": CODE_LIFE_SECONDS,
                "interval": POLL_INTERVAL_SECONDS,
            }),
        )
    }

    /// A code that is unknown, over or used is answered as if a new one had been asked for.
    fn poll_pin(&mut self, user_code: &str) -> Reply {
        let now = self.clock.now();
        let known = self.grants.codes.get_mut(user_code).filter(|code| code.is_pin && now < code.expires_at);
        let Some(code) = known else { return self.new_pin() };
        let is_too_soon = code.is_too_soon(now);
        match code.answer.clone() {
            _ if is_too_soon => Reply::json(200, json!({"result": "KO", "message": "Slow down"})),
            Answer::Awaited => Reply::json(200, json!({"result": "KO", "message": "Authorization pending"})),
            Answer::Denied => {
                self.grants.codes.remove(user_code);
                self.new_pin()
            }
            Answer::Approved(account) => {
                self.grants.codes.remove(user_code);
                let token = self.grants.mint("access");
                self.grants.seed(&account, &token, None, now, 0);
                Reply::json(200, json!({"result": "OK", "access_token": token}))
            }
        }
    }

    fn new_device(&mut self, scope: &str) -> Reply {
        let device_code = self.grants.mint("device");
        let user_code = format!("{:08X}", fingerprint(&device_code) & 0xffff_ffff);
        let code = Code {
            shown: user_code.clone(),
            is_pin: false,
            may_write: scope.split_whitespace().any(|word| word == "media:write"),
            expires_at: instant::plus_seconds(self.clock.now(), CODE_LIFE_SECONDS),
            polled_at: None,
            interval_s: POLL_INTERVAL_SECONDS,
            answer: self.first_answer(),
        };
        self.grants.new_code(&device_code, code);
        let address = "https://simkl.com/device";
        Reply::json(
            200,
            json!({
                "device_code": device_code,
                "user_code": user_code,
                "verification_uri": address,
                "verification_uri_complete": format!("{address}?user_code={user_code}"),
                "expires_in": CODE_LIFE_SECONDS,
                "interval": POLL_INTERVAL_SECONDS,
            }),
        )
    }

    fn poll_device(&mut self, device_code: &str) -> Result<Reply, Reply> {
        let now = self.clock.now();
        let code = self.grants.codes.get_mut(device_code).filter(|code| !code.is_pin && now < code.expires_at);
        let code = code.ok_or_else(|| refusal(400, "expired_token"))?;
        let is_too_soon = code.is_too_soon(now);
        let may_write = code.may_write;
        match code.answer.clone() {
            Answer::Denied => Err(refusal(400, "access_denied")),
            _ if is_too_soon => {
                code.interval_s += 5;
                Err(refusal(400, "slow_down"))
            }
            Answer::Awaited => Err(refusal(400, "authorization_pending")),
            Answer::Approved(account) => {
                self.grants.codes.remove(device_code);
                let refresh = self.grants.mint("refresh");
                Ok(self.issue(&account, &refresh, may_write))
            }
        }
    }

    fn refresh(&mut self, refresh: &str) -> Result<Reply, Reply> {
        let now = self.clock.now();
        let living = self.grants.refresh.get(refresh).filter(|token| now < token.expires_at).cloned();
        let token = living.ok_or_else(|| refusal(400, "invalid_grant"))?;
        self.grants.expire(&token.account);
        Ok(self.issue(&token.account, refresh, token.may_write))
    }

    fn issue(&mut self, account: &str, refresh: &str, may_write: bool) -> Reply {
        let (now, access) = (self.clock.now(), self.grants.mint("access"));
        let expires_at = Some(instant::plus_seconds(now, self.token_lifetime_s));
        let account = account.to_owned();
        self.grants.access.insert(access.clone(), Access { account: account.clone(), may_write, expires_at });
        let expires_at = instant::plus_seconds(now, REFRESH_LIFE_SECONDS);
        self.grants.refresh.insert(refresh.to_owned(), Refresh { account, may_write, expires_at });
        Reply::json(
            200,
            json!({
                "access_token": access,
                "token_type": "Bearer",
                "expires_in": self.token_lifetime_s,
                "refresh_token": refresh,
                "scope": if may_write { "media:read media:write" } else { "media:read" },
            }),
        )
    }
}

impl Code {
    fn is_too_soon(&mut self, now: Timestamp) -> bool {
        let is_too_soon = self.polled_at.is_some_and(|at| now < instant::plus_seconds(at, self.interval_s));
        self.polled_at = Some(now);
        is_too_soon
    }
}

fn refusal(status: u16, error: &str) -> Reply {
    Reply::json(status, json!({"error": error}))
}

/// The fields of a body, whichever way it was written.
struct Fields(BTreeMap<String, String>);

impl Fields {
    fn of(request: &Request) -> Self {
        if let Some(Value::Object(object)) = request.json() {
            let texts = object.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
            return Self(texts.collect());
        }
        let form = Query::parse(std::str::from_utf8(&request.body).unwrap_or_default());
        let names = ["client_id", "client_secret", "scope", "grant_type", "device_code", "refresh_token", "token"];
        Self(names.into_iter().filter_map(|name| Some((name.to_owned(), form.get(name)?.to_owned()))).collect())
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}
