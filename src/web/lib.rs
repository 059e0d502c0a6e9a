//! Control API: HTTP in, messages to actors, JSON out.
//!
//! A handler reads a request, asks an actor or the store with a deadline, and shapes the answer; it decides nothing about
//! runs or accounts. Every answer that is not what was asked for is `application/problem+json` with a stable `type`.
//! Deliberately absent: the storage engine, outgoing HTTP, adapters, and any state that a restart would lose.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod api;
mod auth;
mod configuring;
mod dress;
mod extract;
mod hooks;
mod measured;
mod metrics;
mod openapi;
mod outlines;
#[cfg(test)]
mod over_http;
mod paging;
mod problem;
mod readiness;
mod sentence;
mod server;
mod session;
mod sse;
mod state;
mod waiting;

pub use api::shapes;
pub use configuring::{ConfigFile, ConfigProblem, ConfigRefused, ConfigTaken};
pub use hooks::Inbox;
pub use openapi::document;
pub use outlines::remember_outlines;
pub use problem::ApiProblem;
pub use readiness::{Readiness, Stage};
pub use server::serve;
pub use state::ApiState;
