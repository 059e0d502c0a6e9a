//! `?wait=SECONDS`: answering when a run or plan has reached its final state.
//!
//! The listener is opened before the job is asked for, so no ending is missed. Events only say when to look; what is
//! answered is read from the store. A listener that lagged looks as well, and so does everybody now and then.

use std::time::Duration;

use crosswatch_actors::Happened;
use crosswatch_model::RunId;
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use utoipa::IntoParams;

use crate::problem::ApiProblem;

/// Nobody waits longer for an answer.
const WAIT_MAX_S: u64 = 120;
/// Even without an event, a waiting request looks this often.
const LOOK: Duration = Duration::from_secs(2);

/// How long the caller wants to wait.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WaitQuery {
    /// Seconds to wait for the final state, at most 120. Left out: the answer comes at once.
    #[param(value_type = Option<u8>, maximum = 120)]
    wait: Option<String>,
}

impl WaitQuery {
    /// The wish, checked.
    pub(crate) fn length(&self) -> Result<Duration, ApiProblem> {
        let Some(text) = &self.wait else { return Ok(Duration::ZERO) };
        match text.parse::<u64>() {
            Ok(seconds) if seconds <= WAIT_MAX_S => Ok(Duration::from_secs(seconds)),
            _ => Err(ApiProblem::BadQuery(format!("wait={text:?} does not fit; use 0 to {WAIT_MAX_S} seconds"))),
        }
    }
}

/// What a look at the thing found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looked<T> {
    /// It is in a final state.
    Final(T),
    /// Something will still happen.
    Underway,
    /// It is nowhere: it ended without leaving anything.
    Gone,
}

/// A thing that may become final.
pub(crate) trait Watched {
    /// The thing in its final state.
    type Final;

    /// Looks where it stands.
    fn look(&self) -> LocalBoxFuture<'_, Result<Looked<Self::Final>, ApiProblem>>;
}

/// How waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waited<T> {
    /// With the thing in its final state.
    Final(T),
    /// Time is up, or nobody wanted to wait.
    NotYet,
    /// The thing vanished.
    Gone,
}

/// Waits until the thing is final, at most `length`.
pub(crate) async fn wait_for<W: Watched>(
    thing: &W,
    id: RunId,
    length: Duration,
    mut events: Receiver<Happened>,
) -> Result<Waited<W::Final>, ApiProblem> {
    if length.is_zero() {
        return Ok(Waited::NotYet);
    }
    let waiting = async {
        let mut was_gone = false;
        loop {
            match thing.look().await? {
                Looked::Final(found) => return Ok(Waited::Final(found)),
                // Between two records a thing may be nowhere for a moment; it is gone when it is so twice.
                Looked::Gone if was_gone => return Ok(Waited::Gone),
                Looked::Gone => was_gone = true,
                Looked::Underway => was_gone = false,
            }
            drop(tokio::time::timeout(LOOK, stirred(&mut events, id)).await);
        }
    };
    tokio::time::timeout(length, waiting).await.unwrap_or(Ok(Waited::NotYet))
}

/// Completes when the job came on or ended, or when that may have been missed.
async fn stirred(events: &mut Receiver<Happened>, id: RunId) {
    loop {
        match events.recv().await {
            Ok(event) if event.run == Some(id) && (event.kind == "run.phase" || event.kind.ends_with(".finished")) => {
                return;
            }
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use jiff::Timestamp;
    use tokio::sync::broadcast;

    use super::*;

    struct Scripted {
        looks: RefCell<Vec<Looked<u8>>>,
        count: Cell<usize>,
    }

    impl Watched for Scripted {
        type Final = u8;

        fn look(&self) -> LocalBoxFuture<'_, Result<Looked<u8>, ApiProblem>> {
            self.count.set(self.count.get() + 1);
            let mut looks = self.looks.borrow_mut();
            let look = if looks.len() > 1 { looks.remove(0) } else { looks[0] };
            Box::pin(async move { Ok(look) })
        }
    }

    fn event(run: u128, kind: &'static str) -> Happened {
        Happened {
            at: Timestamp::UNIX_EPOCH,
            kind,
            account: None,
            pair: None,
            run: Some(RunId(run)),
            state: None,
            done: 0,
            total: None,
            sentence: "".into(),
        }
    }

    async fn waited(looks: &[Looked<u8>], events: &[Happened], seconds: u64) -> (Waited<u8>, usize, u64) {
        let thing = Scripted { looks: RefCell::new(looks.to_vec()), count: Cell::new(0) };
        let (sender, receiver) = broadcast::channel(2);
        for event in events {
            sender.send(event.clone()).unwrap();
        }
        let start = tokio::time::Instant::now();
        let waited = wait_for(&thing, RunId(1), Duration::from_secs(seconds), receiver).await.unwrap();
        (waited, thing.count.get(), start.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_run_is_noticed_at_once() {
        let looks = [Looked::Underway, Looked::Final(7)];
        let events = [event(2, "run.finished"), event(1, "run.finished")];
        assert_eq!(waited(&looks, &events, 60).await, (Waited::Final(7), 2, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lagging_listener_looks_again() {
        let looks = [Looked::Underway, Looked::Final(7)];
        let events = [event(2, "run.progress"), event(2, "run.progress"), event(2, "run.progress")];
        assert_eq!(waited(&looks, &events, 60).await, (Waited::Final(7), 2, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn without_events_it_looks_now_and_then() {
        let looks = [Looked::Underway, Looked::Underway, Looked::Final(7)];
        assert_eq!(waited(&looks, &[], 60).await, (Waited::Final(7), 3, 4));
    }

    #[tokio::test(start_paused = true)]
    async fn time_is_up_at_some_point() {
        assert_eq!(waited(&[Looked::Underway], &[], 3).await, (Waited::NotYet, 2, 3));
        assert_eq!(waited(&[Looked::Final(7)], &[], 0).await, (Waited::NotYet, 0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_nowhere_twice_is_gone() {
        assert_eq!(waited(&[Looked::Gone], &[], 60).await.0, Waited::Gone);
        let looks = [Looked::Gone, Looked::Underway, Looked::Gone, Looked::Final(7)];
        assert_eq!(waited(&looks, &[], 60).await.0, Waited::Final(7));
    }

    #[test]
    fn waits_are_bounded() {
        let length = |wait: Option<&str>| WaitQuery { wait: wait.map(str::to_owned) }.length();
        assert_eq!(length(None), Ok(Duration::ZERO));
        assert_eq!(length(Some("0")), Ok(Duration::ZERO));
        assert_eq!(length(Some("120")), Ok(Duration::from_secs(120)));
        for bad in ["121", "-1", "1.5", "long", ""] {
            assert!(matches!(length(Some(bad)), Err(ApiProblem::BadQuery(_))), "{bad}");
        }
    }
}
