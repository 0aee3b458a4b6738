//! IPv4 and IPv6 headers.
//!
//! `etherparse` reads the fixed headers. The chain of extension headers is walked by the layers
//! themselves, because it goes on behind a fragment header once the fragments are together.

use etherparse::{Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice};

use super::fragment::Fragment;
use super::{Context, IpFacts, Layer, Parts, Step, Undecodable, undecodable};
use crate::Address;

/// Takes an IP header off, whatever its version.
pub(super) fn step<'d>(parts: &mut Parts<'_>, context: &mut Context, data: &'d [u8]) -> Step<'d> {
    match data.first().map(|first| first >> 4) {
        Some(4) => v4(parts, context, data),
        Some(6) => v6(context, data),
        _ => undecodable(Undecodable::Ip),
    }
}

/// RFC 791 §3.1.
fn v4<'d>(parts: &mut Parts<'_>, context: &mut Context, data: &'d [u8]) -> Step<'d> {
    let Ok(header) = Ipv4HeaderSlice::from_slice(data) else {
        return undecodable(Undecodable::Ip);
    };
    let total = usize::from(header.total_len());
    let header_len = header.slice().len();
    let (payload, cut) = match total.checked_sub(header_len) {
        Some(len) => bounded(context, data, header_len, len),
        // Segmentation offload: the card fills the length in later.
        None if total == 0 => (data.get(header_len..).unwrap_or_default(), context.cut),
        None => return undecodable(Undecodable::Ip),
    };
    context.ip = IpFacts {
        source: Address::v4(header.source()),
        destination: Address::v4(header.destination()),
        ttl: header.ttl(),
        id: Some(header.identification()),
        cut,
    };
    let protocol = header.protocol().0;
    if !header.is_fragmenting_payload() {
        return Step::Next(Layer::Transport(protocol), payload);
    }
    let fragment = Fragment {
        id: header.identification().into(),
        protocol,
        ipv6: false,
        offset: usize::from(header.fragments_offset().value()).wrapping_mul(8),
        more: header.more_fragments(),
        payload,
    };
    parts.fragment(context, &fragment)
}

/// RFC 8200 §3.
fn v6<'d>(context: &mut Context, data: &'d [u8]) -> Step<'d> {
    let Ok(header) = Ipv6HeaderSlice::from_slice(data) else {
        return undecodable(Undecodable::Ip);
    };
    let (payload, cut) = match usize::from(header.payload_length()) {
        // A jumbogram (RFC 2675), or segmentation offload.
        0 => (data.get(40..).unwrap_or_default(), context.cut),
        len => bounded(context, data, 40, len),
    };
    context.ip = IpFacts {
        source: Address::v6(header.source()),
        destination: Address::v6(header.destination()),
        ttl: header.hop_limit(),
        id: None,
        cut,
    };
    Step::Next(Layer::Transport(header.next_header().0), payload)
}

/// The fragment header of IPv6 (RFC 8200 §4.5).
pub(super) fn v6_fragment<'d>(
    parts: &mut Parts<'_>,
    context: &mut Context,
    data: &'d [u8],
) -> Step<'d> {
    let Ok(header) = Ipv6FragmentHeaderSlice::from_slice(data) else {
        return undecodable(Undecodable::Ip);
    };
    let payload = data.get(8..).unwrap_or_default();
    let protocol = header.next_header().0;
    // An atomic fragment is whole, and nothing is held for it (RFC 6946).
    if !header.is_fragmenting_payload() {
        return Step::Next(Layer::Transport(protocol), payload);
    }
    let fragment = Fragment {
        id: header.identification(),
        protocol,
        ipv6: true,
        offset: usize::from(header.fragment_offset().value()).wrapping_mul(8),
        more: header.more_fragments(),
        payload,
    };
    parts.fragment(context, &fragment)
}

/// `len` bytes from `start` on, without link padding behind them, and how many of them are missing.
///
/// What a header claims beyond the frame's own length on the wire was never there: only what the
/// snap length took is missing.
fn bounded<'d>(context: &Context, data: &'d [u8], start: usize, len: usize) -> (&'d [u8], u32) {
    let rest = data.get(start..).unwrap_or_default();
    match rest.get(..len) {
        Some(payload) => (payload, 0),
        None => {
            let claimed = u32::try_from(len.wrapping_sub(rest.len())).unwrap_or(u32::MAX);
            (rest, claimed.min(context.cut))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{PLAIN, decode, decode_snapped, hex, ipv4, ipv6, packet, tcp};
    use crate::LinkType;

    const PLAIN_V6: &str = "tcp [2001:db8::1]:1000 > [2001:db8::2]:443 hi";

    #[test]
    fn options_and_extension_headers() {
        let mut options = packet();
        options[0] = 0x46;
        options[3] += 4;
        options.splice(20..20, [1, 1, 1, 0]);
        assert_eq!(decode(LinkType::RAW, &options), PLAIN);
        let mut segment = hex("2b 00 010400000000  3c 00 000000000000  33 00 010400000000 \
            06 02 0000 00000001 00000001 00000000");
        segment.extend(tcp());
        assert_eq!(decode(LinkType::RAW, &ipv6(0, &segment)), PLAIN_V6);
        let mut atomic = hex("06 00 0000 00000001");
        atomic.extend(tcp());
        assert_eq!(decode(LinkType::RAW, &ipv6(44, &atomic)), PLAIN_V6);
    }

    #[test]
    fn lengths() {
        // Segmentation offload: the length is not filled in yet.
        let mut offloaded = packet();
        offloaded[2..4].fill(0);
        assert_eq!(decode(LinkType::RAW, &offloaded), PLAIN);
        let mut offloaded = ipv6(6, &tcp());
        offloaded[4..6].fill(0);
        assert_eq!(decode(LinkType::RAW, &offloaded), PLAIN_V6);
        // The snap length cuts payload, then options, but must leave the header.
        let whole = packet();
        let snapped = |kept| decode_snapped(LinkType::RAW, std::slice::from_ref(&whole), kept);
        assert_eq!(snapped(41), "tcp 10.0.0.1:1000 > 10.0.0.2:443 h+1");
        assert_eq!(snapped(40), "tcp 10.0.0.1:1000 > 10.0.0.2:443 +2");
        assert_eq!(snapped(39), "Undecodable(Transport)");
        assert_eq!(snapped(19), "Undecodable(Ip)");
        // What the header claims beyond the frame was never on the wire.
        assert_eq!(decode(LinkType::RAW, &whole[..41]), "tcp 10.0.0.1:1000 > 10.0.0.2:443 h");
        assert_eq!(decode(LinkType::RAW, &[]), "Undecodable(Ip)");
    }

    #[test]
    fn other_transports() {
        assert_eq!(decode(LinkType::RAW, &ipv4(132, &[0; 12])), "OtherTransport(132)");
        assert_eq!(decode(LinkType::RAW, &ipv6(59, &[])), "OtherTransport(59)");
    }
}
