//! Files of other tools in, and our own content as files out.
//!
//! [`read`] takes the bytes of a file and says what it is by its content, never by its name: the export archives of Trakt,
//! SIMKL and Letterboxd, the tables of IMDb and Yamtrack, the tracker files of the Python CrossWatch, our own exports,
//! and plain CSV or JSON with columns that say what they are. [`settle`] says which rows are new to a ledger and as which
//! entities, and [`export`] writes a ledger in the shapes that others read.
//!
//! Promises: a broken or hostile file is an error that says what was expected, never a panic and never more memory than
//! the limits allow; a row that cannot be placed is kept as [`Misplaced`] with the reason, never dropped silently; a date
//! that is not there is unknown, never today, and a day is a day. Deliberately absent: the disk, the network, clocks.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod archive;
mod cell;
pub mod export;
mod failure;
mod flat;
mod gathering;
mod imdb;
mod json_rows;
mod letterboxd;
mod row;
pub mod settle;
mod simkl;
mod table;
mod text;
mod trakt;
mod yamtrack;

#[cfg(test)]
mod whole_files;

pub use failure::FileError;
pub use row::{Format, ImportRow, Imported, Misplaced, Place, Told};

use jiff::tz::TimeZone;

/// Files are no larger.
pub const FILE_MAX_BYTES: usize = 64 << 20;
/// What is in an archive is no larger.
pub const UNPACKED_MAX_BYTES: u64 = 512 << 20;
/// A file has no more rows, misplaced ones included.
pub const ROWS_MAX: usize = 2_000_000;
/// So many misplaced rows are told one by one; the rest is counted.
pub const MISPLACED_KEPT_MAX: usize = 10_000;

/// Reads a file. Moments without a zone are read in `zone`.
pub fn read(bytes: &[u8], zone: &TimeZone) -> Result<Imported, FileError> {
    if bytes.len() > FILE_MAX_BYTES {
        return Err(FileError::TooLarge);
    }
    if bytes.trim_ascii().is_empty() {
        return Err(FileError::Empty);
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        archive::read(bytes, zone)
    } else {
        text::read(bytes, zone)
    }
}
