//! One segment of a flow that is not settled: its facts are kept, its bytes are put in order.

use super::FlowStats;
use super::entry::{Base, Flow, Sides, of_mut};
use super::spare::Spare;
use super::view::Live;
use super::{acknowledgment, opening, reset};
use crate::assembler::{Assembler, Outlet};
use crate::history::History;
use crate::stream::{Direction, FlowId, Gap, GapCause, Interest, StreamSink};
use crate::transport::{OverlapConflict, Retransmission};
use crate::{Limits, Place, Segment, SeqNumber, TcpFlags, Timestamp};

/// Data segments that must wait behind an acknowledged hole before it is given up: a capture point
/// that sees several queues may bring the missing one late.
const PATIENCE_SEGMENTS: usize = 64;

/// Where a stream begins that was joined on the way is certain only when an earlier segment can no
/// longer come. So many segments are waited for at most, and so long.
const FIRST_FLIGHT_SEGMENTS: usize = 64;
const FIRST_FLIGHT_NS: i64 = 200_000_000;

/// How far before the first segment seen the stream may turn out to begin, in bytes: a first flight
/// that came out of order, not a number of an earlier connection.
const FIRST_FLIGHT_BYTES: i32 = 64 << 10;

/// What a stream may hold out of order even when all flows together hold too much: those that hold
/// the most give up first, so that a few greedy ones do not cost the others their handshakes.
const FAIR_STREAM_BYTES: usize = 64 << 10;

/// One step on one flow, with what of the table it may change.
pub(super) struct Step<'t> {
    pub(super) limits: &'t Limits,
    pub(super) held: &'t mut Held,
    pub(super) history: &'t mut History,
    pub(super) spare: &'t mut Spare,
    pub(super) stats: &'t mut FlowStats,
}

/// Bytes that all flows of the table hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Held {
    /// Entries, facts, and buffers without what is in them.
    pub(super) entries: usize,
    /// What is out of order.
    pub(super) waiting: usize,
    /// What is needed to find in the history what was handed on.
    pub(super) marks: usize,
}

impl Held {
    pub(super) fn total(self) -> usize {
        self.entries.saturating_add(self.waiting).saturating_add(self.marks)
    }

    /// Takes the change of one flow's entry into the account. `before` and `now` are its
    /// [`Flow::bytes`]; 0 for a flow that is not in the table.
    pub(super) fn entry(&mut self, before: usize, now: usize) {
        self.entries = self.entries.saturating_add(now).saturating_sub(before);
    }

    /// Takes the change of one buffer into the account.
    fn buffer(&mut self, before: (usize, usize), assembler: &Assembler) {
        let (waiting, marks) = sizes(assembler);
        self.waiting = self.waiting.saturating_add(waiting).saturating_sub(before.0);
        self.marks = self.marks.saturating_add(marks).saturating_sub(before.1);
    }

    /// Takes the marks of a flow into the account that comes back whole.
    pub(super) fn marks_of(&mut self, flow: &Flow) {
        self.marks = self.marks.saturating_add(flow.marks_bytes());
    }

    /// Takes those of a flow out of it that will be packed.
    pub(super) fn without_marks_of(&mut self, flow: &Flow) {
        self.marks = self.marks.saturating_sub(flow.marks_bytes());
    }

    /// Stops comparing what comes again of a flow: both sides closed it.
    pub(super) fn forget_history(&mut self, flow: &mut Flow, spare: &mut Spare) {
        let Some(cold) = &mut flow.cold else { return };
        for assembler in cold.assemblers.iter_mut().flatten() {
            let before = sizes(assembler);
            spare.take_marks(assembler.forget_history());
            self.buffer(before, assembler);
        }
    }

    /// Gives the buffers of a flow back: nothing of it is put in order any more.
    pub(super) fn settle(&mut self, flow: &mut Flow, spare: &mut Spare) {
        flow.settled = true;
        let Some(cold) = &mut flow.cold else { return };
        cold.waits = [false; 2];
        for assembler in &mut cold.assemblers {
            if let Some(assembler) = assembler.take() {
                let (waiting, marks) = sizes(&assembler);
                self.waiting = self.waiting.saturating_sub(waiting);
                self.marks = self.marks.saturating_sub(marks);
                spare.take(assembler);
            }
        }
    }
}

/// Bytes out of order in a buffer, and those of its marks in the history.
fn sizes(assembler: &Assembler) -> (usize, usize) {
    (assembler.waiting_bytes(), assembler.marks_bytes())
}

impl Step<'_> {
    pub(super) fn segment(
        &mut self,
        id: FlowId,
        flow: &mut Flow,
        direction: Direction,
        segment: &Segment<'_>,
        sink: &mut impl StreamSink,
    ) {
        let at = segment.place;
        let flags = segment.flags;
        if flags.has(TcpFlags::SYN) {
            if !opening::syn(flow, direction, segment) {
                // The first SYN alone is kept in the entry itself.
                return;
            }
        } else if !flags.has(TcpFlags::RST) {
            acknowledgment::count(flow, direction, segment);
        }
        if flags.has(TcpFlags::ACK) && !flags.has(TcpFlags::RST) {
            acknowledgment::acknowledge(flow, direction, segment);
        }
        if flags.has(TcpFlags::RST) {
            reset::reset(flow, direction, segment);
            // Some stacks put a diagnostic text into a reset (RFC 9293 §3.5.3): it is no stream data.
            return;
        }
        let first_byte =
            if flags.has(TcpFlags::SYN) { segment.seq.advance(1) } else { segment.seq };
        let payload_len = u32::try_from(segment.payload.len()).unwrap_or(u32::MAX);
        let carries = payload_len > 0 || segment.cut > 0;
        if flow.waits() {
            self.first_flight(id, flow, direction.opposite(), at.time, carries, sink);
        }
        if carries {
            self.payload(id, flow, direction, segment, first_byte, sink);
        }
        if flow.waits() {
            self.first_flight(id, flow, direction, at.time, false, sink);
        }
        if flags.has(TcpFlags::FIN) {
            let half = flow.half_mut(direction);
            half.fin = true;
            let end = first_byte.advance(payload_len.wrapping_add(segment.cut)).advance(1);
            if half.base_known == Base::Unknown {
                half.start_at(first_byte, Base::Acknowledged);
            }
            half.sent_to(end);
            flow.facts_mut().stream_mut(direction).fin.get_or_insert(at);
        }
        if !flow.settled && flow.waits() {
            self.patience(id, flow, direction, sink);
            self.patience(id, flow, direction.opposite(), sink);
        }
    }

    fn payload(
        &mut self,
        id: FlowId,
        flow: &mut Flow,
        direction: Direction,
        segment: &Segment<'_>,
        first_byte: SeqNumber,
        sink: &mut impl StreamSink,
    ) {
        let at = segment.place;
        let payload_len = u32::try_from(segment.payload.len()).unwrap_or(u32::MAX);
        let whole_len = payload_len.saturating_add(segment.cut);
        let end = first_byte.advance(whole_len);
        let settled = flow.settled;
        let Sides { own, cold, .. } = flow.sides(direction);
        // What the other side acknowledged last, and waits for now, is where the stream goes on.
        let certain = own.base_known == Base::Syn || own.has_acked && own.acked == first_byte;
        own.start_at(first_byte, Base::Seen);
        // One byte or none below the next number asks whether the other side is still there.
        let keep_alive = whole_len <= 1 && first_byte.advance(1) == own.highest;
        let fresh = end.distance_from(own.highest) > 0;
        if settled {
            own.sent_to(end);
            return;
        }
        let facts = cold.facts.stream_mut(direction);
        if keep_alive && !fresh && own.has_acked && own.acked == own.highest {
            facts.keep_alives += 1;
            return;
        }
        own.sent_to(end);
        facts.data_segments += 1;
        facts.first_data.get_or_insert(at);
        if fresh {
            facts.last_data = Some(at);
        }
        facts.longest_payload = facts.longest_payload.max(whole_len);
        let (mut assembler, before) = match of_mut(&mut cold.assemblers, direction).take() {
            Some(assembler) => {
                let before = sizes(&assembler);
                (assembler, before)
            }
            None => (self.spare.assembler(own.base, (!certain).then_some(at)), (0, 0)),
        };
        if assembler.is_floating() {
            let behind = own.base.distance_from(first_byte);
            if (1..=FIRST_FLIGHT_BYTES).contains(&behind) {
                assembler.begin_at(first_byte);
                own.base = first_byte;
            }
        }
        let mut out = ToSink::new(id, flow, direction, sink);
        let payload = segment.payload;
        let pushed = assembler.push(at, first_byte, payload, segment.cut, self.history, &mut out);
        let interest = out.interest;
        self.held.buffer(before, &assembler);
        flow.put_back(direction, assembler);
        let seq = segment.seq;
        let cold = flow.cold();
        if pushed.not_compared && !cold.not_compared {
            cold.not_compared = true;
            self.stats.overlaps_not_compared += 1;
        }
        let facts = &mut cold.facts;
        if pushed.out_of_order {
            facts.stream_mut(direction).out_of_order += 1;
        }
        if pushed.repeated_bytes > 0 {
            let len_bytes = pushed.repeated_bytes;
            facts.retransmissions.push(Retransmission { at, direction, seq, len_bytes });
        }
        if let Some((offset, first)) = pushed.conflict {
            let conflict = OverlapConflict { direction, first, second: at, offset };
            facts.conflicts.push(conflict);
            sink.conflict(&flow.view(id), direction, conflict);
        }
        if interest == Interest::Settled {
            self.held.settle(flow, self.spare);
        }
    }

    /// Lets the first flight of a stream that was joined on the way go, when nothing can come before
    /// it any more: the other side acknowledges or `answered`, or it waited for long enough.
    fn first_flight(
        &mut self,
        id: FlowId,
        flow: &mut Flow,
        direction: Direction,
        now: Timestamp,
        answered: bool,
        sink: &mut impl StreamSink,
    ) {
        let Some(assembler) = flow.assembler(direction) else { return };
        let Some(since) = assembler.floating_since() else { return };
        let half = flow.half(direction);
        let acknowledged = half.has_acked && half.acked.distance_from(half.base) >= 0;
        if answered
            || acknowledged
            || assembler.waiting_segments() >= FIRST_FLIGHT_SEGMENTS
            || now.since(since) > FIRST_FLIGHT_NS
        {
            // No byte is missing before the first one: nothing is given up.
            self.give_up_hole(id, flow, direction, GapCause::NotCaptured, sink);
        }
    }

    /// Gives up holes that will not be filled, and those that cost too much to wait for.
    fn patience(
        &mut self,
        id: FlowId,
        flow: &mut Flow,
        direction: Direction,
        sink: &mut impl StreamSink,
    ) {
        loop {
            let half = flow.half(direction);
            let Some(assembler) = flow.assembler(direction) else { return };
            let segments = assembler.waiting_segments();
            if segments == 0 {
                return;
            }
            let acknowledged = half.has_acked && assembler.hole_acknowledged(half.acked);
            let full = segments > self.limits.max_stream_segments
                || assembler.waiting_bytes() > self.limits.max_stream_bytes
                || assembler.waiting_bytes() > FAIR_STREAM_BYTES
                    && self.held.waiting > self.limits.max_reassembly_bytes;
            let cause = if acknowledged && segments >= PATIENCE_SEGMENTS {
                GapCause::NotCaptured
            } else if full {
                self.stats.holes_given_up += 1;
                if acknowledged { GapCause::NotCaptured } else { GapCause::LimitReached }
            } else {
                return;
            };
            self.give_up_hole(id, flow, direction, cause, sink);
        }
    }

    /// The flow is over: what waits comes out, with the holes before it as gaps.
    pub(super) fn flush(&mut self, id: FlowId, flow: &mut Flow, sink: &mut impl StreamSink) {
        for direction in [Direction::Forward, Direction::Reverse] {
            loop {
                let half = flow.half(direction);
                let Some(assembler) = flow.assembler(direction) else { break };
                if assembler.waiting_segments() == 0 {
                    break;
                }
                let acknowledged = half.has_acked && assembler.hole_acknowledged(half.acked);
                let cause =
                    if acknowledged { GapCause::NotCaptured } else { GapCause::NotAcknowledged };
                self.give_up_hole(id, flow, direction, cause, sink);
            }
            self.missed_tail(id, flow, direction, sink);
        }
    }

    /// Tells of bytes at the end of a stream that were not captured: no segment behind them shows the
    /// hole, but a FIN's number does, or the other side acknowledged them.
    fn missed_tail(
        &mut self,
        id: FlowId,
        flow: &mut Flow,
        direction: Direction,
        sink: &mut impl StreamSink,
    ) {
        let half = flow.half(direction);
        if flow.settled || half.base_known == Base::Unknown {
            return;
        }
        let (base, acked, has_acked) = (half.base, half.acked, half.has_acked);
        let (highest, fin) = (half.highest, half.fin);
        let handed_on = flow.assembler(direction).map_or(base, Assembler::next);
        let beyond = |to: SeqNumber| {
            let bytes = u64::from(to.distance_from(handed_on).max(0).unsigned_abs());
            // A FIN takes one number, one that was not captured as well (RFC 9293 §3.4).
            let is_fin = (fin && to == highest) || (!fin && bytes == 1);
            if is_fin { bytes.saturating_sub(1) } else { bytes }
        };
        let acknowledged = if has_acked { beyond(acked) } else { 0 };
        let (len_bytes, cause) = match (acknowledged, beyond(highest)) {
            (0, 0) => return,
            (0, sent) => (sent, GapCause::NotAcknowledged),
            (taken, sent) => (taken.max(sent), GapCause::NotCaptured),
        };
        let stream = flow.facts_mut().stream_mut(direction);
        if stream.segments == 0 {
            // The capture has the other direction alone.
            return;
        }
        let at = stream.fin.unwrap_or(flow.last);
        if sink.gap(&flow.view(id), direction, Gap { len_bytes, cause, at }) == Interest::Settled {
            self.held.settle(flow, self.spare);
        }
    }

    fn give_up_hole(
        &mut self,
        id: FlowId,
        flow: &mut Flow,
        direction: Direction,
        cause: GapCause,
        sink: &mut impl StreamSink,
    ) {
        let Some(mut assembler) = flow.assembler_mut(direction).take() else { return };
        let before = sizes(&assembler);
        let mut out = ToSink::new(id, flow, direction, sink);
        assembler.give_up_hole(cause, self.history, &mut out);
        let interest = out.interest;
        self.held.buffer(before, &assembler);
        flow.put_back(direction, assembler);
        if interest == Interest::Settled {
            self.held.settle(flow, self.spare);
        }
    }
}

/// Hands what is in order of one direction to the listener.
struct ToSink<'s, S> {
    flow: Live<'s>,
    direction: Direction,
    sink: &'s mut S,
    /// The listener's last word.
    interest: Interest,
}

impl<'s, S: StreamSink> ToSink<'s, S> {
    fn new(id: FlowId, flow: &'s Flow, direction: Direction, sink: &'s mut S) -> Self {
        Self { flow: flow.view(id), direction, sink, interest: Interest::More }
    }
}

impl<S: StreamSink> Outlet for ToSink<'_, S> {
    #[inline]
    fn data(&mut self, at: Place, bytes: &[u8]) {
        if self.interest == Interest::More {
            self.interest = self.sink.data(&self.flow, self.direction, at, bytes);
        }
    }

    fn gap(&mut self, gap: Gap) {
        if self.interest == Interest::More {
            self.interest = self.sink.gap(&self.flow, self.direction, gap);
        }
    }
}
