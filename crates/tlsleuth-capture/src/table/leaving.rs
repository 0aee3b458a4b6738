//! Which flows leave the table, and what is told of them then.

use std::hint::black_box;

use super::FlowTable;
use super::entry::{Base, Flow};
use super::stages::Stage;
use crate::flow::{EndReason, EndedFlow};
use crate::stream::{Direction, FlowId, StreamSink};
use crate::{SeqNumber, Timestamp};

/// How long a closed flow stays, so that its last acknowledgments do not look like a new flow.
const LINGER_NS: i64 = 15_000_000_000;

/// Flows that linger at once: when more close, those that closed first leave, unless something came
/// of them within [`STILL_NS`].
const MAX_LINGERING: usize = 1_024;
const STILL_NS: i64 = 500_000_000;

/// Flows that leave together: they are loaded together, and so is the code that they go through.
const TOGETHER: usize = 16;

/// Segments between two looks at flows that may be over, and how many are looked at then. The cost
/// is spread evenly, and all flows are looked at once while twice as many segments come.
const SWEEP_EVERY: u32 = 32;
const SWEPT: u32 = 16;

/// From one round of looks to the next, at least: a flow must be idle for much longer to be over, and
/// each look is at memory that nothing else touches.
const ROUND_NS: i64 = 1_000_000_000;

/// Flows that are looked at when one has to leave, at most.
const EVICTION_CANDIDATES: u32 = 8;

/// Of the flows that the table takes, this part may be unanswered while others leave in their place.
const UNANSWERED_SHARE: usize = 8;

impl FlowTable {
    /// Looks at a few flows in turn, and ends those that are over.
    #[inline]
    pub(super) fn sweep(&mut self, sink: &mut impl StreamSink) {
        self.tick = self.tick.wrapping_add(1);
        if self.tick.is_multiple_of(SWEEP_EVERY) {
            self.sweep_some(sink);
        }
    }

    #[inline(never)]
    fn sweep_some(&mut self, sink: &mut impl StreamSink) {
        if self.hand == 0 {
            // Also when the clock was set back.
            if self.now.since(self.round).unsigned_abs() < ROUND_NS.unsigned_abs() {
                return;
            }
            self.round = self.now;
        }
        for _ in 0..SWEPT {
            let Some(hand) = self.slots.next_used(self.hand) else {
                self.hand = 0;
                return;
            };
            self.hand = hand.wrapping_add(1);
            if let Some(reason) = self.slots.get(hand).and_then(|flow| self.is_over(hand, flow)) {
                self.end(hand, reason, sink);
            }
        }
    }

    /// Keeps a flow that just closed for a while.
    pub(super) fn linger(&mut self, slot: u32, serial: u32, sink: &mut impl StreamSink) {
        self.lingering.push_back((slot, serial));
        let count = self.lingering.len();
        if count <= MAX_LINGERING || !count.is_multiple_of(TOGETHER) {
            return;
        }
        self.touch_first();
        for _ in 0..TOGETHER {
            let Some((slot, serial)) = self.lingering.pop_front() else { return };
            // It may have left by itself, and its slot been given to another one.
            let Some(flow) = self.slots.get(slot).filter(|flow| flow.serial == serial) else {
                continue;
            };
            if self.now.since(flow.last.time) < STILL_NS {
                self.lingering.push_back((slot, serial));
                continue;
            }
            let reason = if flow.reset { EndReason::Reset } else { EndReason::Closed };
            self.end(slot, reason, sink);
        }
    }

    /// Loads the flows that leave next: nothing came of them for a while, so they left the processor's
    /// caches, and loads that do not depend on each other wait together.
    fn touch_first(&self) {
        for (slot, _) in self.lingering.iter().take(TOGETHER) {
            if let Some(cold) = self.slots.get(*slot).and_then(|flow| flow.cold.as_deref()) {
                black_box(cold.facts.forward.segments ^ cold.facts.reverse.segments);
                for assembler in cold.assemblers.iter().flatten() {
                    black_box(assembler.waiting_segments());
                }
            }
        }
    }

    /// Why a flow leaves now, if it does.
    fn is_over(&self, slot: u32, flow: &Flow) -> Option<EndReason> {
        let idle = self.now.since(flow.last.time);
        if flow.reset {
            return (idle > LINGER_NS).then_some(EndReason::Reset);
        }
        if flow.both_closed() {
            return (idle > LINGER_NS).then_some(EndReason::Closed);
        }
        // Most flows are not idle at all: then nothing else of them is touched.
        if idle <= self.limits.half_open_idle_ns.min(self.limits.flow_idle_ns) {
            return None;
        }
        let opened = match &flow.cold {
            Some(cold) => cold.opened(),
            None => self.resting.has_opened(slot),
        };
        let limit = if opened || !flow.opened_by_syn {
            self.limits.flow_idle_ns
        } else {
            self.limits.half_open_idle_ns
        };
        (idle > limit).then_some(EndReason::Idle)
    }

    /// Lets flows go while more is held for them than may be.
    #[cold]
    pub(super) fn make_room(&mut self, sink: &mut impl StreamSink) {
        while self.held.total() + self.resting.bytes() + sink.held_bytes()
            > self.limits.max_flow_bytes
            && self.slots.len() > 1
        {
            self.evict(sink);
        }
    }

    /// Makes room: of the stage that matters least the next flow in turn leaves of which nothing came
    /// since the round began; when some had to be passed over, the one of them that was idle for longest.
    #[cold]
    pub(super) fn evict(&mut self, sink: &mut impl StreamSink) {
        let most = self.limits.max_flows.min(self.limits.max_flow_bytes / size_of::<Flow>());
        let now = self.now;
        let stage = self.slots.stages().least(most / UNANSWERED_SHARE);
        let mut oldest: Option<(Timestamp, u32)> = None;
        for _ in 0..EVICTION_CANDIDATES {
            let Some((at, began)) = self.slots.stages().next(stage, now) else { break };
            let Some(last) = self.slots.get(at).map(|flow| flow.last.time) else { continue };
            if oldest.is_none_or(|(time, _)| last < time) {
                oldest = Some((last, at));
            }
            if last < began {
                break;
            }
        }
        if let Some((_, slot)) = oldest {
            self.touch_next(stage);
            self.end(slot, EndReason::Evicted, sink);
        }
    }

    /// Loads the flow that is looked at after the next one, and what the next one needs to leave: by the
    /// time they are asked for they are here.
    fn touch_next(&mut self, stage: Stage) {
        let [next, second] = self.slots.stages().ahead(stage);
        if let Some(flow) = next.and_then(|slot| self.slots.get(slot)) {
            self.let_go.touch(&flow.key);
            self.slots.touch(&flow.key);
        }
        let second = second.and_then(|slot| self.slots.get(slot));
        black_box(second.map(|flow| (flow.last.time, flow.serial)));
    }

    /// Takes a flow out of the table and tells the listener.
    pub(super) fn end(&mut self, slot: u32, reason: EndReason, sink: &mut impl StreamSink) {
        self.wake(slot, sink);
        let Some(mut flow) = self.slots.remove(slot) else { return };
        let id = FlowId(slot);
        self.step().flush(id, &mut flow, sink);
        self.held.entry(flow.bytes(), 0);
        self.held.settle(&mut flow, &mut self.spare);
        let reason = match reason {
            EndReason::Closed | EndReason::Reset => reason,
            _ if flow.reset => EndReason::Reset,
            _ if flow.both_closed() => EndReason::Closed,
            other => other,
        };
        if reason == EndReason::Evicted {
            self.stats.evicted += 1;
            self.let_go.insert(&flow);
        }
        match flow.lone_syn(id, reason, self.now) {
            Some(syn) => sink.ended_with_a_syn(syn),
            None => sink.ended(ended(id, flow, reason, self.now)),
        }
    }
}

fn ended(id: FlowId, mut flow: Flow, reason: EndReason, now: Timestamp) -> EndedFlow {
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
        serial: flow.serial.into(),
        forward_source,
        forward_destination,
        tunnel: flow.key.tunnel,
        first: flow.first(),
        last: flow.last,
        frames: flow.frames.into(),
        reason,
        watched_until: now.max(flow.last.time),
        facts: flow.into_facts(),
    }
}
