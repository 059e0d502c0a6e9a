//! What the store promises, tested from outside: one module per promise.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod backup;
mod disk;
mod live;
mod model_based;
mod snapshots;
mod standing;
mod suite;
mod tidy;
mod world;
