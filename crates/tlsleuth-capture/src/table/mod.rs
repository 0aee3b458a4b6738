//! Follows flows: finds the flow of each segment, keeps its TCP facts, hands its bytes on in order.
//!
//! Architecture invariant: a segment of a settled flow costs one look-up and a few stores, copies
//! nothing and allocates nothing.

mod acknowledgment;
mod cold;
mod entry;
mod leaving;
mod let_go;
mod opening;
mod reset;
mod resting;
mod slots;
mod spare;
mod stages;
mod step;
#[cfg(test)]
mod tests;
mod view;

use std::collections::VecDeque;

use entry::Flow;
use let_go::LetGo;
use resting::Resting;
use slots::Slots;
use spare::Spare;
use stages::Stage;
use step::{Held, Step};

use crate::flow::{EndReason, FlowKey};
use crate::history::History;
use crate::stream::{FlowId, StreamSink};
use crate::transport::IcmpFacts;
use crate::{IcmpError, Limits, Segment, TcpFlags, Timestamp};

/// A step back in time that reordering does not explain: somebody set the clock, or files of
/// different days were joined.
const CLOCK_SET_NS: i64 = 60_000_000_000;

/// Flags of a segment that opens or ends something.
const CONTROL: u8 = TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0;

/// Flows that end together when the capture is over.
const FINISHED_AT_ONCE: usize = 64;

/// What happened in the table, for the report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FlowStats {
    /// Flows seen.
    pub flows: u64,
    /// Flows ended because the table was full: too many, or too much held for them.
    pub evicted: u64,
    /// Segments of flows that had been ended because the table was full. They are counted and not
    /// looked at.
    pub segments_after_eviction: u64,
    /// Holes given up because a cap was hit.
    pub holes_given_up: u64,
    /// Flows of which bytes came again that could not be compared: the first ones were no longer held.
    pub overlaps_not_compared: u64,
    /// ICMP messages about no flow that is followed.
    pub icmp_unrelated: u64,
}

/// The flows that are followed.
pub struct FlowTable {
    limits: Limits,
    slots: Slots,
    /// The next flow to be looked at by the sweep.
    hand: u32,
    /// When its round began.
    round: Timestamp,
    tick: u32,
    now: Timestamp,
    /// Flows that are over and wait for what may still come of them, by slot and serial.
    lingering: VecDeque<(u32, u32)>,
    /// Once the capture is over: the serials and slots of the flows to end, the first one last.
    leaving: Vec<(u32, u32)>,
    /// Flows that had to leave while they went on.
    let_go: LetGo,
    held: Held,
    resting: Resting,
    history: History,
    spare: Spare,
    stats: FlowStats,
}

impl FlowTable {
    /// An empty table.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            history: History::new(limits.max_history_bytes),
            spare: Spare::default(),
            limits,
            slots: Slots::new(),
            hand: 0,
            round: Timestamp(i64::MIN),
            tick: 0,
            now: Timestamp(i64::MIN),
            lingering: VecDeque::new(),
            leaving: Vec::new(),
            let_go: LetGo::default(),
            held: Held::default(),
            resting: Resting::default(),
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
        self.slots.len()
    }

    /// Whether no flow is followed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held: the entries, what waits out of order, what is kept to be compared, and the marks of
    /// flows that were let go.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        let aside = self.history.bytes().saturating_add(self.let_go.bytes());
        self.held.total() + self.resting.bytes() + aside
    }

    /// Takes one segment. Bytes that are in order now go to `sink` at once.
    #[inline]
    pub fn push(&mut self, segment: &Segment<'_>, sink: &mut impl StreamSink) {
        let time = segment.place.time;
        // A clock that was set back counts from there: else every flow behind it would look idle.
        self.now = if self.now.since(time) > CLOCK_SET_NS { time } else { self.now.max(time) };
        let (key, source_is_low) =
            FlowKey::new(segment.source, segment.destination, segment.tunnel);
        let hash = self.slots.hash(&key);
        // Both are far from any cache where flows have to leave: they are waited for together.
        self.let_go.touch(&key);
        let found = self.slots.find(hash, &key);
        if segment.flags.0 & CONTROL == 0
            && let Some(slot) = found
            && let Some(flow) = self.slots.get_mut(slot)
            && (flow.settled || is_bare(segment) && flow.is_in_order())
        {
            flow.frames = flow.frames.saturating_add(1);
            flow.last = segment.place;
            let direction = flow.direction(source_is_low);
            if flow.settled {
                let taken = u32::try_from(segment.payload.len()).unwrap_or(u32::MAX);
                let end = segment.seq.advance(taken.wrapping_add(segment.cut));
                flow.half_mut(direction).sent_to(end);
                if segment.flags.has(TcpFlags::ACK) {
                    flow.half_mut(direction.opposite()).acknowledged_to(segment.ack);
                }
            } else if acknowledgment::bare(flow, direction, segment) {
                let stage = flow.stage();
                self.slots.set_stage(slot, stage);
            }
        } else {
            self.push_unsettled(segment, key, hash, source_is_low, found, sink);
        }
        self.sweep(sink);
    }

    /// Takes a segment whose flow is new, or opens, or ends, or is still put in order.
    fn push_unsettled(
        &mut self,
        segment: &Segment<'_>,
        key: FlowKey,
        hash: u64,
        source_is_low: bool,
        mut found: Option<u32>,
        sink: &mut impl StreamSink,
    ) {
        if segment.flags.has(TcpFlags::SYN)
            && let Some(slot) = found
            && let Some(flow) = self.slots.get(slot)
            && opening::opens_anew(flow, segment, flow.direction(source_is_low))
        {
            self.end(slot, EndReason::Replaced, sink);
            found = None;
        }
        let is_known = found.is_some();
        let slot = match found {
            Some(slot) => {
                self.wake(slot, sink);
                slot
            }
            None => {
                if self.let_go.has(&key, segment) {
                    self.stats.segments_after_eviction += 1;
                    return;
                }
                if self.slots.len() >= self.limits.max_flows {
                    self.evict(sink);
                }
                let flow = Flow::new(key, self.stats.flows, source_is_low, segment);
                let Some(slot) = self.slots.insert(hash, flow) else { return };
                self.stats.flows += 1;
                slot
            }
        };
        let Some(flow) = self.slots.get_mut(slot) else { return };
        let before = flow.parts();
        if flow.frames > 0 {
            // The first frame is remembered before its place is taken.
            flow.cold();
        }
        flow.frames = flow.frames.saturating_add(1);
        flow.last = segment.place;
        let direction = flow.direction(source_is_low);
        let was_over = flow.reset || flow.both_closed();
        let stage = flow.stage();
        let mut step = Step {
            limits: &self.limits,
            held: &mut self.held,
            history: &mut self.history,
            spare: &mut self.spare,
            stats: &mut self.stats,
        };
        step.segment(FlowId(slot), flow, direction, segment, sink);
        let now = flow.parts();
        let serial = flow.serial;
        let is_over = !was_over && (flow.reset || flow.both_closed());
        if is_over && !flow.reset {
            self.held.forget_history(flow, &mut self.spare);
        }
        if now != before || !is_known {
            self.held.entry(if is_known { before.bytes() } else { 0 }, now.bytes());
        }
        let goes_on = stage == Stage::Open && segment.flags.0 & CONTROL == 0 && !flow.settled;
        let stage_now = if goes_on { stage } else { flow.stage() };
        if now.cold && !before.cold {
            self.woke(slot, serial);
        }
        if stage_now != stage {
            self.slots.set_stage(slot, stage_now);
        }
        if is_over {
            self.linger(slot, serial, sink);
        }
        if self.is_crowded(sink) {
            self.make_room(sink);
            self.make_rest(segment.place.sequence, sink);
        }
    }

    /// Whether more is held than may be, or there is more awake: nothing needs to be done about it in
    /// any other case.
    #[inline]
    fn is_crowded(&self, sink: &impl StreamSink) -> bool {
        let awake = self.held.total().saturating_add(sink.held_bytes());
        let all = awake.saturating_add(self.resting.bytes());
        awake > self.limits.max_awake_bytes || all > self.limits.max_flow_bytes
    }

    /// Takes an ICMP message about a packet of some flow.
    pub fn push_icmp(&mut self, error: &IcmpError, sink: &mut impl StreamSink) {
        let quoted = &error.quoted;
        let (key, source_is_low) = FlowKey::new(quoted.source, quoted.destination, error.tunnel);
        let found = self.slots.find(self.slots.hash(&key), &key);
        if let Some(slot) = found {
            self.wake(slot, sink);
        }
        let Some(flow) = found.and_then(|slot| self.slots.get_mut(slot)) else {
            self.stats.icmp_unrelated += 1;
            return;
        };
        let about = flow.direction(source_is_low);
        let before = flow.bytes();
        let was_cold = flow.cold.is_some();
        flow.facts_mut().icmp.push(IcmpFacts {
            at: error.place,
            from: error.from,
            kind: error.kind,
            ipv6: error.ipv6,
            about,
            seq: quoted.seq,
        });
        flow.frames = flow.frames.saturating_add(1);
        flow.last = error.place;
        let now = flow.bytes();
        self.held.entry(before, now);
        let serial = flow.serial;
        if let Some(slot) = found.filter(|_| !was_cold) {
            self.woke(slot, serial);
        }
    }

    /// Ends every flow: the capture is over.
    pub fn finish(&mut self, sink: &mut impl StreamSink) {
        while self.finish_some(sink) {}
    }

    /// Ends some flows, those that began first; `false` when none is left. For a listener that does
    /// away with what ended before there is more of it.
    pub fn finish_some(&mut self, sink: &mut impl StreamSink) -> bool {
        if self.leaving.is_empty() {
            self.slots.close();
            let slots = 0..self.slots.end();
            let begun = |slot| Some((self.slots.get(slot)?.serial, slot));
            self.leaving = slots.filter_map(begun).collect();
            self.leaving.sort_unstable_by(|a, b| b.cmp(a));
        }
        for _ in 0..FINISHED_AT_ONCE {
            let Some((_, slot)) = self.leaving.pop() else { break };
            self.end(slot, EndReason::CaptureEnd, sink);
        }
        !self.leaving.is_empty()
    }

    fn step(&mut self) -> Step<'_> {
        Step {
            limits: &self.limits,
            held: &mut self.held,
            history: &mut self.history,
            spare: &mut self.spare,
            stats: &mut self.stats,
        }
    }
}

/// Whether a segment brings no byte: it acknowledges, or opens a window.
#[inline]
fn is_bare(segment: &Segment<'_>) -> bool {
    segment.payload.is_empty() && segment.cut == 0
}

impl std::fmt::Debug for FlowTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FlowTable").field("flows", &self.len()).finish_non_exhaustive()
    }
}
