//! A stack of MPLS labels (RFC 3032 §2.1). It does not say what follows it.

use super::{Decoded, Layer, Step, Undecodable, undecodable};

/// ```text
/// label 20 bits | traffic class 3 | bottom of stack 1 | time to live 8
/// ```
pub(super) fn step(mut data: &[u8]) -> Step<'_> {
    loop {
        let [_, _, bottom, _, rest @ ..] = data else {
            return undecodable(Undecodable::Link);
        };
        data = rest;
        if bottom & 1 != 0 {
            break;
        }
    }
    match data {
        // A pseudowire's control word starts with 0 (RFC 4385 §3); Ethernet follows it. Its
        // addresses may start with 0 too, so that IP must be found behind the right one.
        [0x00..=0x0f, _, _, _, rest @ ..] if likely_ethernet(rest) || !likely_ethernet(data) => {
            Step::Next(Layer::Ethernet, rest)
        }
        _ if likely_ethernet(data) => Step::Next(Layer::Ethernet, data),
        [0x40..=0x4f | 0x60..=0x6f, ..] => Step::Next(Layer::Ip, data),
        // Operation and maintenance (RFC 5586).
        [0x10..=0x1f, ..] => Step::Done(Decoded::NotIp),
        _ => Step::Next(Layer::Ethernet, data),
    }
}

/// Whether a known type and, for IP, the right version stand where Ethernet has them.
fn likely_ethernet(data: &[u8]) -> bool {
    match data.get(12..15) {
        Some([0x08, 0x00, version]) => version >> 4 == 4,
        Some([0x86, 0xdd, version]) => version >> 4 == 6,
        Some([0x81, 0x00, _] | [0x08, 0x06, _] | [0x88, 0xa8, _]) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::carries;
    use crate::LinkType;

    #[test]
    fn pseudowires() {
        let outer = "020000000001 020000000002 8847 00001140";
        let inner = "020000000003 020000000004 0800";
        carries(LinkType::ETHERNET, &format!("{outer} 00000000 {inner}"));
        carries(LinkType::ETHERNET, &format!("{outer} {inner}"));
        // An address that looks like IP.
        carries(LinkType::ETHERNET, &format!("{outer} 450000000003 020000000004 0800"));
    }
}
