//! The user plane of mobile networks: GTP-U (3GPP TS 29.281 §5).

use super::udp_tunnel::Inner;
use super::{Layer, TunnelProtocol};

/// A packet of a subscriber; other messages carry none.
const G_PDU: u8 = 0xff;

/// ```text
/// version 3 bits, protocol type 1, reserved 1, E 1, S 1, PN 1 | message type 1 | length 2
/// | tunnel endpoint 4 | (sequence 2 | N-PDU number 1 | next extension 1) | extensions
/// ```
///
/// The four bytes in parentheses are there when any of E, S and PN is set (§5.1).
pub(super) fn parse(data: &[u8]) -> Option<Inner<'_>> {
    let [start, G_PDU, _, _, _, _, _, _, rest @ ..] = data else { return None };
    // Version 1, and GTP itself, not the charging protocol.
    if start >> 4 != 0b0011 {
        return None;
    }
    let mut rest = rest;
    if start & 0x07 != 0 {
        let [_, _, _, next, behind @ ..] = rest else { return None };
        rest = behind;
        if start & 0x04 != 0 {
            let mut next = *next;
            // Each says its length in words, and ends with the type of the next one (§5.2.1).
            while next != 0 {
                let len = usize::from(*rest.first().filter(|words| **words > 0)?).wrapping_mul(4);
                next = *rest.get(len.checked_sub(1)?)?;
                rest = rest.get(len..)?;
            }
        }
    }
    // A bearer may carry Ethernet or nothing known; only IP tells itself.
    let ip = rest.first().is_some_and(|first| matches!(first >> 4, 4 | 6));
    ip.then(|| Inner::new(TunnelProtocol::GtpU, Layer::Ip, rest))
}
