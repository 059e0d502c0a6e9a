//! Who may speak to the API: whoever knows the key, a browser that signed in with it, and whoever a trusted proxy vouches for.
//!
//! A browser sends its cookie whoever made it ask, so everything that it wants changed must carry the second token of its
//! session. The comparison takes the same time for every wrong key of the right length. Deliberately absent: users; a webhook
//! token is the only other key there is, and opens nothing here.

use actix_web::{
    Error, HttpMessage,
    body::{BoxBody, MessageBody},
    dev::{RequestHead, ServiceRequest, ServiceResponse},
    http::header::{self, HeaderMap},
    middleware::Next,
    web,
};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::{
    hooks::Porch,
    problem::ApiProblem,
    session::{COOKIE, CSRF_HEADER, Session, Sessions},
    state::ApiState,
};

/// The key of the API.
pub(crate) struct Door {
    key: SecretString,
    sessions: Sessions,
}

/// Who was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Visitor {
    /// Somebody who sent the key.
    Key,
    /// A browser that signed in.
    Browser(Session),
    /// Somebody whom a trusted proxy named.
    Proxy(Session),
}

impl Door {
    /// A door that opens for this key. An empty key opens for nobody.
    pub(crate) fn new(key: SecretString) -> Self {
        Self { sessions: Sessions::new(&key), key }
    }

    /// The sessions of browsers.
    pub(crate) const fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Whether this is the key.
    pub(crate) fn is_key(&self, given: &[u8]) -> bool {
        let key = self.key.expose_secret().as_bytes();
        !key.is_empty() && bool::from(key.ct_eq(given))
    }

    /// Who asks, where they may. Whoever shows a session and no token with a change is told what is missing.
    pub(crate) fn visitor(&self, state: &ApiState, request: &RequestHead) -> Result<Visitor, ApiProblem> {
        if shown_keys(request.headers()).any(|given| self.is_key(given)) {
            return Ok(Visitor::Key);
        }
        let visitor = self.browser(state, request).or_else(|| self.of_proxy(state, request));
        let visitor = visitor.ok_or(ApiProblem::Unauthorized)?;
        match &visitor {
            Visitor::Browser(session) | Visitor::Proxy(session) if !request.method.is_safe() => {
                let given = request.headers().get(CSRF_HEADER).map(header::HeaderValue::as_bytes);
                let is_there = given.is_some_and(|given| session.is_csrf_token(given));
                if is_there { Ok(visitor) } else { Err(ApiProblem::CsrfMissing) }
            }
            _ => Ok(visitor),
        }
    }

    fn browser(&self, state: &ApiState, request: &RequestHead) -> Option<Visitor> {
        // An empty key opens for nobody, and so does a session under it.
        if self.key.expose_secret().is_empty() {
            return None;
        }
        let lines = request.headers().get_all(header::COOKIE).filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value);
        values.find_map(|value| self.sessions.read(value, state.clock.now())).map(Visitor::Browser)
    }

    fn of_proxy(&self, state: &ApiState, request: &RequestHead) -> Option<Visitor> {
        let peer = request.peer_addr?.ip();
        if !state.settings.server.trusted_proxies.iter().any(|known| known.contains(peer)) {
            return None;
        }
        let user = request.headers().get("remote-user").and_then(|value| value.to_str().ok())?.trim();
        if user.is_empty() { None } else { Some(Visitor::Proxy(self.sessions.of_proxy(user))) }
    }
}

/// What the headers show as a key.
fn shown_keys(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let plain = headers.get_all("x-api-key").map(header::HeaderValue::as_bytes);
    plain.chain(headers.get_all(header::AUTHORIZATION).filter_map(|value| bearer(value.as_bytes())))
}

/// The token of `Bearer TOKEN`, whatever the case of the scheme.
pub(crate) fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("bearer ".len())?;
    if scheme.eq_ignore_ascii_case(b"bearer ") { Some(token.trim_ascii()) } else { None }
}

/// Lets nobody through without the key, a session or a proxy that vouches.
pub(crate) async fn require_key(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let parts = (request.app_data::<web::Data<Door>>().cloned(), request.app_data::<web::Data<ApiState>>().cloned());
    let (Some(door), Some(state)) = parts else { return Ok(request.error_response(ApiProblem::Unauthorized)) };
    match door.visitor(&state, request.head()) {
        Ok(visitor) => {
            request.extensions_mut().insert(visitor);
            next.call(request).await.map(ServiceResponse::map_into_boxed_body)
        }
        // Not an `Err`: that would pass by whoever dresses the answers.
        Err(ApiProblem::Unauthorized) if is_webhook_token(&state, &request).await => {
            Ok(request.error_response(ApiProblem::WrongScope))
        }
        Err(problem) => Ok(request.error_response(problem)),
    }
}

/// Whether what was shown opens the webhooks of an account: a key, and not for this.
async fn is_webhook_token(state: &ApiState, request: &ServiceRequest) -> bool {
    let Some(porch) = request.app_data::<web::Data<Porch>>() else { return false };
    for given in shown_keys(request.headers()).filter(|given| !given.is_empty()) {
        for account in state.settings.providers.iter().filter(|account| account.kind.is_media_server()) {
            if matches!(porch.keyring.matches(state, account, given).await, Ok(Some(_))) {
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn admits(key: &str, headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let door = Door::new(SecretString::from(key));
        shown_keys(&map).any(|given| door.is_key(given))
    }

    #[test]
    fn the_key_opens_and_nothing_else_does() {
        for headers in [
            &[("x-api-key", "secret")][..],
            &[("authorization", "Bearer secret")],
            &[("authorization", "bearer   secret ")],
            &[("x-api-key", "wrong"), ("authorization", "Bearer secret")],
        ] {
            assert!(admits("secret", headers), "{headers:?}");
        }
        for headers in [
            &[][..],
            &[("x-api-key", "")],
            &[("x-api-key", "secre")],
            &[("x-api-key", "secret2")],
            &[("x-api-key", "Secret")],
            &[("authorization", "secret")],
            &[("authorization", "Basic secret")],
            &[("authorization", "Bearer")],
            &[("authorization", "Bearer ")],
        ] {
            assert!(!admits("secret", headers), "{headers:?}");
        }
    }

    #[test]
    fn an_empty_key_opens_for_nobody() {
        assert!(!admits("", &[("x-api-key", "")]));
        assert!(!admits("", &[("authorization", "Bearer ")]));
    }
}
