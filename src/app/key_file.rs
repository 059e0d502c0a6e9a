//! Files of the data folder that hold one key each: made once, readable by their owner alone.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use secrecy::{ExposeSecret, SecretString};

use crate::{
    clock::{hex, random_bytes},
    exit::Failure,
};

const KEY_BYTES: usize = 32;
/// A key file is one short line; anything bigger is something else.
const FILE_BYTES_MAX: u64 = 4096;

/// What a key is for, in the words that people read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyKind {
    /// What it is: "API key".
    pub(crate) name: &'static str,
    /// What deleting the file leads to.
    pub(crate) when_deleted: &'static str,
    /// What to set where no file can be kept.
    pub(crate) instead: &'static str,
}

impl KeyKind {
    /// The key in this file, if there is one.
    pub(crate) fn read(self, path: &Path) -> Result<Option<SecretString>, Failure> {
        let unreadable = |why: &dyn std::fmt::Display| {
            let path = path.display();
            Failure::storage(format!("{path}: {why}; make it readable, or delete it {}", self.when_deleted))
        };
        let about = match fs::metadata(path) {
            Ok(about) => about,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(&error)),
        };
        if about.len() > FILE_BYTES_MAX {
            return Err(unreadable(&"is too big for a key"));
        }
        if about.permissions().mode() & 0o077 != 0 {
            let path = path.display();
            tracing::warn!("{path}: others on this machine can read the {}; chmod 600 it", self.name);
        }
        let text = fs::read_to_string(path).map_err(|error| unreadable(&error))?;
        let key = text.trim();
        if key.is_empty() || key.chars().any(char::is_control) {
            return Err(unreadable(&"holds no key"));
        }
        Ok(Some(SecretString::from(key)))
    }

    /// Writes a new key, beside its place first, so that a crash leaves no half of one.
    pub(crate) fn make(self, path: &Path) -> Result<SecretString, Failure> {
        let key = random()?;
        let draft = path.with_extension("new");
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
            file.write_all(key.expose_secret().as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&draft, path)?;
            path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
        };
        match write() {
            Ok(()) => Ok(key),
            Err(error) => Err(Failure::storage(format!(
                "{}: the {} cannot be written: {error}; make the folder writable, or set {}",
                path.display(),
                self.name,
                self.instead
            ))),
        }
    }
}

/// 256 random bits in hexadecimal.
pub(crate) fn random() -> Result<SecretString, Failure> {
    Ok(SecretString::from(hex(&random_bytes::<KEY_BYTES>()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: KeyKind = KeyKind { name: "API key", when_deleted: "to get a new one", instead: "server.api_key" };

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api_key");
        assert!(KIND.read(&path).unwrap().is_none());
        let made = KIND.make(&path).unwrap();
        assert_eq!(made.expose_secret().len(), 64);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(KIND.read(&path).unwrap().unwrap().expose_secret(), made.expose_secret());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_not_a_key_is_refused_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api_key");
        for content in ["", "\n", "two\nlines", &"x".repeat(5000)] {
            fs::write(&path, content).unwrap();
            let failure = KIND.read(&path).unwrap_err();
            assert!(failure.message.contains("api_key") && failure.message.contains("delete it"), "{failure}");
        }
        let missing = KIND.make(&folder.path().join("nowhere/api_key")).unwrap_err();
        assert!(missing.message.contains("server.api_key"), "{missing}");
    }
}
