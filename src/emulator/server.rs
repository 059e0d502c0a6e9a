//! The door: a state machine behind real HTTP on a loopback port, with faults and a request log in front of it.
//!
//! Every emulator is a [`Service`]: a plain value that answers one request at a time. This file is all that knows
//! actix-web. The server runs on threads of its own, so it works from tests with any runtime or none.
//! Deliberately absent: TLS, HTTP/2 and compression.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    task::{Context, Poll},
    thread::{self, JoinHandle},
    time::Duration,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    body::{BodySize, MessageBody},
    dev::ServerHandle,
    guard,
    http::StatusCode,
    rt::{System, time},
    web,
};

use crate::{
    clock::EmulatorClock,
    faults::{FaultKind, Faults},
    reply::{Body, Reply},
    request::{Query, Request},
    request_log::{LoggedRequest, RequestLog, without_secrets},
    socket::{Line, carry},
};

/// Bodies above this are refused with 413.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// An emulated service: state that answers requests.
pub(crate) trait Service: Send + 'static {
    /// Answers a request and applies what it asks.
    fn answer(&mut self, request: &mut Request) -> Reply;

    /// Whether this request asks for a page after the first.
    fn asks_later_page(request: &Request) -> bool;

    /// Opens an event socket, where there is one at this address.
    fn open_socket(&mut self, _request: &mut Request) -> Result<Arc<Line>, Reply> {
        Err(Reply::status(404))
    }

    /// Hears what a listener says.
    fn hear(&mut self, _line: &Line, _text: &str) {}

    /// Spoils a list answer; other answers stay as they are.
    fn distort(reply: Reply, distortion: Distortion) -> Reply;
}

/// How a list answer lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Distortion {
    /// It is empty and says so consistently.
    Empty,
    /// Its totals are too high.
    WrongTotals,
    /// Its totals are missing.
    MissingTotals,
}

/// A running emulator. It stops when told or when dropped.
pub struct Emulator<S> {
    host: Arc<Host<S>>,
    address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

struct Host<S> {
    service: Mutex<S>,
    clock: EmulatorClock,
    faults: Faults,
    log: RequestLog,
}

impl<S> Emulator<S> {
    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The state, locked: requests wait while this is held, so do not hold it across a request.
    pub fn state(&self) -> MutexGuard<'_, S> {
        self.host.service.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes wrong on demand.
    pub fn faults(&self) -> &Faults {
        &self.host.faults
    }

    /// What was asked so far.
    pub fn log(&self) -> &RequestLog {
        &self.host.log
    }

    /// Closes the port and all connections, and waits until that is done.
    pub fn stop(mut self) {
        self.shut_down();
    }

    fn shut_down(&mut self) {
        // The command is sent by the call itself; the thread's end says that it was carried out.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl<S> Drop for Emulator<S> {
    fn drop(&mut self) {
        self.shut_down();
    }
}

/// Puts a service behind a loopback port; port 0 takes a free one.
pub(crate) fn serve<S: Service>(service: S, clock: EmulatorClock, port: u16) -> io::Result<Emulator<S>> {
    let host = Host { service: Mutex::new(service), clock, faults: Faults::default(), log: RequestLog::default() };
    open(host, port)
}

/// Puts a service behind a free loopback port that shares the faults and the log of another one.
pub(crate) fn serve_beside<S: Service, T>(
    service: S,
    clock: EmulatorClock,
    other: &Emulator<T>,
) -> io::Result<Emulator<S>> {
    let (faults, log) = (other.faults().clone(), other.log().clone());
    open(Host { service: Mutex::new(service), clock, faults, log }, 0)
}

fn open<S: Service>(host: Host<S>, port: u16) -> io::Result<Emulator<S>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let address = listener.local_addr()?;
    let host = Arc::new(host);
    let (sender, started) = mpsc::channel();
    let shared = Arc::clone(&host);
    let thread = thread::Builder::new().name("emulator".to_owned()).spawn(move || run(listener, shared, &sender))?;
    let handle = started.recv().map_err(|_| io::Error::other("the emulator's server thread ended early"))??;
    Ok(Emulator { host, address, handle, thread: Some(thread) })
}

fn run<S: Service>(listener: TcpListener, host: Arc<Host<S>>, started: &mpsc::Sender<io::Result<ServerHandle>>) {
    let host = web::Data::from(host);
    let app = move || {
        App::new()
            .app_data(host.clone())
            .app_data(web::PayloadConfig::new(MAX_BODY_BYTES))
            .service(web::resource("/{any:.*}").guard(guard::fn_guard(wants_socket)).to(connect::<S>))
            .default_service(web::to(receive::<S>))
    };
    System::new().block_on(async move {
        match HttpServer::new(app).workers(1).disable_signals().listen(listener) {
            Err(error) => drop(started.send(Err(error))),
            Ok(server) => {
                let running = server.run();
                drop(started.send(Ok(running.handle())));
                drop(running.await);
            }
        }
    });
}

async fn receive<S: Service>(http: HttpRequest, body: web::Bytes, host: web::Data<Host<S>>) -> HttpResponse {
    let at = host.clock.now();
    let path_and_query = without_secrets(http.path(), http.query_string());
    let mut request = Request {
        method: http.method().clone(),
        path: http.path().to_owned(),
        query: Query::parse(http.query_string()),
        headers: http.headers().clone(),
        body,
    };
    let fault = host.faults.take(request.method.as_str(), &path_and_query);
    let outcome = host.outcome(&mut request, fault.as_ref());
    let status = match &outcome {
        Outcome::Cut => None,
        Outcome::Answer(reply) | Outcome::HalfAnswer(reply) => Some(reply.status),
    };
    let answer = match &outcome {
        Outcome::Answer(Reply { body: Body::Json(body), .. }) => host.log.kept_answer(body),
        _ => None,
    };
    host.log.push(LoggedRequest { at, method: request.method.to_string(), path_and_query, status, answer });
    if let Some(FaultKind::DelayMs(delay_ms)) = fault {
        time::sleep(Duration::from_millis(delay_ms)).await;
    }
    outcome.into_response()
}

fn wants_socket(context: &guard::GuardContext<'_>) -> bool {
    let upgrade = context.head().headers().get("upgrade").and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))
}

/// A request that wants an event socket. A fault strikes it as any other.
async fn connect<S: Service>(http: HttpRequest, payload: web::Payload, host: web::Data<Host<S>>) -> HttpResponse {
    let at = host.clock.now();
    let path_and_query = without_secrets(http.path(), http.query_string());
    let mut request = Request {
        method: http.method().clone(),
        path: http.path().to_owned(),
        query: Query::parse(http.query_string()),
        headers: http.headers().clone(),
        body: web::Bytes::new(),
    };
    let response = if let Some(fault) = host.faults.take(request.method.as_str(), &path_and_query) {
        host.outcome(&mut request, Some(&fault)).into_response()
    } else {
        let opened = host.service.lock().unwrap_or_else(PoisonError::into_inner).open_socket(&mut request);
        let shared = host.clone();
        let hear = move |line: &Line, text: &str| {
            shared.service.lock().unwrap_or_else(PoisonError::into_inner).hear(line, text);
        };
        match opened.map(|line| carry(&http, payload, line, hear)) {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => error.error_response(),
            Err(refusal) => respond(refusal, |whole| whole),
        }
    };
    let status = Some(response.status().as_u16());
    host.log.push(LoggedRequest { at, method: request.method.to_string(), path_and_query, status, answer: None });
    response
}

/// What leaves through the door.
enum Outcome {
    Answer(Reply),
    HalfAnswer(Reply),
    Cut,
}

impl<S: Service> Host<S> {
    fn outcome(&self, request: &mut Request, fault: Option<&FaultKind>) -> Outcome {
        let answered = match fault {
            Some(FaultKind::FirstPageOnly) if S::asks_later_page(request) => Reply::status(500),
            None | Some(FaultKind::DelayMs(_) | FaultKind::FirstPageOnly) => self.answer(request),
            Some(FaultKind::DropBefore) => return Outcome::Cut,
            Some(FaultKind::DropAfter) => {
                self.answer(request);
                return Outcome::Cut;
            }
            Some(FaultKind::TruncatedJson) => return Outcome::HalfAnswer(self.answer(request)),
            Some(FaultKind::Status { code, headers, body }) => {
                Reply { status: *code, headers: headers.clone(), body: Body::Text(body.clone()) }
            }
            Some(FaultKind::HtmlOk) => Reply::html(200),
            Some(FaultKind::NullBody) => Reply::json(200, serde_json::Value::Null),
            Some(FaultKind::EmptyList) => S::distort(self.answer(request), Distortion::Empty),
            Some(FaultKind::WrongTotals) => S::distort(self.answer(request), Distortion::WrongTotals),
            Some(FaultKind::MissingTotals) => S::distort(self.answer(request), Distortion::MissingTotals),
        };
        Outcome::Answer(answered)
    }

    fn answer(&self, request: &mut Request) -> Reply {
        self.service.lock().unwrap_or_else(PoisonError::into_inner).answer(request)
    }
}

impl Outcome {
    fn into_response(self) -> HttpResponse {
        match self {
            Self::Answer(reply) => respond(reply, |whole| whole),
            Self::HalfAnswer(reply) => respond(reply, |mut whole| {
                whole.truncate(whole.len() / 2);
                whole
            }),
            Self::Cut => cut(),
        }
    }
}

fn respond(reply: Reply, shorten: fn(Vec<u8>) -> Vec<u8>) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (content_type, bytes) = match reply.body {
        Body::Empty => (None, Vec::new()),
        Body::Text(text) => (Some("text/plain; charset=utf-8"), text.into_bytes()),
        Body::Html(page) => (Some("text/html; charset=utf-8"), page.into_bytes()),
        Body::Json(value) => {
            let whole = serde_json::to_vec(&value).unwrap_or_default();
            (Some("application/json; charset=utf-8"), shorten(whole))
        }
    };
    let mut response = HttpResponse::build(status);
    if let Some(content_type) = content_type {
        response.content_type(content_type);
    }
    for (name, value) in reply.headers {
        response.insert_header((name, value));
    }
    response.body(bytes)
}

/// An answer whose body fails at once: the server closes the connection before a byte of it is sent.
fn cut() -> HttpResponse {
    HttpResponse::Ok().body(Severed)
}

struct Severed;

impl MessageBody for Severed {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(1)
    }

    fn poll_next(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<Result<web::Bytes, io::Error>>> {
        Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::ConnectionReset))))
    }
}
