//! The tokens that media servers show when they call: made from the service's key, so that nothing has to be stored and the
//! next start knows them again.
//!
//! 24 bytes of a keyed hash over account and generation, as URL-safe base64. Deliberately absent: which generation counts,
//! and comparing.

use crosswatch_model::ProviderId;
use secrecy::SecretString;

use crate::seal::SecretKey;

/// Other secrets made from the same key are others.
const CONTEXT: &str = "crosswatch 2026 webhook tokens of accounts";

/// Makes tokens, and is good for nothing else.
#[derive(Clone)]
pub struct HookKey(SecretKey);

impl HookKey {
    /// The maker of tokens under this key.
    pub const fn new(key: SecretKey) -> Self {
        Self(key)
    }

    /// The token of an account in one of its generations: 32 letters, digits, `-` and `_`.
    pub fn token(&self, account: &ProviderId, generation: u32) -> SecretString {
        let digest = self.0.derive(CONTEXT, &[account.as_str().as_bytes(), &generation.to_le_bytes()]);
        let [token @ .., _, _, _, _, _, _, _, _] = digest;
        SecretString::from(letters(token))
    }
}

/// URL-safe base64 without padding.
fn letters(bytes: [u8; 24]) -> String {
    let (triples, _) = bytes.as_chunks::<3>();
    let sixes = triples.iter().flat_map(|[first, second, third]| {
        [first >> 2, first << 4 | second >> 4, second << 2 | third >> 6, *third].map(|bits| bits & 63)
    });
    sixes.map(letter).collect()
}

/// The letter for six bits.
const fn letter(six: u8) -> char {
    match six {
        0..26 => (b'A' + six) as char,
        26..52 => (b'a' + six - 26) as char,
        52..62 => (b'0' + six - 52) as char,
        62 => '-',
        _ => '_',
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use secrecy::ExposeSecret;

    use super::*;

    fn token(key: &str, account: &str, generation: u32) -> String {
        let key = HookKey::new(SecretKey::of_text(&SecretString::from(key)));
        key.token(&ProviderId::parse(account).unwrap(), generation).expose_secret().to_owned()
    }

    #[test]
    fn a_token_is_the_same_at_every_start() {
        assert_eq!(token("a key", "home", 0), token("a key", "home", 0));
        assert_eq!(token("a key", "home", 0), "O8ptDQOvAaEECcHJ-GxSZ1PmPOUzHGKx");
    }

    #[test]
    fn every_account_generation_and_key_has_another() {
        let keys = ["a key", "another key"];
        let accounts = ["home", "home-1", "away"];
        let all = keys.iter().flat_map(|key| {
            accounts.iter().flat_map(move |account| (0..50).map(move |generation| token(key, account, generation)))
        });
        let all: Vec<String> = all.collect();
        for token in &all {
            assert!(
                token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            );
        }
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 300);
    }

    #[test]
    fn letters_are_those_of_rfc_4648() {
        let bytes: Vec<u8> = (0..24).map(|number| 255 - number * 11).collect();
        assert_eq!(letters(bytes.try_into().unwrap()), "__Tp3tPIvbKnnJGGe3BlWk9EOS4jGA0C");
    }
}
