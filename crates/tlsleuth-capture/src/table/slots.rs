//! The entries of all flows, and the way from a key to its entry.

use std::hash::BuildHasher;
use std::hint::black_box;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::entry::Flow;
use super::stages::{NumberSet, Stage, Stages};
use crate::flow::FlowKey;

/// Entries that are allocated at once. A list in pieces grows without being copied, so that a
/// million flows never need the room of two lists.
const CHUNK: usize = 256;

/// `None` is a piece that is not needed yet, or not any more.
type Chunks = Vec<Option<Box<[Option<Flow>; CHUNK]>>>;

/// The entries, by a number that stays the same while the flow is followed.
pub(super) struct Slots {
    chunks: Chunks,
    free: Vec<u32>,
    /// The numbers in use: of a million, who looks for the next flow skips those that left without
    /// touching them.
    used: NumberSet,
    /// The same by stage.
    stages: Stages,
    /// Nothing comes any more: pieces of the list are given back when they are empty.
    closing: bool,
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
            used: NumberSet::default(),
            stages: Stages::default(),
            closing: false,
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
        self.used.next(from)
    }

    /// Notes that a flow has come further.
    pub(super) fn set_stage(&mut self, slot: u32, stage: Stage) {
        self.stages.remove(slot);
        self.stages.insert(stage, slot);
    }

    /// By stage, which flow is the next one to look at when one has to leave.
    pub(super) fn stages(&mut self) -> &mut Stages {
        &mut self.stages
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

    /// Loads where a flow is found by its key, for who needs it soon.
    pub(super) fn touch(&self, key: &FlowKey) {
        black_box(self.index.find(self.hash(key), |_| true));
    }

    #[inline]
    pub(super) fn get(&self, slot: u32) -> Option<&Flow> {
        at(&self.chunks, slot)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Flow> {
        let (chunk, place) = split(slot);
        self.chunks.get_mut(chunk)?.as_mut()?.get_mut(place)?.as_mut()
    }

    /// Takes a flow in; `None` when there are as many as numbers.
    pub(super) fn insert(&mut self, hash: u64, flow: Flow) -> Option<u32> {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = self.given;
                self.given = slot.checked_add(1)?;
                if split(slot).0 >= self.chunks.len() {
                    self.chunks.push(None);
                }
                slot
            }
        };
        let (chunk, place) = split(slot);
        let chunk = self.chunks.get_mut(chunk)?;
        if chunk.is_none() {
            let empty: Box<[Option<Flow>]> = (0..CHUNK).map(|_| None).collect();
            *chunk = empty.try_into().ok();
        }
        let stage = flow.stage();
        *chunk.as_mut()?.get_mut(place)? = Some(flow);
        self.used.insert(slot);
        self.stages.insert(stage, slot);
        let (chunks, hasher) = (&self.chunks, &self.hasher);
        self.index.insert_unique(hash, slot, |&slot| {
            at(chunks, slot).map_or(0, |flow| hasher.hash_one(flow.key))
        });
        Some(slot)
    }

    /// Takes a flow out; its number may be given to another one.
    pub(super) fn remove(&mut self, slot: u32) -> Option<Flow> {
        let (chunk, place) = split(slot);
        let flow = self.chunks.get_mut(chunk)?.as_mut()?.get_mut(place)?.take()?;
        let hash = self.hasher.hash_one(flow.key);
        if let Ok(found) = self.index.find_entry(hash, |&other| other == slot) {
            found.remove();
        }
        self.used.remove(slot);
        self.stages.remove(slot);
        self.free.push(slot);
        if self.closing
            && let Ok(first) = u32::try_from(chunk * CHUNK)
            && self.used.next(first).is_none_or(|next| split(next).0 != chunk)
            && let Some(chunk) = self.chunks.get_mut(chunk)
        {
            *chunk = None;
        }
        Some(flow)
    }

    /// No flow is taken in any more.
    pub(super) fn close(&mut self) {
        self.closing = true;
    }
}

/// Which piece of the list, and which entry of it.
#[inline]
fn split(slot: u32) -> (usize, usize) {
    let slot = usize::try_from(slot).unwrap_or(usize::MAX);
    (slot / CHUNK, slot % CHUNK)
}

#[inline]
fn at(chunks: &Chunks, slot: u32) -> Option<&Flow> {
    let (chunk, place) = split(slot);
    chunks.get(chunk)?.as_ref()?.get(place)?.as_ref()
}
