//! Generic routing encapsulation and what comes in it.

use super::transport::enter;
use super::{
    Context, Decoded, Layer, Parts, Step, TunnelProtocol, Undecodable, u16_at, u32_at, undecodable,
};

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACKNOWLEDGMENT: u16 = 0x0080;
const VERSION: u16 = 0x0007;

/// Version 0 (RFC 2784, RFC 2890), and version 1, which is PPTP's (RFC 2637 §4.1).
///
/// ```text
/// flags and version 2 | protocol 2 | (checksum 2, offset 2) | (key 4) | (sequence 4) | (ack 4)
/// ```
pub(super) fn step<'d>(parts: &mut Parts<'_>, context: &mut Context, data: &'d [u8]) -> Step<'d> {
    let (Some(flags), Some(protocol)) = (u16_at(data, 0), u16_at(data, 2)) else {
        return undecodable(Undecodable::Tunnel);
    };
    let version = flags & VERSION;
    // MikroTik's own: flags 0x2001, then length 2 and tunnel 2, little-endian, then Ethernet.
    if (flags, protocol) == (0x2001, 0x6400) {
        return match data.get(8..) {
            Some([]) | None => Step::Done(Decoded::OtherTransport(47)),
            Some(rest) => enter(parts, context, TunnelProtocol::Gre, None, Layer::Ethernet, rest),
        };
    }
    // The source routes of RFC 1701 were never used and are gone since RFC 2784.
    if version > 1 || flags & ROUTING != 0 {
        return Step::Done(Decoded::OtherTransport(47));
    }
    let has = |flag| flags & flag != 0;
    let optional = |present: bool| if present { 4_usize } else { 0 };
    let key_at = 4_usize.wrapping_add(optional(has(CHECKSUM)));
    let len = key_at
        .wrapping_add(optional(has(KEY)))
        .wrapping_add(optional(has(SEQUENCE)))
        .wrapping_add(optional(version == 1 && has(ACKNOWLEDGMENT)));
    let Some(rest) = data.get(len..) else {
        return undecodable(Undecodable::Tunnel);
    };
    // A keep-alive, or PPTP's bare acknowledgment.
    if rest.is_empty() {
        return Step::Done(Decoded::OtherTransport(47));
    }
    let plain = TunnelProtocol::Gre;
    match protocol {
        0x880b => enter(parts, context, plain, None, Layer::Ppp, rest),
        // Ethernet with a key and nothing else is how NVGRE looks (RFC 7637 §3.2): the upper 24
        // bits are the virtual subnet, the same in both directions.
        0x6558 if flags == KEY => {
            let network = u32_at(data, key_at).map(|key| key >> 8);
            enter(parts, context, TunnelProtocol::Nvgre, network, Layer::Ethernet, rest)
        }
        0x6558 => enter(parts, context, plain, None, Layer::Ethernet, rest),
        // ERSPAN: type I has no header of its own and no sequence number, type II has 8 bytes.
        0x88be => {
            let header = if has(SEQUENCE) { 8 } else { 0 };
            mirrored(parts, context, rest, header)
        }
        // Type III: 12 bytes, and 8 more of the platform's own if the last bit says so.
        0x22eb => {
            let platform = rest.get(11).is_some_and(|last| last & 1 != 0);
            mirrored(parts, context, rest, if platform { 20 } else { 12 })
        }
        // Web cache communication: version 2 puts four bytes before the IP header.
        0x883e if rest.first().is_some_and(|first| first >> 4 != 4) => {
            let rest = rest.get(4..).unwrap_or_default();
            enter(parts, context, plain, None, Layer::Ip, rest)
        }
        0x883e => enter(parts, context, plain, None, Layer::Ip, rest),
        other => enter(parts, context, plain, None, Layer::EtherType(other), rest),
    }
}

fn mirrored<'d>(
    parts: &mut Parts<'_>,
    context: &mut Context,
    data: &'d [u8],
    header: usize,
) -> Step<'d> {
    match data.get(header..) {
        Some(rest) => enter(parts, context, TunnelProtocol::Erspan, None, Layer::Ethernet, rest),
        None => undecodable(Undecodable::Tunnel),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{PLAIN, decode, ethernet, hex, ipv4, packet};
    use crate::LinkType;

    fn check(header: &str, payload: &[u8], tunnel: &str) {
        let mut message = hex(header);
        message.extend(payload);
        let expected = format!("{PLAIN} in {tunnel}");
        assert_eq!(decode(LinkType::RAW, &ipv4(47, &message)), expected, "{header}");
    }

    #[test]
    fn what_it_carries() {
        let (packet, frame) = (packet(), ethernet(0x0800, &packet()));
        let ppp = [&[0xff, 3, 0, 0x21], &packet[..]].concat();
        check("0000 0800", &packet, "gre 10.0.0.1 10.0.0.2");
        check("b000 0800 00000000 00000001 00000002", &packet, "gre 10.0.0.1 10.0.0.2");
        check("0000 6558", &frame, "gre 10.0.0.1 10.0.0.2");
        check("2000 6558 00002a00", &frame, "nvgre 10.0.0.1 10.0.0.2 network 42");
        check("3081 880b 002e0001 00000002 00000003", &ppp, "gre 10.0.0.1 10.0.0.2");
        check("0000 88be", &frame, "erspan 10.0.0.1 10.0.0.2");
        check("1000 88be 00000001 1000 0001 00000000", &frame, "erspan 10.0.0.1 10.0.0.2");
        check(
            "1000 22eb 00000001 2000 0001 00000000 0000 0000",
            &frame,
            "erspan 10.0.0.1 10.0.0.2",
        );
        check(
            "1000 22eb 00000001 2000 0001 00000000 0000 0001 0000000000000000",
            &frame,
            "erspan 10.0.0.1 10.0.0.2",
        );
        check("0000 883e 00000000", &packet, "gre 10.0.0.1 10.0.0.2");
        check("2001 6400 3800 0100", &frame, "gre 10.0.0.1 10.0.0.2");
    }

    #[test]
    fn ethernet_in_ip() {
        let message = [&[0x30, 0], &ethernet(0x0800, &packet())[..]].concat();
        let expected = format!("{PLAIN} in etherip 10.0.0.1 10.0.0.2");
        assert_eq!(decode(LinkType::RAW, &ipv4(97, &message)), expected);
    }
}
