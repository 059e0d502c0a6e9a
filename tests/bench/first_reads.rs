//! The first read of a large account of every kind, and the read after it that finds nothing new.

use crosswatch_emulator::{Library, UserActivity};
use crosswatch_tests::service::{AnyAccount, KINDS, ledger, one_way};

use crate::{
    house::wall_clock,
    served::{Cost, Failure, Served},
};

/// Watched items of the account.
const SIZE: usize = 50_000;

/// Reads an account of each kind into the built-in tracker, twice.
pub(crate) async fn measure() -> Result<(), Failure> {
    println!("| {SIZE} watched items at | read | seconds | CPU s | peak memory MiB | requests | written |");
    println!("|---|---|---:|---:|---:|---:|---:|");
    for kind in KINDS.iter().filter(|kind| **kind != "tracker") {
        let library = Library::sized(7, SIZE);
        let activity = UserActivity::everything(7, &library, wall_clock());
        let account = AnyAccount::start(kind, library, activity);
        let pair = one_way("p", kind, "ledger", "[pair.history]\n[pair.ratings]\n[pair.watchlist]\n");
        let served = Served::start(&format!("{}{}{pair}", account.section(), ledger("ledger"))).await?;
        for read in ["first", "unchanged"] {
            let before = account.requests();
            let cost = served.run("p").await?;
            print_row(kind, read, &cost, account.requests() - before);
        }
        served.stop()?;
    }
    Ok(())
}

fn print_row(kind: &str, read: &str, cost: &Cost, requests: usize) {
    println!(
        "| {kind} | {read} | {:.2} | {:.2} | {:.0} | {requests} | {} |",
        cost.wall_s, cost.cpu_s, cost.peak_mib, cost.written
    );
}
