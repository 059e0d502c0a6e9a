//! Accounts: every provider of the old file that is set up, with all of its profiles.

use crosswatch_settings::{BaseUrl, ProviderKind};

use super::{
    old::{Old, Secret},
    toml_text::{Section, quoted, unique_name},
    translate::{Desk, Noted},
};

/// An account that was taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    /// Its new name.
    pub(super) id: String,
    pub(super) kind: ProviderKind,
    /// Whose state it is, where told.
    pub(super) user: String,
}

/// The providers that exist here, by their old names.
const KNOWN: [(&str, ProviderKind); 7] = [
    ("plex", ProviderKind::Plex),
    ("jellyfin", ProviderKind::Jellyfin),
    ("emby", ProviderKind::Emby),
    ("trakt", ProviderKind::Trakt),
    ("simkl", ProviderKind::Simkl),
    ("mdblist", ProviderKind::Mdblist),
    ("crosswatch", ProviderKind::Tracker),
];

/// Those that do not, with the members that say whether one is set up.
const UNKNOWN: [(&str, &[&str]); 14] = [
    ("anilist", &["access_token"]),
    ("tmdb_sync", &["session_id"]),
    ("publicmetadb", &["api_key"]),
    ("wetrakr", &["access_token"]),
    ("punchplay", &["access_token"]),
    ("bingebase", &["access_token", "api_key"]),
    ("flicklist", &["access_token", "api_key", "token"]),
    ("nuvio", &["access_token"]),
    ("stremio", &["auth_key"]),
    ("floppy", &["api_token"]),
    ("scrob", &["api_key"]),
    ("kodi", &["server"]),
    ("tautulli", &["api_key"]),
    ("tracearr", &["api_key"]),
];

/// All accounts.
pub(super) fn translate(old: Old<'_>, desk: &mut Desk) -> String {
    let mut text = String::new();
    for (name, kind) in KNOWN {
        let block = old.get(name);
        let profiles = block.get("instances").members().map(|(profile, block)| (profile.to_owned(), block));
        for (profile, block) in std::iter::once(("default".to_owned(), block)).chain(profiles) {
            if let Some(section) = account(name, kind, &profile, block, desk) {
                text.push_str(&section.into_text());
            }
        }
    }
    for (name, signs) in UNKNOWN {
        let is_set_up = |block: Old<'_>| signs.iter().any(|sign| !block.get(sign).text().is_empty());
        let block = old.get(name);
        if is_set_up(block) || block.get("instances").members().any(|(_, block)| is_set_up(block)) {
            desk.note(Noted::Left, name, "there is no such provider here");
        }
    }
    text
}

/// Where a profile stands in the old file.
fn place(name: &str, profile: &str) -> String {
    if profile == "default" { name.to_owned() } else { format!("{name}.instances.{profile}") }
}

fn account(name: &str, kind: ProviderKind, profile: &str, block: Old<'_>, desk: &mut Desk) -> Option<Section> {
    let what = place(name, profile);
    let made = match kind {
        ProviderKind::Plex => plex(&what, block, desk),
        ProviderKind::Jellyfin | ProviderKind::Emby => media_browser(&what, kind, block, desk),
        ProviderKind::Trakt | ProviderKind::Simkl => tracker_app(&what, block, desk),
        ProviderKind::Mdblist => mdblist(&what, block, desk),
        ProviderKind::Tracker => own_tracker(&what, profile, block, desk),
    };
    let (keys, user) = made?;
    let wish = if profile == "default" { name } else { profile };
    let id = unique_name(wish, name, |id| desk.accounts.values().any(|account| account.id == id));
    desk.note(Noted::Taken, what, format!("the account {id} of kind {kind}"));
    let account = Account { id: id.clone(), kind, user };
    desk.accounts.insert((name.to_owned(), profile.to_lowercase()), account);
    let section = Section::entry("provider");
    let label = block.get("label").text();
    let section = if label.is_empty() { section } else { section.remark(&label) };
    let section = keys(section.text("id", &id).text("kind", kind.as_str()));
    Some(match desk.hooks.take_for(name, kind, profile) {
        Some((key, token)) => {
            let text = format!("the webhook token of {id}: nothing has to change at the server");
            desk.note(Noted::Taken, format!("security.webhook_ids.{key}"), text);
            section.text("webhook_token", &token)
        }
        None => section,
    })
}

/// Writes the keys of an account.
type Keys = Box<dyn FnOnce(Section) -> Section>;
type Made = Option<(Keys, String)>;

/// A secret that can be written; what cannot is told.
fn secret(what: &str, block: Old<'_>, name: &str, desk: &mut Desk) -> String {
    match block.secret(name) {
        Secret::Plain(secret) => secret,
        Secret::Missing => String::new(),
        Secret::Encrypted => {
            let text =
                "is encrypted with the key of the old program; sign in anew with `crosswatch auth`, or write it in";
            desk.note(Noted::Left, format!("{what}.{name}"), text);
            String::new()
        }
    }
}

fn url(what: &str, name: &str, text: &str, desk: &mut Desk) -> Option<String> {
    match text.parse::<BaseUrl>() {
        Ok(_) => Some(text.to_owned()),
        Err(why) => {
            desk.note(
                Noted::Left,
                format!("{what}.{name}"),
                format!("the account is left out, its address does not fit: {why}"),
            );
            None
        }
    }
}

/// Whether certificates are checked. The old program did not unless told to.
fn verify_tls(what: &str, url: &str, block: Old<'_>, desk: &mut Desk) -> bool {
    let verifies = block.get("verify_ssl").flag(true);
    if !verifies && url.starts_with("https://") {
        desk.note(
            Noted::Differs,
            format!("{what}.verify_ssl"),
            "any certificate is accepted, as before; verify_tls = true checks it",
        );
    }
    verifies || !url.starts_with("https://")
}

fn note_libraries(what: &str, block: Old<'_>, desk: &mut Desk) {
    let lists = ["history", "ratings", "progress", "scrobble"];
    if lists.iter().any(|list| block.at(&[list, "libraries"]).list().next().is_some()) {
        let text = "libraries are chosen by name and once per account: libraries = { only = [\"Movies\"] }; now all of them count";
        desk.note(Noted::Left, format!("{what}.*.libraries"), text);
    }
}

fn plex(what: &str, block: Old<'_>, desk: &mut Desk) -> Made {
    let server = block.get("server_url").text();
    if server.is_empty() {
        let has_token = !block.first_text(&["account_token", "pms_token"]).is_empty();
        if has_token {
            desk.note(Noted::Left, what, "the account has a token and no address of a server, which is needed here");
        }
        return None;
    }
    let server = url(what, "server_url", &server, desk)?;
    let verifies = verify_tls(what, &server, block, desk);
    let mut token = secret(what, block, "account_token", desk);
    if token.is_empty() {
        token = secret(what, block, "pms_token", desk);
    }
    note_libraries(what, block, desk);
    if !block.get("home_pin").text().is_empty() {
        desk.note(Noted::Left, format!("{what}.home_pin"), "sign in as that user instead: `crosswatch auth`");
    }
    let user = block.get("username").text();
    let told = user.clone();
    let keys = move |section: Section| {
        let section = section.text("url", &server).text_if_any("user", &told).text_if_any("token", &token);
        if verifies { section } else { section.flag("verify_tls", false) }
    };
    Some((Box::new(keys), user))
}

fn media_browser(what: &str, kind: ProviderKind, block: Old<'_>, desk: &mut Desk) -> Made {
    let server = block.get("server").text();
    if server.is_empty() {
        return None;
    }
    let server = url(what, "server", &server, desk)?;
    let user = block.first_text(&["username", "user"]);
    if user.is_empty() {
        desk.note(
            Noted::Left,
            what,
            "the account is left out, because the old file does not tell the name of its user",
        );
        return None;
    }
    let verifies = verify_tls(what, &server, block, desk);
    let token = secret(what, block, "access_token", desk);
    if token.is_empty() && kind == ProviderKind::Emby {
        desk.note(Noted::Left, what, "the account is left out, because it has no token that can be read");
        return None;
    }
    note_libraries(what, block, desk);
    let list = block.at(&["watchlist", "playlist_name"]).text();
    let list = if list.is_empty() { "Watchlist".to_owned() } else { list };
    let watchlist = match block.at(&["watchlist", "mode"]).text().as_str() {
        "playlist" => Some(format!("{{ playlist = {} }}", quoted(&list))),
        "collections" | "collection" => Some(format!("{{ collection = {} }}", quoted(&list))),
        _ => None,
    };
    let told = user.clone();
    let keys = move |section: Section| {
        let section = section.text("url", &server).text("user", &told).text_if_any("token", &token);
        let section = if verifies { section } else { section.flag("verify_tls", false) };
        watchlist.iter().fold(section, |section, watchlist| section.raw("watchlist", watchlist))
    };
    Some((Box::new(keys), user))
}

/// Trakt and SIMKL: an API app, and the tokens that were given to it.
fn tracker_app(what: &str, block: Old<'_>, desk: &mut Desk) -> Made {
    let has_tokens = !block.first_text(&["access_token", "refresh_token"]).is_empty();
    let client_id = secret(what, block, "client_id", desk);
    if client_id.is_empty() {
        if has_tokens {
            let text =
                "the account is left out: its app belongs to the old program; make an app of your own and sign in";
            desk.note(Noted::Left, what, text);
        }
        return None;
    }
    let [client_secret, access_token, refresh_token] =
        ["client_secret", "access_token", "refresh_token"].map(|name| secret(what, block, name, desk));
    if !refresh_token.is_empty() {
        let text = "tokens that are refreshed belong to one program at a time: stop the old one before the first start";
        desk.note(Noted::Differs, format!("{what}.refresh_token"), text);
    }
    let keys = move |section: Section| {
        section
            .text("client_id", &client_id)
            .text_if_any("client_secret", &client_secret)
            .text_if_any("access_token", &access_token)
            .text_if_any("refresh_token", &refresh_token)
    };
    Some((Box::new(keys), String::new()))
}

fn mdblist(what: &str, block: Old<'_>, desk: &mut Desk) -> Made {
    let token = secret(what, block, "api_key", desk);
    let client_id = secret(what, block, "client_id", desk);
    if token.is_empty() && client_id.is_empty() {
        if !block.first_text(&["access_token", "refresh_token", "api_key"]).is_empty() {
            let text =
                "the account is left out: it was signed in with the app of the old program; add it with your API key";
            desk.note(Noted::Left, what, text);
        }
        return None;
    }
    let keys = move |section: Section| {
        if token.is_empty() { section.text("client_id", &client_id) } else { section.text("token", &token) }
    };
    Some((Box::new(keys), String::new()))
}

fn own_tracker(what: &str, profile: &str, block: Old<'_>, desk: &mut Desk) -> Made {
    let is_on = block.get("enabled").flag(true) && block.get("connected").flag(true);
    if block.0.is_none() || !is_on {
        return None;
    }
    let root = block.get("root_dir").text();
    let root = if root.is_empty() { "/config/.cw_provider".to_owned() } else { root };
    let root = if profile == "default" { root } else { format!("{root}/profiles/{profile}") };
    let text = format!(
        "its content is not moved: import {root}/history.json, ratings.json and watchlist.json with `crosswatch import`"
    );
    desk.note(Noted::Differs, what, text);
    Some((Box::new(|section| section), String::new()))
}
