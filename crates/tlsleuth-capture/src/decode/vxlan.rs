//! VXLAN (RFC 7348) and its generic protocol extension (draft-ietf-nvo3-vxlan-gpe).

use super::udp_tunnel::Inner;
use super::{Layer, TunnelProtocol};

/// ```text
/// flags 1 | reserved 3 | network 3 | reserved 1 | Ethernet
/// ```
pub(super) fn plain(data: &[u8]) -> Option<Inner<'_>> {
    match data {
        // The flag for a valid network must be set. Extensions use other bits of the reserved
        // ones (group policy), so those are not asked for.
        [flags, _, _, _, a, b, c, _, rest @ ..] if flags & 0x08 != 0 => Some(Inner {
            protocol: TunnelProtocol::Vxlan,
            network: Some(u32::from_be_bytes([0, *a, *b, *c])),
            layer: Layer::Ethernet,
            rest,
        }),
        _ => None,
    }
}

/// ```text
/// flags 1 | reserved 2 | next protocol 1 | network 3 | reserved 1 | payload
/// ```
pub(super) fn generic(data: &[u8]) -> Option<Inner<'_>> {
    match data {
        // With the flag for a next protocol (0x04); without it, it is Ethernet as in the plain one.
        [flags, _, _, next, a, b, c, _, rest @ ..] if flags & 0x08 != 0 => Some(Inner {
            protocol: TunnelProtocol::Vxlan,
            network: Some(u32::from_be_bytes([0, *a, *b, *c])),
            layer: match next {
                _ if flags & 0x04 == 0 => Layer::Ethernet,
                1 | 2 => Layer::Ip,
                3 => Layer::Ethernet,
                4 => Layer::EtherType(0x894f),
                5 => Layer::EtherType(0x8847),
                _ => return None,
            },
            rest,
        }),
        _ => None,
    }
}
