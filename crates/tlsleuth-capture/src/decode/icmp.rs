//! ICMP and ICMPv6 errors, which quote the packet that they are about (RFC 792, RFC 4443).

use super::{Context, Decoded, IpFacts, Step, Undecodable, u16_at, u32_at, undecodable};
use crate::{Address, Endpoint, Place, SeqNumber, TunnelId};

/// What an ICMP error says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum IcmpKind {
    /// The packet could not be delivered; the code as in the message (RFC 792, RFC 1812 §5.2.7.1;
    /// for IPv6 RFC 4443 §3.1).
    Unreachable(u8),
    /// The packet is larger than the next link takes. The MTU in bytes; 0 when the router is too
    /// old to say it (RFC 1191 §4).
    PacketTooBig(u32),
    /// The packet went through too many routers (code 0), or its fragments took too long (1).
    TimeExceeded(u8),
    /// A header field is wrong.
    ParameterProblem(u8),
}

/// One ICMP error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IcmpError {
    /// The frame that brought it.
    pub place: Place,
    /// What it says.
    pub kind: IcmpKind,
    /// The router or host that sent it.
    pub from: Address,
    /// The host that shall have it: mostly the sender of the quoted packet.
    pub to: Address,
    /// The tunnels around it.
    pub tunnel: TunnelId,
    /// IPv6, not IPv4: the codes differ.
    pub ipv6: bool,
    /// The packet that it is about.
    pub quoted: QuotedPacket,
}

/// The packet in an ICMP error, as far as it is quoted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QuotedPacket {
    /// Who sent it. The port is 0 when the protocol has none.
    pub source: Endpoint,
    /// Who should have had it.
    pub destination: Endpoint,
    /// The IP protocol: 6 for TCP, 17 for UDP.
    pub protocol: u8,
    /// The sequence number, for TCP.
    pub seq: Option<SeqNumber>,
}

/// ICMP for IPv4 (protocol 1).
///
/// ```text
/// type 1 | code 1 | checksum 2 | rest 4 (code 4: unused 2, MTU 2) | quoted packet
/// ```
pub(super) fn v4<'d>(context: &Context, data: &'d [u8]) -> Step<'d> {
    let kind = match data {
        [3, 4, ..] => IcmpKind::PacketTooBig(u16_at(data, 6).unwrap_or(0).into()),
        [3, code, ..] => IcmpKind::Unreachable(*code),
        [11, code, ..] => IcmpKind::TimeExceeded(*code),
        [12, code, ..] => IcmpKind::ParameterProblem(*code),
        [_, _, ..] => return Step::Done(Decoded::OtherTransport(1)),
        _ => return undecodable(Undecodable::Transport),
    };
    error(context, kind, data, 1)
}

/// ICMP for IPv6 (protocol 58).
pub(super) fn v6<'d>(context: &Context, data: &'d [u8]) -> Step<'d> {
    let kind = match data {
        [1, code, ..] => IcmpKind::Unreachable(*code),
        [2, _, ..] => IcmpKind::PacketTooBig(u32_at(data, 4).unwrap_or(0)),
        [3, code, ..] => IcmpKind::TimeExceeded(*code),
        [4, code, ..] => IcmpKind::ParameterProblem(*code),
        [_, _, ..] => return Step::Done(Decoded::OtherTransport(58)),
        _ => return undecodable(Undecodable::Transport),
    };
    error(context, kind, data, 58)
}

fn error<'d>(context: &Context, kind: IcmpKind, data: &'d [u8], protocol: u8) -> Step<'d> {
    let IpFacts { source: from, destination: to, .. } = context.ip;
    let quoted = data.get(8..).and_then(quoted);
    Step::Done(quoted.map_or(Decoded::OtherTransport(protocol), |quoted| {
        Decoded::Icmp(IcmpError {
            place: context.place,
            kind,
            from,
            to,
            tunnel: context.tunnel,
            ipv6: protocol == 58,
            quoted,
        })
    }))
}

/// Reads the quoted packet: an IP header and at least eight bytes of what follows it.
fn quoted(packet: &[u8]) -> Option<QuotedPacket> {
    let (slice, _) = etherparse::LaxIpSlice::from_slice(packet).ok()?;
    let (source, destination) = (slice.source_addr().into(), slice.destination_addr().into());
    let payload = slice.payload();
    let protocol = payload.ip_number.0;
    let ports = matches!(protocol, 6 | 17 | 33 | 132 | 136);
    let port = |offset| u16_at(payload.payload, offset).filter(|_| ports).unwrap_or(0);
    Some(QuotedPacket {
        source: Endpoint { address: source, port: port(0) },
        destination: Endpoint { address: destination, port: port(2) },
        protocol,
        seq: u32_at(payload.payload, 4).filter(|_| protocol == 6).map(SeqNumber),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{decode, hex, ipv4, ipv6, packet, tcp};
    use crate::LinkType;

    #[test]
    fn errors_quote_their_packet() {
        let mut message = hex("03 04 0000 0000 0514");
        message.extend(&packet()[..28]);
        assert_eq!(
            decode(LinkType::RAW, &ipv4(1, &message)),
            "PacketTooBig(1300) from 10.0.0.1 about 10.0.0.1:1000 > 10.0.0.2:443 Some(5)"
        );
        message[..2].copy_from_slice(&[3, 13]);
        assert!(decode(LinkType::RAW, &ipv4(1, &message)).starts_with("Unreachable(13)"));
        let mut message = hex("02 00 0000 00000500");
        message.extend(&ipv6(6, &tcp())[..48]);
        assert_eq!(
            decode(LinkType::RAW, &ipv6(58, &message)),
            "PacketTooBig(1280) from 2001:db8::1 about \
             [2001:db8::1]:1000 > [2001:db8::2]:443 Some(5)"
        );
    }

    #[test]
    fn other_messages() {
        assert_eq!(decode(LinkType::RAW, &ipv4(1, &[8; 8])), "OtherTransport(1)");
        assert_eq!(decode(LinkType::RAW, &ipv4(1, &[3; 8])), "OtherTransport(1)");
        assert_eq!(decode(LinkType::RAW, &ipv4(1, &[3])), "Undecodable(Transport)");
    }
}
