//! The outermost header, by link type.

use super::{Decoded, Layer, Step, Undecodable, ethertype, ppp, u16_at, u32_at, undecodable, wlan};
use crate::LinkType;

/// Takes a frame's link header off.
pub(super) fn step(kind: LinkType, data: &[u8]) -> Step<'_> {
    match kind {
        LinkType::ETHERNET => Step::Next(Layer::Ethernet, data),
        LinkType::LINUX_SLL => sll(data),
        LinkType::LINUX_SLL2 => sll2(data),
        LinkType(12 | 14) | LinkType::RAW | LinkType::IPV4 | LinkType::IPV6 => {
            Step::Next(Layer::Ip, data)
        }
        LinkType::NULL | LinkType::LOOP => null(data),
        LinkType::PPP | LinkType::PPP_HDLC => serial(data),
        LinkType::PPP_ETHER => ppp::over_ethernet(data),
        // A byte for the direction, or, from Linux' daemon, one in the place of the address.
        LinkType::PPP_WITH_DIR => behind(data, 1, Layer::Ppp),
        LinkType::PPP_PPPD => match data {
            [_, 0x03, rest @ ..] | [_, rest @ ..] => Step::Next(Layer::Ppp, rest),
            [] => undecodable(Undecodable::Link),
        },
        LinkType::C_HDLC => ppp::cisco_hdlc(data),
        LinkType::C_HDLC_WITH_DIR => ppp::cisco_hdlc(data.get(1..).unwrap_or_default()),
        LinkType::FRELAY => ppp::frame_relay(data),
        LinkType::FRELAY_WITH_DIR => ppp::frame_relay(data.get(1..).unwrap_or_default()),
        LinkType::IEEE802_11 => wlan::frame(data, false),
        LinkType::IEEE802_11_RADIOTAP => wlan::radiotap(data),
        LinkType::IEEE802_11_PRISM => wlan::prism(data),
        LinkType::IEEE802_11_AVS => wlan::avs(data),
        LinkType::PPI => wlan::per_packet(data),
        LinkType::IEEE802_5 => token_ring(data),
        // Frame control 1 | destination 6 | source 6 (ISO 9314-2 §7.3).
        LinkType::FDDI => behind(data, 13, Layer::Llc),
        LinkType::ATM_RFC1483 => Step::Next(Layer::Llc, data),
        // Flags 1 | path 1 | channel 2; the low half of the flags tells what follows (2: LLC).
        LinkType::SUNATM => match data {
            [flags, _, _, _, rest @ ..] if flags & 0x0f == 2 => Step::Next(Layer::Llc, rest),
            [_, _, _, _, ..] => Step::Done(Decoded::NotIp),
            _ => undecodable(Undecodable::Link),
        },
        // Network addresses of 8 bytes each, then LLC (RFC 4338).
        LinkType::IP_OVER_FC => behind(data, 16, Layer::Llc),
        // Direction 1 | compressed header 15.
        LinkType::SLIP => behind(data, 16, Layer::Ip),
        LinkType::ARCNET_BSD => arcnet(data, 2),
        LinkType::ARCNET_LINUX => arcnet(data, 4),
        // Family 4 | index 4 | flags 4.
        LinkType::ENC => behind(data, 12, Layer::Ip),
        // The header says its length, without the padding to a word.
        LinkType::PFLOG => match data {
            [len, ..] => behind(data, usize::from(*len).next_multiple_of(4), Layer::Ip),
            [] => undecodable(Undecodable::Link),
        },
        LinkType::NFLOG => netfilter_log(data),
        // Version 1 | family 1 | type 2 | length 4 | interface 4 | group 4 | zones 4 and 4.
        LinkType::IPNET => behind(data, 24, Layer::Ip),
        LinkType::PKTAP => pktap(data),
        LinkType::IPOIB => match (u16_at(data, 40), data.get(44..)) {
            (Some(kind), Some(rest)) => Step::Next(Layer::EtherType(kind), rest),
            _ => undecodable(Undecodable::Link),
        },
        LinkType::NETANALYZER => behind(data, 4, Layer::Ethernet),
        LinkType::NETANALYZER_TRANSPARENT => behind(data, 12, Layer::Ethernet),
        LinkType::EPON | LinkType::ETHERNET_MPACKET => behind(data, 8, Layer::Ethernet),
        // A switch's tag: before all, or behind the addresses with the type after it.
        LinkType::DSA_TAG_BRCM_PREPEND => behind(data, 4, Layer::Ethernet),
        LinkType::DSA_TAG_BRCM | LinkType::DSA_TAG_DSA => ethertype::tag(data, 18),
        LinkType::DSA_TAG_EDSA => ethertype::tag(data, 22),
        other => undecodable(Undecodable::LinkType(other)),
    }
}

/// Takes off a header of `len` bytes that says nothing about what follows.
fn behind(data: &[u8], len: usize, layer: Layer) -> Step<'_> {
    data.get(len..).map_or(undecodable(Undecodable::Link), |rest| Step::Next(layer, rest))
}

/// A serial line: PPP, unless the first bytes are those of Cisco's HDLC.
fn serial(data: &[u8]) -> Step<'_> {
    match data {
        [0x0f | 0x8f, 0x00, ..] => ppp::cisco_hdlc(data),
        _ => Step::Next(Layer::Ppp, data),
    }
}

/// Token ring (IEEE 802.5 §3.2): access 1 | frame control 1 | destination 6 | source 6 | route.
fn token_ring(data: &[u8]) -> Step<'_> {
    // The first bit of the source says that a route is there; its length is in its first byte.
    let routed = data.get(8).is_some_and(|source| source & 0x80 != 0);
    let route = data.get(14).filter(|_| routed).map_or(0, |control| control & 0x1f);
    match data.get(1) {
        // Management of the ring itself.
        Some(control) if control & 0xc0 != 0x40 => Step::Done(Decoded::NotIp),
        _ => behind(data, 14_usize.saturating_add(route.into()), Layer::Llc),
    }
}

/// ARCNET (RFC 1201): source 1 | destination 1 | (offset 2) | type 1 | split flag 1 | sequence 2.
/// Exception frames have four bytes more; pieces of split packets are not put together.
fn arcnet(data: &[u8], kind_at: usize) -> Step<'_> {
    let Some((kind, rest)) = data.get(kind_at..).and_then(<[u8]>::split_first) else {
        return undecodable(Undecodable::Link);
    };
    match (*kind, rest) {
        // RFC 1051: nothing between the type and the packet.
        (240, rest) => Step::Next(Layer::Ip, rest),
        (212, [0xff, _, _, _, _, _, _, rest @ ..]) => Step::Next(Layer::Ip, rest),
        (212, [0, _, _, rest @ ..]) => Step::Next(Layer::Ip, rest),
        _ => Step::Done(Decoded::NotIp),
    }
}

/// Linux' packet log: family 1 | version 1 | resource 2, then attributes of length 2 | type 2 |
/// value, padded, in the order of the host. Attribute 9 is the packet.
fn netfilter_log(data: &[u8]) -> Step<'_> {
    let mut rest = data.get(4..).unwrap_or_default();
    while let (Some(len), Some(kind)) = (u16_at(rest, 0), u16_at(rest, 2)) {
        // A length fits into the capture in one order only, or the packet is tiny.
        let big_endian = kind < 0x100 && kind != 0;
        let (len, kind) =
            if big_endian { (len, kind) } else { (len.swap_bytes(), kind.swap_bytes()) };
        let len = usize::from(len);
        if kind & 0x7fff == 9 {
            let packet = rest.get(4..len.min(rest.len())).unwrap_or_default();
            return Step::Next(Layer::Ip, packet);
        }
        match rest.get(len.max(4).next_multiple_of(4)..) {
            Some(behind) => rest = behind,
            None => break,
        }
    }
    Step::Done(Decoded::NotIp)
}

/// Apple's: header length 4 | next record's type 4 | link type 4 | … little-endian.
fn pktap(data: &[u8]) -> Step<'_> {
    let little = |offset| u32_at(data, offset).map(u32::swap_bytes);
    match (little(0), little(8).and_then(|link| u16::try_from(link).ok())) {
        (Some(len), Some(link)) => behind(data, len.max(12) as usize, Layer::Link(LinkType(link))),
        _ => undecodable(Undecodable::Link),
    }
}

/// Ethernet: destination 6 | source 6 | type or length 2.
pub(super) fn ethernet(data: &[u8]) -> Step<'_> {
    ethertype::tag(data, 14)
}

/// Logical link control, with or without a subnetwork header (IEEE 802.2 §3, RFC 1042).
///
/// ```text
/// destination 1 | source 1 | control 1 | (organization 3 | type 2)
/// ```
pub(super) fn llc(data: &[u8]) -> Step<'_> {
    match data {
        [0xaa, 0xaa, 0x03, _, _, _, ..] => ethertype::tag(data, 8),
        // IP's own number, as some token rings use it.
        [0x06, 0x06, 0x03, rest @ ..] => Step::Next(Layer::Ip, rest),
        [_, _, _, ..] => Step::Done(Decoded::NotIp),
        _ => undecodable(Undecodable::Link),
    }
}

/// What `tcpdump -i any` wrote until 2020: packet type 2 | device type 2 | address length 2 |
/// address 8 | protocol 2.
fn sll(data: &[u8]) -> Step<'_> {
    match (u16_at(data, 14), data.get(16..)) {
        (Some(kind), Some(rest)) => linux(kind, rest),
        _ => undecodable(Undecodable::Link),
    }
}

/// What it writes since: protocol 2 | reserved 2 | interface 4 | device type 2 | packet type 1 |
/// address length 1 | address 8.
fn sll2(data: &[u8]) -> Step<'_> {
    match (u16_at(data, 0), data.get(20..)) {
        (Some(kind), Some(rest)) => linux(kind, rest),
        _ => undecodable(Undecodable::Link),
    }
}

/// A protocol number as Linux uses it: an EtherType, or one of its own below 1,536
/// (`linux/if_ether.h`).
fn linux(kind: u16, rest: &[u8]) -> Step<'_> {
    match kind {
        0x0004 => Step::Next(Layer::Llc, rest),
        ..=0x05ff => Step::Done(Decoded::NotIp),
        _ => Step::Next(Layer::EtherType(kind), rest),
    }
}

/// BSD loopback: an address family in four bytes, in the order of the host that wrote it, or big
/// endian.
fn null(data: &[u8]) -> Step<'_> {
    let Some((family, rest)) = data.split_first_chunk::<4>() else {
        return undecodable(Undecodable::Link);
    };
    let family = match *family {
        [family, 0, 0, 0] | [0, 0, 0, family] => family,
        // Some writers put an EtherType there.
        [0, 0, a, b] | [b, a, 0, 0] => {
            return Step::Next(Layer::EtherType(u16::from_be_bytes([a, b])), rest);
        }
        _ => return undecodable(Undecodable::Link),
    };
    match family {
        // AF_INET everywhere; AF_INET6 of Linux, of Windows, NetBSD and OpenBSD, FreeBSD, macOS.
        2 | 10 | 23 | 24 | 26 | 28 | 30 => Step::Next(Layer::Ip, rest),
        _ => Step::Done(Decoded::NotIp),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{PLAIN, carries, decode, ethernet, hex, ipv6, packet, tcp};
    use super::*;

    #[test]
    fn links() {
        carries(LinkType::ETHERNET, "020000000001 020000000002 0800");
        carries(LinkType::ETHERNET, "020000000001 020000000002 0030 aaaa03 000000 0800");
        carries(LinkType::LINUX_SLL, "0000 0001 0006 0200000000010000 0800");
        carries(LinkType::LINUX_SLL2, "0800 0000 00000002 0001 00 06 0200000000010000");
        carries(LinkType::NULL, "02000000");
        carries(LinkType::NULL, "00000002");
        carries(LinkType::LOOP, "00000002");
        carries(LinkType::RAW, "");
        carries(LinkType(12), "");
        carries(LinkType::IPV4, "");
        carries(LinkType::C_HDLC, "0f00 0800");
        carries(LinkType::IEEE802_5, "10 40 020000000001 020000000002 aaaa03 000000 0800");
        carries(
            LinkType::IEEE802_5,
            "10 40 020000000001 820000000002 0630 0012 0020 aaaa03 000000 0800",
        );
        carries(LinkType::FDDI, "50 020000000001 020000000002 aaaa03 000000 0800");
        carries(LinkType::ATM_RFC1483, "aaaa03 000000 0800");
        carries(LinkType::SUNATM, "02 00 0064 aaaa03 000000 0800");
        carries(LinkType::IP_OVER_FC, "0000000000000000 0000000000000000 aaaa03 000000 0800");
        carries(LinkType::ARCNET_BSD, "01 02 d4 00 0000");
        carries(LinkType::ARCNET_LINUX, "01 02 0000 f0");
        carries(LinkType::ENC, "02000000 00000000 00000000");
        carries(
            LinkType::PFLOG,
            "3d 02 0000 00000000 00000000 00000000 00000000 00000000 00000000 \
            00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000",
        );
        carries(LinkType::IPNET, "01 02 0000 00000000 00000000 00000000 00000000 00000000");
        carries(LinkType::PKTAP, "0c000000 01000000 65000000");
        carries(LinkType::NETANALYZER, "00000000 020000000001 020000000002 0800");
        carries(LinkType::EPON, "0000000000000000 020000000001 020000000002 0800");
        carries(LinkType::DSA_TAG_BRCM, "020000000001 020000000002 00000000 0800");
        carries(LinkType::DSA_TAG_BRCM_PREPEND, "00000000 020000000001 020000000002 0800");
        carries(LinkType::DSA_TAG_EDSA, "020000000001 020000000002 dada0000 c0000000 0800");
    }

    #[test]
    fn the_packet_log_of_linux() {
        let mut frame = hex("02 00 0000 0800 0100 0000 0300");
        frame.extend(hex("2e00 0900"));
        frame.extend(packet());
        assert_eq!(decode(LinkType::NFLOG, &frame), PLAIN);
    }

    #[test]
    fn ipv6_families_of_all_systems() {
        for family in [10, 23, 24, 26, 28, 30] {
            let mut frame = vec![family, 0, 0, 0];
            frame.extend(ipv6(6, &tcp()));
            assert_eq!(
                decode(LinkType::NULL, &frame),
                "tcp [2001:db8::1]:1000 > [2001:db8::2]:443 hi"
            );
        }
    }

    #[test]
    fn padding_is_no_payload() {
        let mut frame = ethernet(0x0800, &packet());
        frame.extend([0; 18]);
        assert_eq!(decode(LinkType::ETHERNET, &frame), PLAIN);
    }

    #[test]
    fn what_is_not_ip() {
        assert_eq!(decode(LinkType::ETHERNET, &ethernet(0x0806, &[0; 28])), "NotIp");
        assert_eq!(decode(LinkType::ETHERNET, &[0; 13]), "Undecodable(Link)");
        assert_eq!(decode(LinkType(189), &[0; 64]), "Undecodable(LinkType(LinkType(189)))");
    }
}
