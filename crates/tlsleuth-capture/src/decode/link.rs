//! The outermost header, by link type.

use super::{Decoded, Layer, Step, Undecodable, ethertype, u16_at, undecodable};
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
        other => undecodable(Undecodable::LinkType(other)),
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

pub(super) fn ppp(data: &[u8]) -> Step<'_> {
    let _ = data;
    Step::Done(Decoded::NotIp)
}
