//! The key of the API: from the configuration, or made on first start and kept in the data folder.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crosswatch_settings::Settings;
use secrecy::SecretString;

use crate::{
    clock::{hex, random_bytes},
    exit::Failure,
};

const KEY_BYTES: usize = 32;
/// A key file is one short line; anything bigger is something else.
const FILE_BYTES_MAX: u64 = 4096;

/// Where a key that was made is kept.
pub(crate) fn file(settings: &Settings) -> PathBuf {
    settings.storage.dir.join("api_key")
}

/// The configured key, or the kept one, or a new one that is kept from now on.
pub(crate) fn load_or_make(settings: &Settings) -> Result<SecretString, Failure> {
    match existing(settings)? {
        Some(key) => Ok(key),
        None => make(&file(settings)),
    }
}

/// The configured key, or the kept one.
pub(crate) fn existing(settings: &Settings) -> Result<Option<SecretString>, Failure> {
    match &settings.server.api_key {
        Some(key) => Ok(Some(key.as_secret().clone())),
        None => read(&file(settings)),
    }
}

/// 256 random bits in hexadecimal.
pub(crate) fn random() -> Result<SecretString, Failure> {
    Ok(SecretString::from(hex(&random_bytes::<KEY_BYTES>()?)))
}

fn read(path: &Path) -> Result<Option<SecretString>, Failure> {
    let unreadable = |why: &dyn std::fmt::Display| {
        let path = path.display();
        Failure::storage(format!("{path}: {why}; make it readable, or delete it to get a new key on the next start"))
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
        tracing::warn!("{}: others on this machine can read the API key; chmod 600 it", path.display());
    }
    let text = fs::read_to_string(path).map_err(|error| unreadable(&error))?;
    let key = text.trim();
    if key.is_empty() || key.chars().any(char::is_control) {
        return Err(unreadable(&"holds no key"));
    }
    Ok(Some(SecretString::from(key)))
}

/// Writes a new key beside its place first, so that a crash leaves no half of one.
fn make(path: &Path) -> Result<SecretString, Failure> {
    let key = random()?;
    let draft = path.with_extension("new");
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(secrecy::ExposeSecret::expose_secret(&key).as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    match write() {
        Ok(()) => Ok(key),
        Err(error) => Err(Failure::storage(format!(
            "{}: the API key cannot be written: {error}; make the folder writable, or set server.api_key",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api_key");
        assert!(read(&path).unwrap().is_none());
        let made = make(&path).unwrap();
        assert_eq!(made.expose_secret().len(), 64);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().unwrap().expose_secret(), made.expose_secret());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_not_a_key_is_refused_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api_key");
        for content in ["", "\n", "two\nlines", &"x".repeat(5000)] {
            fs::write(&path, content).unwrap();
            let failure = read(&path).unwrap_err();
            assert!(failure.message.contains("api_key") && failure.message.contains("delete it"), "{failure}");
        }
        let missing = make(&folder.path().join("nowhere/api_key")).unwrap_err();
        assert!(missing.message.contains("server.api_key"), "{missing}");
    }
}
