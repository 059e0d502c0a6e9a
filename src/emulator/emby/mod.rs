//! An emulated Emby server, as of 4.8 or 4.9, with a library of films, a library of shows and several users.
//!
//! It answers what a sync client needs: sign-in by password, libraries, items with user data, look-ups by external id, the
//! calls that change user data, playlists, collections and sessions. It has the traps of the real one: everything lies
//! below `/emby`, items have decimal ids, users are named in the path, dates and counts of plays come only to those who
//! ask for these fields, mark-played calls count, a write of a whole row loses what was left out, the write answers with
//! nothing, and parameters are ignored without a word.
//! Deliberately absent: webhooks, Emby Connect, and media.

mod listing;
mod lists;
mod people;
mod playback;
mod present;
mod route;
mod state;
mod writes;

use std::{collections::BTreeMap, io, sync::Arc};

use serde_json::Value;

use self::people::People;
pub use self::{
    people::{EmbyRole, EmbyUser},
    state::{EmbyState, NotOnServer},
};
pub use crate::mediabrowser::{Item, ItemKind, Listed, Location, MediaId, PlaybackReport, UserData};
use crate::{
    chance::fingerprint,
    clock::EmulatorClock,
    library::Library,
    mediabrowser::Store,
    reply::{Body, Reply},
    request::Request,
    server::{Distortion, Emulator, Service, serve},
    socket::{Line, Lines},
};

/// A running Emby server.
pub type EmbyEmulator = Emulator<EmbyState>;

/// What a write of a whole row does to members that the body does not have. Nobody outside knows for sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AbsentMembers {
    /// They are lost.
    #[default]
    Reset,
    /// They stay.
    Kept,
}

/// What an Emby server starts with.
#[derive(Debug, Clone)]
pub struct EmbyOptions {
    /// The time it lives in.
    pub clock: EmulatorClock,
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Name and, through it, identity of the server.
    pub server_name: String,
    /// The version it tells.
    pub version: String,
    /// What a write of a whole row does to members that it leaves out.
    pub absent_members: AbsentMembers,
    /// Whether it has an event socket.
    pub has_socket: bool,
    /// A key with all rights and no user.
    pub api_key: String,
    /// What is on the disks.
    pub library: Library,
    /// Who uses it.
    pub users: Vec<EmbyUser>,
}

impl EmbyOptions {
    /// A 4.8 server with this library, an administrator `anna`, a member `ben`, and the API key `emby-api-key`.
    pub fn new(clock: impl Into<EmulatorClock>, library: Library) -> Self {
        Self {
            clock: clock.into(),
            port: 0,
            server_name: "Lounge".to_owned(),
            version: "4.8.10.0".to_owned(),
            absent_members: AbsentMembers::default(),
            has_socket: true,
            api_key: "emby-api-key".to_owned(),
            library,
            users: vec![EmbyUser::administrator("anna"), EmbyUser::member("ben")],
        }
    }
}

impl EmbyEmulator {
    /// Starts the server; returns when it listens.
    pub fn start(options: EmbyOptions) -> io::Result<Self> {
        let (clock, port) = (options.clock.clone(), options.port);
        serve(EmbyState::new(options), clock, port)
    }
}

impl EmbyState {
    fn new(options: EmbyOptions) -> Self {
        let mut state = Self {
            clock: options.clock,
            version: options.version,
            absent_members: options.absent_members,
            server_id: MediaId(fingerprint(&format!("server:{}", options.server_name))),
            server_name: options.server_name,
            people: People::new(options.api_key),
            store: Store::fill(&options.library),
            playing: BTreeMap::new(),
            lines: Lines::default(),
            has_socket: options.has_socket,
        };
        for user in options.users {
            state.add_user(user);
        }
        state
    }
}

impl Service for EmbyState {
    fn answer(&mut self, request: &mut Request) -> Reply {
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
        request.query.get("StartIndex").and_then(|text| text.parse::<i64>().ok()).is_some_and(|start| start > 0)
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
