//! Behaviour over time: one actor per supervisor, pair, account, outbox, scheduler, store and notifier.
//!
//! A scheduled run flows Scheduler → Supervisor (lease) → Pair → Account (typed reads) → plan → Store (one commit: plan and
//! outbox rows) → Outbox → Account (write, read back) → Store (one commit: row gone, baseline moved) → Supervisor.
//!
//! Every account has a keeper: a pair of its snapshots with the account itself. What takes a snapshot or restores one is so
//! a job like any other, under the lease of the account, and never beside a run.
//!
//! Invariants: everything durable is in the store and mailboxes carry nudges; time, chance and accounts come in through
//! ports; no message is sent without a permit. Deliberately absent: HTTP, the storage engine, any rule about what to write.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod always;
mod answers;
mod audience;
mod backfill;
mod blueprint;
mod brakes;
mod budget;
mod children;
mod courier;
mod directory;
mod halt;
mod hook_key;
mod house;
mod keeping;
mod landed;
mod lane;
mod mailbox;
pub mod naming;
mod notifier;
mod outbox;
mod pair;
mod permit;
#[cfg(feature = "planted-bugs")]
pub mod planted;
#[cfg(not(feature = "planted-bugs"))]
mod planted;
mod provider;
mod readiness;
mod retention;
mod run_table;
mod scheduler;
mod scrobbler;
mod seal;
mod sign_in;
mod store;
mod supervisor;
mod urgency;
mod watcher;
mod webhook;

pub use always::{always_mark, always_of, always_subject, may_be_always};
pub use answers::{Answer, FeatureAnswer};
pub use audience::Audience;
pub use backfill::{Past, SignOfLife, TellLife};
pub use blueprint::{
    AccountBlueprint, Blueprint, FeatureBlueprint, Lock, PairBlueprint, RouteBlueprint, SharedPair, SnapshotBlueprint,
    Surroundings, TargetBlueprint,
};
pub use brakes::Brakes;
pub use budget::{AccountBudget, BudgetState, DayState, Pace, Rate};
pub use children::ChildState;
pub use courier::{Courier, Discard, RetryParcel};
pub use directory::Directory;
pub use hook_key::HookKey;
pub use house::House;
pub use lane::{Lane, WorkFailed};
pub use mailbox::{AskError, Busy, Mailbox};
pub use naming::Named;
pub use notifier::{Channel, Happened, Notifier, Tell};
pub use pair::{PLAN_STALE, RUNS_KEPT, RUNS_MAX, added_a_play, held_id, missing_read, newest_plan};
pub use permit::{Chosen, Permit};
pub use provider::{AccountDoor, AccountPorts, AccountState, BuildAdapter};
pub use readiness::{PairReadiness, ReadinessCheck, ReadinessQuestion, visit_first_lines};
pub use run_table::{Job, JobKind};
pub use scheduler::{Due, ObserveSchedule, Scheduler};
pub use scrobbler::{ObserveSeats, Scrobbler};
pub use seal::SecretKey;
pub use sign_in::{NoSignIn, SignInProgress, SignInStanding};
pub use store::{OnStorageFailure, SaveError, Store, StoreDoor};
pub use supervisor::{
    CancelRun, ObserveSystem, PairSituation, Ping, Refusal, RequestRun, Reset, ResetDepth, ShutDown, Started, Steer,
    Supervisor, SystemState, Ticket,
};
pub use urgency::Urgency;
pub use watcher::{
    AdapterNow, LastTrouble, ObserveWatcher, SendArrived, SignInChanged, Standing, TellPeople, Watcher, WatcherPorts,
    WatcherState,
};
pub use webhook::{Arrived, Kept, WebhookIngress};
