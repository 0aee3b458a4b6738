//! How a connection opens: SYNs, their answers, and acknowledgments.

use super::entry::{Base, DoubtfulAck, Flow, Half, Sides, of_mut};
use super::reset::USUAL_WINDOW;
use crate::stream::Direction;
use crate::transport::{SynFacts, TcpOptions};
use crate::{Segment, SeqNumber, TcpFlags};

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

/// Counts a segment that opens nothing and resets nothing. Whether it is the first of its direction.
#[inline]
pub(super) fn count(flow: &mut Flow, direction: Direction, segment: &Segment<'_>) -> bool {
    let facts = flow.facts_mut().stream_mut(direction);
    facts.segments += 1;
    let is_first = facts.segments == 1;
    if is_first {
        facts.first_ttl = segment.ttl;
    }
    facts.last_ttl = segment.ttl;
    facts.last_ip_id = segment.ip_id;
    facts.zero_window |= segment.window == 0 && !segment.flags.has(TcpFlags::FIN);
    is_first
}

/// Takes a segment that brings nothing into a flow of which nothing waits. Whether it is the first of its
/// direction: then the flow may have come further.
pub(super) fn bare(flow: &mut Flow, direction: Direction, segment: &Segment<'_>) -> bool {
    let is_first = count(flow, direction, segment);
    if segment.flags.has(TcpFlags::ACK) {
        acknowledgment(flow, direction, segment);
    }
    is_first
}

/// Takes the acknowledgment of a segment of `direction`.
#[inline]
pub(super) fn acknowledgment(flow: &mut Flow, direction: Direction, segment: &Segment<'_>) {
    let at = segment.place;
    let is_syn = segment.flags.has(TcpFlags::SYN);
    let Sides { own, other: acked, cold } = flow.sides(direction);
    if !is_syn
        && !acked.has_acked
        && acked.base_known == Base::Syn
        && !(0..=USUAL_WINDOW).contains(&segment.ack.distance_from(acked.base))
        && of_mut(&mut cold.assemblers, direction.opposite()).is_none()
    {
        if direction == Direction::Reverse {
            // The server still has an earlier connection of these ports, and says so in place of
            // an answer to the SYN (RFC 9293 §3.10.7.4): nothing of this connection is
            // acknowledged. The client resets that one and sends its SYN again.
            return;
        }
        // Two answers came to the SYN: the first acknowledgment tells which of them was taken.
        acked.base = segment.ack;
        acked.highest = segment.ack;
    }
    let before = acked.acked;
    let known = acked.base_known;
    let had = acked.has_acked;
    acked.acknowledged_to(segment.ack);
    let base = acked.base;
    if had && !is_syn && segment.ack != before {
        let doubtful = of_mut(&mut cold.doubtful, direction.opposite());
        doubt(own, acked, doubtful, segment, before);
    }
    let facts = &mut *cold.facts;
    if direction == Direction::Forward
        && !is_syn
        && facts.established.is_none()
        && facts.syn_ack.as_ref().is_some_and(|syn_ack| syn_ack.isn.advance(1) == segment.ack)
    {
        facts.established = Some(at);
    }
    let stream = facts.stream_mut(direction.opposite());
    let covers_data = known != Base::Unknown && segment.ack.distance_from(base) > 0;
    if covers_data && stream.first_data.is_some() {
        stream.first_acknowledged.get_or_insert(at);
        let step = if had { segment.ack.distance_from(before) } else { 0 };
        if step > 0 {
            let step = step.unsigned_abs().min(stream.longest_payload);
            stream.longest_acknowledged = stream.longest_acknowledged.max(step);
        }
    }
}

/// Numbers that a segment without SYN takes: payload and FIN.
fn wire_len(segment: &Segment<'_>) -> u32 {
    let payload = u32::try_from(segment.payload.len()).unwrap_or(u32::MAX);
    let fin = u32::from(segment.flags.has(TcpFlags::FIN));
    payload.wrapping_add(segment.cut).wrapping_add(fin)
}

/// Takes back what a stream's receiver acknowledged only in segments without data, when it then
/// sends new bytes, or a FIN, and acknowledges less: a stack never does so (RFC 9293 §3.4).
fn doubt(
    own: &Half,
    acked: &mut Half,
    doubtful: &mut Option<DoubtfulAck>,
    segment: &Segment<'_>,
    before: SeqNumber,
) {
    // A keep-alive may carry a byte, but an old one (RFC 9293 §3.8.4).
    let end = segment.seq.advance(wire_len(segment));
    let sends = end.distance_from(own.highest) > 0;
    let more = segment.ack.distance_from(before) > 0;
    *doubtful = match *doubtful {
        _ if more && sends => None,
        Some(doubtful) if more => Some(DoubtfulAck { seq: segment.seq, ..doubtful }),
        None if more => Some(DoubtfulAck { before, seq: segment.seq }),
        Some(doubtful)
            if sends
                && segment.seq.distance_from(doubtful.seq) >= 0
                && segment.ack.distance_from(doubtful.before) >= 0 =>
        {
            acked.acked = segment.ack;
            None
        }
        doubtful => doubtful,
    };
}
