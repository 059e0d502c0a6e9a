//! Where notices for people go.

use smol_str::SmolStr;

use crate::{Fault, LocalFuture};

/// What a notice is about. The words are those of `[[notify]] events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// Something waits for a person.
    Held,
    /// A run failed.
    Failed,
    /// An account must be signed in again.
    Auth,
    /// Plays were seen and none was delivered.
    Silent,
}

impl NoticeKind {
    /// The word of the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Auth => "auth",
            Self::Silent => "silent",
        }
    }
}

/// A short message for people. It never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// One line.
    pub title: SmolStr,
    /// One or two sentences.
    pub body: SmolStr,
    /// Where it is to be seen, below the address of the service.
    pub path: SmolStr,
}

/// A channel to people: ntfy, Discord, Gotify, a webhook, Apprise.
pub trait Sink {
    /// Delivers one notice.
    fn deliver<'a>(&'a self, notice: &'a Notice) -> LocalFuture<'a, Result<(), Fault>>;
}
