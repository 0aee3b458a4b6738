//! PPP and its relatives on serial lines.

use super::{Decoded, Layer, Step, Undecodable, u16_at, undecodable};

/// A PPP frame (RFC 1661 §2, RFC 1662 §3): (address 0xff | control 0x03) | protocol 1 or 2.
pub(super) fn step(data: &[u8]) -> Step<'_> {
    let data = match data {
        [0xff, 0x03, rest @ ..] => rest,
        _ => data,
    };
    // An odd first byte is a compressed protocol field (RFC 1661 §6.5).
    let (protocol, rest) = match data {
        [low, rest @ ..] if low & 1 != 0 => (u16::from(*low), rest),
        [high, low, rest @ ..] => (u16::from_be_bytes([*high, *low]), rest),
        _ => return undecodable(Undecodable::Link),
    };
    match protocol {
        0x0021 | 0x0057 => Step::Next(Layer::Ip, rest),
        // Bridged frames: flags 1 | type 1 (1: 802.3) | Ethernet (RFC 3518 §4.2).
        0x0031 => match rest {
            [_, 1, frame @ ..] => Step::Next(Layer::Ethernet, frame),
            _ => Step::Done(Decoded::NotIp),
        },
        0x0281 | 0x0283 => Step::Next(Layer::EtherType(0x8847), rest),
        // A piece of a multilink bundle that is whole (RFC 1990 §3): begin and end are set.
        0x003d => match rest {
            [0xc0..=0xff, _, _, _, whole @ ..] => Step::Next(Layer::Ppp, whole),
            _ => Step::Done(Decoded::NotIp),
        },
        _ => Step::Done(Decoded::NotIp),
    }
}

/// PPP over Ethernet, session stage (RFC 2516 §4): version and type 1 | code 1 | session 2 |
/// length 2.
pub(super) fn over_ethernet(data: &[u8]) -> Step<'_> {
    match data {
        [_, 0, _, _, _, _, rest @ ..] => Step::Next(Layer::Ppp, rest),
        [_, _, _, _, _, _, ..] => Step::Done(Decoded::NotIp),
        _ => undecodable(Undecodable::Link),
    }
}

/// Cisco's HDLC: address 1 | control 1 | EtherType 2; or PPP in HDLC framing, which its first
/// bytes tell.
pub(super) fn cisco_hdlc(data: &[u8]) -> Step<'_> {
    match (data, u16_at(data, 2), data.get(4..)) {
        ([0xff, 0x03, ..], _, _) => Step::Next(Layer::Ppp, data),
        (_, Some(kind), Some(rest)) => Step::Next(Layer::EtherType(kind), rest),
        _ => undecodable(Undecodable::Link),
    }
}

/// Frame relay (RFC 2427 §3): address 2 to 4 | control | protocol identifier 1; or, as Cisco does
/// it, an EtherType behind the address.
pub(super) fn frame_relay(data: &[u8]) -> Step<'_> {
    // The last byte of the address is odd (Q.922 §3.2).
    let Some(address_len) = data.iter().take(4).position(|byte| byte & 1 != 0) else {
        return undecodable(Undecodable::Link);
    };
    let rest = data.get(address_len.wrapping_add(1)..).unwrap_or_default();
    match rest {
        [0x03, 0x00, rest @ ..] | [0x03, rest @ ..] => match rest {
            [0xcc | 0x8e, rest @ ..] => Step::Next(Layer::Ip, rest),
            // A subnetwork header: organization 3 | type 2.
            [0x80, 0, 0x80, 0xc2, 0, 1 | 7, rest @ ..] => Step::Next(Layer::Ethernet, rest),
            [0x80, _, _, _, t0, t1, rest @ ..] => {
                Step::Next(Layer::EtherType(u16::from_be_bytes([*t0, *t1])), rest)
            }
            _ => Step::Done(Decoded::NotIp),
        },
        [t0, t1, rest @ ..] => Step::Next(Layer::EtherType(u16::from_be_bytes([*t0, *t1])), rest),
        _ => undecodable(Undecodable::Link),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::carries;
    use crate::LinkType;

    #[test]
    fn serial_lines() {
        carries(LinkType::PPP, "ff03 0021");
        carries(LinkType::PPP, "0021");
        carries(LinkType::PPP, "21");
        carries(LinkType::PPP_HDLC, "0f00 0800");
        carries(LinkType::PPP_ETHER, "11 00 0001 002c 0021");
        carries(LinkType::PPP_WITH_DIR, "00 ff03 0021");
        carries(LinkType::PPP_PPPD, "01 03 0021");
        carries(LinkType::PPP, "ff03 003d c0 000001 0021");
        carries(LinkType::C_HDLC, "ff03 0021");
        carries(LinkType::FRELAY, "1841 03 cc");
        carries(LinkType::FRELAY, "1841 03 00 80 000000 0800");
        carries(LinkType::FRELAY, "1841 0800");
    }
}
