//! Tunnels over UDP, told by their port and by what they look like.
//!
//! A port alone proves nothing: each header is also checked for what its standard fixes, and what
//! turns out to hold no IP is a plain datagram after all.

use super::{Context, Datagram, Layer, Parts, Step, TunnelProtocol, transport};
use super::{capwap, geneve, gtp, l2tp, teredo, vxlan};

/// What a tunnel header announces.
pub(super) struct Inner<'d> {
    pub(super) protocol: TunnelProtocol,
    /// The virtual network, where both directions have the same.
    pub(super) network: Option<u32>,
    pub(super) layer: Layer,
    pub(super) rest: &'d [u8],
}

impl<'d> Inner<'d> {
    pub(super) fn new(protocol: TunnelProtocol, layer: Layer, rest: &'d [u8]) -> Self {
        Self { protocol, network: None, layer, rest }
    }
}

/// Goes into the tunnel that a datagram is; `None` when it is none.
pub(super) fn step<'d>(
    parts: &mut Parts<'_>,
    context: &mut Context,
    datagram: &Datagram<'d>,
) -> Option<Step<'d>> {
    let inner = recognize(datagram)?;
    Some(transport::enter(parts, context, inner.protocol, inner.network, inner.layer, inner.rest))
}

fn recognize<'d>(datagram: &Datagram<'d>) -> Option<Inner<'d>> {
    let payload = datagram.payload;
    let (source, destination) = (datagram.source.port, datagram.destination.port);
    // Their source port varies, but a load balancer may answer from the port that it was asked on.
    for port in [destination, source] {
        match port {
            4789 | 8472 => return vxlan::plain(payload),
            4790 => return vxlan::generic(payload),
            6081 => return geneve::parse(payload),
            // RFC 7510: a label stack, at least four bytes of it.
            6635 if payload.len() > 4 => {
                let layer = Layer::EtherType(0x8847);
                return Some(Inner::new(TunnelProtocol::Mpls, layer, payload));
            }
            _ => {}
        }
    }
    match (source, destination) {
        (2152, _) | (_, 2152) => gtp::parse(payload),
        (3544, _) | (_, 3544) => teredo::parse(payload),
        (1701, _) | (_, 1701) => l2tp::parse_udp(payload),
        (5247, _) | (_, 5247) => capwap::parse(payload),
        // Peers behind NAT use any port once they know each other.
        _ => teredo::parse_any_port(payload),
    }
}
