//! What IP carries: TCP, UDP, ICMP, extension headers, tunnels.

use super::{
    Context, Datagram, Decoded, IpFacts, Layer, Parts, Step, TunnelProtocol, Undecodable, gre,
    icmp, ip, l2tp, u16_at, udp_tunnel, undecodable,
};
use crate::{Address, Endpoint, Frame, Segment, SeqNumber, TcpFlags, TunnelId};

/// Hands on the segment of a frame as nearly all are: Ethernet, IPv4 without options and not
/// fragmented, TCP. `None` for any other, which the layers then take apart.
///
/// Reads the headers alone, once, without looking at a layer twice: most frames of a large capture
/// are application data, of which nothing else is ever touched.
#[inline]
pub(super) fn plain_segment<'a, R>(
    frame: &Frame<'a>,
    take: impl FnOnce(Segment<'a>) -> R,
) -> Option<R> {
    const IP: usize = 14;
    const TCP: usize = IP + 20;
    let data = frame.data;
    let head = data.first_chunk::<{ TCP + 20 }>()?;
    // IPv4's EtherType, version 4 with five words, neither more fragments nor an offset, TCP.
    if head[12] != 0x08
        || head[13] != 0x00
        || head[14] != 0x45
        || head[20] & 0x3f != 0
        || head[21] != 0
        || head[23] != 6
    {
        return None;
    }
    let end = IP.wrapping_add(u16::from_be_bytes([head[16], head[17]]).into());
    let payload_start = TCP.wrapping_add(usize::from(head[46] >> 4).wrapping_mul(4));
    // Fails where a length cannot be, and for a total length of 0, which means "see the frame".
    let captured_end = end.min(data.len());
    let header = data.get(TCP..TCP + 20)?;
    let options = data.get(TCP + 20..payload_start)?;
    let payload = data.get(payload_start..captured_end)?;
    let cut = u32::try_from(end.wrapping_sub(captured_end))
        .ok()?
        .min(frame.original_len.saturating_sub(u32::try_from(data.len()).ok()?));
    Some(take(Segment {
        place: frame.place,
        source: Endpoint {
            address: Address::v4([head[26], head[27], head[28], head[29]]),
            port: u16::from_be_bytes([head[34], head[35]]),
        },
        destination: Endpoint {
            address: Address::v4([head[30], head[31], head[32], head[33]]),
            port: u16::from_be_bytes([head[36], head[37]]),
        },
        tunnel: TunnelId::NONE,
        seq: SeqNumber(u32::from_be_bytes([head[38], head[39], head[40], head[41]])),
        ack: SeqNumber(u32::from_be_bytes([head[42], head[43], head[44], head[45]])),
        flags: TcpFlags(head[47]),
        window: u16::from_be_bytes([head[48], head[49]]),
        header,
        options,
        payload,
        cut,
        ttl: head[22],
        ip_id: Some(u16::from_be_bytes([head[18], head[19]])),
    }))
}

/// The same for IPv6 without extension headers (RFC 8200 §3).
pub(super) fn plain_segment_v6<'a>(frame: &Frame<'a>) -> Option<Segment<'a>> {
    const IP: usize = 14;
    const TCP: usize = IP + 40;
    let data = frame.data;
    let (head, header) = data.first_chunk::<{ TCP + 20 }>()?.split_first_chunk::<TCP>()?;
    let len = u16::from_be_bytes([head[18], head[19]]);
    // IPv6's EtherType, version 6, TCP; a length of 0 means "see the frame".
    if head[12] != 0x86 || head[13] != 0xdd || head[14] >> 4 != 6 || head[20] != 6 || len == 0 {
        return None;
    }
    let [s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, offset, flags, w0, w1, ..] =
        *header.first_chunk::<20>()?;
    let end = TCP.wrapping_add(len.into());
    let payload_start = TCP.wrapping_add(usize::from(offset >> 4).wrapping_mul(4));
    let captured_end = end.min(data.len());
    let address = |at: usize| head.get(at..).and_then(<[u8]>::first_chunk).copied();
    Some(Segment {
        place: frame.place,
        source: Endpoint { address: Address::v6(address(22)?), port: u16::from_be_bytes([s0, s1]) },
        destination: Endpoint {
            address: Address::v6(address(38)?),
            port: u16::from_be_bytes([d0, d1]),
        },
        tunnel: TunnelId::NONE,
        seq: SeqNumber(u32::from_be_bytes([q0, q1, q2, q3])),
        ack: SeqNumber(u32::from_be_bytes([a0, a1, a2, a3])),
        flags: TcpFlags(flags),
        window: u16::from_be_bytes([w0, w1]),
        header,
        options: data.get(TCP + 20..payload_start)?,
        payload: data.get(payload_start..captured_end)?,
        cut: u32::try_from(end.wrapping_sub(captured_end))
            .ok()?
            .min(frame.original_len.saturating_sub(u32::try_from(data.len()).ok()?)),
        ttl: head[21],
        ip_id: None,
    })
}

/// Takes the payload of IP apart.
pub(super) fn step<'d>(
    parts: &mut Parts<'_>,
    context: &mut Context,
    protocol: u8,
    data: &'d [u8],
    datagram: &mut Option<Datagram<'d>>,
) -> Step<'d> {
    match protocol {
        6 => tcp(context, data),
        17 => udp(parts, context, data, datagram),
        1 => icmp::v4(context, data),
        58 => icmp::v6(context, data),
        // Hop-by-hop and destination options, routing, mobility, HIP, Shim6 (RFC 8200 §4).
        0 | 43 | 60 | 135 | 139 | 140 => match data {
            [next, len, ..] => {
                let len = usize::from(*len).saturating_add(1).saturating_mul(8);
                extension(*next, len, context, data)
            }
            _ => undecodable(Undecodable::Ip),
        },
        // The authentication header counts words, less two (RFC 4302 §2.2).
        51 => match data {
            [next, len, ..] => {
                let len = usize::from(*len).saturating_add(2).saturating_mul(4);
                extension(*next, len, context, data)
            }
            _ => undecodable(Undecodable::Ip),
        },
        44 => ip::v6_fragment(parts, context, data),
        // IPv4 and IPv6 in IP. An empty one is a keep-alive.
        4 | 41 if data.is_empty() => Step::Done(Decoded::OtherTransport(protocol)),
        4 | 41 => enter(parts, context, TunnelProtocol::Ip, None, Layer::Ip, data),
        47 => gre::step(parts, context, data),
        // Ethernet in IP: version 4 bits, reserved 12 (RFC 3378 §3).
        97 => match data {
            [0x30..=0x3f, _, rest @ ..] => {
                enter(parts, context, TunnelProtocol::EtherIp, None, Layer::Ethernet, rest)
            }
            _ => Step::Done(Decoded::OtherTransport(97)),
        },
        137 => enter(parts, context, TunnelProtocol::Mpls, None, Layer::EtherType(0x8847), data),
        115 => match l2tp::parse_ip(data) {
            Some(inner) => enter(parts, context, inner.protocol, None, inner.layer, inner.rest),
            None => Step::Done(Decoded::OtherTransport(115)),
        },
        other => Step::Done(Decoded::OtherTransport(other)),
    }
}

fn extension<'d>(next: u8, len: usize, context: &mut Context, data: &'d [u8]) -> Step<'d> {
    match data.get(len..) {
        Some(rest) => Step::Next(Layer::Transport(next), rest),
        None if context.ip.cut > 0 => undecodable(Undecodable::Transport),
        None => undecodable(Undecodable::Ip),
    }
}

/// Goes on inside of a tunnel, unless it is one too many.
pub(super) fn enter<'d>(
    parts: &mut Parts<'_>,
    context: &mut Context,
    protocol: TunnelProtocol,
    network: Option<u32>,
    layer: Layer,
    data: &'d [u8],
) -> Step<'d> {
    if parts.enter(context, protocol, network) {
        Step::Next(layer, data)
    } else {
        undecodable(Undecodable::TooDeep)
    }
}

/// One segment (RFC 9293 §3.1).
///
/// ```text
/// source port 2 | destination port 2 | sequence 4 | acknowledgment 4
/// | data offset 4 bits, reserved 4 bits | flags 1 | window 2 | checksum 2 | urgent 2 | options
/// ```
fn tcp<'d>(context: &Context, data: &'d [u8]) -> Step<'d> {
    let IpFacts { source, destination, ttl, id, cut } = context.ip;
    let Some((header, rest)) = data.split_first_chunk::<20>() else {
        return undecodable(Undecodable::Transport);
    };
    let [s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, offset, flags, w0, w1, ..] = *header;
    let header_len = usize::from(offset >> 4).wrapping_mul(4);
    let Some(options_len) = header_len.checked_sub(20) else {
        return undecodable(Undecodable::Transport);
    };
    let (options, payload, cut) = match rest.split_at_checked(options_len) {
        Some((options, payload)) => (options, payload, cut),
        // The snap length may cut the options off. What is missing is theirs first.
        None => {
            let missing = u32::try_from(options_len.wrapping_sub(rest.len())).unwrap_or(u32::MAX);
            match cut.checked_sub(missing) {
                Some(cut) => (rest, &[][..], cut),
                None => return undecodable(Undecodable::Transport),
            }
        }
    };
    Step::Done(Decoded::Segment(Segment {
        place: context.place,
        source: Endpoint { address: source, port: u16::from_be_bytes([s0, s1]) },
        destination: Endpoint { address: destination, port: u16::from_be_bytes([d0, d1]) },
        tunnel: context.tunnel,
        seq: SeqNumber(u32::from_be_bytes([q0, q1, q2, q3])),
        ack: SeqNumber(u32::from_be_bytes([a0, a1, a2, a3])),
        flags: TcpFlags(flags),
        window: u16::from_be_bytes([w0, w1]),
        header,
        options,
        payload,
        cut,
        ttl,
        ip_id: id,
    }))
}

/// One datagram (RFC 768): source port 2 | destination port 2 | length 2 | checksum 2.
fn udp<'d>(
    parts: &mut Parts<'_>,
    context: &mut Context,
    data: &'d [u8],
    fallback: &mut Option<Datagram<'d>>,
) -> Step<'d> {
    let IpFacts { source, destination, ttl, id, cut } = context.ip;
    let Some((header, rest)) = data.split_first_chunk::<8>() else {
        return undecodable(Undecodable::Transport);
    };
    let len = usize::from(u16_at(header, 4).unwrap_or(0));
    let (payload, cut) = match len.checked_sub(8) {
        // A length of 0 means "see IP": jumbograms, and segmentation offload (RFC 2675 §4).
        _ if len == 0 => (rest, cut),
        None => return undecodable(Undecodable::Transport),
        Some(len) => match rest.get(..len) {
            Some(payload) => (payload, 0),
            None => (rest, u32::try_from(len.wrapping_sub(rest.len())).unwrap_or(u32::MAX)),
        },
    };
    let port = |offset| u16_at(header, offset).unwrap_or(0);
    let datagram = Datagram {
        place: context.place,
        source: Endpoint { address: source, port: port(0) },
        destination: Endpoint { address: destination, port: port(2) },
        tunnel: context.tunnel,
        payload,
        cut,
        ttl,
        ip_id: id,
    };
    match udp_tunnel::step(parts, context, &datagram) {
        Some(step) => {
            *fallback = Some(datagram);
            step
        }
        None => Step::Done(Decoded::Datagram(datagram)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        decode, decode_snapped, ethernet, hex, ipv4, ipv6, packet, tcp, udp,
    };
    use crate::{Checksum, Decoded, Decoder, Frame, Limits, LinkType, Place};

    #[test]
    fn a_bad_data_offset_is_undecodable() {
        for offset in [0x00, 0x40, 0x60, 0xf0] {
            let mut segment = tcp();
            segment[12] = offset;
            let expected = "Undecodable(Transport)";
            assert_eq!(decode(LinkType::RAW, &ipv4(6, &segment)), expected, "{offset:#x}");
            let frame = ethernet(0x0800, &ipv4(6, &segment));
            assert_eq!(decode(LinkType::ETHERNET, &frame), expected, "{offset:#x}");
        }
    }

    #[test]
    fn options_may_be_cut_off() {
        let mut segment = tcp();
        segment[12] = 0x60;
        segment.splice(20..20, [1, 1, 1, 1]);
        let packet = ipv4(6, &segment);
        let expected = "tcp 10.0.0.1:1000 > 10.0.0.2:443 +2";
        assert_eq!(decode_snapped(LinkType::RAW, std::slice::from_ref(&packet), 42), expected);
        let frame = ethernet(0x0800, &packet);
        assert_eq!(decode_snapped(LinkType::ETHERNET, &[frame], 14 + 42), expected);
    }

    #[test]
    fn the_short_way_and_the_long_way_agree() {
        let segment = |data: &[u8], original_len| {
            let mut decoder = Decoder::new(Limits::default());
            let link = LinkType::ETHERNET;
            let frame = Frame { place: Place::default(), link, interface: 0, data, original_len };
            format!("{:?}", decoder.decode(&frame))
        };
        let mut long = tcp();
        long.extend([7; 200]);
        for (kind, packet) in [
            (0x0800, packet()),
            (0x0800, ipv4(6, &long)),
            (0x86dd, ipv6(6, &tcp())),
            (0x86dd, ipv6(6, &long)),
            // A claim of no bytes at all, and of more than there are.
            (0x86dd, [&ipv6(6, &long)[..4], &[0, 0], &ipv6(6, &long)[6..]].concat()),
            (0x86dd, [&ipv6(6, &long)[..4], &[1, 0], &ipv6(6, &long)[6..]].concat()),
        ] {
            let [high, low] = u16::to_be_bytes(kind);
            let plain = ethernet(kind, &packet);
            let tagged = ethernet(0x8100, &[&[0, 1, high, low], &packet[..]].concat());
            let len = u32::try_from(plain.len()).unwrap();
            assert_eq!(segment(&plain, len), segment(&tagged, len + 4));
            let whole = segment(&plain, len);
            assert!(whole.starts_with("Segment"), "{whole}");
            for kept in 0..plain.len() - packet.len() + 74 {
                let kept = kept.min(plain.len());
                let tagged = &tagged[..if kept < 12 { kept } else { kept + 4 }];
                assert_eq!(segment(&plain[..kept], len), segment(tagged, len + 4), "{kept}");
            }
        }
    }

    #[test]
    fn checksums() {
        let checksum = |segment: &[u8]| {
            let data = ipv4(6, segment);
            let frame = Frame {
                place: Place::default(),
                link: LinkType::RAW,
                interface: 0,
                data: &data,
                original_len: 0,
            };
            match Decoder::new(Limits::default()).decode(&frame) {
                Decoded::Segment(segment) => segment.checksum(),
                other => panic!("{other:?}"),
            }
        };
        let mut segment = tcp();
        assert_eq!(checksum(&segment), Checksum::Offloaded);
        // By hand: the pseudo header is 0a00+0001+0a00+0002+0006+0016 = 141f, the segment
        // 03e8+01bb+0005+0006+5018+0064+6869 = be93; together d2b2, of which the complement is 2d4d.
        segment[16..18].copy_from_slice(&hex("2d4d"));
        assert_eq!(checksum(&segment), Checksum::Good);
        segment[16..18].copy_from_slice(&hex("141f"));
        assert_eq!(checksum(&segment), Checksum::Offloaded);
        segment[16..18].copy_from_slice(&hex("2d4e"));
        assert_eq!(checksum(&segment), Checksum::Bad);
    }

    #[test]
    fn datagrams() {
        let datagram = ipv4(17, &udp(53, 1000, b"abc"));
        assert_eq!(decode(LinkType::RAW, &datagram), "udp 10.0.0.1:53 > 10.0.0.2:1000 3");
        assert_eq!(decode(LinkType::RAW, &ipv4(17, &[0; 7])), "Undecodable(Transport)");
    }

    #[test]
    fn ip_in_ip() {
        let expected = "tcp 10.0.0.1:1000 > 10.0.0.2:443 hi in ip 10.0.0.1 10.0.0.2";
        assert_eq!(decode(LinkType::RAW, &ipv4(4, &packet())), expected);
        let mut nested = packet();
        for _ in 0..9 {
            nested = ipv4(4, &nested);
        }
        assert_eq!(decode(LinkType::RAW, &nested), "Undecodable(TooDeep)");
    }
}
