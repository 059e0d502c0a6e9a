//! The arguments of the commands that exchange files with other tools.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use crosswatch_model::Feature;

/// Of `import`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ImportArguments {
    /// The file: an export ZIP of Trakt, SIMKL or Letterboxd, a CSV of IMDb or Yamtrack, our own export, or plain CSV or JSON.
    #[arg(value_name = "FILE", required_unless_present_any = ["undo", "list"])]
    pub file: Option<PathBuf>,
    /// The built-in tracker; the only one where left out.
    #[arg(long, value_name = "PROVIDER")]
    pub provider: Option<String>,
    /// Shows what would become of the file, and writes nothing.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Imports without asking, as where nobody can be asked.
    #[arg(long)]
    pub yes: bool,
    /// Lists the imports, newest first.
    #[arg(long, conflicts_with_all = ["file", "undo", "dry_run", "yes"])]
    pub list: bool,
    /// Takes this import back: what it wrote and nobody touched since.
    #[arg(long, value_name = "IMPORT", conflicts_with_all = ["file", "dry_run"])]
    pub undo: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `export`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ExportArguments {
    /// The built-in tracker; the only one where left out.
    #[arg(long, value_name = "PROVIDER")]
    pub provider: Option<String>,
    /// The shape: JSON and CSV hold everything, the others what the service takes.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = ExportFormat::Json)]
    pub format: ExportFormat,
    /// Only this feature.
    #[arg(long, value_name = "FEATURE", value_parser = super::feature)]
    pub feature: Option<Feature>,
    /// The file to write; standard output where left out.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// The shapes of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Everything, as JSON.
    Json,
    /// Everything, as one table.
    Csv,
    /// Watched films, as Letterboxd imports them.
    Letterboxd,
    /// Rows as Trakt exports them.
    Trakt,
}

impl ExportFormat {
    /// The word in queries.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Letterboxd => "letterboxd",
            Self::Trakt => "trakt",
        }
    }
}

/// Of `import-config`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ImportConfigArguments {
    /// The config.json of the Python CrossWatch.
    #[arg(value_name = "CONFIG.JSON")]
    pub file: PathBuf,
    /// The file to write; it must not be there yet. Holds secrets, so only its owner may read it.
    #[arg(short, long, value_name = "FILE", default_value = "crosswatch.toml")]
    pub output: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `tracker`.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum TrackerCommand {
    /// Its plays in numbers.
    Statistics(TrackerStatisticsArguments),
    /// The rows of one feature.
    List(TrackerListArguments),
    /// Adds a row, or gives one that is there another value.
    Add(TrackerAddArguments),
    /// Takes rows out.
    Remove(TrackerRemoveArguments),
}

/// Of `tracker statistics`.
#[derive(Debug, Clone, Args)]
pub(crate) struct TrackerStatisticsArguments {
    /// The built-in tracker; the only one where left out.
    #[arg(long, value_name = "PROVIDER")]
    pub provider: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `tracker list`.
#[derive(Debug, Clone, Args)]
pub(crate) struct TrackerListArguments {
    /// The feature.
    #[arg(value_name = "FEATURE", value_parser = super::feature)]
    pub feature: Feature,
    /// The built-in tracker; the only one where left out.
    #[arg(long, value_name = "PROVIDER")]
    pub provider: Option<String>,
    /// How many.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub limit: u16,
    /// Where to go on.
    #[arg(long, value_name = "CURSOR")]
    pub cursor: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `tracker add`.
#[derive(Debug, Clone, Args)]
pub(crate) struct TrackerAddArguments {
    /// The feature.
    #[arg(value_name = "FEATURE", value_parser = super::feature)]
    pub feature: Feature,
    /// The item: `imdb:tt0133093`, `tmdb_movie:603`, `tvdb_show:81189/1/3`. An id that does not say its kind names a movie.
    #[arg(value_name = "ITEM")]
    pub item: String,
    /// Its title.
    #[arg(long, value_name = "TITLE", default_value = "")]
    pub title: String,
    /// Its year.
    #[arg(long, value_name = "YEAR")]
    pub year: Option<u16>,
    /// When it was watched, listed, rated or stopped: `2026-07-01T20:15:00Z`, or for history a day; unknown where left out.
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Ratings: from 1 to 100.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub value: Option<u8>,
    /// Progress: seconds into the item.
    #[arg(long, value_name = "SECONDS")]
    pub position: Option<u32>,
    /// Progress: length of the item in seconds.
    #[arg(long, value_name = "SECONDS")]
    pub duration: Option<u32>,
    /// The built-in tracker; the only one where left out.
    #[arg(long, value_name = "PROVIDER")]
    pub provider: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `tracker remove`.
#[derive(Debug, Clone, Args)]
pub(crate) struct TrackerRemoveArguments {
    /// The feature.
    #[arg(value_name = "FEATURE", value_parser = super::feature)]
    pub feature: Feature,
    /// The rows; `crosswatch tracker list` names them.
    #[arg(value_name = "ROW", required = true, num_args = 1..=100)]
    pub rows: Vec<String>,
    /// The built-in tracker; the only one where left out.
    #[arg(long, value_name = "PROVIDER")]
    pub provider: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}
