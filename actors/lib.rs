//! Behaviour over time: one actor per supervisor, pair, account, outbox, scheduler, store and notifier.
//!
//! A scheduled run flows Scheduler → Supervisor (lease) → Pair → Account (typed reads) → plan → Store (one commit: plan and
//! outbox rows) → Outbox → Account (write, read back) → Store (one commit: row gone, baseline moved) → Supervisor.
//!
//! Invariants: everything durable is in the store and mailboxes carry nudges; time, chance and accounts come in through
//! ports; no message is sent without a permit. Deliberately absent: HTTP, the storage engine, any rule about what to write.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod answers;
mod blueprint;
mod budget;
mod children;
mod directory;
mod house;
mod keeping;
mod landed;
mod lane;
mod mailbox;
mod notifier;
mod outbox;
mod pair;
mod permit;
#[cfg(feature = "planted-bugs")]
pub mod planted;
#[cfg(not(feature = "planted-bugs"))]
mod planted;
mod provider;
mod run_table;
mod scheduler;
mod seal;
mod sign_in;
mod store;
mod supervisor;
mod watcher;
mod webhook;

pub use answers::{Answer, FeatureAnswer};
pub use blueprint::{AccountBlueprint, Blueprint, FeatureBlueprint, PairBlueprint, SharedPair, Surroundings};
pub use budget::{AccountBudget, BudgetState, Pace, Rate};
pub use children::ChildState;
pub use directory::Directory;
pub use house::House;
pub use lane::{Lane, WorkFailed};
pub use mailbox::{AskError, Busy, Mailbox};
pub use notifier::{Channel, Happened, Notifier, Tell};
pub use pair::{PLAN_STALE, held_id};
pub use permit::{Chosen, Permit};
pub use provider::{AccountDoor, AccountPorts, AccountState, BuildAdapter};
pub use run_table::{Job, JobKind};
pub use scheduler::{Due, ObserveSchedule, Scheduler};
pub use seal::SecretKey;
pub use sign_in::{NoSignIn, SignInProgress, SignInStanding};
pub use store::{OnStorageFailure, SaveError, Store, StoreDoor};
pub use supervisor::{
    CancelRun, ObserveSystem, PairSituation, Ping, Refusal, RequestRun, ShutDown, Started, Supervisor, SystemState,
    Ticket,
};
pub use watcher::{
    AdapterNow, ObserveWatcher, SendArrived, SignInChanged, Standing, TellPeople, WATCHER_CAPACITY, Watcher,
    WatcherPorts, WatcherState,
};
pub use webhook::{Arrived, Kept};
