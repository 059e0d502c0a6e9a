//! One emulated account of each kind, behind one set of hands: what the matrix of sources and targets needs of them.

use crosswatch_emulator::{
    EmbyEmulator, EmbyOptions, EmbyUser, FaultKind, FaultRule, Library, LibraryItem, MdblistAccount, MdblistEmulator,
    MdblistOptions, PlexEmulator, PlexOptions, PlexUser, RequestLog, SimklAccount, SimklEmulator, SimklOptions,
    UserActivity, emby::UserData, plex::Viewing, simkl,
};

use super::{
    accounts::{Jellyfin, Trakt, clock},
    config,
};

/// The kinds of account, by their word in the configuration.
pub const KINDS: [&str; 7] = ["plex", "jellyfin", "emby", "simkl", "trakt", "mdblist", "tracker"];

/// An account of `anna`.
pub struct AnyAccount {
    section: String,
    service: Emulated,
}

enum Emulated {
    Plex(PlexEmulator),
    Jellyfin(Jellyfin),
    Emby(EmbyEmulator),
    Simkl(SimklEmulator),
    Trakt(Trakt),
    Mdblist(MdblistEmulator),
    Ledger,
}

impl AnyAccount {
    /// An account named after its kind, at a service that knows this library and where `anna` did this. The built-in
    /// tracker starts empty.
    pub fn start(kind: &str, library: Library, activity: UserActivity) -> Self {
        let (section, service) = match kind {
            "plex" => {
                let mut options = PlexOptions::new(clock(), library);
                options.users = vec![PlexUser::owner("anna").with_activity(activity)];
                let plex = PlexEmulator::start(options).unwrap();
                (plex_section(&plex), Emulated::Plex(plex))
            }
            "jellyfin" => {
                let jellyfin = Jellyfin::new(library, activity);
                (jellyfin.section_as("jellyfin"), Emulated::Jellyfin(jellyfin))
            }
            "emby" => {
                let anna = EmbyUser::member("anna").with_activity(activity);
                let token = anna.token.clone();
                let mut options = EmbyOptions::new(clock(), library);
                options.users = vec![anna];
                let emby = EmbyEmulator::start(options).unwrap();
                let keys = format!("url = \"{}\"\nuser = \"anna\"\ntoken = \"{token}\"\n", emby.url());
                (config::account("emby", "emby", &keys), Emulated::Emby(emby))
            }
            "simkl" => {
                let mut anna = SimklAccount::new("anna").with_activity(activity);
                anna.membership = simkl::Membership::Vip;
                let mut options = SimklOptions::new(clock(), library);
                options.accounts = vec![anna];
                let simkl = SimklEmulator::start(options).unwrap();
                let keys = format!(
                    "url = \"{}\"\nclient_id = \"simkl-client\"\nclient_secret = \"simkl-secret\"\n\
                     access_token = \"simkl-access-anna\"\nrefresh_token = \"simkl-refresh-anna\"\n",
                    simkl.url()
                );
                (config::account("simkl", "simkl", &keys), Emulated::Simkl(simkl))
            }
            "trakt" => {
                let trakt = Trakt::new(library, activity);
                (trakt.section(), Emulated::Trakt(trakt))
            }
            "mdblist" => {
                let mut options = MdblistOptions::new(clock(), library);
                options.accounts = vec![MdblistAccount::new("anna").with_activity(activity)];
                let mdblist = MdblistEmulator::start(options).unwrap();
                let keys = format!("url = \"{}\"\ntoken = \"mdblist-key-anna\"\n", mdblist.url());
                (config::account("mdblist", "mdblist", &keys), Emulated::Mdblist(mdblist))
            }
            _ => (config::ledger("tracker"), Emulated::Ledger),
        };
        Self { section, service }
    }

    /// Its section of the configuration.
    pub fn section(&self) -> &str {
        &self.section
    }

    /// From now on whatever goes to a path with this part fails so, at whichever of its hosts.
    pub fn breaks(&self, path_part: &str, fault: FaultKind) {
        let rule = FaultRule::containing(path_part, fault).always();
        match &self.service {
            Emulated::Plex(plex) => plex.faults().add(rule),
            Emulated::Jellyfin(jellyfin) => jellyfin.server.faults().add(rule),
            Emulated::Emby(emby) => emby.faults().add(rule),
            Emulated::Simkl(simkl) => simkl.faults().add(rule),
            Emulated::Trakt(trakt) => trakt.service.faults().add(rule),
            Emulated::Mdblist(mdblist) => mdblist.faults().add(rule),
            Emulated::Ledger => panic!("it is at no host"),
        }
    }

    /// Deletes the file of a title: what the media server knew of it goes with it.
    pub fn delete_file(&self, place: LibraryItem) {
        match &self.service {
            Emulated::Plex(plex) => {
                let mut state = plex.state();
                let key = state.item_of(place).unwrap();
                state.remove_item(key).unwrap();
            }
            Emulated::Jellyfin(jellyfin) => {
                let mut state = jellyfin.server.state();
                let id = state.item_of(place).unwrap();
                state.remove_item(id).unwrap();
            }
            Emulated::Emby(emby) => {
                let mut state = emby.state();
                let id = state.item_of(place).unwrap();
                state.remove_item(id).unwrap();
            }
            _ => panic!("it has no files"),
        }
    }

    /// `anna` takes back that she watched a title, at the media server.
    pub fn unwatch(&self, place: LibraryItem) {
        match &self.service {
            Emulated::Plex(plex) => {
                let mut state = plex.state();
                let key = state.item_of(place).unwrap();
                state.set_viewing("anna", key, Viewing::default()).unwrap();
            }
            Emulated::Jellyfin(jellyfin) => {
                let mut state = jellyfin.server.state();
                let id = state.item_of(place).unwrap();
                state.set_unplayed("anna", id).unwrap();
            }
            Emulated::Emby(emby) => {
                let mut state = emby.state();
                let id = state.item_of(place).unwrap();
                let seen = state.user_data("anna", id).unwrap();
                let unseen = UserData { played: false, play_count: 0, last_played_at: None, ..seen };
                state.set_user_data("anna", id, unseen).unwrap();
            }
            _ => panic!("it is no media server"),
        }
    }

    /// How many requests may have changed something so far.
    pub fn writes(&self) -> usize {
        self.log().map_or(0, |log| log.writes().len())
    }

    /// How many requests came so far.
    pub fn requests(&self) -> usize {
        self.log().map_or(0, RequestLog::len)
    }

    fn log(&self) -> Option<&RequestLog> {
        match &self.service {
            Emulated::Plex(plex) => Some(plex.log()),
            Emulated::Jellyfin(jellyfin) => Some(jellyfin.server.log()),
            Emulated::Emby(emby) => Some(emby.log()),
            Emulated::Simkl(simkl) => Some(simkl.log()),
            Emulated::Trakt(trakt) => Some(trakt.service.log()),
            Emulated::Mdblist(mdblist) => Some(mdblist.log()),
            Emulated::Ledger => None,
        }
    }
}

fn plex_section(plex: &PlexEmulator) -> String {
    let keys = format!(
        "url = \"{}\"\nplextv_url = \"{}\"\ndiscover_url = \"{}\"\nmetadata_url = \"{}\"\ntoken = \"{}\"\nuser = \"anna\"\n",
        plex.url(),
        plex.plextv_url(),
        plex.discover_url(),
        plex.metadata_url(),
        PlexUser::token_of("anna")
    );
    config::account("plex", "plex", &keys)
}
