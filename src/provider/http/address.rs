//! Addresses: reading the configured one, and naming one in an error without giving a secret away.

use crosswatch_port::Fault;
use reqwest::Url;
use smol_str::{SmolStr, format_smolstr};

/// Reads the configured address of a server.
pub(crate) fn base_url(text: &str) -> Result<Url, Fault> {
    let refuse = |why: &str| Fault::Rejected(format_smolstr!("the url {why}; write it as http://host:port"));
    let mut url = Url::parse(text.trim()).map_err(|_| refuse("cannot be read"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refuse("does not begin with http:// or https://"));
    }
    if url.host_str().is_none() {
        return Err(refuse("names no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("holds a user name or password, which belong into their own keys"));
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// The address of a path below a configured address, which may have a base path of its own.
pub(crate) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}

/// Scheme, host and port: `https://host:8096`.
pub(crate) fn origin(url: &Url) -> SmolStr {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format_smolstr!(":{port}")).unwrap_or_default();
    format_smolstr!("{}://{host}{port}", url.scheme())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_is_kept_and_secrets_are_refused() {
        let base = base_url(" https://media.example/jellyfin/ ").unwrap();
        assert_eq!(below(&base, "/Users/Me").as_str(), "https://media.example/jellyfin/Users/Me");
        assert_eq!(origin(&base), "https://media.example");
        assert_eq!(origin(&base_url("http://10.0.0.2:8096").unwrap()), "http://10.0.0.2:8096");
        for bad in ["", "jellyfin:8096", "ftp://host", "http://user:hunter2@host"] {
            let text = base_url(bad).unwrap_err().to_string();
            assert!(text.contains("http://host:port") && !text.contains("hunter2"), "{bad}: {text}");
        }
    }
}
