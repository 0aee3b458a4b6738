//! What one line says: addresses, ports, and which program wrote it.

use std::net::{IpAddr, Ipv6Addr};

use tlsleuth_capture::Address;

/// How many ends are taken of one line.
const MOST_ENDS: usize = 6;

/// How many words of one line are looked up as names.
const MOST_WORDS: usize = 64;

/// An address, and its port where one stands beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct End {
    pub(crate) address: Address,
    pub(crate) port: Option<u16>,
}

/// The addresses in a line, in order.
pub(crate) fn ends(line: &str) -> Vec<End> {
    let mut ends = Vec::new();
    let belongs = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '[' | ']' | '%');
    let mut start = None;
    for (at, c) in line.char_indices().chain([(line.len(), ' ')]) {
        match start {
            None if belongs(c) => start = Some(at),
            Some(begin) if !belongs(c) => {
                if let Some(end) = line.get(begin..at).and_then(end)
                    && !ends.contains(&end)
                {
                    ends.push(end);
                    if ends.len() >= MOST_ENDS {
                        break;
                    }
                }
                start = None;
            }
            _ => {}
        }
    }
    ends
}

/// `10.0.0.7`, `10.0.0.7:51234`, `[::1]:51234`, `[::1]`, `::1`; brackets and points around are cut.
fn end(piece: &str) -> Option<End> {
    if piece.len() < 3 || piece.len() > 70 {
        return None;
    }
    // Postfix writes unknown[10.0.0.7] and unknown[10.0.0.7]:51234.
    if let Some((inside, after)) = piece.rsplit_once('[').and_then(|(_, rest)| rest.split_once(']'))
    {
        let address = inside.split('%').next().unwrap_or(inside);
        if let Ok(address) = address.parse::<IpAddr>() {
            let port =
                after.strip_prefix(':').map(|rest| rest.trim_end_matches(':')).and_then(port);
            return Some(End { address: address.into(), port });
        }
    }
    let piece = piece.trim_matches(|c| matches!(c, '[' | ']' | '.' | '%'));
    let bare = piece.strip_suffix(':').unwrap_or(piece);
    if let Some((address, number)) = bare.rsplit_once(':')
        && let Ok(address) = address.parse::<std::net::Ipv4Addr>()
    {
        return Some(End { address: IpAddr::V4(address).into(), port: port(number) });
    }
    if let Ok(address) = bare.parse::<std::net::Ipv4Addr>() {
        return Some(End { address: IpAddr::V4(address).into(), port: None });
    }
    // Times look like the tail of an IPv6 address: one must have at least two colons and a group of
    // letters or a double colon.
    let colons = piece.matches(':').count();
    if colons >= 2
        && (piece.contains("::") || colons == 7)
        && let Ok(address) = piece.parse::<Ipv6Addr>()
    {
        let address = address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4);
        return Some(End { address: address.into(), port: None });
    }
    None
}

/// What may be names of hosts in a line of lower case, the first few.
pub(crate) fn names(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    line.split(move |byte| !belongs(byte))
        .map(|name| name.strip_suffix(b".").unwrap_or(name))
        .filter(|name| name.len() >= 4)
        .take(MOST_WORDS)
}

fn port(digits: &str) -> Option<u16> {
    digits.parse().ok().filter(|port| *port > 0)
}

/// Whether a line can speak of an error of TLS at all: most lines of a log do not, and looking at all
/// patterns takes long.
pub(crate) fn may_tell(line: &str) -> bool {
    const SIGNS: &[&str] = &[
        "exception",
        "version",
        "refused",
        "corrupt",
        "chain",
        "err_",
        "fatal",
        "renegotiation",
        "no ",
        "tls",
        "ssl",
        "cert",
        "error",
        "connect",
        "handshake",
        "alert",
        "x509",
        "pkix",
        "eof",
        "sec_",
        "peer",
        "protocol",
        "cipher",
        "timeout",
        "timed out",
        "unable",
        "self",
        "sign",
        "key",
        "issuer",
        "name",
        "ocsp",
        "http",
        "subtree",
        "violation",
        "asn1",
        "proxy",
        "starttls",
        "pipe",
        "reset",
        "route",
        "network",
        "socket",
        "trust",
        "ip address",
        "purpose",
        "path",
        "algorithm",
        "write:",
        "ah0",
        "hostname",
        "0x8009",
        "socks",
        "revo",
        "match",
        "valid",
        "record",
        "server",
        "client",
    ];
    let lower = line.to_ascii_lowercase();
    SIGNS.iter().any(|sign| lower.contains(sign))
}

/// `pid 26350:tid 26352` of Apache: lines of one thread that follow each other belong together.
pub(crate) fn thread(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("[pid ")?;
    rest.split_once(']').map(|(thread, _)| thread).filter(|thread| thread.len() < 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Vec<String> {
        ends(line)
            .iter()
            .map(|end| match end.port {
                Some(port) => format!("{} {port}", end.address),
                None => end.address.to_string(),
            })
            .collect()
    }

    #[test]
    fn no_pattern_is_passed_over() {
        for pattern in tlsleuth_diagnosis::explain::PATTERN_TABLE.iter() {
            assert!(
                may_tell(&pattern.words.concat().replace(' ', "_")) || may_tell(pattern.example),
                "{pattern:?}"
            );
        }
        assert!(!may_tell("10.0.0.7 GET /index 200"));
    }

    #[test]
    fn ends_are_found_in_every_form() {
        assert_eq!(shown("handshake error from 10.0.0.7:58273: remote error"), ["10.0.0.7 58273"]);
        assert_eq!(shown("handshake error from [2001:db8::1]:58273: EOF"), ["2001:db8::1 58273"]);
        assert_eq!(shown("client: 10.0.0.7, server: 0.0.0.0:443"), ["10.0.0.7", "0.0.0.0 443"]);
        assert_eq!(shown("[client 10.0.0.7:58432] AH02008"), ["10.0.0.7 58432"]);
        assert_eq!(
            shown("read tcp 10.0.0.2:443->10.0.0.7:51234: i/o"),
            ["10.0.0.2 443", "10.0.0.7 51234"]
        );
        assert_eq!(shown("from unknown[10.0.0.7]: lost"), ["10.0.0.7"]);
        assert_eq!(shown("::ffff:10.0.0.7 x"), ["10.0.0.7"]);
        assert_eq!(shown("2026/11/21 04:45:56 nginx/1.22.1 error:0A000418:SSL"), [""; 0]);
        assert_eq!(shown("[21/Nov/2026:04:45:56.125] 4:5:6"), [""; 0]);
        assert_eq!(shown(&"1.2.3.4 5.6.7.8 ".repeat(1000)).len(), 2);
    }
}
