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

#[cfg(test)]
mod tests {
    use super::super::testing::{PLAIN, decode, ethernet, hex, ipv4, ipv6, packet, tcp, udp};
    use crate::LinkType;

    /// Decodes a tunnel header, then `payload`, on a port.
    fn tunnel(port: u16, header: &str, payload: &[u8]) -> String {
        let message = [&hex(header), payload].concat();
        decode(LinkType::RAW, &ipv4(17, &udp(50_000, port, &message)))
    }

    #[test]
    fn tunnels() {
        let (packet, frame) = (packet(), ethernet(0x0800, &packet()));
        let wireless = [
            &hex("0801 0000 020000000001 020000000002 020000000003 0000 aaaa03 000000 0800"),
            &packet[..],
        ]
        .concat();
        for (port, header, payload, name) in [
            (4789, "08000000 00002a00", &frame, "vxlan 10.0.0.1 10.0.0.2 network 42"),
            (8472, "08000000 00002a00", &frame, "vxlan 10.0.0.1 10.0.0.2 network 42"),
            (4790, "0c000001 00002a00", &packet, "vxlan 10.0.0.1 10.0.0.2 network 42"),
            (6081, "0000 6558 00002a00", &frame, "geneve 10.0.0.1 10.0.0.2 network 42"),
            (6081, "0100 0800 00002a00 00000000", &packet, "geneve 10.0.0.1 10.0.0.2 network 42"),
            (2152, "30 ff 002a 00000007", &packet, "gtp-u 10.0.0.1 10.0.0.2"),
            (2152, "32 ff 002e 00000007 0001 00 00", &packet, "gtp-u 10.0.0.1 10.0.0.2"),
            (2152, "34 ff 0032 00000007 0000 00 85 01 100900", &packet, "gtp-u 10.0.0.1 10.0.0.2"),
            (1701, "0002 0001 0002 ff03 0021", &packet, "l2tp 10.0.0.1 10.0.0.2"),
            (1701, "4802 0032 0001 0002 0000 0000 0021", &packet, "l2tp 10.0.0.1 10.0.0.2"),
            (1701, "0003 0000 00000001 00000000", &frame, "l2tp 10.0.0.1 10.0.0.2"),
            (5247, "00 100300 00000000", &wireless, "capwap 10.0.0.1 10.0.0.2"),
            (6635, "00001140", &packet, "mpls 10.0.0.1 10.0.0.2"),
        ] {
            assert_eq!(tunnel(port, header, payload), format!("{PLAIN} in {name}"), "{header}");
        }
    }

    #[test]
    fn teredo() {
        let mut packet = ipv6(6, &tcp());
        let plain = "tcp [2001:db8::1]:1000 > [2001:db8::2]:443 hi in teredo 10.0.0.1 10.0.0.2";
        assert_eq!(tunnel(3544, "", &packet), plain);
        assert_eq!(tunnel(3544, "0000 0000 00000000", &packet), plain);
        let both = "0001 00 00 0000000000000000 00 0000 0000 00000000";
        assert_eq!(tunnel(3544, both, &packet), plain);
        assert_eq!(tunnel(40_000, "", &packet), "udp 10.0.0.1:50000 > 10.0.0.2:40000 62");
        packet[10..12].fill(0);
        assert!(tunnel(40_000, "", &packet).ends_with("in teredo 10.0.0.1 10.0.0.2"));
    }

    #[test]
    fn what_only_has_the_port_is_a_datagram() {
        for port in [4789, 4790, 6081, 2152, 3544, 1701, 5247, 6635] {
            for payload in [&b"GET / HTTP/1.1\r\n"[..], &[0; 20], &[0xff; 64], &[]] {
                let found = tunnel(port, "", payload);
                assert_eq!(
                    found,
                    format!("udp 10.0.0.1:50000 > 10.0.0.2:{port} {}", payload.len())
                );
            }
        }
    }
}
