//! Scenarios of the whole service: the real binary over emulated accounts.
//!
//! A test is named after what it shows, and begins with the number of its scenario where it has one. What a rule of the
//! plan means in every corner is shown beside the planner; here the same scenario must hold from the accounts to the
//! store and back. A run that changes nothing is part of most of them: whoever repeats it must find nothing to do.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod approvals;
mod backup;
mod bad_input;
mod by_hand;
mod check;
mod config;
mod crash;
mod exchange;
mod history;
mod live;
mod matrix;
mod plan_files;
mod presence;
mod quiet;
mod reads;
mod reference;
mod rematch;
mod reset;
mod several_pairs;
mod shadow;
mod sign_in;
mod snapshots;
mod steering;
mod tokens;
mod two_way;
mod undo;
mod vanished;
mod verdicts;
mod webhooks;
mod what_if;
mod why;
mod writes;

use crosswatch_tests::service::{Ended, Trakt, ledger, one_way};

/// The watchlist, as it comes.
const WATCHLIST: &str = "[pair.watchlist]\n";
/// The watchlist, where one complete read without an item is enough to remove it.
const WATCHLIST_REMOVING: &str = "[pair.watchlist]\nremove = \"observed\"\n[pair.policy]\nremove_after_reads = 1\n";
/// Every play.
const HISTORY: &str = "[pair.history]\n";
/// Everything in one go, without the careful first steps of a new pair.
const AT_ONCE: &str = "[pair.policy]\ncanary = false\n";

/// The pair `p` between the ledgers `a` and `b`.
fn ledgers(tables: &str) -> String {
    format!("{}{}{}", ledger("a"), ledger("b"), one_way("p", "a", "b", tables))
}

/// The pair `p` from the ledger `a` to this Trakt.
fn to_trakt(trakt: &Trakt, tables: &str) -> String {
    format!("{}{}{}", ledger("a"), trakt.section(), one_way("p", "a", "trakt", tables))
}

/// Runs a command on a thread of its own, while somebody does what it waits for.
fn meanwhile(command: impl FnOnce() -> Ended + Send, what: impl FnOnce()) -> Ended {
    std::thread::scope(|threads| {
        let command = threads.spawn(command);
        what();
        command.join().unwrap()
    })
}

/// Plays every case on a thread of its own: what is in doubt rests for seconds before it is read back.
fn at_the_same_time<T: Send>(cases: impl IntoIterator<Item = T>, play: impl Fn(T) + Sync) {
    std::thread::scope(|threads| {
        for case in cases {
            threads.spawn(|| play(case));
        }
    });
}
