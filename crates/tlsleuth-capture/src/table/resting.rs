//! Flows of which nothing comes for a while are packed, so that many more of them can be followed.
//!
//! A table within [`Limits::max_awake_bytes`](crate::Limits::max_awake_bytes) has none: only beyond it
//! the flows that are awake are put in a row, and those that are idle leave it at its front.

use std::collections::VecDeque;

use super::FlowTable;
use super::cold::Cold;
use super::entry::Flow;
use super::stages::NumberSet;
use crate::Sequence;
use crate::packed::{Pack, Packed, Packer};
use crate::stream::{FlowId, StreamSink};

/// Flows that are looked at after a segment, at most.
const LOOKED_AT: u32 = 8;

/// How many that left may be among those that are awake, beside as many as are followed.
const SPARE: usize = 1_024;

/// The flows that rest.
#[derive(Default)]
pub(super) struct Resting {
    packer: Packer,
    /// By slot.
    packed: Vec<Option<Packed>>,
    /// Those of them whose connection opened: for how long they may be idle depends on it.
    opened: NumberSet,
    /// Bytes of what is packed.
    bytes: usize,
    /// The others that could, by slot and serial, those that woke first at the front. Nobody is put
    /// here before the limit is reached for the first time.
    awake: VecDeque<(u32, u32)>,
    has_begun: bool,
}

impl Resting {
    /// Bytes that the packed flows take, and their places.
    #[inline]
    pub(super) fn bytes(&self) -> usize {
        if !self.has_begun {
            return 0;
        }
        let places = self.packed.len() * size_of::<Option<Packed>>();
        self.bytes.saturating_add(places).saturating_add(self.packer.shared_bytes())
    }

    /// How many are listed as awake, some that left included.
    #[cfg(test)]
    pub(super) fn awake(&self) -> usize {
        self.awake.len()
    }

    /// Whether a flow rests whose connection opened.
    pub(super) fn has_opened(&self, slot: u32) -> bool {
        self.opened.has(slot)
    }

    fn take(&mut self, slot: u32) -> Option<Packed> {
        let packed = self.packed.get_mut(usize::try_from(slot).ok()?)?.take()?;
        self.bytes = self.bytes.saturating_sub(packed.bytes());
        self.opened.remove(slot);
        Some(packed)
    }

    fn put(&mut self, slot: u32, packed: Packed, opened: bool) {
        let Ok(index) = usize::try_from(slot) else { return };
        if self.packed.len() <= index {
            self.packed.resize_with(index.saturating_add(1), || None);
        }
        self.bytes = self.bytes.saturating_add(packed.bytes());
        if opened {
            self.opened.insert(slot);
        }
        if let Some(place) = self.packed.get_mut(index) {
            *place = Some(packed);
        }
    }
}

impl FlowTable {
    /// Notes that there is something of a flow that can be packed.
    #[inline]
    pub(super) fn woke(&mut self, slot: u32, serial: u32) {
        if self.resting.has_begun {
            self.resting.awake.push_back((slot, serial));
            if self.resting.awake.len() > 2 * self.slots.len() + SPARE {
                self.forget_those_that_left();
            }
        }
    }

    #[cold]
    fn forget_those_that_left(&mut self) {
        let slots = &self.slots;
        let is_here = |slot, serial| slots.get(slot).is_some_and(|flow| flow.serial == serial);
        self.resting.awake.retain(|(slot, serial)| is_here(*slot, *serial));
    }

    /// Makes a flow that rests whole again, before anything is done with it.
    #[inline]
    pub(super) fn wake(&mut self, slot: u32, sink: &mut impl StreamSink) {
        if self.resting.bytes > 0
            && let Some(packed) = self.resting.take(slot)
        {
            self.unpack(slot, packed, sink);
        }
    }

    #[cold]
    fn unpack(&mut self, slot: u32, packed: Packed, sink: &mut impl StreamSink) {
        let Some(flow) = self.slots.get_mut(slot) else { return };
        let before = flow.bytes();
        let ends = Some(flow.key.ends());
        flow.cold = self.resting.packer.unpack(ends, packed, |from| {
            let cold = Cold::unpack(from);
            sink.wake(FlowId(slot), from);
            debug_assert!(cold.is_some(), "what was packed is what is unpacked");
            cold.map(Box::new)
        });
        self.held.entry(before, flow.bytes());
        self.held.marks_of(flow);
        let serial = flow.serial;
        self.woke(slot, serial);
    }

    /// Packs flows while more is awake than may be.
    #[cold]
    pub(super) fn make_rest(&mut self, now: Sequence, sink: &mut impl StreamSink) {
        let awake = self.held.total().saturating_add(sink.held_bytes());
        let entries = self.slots.len() * size_of::<Flow>();
        if awake.saturating_sub(entries) > self.limits.max_awake_bytes {
            self.rest_some(now, sink);
        }
    }

    #[cold]
    fn rest_some(&mut self, now: Sequence, sink: &mut impl StreamSink) {
        if !self.resting.has_begun {
            self.resting.has_begun = true;
            for slot in 0..self.slots.end() {
                if let Some(flow) = self.slots.get(slot).filter(|flow| flow.cold.is_some()) {
                    self.resting.awake.push_back((slot, flow.serial));
                }
            }
        }
        // Idle is of which nothing came while half as many frames came as there are flows awake:
        // that holds for slow captures and fast ones.
        let patience = self.resting.awake.len() / 2;
        for _ in 0..LOOKED_AT {
            let Some((slot, serial)) = self.resting.awake.pop_front() else { return };
            let Some(flow) = self.slots.get_mut(slot).filter(|flow| flow.serial == serial) else {
                continue;
            };
            let frames = now.number().wrapping_sub(flow.last.sequence.number());
            if flow.waits() || usize::try_from(frames).unwrap_or(usize::MAX) < patience {
                self.resting.awake.push_back((slot, serial));
                continue;
            }
            self.rest(slot, sink);
        }
    }

    fn rest(&mut self, slot: u32, sink: &mut impl StreamSink) {
        let Some(flow) = self.slots.get_mut(slot) else { return };
        let before = flow.bytes();
        self.held.without_marks_of(flow);
        let Some(cold) = flow.cold.take() else { return };
        let opened = cold.opened();
        let packer = self.resting.packer.between(flow.key.ends());
        cold.pack(packer);
        sink.rest(FlowId(slot), packer);
        let packed = packer.finish();
        self.held.entry(before, flow.bytes());
        self.resting.put(slot, packed, opened);
    }
}
