//! Archives: which export one is, by the names of its members, and reading them under limits.
//!
//! Members are read as streams and never unpacked as a whole. What an archive claims about sizes is not believed: the
//! bytes that really come out are counted.

use std::{
    cell::Cell,
    io::{self, BufReader, Cursor, Read},
    rc::Rc,
};

use jiff::tz::TimeZone;
use zip::ZipArchive;

use crate::{
    FileError, Format, Imported, UNPACKED_MAX_BYTES,
    gathering::Gathering,
    letterboxd::{self, Sheet},
    text, trakt,
};

/// An archive has no more members.
pub(crate) const MEMBERS_MAX: usize = 1_000;
/// What comes out of an archive is at most so many times as large as it.
pub(crate) const RATIO_MAX: u64 = 200;
/// So much may come out of a small archive whatever its ratio.
const ALWAYS_ALLOWED_BYTES: u64 = 1 << 20;

/// Reads an archive.
pub(crate) fn read(bytes: &[u8], zone: &TimeZone) -> Result<Imported, FileError> {
    let headers = bytes.windows(4).filter(|window| window == b"PK\x01\x02");
    if headers.take(MEMBERS_MAX + 1).count() > MEMBERS_MAX {
        return Err(FileError::TooManyMembers);
    }
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken("the archive", &error))?;
    let names = archive.file_names().filter_map(Result::ok).map(std::borrow::Cow::into_owned);
    let mut names: Vec<String> = names.filter(|name| !name.ends_with('/')).collect();
    names.sort_unstable_by_key(|name| natural(name));
    let allowed = (bytes.len() as u64).saturating_mul(RATIO_MAX).clamp(ALWAYS_ALLOWED_BYTES, UNPACKED_MAX_BYTES);
    let mut open = Opened { archive, meter: Meter { left: Rc::new(Cell::new(allowed)), ran_out: Rc::default() } };
    let mut gathering = Gathering::new();
    let sheets = of(&names, letterboxd::sheet_of);
    let parts = of(&names, trakt::part_of);
    if !sheets.is_empty() {
        gathering.is_a(Format::Letterboxd);
        read_letterboxd(&mut open, &sheets, zone, &mut gathering)?;
    } else if !parts.is_empty() {
        gathering.is_a(Format::Trakt);
        for (name, part) in parts {
            gathering.enter(name);
            let result = open.member(name, |reader| trakt::read(reader, part, zone, &mut gathering))?;
            open.meter.settle(result)?;
        }
    } else {
        let [only] = readable(&names).try_into().map_err(|_| FileError::Unknown(members(&names)))?;
        gathering.enter(only);
        let result = open.member(only, |reader| text::read_stream(reader, zone, &mut gathering))?;
        open.meter.settle(result)?;
    }
    gathering.finish()
}

/// The sheets in an order in which the diary comes before the films that are merely watched.
fn read_letterboxd(
    open: &mut Opened<'_>,
    sheets: &[(&str, Sheet)],
    zone: &TimeZone,
    gathering: &mut Gathering,
) -> Result<(), FileError> {
    let mut sheets = sheets.to_vec();
    sheets.sort_by_key(|(_, sheet)| *sheet);
    let has_ratings = sheets.iter().any(|(_, sheet)| *sheet == Sheet::Ratings);
    let mut letterboxd = letterboxd::Reader::new(has_ratings);
    for (name, sheet) in sheets {
        gathering.enter(name);
        let result = open.member(name, |reader| letterboxd.read(reader, sheet, zone, gathering))?;
        open.meter.settle(result)?;
    }
    Ok(())
}

/// The members that mean something.
fn of<T>(names: &[String], meaning: impl Fn(&str) -> Option<T>) -> Vec<(&str, T)> {
    names.iter().filter_map(|name| Some((name.as_str(), meaning(name)?))).collect()
}

fn readable(names: &[String]) -> Vec<&str> {
    let ends = [".json", ".csv"];
    let is_hidden = |name: &str| name.starts_with("__MACOSX") || name.contains("/.");
    let fits = |name: &&str| {
        let lower = name.to_ascii_lowercase();
        !is_hidden(name) && ends.iter().any(|end| lower.ends_with(end))
    };
    names.iter().map(String::as_str).filter(fits).collect()
}

fn members(names: &[String]) -> String {
    if names.is_empty() {
        return "the archive is empty".to_owned();
    }
    let shown: Vec<String> = names.iter().take(5).map(|name| crate::cell::short(name)).collect();
    let more = if names.len() > shown.len() { ", …" } else { "" };
    format!("an archive with {}{more}", shown.join(", "))
}

/// `history-2` before `history-10`.
fn natural(name: &str) -> (usize, String) {
    (name.len(), name.to_owned())
}

fn broken(place: &str, error: &impl ToString) -> FileError {
    FileError::Broken { place: place.to_owned(), why: error.to_string() }
}

/// An archive that is being read.
struct Opened<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    meter: Meter,
}

impl Opened<'_> {
    /// Reads a member as a stream.
    fn member<T>(&mut self, name: &str, read: impl FnOnce(&mut dyn Read) -> T) -> Result<T, FileError> {
        let member = self.archive.by_name(name).map_err(|error| broken(name, &error))?;
        let mut reader = BufReader::with_capacity(64 << 10, Metered { inner: member, meter: self.meter.clone() });
        Ok(read(&mut reader))
    }
}

/// How many bytes may still come out.
#[derive(Debug, Clone)]
struct Meter {
    left: Rc<Cell<u64>>,
    ran_out: Rc<Cell<bool>>,
}

impl Meter {
    /// A reader that was cut off reports whatever it makes of that; the cut is the reason.
    fn settle(&self, result: Result<(), FileError>) -> Result<(), FileError> {
        if self.ran_out.get() { Err(FileError::Inflated) } else { result }
    }
}

struct Metered<R> {
    inner: R,
    meter: Meter,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if let Some(left) = self.meter.left.get().checked_sub(count as u64) {
            self.meter.left.set(left);
            return Ok(count);
        }
        self.meter.ran_out.set(true);
        Err(io::Error::other("more comes out than is allowed"))
    }
}
