//! What a segment tells without its bytes: that it came, and what it acknowledges.

use super::cold::DoubtfulAck;
use super::entry::{Base, Flow, Half, Sides, of_mut};
use super::reset::USUAL_WINDOW;
use crate::stream::Direction;
use crate::{Segment, SeqNumber, TcpFlags};

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
        acknowledge(flow, direction, segment);
    }
    is_first
}

/// Takes the acknowledgment of a segment of `direction`.
#[inline]
pub(super) fn acknowledge(flow: &mut Flow, direction: Direction, segment: &Segment<'_>) {
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
