//! Sections of a configuration file, as text.

/// An account of the built-in tracker.
pub fn ledger(id: &str) -> String {
    format!("[[provider]]\nid = \"{id}\"\nkind = \"tracker\"\n\n")
}

/// An account at a Jellyfin server; `more` holds further keys.
pub fn jellyfin(id: &str, url: &str, user: &str, token: &str, more: &str) -> String {
    format!(
        "[[provider]]\nid = \"{id}\"\nkind = \"jellyfin\"\nurl = \"{url}\"\nuser = \"{user}\"\ntoken = \"{token}\"\n\
         watchlist = \"favorites\"\n{more}\n"
    )
}

/// An account of a kind with these keys.
pub(super) fn account(id: &str, kind: &str, keys: &str) -> String {
    format!("[[provider]]\nid = \"{id}\"\nkind = \"{kind}\"\n{keys}\n")
}

/// An account at Trakt.
pub fn trakt(id: &str, url: &str, member: &str) -> String {
    format!(
        "[[provider]]\nid = \"{id}\"\nkind = \"trakt\"\nurl = \"{url}\"\nauth_url = \"{url}\"\nclient_id = \"trakt-client\"\n\
         client_secret = \"trakt-secret\"\naccess_token = \"trakt-access-{member}\"\n\
         refresh_token = \"trakt-refresh-{member}\"\n\n"
    )
}

/// An account at Trakt that was never linked.
pub fn trakt_unlinked(id: &str, url: &str) -> String {
    format!(
        "[[provider]]\nid = \"{id}\"\nkind = \"trakt\"\nurl = \"{url}\"\nauth_url = \"{url}\"\nclient_id = \"trakt-client\"\n\
         client_secret = \"trakt-secret\"\n\n"
    )
}

/// A one-way pair that runs when it is told to; `tables` holds its features and its policy.
pub fn one_way(id: &str, source: &str, target: &str, tables: &str) -> String {
    format!(
        "[[pair]]\nid = \"{id}\"\nsource = \"{source}\"\ntarget = \"{target}\"\nmode = \"one-way\"\nschedule = \"manual\"\n\n\
         {tables}\n\n"
    )
}

/// What every service of a test has, before its accounts and pairs.
pub(super) fn preamble(port: u16, key: &str) -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\napi_key = \"{key}\"\n\n[data]\ndir = \"data\"\n\n[log]\nlevel = \"info\"\n\n"
    )
}
