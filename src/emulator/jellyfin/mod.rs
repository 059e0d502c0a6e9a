//! An emulated Jellyfin server, as of 10.11 or 12.0, with a library of films, a library of shows and several users.
//!
//! It answers what a sync client needs: sign-in, libraries, items with user data, the calls that change user data,
//! playback reports and sessions. It has the traps of the real one: no lookup by provider id, parameters ignored without
//! a word, mark-played calls that count, `null` that never clears, state shared by provider id, missing episodes in
//! lists, playlists that hold what is put in twice, and no way to read what changed. Deliberately absent: marks on the
//! websocket, and media.

mod listing;
mod lists;
mod people;
mod playback;
mod present;
mod quick_connect;
mod route;
mod state;
mod writes;

use std::{collections::BTreeMap, io, sync::Arc};

use serde_json::Value;

use self::{people::People, quick_connect::QuickConnect};
pub use self::{
    people::{JellyfinRole, JellyfinUser},
    state::{JellyfinState, NotOnServer, WatchedState},
};
pub use crate::mediabrowser::{Item, ItemKind, Listed, Location, MediaId, PlaybackReport, UserData};
use crate::{
    chance::fingerprint,
    clock::EmulatorClock,
    library::Library,
    mediabrowser::{StartRule, Store},
    reply::{Body, Reply},
    request::Request,
    server::{Distortion, Emulator, Service, serve},
    socket::{Line, Lines},
};

/// Which release's rules apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JellyfinVersion {
    /// 10.8.13: too old for most clients; nothing else of it is imitated.
    TenEight,
    /// 10.11.8: starting to watch clears `Played`.
    #[default]
    TenEleven,
    /// 12.0.0: starting to watch leaves `Played` alone.
    Twelve,
}

impl JellyfinVersion {
    /// The version number that the server tells.
    pub const fn number(self) -> &'static str {
        match self {
            Self::TenEight => "10.8.13",
            Self::TenEleven => "10.11.8",
            Self::Twelve => "12.0.0",
        }
    }

    /// What starting to watch does to an item that was played.
    pub(crate) const fn start_rule(self) -> StartRule {
        match self {
            Self::TenEight | Self::TenEleven => StartRule::ForgetsPlayed,
            Self::Twelve => StartRule::KeepsPlayed,
        }
    }
}

/// A running Jellyfin server.
pub type JellyfinEmulator = Emulator<JellyfinState>;

/// What a Jellyfin server starts with.
#[derive(Debug, Clone)]
pub struct JellyfinOptions {
    /// The time it lives in.
    pub clock: EmulatorClock,
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Name and, through it, identity of the server.
    pub server_name: String,
    /// Whose rules apply.
    pub version: JellyfinVersion,
    /// Whether `X-Emby-Token`, `api_key` and the like are still accepted.
    pub accepts_legacy_authorization: bool,
    /// A key with all rights and no user.
    pub api_key: String,
    /// What is on the disks.
    pub library: Library,
    /// Who uses it.
    pub users: Vec<JellyfinUser>,
}

impl JellyfinOptions {
    /// A 10.11 server with this library, an administrator `anna`, a member `ben`, and the API key `jellyfin-api-key`.
    pub fn new(clock: impl Into<EmulatorClock>, library: Library) -> Self {
        Self {
            clock: clock.into(),
            port: 0,
            server_name: "Home".to_owned(),
            version: JellyfinVersion::TenEleven,
            accepts_legacy_authorization: false,
            api_key: "jellyfin-api-key".to_owned(),
            library,
            users: vec![JellyfinUser::administrator("anna"), JellyfinUser::member("ben")],
        }
    }
}

impl JellyfinEmulator {
    /// Starts the server; returns when it listens.
    pub fn start(options: JellyfinOptions) -> io::Result<Self> {
        let (clock, port) = (options.clock.clone(), options.port);
        serve(JellyfinState::new(options), clock, port)
    }
}

impl JellyfinState {
    fn new(options: JellyfinOptions) -> Self {
        let mut state = Self {
            clock: options.clock,
            version: options.version,
            server_id: MediaId(fingerprint(&format!("server:{}", options.server_name))),
            server_name: options.server_name,
            accepts_legacy_authorization: options.accepts_legacy_authorization,
            people: People::new(options.api_key),
            store: Store::fill(&options.library),
            playing: BTreeMap::new(),
            lines: Lines::default(),
            quick_connect: QuickConnect::default(),
        };
        for user in options.users {
            state.add_user(user);
        }
        state
    }
}

impl Service for JellyfinState {
    fn answer(&mut self, request: &mut Request) -> Reply {
        route::modernise(request);
        self.route(request).unwrap_or_else(|refusal| refusal)
    }

    fn open_socket(&mut self, request: &mut Request) -> Result<Arc<Line>, Reply> {
        self.open_line(request)
    }

    fn hear(&mut self, line: &Line, text: &str) {
        // The list comes with the first change, not with the wish for it.
        if text.contains("SessionsStart") {
            line.subscribe();
        } else if text.contains("KeepAlive") {
            line.say(r#"{"MessageType":"KeepAlive"}"#.to_owned());
        }
    }

    fn asks_later_page(request: &Request) -> bool {
        request.query.get("startIndex").and_then(|text| text.parse::<i64>().ok()).is_some_and(|start| start > 0)
    }

    fn distort(mut reply: Reply, distortion: Distortion) -> Reply {
        let Body::Json(Value::Object(body)) = &mut reply.body else { return reply };
        if !body.contains_key("Items") {
            return reply;
        }
        match distortion {
            Distortion::Empty => {
                body.insert("Items".to_owned(), Value::Array(Vec::new()));
                body.insert("TotalRecordCount".to_owned(), 0.into());
            }
            Distortion::WrongTotals => {
                let total = body.get("TotalRecordCount").and_then(Value::as_i64).unwrap_or(0);
                body.insert("TotalRecordCount".to_owned(), (total + 50).into());
            }
            Distortion::MissingTotals => {
                body.remove("TotalRecordCount");
            }
        }
        reply
    }
}
