//! A ledger as a file: rows in, bytes out, one row at a time.
//!
//! JSON and CSV hold everything and are read back as they were. The other two are the shapes that other services take:
//! Letterboxd's table of films, and rows as Trakt exports them. Deliberately absent: where the rows come from and where the
//! bytes go.

mod letterboxd;
mod plain;
mod trakt;

use crosswatch_model::{Fact, Feature, Item, WatchedAt};
use jiff::tz::TimeZone;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Our own objects.
    Json,
    /// Our own table.
    Csv,
    /// The table that Letterboxd imports: watched films with their ratings.
    Letterboxd,
    /// A list of rows as Trakt exports them.
    Trakt,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Json, Self::Csv, Self::Letterboxd, Self::Trakt];

    /// The word in commands and queries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Letterboxd => "letterboxd",
            Self::Trakt => "trakt",
        }
    }

    /// The shape of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.as_str() == text)
    }

    /// The media type of such a file.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json | Self::Trakt => "application/json",
            Self::Csv | Self::Letterboxd => "text/csv; charset=utf-8",
        }
    }

    /// The ending of such a file's name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Json | Self::Trakt => "json",
            Self::Csv | Self::Letterboxd => "csv",
        }
    }

    /// Whether it can hold a row of this feature about this item; otherwise it is left out.
    pub fn holds(self, feature: Feature, item: &Item) -> bool {
        match self {
            Self::Json | Self::Csv => true,
            Self::Letterboxd => letterboxd::holds(feature, item),
            Self::Trakt => trakt::holds(item),
        }
    }

    /// What comes before the first row.
    pub fn head(self) -> String {
        match self {
            Self::Json => plain::JSON_HEAD.to_owned(),
            Self::Csv => plain::csv_head(),
            Self::Letterboxd => letterboxd::HEAD.to_owned(),
            Self::Trakt => "[".to_owned(),
        }
    }

    /// What comes after the last row.
    pub const fn foot(self) -> &'static str {
        match self {
            Self::Json => "\n]}\n",
            Self::Trakt => "\n]\n",
            Self::Csv | Self::Letterboxd => "",
        }
    }
}

/// Something to write: a fact of an item.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The item.
    pub item: &'a Item,
    /// The fact.
    pub fact: Fact,
    /// The rating of the item, for the shape that has it beside the play.
    pub rating: Option<crosswatch_model::Rating>,
    /// Whether an earlier play of the same item was written.
    pub is_rewatch: bool,
}

/// Writes rows of one file.
#[derive(Debug)]
pub struct Writer {
    shape: Shape,
    zone: TimeZone,
    is_first: bool,
}

impl Writer {
    /// A file of this shape. Days of instants are those of `zone`.
    pub const fn new(shape: Shape, zone: TimeZone) -> Self {
        Self { shape, zone, is_first: true }
    }

    /// The text of a row, with what separates it from the one before. Only rows that the shape holds may be given.
    pub fn row(&mut self, line: &Line<'_>) -> String {
        let separator = if std::mem::replace(&mut self.is_first, false) { "\n" } else { ",\n" };
        match self.shape {
            Shape::Json => format!("{separator}{}", plain::json(line)),
            Shape::Trakt => format!("{separator}{}", trakt::json(line)),
            Shape::Csv => plain::csv(line),
            Shape::Letterboxd => letterboxd::csv(line, &self.zone),
        }
    }
}

/// A moment as it is read back: an instant, a minute without seconds, a day, or nothing.
fn moment(at: WatchedAt) -> String {
    match at {
        WatchedAt::Exact(at) => at.to_string(),
        WatchedAt::Minute(at) => at.strftime("%Y-%m-%dT%H:%MZ").to_string(),
        WatchedAt::Day(day) => day.to_string(),
        WatchedAt::Unknown => String::new(),
    }
}

/// Spreadsheets carry out what begins with one of these.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell of a table: a text that a spreadsheet would take for a formula gets an apostrophe before it.
fn cell(text: &str) -> String {
    let is_marked = |text: &str| text.trim_start_matches('\'').starts_with(FORMULA);
    let safe = if is_marked(text) { format!("'{text}") } else { text.to_owned() };
    if safe.contains(['"', ',', ';', '\n', '\r', '\t']) || safe.trim() != safe {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

/// A cell as it was before [`cell`] made it safe.
pub(crate) fn unquoted(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(FORMULA) => rest,
        _ => text,
    }
}

/// A row of cells.
fn record(cells: impl IntoIterator<Item = String>) -> String {
    let mut row = cells.into_iter().map(|text| cell(&text)).collect::<Vec<_>>().join(",");
    row.push_str("\r\n");
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_text_and_are_read_back() {
        for (text, written) in [
            ("Amélie", "Amélie"),
            ("=1+1", "'=1+1"),
            ("@midnight", "'@midnight"),
            ("-30-", "'-30-"),
            ("'=x", "''=x"),
            ("'Tis", "'Tis"),
            ("a, \"b\"", "\"a, \"\"b\"\"\""),
        ] {
            assert_eq!(cell(text), written);
        }
        for text in ["=1+1", "'=1", "''-", "'Tis", "plain", "", "+"] {
            assert_eq!(unquoted(&cell(text)), text);
        }
    }
}
