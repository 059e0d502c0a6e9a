//! `[[notify]]`: where people are told that something needs them.

use crate::{problem::Problem, secret::Secret, section::Section, words::words};

/// A place for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// Which service carries the message.
    pub kind: NotifyKind,
    /// Address of the topic or webhook. An `http` or `https` address that may hold a token.
    pub url: Secret,
    /// Token of the topic or app.
    pub token: Option<Secret>,
    /// What is worth a message. Never empty.
    pub events: Vec<NotifyEvent>,
}

/// The services that carry messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotifyKind {
    /// ntfy.
    Ntfy,
    /// A Discord webhook.
    Discord,
    /// Gotify.
    Gotify,
    /// A plain JSON webhook.
    Webhook,
    /// An Apprise API server.
    Apprise,
}

words!(NotifyKind {
    Ntfy => "ntfy",
    Discord => "discord",
    Gotify => "gotify",
    Webhook => "webhook",
    Apprise => "apprise",
});

/// What is worth a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotifyEvent {
    /// Something waits for a person.
    Held,
    /// A run failed.
    Failed,
    /// An account must be signed in again.
    Auth,
    /// Plays were seen and none was delivered.
    Silent,
}

words!(NotifyEvent { Held => "held", Failed => "failed", Auth => "auth", Silent => "silent" });

impl NotifyKind {
    /// Whether a token of its own is sent along.
    pub(crate) const fn takes_token(self) -> bool {
        matches!(self, Self::Ntfy | Self::Gotify)
    }
}

impl Notify {
    pub(crate) fn build(section: &Section<'_>) -> Result<Self, Problem> {
        Ok(Self {
            kind: section.parsed("kind")?,
            url: section.secret("url").ok_or_else(|| section.refuse("url", "is missing; add it"))?,
            token: section.secret("token"),
            events: section.words("events")?,
        })
    }
}
