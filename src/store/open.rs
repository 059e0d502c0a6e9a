//! Opening the database in its folder.
//!
//! The folder is closed to other users of the machine, because it holds tokens. A second process is refused, and so is a
//! database that a newer program wrote.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crosswatch_port::Durability;
use fjall::Database;

use crate::{
    batch::Batch,
    failure::StoreError,
    keyspaces::{Keyspaces, Space},
    names::MetaKey,
    row::Number,
    view::View,
};

/// The version of the database as a whole. It grows when an older program must not open the folder any more.
const FORMAT_VERSION: u64 = 1;
/// The folder of the database inside the data folder.
pub(crate) const FOLDER: &str = "db";
/// The journal is written round about this size; the smallest that the engine takes.
const JOURNAL_BYTES: u64 = 64 << 20;

/// How the database uses the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenOptions {
    /// Memory for blocks that were read.
    pub block_cache_bytes: u64,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { block_cache_bytes: 8 << 20 }
    }
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("another process uses the folder {0}; stop it, or give this one a data folder of its own")]
    Locked(PathBuf),
    /// A newer program wrote it.
    #[error("the database in {folder} has format {found}, this program reads up to {known}; use the newer program")]
    NewerFormat {
        /// The folder of the database.
        folder: PathBuf,
        /// The format found.
        found: u64,
        /// The newest format this program knows.
        known: u64,
    },
    /// Anything else: rights, a full disk, a broken file.
    #[error("the database in {0} cannot be opened: {1}")]
    Failed(PathBuf, String),
}

/// Opens or creates the database inside a data folder.
pub(crate) fn open(dir: &Path, options: OpenOptions) -> Result<(Database, Keyspaces), OpenError> {
    let folder = dir.join(FOLDER);
    let failed = |why: &dyn std::fmt::Display| OpenError::Failed(folder.clone(), why.to_string());
    private_folder(&folder).map_err(|why| failed(&why))?;
    let database = Database::builder(&folder)
        .cache_size(options.block_cache_bytes)
        .worker_threads(1)
        .max_journaling_size(JOURNAL_BYTES)
        .open()
        .map_err(|why| match why {
            fjall::Error::Locked => OpenError::Locked(folder.clone()),
            why => failed(&why),
        })?;
    let spaces = Keyspaces::open(&database).map_err(|why| failed(&why))?;
    match check_format(&database, &spaces) {
        Ok(found) if found <= FORMAT_VERSION => Ok((database, spaces)),
        Ok(found) => Err(OpenError::NewerFormat { folder, found, known: FORMAT_VERSION }),
        Err(why) => Err(failed(&why)),
    }
}

/// The version of the database. One that has none yet gets ours.
fn check_format(database: &Database, spaces: &Keyspaces) -> Result<u64, StoreError> {
    let mut batch = Batch::on(View::new(spaces, database.snapshot()));
    if let Some(Number(found)) = batch.get(Space::Meta, &MetaKey::Format)? {
        return Ok(found);
    }
    batch.put(Space::Meta, &MetaKey::Format, &Number(FORMAT_VERSION))?;
    batch.write(database, Durability::Synced)?;
    Ok(FORMAT_VERSION)
}

#[cfg(unix)]
fn private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};

    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mode = fs::metadata(folder)?.permissions().mode();
    if mode & 0o077 != 0 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}
