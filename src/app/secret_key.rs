//! The key that seals the tokens of accounts: from `CROSSWATCH_SECRET_KEY`, or made on first start and kept in the data folder.
//!
//! The same text is the same key, wherever it comes from. A lost key costs a sign-in per account and nothing else.
//! Deliberately absent: changing the key of what is sealed already.

use std::{env, path::Path};

use crosswatch_actors::SecretKey;
use secrecy::SecretString;

use crate::{
    exit::{Exit, Failure},
    key_file::KeyKind,
};

/// Any text. Empty counts as unset.
const VARIABLE: &str = "CROSSWATCH_SECRET_KEY";

const KIND: KeyKind = KeyKind {
    name: "secret key",
    when_deleted: "to get a new one on the next start, and sign in to every account again",
    instead: VARIABLE,
};

/// The key of the environment, or the kept one, or a new one that is kept from now on.
pub(crate) fn load_or_make(folder: &Path) -> Result<SecretKey, Failure> {
    let from_environment = env::var_os(VARIABLE).filter(|text| !text.is_empty());
    let text = match from_environment {
        Some(text) => text.into_string().map_err(|_| Failure::new(Exit::BadConfig, refused()))?.into(),
        None => kept_or_made(&folder.join("secret_key"))?,
    };
    Ok(SecretKey::of_text(&text))
}

fn kept_or_made(path: &Path) -> Result<SecretString, Failure> {
    match KIND.read(path)? {
        Some(key) => Ok(key),
        None => KIND.make(path),
    }
}

fn refused() -> String {
    format!("{VARIABLE} is not UTF-8; write a key of letters and digits")
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret_key");
        let made = kept_or_made(&path).unwrap();
        assert_eq!(kept_or_made(&path).unwrap().expose_secret(), made.expose_secret());
        std::fs::write(&path, "").unwrap();
        let failure = kept_or_made(&path).unwrap_err();
        assert!(failure.message.contains("secret_key") && failure.message.contains("sign in to every account again"));
    }
}
