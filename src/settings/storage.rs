//! `[data]`: where the service keeps what it knows.

use std::path::PathBuf;

use crate::{problem::Problem, section::Section};

/// The data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// Folder of the database, the backups, the API key and the secret key. A relative one is relative to the
    /// working directory.
    pub dir: PathBuf,
}

impl Storage {
    pub(crate) fn build(section: &Section<'_>) -> Result<Self, Problem> {
        Ok(Self { dir: section.parsed("dir")? })
    }
}
