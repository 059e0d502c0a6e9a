//! What the tests of this crate share: a scripted server on the loopback, a vault in memory, and ports that stand still.

pub(crate) mod titles;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    rc::Rc,
    sync::Arc,
};

use crosswatch_port::{
    Budget, Cache, DailyQuota, Fault, LocalFuture, RequestKind, Vault, Verdict,
    fake::{FixedClock, SeededEntropy},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::LocalSet,
};

use crate::{http::Answer, ports::Ports};

/// A budget that never waits and remembers everything.
#[derive(Default)]
pub(crate) struct OpenBudget {
    pub(crate) taken: RefCell<Vec<RequestKind>>,
    pub(crate) verdicts: RefCell<Vec<Verdict>>,
    pub(crate) closed: Cell<bool>,
    pub(crate) quota: Cell<Option<DailyQuota>>,
}

impl Budget for OpenBudget {
    fn take(&self, kind: RequestKind) -> LocalFuture<'_, Result<(), Fault>> {
        let answer = if self.closed.get() {
            Err(Fault::Transient("the account is paused".into()))
        } else {
            self.taken.borrow_mut().push(kind);
            Ok(())
        };
        Box::pin(std::future::ready(answer))
    }

    fn report(&self, verdict: Verdict) {
        self.verdicts.borrow_mut().push(verdict);
    }

    fn learn(&self, quota: DailyQuota) {
        self.quota.set(Some(quota));
    }
}

/// Secrets in memory, with a log of the saves.
#[derive(Default)]
pub(crate) struct OpenVault {
    pub(crate) secrets: RefCell<BTreeMap<String, String>>,
    pub(crate) refuses: Cell<bool>,
}

impl Vault for OpenVault {
    fn load<'a>(&'a self, name: &'a str) -> LocalFuture<'a, Result<Option<SecretString>, Fault>> {
        let found = self.secrets.borrow().get(name).map(|secret| SecretString::from(secret.clone()));
        Box::pin(std::future::ready(Ok(found)))
    }

    fn save<'a>(&'a self, name: &'a str, secret: SecretString) -> LocalFuture<'a, Result<(), Fault>> {
        if self.refuses.get() {
            return Box::pin(std::future::ready(Err(Fault::Transient("the disk is full".into()))));
        }
        self.secrets.borrow_mut().insert(name.to_owned(), secret.expose_secret().to_owned());
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Notes in memory.
#[derive(Default)]
pub(crate) struct OpenCache(pub(crate) RefCell<BTreeMap<String, Vec<u8>>>);

impl Cache for OpenCache {
    fn recall<'a>(&'a self, name: &'a str) -> LocalFuture<'a, Result<Option<Vec<u8>>, Fault>> {
        Box::pin(std::future::ready(Ok(self.0.borrow().get(name).cloned())))
    }

    fn keep<'a>(&'a self, name: &'a str, bytes: Vec<u8>) -> LocalFuture<'a, Result<(), Fault>> {
        self.0.borrow_mut().insert(name.to_owned(), bytes);
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Everything an adapter gets, with handles to look into it.
pub(crate) struct House {
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) budget: Rc<OpenBudget>,
    pub(crate) vault: Rc<OpenVault>,
    pub(crate) cache: Rc<OpenCache>,
}

impl House {
    pub(crate) fn new() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        Self {
            clock: Arc::new(FixedClock::at("2026-11-22T12:00:00Z".parse().unwrap())),
            budget: Rc::default(),
            vault: Rc::default(),
            cache: Rc::default(),
        }
    }

    pub(crate) fn ports(&self) -> Ports {
        Ports {
            clock: self.clock.clone(),
            entropy: Arc::new(SeededEntropy::new(1)),
            budget: self.budget.clone(),
            vault: self.vault.clone(),
            cache: self.cache.clone(),
        }
    }
}

/// A read that was answered with this body of JSON.
pub(crate) fn answer(body: &str) -> Answer {
    Answer {
        kind: RequestKind::Read,
        place: "GET https://host/path".into(),
        status: reqwest::StatusCode::OK,
        headers: reqwest::header::HeaderMap::new(),
        body: body.as_bytes().to_vec(),
        expects_json: true,
        patience: None,
        at: "2026-11-22T12:00:00Z".parse().unwrap(),
    }
}

/// What the scripted server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Sends this status, these headers and this body.
    Full(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Closes the connection without an answer.
    Hangup,
    /// Announces more than it sends.
    Cut(&'static str),
}

impl Reply {
    pub(crate) fn json(body: &serde_json::Value) -> Self {
        Self::status(200, &body.to_string())
    }

    pub(crate) fn status(status: u16, body: &str) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self::Full(status, headers, body.as_bytes().to_vec())
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Full(_, headers, _) = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// `GET /path?query`.
    pub(crate) line: String,
    /// All header lines in lower-case names.
    pub(crate) headers: BTreeMap<String, String>,
    /// The body.
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

type Answering = Rc<dyn Fn(&Seen) -> Reply>;

/// A server on the loopback that answers from a script.
pub(crate) struct Server {
    pub(crate) url: String,
    seen: Rc<RefCell<Vec<Seen>>>,
}

impl Server {
    /// Answers with these replies in order; the last one repeats.
    pub(crate) async fn scripted(replies: Vec<Reply>) -> Self {
        let queue = RefCell::new(VecDeque::from(replies));
        Self::answering(move |_| {
            let mut queue = queue.borrow_mut();
            if queue.len() > 1 { queue.pop_front().unwrap() } else { queue.front().unwrap().clone() }
        })
        .await
    }

    /// Answers as the function says.
    pub(crate) async fn answering(answer: impl Fn(&Seen) -> Reply + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Rc<RefCell<Vec<Seen>>> = Rc::default();
        let (log, answer): (_, Answering) = (seen.clone(), Rc::new(answer));
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::task::spawn_local(converse(stream, log.clone(), answer.clone()));
            }
        });
        Self { url, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.borrow().clone()
    }
}

async fn converse(mut stream: TcpStream, log: Rc<RefCell<Vec<Seen>>>, answer: Answering) {
    while let Some(seen) = receive(&mut stream).await {
        log.borrow_mut().push(seen.clone());
        let bytes = match answer(&seen) {
            Reply::Hangup => return,
            Reply::Cut(body) => {
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{body}");
                drop(stream.write_all(head.as_bytes()).await);
                return;
            }
            Reply::Full(status, headers, body) => {
                let mut head = format!("HTTP/1.1 {status} Status\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in headers {
                    head.extend([name, ": ", &value, "\r\n"]);
                }
                [head.as_bytes(), b"\r\n", &body].concat()
            }
        };
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

async fn receive(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head_len = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_len]).into_owned();
    let mut lines = head.lines();
    let line = lines.next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let body_len: usize = headers.get("content-length").map_or(0, |len| len.parse().unwrap());
    while bytes.len() < head_len + body_len {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8_lossy(&bytes[head_len..head_len + body_len]).into_owned();
    Some(Seen { line, headers, body })
}

/// Runs a test that needs the scripted server.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, test)
}
