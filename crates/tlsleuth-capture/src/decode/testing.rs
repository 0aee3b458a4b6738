//! Packets for the tests of the decoder.

use crate::{Decoded, Decoder, Frame, Limits, LinkType, Place};

/// Hex digits to bytes; anything else between them is for the reader's eye.
pub(super) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    assert!(digits.len().is_multiple_of(2), "whole bytes: {text}");
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

/// An IPv4 packet from 10.0.0.1 to 10.0.0.2.
pub(super) fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let mut packet = vec![0x45, 0, high, low, 0, 7, 0, 0, 64, protocol, 0, 0];
    packet.extend([10, 0, 0, 1, 10, 0, 0, 2]);
    packet.extend(payload);
    packet
}

/// An IPv6 packet from 2001:db8::1 to 2001:db8::2.
pub(super) fn ipv6(next_header: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let mut packet = vec![0x60, 0, 0, 0, high, low, next_header, 64];
    for last in [1, 2] {
        packet.extend(hex("20010db8 00000000 00000000 000000"));
        packet.push(last);
    }
    packet.extend(payload);
    packet
}

/// A segment from port 1000 to port 443 with sequence number 5 and payload `hi`.
pub(super) fn tcp() -> Vec<u8> {
    hex("03e8 01bb 00000005 00000006 50 18 0064 0000 0000 6869")
}

/// A datagram.
pub(super) fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::new();
    let len = u16::try_from(8 + payload.len()).unwrap();
    for field in [source, destination, len, 0] {
        datagram.extend(field.to_be_bytes());
    }
    datagram.extend(payload);
    datagram
}

/// The segment in IPv4, as most links carry it.
pub(super) fn packet() -> Vec<u8> {
    ipv4(6, &tcp())
}

/// An Ethernet frame.
pub(super) fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = hex("020000000001 020000000002");
    frame.extend(kind.to_be_bytes());
    frame.extend(payload);
    frame
}

/// What the frames hold, in one line.
pub(super) fn decode_all(link: LinkType, frames: &[Vec<u8>]) -> String {
    decode_snapped(link, frames, usize::MAX)
}

/// The same of frames of which the snap length left the first `kept` bytes.
pub(super) fn decode_snapped(link: LinkType, frames: &[Vec<u8>], kept: usize) -> String {
    let mut decoder = Decoder::new(Limits::default());
    let mut out = Vec::new();
    for (number, data) in (1..).zip(frames) {
        let frame = Frame {
            place: Place { frame: number, ..Place::default() },
            link,
            interface: 0,
            data: data.get(..kept).unwrap_or(data),
            original_len: u32::try_from(data.len()).unwrap(),
        };
        let (line, tunnel) = match decoder.decode(&frame) {
            Decoded::Segment(segment) => {
                let text = String::from_utf8_lossy(segment.payload).into_owned();
                let cut = if segment.cut > 0 { format!("+{}", segment.cut) } else { String::new() };
                let ends = format!("{} > {}", segment.source, segment.destination);
                (format!("tcp {ends} {text}{cut}"), segment.tunnel)
            }
            Decoded::Datagram(datagram) => {
                let ends = format!("{} > {}", datagram.source, datagram.destination);
                (format!("udp {ends} {}", datagram.payload.len()), datagram.tunnel)
            }
            Decoded::Icmp(error) => {
                let quoted = error.quoted;
                let ends = format!("{} > {}", quoted.source, quoted.destination);
                (
                    format!("{:?} from {} about {ends} {:?}", error.kind, error.from, quoted.seq),
                    error.tunnel,
                )
            }
            other => (format!("{other:?}"), crate::TunnelId::NONE),
        };
        let path: Vec<_> = decoder.tunnel_path(tunnel).iter().map(ToString::to_string).collect();
        out.push([line].into_iter().chain(path).collect::<Vec<_>>().join(" in "));
    }
    assert_eq!(decoder.stats().frames(), frames.len() as u64, "every frame is accounted for");
    out.join("; ")
}

/// What one frame holds.
pub(super) fn decode(link: LinkType, frame: &[u8]) -> String {
    decode_all(link, &[frame.to_vec()])
}

/// What [`packet`] decodes to, without tunnels.
pub(super) const PLAIN: &str = "tcp 10.0.0.1:1000 > 10.0.0.2:443 hi";

/// Asserts that a link header, as hex, followed by [`packet`] decodes to the segment.
pub(super) fn carries(link: LinkType, header: &str) {
    let mut frame = hex(header);
    frame.extend(packet());
    assert_eq!(decode(link, &frame), PLAIN, "{link} {header}");
}
