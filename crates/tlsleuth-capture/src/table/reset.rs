//! Resets: whose they are, and whether the receiver obeys them.

use super::entry::{Base, Flow};
use crate::stream::Direction;
use crate::transport::{ResetFacts, TcpOptions};
use crate::{Segment, TcpFlags};

/// How far beyond the acknowledged number a reset is taken to be in the window, in bytes. Usual
/// largest windows are 4 to 6 MiB; a blind guess hits this range once in 512.
pub(super) const USUAL_WINDOW: i32 = 8 << 20;

/// Takes a reset into the flow.
pub(super) fn reset(flow: &mut Flow, direction: Direction, segment: &Segment<'_>) {
    let sender = flow.half(direction);
    let receiver = flow.half(direction.opposite());
    let in_window = if segment.flags.has(TcpFlags::ACK)
        && sender.base_known != Base::Syn
        && receiver.base_known == Base::Syn
        && !sender.has_acked
    {
        // It answers a SYN: the acknowledgment must fit (RFC 9293 §3.10.7.3).
        segment.ack.distance_from(receiver.base) >= 0
    } else if sender.base_known == Base::Unknown {
        true
    } else {
        let expected = if sender.has_acked { sender.acked } else { sender.base };
        let ahead = segment.seq.distance_from(expected);
        segment.seq == sender.highest || (0..=USUAL_WINDOW).contains(&ahead)
    };
    // What a reset acknowledges beyond the highest number was sent and is not in the capture.
    let receiver = flow.half_mut(direction.opposite());
    let beyond = segment.ack.distance_from(receiver.highest);
    if in_window
        && segment.flags.has(TcpFlags::ACK)
        && receiver.base_known == Base::Syn
        && (1..=USUAL_WINDOW).contains(&beyond)
    {
        receiver.acknowledged_to(segment.ack);
    }
    let options = TcpOptions::parse(segment.options);
    flow.reset |= in_window;
    flow.facts_mut().resets.push(ResetFacts {
        at: segment.place,
        direction,
        in_window,
        ttl: segment.ttl,
        ip_id: segment.ip_id,
        window: segment.window,
        has_ack: segment.flags.has(TcpFlags::ACK),
        timestamp: options.timestamp,
    });
}
