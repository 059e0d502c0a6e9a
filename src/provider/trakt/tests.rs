//! The adapter against an emulated Trakt, and its token handling against a scripted one.

use std::time::Duration;

use crosswatch_emulator::{
    FaultKind, FaultRule, GivenRating, Library, LibraryItem, ManualClock, Marked, ResumePoint, TraktAccount,
    TraktEmulator, TraktOptions as Server, UserActivity, WatchedOnce,
};
use crosswatch_model::{Action, Fact, IdSet, Item, Rating, Reason, WatchedAt};
use crosswatch_port::{Clock, WriteOutcome};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::json;

use super::*;
use crate::{
    outcome::{acknowledged, rejected, rejected_for_good},
    testing::{
        House, Reply, run,
        titles::{cell, is_complete, item, read_all, send, write},
    },
};

mod device;

struct World {
    house: House,
    clock: ManualClock,
    server: TraktEmulator,
    library: Library,
}

const MOVIE: LibraryItem = LibraryItem::Movie(1);
const EPISODE: LibraryItem = LibraryItem::Episode { show: 0, season: 1, number: 2 };

impl World {
    fn new(library: Library, activity: UserActivity) -> Self {
        let house = House::new();
        let clock = ManualClock::at(house.clock.now());
        let mut options = Server::new(clock.clone(), library.clone());
        options.accounts = vec![TraktAccount::new("anna").with_activity(activity), TraktAccount::new("ben")];
        Self { house, clock, server: TraktEmulator::start(options).unwrap(), library }
    }

    fn small() -> Self {
        Self::new(Library::sized(7, 30), UserActivity::default())
    }

    fn options(&self) -> TraktOptions {
        TraktOptions {
            client_secret: Some("trakt-secret".into()),
            access_token: Some("trakt-access-anna".into()),
            refresh_token: Some("trakt-refresh-anna".into()),
            ..addressed(&self.server.url(), "trakt-client")
        }
    }

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
}

fn addressed(url: &str, client_id: &str) -> TraktOptions {
    TraktOptions { url: url.to_owned(), auth_url: url.to_owned(), ..TraktOptions::of_app(client_id) }
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

#[test]
fn a_probe_tells_who_we_are_and_how_much_fits() {
    run(async {
        let world = World::small();
        let account = world.account();
        assert_eq!(account.capabilities().feature(Feature::Watchlist).unwrap().max_rows, None);
        let probe = account.probe().await.unwrap();
        assert_eq!((probe.user.as_str(), probe.product.as_str()), ("anna", "Trakt"));
        assert!(probe.fingerprint.starts_with("trakt:"));
        assert_eq!(account.capabilities().feature(Feature::Watchlist).unwrap().max_rows, Some(250));
        let bad = open(&TraktOptions { client_id: "hunter2".into(), ..world.options() }, world.house.ports()).unwrap();
        assert!(matches!(bad.probe().await, Err(Fault::Auth(text)) if !text.contains("hunter2")));
        let unlinked = open(&addressed(&world.server.url(), "trakt-client"), House::new().ports()).unwrap();
        assert!(matches!(unlinked.probe().await, Err(Fault::Auth(text)) if text.contains("not linked")));
    });
}

#[test]
fn reads_are_complete_at_every_size() {
    run(async {
        for size in [0, 1, 249, 250, 251] {
            let library = Library::sized(3, size);
            let until = at("2026-11-01T00:00:00Z");
            let world = World::new(library.clone(), UserActivity::everything(5, &library, until));
            let account = world.account();
            let pages = read_all(&account, Feature::History, ReadScope::Everything).await.unwrap();
            assert!(is_complete(&pages), "{size}");
            let rows: Vec<_> = pages.iter().flat_map(|page| &page.rows).collect();
            assert_eq!((rows.len(), account.count(Feature::History).await), (size, Ok(Some(size as u64))));
            assert!(rows.iter().all(|row| row.native.is_some() && !row.item.ids.is_empty()));
            let half = rows.get(size / 2).map_or(until, |row| match row.fact {
                Fact::Play(watched_at) => watched_at.instant().unwrap(),
                other => panic!("{other:?}"),
            });
            let newer = read_all(&account, Feature::History, ReadScope::Since(half)).await.unwrap();
            let count: usize = newer.iter().map(|page| page.rows.len()).sum();
            assert!(is_complete(&newer) && (size < 2 || (size / 2..size).contains(&count)), "{count} of {size}");
        }
    });
}

#[test]
fn every_feature_is_told_as_trakt_has_it() {
    run(async {
        let when = at("2020-01-02T03:04:00Z");
        let activity = UserActivity {
            plays: [MOVIE, MOVIE, EPISODE].map(|item| WatchedOnce { item, at: at("2020-01-02T03:04:05Z") }).into(),
            undated: vec![],
            ratings: vec![GivenRating { item: LibraryItem::Show(0), rating: 8, at: when }],
            favourites: vec![Marked { item: LibraryItem::Show(0), at: when }],
            resume_points: vec![ResumePoint {
                item: LibraryItem::Movie(2),
                progress_percent: 50,
                at: at("2026-11-01T00:00:00Z"),
            }],
        };
        let world = World::new(Library::sized(7, 30), activity);
        let account = world.account();
        let minutes = u32::from(world.library.runtime_min(LibraryItem::Movie(2)).unwrap());
        let stopped_at = Some(at("2026-11-01T00:00:00Z"));
        let expected = [
            (Feature::History, vec![Fact::Play(WatchedAt::Minute(when)); 3]),
            (Feature::Watchlist, vec![Fact::Listed(Some(when))]),
            (Feature::Ratings, vec![Fact::Rated { value: Rating::new(80).unwrap(), rated_at: Some(when) }]),
            (
                Feature::Progress,
                vec![Fact::Resume { position_s: minutes * 30, duration_s: Some(minutes * 60), stopped_at }],
            ),
        ];
        for (feature, facts) in expected {
            let pages = read_all(&account, feature, ReadScope::Everything).await.unwrap();
            let rows: Vec<_> = pages.iter().flat_map(|page| &page.rows).collect();
            assert!(is_complete(&pages), "{feature}");
            assert_eq!(rows.iter().map(|row| row.fact).collect::<Vec<_>>(), facts);
        }
    });
}

#[test]
fn an_unchanged_account_costs_one_request() {
    run(async {
        let world = World::small();
        let account = world.account();
        let all: FeatureSet = Feature::ALL.iter().copied().collect();
        let before = account.stamps(all).await.unwrap().unwrap();
        assert_eq!(account.requests_sent(), 1);
        assert_eq!(before.0.len(), 4);
        assert_eq!(account.stamps(all).await.unwrap().unwrap(), before);
        world.clock.advance(jiff::SignedDuration::from_secs(5));
        send(&account, Feature::Ratings, &write(Action::Add, &world.item(EPISODE), rated(80))).await;
        let after = account.stamps(all).await.unwrap().unwrap();
        let moved: Vec<Feature> =
            Feature::ALL.iter().copied().filter(|feature| before.get(*feature) != after.get(*feature)).collect();
        assert_eq!(moved, [Feature::Ratings]);
    });
}

#[test]
fn broken_pages_are_never_empty_ones() {
    run(async {
        let world = World::small();
        let account = world.account();
        for kind in [FaultKind::HtmlOk, FaultKind::NullBody, FaultKind::TruncatedJson, FaultKind::status(404)] {
            world.server.faults().add(FaultRule::prefix("/sync/ratings", kind.clone()));
            let rating = write(Action::Add, &world.item(MOVIE), rated(80));
            send(&account, Feature::Ratings, &rating).await;
            world.server.faults().add(FaultRule::prefix("/sync/ratings", kind.clone()).method("GET"));
            assert!(read_all(&account, Feature::Ratings, ReadScope::Everything).await.is_err(), "{kind:?}");
            world.server.faults().clear();
        }
        world.server.faults().add(FaultRule::prefix("/sync/history", FaultKind::HtmlOk));
        assert!(account.count(Feature::History).await.is_err());
        world.server.faults().add(FaultRule::prefix("/sync/history", FaultKind::MissingTotals));
        let pages = read_all(&account, Feature::History, ReadScope::Everything).await.unwrap();
        assert!(!is_complete(&pages));
    });
}

#[test]
fn statuses_of_trakt_mean_what_they_should() {
    run(async {
        let world = World::small();
        let account = world.account();
        let add = write(Action::Add, &world.item(MOVIE), play("2020-01-02T03:04:05Z"));
        let full = rejected(Reason::AccountFull);
        let cases = [
            (403, WriteOutcome::NotAttempted, Some("auth")),
            (409, WriteOutcome::AlreadyThere, None),
            (420, full, Some("rejected")),
            (422, rejected(Reason::RejectedByTarget), Some("rejected")),
            (423, WriteOutcome::NotAttempted, Some("gone")),
            (426, full, Some("rejected")),
            (429, WriteOutcome::NotAttempted, Some("wait")),
            (500, WriteOutcome::InDoubt, Some("in doubt")),
            (504, WriteOutcome::InDoubt, Some("in doubt")),
            (520, WriteOutcome::InDoubt, Some("in doubt")),
        ];
        for (code, outcome, word) in cases {
            world.server.faults().add(FaultRule::prefix("/sync/history", FaultKind::status(code)).method("POST"));
            let report = account.write(Feature::History, std::slice::from_ref(&add)).await;
            let told = report.fault.as_ref().map(|fault| match fault {
                Fault::Auth(_) => "auth",
                Fault::Rejected(_) => "rejected",
                Fault::Gone(_) => "gone",
                Fault::RateLimited { .. } => "wait",
                Fault::InDoubt(_) => "in doubt",
                Fault::Transient(_) => "transient",
            });
            assert_eq!((report.outcomes.as_slice(), told), ([outcome].as_slice(), word), "{code}");
        }
        assert_eq!(world.plays_of(MOVIE), [], "nothing was sent twice");
    });
}

#[test]
fn every_feature_is_written_and_taken_away() {
    run(async {
        let world = World::small();
        let account = world.account();
        let cases = [
            (Feature::History, MOVIE, play("2020-01-02T03:04:05Z")),
            (Feature::History, EPISODE, play("2020-01-02T03:04:05Z")),
            (Feature::Watchlist, LibraryItem::Show(0), Fact::Listed(None)),
            (Feature::Watchlist, EPISODE, Fact::Listed(None)),
            (Feature::Ratings, MOVIE, rated(85)),
            (Feature::Ratings, LibraryItem::Show(0), rated(40)),
            (Feature::Ratings, EPISODE, rated(10)),
        ];
        for (feature, title, fact) in cases {
            let add = write(Action::Add, &world.item(title), fact);
            assert_eq!(cell(&account, feature, &add).await, CellNow::Absent, "{title:?} {fact:?}");
            assert_eq!(send(&account, feature, &add).await, acknowledged(), "{title:?} {fact:?}");
            let CellNow::Present(facts) = cell(&account, feature, &add).await else { panic!("{fact:?} is not there") };
            assert_eq!((facts.len(), facts[0].0.feature()), (1, feature));
            let remove = Write { native: facts[0].1, ..write(Action::Remove, &world.item(title), fact) };
            assert_eq!(send(&account, feature, &remove).await, acknowledged(), "{title:?} {fact:?}");
            assert_eq!(cell(&account, feature, &add).await, CellNow::Absent, "{title:?} {fact:?}");
            assert_eq!(send(&account, feature, &remove).await, WriteOutcome::AlreadyThere, "{title:?} {fact:?}");
        }
        let listed = write(Action::Add, &world.item(MOVIE), Fact::Listed(None));
        assert_eq!(send(&account, Feature::Watchlist, &listed).await, acknowledged());
        assert_eq!(send(&account, Feature::Watchlist, &listed).await, WriteOutcome::AlreadyThere);
    });
}

#[test]
fn one_play_of_several_is_removed_by_its_event() {
    run(async {
        let plays =
            ["2020-01-02T03:04:00Z", "2021-01-02T03:04:00Z"].map(|text| WatchedOnce { item: MOVIE, at: at(text) });
        let activity = UserActivity { plays: plays.into(), ..UserActivity::default() };
        let world = World::new(Library::sized(7, 30), activity);
        let account = world.account();
        let remove = write(Action::Remove, &world.item(MOVIE), play("2020-01-02T03:04:30Z"));
        assert_eq!(send(&account, Feature::History, &remove).await, acknowledged());
        assert_eq!(world.plays_of(MOVIE), [at("2021-01-02T03:04:00Z")]);
        assert_eq!(send(&account, Feature::History, &remove).await, WriteOutcome::AlreadyThere);
        let gone = Write { native: Some(crosswatch_model::NativeRef(4)), ..remove };
        assert_eq!(send(&account, Feature::History, &gone).await, WriteOutcome::AlreadyThere);
        let undated = write(Action::Remove, &world.item(MOVIE), Fact::Play(WatchedAt::Unknown));
        assert_eq!(send(&account, Feature::History, &undated).await, rejected(Reason::MatchTooWeak));
    });
}

#[test]
fn what_trakt_does_not_know_concerns_that_item_only() {
    run(async {
        let world = World::small();
        let account = world.account();
        let mut unknown = world.item(EPISODE);
        (unknown.season, unknown.number, unknown.ids) = (Some(1), Some(99), IdSet::EMPTY);
        let nameless = Item::titled(Kind::Movie, "The Matrix", Some(1999), IdSet::EMPTY);
        let items = [world.item(MOVIE), unknown, nameless, world.item(EPISODE)];
        let writes = items.map(|item| write(Action::Add, &item, play("2020-01-02T03:04:05Z")));
        let report = account.write(Feature::History, &writes).await;
        let expected = [acknowledged(), rejected(Reason::NotFound), rejected_for_good(Reason::NoIds), acknowledged()];
        assert_eq!((report.outcomes.as_slice(), report.fault), (expected.as_slice(), None));
        assert_eq!(world.server.log().count("POST", "/sync/history"), 1);
    });
}

#[test]
fn a_lost_reply_is_in_doubt_and_reading_back_finds_the_one_play() {
    run(async {
        let world = World::small();
        let account = world.account();
        for kind in [FaultKind::DropAfter, FaultKind::TruncatedJson] {
            let add =
                [MOVIE, EPISODE].map(|title| write(Action::Add, &world.item(title), play("2020-01-02T03:04:05Z")));
            world.server.faults().add(FaultRule::prefix("/sync/history", kind.clone()).method("POST"));
            let before = world.plays_of(MOVIE).len();
            let report = account.write(Feature::History, &add).await;
            assert_eq!(report.outcomes, [WriteOutcome::InDoubt; 2], "{kind:?}");
            for write in &add {
                let CellNow::Present(facts) = cell(&account, Feature::History, write).await else { panic!("{kind:?}") };
                assert_eq!(facts[0].0, Fact::Play(WatchedAt::Minute(at("2020-01-02T03:04:00Z"))));
            }
            assert_eq!(world.plays_of(MOVIE).len(), before + 1, "{kind:?}");
        }
        world.server.faults().add(FaultRule::prefix("/sync/history", FaultKind::DropBefore).method("POST"));
        let lost = write(Action::Add, &world.item(LibraryItem::Movie(3)), play("2020-01-02T03:04:05Z"));
        assert_eq!(send(&account, Feature::History, &lost).await, WriteOutcome::InDoubt);
        assert_eq!(cell(&account, Feature::History, &lost).await, CellNow::Absent);
    });
}

#[test]
fn plays_without_a_date_stay_without_one() {
    run(async {
        let world = World::small();
        let account = world.account();
        let undated = write(Action::Add, &world.item(MOVIE), Fact::Play(WatchedAt::Unknown));
        assert_eq!(send(&account, Feature::History, &undated).await, acknowledged());
        let pages = read_all(&account, Feature::History, ReadScope::Everything).await.unwrap();
        assert_eq!(pages[0].rows[0].fact, Fact::Play(WatchedAt::Unknown));
        let known = Write { item: pages[0].rows[0].item.clone(), ..undated };
        assert!(matches!(cell(&account, Feature::History, &known).await, CellNow::Present(_)));
    });
}

#[test]
fn a_full_watchlist_says_so_and_nothing_is_applied() {
    run(async {
        let library = Library::sized(3, 1400);
        let favourites: Vec<_> =
            (0..250).map(|place| Marked { item: LibraryItem::Movie(place), at: at("2020-01-01T00:00:00Z") }).collect();
        let world = World::new(library, UserActivity { favourites, ..UserActivity::default() });
        let account = world.account();
        let add = write(Action::Add, &world.item(LibraryItem::Movie(260)), Fact::Listed(None));
        let report = account.write(Feature::Watchlist, &[add]).await;
        assert_eq!(report.outcomes, [rejected(Reason::AccountFull)]);
        assert!(matches!(&report.fault, Some(Fault::Rejected(text)) if text.contains("no room left")), "{report:?}");
        assert_eq!(account.count(Feature::Watchlist).await, Ok(Some(250)));
    });
}

#[test]
fn an_expired_token_is_refreshed_once_for_everybody() {
    run(async {
        let world = World::small();
        let account = world.account();
        world.server.state().expire_access("anna");
        let (one, other) = futures_util::join!(account.count(Feature::History), account.count(Feature::Ratings));
        assert_eq!((one, other), (Ok(Some(0)), Ok(Some(0))));
        assert_eq!(world.server.log().count("POST", "/oauth/token"), 1);
        assert_eq!(account.requests_sent(), world.server.log().len() as u64, "refreshes are counted");
        let restarted = world.account();
        assert_eq!(restarted.count(Feature::History).await, Ok(Some(0)), "the vault wins over the seeds");
        assert_eq!(world.server.log().count("POST", "/oauth/token"), 1);
        world.house.clock.advance(Duration::from_secs(6 * 24 * 3600));
        world.clock.advance(jiff::SignedDuration::from_hours(6 * 24));
        assert_eq!(restarted.count(Feature::History).await, Ok(Some(0)));
        assert_eq!(world.server.log().count("POST", "/oauth/token"), 1, "a day is left");
        world.house.clock.advance(Duration::from_secs(23 * 3600 + 60));
        assert_eq!(restarted.count(Feature::History).await, Ok(Some(0)));
        assert_eq!(world.server.log().count("POST", "/oauth/token"), 2, "less than an hour is left");
    });
}

#[test]
fn a_dead_refresh_token_asks_for_a_person() {
    run(async {
        let world = World::small();
        let account = world.account();
        world.server.state().unlink("anna");
        let add = write(Action::Add, &world.item(MOVIE), play("2020-01-02T03:04:05Z"));
        let report = account.write(Feature::History, &[add]).await;
        assert_eq!(report.outcomes, [WriteOutcome::NotAttempted]);
        assert!(matches!(&report.fault, Some(Fault::Auth(text)) if text.contains("link Trakt again")), "{report:?}");
    });
}

#[test]
fn other_tokens_in_the_configuration_are_another_link() {
    run(async {
        let world = World::small();
        let linked_again = TraktOptions {
            access_token: Some("trakt-access-ben".into()),
            refresh_token: Some("trakt-refresh-ben".into()),
            ..world.options()
        };
        let again = || open(&linked_again, world.house.ports()).unwrap();
        world.server.state().expire_access("anna");
        assert_eq!(world.account().count(Feature::History).await, Ok(Some(0)));
        world.server.state().unlink("anna");
        assert!(matches!(world.account().count(Feature::History).await, Err(Fault::Auth(_))), "it is the same link");
        assert_eq!(again().count(Feature::History).await, Ok(Some(0)));
        world.server.state().expire_access("ben");
        assert_eq!(again().count(Feature::History).await, Ok(Some(0)));
        let refreshes = world.server.log().count("POST", "/oauth/token");
        assert_eq!(again().count(Feature::History).await, Ok(Some(0)), "the vault wins over what it came from");
        assert_eq!(world.server.log().count("POST", "/oauth/token"), refreshes);
    });
}

/// A Trakt that accepts the access token `new` only, and hands it out for the refresh token `old-refresh`.
async fn scripted(house: &House) -> (crate::testing::Server, TraktOptions) {
    let vault = house.vault.clone();
    let server = crate::testing::Server::answering(move |seen| {
        let is_stored = vault.secrets.borrow().get("tokens").is_some_and(|pair| pair.contains("\"new\""));
        match (seen.line.as_str(), seen.headers.get("authorization").map(String::as_str)) {
            ("POST /oauth/token", _) if seen.json()["refresh_token"] == "old-refresh" => Reply::json(&json!({
                "access_token": "new", "refresh_token": "new-refresh", "expires_in": 604_800, "created_at": at("2026-11-22T12:00:00Z").as_second(),
            })),
            ("POST /oauth/token", _) => Reply::status(400, r#"{"error":"invalid_grant"}"#),
            (_, Some("Bearer new")) if is_stored => Reply::json(&json!([])).with("x-pagination-item-count", "0"),
            (_, Some("Bearer new")) => Reply::status(500, "used before it was stored"),
            _ => Reply::status(401, ""),
        }
    })
    .await;
    let options = TraktOptions {
        access_token: Some("old".into()),
        refresh_token: Some("old-refresh".into()),
        ..addressed(&server.url, "client")
    };
    (server, options)
}

#[test]
fn a_new_pair_is_stored_before_it_is_used() {
    run(async {
        let house = House::new();
        let (server, options) = scripted(&house).await;
        let account = open(&options, house.ports()).unwrap();
        assert_eq!(account.count(Feature::History).await, Ok(Some(0)));
        let seen = server.seen();
        assert_eq!(seen.len(), 3, "refused, refreshed, sent again");
        assert_eq!(
            seen[1].json(),
            json!({ "refresh_token": "old-refresh", "client_id": "client", "grant_type": "refresh_token",
                "redirect_uri": "urn:ietf:wg:oauth:2.0:oob" })
        );
        assert_eq!(seen[2].headers["trakt-api-version"], "2");
        assert_eq!(seen[2].headers["trakt-api-key"], "client");
    });
}

#[test]
fn a_pair_that_cannot_be_stored_is_not_used_and_not_lost() {
    run(async {
        let house = House::new();
        let (server, options) = scripted(&house).await;
        let account = open(&options, house.ports()).unwrap();
        house.vault.refuses.set(true);
        assert_eq!(account.count(Feature::History).await, Err(Fault::Transient("the disk is full".into())));
        assert_eq!(account.count(Feature::History).await, Err(Fault::Transient("the disk is full".into())));
        assert_eq!(server.seen().len(), 2, "nothing is sent with a pair that is not stored");
        house.vault.refuses.set(false);
        assert_eq!(account.count(Feature::History).await, Ok(Some(0)));
        assert_eq!(server.seen().len(), 3, "no second refresh");
    });
}

#[test]
fn no_token_is_in_any_error() {
    run(async {
        let house = House::new();
        let server = crate::testing::Server::scripted(vec![Reply::status(401, "hunter2")]).await;
        let options = TraktOptions {
            access_token: Some("hunter2-access".into()),
            refresh_token: Some("hunter2-refresh".into()),
            client_secret: Some("hunter2-secret".into()),
            ..addressed(&server.url, "hunter2-client")
        };
        let account = open(&options, house.ports()).unwrap();
        let fault = account.probe().await.unwrap_err();
        assert!(!format!("{fault} {fault:?}").contains("hunter2"), "{fault:?}");
        assert!(!format!("{options:?}").contains("hunter2-access"));
        assert_eq!(options.access_token.unwrap().expose_secret(), "hunter2-access");
    });
}

fn check_mark(json: &str, feature: Feature, expected: Option<&str>) {
    let activities: LastActivities = serde_json::from_str(json).unwrap();
    assert_eq!(mark(feature, &activities).as_deref(), expected, "{json}");
}

#[test]
fn stamps_move_with_their_lists_and_may_be_missing() {
    let some = r#"{"all":"9","movies":{"watched_at":"1","rated_at":"2","new":3},"episodes":{"watched_at":"4"},
        "watchlist":{"updated_at":"5"}}"#;
    check_mark(some, Feature::History, Some("1|4"));
    check_mark(some, Feature::Ratings, Some("2|||"));
    check_mark(some, Feature::Watchlist, Some("5"));
    check_mark(some, Feature::Progress, None);
    check_mark(r#"{"shows":{"watchlisted_at":"6"},"watchlist":null}"#, Feature::Watchlist, Some("|6||"));
    check_mark(r#"{"movies":"odd"}"#, Feature::History, None);
}
