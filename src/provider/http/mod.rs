//! The HTTP client that every adapter shares: budget, limits, bounded retries of reads, and faults that people understand.
//!
//! Promises: a write is sent once; a body is never larger than 64 MiB; redirects are not followed, because a
//! redirected write would arrive as a read and every hop would be a request nobody counted; error texts carry method,
//! host and path, never query, user name, header or body.

mod address;
mod answer;
mod call;
mod client;
mod retry;
mod socket;
#[cfg(test)]
mod socket_tests;
#[cfg(test)]
mod tests;

pub(crate) use address::{base_url, below};
pub(crate) use answer::Answer;
pub(crate) use call::{Call, Shown, secret_value};
pub(crate) use client::HttpClient;
pub(crate) use socket::{EventSocket, Opened, Word};
