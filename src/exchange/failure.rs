//! Why a whole file cannot be read. A single row that cannot is a [`crate::Misplaced`] instead.

use crate::{FILE_MAX_BYTES, ROWS_MAX, UNPACKED_MAX_BYTES, archive};

/// What every file is measured against.
const EXPECTED: &str = "a Trakt, SIMKL or Letterboxd export ZIP, a CSV of IMDb, Yamtrack or CrossWatch, or a CSV or JSON \
                        with columns such as type, title, year, imdb, tmdb, season, episode, watched_at, rating";

/// Why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Nothing in it.
    #[error("the file is empty; expected {EXPECTED}")]
    Empty,
    /// None of the formats.
    #[error("this is no file that can be imported ({0}); expected {EXPECTED}")]
    Unknown(String),
    /// Not UTF-8.
    #[error("the text of the file is not UTF-8; save it as UTF-8 and import it again")]
    Encoding,
    /// A format whose meaning its name alone carries.
    #[error("{0}")]
    Ambiguous(String),
    /// More bytes than a file may have.
    #[error("the file is larger than {} MiB; import it in parts", FILE_MAX_BYTES >> 20)]
    TooLarge,
    /// More bytes than an archive may hold.
    #[error(
        "what the archive holds is larger than {} MiB or than {} times the archive; this is not an export",
        UNPACKED_MAX_BYTES >> 20, archive::RATIO_MAX
    )]
    Inflated,
    /// More members than an archive may have.
    #[error("the archive has more than {} members; this is not an export", archive::MEMBERS_MAX)]
    TooManyMembers,
    /// More rows than a file may have.
    #[error("the file has more than {ROWS_MAX} rows; import it in parts")]
    TooManyRows,
    /// It breaks off or contradicts itself.
    #[error("{place} cannot be read to its end: {why}; export it anew")]
    Broken {
        /// The file or the member of the archive.
        place: String,
        /// What is wrong.
        why: String,
    },
}
