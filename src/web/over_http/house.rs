//! The small house, and asking it.

use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    path::Path,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use actix_web::{
    App,
    body::{BoxBody, MessageBody},
    dev::{Service, ServiceResponse},
    http::StatusCode,
    middleware::from_fn,
    test,
};
use crosswatch_actors::{
    AccountBlueprint, Blueprint, BuildAdapter, FeatureBlueprint, HookKey, House, Lane, Lock, Pace, PairBlueprint,
    RouteBlueprint, SecretKey,
};
use crosswatch_model::{
    Capabilities, Fact, Feature, FeatureCapability, FeatureSet, Id, Item, Kind, Namespace, PairId, PlayDetail,
    ProviderId, Scale, WatchedPrecision,
};
use crosswatch_plan::{FeaturePolicy, Limit, Removes};
use crosswatch_port::{
    CellNow, CellQuery, Cursor, Described, Fault, LocalFuture, Page, Probe, Provider, ReadScope, Row, SignIn,
    SignInCode, SignInState, Stamps, Telling, Watching, Write, WriteOutcome, WriteReport,
    fake::{FixedClock, MemoryLedger, SeededEntropy},
};
use crosswatch_scrobble::{Audience, Percent, PlaybackEvent, SessionRules, Via};
use crosswatch_settings::{Sources, load_text};
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::{
    dress::dress,
    hooks::Inbox,
    readiness::{Readiness, Stage},
    server::Parts,
    state::ApiState,
};

pub(super) const KEY: &str = "the-key";

const SETTINGS: &str = r#"
    [server]
    base_path = "/base"
    [[provider]]
    id = "home"
    kind = "jellyfin"
    url = "http://jellyfin:8096"
    user = "anna"
    token = "very-secret"
    [[provider]]
    id = "ledger"
    kind = "tracker"
    [[pair]]
    id = "home-to-ledger"
    source = "home"
    target = "ledger"
    schedule = "manual"
    [pair.watchlist]
"#;

/// Lets reads and codes pass while it has a permit.
type Gate = Rc<Semaphore>;

/// Rows that the account at home shows.
type Rows = Rc<RefCell<Vec<Row>>>;

/// How the account at home answers whoever asks for the end of its code; the account without an answer has no codes.
type CodeEnd = Rc<RefCell<Option<Result<SignInState, Fault>>>>;

/// An account that shows rows and takes nothing. It is read, and gives codes, only while the gate is open.
struct Shown(Rows, Gate, CodeEnd, Script);

/// What the account at home answers whoever asks what plays there, one after the other; then it is silent. The account
/// without a script is not watched.
type Script = Rc<RefCell<VecDeque<Result<Vec<PlaybackEvent>, Fault>>>>;

impl Watching for Shown {
    fn playing(&self) -> LocalFuture<'_, Result<Vec<PlaybackEvent>, Fault>> {
        match self.3.borrow_mut().pop_front() {
            Some(answer) => Box::pin(std::future::ready(answer)),
            None => Box::pin(std::future::pending()),
        }
    }

    fn listen(&self) -> LocalFuture<'_, Result<Option<Box<dyn Telling>>, Fault>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn describe<'a>(&'a self, _: &'a str) -> LocalFuture<'a, Result<Option<Described>, Fault>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

impl SignIn for Shown {
    fn begin(&self) -> LocalFuture<'_, Result<SignInCode, Fault>> {
        let code = SignInCode {
            verification_url: "https://home.example/activate".into(),
            user_code: "ABCD".into(),
            expires_at: "2026-07-01T20:25:30Z".parse().unwrap(),
            interval: Duration::from_secs(5),
        };
        let refused = matches!(&*self.2.borrow(), Some(Ok(SignInState::NotBegun)));
        let answer = if refused { Err(Fault::Auth("check client_id".into())) } else { Ok(code) };
        Box::pin(async move {
            let _open = self.1.acquire().await;
            answer
        })
    }

    fn poll(&self) -> LocalFuture<'_, Result<SignInState, Fault>> {
        Box::pin(std::future::ready(self.2.borrow().clone().unwrap()))
    }
}

impl Provider for Shown {
    fn capabilities(&self) -> Capabilities {
        const KINDS: &[Kind] = &[Kind::Movie, Kind::Episode];
        let feature = |feature| FeatureCapability {
            feature,
            can_write: true,
            can_remove: true,
            kinds: KINDS,
            has_change_gate: false,
            can_read_since: false,
            batch_size: 100,
            max_rows: None,
            tells_removals: false,
            rows_expire: false,
        };
        Capabilities {
            features: Feature::ALL.iter().copied().map(feature).collect(),
            scale: Scale::HUNDRED,
            watched_precision: WatchedPrecision::Second,
            plays: PlayDetail::EveryPlay,
            keeps_undated_plays: true,
            duplicates_plays: false,
            needs_ids: false,
            keeps_one_status: false,
            is_media_server: false,
            membership: None,
        }
    }

    fn probe(&self) -> LocalFuture<'_, Result<Probe, Fault>> {
        let probe = Probe { fingerprint: "f".into(), user: "anna".into(), product: "Fake 1".into() };
        Box::pin(std::future::ready(Ok(probe)))
    }

    fn stamps(&self, _: FeatureSet) -> LocalFuture<'_, Result<Option<Stamps>, Fault>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn read_page(&self, _: Feature, _: ReadScope, _: Option<Cursor>) -> LocalFuture<'_, Result<Page, Fault>> {
        let rows = self.0.borrow().clone();
        let count = rows.len() as u64;
        let page = Page { rows, received: count, total: Some(count), ends_stream: true, ..Page::default() };
        Box::pin(async move {
            let _open = self.1.acquire().await;
            Ok(page)
        })
    }

    fn count(&self, _: Feature) -> LocalFuture<'_, Result<Option<u64>, Fault>> {
        Box::pin(std::future::ready(Ok(Some(self.0.borrow().len() as u64))))
    }

    fn cells<'a>(&'a self, _: Feature, queries: &'a [CellQuery]) -> LocalFuture<'a, Result<Vec<CellNow>, Fault>> {
        Box::pin(std::future::ready(Ok(queries.iter().map(|_| CellNow::Absent).collect())))
    }

    fn write<'a>(&'a self, _: Feature, writes: &'a [Write]) -> LocalFuture<'a, WriteReport> {
        let outcomes = vec![WriteOutcome::NotAttempted; writes.len()];
        Box::pin(std::future::ready(WriteReport { outcomes, fault: None }))
    }

    fn sign_in(&self) -> Option<&dyn SignIn> {
        if self.2.borrow().is_some() { Some(self) } else { None }
    }

    fn watching(&self) -> Option<&dyn Watching> {
        Some(self)
    }

    fn requests_sent(&self) -> u64 {
        3
    }
}

/// A movie on the watchlist.
pub(super) fn listed(number: u64, title: &str) -> Row {
    let id = Id::from_number(Namespace::Tmdb, Kind::Movie, number).unwrap();
    let item = Item::titled(Kind::Movie, title, Some(1999), [id].into_iter().collect());
    Row { item, fact: Fact::Listed(None), native: None, uid: None, runtime_s: None }
}

fn account(id: &str, rows: &Rows, gate: &Gate, end: &CodeEnd, script: &Script) -> AccountBlueprint {
    let (rows, gate, end, script) = (Rc::clone(rows), Rc::clone(gate), Rc::clone(end), Rc::clone(script));
    let build: BuildAdapter =
        Rc::new(move |_| Rc::new(Shown(Rc::clone(&rows), Rc::clone(&gate), Rc::clone(&end), Rc::clone(&script))));
    let pace = Pace { reads: None, writes: None, concurrent: 4 };
    AccountBlueprint { id: ProviderId::parse(id).unwrap(), pace, build }
}

fn pair() -> PairBlueprint {
    let limit = Limit { percent: 10, at_least: 5 };
    let policy = FeaturePolicy {
        adds: true,
        removes: Removes::Off,
        remove_after_reads: 2,
        max_removes: limit,
        max_shrink: limit,
        rewatches: true,
        allow_undated: false,
        new_item_grace_s: 0,
        min_percent: 2,
        max_percent: 90,
        only_new: false,
        blocked: Vec::new(),
        mode: crosswatch_plan::Mode::OneWay,
        conflict: crosswatch_plan::ConflictPolicy::Source,
        approvals: crosswatch_plan::Approvals::NONE,
        mirror_approved: false,
        leaves_losses: false,
    };
    PairBlueprint {
        id: PairId::parse("home-to-ledger").unwrap(),
        source: ProviderId::parse("home").unwrap(),
        target: ProviderId::parse("ledger").unwrap(),
        is_enabled: true,
        is_shadow: false,
        lock: Lock::Open,
        way_back: Vec::new(),
        runs_after: Vec::new(),
        has_canary: false,
        heeds_live: true,
        scope: "".into(),
        features: vec![FeatureBlueprint { feature: Feature::Watchlist, policy, schedule: "manual".parse().unwrap() }],
    }
}

/// The small house with its doors.
pub(super) struct Small {
    pub(super) state: ApiState,
    pub(super) clock: Arc<FixedClock>,
    pub(super) at_home: Rows,
    pub(super) gate: Gate,
    pub(super) code_end: CodeEnd,
    parts: Parts,
    house: House,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) text: String,
    pub(super) json: Value,
}

impl Small {
    /// Starts it; `/readyz` says ready.
    pub(super) async fn start() -> Self {
        Self::with(SETTINGS, None).await
    }

    /// Starts it with other settings and something that keeps webhooks.
    pub(super) async fn with(settings: &str, inbox: Option<Arc<dyn Inbox>>) -> Self {
        Self::build(settings, inbox, Vec::new(), Script::default()).await
    }

    /// Starts it with a route that watches the account at home, which answers from a script.
    pub(super) async fn watched(script: Vec<Result<Vec<PlaybackEvent>, Fault>>) -> Self {
        let route = RouteBlueprint {
            id: "live".into(),
            source: ProviderId::parse("home").unwrap(),
            via: vec![Via::Watch],
            audience: Audience::default(),
            rules: SessionRules { watched_at: Percent::whole(90) },
            targets: Vec::new(),
            unlists_films: false,
        };
        Self::build(SETTINGS, None, vec![route], Rc::new(RefCell::new(script.into()))).await
    }

    async fn build(settings: &str, inbox: Option<Arc<dyn Inbox>>, routes: Vec<RouteBlueprint>, script: Script) -> Self {
        let (at_home, at_ledger) = (Rows::default(), Rows::default());
        let gate = Rc::new(Semaphore::new(1));
        let code_end = CodeEnd::default();
        let clock = Arc::new(FixedClock::at("2026-07-01T20:15:30Z".parse().unwrap()));
        let entropy = Arc::new(SeededEntropy::new(7));
        let blueprint = Blueprint {
            accounts: vec![
                account("home", &at_home, &gate, &code_end, &script),
                account("ledger", &at_ledger, &gate, &CodeEnd::default(), &Script::default()),
            ],
            pairs: vec![pair()],
            routes,
            snapshots: Vec::new(),
            channels: Vec::new(),
            ledger: Arc::new(MemoryLedger::new()),
            secret_key: SecretKey::of_text(&SecretString::from("a key")),
            clock: clock.clone(),
            entropy: entropy.clone(),
            lane: Lane::Inline,
            knowledge: Arc::new(()),
            boot: 1,
            has_scheduler: true,
            on_storage_failure: Rc::new(|failure| panic!("{failure}")),
        };
        let house = House::start(blueprint).await.unwrap();
        let sources = Sources::new("/nowhere", BTreeMap::new());
        let state = ApiState {
            directory: house.directory().clone(),
            settings: Arc::new(load_text(settings, Path::new("crosswatch.toml"), &sources).unwrap()),
            api_key: SecretString::from(KEY),
            clock: clock.clone(),
            entropy,
            hook_key: HookKey::new(SecretKey::of_text(&SecretString::from("a key"))),
            inbox,
            pair_of: |_, _| pair(),
            config_file: None,
            readiness: Arc::new(Readiness::new()),
            version: "0.1.0",
        };
        state.readiness.set(Stage::Ready);
        Self { parts: Parts::new(state.clone()), state, clock, at_home, gate, code_end, house }
    }

    /// Stops its actors.
    pub(super) async fn stop(self) {
        assert_eq!(self.house.stop(Duration::from_secs(5)).await, Vec::<smol_str::SmolStr>::new());
    }

    /// Asks with the key.
    pub(super) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.ask_as(Some(KEY), method, path, body).await
    }

    /// Gets with the key.
    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None).await
    }

    /// Sends a file.
    pub(super) async fn send_file(&self, path: &str, file: &[u8]) -> Answer {
        let request = test::TestRequest::post().uri(path).insert_header(("x-api-key", KEY));
        self.send(request.set_payload(file.to_vec())).await
    }

    /// Asks with another key, or with none.
    pub(super) async fn ask_as(&self, key: Option<&str>, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut request = test::TestRequest::with_uri(path).method(method.parse().unwrap());
        if let Some(key) = key {
            request = request.insert_header(("x-api-key", key));
        }
        if let Some(body) = body {
            request = request.set_json(body);
        }
        self.send(request).await
    }

    /// Sends a request as it is.
    pub(super) async fn send(&self, request: test::TestRequest) -> Answer {
        let app = App::new().wrap(from_fn(dress)).configure(|config| self.parts.install(config));
        let app = test::init_service(app).await;
        answer_of(app.call(request.to_request()).await.unwrap()).await
    }

    /// The API begins anew over the same house, and knows only what was stored.
    pub(super) fn begin_anew(&mut self) {
        self.parts = Parts::new(self.state.clone());
    }
}

async fn answer_of(response: ServiceResponse<BoxBody>) -> Answer {
    let status = response.status();
    let headers = response.headers().iter();
    let headers: BTreeMap<String, String> =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    let has_no_end = headers.get("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
    let size = response.response().body().size();
    let text = if has_no_end && size == actix_web::body::BodySize::Stream {
        String::new()
    } else {
        String::from_utf8(test::read_body(response).await.to_vec()).unwrap()
    };
    let json = serde_json::from_str(&text).unwrap_or_default();
    Answer { status, headers, text, json }
}

impl Answer {
    /// The status as a number with the `type` of the problem.
    pub(super) fn problem(&self) -> (u16, &str) {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.text);
        assert_eq!(self.json["status"], self.status.as_u16(), "{}", self.text);
        (self.status.as_u16(), self.json["type"].as_str().unwrap())
    }
}
