//! CAPWAP data: wireless frames between access point and controller (RFC 5415 §4.3).

use super::udp_tunnel::Inner;
use super::{Layer, TunnelProtocol};
use crate::LinkType;

/// ```text
/// preamble 1 | header words 5 bits, radio 5, binding 5, T F L W M K reserved 3 | fragment 4 | …
/// ```
///
/// Fragments (flag F) are not put together, and a preamble that announces DTLS is not looked into.
pub(super) fn parse(data: &[u8]) -> Option<Inner<'_>> {
    let [0, header, binding, flags, ..] = data else { return None };
    let (native, fragment, keep_alive) = (binding & 1 != 0, flags & 0x80 != 0, flags & 0x08 != 0);
    if fragment || keep_alive {
        return None;
    }
    let rest = data.get(usize::from(header >> 3).wrapping_mul(4)..)?;
    // The only binding that was ever defined is IEEE 802.11 (RFC 5416); without the flag for a
    // native frame it is Ethernet.
    if !native {
        return Some(Inner::new(TunnelProtocol::Capwap, Layer::Ethernet, rest));
    }
    // Version 0 and type 2 are a data frame's; some access points have them in the second byte.
    let layer = match rest {
        [first, second, ..] if first & 0x0f != 0x08 && second & 0x0f == 0x08 => Layer::SwappedWlan,
        _ => Layer::Link(LinkType::IEEE802_11),
    };
    Some(Inner::new(TunnelProtocol::Capwap, layer, rest))
}
