//! Sign-in: device codes, tokens that expire by the clock, and refresh tokens that work exactly once. Bodies are forms.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::MdblistState;
use crate::{
    chance::fingerprint,
    instant,
    reply::Reply,
    request::{Query, Request},
};

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const DEVICE_CODE_LIFE_SECONDS: i64 = 300;
const POLL_INTERVAL_SECONDS: i64 = 5;
/// Device codes beyond this number push out the first.
const MAX_DEVICE_CODES: usize = 1_000;

/// All tokens and device codes.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    access: BTreeMap<String, Access>,
    refresh: BTreeMap<String, String>,
    devices: BTreeMap<String, DeviceCode>,
    issued: u64,
}

#[derive(Debug)]
struct Access {
    account: String,
    expires_at: Timestamp,
}

#[derive(Debug)]
struct DeviceCode {
    user_code: String,
    expires_at: Timestamp,
    polled_at: Option<Timestamp>,
    answer: DeviceAnswer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum DeviceAnswer {
    Awaited,
    Approved(String),
    Denied,
}

impl Grants {
    /// Puts a pair of tokens in place as if it had been issued now.
    pub(crate) fn seed(&mut self, account: &str, access: &str, refresh: &str, expires_at: Timestamp) {
        self.access.insert(access.to_owned(), Access { account: account.to_owned(), expires_at });
        self.refresh.insert(refresh.to_owned(), account.to_owned());
    }

    /// The account of an access token that has not expired.
    pub(crate) fn account_of(&self, access: &str, now: Timestamp) -> Option<&str> {
        self.access.get(access).filter(|access| now < access.expires_at).map(|access| access.account.as_str())
    }

    /// Ends every token of an account.
    pub(crate) fn revoke_all(&mut self, account: &str) {
        self.expire(account);
        self.refresh.retain(|_, owner| owner != account);
    }

    /// Ends the access tokens of an account and leaves the refresh tokens.
    pub(crate) fn expire(&mut self, account: &str) {
        self.access.retain(|_, access| access.account != account);
    }

    /// A person answers the device code shown as `user_code`.
    pub(crate) fn answer_device(&mut self, user_code: &str, account: Option<&str>) -> bool {
        let Some(device) = self.devices.values_mut().find(|device| device.user_code == user_code) else { return false };
        device.answer = account.map_or(DeviceAnswer::Denied, |account| DeviceAnswer::Approved(account.to_owned()));
        true
    }

    fn issue(&mut self, account: &str, now: Timestamp, lifetime_s: i64) -> Reply {
        let (access, refresh) = (self.mint("access"), self.mint("refresh"));
        self.seed(account, &access, &refresh, instant::plus_seconds(now, lifetime_s));
        Reply::json(
            200,
            json!({
                "access_token": access, "token_type": "Bearer", "expires_in": lifetime_s, "refresh_token": refresh,
                "scope": "write",
            }),
        )
    }

    fn mint(&mut self, what: &str) -> String {
        self.issued += 1;
        format!("{:032x}", fingerprint(&format!("mdblist:{what}:{}", self.issued)))
    }
}

impl MdblistState {
    /// Answers a request under `/oauth`.
    pub(crate) fn oauth(&mut self, request: &Request, path: &[&str]) -> Result<Reply, Reply> {
        let is_form = request.header("content-type").is_some_and(|kind| kind.contains("x-www-form-urlencoded"));
        let body = if is_form { Query::parse(&String::from_utf8_lossy(&request.body)) } else { Query::default() };
        if path == ["revoke_token"] {
            self.grants.access.remove(body.get("token").unwrap_or_default());
            return Ok(Reply::status(200));
        }
        if body.get("client_id") != Some(self.client_id.as_str()) {
            return Err(refused(401, "invalid_client"));
        }
        match (path, body.get("grant_type")) {
            (["device-authorization"], _) => Ok(self.new_device_code()),
            (["token"], Some(DEVICE_GRANT)) => self.poll_device_code(body.get("device_code").unwrap_or_default()),
            (["token"], Some("refresh_token")) => self.refresh_tokens(body.get("refresh_token").unwrap_or_default()),
            (["token"], _) => Err(refused(400, "unsupported_grant_type")),
            _ => Err(Reply::html(404)),
        }
    }

    fn new_device_code(&mut self) -> Reply {
        let code = self.grants.mint("device");
        let user_code = format!("{:08X}", fingerprint(&code) & 0xffff_ffff);
        let answer = match &self.approves_devices_as {
            Some(account) => DeviceAnswer::Approved(account.clone()),
            None => DeviceAnswer::Awaited,
        };
        let expires_at = instant::plus_seconds(self.clock.now(), DEVICE_CODE_LIFE_SECONDS);
        let device = DeviceCode { user_code: user_code.clone(), expires_at, polled_at: None, answer };
        if self.grants.devices.len() >= MAX_DEVICE_CODES {
            self.grants.devices.pop_first();
        }
        self.grants.devices.insert(code.clone(), device);
        let page: Value = "https://mdblist.com/oauth/device/".into();
        Reply::json(
            200,
            json!({
                "device_code": code, "user_code": user_code, "verification_uri": page,
                "expires_in": DEVICE_CODE_LIFE_SECONDS, "interval": POLL_INTERVAL_SECONDS,
            }),
        )
    }

    fn poll_device_code(&mut self, code: &str) -> Result<Reply, Reply> {
        let now = self.clock.now();
        let device = self.grants.devices.get_mut(code).ok_or_else(|| refused(400, "expired_token"))?;
        let too_soon = device.polled_at.is_some_and(|at| now < instant::plus_seconds(at, POLL_INTERVAL_SECONDS));
        device.polled_at = Some(now);
        if now >= device.expires_at {
            return Err(refused(400, "expired_token"));
        }
        match device.answer.clone() {
            DeviceAnswer::Denied => Err(refused(403, "access_denied")),
            _ if too_soon => Err(refused(400, "slow_down")),
            DeviceAnswer::Awaited => Err(refused(400, "authorization_pending")),
            DeviceAnswer::Approved(account) => {
                self.grants.devices.remove(code);
                Ok(self.grants.issue(&account, now, self.token_lifetime_s))
            }
        }
    }

    fn refresh_tokens(&mut self, refresh: &str) -> Result<Reply, Reply> {
        let account = self.grants.refresh.remove(refresh).ok_or_else(|| refused(400, "invalid_grant"))?;
        let now = self.clock.now();
        Ok(self.grants.issue(&account, now, self.token_lifetime_s))
    }
}

fn refused(status: u16, error: &str) -> Reply {
    Reply::json(status, json!({"error": error}))
}
