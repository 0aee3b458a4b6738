//! Geneve (RFC 8926 §3.4).

use super::udp_tunnel::Inner;
use super::{Layer, TunnelProtocol};

/// ```text
/// version 2 bits, option words 6 bits | flags 1 | protocol 2 | network 3 | reserved 1 | options
/// ```
pub(super) fn parse(data: &[u8]) -> Option<Inner<'_>> {
    match data {
        [start, _, t0, t1, a, b, c, _, rest @ ..] if start >> 6 == 0 => Some(Inner {
            protocol: TunnelProtocol::Geneve,
            network: Some(u32::from_be_bytes([0, *a, *b, *c])),
            layer: Layer::EtherType(u16::from_be_bytes([*t0, *t1])),
            rest: rest.get(usize::from(start & 0x3f).wrapping_mul(4)..)?,
        }),
        _ => None,
    }
}
