//! The adapter for MDBList, over an emulated MDBList.

use std::rc::Rc;

use crosswatch_emulator::{
    FaultKind, LibraryItem, ManualClock, MdblistAccount, MdblistEmulator, MdblistOptions as ServiceOptions,
    mdblist::WriteAnswers,
};
use crosswatch_model::{Fact, Feature, Rating, WatchedAt};
use crosswatch_port::{Provider, SignInState};
use crosswatch_provider::mdblist::{MdblistOptions, open};
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    account::{Account, Kind, OddPage, Wire},
    catalogue::{Contents, Facts, Titles, now},
    ports::{MemoryCache, MemoryVault, ports_with_notes, run},
};

/// With the key of the account, at a service that answers writes in counts alone.
pub(crate) const WITH_KEY: Kind = Kind {
    name: "MDBList with a key",
    page_rows: 1000,
    start: |contents| start(contents, false, WriteAnswers::Counts),
};

/// Signed in to with a code, so that tokens can be renewed, at a service that lists what it made and what it missed.
pub(crate) const SIGNED_IN: Kind = Kind {
    name: "MDBList with a sign-in",
    page_rows: 1000,
    start: |contents| start(contents, true, WriteAnswers::CountsAndMisses),
};

const KEY: &str = "mdblist-key-anna";

struct Mdblist {
    service: MdblistEmulator,
    clock: ManualClock,
    items: Titles,
    is_signed_in: bool,
    vault: MemoryVault,
    notes: MemoryCache,
}

fn start(contents: Contents, is_signed_in: bool, answers: WriteAnswers) -> Box<dyn Account> {
    let clock = ManualClock::at(now());
    let items = contents.items();
    let mut options = ServiceOptions::new(clock.clone(), contents.library);
    options.accounts = vec![MdblistAccount::new("anna").with_activity(contents.activity), MdblistAccount::new("ben")];
    options.approves_devices_as = Some("anna".to_owned());
    options.switches.answers = answers;
    let service = MdblistEmulator::start(options).unwrap();
    let (vault, notes) = (MemoryVault::default(), MemoryCache::default());
    let account = Mdblist { service, clock, items, is_signed_in, vault, notes };
    if is_signed_in {
        let adapter = account.open();
        let sign_in = adapter.sign_in().unwrap();
        run(sign_in.begin()).unwrap();
        assert_eq!(run(sign_in.poll()), Ok(SignInState::Done));
        account.service.log().clear();
    }
    Box::new(account)
}

impl Account for Mdblist {
    fn open(&self) -> Rc<dyn Provider> {
        let options = MdblistOptions {
            url: self.service.url(),
            api_key: (!self.is_signed_in).then(|| KEY.into()),
            client_id: self.is_signed_in.then(|| "mdblist-client".into()),
            ..MdblistOptions::with_key("mdblist", KEY.into())
        };
        open(&options, ports_with_notes(&self.vault, &self.notes)).unwrap()
    }

    fn truth(&self, feature: Feature) -> Facts {
        let state = self.service.state();
        let member = state.account("anna").unwrap();
        let told = |place: LibraryItem, fact: Fact| self.items.told(place, &fact);
        let mut facts: Facts = match feature {
            Feature::History => {
                member.plays().map(|play| told(play.item, Fact::Play(WatchedAt::Exact(play.watched_at)))).collect()
            }
            Feature::Watchlist => member.watchlist().keys().map(|place| told(*place, Fact::Listed(None))).collect(),
            Feature::Ratings => {
                let rated = |value: u8| Fact::Rated { value: Rating::new(value * 10).unwrap(), rated_at: None };
                member.ratings().iter().map(|(place, given)| told(*place, rated(given.rating))).collect()
            }
            Feature::Progress => {
                let resume = |percent: f64| {
                    let position_s = format!("{:.0}", percent * 100.0).parse().unwrap();
                    Fact::Resume { position_s, duration_s: Some(10_000), stopped_at: None }
                };
                let rows = member.playback().iter();
                rows.map(|(place, paused)| told(*place, resume(paused.progress_percent))).collect()
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
            sign_in_path: "/oauth/token/",
        })
    }

    fn secrets(&self) -> Vec<String> {
        let kept = self.vault.contents();
        let tokens = kept.iter().flat_map(|text| {
            let pair: serde_json::Value = serde_json::from_str(text).unwrap();
            [pair["access_token"].as_str().unwrap().to_owned(), pair["refresh_token"].as_str().unwrap().to_owned()]
        });
        tokens.chain([KEY.to_owned()]).collect()
    }

    fn end_credentials(&self) -> bool {
        let mut state = self.service.state();
        state.expire_access("anna");
        state.account_mut("anna").unwrap().set_api_key("another-key");
        self.is_signed_in
    }

    fn odd_page(&self) -> Option<OddPage> {
        let movie = json!({"title": "Ørkenens 夜", "year": "not yet", "ids": {"tmdb": 603, "imdb": null, "kitsu": {"id": 3},
            "mdblist": "x1"}, "reactions": [1, null]});
        let play =
            |id: u64| json!({"play_id": id, "last_watched_at": "2020-03-04T05:06:00Z", "mood": 7, "movie": movie});
        let page = json!({
            "movies": [
                play(1),
                play(1),
                {"play_id": 2, "last_watched_at": null, "movie": {"title": "Nameless", "ids": {}}},
                {"last_watched_at": "2024-03-04T05:06:00Z", "movie": {"title": "Only a state", "ids": []}},
                {"play_id": 4, "movie": null},
                "not even an object",
                null,
            ],
            "shows": [{"last_watched_at": "2020-03-04T05:06:00Z", "show": {"ids": {"tmdb": 1}}}],
            "episodes": [{"play_id": 5, "episode": "pilot"}],
            "holograms": [play(6)],
            "pagination": {"has_more": false, "next_cursor": null, "mood": "fine"},
        });
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Some(OddPage {
            path_part: "/sync/watched",
            answer: FaultKind::Status { code: 200, headers, body: page.to_string() },
            facts: vec![
                "movie \"Nameless\" = watched".to_owned(),
                "movie \"Only a state\" = watched".to_owned(),
                "movie tmdb_movie:603 = 2020-03-04T05:06:00Z".to_owned(),
            ],
            unusable: 4,
        })
    }

    fn let_time_pass(&self) {
        self.clock.advance(SignedDuration::from_hours(1));
    }
}
