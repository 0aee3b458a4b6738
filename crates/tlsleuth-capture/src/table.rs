//! Follows flows: finds the flow of each segment, keeps its TCP facts, hands its bytes on in order.
//!
//! Architecture invariant: a segment of a settled flow costs one look-up and a few stores, copies
//! nothing and allocates nothing.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::assembler::{Assembler, Piece};
use crate::flow::{Base, EndReason, EndedFlow, Flow, FlowKey, FlowView, Half, SynSeed};
use crate::stream::{Direction, FlowId, Gap, GapCause, Interest, StreamSink};
use crate::transport::{
    IcmpFacts, OverlapConflict, ResetFacts, Retransmission, TcpOptions, TransportFacts,
};
use crate::{
    Endpoint, IcmpError, Limits, Place, Segment, SeqNumber, TcpFlags, Timestamp, TunnelId,
};

/// Data segments that must wait behind an acknowledged hole before it is given up: a capture point
/// that sees several queues may bring the missing one late.
const PATIENCE_SEGMENTS: usize = 64;

/// A step back in time that reordering does not explain: somebody set the clock, or files of
/// different days were joined.
const CLOCK_SET_NS: i64 = 60_000_000_000;

/// How long a closed flow stays, so that its last acknowledgments do not look like a new flow.
const LINGER_NS: i64 = 15_000_000_000;

/// How far beyond the acknowledged number a reset is taken to be in the window, in bytes. Usual
/// largest windows are 4 to 6 MiB; a blind guess hits this range once in 512.
const USUAL_WINDOW: i32 = 8 << 20;

/// Bytes of delivered history that all flows may hold together. Beyond it overlaps of further flows
/// are not compared with what was handed on.
const HISTORY_TOTAL_BYTES: usize = 32 << 20;

/// What happened in the table, for the report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FlowStats {
    /// Flows seen.
    pub flows: u64,
    /// Flows ended because the table was full.
    pub evicted: u64,
    /// Holes given up because a cap was hit.
    pub holes_given_up: u64,
    /// Flows whose overlaps were not all compared, for lack of room.
    pub overlaps_not_compared: u64,
    /// ICMP messages about no flow that is followed.
    pub icmp_unrelated: u64,
}

/// The flows that are followed.
pub struct FlowTable {
    limits: Limits,
    index: HashTable<u32>,
    hasher: RandomState,
    flows: Vec<Option<Flow>>,
    free: Vec<u32>,
    hand: usize,
    tick: u32,
    now: Timestamp,
    waiting_bytes: usize,
    history_bytes: usize,
    stats: FlowStats,
}

impl FlowTable {
    /// An empty table.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            index: HashTable::new(),
            hasher: RandomState::default(),
            flows: Vec::new(),
            free: Vec::new(),
            hand: 0,
            tick: 0,
            now: Timestamp(i64::MIN),
            waiting_bytes: 0,
            history_bytes: 0,
            stats: FlowStats::default(),
        }
    }

    /// What happened so far.
    #[must_use]
    pub fn stats(&self) -> FlowStats {
        self.stats
    }

    /// How many flows are followed now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether no flow is followed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Bytes held: the entries, what waits out of order, the histories.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        self.flows.capacity() * size_of::<Option<Flow>>() + self.waiting_bytes + self.history_bytes
    }

    /// Takes one segment. Bytes that are in order now go to `sink` at once.
    pub fn push(&mut self, segment: &Segment<'_>, sink: &mut impl StreamSink) {
        let time = segment.place.time;
        // A clock that was set back counts from there: else every flow behind it would look idle.
        self.now = if self.now.since(time) > CLOCK_SET_NS { time } else { self.now.max(time) };
        let (key, source_is_low) =
            FlowKey::new(segment.source, segment.destination, segment.tunnel);
        let hash = self.hasher.hash_one(key);
        let mut found = self
            .index
            .find(hash, |&slot| flow_at(&self.flows, slot).is_some_and(|flow| flow.key == key))
            .copied();
        if segment.flags.has(TcpFlags::SYN)
            && let Some(slot) = found
            && self.opens_anew(slot, segment, source_is_low)
        {
            self.end(slot, EndReason::Replaced, sink);
            found = None;
        }
        let slot = match found {
            Some(slot) => slot,
            None => {
                let Some(slot) = self.open(key, hash, source_is_low, segment, sink) else { return };
                slot
            }
        };
        let Some(Some(flow)) = self.flows.get_mut(usize::try_from(slot).unwrap_or(usize::MAX))
        else {
            return;
        };
        flow.frames = flow.frames.saturating_add(1);
        flow.last = segment.place;
        let direction = if flow.forward_is_low == source_is_low {
            Direction::Forward
        } else {
            Direction::Reverse
        };
        let control = TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0;
        if flow.settled && segment.flags.0 & control == 0 {
            let end = segment.seq.advance(wire_len(segment));
            flow.half_mut(direction).sent_to(end);
            if segment.flags.has(TcpFlags::ACK) {
                note_ack(flow.half_mut(direction.opposite()), segment.ack);
            }
        } else {
            let mut step = Step {
                limits: &self.limits,
                waiting_bytes: &mut self.waiting_bytes,
                history_bytes: &mut self.history_bytes,
                stats: &mut self.stats,
            };
            step.segment(FlowId(slot), flow, direction, segment, sink);
        }
        self.sweep(sink);
    }

    /// Takes an ICMP message about a packet of some flow.
    pub fn push_icmp(&mut self, error: &IcmpError) {
        let quoted = &error.quoted;
        let (key, source_is_low) = FlowKey::new(quoted.source, quoted.destination, error.tunnel);
        let hash = self.hasher.hash_one(key);
        let found = self
            .index
            .find(hash, |&slot| flow_at(&self.flows, slot).is_some_and(|flow| flow.key == key))
            .copied();
        let flow = found.and_then(|slot| {
            self.flows.get_mut(usize::try_from(slot).ok()?).and_then(Option::as_mut)
        });
        let Some(flow) = flow else {
            self.stats.icmp_unrelated += 1;
            return;
        };
        let about = if flow.forward_is_low == source_is_low {
            Direction::Forward
        } else {
            Direction::Reverse
        };
        flow.frames = flow.frames.saturating_add(1);
        flow.last = error.place;
        flow.facts_mut().icmp.push(IcmpFacts {
            at: error.place,
            from: error.from,
            kind: error.kind,
            ipv6: error.ipv6,
            about,
            seq: quoted.seq,
        });
    }

    /// Stops handing on the bytes of a flow: its buffers are given back, its end is still told.
    pub fn forget(&mut self, flow: FlowId) {
        if let Some(Some(flow)) = self.flows.get_mut(flow.index()) {
            settle(flow, &mut self.waiting_bytes, &mut self.history_bytes);
        }
    }

    /// Ends every flow: the capture is over.
    pub fn finish(&mut self, sink: &mut impl StreamSink) {
        for slot in 0..self.flows.len() {
            if let Ok(slot) = u32::try_from(slot) {
                self.end(slot, EndReason::CaptureEnd, sink);
            }
        }
    }

    /// Whether a SYN on a known flow opens another connection with the same ports.
    fn opens_anew(&self, slot: u32, segment: &Segment<'_>, source_is_low: bool) -> bool {
        let Some(flow) = flow_at(&self.flows, slot) else { return false };
        let direction = if flow.forward_is_low == source_is_low {
            Direction::Forward
        } else {
            Direction::Reverse
        };
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

    fn open(
        &mut self,
        key: FlowKey,
        hash: u64,
        source_is_low: bool,
        segment: &Segment<'_>,
        sink: &mut impl StreamSink,
    ) -> Option<u32> {
        if self.index.len() >= self.limits.max_flows {
            self.evict(sink);
        }
        let is_syn = segment.flags.has(TcpFlags::SYN);
        let answers = is_syn && segment.flags.has(TcpFlags::ACK);
        let mut flow = Flow::new(key, self.stats.flows, source_is_low != answers, segment);
        flow.opened_by_syn = is_syn && !answers;
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = u32::try_from(self.flows.len()).ok()?;
                self.flows.push(None);
                slot
            }
        };
        *self.flows.get_mut(usize::try_from(slot).ok()?)? = Some(flow);
        let (flows, hasher) = (&self.flows, &self.hasher);
        self.index.insert_unique(hash, slot, |&slot| {
            flow_at(flows, slot).map_or(0, |flow| hasher.hash_one(flow.key))
        });
        self.stats.flows += 1;
        Some(slot)
    }

    fn end(&mut self, slot: u32, reason: EndReason, sink: &mut impl StreamSink) {
        let Some(entry) = self.flows.get_mut(usize::try_from(slot).unwrap_or(usize::MAX)) else {
            return;
        };
        let Some(mut flow) = entry.take() else { return };
        let mut step = Step {
            limits: &self.limits,
            waiting_bytes: &mut self.waiting_bytes,
            history_bytes: &mut self.history_bytes,
            stats: &mut self.stats,
        };
        step.flush(FlowId(slot), &mut flow, sink);
        settle(&mut flow, &mut self.waiting_bytes, &mut self.history_bytes);
        let hash = self.hasher.hash_one(flow.key);
        if let Ok(found) = self.index.find_entry(hash, |&other| other == slot) {
            found.remove();
        }
        self.free.push(slot);
        if reason == EndReason::Evicted {
            self.stats.evicted += 1;
        }
        let reason = match reason {
            EndReason::Replaced | EndReason::Evicted | EndReason::CaptureEnd | EndReason::Idle
                if flow.reset =>
            {
                EndReason::Reset
            }
            EndReason::Replaced | EndReason::CaptureEnd | EndReason::Idle if flow.both_closed() => {
                EndReason::Closed
            }
            other => other,
        };
        sink.ended(ended(FlowId(slot), flow, reason, self.now));
    }

    /// Looks at a few flows in turn, and ends those that are over. The cost is spread evenly.
    fn sweep(&mut self, sink: &mut impl StreamSink) {
        self.tick = self.tick.wrapping_add(1);
        if !self.tick.is_multiple_of(8) {
            return;
        }
        for _ in 0..4 {
            if self.hand >= self.flows.len() {
                self.hand = 0;
            }
            let hand = self.hand;
            self.hand += 1;
            let Some(Some(flow)) = self.flows.get(hand) else { continue };
            let idle = self.now.since(flow.last.time);
            let reason = if flow.reset || flow.both_closed() {
                (idle > LINGER_NS).then_some(EndReason::Closed)
            } else {
                let opened = flow.facts.as_ref().is_some_and(|facts| {
                    facts.forward.data_segments + facts.reverse.data_segments > 0
                        || facts.established.is_some()
                });
                let limit = if opened || !flow.opened_by_syn {
                    self.limits.flow_idle_ns
                } else {
                    self.limits.half_open_idle_ns
                };
                (idle > limit).then_some(EndReason::Idle)
            };
            if let Some(reason) = reason
                && let Ok(slot) = u32::try_from(hand)
            {
                let reason = if flow.reset { EndReason::Reset } else { reason };
                self.end(slot, reason, sink);
            }
        }
    }

    /// Makes room: of the next flows in turn, the one that was idle for longest leaves.
    fn evict(&mut self, sink: &mut impl StreamSink) {
        let mut oldest: Option<(Timestamp, usize)> = None;
        let mut looked_at = 0;
        for step in 0..self.flows.len() {
            let at = (self.hand + step) % self.flows.len().max(1);
            if let Some(Some(flow)) = self.flows.get(at) {
                looked_at += 1;
                if oldest.is_none_or(|(time, _)| flow.last.time < time) {
                    oldest = Some((flow.last.time, at));
                }
            }
            if looked_at == 32 {
                break;
            }
        }
        self.hand = self.hand.wrapping_add(32);
        if let Some((_, at)) = oldest
            && let Ok(slot) = u32::try_from(at)
        {
            self.end(slot, EndReason::Evicted, sink);
        }
    }
}

impl std::fmt::Debug for FlowTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FlowTable").field("flows", &self.len()).finish_non_exhaustive()
    }
}

fn flow_at(flows: &[Option<Flow>], slot: u32) -> Option<&Flow> {
    flows.get(usize::try_from(slot).ok()?).and_then(Option::as_ref)
}

/// Sequence numbers that the segment takes: payload, SYN and FIN.
fn wire_len(segment: &Segment<'_>) -> u32 {
    let payload = u32::try_from(segment.payload.len()).unwrap_or(u32::MAX);
    payload
        .wrapping_add(segment.cut)
        .wrapping_add(u32::from(segment.flags.has(TcpFlags::SYN)))
        .wrapping_add(u32::from(segment.flags.has(TcpFlags::FIN)))
}

/// Notes that the other side acknowledged `half` up to `ack`.
fn note_ack(half: &mut Half, ack: SeqNumber) {
    if half.base_known == Base::Unknown {
        half.start_at(ack, Base::Acknowledged);
    }
    if !half.has_acked || ack.distance_from(half.acked) > 0 {
        half.acked = ack;
        half.has_acked = true;
    }
}

fn settle(flow: &mut Flow, waiting_bytes: &mut usize, history_bytes: &mut usize) {
    flow.settled = true;
    for half in &mut flow.halves {
        if let Some(assembler) = half.assembler.take() {
            let waiting = assembler.waiting_bytes();
            *waiting_bytes = waiting_bytes.saturating_sub(waiting);
            *history_bytes =
                history_bytes.saturating_sub(assembler.buffered_bytes().saturating_sub(waiting));
        }
    }
}

fn view<'a>(
    id: FlowId,
    ends: (Endpoint, Endpoint),
    tunnel: TunnelId,
    first: Place,
    facts: Option<&'a TransportFacts>,
) -> FlowView<'a> {
    FlowView { id, forward_source: ends.0, forward_destination: ends.1, tunnel, first, facts }
}

fn ended(id: FlowId, mut flow: Flow, reason: EndReason, now: Timestamp) -> EndedFlow {
    flow.facts_mut();
    for direction in [Direction::Forward, Direction::Reverse] {
        let half = flow.half(direction);
        let (base, highest, acked) = (half.base, half.highest, half.acked);
        let (known, has_acked, fin) = (half.base_known, half.has_acked, half.fin);
        let facts = flow.facts_mut().stream_mut(direction);
        let span = |to: SeqNumber| {
            let bytes = u64::from(to.distance_from(base).max(0).unsigned_abs());
            // A FIN takes one number (RFC 9293 §3.4).
            if fin && to == highest { bytes.saturating_sub(1) } else { bytes }
        };
        facts.from_start = known == Base::Syn;
        if known != Base::Unknown {
            facts.stream_bytes = facts.stream_bytes.max(span(highest));
            if has_acked {
                facts.acknowledged_bytes = span(acked);
            }
        }
    }
    let (forward_source, forward_destination) = flow.ends();
    EndedFlow {
        id,
        serial: flow.serial,
        forward_source,
        forward_destination,
        tunnel: flow.key.tunnel,
        first: flow.first,
        last: flow.last,
        frames: flow.frames,
        reason,
        watched_until: now.max(flow.last.time),
        facts: flow.facts.unwrap_or_default(),
    }
}

/// One step on one flow, with what of the table it may change.
struct Step<'t> {
    limits: &'t Limits,
    waiting_bytes: &'t mut usize,
    history_bytes: &'t mut usize,
    stats: &'t mut FlowStats,
}

impl Step<'_> {
    fn segment(
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
            if !syn(flow, direction, segment) {
                // The first SYN alone is kept in the entry itself.
                return;
            }
        } else if !flags.has(TcpFlags::RST) {
            let facts = flow.facts_mut().stream_mut(direction);
            facts.segments += 1;
            if facts.segments == 1 {
                facts.first_ttl = segment.ttl;
            }
            facts.last_ttl = segment.ttl;
            facts.last_ip_id = segment.ip_id;
            facts.zero_window |= segment.window == 0 && !flags.has(TcpFlags::FIN);
        }
        if flags.has(TcpFlags::ACK) && !flags.has(TcpFlags::RST) {
            acknowledgment(flow, direction, segment);
        }
        if flags.has(TcpFlags::RST) {
            reset(flow, direction, segment);
            // Some stacks put a diagnostic text into a reset (RFC 9293 §3.5.3): it is no stream data.
            return;
        }
        let first_byte =
            if flags.has(TcpFlags::SYN) { segment.seq.advance(1) } else { segment.seq };
        let payload_len = u32::try_from(segment.payload.len()).unwrap_or(u32::MAX);
        if payload_len > 0 || segment.cut > 0 {
            self.payload(id, flow, direction, segment, first_byte, sink);
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
        if !flow.settled {
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
        let settled = flow.settled;
        let half = flow.half_mut(direction);
        half.start_at(first_byte, Base::Seen);
        // One byte or none below the next number asks whether the other side is still there.
        let keep_alive = whole_len <= 1 && first_byte.advance(1) == half.highest;
        let fresh = first_byte.advance(whole_len).distance_from(half.highest) > 0;
        if settled {
            half.sent_to(first_byte.advance(whole_len));
            return;
        }
        if keep_alive && !fresh && half.has_acked && half.acked == half.highest {
            flow.facts_mut().stream_mut(direction).keep_alives += 1;
            return;
        }
        let base = half.base;
        let mut assembler = half.assembler.take().unwrap_or_else(|| Box::new(Assembler::new(base)));
        half.sent_to(first_byte.advance(whole_len));
        {
            let facts = flow.facts_mut().stream_mut(direction);
            facts.data_segments += 1;
            facts.first_data.get_or_insert(at);
            if fresh {
                facts.last_data = Some(at);
            }
            facts.longest_payload = facts.longest_payload.max(whole_len);
        }
        let before = (assembler.waiting_bytes(), assembler.buffered_bytes());
        let pushed = self.with_pieces(id, flow, direction, sink, |emit| {
            assembler.push(at, first_byte, segment.payload, segment.cut, emit)
        });
        let interest = pushed.1;
        let pushed = pushed.0;
        self.account(before, &assembler);
        if *self.history_bytes > HISTORY_TOTAL_BYTES {
            let before = (assembler.waiting_bytes(), assembler.buffered_bytes());
            assembler.forget_history();
            self.account(before, &assembler);
            self.stats.overlaps_not_compared += 1;
        }
        flow.half_mut(direction).assembler = Some(assembler);
        let seq = segment.seq;
        let facts = flow.facts_mut();
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
            let (ends, tunnel, first) = (flow.ends(), flow.key.tunnel, flow.first);
            sink.conflict(
                &view(id, ends, tunnel, first, flow.facts.as_deref()),
                direction,
                conflict,
            );
        }
        if interest == Interest::Settled {
            settle(flow, self.waiting_bytes, self.history_bytes);
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
            let Some(assembler) = half.assembler.as_ref() else { return };
            let segments = assembler.waiting_segments();
            if segments == 0 {
                return;
            }
            let acknowledged = half.has_acked && assembler.hole_acknowledged(half.acked);
            let full = segments > self.limits.max_stream_segments
                || assembler.waiting_bytes() > self.limits.max_stream_bytes
                || *self.waiting_bytes > self.limits.max_reassembly_bytes;
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
    fn flush(&mut self, id: FlowId, flow: &mut Flow, sink: &mut impl StreamSink) {
        for direction in [Direction::Forward, Direction::Reverse] {
            loop {
                let half = flow.half(direction);
                let Some(assembler) = half.assembler.as_ref() else { break };
                if assembler.waiting_segments() == 0 {
                    break;
                }
                let acknowledged = half.has_acked && assembler.hole_acknowledged(half.acked);
                let cause =
                    if acknowledged { GapCause::NotCaptured } else { GapCause::NotAcknowledged };
                self.give_up_hole(id, flow, direction, cause, sink);
            }
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
        let Some(mut assembler) = flow.half_mut(direction).assembler.take() else { return };
        let before = (assembler.waiting_bytes(), assembler.buffered_bytes());
        let (_, interest) =
            self.with_pieces(id, flow, direction, sink, |emit| assembler.give_up_hole(cause, emit));
        self.account(before, &assembler);
        flow.half_mut(direction).assembler = Some(assembler);
        if interest == Interest::Settled {
            settle(flow, self.waiting_bytes, self.history_bytes);
        }
    }

    /// Runs `work` with a way to hand pieces to the listener, and tells the listener's last word.
    fn with_pieces<R>(
        &mut self,
        id: FlowId,
        flow: &mut Flow,
        direction: Direction,
        sink: &mut impl StreamSink,
        work: impl FnOnce(&mut dyn FnMut(Piece<'_>)) -> R,
    ) -> (R, Interest) {
        let (ends, tunnel, first) = (flow.ends(), flow.key.tunnel, flow.first);
        let mut interest = Interest::More;
        let mut missing = [0u64; 4];
        let result = {
            let view = view(id, ends, tunnel, first, flow.facts.as_deref());
            let mut emit = |piece: Piece<'_>| {
                let answer = match piece {
                    Piece::Data { at, bytes } if interest == Interest::More => {
                        sink.data(&view, direction, at, bytes)
                    }
                    Piece::Gap { len_bytes, cause, at } if interest == Interest::More => {
                        let [lost, unacked, cut, limit] = &mut missing;
                        let count = match cause {
                            GapCause::NotCaptured => lost,
                            GapCause::NotAcknowledged => unacked,
                            GapCause::Snaplen => cut,
                            GapCause::LimitReached => limit,
                        };
                        *count = count.saturating_add(len_bytes);
                        sink.gap(&view, direction, Gap { len_bytes, cause, at })
                    }
                    _ => return,
                };
                if answer == Interest::Settled {
                    interest = Interest::Settled;
                }
            };
            work(&mut emit)
        };
        if missing != [0; 4] {
            let counts = &mut flow.facts_mut().stream_mut(direction).missing_bytes;
            for (count, more) in counts.iter_mut().zip(missing) {
                *count = count.saturating_add(more);
            }
        }
        (result, interest)
    }

    fn account(&mut self, before: (usize, usize), assembler: &Assembler) {
        let (waiting, held) = before;
        let history = held.saturating_sub(waiting);
        let waiting_now = assembler.waiting_bytes();
        let history_now = assembler.buffered_bytes().saturating_sub(waiting_now);
        *self.waiting_bytes = (*self.waiting_bytes + waiting_now).saturating_sub(waiting);
        *self.history_bytes = (*self.history_bytes + history_now).saturating_sub(history);
    }
}

/// Takes a SYN into the flow. Whether anything but the very first SYN of it was seen.
fn syn(flow: &mut Flow, direction: Direction, segment: &Segment<'_>) -> bool {
    let at = segment.place;
    let has_ack = segment.flags.has(TcpFlags::ACK);
    let isn = segment.seq;
    let first_byte = isn.advance(1);
    let repeated = flow.half(direction).base_known == Base::Syn;
    let very_first = flow.frames == 1 && flow.opened_by_syn && segment.payload.is_empty();
    let half = flow.half_mut(direction);
    if !repeated {
        half.start_at(first_byte, Base::Syn);
        half.base_known = Base::Syn;
    }
    if very_first {
        return false;
    }
    let first_of_flow = flow.frames == 1 && flow.opened_by_syn;
    let ack = has_ack.then_some(segment.ack);
    let new = SynSeed::new(segment).facts(at, isn, ack);
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
    match (direction, has_ack) {
        (Direction::Reverse, _) => {
            if facts.syn_ack.is_none() {
                facts.syn_ack = Some(new);
            }
        }
        (Direction::Forward, false) => match &facts.syn {
            None => facts.syn = Some(new),
            Some(_) if first_of_flow => {}
            Some(_) => facts.syn_retransmissions.push(at),
        },
        // The forward side acknowledges in a simultaneous open (RFC 9293 §3.5, figure 8).
        (Direction::Forward, true) => {}
    }
    if let Some(ack) = ack {
        // The acknowledgment names the other side's first byte even if its SYN was not seen.
        flow.half_mut(direction.opposite()).start_at(ack, Base::Syn);
    }
    true
}

fn acknowledgment(flow: &mut Flow, direction: Direction, segment: &Segment<'_>) {
    let at = segment.place;
    let is_syn = segment.flags.has(TcpFlags::SYN);
    let acked = flow.half_mut(direction.opposite());
    if !is_syn
        && !acked.has_acked
        && acked.assembler.is_none()
        && acked.base_known == Base::Syn
        && !(0..=USUAL_WINDOW).contains(&segment.ack.distance_from(acked.base))
    {
        // Two answers came to the SYN: the first acknowledgment tells which of them was taken.
        acked.base = segment.ack;
        acked.highest = segment.ack;
    }
    let before = acked.acked;
    let known = acked.base_known;
    let had = acked.has_acked;
    note_ack(acked, segment.ack);
    let base = acked.base;
    let facts = flow.facts_mut();
    if direction == Direction::Forward
        && !is_syn
        && facts.established.is_none()
        && facts.syn_ack.is_some_and(|syn_ack| syn_ack.isn.advance(1) == segment.ack)
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

fn reset(flow: &mut Flow, direction: Direction, segment: &Segment<'_>) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Address;

    #[derive(Default)]
    struct Heard {
        forward: Vec<u8>,
        reverse: Vec<u8>,
        gaps: Vec<Gap>,
        ended: Vec<EndedFlow>,
        settle_at: Option<usize>,
    }

    impl StreamSink for Heard {
        fn data(
            &mut self,
            _: &FlowView<'_>,
            direction: Direction,
            _: Place,
            bytes: &[u8],
        ) -> Interest {
            let stream = match direction {
                Direction::Forward => &mut self.forward,
                Direction::Reverse => &mut self.reverse,
            };
            stream.extend_from_slice(bytes);
            let enough = self.settle_at.is_some_and(|at| stream.len() >= at);
            if enough { Interest::Settled } else { Interest::More }
        }

        fn gap(&mut self, _: &FlowView<'_>, _: Direction, gap: Gap) -> Interest {
            self.gaps.push(gap);
            Interest::More
        }

        fn conflict(&mut self, _: &FlowView<'_>, _: Direction, _: OverlapConflict) {}

        fn ended(&mut self, flow: EndedFlow) {
            self.ended.push(flow);
        }
    }

    const CLIENT: [u8; 4] = [10, 0, 0, 7];
    const SERVER: [u8; 4] = [10, 0, 0, 2];

    struct Script {
        table: FlowTable,
        heard: Heard,
        frame: u64,
    }

    impl Script {
        fn new() -> Self {
            let table = FlowTable::new(Limits::default());
            Self { table, heard: Heard::default(), frame: 0 }
        }

        fn send(&mut self, from: [u8; 4], flags: u8, seq: u32, ack: u32, payload: &[u8]) {
            self.frame += 1;
            let end = |address, port| Endpoint { address: Address::v4(address), port };
            let (source, destination) = if from == CLIENT {
                (end(CLIENT, 51234), end(SERVER, 443))
            } else {
                (end(SERVER, 443), end(CLIENT, 51234))
            };
            let time = Timestamp(i64::try_from(self.frame).unwrap() * 1_000_000);
            let segment = Segment {
                place: Place { frame: self.frame, time, ..Place::default() },
                source,
                destination,
                tunnel: TunnelId::NONE,
                seq: SeqNumber(seq),
                ack: SeqNumber(ack),
                flags: TcpFlags(flags),
                window: 1000,
                options: &[],
                header: &[],
                payload,
                cut: 0,
                ttl: 64,
                ip_id: Some(1),
            };
            self.table.push(&segment, &mut self.heard);
        }

        fn open(&mut self) {
            self.send(CLIENT, 0x02, 99, 0, b"");
            self.send(SERVER, 0x12, 499, 100, b"");
            self.send(CLIENT, 0x10, 100, 500, b"");
        }

        fn finish(&mut self) -> &EndedFlow {
            self.table.finish(&mut self.heard);
            self.heard.ended.last().unwrap()
        }
    }

    #[test]
    fn a_connection_is_told_whole() {
        let mut script = Script::new();
        script.open();
        script.send(CLIENT, 0x18, 100, 500, b"hello");
        script.send(SERVER, 0x18, 500, 105, b"world");
        script.send(CLIENT, 0x11, 105, 505, b"");
        script.send(SERVER, 0x11, 505, 106, b"");
        let flow = script.finish();
        assert_eq!(flow.reason, EndReason::Closed);
        assert_eq!(flow.frames, 7);
        assert_eq!(flow.facts.established.map(|at| at.frame), Some(3));
        assert_eq!(flow.facts.forward.stream_bytes, 5);
        assert_eq!(flow.facts.forward.acknowledged_bytes, 5);
        assert_eq!(flow.facts.forward.fin.map(|at| at.frame), Some(6));
        assert_eq!(flow.forward_source.port, 51234);
        assert_eq!(script.heard.forward, b"hello");
        assert_eq!(script.heard.reverse, b"world");
        assert_eq!(script.table.waiting_bytes + script.table.history_bytes, 0);
    }

    #[test]
    fn a_gap_says_whether_the_receiver_had_the_bytes() {
        for (ack, cause) in [(110, GapCause::NotCaptured), (100, GapCause::NotAcknowledged)] {
            let mut script = Script::new();
            script.open();
            script.send(CLIENT, 0x18, 105, 500, b"later");
            script.send(SERVER, 0x10, 500, ack, b"");
            let flow = script.finish();
            assert!(flow.facts.forward.from_start);
            assert_eq!(script.heard.gaps.len(), 1);
            assert_eq!(script.heard.gaps[0].len_bytes, 5);
            assert_eq!(script.heard.gaps[0].cause, cause);
            assert_eq!(script.heard.forward, b"later");
        }
    }

    #[test]
    fn ports_used_again_are_another_connection() {
        let mut script = Script::new();
        script.open();
        script.send(CLIENT, 0x18, 100, 500, b"one");
        script.send(CLIENT, 0x02, 7_000_000, 0, b"");
        script.send(CLIENT, 0x02, 7_000_000, 0, b"");
        script.finish();
        assert_eq!(script.heard.ended.len(), 2);
        assert_eq!(script.heard.ended[0].reason, EndReason::Replaced);
        assert_eq!(script.heard.ended[1].facts.syn_retransmissions.total(), 1);
        assert_eq!(script.heard.ended[1].frames, 2);
    }

    #[test]
    fn a_guessed_reset_is_not_the_end() {
        let mut script = Script::new();
        script.open();
        script.send(SERVER, 0x04, 3_000_000_000, 0, b"");
        script.send(CLIENT, 0x18, 100, 500, b"still");
        let flow = script.finish();
        assert_eq!(flow.facts.resets.total(), 1);
        assert!(flow.facts.reset().is_none());
        assert_eq!(flow.reason, EndReason::CaptureEnd);
    }

    #[test]
    fn a_refusal_is_a_reset_that_acknowledges_the_syn() {
        let mut script = Script::new();
        script.send(CLIENT, 0x02, 99, 0, b"");
        script.send(SERVER, 0x14, 0, 100, b"");
        let flow = script.finish();
        assert!(flow.facts.reset().is_some());
        assert_eq!(flow.reason, EndReason::Reset);
        assert_eq!(flow.facts.syn.map(|syn| syn.isn), Some(SeqNumber(99)));
    }

    #[test]
    fn a_clock_that_is_set_back_ends_no_flow() {
        let mut script = Script::new();
        script.table.now = Timestamp(1_000_000_000_000_000);
        script.open();
        for _ in 0..40 {
            script.send(CLIENT, 0x10, 100, 500, b"");
        }
        assert_eq!(script.table.stats().flows, 1);
        assert!(script.heard.ended.is_empty());
    }

    #[test]
    fn a_settled_flow_is_only_counted() {
        let mut script = Script::new();
        script.heard.settle_at = Some(3);
        script.open();
        script.send(CLIENT, 0x18, 100, 500, b"abc");
        script.send(CLIENT, 0x18, 103, 500, b"def");
        script.send(CLIENT, 0x18, 120, 500, b"ghi");
        assert_eq!(script.table.waiting_bytes, 0);
        assert_eq!(script.table.history_bytes, 0);
        let flow = script.finish();
        assert_eq!(flow.frames, 6);
        assert_eq!(flow.facts.forward.stream_bytes, 23);
        assert_eq!(script.heard.forward, b"abc");
        assert!(script.heard.gaps.is_empty());
    }

    #[test]
    fn a_full_table_lets_the_longest_idle_flow_go() {
        let mut script = Script::new();
        script.table.limits.max_flows = 10;
        for isn in 0..100 {
            script.send(CLIENT, 0x02, isn * 100_000, 0, b"");
        }
        assert_eq!(script.table.len(), 1, "the same ports: each SYN replaces the one before");
        assert_eq!(script.table.stats().flows, 100);
    }
}
