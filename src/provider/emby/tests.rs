//! The adapter against an emulated server.

use std::time::Duration;

use crosswatch_emulator::{
    EmbyEmulator, EmbyOptions, EmbyUser, FaultKind, FaultRule, Library, LibraryItem, ManualClock, UserActivity,
    emby::{AbsentMembers, UserData},
};
use crosswatch_model::{Action, Fact, Feature, Item, Kind, Rating, Reason, WatchedAt};
use crosswatch_port::{CellNow, Clock, ReadScope, WriteOutcome};
use jiff::Timestamp;

use super::*;
use crate::{
    LibraryFilter, ServerCredentials, WatchlistShelf,
    outcome::{acknowledged, rejected},
    testing::{
        House, run,
        titles::{cell, is_complete, item, read_all, send, write},
    },
};

struct World {
    house: House,
    server: EmbyEmulator,
    library: Library,
}

const MOVIE: LibraryItem = LibraryItem::Movie(1);
const EPISODE: LibraryItem = LibraryItem::Episode { show: 0, season: 1, number: 2 };

impl World {
    fn with(library: Library, activity: UserActivity, arrange: impl FnOnce(&mut EmbyOptions)) -> Self {
        let house = House::new();
        let anna = EmbyUser::member("anna").with_activity(activity);
        let mut options = EmbyOptions::new(ManualClock::at(house.clock.now()), library.clone());
        options.users = vec![anna, EmbyUser::administrator("ben")];
        arrange(&mut options);
        Self { house, server: EmbyEmulator::start(options).unwrap(), library }
    }

    fn small() -> Self {
        Self::with(Library::sized(7, 30), UserActivity::default(), |_| {})
    }

    fn options(&self, user: &str, credentials: ServerCredentials) -> ServerOptions {
        ServerOptions {
            url: self.server.url(),
            credentials,
            user: user.into(),
            libraries: LibraryFilter::All,
            watchlist: WatchlistShelf::Favourites,
            verify_tls: true,
            device_id: "crosswatch-test".into(),
        }
    }

    fn account(&self) -> Rc<dyn Provider> {
        open(self.options("anna", token("anna")), self.house.ports()).unwrap()
    }

    fn listing(&self, credentials: ServerCredentials, watchlist: WatchlistShelf) -> Rc<dyn Provider> {
        open(ServerOptions { watchlist, ..self.options("anna", credentials) }, self.house.ports()).unwrap()
    }

    fn item(&self, title: LibraryItem) -> Item {
        item(&self.library, title)
    }

    fn state(&self, title: LibraryItem) -> UserData {
        let state = self.server.state();
        state.user_data("anna", state.item_of(title).unwrap()).unwrap()
    }

    fn add(&self, title: LibraryItem, fact: Fact) -> crosswatch_port::Write {
        write(Action::Add, &self.item(title), fact)
    }
}

fn key() -> ServerCredentials {
    ServerCredentials::Token("emby-api-key".into())
}

fn token(user: &str) -> ServerCredentials {
    ServerCredentials::Token(EmbyUser::member(user).token.into())
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
fn every_way_to_sign_in_finds_the_same_account() {
    run(async {
        let world = World::small();
        let password = ServerCredentials::Password("secret".into());
        let mut fingerprints = Vec::new();
        for (user, credentials) in [("Anna", key()), ("anna", token("anna")), ("anna", password)] {
            let account = open(world.options(user, credentials), world.house.ports()).unwrap();
            let probe = account.probe().await.unwrap();
            assert_eq!((probe.user.as_str(), probe.product.as_str()), ("anna", "Emby 4.8.10.0"));
            assert!(account.sign_in().is_none(), "Emby has no codes");
            fingerprints.push(probe.fingerprint);
        }
        fingerprints.dedup();
        assert_eq!(fingerprints.len(), 1);
    });
}

#[test]
fn the_wrong_user_secret_or_server_is_told_plainly() {
    run(async {
        let world = World::small();
        let cases = [
            ("nobody", key(), "there is no user \"nobody\"; the server has: anna, ben"),
            ("anna", token("ben"), "belongs to \"ben\", not to \"anna\"; use a token of \"anna\" or an API key"),
            ("ben", token("anna"), "belongs to \"anna\", not to \"ben\""),
            ("anna", ServerCredentials::Token("hunter2".into()), "does not accept the token (401); make an API key"),
            ("anna", ServerCredentials::Password("hunter2".into()), "does not accept the password of \"anna\""),
            ("anna", ServerCredentials::Code, "Emby has no codes to sign in with; write an API key"),
        ];
        for (user, credentials, expected) in cases {
            let account = open(world.options(user, credentials), world.house.ports()).unwrap();
            let fault = account.probe().await.unwrap_err();
            assert!(matches!(&fault, Fault::Auth(text) if text.contains(expected)), "{fault:?}");
            assert!(!format!("{fault:?}").contains("hunter2"));
        }
        let old = World::with(Library::sized(7, 30), UserActivity::default(), |options| {
            options.version = "4.6.7.0".to_owned();
        });
        let fault = old.account().probe().await.unwrap_err();
        assert!(matches!(&fault, Fault::Rejected(text) if text.contains("Emby 4.7 or later")), "{fault:?}");
    });
}

#[test]
fn reading_costs_a_page_for_every_thousand_rows() {
    run(async {
        for (plays, expected) in [(800, 2), (4_000, 5)] {
            let library = Library::sized(3, plays);
            let activity = UserActivity::everything(5, &library, at("2026-11-01T00:00:00Z"));
            let world = World::with(library, activity, |_| {});
            let account = world.account();
            account.probe().await.unwrap();
            assert_eq!(account.requests_sent(), 2, "who we are");
            for _ in 0..2 {
                let before = account.requests_sent();
                let pages = read_all(&account, Feature::History, ReadScope::Everything).await.unwrap();
                assert!(is_complete(&pages), "{plays}");
                assert_eq!(pages.iter().map(|page| page.rows.len()).sum::<usize>(), plays);
                assert_eq!(account.requests_sent() - before, expected, "{plays} plays, the first time and unchanged");
            }
        }
    });
}

#[test]
fn plays_come_with_the_dates_that_lists_hide() {
    run(async {
        let library = Library::sized(3, 40);
        let mut activity = UserActivity::everything(5, &library, at("2026-11-01T00:00:00Z"));
        activity.undated.push(activity.plays.pop().unwrap().item);
        let world = World::with(library, activity, |_| {});
        let pages = read_all(&world.account(), Feature::History, ReadScope::Everything).await.unwrap();
        let dates: Vec<bool> =
            pages.iter().flat_map(|page| &page.rows).map(|row| row.fact != Fact::Play(WatchedAt::Unknown)).collect();
        assert_eq!((dates.len(), dates.iter().filter(|is_dated| !**is_dated).count()), (40, 1));
        let runtimes = pages.iter().flat_map(|page| &page.rows).filter(|row| row.runtime_s.is_some());
        assert_eq!(runtimes.count(), 40);
    });
}

#[test]
fn every_write_can_be_sent_twice_without_harm_whatever_the_server_does_to_absent_members() {
    run(async {
        for absent_members in [AbsentMembers::Reset, AbsentMembers::Kept] {
            let world = World::with(Library::sized(7, 30), UserActivity::default(), |options| {
                options.absent_members = absent_members;
            });
            let account = world.account();
            let resume = Fact::Resume { position_s: 600, duration_s: None, stopped_at: None };
            for (feature, title, fact) in [
                (Feature::History, MOVIE, play("2020-01-02T03:04:05Z")),
                (Feature::History, EPISODE, play("2020-01-02T03:04:05Z")),
                (Feature::History, LibraryItem::Movie(3), Fact::Play(WatchedAt::Unknown)),
                (Feature::Watchlist, LibraryItem::Show(0), Fact::Listed(None)),
                (Feature::Ratings, MOVIE, rated(85)),
                (Feature::Progress, LibraryItem::Movie(2), resume),
            ] {
                let add = world.add(title, fact);
                assert_eq!(send(&account, feature, &add).await, acknowledged(), "{fact:?}");
                let first = world.state(title);
                send(&account, feature, &add).await;
                assert_eq!(world.state(title), first, "{fact:?}");
                let CellNow::Present(facts) = cell(&account, feature, &add).await else {
                    panic!("{fact:?} is not there")
                };
                assert_eq!((facts.len(), facts[0].0.feature()), (1, feature));
                let remove = write(Action::Remove, &world.item(title), fact);
                assert_eq!(send(&account, feature, &remove).await, acknowledged(), "{fact:?}");
                assert_eq!(cell(&account, feature, &add).await, CellNow::Absent, "{fact:?}");
                send(&account, feature, &remove).await;
            }
        }
    });
}

#[test]
fn a_write_of_one_fact_keeps_all_others_of_the_row() {
    run(async {
        let world = World::small();
        let account = world.account();
        let row = UserData {
            position_ticks: 9_000_000_000,
            play_count: 3,
            favourite: true,
            played: false,
            last_played_at: Some(at("2019-05-06T07:08:09.123Z")),
            rating: Some(4.0),
        };
        let id = world.server.state().item_of(MOVIE).unwrap();
        world.server.state().set_user_data("anna", id, row).unwrap();
        assert_eq!(send(&account, Feature::Ratings, &world.add(MOVIE, rated(90))).await, acknowledged());
        assert_eq!(world.state(MOVIE), UserData { rating: Some(9.0), ..row });
        let resume = Fact::Resume { position_s: 60, duration_s: None, stopped_at: None };
        assert_eq!(send(&account, Feature::Progress, &world.add(MOVIE, resume)).await, acknowledged());
        assert_eq!(world.state(MOVIE), UserData { rating: Some(9.0), position_ticks: 600_000_000, ..row });
        let remove = write(Action::Remove, &world.item(MOVIE), resume);
        assert_eq!(send(&account, Feature::Progress, &remove).await, acknowledged());
        assert_eq!(world.state(MOVIE), UserData { rating: Some(9.0), position_ticks: 0, ..row });
    });
}

#[test]
fn a_dated_play_counts_once_and_an_older_one_never_replaces_a_newer_one() {
    run(async {
        let world = World::small();
        let account = world.account();
        let add = |text| world.add(MOVIE, play(text));
        assert_eq!(send(&account, Feature::History, &add("2022-01-01T00:00:00Z")).await, acknowledged());
        for older in ["2021-01-01T00:00:00Z", "2022-01-01T00:00:01Z"] {
            assert_eq!(send(&account, Feature::History, &add(older)).await, WriteOutcome::AlreadyThere, "{older}");
        }
        let state = world.state(MOVIE);
        assert_eq!((state.last_played_at, state.play_count), (Some(at("2022-01-01T00:00:00Z")), 1));
        assert_eq!(send(&account, Feature::History, &add("2023-01-01T00:00:00Z")).await, acknowledged());
        let state = world.state(MOVIE);
        assert_eq!((state.last_played_at, state.play_count), (Some(at("2023-01-01T00:00:00Z")), 2), "seen again");
    });
}

#[test]
fn writes_cost_what_the_head_of_the_adapter_says() {
    run(async {
        let world = World::small();
        let account = world.account();
        let resume = Fact::Resume { position_s: 600, duration_s: None, stopped_at: None };
        send(&account, Feature::Watchlist, &world.add(LibraryItem::Show(0), Fact::Listed(None))).await;
        for (feature, title, fact, expected) in [
            (Feature::Watchlist, MOVIE, Fact::Listed(None), 1),
            (Feature::History, MOVIE, play("2020-01-02T03:04:05Z"), 2),
            (Feature::History, LibraryItem::Movie(3), Fact::Play(WatchedAt::Unknown), 3),
            (Feature::Ratings, MOVIE, rated(85), 3),
            (Feature::Progress, LibraryItem::Movie(2), resume, 3),
        ] {
            let before = account.requests_sent();
            assert_eq!(send(&account, feature, &world.add(title, fact)).await, acknowledged());
            assert_eq!(account.requests_sent() - before, expected, "{fact:?}");
        }
    });
}

#[test]
fn a_row_that_cannot_be_read_is_never_overwritten() {
    run(async {
        let world = World::small();
        let account = world.account();
        account.probe().await.unwrap();
        let add = world.add(MOVIE, rated(85));
        assert_eq!(cell(&account, Feature::Ratings, &add).await, CellNow::Absent, "the library is listed");
        for kind in [FaultKind::HtmlOk, FaultKind::NullBody, FaultKind::TruncatedJson] {
            let row = world.server.state().item_of(MOVIE).unwrap();
            let number = world.server.state().item(row).unwrap().number;
            world.server.faults().add(FaultRule::containing(&format!("/Items/{number}"), kind.clone()));
            let outcome = account.write(Feature::Ratings, std::slice::from_ref(&add)).await;
            assert_eq!(outcome.outcomes, [WriteOutcome::InDoubt], "{kind:?}");
            assert_eq!(world.server.log().count("POST", "/emby/Users/"), 0, "{kind:?}");
            world.server.faults().clear();
        }
    });
}

#[test]
fn a_rewatch_that_was_begun_is_missing_from_history_and_has_a_resume_point() {
    run(async {
        let world = World::small();
        let account = world.account();
        let id = world.server.state().item_of(MOVIE).unwrap();
        let half = world.server.state().item(id).unwrap().runtime_ticks.unwrap() / 2;
        world.server.state().set_played("anna", id, at("2020-01-02T03:04:05Z")).unwrap();
        world.server.state().play_until("anna", id, half).unwrap();
        let rows = async |feature| {
            let pages = read_all(&account, feature, ReadScope::Everything).await.unwrap();
            pages.iter().map(|page| page.rows.len()).sum::<usize>()
        };
        assert_eq!((rows(Feature::History).await, rows(Feature::Progress).await), (0, 1));
    });
}

#[test]
fn a_playlist_is_made_by_the_first_write_and_never_again() {
    run(async {
        let world = World::small();
        let shelf = || WatchlistShelf::Playlist("Later".into());
        let account = world.listing(token("anna"), shelf());
        assert_eq!(account.capabilities().feature(Feature::Watchlist).unwrap().kinds, [Kind::Movie]);
        let pages = read_all(&account, Feature::Watchlist, ReadScope::Everything).await.unwrap();
        assert!(is_complete(&pages) && pages[0].rows.is_empty(), "there is none, and that is known");
        assert_eq!(world.server.log().writes(), []);
        for title in [MOVIE, LibraryItem::Movie(2)] {
            let add = world.add(title, Fact::Listed(None));
            assert_eq!(send(&account, Feature::Watchlist, &add).await, acknowledged());
            assert_eq!(send(&account, Feature::Watchlist, &add).await, WriteOutcome::AlreadyThere);
        }
        assert_eq!(world.server.log().count("POST", "/emby/Playlists?"), 1);
        let pages = read_all(&account, Feature::Watchlist, ReadScope::Everything).await.unwrap();
        assert_eq!((pages[0].rows.len(), is_complete(&pages)), (2, true));
        let remove = write(Action::Remove, &world.item(MOVIE), Fact::Listed(None));
        assert_eq!(send(&account, Feature::Watchlist, &remove).await, acknowledged());
        assert_eq!(cell(&account, Feature::Watchlist, &remove).await, CellNow::Absent);
        let list = world.server.state().items().find(|item| item.name == "Later").unwrap().id;
        assert_eq!(world.server.state().listed(list).len(), 1);
        world.server.state().remove_item(list).unwrap();
        let fault = read_all(&account, Feature::Watchlist, ReadScope::Everything).await.unwrap_err();
        assert!(matches!(&fault, Fault::Rejected(text) if text.contains("\"Later\" is gone")), "{fault:?}");
        let report = account.write(Feature::Watchlist, &[world.add(MOVIE, Fact::Listed(None))]).await;
        assert_eq!((report.outcomes, report.fault), (vec![WriteOutcome::NotAttempted], Some(fault)));
    });
}

#[test]
fn a_name_that_is_there_twice_is_no_answer_and_a_key_makes_no_playlist() {
    run(async {
        let world = World::small();
        let account = world.listing(key(), WatchlistShelf::Playlist("Later".into()));
        let add = world.add(MOVIE, Fact::Listed(None));
        let report = account.write(Feature::Watchlist, std::slice::from_ref(&add)).await;
        let told = report.fault.unwrap().to_string();
        assert!(told.contains("an API key of Emby cannot make a playlist"), "{told}");
        world.server.state().add_playlist("anna", "Later", &[]).unwrap();
        assert_eq!(send(&account, Feature::Watchlist, &add).await, acknowledged());
        world.server.state().add_playlist("anna", "LATER", &[]).unwrap();
        let fault = read_all(&account, Feature::Watchlist, ReadScope::Everything).await.unwrap_err();
        assert!(matches!(&fault, Fault::Rejected(text) if text.contains("2 playlists called \"Later\"")), "{fault:?}");
    });
}

#[test]
fn a_playlist_gives_up_every_row_of_a_film_and_keeps_what_is_no_film() {
    run(async {
        let world = World::small();
        let list = {
            let mut state = world.server.state();
            let (movie, show) = (state.item_of(MOVIE).unwrap(), state.item_of(LibraryItem::Show(0)).unwrap());
            state.add_playlist("anna", "Later", &[movie, show, movie]).unwrap()
        };
        let episodes = world.server.state().listed(list).len() - 2;
        let account = world.listing(token("anna"), WatchlistShelf::Playlist("Later".into()));
        let pages = read_all(&account, Feature::Watchlist, ReadScope::Everything).await.unwrap();
        assert_eq!((pages[0].rows.len(), pages[0].unusable), (1, episodes as u64), "a film once, episodes not at all");
        let remove = write(Action::Remove, &world.item(MOVIE), Fact::Listed(None));
        assert_eq!(send(&account, Feature::Watchlist, &remove).await, acknowledged());
        assert_eq!(world.server.state().listed(list).len(), episodes);
    });
}

#[test]
fn a_collection_holds_films_and_series() {
    run(async {
        let world = World::small();
        let account = world.listing(key(), WatchlistShelf::Collection("Shelf".into()));
        let titles = [MOVIE, LibraryItem::Show(0), LibraryItem::Movie(2)];
        let writes = titles.map(|title| world.add(title, Fact::Listed(None)));
        let report = account.write(Feature::Watchlist, &writes).await;
        assert_eq!((report.outcomes, report.fault), (vec![acknowledged(); 3], None));
        assert_eq!(world.server.log().writes().len(), 1, "all in one request");
        let pages = read_all(&account, Feature::Watchlist, ReadScope::Everything).await.unwrap();
        let kinds: Vec<Kind> = pages[0].rows.iter().map(|row| row.item.kind).collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == Kind::Show).count(), 1);
        assert_eq!((kinds.len(), is_complete(&pages)), (3, true));
        assert!(!world.state(MOVIE).favourite);
        let remove = write(Action::Remove, &world.item(LibraryItem::Show(0)), Fact::Listed(None));
        assert_eq!(send(&account, Feature::Watchlist, &remove).await, acknowledged());
        assert_eq!(send(&account, Feature::Watchlist, &remove).await, WriteOutcome::AlreadyThere);
    });
}

#[test]
fn the_library_is_listed_once_and_brought_up_to_date_after_a_restart() {
    run(async {
        let world = World::small();
        let lists = || world.server.log().count("GET", "/emby/Users/");
        let add = world.add(MOVIE, rated(50));
        cell(&world.account(), Feature::Ratings, &add).await;
        assert_eq!(lists(), 2, "the library and the state");
        for (minutes, expected) in [(1, 1), (11, 3), (60, 3)] {
            world.house.clock.advance(Duration::from_secs(60 * minutes));
            world.server.log().clear();
            assert_eq!(cell(&world.account(), Feature::Ratings, &add).await, CellNow::Absent);
            assert_eq!(lists(), expected, "a restart after {minutes} min");
        }
        let mut elsewhere = Library::sized(99, 10);
        elsewhere.movie_mut(LibraryItem::Movie(0)).unwrap().ids.imdb = Some("tt9999999".into());
        let movie = elsewhere.movie(LibraryItem::Movie(0)).unwrap().clone();
        world.server.state().add_movie(&movie);
        world.house.clock.advance(Duration::from_secs(3600));
        world.server.log().clear();
        let new = write(Action::Add, &item(&elsewhere, LibraryItem::Movie(0)), rated(50));
        let account = world.account();
        assert_eq!(send(&account, Feature::Ratings, &new).await, acknowledged());
        assert_eq!(world.server.log().count("GET", "/emby/Users/"), 4, "changes, their number, and the row twice");
        assert!(
            world.server.log().requests().iter().any(|request| request.path_and_query.contains("MinDateLastSaved"))
        );
    });
}

#[test]
fn a_list_that_holds_another_number_of_items_is_made_anew_and_so_is_an_old_one() {
    run(async {
        let world = World::small();
        let add = world.add(MOVIE, rated(50));
        let everything = |from: usize| {
            let requests = world.server.log().requests();
            let is_whole = |path: &str| path.contains("Limit=1000") && !path.contains("MinDateLastSaved");
            requests.iter().skip(from).filter(|request| is_whole(&request.path_and_query)).count()
        };
        cell(&world.account(), Feature::Ratings, &add).await;
        let id = world.server.state().item_of(MOVIE).unwrap();
        world.server.state().remove_item(id).unwrap();
        world.house.clock.advance(Duration::from_secs(3600));
        let from = world.server.log().len();
        let report = world.account().write(Feature::Ratings, std::slice::from_ref(&add)).await;
        assert_eq!((report.outcomes, everything(from)), (vec![rejected(Reason::NotInLibrary)], 1));
        world.house.clock.advance(Duration::from_secs(8 * 24 * 3600));
        let from = world.server.log().len();
        cell(&world.account(), Feature::Ratings, &add).await;
        assert_eq!(everything(from), 1, "once a week in any case");
    });
}

#[test]
fn a_list_of_the_library_that_lies_is_not_used() {
    run(async {
        for kind in [FaultKind::WrongTotals, FaultKind::MissingTotals, FaultKind::HtmlOk, FaultKind::NullBody] {
            let world = World::small();
            let account = world.account();
            account.probe().await.unwrap();
            world.server.faults().add(FaultRule::containing("IncludeItemTypes=Movie", kind.clone()).always());
            let report = account.write(Feature::Ratings, &[world.add(MOVIE, rated(50))]).await;
            assert_eq!(report.outcomes, [WriteOutcome::NotAttempted], "{kind:?}");
            assert!(matches!(report.fault, Some(Fault::InDoubt(_))), "{kind:?}: {:?}", report.fault);
            assert_eq!(world.house.cache.0.borrow().len(), 0, "{kind:?}");
        }
    });
}
