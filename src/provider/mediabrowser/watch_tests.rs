//! Watching an emulated Jellyfin and an emulated Emby.

use std::rc::Rc;

use crosswatch_emulator::{
    EmbyEmulator, EmbyOptions, EmbyUser, JellyfinEmulator, JellyfinOptions, JellyfinUser, Library, LibraryItem,
    ManualClock, jellyfin::PlaybackReport,
};
use crosswatch_model::{Kind, Namespace};
use crosswatch_port::{Clock, Fault, Provider, Telling, Tidings};
use crosswatch_scrobble::Step;

use super::{Dialect, ServerCredentials, ServerOptions, WatchlistShelf, open};
use crate::{
    LibraryFilter,
    testing::{House, run},
};

const MOVIE: LibraryItem = LibraryItem::Movie(1);
const EPISODE: LibraryItem = LibraryItem::Episode { show: 0, season: 1, number: 2 };
const MS: i64 = 10_000;

enum Server {
    Jellyfin(JellyfinEmulator),
    Emby(EmbyEmulator),
}

impl Server {
    fn both(house: &House) -> [Self; 2] {
        let (clock, library) = (ManualClock::at(house.clock.now()), Library::sized(7, 30));
        let mut jellyfin = JellyfinOptions::new(clock.clone(), library.clone());
        jellyfin.users = vec![JellyfinUser::administrator("anna"), JellyfinUser::member("ben")];
        let mut emby = EmbyOptions::new(clock, library);
        emby.users = vec![EmbyUser::administrator("anna"), EmbyUser::member("ben")];
        [Self::Jellyfin(JellyfinEmulator::start(jellyfin).unwrap()), Self::Emby(EmbyEmulator::start(emby).unwrap())]
    }

    fn account(&self, house: &House) -> Rc<dyn Provider> {
        let (dialect, url, key) = match self {
            Self::Jellyfin(server) => (Dialect::Jellyfin, server.url(), "jellyfin-api-key"),
            Self::Emby(server) => (Dialect::Emby, server.url(), "emby-api-key"),
        };
        let options = ServerOptions {
            url,
            credentials: ServerCredentials::Token(key.into()),
            user: "anna".into(),
            libraries: LibraryFilter::All,
            watchlist: WatchlistShelf::Favourites,
            verify_tls: true,
            device_id: "crosswatch-test".into(),
        };
        open(dialect, options, house.ports()).unwrap()
    }

    fn report(&self, title: LibraryItem, report: PlaybackReport) {
        match self {
            Self::Jellyfin(server) => {
                let mut state = server.state();
                let item = state.item_of(title).unwrap();
                state.report_playback("ben", item, report).unwrap();
            }
            Self::Emby(server) => {
                let mut state = server.state();
                let item = state.item_of(title).unwrap();
                state.report_playback("ben", "tv", item, report).unwrap();
            }
        }
    }

    fn native(&self, title: LibraryItem) -> String {
        match self {
            Self::Jellyfin(server) => server.state().item_of(title).unwrap().to_string(),
            Self::Emby(server) => {
                let state = server.state();
                state.item(state.item_of(title).unwrap()).unwrap().number.to_string()
            }
        }
    }

    fn has_played(&self, title: LibraryItem) -> bool {
        match self {
            Self::Jellyfin(server) => {
                let state = server.state();
                state.user_data("ben", state.item_of(title).unwrap()).unwrap().played
            }
            Self::Emby(server) => {
                let state = server.state();
                state.user_data("ben", state.item_of(title).unwrap()).unwrap().played
            }
        }
    }

    fn cut_sockets(&self) {
        match self {
            Self::Jellyfin(server) => server.state().cut_sockets(),
            Self::Emby(server) => server.state().cut_sockets(),
        }
    }
}

async fn until_changed(telling: &mut Box<dyn Telling>) {
    while telling.next().await.unwrap() != Tidings::Changed {}
}

#[test]
fn an_item_is_described_with_the_ids_of_its_series_and_its_library() {
    run(async {
        let house = House::new();
        for server in Server::both(&house) {
            let account = server.account(&house);
            let watching = account.watching().unwrap();
            let native = server.native(EPISODE);
            let described = watching.describe(&native).await.unwrap().unwrap();
            let show = described.item.show.as_deref().unwrap();
            assert_eq!((described.item.season, described.item.number), (Some(1), Some(2)));
            assert!(show.ids.get(Namespace::Tvdb).is_some() && !described.item.ids.is_empty());
            assert_eq!(described.library.as_deref(), Some("Shows"));
            assert!(described.duration_ms.is_some());
            let asked = account.requests_sent();
            assert_eq!(watching.describe(&native).await.unwrap(), Some(described), "the second time it is known");
            assert_eq!(account.requests_sent(), asked);
            for nothing in ["00000000000000000000000000000009", "999999", "x", ""] {
                assert_eq!(watching.describe(nothing).await, Ok(None), "{nothing}");
            }
        }
    });
}

#[test]
fn what_plays_is_told_until_it_ends() {
    run(async {
        let house = House::new();
        for server in Server::both(&house) {
            let account = server.account(&house);
            let watching = account.watching().unwrap();
            assert_eq!(watching.playing().await, Ok(vec![]));
            server.report(MOVIE, PlaybackReport::Started);
            server.report(MOVIE, PlaybackReport::Playing { position_ticks: 61_000 * MS });
            let playing = watching.playing().await.unwrap();
            let [event] = playing.as_slice() else { panic!("{playing:?}") };
            assert_eq!(
                (event.step, event.viewer.name.as_str(), event.position_ms),
                (Step::Playing, "ben", Some(61_000))
            );
            assert_eq!(
                (event.media.item.kind, event.media.native.as_str()),
                (Kind::Movie, server.native(MOVIE).as_str())
            );
            assert!(!event.session.is_empty() && !event.player.is_empty() && !event.media.item.ids.is_empty());
            server.report(MOVIE, PlaybackReport::Paused { position_ticks: 62_000 * MS });
            assert_eq!(watching.playing().await.unwrap()[0].step, Step::StillPaused);
            server.report(MOVIE, PlaybackReport::Stopped { position_ticks: None });
            assert_eq!(watching.playing().await, Ok(vec![]));
            assert!(server.has_played(MOVIE));
        }
    });
}

#[test]
fn the_socket_tells_that_something_changed_and_ends_with_a_fault() {
    run(async {
        let house = House::new();
        for server in Server::both(&house) {
            let account = server.account(&house);
            let mut telling = account.watching().unwrap().listen().await.unwrap().unwrap();
            // The subscription is on its way; what changes before it arrives is found by asking, which takes its time, too.
            let said = async {
                loop {
                    server.report(EPISODE, PlaybackReport::Playing { position_ticks: 5_000 * MS });
                    assert!(!account.watching().unwrap().playing().await.unwrap().is_empty());
                }
            };
            tokio::select! {
                () = until_changed(&mut telling) => {}
                () = said => {}
            }
            server.cut_sockets();
            let fault = loop {
                if let Err(fault) = telling.next().await {
                    break fault;
                }
            };
            assert!(matches!(fault, Fault::Transient(_)), "{fault:?}");
        }
    });
}

#[test]
fn an_emby_without_a_socket_is_asked_instead() {
    run(async {
        let house = House::new();
        let clock = ManualClock::at(house.clock.now());
        let mut options = EmbyOptions::new(clock, Library::sized(7, 30));
        options.has_socket = false;
        let server = Server::Emby(EmbyEmulator::start(options).unwrap());
        let account = server.account(&house);
        assert!(matches!(account.watching().unwrap().listen().await, Ok(None)));
        let Server::Emby(emby) = &server else { return };
        emby.state().replace_api_key("another");
        assert!(matches!(account.watching().unwrap().listen().await, Err(Fault::Auth(_)) | Ok(None)));
        assert!(matches!(account.watching().unwrap().playing().await, Err(Fault::Auth(_))));
    });
}
