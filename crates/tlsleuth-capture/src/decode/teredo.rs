//! Teredo: IPv6 over UDP (RFC 4380).

use super::udp_tunnel::Inner;
use super::{Layer, TunnelProtocol, u16_at};

/// The payload of a Teredo server's or client's own port: indications, then an IPv6 packet (§5.1.1).
pub(super) fn parse(mut data: &[u8]) -> Option<Inner<'_>> {
    // Authentication, then origin, each at most once.
    if let [0, 1, client, value, rest @ ..] = data {
        // Client identifier, authentication value, nonce 8, confirmation 1.
        let len = usize::from(*client).saturating_add((*value).into()).saturating_add(9);
        data = rest.get(len..)?;
    }
    if let [0, 0, rest @ ..] = data {
        data = rest.get(6..)?;
    }
    ipv6(data)
}

/// A packet between two clients, which may use any port: one of the addresses must be Teredo's.
pub(super) fn parse_any_port(data: &[u8]) -> Option<Inner<'_>> {
    let prefix = |offset: usize| {
        data.get(offset..).is_some_and(|address| address.starts_with(&[0x20, 0x01, 0, 0]))
    };
    if prefix(8) || prefix(24) { ipv6(data) } else { None }
}

/// An IPv6 packet that fills the datagram, but for trailers (RFC 6081).
fn ipv6(data: &[u8]) -> Option<Inner<'_>> {
    let len = usize::from(u16_at(data, 4)?).saturating_add(40);
    let fits = data.first()? >> 4 == 6 && len <= data.len();
    fits.then(|| Inner::new(TunnelProtocol::Teredo, Layer::Ip, data))
}
