//! The request budget of one account: pace, concurrency, enforced waits and a circuit breaker.
//!
//! Promises: no request leaves before its place is free; an account that asked to wait is left alone that long, and only
//! that account; a service that fails again and again is asked rarely until it answers once; no write leaves while
//! everything is frozen, however long it waited for its place.
//! The clock is tokio's, so a paused clock reaches all of it.

use std::{cell::RefCell, rc::Rc, time::Duration};

use crosswatch_port::{Budget, Fault, LocalFuture, RequestKind, Verdict};
use smol_str::format_smolstr;
use tokio::{sync::Semaphore, time::Instant};

use crate::brakes::Brakes;

/// Failures in a row that open the breaker.
const FAILURES_MAX: u32 = 5;
/// How long the breaker stays open the first time; doubles up to `OPEN_MAX`.
const OPEN_FIRST: Duration = Duration::from_secs(15);
const OPEN_MAX: Duration = Duration::from_secs(300);
/// A wait longer than this is answered with a fault at once instead of being sat out.
const SIT_OUT_MAX: Duration = Duration::from_secs(60);

/// At most `burst` requests at once, and one more every `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests that may go without waiting.
    pub burst: u32,
    /// Time that gives back one request.
    pub per: Duration,
}

/// How fast an account may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// For requests that change nothing. `None`: no limit of ours.
    pub reads: Option<Rate>,
    /// For requests that may change something. `None`: no limit of ours.
    pub writes: Option<Rate>,
    /// Requests under way at the same moment.
    pub concurrent: usize,
}

/// What the budget looks like from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetState {
    /// `closed` (normal), `open` (left alone), `probation` (one request may try).
    pub breaker: &'static str,
    /// Failures in a row.
    pub failures: u32,
    /// How long the account is left alone from now.
    pub waits: Option<Duration>,
    /// Reads that could go right now, where there is a limit.
    pub reads_left: Option<u32>,
    /// Time between two writes, where there is a limit.
    pub write_every: Option<Duration>,
}

/// Generic cell rate algorithm: one instant per bucket.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    rate: Rate,
    /// When the bucket would be full again.
    full_at: Instant,
}

impl Bucket {
    fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, full_at: now }
    }

    /// Takes one place, or tells how long to wait for it.
    fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let full_at = self.full_at.max(now) + self.rate.per;
        let allowed_at = full_at.checked_sub(self.rate.per * self.rate.burst.max(1)).unwrap_or(now);
        if allowed_at > now {
            return Err(allowed_at - now);
        }
        self.full_at = full_at;
        Ok(())
    }

    fn left(&self, now: Instant) -> u32 {
        let used = self.full_at.saturating_duration_since(now).as_nanos() / self.rate.per.as_nanos().max(1);
        self.rate.burst.saturating_sub(u32::try_from(used).unwrap_or(u32::MAX))
    }
}

#[derive(Debug, Clone, Copy)]
enum Breaker {
    Closed { failures: u32 },
    Open { until: Instant, trips: u32 },
    Probation { trips: u32 },
}

struct State {
    reads: Option<Bucket>,
    writes: Option<Bucket>,
    breaker: Breaker,
    wait_until: Option<Instant>,
}

/// The budget of one account.
pub struct AccountBudget {
    state: RefCell<State>,
    places: Semaphore,
    concurrent: usize,
    brakes: Brakes,
}

impl AccountBudget {
    /// A full budget. While the brakes are frozen it lets no write through.
    pub fn new(pace: Pace, brakes: Brakes) -> Rc<Self> {
        let now = Instant::now();
        let state = State {
            reads: pace.reads.map(|rate| Bucket::new(rate, now)),
            writes: pace.writes.map(|rate| Bucket::new(rate, now)),
            breaker: Breaker::Closed { failures: 0 },
            wait_until: None,
        };
        Rc::new(Self {
            state: RefCell::new(state),
            places: Semaphore::new(pace.concurrent.max(1)),
            concurrent: pace.concurrent.max(1),
            brakes,
        })
    }

    /// A look from outside.
    pub fn observe(&self) -> BudgetState {
        let state = self.state.borrow();
        let now = Instant::now();
        let (breaker, failures, open_for) = match state.breaker {
            Breaker::Closed { failures } => ("closed", failures, None),
            Breaker::Open { until, .. } => ("open", FAILURES_MAX, Some(until.saturating_duration_since(now))),
            Breaker::Probation { .. } => ("probation", FAILURES_MAX, None),
        };
        let asked_to_wait = state.wait_until.map(|until| until.saturating_duration_since(now));
        BudgetState {
            breaker,
            failures,
            waits: open_for.max(asked_to_wait).filter(|wait| !wait.is_zero()),
            reads_left: state.reads.as_ref().map(|bucket| bucket.left(now)),
            write_every: state.writes.as_ref().map(|bucket| bucket.rate.per),
        }
    }

    /// Forgets failures: what stood in the way is mended. A wait that the service asked for stays.
    pub(crate) fn forgive(&self) {
        self.state.borrow_mut().breaker = Breaker::Closed { failures: 0 };
    }

    /// How long the next request of this kind must wait, or why it must not be made at all.
    fn next_wait(&self, kind: RequestKind) -> Result<Option<Duration>, Fault> {
        if kind == RequestKind::Write {
            self.brakes.let_through()?;
        }
        let mut state = self.state.borrow_mut();
        let now = Instant::now();
        if let Breaker::Open { until, trips } = state.breaker {
            if until > now {
                let detail =
                    format_smolstr!("left alone for {} s after repeated failures", (until - now).as_secs().max(1));
                return Err(Fault::Transient(detail));
            }
            state.breaker = Breaker::Probation { trips };
        }
        if let Some(wait) =
            state.wait_until.map(|until| until.saturating_duration_since(now)).filter(|wait| !wait.is_zero())
        {
            if wait > SIT_OUT_MAX {
                return Err(Fault::RateLimited { after: wait, detail: "the account asked to wait".into() });
            }
            return Ok(Some(wait));
        }
        let bucket = match kind {
            RequestKind::Read => state.reads.as_mut(),
            RequestKind::Write => state.writes.as_mut(),
            RequestKind::SignIn => None,
        };
        Ok(bucket.and_then(|bucket| bucket.take(now).err()))
    }
}

impl Budget for AccountBudget {
    fn take(&self, kind: RequestKind) -> LocalFuture<'_, Result<(), Fault>> {
        Box::pin(async move {
            match self.places.acquire().await {
                // Given back by `report`, which follows every granted place.
                Ok(place) => place.forget(),
                Err(_) => return Err(Fault::Transient("the account is shutting down".into())),
            }
            loop {
                match self.next_wait(kind) {
                    Ok(None) => return Ok(()),
                    Ok(Some(wait)) => tokio::time::sleep(wait).await,
                    Err(fault) => {
                        self.places.add_permits(1);
                        return Err(fault);
                    }
                }
            }
        })
    }

    fn report(&self, verdict: Verdict) {
        if self.places.available_permits() < self.concurrent {
            self.places.add_permits(1);
        }
        let mut state = self.state.borrow_mut();
        let now = Instant::now();
        state.breaker = match (verdict, state.breaker) {
            (Verdict::Wait(after), breaker) => {
                state.wait_until = Some(now + after);
                match breaker {
                    Breaker::Probation { .. } => Breaker::Closed { failures: 0 },
                    other => other,
                }
            }
            (Verdict::Answered, _) => Breaker::Closed { failures: 0 },
            (Verdict::Failed, Breaker::Closed { failures }) if failures + 1 >= FAILURES_MAX => {
                Breaker::Open { until: now + OPEN_FIRST, trips: 1 }
            }
            (Verdict::Failed, Breaker::Closed { failures }) => Breaker::Closed { failures: failures + 1 },
            (Verdict::Failed, Breaker::Probation { trips }) => {
                let open_for = OPEN_FIRST.saturating_mul(1 << trips.min(8)).min(OPEN_MAX);
                Breaker::Open { until: now + open_for, trips: trips.saturating_add(1) }
            }
            (Verdict::Failed, open @ Breaker::Open { .. }) => open,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(burst: u32, per_s: u64) -> Pace {
        Pace { reads: Some(Rate { burst, per: Duration::from_secs(per_s) }), writes: None, concurrent: 2 }
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_the_rest_is_paced() {
        let budget = AccountBudget::new(pace(3, 10), Brakes::default());
        let start = Instant::now();
        for _ in 0..5 {
            budget.take(RequestKind::Read).await.unwrap();
            budget.report(Verdict::Answered);
        }
        assert_eq!((Instant::now() - start).as_secs(), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_that_asks_to_wait_is_left_alone() {
        let budget = AccountBudget::new(pace(100, 1), Brakes::default());
        budget.take(RequestKind::Read).await.unwrap();
        budget.report(Verdict::Wait(Duration::from_secs(30)));
        let start = Instant::now();
        budget.take(RequestKind::Write).await.unwrap();
        budget.report(Verdict::Wait(Duration::from_secs(3600)));
        assert_eq!((Instant::now() - start).as_secs(), 30);
        assert!(matches!(budget.take(RequestKind::Read).await, Err(Fault::RateLimited { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn the_breaker_opens_tries_once_and_closes() {
        let budget = AccountBudget::new(pace(100, 1), Brakes::default());
        for _ in 0..FAILURES_MAX {
            budget.take(RequestKind::Read).await.unwrap();
            budget.report(Verdict::Failed);
        }
        assert_eq!(budget.observe().breaker, "open");
        assert!(budget.take(RequestKind::Read).await.is_err());
        tokio::time::sleep(OPEN_FIRST).await;
        budget.take(RequestKind::Read).await.unwrap();
        assert_eq!(budget.observe().breaker, "probation");
        budget.report(Verdict::Failed);
        assert_eq!(budget.observe().waits, Some(OPEN_FIRST * 2));
        tokio::time::sleep(OPEN_FIRST * 2).await;
        budget.take(RequestKind::Read).await.unwrap();
        budget.report(Verdict::Answered);
        assert_eq!(budget.observe().breaker, "closed");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_mended_is_asked_at_once_and_an_enforced_wait_stays() {
        let budget = AccountBudget::new(pace(100, 1), Brakes::default());
        for _ in 0..FAILURES_MAX {
            budget.take(RequestKind::Read).await.unwrap();
            budget.report(Verdict::Failed);
        }
        assert!(budget.take(RequestKind::Read).await.is_err());
        budget.forgive();
        budget.take(RequestKind::Read).await.unwrap();
        budget.report(Verdict::Wait(Duration::from_secs(3600)));
        budget.forgive();
        assert!(matches!(budget.take(RequestKind::Read).await, Err(Fault::RateLimited { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn a_freeze_stops_writes_and_nothing_else_even_those_that_wait_already() {
        let brakes = Brakes::default();
        let slow = Pace { reads: None, writes: Some(Rate { burst: 1, per: Duration::from_secs(10) }), concurrent: 2 };
        let budget = AccountBudget::new(slow, brakes.clone());
        budget.take(RequestKind::Write).await.unwrap();
        budget.report(Verdict::Answered);
        let (waited, ()) = tokio::join!(budget.take(RequestKind::Write), async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            brakes.freeze(jiff::Timestamp::UNIX_EPOCH);
        });
        assert!(matches!(waited, Err(Fault::Transient(_))), "{waited:?}");
        for kind in [RequestKind::Read, RequestKind::SignIn] {
            budget.take(kind).await.unwrap();
            budget.report(Verdict::Answered);
        }
        assert_eq!(budget.observe().breaker, "closed");
        brakes.unfreeze();
        budget.take(RequestKind::Write).await.unwrap();
    }
}
