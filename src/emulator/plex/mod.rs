//! An emulated Plex: a media server with films and shows, plex.tv with its accounts, and the cloud with its watchlists.
//!
//! Each host has an address of its own; they share one state, one set of faults and one request log. The traps of the
//! real one are in it: a mark as watched stamps today and counts every time, writes no log, and needs an empty answer to
//! be believed; the log of plays says neither guids nor years; child guids come only when asked for; a page may be shorter
//! than what was asked for; parameters that are not known are ignored; a list without members has no list; a person has
//! one token for plex.tv and another one for the server, where the owner is account 1; copies of a title share their
//! state. Deliberately absent: webhooks, media, and signing in with keys.

mod cloud;
mod discover;
mod filter;
mod history;
mod item;
mod listing;
mod people;
mod playback;
mod present;
mod route;
mod shelf;
mod state;
mod viewing;
mod writes;

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

use self::{cloud::Pins, filter::Window, people::People, shelf::Shelf};
pub use self::{
    history::Play,
    item::{PlexAgents, PlexItem, PlexKind},
    people::{PlexRole, PlexUser},
    playback::PlayerState,
    state::{NotOnPlex, PlexState},
    viewing::Viewing,
};
use crate::{
    chance::fingerprint,
    clock::EmulatorClock,
    faults::Faults,
    library::Library,
    reply::{Body, Reply},
    request::Request,
    request_log::RequestLog,
    server::{Distortion, Emulator, Service, serve, serve_beside},
    socket::{Line, Lines},
};

/// No page is longer, whatever is asked for.
const PAGE_LIMIT: usize = 5_000;

/// Which host a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlexHost {
    Server,
    PlexTv,
    Discover,
    Metadata,
}

/// What a Plex starts with.
#[derive(Debug, Clone)]
pub struct PlexOptions {
    /// The time it lives in.
    pub clock: EmulatorClock,
    /// Name and, through it, identity of the server.
    pub server_name: String,
    /// Port of the server on 127.0.0.1; 0 takes a free one. The cloud hosts take free ones always.
    pub port: u16,
    /// Which agent named the items.
    pub agents: PlexAgents,
    /// What is on the disks, and what the cloud knows.
    pub library: Library,
    /// Who has an account.
    pub users: Vec<PlexUser>,
}

impl PlexOptions {
    /// A server with this library that `anna` owns and `ben` may use.
    pub fn new(clock: impl Into<EmulatorClock>, library: Library) -> Self {
        Self {
            clock: clock.into(),
            server_name: "Home".to_owned(),
            port: 0,
            agents: PlexAgents::Modern,
            library,
            users: vec![PlexUser::owner("anna"), PlexUser::friend("ben")],
        }
    }
}

/// One host of a running Plex.
struct Door {
    host: PlexHost,
    state: Arc<Mutex<PlexState>>,
}

/// A running Plex. It stops when told or when dropped.
pub struct PlexEmulator {
    state: Arc<Mutex<PlexState>>,
    server: Emulator<Door>,
    plextv: Emulator<Door>,
    discover: Emulator<Door>,
    metadata: Emulator<Door>,
}

impl PlexEmulator {
    /// Starts all hosts; returns when they listen.
    pub fn start(options: PlexOptions) -> io::Result<Self> {
        let (clock, port) = (options.clock.clone(), options.port);
        let state = Arc::new(Mutex::new(PlexState::new(options)));
        let door = |host| Door { host, state: Arc::clone(&state) };
        let server = serve(door(PlexHost::Server), clock.clone(), port)?;
        let beside = |host| serve_beside(door(host), clock.clone(), &server);
        let (plextv, discover, metadata) =
            (beside(PlexHost::PlexTv)?, beside(PlexHost::Discover)?, beside(PlexHost::Metadata)?);
        Ok(Self { state, server, plextv, discover, metadata })
    }

    /// Where the server listens, without a slash at the end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Where plex.tv listens.
    pub fn plextv_url(&self) -> String {
        self.plextv.url()
    }

    /// Where the watchlists are.
    pub fn discover_url(&self) -> String {
        self.discover.url()
    }

    /// Where titles are found by their ids.
    pub fn metadata_url(&self) -> String {
        self.metadata.url()
    }

    /// The state, locked: requests wait while this is held, so do not hold it across a request.
    pub fn state(&self) -> MutexGuard<'_, PlexState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes wrong on demand, at every host.
    pub fn faults(&self) -> &Faults {
        self.server.faults()
    }

    /// What was asked so far, of any host.
    pub fn log(&self) -> &RequestLog {
        self.server.log()
    }

    /// Closes the ports and all connections, and waits until that is done.
    pub fn stop(self) {
        for door in [self.metadata, self.discover, self.plextv, self.server] {
            door.stop();
        }
    }
}

impl PlexState {
    fn new(options: PlexOptions) -> Self {
        let movies = options.library.movies().map(|(origin, _)| (PlexKind::Movie, origin));
        let shows = options.library.shows().map(|(origin, _)| (PlexKind::Show, origin));
        let by_cloud_id = movies.chain(shows).map(|(kind, origin)| (shelf::cloud_id(kind, origin), origin)).collect();
        let mut state = Self {
            clock: options.clock,
            machine: format!("{:040x}", fingerprint(&format!("machine:{}", options.server_name))),
            server_name: options.server_name,
            version: "1.41.9.9961-46083195d".to_owned(),
            page_limit: PAGE_LIMIT,
            people: People::default(),
            shelf: Shelf::fill(&options.library, options.agents),
            library: options.library,
            viewings: BTreeMap::new(),
            plays: Vec::new(),
            last_play: 0,
            watchlists: BTreeMap::new(),
            by_cloud_id,
            pins: Pins::default(),
            sessions: Vec::new(),
            last_session: 0,
            lines: Lines::default(),
        };
        for user in &options.users {
            state.people.add(user);
            let Some((id, account)) = state.people.of_name(&user.name).map(|person| (person.id, person.account()))
            else {
                continue;
            };
            state.live_through(id, account, &user.activity);
        }
        state
    }
}

impl Service for Door {
    fn answer(&mut self, request: &mut Request) -> Reply {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).route(self.host, request)
    }

    fn open_socket(&mut self, request: &mut Request) -> Result<Arc<Line>, Reply> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).open_line(request)
    }

    fn asks_later_page(request: &Request) -> bool {
        Window::of(request).start > 0
    }

    fn distort(mut reply: Reply, distortion: Distortion) -> Reply {
        let Body::Json(body) = &mut reply.body else { return reply };
        if let Value::Array(list) = body {
            if distortion == Distortion::Empty {
                list.clear();
            }
            return reply;
        }
        let Some(container) = body.get_mut("MediaContainer").and_then(Value::as_object_mut) else { return reply };
        if !["Metadata", "Directory", "totalSize"].iter().any(|name| container.contains_key(*name)) {
            return reply;
        }
        let claimed = ["totalSize", "size"].map(|name| (name, container.get(name).and_then(Value::as_u64)));
        let total = claimed.iter().find_map(|(name, value)| Some((*name, (*value)?)));
        match distortion {
            Distortion::Empty => {
                container.remove("Metadata");
                container.remove("Directory");
                for (name, value) in claimed {
                    if value.is_some() {
                        container.insert(name.to_owned(), 0.into());
                    }
                }
                reply.replace_header("X-Plex-Container-Total-Size", "0");
            }
            Distortion::WrongTotals => {
                if let Some((name, total)) = total {
                    container.insert(name.to_owned(), (total + 50).into());
                    reply.replace_header("X-Plex-Container-Total-Size", &(total + 50).to_string());
                }
            }
            Distortion::MissingTotals => {
                container.remove("totalSize");
                container.remove("size");
                reply.headers.retain(|(name, _)| name != "X-Plex-Container-Total-Size");
            }
        }
        reply
    }
}
