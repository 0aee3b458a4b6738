//! Wireless frames (IEEE 802.11) and the headers that drivers put before them.

use super::{Decoded, Layer, Step, Undecodable, u16_at, u32_at, undecodable};
use crate::LinkType;

/// A frame as on the air (IEEE 802.11 §9.2.3, §9.3.2). `padded` says that the driver aligned the
/// payload to four bytes.
///
/// ```text
/// control 2 | duration 2 | address 6 | address 6 | address 6 | sequence 2 | (address 6)
/// | (quality of service 2) | (high throughput 4) | logical link control
/// ```
///
/// Of an aggregate (A-MSDU) the first frame is taken: there are hardly any in practice, because
/// the networks that use them encrypt.
pub(super) fn frame(data: &[u8], padded: bool) -> Step<'_> {
    match data {
        [control, flags, ..] => with_control(*control, *flags, data, padded),
        _ => undecodable(Undecodable::Link),
    }
}

/// A frame whose two bytes of frame control are swapped, as Cisco's access points send it.
pub(super) fn swapped(data: &[u8]) -> Step<'_> {
    match data {
        [flags, control, ..] => with_control(*control, *flags, data, false),
        _ => undecodable(Undecodable::Link),
    }
}

fn with_control(control: u8, flags: u8, data: &[u8], padded: bool) -> Step<'_> {
    let (kind, subtype) = ((control >> 2) & 3, control >> 4);
    // Management and control frames, and data frames without data.
    if kind != 2 || subtype & 0x4 != 0 {
        return Step::Done(Decoded::NotIp);
    }
    if flags & 0x40 != 0 {
        return undecodable(Undecodable::Encrypted);
    }
    let quality = subtype & 0x8 != 0;
    let between_access_points = flags & 0x03 == 0x03;
    let mut len = if between_access_points { 30_usize } else { 24 };
    let quality_at = len;
    if quality {
        len = len.wrapping_add(2);
        if flags & 0x80 != 0 {
            len = len.wrapping_add(4);
        }
    }
    if padded {
        len = len.next_multiple_of(4);
    }
    let Some(rest) = data.get(len..) else { return undecodable(Undecodable::Link) };
    let aggregate = quality && data.get(quality_at).is_some_and(|quality| quality & 0x80 != 0);
    match rest {
        // Each frame of an aggregate: destination 6 | source 6 | length 2.
        _ if aggregate => match (u16_at(rest, 12), rest.get(14..)) {
            (Some(len), Some(first)) => {
                Step::Next(Layer::Llc, first.get(..len.into()).unwrap_or(first))
            }
            _ => undecodable(Undecodable::Link),
        },
        _ => Step::Next(Layer::Llc, rest),
    }
}

/// Radiotap: version 1 | padding 1 | length 2 | fields present 4 (more words follow while bit 31 is
/// set) | fields. Numbers are little-endian.
pub(super) fn radiotap(data: &[u8]) -> Step<'_> {
    let little = |offset| u16_at(data, offset).map(u16::swap_bytes);
    let (Some(len), Some(present)) = (little(2), u32_at(data, 4).map(u32::swap_bytes)) else {
        return undecodable(Undecodable::Link);
    };
    let mut field = 8_usize;
    let mut word = present;
    while word & 0x8000_0000 != 0 {
        match u32_at(data, field).map(u32::swap_bytes) {
            Some(next) => word = next,
            None => return undecodable(Undecodable::Link),
        }
        field = field.wrapping_add(4);
    }
    // Field 0 is an 8-byte timer, aligned to 8; field 1 is the flags.
    if present & 1 != 0 {
        field = field.next_multiple_of(8).wrapping_add(8);
    }
    let flags = data.get(field).filter(|_| present & 2 != 0).copied().unwrap_or(0);
    let Some(rest) = data.get(usize::from(len)..) else {
        return undecodable(Undecodable::Link);
    };
    frame(rest, flags & 0x20 != 0)
}

/// Per-packet information: version 1 | flags 1 | length 2 | link type 4. Little-endian.
pub(super) fn per_packet(data: &[u8]) -> Step<'_> {
    let len = u16_at(data, 2).map(u16::swap_bytes);
    let link = u32_at(data, 4).map(u32::swap_bytes);
    match (link.and_then(|link| u16::try_from(link).ok()), len) {
        (Some(link), Some(len)) => match data.get(usize::from(len).max(8)..) {
            Some(rest) => Step::Next(Layer::Link(LinkType(link)), rest),
            None => undecodable(Undecodable::Link),
        },
        _ => undecodable(Undecodable::Link),
    }
}

/// The header of the Prism driver: message code 4 | length 4 | … in the order of the host. Some
/// drivers write an AVS header under this link type; its first word tells it.
pub(super) fn prism(data: &[u8]) -> Step<'_> {
    let Some(code) = u32_at(data, 0) else { return undecodable(Undecodable::Link) };
    if code & 0xffff_f000 == 0x8021_1000 {
        return avs(data);
    }
    let big_endian = code < 0x0001_0000;
    let len = u32_at(data, 4).map(|len| if big_endian { len } else { len.swap_bytes() });
    skip(data, len)
}

/// The AVS header: version 4 | length 4 | … big-endian.
pub(super) fn avs(data: &[u8]) -> Step<'_> {
    skip(data, u32_at(data, 4))
}

fn skip(data: &[u8], len: Option<u32>) -> Step<'_> {
    match len.and_then(|len| data.get(len.max(8) as usize..)) {
        Some(rest) => frame(rest, false),
        None => undecodable(Undecodable::Link),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{carries, decode, hex};
    use super::*;

    const ADDRESSES: &str = "020000000001 020000000002 020000000003";

    #[test]
    fn data_frames() {
        let plain = format!("0801 0000 {ADDRESSES} 0000 aaaa03 000000 0800");
        let quality = format!("8801 0000 {ADDRESSES} 0000 0000 aaaa03 000000 0800");
        let bridge = format!("0803 0000 {ADDRESSES} 0000 020000000004 aaaa03 000000 0800");
        for frame in [&plain, &quality, &bridge] {
            carries(LinkType::IEEE802_11, frame);
        }
        carries(LinkType::IEEE802_11_RADIOTAP, &format!("00 00 0800 00000000 {plain}"));
        // A timer and flags, which say that the payload is aligned.
        let aligned = format!("8801 0000 {ADDRESSES} 0000 0000 0000 aaaa03 000000 0800");
        carries(
            LinkType::IEEE802_11_RADIOTAP,
            &format!("00 00 1100 03000000 0000000000000000 20 {aligned}"),
        );
        carries(LinkType::PPI, &format!("00 00 0800 69000000 {plain}"));
        carries(LinkType::IEEE802_11_AVS, &format!("80211001 0000000c 00000000 {plain}"));
        carries(LinkType::IEEE802_11_PRISM, &format!("44000000 0c000000 00000000 {plain}"));
        let aggregate = format!(
            "8801 0000 {ADDRESSES} 0000 8000 020000000001 020000000002 0032 aaaa03 000000 0800"
        );
        carries(LinkType::IEEE802_11, &aggregate);
    }

    #[test]
    fn other_frames() {
        let beacon = hex(&format!("8000 0000 {ADDRESSES} 0000"));
        assert_eq!(decode(LinkType::IEEE802_11, &beacon), "NotIp");
        let secret = hex(&format!("0841 0000 {ADDRESSES} 0000 00000000"));
        assert_eq!(decode(LinkType::IEEE802_11, &secret), "Undecodable(Encrypted)");
    }
}
