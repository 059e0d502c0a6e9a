//! Sign-in: device codes, tokens that expire by the clock, and refresh tokens that work exactly once.
//!
//! Served under `/oauth` on the same address as the API, so one address can stand for both of Trakt's hosts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{state::TraktState, targets::body_of};
use crate::{chance::fingerprint, instant, reply::Reply, request::Request};

const DEVICE_CODE_LIFE_SECONDS: i64 = 600;
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
    Used,
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
        self.access.retain(|_, access| access.account != account);
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

    /// What shows on the screens of devices that nobody has answered.
    pub(crate) fn awaited_devices(&self) -> Vec<String> {
        let awaited = self.devices.values().filter(|device| device.answer == DeviceAnswer::Awaited);
        awaited.map(|device| device.user_code.clone()).collect()
    }

    /// Every token that works.
    pub(crate) fn tokens(&self, now: Timestamp) -> Vec<String> {
        let living = self.access.iter().filter(|(_, access)| now < access.expires_at).map(|(token, _)| token);
        living.chain(self.refresh.keys()).cloned().collect()
    }

    fn issue(&mut self, account: &str, now: Timestamp, lifetime_s: i64) -> Value {
        let access = self.mint("access");
        let refresh = self.mint("refresh");
        self.seed(account, &access, &refresh, instant::plus_seconds(now, lifetime_s));
        json!({
            "access_token": access,
            "token_type": "bearer",
            "expires_in": lifetime_s,
            "refresh_token": refresh,
            "scope": "public",
            "created_at": now.as_second(),
        })
    }

    fn mint(&mut self, what: &str) -> String {
        self.issued += 1;
        let (first, second) = (format!("{what}:{}", self.issued), format!("{}:{what}", self.issued));
        format!("{:032x}{:032x}", fingerprint(&first), fingerprint(&second))
    }
}

impl TraktState {
    /// Answers a request under `/oauth`.
    pub(crate) fn oauth(&mut self, request: &Request, path: &[&str]) -> Result<Reply, Reply> {
        let body = body_of(request)?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        match path {
            ["device", "code"] => {
                self.check_client(text("client_id"), None)?;
                Ok(self.new_device_code())
            }
            ["device", "token"] => {
                self.check_client(text("client_id"), Some(text("client_secret")))?;
                self.poll_device_code(text("code"))
            }
            ["token"] => {
                self.check_client(text("client_id"), Some(text("client_secret")))?;
                if text("grant_type") == "refresh_token" {
                    self.refresh_tokens(text("refresh_token"))
                } else {
                    Err(invalid_grant())
                }
            }
            ["revoke"] => {
                self.grants.access.remove(text("token"));
                Ok(Reply::json(200, json!({})))
            }
            _ => Err(Reply::status(404)),
        }
    }

    /// An app without a secret is known by its id alone.
    fn check_client(&self, id: &str, secret: Option<&str>) -> Result<(), Reply> {
        let secret_fits = match (secret, &self.client_secret) {
            (Some(sent), Some(own)) => sent == own,
            _ => true,
        };
        if id == self.client_id && secret_fits {
            return Ok(());
        }
        let refusal = json!({"error": "invalid_client", "error_description": "Client authentication failed."});
        Err(Reply::json(401, refusal))
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
        Reply::json(
            200,
            json!({
                "device_code": code,
                "user_code": user_code,
                "verification_url": "https://auth.trakt.tv/activate",
                "expires_in": DEVICE_CODE_LIFE_SECONDS,
                "interval": self.device_interval_s,
            }),
        )
    }

    fn poll_device_code(&mut self, code: &str) -> Result<Reply, Reply> {
        let (now, interval_s) = (self.clock.now(), self.device_interval_s);
        let device = self.grants.devices.get_mut(code).ok_or_else(|| Reply::status(404))?;
        let too_soon = device.polled_at.is_some_and(|at| now < instant::plus_seconds(at, interval_s));
        device.polled_at = Some(now);
        match &device.answer {
            DeviceAnswer::Used => Err(Reply::status(409)),
            _ if now >= device.expires_at => Err(Reply::status(410)),
            DeviceAnswer::Denied => Err(Reply::status(418)),
            _ if too_soon => Err(Reply::status(429)),
            DeviceAnswer::Awaited => Err(Reply::status(400)),
            DeviceAnswer::Approved(account) => {
                let account = account.clone();
                device.answer = DeviceAnswer::Used;
                Ok(Reply::json(200, self.grants.issue(&account, now, self.token_lifetime_s)))
            }
        }
    }

    fn refresh_tokens(&mut self, refresh: &str) -> Result<Reply, Reply> {
        let account = self.grants.refresh.remove(refresh).ok_or_else(invalid_grant)?;
        let now = self.clock.now();
        Ok(Reply::json(200, self.grants.issue(&account, now, self.token_lifetime_s)))
    }
}

fn invalid_grant() -> Reply {
    let description = "The provided authorization grant is invalid, expired, revoked, or was issued to another client.";
    Reply::json(400, json!({"error": "invalid_grant", "error_description": description}))
}
