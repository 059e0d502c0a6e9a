//! An event socket: an upgraded HTTP connection on which a server tells what happens.
//!
//! It is opened by the same kind of client as every request, so certificates, `verify_tls` and redirects are treated alike.
//! Silence is asked about: a ping after 25 s without a word, and the connection counts as dead when two of them went by. A
//! message is never larger than 1 MiB. Deliberately absent: opening it again, and what the messages mean.

use std::time::Duration;

use crosswatch_port::{Fault, Verdict};
use futures_util::{SinkExt, StreamExt};
use reqwest::{
    StatusCode, Upgraded,
    header::{CONNECTION, HeaderName, HeaderValue, UPGRADE},
};
use smol_str::{SmolStr, format_smolstr};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};

use super::{
    answer::Answer,
    call::Call,
    client::{Broken, HttpClient, builder},
};

/// How long a word from the other side may be missing before we ask for one.
const PING_EVERY: Duration = Duration::from_secs(25);
/// So many pings may stay without an answer.
const MAX_MISSED_PONGS: u32 = 2;
/// A server that does not open a socket within this time does not have one for us now.
const OPEN_TIMEOUT: Duration = Duration::from_secs(20);
/// A word of ours that cannot be sent within this time is a dead connection.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

const SOCKET_KEY: HeaderName = HeaderName::from_static("sec-websocket-key");
const SOCKET_VERSION: HeaderName = HeaderName::from_static("sec-websocket-version");
const SOCKET_ACCEPT: HeaderName = HeaderName::from_static("sec-websocket-accept");

/// What a server made of the wish for a socket.
pub(crate) enum Opened {
    /// It is open.
    Socket(Box<EventSocket>),
    /// There is none, and this is the answer instead.
    Refused(Answer),
}

/// What came over a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// A message.
    Message(String),
    /// A sign of life.
    Alive,
}

/// An open socket.
pub(crate) struct EventSocket {
    stream: WebSocketStream<Upgraded>,
    place: SmolStr,
    heard_at: Instant,
    pings: u32,
    beat: Option<Beat>,
}

/// What has to be said again and again.
struct Beat {
    every: Duration,
    due: Instant,
    text: String,
}

impl HttpClient {
    /// Asks for a socket. Counted and let through by the budget as one read.
    pub(crate) async fn open_socket(&self, call: &Call) -> Result<Opened, Fault> {
        self.begin(call.kind).await?;
        let outcome = timeout(OPEN_TIMEOUT, self.upgrade(call)).await.unwrap_or(Err(Broken::TimedOut));
        let verdict = match &outcome {
            Ok(Opened::Socket(_)) => Verdict::Answered,
            Ok(Opened::Refused(answer)) => answer.verdict(),
            Err(_) => Verdict::Failed,
        };
        self.ports().budget.report(verdict);
        outcome.map_err(|broken| broken.fault(call))
    }

    async fn upgrade(&self, call: &Call) -> Result<Opened, Broken> {
        // HTTP/2 has no upgrade, and a socket has no end that a timeout of requests could wait for.
        let client = builder(self.verifies_tls()).http1_only().build().map_err(|error| Broken::of(&error))?;
        let key = generate_key();
        let sent_key = HeaderValue::from_str(&key).map_err(|_| Broken::Interrupted("no key could be made".into()))?;
        let request = client
            .get(call.url.clone())
            .headers(call.headers.clone())
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SOCKET_VERSION, "13")
            .header(SOCKET_KEY, sent_key);
        let response = request.send().await.map_err(|error| Broken::of(&error))?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            // What stands in the refusal does not matter.
            return Ok(Opened::Refused(Answer {
                kind: call.kind,
                place: call.place(),
                status: response.status(),
                headers: response.headers().clone(),
                body: Vec::new(),
                expects_json: false,
                patience: call.patience,
                at: self.ports().clock.now(),
            }));
        }
        let accepted = response.headers().get(SOCKET_ACCEPT).and_then(|value| value.to_str().ok());
        if accepted != Some(derive_accept_key(key.as_bytes()).as_str()) {
            return Err(Broken::Interrupted("the other side does not speak WebSocket".into()));
        }
        let upgraded = response.upgrade().await.map_err(|error| Broken::of(&error))?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        let stream = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await;
        let socket = EventSocket { stream, place: call.place(), heard_at: Instant::now(), pings: 0, beat: None };
        Ok(Opened::Socket(Box::new(socket)))
    }
}

impl EventSocket {
    /// Says something.
    pub(crate) async fn say(&mut self, text: &str) -> Result<(), Fault> {
        self.send(Message::text(text)).await
    }

    /// Says this again and again from now on.
    pub(crate) fn keep_saying(&mut self, text: &str, every: Duration) {
        self.beat = Some(Beat { every, due: Instant::now() + every, text: text.to_owned() });
    }

    /// Waits for the next word. May be dropped while it waits; nothing is lost.
    pub(crate) async fn next(&mut self) -> Result<Word, Fault> {
        loop {
            let ping_due = self.heard_at + PING_EVERY * (self.pings + 1);
            let due = self.beat.as_ref().map_or(ping_due, |beat| beat.due.min(ping_due));
            match timeout_at(due, self.stream.next()).await {
                Ok(Some(Ok(message))) => {
                    (self.heard_at, self.pings) = (Instant::now(), 0);
                    match message {
                        Message::Text(text) => return Ok(Word::Message(text.as_str().to_owned())),
                        Message::Close(_) => return Err(self.broken("was closed")),
                        _ => return Ok(Word::Alive),
                    }
                }
                Ok(Some(Err(error))) => return Err(self.broken(&format!("broke: {error}"))),
                Ok(None) => return Err(self.broken("ended")),
                Err(_) => self.ask_for_life(ping_due).await?,
            }
        }
    }

    async fn ask_for_life(&mut self, ping_due: Instant) -> Result<(), Fault> {
        let now = Instant::now();
        if let Some(beat) = self.beat.as_mut().filter(|beat| beat.due <= now) {
            beat.due = now + beat.every;
            let text = beat.text.clone();
            self.say(&text).await?;
        }
        if ping_due > now {
            return Ok(());
        }
        if self.pings >= MAX_MISSED_PONGS {
            return Err(self.broken("has fallen silent"));
        }
        self.pings += 1;
        self.send(Message::Ping(Vec::new().into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Fault> {
        match timeout(SEND_TIMEOUT, self.stream.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.broken(&format!("broke: {error}"))),
            Err(_) => Err(self.broken("takes nothing any more")),
        }
    }

    fn broken(&self, what: &str) -> Fault {
        Fault::Transient(format_smolstr!("{}: the event socket {what}", self.place))
    }
}
