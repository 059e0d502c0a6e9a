//! The table of problems: status, stable type and title of each. Deliberately absent: what is said about a single one.

use actix_web::http::StatusCode;

use super::ApiProblem;

impl ApiProblem {
    /// Status, stable type and title.
    #[expect(clippy::too_many_lines, reason = "a table: one line per problem, and nothing else")]
    pub(super) const fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized", "The API key is missing or wrong"),
            Self::CsrfMissing => (StatusCode::FORBIDDEN, "csrf-missing", "A token is missing or wrong"),
            Self::WrongScope => (StatusCode::FORBIDDEN, "wrong-scope", "The key is for something else"),
            Self::WrongToken => (StatusCode::UNAUTHORIZED, "wrong-token", "The webhook token is missing or wrong"),
            Self::TooFast { .. } => (StatusCode::TOO_MANY_REQUESTS, "too-fast", "Too many requests"),
            Self::Unparsable(_) => (StatusCode::BAD_REQUEST, "unparsable", "There is no JSON object in the body"),
            Self::InboxClosed(_) => (StatusCode::SERVICE_UNAVAILABLE, "inbox-closed", "It could not be kept"),
            Self::NoWebhook(_) => (StatusCode::CONFLICT, "no-webhook", "The account is no media server"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "Nothing here"),
            Self::UnknownProvider(_) => (StatusCode::NOT_FOUND, "unknown-provider", "No such provider"),
            Self::UnknownPair(_) => (StatusCode::NOT_FOUND, "unknown-pair", "No such pair"),
            Self::UnknownRun(_) => (StatusCode::NOT_FOUND, "unknown-run", "No such run"),
            Self::UnknownMessage(_) => (StatusCode::NOT_FOUND, "unknown-message", "No such message"),
            Self::MessageSettled(_) => (StatusCode::CONFLICT, "message-settled", "The message cannot be changed"),
            Self::UnknownPlan(_) => (StatusCode::NOT_FOUND, "unknown-plan", "No such plan"),
            Self::UnknownSnapshot(_) => (StatusCode::NOT_FOUND, "unknown-snapshot", "No such snapshot"),
            Self::SnapshotFailed(_) => (StatusCode::BAD_GATEWAY, "snapshot-failed", "The snapshot was not taken"),
            Self::SnapshotPinned(_) => (StatusCode::CONFLICT, "snapshot-pinned", "The snapshot is pinned"),
            Self::NotInSnapshot(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "not-in-snapshot", "The snapshot does not hold that")
            }
            Self::FeatureUnsupported(..) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "feature-unsupported", "The account does not keep the feature")
            }
            Self::UnknownHold(_) => (StatusCode::NOT_FOUND, "unknown-hold", "Nothing of this id waits"),
            Self::UnknownItem(_) => (StatusCode::NOT_FOUND, "unknown-item", "Nobody knows the item"),
            Self::UnknownAdvice { .. } => (StatusCode::NOT_FOUND, "unknown-advice", "No such advice"),
            Self::UnknownFeature(_) => (StatusCode::NOT_FOUND, "unknown-feature", "No such feature"),
            Self::UnknownImport(_) => (StatusCode::NOT_FOUND, "unknown-import", "No such import"),
            Self::MethodNotAllowed { .. } => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "The path takes other methods")
            }
            Self::BadBody(_) => (StatusCode::BAD_REQUEST, "bad-body", "The body is not what is expected"),
            Self::NotJson => (StatusCode::BAD_REQUEST, "not-json", "The body is not JSON"),
            Self::BadQuery(_) => (StatusCode::BAD_REQUEST, "bad-query", "The query is not what is expected"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large"),
            Self::InvalidItem(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid-item", "The item cannot be kept"),
            Self::UnreadableFile(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "unreadable-file", "The file cannot be imported")
            }
            Self::UnknownOperation(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "unknown-operation", "The plan has no such operation")
            }
            Self::FeatureOff(_) => (StatusCode::UNPROCESSABLE_ENTITY, "feature-off", "The feature is off"),
            Self::WhichTracker(_) => (StatusCode::UNPROCESSABLE_ENTITY, "which-tracker", "No single tracker is meant"),
            Self::NoSignIn(_) => (StatusCode::CONFLICT, "no-sign-in", "The account has no sign-in with a code"),
            Self::NoCode(_) => (StatusCode::BAD_GATEWAY, "no-code", "The account gave no code"),
            Self::ImportUndone(_) => (StatusCode::CONFLICT, "import-undone", "The import was taken back"),
            Self::AlreadyRunning(_) => (StatusCode::CONFLICT, "already-running", "The pair is running already"),
            Self::PlanStale(_) => (StatusCode::CONFLICT, "plan-stale", "A side moved since the plan was made"),
            Self::PlanNotReady(_) => (StatusCode::CONFLICT, "plan-not-ready", "The plan was decided on before"),
            Self::NeverAlways(_) => (StatusCode::CONFLICT, "never-always", "It is asked about every time"),
            Self::NothingToReject(_) => (StatusCode::CONFLICT, "nothing-to-reject", "There is nothing to say no to"),
            Self::NothingToUndo(_) => (StatusCode::CONFLICT, "nothing-to-undo", "There is nothing to take back"),
            Self::PlanNotSaved(_) => (StatusCode::CONFLICT, "plan-not-saved", "No file holds this plan"),
            Self::NoReads(_) => (StatusCode::CONFLICT, "no-reads", "No complete reads are kept"),
            Self::JournalTooShort { .. } => {
                (StatusCode::CONFLICT, "journal-too-short", "What was written then is not kept any more")
            }
            Self::RunUnderway(_) => (StatusCode::CONFLICT, "run-underway", "The run has not ended"),
            Self::PairShadow(_) => (StatusCode::CONFLICT, "pair-shadow", "The pair is in shadow mode"),
            Self::PairDisabled(_) => (StatusCode::CONFLICT, "pair-disabled", "The pair is disabled"),
            Self::Frozen => (StatusCode::LOCKED, "frozen", "Everything is frozen"),
            Self::PairPaused(_) => (StatusCode::CONFLICT, "pair-paused", "The pair is paused"),
            Self::ResetTooSoon { .. } => (StatusCode::CONFLICT, "reset-too-soon", "A full reset was made today"),
            Self::NoConfigFile => (StatusCode::CONFLICT, "no-config-file", "There is no file to write"),
            Self::ConfigWrong(_) => (StatusCode::UNPROCESSABLE_ENTITY, "config-wrong", "The configuration is wrong"),
            Self::ConfigUnwritable(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "config-unwritable", "The file cannot be written")
            }
            Self::NotRunning(_) => (StatusCode::CONFLICT, "not-running", "The run has ended"),
            Self::LeaseLost(_) => (StatusCode::CONFLICT, "lease-lost", "A run took over"),
            Self::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping", "The service is stopping"),
            Self::NotReady(_) => (StatusCode::SERVICE_UNAVAILABLE, "not-ready", "The service is not ready"),
            Self::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "busy", "No answer in time"),
            Self::TooManyWaiting => (StatusCode::SERVICE_UNAVAILABLE, "too-many-waiting", "Too many runs are waiting"),
            Self::TooManyListeners { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "too-many-listeners", "Too many event streams")
            }
            Self::Degraded(_) => (StatusCode::SERVICE_UNAVAILABLE, "degraded", "An account is down"),
            Self::PlanFailed(_) => (StatusCode::INTERNAL_SERVER_ERROR, "plan-failed", "The plan could not be made"),
            Self::StorageFailed(_) => (StatusCode::INTERNAL_SERVER_ERROR, "storage-failed", "The store failed"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "A fault of the service"),
        }
    }
}
