//! What an EtherType announces: IP, or a tag or label before it.

use super::{Decoded, Layer, Step, Undecodable, mpls, ppp, u16_at, undecodable};

/// Takes the header off that the EtherType announces.
pub(super) fn step(kind: u16, data: &[u8]) -> Step<'_> {
    match kind {
        0x0800 | 0x86dd => Step::Next(Layer::Ip, data),
        // 802.1Q, 802.1ad, and the numbers used for outer tags before that standard.
        0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => tag(data, 4),
        0x8847 | 0x8848 => mpls::step(data),
        // Transparent Ethernet bridging, as tunnels say it.
        0x6558 => Step::Next(Layer::Ethernet, data),
        0x880b => Step::Next(Layer::Ppp, data),
        0x8864 => ppp::over_ethernet(data),
        // Provider backbone bridges: a service tag of 4 bytes, then the customer's Ethernet
        // (802.1ah, now IEEE 802.1Q §9.7).
        0x88e7 => match data.get(4..) {
            Some(rest) => Step::Next(Layer::Ethernet, rest),
            None => undecodable(Undecodable::Link),
        },
        // Port extenders: 802.1Qbh (VN-Tag, 4 bytes) and 802.1BR (E-Tag, 6 bytes).
        0x8926 => tag(data, 6),
        0x893f => tag(data, 8),
        // Frame replication: reserved 2 | sequence 2 (IEEE 802.1CB §7.8).
        0xf1c1 => tag(data, 6),
        // Cisco's security group tag: version 1 | length 1 | option 2 | value 2.
        0x8909 => tag(data, 8),
        // Cisco's FabricPath: a forwarding tag of 2 bytes, then the frame as it came in.
        0x8903 => match data.get(2..) {
            Some(rest) => Step::Next(Layer::Ethernet, rest),
            None => undecodable(Undecodable::Link),
        },
        0x88e5 => macsec(data),
        0x894f => service_header(data),
        _ => Step::Done(Decoded::NotIp),
    }
}

/// Takes off a header of `len` bytes of which the last two are an EtherType or an 802.3 length.
pub(super) fn tag(data: &[u8], len: usize) -> Step<'_> {
    match (u16_at(data, len.wrapping_sub(2)), data.get(len..)) {
        (Some(kind), Some(rest)) => typed(kind, rest),
        _ => undecodable(Undecodable::Link),
    }
}

/// What follows a type or length field (IEEE 802.3 §3.2.6): up to 1,500 it is a length, and
/// logical link control follows. The length itself is not used: IP has its own.
pub(super) fn typed(kind: u16, rest: &[u8]) -> Step<'_> {
    match kind {
        ..=1500 => Step::Next(Layer::Llc, rest),
        _ => Step::Next(Layer::EtherType(kind), rest),
    }
}

/// MACsec (IEEE 802.1AE §9.3): control 1 | short length 1 | packet number 4 | (channel 8).
/// The check value of 16 bytes at the end is behind what IP says, so it is in nobody's way.
fn macsec(data: &[u8]) -> Step<'_> {
    const CHANNEL: u8 = 0x20;
    const ENCRYPTED: u8 = 0x08;
    const CHANGED: u8 = 0x04;
    match data {
        [control, ..] if control & (ENCRYPTED | CHANGED) != 0 => {
            undecodable(Undecodable::Encrypted)
        }
        [control, ..] => tag(data, if control & CHANNEL != 0 { 16 } else { 8 }),
        [] => undecodable(Undecodable::Link),
    }
}

/// The network service header (RFC 8300 §2.2): the length in words is in the low six bits of the
/// second byte, the next protocol is the fourth byte.
fn service_header(data: &[u8]) -> Step<'_> {
    let [_, words, _, next, ..] = data else { return undecodable(Undecodable::Link) };
    let len = usize::from(words & 0x3f).wrapping_mul(4);
    let Some(rest) = data.get(len.max(8)..) else { return undecodable(Undecodable::Link) };
    match next {
        1 | 2 => Step::Next(Layer::Ip, rest),
        3 => Step::Next(Layer::Ethernet, rest),
        5 => Step::Next(Layer::EtherType(0x8847), rest),
        _ => Step::Done(Decoded::NotIp),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{carries, decode, ethernet};
    use crate::LinkType;

    #[test]
    fn tags_and_labels() {
        for header in [
            "8100 0001 0800",
            "88a8 0001 8100 0002 0800",
            "9100 0001 8100 0002 8100 0003 8100 0004 0800",
            "8847 00001140",
            "8847 00001040 00002140",
            "8864 11 00 0001 002c 0021",
            "88e7 00000001 020000000003 020000000004 0800",
            "8926 00000000 0800",
            "893f 000000000000 0800",
            "f1c1 0000 0001 0800",
            "8909 01 01 0001 0002 0800",
            "8903 0001 020000000003 020000000004 0800",
            "88e5 00 00 00000001 0800",
            "894f 0f c6 0101 00000000 00000000 00000000 00000000 00000000",
        ] {
            carries(LinkType::ETHERNET, &format!("020000000001 020000000002 {header}"));
        }
    }

    #[test]
    fn encrypted_links_are_said() {
        let frame = ethernet(0x88e5, &[0x0c, 0, 0, 0, 0, 1, 0, 0]);
        assert_eq!(decode(LinkType::ETHERNET, &frame), "Undecodable(Encrypted)");
    }
}
