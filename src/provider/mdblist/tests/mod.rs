//! The adapter against an emulated MDBList.

mod gate;
mod progress;
mod reads;
mod secrets;
mod sign_in;
mod writes;

use std::rc::Rc;

use crosswatch_emulator::{
    Library, LibraryItem, ManualClock, MdblistAccount, MdblistEmulator, MdblistOptions as Server, UserActivity,
};
use crosswatch_model::{Fact, Item, Rating, WatchedAt};
use crosswatch_port::{Clock, Provider};
use jiff::{SignedDuration, Timestamp};

use super::{MdblistOptions, open};
use crate::testing::{House, titles::item};

const MOVIE: LibraryItem = LibraryItem::Movie(1);
const EPISODE: LibraryItem = LibraryItem::Episode { show: 0, season: 1, number: 2 };

struct World {
    house: House,
    clock: ManualClock,
    server: MdblistEmulator,
    library: Library,
}

impl World {
    fn new(library: Library, activity: UserActivity) -> Self {
        let house = House::new();
        let clock = ManualClock::at(house.clock.now());
        let mut options = Server::new(clock.clone(), library.clone());
        options.accounts = vec![MdblistAccount::new("anna").with_activity(activity), MdblistAccount::new("ben")];
        Self { house, clock, server: MdblistEmulator::start(options).unwrap(), library }
    }

    fn small() -> Self {
        Self::new(Library::sized(7, 30), UserActivity::default())
    }

    /// That many films and episodes, each watched once.
    fn watched(plays: usize) -> Self {
        let library = Library::sized(3, plays);
        let activity = UserActivity::everything(5, &library, at("2026-11-01T00:00:00Z"));
        Self::new(library, activity)
    }

    fn options(&self) -> MdblistOptions {
        MdblistOptions { url: self.server.url(), ..MdblistOptions::with_key("films", "mdblist-key-anna".into()) }
    }

    /// A new adapter, as after a restart.
    fn account(&self) -> Rc<dyn Provider> {
        open(&self.options(), self.house.ports()).unwrap()
    }

    fn item(&self, title: LibraryItem) -> Item {
        item(&self.library, title)
    }

    fn plays_of(&self, title: LibraryItem) -> Vec<Timestamp> {
        let state = self.server.state();
        state.account("anna").unwrap().plays_of(title).iter().map(|play| play.watched_at).collect()
    }

    /// Adds a play by hand; answers its id.
    fn play(&self, title: LibraryItem, watched_at: &str) -> u64 {
        self.server.state().account_mut("anna").unwrap().add_play(title, at(watched_at))
    }

    fn wait(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn play(text: &str) -> Fact {
    Fact::Play(WatchedAt::Exact(at(text)))
}

fn rated(value: u8) -> Fact {
    Fact::Rated { value: Rating::new(value).unwrap(), rated_at: None }
}
