//! IPv4 and IPv6 headers.
//!
//! `etherparse` reads the fixed headers. The chain of extension headers is walked by the layers
//! themselves, because it goes on behind a fragment header once the fragments are together.

use etherparse::{Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice};

use super::fragment::Fragment;
use super::{Context, IpFacts, Layer, Parts, Step, Undecodable, undecodable};
use crate::Address;

/// Takes an IP header off, whatever its version.
pub(super) fn step<'d>(parts: &mut Parts<'_>, context: &mut Context, data: &'d [u8]) -> Step<'d> {
    match data.first().map(|first| first >> 4) {
        Some(4) => v4(parts, context, data),
        Some(6) => v6(context, data),
        _ => undecodable(Undecodable::Ip),
    }
}

/// RFC 791 §3.1.
fn v4<'d>(parts: &mut Parts<'_>, context: &mut Context, data: &'d [u8]) -> Step<'d> {
    let Ok(header) = Ipv4HeaderSlice::from_slice(data) else {
        return undecodable(Undecodable::Ip);
    };
    let total = usize::from(header.total_len());
    let header_len = header.slice().len();
    let (payload, cut) = match total.checked_sub(header_len) {
        Some(len) => bounded(data, header_len, len),
        // Segmentation offload: the card fills the length in later.
        None if total == 0 => (data.get(header_len..).unwrap_or_default(), context.cut),
        None => return undecodable(Undecodable::Ip),
    };
    context.ip = IpFacts {
        source: Address::v4(header.source()),
        destination: Address::v4(header.destination()),
        ttl: header.ttl(),
        id: Some(header.identification()),
        cut,
    };
    let protocol = header.protocol().0;
    if !header.is_fragmenting_payload() {
        return Step::Next(Layer::Transport(protocol), payload);
    }
    let fragment = Fragment {
        id: header.identification().into(),
        protocol,
        ipv6: false,
        offset: usize::from(header.fragments_offset().value()).wrapping_mul(8),
        more: header.more_fragments(),
        payload,
    };
    parts.fragment(context, &fragment)
}

/// RFC 8200 §3.
fn v6<'d>(context: &mut Context, data: &'d [u8]) -> Step<'d> {
    let Ok(header) = Ipv6HeaderSlice::from_slice(data) else {
        return undecodable(Undecodable::Ip);
    };
    let (payload, cut) = match usize::from(header.payload_length()) {
        // A jumbogram (RFC 2675), or segmentation offload.
        0 => (data.get(40..).unwrap_or_default(), context.cut),
        len => bounded(data, 40, len),
    };
    context.ip = IpFacts {
        source: Address::v6(header.source()),
        destination: Address::v6(header.destination()),
        ttl: header.hop_limit(),
        id: None,
        cut,
    };
    Step::Next(Layer::Transport(header.next_header().0), payload)
}

/// The fragment header of IPv6 (RFC 8200 §4.5).
pub(super) fn v6_fragment<'d>(
    parts: &mut Parts<'_>,
    context: &mut Context,
    data: &'d [u8],
) -> Step<'d> {
    let Ok(header) = Ipv6FragmentHeaderSlice::from_slice(data) else {
        return undecodable(Undecodable::Ip);
    };
    let payload = data.get(8..).unwrap_or_default();
    let protocol = header.next_header().0;
    // An atomic fragment is whole, and nothing is held for it (RFC 6946).
    if !header.is_fragmenting_payload() {
        return Step::Next(Layer::Transport(protocol), payload);
    }
    let fragment = Fragment {
        id: header.identification(),
        protocol,
        ipv6: true,
        offset: usize::from(header.fragment_offset().value()).wrapping_mul(8),
        more: header.more_fragments(),
        payload,
    };
    parts.fragment(context, &fragment)
}

/// `len` bytes from `start` on, without link padding behind them, and how many of them are missing.
fn bounded(data: &[u8], start: usize, len: usize) -> (&[u8], u32) {
    let rest = data.get(start..).unwrap_or_default();
    match rest.get(..len) {
        Some(payload) => (payload, 0),
        None => (rest, u32::try_from(len.wrapping_sub(rest.len())).unwrap_or(u32::MAX)),
    }
}
