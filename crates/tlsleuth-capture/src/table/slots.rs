//! The entries of all flows, and the way from a key to its entry.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::entry::Flow;
use crate::flow::FlowKey;

/// Entries that are allocated at once. A list in pieces grows without being copied, so that a
/// million flows never need the room of two lists.
const CHUNK: usize = 256;

/// The entries, by a number that stays the same while the flow is followed.
pub(super) struct Slots {
    chunks: Vec<Box<[Option<Flow>]>>,
    free: Vec<u32>,
    /// A bit for each number in use: of a million, who looks for the next flow skips those that left
    /// without touching them.
    used: Vec<u64>,
    /// Numbers given out so far: those in use, and those in `free`.
    given: u32,
    index: HashTable<u32>,
    /// With a seed of its own each run, so that nobody can choose addresses that collide.
    hasher: RandomState,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self {
            chunks: Vec::new(),
            free: Vec::new(),
            used: Vec::new(),
            given: 0,
            index: HashTable::new(),
            hasher: RandomState::default(),
        }
    }

    /// Flows held.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// One above the highest number in use.
    pub(super) fn end(&self) -> u32 {
        self.given
    }

    /// The next number in use, from `from` on.
    pub(super) fn next_used(&self, from: u32) -> Option<u32> {
        let (mut index, bit) = word(from);
        let mut bits = self.used.get(index)? & (u64::MAX << bit);
        while bits == 0 {
            index = index.wrapping_add(1);
            bits = *self.used.get(index)?;
        }
        u32::try_from(index).ok()?.checked_mul(64)?.checked_add(bits.trailing_zeros())
    }

    #[inline]
    pub(super) fn hash(&self, key: &FlowKey) -> u64 {
        self.hasher.hash_one(key)
    }

    #[inline]
    pub(super) fn find(&self, hash: u64, key: &FlowKey) -> Option<u32> {
        let chunks = &self.chunks;
        let found =
            self.index.find(hash, |&slot| at(chunks, slot).is_some_and(|flow| flow.key == *key));
        found.copied()
    }

    #[inline]
    pub(super) fn get(&self, slot: u32) -> Option<&Flow> {
        at(&self.chunks, slot)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Flow> {
        let (chunk, place) = split(slot);
        self.chunks.get_mut(chunk)?.get_mut(place)?.as_mut()
    }

    /// Takes a flow in; `None` when there are as many as numbers.
    pub(super) fn insert(&mut self, hash: u64, flow: Flow) -> Option<u32> {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = self.given;
                self.given = slot.checked_add(1)?;
                if split(slot).0 >= self.chunks.len() {
                    let mut chunk = Vec::new();
                    chunk.resize_with(CHUNK, || None);
                    self.chunks.push(chunk.into_boxed_slice());
                }
                slot
            }
        };
        let (chunk, place) = split(slot);
        *self.chunks.get_mut(chunk)?.get_mut(place)? = Some(flow);
        let (index, bit) = word(slot);
        if self.used.len() <= index {
            self.used.push(0);
        }
        if let Some(bits) = self.used.get_mut(index) {
            *bits |= 1 << bit;
        }
        let (chunks, hasher) = (&self.chunks, &self.hasher);
        self.index.insert_unique(hash, slot, |&slot| {
            at(chunks, slot).map_or(0, |flow| hasher.hash_one(flow.key))
        });
        Some(slot)
    }

    /// Takes a flow out; its number may be given to another one.
    pub(super) fn remove(&mut self, slot: u32) -> Option<Flow> {
        let (chunk, place) = split(slot);
        let flow = self.chunks.get_mut(chunk)?.get_mut(place)?.take()?;
        let hash = self.hasher.hash_one(flow.key);
        if let Ok(found) = self.index.find_entry(hash, |&other| other == slot) {
            found.remove();
        }
        let (index, bit) = word(slot);
        if let Some(bits) = self.used.get_mut(index) {
            *bits &= !(1 << bit);
        }
        self.free.push(slot);
        Some(flow)
    }
}

/// Which word of the bits, and which bit of it.
fn word(slot: u32) -> (usize, u32) {
    (usize::try_from(slot / 64).unwrap_or(usize::MAX), slot % 64)
}

/// Which piece of the list, and which entry of it.
#[inline]
fn split(slot: u32) -> (usize, usize) {
    let slot = usize::try_from(slot).unwrap_or(usize::MAX);
    (slot / CHUNK, slot % CHUNK)
}

#[inline]
fn at(chunks: &[Box<[Option<Flow>]>], slot: u32) -> Option<&Flow> {
    let (chunk, place) = split(slot);
    chunks.get(chunk)?.get(place)?.as_ref()
}
