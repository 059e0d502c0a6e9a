//! The addresses that a media server may be given, as they look from outside.

use actix_web::{HttpRequest, http::header};
use crosswatch_settings::{Provider, Settings};

/// All addresses of an account, the recommended one first; the last takes the token in a header.
pub(crate) fn addresses(request: &HttpRequest, settings: &Settings, account: &Provider, token: &str) -> Vec<String> {
    let outside = format!("{}{}", origin(request, settings), settings.server.base_path.as_str());
    let (id, kind) = (account.id.as_str(), account.kind.as_str());
    vec![
        format!("{outside}/hooks/{id}/{token}"),
        format!("{outside}/webhook/{kind}?token={token}"),
        format!("{outside}/webhook/{kind}trakt?token={token}"),
        format!("{outside}/hooks/{id}"),
    ]
}

/// Whether the asker came by HTTPS, as far as a known proxy tells.
pub(crate) fn is_https(request: &HttpRequest, settings: &Settings) -> bool {
    origin(request, settings).starts_with("https:")
}

/// Scheme and host as the asker knows them. What a proxy says is believed where the proxy is.
fn origin(request: &HttpRequest, settings: &Settings) -> String {
    let peer = request.peer_addr().map(|peer| peer.ip());
    let has_proxy = peer.is_some_and(|peer| settings.server.trusted_proxies.iter().any(|known| known.contains(peer)));
    let told = |name: &str| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok())?;
        Some(value.split(',').next().unwrap_or_default().trim().to_owned())
    };
    let by_proxy = |name: &str| if has_proxy { told(name) } else { None };
    let is_https = by_proxy("x-forwarded-proto").is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    let host = by_proxy("x-forwarded-host").or_else(|| told(header::HOST.as_str())).filter(|host| is_host(host));
    let host = host.unwrap_or_else(|| settings.server.listen.to_string());
    format!("{}://{host}", if is_https { "https" } else { "http" })
}

fn is_host(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    (1..=255).contains(&text.len()) && text.bytes().all(fits)
}

/// The path as it may be shown: without the token.
pub(crate) fn shown_path(path: &str) -> String {
    let below = path.split_once("/hooks/").and_then(|(base, below)| Some((base, below.split_once('/')?.0)));
    below.map_or_else(|| path.to_owned(), |(base, account)| format!("{base}/hooks/{account}"))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use actix_web::test::TestRequest;
    use crosswatch_settings::{Sources, load_text};

    use super::*;

    fn origin_of(peer: &str, headers: &[(&'static str, &'static str)]) -> String {
        let text = "[server]\nlisten = \"127.0.0.1:8787\"\ntrusted_proxies = [\"172.18.0.0/16\"]\n";
        let settings = load_text(text, Path::new("x.toml"), &Sources::new("/nowhere", BTreeMap::new())).unwrap();
        let mut request = TestRequest::default().peer_addr(peer.parse().unwrap());
        for header in headers {
            request = request.insert_header(*header);
        }
        origin(&request.to_http_request(), &settings)
    }

    #[test]
    fn a_proxy_is_believed_where_it_is_known() {
        let forwarded =
            [("host", "inside:8787"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "tv.example.org")];
        assert_eq!(origin_of("172.18.0.2:5000", &forwarded), "https://tv.example.org");
        assert_eq!(origin_of("10.0.0.2:5000", &forwarded), "http://inside:8787");
        assert_eq!(origin_of("10.0.0.2:5000", &[("host", "[::1]:8787")]), "http://[::1]:8787");
        for host in ["a/b", "a b", ""] {
            assert_eq!(origin_of("10.0.0.2:5000", &[("host", host)]), "http://127.0.0.1:8787", "{host}");
        }
    }

    #[test]
    fn tokens_are_cut_from_paths() {
        for (path, expected) in [
            ("/hooks/home/TOK", "/hooks/home"),
            ("/base/hooks/home/TOK/more", "/base/hooks/home"),
            ("/base/hooks/home", "/base/hooks/home"),
            ("/api/v1/runs/a/b", "/api/v1/runs/a/b"),
        ] {
            assert_eq!(shown_path(path), expected);
        }
    }
}
