//! The whole translation, as a function of the old file alone.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{accounts, hooks::Hooks, old::Old, pairs, routes, toml_text::remark};

/// What became of a part of the old file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noted {
    /// It means the same here.
    Taken,
    /// It is there, and means something else or has to be looked at.
    Differs,
    /// It has no place here.
    Left,
}

/// A part of the old file and what became of it. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) noted: Noted,
    /// Which part, by its place in the old file.
    pub(super) what: String,
    pub(super) text: String,
}

/// The translation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Translation {
    pub(super) toml: String,
    pub(super) notes: Vec<Note>,
}

/// What the parts of the translation share.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) notes: Vec<Note>,
    /// The account of an old provider and profile: `("trakt", "default")`.
    pub(super) accounts: BTreeMap<(String, String), accounts::Account>,
    /// The tokens of old webhooks that no account has yet.
    pub(super) hooks: Hooks,
}

impl Desk {
    pub(super) fn note(&mut self, noted: Noted, what: impl Into<String>, text: impl Into<String>) {
        self.notes.push(Note { noted, what: what.into(), text: text.into() });
    }

    /// The account of a provider and profile as pairs and routes name them.
    pub(super) fn account(&self, provider: &str, instance: &str) -> Option<&accounts::Account> {
        let instance = if instance.is_empty() { "default" } else { instance };
        self.accounts.get(&(provider.to_lowercase(), instance.to_lowercase()))
    }
}

/// Parts of the old file that have no place here, by the member that says whether they are used.
const ASIDE: [(&[&str], &str); 6] = [
    (&["app_auth", "enabled"], "the API key takes the place of a password for the user interface"),
    (
        &["scheduling", "webhooks", "enabled"],
        "calls before and after runs are not made; [[notify]] tells what needs a person",
    ),
    (&["playlists", "enabled"], "playlists are not kept in step"),
    (&["scrobble", "watch", "plex_trakt_ratings"], "ratings travel with pairs, not with playback"),
    (&["scrobble", "watch", "plex_simkl_ratings"], "ratings travel with pairs, not with playback"),
    (&["scrobble", "watch", "plex_mdblist_ratings"], "ratings travel with pairs, not with playback"),
];

/// Translates an old configuration.
pub(super) fn translate(config: &Value) -> Result<Translation, String> {
    let old = Old(Some(config));
    if !["pairs", "plex", "trakt", "jellyfin", "emby", "simkl", "sync"].iter().any(|name| config.get(name).is_some()) {
        return Err("this is no config.json of the Python CrossWatch: it has neither accounts nor pairs".to_owned());
    }
    let mut desk = Desk { hooks: Hooks::read(old), ..Desk::default() };
    let mut toml =
        remark("Translated from the config.json of the Python CrossWatch. It holds secrets: keep it to yourself.");
    toml.push_str(&accounts::translate(old, &mut desk));
    toml.push_str(&pairs::translate(old, &mut desk));
    toml.push_str(&routes::translate(old, &mut desk));
    toml.push_str(&other_hooks(&mut desk));
    note_the_rest(old, &mut desk);
    Ok(Translation { toml, notes: desk.notes })
}

fn note_the_rest(old: Old<'_>, desk: &mut Desk) {
    for (path, why) in ASIDE {
        if old.at(path).flag(false) {
            desk.note(Noted::Left, path.join("."), why);
        }
    }
    if old.at(&["anime_mapping", "enabled"]).flag(false) {
        let text = "episode numbers of anime come from the files named in [identity], which is empty to begin with";
        desk.note(Noted::Differs, "anime_mapping", text);
    }
    if old.at(&["sync", "dry_run"]).flag(false) {
        desk.note(Noted::Differs, "sync.dry_run", "there is no switch for everything; set shadow = true at each pair");
    }
    if !old.at(&["tmdb", "api_key"]).text().is_empty() {
        desk.note(Noted::Left, "tmdb.api_key", "titles and posters are not fetched, so no key is needed");
    }
}

/// The tokens that are no account's, kept as remarks: they may still stand in the servers' settings.
fn other_hooks(desk: &mut Desk) -> String {
    let Hooks(left) = std::mem::take(&mut desk.hooks);
    if left.is_empty() {
        return String::new();
    }
    let text = format!(
        "an account has one token here; {} other old ones stand as remarks at the end of the file, and where a server \
         still calls with one of them it needs the new address",
        left.len()
    );
    desk.note(Noted::Differs, "security.webhook_ids", text);
    let lines: Vec<String> = left.iter().map(|(name, token)| format!("webhook token of {name}: {token}")).collect();
    format!("\n{}", remark(&lines.join("\n")))
}
