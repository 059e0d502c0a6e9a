//! The adapter against an emulated SIMKL: what the tests share.

mod access;
mod anime;
mod library;
mod writes;

use crosswatch_emulator::{
    Library, LibraryItem, ManualClock, SimklAccount, SimklEmulator, SimklOptions as Server, UserActivity,
    simkl::AnimeTitles,
};
use crosswatch_model::{Fact, Item, Rating, WatchedAt};
use crosswatch_port::Clock;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::testing::{House, titles::item};

const MOVIE: LibraryItem = LibraryItem::Movie(1);
const SHOW: LibraryItem = LibraryItem::Show(0);
const EPISODE: LibraryItem = LibraryItem::Episode { show: 0, season: 1, number: 2 };

struct World {
    house: House,
    clock: ManualClock,
    server: SimklEmulator,
    library: Library,
}

impl World {
    fn new(library: Library, activity: UserActivity, anime: AnimeTitles) -> Self {
        let house = House::new();
        let clock = ManualClock::at(house.clock.now());
        let mut options = Server::new(clock.clone(), library.clone());
        options.accounts = vec![SimklAccount::new("anna").with_activity(activity), SimklAccount::new("ben")];
        options.anime = anime;
        Self { house, clock, server: SimklEmulator::start(options).unwrap(), library }
    }

    fn small() -> Self {
        Self::new(Library::sized(7, 60), UserActivity::default(), AnimeTitles::default())
    }

    /// Everything of a library of this size is watched.
    fn watched(plays: usize) -> Self {
        let library = Library::sized(3, plays);
        let activity = UserActivity::everything(5, &library, at("2026-11-01T00:00:00Z"));
        Self::new(library, activity, AnimeTitles::default())
    }

    fn options(&self) -> SimklOptions {
        SimklOptions {
            client_secret: Some("simkl-secret".into()),
            access_token: Some("simkl-access-anna".into()),
            refresh_token: Some("simkl-refresh-anna".into()),
            ..addressed(&self.server.url())
        }
    }

    fn account(&self) -> Rc<dyn Provider> {
        open(&self.options(), self.house.ports()).unwrap()
    }

    fn item(&self, title: LibraryItem) -> Item {
        item(&self.library, title)
    }

    fn pass(&self, seconds: u32) {
        self.clock.advance(SignedDuration::from_secs(i64::from(seconds)));
        self.house.clock.advance(std::time::Duration::from_secs(u64::from(seconds)));
    }

    /// The requests that a step sent.
    async fn requests_of<T>(&self, step: impl Future<Output = T>) -> (T, Vec<String>) {
        let before = self.server.log().len();
        let outcome = step.await;
        let sent = self.server.log().requests().into_iter().skip(before);
        let place = |path: &str| path.split(['?', '&']).next().unwrap_or_default().to_owned();
        let shown = sent.map(|request| {
            let is_delta = request.path_and_query.contains("date_from");
            let is_ids = request.path_and_query.contains("ids_only");
            let form = if is_delta {
                " since"
            } else if is_ids {
                " ids"
            } else {
                ""
            };
            format!("{} {}{form}", request.method, place(&request.path_and_query))
        });
        (outcome, shown.collect())
    }

    fn plays(&self) -> Vec<(LibraryItem, Timestamp)> {
        self.server.state().watched("anna").unwrap()
    }
}

fn addressed(url: &str) -> SimklOptions {
    SimklOptions { url: url.to_owned(), ..SimklOptions::of_app("my-simkl", "simkl-client") }
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

fn all() -> FeatureSet {
    Feature::ALL.iter().copied().collect()
}
