//! The adapter for SIMKL, over an emulated SIMKL.
//!
//! SIMKL keeps one status per title: what is watched cannot be planned, and a rating belongs to what is in the library. So the
//! checks write where that is possible, and every second rating of the past is left out to have something to rate.

use std::rc::Rc;

use crosswatch_emulator::{
    FaultKind, LibraryItem, ManualClock, SimklAccount, SimklEmulator, SimklOptions as ServiceOptions,
    simkl::{Membership, PausedAt, Status},
};
use crosswatch_model::{Fact, Feature, Rating, WatchedAt};
use crosswatch_port::Provider;
use crosswatch_provider::simkl::{SimklOptions, open};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{
    account::{Account, Kind, OddPage, Wire},
    catalogue::{Contents, Facts, Titles, now},
    ports::{MemoryVault, ports},
};

/// A linked account of a registered app.
pub(crate) const SIMKL: Kind = Kind { name: "SIMKL", page_rows: 1000, start };

const CLIENT_SECRET: &str = "simkl-secret";

struct Simkl {
    service: SimklEmulator,
    clock: ManualClock,
    items: Titles,
    vault: MemoryVault,
}

fn start(contents: Contents) -> Box<dyn Account> {
    let clock = ManualClock::at(now());
    let items = contents.items();
    let mut activity = contents.activity;
    let mut at = 0;
    activity.ratings.retain(|_| {
        at += 1;
        at % 2 == 0
    });
    let mut options = ServiceOptions::new(clock.clone(), contents.library);
    let mut anna = SimklAccount::new("anna").with_activity(activity);
    anna.membership = Membership::Vip;
    options.accounts = vec![anna];
    let service = SimklEmulator::start(options).unwrap();
    Box::new(Simkl { service, clock, items, vault: MemoryVault::default() })
}

fn watched_at(at: Timestamp) -> WatchedAt {
    if at.as_second() <= 1 { WatchedAt::Unknown } else { WatchedAt::Exact(at) }
}

impl Simkl {
    fn resume(&self, place: LibraryItem, paused: PausedAt, runtime_min: u16) -> String {
        let duration_s = u32::from(runtime_min) * 60;
        let share = format!("{:.0}", f64::from(duration_s) * paused.progress_percent / 100.0);
        let position_s = share.parse().unwrap();
        self.items.told(place, &Fact::Resume { position_s, duration_s: Some(duration_s), stopped_at: None })
    }
}

impl Account for Simkl {
    fn open(&self) -> Rc<dyn Provider> {
        let options = SimklOptions {
            url: self.service.url(),
            client_secret: Some(CLIENT_SECRET.into()),
            access_token: Some("simkl-access-anna".into()),
            refresh_token: Some("simkl-refresh-anna".into()),
            ..SimklOptions::of_app("simkl", "simkl-client")
        };
        open(&options, ports(&self.vault)).unwrap()
    }

    fn truth(&self, feature: Feature) -> Facts {
        let state = self.service.state();
        let mut facts: Facts = match feature {
            Feature::History => {
                let watched = state.watched("anna").unwrap();
                watched.into_iter().map(|(place, at)| self.items.told(place, &Fact::Play(watched_at(at)))).collect()
            }
            Feature::Watchlist => {
                let planned = state.planned("anna").unwrap();
                planned.into_iter().map(|place| self.items.told(place, &Fact::Listed(None))).collect()
            }
            Feature::Ratings => {
                let rated = |value: u8| Fact::Rated { value: Rating::new(value * 10).unwrap(), rated_at: None };
                let ratings = state.ratings("anna").unwrap();
                ratings.into_iter().map(|(place, given)| self.items.told(place, &rated(given.rating))).collect()
            }
            Feature::Progress => {
                let paused = state.paused("anna").unwrap().into_iter();
                let runtime = |place| state.library().runtime_min(place).unwrap();
                paused.map(|(place, paused)| self.resume(place, paused, runtime(place))).collect()
            }
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
            sign_in_path: "/oauth2/token",
        })
    }

    fn secrets(&self) -> Vec<String> {
        let given = ["simkl-access-anna", "simkl-refresh-anna", CLIENT_SECRET].map(str::to_owned).to_vec();
        let kept = self.vault.contents();
        let renewed = kept.iter().flat_map(|text| {
            let pair: serde_json::Value = serde_json::from_str(text).unwrap();
            ["access_token", "refresh_token"].map(|name| pair[name].as_str().unwrap().to_owned())
        });
        given.into_iter().chain(renewed).collect()
    }

    fn end_credentials(&self) -> bool {
        self.service.state().expire_access("anna");
        true
    }

    fn takes(&self, feature: Feature, place: LibraryItem) -> bool {
        let status = self.service.state().status("anna", place).unwrap();
        match (feature, place) {
            (Feature::History, LibraryItem::Movie(_))
            | (Feature::Watchlist, LibraryItem::Movie(_) | LibraryItem::Show(_)) => status.is_none(),
            (Feature::History, LibraryItem::Episode { .. }) => true,
            (Feature::Ratings, LibraryItem::Movie(_)) => status == Some(Status::Completed),
            (Feature::Ratings, LibraryItem::Show(_)) => status.is_some(),
            _ => false,
        }
    }

    fn odd_page(&self) -> Option<OddPage> {
        let movie = json!({"title": "The Matrix", "year": "1999", "runtime": [], "more": {"x": 1},
            "ids": {"simkl": "53536", "slug": 5, "imdb": 133_093, "tmdb": "603", "tvdb": null}});
        let seen = |movie: serde_json::Value| json!({"status": "completed", "last_watched_at": "2020-03-04T05:06:00Z", "mood": "good", "movie": movie});
        let show = json!({"title": "Odd", "ids": {"simkl_id": 7, "tmdb": 1396}});
        let seasons = json!([
            null,
            {"number": "1", "episodes": [{"number": 2, "watched_at": "never"}, {"number": null}, 5, {"number": "2"}]},
            {"number": 3, "episodes": "all"},
        ]);
        let body = json!({
            "movies": [
                seen(movie.clone()),
                seen(movie.clone()),
                {"status": "completed", "last_watched_at": null, "movie": {"title": "Nameless", "ids": {"simkl": 99}}},
                {"status": "telepathy", "movie": movie},
                {"status": "completed", "movie": null},
                {"status": "completed", "movie": {"title": "No number", "ids": {}}},
                "not even an object",
                null,
            ],
            "shows": [{"status": "watching", "show": show, "seasons": seasons}],
            "books": [{}],
        });
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Some(OddPage {
            path_part: "/sync/all-items/",
            answer: FaultKind::Status { code: 200, headers, body: body.to_string() },
            facts: vec![
                "movie \"Nameless\" = watched".to_owned(),
                "movie tmdb_movie:603 = 2020-03-04T05:06:00Z".to_owned(),
                "tmdb_show:1396 1x02 = watched".to_owned(),
            ],
            unusable: 5,
        })
    }

    fn let_time_pass(&self) {
        self.clock.advance(SignedDuration::from_hours(1));
    }
}
