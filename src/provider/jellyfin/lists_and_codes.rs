//! Watchlists on playlists and collections, signing in with a code, and the list of the library after a restart.

use std::time::Duration;

use crosswatch_emulator::{
    FaultKind, FaultRule, JellyfinEmulator, JellyfinOptions, JellyfinUser, Library, LibraryItem, ManualClock,
    jellyfin::JellyfinVersion,
};
use crosswatch_model::{Action, Fact, Feature, Kind};
use crosswatch_port::{CellNow, Clock, ReadScope, SignIn, SignInState, WriteOutcome};

use super::*;
use crate::{
    LibraryFilter, ServerCredentials, WatchlistShelf,
    outcome::acknowledged,
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
    fn new() -> Self {
        Self::of_version(JellyfinVersion::default())
    }

    fn of_version(version: JellyfinVersion) -> Self {
        let (house, library) = (House::new(), Library::sized(7, 30));
        let mut options = JellyfinOptions::new(ManualClock::at(house.clock.now()), library.clone());
        options.users = vec![JellyfinUser::member("anna"), JellyfinUser::administrator("ben")];
        options.version = version;
        Self { house, server: JellyfinEmulator::start(options).unwrap(), library }
    }

    fn account(&self, credentials: ServerCredentials, watchlist: WatchlistShelf) -> Rc<dyn Provider> {
        let options = ServerOptions {
            url: self.server.url(),
            credentials,
            user: "anna".into(),
            libraries: LibraryFilter::All,
            watchlist,
            verify_tls: true,
            device_id: "crosswatch-test".into(),
        };
        open(options, self.house.ports()).unwrap()
    }

    fn listed(&self, action: Action, title: LibraryItem) -> crosswatch_port::Write {
        write(action, &item(&self.library, title), Fact::Listed(None))
    }
}

fn anna() -> ServerCredentials {
    ServerCredentials::Token(JellyfinUser::member("anna").token.into())
}

fn key() -> ServerCredentials {
    ServerCredentials::Token("jellyfin-api-key".into())
}

#[test]
fn a_playlist_is_made_by_the_first_write_also_by_a_key() {
    run(async {
        for credentials in [anna(), key()] {
            let world = World::new();
            let account = world.account(credentials, WatchlistShelf::Playlist("Später".into()));
            let pages = read_all(&account, Feature::Watchlist, ReadScope::Everything).await.unwrap();
            assert!(is_complete(&pages) && pages[0].rows.is_empty(), "there is none, and that is known");
            for title in [MOVIE, LibraryItem::Movie(2)] {
                let add = world.listed(Action::Add, title);
                assert_eq!(send(&account, Feature::Watchlist, &add).await, acknowledged());
                assert_eq!(send(&account, Feature::Watchlist, &add).await, WriteOutcome::AlreadyThere);
            }
            let remove = world.listed(Action::Remove, MOVIE);
            assert_eq!(send(&account, Feature::Watchlist, &remove).await, acknowledged());
            assert_eq!(cell(&account, Feature::Watchlist, &remove).await, CellNow::Absent);
            let pages = read_all(&account, Feature::Watchlist, ReadScope::Everything).await.unwrap();
            assert_eq!((pages[0].rows.len(), is_complete(&pages)), (1, true));
        }
    });
}

#[test]
fn a_collection_needs_the_right_to_change_it() {
    run(async {
        let world = World::new();
        let shelf = || WatchlistShelf::Collection("Shelf".into());
        let add = world.listed(Action::Add, LibraryItem::Show(0));
        let report = world.account(anna(), shelf()).write(Feature::Watchlist, std::slice::from_ref(&add)).await;
        assert_eq!(report.outcomes, [WriteOutcome::NotAttempted]);
        assert!(matches!(&report.fault, Some(Fault::Auth(text)) if text.contains("check the rights")), "{report:?}");
        let account = world.account(key(), shelf());
        assert_eq!(send(&account, Feature::Watchlist, &add).await, acknowledged());
        let pages = read_all(&world.account(anna(), shelf()), Feature::Watchlist, ReadScope::Everything).await.unwrap();
        assert_eq!(pages[0].rows[0].item.kind, Kind::Show, "reading it needs none");
    });
}

#[test]
fn a_lost_answer_about_a_list_is_in_doubt_and_a_list_that_lies_is_not_read() {
    run(async {
        let world = World::new();
        let account = world.account(anna(), WatchlistShelf::Playlist("Later".into()));
        let writes = [MOVIE, LibraryItem::Movie(2)].map(|title| world.listed(Action::Add, title));
        world.server.faults().add(FaultRule::prefix("/Playlists", FaultKind::DropAfter).method("POST"));
        let report = account.write(Feature::Watchlist, &writes).await;
        assert_eq!(report.outcomes, [WriteOutcome::InDoubt, WriteOutcome::InDoubt], "they were sent together");
        for write in &writes {
            assert!(matches!(cell(&account, Feature::Watchlist, write).await, CellNow::Present(_)));
        }
        for kind in [FaultKind::WrongTotals, FaultKind::MissingTotals, FaultKind::HtmlOk] {
            world.server.faults().add(FaultRule::containing("includeItemTypes=Playlist", kind.clone()).always());
            let read = read_all(&account, Feature::Watchlist, ReadScope::Everything).await;
            assert!(matches!(&read, Err(Fault::InDoubt(_))), "{kind:?}: {read:?}");
            world.server.faults().clear();
        }
    });
}

#[test]
fn a_code_signs_in_and_the_token_outlives_a_restart() {
    run(async {
        let world = World::new();
        let account = world.account(ServerCredentials::Code, WatchlistShelf::Favourites);
        let fault = account.probe().await.unwrap_err();
        assert!(matches!(&fault, Fault::Auth(text) if text.contains("crosswatch auth")), "{fault:?}");
        let sign_in = account.sign_in().unwrap();
        assert_eq!(sign_in.poll().await, Ok(SignInState::NotBegun));
        let code = sign_in.begin().await.unwrap();
        assert!(code.verification_url.ends_with("/web/#/quickconnect"), "{code:?}");
        assert_eq!(sign_in.poll().await, Ok(SignInState::Waiting(Duration::from_secs(5))));
        assert!(world.server.state().approve_quick_connect(&code.user_code, "anna").unwrap());
        assert_eq!(sign_in.poll().await, Ok(SignInState::Done));
        assert_eq!(sign_in.poll().await, Ok(SignInState::NotBegun));
        assert_eq!(account.probe().await.unwrap().user, "anna");
        let restarted = world.account(ServerCredentials::Code, WatchlistShelf::Favourites);
        assert_eq!(restarted.probe().await.unwrap().user, "anna");
        world.server.state().revoke_tokens("anna").unwrap();
        let fault = restarted.probe().await.unwrap_err();
        assert!(
            matches!(&fault, Fault::Auth(text) if text.contains("sign in again with `crosswatch auth")),
            "{fault:?}"
        );
    });
}

#[test]
fn a_code_that_somebody_else_approves_or_nobody_is_no_sign_in() {
    run(async {
        let world = World::new();
        let account = world.account(ServerCredentials::Code, WatchlistShelf::Favourites);
        let sign_in: &dyn SignIn = account.sign_in().unwrap();
        let code = sign_in.begin().await.unwrap();
        assert!(world.server.state().approve_quick_connect(&code.user_code, "ben").unwrap());
        let fault = sign_in.poll().await.unwrap_err();
        assert!(matches!(&fault, Fault::Auth(text) if text.contains("by \"ben\", not by \"anna\"")), "{fault:?}");
        assert!(world.house.vault.secrets.borrow().is_empty());
        sign_in.begin().await.unwrap();
        world.house.clock.advance(Duration::from_secs(601));
        assert_eq!(sign_in.poll().await, Ok(SignInState::Expired));
        world.server.faults().add(FaultRule::prefix("/QuickConnect", FaultKind::status(401)));
        let fault = sign_in.begin().await.unwrap_err();
        assert!(matches!(&fault, Fault::Rejected(text) if text.contains("switched off")), "{fault:?}");
        world.server.faults().add(FaultRule::prefix("/QuickConnect/Connect", FaultKind::status(404)));
        sign_in.begin().await.unwrap();
        assert_eq!(sign_in.poll().await, Ok(SignInState::Expired));
    });
}

#[test]
fn only_who_gave_no_token_is_offered_a_code() {
    let world = World::new();
    let offers = |credentials| world.account(credentials, WatchlistShelf::Favourites).sign_in().is_some();
    assert!(!offers(anna()) && offers(ServerCredentials::Code) && offers(ServerCredentials::Password("x".into())));
}

#[test]
fn an_old_server_is_refused_in_one_sentence() {
    run(async {
        let world = World::of_version(JellyfinVersion::TenEight);
        let fault = world.account(anna(), WatchlistShelf::Favourites).probe().await.unwrap_err();
        let told = "the server says it is version \"10.8.13\"; Jellyfin 10.9 or later is needed, please update it";
        assert_eq!(fault, Fault::Rejected(told.into()));
    });
}

#[test]
fn the_library_is_listed_once_and_brought_up_to_date_after_a_restart() {
    run(async {
        let world = World::new();
        let add = world.listed(Action::Add, MOVIE);
        for (minutes, expected) in [(0, 2), (1, 1), (11, 3)] {
            world.house.clock.advance(Duration::from_secs(60 * minutes));
            world.server.log().clear();
            let account = world.account(anna(), WatchlistShelf::Favourites);
            assert_eq!(cell(&account, Feature::Watchlist, &add).await, CellNow::Absent);
            assert_eq!(world.server.log().count("GET", "/Items"), expected, "after {minutes} min");
        }
        let id = world.server.state().item_of(MOVIE).unwrap();
        let new = world.server.state().replace_file(id, crosswatch_emulator::jellyfin::WatchedState::Kept).unwrap();
        world.house.clock.advance(Duration::from_secs(3600));
        let account = world.account(anna(), WatchlistShelf::Favourites);
        assert_eq!(send(&account, Feature::Watchlist, &add).await, acknowledged());
        assert!(world.server.state().user_data("anna", new).unwrap().favourite, "the new file is found");
    });
}
