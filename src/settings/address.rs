//! Addresses: URLs of services, the path prefix, and the networks whose headers are believed.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use smol_str::SmolStr;

/// An `http` or `https` address without credentials, query or fragment. Slashes at the end are dropped.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    text: SmolStr,
    host: SmolStr,
}

/// The text is not an address of a service. It is never repeated: it could hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlRejection {
    /// Another scheme, or none.
    #[error("write the address with its scheme, as in `http://jellyfin:8096`")]
    Scheme,
    /// `user:password@host`.
    #[error("write the credentials into their own keys, not into the address")]
    Credentials,
    /// No host, a bad port, or a character that does not belong there.
    #[error("this is not an address; write it as in `https://plex.example.org:32400`")]
    Form,
    /// A query or fragment.
    #[error("remove what follows `?` or `#`: only the base address belongs here")]
    Query,
}

impl BaseUrl {
    /// The address, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, without port and brackets, in lower case.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether what is sent is encrypted.
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https://")
    }

    /// Whether the host is on this machine, in the home network or in a virtual private network,
    /// as far as its name tells: no dots, a private suffix or a private address.
    pub fn is_private(&self) -> bool {
        match IpAddr::from_str(&self.host) {
            Ok(IpAddr::V4(address)) => is_private_v4(address),
            Ok(IpAddr::V6(address)) => is_private_v6(address),
            Err(_) => is_private_name(&self.host),
        }
    }
}

const PRIVATE_SUFFIXES: [&str; 9] =
    [".local", ".lan", ".home", ".internal", ".intranet", ".home.arpa", ".localdomain", ".localhost", ".ts.net"];

fn is_private_name(host: &str) -> bool {
    !host.contains('.') || PRIVATE_SUFFIXES.iter().any(|suffix| host.ends_with(suffix))
}

const fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let shared = first == 100 && second & 0xc0 == 64;
    address.is_loopback() || address.is_private() || address.is_link_local() || shared
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.to_ipv4_mapped().is_some_and(is_private_v4)
}

impl FromStr for BaseUrl {
    type Err = UrlRejection;

    fn from_str(text: &str) -> Result<Self, UrlRejection> {
        let (scheme, rest) = text.split_once("://").ok_or(UrlRejection::Scheme)?;
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "http" && scheme != "https" {
            return Err(UrlRejection::Scheme);
        }
        let rest = rest.trim_end_matches('/');
        if rest.chars().any(|character| character.is_whitespace() || character.is_control() || character == '\\') {
            return Err(UrlRejection::Form);
        }
        if rest.contains(['?', '#']) {
            return Err(UrlRejection::Query);
        }
        let authority = rest.split('/').next().unwrap_or_default();
        if authority.contains('@') {
            return Err(UrlRejection::Credentials);
        }
        let host = host_of(authority).ok_or(UrlRejection::Form)?;
        Ok(Self { text: format!("{scheme}://{rest}").into(), host: host.to_ascii_lowercase().into() })
    }
}

/// The host of `host`, `host:port`, `[v6]` or `[v6]:port`, where the port is a port.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        Ipv6Addr::from_str(host).ok()?;
        match after.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if after.is_empty() => (host, None),
            None => return None,
        }
    } else {
        let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
        let fits = |character: char| character.is_alphanumeric() || matches!(character, '-' | '.' | '_');
        if host.is_empty() || !host.chars().all(fits) {
            return None;
        }
        (host, port)
    };
    match port {
        Some(port) if port.parse::<u16>().ok().is_none_or(|port| port == 0) => None,
        _ => Some(host),
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.text)
    }
}

/// The path prefix behind a reverse proxy: empty, or `/part/part` without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasePath(SmolStr);

/// The text is not a path prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write `/crosswatch` with a slash in front and none at the end, or leave it empty")]
pub struct BasePathRejection;

impl BasePath {
    /// The prefix as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BasePath {
    type Err = BasePathRejection;

    fn from_str(text: &str) -> Result<Self, BasePathRejection> {
        if text.is_empty() {
            return Ok(Self(SmolStr::default()));
        }
        let fits = |part: &str| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
            !part.is_empty() && part != "." && part != ".." && part.bytes().all(known)
        };
        let parts = text.strip_prefix('/').ok_or(BasePathRejection)?;
        if parts.split('/').all(fits) { Ok(Self(text.into())) } else { Err(BasePathRejection) }
    }
}

/// A range of addresses, as in `10.0.0.0/8`; a bare address is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// The text is not a range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write an address or a CIDR, as in `172.18.0.0/16` or `10.0.0.2`")]
pub struct NetworkRejection;

impl Network {
    /// Whether the address is in the range. An IPv4 address in IPv6 clothes counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.prefix);
                network.to_bits().checked_shr(shift).unwrap_or(0) == address.to_bits().checked_shr(shift).unwrap_or(0)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.prefix);
                network.to_bits().checked_shr(shift).unwrap_or(0) == address.to_bits().checked_shr(shift).unwrap_or(0)
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkRejection;

    fn from_str(text: &str) -> Result<Self, NetworkRejection> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address = IpAddr::from_str(address).map_err(|_| NetworkRejection)?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => widest,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse::<u8>().map_err(|_| NetworkRejection)?
            }
            Some(_) => return Err(NetworkRejection),
        };
        if prefix <= widest { Ok(Self { address, prefix }) } else { Err(NetworkRejection) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_base_addresses() {
        for (text, kept, host, private) in [
            ("http://jellyfin:8096", "http://jellyfin:8096", "jellyfin", true),
            ("HTTPS://Plex.Example.org/web//", "https://Plex.Example.org/web", "plex.example.org", false),
            ("http://[::1]:32400/", "http://[::1]:32400", "::1", true),
            ("http://192.168.1.4", "http://192.168.1.4", "192.168.1.4", true),
            ("http://100.70.1.1", "http://100.70.1.1", "100.70.1.1", true),
            ("http://100.1.1.1", "http://100.1.1.1", "100.1.1.1", false),
            ("http://nas.home.arpa", "http://nas.home.arpa", "nas.home.arpa", true),
        ] {
            let url: BaseUrl = text.parse().unwrap();
            assert_eq!((url.as_str(), url.host(), url.is_private()), (kept, host, private), "{text}");
        }
        for (text, why) in [
            ("jellyfin:8096", UrlRejection::Scheme),
            ("ftp://nas", UrlRejection::Scheme),
            ("http://", UrlRejection::Form),
            ("http://a b", UrlRejection::Form),
            ("http://nas:0", UrlRejection::Form),
            ("http://nas:99999", UrlRejection::Form),
            ("http://[::1", UrlRejection::Form),
            ("http://anna:pw@nas", UrlRejection::Credentials),
            ("http://nas?token=1", UrlRejection::Query),
        ] {
            assert_eq!(text.parse::<BaseUrl>(), Err(why), "{text}");
        }
    }

    #[test]
    fn base_paths_begin_with_a_slash_and_end_without() {
        for good in ["", "/crosswatch", "/apps/cross-watch"] {
            assert_eq!(good.parse::<BasePath>().unwrap().as_str(), good);
        }
        for bad in ["/", "crosswatch", "/a/", "//a", "/a b", "/..", "/a?b"] {
            assert!(bad.parse::<BasePath>().is_err(), "{bad}");
        }
    }

    #[test]
    fn networks_hold_what_they_say() {
        for (network, address, held) in [
            ("10.0.0.0/8", "10.200.1.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("fd00::/8", "fd12::1", true),
            ("::/0", "fd12::1", true),
            ("fd00::/8", "10.0.0.1", false),
            ("172.18.0.0/16", "::ffff:172.18.0.5", true),
        ] {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), held, "{network} {address}");
        }
        for bad in ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "host", "fd00::/129"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
