//! The session of a browser: a cookie that says until when it counts, sealed with a key made from the key of the API.
//!
//! Nothing is stored, so a session outlives a restart; another API key ends all of them. What a browser asks to be changed
//! must carry a second token that no other page can read. Deliberately absent: users; whoever knows the key is the house.

use actix_web::cookie::{Cookie, SameSite, time};
use crosswatch_port::Entropy;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// The name of the cookie.
pub(crate) const COOKIE: &str = "crosswatch_session";
/// The header that carries the second token.
pub(crate) const CSRF_HEADER: &str = "x-csrf-token";
/// So long a session counts.
const LENGTH: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Other secrets made from the same key are others.
const CONTEXT: &str = "crosswatch 2026 sessions of browsers";

/// Makes and reads sessions.
pub(crate) struct Sessions {
    key: [u8; 32],
}

/// A session that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// Until when.
    pub(crate) expires_at: Timestamp,
    /// What changes must carry.
    pub(crate) csrf_token: String,
}

impl Sessions {
    /// Sessions under this key of the API.
    pub(crate) fn new(api_key: &SecretString) -> Self {
        Self { key: blake3::derive_key(CONTEXT, api_key.expose_secret().as_bytes()) }
    }

    /// Begins one: the value of its cookie, and the session.
    pub(crate) fn begin(&self, entropy: &dyn Entropy, now: Timestamp) -> (String, Session) {
        let expires_at = now.saturating_add(LENGTH).unwrap_or(Timestamp::MAX);
        let expires_s = expires_at.as_second();
        let chance = format!("{:016x}{:016x}", entropy.next_u64(), entropy.next_u64());
        let said = format!("{expires_s}.{chance}");
        let value = format!("{said}.{}", self.seal("session", &said));
        (value, self.session(&said, expires_s))
    }

    /// The session of a cookie, where it is one of ours and still counts.
    pub(crate) fn read(&self, value: &str, now: Timestamp) -> Option<Session> {
        let (said, seal) = value.rsplit_once('.')?;
        if !bool::from(self.seal("session", said).as_bytes().ct_eq(seal.as_bytes())) {
            return None;
        }
        let expires_s: i64 = said.split_once('.')?.0.parse().ok()?;
        let session = self.session(said, expires_s);
        if session.expires_at > now { Some(session) } else { None }
    }

    /// The session of somebody whom a trusted proxy has let in: it counts as long as the proxy says so.
    pub(crate) fn of_proxy(&self, user: &str) -> Session {
        Session { expires_at: Timestamp::MAX, csrf_token: self.seal("csrf of a proxy", user) }
    }

    fn session(&self, said: &str, expires_s: i64) -> Session {
        let expires_at = Timestamp::from_second(expires_s).unwrap_or(Timestamp::MIN);
        Session { expires_at, csrf_token: self.seal("csrf", said) }
    }

    fn seal(&self, what: &str, said: &str) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(what.as_bytes()).update(&[0]).update(said.as_bytes());
        hasher.finalize().to_hex().to_string()
    }
}

impl Session {
    /// Whether this is its second token.
    pub(crate) fn is_csrf_token(&self, given: &[u8]) -> bool {
        bool::from(self.csrf_token.as_bytes().ct_eq(given))
    }
}

/// The cookie of a session; an empty one ends it. Scripts cannot read it, and other sites cannot send it.
pub(crate) fn cookie(value: String, base_path: &str, is_https: bool) -> Cookie<'static> {
    let path = if base_path.is_empty() { "/" } else { base_path };
    let length_s = if value.is_empty() { 0 } else { LENGTH.as_secs() };
    Cookie::build(COOKIE, value)
        .path(path.to_owned())
        .http_only(true)
        .secure(is_https)
        .same_site(SameSite::Strict)
        .max_age(time::Duration::seconds(length_s))
        .finish()
}

#[cfg(test)]
mod tests {
    use crosswatch_port::fake::SeededEntropy;

    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + hours * 3_600).unwrap()
    }

    #[test]
    fn a_session_counts_for_a_week_and_under_its_own_key_alone() {
        let sessions = Sessions::new(&SecretString::from("key"));
        let entropy = SeededEntropy::new(7);
        let (value, session) = sessions.begin(&entropy, at(0));
        assert_eq!(sessions.read(&value, at(167)), Some(session.clone()));
        assert_eq!(sessions.read(&value, at(168)), None);
        assert_eq!(Sessions::new(&SecretString::from("other")).read(&value, at(0)), None);
        assert!(session.is_csrf_token(session.csrf_token.as_bytes()));
        let (other, second) = sessions.begin(&entropy, at(0));
        assert!(other != value && !session.is_csrf_token(second.csrf_token.as_bytes()));
        let later = value.replacen("179", "189", 1);
        for broken in ["", ".", "1.2", value.trim_end_matches(|letter| letter != '.'), later.as_str()] {
            assert_eq!(sessions.read(broken, at(0)), None, "{broken}");
        }
    }

    #[test]
    fn the_cookie_is_for_this_service_alone() {
        let set = cookie("v".to_owned(), "/base", true).to_string();
        assert_eq!(set, "crosswatch_session=v; HttpOnly; SameSite=Strict; Secure; Path=/base; Max-Age=604800");
        let ended = cookie(String::new(), "", false).to_string();
        assert_eq!(ended, "crosswatch_session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    }
}
