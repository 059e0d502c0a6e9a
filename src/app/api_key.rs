//! The key of the API: from the configuration, or made on first start and kept in the data folder.

use std::path::PathBuf;

use crosswatch_settings::Settings;
use secrecy::SecretString;

use crate::{exit::Failure, key_file::KeyKind};

const KIND: KeyKind =
    KeyKind { name: "API key", when_deleted: "to get a new key on the next start", instead: "server.api_key" };

/// Where a key that was made is kept.
pub(crate) fn file(settings: &Settings) -> PathBuf {
    settings.storage.dir.join("api_key")
}

/// The configured key, or the kept one, or a new one that is kept from now on.
pub(crate) fn load_or_make(settings: &Settings) -> Result<SecretString, Failure> {
    match existing(settings)? {
        Some(key) => Ok(key),
        None => KIND.make(&file(settings)),
    }
}

/// The configured key, or the kept one.
pub(crate) fn existing(settings: &Settings) -> Result<Option<SecretString>, Failure> {
    match &settings.server.api_key {
        Some(key) => Ok(Some(key.as_secret().clone())),
        None => KIND.read(&file(settings)),
    }
}
