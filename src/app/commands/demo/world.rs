//! The world of the demo: one household's media servers, a Jellyfin, a Plex and an Emby, and its empty accounts at Trakt,
//! SIMKL and MDBList, all of them emulated on loopback ports.

use std::{fmt::Display, net::SocketAddr, path::Path};

use crosswatch_emulator::{
    EmbyEmulator, EmbyOptions, EmbyUser, EmulatorClock, JellyfinEmulator, JellyfinOptions, JellyfinUser, Library,
    MdblistAccount, MdblistEmulator, MdblistOptions, PlexEmulator, PlexOptions, PlexUser, SimklAccount, SimklEmulator,
    SimklOptions, TraktAccount, TraktEmulator, TraktOptions, UserActivity, mdblist, simkl, trakt,
};

use crate::{clock, exit::Failure};

const SEED: u64 = 2026;
const MOVIES: usize = 2000;
const SHOWS: usize = 300;
const USER: &str = "anna";

/// The emulated servers, which stop when this is dropped, and the accounts at them as the configuration writes them.
/// Nothing of what is in there is worth keeping secret.
pub(crate) struct World {
    _servers: Servers,
    accounts: String,
}

struct Servers {
    _jellyfin: JellyfinEmulator,
    _plex: PlexEmulator,
    _emby: EmbyEmulator,
    _trakt: TraktEmulator,
    _simkl: SimklEmulator,
    _mdblist: MdblistEmulator,
}

impl World {
    /// Fills the libraries and starts the servers. Takes a moment; not for the event loop.
    pub(crate) fn start() -> Result<Self, Failure> {
        let clock = EmulatorClock::new(clock::now);
        let library = Library::generate(SEED, MOVIES, SHOWS);
        // Three servers in three rooms: on each of them somebody watched something else.
        let lived = |room: u64| UserActivity::generate(SEED + room, &library, clock::now());
        let (jellyfin, jellyfin_account) = start_jellyfin(&clock, &library, lived(0))?;
        let (plex, plex_account) = start_plex(&clock, &library, lived(1))?;
        let (emby, emby_account) = start_emby(&clock, &library, lived(2))?;
        let (trakt, trakt_account) = start_trakt(&clock, &library)?;
        let (simkl, simkl_account) = start_simkl(&clock, &library)?;
        let (mdblist, mdblist_account) = start_mdblist(&clock, &library)?;
        Ok(Self {
            _servers: Servers {
                _jellyfin: jellyfin,
                _plex: plex,
                _emby: emby,
                _trakt: trakt,
                _simkl: simkl,
                _mdblist: mdblist,
            },
            accounts: [jellyfin_account, plex_account, emby_account, trakt_account, simkl_account, mdblist_account]
                .concat(),
        })
    }

    /// The configuration of a service over this world.
    pub(crate) fn configuration(&self, listen: SocketAddr, data_dir: &Path) -> String {
        let data_dir = quoted(&data_dir.to_string_lossy());
        let head = format!(
            "# Written by `crosswatch demo`. All servers are emulated inside that process.\n\n\
             [server]\nlisten = \"{listen}\"\n\n[data]\ndir = {data_dir}\n\n"
        );
        let ledger = "[[provider]]\nid = \"ledger\"\nkind = \"tracker\"\n";
        let everything = "[pair.history]\n[pair.ratings]\n[pair.watchlist]\n";
        let plays = "[pair.history]\n";
        let pairs = [
            // The server that remembers every play comes first: what the others add to it is only that something was watched.
            pair("plex", "ledger", plays),
            pair("jellyfin", "ledger", everything),
            pair("emby", "ledger", plays),
            pair("jellyfin", "trakt", everything),
            pair("ledger", "simkl", plays),
            pair("ledger", "mdblist", everything),
        ];
        [head, self.accounts.clone(), ledger.to_owned(), pairs.concat()].concat()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "this is how an error is handed to it")]
fn not_started(error: std::io::Error) -> Failure {
    Failure::failed(format!("an emulated server could not be started: {error}"))
}

fn start_jellyfin(
    clock: &EmulatorClock,
    library: &Library,
    activity: UserActivity,
) -> Result<(JellyfinEmulator, String), Failure> {
    let user = JellyfinUser::administrator(USER).with_activity(activity);
    let token = user.token.clone();
    let options = JellyfinOptions { users: vec![user], ..JellyfinOptions::new(clock.clone(), library.clone()) };
    let server = JellyfinEmulator::start(options).map_err(not_started)?;
    let keys = [("url", server.url()), ("user", USER.to_owned()), ("token", token)];
    Ok((server, account("jellyfin", &keys)))
}

fn start_plex(
    clock: &EmulatorClock,
    library: &Library,
    activity: UserActivity,
) -> Result<(PlexEmulator, String), Failure> {
    let users = vec![PlexUser::owner(USER).with_activity(activity)];
    let options = PlexOptions { users, ..PlexOptions::new(clock.clone(), library.clone()) };
    let server = PlexEmulator::start(options).map_err(not_started)?;
    let keys = [
        ("url", server.url()),
        ("plextv_url", server.plextv_url()),
        ("discover_url", server.discover_url()),
        ("metadata_url", server.metadata_url()),
        ("user", USER.to_owned()),
        ("token", PlexUser::token_of(USER)),
    ];
    Ok((server, account("plex", &keys)))
}

fn start_emby(
    clock: &EmulatorClock,
    library: &Library,
    activity: UserActivity,
) -> Result<(EmbyEmulator, String), Failure> {
    let user = EmbyUser::administrator(USER).with_activity(activity);
    let token = user.token.clone();
    let options = EmbyOptions { users: vec![user], ..EmbyOptions::new(clock.clone(), library.clone()) };
    let server = EmbyEmulator::start(options).map_err(not_started)?;
    let keys = [("url", server.url()), ("user", USER.to_owned()), ("token", token)];
    Ok((server, account("emby", &keys)))
}

/// Everybody is a paying member: free accounts could not hold the whole of it, or not be asked so much in a day.
fn start_trakt(clock: &EmulatorClock, library: &Library) -> Result<(TraktEmulator, String), Failure> {
    let member = TraktAccount { membership: trakt::Membership::Vip, ..TraktAccount::new(USER) };
    let options = TraktOptions { accounts: vec![member.clone()], ..TraktOptions::new(clock.clone(), library.clone()) };
    let (client_id, client_secret) = (options.client_id.clone(), options.client_secret.clone().unwrap_or_default());
    let service = TraktEmulator::start(options).map_err(not_started)?;
    let keys = [
        ("url", service.url()),
        ("auth_url", service.url()),
        ("client_id", client_id),
        ("client_secret", client_secret),
        ("access_token", member.access_token),
        ("refresh_token", member.refresh_token),
    ];
    Ok((service, account("trakt", &keys)))
}

fn start_simkl(clock: &EmulatorClock, library: &Library) -> Result<(SimklEmulator, String), Failure> {
    let mut member = SimklAccount::new(USER);
    member.membership = simkl::Membership::Vip;
    let options = SimklOptions { accounts: vec![member.clone()], ..SimklOptions::new(clock.clone(), library.clone()) };
    let (client_id, client_secret) = (options.client_id.clone(), options.client_secret.clone().unwrap_or_default());
    let service = SimklEmulator::start(options).map_err(not_started)?;
    let keys = [
        ("url", service.url()),
        ("client_id", client_id),
        ("client_secret", client_secret),
        ("access_token", member.access_token),
        ("refresh_token", member.refresh_token.unwrap_or_default()),
    ];
    Ok((service, account("simkl", &keys)))
}

fn start_mdblist(clock: &EmulatorClock, library: &Library) -> Result<(MdblistEmulator, String), Failure> {
    let mut member = MdblistAccount::new(USER);
    member.membership = mdblist::Membership::Patron;
    let options =
        MdblistOptions { accounts: vec![member.clone()], ..MdblistOptions::new(clock.clone(), library.clone()) };
    let service = MdblistEmulator::start(options).map_err(not_started)?;
    let keys = [("url", service.url()), ("token", member.api_key)];
    Ok((service, account("mdblist", &keys)))
}

/// An account named after its kind.
fn account(kind: &str, keys: &[(&str, impl Display)]) -> String {
    let head = format!("[[provider]]\nid = \"{kind}\"\nkind = \"{kind}\"\n");
    let lines = keys.iter().map(|(key, value)| format!("{key} = \"{value}\"\n"));
    [head].into_iter().chain(lines).chain(["\n".to_owned()]).collect()
}

fn pair(source: &str, target: &str, features: &str) -> String {
    format!(
        "\n[[pair]]\nid = \"{source}-to-{target}\"\nsource = \"{source}\"\ntarget = \"{target}\"\nschedule = \"manual\"\n{features}"
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
