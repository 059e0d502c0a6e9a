//! Tables: CSV with a header, whatever separates its columns.
//!
//! Columns are found by their name without case, spaces and punctuation, so `Watched Date`, `watched_date` and
//! `WatchedDate` are one. A row that cannot be read is told with its line and the rest is read on.

use std::{collections::BTreeMap, fmt, io::Read};

use csv::{ByteRecord, ReaderBuilder};

use crate::{FileError, Place, gathering::Gathering, row::Unit};

/// Rows are no longer.
const ROW_MAX_BYTES: usize = 64 << 10;
/// Headers are no longer.
const HEADER_MAX_BYTES: usize = 16 << 10;
/// Tables have no more columns.
const COLUMNS_MAX: usize = 500;

/// The names of the columns.
#[derive(Debug, Default)]
pub(crate) struct Header {
    written: Vec<String>,
    places: BTreeMap<String, usize>,
}

impl Header {
    /// Whether there is a column of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// The names as they are written.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.written.iter().map(String::as_str)
    }

    fn of(record: &ByteRecord) -> Self {
        let mut header = Self::default();
        for (at, name) in record.iter().take(COLUMNS_MAX).enumerate() {
            let name = String::from_utf8_lossy(name);
            header.places.entry(normal(&name)).or_insert(at);
            header.written.push(name.into_owned());
        }
        header
    }
}

/// A name without case, spaces and punctuation.
pub(crate) fn normal(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// One row.
pub(crate) struct Cells<'a> {
    header: &'a Header,
    cells: Vec<&'a str>,
}

impl Cells<'_> {
    /// The cell of a column; empty where the row or the table has none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.header.places.get(name).and_then(|at| self.cells.get(*at)).map_or("", |cell| cell.trim())
    }

    /// The first of several columns that holds something.
    pub(crate) fn first_of(&self, names: &[&str]) -> &str {
        names.iter().map(|name| self.get(name)).find(|cell| !cell.is_empty()).unwrap_or_default()
    }

    /// The columns with their cells.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        self.header.places.keys().map(|name| (name.as_str(), self.get(name)))
    }
}

/// The row as it is shown.
impl fmt::Display for Cells<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cells.iter().enumerate().try_for_each(|(at, cell)| {
            formatter.write_str(if at == 0 { "" } else { ", " })?;
            formatter.write_str(cell)
        })
    }
}

/// A table whose header was read.
pub(crate) struct Table<'a> {
    header: Header,
    /// The reader counts a line feed with the row after it where a carriage return ends the row before.
    lines_behind: u64,
    reader: csv::Reader<Box<dyn Read + 'a>>,
}

impl<'a> Table<'a> {
    /// Reads the header. The first line decides what separates the columns.
    pub(crate) fn open(reader: &'a mut dyn Read, gathering: &Gathering) -> Result<Self, FileError> {
        let mut first = Vec::new();
        let mut next = [0u8; 1];
        while first.len() < HEADER_MAX_BYTES && reader.read(&mut next).map_err(|error| gathering.broken(&error))? == 1 {
            first.extend_from_slice(&next);
            if next == *b"\n" {
                break;
            }
        }
        if std::str::from_utf8(&first).is_err() {
            return Err(FileError::Encoding);
        }
        let count = |separator: u8| first.split(|byte| *byte == separator).count();
        let separator = [b',', b';', b'\t'].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',');
        let lines_behind = u64::from(first.ends_with(b"\r\n"));
        let whole: Box<dyn Read + 'a> = Box::new(std::io::Cursor::new(first).chain(reader));
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(whole);
        let mut record = ByteRecord::new();
        reader.read_byte_record(&mut record).map_err(|error| gathering.broken(&error))?;
        Ok(Self { header: Header::of(&record), lines_behind, reader })
    }

    /// The names of the columns.
    pub(crate) const fn header(&self) -> &Header {
        &self.header
    }

    /// Visits every row with its place. A complaint of the visit makes the row a misplaced one.
    pub(crate) fn each(
        mut self,
        gathering: &mut Gathering,
        mut visit: impl FnMut(&Place, &Cells<'_>, &mut Gathering) -> Result<Result<(), String>, FileError>,
    ) -> Result<(), FileError> {
        let mut record = ByteRecord::new();
        loop {
            let is_there = self.reader.read_byte_record(&mut record).map_err(|error| gathering.broken(&error))?;
            if !is_there {
                return Ok(());
            }
            let line = record.position().map_or(0, csv::Position::line) + self.lines_behind;
            let place = gathering.place(line, Unit::Line);
            if record.as_slice().len() > ROW_MAX_BYTES {
                let reason = format!("it is longer than {} KiB; is a quotation mark left open?", ROW_MAX_BYTES >> 10);
                gathering.refuse(place, reason, &lossy(&record))?;
                continue;
            }
            let Ok(cells) = record.iter().map(std::str::from_utf8).collect::<Result<Vec<_>, _>>() else {
                gathering.refuse(place, "its text is not UTF-8", &lossy(&record))?;
                continue;
            };
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let cells = Cells { header: &self.header, cells };
            if let Err(reason) = visit(&place, &cells, gathering)? {
                gathering.refuse(place, reason, &cells)?;
            }
        }
    }
}

fn lossy(record: &ByteRecord) -> String {
    let start = record.as_slice().get(..400).unwrap_or(record.as_slice());
    String::from_utf8_lossy(start).into_owned()
}
