//! Watching an emulated Plex.

use std::rc::Rc;

use crosswatch_emulator::{
    FaultKind, FaultRule, Library, LibraryItem, ManualClock, PlexEmulator, PlexOptions as Server, PlexUser,
    plex::PlayerState,
};
use crosswatch_model::{Kind, Namespace};
use crosswatch_port::{Clock, Fault, Provider, Telling, Tidings};
use crosswatch_scrobble::{PlaybackEvent, Step};

use crate::{
    LibraryFilter,
    plex::{PlexOptions, open},
    testing::{House, run},
};

const MOVIE: LibraryItem = LibraryItem::Movie(1);
const EPISODE: LibraryItem = LibraryItem::Episode { show: 0, season: 1, number: 2 };

struct World {
    house: House,
    server: PlexEmulator,
}

impl World {
    fn new() -> Self {
        let house = House::new();
        let mut options = Server::new(ManualClock::at(house.clock.now()), Library::sized(7, 30));
        options.users = vec![PlexUser::owner("anna"), PlexUser::friend("ben")];
        Self { house, server: PlexEmulator::start(options).unwrap() }
    }

    fn account(&self, name: &str) -> Rc<dyn Provider> {
        let options = PlexOptions {
            account: "home".into(),
            url: self.server.url(),
            plextv_url: self.server.plextv_url(),
            discover_url: self.server.discover_url(),
            metadata_url: self.server.metadata_url(),
            token: Some(PlexUser::token_of(name).into()),
            user: None,
            libraries: LibraryFilter::All,
            verify_tls: true,
            device_id: "crosswatch-home".into(),
        };
        open(options, self.house.ports()).unwrap()
    }

    fn play(&self, user: &str, player: &str, title: LibraryItem, state: PlayerState, offset_ms: u64) {
        let mut plex = self.server.state();
        let key = plex.item_of(title).unwrap();
        plex.play(user, player, key, state, offset_ms).unwrap();
    }

    fn duration_ms(&self, title: LibraryItem) -> u64 {
        let plex = self.server.state();
        plex.item(plex.item_of(title).unwrap()).unwrap().duration_ms.unwrap()
    }
}

/// The next event, whatever signs of life come before it.
async fn next_event(telling: &mut Box<dyn Telling>) -> PlaybackEvent {
    loop {
        match telling.next().await.unwrap() {
            Tidings::Event(event) => return *event,
            Tidings::Alive => {}
            Tidings::Changed => panic!("nothing was to be asked"),
        }
    }
}

#[test]
fn an_item_is_described_with_the_ids_of_its_show_and_its_library() {
    run(async {
        let world = World::new();
        let account = world.account("anna");
        let watching = account.watching().unwrap();
        let native = world.server.state().item_of(EPISODE).unwrap().to_string();
        let described = watching.describe(&native).await.unwrap().unwrap();
        let show = described.item.show.as_deref().unwrap();
        assert_eq!((described.item.season, described.item.number), (Some(1), Some(2)));
        assert!(show.ids.get(Namespace::Tvdb).is_some() && described.item.ids.get(Namespace::Tvdb).is_some());
        assert_eq!(described.library.as_deref(), Some("Shows"));
        assert_eq!(described.duration_ms, Some(world.duration_ms(EPISODE)));
        let asked = account.requests_sent();
        assert_eq!(watching.describe(&native).await.unwrap(), Some(described), "the second time it is known");
        assert_eq!(account.requests_sent(), asked);
        for nothing in ["999999", "0", "tv.plex.vod", ""] {
            assert_eq!(watching.describe(nothing).await, Ok(None), "{nothing}");
        }
    });
}

#[test]
fn what_plays_is_told_with_viewer_player_and_place() {
    run(async {
        let world = World::new();
        let account = world.account("anna");
        let watching = account.watching().unwrap();
        assert_eq!(watching.playing().await, Ok(vec![]));
        world.play("ben", "tv", MOVIE, PlayerState::Playing, 61_000);
        world.play("anna", "phone", EPISODE, PlayerState::Paused, 5_000);
        let playing = watching.playing().await.unwrap();
        let told = |event: &PlaybackEvent| {
            let name = event.viewer.name.to_string();
            (name, event.player.to_string(), event.step, event.position_ms, event.media.item.kind)
        };
        assert_eq!(
            playing.iter().map(told).collect::<Vec<_>>(),
            [
                ("ben".to_owned(), "tv".to_owned(), Step::Playing, Some(61_000), Kind::Movie),
                ("anna".to_owned(), "phone".to_owned(), Step::StillPaused, Some(5_000), Kind::Episode),
            ]
        );
        assert!(playing.iter().all(|event| !event.session.is_empty() && !event.server.is_empty()));
        assert!(playing.iter().all(|event| !event.media.item.ids.is_empty() && event.at.is_none()));
        let stranger = world.account("ben").watching().unwrap().playing().await;
        assert!(matches!(&stranger, Err(Fault::Auth(why)) if why.contains("owner")), "{stranger:?}");
    });
}

#[test]
fn the_socket_tells_whose_session_it_is_to_its_very_end() {
    run(async {
        let world = World::new();
        let account = world.account("anna");
        let mut telling = account.watching().unwrap().listen().await.unwrap().unwrap();
        let end_ms = world.duration_ms(MOVIE) * 95 / 100;
        world.play("ben", "tv", MOVIE, PlayerState::Playing, 1_000);
        let started = next_event(&mut telling).await;
        assert_eq!(
            (started.step, started.viewer.name.as_str(), started.position_ms),
            (Step::Playing, "ben", Some(1_000))
        );
        world.play("ben", "tv", MOVIE, PlayerState::Paused, 2_000);
        assert_eq!(next_event(&mut telling).await.step, Step::StillPaused);
        world.play("ben", "tv", MOVIE, PlayerState::Stopped, end_ms);
        let stopped = next_event(&mut telling).await;
        assert_eq!((stopped.step, stopped.position_ms), (Step::Stop, Some(end_ms)));
        assert_eq!(
            (&stopped.media, &stopped.viewer, &stopped.player),
            (&started.media, &started.viewer, &started.player)
        );
        assert_eq!(world.server.state().plays("ben").unwrap().len(), 1, "the server counts it as seen");
        let log = world.server.log().requests();
        assert!(log.iter().all(|request| !request.path_and_query.contains("oken")), "no token is in an address");
    });
}

#[test]
fn another_item_on_the_same_player_ends_the_one_before() {
    run(async {
        let world = World::new();
        let account = world.account("anna");
        let mut telling = account.watching().unwrap().listen().await.unwrap().unwrap();
        world.play("anna", "tv", EPISODE, PlayerState::Playing, 1_000);
        let first = next_event(&mut telling).await;
        world.play("anna", "tv", MOVIE, PlayerState::Playing, 0);
        let (ended, begun) = (next_event(&mut telling).await, next_event(&mut telling).await);
        assert_eq!((ended.step, &ended.media), (Step::Stop, &first.media));
        assert_eq!((begun.step, begun.media.item.kind), (Step::Playing, Kind::Movie));
    });
}

#[test]
fn a_socket_that_breaks_ends_with_a_fault_and_a_refused_one_is_told_as_what_it_is() {
    run(async {
        let world = World::new();
        let account = world.account("anna");
        let watching = account.watching().unwrap();
        let mut telling = watching.listen().await.unwrap().unwrap();
        world.server.state().cut_sockets();
        assert!(matches!(telling.next().await, Err(Fault::Transient(_))));
        for (fault, expected) in [
            (FaultKind::status(503), "transient"),
            (FaultKind::retry_after(9), "wait"),
            (FaultKind::DropBefore, "transient"),
            (FaultKind::HtmlOk, "transient"),
            (FaultKind::status(404), "none"),
        ] {
            world.server.faults().add(FaultRule::containing("websockets", fault.clone()));
            let told = match watching.listen().await {
                Ok(None) => "none",
                Err(Fault::Transient(_)) => "transient",
                Err(Fault::RateLimited { .. }) => "wait",
                Ok(Some(_)) | Err(_) => "other",
            };
            assert_eq!(told, expected, "{fault:?}");
        }
        world.server.state().replace_server_token("anna").unwrap();
        assert!(matches!(watching.listen().await, Ok(Some(_))), "the token is renewed once");
        world.server.state().revoke_tokens("anna").unwrap();
        assert!(matches!(watching.listen().await, Err(Fault::Auth(_))));
    });
}
