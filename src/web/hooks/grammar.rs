//! Where callers put their tokens: in the path, in a header, or in the query as earlier set-ups of CrossWatch do.

use actix_web::{
    http::header::{self, HeaderMap},
    web,
};

use crate::auth::bearer;

/// A token of a query, as it was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// A token, maybe an empty one.
    Token(String),
    /// The token of a profile: a wrong one is no reason for a server to give up.
    Profile(String),
}

/// The names of a token in a query; the first that is not empty counts.
const NAMES: [&str; 4] = ["token", "id", "secret", "uid"];

/// The token in a query: all of it, under a name, or a single key without a value.
pub(super) fn of_query(query: &str) -> Asked {
    if !query.contains(['&', '=']) {
        return Asked::Token(query.to_owned());
    }
    let fields = web::Query::<Vec<(String, String)>>::from_query(query).map(web::Query::into_inner);
    let fields = fields.unwrap_or_default();
    let value = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    if let Some(profile) = value("profile") {
        return Asked::Profile(profile);
    }
    let named = NAMES.iter().filter_map(|name| value(name)).find(|value| !value.is_empty());
    let single = match fields.as_slice() {
        [(key, value)] if value.is_empty() && !NAMES.contains(&key.as_str()) => Some(key.clone()),
        _ => None,
    };
    Asked::Token(named.or(single).unwrap_or_default())
}

/// The token in the headers: `X-Webhook-Token`, or `Authorization: Bearer`.
pub(super) fn of_headers(headers: &HeaderMap) -> &[u8] {
    let own = headers.get("x-webhook-token").map(|value| value.as_bytes().trim_ascii());
    let carried = headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
    own.or(carried).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read_as_they_always_were() {
        let token = |text: &str| Asked::Token(text.to_owned());
        let profile = |text: &str| Asked::Profile(text.to_owned());
        for (query, expected) in [
            ("TOK", token("TOK")),
            ("TOK=", token("TOK")),
            ("token=TOK", token("TOK")),
            ("id=TOK", token("TOK")),
            ("secret=TOK", token("TOK")),
            ("uid=TOK", token("TOK")),
            ("uid=u&secret=s&id=i&token=t", token("t")),
            ("token=&uid=u", token("u")),
            ("route=r1&token=TOK", token("TOK")),
            ("a=1&b=2", token("")),
            ("token=", token("")),
            ("", token("")),
            ("profile=TOK", profile("TOK")),
            ("profile=&token=TOK", profile("")),
            ("token=T%4FK", token("TOK")),
        ] {
            assert_eq!(of_query(query), expected, "{query}");
        }
    }
}
