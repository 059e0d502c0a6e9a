//! The adapter against an emulated Plex.

use std::time::Duration;

use crosswatch_emulator::{
    FaultKind, FaultRule, GivenRating, Library, LibraryItem, ManualClock, Marked, PlexEmulator, PlexOptions as Server,
    PlexUser, ResumePoint, UserActivity, WatchedOnce,
    plex::{PlexAgents, PlexRole, Viewing},
};
use crosswatch_model::{Action, Fact, Item, Rating, Reason, WatchedAt};
use crosswatch_port::{Clock, SignInState, WriteOutcome};
use jiff::Timestamp;

use super::*;
use crate::{
    outcome::{acknowledged, rejected, rejected_for_good},
    testing::{
        House, run,
        titles::{cell, is_complete, item, read_all, send, write},
    },
};

struct World {
    house: House,
    server: PlexEmulator,
    library: Library,
}

const MOVIE: LibraryItem = LibraryItem::Movie(1);
const EPISODE: LibraryItem = LibraryItem::Episode { show: 0, season: 1, number: 2 };

impl World {
    fn with(library: Library, activity: UserActivity, agents: PlexAgents) -> Self {
        let house = House::new();
        let clock = ManualClock::at(house.clock.now());
        let mut options = Server::new(clock, library.clone());
        options.agents = agents;
        options.users = vec![
            PlexUser::owner("anna").with_activity(activity),
            PlexUser::friend("ben"),
            PlexUser::with_role("kim", PlexRole::Managed { pin: None }),
            PlexUser::with_role("lou", PlexRole::Managed { pin: Some("1234".to_owned()) }),
            PlexUser::with_role("zoe", PlexRole::Stranger),
        ];
        Self { house, server: PlexEmulator::start(options).unwrap(), library }
    }

    fn new(library: Library, activity: UserActivity) -> Self {
        Self::with(library, activity, PlexAgents::Modern)
    }

    fn small() -> Self {
        Self::new(Library::sized(7, 30), UserActivity::default())
    }

    fn everything(size: usize) -> Self {
        let library = Library::sized(3, size);
        let activity = UserActivity::everything(5, &library, at("2026-11-01T00:00:00Z"));
        Self::new(library, activity)
    }

    fn options(&self, token_of: Option<&str>, user: Option<&str>) -> PlexOptions {
        PlexOptions {
            account: "home".into(),
            url: self.server.url(),
            plextv_url: self.server.plextv_url(),
            discover_url: self.server.discover_url(),
            metadata_url: self.server.metadata_url(),
            token: token_of.map(|name| PlexUser::token_of(name).into()),
            user: user.map(Into::into),
            libraries: LibraryFilter::All,
            verify_tls: true,
            device_id: "crosswatch-home".into(),
        }
    }

    fn open(&self, token_of: Option<&str>, user: Option<&str>) -> Rc<dyn Provider> {
        open(self.options(token_of, user), self.house.ports()).unwrap()
    }

    fn account(&self) -> Rc<dyn Provider> {
        self.open(Some("anna"), Some("anna"))
    }

    fn item(&self, title: LibraryItem) -> Item {
        item(&self.library, title)
    }

    fn key(&self, title: LibraryItem) -> u64 {
        self.server.state().item_of(title).unwrap()
    }

    fn viewing(&self, title: LibraryItem) -> Viewing {
        let key = self.key(title);
        self.server.state().viewing("anna", key).unwrap()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn play(text: &str) -> Fact {
    Fact::Play(WatchedAt::Exact(at(text)))
}

fn resume(position_s: u32) -> Fact {
    Fact::Resume { position_s, duration_s: None, stopped_at: None }
}

fn rated(value: u8) -> Fact {
    Fact::Rated { value: Rating::new(value).unwrap(), rated_at: None }
}

#[test]
fn every_way_in_finds_the_right_person() {
    run(async {
        let world = World::small();
        for (token_of, user, expected) in [
            ("anna", None, "anna"),
            ("anna", Some("ANNA"), "anna"),
            ("anna", Some("anna@example.org"), "anna"),
            ("ben", Some("ben"), "ben"),
            ("anna", Some("kim"), "kim"),
        ] {
            let account = world.open(Some(token_of), user);
            let probe = account.probe().await.unwrap();
            let id = world.server.state().account_id(expected).unwrap();
            assert_eq!(probe.user, expected);
            assert!(probe.fingerprint.ends_with(&format!(":{id}")), "{probe:?}");
            assert!(probe.product.starts_with("Plex Media Server 1."), "{probe:?}");
            let pages = read_all(&account, Feature::History, ReadScope::Everything).await.unwrap();
            assert!(is_complete(&pages), "{expected}");
        }
    });
}

#[test]
fn the_wrong_person_or_token_is_told_with_what_to_do() {
    run(async {
        let world = World::small();
        let broken = PlexOptions { token: Some("hunter2".into()), ..world.options(None, None) };
        for (options, expected) in [
            (world.options(None, Some("anna")), "not linked yet; run `crosswatch auth home`"),
            (broken, "run `crosswatch auth home`, or write a new one into `token`"),
            (world.options(Some("anna"), Some("ben")), "belongs to \"anna\", not to \"ben\""),
            (world.options(Some("ben"), Some("anna")), "belongs to \"ben\", not to \"anna\""),
            (world.options(Some("anna"), Some("lou")), "\"lou\" is protected by a PIN"),
            (world.options(Some("zoe"), None), "\"zoe\" has no access to this server"),
        ] {
            let fault = open(options, world.house.ports()).unwrap().probe().await.unwrap_err();
            assert!(matches!(&fault, Fault::Auth(text) if text.contains(expected)), "{expected}: {fault:?}");
            assert!(!format!("{fault:?}").contains("hunter2"));
        }
    });
}

#[test]
fn becoming_a_member_of_the_home_happens_once() {
    run(async {
        let world = World::small();
        let switches = || world.server.log().count("POST", "/api/v2/home/users");
        for _ in 0..2 {
            let account = world.open(Some("anna"), Some("kim"));
            account.probe().await.unwrap();
            let add = write(Action::Add, &world.item(MOVIE), play("2020-01-02T03:04:05Z"));
            send(&account, Feature::History, &add).await;
        }
        assert_eq!(switches(), 1, "the vault keeps the token");
        let key = world.key(MOVIE);
        let count = |user: &str| world.server.state().viewing(user, key).unwrap().view_count;
        assert_eq!((count("kim"), count("anna")), (1, 0));
    });
}

#[test]
fn a_pin_is_entered_by_a_person_and_its_token_is_kept() {
    run(async {
        let world = World::small();
        let account = world.open(None, Some("ben"));
        let sign_in = account.sign_in().unwrap();
        assert_eq!(sign_in.poll().await, Ok(SignInState::NotBegun));
        let code = sign_in.begin().await.unwrap();
        assert!(code.verification_url.ends_with("/link") && code.user_code.len() == 4, "{code:?}");
        assert_eq!(sign_in.poll().await, Ok(SignInState::Waiting(Duration::from_secs(2))));
        assert!(matches!(sign_in.poll().await, Ok(SignInState::Waiting(_))), "too hasty is no failure");
        assert_eq!(world.server.state().approve_pin(&code.user_code, "ben"), Ok(true));
        assert_eq!(sign_in.poll().await, Ok(SignInState::Done));
        assert_eq!(account.probe().await.unwrap().user, "ben");
        assert_eq!(world.open(None, Some("ben")).probe().await.unwrap().user, "ben", "after a restart too");
        sign_in.begin().await.unwrap();
        world.house.clock.advance(Duration::from_secs(901));
        assert_eq!(sign_in.poll().await, Ok(SignInState::Expired));
    });
}

#[test]
fn the_server_may_take_another_token_at_any_time() {
    run(async {
        let world = World::everything(5);
        let account = world.account();
        account.probe().await.unwrap();
        world.server.state().replace_server_token("anna").unwrap();
        let pages = read_all(&account, Feature::History, ReadScope::Everything).await.unwrap();
        assert!(is_complete(&pages));
        world.server.state().replace_server_token("anna").unwrap();
        let add = write(Action::Add, &world.item(LibraryItem::Movie(0)), rated(80));
        assert_eq!(send(&account, Feature::Ratings, &add).await, acknowledged());
    });
}

#[test]
fn an_unchanged_run_costs_a_handful_whatever_the_size() {
    run(async {
        for size in [10, 3000] {
            let world = World::everything(size);
            let account = world.account();
            let all: FeatureSet = Feature::ALL.iter().copied().collect();
            let two = FeatureSet::NONE.with(Feature::History).with(Feature::Watchlist);
            account.probe().await.unwrap();
            assert_eq!(account.requests_sent(), 4, "server, user, token, libraries");
            account.stamps(all).await.unwrap();
            for (features, expected) in [(two, 4), (all, 7)] {
                let before = account.requests_sent();
                account.probe().await.unwrap();
                account.stamps(features).await.unwrap();
                assert_eq!(account.requests_sent() - before, expected, "{size}");
            }
            let later = world.account();
            later.probe().await.unwrap();
            let before = later.requests_sent();
            assert_eq!(later.stamps(all).await.unwrap(), account.stamps(all).await.unwrap());
            assert_eq!(later.requests_sent() - before, 6, "what was known outlives the process");
        }
    });
}

#[test]
fn another_server_at_the_address_is_noticed_without_asking_who_it_is_every_time() {
    run(async {
        let world = World::everything(5);
        let account = world.account();
        let before = account.probe().await.unwrap();
        assert_eq!(account.probe().await.unwrap(), before);
        world.server.state().become_another_server();
        let after = account.probe().await.unwrap();
        assert_ne!(after.fingerprint, before.fingerprint);
        assert_eq!(after.user, before.user);
    });
}

#[test]
fn a_first_read_costs_two_pages_per_thousand_plays() {
    run(async {
        let world = World::everything(3000);
        let account = world.account();
        account.probe().await.unwrap();
        let before = account.requests_sent();
        let pages = read_all(&account, Feature::History, ReadScope::Everything).await.unwrap();
        assert_eq!(pages.iter().map(|page| page.rows.len()).sum::<usize>(), 3000);
        // Three pages of the log, one of shows, one of movies, three of episodes.
        assert_eq!((account.requests_sent() - before, pages.len()), (8, 8));
    });
}

#[test]
fn a_page_may_be_shorter_than_asked_for() {
    run(async {
        let world = World::everything(300);
        world.server.state().set_page_limit(70);
        let account = world.account();
        let pages = read_all(&account, Feature::History, ReadScope::Everything).await.unwrap();
        assert!(is_complete(&pages));
        assert_eq!(pages.iter().map(|page| page.rows.len()).sum::<usize>(), 300);
    });
}

#[test]
fn older_agents_name_the_show_in_the_guid_of_the_episode() {
    run(async {
        let library = Library::sized(3, 30);
        let activity = UserActivity::everything(5, &library, at("2026-11-01T00:00:00Z"));
        let world = World::with(library, activity, PlexAgents::Legacy);
        let account = world.account();
        let pages = read_all(&account, Feature::History, ReadScope::Everything).await.unwrap();
        let rows: Vec<_> = pages.iter().flat_map(|page| &page.rows).collect();
        assert_eq!(rows.len(), 30);
        for row in rows {
            let has_ids = row.item.show.as_deref().map_or(!row.item.ids.is_empty(), |show| !show.ids.is_empty());
            assert!(has_ids, "{row:?}");
        }
        let add = write(Action::Remove, &world.item(EPISODE), play("2020-01-02T03:04:05Z"));
        assert!(matches!(cell(&account, Feature::History, &add).await, CellNow::Present(_)), "found by its numbers");
    });
}

#[test]
fn every_feature_is_told_as_the_account_has_it() {
    run(async {
        let when = at("2020-01-02T03:04:05Z");
        let activity = UserActivity {
            plays: vec![
                WatchedOnce { item: MOVIE, at: when },
                WatchedOnce { item: MOVIE, at: at("2021-01-02T03:04:05Z") },
            ],
            undated: vec![EPISODE],
            ratings: vec![GivenRating { item: LibraryItem::Show(0), rating: 8, at: when }],
            favourites: vec![Marked { item: LibraryItem::Show(0), at: when }],
            resume_points: vec![ResumePoint { item: LibraryItem::Movie(2), progress_percent: 50, at: when }],
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
        let expected = [
            play("2020-01-02T03:04:05Z"),
            play("2021-01-02T03:04:05Z"),
            Fact::Play(WatchedAt::Unknown),
            Fact::Rated { value: Rating::new(80).unwrap(), rated_at: Some(when) },
            Fact::Listed(None),
            Fact::Resume { position_s: minutes * 30, duration_s: Some(minutes * 60), stopped_at: Some(when) },
        ];
        assert_eq!(facts.len(), expected.len(), "{facts:?}");
        for expected in expected {
            assert!(facts.contains(&expected), "{expected:?} in {facts:?}");
        }
    });
}

#[test]
fn a_watched_item_is_never_marked_again() {
    run(async {
        let world = World::small();
        let account = world.account();
        let key = world.key(MOVIE);
        world.server.state().watch("anna", key, at("2020-01-02T03:04:05Z")).unwrap();
        let before = world.viewing(MOVIE);
        for text in ["2020-01-02T03:04:05Z", "2023-01-01T00:00:00Z"] {
            let add = write(Action::Add, &world.item(MOVIE), play(text));
            assert_eq!(send(&account, Feature::History, &add).await, WriteOutcome::AlreadyThere, "{text}");
        }
        assert_eq!(world.viewing(MOVIE), before);
        assert_eq!(world.server.log().writes(), []);
    });
}

#[test]
fn copies_share_their_state_so_only_one_is_marked() {
    run(async {
        let world = World::small();
        let key = world.key(MOVIE);
        world.server.state().add_copy(key).unwrap();
        let account = world.account();
        let add = write(Action::Add, &world.item(MOVIE), play("2020-01-02T03:04:05Z"));
        assert_eq!(send(&account, Feature::History, &add).await, acknowledged());
        assert_eq!((world.viewing(MOVIE).view_count, world.server.log().writes().len()), (1, 1));
        let pages = read_all(&account, Feature::History, ReadScope::Everything).await.unwrap();
        assert_eq!(pages.iter().map(|page| page.rows.len()).sum::<usize>(), 1, "one view, told once");
    });
}

#[test]
fn every_write_can_be_sent_twice_and_taken_back() {
    run(async {
        let world = World::small();
        let account = world.account();
        for (feature, title, fact) in [
            (Feature::History, MOVIE, play("2020-01-02T03:04:05Z")),
            (Feature::History, EPISODE, Fact::Play(WatchedAt::Unknown)),
            (Feature::Watchlist, LibraryItem::Show(0), Fact::Listed(None)),
            (Feature::Ratings, MOVIE, rated(85)),
            (Feature::Ratings, LibraryItem::Show(0), rated(70)),
            (Feature::Progress, LibraryItem::Movie(2), resume(600)),
        ] {
            let add = write(Action::Add, &world.item(title), fact);
            assert_eq!(send(&account, feature, &add).await, acknowledged(), "{fact:?}");
            assert_eq!(send(&account, feature, &add).await, WriteOutcome::AlreadyThere, "{fact:?}");
            let CellNow::Present(facts) = cell(&account, feature, &add).await else { panic!("{fact:?} is not there") };
            assert_eq!((facts.len(), facts[0].0.feature()), (1, feature));
            let remove = write(Action::Remove, &world.item(title), fact);
            assert_eq!(send(&account, feature, &remove).await, acknowledged(), "{fact:?}");
            assert_eq!(cell(&account, feature, &add).await, CellNow::Absent, "{fact:?}");
            assert_eq!(send(&account, feature, &remove).await, WriteOutcome::AlreadyThere, "{fact:?}");
        }
        assert_eq!(world.viewing(MOVIE), Viewing::default());
    });
}

#[test]
fn a_position_and_a_view_do_not_destroy_each_other() {
    run(async {
        let world = World::small();
        let account = world.account();
        let viewed = Viewing { view_count: 1, view_offset_ms: 600_000, ..Viewing::default() };
        let key = world.key(MOVIE);
        world.server.state().set_viewing("anna", key, viewed).unwrap();
        let remove = write(Action::Remove, &world.item(MOVIE), resume(600));
        let refused = rejected_for_good(Reason::RejectedByTarget);
        assert_eq!(send(&account, Feature::Progress, &remove).await, refused, "the view would go too");
        let remove = write(Action::Remove, &world.item(MOVIE), play("2020-01-02T03:04:05Z"));
        assert_eq!(send(&account, Feature::History, &remove).await, acknowledged());
        let left = world.viewing(MOVIE);
        assert_eq!((left.view_count, left.view_offset_ms), (0, 600_000), "the position was put back");
        let minutes = u32::from(world.library.runtime_min(LibraryItem::Movie(2)).unwrap());
        let near_end = write(Action::Add, &world.item(LibraryItem::Movie(2)), resume(minutes * 60 / 100 * 95));
        let refused = rejected_for_good(Reason::OutsideProgressLimits);
        assert_eq!(send(&account, Feature::Progress, &near_end).await, refused, "it would be a view");
        assert_eq!(world.viewing(LibraryItem::Movie(2)), Viewing::default());
    });
}

#[test]
fn an_answer_that_did_nothing_is_not_believed() {
    run(async {
        let world = World::small();
        let account = world.account();
        account.probe().await.unwrap();
        for (kind, expected) in [
            (FaultKind::HtmlOk, rejected(Reason::NotVisible)),
            (FaultKind::status(204), rejected(Reason::NotVisible)),
            (FaultKind::DropAfter, WriteOutcome::InDoubt),
            (FaultKind::status(500), WriteOutcome::InDoubt),
        ] {
            world.server.faults().add(FaultRule::prefix("/:/rate", kind.clone()));
            let add = write(Action::Add, &world.item(MOVIE), rated(50));
            assert_eq!(send(&account, Feature::Ratings, &add).await, expected, "{kind:?}");
            let clear = write(Action::Remove, &world.item(MOVIE), rated(50));
            send(&account, Feature::Ratings, &clear).await;
        }
    });
}

#[test]
fn the_list_of_a_library_is_kept_and_caught_up() {
    run(async {
        let world = World::everything(2500);
        let of_section = |key: u32| world.server.log().count("GET", &format!("/library/sections/{key}/"));
        let listings = || of_section(1) + of_section(2);
        let add = |title| write(Action::Add, &world.item(title), rated(80));
        let first = world.account();
        assert_eq!(send(&first, Feature::Ratings, &add(MOVIE)).await, acknowledged());
        assert_eq!(listings(), 4, "one page of movies, one of shows, two of episodes");
        world.server.log().clear();
        let second = world.account();
        assert_eq!(send(&second, Feature::Ratings, &add(LibraryItem::Movie(3))).await, acknowledged());
        assert_eq!(listings(), 0, "nothing changed, so the note is believed");
        let mut elsewhere = Library::sized(99, 10);
        elsewhere.movie_mut(LibraryItem::Movie(0)).unwrap().ids.imdb = Some("tt9999999".into());
        let movie = elsewhere.movie(LibraryItem::Movie(0)).unwrap().clone();
        let new = write(Action::Add, &item(&elsewhere, LibraryItem::Movie(0)), rated(80));
        assert_eq!(send(&second, Feature::Ratings, &new).await, rejected(Reason::NotInLibrary));
        world.server.state().add_movie(&movie);
        world.house.clock.advance(Duration::from_secs(61));
        assert_eq!(send(&second, Feature::Ratings, &new).await, acknowledged());
        assert_eq!(listings(), 1, "the newest page of the library that moved");
        let key = world.key(LibraryItem::Movie(4));
        world.server.state().remove_item(key).unwrap();
        world.house.clock.advance(Duration::from_secs(61));
        let gone = write(Action::Add, &world.item(LibraryItem::Movie(4)), rated(80));
        assert_eq!(send(&second, Feature::Ratings, &gone).await, rejected(Reason::NotInLibrary));
        assert_eq!(send(&second, Feature::Ratings, &gone).await, rejected(Reason::NotInLibrary));
        world.house.clock.advance(Duration::from_secs(8 * 24 * 3600));
        world.server.log().clear();
        send(&second, Feature::Ratings, &gone).await;
        assert_eq!(listings(), 4, "once a week everything is listed anew");
    });
}

#[test]
fn ids_of_the_watchlist_are_asked_for_once() {
    run(async {
        let library = Library::sized(7, 30);
        let favourites =
            (0..5).map(|place| Marked { item: LibraryItem::Movie(place), at: at("2020-01-02T03:04:05Z") }).collect();
        let world = World::new(library, UserActivity { favourites, ..UserActivity::default() });
        for expected in [6, 1] {
            let account = world.account();
            account.probe().await.unwrap();
            let before = account.requests_sent();
            let pages = read_all(&account, Feature::Watchlist, ReadScope::Everything).await.unwrap();
            assert!(is_complete(&pages));
            assert!(pages[0].rows.iter().all(|row| row.item.ids.len() == 3 && row.native.is_some()), "{pages:?}");
            assert_eq!(account.requests_sent() - before, expected);
            assert_eq!(account.count(Feature::Watchlist).await, Ok(Some(5)));
        }
    });
}

#[test]
fn a_busy_cloud_loses_nothing_that_was_learnt() {
    run(async {
        let library = Library::sized(7, 30);
        let favourites =
            (0..4).map(|place| Marked { item: LibraryItem::Movie(place), at: at("2020-01-02T03:04:05Z") }).collect();
        let world = World::new(library, UserActivity { favourites, ..UserActivity::default() });
        world.server.faults().add(FaultRule::prefix("/library/metadata/", FaultKind::retry_after(9)).after(2));
        let fault = read_all(&world.account(), Feature::Watchlist, ReadScope::Everything).await.unwrap_err();
        assert!(matches!(fault, Fault::RateLimited { after, .. } if after == Duration::from_secs(9)), "{fault:?}");
        world.server.log().clear();
        read_all(&world.account(), Feature::Watchlist, ReadScope::Everything).await.unwrap();
        assert_eq!(world.server.log().count("GET", "/library/metadata/"), 2, "the other two were kept");
    });
}

#[test]
fn a_filter_narrows_reads_and_writes() {
    run(async {
        let world = World::everything(30);
        for (filter, movies, episodes) in [
            (LibraryFilter::Only(vec!["movies".into()]), 6, 0),
            (LibraryFilter::Except(vec!["Movies".into()]), 0, 24),
            (LibraryFilter::Only(vec!["1".into(), "Shows".into()]), 6, 24),
        ] {
            let options = PlexOptions { libraries: filter.clone(), ..world.options(Some("anna"), None) };
            let account = open(options, world.house.ports()).unwrap();
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
        let filter = LibraryFilter::Only(vec!["Films".into()]);
        let options = PlexOptions { libraries: filter, ..world.options(Some("anna"), None) };
        let fault = open(options, world.house.ports()).unwrap().probe().await.unwrap_err();
        assert!(matches!(&fault, Fault::Rejected(text) if text.contains("\"Films\"; the server has:")), "{fault:?}");
    });
}

#[test]
fn a_deleted_item_keeps_its_plays_by_name() {
    run(async {
        let world = World::everything(30);
        let key = world.key(MOVIE);
        world.server.state().remove_item(key).unwrap();
        let pages = read_all(&world.account(), Feature::History, ReadScope::Everything).await.unwrap();
        assert!(is_complete(&pages));
        let rows: Vec<_> = pages.iter().flat_map(|page| &page.rows).collect();
        let bare: Vec<_> = rows.iter().filter(|row| row.item.ids.is_empty()).collect();
        assert_eq!((rows.len(), bare.len()), (30, 1));
        assert_eq!(bare[0].item.title, world.library.movie(MOVIE).unwrap().title);
    });
}

#[test]
fn marks_are_good_for_a_week() {
    run(async {
        let world = World::everything(10);
        let account = world.account();
        let history = FeatureSet::NONE.with(Feature::History);
        let mark = || async { account.stamps(history).await.unwrap().unwrap().get(Feature::History).cloned() };
        let first = mark().await;
        assert_eq!(mark().await, first);
        world.house.clock.advance(Duration::from_secs(7 * 24 * 3600));
        assert_ne!(mark().await, first);
        world.server.faults().add(FaultRule::prefix("/library/all", FaultKind::MissingTotals));
        assert!(account.stamps(history).await.is_err(), "a list without its length stands for nothing");
    });
}
