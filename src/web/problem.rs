//! Everything that can be wrong with a request, each with a stable `type`, and how it looks as `application/problem+json`.
//!
//! The `type` is a word that programs may compare; `title` is the same for all problems of a type; `detail` is about this
//! one and says what to do. `instance` is the path that was asked, added by [`crate::dress`].

mod kinds;

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use crosswatch_actors::{AskError, Refusal, SaveError};
use crosswatch_model::{Feature, HoldKind, PairId, PlanState, ProviderId, RunId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::configuring::ConfigProblem;

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiProblem {
    /// No key, or a wrong one.
    #[error("send the API key as `X-Api-Key: KEY` or as `Authorization: Bearer KEY`")]
    Unauthorized,
    /// A change that a browser asks for without the token of its session.
    #[error("send the csrf_token of GET /api/v1/session as `X-CSRF-Token`, or the API key instead of the session")]
    CsrfMissing,
    /// A key for something else.
    #[error("this is the token of webhooks, which opens /hooks and nothing else; send the API key")]
    WrongScope,
    /// No webhook token, or a wrong one.
    #[error("the token is missing or wrong; GET /api/v1/providers/ID?reveal=1 shows it")]
    WrongToken,
    /// Tokens are shown too often.
    #[error("too many requests with this token; try again in {retry_after_s} s")]
    TooFast {
        /// When to try again.
        retry_after_s: u32,
    },
    /// What a media server sent holds no JSON.
    #[error("{0}")]
    Unparsable(String),
    /// What a media server sent could not be kept.
    #[error("what was sent could not be kept, so send it again later: the inbox is {0}")]
    InboxClosed(String),
    /// The account is no media server.
    #[error("{0} is no media server, and only those call; name the account of one")]
    NoWebhook(ProviderId),
    /// Nothing lives at this path.
    #[error("there is nothing at this path; /api/openapi.json lists what there is")]
    NotFound,
    /// No such account.
    #[error("there is no provider with the id {0:?}; GET /api/v1/providers lists them")]
    UnknownProvider(String),
    /// No such pair.
    #[error("there is no pair with the id {0:?}; GET /api/v1/pairs lists them")]
    UnknownPair(String),
    /// No such run.
    #[error("there is no run with the id {0:?}; GET /api/v1/runs lists them")]
    UnknownRun(String),
    /// No message with this id.
    #[error("there is no message {0}; GET /api/v1/outbox lists them")]
    UnknownMessage(String),
    /// The message cannot be changed.
    #[error("{0}")]
    MessageSettled(String),
    /// No such plan.
    #[error("there is no plan with the id {0:?}; GET /api/v1/plans lists them")]
    UnknownPlan(String),
    /// Nothing of this id waits.
    #[error("nothing with the id {0:?} waits for a person; GET /api/v1/held lists what does")]
    UnknownHold(String),
    /// No such snapshot.
    #[error("there is no snapshot with the id {0:?}; GET /api/v1/snapshots lists them")]
    UnknownSnapshot(String),
    /// A snapshot was asked for and not taken.
    #[error("{0}")]
    SnapshotFailed(String),
    /// The snapshot is kept for good.
    #[error("snapshot {0} is pinned; unpin it first: POST /api/v1/snapshots/ID/pin with {{\"pinned\": false}}")]
    SnapshotPinned(RunId),
    /// The snapshot holds no such thing.
    #[error("{0}")]
    NotInSnapshot(String),
    /// The account keeps no such thing.
    #[error("{0} keeps no {1}; leave it out")]
    FeatureUnsupported(ProviderId, Feature),
    /// The plan has no such operation.
    #[error("the plan has no operation {0:?} that could be done; GET /api/v1/plans/ID/items lists them")]
    UnknownOperation(String),
    /// Nobody knows the item.
    #[error("neither side of the pair knows {0}; is the id right, and is its kind (tmdb_movie, tvdb_show …)?")]
    UnknownItem(String),
    /// Nothing of this rule and subject is advised.
    #[error("nothing is advised by the rule {rule:?} about {subject:?}; GET /api/v1/advice lists what is")]
    UnknownAdvice {
        /// The rule.
        rule: String,
        /// What it is about.
        subject: String,
    },
    /// No such feature.
    #[error("{0:?} is not a feature; use one of: {all}", all = features())]
    UnknownFeature(String),
    /// The path takes other methods.
    #[error("this path takes {allowed}")]
    MethodNotAllowed {
        /// The methods it takes.
        allowed: &'static str,
    },
    /// The body is not what is expected.
    #[error("{0}")]
    BadBody(String),
    /// The body is not declared as JSON.
    #[error("send the body as JSON with `Content-Type: application/json`")]
    NotJson,
    /// The query is not what is expected.
    #[error("{0}")]
    BadQuery(String),
    /// The body is too large.
    #[error("the body is larger than {limit_bytes} bytes; send it in parts")]
    TooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// Well-formed, but not possible.
    #[error("{0}")]
    InvalidItem(String),
    /// The pair does not keep this feature in step.
    #[error("the pair does not have {0} switched on; leave it out, or switch it on in the configuration")]
    FeatureOff(Feature),
    /// The file is none that can be imported.
    #[error("{0}")]
    UnreadableFile(String),
    /// No such import.
    #[error("there is no import with the id {0:?}; GET /api/v1/tracker/imports lists them")]
    UnknownImport(String),
    /// The import was taken back before.
    #[error("the import {0} was taken back already")]
    ImportUndone(RunId),
    /// There is no built-in tracker, or there are several.
    #[error("{0}")]
    WhichTracker(String),
    /// The account cannot be signed in to with a code.
    #[error("{0}")]
    NoSignIn(String),
    /// The account gave no code to sign in with.
    #[error("{0}")]
    NoCode(String),
    /// The pair is running.
    #[error("the pair is running already; wait for run {0}, or ask with `\"queue\": true`")]
    AlreadyRunning(RunId),
    /// What was to be applied is not true any more.
    #[error("{0}")]
    PlanStale(String),
    /// The plan was decided on before.
    #[error("the plan is {0} and cannot be applied or rejected any more; make a new plan")]
    PlanNotReady(PlanState),
    /// What waits is asked about every time.
    #[error("what waits for the reason {0} is asked about every time; approve it without `always`")]
    NeverAlways(HoldKind),
    /// There is nothing to say no to.
    #[error("{0}")]
    NothingToReject(String),
    /// There is nothing to take back.
    #[error("{0}")]
    NothingToUndo(String),
    /// The plan is none that files hold, or not the plan of this pair.
    #[error("{0}")]
    PlanNotSaved(String),
    /// There are no reads that other settings could be looked at with.
    #[error("{0}")]
    NoReads(String),
    /// What was written then is not kept any more.
    #[error("runs of the pair are kept back to {since}; ask with `\"since\": \"{since}\"` or later")]
    JournalTooShort {
        /// From here on everything is kept.
        since: jiff::Timestamp,
    },
    /// The run goes on.
    #[error("run {0} has not ended; cancel it or wait for it, then take it back")]
    RunUnderway(RunId),
    /// The pair writes nothing.
    #[error("the pair {0} is in shadow mode and nothing is written where it writes; set shadow = false to apply plans")]
    PairShadow(PairId),
    /// The pair is switched off.
    #[error("the pair {0} is disabled; set enabled = true to run it")]
    PairDisabled(PairId),
    /// A person stopped everything.
    #[error("everything is frozen and nothing is written; POST /api/v1/unfreeze to go on")]
    Frozen,
    /// A person stopped the pair.
    #[error("the pair {0} is paused and nothing is written where it writes; POST /api/v1/pairs/{0}/resume to go on")]
    PairPaused(PairId),
    /// The configuration came from no file, or this service is one of a single command.
    #[error("this service has no configuration file that could be replaced; start it with --config FILE")]
    NoConfigFile,
    /// The configuration is wrong.
    #[error("nothing was changed: {}", told(.0))]
    ConfigWrong(Vec<ConfigProblem>),
    /// The configuration file cannot be written.
    #[error("nothing was changed: {0} cannot be written")]
    ConfigUnwritable(String),
    /// The accounts of the pair were read in full by a reset not long ago.
    #[error(
        "the pair {pair} had a full reset less than a day ago, and SIMKL punishes full reads; wait until {next}, or leave full out"
    )]
    ResetTooSoon {
        /// The pair.
        pair: PairId,
        /// When it may be done again.
        next: jiff::Timestamp,
    },
    /// There is nothing to stop.
    #[error("run {0} has ended; there is nothing to cancel")]
    NotRunning(RunId),
    /// The plan was asked for and did not come about.
    #[error("plan {0} could not be made; the log says why")]
    PlanFailed(RunId),
    /// A run took the resource over in the meantime.
    #[error("{0}")]
    LeaseLost(String),
    /// The service is stopping.
    #[error("the service is stopping; ask again once it is back")]
    Stopping,
    /// The service is not ready, or it failed.
    #[error("the service is {0}")]
    NotReady(&'static str),
    /// An actor did not answer in time or is being restarted.
    #[error("{0}")]
    Busy(String),
    /// Too many runs wait already.
    #[error("too many runs are waiting; ask again later")]
    TooManyWaiting,
    /// Too many event streams are open.
    #[error("{most} event streams are open already; close one and connect again")]
    TooManyListeners {
        /// The most there may be.
        most: usize,
    },
    /// An account keeps falling over.
    #[error("{0}")]
    Degraded(String),
    /// The disk failed.
    #[error("{0}")]
    StorageFailed(String),
    /// A fault of ours.
    #[error("{0}")]
    Internal(String),
}

fn features() -> String {
    Feature::ALL.iter().map(|feature| feature.as_str()).collect::<Vec<_>>().join(", ")
}

impl ApiProblem {
    /// When asking again may help.
    const fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::TooFast { retry_after_s } => Some(*retry_after_s),
            Self::Busy(_) | Self::NotReady(_) => Some(2),
            Self::InboxClosed(_) => Some(5),
            Self::Stopping | Self::TooManyWaiting | Self::TooManyListeners { .. } => Some(30),
            Self::Degraded(_) => Some(60),
            _ => None,
        }
    }

    /// The run that stands in the way.
    fn run(&self) -> Option<RunId> {
        match self {
            Self::AlreadyRunning(run) | Self::RunUnderway(run) => Some(*run),
            _ => None,
        }
    }

    /// Everything that is wrong with a configuration.
    fn problems(&self) -> &[ConfigProblem] {
        match self {
            Self::ConfigWrong(problems) => problems,
            _ => &[],
        }
    }

    /// The body, for the path that was asked.
    pub(crate) fn body(&self, instance: Option<&str>) -> ProblemBody {
        let (status, kind, title) = self.kind();
        ProblemBody {
            kind,
            title,
            status: status.as_u16(),
            detail: self.to_string(),
            instance: instance.map(str::to_owned),
            run: self.run().map(|run| run.to_string()),
            problems: self.problems().iter().map(WrongField::from).collect(),
        }
    }

    /// The answer, for the path that was asked.
    pub(crate) fn respond(&self, instance: Option<&str>) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.retry_after_s() {
            answer.insert_header((header::RETRY_AFTER, seconds));
        }
        match self {
            Self::Unauthorized | Self::WrongToken => answer.insert_header((header::WWW_AUTHENTICATE, "Bearer")),
            Self::MethodNotAllowed { allowed } => answer.insert_header((header::ALLOW, *allowed)),
            _ => &mut answer,
        };
        answer.content_type("application/problem+json").body(self.body(instance).to_json())
    }
}

impl ResponseError for ApiProblem {
    fn status_code(&self) -> StatusCode {
        self.kind().0
    }

    fn error_response(&self) -> HttpResponse {
        self.respond(None)
    }
}

/// An error as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// A stable word for this kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "already-running")]
    kind: &'static str,
    /// The same for all problems of this type.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong here, and what to do.
    detail: String,
    /// The path that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// With `already-running` and `run-underway`: the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// With `config-wrong`: everything that is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<WrongField>,
}

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct WrongField {
    /// The line, where it is at one.
    line: Option<u32>,
    /// The field; empty where none is concerned.
    #[schema(example = "pair[home-to-ledger].mode")]
    field: String,
    /// What is wrong and what to do.
    message: String,
}

impl From<&ConfigProblem> for WrongField {
    fn from(problem: &ConfigProblem) -> Self {
        Self { line: problem.line, field: problem.field.clone(), message: problem.message.clone() }
    }
}

/// The first thing that is wrong, and how many more are.
fn told(problems: &[ConfigProblem]) -> String {
    let Some(first) = problems.first() else { return "the configuration is wrong".to_owned() };
    let place = first.line.map_or_else(String::new, |line| format!("line {line}: "));
    let field = if first.field.is_empty() { String::new() } else { format!("{}: ", first.field) };
    let more = match problems.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more, see problems)"),
    };
    format!("{place}{field}{}{more}", first.message)
}

impl ProblemBody {
    fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<AskError> for ApiProblem {
    fn from(error: AskError) -> Self {
        Self::Busy(error.to_string())
    }
}

impl From<SaveError> for ApiProblem {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Refused(refused) => Self::LeaseLost(refused.to_string()),
            SaveError::Failed(failure) => Self::StorageFailed(failure.to_string()),
            SaveError::Unreachable(_) => Self::Busy(error.to_string()),
            SaveError::Work(work) => Self::Internal(work.to_string()),
        }
    }
}

impl ApiProblem {
    /// Why a run or plan of this pair was not taken.
    pub(crate) fn of_refusal(refusal: Refusal, pair: &PairId) -> Self {
        match refusal {
            Refusal::UnknownPair => Self::UnknownPair(pair.to_string()),
            Refusal::Disabled => Self::PairDisabled(pair.clone()),
            Refusal::Shadow(shadow) => Self::PairShadow(shadow),
            Refusal::FeatureOff(feature) => Self::FeatureOff(feature),
            Refusal::AlreadyRunning(run) => Self::AlreadyRunning(run),
            Refusal::Frozen => Self::Frozen,
            Refusal::Paused(paused) => Self::PairPaused(paused),
            Refusal::Degraded(_) => Self::Degraded(refusal.to_string()),
            Refusal::Full => Self::TooManyWaiting,
            Refusal::Stopping => Self::Stopping,
            Refusal::Store(error) => error.into(),
        }
    }

    /// No account of this name lives.
    pub(crate) fn no_account(id: &ProviderId) -> Self {
        Self::Busy(format!("the account {id} is being restarted; try again in a moment"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::too_many_lines, reason = "one of each")]
    fn all() -> Vec<ApiProblem> {
        let text = || "x".to_owned();
        let pair = PairId::parse("p").unwrap();
        vec![
            ApiProblem::Unauthorized,
            ApiProblem::CsrfMissing,
            ApiProblem::WrongScope,
            ApiProblem::WrongToken,
            ApiProblem::TooFast { retry_after_s: 1 },
            ApiProblem::Unparsable(text()),
            ApiProblem::InboxClosed(text()),
            ApiProblem::NoWebhook(ProviderId::parse("p").unwrap()),
            ApiProblem::NotFound,
            ApiProblem::UnknownProvider(text()),
            ApiProblem::UnknownPair(text()),
            ApiProblem::UnknownRun(text()),
            ApiProblem::UnknownMessage(text()),
            ApiProblem::MessageSettled(text()),
            ApiProblem::UnknownPlan(text()),
            ApiProblem::UnknownItem(text()),
            ApiProblem::UnknownAdvice { rule: text(), subject: text() },
            ApiProblem::UnknownSnapshot(text()),
            ApiProblem::SnapshotFailed(text()),
            ApiProblem::SnapshotPinned(RunId(1)),
            ApiProblem::NotInSnapshot(text()),
            ApiProblem::FeatureUnsupported(ProviderId::parse("home").unwrap(), Feature::Progress),
            ApiProblem::UnknownFeature(text()),
            ApiProblem::MethodNotAllowed { allowed: "GET" },
            ApiProblem::BadBody(text()),
            ApiProblem::NotJson,
            ApiProblem::BadQuery(text()),
            ApiProblem::TooLarge { limit_bytes: 1 },
            ApiProblem::InvalidItem(text()),
            ApiProblem::FeatureOff(Feature::Ratings),
            ApiProblem::UnreadableFile(text()),
            ApiProblem::UnknownImport(text()),
            ApiProblem::ImportUndone(RunId(1)),
            ApiProblem::WhichTracker(text()),
            ApiProblem::NoSignIn(text()),
            ApiProblem::NoCode(text()),
            ApiProblem::AlreadyRunning(RunId(1)),
            ApiProblem::UnknownHold(text()),
            ApiProblem::UnknownOperation(text()),
            ApiProblem::PlanStale(text()),
            ApiProblem::PlanNotReady(PlanState::Applied),
            ApiProblem::NeverAlways(HoldKind::Rematch),
            ApiProblem::NothingToReject(text()),
            ApiProblem::NothingToUndo(text()),
            ApiProblem::NoReads(text()),
            ApiProblem::PlanNotSaved(text()),
            ApiProblem::JournalTooShort { since: jiff::Timestamp::UNIX_EPOCH },
            ApiProblem::RunUnderway(RunId(1)),
            ApiProblem::PairShadow(pair.clone()),
            ApiProblem::PairDisabled(pair.clone()),
            ApiProblem::Frozen,
            ApiProblem::PairPaused(pair.clone()),
            ApiProblem::ResetTooSoon { pair, next: jiff::Timestamp::UNIX_EPOCH },
            ApiProblem::NoConfigFile,
            ApiProblem::ConfigWrong(Vec::new()),
            ApiProblem::ConfigUnwritable(text()),
            ApiProblem::NotRunning(RunId(1)),
            ApiProblem::PlanFailed(RunId(1)),
            ApiProblem::LeaseLost(text()),
            ApiProblem::Stopping,
            ApiProblem::NotReady("starting"),
            ApiProblem::Busy(text()),
            ApiProblem::TooManyWaiting,
            ApiProblem::TooManyListeners { most: 1 },
            ApiProblem::Degraded(text()),
            ApiProblem::StorageFailed(text()),
            ApiProblem::Internal(text()),
        ]
    }

    #[test]
    fn every_problem_has_a_type_of_its_own() {
        let mut kinds: Vec<_> = all().iter().map(|problem| problem.kind().1).collect();
        let count = kinds.len();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), count);
    }

    #[test]
    fn every_problem_is_an_error_with_words() {
        for problem in all() {
            let body = problem.body(Some("/api/v1/x"));
            assert!((400..600).contains(&body.status), "{problem:?}");
            assert!(!body.title.is_empty() && !body.detail.is_empty(), "{problem:?}");
            assert_eq!(matches!(body.status, 429 | 503), problem.retry_after_s().is_some(), "{problem:?}");
        }
    }

    #[test]
    fn a_problem_looks_like_this() {
        let problem = ApiProblem::AlreadyRunning(RunId(7));
        let body = serde_json::to_value(problem.body(Some("/api/v1/pairs/p/run"))).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "type": "already-running",
                "title": "The pair is running already",
                "status": 409,
                "detail": "the pair is running already; wait for run 00000000-0000-0000-0000-000000000007, or ask with `\"queue\": true`",
                "instance": "/api/v1/pairs/p/run",
                "run": "00000000-0000-0000-0000-000000000007",
            })
        );
        let answer = ApiProblem::MethodNotAllowed { allowed: "GET, POST" }.error_response();
        assert_eq!(answer.headers().get("allow").unwrap(), "GET, POST");
        assert_eq!(answer.headers().get("content-type").unwrap(), "application/problem+json");
    }
}
