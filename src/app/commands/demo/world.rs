//! The world of the demo: one household's Jellyfin and an empty Trakt account, both emulated on loopback ports.

use std::{net::SocketAddr, path::Path};

use crosswatch_emulator::{
    EmulatorClock, JellyfinEmulator, JellyfinOptions, JellyfinUser, Library, TraktAccount, TraktEmulator, TraktOptions,
    UserActivity, trakt::Membership,
};

use crate::{clock, exit::Failure};

const SEED: u64 = 2026;
const MOVIES: usize = 2000;
const SHOWS: usize = 300;
const USER: &str = "anna";

/// The emulated servers. They stop when this is dropped.
pub(crate) struct World {
    jellyfin: JellyfinEmulator,
    trakt: TraktEmulator,
    keys: Keys,
}

/// What the configuration needs to sign in. Nothing of it is worth keeping secret.
struct Keys {
    jellyfin_token: String,
    trakt_client_id: String,
    trakt_client_secret: String,
    trakt_access_token: String,
    trakt_refresh_token: String,
}

impl World {
    /// Fills the libraries and starts the servers. Takes a moment; not for the event loop.
    pub(crate) fn start() -> Result<Self, Failure> {
        let emulator_clock = EmulatorClock::new(clock::now);
        let library = Library::generate(SEED, MOVIES, SHOWS);
        let activity = UserActivity::generate(SEED, &library, clock::now());
        let user = JellyfinUser::administrator(USER).with_activity(activity);
        // A free account could not hold the whole watchlist.
        let account = TraktAccount { membership: Membership::Vip, ..TraktAccount::new(USER) };
        let trakt_options = TraktOptions {
            accounts: vec![account.clone()],
            ..TraktOptions::new(emulator_clock.clone(), library.clone())
        };
        let keys = Keys {
            jellyfin_token: user.token.clone(),
            trakt_client_id: trakt_options.client_id.clone(),
            trakt_client_secret: trakt_options.client_secret.clone().unwrap_or_default(),
            trakt_access_token: account.access_token,
            trakt_refresh_token: account.refresh_token,
        };
        let not_started =
            |error: std::io::Error| Failure::failed(format!("an emulated server could not be started: {error}"));
        let jellyfin_options = JellyfinOptions { users: vec![user], ..JellyfinOptions::new(emulator_clock, library) };
        Ok(Self {
            jellyfin: JellyfinEmulator::start(jellyfin_options).map_err(not_started)?,
            trakt: TraktEmulator::start(trakt_options).map_err(not_started)?,
            keys,
        })
    }

    /// The configuration of a service over this world.
    pub(crate) fn configuration(&self, listen: SocketAddr, data_dir: &Path) -> String {
        let (jellyfin, trakt, keys) = (self.jellyfin.url(), self.trakt.url(), &self.keys);
        let data_dir = quoted(&data_dir.to_string_lossy());
        let accounts = format!(
            "# Written by `crosswatch demo`. Both servers are emulated inside that process.\n\n\
             [server]\nlisten = \"{listen}\"\n\n[data]\ndir = {data_dir}\n\n\
             [[provider]]\nid = \"jellyfin\"\nkind = \"jellyfin\"\nurl = \"{jellyfin}\"\nuser = \"{USER}\"\ntoken = \"{}\"\nwatchlist = \"favorites\"\n\n\
             [[provider]]\nid = \"trakt\"\nkind = \"trakt\"\nurl = \"{trakt}\"\nauth_url = \"{trakt}\"\nclient_id = \"{}\"\nclient_secret = \"{}\"\n\
             access_token = \"{}\"\nrefresh_token = \"{}\"\n\n\
             [[provider]]\nid = \"ledger\"\nkind = \"tracker\"\n",
            keys.jellyfin_token,
            keys.trakt_client_id,
            keys.trakt_client_secret,
            keys.trakt_access_token,
            keys.trakt_refresh_token,
        );
        ["ledger", "trakt"].iter().fold(accounts, |text, target| text + &pair(target))
    }
}

fn pair(target: &str) -> String {
    format!(
        "\n[[pair]]\nid = \"jellyfin-to-{target}\"\nsource = \"jellyfin\"\ntarget = \"{target}\"\nschedule = \"manual\"\n\
         [pair.history]\n[pair.ratings]\n[pair.watchlist]\n"
    )
}

/// The text as a TOML string.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|character| match character {
        '"' | '\\' => format!("\\{character}"),
        control if control.is_control() => format!("\\u{:04X}", u32::from(control)),
        plain => plain.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use crosswatch_settings::{Sources, load_text};

    use super::*;

    #[test]
    fn any_folder_name_survives_the_configuration() {
        for folder in ["/tmp/demo", "/tmp/it's \"mine\"", "/tmp/back\\slash\ttab"] {
            let text = format!("[data]\ndir = {}\n", quoted(folder));
            let sources = Sources::new("/nowhere", BTreeMap::new());
            let settings = load_text(&text, Path::new("/nowhere/crosswatch.toml"), &sources).unwrap();
            assert_eq!(settings.storage.dir, Path::new(folder));
        }
    }
}
