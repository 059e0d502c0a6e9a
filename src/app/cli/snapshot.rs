//! The command line of `snapshot`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use crosswatch_model::Feature;

use super::feature;

/// Of `snapshot`.
#[derive(Debug, Clone, Args)]
pub(crate) struct SnapshotArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: SnapshotCommand,
}

/// What can be done with snapshots.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Copies what an account holds now.
    Take(TakeArguments),
    /// Lists snapshots, newest first.
    List(ListArguments),
    /// Shows what a snapshot holds.
    Show(ShowArguments),
    /// Shows what lies between two snapshots.
    Diff(DiffArguments),
    /// Shows what a snapshot would bring back; with --yes it is.
    Restore(RestoreArguments),
    /// Keeps a snapshot for good.
    Pin(PinArguments),
    /// Drops a snapshot that is not pinned.
    Drop(DropArguments),
    /// Writes a snapshot to a file.
    Export(ExportSnapshotArguments),
    /// Takes a snapshot in that `export` wrote, here or elsewhere.
    Import(ImportSnapshotArguments),
}

/// Of `snapshot take`.
#[derive(Debug, Clone, Args)]
pub(crate) struct TakeArguments {
    /// The account.
    #[arg(value_name = "PROVIDER")]
    pub provider: String,
    /// Only this feature; may be repeated.
    #[arg(long = "feature", value_name = "FEATURE", value_parser = feature)]
    pub features: Vec<Feature>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `snapshot list`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListArguments {
    /// Only of this account.
    #[arg(long, value_name = "PROVIDER")]
    pub provider: Option<String>,
    /// How many.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub limit: u16,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `snapshot show`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ShowArguments {
    /// The snapshot; `crosswatch snapshot list` lists them.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Only this feature.
    #[arg(long, value_name = "FEATURE", value_parser = feature)]
    pub feature: Option<Feature>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `snapshot diff`.
#[derive(Debug, Clone, Args)]
pub(crate) struct DiffArguments {
    /// The first snapshot.
    #[arg(value_name = "A")]
    pub from: String,
    /// The second one.
    #[arg(value_name = "B")]
    pub to: String,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `snapshot restore`.
#[derive(Debug, Clone, Args)]
pub(crate) struct RestoreArguments {
    /// The snapshot.
    #[arg(value_name = "ID")]
    pub id: String,
    /// The account to write to; the one it was taken of where left out.
    #[arg(long, value_name = "PROVIDER")]
    pub target: Option<String>,
    /// Only this feature; may be repeated.
    #[arg(long = "feature", value_name = "FEATURE", value_parser = feature)]
    pub features: Vec<Feature>,
    /// Only this show: its title, or an id as in `tvdb_show:78874`.
    #[arg(long, value_name = "SHOW")]
    pub show: Option<String>,
    /// Only this item: `imdb:tt0133093`, `tmdb_movie:603`, `tvdb_show:81189/1/3`.
    #[arg(long, value_name = "ITEM")]
    pub item: Option<String>,
    /// Also removes what came since; that is held until it is approved.
    #[arg(long)]
    pub exact: bool,
    /// Brings it back, once it was shown.
    #[arg(long)]
    pub yes: bool,
    /// With --yes: also what is held for approval.
    #[arg(long, requires = "yes")]
    pub approve_held: bool,
    /// Prints JSON: the plan, or with --yes the run.
    #[arg(long)]
    pub json: bool,
}

/// Of `snapshot pin`.
#[derive(Debug, Clone, Args)]
pub(crate) struct PinArguments {
    /// The snapshot.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Unpins it.
    #[arg(long)]
    pub off: bool,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `snapshot drop`.
#[derive(Debug, Clone, Args)]
pub(crate) struct DropArguments {
    /// The snapshot.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `snapshot export`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ExportSnapshotArguments {
    /// The snapshot.
    #[arg(value_name = "ID")]
    pub id: String,
    /// The file to write. It holds no secret.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Of `snapshot import`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ImportSnapshotArguments {
    /// The file that `snapshot export` wrote.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}
