//! Builds the frames of a redacted capture: Ethernet, IP and TCP or ICMP, from what was decoded.
//!
//! They are made anew and not changed in place, so that nothing can stay that nobody looked at:
//! hardware addresses, tunnels, tags, options of IP, trailers.

use std::net::{IpAddr, Ipv4Addr};

use tlsleuth::capture::{IcmpError, IcmpKind, Segment};
use tlsleuth_redact::Redactor;

const TCP: u8 = 6;
const ICMP: u8 = 1;
const ICMP_V6: u8 = 58;
const NOP: u8 = 1;

/// A frame and its length on the wire.
pub(crate) struct Packet {
    pub(crate) data: Vec<u8>,
    pub(crate) original_len: u32,
}

/// The frame of a segment with another payload, which is as long as the captured one.
pub(crate) fn segment(redactor: &Redactor, segment: &Segment<'_>, payload: &[u8]) -> Packet {
    let mut tcp = Vec::with_capacity(20 + segment.options.len() + payload.len());
    tcp.extend(segment.source.port.to_be_bytes());
    tcp.extend(segment.destination.port.to_be_bytes());
    tcp.extend(segment.seq.0.to_be_bytes());
    tcp.extend(segment.ack.0.to_be_bytes());
    let options = options(segment.options);
    let words = u8::try_from(5 + options.len() / 4).unwrap_or(5);
    tcp.extend([words << 4, segment.flags.0]);
    tcp.extend(segment.window.to_be_bytes());
    tcp.extend([0; 4]);
    tcp.extend(options);
    tcp.extend(payload);
    let source = redactor.address(segment.source.address.ip());
    let destination = redactor.address(segment.destination.address.ip());
    set_checksum(&mut tcp, 16, pseudo_header(source, destination, TCP, segment.cut));
    let id = segment.ip_id.unwrap_or(0);
    let mut data = ethernet(source.is_ipv4());
    data.extend(ip(source, destination, TCP, (segment.ttl, id), tcp.len(), segment.cut));
    data.extend(tcp);
    let len = u32::try_from(data.len()).unwrap_or(u32::MAX);
    Packet { original_len: len.saturating_add(segment.cut), data }
}

/// The frame of an ICMP error, with as much of the packet that it is about as routers must quote.
pub(crate) fn icmp(redactor: &Redactor, error: &IcmpError) -> Packet {
    let address = |address: tlsleuth::capture::Address| redactor.address(address.ip());
    let (from, to) = (address(error.from), address(error.to));
    let quoted = error.quoted;
    let (source, destination) =
        (address(quoted.source.address), address(quoted.destination.address));
    let (kind, code, value) = match (error.kind, error.ipv6) {
        (IcmpKind::Unreachable(code), false) => (3, code, 0),
        (IcmpKind::PacketTooBig(mtu), false) => (3, 4, mtu),
        (IcmpKind::TimeExceeded(code), false) => (11, code, 0),
        (IcmpKind::Unreachable(code), true) => (1, code, 0),
        (IcmpKind::PacketTooBig(mtu), true) => (2, 0, mtu),
        (IcmpKind::TimeExceeded(code), true) => (3, code, 0),
        (_, false) => (12, 0, 0),
        (_, true) => (4, 0, 0),
    };
    let mut message = vec![kind, code, 0, 0];
    message.extend(value.to_be_bytes());
    message.extend(ip(source, destination, quoted.protocol, (64, 0), 20, 0));
    message.extend(quoted.source.port.to_be_bytes());
    message.extend(quoted.destination.port.to_be_bytes());
    message.extend(quoted.seq.map_or(0, |seq| seq.0).to_be_bytes());
    let protocol = if error.ipv6 { ICMP_V6 } else { ICMP };
    // ICMPv6 counts the addresses in (RFC 4443 §2.3), ICMP does not.
    let sum = if error.ipv6 { pseudo_header(from, to, ICMP_V6, 0) } else { None };
    set_checksum(&mut message, 2, Some(sum.unwrap_or_default()));
    let mut data = ethernet(from.is_ipv4());
    data.extend(ip(from, to, protocol, (64, 0), message.len(), 0));
    data.extend(message);
    let original_len = u32::try_from(data.len()).unwrap_or(u32::MAX);
    Packet { data, original_len }
}

/// A frame that says nothing but when it was: an empty segment from nobody to nobody, to the port
/// that discards (RFC 863).
pub(crate) fn clock() -> Packet {
    let nobody = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let mut tcp = vec![0, 9, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 5 << 4, 0x10, 0, 0, 0, 0, 0, 0];
    set_checksum(&mut tcp, 16, pseudo_header(nobody, nobody, TCP, 0));
    let mut data = ethernet(true);
    data.extend(ip(nobody, nobody, TCP, (64, 0), tcp.len(), 0));
    data.extend(tcp);
    Packet { original_len: 54, data }
}

/// An Ethernet header without addresses.
fn ethernet(v4: bool) -> Vec<u8> {
    let mut header = vec![0; 12];
    header.extend(if v4 { [0x08, 0x00] } else { [0x86, 0xdd] });
    header
}

/// The options that every TCP has, the others replaced by padding: some hold addresses or keys
/// (RFC 8684, RFC 2385).
fn options(options: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(options.len());
    let mut rest = options;
    while let [kind, behind @ ..] = rest {
        let len = match (kind, behind.first()) {
            (0 | 1, _) => 1,
            (_, Some(len)) => usize::from(*len).clamp(2, rest.len()),
            (_, None) => 1,
        };
        let (option, next) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        match kind {
            // End, no operation, MSS, window scale, SACK permitted, SACK, timestamps.
            0..=5 | 8 => out.extend(option),
            _ => out.extend(std::iter::repeat_n(NOP, option.len())),
        }
        rest = next;
    }
    out.resize(out.len().next_multiple_of(4).min(40), NOP);
    out
}

/// An IP header for `len` bytes behind it and `cut` more that were not captured.
fn ip(
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    (ttl, id): (u8, u16),
    len: usize,
    cut: u32,
) -> Vec<u8> {
    let len = u32::try_from(len).unwrap_or(u32::MAX).saturating_add(cut);
    // What is longer was cut into packets by the network card later: then the length is 0.
    let field = |len: u32| u16::try_from(len).unwrap_or(0).to_be_bytes();
    let mut header = Vec::with_capacity(40);
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            header.extend([0x45, 0]);
            header.extend(field(len.saturating_add(20)));
            header.extend(id.to_be_bytes());
            header.extend([0, 0, ttl, protocol, 0, 0]);
            header.extend(source.octets());
            header.extend(destination.octets());
            set_checksum(&mut header, 10, Some(0));
        }
        (source, destination) => {
            header.extend([0x60, 0, 0, 0]);
            header.extend(field(len));
            header.extend([protocol, ttl]);
            header.extend(v6(source));
            header.extend(v6(destination));
        }
    }
    header
}

fn v6(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

/// The sum of the addresses and the protocol (RFC 9293 §3.1, RFC 8200 §8.1); nothing for a packet
/// of which a part is missing, whose checksum cannot be right.
fn pseudo_header(source: IpAddr, destination: IpAddr, protocol: u8, cut: u32) -> Option<u64> {
    let octets = |address| match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    (cut == 0).then(|| sum(&octets(source)) + sum(&octets(destination)) + u64::from(protocol))
}

fn sum(bytes: &[u8]) -> u64 {
    bytes
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u64::from(*high) << 8 | u64::from(*low),
            [high] => u64::from(*high) << 8,
            _ => 0,
        })
        .sum()
}

/// Sets the Internet checksum (RFC 1071) at `at`, with what else is summed up. For a transport the
/// length counts too.
fn set_checksum(bytes: &mut [u8], at: usize, beside: Option<u64>) {
    let Some(beside) = beside else { return };
    let transport = if beside > 0 { u64::try_from(bytes.len()).unwrap_or(0) } else { 0 };
    let mut total = sum(bytes) + beside + transport;
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    let checksum = !u16::try_from(total).unwrap_or(0);
    if let Some(field) = bytes.get_mut(at..at + 2) {
        field.copy_from_slice(&checksum.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use tlsleuth::capture::{Checksum, Decoded, Decoder, Endpoint, Limits, SeqNumber, TcpFlags};
    use tlsleuth::capture::{QuotedPacket, TunnelId};
    use tlsleuth::{Frame, LinkType, Place};
    use tlsleuth_redact::{Key, What};

    use super::*;

    fn redactor() -> Redactor {
        let key = Key::parse(b"a key for tests, no secret").unwrap();
        Redactor::new(What { addresses: true, names: true }, &key)
    }

    fn end(address: &str, port: u16) -> Endpoint {
        Endpoint { address: address.parse::<IpAddr>().unwrap().into(), port }
    }

    fn frame(packet: &Packet) -> Frame<'_> {
        Frame {
            place: Place::default(),
            link: LinkType::ETHERNET,
            interface: 0,
            data: &packet.data,
            original_len: packet.original_len,
        }
    }

    #[test]
    fn a_segment_is_decoded_as_it_was_but_for_its_addresses() {
        for (source, destination) in [("10.0.0.7", "10.0.0.2"), ("2001:db8::7", "2001:db8::2")] {
            for payload in [&b""[..], b"odd", b"even"] {
                let before = Segment {
                    place: Place::default(),
                    source: end(source, 1234),
                    destination: end(destination, 443),
                    tunnel: TunnelId::NONE,
                    seq: SeqNumber(u32::MAX),
                    ack: SeqNumber(7),
                    flags: TcpFlags::ACK.with(TcpFlags::PSH),
                    window: 512,
                    header: &[],
                    // MSS, then an MPTCP option that holds an address.
                    options: &[2, 4, 5, 0xb4, 30, 8, 0x30, 1, 10, 0, 0, 9],
                    payload,
                    cut: 0,
                    ttl: 61,
                    ip_id: source.contains('.').then_some(77),
                };
                let packet = segment(&redactor(), &before, payload);
                let mut decoder = Decoder::new(Limits::default());
                let Decoded::Segment(after) = decoder.decode(&frame(&packet)) else {
                    panic!("no segment");
                };
                assert_eq!(
                    after.source.address.ip(),
                    redactor().address(before.source.address.ip())
                );
                assert_eq!(after.source.port, 1234);
                assert_eq!(
                    (after.seq, after.ack, after.flags),
                    (before.seq, before.ack, before.flags)
                );
                assert_eq!((after.window, after.ttl, after.ip_id), (512, 61, before.ip_id));
                assert_eq!(after.options, [2, 4, 5, 0xb4, 1, 1, 1, 1, 1, 1, 1, 1]);
                assert_eq!((after.payload, after.cut), (payload, 0));
                assert_eq!(after.checksum(), Checksum::Good);
                assert_eq!(packet.data[..12], [0; 12]);
            }
        }
    }

    #[test]
    fn an_icmp_error_keeps_what_it_is_about() {
        for (ipv6, a, b) in [(false, "10.0.0.7", "10.0.0.2"), (true, "2001:db8::7", "2001:db8::2")]
        {
            for kind in [IcmpKind::Unreachable(3), IcmpKind::PacketTooBig(1400)] {
                let before = IcmpError {
                    place: Place::default(),
                    kind,
                    from: end(b, 0).address,
                    to: end(a, 0).address,
                    tunnel: TunnelId::NONE,
                    ipv6,
                    quoted: QuotedPacket {
                        source: end(a, 1234),
                        destination: end(b, 443),
                        protocol: 6,
                        seq: Some(SeqNumber(9)),
                    },
                };
                let packet = icmp(&redactor(), &before);
                let mut decoder = Decoder::new(Limits::default());
                let Decoded::Icmp(after) = decoder.decode(&frame(&packet)) else {
                    panic!("no ICMP error: {:?}", decoder.decode(&frame(&packet)));
                };
                assert_eq!(after.kind, kind);
                assert_eq!(after.from.ip(), redactor().address(before.from.ip()));
                assert_eq!(after.quoted.seq, Some(SeqNumber(9)));
                assert_eq!(after.quoted.source.port, 1234);
            }
        }
    }

    #[test]
    fn a_clock_is_a_segment_between_nobody() {
        let packet = clock();
        let mut decoder = Decoder::new(Limits::default());
        let Decoded::Segment(segment) = decoder.decode(&frame(&packet)) else {
            panic!("no segment");
        };
        assert_eq!((segment.source.port, segment.payload.len()), (9, 0));
        assert_eq!(segment.checksum(), Checksum::Good);
        assert_eq!(packet.data.len(), 54);
    }
}
