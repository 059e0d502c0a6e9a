//! `GET /api/v1/events`: what happens, as server-sent events.
//!
//! Each event is named by its word and carries JSON. A listener that lagged is sent `resync` and should read the state
//! again; the same is due after every new connection, because missed events are not kept. Streams end when the service stops.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpResponse,
    http::header,
    web::{self, Bytes},
};
use crosswatch_actors::Happened;
use crosswatch_model::{PairId, ProviderId, RunState};
use futures_util::stream;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    broadcast::{Receiver, error::RecvError},
    watch,
};
use utoipa::ToSchema;

use crate::{problem::ApiProblem, readiness::Stage, state::ApiState};

/// Streams open at the same time, at most.
const LISTENERS_MAX: usize = 64;
/// A silent stream is known to live because of a comment this often.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// What a new listener is told first: how long to wait before connecting again.
const GREETING: &[u8] = b"retry: 3000\n: connected\n\n";

/// The places for listeners.
#[derive(Clone)]
pub(crate) struct Listeners(Arc<Semaphore>);

impl Listeners {
    /// All places free.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(LISTENERS_MAX)))
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventShape {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// A stable word: `run.started`, `run.progress`, `run.finished`, `hold.added`, `auth.done`, `auth.failed` …
    #[serde(rename = "type")]
    #[schema(example = "run.finished")]
    kind: &'static str,
    /// The account, where it concerns one alone.
    provider: Option<String>,
    pair: Option<String>,
    run: Option<String>,
    /// Where the run stands.
    state: Option<&'static str>,
    /// Finished steps of the running phase.
    done: u64,
    /// All steps of the running phase, where known.
    total: Option<u64>,
    sentence: String,
}

impl From<&Happened> for EventShape {
    fn from(event: &Happened) -> Self {
        Self {
            at: event.at,
            kind: event.kind,
            provider: event.account.as_ref().map(ProviderId::to_string),
            pair: event.pair.as_ref().map(PairId::to_string),
            run: event.run.map(|run| run.to_string()),
            state: event.state.map(RunState::as_str),
            done: event.done,
            total: event.total,
            sentence: event.sentence.to_string(),
        }
    }
}

/// What happens, live.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "service",
    responses(
        (status = 200, description = "A stream of server-sent events; `resync` means: read the state again.", body = EventShape, content_type = "text/event-stream"),
        (status = 503, description = "Too many streams are open.", body = crate::problem::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn events(
    state: web::Data<ApiState>,
    listeners: web::Data<Listeners>,
) -> Result<HttpResponse, ApiProblem> {
    let full = |_| ApiProblem::TooManyListeners { most: LISTENERS_MAX };
    let place = Arc::clone(&listeners.0).try_acquire_owned().map_err(full)?;
    let listener = Listener {
        events: state.directory.listen(),
        stages: state.readiness.watch(),
        is_greeted: false,
        _place: place,
    };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Proxies must not collect events before they pass them on.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(stream::unfold(listener, next)))
}

struct Listener {
    events: Receiver<Happened>,
    stages: watch::Receiver<Stage>,
    is_greeted: bool,
    _place: OwnedSemaphorePermit,
}

/// The next piece of the stream; `None` ends it.
async fn next(mut listener: Listener) -> Option<(Result<Bytes, actix_web::Error>, Listener)> {
    let piece = if listener.is_greeted {
        listener.hear().await?
    } else {
        listener.is_greeted = true;
        Bytes::from_static(GREETING)
    };
    Some((Ok(piece), listener))
}

impl Listener {
    async fn hear(&mut self) -> Option<Bytes> {
        tokio::select! {
            biased;
            _ = self.stages.wait_for(|stage| matches!(stage, Stage::Stopping | Stage::Failed)) => None,
            event = self.events.recv() => match event {
                Ok(event) => Some(told(&event)),
                Err(RecvError::Lagged(missed)) => Some(resync(missed)),
                Err(RecvError::Closed) => None,
            },
            () = tokio::time::sleep(HEARTBEAT) => Some(Bytes::from_static(b": alive\n\n")),
        }
    }
}

/// JSON has no line breaks, so one `data` line is enough.
fn told(event: &Happened) -> Bytes {
    let json = serde_json::to_string(&EventShape::from(event)).unwrap_or_default();
    Bytes::from(format!("event: {}\ndata: {json}\n\n", event.kind))
}

fn resync(missed: u64) -> Bytes {
    Bytes::from(format!("event: resync\ndata: {{\"type\":\"resync\",\"missed\":{missed}}}\n\n"))
}

#[cfg(test)]
mod tests {
    use crosswatch_model::RunId;
    use tokio::sync::broadcast;

    use super::*;
    use crate::readiness::Readiness;

    fn happened(done: u64) -> Happened {
        Happened {
            at: Timestamp::UNIX_EPOCH,
            kind: "run.progress",
            account: None,
            pair: Some(PairId::parse("p").unwrap()),
            run: Some(RunId(1)),
            state: Some(RunState::Reading),
            done,
            total: Some(9),
            sentence: "two\nlines".into(),
        }
    }

    async fn heard(listener: Listener, pieces: usize) -> (Vec<String>, Option<Listener>) {
        let mut heard = Vec::new();
        let mut listener = listener;
        for _ in 0..pieces {
            match next(listener).await {
                Some((piece, rest)) => {
                    heard.push(String::from_utf8(piece.unwrap().to_vec()).unwrap());
                    listener = rest;
                }
                None => return (heard, None),
            }
        }
        (heard, Some(listener))
    }

    fn listener(events: &broadcast::Sender<Happened>, readiness: &Readiness) -> Listener {
        let place = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        Listener { events: events.subscribe(), stages: readiness.watch(), is_greeted: false, _place: place }
    }

    #[tokio::test(start_paused = true)]
    async fn events_heartbeats_and_resyncs_are_told() {
        let (events, readiness) = (broadcast::Sender::new(2), Readiness::new());
        let listener = listener(&events, &readiness);
        events.send(happened(1)).unwrap();
        let (told, listener) = heard(listener, 3).await;
        assert_eq!(
            told,
            [
                "retry: 3000\n: connected\n\n",
                "event: run.progress\ndata: {\"at\":\"1970-01-01T00:00:00Z\",\"type\":\"run.progress\",\"provider\":null,\"pair\":\"p\",\
                 \"run\":\"00000000-0000-0000-0000-000000000001\",\"state\":\"reading\",\"done\":1,\"total\":9,\
                 \"sentence\":\"two\\nlines\"}\n\n",
                ": alive\n\n",
            ]
        );
        for done in 0..5 {
            events.send(happened(done)).unwrap();
        }
        let (told, _) = heard(listener.unwrap(), 1).await;
        assert_eq!(told, ["event: resync\ndata: {\"type\":\"resync\",\"missed\":3}\n\n"]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_stream_ends_when_the_service_stops() {
        let (events, readiness) = (broadcast::Sender::<Happened>::new(2), Readiness::new());
        let listener = listener(&events, &readiness);
        readiness.set(Stage::Ready);
        let (told, listener) = heard(listener, 1).await;
        assert_eq!(told.len(), 1);
        readiness.set(Stage::Stopping);
        let (told, listener) = heard(listener.unwrap(), 1).await;
        assert!(told.is_empty() && listener.is_none());
    }
}
