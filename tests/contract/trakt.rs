//! The adapter for Trakt, over an emulated Trakt.

use std::rc::Rc;

use crosswatch_emulator::{
    FaultKind, LibraryItem, ManualClock, TraktAccount, TraktEmulator, TraktOptions as ServiceOptions,
    trakt::{Account as Member, Membership, Paused},
};
use crosswatch_model::{Fact, Feature, Rating, WatchedAt};
use crosswatch_port::Provider;
use crosswatch_provider::trakt::{TraktOptions, open};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{
    account::{Account, Kind, OddPage, Wire},
    catalogue::{Contents, Facts, Titles, now},
    ports::{MemoryVault, ports},
};

/// A linked account of a registered app.
pub(crate) const TRAKT: Kind = Kind { name: "Trakt", page_rows: 250, start };

const CLIENT_SECRET: &str = "trakt-secret";

struct Trakt {
    service: TraktEmulator,
    clock: ManualClock,
    items: Titles,
    vault: MemoryVault,
}

fn start(contents: Contents) -> Box<dyn Account> {
    let clock = ManualClock::at(now());
    let items = contents.items();
    let mut options = ServiceOptions::new(clock.clone(), contents.library);
    let mut anna = TraktAccount::new("anna").with_activity(contents.activity);
    anna.membership = Membership::Vip;
    options.accounts = vec![anna];
    let service = TraktEmulator::start(options).unwrap();
    Box::new(Trakt { service, clock, items, vault: MemoryVault::default() })
}

impl Trakt {
    fn resume(&self, member: &Member, runtime_min: impl Fn(LibraryItem) -> u16) -> Facts {
        let fact = |(place, paused): (LibraryItem, Paused)| {
            let duration_s = u32::from(runtime_min(place)) * 60;
            let share = format!("{:.0}", f64::from(duration_s) * paused.progress_percent / 100.0);
            let position_s = share.parse().unwrap();
            self.items.told(place, &Fact::Resume { position_s, duration_s: Some(duration_s), stopped_at: None })
        };
        member.playback().into_iter().map(fact).collect()
    }
}

fn watched_at(at: Timestamp) -> WatchedAt {
    if at == Timestamp::UNIX_EPOCH { WatchedAt::Unknown } else { WatchedAt::Minute(at) }
}

impl Account for Trakt {
    fn open(&self) -> Rc<dyn Provider> {
        let options = TraktOptions {
            url: self.service.url(),
            auth_url: self.service.url(),
            client_secret: Some(CLIENT_SECRET.into()),
            access_token: Some("trakt-access-anna".into()),
            refresh_token: Some("trakt-refresh-anna".into()),
            ..TraktOptions::of_app("trakt-client")
        };
        open(&options, ports(&self.vault)).unwrap()
    }

    fn truth(&self, feature: Feature) -> Facts {
        let state = self.service.state();
        let member = state.account("anna").unwrap();
        let mut facts: Facts = match feature {
            Feature::History => {
                let plays = member.plays();
                plays.iter().map(|play| self.items.told(play.item, &Fact::Play(watched_at(play.watched_at)))).collect()
            }
            Feature::Watchlist => {
                member.watchlist().keys().map(|place| self.items.told(*place, &Fact::Listed(None))).collect()
            }
            Feature::Ratings => {
                let rated = |value: u8| Fact::Rated { value: Rating::new(value * 10).unwrap(), rated_at: None };
                member.ratings().iter().map(|(place, given)| self.items.told(*place, &rated(given.rating))).collect()
            }
            Feature::Progress => self.resume(member, |place| state.library().runtime_min(place).unwrap()),
        };
        facts.sort();
        facts
    }

    fn items(&self) -> &Titles {
        &self.items
    }

    fn wire(&self) -> Option<Wire> {
        Some(Wire {
            faults: self.service.faults().clone(),
            log: self.service.log().clone(),
            sign_in_path: "/oauth/token",
        })
    }

    fn secrets(&self) -> Vec<String> {
        let given = ["trakt-access-anna", "trakt-refresh-anna", CLIENT_SECRET].map(str::to_owned).to_vec();
        let kept = self.vault.contents();
        let renewed = kept.iter().flat_map(|text| {
            let pair: serde_json::Value = serde_json::from_str(text).unwrap();
            [pair["access_token"].as_str().unwrap().to_owned(), pair["refresh_token"].as_str().unwrap().to_owned()]
        });
        given.into_iter().chain(renewed).collect()
    }

    fn end_credentials(&self) -> bool {
        self.service.state().expire_access("anna");
        true
    }

    fn odd_page(&self) -> Option<OddPage> {
        let movie = json!({"title": "Ørkenens 夜", "year": "not yet", "ids": {"trakt": 1, "tmdb": 603, "imdb": null,
            "tvrage": {"id": 3}, "letterboxd": "x"}, "reactions": [1, null]});
        let play = |id: u64, kind: &str| json!({"id": id, "watched_at": "2020-03-04T05:06:00.000Z", "action": "telepathy", "type": kind, "movie": movie});
        let rows = json!([
            play(1, "movie"),
            play(1, "movie"),
            {"id": 2, "watched_at": null, "type": "movie", "movie": {"title": "Nameless", "ids": {}}},
            play(3, "hologram"),
            {"id": 4, "type": "movie", "movie": null},
            {"id": 5, "type": "episode", "episode": "pilot"},
            "not even an object",
            null,
        ]);
        let counts = [("Item-Count", "8"), ("Page-Count", "1"), ("Page", "1"), ("Limit", "250")];
        let headers = counts.map(|(name, value)| (format!("X-Pagination-{name}"), value.to_owned()));
        Some(OddPage {
            path_part: "/sync/history",
            answer: FaultKind::Status { code: 200, headers: headers.to_vec(), body: rows.to_string() },
            facts: vec![
                "movie \"Nameless\" = watched".to_owned(),
                "movie tmdb_movie:603 = 2020-03-04T05:06:00Z".to_owned(),
            ],
            unusable: 5,
        })
    }

    fn approve_code(&self, code: &str) {
        assert!(self.service.state().approve_device(code, "anna").unwrap());
    }

    fn let_time_pass(&self) {
        self.clock.advance(SignedDuration::from_hours(1));
    }
}
