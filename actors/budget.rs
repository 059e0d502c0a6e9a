//! The request budget of one account: pace, concurrency, the day's requests, enforced waits and a circuit breaker.
//!
//! Promises: no request leaves before its place is free; what is more urgent goes first, and among equals who came first;
//! one place, a fifth of every burst and a tenth of a day's requests are kept from schedules, so that live scrobbling never
//! waits behind a long run; an account that asked to wait is left alone that long, and only that account; a service that
//! fails again and again is asked rarely until it answers once; a media server where somebody watches is asked for one
//! thing at a time; no write leaves while everything is frozen, however long it waited for its place.
//! The clock is tokio's, so a paused clock reaches all of it.

mod quota;
#[cfg(test)]
mod tests;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use crosswatch_model::ProviderId;
use crosswatch_port::{Budget, DailyQuota, Fault, LocalFuture, RequestKind, Verdict};
use smol_str::format_smolstr;
use tokio::{sync::Notify, time::Instant};

use self::quota::Day;
pub use self::quota::DayState;
use crate::{audience::Audience, brakes::Brakes, urgency::Urgency};

/// Failures in a row that open the breaker.
const FAILURES_MAX: u32 = 5;
/// How long the breaker stays open the first time; doubles up to `OPEN_MAX`.
const OPEN_FIRST: Duration = Duration::from_secs(15);
const OPEN_MAX: Duration = Duration::from_secs(300);
/// A wait longer than this is answered with a fault at once instead of being sat out.
const SIT_OUT_MAX: Duration = Duration::from_secs(60);
/// This part of a burst is kept for live scrobbling.
const LIVE_SHARE: u32 = 5;
/// Requests under way at once that are not live, while somebody watches.
const WHILE_WATCHED: usize = 1;

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
    /// Requests under way at the same moment. One more may be live.
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
    /// Requests that may be under way at the same moment now; fewer while somebody watches there.
    pub concurrent: usize,
    /// The requests of the day, where the service limits them.
    pub day: Option<DayState>,
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

    /// Takes one place, or tells how long to wait for it. What is not live leaves a share of the burst alone.
    fn take(&mut self, urgency: Urgency, now: Instant) -> Result<(), Duration> {
        let kept = if urgency == Urgency::Live { 0 } else { self.rate.burst / LIVE_SHARE };
        let full_at = self.full_at.max(now) + self.rate.per;
        let allowed_at = full_at.checked_sub(self.rate.per * (self.rate.burst - kept).max(1)).unwrap_or(now);
        if allowed_at > now {
            return Err(allowed_at - now);
        }
        self.full_at = full_at;
        Ok(())
    }

    fn left(&self, now: Instant) -> u32 {
        let used = self.full_at.saturating_duration_since(now).as_nanos().div_ceil(self.rate.per.as_nanos().max(1));
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
    day: Option<Day>,
    under_way: usize,
    /// Who has no place yet.
    waiting: Vec<Waiting>,
}

/// A request that has no place yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Waiting {
    kind: RequestKind,
    urgency: Urgency,
    /// Counts requests, so that who came first goes first.
    ticket: u64,
}

impl Waiting {
    /// Whether it goes before another one that wants the same.
    fn is_before(&self, other: &Self) -> bool {
        self.kind == other.kind && (self.urgency, self.ticket) < (other.urgency, other.ticket)
    }
}

/// What a request without a place does next.
enum Step {
    /// It has one now.
    Go,
    /// It looks again after so long.
    Sleep(Duration),
    /// It looks again when something changed: a place is free, or somebody before it is gone.
    Change,
}

/// The budget of one account.
pub struct AccountBudget {
    account: ProviderId,
    state: RefCell<State>,
    changed: Notify,
    tickets: Cell<u64>,
    concurrent: usize,
    brakes: Brakes,
    audience: Audience,
}

/// Takes a request out of those that wait, however its wait ends.
struct Turn<'a> {
    budget: &'a AccountBudget,
    waiting: Waiting,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.budget.state.borrow_mut().waiting.retain(|other| *other != self.waiting);
        self.budget.changed.notify_waiters();
    }
}

impl AccountBudget {
    /// A full budget. While the brakes are frozen it lets no write through; while somebody watches there it lets less through.
    pub fn new(account: ProviderId, pace: Pace, brakes: Brakes, audience: Audience) -> Rc<Self> {
        let now = Instant::now();
        let state = State {
            reads: pace.reads.map(|rate| Bucket::new(rate, now)),
            writes: pace.writes.map(|rate| Bucket::new(rate, now)),
            breaker: Breaker::Closed { failures: 0 },
            wait_until: None,
            day: None,
            under_way: 0,
            waiting: Vec::new(),
        };
        Rc::new(Self {
            account,
            state: RefCell::new(state),
            changed: Notify::new(),
            tickets: Cell::default(),
            concurrent: pace.concurrent.max(1),
            brakes,
            audience,
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
            concurrent: self.concurrent_now(),
            day: state.day.and_then(|day| day.observe(now)),
        }
    }

    /// Forgets failures: what stood in the way is mended. A wait that the service asked for stays.
    pub(crate) fn forgive(&self) {
        self.state.borrow_mut().breaker = Breaker::Closed { failures: 0 };
    }

    fn concurrent_now(&self) -> usize {
        if self.audience.is_at(&self.account) { self.concurrent.min(WHILE_WATCHED) } else { self.concurrent }
    }

    /// Whether the request has its place, what it waits for, or why it must not be made at all.
    fn step(&self, request: Waiting) -> Result<Step, Fault> {
        if request.kind == RequestKind::Write {
            self.brakes.let_through()?;
        }
        let mut state = self.state.borrow_mut();
        let now = Instant::now();
        if let Some(wait) = state.enforced_wait(request, now)? {
            return Ok(Step::Sleep(wait));
        }
        let places = if request.urgency == Urgency::Live { self.concurrent + 1 } else { self.concurrent_now() };
        if state.under_way >= places || state.waiting.iter().any(|other| other.is_before(&request)) {
            return Ok(Step::Change);
        }
        let bucket = match request.kind {
            RequestKind::Read => state.reads.as_mut(),
            RequestKind::Write => state.writes.as_mut(),
            RequestKind::SignIn => None,
        };
        if let Some(wait) = bucket.and_then(|bucket| bucket.take(request.urgency, now).err()) {
            return Ok(Step::Sleep(wait));
        }
        state.under_way += 1;
        if let Some(day) = state.day.as_mut() {
            day.count();
        }
        Ok(Step::Go)
    }
}

impl State {
    /// How long the account is to be left alone, where that is worth waiting for.
    fn enforced_wait(&mut self, request: Waiting, now: Instant) -> Result<Option<Duration>, Fault> {
        if let Breaker::Open { until, trips } = self.breaker {
            if until > now {
                let detail =
                    format_smolstr!("left alone for {} s after repeated failures", (until - now).as_secs().max(1));
                return Err(Fault::Transient(detail));
            }
            self.breaker = Breaker::Probation { trips };
        }
        let asked_to_wait = self.wait_until.map(|until| until.saturating_duration_since(now));
        if let Some(wait) = asked_to_wait.filter(|wait| !wait.is_zero()) {
            if wait > SIT_OUT_MAX {
                return Err(Fault::RateLimited { after: wait, detail: "the account asked to wait".into() });
            }
            return Ok(Some(wait));
        }
        let can_wait = request.urgency == Urgency::Schedule && request.kind != RequestKind::SignIn;
        match self.day.filter(|_| can_wait).and_then(|day| day.is_kept_for(now)) {
            Some(after) => Err(Fault::RateLimited {
                after,
                detail: "the rest of the day's requests is kept for live scrobbling and for you".into(),
            }),
            None => Ok(None),
        }
    }
}

impl Budget for AccountBudget {
    fn take(&self, kind: RequestKind) -> LocalFuture<'_, Result<(), Fault>> {
        Box::pin(async move {
            let ticket = self.tickets.get();
            self.tickets.set(ticket + 1);
            let waiting = Waiting { kind, urgency: Urgency::of_this_call(), ticket };
            self.state.borrow_mut().waiting.push(waiting);
            let turn = Turn { budget: self, waiting };
            loop {
                let changed = self.changed.notified();
                match self.step(turn.waiting)? {
                    // Given back by `report`, which follows every granted place.
                    Step::Go => return Ok(()),
                    Step::Sleep(wait) => tokio::time::sleep(wait).await,
                    Step::Change => changed.await,
                }
            }
        })
    }

    fn learn(&self, quota: DailyQuota) {
        let mut state = self.state.borrow_mut();
        state.day = Some(Day::told(state.day, quota, Instant::now()));
    }

    fn report(&self, verdict: Verdict) {
        let mut state = self.state.borrow_mut();
        state.under_way = state.under_way.saturating_sub(1);
        self.changed.notify_waiters();
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
