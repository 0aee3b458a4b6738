//! The entry of a flow: small, because a million of them may be held.
//!
//! ```text
//! hot, 128 bytes: key | last frame | two halves | counts and flags | the first SYN
//!                                                        \-> cold: first frame, facts, buffers
//! ```
//!
//! A flow of one SYN has no cold part, and a segment of a settled flow does not touch it.

use super::cold::{Cold, new_cold};
use super::stages::Stage;
use super::view::Live;
use crate::assembler::Assembler;
use crate::flow::{EndReason, FlowKey};
use crate::lone_syn::{LoneSyn, SynSeed};
use crate::stream::{Direction, FlowId};
use crate::transport::TransportFacts;
use crate::{Endpoint, Place, Segment, SeqNumber, TcpFlags, Timestamp};

/// How much is known of the number of a direction's first byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Base {
    /// Nothing.
    Unknown,
    /// The first acknowledgment seen: the stream may have begun before.
    Acknowledged,
    /// The first payload seen: the stream may have begun before.
    Seen,
    /// The SYN, or the acknowledgment of it.
    Syn,
}

/// The sequence numbers of one direction.
pub(super) struct Half {
    pub(super) base: SeqNumber,
    pub(super) highest: SeqNumber,
    pub(super) acked: SeqNumber,
    pub(super) base_known: Base,
    pub(super) has_acked: bool,
    pub(super) fin: bool,
}

impl Half {
    fn new() -> Self {
        Self {
            base: SeqNumber(0),
            highest: SeqNumber(0),
            acked: SeqNumber(0),
            base_known: Base::Unknown,
            has_acked: false,
            fin: false,
        }
    }

    /// Sets the first byte's number if nothing better is known.
    #[inline]
    pub(super) fn start_at(&mut self, base: SeqNumber, how: Base) {
        let better = match self.base_known {
            Base::Unknown => true,
            Base::Acknowledged => how == Base::Seen || how == Base::Syn,
            Base::Seen | Base::Syn => false,
        };
        if better {
            self.base = base;
            self.highest = base;
            self.base_known = how;
        }
    }

    /// Notes that numbers up to `end` were sent.
    #[inline]
    pub(super) fn sent_to(&mut self, end: SeqNumber) {
        if end.distance_from(self.highest) > 0 {
            self.highest = end;
        }
    }

    /// Notes that the other side acknowledged up to `ack`.
    #[inline]
    pub(super) fn acknowledged_to(&mut self, ack: SeqNumber) {
        if self.base_known == Base::Unknown {
            self.start_at(ack, Base::Acknowledged);
        }
        if !self.has_acked || ack.distance_from(self.acked) > 0 {
            self.acked = ack;
            self.has_acked = true;
        }
    }
}

/// A flow while it is followed.
///
/// The fields are in this order so that a segment of a settled flow touches two cache lines.
#[repr(C, align(64))]
pub(super) struct Flow {
    pub(super) key: FlowKey,
    pub(super) last: Place,
    pub(super) halves: [Half; 2],
    /// How many frames; stays at the highest number.
    pub(super) frames: u32,
    /// How many flows began before it; likewise.
    pub(super) serial: u32,
    pub(super) cold: Option<Box<Cold>>,
    pub(super) seed: SynSeed,
    pub(super) forward_is_low: bool,
    pub(super) opened_by_syn: bool,
    pub(super) settled: bool,
    pub(super) reset: bool,
}

/// The number of the first SYN, of a flow that began with it.
fn isn([forward, _]: &[Half; 2]) -> SeqNumber {
    SeqNumber(forward.base.0.wrapping_sub(1))
}

/// What of a flow is allocated beside its entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) cold: bool,
    /// Of the forward and the reverse direction.
    buffers: [bool; 2],
}

impl Parts {
    /// Bytes that a flow takes which has these, its entry included.
    pub(super) fn bytes(self) -> usize {
        /// What an allocation costs beside its bytes, about.
        const ALLOCATION: usize = 16;
        let cold = size_of::<Cold>() + size_of::<TransportFacts>() + 2 * ALLOCATION;
        let buffers = self.buffers.iter().filter(|has| **has).count();
        size_of::<Flow>()
            + if self.cold { cold } else { 0 }
            + buffers * (size_of::<Assembler>() + ALLOCATION)
    }
}

/// What a segment changes of its flow, found once.
pub(super) struct Sides<'f> {
    /// The numbers of the segment's own direction.
    pub(super) own: &'f mut Half,
    /// Those of the other one, which it acknowledges.
    pub(super) other: &'f mut Half,
    pub(super) cold: &'f mut Cold,
}

impl Flow {
    pub(super) fn new(
        key: FlowKey,
        serial: u64,
        source_is_low: bool,
        segment: &Segment<'_>,
    ) -> Self {
        let is_syn = segment.flags.has(TcpFlags::SYN);
        let answers = is_syn && segment.flags.has(TcpFlags::ACK);
        Self {
            key,
            last: segment.place,
            halves: [Half::new(), Half::new()],
            frames: 0,
            serial: u32::try_from(serial).unwrap_or(u32::MAX),
            cold: None,
            seed: SynSeed::new(segment),
            forward_is_low: source_is_low != answers,
            opened_by_syn: is_syn && !answers,
            settled: false,
            reset: false,
        }
    }

    /// The direction of a segment, by whether its source is the lower end of the key.
    #[inline]
    pub(super) fn direction(&self, source_is_low: bool) -> Direction {
        if self.forward_is_low == source_is_low { Direction::Forward } else { Direction::Reverse }
    }

    #[inline]
    pub(super) fn half(&self, direction: Direction) -> &Half {
        of(&self.halves, direction)
    }

    #[inline]
    pub(super) fn half_mut(&mut self, direction: Direction) -> &mut Half {
        of_mut(&mut self.halves, direction)
    }

    pub(super) fn assembler(&self, direction: Direction) -> Option<&Assembler> {
        of(&self.cold.as_ref()?.assemblers, direction).as_deref()
    }

    /// The place of a direction's buffer.
    pub(super) fn assembler_mut(&mut self, direction: Direction) -> &mut Option<Box<Assembler>> {
        of_mut(&mut self.cold().assemblers, direction)
    }

    /// What a segment of a direction changes.
    #[inline]
    pub(super) fn sides(&mut self, direction: Direction) -> Sides<'_> {
        let cold = self.cold.get_or_insert_with(|| {
            new_cold(self.last, self.opened_by_syn.then(|| (self.seed, isn(&self.halves))))
        });
        let [forward, reverse] = &mut self.halves;
        let (own, other) = match direction {
            Direction::Forward => (forward, reverse),
            Direction::Reverse => (reverse, forward),
        };
        Sides { own, other, cold }
    }

    /// Puts a direction's buffer back, and notes what is in it.
    #[inline]
    pub(super) fn put_back(&mut self, direction: Direction, assembler: Box<Assembler>) {
        let cold = self.cold();
        let waits = assembler.is_floating() || assembler.waiting_segments() > 0;
        *of_mut(&mut cold.waits, direction) = waits;
        *of_mut(&mut cold.handed_on, direction) = assembler.next();
        *of_mut(&mut cold.assemblers, direction) = Some(assembler);
    }

    /// Whether bytes of either direction wait for others before them.
    #[inline]
    pub(super) fn waits(&self) -> bool {
        self.cold.as_ref().is_some_and(|cold| cold.waits != [false; 2])
    }

    /// Whether more than one segment came of it, and all bytes of them are in order: then a segment that
    /// brings none changes nothing but facts.
    #[inline]
    pub(super) fn is_in_order(&self) -> bool {
        self.cold.is_some() && !self.waits()
    }

    pub(super) fn ends(&self) -> (Endpoint, Endpoint) {
        let (low, high) = self.key.ends();
        if self.forward_is_low { (low, high) } else { (high, low) }
    }

    /// The first frame.
    pub(super) fn first(&self) -> Place {
        self.cold.as_ref().map_or(self.last, |cold| cold.first)
    }

    /// The cold part; made of the first SYN when there is none yet. That must be before the place
    /// of a second frame replaces that of the first.
    #[inline]
    pub(super) fn cold(&mut self) -> &mut Cold {
        self.cold.get_or_insert_with(|| {
            new_cold(self.last, self.opened_by_syn.then(|| (self.seed, isn(&self.halves))))
        })
    }

    /// The flow in few bytes, if a SYN is all there was of it.
    pub(super) fn lone_syn(
        &self,
        id: FlowId,
        reason: EndReason,
        now: Timestamp,
    ) -> Option<LoneSyn> {
        if self.cold.is_some() {
            return None;
        }
        let (source, destination) = self.ends();
        Some(LoneSyn {
            id,
            serial: self.serial,
            source,
            destination,
            tunnel: self.key.tunnel,
            at: self.last,
            isn: isn(&self.halves),
            seed: self.seed,
            reason,
            watched_until: now.max(self.last.time),
        })
    }

    #[inline]
    pub(super) fn facts_mut(&mut self) -> &mut TransportFacts {
        &mut self.cold().facts
    }

    /// What TCP did on a flow that is over.
    pub(super) fn into_facts(mut self) -> Box<TransportFacts> {
        self.cold();
        self.cold.map(|cold| cold.facts).unwrap_or_default()
    }

    /// What there is of the flow.
    #[inline]
    pub(super) fn parts(&self) -> Parts {
        match &self.cold {
            Some(cold) => {
                Parts { cold: true, buffers: cold.assemblers.each_ref().map(Option::is_some) }
            }
            None => Parts { cold: false, buffers: [false; 2] },
        }
    }

    /// Bytes allocated for the flow, apart from what is in its buffers.
    pub(super) fn bytes(&self) -> usize {
        self.parts().bytes()
    }

    /// Bytes held to find in the history what was handed on.
    pub(super) fn marks_bytes(&self) -> usize {
        let buffers = self.cold.iter().flat_map(|cold| cold.assemblers.iter().flatten());
        buffers.map(|assembler| assembler.marks_bytes()).sum()
    }

    pub(super) fn both_closed(&self) -> bool {
        self.halves.iter().all(|half| half.fin)
    }

    /// How far it has come.
    #[inline]
    pub(super) fn stage(&self) -> Stage {
        if self.settled || self.reset || self.both_closed() {
            return Stage::Done;
        }
        let Some(cold) = &self.cold else { return Stage::Unanswered };
        let (forward, reverse) = (&cold.facts.forward, &cold.facts.reverse);
        let alone = forward.segments == 0 || reverse.segments == 0;
        if alone && forward.data_segments + reverse.data_segments == 0 {
            Stage::Unanswered
        } else {
            Stage::Open
        }
    }

    /// Whether more was acknowledged than was handed on.
    #[inline]
    pub(super) fn is_lacking(&self, direction: Direction) -> bool {
        let half = self.half(direction);
        let handed_on = match &self.cold {
            Some(cold) if of(&cold.assemblers, direction).is_some() => {
                *of(&cold.handed_on, direction)
            }
            _ => half.base,
        };
        half.has_acked && half.acked.distance_from(handed_on) > 0
    }

    /// The flow as the listener sees it.
    #[inline]
    pub(super) fn view(&self, id: FlowId) -> Live<'_> {
        Live { id, flow: self }
    }
}

/// Which of two there is for the forward and the reverse direction.
#[inline]
fn of<T>([forward, reverse]: &[T; 2], direction: Direction) -> &T {
    match direction {
        Direction::Forward => forward,
        Direction::Reverse => reverse,
    }
}

/// The same, to be changed.
#[inline]
pub(super) fn of_mut<T>([forward, reverse]: &mut [T; 2], direction: Direction) -> &mut T {
    match direction {
        Direction::Forward => forward,
        Direction::Reverse => reverse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_small() {
        assert_eq!(size_of::<Flow>(), 128);
        assert_eq!(size_of::<Option<Flow>>(), 128);
        assert!(size_of::<Cold>() <= 88, "{}", size_of::<Cold>());
        assert!(size_of::<TransportFacts>() <= 568, "{}", size_of::<TransportFacts>());
    }
}
