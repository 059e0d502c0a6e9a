//! The adapter against an emulated server.

use std::time::Duration;

use crosswatch_emulator::{
    FaultKind, FaultRule, GivenRating, JellyfinEmulator, JellyfinOptions as Server, JellyfinUser, Library, LibraryItem,
    ManualClock, Marked, ResumePoint, UserActivity, WatchedOnce,
};
use crosswatch_model::{Action, Fact, Feature, Item, Kind, NativeRef, Rating, Reason, WatchedAt};
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
    server: JellyfinEmulator,
    library: Library,
}

const MOVIE: LibraryItem = LibraryItem::Movie(1);

impl World {
    fn new(library: Library, activity: UserActivity) -> Self {
        let house = House::new();
        let anna = JellyfinUser::administrator("anna").with_activity(activity);
        let mut options = Server::new(ManualClock::at(house.clock.now()), library.clone());
        options.users = vec![anna, JellyfinUser::member("ben")];
        Self { house, server: JellyfinEmulator::start(options).unwrap(), library }
    }

    fn small() -> Self {
        Self::new(Library::sized(7, 30), UserActivity::default())
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
        self.filtered(LibraryFilter::All)
    }

    fn filtered(&self, libraries: LibraryFilter) -> Rc<dyn Provider> {
        let options = self.options("anna", key());
        open(ServerOptions { libraries, ..options }, self.house.ports()).unwrap()
    }

    fn item(&self, title: LibraryItem) -> Item {
        item(&self.library, title)
    }

    fn state(&self, title: LibraryItem) -> crosswatch_emulator::jellyfin::UserData {
        let state = self.server.state();
        state.user_data("anna", state.item_of(title).unwrap()).unwrap()
    }
}

fn key() -> ServerCredentials {
    ServerCredentials::Token("jellyfin-api-key".into())
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn play(text: &str) -> Fact {
    Fact::Play(WatchedAt::Exact(at(text)))
}

#[test]
fn every_way_to_sign_in_finds_the_same_account() {
    run(async {
        let world = World::small();
        let token = ServerCredentials::Token(JellyfinUser::administrator("anna").token.into());
        let password = ServerCredentials::Password("secret".into());
        let mut fingerprints = Vec::new();
        for (user, credentials) in [("Anna", key()), ("anna", token), ("anna", password)] {
            let probe = open(world.options(user, credentials), world.house.ports()).unwrap().probe().await.unwrap();
            assert_eq!((probe.user.as_str(), probe.product.as_str()), ("anna", "Jellyfin 10.11.8"));
            fingerprints.push(probe.fingerprint);
        }
        fingerprints.dedup();
        assert_eq!(fingerprints.len(), 1);
    });
}

#[test]
fn the_wrong_user_or_secret_is_told_plainly() {
    run(async {
        let world = World::small();
        let token = || ServerCredentials::Token(JellyfinUser::member("ben").token.into());
        let cases = [
            ("nobody", key(), "there is no user \"nobody\"; the server has: anna, ben"),
            ("anna", token(), "belongs to \"ben\", not to \"anna\""),
            ("anna", ServerCredentials::Token("hunter2".into()), "does not accept the token (401)"),
            ("anna", ServerCredentials::Password("hunter2".into()), "does not accept the password of \"anna\""),
        ];
        for (user, credentials, expected) in cases {
            let account = open(world.options(user, credentials), world.house.ports()).unwrap();
            let fault = account.probe().await.unwrap_err();
            assert!(matches!(&fault, Fault::Auth(text) if text.contains(expected)), "{fault:?}");
            assert!(!format!("{fault:?}").contains("hunter2"));
        }
    });
}

#[test]
fn a_password_is_used_once_and_again_only_after_a_refusal() {
    run(async {
        let world = World::small();
        let sign_ins = || world.server.log().count("POST", "/Users/AuthenticateByName");
        for expected in [1, 1] {
            let options = world.options("anna", ServerCredentials::Password("secret".into()));
            let account = open(options, world.house.ports()).unwrap();
            account.probe().await.unwrap();
            account.count(Feature::History).await.unwrap();
            assert_eq!(sign_ins(), expected, "the vault keeps the token");
        }
        let options = world.options("anna", ServerCredentials::Password("secret".into()));
        let account = open(options, world.house.ports()).unwrap();
        account.probe().await.unwrap();
        world.server.state().revoke_tokens("anna").unwrap();
        let (one, other) = futures_util::join!(account.count(Feature::History), account.count(Feature::Watchlist));
        assert_eq!((one, other, sign_ins()), (Ok(Some(0)), Ok(Some(0)), 2), "one signs in for both");
    });
}

#[test]
fn reads_are_complete_at_every_size() {
    run(async {
        for size in [0, 1, 999, 1000, 1001] {
            let library = Library::sized(3, size);
            let until = at("2026-11-01T00:00:00Z");
            let world = World::new(library.clone(), UserActivity::everything(5, &library, until));
            let account = world.account();
            let pages = read_all(&account, Feature::History, ReadScope::Everything).await.unwrap();
            assert!(is_complete(&pages), "{size}");
            let rows: Vec<_> = pages.iter().flat_map(|page| &page.rows).collect();
            assert_eq!(rows.len(), size);
            assert_eq!(account.count(Feature::History).await, Ok(Some(size as u64)));
            for row in rows {
                let NativeRef(native) = row.native.unwrap();
                let state =
                    world.server.state().user_data("anna", crosswatch_emulator::jellyfin::MediaId(native)).unwrap();
                assert_eq!(row.fact, Fact::Play(WatchedAt::Exact(state.last_played_at.unwrap())));
                let has_show_ids = row.item.show.as_deref().is_none_or(|show| !show.ids.is_empty());
                assert!(has_show_ids && !row.item.ids.is_empty(), "{row:?}");
            }
        }
    });
}

#[test]
fn reading_costs_a_page_for_every_thousand_rows() {
    run(async {
        for (plays, expected) in [(800, 2), (4_000, 5)] {
            let library = Library::sized(3, plays);
            let activity = UserActivity::everything(5, &library, at("2026-11-01T00:00:00Z"));
            let world = World::new(library, activity);
            let account = world.account();
            account.probe().await.unwrap();
            assert_eq!(account.requests_sent(), 3, "who we are, with a key");
            for _ in 0..2 {
                let before = account.requests_sent();
                read_all(&account, Feature::History, ReadScope::Everything).await.unwrap();
                assert_eq!(account.requests_sent() - before, expected, "{plays} plays, the first time and unchanged");
            }
        }
    });
}

#[test]
fn episodes_have_their_show_even_when_the_list_of_series_lies() {
    run(async {
        let library = Library::sized(3, 20);
        let until = at("2026-11-01T00:00:00Z");
        let world = World::new(library.clone(), UserActivity::everything(5, &library, until));
        let account = world.account();
        world.server.faults().add(FaultRule::containing("includeItemTypes=Series", FaultKind::EmptyList));
        let pages = read_all(&account, Feature::History, ReadScope::Everything).await.unwrap();
        let shows: Vec<_> =
            pages.iter().flat_map(|page| &page.rows).filter_map(|row| row.item.show.as_deref()).collect();
        assert_eq!(shows.len(), 16);
        assert!(shows.iter().all(|show| !show.ids.is_empty() && !show.title.is_empty()));
    });
}

#[test]
fn every_feature_is_told_as_the_server_has_it() {
    run(async {
        let episode = LibraryItem::Episode { show: 0, season: 1, number: 2 };
        let activity = UserActivity {
            plays: vec![WatchedOnce { item: MOVIE, at: at("2020-01-02T03:04:05Z") }],
            undated: vec![episode],
            ratings: vec![GivenRating { item: LibraryItem::Show(0), rating: 8, at: at("2020-01-02T03:04:05Z") }],
            favourites: vec![Marked { item: LibraryItem::Show(0), at: at("2020-01-02T03:04:05Z") }],
            resume_points: vec![ResumePoint {
                item: LibraryItem::Movie(2),
                progress_percent: 50,
                at: at("2021-01-02T03:04:05Z"),
            }],
        };
        let world = World::new(Library::sized(7, 30), activity);
        let account = world.account();
        let mut facts = Vec::new();
        for feature in Feature::ALL {
            let pages = read_all(&account, *feature, ReadScope::Everything).await.unwrap();
            assert!(is_complete(&pages), "{feature}");
            facts.extend(pages.into_iter().flat_map(|page| page.rows).map(|row| row.fact));
        }
        let minutes = u32::from(world.library.runtime_min(LibraryItem::Movie(2)).unwrap());
        let stopped_at = Some(at("2021-01-02T03:04:05Z"));
        assert_eq!(facts.len(), 5, "{facts:?}");
        for expected in [
            play("2020-01-02T03:04:05Z"),
            Fact::Play(WatchedAt::Unknown),
            Fact::Rated { value: Rating::new(80).unwrap(), rated_at: None },
            Fact::Listed(None),
            Fact::Resume { position_s: minutes * 30, duration_s: Some(minutes * 60), stopped_at },
        ] {
            assert!(facts.contains(&expected), "{expected:?} in {facts:?}");
        }
    });
}

#[test]
fn broken_pages_are_never_empty_ones() {
    run(async {
        let world = World::small();
        let account = world.account();
        account.probe().await.unwrap();
        for kind in [FaultKind::HtmlOk, FaultKind::NullBody, FaultKind::TruncatedJson, FaultKind::status(404)] {
            world.server.faults().add(FaultRule::prefix("/Items", kind.clone()));
            assert!(read_all(&account, Feature::History, ReadScope::Everything).await.is_err(), "{kind:?}");
        }
        world.server.faults().add(FaultRule::prefix("/Items", FaultKind::status(503)).times(2));
        assert!(
            read_all(&account, Feature::History, ReadScope::Everything).await.is_ok(),
            "two bad moments are not the end"
        );
        for kind in [FaultKind::WrongTotals, FaultKind::MissingTotals] {
            world.server.faults().add(FaultRule::prefix("/Items", kind.clone()).always());
            let pages = read_all(&account, Feature::History, ReadScope::Everything).await.unwrap();
            assert!(!is_complete(&pages), "{kind:?}");
            world.server.faults().clear();
        }
    });
}

#[test]
fn every_write_can_be_sent_twice_without_harm() {
    run(async {
        let world = World::small();
        let account = world.account();
        let episode = LibraryItem::Episode { show: 0, season: 1, number: 2 };
        let cases = [
            (Feature::History, MOVIE, play("2020-01-02T03:04:05Z")),
            (Feature::History, episode, play("2020-01-02T03:04:05Z")),
            (Feature::History, LibraryItem::Movie(3), Fact::Play(WatchedAt::Unknown)),
            (Feature::Watchlist, LibraryItem::Show(0), Fact::Listed(None)),
            (Feature::Ratings, MOVIE, Fact::Rated { value: Rating::new(85).unwrap(), rated_at: None }),
            (
                Feature::Progress,
                LibraryItem::Movie(2),
                Fact::Resume { position_s: 600, duration_s: None, stopped_at: None },
            ),
        ];
        for (feature, title, fact) in cases {
            let add = write(Action::Add, &world.item(title), fact);
            assert_eq!(send(&account, feature, &add).await, acknowledged(), "{fact:?}");
            let first = world.state(title);
            send(&account, feature, &add).await;
            assert_eq!(world.state(title), first, "{fact:?}");
            let CellNow::Present(facts) = cell(&account, feature, &add).await else { panic!("{fact:?} is not there") };
            assert_eq!((facts.len(), facts[0].0.feature()), (1, feature));
            let remove = write(Action::Remove, &world.item(title), fact);
            assert_eq!(send(&account, feature, &remove).await, acknowledged(), "{fact:?}");
            assert_eq!(cell(&account, feature, &add).await, CellNow::Absent, "{fact:?}");
            send(&account, feature, &remove).await;
        }
        assert_eq!(world.state(MOVIE).rating, None);
    });
}

#[test]
fn an_older_play_never_replaces_a_newer_one() {
    run(async {
        let world = World::small();
        let account = world.account();
        let add = |text| write(Action::Add, &world.item(MOVIE), play(text));
        assert_eq!(send(&account, Feature::History, &add("2022-01-01T00:00:00Z")).await, acknowledged());
        for older in ["2021-01-01T00:00:00Z", "2022-01-01T00:00:01Z"] {
            assert_eq!(send(&account, Feature::History, &add(older)).await, WriteOutcome::AlreadyThere, "{older}");
        }
        assert_eq!(send(&account, Feature::History, &add("2023-01-01T00:00:00Z")).await, acknowledged());
        let state = world.state(MOVIE);
        assert_eq!((state.last_played_at, state.play_count), (Some(at("2023-01-01T00:00:00Z")), 1));
    });
}

#[test]
fn a_lost_reply_is_in_doubt_and_reading_back_finds_it() {
    run(async {
        let world = World::small();
        let account = world.account();
        let writes = [MOVIE, LibraryItem::Movie(2)]
            .map(|title| write(Action::Add, &world.item(title), play("2020-01-02T03:04:05Z")));
        world.server.faults().add(FaultRule::prefix("/UserItems", FaultKind::DropAfter).method("POST"));
        let report = account.write(Feature::History, &writes).await;
        assert_eq!(report.outcomes, [WriteOutcome::InDoubt, WriteOutcome::NotAttempted]);
        assert!(matches!(report.fault, Some(Fault::InDoubt(_))));
        assert!(matches!(cell(&account, Feature::History, &writes[0]).await, CellNow::Present(_)));
        assert_eq!(cell(&account, Feature::History, &writes[1]).await, CellNow::Absent);
        world.server.faults().add(FaultRule::prefix("/UserItems", FaultKind::status(500)).method("POST"));
        let report = account
            .write(
                Feature::Ratings,
                &[MOVIE, LibraryItem::Movie(2)].map(|title| {
                    write(
                        Action::Add,
                        &world.item(title),
                        Fact::Rated { value: Rating::new(50).unwrap(), rated_at: None },
                    )
                }),
            )
            .await;
        assert_eq!(report.outcomes, [WriteOutcome::InDoubt, acknowledged()], "one stumble does not stop the others");
    });
}

#[test]
fn what_is_not_in_the_library_waits_until_it_appears() {
    run(async {
        let world = World::small();
        let account = world.account();
        let mut elsewhere = Library::sized(99, 10);
        elsewhere.movie_mut(LibraryItem::Movie(0)).unwrap().ids.imdb = Some("tt9999999".into());
        let movie = elsewhere.movie(LibraryItem::Movie(0)).unwrap().clone();
        let add = write(Action::Add, &item(&elsewhere, LibraryItem::Movie(0)), play("2020-01-02T03:04:05Z"));
        assert_eq!(send(&account, Feature::History, &add).await, rejected(Reason::NotInLibrary));
        world.server.state().add_movie(&movie);
        assert_eq!(send(&account, Feature::History, &add).await, rejected(Reason::NotInLibrary), "the list is young");
        world.house.clock.advance(Duration::from_secs(601));
        assert_eq!(send(&account, Feature::History, &add).await, acknowledged());
    });
}

#[test]
fn an_item_that_was_deleted_is_not_in_the_library() {
    run(async {
        let world = World::small();
        let account = world.account();
        let add = write(Action::Add, &world.item(MOVIE), play("2020-01-02T03:04:05Z"));
        assert_eq!(cell(&account, Feature::History, &add).await, CellNow::Absent);
        let id = world.server.state().item_of(MOVIE).unwrap();
        world.server.state().remove_item(id).unwrap();
        assert_eq!(send(&account, Feature::History, &add).await, rejected(Reason::NotInLibrary));
    });
}

#[test]
fn a_filter_narrows_reads_and_writes() {
    run(async {
        let library = Library::sized(7, 30);
        let until = at("2026-11-01T00:00:00Z");
        let world = World::new(library.clone(), UserActivity::everything(5, &library, until));
        for (filter, movies, episodes) in [
            (LibraryFilter::Only(vec!["movies".into()]), 6, 0),
            (LibraryFilter::Except(vec!["Movies".into()]), 0, 24),
            (LibraryFilter::Only(vec!["Movies".into(), "Shows".into()]), 6, 24),
        ] {
            let account = world.filtered(filter.clone());
            let pages = read_all(&account, Feature::History, ReadScope::Everything).await.unwrap();
            assert!(is_complete(&pages), "{filter:?}");
            let kinds: Vec<Kind> = pages.iter().flat_map(|page| &page.rows).map(|row| row.item.kind).collect();
            let count = |kind| kinds.iter().filter(|other| **other == kind).count();
            assert_eq!((count(Kind::Movie), count(Kind::Episode)), (movies, episodes), "{filter:?}");
            let add = write(Action::Remove, &world.item(MOVIE), play("2020-01-02T03:04:05Z"));
            assert_eq!(
                cell(&account, Feature::History, &add).await == CellNow::NotInLibrary,
                movies == 0,
                "{filter:?}"
            );
        }
        let unknown = world.filtered(LibraryFilter::Only(vec!["Films".into()]));
        let fault = unknown.probe().await.unwrap_err();
        assert!(matches!(&fault, Fault::Rejected(text) if text.contains("\"Films\"; the server has:")), "{fault:?}");
    });
}

#[test]
fn a_user_without_the_right_is_told_so() {
    run(async {
        let world = World::small();
        let restricted = crosswatch_emulator::jellyfin::JellyfinRole::WithoutPreferenceAccess;
        let carl = JellyfinUser::with_role("carl", restricted);
        let token = ServerCredentials::Token(carl.token.clone().into());
        let mut options = Server::new(ManualClock::at(world.house.clock.now()), world.library.clone());
        options.users = vec![carl];
        let server = JellyfinEmulator::start(options).unwrap();
        let options = ServerOptions { url: server.url(), ..world.options("carl", token) };
        let account = open(options, world.house.ports()).unwrap();
        let add = write(Action::Add, &world.item(MOVIE), play("2020-01-02T03:04:05Z"));
        let report = account.write(Feature::History, &[add]).await;
        assert_eq!(report.outcomes, [WriteOutcome::NotAttempted]);
        assert!(matches!(&report.fault, Some(Fault::Auth(text)) if text.contains("check the rights")), "{report:?}");
    });
}
