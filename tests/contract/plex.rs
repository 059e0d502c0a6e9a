//! The adapter for Plex, over an emulated Plex with its cloud.

use std::{collections::BTreeMap, rc::Rc};

use crosswatch_emulator::{
    FaultKind, LibraryItem, ManualClock, PlexEmulator, PlexOptions as ServerOptions, PlexUser,
    plex::{PlexItem, PlexState, Viewing},
};
use crosswatch_model::{Fact, Feature, Rating, WatchedAt};
use crosswatch_port::Provider;
use crosswatch_provider::{
    LibraryFilter, Ports,
    plex::{PlexOptions, open},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{
    account::{Account, Kind, OddPage, Wire},
    catalogue::{Contents, Facts, Titles, now},
    ports::{MemoryCache, MemoryVault, ports},
};

/// The owner of a server, linked with a token.
pub(crate) const OWNER: Kind =
    Kind { name: "Plex, the owner", page_rows: 1000, start: |contents| start(contents, true) };

/// Somebody the server is shared with, whose token for the server is another one than that for the cloud.
pub(crate) const FRIEND: Kind =
    Kind { name: "Plex, a friend", page_rows: 1000, start: |contents| start(contents, false) };

struct Plex {
    service: PlexEmulator,
    clock: ManualClock,
    items: Titles,
    vault: MemoryVault,
    cache: MemoryCache,
}

fn start(contents: Contents, is_owner: bool) -> Box<dyn Account> {
    let clock = ManualClock::at(now());
    let items = contents.items();
    let mut options = ServerOptions::new(clock.clone(), contents.library);
    let anna = if is_owner { PlexUser::owner("anna") } else { PlexUser::friend("anna") };
    let ben = if is_owner { PlexUser::friend("ben") } else { PlexUser::owner("ben") };
    options.users = vec![anna.with_activity(contents.activity), ben];
    let service = PlexEmulator::start(options).unwrap();
    Box::new(Plex { service, clock, items, vault: MemoryVault::default(), cache: MemoryCache::default() })
}

impl Plex {
    fn plays(&self, logged: &BTreeMap<u64, Vec<Timestamp>>, item: &PlexItem, row: Viewing) -> Facts {
        let Some(place) = item.origin.filter(|_| item.kind.is_leaf() && row.view_count > 0) else { return Vec::new() };
        let logged = logged.get(&item.rating_key).into_iter().flatten();
        let mut dates: Vec<WatchedAt> = logged.copied().map(WatchedAt::Exact).collect();
        if dates.is_empty() {
            let own = row.last_viewed_at.filter(|_| row.view_offset_ms == 0);
            dates.push(own.map_or(WatchedAt::Unknown, WatchedAt::Exact));
        }
        dates.into_iter().map(|at| self.items.told(place, &Fact::Play(at))).collect()
    }

    fn stated(&self, feature: Feature, item: &PlexItem, row: Viewing) -> Option<String> {
        let place = item.origin.filter(|place| !matches!(place, LibraryItem::Season { .. }))?;
        let fact = match feature {
            Feature::Ratings => {
                let tenths = format!("{:.0}", row.user_rating? * 10.0);
                Fact::Rated { value: Rating::new(tenths.parse().unwrap()).unwrap(), rated_at: None }
            }
            Feature::Progress if row.view_offset_ms > 0 => Fact::Resume {
                position_s: u32::try_from(row.view_offset_ms / 1000).unwrap(),
                duration_s: item.duration_ms.map(|ms| u32::try_from(ms / 1000).unwrap()),
                stopped_at: None,
            },
            _ => return None,
        };
        Some(self.items.told(place, &fact))
    }
}

/// The dates in the log of plays, by item.
fn logged(state: &PlexState) -> BTreeMap<u64, Vec<Timestamp>> {
    let mut logged: BTreeMap<u64, Vec<Timestamp>> = BTreeMap::new();
    for play in state.plays("anna").unwrap() {
        if let (Some(key), Some(at)) = (play.rating_key, play.viewed_at) {
            logged.entry(key).or_default().push(at);
        }
    }
    logged
}

impl Account for Plex {
    fn open(&self) -> Rc<dyn Provider> {
        let options = PlexOptions {
            account: "home".into(),
            url: self.service.url(),
            plextv_url: self.service.plextv_url(),
            discover_url: self.service.discover_url(),
            metadata_url: self.service.metadata_url(),
            token: Some(PlexUser::token_of("anna").into()),
            user: Some("Anna".into()),
            libraries: LibraryFilter::All,
            verify_tls: true,
            device_id: "crosswatch-home".into(),
        };
        open(options, Ports { cache: Rc::new(self.cache.clone()), ..ports(&self.vault) }).unwrap()
    }

    fn truth(&self, feature: Feature) -> Facts {
        let state = self.service.state();
        let viewing = |item: &PlexItem| state.viewing("anna", item.rating_key).unwrap();
        let mut facts: Facts = match feature {
            Feature::History => {
                let logged = logged(&state);
                state.items().flat_map(|item| self.plays(&logged, item, viewing(item))).collect()
            }
            Feature::Watchlist => {
                let listed = state.watchlist("anna").unwrap().into_iter();
                listed.map(|place| self.items.told(place, &Fact::Listed(None))).collect()
            }
            Feature::Ratings | Feature::Progress => {
                state.items().filter_map(|item| self.stated(feature, item, viewing(item))).collect()
            }
        };
        facts.sort();
        facts
    }

    fn items(&self) -> &Titles {
        &self.items
    }

    /// A position on a watched item could not be taken away again without the view.
    /// What is watched has no resume point.
    fn takes(&self, feature: Feature, place: LibraryItem) -> bool {
        let fits = match feature {
            Feature::Watchlist => matches!(place, LibraryItem::Movie(_) | LibraryItem::Show(_)),
            _ => matches!(place, LibraryItem::Movie(_) | LibraryItem::Episode { .. }),
        };
        let state = self.service.state();
        let is_watched = state.item_of(place).is_some_and(|key| state.viewing("anna", key).unwrap().view_count > 0);
        fits && (feature != Feature::Progress || !is_watched)
    }

    fn wire(&self) -> Option<Wire> {
        Some(Wire {
            faults: self.service.faults().clone(),
            log: self.service.log().clone(),
            sign_in_path: "/api/v2/pins",
        })
    }

    fn secrets(&self) -> Vec<String> {
        let server_token = self.service.state().server_token("anna").unwrap_or_else(|| "revoked".to_owned());
        [vec![PlexUser::token_of("anna"), server_token], self.vault.contents()].concat()
    }

    fn end_credentials(&self) -> bool {
        self.service.state().revoke_tokens("anna").unwrap();
        false
    }

    fn odd_page(&self) -> Option<OddPage> {
        let movie = |key: u32, tmdb: &str, last_viewed_at: serde_json::Value| {
            json!({"ratingKey": key.to_string(), "type": "movie", "title": "Ørkenens 夜", "guid": format!("plex://movie/{key:024x}"),
                "Guid": [{"id": format!("tmdb://{tmdb}")}, {"id": 5}, null], "viewCount": 1, "lastViewedAt": last_viewed_at,
                "AddedInTheFuture": {"deep": [1, {"deeper": null}]}})
        };
        let rows = json!([
            movie(1, "603", 1_583_298_367.into()),
            movie(1, "603", 1_583_298_367.into()),
            movie(2, "tt-not-a-number", "yesterday".into()),
            {"ratingKey": "3", "type": "hologram", "viewCount": 1},
            {"ratingKey": [17], "type": "movie", "viewCount": 1},
            {"ratingKey": "4", "type": "movie", "viewCount": "often"},
            "not even an object",
            null,
        ]);
        let body = json!({"MediaContainer": {"size": 8, "totalSize": 8, "Metadata": rows, "Extra": true}}).to_string();
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Some(OddPage {
            path_part: "viewCount",
            answer: FaultKind::Status { code: 200, headers, body },
            facts: vec![
                "movie \"Ørkenens 夜\" = watched".to_owned(),
                "movie tmdb_movie:603 = 2020-03-04T05:06:00Z".to_owned(),
            ],
            // The page comes twice, for movies and for episodes; the row without a view count is remembered as seen.
            unusable: 9,
        })
    }

    fn approve_code(&self, code: &str) {
        assert!(self.service.state().approve_pin(code, "anna").unwrap());
    }

    fn let_time_pass(&self) {
        self.clock.advance(SignedDuration::from_hours(1));
    }
}
