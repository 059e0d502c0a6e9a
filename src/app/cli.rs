//! The command line as people type it.
//!
//! Deliberately absent: what the commands do, and any default that the configuration already has.

mod exchange;
mod snapshot;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use crosswatch_model::{Feature, FeatureSet};
use crosswatch_settings::Span;

use crate::exit::Exit;

pub(crate) use exchange::{
    ExportArguments, ImportArguments, ImportConfigArguments, TrackerAddArguments, TrackerCommand, TrackerListArguments,
    TrackerRemoveArguments, TrackerStatisticsArguments,
};
pub(crate) use snapshot::{
    DiffArguments, ExportSnapshotArguments, ListArguments, RestoreArguments, ShowArguments, SnapshotArguments,
    SnapshotCommand, TakeArguments,
};

/// Keeps watch history, ratings and watchlists in step between media servers and trackers.
#[derive(Debug, Parser)]
#[command(name = "crosswatch", version, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// The configuration file; otherwise $CROSSWATCH_CONFIG, ./crosswatch.toml, /config/crosswatch.toml.
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// What to do; `serve` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXIT_CODES: &str = "\
Exit codes:
    0  done, or nothing was needed
    1  check: an account does not answer, or advice of severity error; healthcheck: not ready; store verify: damaged
    2  something waits for approval, the rest was done
    3  some feature or item could not be read or written
    4  nothing could be done; auth: denied or too late
   64  the command line was not understood
   70  the disk or what is on it failed
   75  another process has the data folder or the port
   78  the configuration is wrong
  130  stopped by a signal before the work was done";

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the service: schedules, accounts and the HTTP API.
    Serve,
    /// Shows everything at work on emulated servers: no account, no network.
    Demo(DemoArguments),
    /// Checks the configuration, asks every account, and gives advice.
    Check(CheckArguments),
    /// Signs in to an account with a code.
    Auth(AuthArguments),
    /// Runs a pair now.
    Run(RunArguments),
    /// Shows what a run of a pair would do, and changes nothing.
    Plan(PlanArguments),
    /// Shows what is still true of a saved plan; with --yes that is done.
    Apply(ApplyArguments),
    /// Explains what happened or will happen to an item of a pair, and changes nothing.
    Why(WhyArguments),
    /// Lists runs, newest first.
    Runs(RunsArguments),
    /// Shows how what was written would be taken back; with --yes it is.
    Undo(UndoArguments),
    /// Lets a pair forget what it knows, and shows what that is.
    Reset(ResetArguments),
    /// Writes a copy of the store to a file.
    Backup(BackupArguments),
    /// Puts a copy in the place of the store. No service may run.
    RestoreBackup(RestoreBackupArguments),
    /// Looks after the store.
    #[command(subcommand)]
    Store(StoreCommand),
    /// Takes snapshots of accounts, shows them, and brings back what they hold.
    Snapshot(SnapshotArguments),
    /// Takes a file of another tool into the built-in tracker.
    Import(ImportArguments),
    /// Translates a config.json of the Python CrossWatch.
    ImportConfig(ImportConfigArguments),
    /// Writes the content of the built-in tracker.
    Export(ExportArguments),
    /// Looks at the built-in tracker and changes it by hand.
    #[command(subcommand)]
    Tracker(TrackerCommand),
    /// Asks the running service whether it is ready; for containers.
    Healthcheck,
}

/// Of `demo`.
#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArguments {
    /// Port of the API on the loopback address; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub port: u16,
    /// Runs every pair twice and ends; exit code 4 when the second runs had anything left to do.
    #[arg(long)]
    pub once: bool,
    /// Keeps everything in this folder, which must be empty or new, instead of a temporary one.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Of `check`.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct CheckArguments {
    /// Asks no account.
    #[arg(long)]
    pub offline: bool,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `auth`.
#[derive(Debug, Clone, Args)]
pub(crate) struct AuthArguments {
    /// The account.
    pub account: String,
    /// Prints JSON, one line when the code is there and one at the end.
    #[arg(long)]
    pub json: bool,
}

/// Of `run`.
#[derive(Debug, Clone, Args)]
pub(crate) struct RunArguments {
    /// The pair.
    pub pair: String,
    /// Only this feature; may be repeated.
    #[arg(long = "feature", value_name = "FEATURE", value_parser = feature)]
    pub features: Vec<Feature>,
    /// Reads and plans, and writes nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Waits for the end of the run. Without a running service it always waits.
    #[arg(long)]
    pub wait: bool,
    /// Lets through, once, what is held for approval.
    #[arg(long)]
    pub approve_held: bool,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `plan`.
#[derive(Debug, Clone, Args)]
pub(crate) struct PlanArguments {
    /// The pair.
    pub pair: String,
    /// Shows instead what other settings would do, from the last reads: a file with keys of the pair's table, or such keys
    /// themselves, as in `history.remove=observed`.
    #[arg(long, value_name = "FILE|KEY=VALUE", num_args = 1.., conflicts_with = "save")]
    pub what_if: Vec<String>,
    /// Writes the plan to this file, too, for `crosswatch apply`; it must not be there yet.
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Only this feature; may be repeated.
    #[arg(long = "feature", value_name = "FEATURE", value_parser = feature)]
    pub features: Vec<Feature>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `apply`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ApplyArguments {
    /// The file that `plan --save` wrote.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Does what is still true, once it was shown.
    #[arg(long)]
    pub yes: bool,
    /// With --yes: also what is held for approval.
    #[arg(long, requires = "yes")]
    pub approve_held: bool,
    /// Prints JSON: what is still true, or with --yes the run.
    #[arg(long)]
    pub json: bool,
}

/// Of `why`.
#[derive(Debug, Clone, Args)]
pub(crate) struct WhyArguments {
    /// The pair.
    #[arg(value_name = "PAIR")]
    pub pair: String,
    /// The item: `imdb:tt0133093`, `tmdb_movie:603`, `tvdb_show:81189/1/3`.
    #[arg(value_name = "ITEM")]
    pub item: String,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `runs`.
#[derive(Debug, Clone, Args)]
pub(crate) struct RunsArguments {
    /// Only runs of this pair.
    #[arg(long, value_name = "PAIR")]
    pub pair: Option<String>,
    /// How many.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub limit: u16,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `undo`.
#[derive(Debug, Clone, Args)]
pub(crate) struct UndoArguments {
    /// The run; `crosswatch runs` lists them.
    #[arg(value_name = "RUN", required_unless_present_any = ["pair", "message"], conflicts_with_all = ["pair", "message"])]
    pub run: Option<String>,
    /// Instead of one run: everything that this pair wrote in a time.
    #[arg(long, value_name = "PAIR", conflicts_with = "message")]
    pub pair: Option<String>,
    /// With --pair: how long that time reaches back.
    #[arg(long, value_name = "24h", default_value = "24h", conflicts_with_all = ["run", "message"])]
    pub last: Span,
    /// Instead of a run: the play of this message of live scrobbling; GET /api/v1/outbox lists them.
    #[arg(long, value_name = "MESSAGE")]
    pub message: Option<String>,
    /// Takes it back, once it was shown.
    #[arg(long)]
    pub yes: bool,
    /// With --yes: also what is held for approval.
    #[arg(long, requires = "yes")]
    pub approve_held: bool,
    /// Prints JSON: the plan, or with --yes the run.
    #[arg(long)]
    pub json: bool,
}

/// Of `backup`.
#[derive(Debug, Clone, Args)]
pub(crate) struct BackupArguments {
    /// The file to write; it must not be there yet.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Of `restore-backup`.
#[derive(Debug, Clone, Args)]
pub(crate) struct RestoreBackupArguments {
    /// The file that `backup` wrote.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Also where the data folder is not empty; what is there is kept beside it.
    #[arg(long)]
    pub force: bool,
}

/// Of `store`.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum StoreCommand {
    /// Reads all of it and says what is wrong. No service may run.
    Verify(VerifyArguments),
}

/// Of `store verify`.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct VerifyArguments {
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `reset`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ResetArguments {
    /// The pair.
    #[arg(value_name = "PAIR")]
    pub pair: String,
    /// Also the last reads of both accounts, which are read in full then.
    #[arg(long)]
    pub full: bool,
    /// Only shows it.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Forgets it without asking.
    #[arg(long)]
    pub yes: bool,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Reads the process's arguments. Help and version are shown here; wrong usage is told here.
pub(crate) fn parse() -> Result<Arguments, Exit> {
    Arguments::try_parse().map_err(|error| {
        // Nothing can be told when standard output and standard error are both gone.
        drop(error.print());
        if error.use_stderr() { Exit::Usage } else { Exit::Done }
    })
}

/// The named features, or `None` where none was named: then all that are on.
pub(crate) fn chosen(features: &[Feature]) -> Option<FeatureSet> {
    if features.is_empty() { None } else { Some(features.iter().copied().collect()) }
}

fn feature(text: &str) -> Result<Feature, String> {
    let known = || Feature::ALL.iter().map(|feature| feature.as_str()).collect::<Vec<_>>().join(", ");
    text.parse().map_err(|_| format!("use one of: {}", known()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    /// What people type, and whether it is understood.
    const TYPED: &[(&str, bool)] = &[
        ("crosswatch", true),
        ("crosswatch serve --config x.toml", true),
        ("crosswatch --config x.toml run home-to-ledger --feature history --feature ratings --wait", true),
        ("crosswatch run", false),
        ("crosswatch run a --feature films", false),
        ("crosswatch plan a --json", true),
        ("crosswatch plan a --what-if history.remove=observed mode=two-way --json", true),
        ("crosswatch plan a --what-if", false),
        ("crosswatch plan a --save plan.jsonl", true),
        ("crosswatch plan a --save plan.jsonl --what-if mode=two-way", false),
        ("crosswatch apply", false),
        ("crosswatch apply plan.jsonl --yes --approve-held", true),
        ("crosswatch apply plan.jsonl --approve-held", false),
        ("crosswatch runs --limit 0", false),
        ("crosswatch runs --limit 501", false),
        ("crosswatch runs --pair a --limit 500 --json", true),
        ("crosswatch demo --once --port 70000", false),
        ("crosswatch demo --once --port 8080 --data d", true),
        ("crosswatch check --offline --json", true),
        ("crosswatch auth trakt --json", true),
        ("crosswatch auth", false),
        ("crosswatch healthcheck", true),
        ("crosswatch import", false),
        ("crosswatch import export.zip --provider ledger --dry-run --json", true),
        ("crosswatch import export.zip --dry-run --yes", false),
        ("crosswatch import --list", true),
        ("crosswatch import --undo 0199", true),
        ("crosswatch import export.zip --undo 0199", false),
        ("crosswatch import-config config.json -o crosswatch.toml --json", true),
        ("crosswatch export --format trakt --feature ratings -o trakt.json", true),
        ("crosswatch export --format xml", false),
        ("crosswatch tracker", false),
        ("crosswatch tracker statistics --json", true),
        ("crosswatch tracker list history --limit 5", true),
        ("crosswatch tracker list films", false),
        ("crosswatch tracker add history imdb:tt0133093 --at 2026-01-01 --json", true),
        ("crosswatch tracker add ratings tmdb_movie:603 --value 80 --title x --year 1999", true),
        ("crosswatch tracker add progress tvdb_show:81189/1/3 --position 60 --duration 3600", true),
        ("crosswatch tracker add watchlist", false),
        ("crosswatch tracker add ratings tmdb_movie:603 --value 101", false),
        ("crosswatch tracker remove history 17-0 18-0 --provider a", true),
        ("crosswatch tracker remove history", false),
        ("crosswatch undo", false),
        ("crosswatch undo 0199 --yes --approve-held --json", true),
        ("crosswatch undo 0199 --approve-held", false),
        ("crosswatch undo --pair a --last 2d --yes", true),
        ("crosswatch undo --pair a --last soon", false),
        ("crosswatch undo 0199 --pair a", false),
        ("crosswatch undo 0199 --last 2d", false),
        ("crosswatch undo --message 12", true),
        ("crosswatch undo --message 12 --pair a", false),
        ("crosswatch backup", false),
        ("crosswatch backup f", true),
        ("crosswatch restore-backup f --force", true),
        ("crosswatch store", false),
        ("crosswatch store verify --json", true),
        ("crosswatch reset", false),
        ("crosswatch reset a --full --yes --json", true),
        ("crosswatch reset a --dry-run --yes", false),
        ("crosswatch snapshot", false),
        ("crosswatch snapshot take home --feature history --json", true),
        ("crosswatch snapshot list --provider home --limit 5", true),
        ("crosswatch snapshot show 0199 --feature ratings", true),
        ("crosswatch snapshot diff 0199", false),
        ("crosswatch snapshot restore 0199 --target home --show Firefly --exact --yes --approve-held", true),
        ("crosswatch snapshot restore 0199 --approve-held", false),
        ("crosswatch snapshot pin 0199 --off", true),
        ("crosswatch snapshot drop", false),
        ("crosswatch snapshot export 0199 file", true),
        ("crosswatch snapshot export 0199", false),
        ("crosswatch snapshot import file --json", true),
    ];

    #[test]
    fn what_people_type_is_understood() {
        for (line, fits) in TYPED {
            assert_eq!(Arguments::try_parse_from(line.split(' ')).is_ok(), *fits, "{line}");
        }
    }

    #[test]
    fn no_named_feature_means_all_of_them() {
        assert_eq!(chosen(&[]), None);
        let both = chosen(&[Feature::Ratings, Feature::History]).unwrap();
        assert_eq!(both.iter().collect::<Vec<_>>(), [Feature::History, Feature::Ratings]);
    }
}
