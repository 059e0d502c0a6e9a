//! Users of an Emby server, their sign-ins and sessions, and who a request comes from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::EmbyState;
use crate::{
    activity::UserActivity,
    chance::fingerprint,
    instant,
    mediabrowser::{ClientHeader, MediaId},
    reply::Reply,
    request::Request,
};

/// A user to create.
#[derive(Debug, Clone)]
pub struct EmbyUser {
    /// Name for signing in.
    pub name: String,
    /// Password for signing in.
    pub password: String,
    /// A token that is signed in from the start.
    pub token: String,
    /// Whether the user may see the state of others.
    pub role: EmbyRole,
    /// What the user did before.
    pub activity: UserActivity,
}

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmbyRole {
    /// Everything, for every user.
    Administrator,
    /// Everything of the user's own.
    Member,
}

impl EmbyUser {
    /// An administrator with password `secret`, a token made from the name, and no activity.
    pub fn administrator(name: &str) -> Self {
        Self::with_role(name, EmbyRole::Administrator)
    }

    /// A normal user with password `secret`, a token made from the name, and no activity.
    pub fn member(name: &str) -> Self {
        Self::with_role(name, EmbyRole::Member)
    }

    fn with_role(name: &str, role: EmbyRole) -> Self {
        Self {
            name: name.to_owned(),
            password: "secret".to_owned(),
            token: format!("{:032x}", fingerprint(&format!("emby-token:{name}"))),
            role,
            activity: UserActivity::default(),
        }
    }

    /// The same user with this activity.
    #[must_use]
    pub fn with_activity(mut self, activity: UserActivity) -> Self {
        self.activity = activity;
        self
    }
}

/// Who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// An API key: all rights, no user.
    Key,
    /// A user's token.
    User(MediaId),
}

/// One device as somebody used it last.
#[derive(Debug, Clone)]
struct Session {
    user: Option<MediaId>,
    client: ClientHeader,
    last_active_at: Timestamp,
}

/// Everybody, by id and by token.
#[derive(Debug, Default)]
pub(crate) struct People {
    pub(crate) users: BTreeMap<MediaId, EmbyUser>,
    tokens: BTreeMap<String, (MediaId, Option<String>)>,
    sessions: Vec<Session>,
    pub(crate) api_key: String,
    issued: u64,
}

impl People {
    pub(crate) fn new(api_key: String) -> Self {
        Self { api_key, ..Self::default() }
    }

    pub(crate) fn add(&mut self, user: EmbyUser) -> MediaId {
        let id = MediaId(fingerprint(&format!("emby-user:{}", user.name)));
        self.tokens.insert(user.token.clone(), (id, None));
        self.users.insert(id, user);
        id
    }

    pub(crate) fn id_of(&self, name: &str) -> Option<MediaId> {
        self.users.iter().find(|(_, user)| user.name.eq_ignore_ascii_case(name)).map(|(id, _)| *id)
    }

    pub(crate) fn forget_tokens_of(&mut self, user: MediaId) {
        self.tokens.retain(|_, (owner, _)| *owner != user);
    }

    fn is_administrator(&self, user: MediaId) -> bool {
        self.users.get(&user).is_some_and(|user| user.role == EmbyRole::Administrator)
    }

    /// A fresh token for a device; the user's earlier token of the same device ends.
    fn sign_in(&mut self, user: MediaId, device_id: Option<String>) -> String {
        self.tokens.retain(|_, (owner, device)| *owner != user || *device != device_id);
        self.issued += 1;
        let token = format!("{:032x}", fingerprint(&format!("emby-issued:{user}:{}", self.issued)));
        self.tokens.insert(token.clone(), (user, device_id));
        token
    }

    /// Every request of a client that names its device shows up as a session.
    fn note_activity(&mut self, user: Option<MediaId>, client: &ClientHeader, now: Timestamp) {
        if client.client.is_none() || client.device.is_none() || client.device_id.is_none() {
            return;
        }
        self.sessions.retain(|session| session.client.device_id != client.device_id || session.user != user);
        let client = ClientHeader { token: None, ..client.clone() };
        self.sessions.push(Session { user, client, last_active_at: now });
    }
}

impl EmbyState {
    /// Who asks; 401 without a valid token.
    pub(crate) fn caller(&mut self, request: &Request) -> Result<Caller, Reply> {
        let client = ClientHeader::of_emby(request);
        let refused = || Reply::text(401, "Access token is invalid or expired.");
        let token = client.token.clone().ok_or_else(refused)?;
        let caller = if token == self.people.api_key {
            Caller::Key
        } else {
            Caller::User(self.people.tokens.get(&token).ok_or_else(refused)?.0)
        };
        let user = if let Caller::User(user) = caller { Some(user) } else { None };
        let now = self.clock.now();
        self.people.note_activity(user, &client, now);
        Ok(caller)
    }

    /// The user that a path names: 404 when there is none, 403 when the caller may not ask about it.
    pub(crate) fn subject(&self, caller: Caller, id: &str) -> Result<MediaId, Reply> {
        let known = MediaId::parse(id).filter(|id| self.people.users.contains_key(id));
        let user = known.ok_or_else(|| Reply::text(404, "User not found."))?;
        match caller {
            Caller::User(own) if own != user && !self.people.is_administrator(own) => {
                Err(Reply::text(403, "Access to this user is denied."))
            }
            _ => Ok(user),
        }
    }

    /// `GET /Users`: everybody for administrators and keys, oneself for others.
    pub(crate) fn users(&self, caller: Caller) -> Reply {
        let shows = |id: &MediaId| match caller {
            Caller::User(own) => own == *id || self.people.is_administrator(own),
            Caller::Key => true,
        };
        Reply::json(200, self.people.users.keys().filter(|id| shows(id)).map(|id| self.user_json(*id)).collect())
    }

    /// `GET /Sessions`: everybody's for administrators and keys, one's own for others; `DeviceId` narrows.
    pub(crate) fn sessions(&self, caller: Caller, request: &Request) -> Reply {
        let device = request.query.get("DeviceId");
        let shows = |session: &&Session| {
            let is_visible = match caller {
                Caller::User(own) => session.user == Some(own) || self.people.is_administrator(own),
                Caller::Key => true,
            };
            is_visible && device.is_none_or(|device| session.client.device_id.as_deref() == Some(device))
        };
        let json = |session: &Session| {
            let mut json = json!({
                "Id": format!("{:032x}", fingerprint(&format!("{:?}:{:?}", session.user, session.client.device_id))),
                "Client": session.client.client,
                "DeviceName": session.client.device,
                "DeviceId": session.client.device_id,
                "ApplicationVersion": session.client.version,
                "LastActivityDate": instant::to_ticks_text(session.last_active_at),
                "PlayState": {"CanSeek": false, "IsPaused": false, "IsMuted": false},
                "AdditionalUsers": [],
            });
            if let (Some(user), Some(object)) = (session.user, json.as_object_mut()) {
                let name = self.people.users.get(&user).map(|user| user.name.clone());
                object.insert("UserId".to_owned(), user.to_string().into());
                object.insert("UserName".to_owned(), name.into());
            }
            json
        };
        let mut rows: Vec<Value> = self.people.sessions.iter().filter(shows).map(json).collect();
        if device.is_none() {
            let own = match caller {
                Caller::User(own) if !self.people.is_administrator(own) => Some(own),
                _ => None,
            };
            rows.extend(self.playing_json(own));
        }
        Reply::json(200, rows.into())
    }

    /// `POST /Users/AuthenticateByName`.
    pub(crate) fn authenticate_by_name(&mut self, request: &Request) -> Result<Reply, Reply> {
        let body = request.json().ok_or_else(|| Reply::text(400, "Bad Request"))?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let client = ClientHeader::of_emby(request);
        let is_named = [&client.client, &client.device, &client.device_id, &client.version];
        if is_named.iter().any(|part| part.is_none()) {
            return Err(Reply::text(400, "Value cannot be null. (Parameter 'appName')"));
        }
        let known = self.people.id_of(&text("Username"));
        let is_right = |id: &MediaId| self.people.users.get(id).is_some_and(|user| user.password == text("Pw"));
        let user = known.filter(is_right).ok_or_else(|| Reply::text(401, "Invalid username or password entered."))?;
        let token = self.people.sign_in(user, client.device_id.clone());
        let now = self.clock.now();
        self.people.note_activity(Some(user), &client, now);
        Ok(Reply::json(
            200,
            json!({
                "User": self.user_json(user),
                "SessionInfo": {"UserId": user.to_string(), "DeviceId": client.device_id, "Client": client.client},
                "AccessToken": token,
                "ServerId": self.server_id.to_string(),
            }),
        ))
    }

    fn user_json(&self, id: MediaId) -> Value {
        let Some(user) = self.people.users.get(&id) else { return Value::Null };
        json!({
            "Name": user.name,
            "ServerId": self.server_id.to_string(),
            "Prefix": user.name.chars().next().map(|letter| letter.to_uppercase().to_string()),
            "Id": id.to_string(),
            "HasPassword": true,
            "HasConfiguredPassword": true,
            "Policy": {"IsAdministrator": user.role == EmbyRole::Administrator, "IsHidden": false, "IsDisabled": false},
        })
    }
}
