//! What an EtherType announces: IP, or a tag or label before it.

use super::{Decoded, Layer, Step, Undecodable, u16_at, undecodable};

/// Takes the header off that the EtherType announces.
pub(super) fn step(kind: u16, data: &[u8]) -> Step<'_> {
    match kind {
        0x0800 | 0x86dd => Step::Next(Layer::Ip, data),
        // 802.1Q, 802.1ad, and the numbers used for outer tags before that standard.
        0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => tag(data, 4),
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
/// logical link control follows.
pub(super) fn typed(kind: u16, rest: &[u8]) -> Step<'_> {
    match kind {
        ..=1500 => Step::Next(Layer::Llc, rest.get(..kind.into()).unwrap_or(rest)),
        _ => Step::Next(Layer::EtherType(kind), rest),
    }
}
