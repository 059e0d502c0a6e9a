//! Configuration: TOML and environment to validated settings.
//!
//! `load` finds the file, lays it over the built-in defaults and under the environment, and answers either with
//! `Settings` or with everything that is wrong, each with its line, its field and what to do. `advise` compares
//! settings with the playbook, `diff` tells a reload what changed. Environment and folders are arguments.
//! Deliberately absent: watching the file, writing it, and any look at the network or a clock.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod address;
mod advice;
mod check;
mod diff;
mod duration;
mod environment;
mod filter;
mod identity;
mod json_schema;
mod keys;
mod load;
mod log;
mod masked;
mod nearest;
mod notify;
mod outline;
mod pair;
mod policy;
mod problem;
mod provider;
mod relations;
mod route;
mod schedule;
mod schema;
mod secret;
mod section;
mod server;
mod settings;
#[cfg(test)]
mod shipped_files;
mod snapshot;
mod storage;
mod tree;
mod what_if;
mod words;

pub use address::{BasePath, BasePathRejection, BaseUrl, Network, NetworkRejection, UrlRejection};
pub use advice::{Advice, Loop, RemovalPath, Removers, Rule, Severity, advise, loops, removal_paths, removers};
pub use diff::{Changes, SettingsDiff, diff};
pub use duration::{Span, SpanRejection};
pub use filter::Filter;
pub use identity::{Identity, TableSource};
pub use json_schema::json_schema;
pub use load::{DEFAULT_TOML, Sources, load, load_text};
pub use log::{Log, LogFormat, LogLevel};
pub use notify::{Notify, NotifyEvent, NotifyKind};
pub use outline::{Aspect, advise_reset, changed_aspects, outline};
pub use pair::{FeatureSettings, HistorySettings, Mode, Owner, Pair, ProgressSettings, RemoveMode};
pub use policy::{Acknowledgement, Conflict, Limit, Policy};
pub use problem::{Origin, Problem, SettingsError};
pub use provider::{Provider, ProviderKind, Shelf};
pub use route::{RemoveFromWatchlist, Route, RouteId, Via};
pub use schedule::{Schedule, ScheduleRejection};
pub use secret::Secret;
pub use server::Server;
pub use settings::Settings;
pub use snapshot::{Keep, Snapshot};
pub use storage::Storage;
pub use what_if::what_if;
pub use words::UnknownWord;
