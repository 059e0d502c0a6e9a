//! Backups: everything the store holds as one file, and back.
//!
//! The file is a header with a version, the rows of one moment keyspace by keyspace, each with its lengths, and a hash of
//! all that. Values lie in it as they lie in the database: tokens stay sealed with a key that is not among them.
//! Promises: a file that is cut off, changed or of a newer version is refused before anything is touched; a restore puts
//! the finished database in place with one rename, and what was there before is kept beside it.
//! Deliberately absent: compression and encryption, which other programs do better.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use crosswatch_port::BackupCount;
use fjall::{Database, Keyspace, PersistMode};

use crate::{
    failure::StoreError,
    keyspaces::Space,
    ledger::FjallLedger,
    open::{FOLDER, OpenError, OpenOptions},
    view::{KeyRange, View},
};

const MAGIC: &[u8; 8] = b"CWBACKUP";
const VERSION: u32 = 1;
/// What follows in the file.
const END: u8 = 0;
const KEYSPACE: u8 = 1;
const ROW: u8 = 2;
/// No name, key or value is larger; lengths beyond are damage.
const NAME_MAX_BYTES: u32 = 64;
const KEY_MAX_BYTES: u32 = 64 << 10;
const VALUE_MAX_BYTES: u32 = 256 << 20;
/// Rows that are written to the new database at once.
const ROWS_AT_ONCE: usize = 1_000;
/// Where the new database is made, inside the data folder.
const WORKSHOP: &str = "restoring";
/// Databases that were replaced are kept under numbered names; there are no more than these.
const KEPT_MAX: u32 = 1_000;

/// Whether a restore may take the place of a database that has something in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// Only an empty or missing one.
    Nothing,
    /// Any. It is kept beside the new one.
    Anything,
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What the backup had.
    pub count: BackupCount,
    /// Where the database lies that was there before, where there was one.
    pub kept: Option<PathBuf>,
}

/// Why a backup was not restored. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(PathBuf, io::Error),
    /// It is another kind of file.
    #[error("{0} is not a backup of crosswatch")]
    NotABackup(PathBuf),
    /// A newer program wrote it.
    #[error("{file} is a backup of version {found}, this program reads up to {VERSION}; use the newer program")]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: u32,
    },
    /// It is cut off or was changed.
    #[error("{0} is damaged: {1}; use another backup")]
    Damaged(PathBuf, String),
    /// There is something that would be replaced.
    #[error("{0} is not empty; restore into another data folder, or use --force to put the backup in its place")]
    Occupied(PathBuf),
    /// A process uses the data folder.
    #[error("another process uses the folder {0}; stop it first")]
    Locked(PathBuf),
    /// The disk, or rights.
    #[error("the backup cannot be restored into {0}: {1}")]
    Failed(PathBuf, String),
}

impl FjallLedger {
    /// Writes a backup of this moment.
    pub(crate) fn write_backup(&self, out: &mut dyn Write) -> Result<io::Result<BackupCount>, StoreError> {
        let view = self.view();
        let mut writer = Hashing { inner: BufWriter::new(out), hasher: blake3::Hasher::new(), bytes: 0 };
        let mut rows = 0;
        let written = write_all(&view, &mut writer, &mut rows)?;
        Ok(written.and_then(|()| {
            let hash = writer.hasher.finalize();
            writer.inner.write_all(hash.as_bytes())?;
            writer.inner.flush()?;
            Ok(BackupCount { rows, bytes: writer.bytes + hash.as_bytes().len() as u64 })
        }))
    }
}

/// The outer error is the database's, the inner one the writer's.
fn write_all(view: &View<'_>, out: &mut Hashing<impl Write>, rows: &mut u64) -> Result<io::Result<()>, StoreError> {
    if let Err(error) = out.write_all(MAGIC).and_then(|()| out.write_all(&VERSION.to_be_bytes())) {
        return Ok(Err(error));
    }
    for (name, keyspace) in view.spaces().all() {
        let name_length = u32::try_from(name.len()).unwrap_or(u32::MAX).to_be_bytes();
        if let Err(error) = write_parts(out, &[&[KEYSPACE], &name_length, name.as_bytes()]) {
            return Ok(Err(error));
        }
        for row in view.rows_of(keyspace) {
            let (key, value) = row.into_inner()?;
            let lengths = (u32::try_from(key.len()), u32::try_from(value.len()));
            let (Ok(key_length), Ok(value_length)) = lengths else {
                return Ok(Err(io::Error::new(io::ErrorKind::InvalidData, "a row is larger than a backup can hold")));
            };
            let parts: [&[u8]; 5] =
                [&[ROW], &key_length.to_be_bytes(), &value_length.to_be_bytes(), key.as_ref(), value.as_ref()];
            if let Err(error) = write_parts(out, &parts) {
                return Ok(Err(error));
            }
            *rows += 1;
        }
    }
    Ok(out.write_all(&[END]))
}

fn write_parts(out: &mut impl Write, parts: &[&[u8]]) -> io::Result<()> {
    parts.iter().try_for_each(|part| out.write_all(part))
}

/// Hashes and counts what passes.
struct Hashing<T> {
    inner: T,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl<T: Write> Write for Hashing<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Hashing<T> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.hasher.update(bytes.get(..read).unwrap_or_default());
        self.bytes += read as u64;
        Ok(read)
    }
}

/// Reads a backup to its end and checks it.
pub fn check_backup(file: &Path) -> Result<BackupCount, BackupError> {
    visit(file, &mut |_, _, _| Ok(()))
}

/// Is given the name of a keyspace, a key and a value.
type VisitRow<'a> = &'a mut dyn FnMut(&str, Vec<u8>, Vec<u8>) -> Result<(), BackupError>;

fn visit(path: &Path, visit: VisitRow<'_>) -> Result<BackupCount, BackupError> {
    let unreadable = |why| BackupError::Unreadable(path.to_owned(), why);
    let file = File::open(path).map_err(unreadable)?;
    let reader = Hashing { inner: BufReader::new(file), hasher: blake3::Hasher::new(), bytes: 0 };
    Backup { path, reader }.visit(visit)
}

/// A backup that is being read.
struct Backup<'a> {
    path: &'a Path,
    reader: Hashing<BufReader<File>>,
}

impl Backup<'_> {
    fn visit(mut self, visit: VisitRow<'_>) -> Result<BackupCount, BackupError> {
        self.head()?;
        let (mut name, mut rows) = (String::new(), 0);
        loop {
            match self.take::<1>()? {
                [KEYSPACE] => name = self.name()?,
                [ROW] if !name.is_empty() => {
                    let (key_length, value_length) = (self.length(KEY_MAX_BYTES)?, self.length(VALUE_MAX_BYTES)?);
                    let (key, value) = (self.bytes(key_length)?, self.bytes(value_length)?);
                    visit(&name, key, value)?;
                    rows += 1;
                }
                [END] => break,
                _ => return Err(self.damaged("it holds what no backup holds")),
            }
        }
        let (hash, length) = (self.reader.hasher.finalize(), self.reader.bytes);
        if self.take::<32>()? != *hash.as_bytes() {
            return Err(self.damaged("its content does not fit its hash"));
        }
        let mut rest = [0; 1];
        match self.reader.read(&mut rest) {
            Ok(0) => Ok(BackupCount { rows, bytes: length + hash.as_bytes().len() as u64 }),
            Ok(_) => Err(self.damaged("something follows its end")),
            Err(why) => Err(BackupError::Unreadable(self.path.to_owned(), why)),
        }
    }

    fn head(&mut self) -> Result<(), BackupError> {
        let is_ours = matches!(self.take::<8>(), Ok(magic) if magic == *MAGIC);
        if !is_ours {
            return Err(BackupError::NotABackup(self.path.to_owned()));
        }
        let found = u32::from_be_bytes(self.take()?);
        if found > VERSION {
            return Err(BackupError::Newer { file: self.path.to_owned(), found });
        }
        Ok(())
    }

    fn name(&mut self) -> Result<String, BackupError> {
        let length = self.length(NAME_MAX_BYTES)?;
        let name = String::from_utf8(self.bytes(length)?).unwrap_or_default();
        if name.is_empty() {
            return Err(self.damaged("a keyspace has no name"));
        }
        Ok(name)
    }

    fn length(&mut self, most: u32) -> Result<u32, BackupError> {
        let length = u32::from_be_bytes(self.take()?);
        if length > most { Err(self.damaged("a length is beyond all limits")) } else { Ok(length) }
    }

    /// Grows with what really arrives, so that a wrong length costs no memory.
    fn bytes(&mut self, length: u32) -> Result<Vec<u8>, BackupError> {
        let mut bytes = Vec::new();
        let read = (&mut self.reader).take(u64::from(length)).read_to_end(&mut bytes);
        match read {
            Ok(read) if read as u64 == u64::from(length) => Ok(bytes),
            Ok(_) => Err(self.damaged("it ends too early")),
            Err(why) => Err(BackupError::Unreadable(self.path.to_owned(), why)),
        }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], BackupError> {
        let mut bytes = [0; N];
        match self.reader.read_exact(&mut bytes) {
            Ok(()) => Ok(bytes),
            Err(why) if why.kind() == io::ErrorKind::UnexpectedEof => Err(self.damaged("it ends too early")),
            Err(why) => Err(BackupError::Unreadable(self.path.to_owned(), why)),
        }
    }

    fn damaged(&self, why: &str) -> BackupError {
        BackupError::Damaged(self.path.to_owned(), why.to_owned())
    }
}

/// Puts a backup in the place of the database inside a data folder.
pub fn restore_backup(dir: &Path, file: &Path, replace: Replace) -> Result<Restored, BackupError> {
    check_backup(file)?;
    let old = old_database(dir, replace)?;
    let failed = |why: &dyn std::fmt::Display| BackupError::Failed(dir.to_owned(), why.to_string());
    let workshop = dir.join(WORKSHOP);
    if workshop.exists() {
        fs::remove_dir_all(&workshop).map_err(|why| failed(&why))?;
    }
    let made = make(&workshop, file);
    let count = match made {
        Ok(count) => count,
        Err(error) => {
            drop(fs::remove_dir_all(&workshop));
            return Err(error);
        }
    };
    let current = dir.join(FOLDER);
    let kept = if current.exists() { Some(free_name(dir).ok_or_else(|| failed(&"too many old ones"))?) } else { None };
    if let Some(kept) = &kept {
        fs::rename(&current, kept).map_err(|why| failed(&why))?;
    }
    if let Err(why) = fs::rename(workshop.join(FOLDER), &current) {
        if let Some(kept) = &kept {
            drop(fs::rename(kept, &current));
        }
        return Err(failed(&why));
    }
    sync_folder(dir).map_err(|why| failed(&why))?;
    drop(fs::remove_dir_all(&workshop));
    drop(old);
    Ok(Restored { count, kept })
}

/// The database that is there, open so that nobody else takes it meanwhile; `None` where there is none or none to open.
fn old_database(dir: &Path, replace: Replace) -> Result<Option<FjallLedger>, BackupError> {
    let folder = dir.join(FOLDER);
    if !folder.exists() {
        return Ok(None);
    }
    let old = match FjallLedger::open(dir, OpenOptions::default()) {
        Ok(old) => Some(old),
        Err(OpenError::Locked(folder)) => return Err(BackupError::Locked(folder)),
        // A database that cannot be opened is a reason to restore one.
        Err(_) => None,
    };
    let is_empty = old.as_ref().is_some_and(|old| old.is_unused().unwrap_or(false));
    if !is_empty && replace == Replace::Nothing {
        return Err(BackupError::Occupied(folder));
    }
    Ok(old)
}

/// Makes the new database, and reads all of it once.
fn make(workshop: &Path, file: &Path) -> Result<BackupCount, BackupError> {
    let failed = |why: &dyn std::fmt::Display| BackupError::Failed(workshop.to_owned(), why.to_string());
    let ledger = FjallLedger::open(workshop, OpenOptions::default()).map_err(|why| failed(&why))?;
    let count = {
        let mut waiting = Waiting { ledger: &ledger, rows: Vec::new() };
        let count = visit(file, &mut |name, key, value| {
            let Some(keyspace) = ledger.spaces().of_name(name) else {
                let why = format!("it has rows of a kind called {name:?} that this program does not know");
                return Err(BackupError::Damaged(file.to_owned(), why));
            };
            waiting.put(keyspace.clone(), key, value).map_err(|why| failed(&why))
        })?;
        waiting.write().map_err(|why| failed(&why))?;
        count
    };
    ledger.database().persist(PersistMode::SyncAll).map_err(|why| failed(&why))?;
    drop(ledger);
    // Opened anew, it says whether a newer program wrote it.
    let ledger = FjallLedger::open(workshop, OpenOptions::default()).map_err(|why| failed(&why))?;
    match ledger.check().problems.first() {
        Some(problem) => Err(BackupError::Damaged(file.to_owned(), problem.clone())),
        None => Ok(count),
    }
}

/// Rows on their way into the new database.
struct Waiting<'a> {
    ledger: &'a FjallLedger,
    rows: Vec<(Keyspace, Vec<u8>, Vec<u8>)>,
}

impl Waiting<'_> {
    fn put(&mut self, keyspace: Keyspace, key: Vec<u8>, value: Vec<u8>) -> fjall::Result<()> {
        self.rows.push((keyspace, key, value));
        if self.rows.len() >= ROWS_AT_ONCE { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> fjall::Result<()> {
        let database: &Database = self.ledger.database();
        let mut batch = database.batch().durability(Some(PersistMode::Buffer));
        for (keyspace, key, value) in self.rows.drain(..) {
            batch.insert(&keyspace, key, value);
        }
        batch.commit()
    }
}

fn free_name(dir: &Path) -> Option<PathBuf> {
    let name = |number: u32| dir.join(format!("{FOLDER}.before-restore-{number}"));
    (1..=KEPT_MAX).map(name).find(|path| !path.exists())
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

impl FjallLedger {
    /// Whether nothing was ever kept in it: it has the rows of a database that was just made, and no others.
    fn is_unused(&self) -> Result<bool, StoreError> {
        let view = self.view();
        for space in Space::ALL.into_iter().filter(|space| *space != Space::Meta) {
            let mut has_row = false;
            view.visit_bytes(space, &KeyRange::ALL, &mut |_, _| {
                has_row = true;
                Ok(ControlFlow::Break(()))
            })?;
            if has_row {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
