//! The plan of the house, checked: who may import whom, which crates see the outside, and what no file may hold.
//!
//! Cargo refuses cycles by itself. What it cannot know is which arrows we want, so they stand here as tables, and an
//! arrow or a dependency that is in no table fails.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod imports;
mod text;

use std::path::Path;

/// The root of the workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
