//! Emulated accounts as scenarios use them: one person, `anna`, at a Jellyfin server and at Trakt.

use std::sync::{
    OnceLock,
    atomic::{AtomicI64, Ordering},
};

use crosswatch_emulator::{
    EmulatorClock, ExternalIds, FaultKind, FaultRule, JellyfinEmulator, JellyfinOptions, JellyfinUser, Library,
    LibraryItem, Movie, TraktAccount, TraktEmulator, TraktOptions, UserActivity, trakt::Membership,
};
use jiff::Timestamp;

use super::{config, process::eventually};

/// The moment the emulated services live in at the start of a test: a day ago, because their clock runs ahead with every
/// look at it, and no further back, because what they hand out ends after a week.
pub fn now() -> Timestamp {
    static START: OnceLock<Timestamp> = OnceLock::new();
    *START.get_or_init(|| Timestamp::from_second(machine_now().as_second() - 24 * 3600).unwrap())
}

#[allow(clippy::disallowed_methods, reason = "the service under test lives in the machine's time")]
fn machine_now() -> Timestamp {
    Timestamp::now()
}

/// A clock that is a second later each time it is read, so that every change has a time of its own.
pub(super) fn clock() -> EmulatorClock {
    let seconds = AtomicI64::new(now().as_second());
    EmulatorClock::new(move || Timestamp::from_second(seconds.fetch_add(1, Ordering::SeqCst)).unwrap())
}

/// `Movie 1` to `Movie N`, with their numbers at TMDB.
pub fn films(count: u32) -> Library {
    let mut library = Library::empty();
    for tmdb in 1..=count {
        library.add_movie(Movie {
            title: format!("Movie {tmdb}").into(),
            year: 2001,
            released: "2001-02-03".parse().unwrap(),
            runtime_min: 100,
            ids: ExternalIds { tmdb: Some(tmdb), ..ExternalIds::default() },
        });
    }
    library
}

/// The places of `Movie 1` to `Movie N`.
pub fn places(count: usize) -> Vec<LibraryItem> {
    (0..count).map(LibraryItem::Movie).collect()
}

/// A Jellyfin server with the users `anna` and `ben`.
pub struct Jellyfin {
    /// The server.
    pub server: JellyfinEmulator,
    token: String,
}

impl Jellyfin {
    /// A server with this library, of which `anna` has seen this.
    pub fn new(library: Library, activity: UserActivity) -> Self {
        let anna = JellyfinUser::member("anna").with_activity(activity);
        let token = anna.token.clone();
        let mut options = JellyfinOptions::new(clock(), library);
        options.users = vec![anna, JellyfinUser::member("ben")];
        Self { server: JellyfinEmulator::start(options).unwrap(), token }
    }

    /// The section of `anna`'s account, named `home`; `more` holds further keys.
    pub fn section(&self, more: &str) -> String {
        config::jellyfin("home", &self.server.url(), "anna", &self.token, more)
    }

    /// The section of `anna`'s account under another name.
    pub fn section_as(&self, id: &str) -> String {
        config::jellyfin(id, &self.server.url(), "anna", &self.token, "")
    }

    /// The section of `ben`'s account under the same name.
    pub fn section_of_ben(&self) -> String {
        config::jellyfin("home", &self.server.url(), "ben", &JellyfinUser::member("ben").token, "")
    }

    /// Marks titles as favourites.
    pub fn list(&self, items: &[LibraryItem]) {
        let mut state = self.server.state();
        for item in items {
            let id = state.item_of(*item).unwrap();
            state.add_favourite("anna", id).unwrap();
        }
    }

    /// Takes the favourite marks away.
    pub fn unlist(&self, items: &[LibraryItem]) {
        let mut state = self.server.state();
        for item in items {
            let id = state.item_of(*item).unwrap();
            state.remove_favourite("anna", id).unwrap();
        }
    }

    /// Marks titles as played by `anna` at this time.
    pub fn watch(&self, items: &[LibraryItem], at: &str) {
        self.watch_as("anna", items, at);
    }

    /// Marks titles as played by a user at this time.
    pub fn watch_as(&self, user: &str, items: &[LibraryItem], at: &str) {
        let mut state = self.server.state();
        for item in items {
            let id = state.item_of(*item).unwrap();
            state.set_played(user, id, at.parse().unwrap()).unwrap();
        }
    }

    /// `anna` takes back that she watched titles.
    pub fn unwatch(&self, items: &[LibraryItem]) {
        let mut state = self.server.state();
        for item in items {
            let id = state.item_of(*item).unwrap();
            state.set_unplayed("anna", id).unwrap();
        }
    }

    /// Makes every request whose path holds this end so, until [`Jellyfin::mend`].
    pub fn breaks(&self, path_part: &str, fault: FaultKind) {
        self.server.faults().add(FaultRule::containing(path_part, fault).always());
    }

    /// Ends all faults.
    pub fn mend(&self) {
        self.server.faults().clear();
    }
}

/// A Trakt with the paying members `anna` and `ben`.
pub struct Trakt {
    /// The service.
    pub service: TraktEmulator,
}

impl Trakt {
    /// A Trakt that knows this library and where `anna` did this.
    pub fn new(library: Library, activity: UserActivity) -> Self {
        Self::on(clock(), library, activity)
    }

    /// A Trakt whose clock is the machine's: what it dates itself has the time of the service.
    pub fn live(library: Library) -> Self {
        Self::on(EmulatorClock::new(machine_now), library, UserActivity::default())
    }

    fn on(clock: EmulatorClock, library: Library, activity: UserActivity) -> Self {
        let mut anna = TraktAccount::new("anna").with_activity(activity);
        anna.membership = Membership::Vip;
        let mut options = TraktOptions::new(clock, library);
        let mut ben = TraktAccount::new("ben");
        ben.membership = Membership::Vip;
        options.accounts = vec![anna, ben];
        // Nobody wants to wait five seconds for the first question.
        options.device_interval_s = 1;
        Self { service: TraktEmulator::start(options).unwrap() }
    }

    /// The section of `anna`'s account, named `trakt`.
    pub fn section(&self) -> String {
        config::trakt("trakt", &self.service.url(), "anna")
    }

    /// The section of `ben`'s account under the same name.
    pub fn section_of_ben(&self) -> String {
        config::trakt("trakt", &self.service.url(), "ben")
    }

    /// The section of an account that was never linked, named `trakt`.
    pub fn section_unlinked(&self) -> String {
        config::trakt_unlinked("trakt", &self.service.url())
    }

    /// `anna` enters the code that waits and agrees, as soon as there is one.
    pub fn approve(&self) {
        let code = self.awaited_code();
        assert!(self.service.state().approve_device(&code, "anna").unwrap());
    }

    /// Somebody enters the code that waits and refuses, as soon as there is one.
    pub fn deny(&self) {
        let code = self.awaited_code();
        assert!(self.service.state().deny_device(&code));
    }

    fn awaited_code(&self) -> String {
        eventually("a code waits", 60, || self.service.state().device_codes().pop())
    }

    /// Every play as `TITLE at TIME`, sorted.
    pub fn plays(&self) -> Vec<String> {
        self.plays_of("anna")
    }

    /// Every play of a member as `TITLE at TIME`, sorted.
    pub fn plays_of(&self, member: &str) -> Vec<String> {
        let state = self.service.state();
        let plays = state.account(member).unwrap().plays();
        let told = |item: LibraryItem| name_of(state.library(), item);
        let mut plays: Vec<String> =
            plays.iter().map(|play| format!("{} at {}", told(play.item), play.watched_at)).collect();
        plays.sort();
        plays
    }

    /// The titles on the watchlist, sorted.
    pub fn listed(&self) -> Vec<String> {
        let state = self.service.state();
        let listed = state.account("anna").unwrap().watchlist().keys();
        let mut listed: Vec<String> = listed.map(|item| name_of(state.library(), *item)).collect();
        listed.sort();
        listed
    }

    /// Puts titles on the watchlist.
    pub fn list(&self, items: &[LibraryItem]) {
        let mut state = self.service.state();
        let anna = state.account_mut("anna").unwrap();
        for item in items {
            assert!(anna.list(*item, now()), "it is there already");
        }
    }

    /// Takes titles off the watchlist.
    pub fn unlist(&self, items: &[LibraryItem]) {
        let mut state = self.service.state();
        let anna = state.account_mut("anna").unwrap();
        for item in items {
            assert!(anna.unlist(*item), "it was not there");
        }
    }

    /// Rates titles from 1 to 10.
    pub fn rate(&self, items: &[LibraryItem], rating: u8) {
        let mut state = self.service.state();
        let anna = state.account_mut("anna").unwrap();
        for item in items {
            anna.rate(*item, rating, now());
        }
    }

    /// Takes the ratings of titles away.
    pub fn unrate(&self, items: &[LibraryItem]) {
        let mut state = self.service.state();
        let anna = state.account_mut("anna").unwrap();
        for item in items {
            assert!(anna.unrate(*item), "it was not rated");
        }
    }

    /// Every rating as `TITLE is VALUE`, sorted.
    pub fn ratings(&self) -> Vec<String> {
        let state = self.service.state();
        let given = state.account("anna").unwrap().ratings().iter();
        let mut ratings: Vec<String> =
            given.map(|(item, given)| format!("{} is {}", name_of(state.library(), *item), given.rating)).collect();
        ratings.sort();
        ratings
    }

    /// Adds a play of each title.
    pub fn watch(&self, items: &[LibraryItem], at: &str) {
        let mut state = self.service.state();
        let anna = state.account_mut("anna").unwrap();
        for item in items {
            anna.add_play(*item, at.parse().unwrap());
        }
    }

    /// How often something was sent to this path.
    pub fn posts(&self, path: &str) -> usize {
        self.service.log().count("POST", path)
    }

    /// Requests that may have changed the account.
    pub fn writes(&self) -> usize {
        self.service.log().writes().len()
    }

    /// Makes every request whose path holds this end so, until [`Trakt::mend`].
    pub fn breaks(&self, path_part: &str, fault: FaultKind) {
        self.service.faults().add(FaultRule::containing(path_part, fault).always());
    }

    /// Ends all faults.
    pub fn mend(&self) {
        self.service.faults().clear();
    }
}

fn name_of(library: &Library, item: LibraryItem) -> String {
    let show = || library.show(item).unwrap().title.clone();
    match item {
        LibraryItem::Movie(_) => library.movie(item).unwrap().title.to_string(),
        LibraryItem::Show(_) => show().to_string(),
        LibraryItem::Season { season, .. } => format!("{} season {season}", show()),
        LibraryItem::Episode { season, number, .. } => format!("{} {season}x{number:02}", show()),
    }
}
