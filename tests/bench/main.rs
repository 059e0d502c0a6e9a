//! Prints what the real release binary costs: start, memory, and runs of growing libraries.
//!
//! Run with `cargo bench -p crosswatch-tests --bench house`, for one part with `-- runs`, `-- reads` or `-- live` behind it. The services are emulated in this process, the binary is a
//! child process whose memory and processor time are read from `/proc`, so what is counted is ours alone.
//! Figures are printed, never asserted: machines differ.

mod child;
mod first_reads;
mod house;
mod live;
mod served;

use std::{fs, process::ExitCode};

use house::{House, Measured};
use served::Failure;

/// Watched items per measured library.
const SIZES: [usize; 3] = [1_000, 10_000, 50_000];

fn main() -> ExitCode {
    // `cargo test --benches` passes this flag; a benchmark is not a test.
    if std::env::args().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string()),
    };
    match runtime.block_on(measure(&std::env::args().collect::<Vec<_>>())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(error: &str) -> ExitCode {
    eprintln!("the benchmark stopped: {error}");
    ExitCode::FAILURE
}

/// Measures the parts that were named, or all.
async fn measure(arguments: &[String]) -> Result<(), Failure> {
    let is_named = |part: &str| arguments.iter().any(|argument| argument == part);
    let is_wanted = |part| is_named(part) || !["runs", "reads", "live"].into_iter().any(is_named);
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "a TLS provider is installed already")?;
    println!("machine: {}", machine());
    println!("binary: {} KB", fs::metadata(child::binary()?)?.len() / 1000);
    if is_wanted("runs") {
        measure_runs().await?;
    }
    if is_wanted("reads") {
        println!();
        first_reads::measure().await?;
    }
    if is_wanted("live") {
        println!();
        live::measure().await?;
    }
    Ok(())
}

async fn measure_runs() -> Result<(), Failure> {
    let empty = House::start(0).await?;
    println!("start to ready: {} ms", empty.served.ready_ms);
    println!("idle memory after start: {:.1} MiB", empty.served.settled_memory_mib().await?);
    empty.stop()?;
    println!();
    println!(
        "| watched items | run | seconds | CPU s | peak memory MiB | requests Jellyfin | requests Trakt | written |"
    );
    println!("|---:|---|---:|---:|---:|---:|---:|---:|");
    for size in SIZES {
        let house = House::start(size).await?;
        print_row(size, "first, to the ledger", &house.run("jellyfin-to-ledger").await?);
        print_row(size, "unchanged, to the ledger", &house.run("jellyfin-to-ledger").await?);
        print_row(size, "first, to Trakt", &house.run("jellyfin-to-trakt").await?);
        print_row(size, "unchanged, to Trakt", &house.run("jellyfin-to-trakt").await?);
        house.watch_ten_more()?;
        print_row(size, "ten new plays, to Trakt", &house.run("jellyfin-to-trakt").await?);
        print_row(size, "unchanged again, to Trakt", &house.run("jellyfin-to-trakt").await?);
        print_row(size, "unchanged, Trakt to the ledger", &house.run_twice("trakt-to-ledger").await?);
        house.stop()?;
    }
    Ok(())
}

fn print_row(size: usize, run: &str, measured: &Measured) {
    println!(
        "| {size} | {run} | {:.2} | {:.2} | {:.0} | {} | {} | {} |",
        measured.cost.wall_s,
        measured.cost.cpu_s,
        measured.cost.peak_mib,
        measured.jellyfin_requests,
        measured.trakt_requests,
        measured.cost.written
    );
}

/// Processor, cores and memory, as the system tells them.
fn machine() -> String {
    let of = |path: &str, key: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        line.split(':').nth(1).unwrap_or("unknown").trim().to_owned()
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!("{}, {cores} cores, memory {}", of("/proc/cpuinfo", "model name"), of("/proc/meminfo", "MemTotal"))
}
