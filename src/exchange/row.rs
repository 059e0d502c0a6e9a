//! What a file says: rows of items and facts, and the rows that cannot be placed.

use std::fmt;

use crosswatch_model::{Fact, Feature, Item, Kind};
use jiff::Timestamp;
use smol_str::SmolStr;

/// The formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Rows as Trakt exports them.
    Trakt,
    /// A backup of SIMKL.
    Simkl,
    /// Letterboxd.
    Letterboxd,
    /// A list or the ratings of IMDb.
    Imdb,
    /// Yamtrack.
    Yamtrack,
    /// Our own export.
    CrossWatch,
    /// A table with columns that say what they are.
    Csv,
    /// Objects with members that say what they are.
    Json,
}

impl Format {
    /// The word in answers and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trakt => "trakt",
            Self::Simkl => "simkl",
            Self::Letterboxd => "letterboxd",
            Self::Imdb => "imdb",
            Self::Yamtrack => "yamtrack",
            Self::CrossWatch => "crosswatch",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// A file as it was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// What kind of file it is.
    pub format: Format,
    /// Its rows, in its order.
    pub rows: Vec<ImportRow>,
    /// Rows that cannot be placed, up to [`crate::MISPLACED_KEPT_MAX`].
    pub misplaced: Vec<Misplaced>,
    /// How many there are of them.
    pub misplaced_total: u64,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportRow {
    /// Where it stands.
    pub place: Place,
    /// The item. Where it has neither ids nor a place below a show with ids, it has a title and a year.
    pub item: Item,
    /// What is said of it.
    pub told: Told,
    /// Its length, where told.
    pub runtime_s: Option<u32>,
}

/// What a row says of its item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Told {
    /// A fact.
    Fact(Fact),
    /// A resume point as a part of the length, in hundredths of a percent. It becomes one where the length is known.
    ResumePart {
        /// From 0 to 10 000.
        hundredths: u16,
        /// When playback stopped there.
        stopped_at: Option<Timestamp>,
    },
}

impl Told {
    /// The feature it belongs to.
    pub const fn feature(&self) -> Feature {
        match self {
            Self::Fact(fact) => fact.feature(),
            Self::ResumePart { .. } => Feature::Progress,
        }
    }
}

/// Where a row stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The member of the archive; empty where the file is none.
    pub member: SmolStr,
    /// The line or entry, counted from 1.
    pub number: u64,
    /// Whether lines of text or entries of a list are counted.
    pub unit: Unit,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Lines of a table, the header included.
    Line,
    /// Entries of a list.
    Entry,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.unit == Unit::Line { "line" } else { "entry" };
        if !self.member.is_empty() {
            write!(formatter, "{}, ", self.member)?;
        }
        write!(formatter, "{unit} {}", self.number)
    }
}

/// A row that cannot be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misplaced {
    /// Where it stands.
    pub place: Place,
    /// Why, and what would help.
    pub reason: String,
    /// The beginning of what it says.
    pub text: String,
}

/// Whether an item can be found again by what it carries.
pub(crate) fn has_identity(item: &Item) -> bool {
    let show_is_named = item.show.as_ref().is_some_and(|show| !show.ids.is_empty());
    let has_place = match item.kind {
        Kind::Episode => item.season.is_some() && item.number.is_some(),
        Kind::Season => item.season.is_some(),
        Kind::Movie | Kind::Show => false,
    };
    !item.ids.is_empty() || show_is_named && has_place
}
