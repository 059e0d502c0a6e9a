//! The HTTP client that every adapter shares: budget, limits, bounded retries of reads, and faults that people understand.
//!
//! Promises: a write is sent once; a body is never larger than [`BODY_LIMIT_BYTES`]; redirects are not followed, because a
//! redirected write would arrive as a read and every hop would be a request nobody counted; error texts carry method,
//! host and path, never query, user name, header or body.

mod address;
mod answer;
mod call;
mod client;
mod retry;

pub(crate) use address::{base_url, below};
pub(crate) use answer::{Answer, fault_of_status};
pub(crate) use call::{Call, Shown, secret_value};
pub(crate) use client::{BODY_LIMIT_BYTES, HttpClient};
