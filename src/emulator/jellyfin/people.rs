//! Users of a Jellyfin server, their sign-ins, and who a request comes from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::JellyfinState;
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
pub struct JellyfinUser {
    /// Name for signing in.
    pub name: String,
    /// Password for signing in.
    pub password: String,
    /// A token that is signed in from the start.
    pub token: String,
    /// Whether the user may see the state of others.
    pub role: JellyfinRole,
    /// What the user did before.
    pub activity: UserActivity,
}

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JellyfinRole {
    /// Everything, for every user.
    Administrator,
    /// Everything of the user's own.
    Member,
    /// As a member, but without the right to edit user data.
    WithoutPreferenceAccess,
}

impl JellyfinUser {
    /// An administrator with password `secret`, a token made from the name, and no activity.
    pub fn administrator(name: &str) -> Self {
        Self::with_role(name, JellyfinRole::Administrator)
    }

    /// A normal user with password `secret`, a token made from the name, and no activity.
    pub fn member(name: &str) -> Self {
        Self::with_role(name, JellyfinRole::Member)
    }

    /// A user with this role.
    pub fn with_role(name: &str, role: JellyfinRole) -> Self {
        Self {
            name: name.to_owned(),
            password: "secret".to_owned(),
            token: format!("{:032x}", fingerprint(&format!("token:{name}"))),
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// An API key: all rights, no user.
    Key,
    /// A user's token.
    User { id: MediaId, token: String },
}

/// A signed-in device.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) user: MediaId,
    pub(crate) client: ClientHeader,
    pub(crate) last_active_at: Timestamp,
}

/// Everybody, by id and by token.
#[derive(Debug, Default)]
pub(crate) struct People {
    pub(crate) users: BTreeMap<MediaId, JellyfinUser>,
    pub(crate) devices: BTreeMap<String, Device>,
    pub(crate) api_key: String,
    issued: u64,
}

impl People {
    pub(crate) fn new(api_key: String) -> Self {
        Self { api_key, ..Self::default() }
    }

    pub(crate) fn add(&mut self, user: JellyfinUser, now: Timestamp) -> MediaId {
        let id = MediaId(fingerprint(&format!("user:{}", user.name)));
        let client = ClientHeader { device_id: Some(format!("first-{}", user.name)), ..ClientHeader::default() };
        self.devices.insert(user.token.clone(), Device { user: id, client, last_active_at: now });
        self.users.insert(id, user);
        id
    }

    pub(crate) fn id_of(&self, name: &str) -> Option<MediaId> {
        self.users.iter().find(|(_, user)| user.name.eq_ignore_ascii_case(name)).map(|(id, _)| *id)
    }

    /// A fresh token for a device; the user's earlier token of the same device ends.
    pub(crate) fn sign_in(&mut self, user: MediaId, client: ClientHeader, now: Timestamp) -> String {
        self.devices.retain(|_, device| device.user != user || device.client.device_id != client.device_id);
        self.issued += 1;
        let token = format!("{:032x}", fingerprint(&format!("issued:{user}:{}", self.issued)));
        self.devices.insert(token.clone(), Device { user, client, last_active_at: now });
        token
    }

    fn role(&self, id: MediaId) -> Option<JellyfinRole> {
        self.users.get(&id).map(|user| user.role)
    }
}

impl JellyfinState {
    /// Who asks; 401 without a valid token.
    pub(crate) fn caller(&mut self, request: &Request) -> Result<Caller, Reply> {
        let now = self.clock.now();
        let token = ClientHeader::of(request, self.accepts_legacy_authorization).token;
        let token = token.ok_or_else(|| Reply::status(401))?;
        if token == self.people.api_key {
            return Ok(Caller::Key);
        }
        let device = self.people.devices.get_mut(&token).ok_or_else(|| Reply::status(401))?;
        device.last_active_at = now;
        Ok(Caller::User { id: device.user, token })
    }

    /// Whose state a request is about. Absent only for an API key that names nobody.
    pub(crate) fn subject(&self, caller: &Caller, request: &Request) -> Result<Option<MediaId>, Reply> {
        let named = match request.query.get("userId") {
            None => None,
            Some(text) => Some(MediaId::parse(text).ok_or_else(|| invalid("userId", text))?),
        };
        match (caller, named) {
            (Caller::Key, None) => Ok(None),
            (Caller::User { id, .. }, None) => Ok(Some(*id)),
            (Caller::User { id, .. }, Some(named)) if named == *id => Ok(Some(named)),
            (Caller::User { id, .. }, Some(_)) if self.people.role(*id) != Some(JellyfinRole::Administrator) => {
                Err(Reply::text(403, "Forbidden"))
            }
            (_, Some(named)) if self.people.users.contains_key(&named) => Ok(Some(named)),
            _ => Err(Reply::text(404, "User not found.")),
        }
    }

    /// As [`subject`](Self::subject), for calls that make no sense without a user.
    pub(crate) fn required_subject(&self, caller: &Caller, request: &Request) -> Result<MediaId, Reply> {
        self.subject(caller, request)?.ok_or_else(|| Reply::text(404, "User not found."))
    }

    /// Only administrators, API keys, and users with the right to edit preferences may update user data as a whole.
    pub(crate) fn may_edit_user_data(&self, caller: &Caller) -> bool {
        match caller {
            Caller::Key => true,
            Caller::User { id, .. } => self.people.role(*id) != Some(JellyfinRole::WithoutPreferenceAccess),
        }
    }

    pub(crate) fn users(&self, caller: &Caller) -> Result<Reply, Reply> {
        if let Caller::User { id, .. } = caller
            && self.people.role(*id) != Some(JellyfinRole::Administrator)
        {
            return Err(Reply::text(403, "Forbidden"));
        }
        let all = self.people.users.keys().map(|id| self.user_json(*id)).collect();
        Ok(Reply::json(200, Value::Array(all)))
    }

    pub(crate) fn me(&self, caller: &Caller) -> Result<Reply, Reply> {
        match caller {
            Caller::Key => Err(Reply::text(400, "Error processing request.")),
            Caller::User { id, .. } => Ok(Reply::json(200, self.user_json(*id))),
        }
    }

    pub(crate) fn one_user(&self, caller: &Caller, request: &Request) -> Result<Reply, Reply> {
        let id = self.required_subject(caller, request)?;
        Ok(Reply::json(200, self.user_json(id)))
    }

    pub(crate) fn authenticate_by_name(&mut self, request: &Request) -> Result<Reply, Reply> {
        let body = request.json().ok_or_else(|| Reply::text(400, "The body is not JSON."))?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let id = self.people.id_of(&text("Username"));
        let user = id.and_then(|id| self.people.users.get(&id));
        if user.is_none_or(|user| user.password != text("Pw")) {
            return Err(Reply::text(401, "Invalid username or password entered."));
        }
        self.sign_in(id, request)
    }

    /// The answer to any successful sign-in.
    pub(crate) fn sign_in(&mut self, user: Option<MediaId>, request: &Request) -> Result<Reply, Reply> {
        let client = ClientHeader::of(request, self.accepts_legacy_authorization);
        let complete = [&client.client, &client.device, &client.device_id, &client.version];
        let (Some(user), true) = (user, complete.iter().all(|part| part.is_some())) else {
            return Err(Reply::text(400, "Error processing request."));
        };
        let now = self.clock.now();
        let session = json!({
            "Id": format!("{:032x}", fingerprint(&format!("session:{:?}", client.device_id))),
            "UserId": user.to_string(),
            "Client": client.client,
            "DeviceName": client.device,
            "DeviceId": client.device_id,
            "ApplicationVersion": client.version,
            "LastActivityDate": instant::to_ticks_text(now),
        });
        let token = self.people.sign_in(user, client, now);
        Ok(Reply::json(
            200,
            json!({
                "User": self.user_json(user),
                "SessionInfo": session,
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
            "Id": id.to_string(),
            "HasPassword": true,
            "HasConfiguredPassword": true,
            "EnableAutoLogin": false,
            "Policy": {
                "IsAdministrator": user.role == JellyfinRole::Administrator,
                "IsHidden": false,
                "IsDisabled": false,
                "EnableUserPreferenceAccess": user.role != JellyfinRole::WithoutPreferenceAccess,
                "EnableAllFolders": true,
                "AuthenticationProviderId": "Jellyfin.Server.Implementations.Users.DefaultAuthenticationProvider",
                "PasswordResetProviderId": "Jellyfin.Server.Implementations.Users.DefaultPasswordResetProvider",
            },
        })
    }
}

/// The answer to a parameter that cannot be read.
pub(crate) fn invalid(name: &str, value: &str) -> Reply {
    let errors = json!({ name: [format!("The value '{value}' is not valid.")] });
    Reply::json(400, json!({"title": "One or more validation errors occurred.", "status": 400, "errors": errors}))
}
