//! From where a request comes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use poem::{Request, http::HeaderMap};

/// What the gate has found out; kept with the request, for whoever throttles or records by address.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// From where the request comes: the socket's other end or, behind a proxy that is trusted, whom that names.
/// `0.0.0.0` where there is no socket, as in a test.
pub fn peer_address(request: &Request) -> IpAddr {
    request.data::<Peer>().map_or_else(|| socket(request), |peer| peer.0)
}

/// The socket's other end.
pub(crate) fn socket(request: &Request) -> IpAddr {
    let address = request.remote_addr().as_socket_addr();
    address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip().to_canonical())
}

/// What an address is counted as: itself, or for IPv6 its first 64 bits. Whoever has one of those has 2⁶⁴ of them.
pub fn network(from: IpAddr) -> IpAddr {
    match from {
        IpAddr::V4(_) => from,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

/// The last hop that is no trusted proxy. What stands before it in `X-Forwarded-For` anybody may have written.
pub(crate) fn behind_proxies(socket: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let mut last = socket;
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().map(|line| line.to_str().unwrap_or("?")).collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !trusted.contains(&last) {
            break;
        }
        match address(hop.trim()) {
            Some(hop) => last = hop,
            // A trusted proxy wrote something else than an address: it is the last that we know.
            None => break,
        }
    }
    last
}

/// An address as proxies write it, with or without a port.
fn address(hop: &str) -> Option<IpAddr> {
    let plain = hop.trim_start_matches('[').split(']').next().unwrap_or(hop);
    let found = plain.parse().ok().or_else(|| hop.parse().ok().map(|hop: std::net::SocketAddr| hop.ip()));
    found.map(|address: IpAddr| address.to_canonical())
}

/// Whether the request says that it went through another program: then its socket says nothing on who asks.
pub(crate) fn was_forwarded(headers: &HeaderMap) -> bool {
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"]
        .iter()
        .any(|name| headers.contains_key(*name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_proxies_write_the_peer_is_an_address_of_theirs_or_the_socket(
            lines in prop::collection::vec("[0-9a-f.:,\\[\\] ]{0,60}|\\PC{0,40}", 0..4),
        ) {
            let mut headers = HeaderMap::new();
            for line in lines {
                if let Ok(value) = poem::http::HeaderValue::from_bytes(line.as_bytes()) {
                    headers.append("x-forwarded-for", value);
                }
            }
            let socket = IpAddr::V4(Ipv4Addr::LOCALHOST);
            prop_assert_eq!(behind_proxies(socket, &headers, &[]), socket);
            let _ = behind_proxies(socket, &headers, &[socket]);
        }
    }

    fn seen(socket: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted: Vec<IpAddr> = trusted.iter().map(|ip| ip.parse().unwrap()).collect();
        behind_proxies(socket.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn nobody_is_believed_who_is_not_trusted() {
        assert_eq!(seen("192.0.2.1", &["198.51.100.7"], &[]), "192.0.2.1");
        assert_eq!(seen("192.0.2.1", &["198.51.100.7"], &["192.0.2.2"]), "192.0.2.1");
    }

    #[test]
    fn the_last_hop_that_is_not_trusted_is_the_peer() {
        assert_eq!(seen("127.0.0.1", &["203.0.113.9, 198.51.100.7"], &["127.0.0.1"]), "198.51.100.7");
        assert_eq!(
            seen("127.0.0.1", &["203.0.113.9", "198.51.100.7, 10.0.0.2"], &["127.0.0.1", "10.0.0.2"]),
            "198.51.100.7"
        );
        assert_eq!(seen("127.0.0.1", &[], &["127.0.0.1"]), "127.0.0.1");
    }

    #[test]
    fn what_is_no_address_ends_the_trail() {
        assert_eq!(seen("127.0.0.1", &["203.0.113.9, unknown"], &["127.0.0.1"]), "127.0.0.1");
        assert_eq!(seen("127.0.0.1", &["\u{e9}"], &["127.0.0.1"]), "127.0.0.1");
    }

    #[test]
    fn ports_and_brackets_do_not_hide_an_address() {
        assert_eq!(seen("127.0.0.1", &["198.51.100.7:4711"], &["127.0.0.1"]), "198.51.100.7");
        assert_eq!(seen("127.0.0.1", &["[2001:db8::1]:4711"], &["127.0.0.1"]), "2001:db8::1");
        assert_eq!(seen("127.0.0.1", &["2001:db8::1"], &["127.0.0.1"]), "2001:db8::1");
        assert_eq!(seen("127.0.0.1", &["::ffff:198.51.100.7"], &["127.0.0.1"]), "198.51.100.7");
    }
}
