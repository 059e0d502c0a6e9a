//! Rows: how records become bytes.
//!
//! Every value begins with one byte for the format and one for the version of its struct. A struct that was ever written
//! to a disk is frozen; a change is a new struct with the next version that is made from the old one.
//! Rows that exist by the hundred thousand are positional (an array of fields), small records are maps with field names.
//! What comes back from the disk is checked against the closed sets of `model` before anybody sees it.
//!
//! Deliberately absent: attributes that leave fields out or merge them. They shift positions silently.

mod baseline;
mod bytes;
mod cached;
mod event;
mod fact;
mod head;
mod heard;
mod held;
mod identity;
mod import;
mod item;
mod lease;
mod line;
mod live;
mod meta;
mod outbox;
mod pair_feature;
mod plan;
mod reading;
mod rejected;
mod run;
mod seat;
mod secret;
mod shelf;
mod snapshot;
mod stamp;
mod standing;
mod tally;
mod unresolved;
mod word;

#[cfg(test)]
mod live_tests;
#[cfg(test)]
mod tests;

pub(crate) use cached::Cached;
pub(crate) use identity::Pointer;
pub(crate) use item::Entity;
pub(crate) use lease::Lease;
pub(crate) use meta::{Life, Number, Present};
pub(crate) use reading::ReadFact;
pub(crate) use secret::Secret;
pub(crate) use shelf::{ShelfFact, ShelfSize};
pub(crate) use snapshot::{Chunk, ChunkHash, ChunkList, ListedChunk};

use serde::{Serialize, de::DeserializeOwned};

/// How the fields of a row are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Format {
    /// MessagePack, an array of fields.
    Positional = 1,
    /// MessagePack, a map from field names.
    Named = 2,
}

/// A struct as it lies on the disk.
pub(crate) trait Row: Serialize + DeserializeOwned {
    /// Its layout.
    const FORMAT: Format;
    /// Its version.
    const VERSION: u8;
}

/// A value that has a row.
pub(crate) trait Stored: Sized {
    /// The row of today.
    type Row: Row;

    /// The row to write.
    fn to_row(&self) -> Self::Row;

    /// Checks a row that was read.
    fn from_row(row: Self::Row) -> Result<Self, RowError>;
}

/// Why bytes are not a row, or a row not a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RowError {
    /// Fewer bytes than a header has.
    #[error("it is shorter than its header")]
    NoHeader,
    /// The layout is not the one of this row.
    #[error("it has layout {found} where {expected} is due")]
    Format {
        /// What it says.
        found: u8,
        /// What it must say.
        expected: u8,
    },
    /// A version this program does not know.
    #[error("it has version {found}, this program reads version {known}")]
    Version {
        /// What it says.
        found: u8,
        /// The newest version known here.
        known: u8,
    },
    /// The bytes are not MessagePack of the right shape.
    #[error("its content has the wrong shape: {0}")]
    Shape(String),
    /// Bytes after the end.
    #[error("{0} bytes follow its end")]
    TooLong(usize),
    /// A field holds what the field cannot hold.
    #[error("its field {0} holds a value that does not exist")]
    Field(&'static str),
}

/// The bytes of a value.
pub(crate) fn encode<T: Stored>(value: &T) -> Result<Vec<u8>, RowError> {
    encode_row(&value.to_row())
}

/// The value of these bytes.
pub(crate) fn decode<T: Stored>(bytes: &[u8]) -> Result<T, RowError> {
    T::from_row(decode_row(bytes)?)
}

fn encode_row<R: Row>(row: &R) -> Result<Vec<u8>, RowError> {
    let mut bytes = Vec::with_capacity(128);
    bytes.extend_from_slice(&[R::FORMAT as u8, R::VERSION]);
    let written = match R::FORMAT {
        Format::Positional => row.serialize(&mut rmp_serde::Serializer::new(&mut bytes)),
        Format::Named => row.serialize(&mut rmp_serde::Serializer::new(&mut bytes).with_struct_map()),
    };
    written.map_err(|why| RowError::Shape(why.to_string()))?;
    Ok(bytes)
}

fn decode_row<R: Row>(bytes: &[u8]) -> Result<R, RowError> {
    let [format, version, body @ ..] = bytes else { return Err(RowError::NoHeader) };
    if *format != R::FORMAT as u8 {
        return Err(RowError::Format { found: *format, expected: R::FORMAT as u8 });
    }
    if *version != R::VERSION {
        return Err(RowError::Version { found: *version, known: R::VERSION });
    }
    let mut rest = body;
    let row = R::deserialize(&mut rmp_serde::Deserializer::new(&mut rest));
    let row = row.map_err(|why| RowError::Shape(why.to_string()))?;
    if rest.is_empty() { Ok(row) } else { Err(RowError::TooLong(rest.len())) }
}

/// Names the row struct, its layout and its version.
macro_rules! row {
    ($name:ident, $format:ident, $version:literal) => {
        impl $crate::row::Row for $name {
            const FORMAT: $crate::row::Format = $crate::row::Format::$format;
            const VERSION: u8 = $version;
        }
    };
}
use row;
