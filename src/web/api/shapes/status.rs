//! The state of the whole service, long and short.

use crosswatch_actors::{ChildState, PairSituation};
use crosswatch_port::RunRecord;
use crosswatch_settings::Pair;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{DueShape, HealthShape};

/// How the service is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServiceState {
    /// Nothing needs a person.
    Ok,
    /// Something waits for a person, failed or is down.
    Attention,
    /// Outgoing writes are stopped by a person.
    Frozen,
    /// The service is stopping.
    Stopping,
}

/// Writes that are on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct OutboxCount {
    /// Not confirmed yet.
    pub(crate) queued: u64,
    /// Sent without an answer, or waiting for something to be learned.
    pub(crate) parked: u64,
    /// Refused for good, among the last thousand messages that were settled.
    pub(crate) dead: u64,
    /// There are more than were counted.
    pub(crate) more: bool,
}

/// A pair in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PairStatus)]
pub struct PairStatusShape {
    id: String,
    source: String,
    target: String,
    enabled: bool,
    shadow: bool,
    /// It starts no runs until it is resumed.
    paused: bool,
    /// Its running run or plan.
    running: Option<String>,
    /// Its waiting run or plan.
    waiting: Option<String>,
    /// Its last run that ended and was no dry run.
    last_run: Option<HealthShape>,
    /// What that run says.
    sentence: Option<String>,
}

impl PairStatusShape {
    /// A pair as it is configured, as it is now, and its last run.
    pub(crate) fn new(pair: &Pair, now: Option<&PairSituation>, last: Option<&RunRecord>) -> Self {
        Self {
            id: pair.id.to_string(),
            source: pair.source.to_string(),
            target: pair.target.to_string(),
            enabled: pair.enabled,
            shadow: pair.shadow,
            paused: now.is_some_and(|now| now.is_paused),
            running: now.and_then(|now| now.running).map(|run| run.to_string()),
            waiting: now.and_then(|now| now.waiting).map(|run| run.to_string()),
            last_run: last.map(HealthShape::from),
            sentence: last.map(|last| last.sentence.to_string()),
        }
    }
}

/// A part of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Actor)]
pub struct ActorShape {
    #[schema(example = "account:trakt")]
    name: String,
    /// `up`, `restarting` or `given_up`.
    #[schema(example = "up")]
    state: &'static str,
    /// Restarts in the last minutes.
    restarts: usize,
}

impl ActorShape {
    /// A part of the service.
    pub(crate) fn new(name: &str, state: ChildState, restarts: usize) -> Self {
        let state = match state {
            ChildState::Up => "up",
            ChildState::Restarting => "restarting",
            ChildState::GivenUp => "given_up",
        };
        Self { name: name.to_owned(), state, restarts }
    }
}

/// The state of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Status)]
pub struct StatusShape {
    pub(crate) version: &'static str,
    pub(crate) state: ServiceState,
    /// The state in one sentence.
    pub(crate) sentence: String,
    pub(crate) pairs: Vec<PairStatusShape>,
    /// How many holds wait for a person.
    pub(crate) held: usize,
    pub(crate) outbox: OutboxCount,
    /// What runs next by schedule, the earliest first.
    pub(crate) next_runs: Vec<DueShape>,
    /// Parts of the service that are not well.
    pub(crate) unwell: Vec<ActorShape>,
    /// Media servers that should be watched and were not for some minutes.
    pub(crate) unwatched: Vec<UnwatchedShape>,
}

/// A media server that should be watched and is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Unwatched)]
pub struct UnwatchedShape {
    pub(crate) provider: String,
    /// When it last gave a sign of life.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) since: Timestamp,
    /// Why.
    pub(crate) detail: String,
}

/// The state of the service for dashboards: flat and small.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Widget)]
pub struct WidgetShape {
    pub(crate) status: ServiceState,
    /// When the last run ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) last_run: Option<Timestamp>,
    /// How many holds wait for a person.
    pub(crate) held: usize,
    /// Writes on their way.
    pub(crate) queued: u64,
    /// Failed or partial pairs and parts of the service that are down.
    pub(crate) alerts: usize,
}

/// Where the process stands, for health checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Stage)]
pub struct StageShape {
    #[schema(example = "ready")]
    pub(crate) state: &'static str,
}
