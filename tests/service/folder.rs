//! The folder of one service: its configuration, its data, its log.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// A folder that goes with the test.
#[derive(Debug)]
pub struct Folder {
    home: TempDir,
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Folder {
    /// An empty folder.
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        self.home.path()
    }

    /// The configuration file.
    pub fn configuration(&self) -> PathBuf {
        self.path().join("crosswatch.toml")
    }

    /// Where the store lies.
    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// What the service wrote to standard error, over all its lives.
    pub fn log(&self) -> PathBuf {
        self.path().join("service.log")
    }

    /// Writes the configuration.
    pub fn configure(&self, text: &str) {
        fs::write(self.configuration(), text).unwrap();
    }
}
