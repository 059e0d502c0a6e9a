//! Files of text: JSON or a table, told apart by their first character, and which of each by what they hold.

use std::io::Read;

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::{
    FileError, Format, Imported,
    flat::{self, Bare},
    gathering::Gathering,
    imdb,
    json_rows::{self, Spot},
    letterboxd, simkl,
    table::Table,
    trakt, yamtrack,
};

/// Reads a file of text.
pub(crate) fn read(bytes: &[u8], zone: &TimeZone) -> Result<Imported, FileError> {
    let mut gathering = Gathering::new();
    read_stream(&mut &*bytes, zone, &mut gathering)?;
    gathering.finish()
}

/// Reads text from a stream.
pub(crate) fn read_stream(reader: &mut dyn Read, zone: &TimeZone, gathering: &mut Gathering) -> Result<(), FileError> {
    let start = Start::of(reader).map_err(|error| gathering.broken(&error))?;
    if start.bytes.starts_with(&[0xff, 0xfe]) || start.bytes.starts_with(&[0xfe, 0xff]) {
        return Err(FileError::Encoding);
    }
    match start.first() {
        Some(b'{' | b'[') => read_json(&mut start.chain(reader), zone, gathering),
        Some(byte) if byte.is_ascii_control() => Err(FileError::Unknown("it is no text".to_owned())),
        Some(_) => read_table(Table::open(&mut start.chain(reader), gathering)?, zone, gathering),
        None => Err(FileError::Empty),
    }
}

/// The first bytes of a stream, without a byte order mark of UTF-8.
struct Start {
    bytes: Vec<u8>,
}

impl Start {
    /// Reads up to the first character that is no white space.
    fn of(reader: &mut dyn Read) -> std::io::Result<Self> {
        let mut bytes = Vec::new();
        let mut next = [0u8; 1];
        while bytes.len() < 4096 && reader.read(&mut next)? == 1 {
            bytes.extend_from_slice(&next);
            let is_mark =
                bytes.starts_with(&[0xef]) && bytes.len() < 3 || bytes.starts_with(&[0xff]) && bytes.len() < 2;
            if bytes.as_slice() == [0xef, 0xbb, 0xbf] {
                bytes.clear();
            } else if !is_mark && !next.trim_ascii().is_empty() {
                break;
            }
        }
        Ok(Self { bytes })
    }

    fn first(&self) -> Option<u8> {
        self.bytes.trim_ascii_start().first().copied()
    }

    fn chain<'a>(&'a self, rest: &'a mut dyn Read) -> impl Read + 'a {
        Read::chain(self.bytes.as_slice(), rest)
    }
}

/// Each entry says by its members what it is.
fn read_json(reader: &mut dyn Read, zone: &TimeZone, gathering: &mut Gathering) -> Result<(), FileError> {
    let mut bare = Bare::Refused;
    json_rows::each(reader, gathering, &mut |spot, value, gathering| match spot.list {
        "format" if value == *"crosswatch" => {
            gathering.is_a(Format::CrossWatch);
            Ok(())
        }
        // The tracker files of the Python CrossWatch: rows without any fact are entries of its watchlist.
        "ts" => {
            bare = Bare::Listed;
            Ok(())
        }
        "movies" | "shows" | "anime" if spot.is_entry => {
            gathering.is_a(Format::Simkl);
            simkl::read_entry(spot, &value, zone, gathering)
        }
        "" | "items" if spot.is_entry => read_entry(spot, &value, bare, zone, gathering),
        _ => Ok(()),
    })
}

fn read_entry(
    spot: Spot<'_>,
    value: &Value,
    bare: Bare,
    zone: &TimeZone,
    gathering: &mut Gathering,
) -> Result<(), FileError> {
    if trakt::is_row(value) {
        gathering.is_a(Format::Trakt);
        return trakt::read_row(spot, value, None, zone, gathering);
    }
    gathering.is_a(Format::Json);
    flat::read_value(spot, value, bare, zone, gathering)
}

fn read_table(table: Table<'_>, zone: &TimeZone, gathering: &mut Gathering) -> Result<(), FileError> {
    if imdb::is_header(table.header()) {
        gathering.is_a(Format::Imdb);
        return imdb::read(table, zone, gathering);
    }
    if yamtrack::is_header(table.header()) {
        gathering.is_a(Format::Yamtrack);
        return yamtrack::read(table, zone, gathering);
    }
    if letterboxd::is_header(table.header()) {
        gathering.is_a(Format::Letterboxd);
        return letterboxd::read_alone(table, zone, gathering);
    }
    if !flat::is_header(table.header()) {
        let names: Vec<String> = table.header().names().take(6).map(crate::cell::short).collect();
        return Err(FileError::Unknown(format!("a text that begins with: {}", names.join(", "))));
    }
    gathering.is_a(if table.header().has("feature") { Format::CrossWatch } else { Format::Csv });
    flat::read(table, zone, gathering)
}
