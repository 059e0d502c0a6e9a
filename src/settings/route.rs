//! `[[route]]`: live scrobbling from a media server to other accounts.

use std::fmt;

use crosswatch_model::{NameRejection, PairId, ProviderId};
use smol_str::SmolStr;

use crate::{filter::Filter, problem::Problem, section::Section, words::words};

/// The name of a route.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteId(SmolStr);

impl RouteId {
    /// Accepts `[a-z0-9-]{1,32}` and nothing else, as all names do.
    pub fn parse(text: &str) -> Result<Self, NameRejection> {
        PairId::parse(text).map(|name| Self(name.as_str().into()))
    }

    /// The name as written in the configuration.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RouteId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its name.
    pub id: RouteId,
    /// The media server that is listened to.
    pub source: ProviderId,
    /// Whether it delivers anything.
    pub enabled: bool,
    /// Users of the server whose plays count: the account's own user unless written.
    pub users: Filter,
    /// How playback is noticed. Never empty.
    pub via: Vec<Via>,
    /// The accounts that are told. Never empty, never the source.
    pub targets: Vec<ProviderId>,
    /// A play that got this far counts as watched.
    pub watched_at_percent: u8,
    /// What leaves the watchlist once it was watched.
    pub remove_from_watchlist: RemoveFromWatchlist,
}

/// How playback is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// The server calls us.
    Webhook,
    /// We watch the server.
    Watch,
}

words!(Via { Webhook => "webhook", Watch => "watch" });

/// What leaves the watchlist once it was watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoveFromWatchlist {
    /// Nothing.
    Never,
    /// A movie that was watched.
    MovieWatched,
    /// That, and a show whose last aired episode was watched.
    ShowFinished,
}

words!(RemoveFromWatchlist { Never => "never", MovieWatched => "movie_watched", ShowFinished => "show_finished" });

impl Route {
    /// Builds a route; `user_of` knows the user of an account.
    pub(crate) fn build(
        section: &Section<'_>,
        user_of: impl Fn(&ProviderId) -> Option<String>,
    ) -> Result<Self, Problem> {
        let source = section.name("source", ProviderId::parse)?;
        let users = match Filter::read(section, "users")? {
            Some(users) => users,
            None => Filter::Only(user_of(&source).into_iter().collect()),
        };
        Ok(Self {
            id: section.name("id", RouteId::parse)?,
            source,
            enabled: section.boolean("enabled")?,
            users,
            via: section.words("via")?,
            targets: section.list("targets", ProviderId::parse)?,
            watched_at_percent: section.number("watched_at_percent")?,
            remove_from_watchlist: section.parsed("remove_from_watchlist")?,
        })
    }
}
