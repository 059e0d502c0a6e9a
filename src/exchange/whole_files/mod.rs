//! Reading whole files: every format by its content, and files that lie.

mod archives;
mod formats;
mod hostile;
mod round_trip;

use std::io::{Cursor, Write};

use jiff::tz::TimeZone;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{FileError, Imported, Told, read};

/// Reads with the days of Berlin in winter.
fn reading(bytes: &[u8]) -> Result<Imported, FileError> {
    read(bytes, &TimeZone::posix("CET-1").unwrap())
}

/// An archive of these members.
fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The rows as short lines: where, what, and what is said of it.
fn lines(imported: &Imported) -> Vec<String> {
    let line = |row: &crate::ImportRow| {
        let told = match row.told {
            Told::Fact(fact) => format!("{fact:?}"),
            Told::ResumePart { hundredths, .. } => format!("{hundredths}/10000"),
        };
        let show = row.item.show.as_ref().map(|show| format!(" of {:?}", show.ids)).unwrap_or_default();
        format!("{}: {} {} {:?}{show} {told}", row.place, row.item.kind, row.item.label(), row.item.ids)
    };
    imported.rows.iter().map(line).collect()
}

/// The misplaced rows as short lines.
fn misplaced(imported: &Imported) -> Vec<String> {
    imported.misplaced.iter().map(|row| format!("{}: {}", row.place, row.reason)).collect()
}

/// Checks a file: its format, its rows, and what is misplaced.
#[track_caller]
fn check(bytes: &[u8], format: &str, rows: &[&str], wrong: &[&str]) {
    let imported = reading(bytes).unwrap();
    assert_eq!(imported.format.as_str(), format);
    assert_eq!(lines(&imported), rows);
    let told = misplaced(&imported);
    assert_eq!(told.len(), wrong.len(), "{told:?}");
    for (told, wrong) in told.iter().zip(wrong) {
        assert!(told.starts_with(wrong), "{told}");
    }
    assert_eq!(imported.misplaced_total, wrong.len() as u64);
}
