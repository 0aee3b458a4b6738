//! L2TP version 2 (RFC 2661 §3.1) and version 3 (RFC 3931 §4.1) over UDP, and version 3 over IP.

use super::udp_tunnel::Inner;
use super::{Layer, TunnelProtocol, u16_at};

const CONTROL: u16 = 0x8000;
const LENGTH: u16 = 0x4000;
const SEQUENCE: u16 = 0x0800;
const OFFSET: u16 = 0x0200;
const VERSION: u16 = 0x000f;

/// A data message; control messages carry no packets.
pub(super) fn parse_udp(data: &[u8]) -> Option<Inner<'_>> {
    let flags = u16_at(data, 0)?;
    if flags & CONTROL != 0 {
        return None;
    }
    match flags & VERSION {
        2 => v2(flags, data),
        // Flags 2 | reserved 2 | session 4.
        3 => v3(data.get(8..)?),
        _ => None,
    }
}

/// ```text
/// flags 2 | (length 2) | tunnel 2 | session 2 | (Ns 2, Nr 2) | (offset size 2, padding) | PPP
/// ```
fn v2(flags: u16, data: &[u8]) -> Option<Inner<'_>> {
    let optional = |flag, len| if flags & flag != 0 { len } else { 0_usize };
    let mut len = 6_usize.wrapping_add(optional(LENGTH, 2)).wrapping_add(optional(SEQUENCE, 4));
    if flags & OFFSET != 0 {
        len = len.wrapping_add(2).wrapping_add(u16_at(data, len)?.into());
    }
    let rest = data.get(len..)?;
    let ppp = matches!(rest, [0xff, 0x03, ..] | [0x00, 0x21 | 0x57, ..] | [0x21 | 0x57, ..]);
    ppp.then(|| Inner::new(TunnelProtocol::L2tp, Layer::Ppp, rest))
}

/// The payload of a version 3 session. The length of its cookie and what it carries are agreed on
/// in control messages, so they are guessed: PPP, or Ethernet, behind a cookie of 0, 4 or 8 bytes
/// and the default sublayer of 4 (RFC 3931 §4.6) or none.
fn v3(data: &[u8]) -> Option<Inner<'_>> {
    [0_usize, 4, 8, 12].into_iter().find_map(|skip| {
        let rest = data.get(skip..)?;
        let layer = match rest {
            [0xff, 0x03, 0x00, 0x21 | 0x57, ..] => Layer::Ppp,
            _ if ethernet(rest) => Layer::Ethernet,
            _ => return None,
        };
        Some(Inner::new(TunnelProtocol::L2tp, layer, rest))
    })
}

/// Whether IP, or a tag and then IP, stands behind what would be two Ethernet addresses.
fn ethernet(data: &[u8]) -> bool {
    let (kind, first) = match u16_at(data, 12) {
        Some(0x8100) => (u16_at(data, 16), data.get(18)),
        kind => (kind, data.get(14)),
    };
    let version = first.map(|first| first >> 4);
    matches!((kind, version), (Some(0x0800), Some(4)) | (Some(0x86dd), Some(6)))
}

/// Version 3 directly over IP (RFC 3931 §4.1.1): session 4, where 0 means control.
pub(super) fn parse_ip(data: &[u8]) -> Option<Inner<'_>> {
    match data {
        [0, 0, 0, 0, ..] => None,
        [_, _, _, _, rest @ ..] => v3(rest),
        _ => None,
    }
}
