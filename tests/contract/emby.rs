//! The adapter for Emby, over an emulated server.

use std::rc::Rc;

use crosswatch_emulator::{
    EmbyEmulator, EmbyOptions, EmbyUser, FaultKind, LibraryItem, ManualClock,
    emby::{EmbyState, Item as ServerItem, ItemKind, UserData},
};
use crosswatch_model::{Fact, Feature, Rating, WatchedAt};
use crosswatch_port::Provider;
use crosswatch_provider::{LibraryFilter, ServerCredentials, ServerOptions, WatchlistShelf, emby::open};
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    account::{Account, Kind, OddPage, Wire},
    catalogue::{Contents, Facts, Titles, now},
    ports::{MemoryVault, ports},
};

const TICKS_PER_SECOND: i64 = 10_000_000;
const PASSWORD: &str = "correct-horse-battery";
const KEY: &str = "emby-key-of-the-house";
const LIST: &str = "Watchlist";

/// With a key of the server, which belongs to no user.
pub(crate) const WITH_KEY: Kind =
    Kind { name: "Emby with a key", page_rows: 1000, start: |contents| start(contents, Way::Key) };

/// With user and password, so that tokens can be renewed.
pub(crate) const WITH_PASSWORD: Kind =
    Kind { name: "Emby with a password", page_rows: 1000, start: |contents| start(contents, Way::Password) };

/// With a token and a collection that stands in for the watchlist.
pub(crate) const WITH_COLLECTION: Kind =
    Kind { name: "Emby with a collection", page_rows: 1000, start: |contents| start(contents, Way::Collection) };

/// With a playlist that is made by the first write, in two libraries.
pub(crate) const WITH_A_NEW_PLAYLIST: Kind =
    Kind { name: "Emby with a new playlist", page_rows: 1000, start: |contents| start(contents, Way::NewPlaylist) };

/// With a collection that is made by the first write, by a key of the server.
pub(crate) const WITH_A_NEW_COLLECTION: Kind =
    Kind { name: "Emby with a new collection", page_rows: 1000, start: |contents| start(contents, Way::NewCollection) };

/// What differs between the kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Key,
    Password,
    Collection,
    NewPlaylist,
    NewCollection,
}

struct Emby {
    server: EmbyEmulator,
    clock: ManualClock,
    items: Titles,
    token: String,
    way: Way,
    vault: MemoryVault,
}

fn start(contents: Contents, way: Way) -> Box<dyn Account> {
    let clock = ManualClock::at(now());
    let items = contents.items();
    let mut anna = EmbyUser::member("anna").with_activity(contents.activity);
    PASSWORD.clone_into(&mut anna.password);
    let token = anna.token.clone();
    let mut options = EmbyOptions::new(clock.clone(), contents.library);
    options.users = vec![anna, EmbyUser::member("ben")];
    KEY.clone_into(&mut options.api_key);
    let server = EmbyEmulator::start(options).unwrap();
    if way == Way::Collection {
        let mut state = server.state();
        let is_favourite = |item: &&ServerItem| state.user_data("anna", item.id).unwrap().favourite;
        let favourites: Vec<_> = state.items().filter(is_favourite).map(|item| item.id).collect();
        state.add_collection(LIST, &favourites);
    }
    Box::new(Emby { server, clock, items, token, way, vault: MemoryVault::default() })
}

impl Emby {
    fn told(&self, state: &EmbyState, feature: Feature, item: &ServerItem) -> Option<String> {
        let row = state.user_data("anna", item.id).unwrap();
        let fact = fact_of(feature, item, &row)?;
        Some(self.items.told(item.origin?, &fact))
    }

    fn on_the_list(&self, state: &EmbyState) -> Facts {
        let lists = state.items().filter(|item| matches!(item.kind, ItemKind::Playlist | ItemKind::BoxSet));
        let places =
            lists.flat_map(|list| state.listed(list.id)).map(|row| state.item(row.item).unwrap().origin.unwrap());
        let mut facts: Facts = places.map(|place| self.items.told(place, &Fact::Listed(None))).collect();
        facts.sort();
        facts
    }
}

/// The fact that a row of user data holds.
fn fact_of(feature: Feature, item: &ServerItem, row: &UserData) -> Option<Fact> {
    let is_leaf = matches!(item.origin, Some(LibraryItem::Movie(_) | LibraryItem::Episode { .. }));
    match feature {
        Feature::History if is_leaf && row.played => {
            Some(Fact::Play(row.last_played_at.map_or(WatchedAt::Unknown, WatchedAt::Exact)))
        }
        Feature::Watchlist if row.favourite => Some(Fact::Listed(None)),
        Feature::Ratings => {
            let tenths = format!("{:.0}", row.rating? * 10.0);
            Some(Fact::Rated { value: Rating::new(tenths.parse().unwrap()).unwrap(), rated_at: None })
        }
        Feature::Progress if is_leaf && row.position_ticks > 0 => Some(Fact::Resume {
            position_s: u32::try_from(row.position_ticks / TICKS_PER_SECOND).unwrap(),
            duration_s: item.runtime_ticks.map(|ticks| u32::try_from(ticks / TICKS_PER_SECOND).unwrap()),
            stopped_at: None,
        }),
        _ => None,
    }
}

impl Account for Emby {
    fn open(&self) -> Rc<dyn Provider> {
        let credentials = match self.way {
            Way::Key | Way::NewCollection => ServerCredentials::Token(KEY.into()),
            Way::Password => ServerCredentials::Password(PASSWORD.into()),
            Way::Collection | Way::NewPlaylist => ServerCredentials::Token(self.token.clone().into()),
        };
        let watchlist = match self.way {
            Way::Collection | Way::NewCollection => WatchlistShelf::Collection(LIST.into()),
            Way::NewPlaylist => WatchlistShelf::Playlist(LIST.into()),
            Way::Key | Way::Password => WatchlistShelf::Favourites,
        };
        let libraries = match self.way {
            Way::NewPlaylist => LibraryFilter::Only(vec!["Movies".into(), "Shows".into()]),
            _ => LibraryFilter::All,
        };
        let options = ServerOptions {
            url: self.server.url(),
            credentials,
            user: "anna".into(),
            libraries,
            watchlist,
            verify_tls: true,
            device_id: "crosswatch-home".into(),
        };
        open(options, ports(&self.vault)).unwrap()
    }

    fn truth(&self, feature: Feature) -> Facts {
        let state = self.server.state();
        if feature == Feature::Watchlist && !matches!(self.way, Way::Key | Way::Password) {
            return self.on_the_list(&state);
        }
        let mut facts: Facts = state.items().filter_map(|item| self.told(&state, feature, item)).collect();
        facts.sort();
        facts
    }

    fn items(&self) -> &Titles {
        &self.items
    }

    fn wire(&self) -> Option<Wire> {
        Some(Wire {
            faults: self.server.faults().clone(),
            log: self.server.log().clone(),
            sign_in_path: "/emby/Users/AuthenticateByName",
        })
    }

    fn secrets(&self) -> Vec<String> {
        [vec![self.token.clone(), PASSWORD.to_owned(), KEY.to_owned()], self.vault.contents()].concat()
    }

    fn end_credentials(&self) -> bool {
        let mut state = self.server.state();
        state.revoke_tokens("anna").unwrap();
        state.replace_api_key("another-key-of-the-house");
        self.way == Way::Password
    }

    fn odd_page(&self) -> Option<OddPage> {
        let movie = |id: &str, tmdb: &str, user_data: &serde_json::Value| {
            json!({"Id": id, "Type": "Movie", "Name": "Ørkenens 夜", "ProviderIds": {"Tmdb": tmdb, "EIDR": 5},
                "UserData": user_data, "AddedInTheFuture": {"deep": [1, {"deeper": null}]}})
        };
        let watched = json!({"Played": true, "LastPlayedDate": "2020-03-04T05:06:07.1234567Z", "Mood": "fine"});
        let items = json!([
            movie("1", "603", &watched),
            movie("1", "603", &watched),
            movie("2", "tt-not-a-number", &json!({"Played": true, "LastPlayedDate": null})),
            {"Id": "3", "Type": "Hologram", "UserData": watched},
            {"Id": 17, "Type": "Movie", "UserData": watched},
            {"Id": "4", "Type": "Movie", "UserData": "gone"},
            "not even an object",
            null,
        ]);
        let body = json!({"Items": items, "TotalRecordCount": 8, "Extra": true}).to_string();
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Some(OddPage {
            path_part: "IsPlayed=true",
            answer: FaultKind::Status { code: 200, headers, body },
            facts: vec![
                "movie \"Ørkenens 夜\" = watched".to_owned(),
                "movie tmdb_movie:603 = 2020-03-04T05:06:00Z".to_owned(),
            ],
            unusable: 5,
        })
    }

    fn let_time_pass(&self) {
        self.clock.advance(SignedDuration::from_hours(1));
    }
}
