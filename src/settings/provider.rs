//! `[[provider]]`: an account at a media server or tracker.
//!
//! Two users of one server are two accounts. Which keys a kind of account takes and needs is a table here, too.

use crosswatch_model::ProviderId;

use self::ProviderKind::{Emby, Jellyfin, Mdblist, Plex, Simkl, Trakt};
use crate::{address::BaseUrl, filter::Filter, problem::Problem, secret::Secret, section::Section, words::words};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its name.
    pub id: ProviderId,
    /// Which service it is at.
    pub kind: ProviderKind,
    /// The server, or the API of the tracker (the public one unless written). `None` for the built-in tracker only.
    pub url: Option<BaseUrl>,
    /// Trakt: the sign-in service.
    pub auth_url: Option<BaseUrl>,
    /// Plex: the account service.
    pub plextv_url: Option<BaseUrl>,
    /// Plex: the watchlist service.
    pub discover_url: Option<BaseUrl>,
    /// Plex: the metadata service.
    pub metadata_url: Option<BaseUrl>,
    /// Whether certificates are checked.
    pub verify_tls: bool,
    /// Whose state this is. `None` with Plex means the owner of the token.
    pub user: Option<String>,
    /// Plex token; Jellyfin or Emby API key or access token; MDBList API key.
    pub token: Option<Secret>,
    /// Jellyfin, Emby: password of the user.
    pub password: Option<Secret>,
    /// Trakt, SIMKL: id of the API app. MDBList: the same, for signing in with a code in place of the API key.
    pub client_id: Option<Secret>,
    /// Trakt, SIMKL: secret of the API app.
    pub client_secret: Option<Secret>,
    /// Trakt, SIMKL: the token to begin with; the store owns later ones.
    pub access_token: Option<Secret>,
    /// Trakt, SIMKL: the refresh token to begin with; the store owns later ones.
    pub refresh_token: Option<Secret>,
    /// Media servers: a token of the user's own for their webhooks, beside the one that the service makes.
    pub webhook_token: Option<Secret>,
    /// Which libraries count.
    pub libraries: Filter,
    /// Jellyfin, Emby: what serves as the watchlist; favourites where nothing is said.
    pub watchlist: Option<Shelf>,
}

/// The services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProviderKind {
    /// Plex Media Server, with its account service.
    Plex,
    /// Jellyfin.
    Jellyfin,
    /// Emby.
    Emby,
    /// Trakt.
    Trakt,
    /// SIMKL.
    Simkl,
    /// MDBList.
    Mdblist,
    /// The built-in tracker: no account, no network.
    Tracker,
}

words!(ProviderKind {
    Plex => "plex",
    Jellyfin => "jellyfin",
    Emby => "emby",
    Trakt => "trakt",
    Simkl => "simkl",
    Mdblist => "mdblist",
    Tracker => "tracker",
});

impl ProviderKind {
    /// Plays what is in its libraries.
    pub const fn is_media_server(self) -> bool {
        matches!(self, Self::Plex | Self::Jellyfin | Self::Emby)
    }

    /// Remembers what was watched anywhere, the built-in one included.
    pub const fn is_tracker(self) -> bool {
        !self.is_media_server()
    }

    /// A tracker on the internet, with quotas.
    pub const fn is_remote_tracker(self) -> bool {
        matches!(self, Self::Trakt | Self::Simkl | Self::Mdblist)
    }

    /// A server without a watchlist of its own, where something else serves as one.
    pub const fn borrows_a_watchlist(self) -> bool {
        matches!(self, Self::Jellyfin | Self::Emby)
    }

    /// The public address behind a key, where there is one.
    pub(crate) const fn public_url(self, key: &str) -> Option<&'static str> {
        match (self, key.as_bytes()) {
            (Self::Trakt, b"url") => Some("https://api.trakt.tv"),
            (Self::Trakt, b"auth_url") => Some("https://auth.trakt.tv"),
            (Self::Simkl, b"url") => Some("https://api.simkl.com"),
            (Self::Mdblist, b"url") => Some("https://api.mdblist.com"),
            (Self::Plex, b"plextv_url") => Some("https://plex.tv"),
            (Self::Plex, b"discover_url") => Some("https://discover.provider.plex.tv"),
            (Self::Plex, b"metadata_url") => Some("https://metadata.provider.plex.tv"),
            _ => None,
        }
    }
}

/// What serves as the watchlist on a server that has none of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shelf {
    /// The user's favourites.
    Favorites,
    /// A playlist, by name.
    Playlist(String),
    /// A collection, by name. All users of the server share it.
    Collection(String),
}

/// Which kinds of account take a key, and which of them need it.
pub(crate) struct Taken {
    /// The key.
    pub(crate) key: &'static str,
    /// The kinds that take it.
    pub(crate) by: &'static [ProviderKind],
    /// The kinds that cannot do without.
    pub(crate) needed_by: &'static [ProviderKind],
}

const fn taken(key: &'static str, by: &'static [ProviderKind], needed_by: &'static [ProviderKind]) -> Taken {
    Taken { key, by, needed_by }
}

const SERVERS: &[ProviderKind] = &[Plex, Jellyfin, Emby];

/// Every key but `id` and `kind`.
pub(crate) const TAKEN: &[Taken] = &[
    taken("url", &[Plex, Jellyfin, Emby, Trakt, Simkl, Mdblist], SERVERS),
    taken("auth_url", &[Trakt], &[]),
    taken("plextv_url", &[Plex], &[]),
    taken("discover_url", &[Plex], &[]),
    taken("metadata_url", &[Plex], &[]),
    taken("verify_tls", &[Plex, Jellyfin, Emby, Trakt, Simkl, Mdblist], &[]),
    taken("user", SERVERS, &[Jellyfin, Emby]),
    taken("token", &[Plex, Jellyfin, Emby, Mdblist], &[]),
    taken("password", &[Jellyfin, Emby], &[]),
    taken("client_id", &[Trakt, Simkl, Mdblist], &[Trakt, Simkl]),
    taken("client_secret", &[Trakt, Simkl], &[]),
    taken("access_token", &[Trakt, Simkl], &[]),
    taken("refresh_token", &[Trakt, Simkl], &[]),
    taken("webhook_token", SERVERS, &[]),
    taken("libraries", SERVERS, &[]),
    taken("watchlist", &[Jellyfin, Emby], &[]),
];

impl Provider {
    pub(crate) fn build(section: &Section<'_>) -> Result<Self, Problem> {
        let kind: ProviderKind = section.parsed("kind")?;
        let url = |key: &str| match section.optional::<BaseUrl>(key)? {
            Some(url) => Ok(Some(url)),
            None => Ok(kind.public_url(key).and_then(|public| public.parse().ok())),
        };
        Ok(Self {
            id: section.name("id", ProviderId::parse)?,
            kind,
            url: url("url")?,
            auth_url: url("auth_url")?,
            plextv_url: url("plextv_url")?,
            discover_url: url("discover_url")?,
            metadata_url: url("metadata_url")?,
            verify_tls: section.boolean("verify_tls")?,
            user: section.optional("user")?,
            token: section.secret("token"),
            password: section.secret("password"),
            client_id: section.secret("client_id"),
            client_secret: section.secret("client_secret"),
            access_token: section.secret("access_token"),
            refresh_token: section.secret("refresh_token"),
            webhook_token: section.secret("webhook_token"),
            libraries: Filter::read(section, "libraries")?.unwrap_or(Filter::All),
            watchlist: Shelf::read(section)?.or_else(|| kind.borrows_a_watchlist().then_some(Shelf::Favorites)),
        })
    }
}

impl Shelf {
    fn read(section: &Section<'_>) -> Result<Option<Self>, Problem> {
        if section.is_text("watchlist") {
            return Ok(Some(Self::Favorites));
        }
        let Some(table) = section.optional_table("watchlist")? else { return Ok(None) };
        if let Some(playlist) = table.optional("playlist")? {
            return Ok(Some(Self::Playlist(playlist)));
        }
        table.parsed("collection").map(|collection| Some(Self::Collection(collection)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_public_address_is_an_address() {
        for kind in ProviderKind::ALL {
            for entry in TAKEN.iter().filter(|entry| entry.key.ends_with("url")) {
                if let Some(public) = kind.public_url(entry.key) {
                    assert!(entry.by.contains(kind), "{kind} does not take {}", entry.key);
                    assert!(public.parse::<BaseUrl>().unwrap().is_https(), "{public}");
                }
            }
            assert_ne!(kind.is_media_server(), kind.is_tracker(), "{kind}");
        }
    }
}
