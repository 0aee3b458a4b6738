//! How a connection opens: SYNs and their answers.

use super::entry::{Base, Flow};
use crate::stream::Direction;
use crate::transport::{SynFacts, TcpOptions};
use crate::{Segment, TcpFlags};

/// Whether a SYN on a known flow opens another connection with the same ports.
pub(super) fn opens_anew(flow: &Flow, segment: &Segment<'_>, direction: Direction) -> bool {
    let half = flow.half(direction);
    let first_byte = segment.seq.advance(1);
    if segment.flags.has(TcpFlags::ACK) {
        // A SYN-ACK belongs to the SYN that it acknowledges.
        let other = flow.half(direction.opposite());
        return half.base_known == Base::Syn
            && half.base != first_byte
            && other.base_known == Base::Syn
            && other.base != segment.ack;
    }
    match half.base_known {
        Base::Syn => half.base != first_byte,
        // No byte of this side was seen: either the first SYN of a simultaneous open, or one
        // that the capture brings late. A reset before it says that something ended.
        Base::Unknown | Base::Acknowledged => flow.reset || flow.both_closed(),
        Base::Seen => {
            let ahead = half.base.distance_from(first_byte);
            !(0..=i32::from(u16::MAX)).contains(&ahead)
        }
    }
}

/// Takes a SYN into the flow. Whether anything but the very first SYN of it was seen.
pub(super) fn syn(flow: &mut Flow, direction: Direction, segment: &Segment<'_>) -> bool {
    let at = segment.place;
    let first_byte = segment.seq.advance(1);
    let repeated = flow.half(direction).base_known == Base::Syn;
    let first_of_flow = flow.frames == 1 && flow.opened_by_syn;
    let half = flow.half_mut(direction);
    if !repeated {
        half.start_at(first_byte, Base::Syn);
        half.base_known = Base::Syn;
    }
    if first_of_flow && segment.payload.is_empty() {
        return false;
    }
    let ack = segment.flags.has(TcpFlags::ACK).then_some(segment.ack);
    let new = facts(segment);
    let facts = flow.facts_mut();
    if !first_of_flow {
        let stream = facts.stream_mut(direction);
        stream.segments += 1;
        if stream.segments == 1 {
            stream.first_ttl = segment.ttl;
        }
        stream.last_ttl = segment.ttl;
        stream.last_ip_id = segment.ip_id;
    }
    match (direction, ack) {
        (Direction::Reverse, _) => {
            facts.syn_ack.get_or_insert(new);
        }
        (Direction::Forward, None) if facts.syn.is_none() || first_of_flow => {
            facts.syn = Some(new);
        }
        (Direction::Forward, None) => facts.syn_retransmissions.push(at),
        // The forward side acknowledges in a simultaneous open (RFC 9293 §3.5, figure 8).
        (Direction::Forward, Some(_)) => {}
    }
    if let Some(ack) = ack {
        // The acknowledgment names the other side's first byte even if its SYN was not seen.
        flow.half_mut(direction.opposite()).start_at(ack, Base::Syn);
    }
    true
}

fn facts(segment: &Segment<'_>) -> SynFacts {
    let options = TcpOptions::parse(segment.options);
    SynFacts {
        at: segment.place,
        isn: segment.seq,
        ack: segment.flags.has(TcpFlags::ACK).then_some(segment.ack),
        mss: options.mss,
        window_scale: options.window_scale,
        sack_permitted: options.sack_permitted,
        timestamp: options.timestamp,
        ttl: segment.ttl,
        ip_id: segment.ip_id,
        payload_bytes: u32::try_from(segment.payload.len()).unwrap_or(u32::MAX),
    }
}
