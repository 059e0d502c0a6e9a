//! Who may speak to the API: whoever knows the key.
//!
//! The comparison takes the same time for every wrong key of the right length. Deliberately absent: sessions and scopes.

use actix_web::{
    Error,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderMap},
    middleware::Next,
    web,
};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::problem::ApiProblem;

/// The key of the API.
pub(crate) struct Door {
    key: SecretString,
}

impl Door {
    /// A door that opens for this key. An empty key opens for nobody.
    pub(crate) fn new(key: SecretString) -> Self {
        Self { key }
    }

    /// Whether the headers carry the key.
    pub(crate) fn admits(&self, headers: &HeaderMap) -> bool {
        let plain = headers.get_all("x-api-key").map(header::HeaderValue::as_bytes);
        let bearer = headers.get_all(header::AUTHORIZATION).filter_map(|value| bearer(value.as_bytes()));
        plain.chain(bearer).any(|given| self.is_key(given))
    }

    fn is_key(&self, given: &[u8]) -> bool {
        let key = self.key.expose_secret().as_bytes();
        !key.is_empty() && bool::from(key.ct_eq(given))
    }
}

/// The token of `Bearer TOKEN`, whatever the case of the scheme.
pub(crate) fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("bearer ".len())?;
    if scheme.eq_ignore_ascii_case(b"bearer ") { Some(token.trim_ascii()) } else { None }
}

/// Lets nobody through without the key.
pub(crate) async fn require_key(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let admitted = request.app_data::<web::Data<Door>>().is_some_and(|door| door.admits(request.headers()));
    if !admitted {
        // Not an `Err`: that would pass by whoever dresses the answers.
        return Ok(request.error_response(ApiProblem::Unauthorized));
    }
    next.call(request).await.map(ServiceResponse::map_into_boxed_body)
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
        Door::new(SecretString::from(key)).admits(&map)
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
