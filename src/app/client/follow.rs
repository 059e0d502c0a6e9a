//! Follows a run or a plan to its end: events make progress visible, the thing itself says when it is over.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    answer::is_final,
    client::{Api, ApiFailure, events::EventStream},
    output::progress::Progress,
};

/// How often the thing is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// So many looks in a row may fail: a service that is busy, or being restarted.
const FAILED_LOOKS_MAX: u32 = 6;

/// What is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Followed {
    /// A run: it can be looked at from the moment it was asked for.
    Run,
    /// A plan: nothing is left of one that could not be made.
    Plan,
    /// A snapshot: why one was not taken is told in its place.
    Snapshot,
}

impl Followed {
    fn path(self, id: &str) -> String {
        match self {
            Self::Run => format!("/api/v1/runs/{id}"),
            Self::Plan => format!("/api/v1/plans/{id}"),
            Self::Snapshot => format!("/api/v1/snapshots/{id}"),
        }
    }

    fn is_over(self, value: &Value) -> bool {
        let state = value.get("state").and_then(Value::as_str).unwrap_or_default();
        match self {
            Self::Run => is_final(state),
            // What is told before the plan was made has no state.
            Self::Plan => !matches!(state, "" | "applying"),
            // A snapshot that was taken has no state any more.
            Self::Snapshot => state.is_empty(),
        }
    }
}

/// A follower, made before the thing is asked for, so that no event is missed.
#[derive(Debug)]
pub(crate) struct Follower<'a> {
    api: &'a Api,
    stream: Option<EventStream>,
    progress: Progress,
}

impl Api {
    /// A follower that shows progress under this name.
    pub(crate) async fn follower(&self, name: &str) -> Follower<'_> {
        // Without events the run is still looked at.
        Follower { api: self, stream: self.events().await.ok(), progress: Progress::new(name) }
    }
}

impl Follower<'_> {
    /// Waits for the end and answers the thing as it is then.
    pub(crate) async fn follow(mut self, what: Followed, id: &str) -> Result<Value, ApiFailure> {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failed_looks = 0;
        let mut last_words = String::new();
        loop {
            tokio::select! {
                event = next_event(&mut self.stream) => {
                    let Some(event) = event else { self.stream = None; continue };
                    if event.run.as_deref() != Some(id) {
                        continue;
                    }
                    self.progress.show(&event.sentence, event.done, event.total);
                    if !event.is_end() {
                        continue;
                    }
                    last_words = event.sentence;
                }
                _ = looks.tick() => {}
            }
            match self.api.get(&what.path(id)).await {
                Ok(value) if what.is_over(&value) => return Ok(value),
                Ok(_) => failed_looks = 0,
                Err(failure) if failure.status == Some(404) && what == Followed::Plan => {
                    let message = format!(
                        "the plan could not be made: {}",
                        if last_words.is_empty() { "the log says why" } else { &last_words }
                    );
                    return Err(ApiFailure { message, ..failure });
                }
                Err(failure) if failure.kind == "snapshot-failed" => return Err(failure),
                Err(failure) => {
                    failed_looks += 1;
                    if failed_looks >= FAILED_LOOKS_MAX {
                        return Err(failure);
                    }
                }
            }
        }
    }
}

/// The next event; never completes without a stream.
async fn next_event(stream: &mut Option<EventStream>) -> Option<crate::answer::Happened> {
    match stream {
        Some(stream) => stream.next().await,
        None => std::future::pending().await,
    }
}
