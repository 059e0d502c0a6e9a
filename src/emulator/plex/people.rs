//! Accounts of plex.tv around one server: its owner, friends, members of the home, and the tokens each of them has.
//!
//! A person has one token for plex.tv and another one for the server. The owner is account 1 on the server, whatever the
//! number at plex.tv; everybody else has the same number in both places.

use std::collections::BTreeMap;

use super::state::PlexState;
use crate::{activity::UserActivity, chance::fingerprint, reply::Reply, request::Request};

/// The number of the owner's account on the own server.
const OWNER_ACCOUNT: u64 = 1;

/// What somebody is to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlexRole {
    /// Owns the server and the home.
    Owner,
    /// Somebody the server is shared with.
    Friend,
    /// A member of the home with a sign-in of their own.
    HomeMember,
    /// A member of the home without one, perhaps behind a PIN.
    Managed {
        /// What has to be entered to become this user.
        pin: Option<String>,
    },
    /// Somebody with an account at plex.tv and no access to this server.
    Stranger,
}

/// A user to create.
#[derive(Debug, Clone)]
pub struct PlexUser {
    /// Name at plex.tv. Managed users have only a title.
    pub name: String,
    /// What the user is to the server.
    pub role: PlexRole,
    /// What the user did before.
    pub activity: UserActivity,
}

impl PlexUser {
    /// The owner of the server.
    pub fn owner(name: &str) -> Self {
        Self::with_role(name, PlexRole::Owner)
    }

    /// Somebody the server is shared with.
    pub fn friend(name: &str) -> Self {
        Self::with_role(name, PlexRole::Friend)
    }

    /// A user with this role and no activity.
    pub fn with_role(name: &str, role: PlexRole) -> Self {
        Self { name: name.to_owned(), role, activity: UserActivity::default() }
    }

    /// The same user with this activity.
    #[must_use]
    pub fn with_activity(mut self, activity: UserActivity) -> Self {
        self.activity = activity;
        self
    }

    /// The token for plex.tv that a user of this name has from the start.
    pub fn token_of(name: &str) -> String {
        format!("plex-{:016x}", fingerprint(&format!("token:{name}")) & 0xffff_ffff_ffff_ffff)
    }
}

/// A user as the services know it.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: u64,
    pub(crate) uuid: String,
    pub(crate) name: String,
    pub(crate) role: PlexRole,
}

impl Person {
    /// The number on the server.
    pub(crate) const fn account(&self) -> u64 {
        if matches!(self.role, PlexRole::Owner) { OWNER_ACCOUNT } else { self.id }
    }

    pub(crate) const fn is_owner(&self) -> bool {
        matches!(self.role, PlexRole::Owner)
    }

    pub(crate) const fn is_in_home(&self) -> bool {
        matches!(self.role, PlexRole::Owner | PlexRole::HomeMember | PlexRole::Managed { .. })
    }

    pub(crate) const fn may_use_server(&self) -> bool {
        !matches!(self.role, PlexRole::Stranger)
    }
}

/// Everybody, and whom each token stands for.
#[derive(Debug, Default)]
pub(crate) struct People {
    pub(crate) persons: Vec<Person>,
    /// Tokens for plex.tv.
    account_tokens: BTreeMap<String, u64>,
    /// Tokens for the server.
    server_tokens: BTreeMap<String, u64>,
    issued: u64,
}

impl People {
    pub(crate) fn add(&mut self, user: &PlexUser) {
        let hash = fingerprint(&format!("person:{}", user.name));
        let id = 100_000 + u64::try_from(hash % 900_000).unwrap_or(0);
        let uuid = format!("{:016x}", hash & 0xffff_ffff_ffff_ffff);
        if !matches!(user.role, PlexRole::Managed { .. }) {
            self.account_tokens.insert(PlexUser::token_of(&user.name), id);
        }
        self.persons.push(Person { id, uuid, name: user.name.clone(), role: user.role.clone() });
        self.issue_server_token(id);
    }

    pub(crate) fn of_name(&self, name: &str) -> Option<&Person> {
        self.persons.iter().find(|person| person.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn of_id(&self, id: u64) -> Option<&Person> {
        self.persons.iter().find(|person| person.id == id)
    }

    /// A fresh token for plex.tv.
    pub(crate) fn issue_account_token(&mut self, id: u64) -> String {
        self.issued += 1;
        let token =
            format!("plex-issued-{:016x}", fingerprint(&format!("{id}:{}", self.issued)) & u128::from(u64::MAX));
        self.account_tokens.insert(token.clone(), id);
        token
    }

    /// The token for the server.
    pub(crate) fn server_token(&self, id: u64) -> Option<&str> {
        self.server_tokens.iter().find(|(_, other)| **other == id).map(|(token, _)| token.as_str())
    }

    /// A fresh token for the server in place of the one before.
    pub(crate) fn issue_server_token(&mut self, id: u64) {
        self.issued += 1;
        self.server_tokens.retain(|_, other| *other != id);
        let token = format!("server-{:016x}", fingerprint(&format!("{id}:{}", self.issued)) & u128::from(u64::MAX));
        self.server_tokens.insert(token, id);
    }

    /// Ends every token of a person.
    pub(crate) fn revoke(&mut self, id: u64) {
        self.account_tokens.retain(|_, other| *other != id);
        self.server_tokens.retain(|_, other| *other != id);
    }
}

/// The token, sent as a header or in the query.
pub(crate) fn token_of(request: &Request) -> Option<&str> {
    request.header("x-plex-token").or_else(|| request.query.get("X-Plex-Token"))
}

impl PlexState {
    /// Who asks the server: 401 without a token that it knows. The owner's token for plex.tv is good here too.
    pub(crate) fn viewer(&self, request: &Request) -> Result<Person, Reply> {
        let refused = || Reply::html(401);
        let token = token_of(request).ok_or_else(refused)?;
        let people = &self.people;
        let by_server = people.server_tokens.get(token).and_then(|id| people.of_id(*id));
        let by_account = people.account_tokens.get(token).and_then(|id| people.of_id(*id));
        let known = by_server.or_else(|| by_account.filter(|person| person.is_owner()));
        known.filter(|person| person.may_use_server()).cloned().ok_or_else(refused)
    }

    /// Who asks plex.tv.
    pub(crate) fn member(&self, request: &Request) -> Result<Person, Reply> {
        let known = token_of(request).and_then(|token| self.people.account_tokens.get(token));
        let person = known.and_then(|id| self.people.of_id(*id));
        person.cloned().ok_or_else(|| {
            let error = serde_json::json!({"code": 1001, "message": "User could not be authenticated", "status": 401});
            Reply::json(401, serde_json::json!({ "errors": [error] }))
        })
    }
}
