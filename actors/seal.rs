//! The seal on secrets: what the store keeps of an account's tokens can be read with the key only, and only under the account
//! and the name that it was kept for.
//!
//! XChaCha20-Poly1305 with a random nonce of 192 bits, so that nonces never have to be counted. A sealed secret is one byte for
//! the version, the nonce, and the encrypted text with its tag. Deliberately absent: where the key comes from, and reading
//! anything that is not sealed.

use std::sync::Arc;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use crosswatch_model::ProviderId;
use crosswatch_port::Entropy;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use smol_str::SmolStr;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
/// Keys of other programs made from the same text are others.
const KEY_CONTEXT: &str = "crosswatch 2026 secrets of accounts";

/// The key of all seals.
#[derive(Clone)]
pub struct SecretKey(Arc<SecretBox<[u8; 32]>>);

impl SecretKey {
    /// The key that this text stands for. White space around it does not count.
    pub fn of_text(text: &SecretString) -> Self {
        let text = text.expose_secret().trim().as_bytes();
        Self(Arc::new(SecretBox::new(Box::new(blake3::derive_key(KEY_CONTEXT, text)))))
    }

    /// What only the owner of the key can say about these parts. The context keeps purposes apart; no part can pass for
    /// two, because lengths count.
    pub(crate) fn derive(&self, context: &str, parts: &[&[u8]]) -> [u8; 32] {
        let key = blake3::derive_key(context, self.0.expose_secret());
        let mut hasher = blake3::Hasher::new_keyed(&key);
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        *hasher.finalize().as_bytes()
    }
}

/// A secret could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealError {
    /// Another key, or other bytes than were kept.
    #[error(
        "the stored sign-in of {0} cannot be opened with this secret key; put the key back that it was stored with \
         (CROSSWATCH_SECRET_KEY, or the file secret_key in the data folder), or sign in again"
    )]
    OtherKey(SmolStr),
    /// Larger than the cipher allows.
    #[error("the sign-in of {0} is too large to be sealed")]
    TooLarge(SmolStr),
}

/// Seals and opens.
#[derive(Clone)]
pub(crate) struct Seal {
    key: SecretKey,
    entropy: Arc<dyn Entropy>,
}

impl Seal {
    /// A seal with this key.
    pub(crate) fn new(key: SecretKey, entropy: Arc<dyn Entropy>) -> Self {
        Self { key, entropy }
    }

    /// The secret as the store may see it.
    pub(crate) fn close(&self, account: &ProviderId, name: &str, secret: &SecretString) -> Result<Vec<u8>, SealError> {
        let nonce = self.nonce();
        let about = about(account, name);
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: &about };
        let text = self.cipher().encrypt(&XNonce::from(nonce), payload);
        let text = text.map_err(|_| SealError::TooLarge(account.as_str().into()))?;
        Ok([&[VERSION], nonce.as_slice(), &text].concat())
    }

    /// The secret that was sealed for this account under this name.
    pub(crate) fn open(&self, account: &ProviderId, name: &str, sealed: &[u8]) -> Result<SecretString, SealError> {
        let other_key = || SealError::OtherKey(account.as_str().into());
        let (version, rest) = sealed.split_first().ok_or_else(other_key)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_BYTES>().ok_or_else(other_key)?;
        if *version != VERSION {
            return Err(other_key());
        }
        let payload = Payload { msg: text, aad: &about(account, name) };
        let secret = self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| other_key())?;
        String::from_utf8(secret).map(SecretString::from).map_err(|_| other_key())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.key.0.expose_secret().into())
    }

    fn nonce(&self) -> [u8; NONCE_BYTES] {
        let mut nonce = [0; NONCE_BYTES];
        for chunk in nonce.chunks_exact_mut(8) {
            chunk.copy_from_slice(&self.entropy.next_u64().to_le_bytes());
        }
        nonce
    }
}

/// What a seal is tied to. Names of accounts have no zero byte.
fn about(account: &ProviderId, name: &str) -> Vec<u8> {
    [&[VERSION], account.as_str().as_bytes(), &[0], name.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use crosswatch_port::fake::SeededEntropy;

    use super::*;

    fn key(text: &str) -> SecretKey {
        SecretKey::of_text(&SecretString::from(text))
    }

    fn seal(text: &str) -> Seal {
        Seal::new(key(text), Arc::new(SeededEntropy::new(1)))
    }

    fn account(id: &str) -> ProviderId {
        ProviderId::parse(id).unwrap()
    }

    #[test]
    fn a_secret_comes_back_and_is_never_to_be_seen() {
        let seal = seal("a key");
        let (home, secret) = (account("home"), SecretString::from("hunter2-hunter2"));
        let (first, second) = (seal.close(&home, "tokens", &secret), seal.close(&home, "tokens", &secret));
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_ne!(first, second, "every nonce is another");
        for sealed in [first, second] {
            assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
            assert_eq!(seal.open(&home, "tokens", &sealed).unwrap().expose_secret(), "hunter2-hunter2");
        }
    }

    #[test]
    fn a_key_is_the_text_without_the_space_around_it() {
        let sealed = seal("a key").close(&account("home"), "tokens", &SecretString::from("x")).unwrap();
        assert!(seal(" a key\n").open(&account("home"), "tokens", &sealed).is_ok());
    }

    #[test]
    fn nothing_opens_with_another_key_place_or_byte() {
        let (home, away) = (account("home"), account("away"));
        let sealed = seal("a key").close(&home, "tokens", &SecretString::from("hunter2")).unwrap();
        let refused = |key: &str, account: &ProviderId, name: &str, sealed: &[u8]| {
            let error = seal(key).open(account, name, sealed).unwrap_err().to_string();
            assert!(error.contains("sign in again") && !error.contains("hunter2"), "{error}");
        };
        refused("another key", &home, "tokens", &sealed);
        refused("a key", &away, "tokens", &sealed);
        refused("a key", &home, "token", &sealed);
        refused("a key", &home, "tokens", b"hunter2 as it was before");
        for at in 0..sealed.len() {
            let mut other = sealed.clone();
            other[at] ^= 1;
            refused("a key", &home, "tokens", &other);
            refused("a key", &home, "tokens", &sealed[..at]);
        }
    }
}
