//! The planner against small worlds: each test is a sentence about two accounts, what they agreed on and what follows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected must fail loudly"
)]

mod compose;
mod guards;
mod history;
mod lives;
mod place;
mod planned;
mod presence;
mod properties;
mod ratings_and_progress;
mod reads;
mod restore;
mod rows;
mod truth_table;
mod two_way;
mod undo;
mod why;
mod world;
mod writes;
