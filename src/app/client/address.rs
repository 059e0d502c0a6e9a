//! Where a service that listens on an address is found from the same machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The base address of a service. One that listens everywhere is asked on the loopback address.
pub(crate) fn base_url(listen: SocketAddr, base_path: &str) -> String {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}{base_path}", SocketAddr::new(ip, listen.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_listens_everywhere_is_asked_here() {
        for (listen, base_path, expected) in [
            ("127.0.0.1:8787", "", "http://127.0.0.1:8787"),
            ("0.0.0.0:8787", "/crosswatch", "http://127.0.0.1:8787/crosswatch"),
            ("[::]:80", "", "http://[::1]:80"),
            ("192.168.1.4:8787", "", "http://192.168.1.4:8787"),
        ] {
            assert_eq!(base_url(listen.parse().unwrap(), base_path), expected);
        }
    }
}
