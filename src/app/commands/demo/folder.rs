//! The folder of a demo: a temporary one that goes with it, or one that stays.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::{
    clock::{hex, random_bytes},
    exit::Failure,
};

/// Where the demo keeps its configuration and its data. A temporary folder is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    is_kept: bool,
}

impl Folder {
    /// The named folder, which must be empty or new; otherwise a new temporary one that only this user can open.
    pub(crate) fn prepare(named: Option<&Path>) -> Result<Self, Failure> {
        match named {
            Some(path) => Self::named(path),
            None => Self::temporary(),
        }
    }

    fn named(path: &Path) -> Result<Self, Failure> {
        let unusable = |error: io::Error| {
            Failure::storage(format!("{}: {error}; choose another folder after --data", path.display()))
        };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
        // The emulated servers forget everything, so an older store would know of things that they no longer have.
        if fs::read_dir(path).map_err(unusable)?.next().is_some() {
            return Err(Failure::storage(format!(
                "{}: is not empty; choose an empty or new folder after --data",
                path.display()
            )));
        }
        Ok(Self { path: fs::canonicalize(path).map_err(unusable)?, is_kept: true })
    }

    fn temporary() -> Result<Self, Failure> {
        let name = hex(&random_bytes::<6>()?);
        let path = std::env::temp_dir().join(format!("crosswatch-demo-{name}"));
        // Not recursive: a folder of this name that is there already belongs to somebody else.
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(|error| Failure::storage(format!("{}: {error}; name a folder with --data", path.display())))?;
        Ok(Self { path, is_kept: false })
    }

    /// The configuration file.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.path.join("crosswatch.toml")
    }

    /// The data folder of the service.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.path.join("data")
    }

    /// Whether the folder stays.
    pub(crate) const fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Writes the configuration file, for this user alone.
    pub(crate) fn write_configuration(&self, text: &str) -> Result<(), Failure> {
        let path = self.configuration();
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| Failure::storage(format!("{}: {error}", path.display())))
    }

    /// Ends the use of the folder; a temporary one is removed.
    pub(crate) fn leave(mut self) -> Result<(), Failure> {
        if self.is_kept {
            return Ok(());
        }
        self.is_kept = true;
        fs::remove_dir_all(&self.path).map_err(|error| {
            Failure::storage(format!("{}: cannot be removed: {error}; remove it by hand", self.path.display()))
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_kept
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            tracing::debug!("{}: cannot be removed: {error}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_folder_goes_with_the_demo() {
        let folder = Folder::prepare(None).unwrap();
        let path = folder.path.clone();
        folder.write_configuration("[server]\n").unwrap();
        assert_eq!(fs::read_to_string(folder.configuration()).unwrap(), "[server]\n");
        folder.leave().unwrap();
        assert!(!path.exists());
        let dropped = Folder::prepare(None).unwrap().path.clone();
        assert!(!dropped.exists());
    }

    #[test]
    fn a_named_folder_stays_and_must_be_empty() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("new/demo");
        let folder = Folder::prepare(Some(&path)).unwrap();
        folder.write_configuration("").unwrap();
        folder.leave().unwrap();
        assert!(path.join("crosswatch.toml").exists());
        let failure = Folder::prepare(Some(&path)).unwrap_err();
        assert!(failure.message.contains("is not empty"), "{failure}");
    }
}
