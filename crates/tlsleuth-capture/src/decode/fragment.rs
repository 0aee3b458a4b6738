//! IP fragments, held until their packet is complete.
//!
//! Of bytes that come twice the first are taken, so an overlap can never change what was seen, nor
//! reach beyond what was sent (teardrop). Hosts differ in this; RFC 5722 has IPv6 drop the packet,
//! and RFC 791 lets the later bytes win.

use std::collections::{HashMap, VecDeque};

use super::Context;
use crate::stats::FragmentStats;
use crate::{Address, Limits, Timestamp, TunnelId};

/// The largest packet that fragments can make: 65,535 bytes (RFC 791 §3.1).
const MAX_PACKET_BYTES: usize = 65_535;

/// What a fragment costs besides its bytes, so that a flood of empty ones is bounded too.
const OVERHEAD_BYTES: usize = 64;

/// One fragment of a packet.
pub(super) struct Fragment<'f> {
    /// The identification: 16 bits in IPv4, 32 in IPv6.
    pub(super) id: u32,
    /// What the packet holds. In IPv6 the first fragment decides.
    pub(super) protocol: u8,
    pub(super) ipv6: bool,
    /// Where its bytes belong.
    pub(super) offset: usize,
    /// Whether there are fragments behind it.
    pub(super) more: bool,
    pub(super) payload: &'f [u8],
}

/// What became of a fragment.
pub(super) enum Pushed {
    /// Others are still missing.
    Held,
    /// It cannot belong to a packet.
    Refused,
    /// It was the last one. The time to live is that of the first fragment.
    Complete { payload: Vec<u8>, protocol: u8, ttl: u8 },
}

/// What fragments of one packet have in common (RFC 791 §3.2, RFC 8200 §4.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Key {
    source: Address,
    destination: Address,
    id: u32,
    /// In IPv4 only: in IPv6 it may differ between fragments.
    protocol: u8,
    tunnel: TunnelId,
}

#[derive(Debug)]
struct Packet {
    /// Pieces that do not overlap, in order.
    pieces: Vec<Piece>,
    /// The length, once the last fragment was seen.
    len: Option<usize>,
    first: Option<(u8, u8)>,
    started: Timestamp,
    serial: u64,
}

#[derive(Debug)]
struct Piece {
    offset: usize,
    bytes: Vec<u8>,
}

impl Piece {
    fn end(&self) -> usize {
        self.offset.saturating_add(self.bytes.len())
    }
}

/// All incomplete packets.
#[derive(Debug)]
pub(super) struct Fragments {
    packets: HashMap<Key, Packet, foldhash::fast::RandomState>,
    /// By age. Entries of packets that are gone stay until it is their turn.
    queue: VecDeque<(Key, u64)>,
    serial: u64,
    held: usize,
    bytes: usize,
    max_fragments: usize,
    max_bytes: usize,
    timeout_ns: i64,
    stats: FragmentStats,
}

impl Fragments {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            packets: HashMap::default(),
            queue: VecDeque::new(),
            serial: 0,
            held: 0,
            bytes: 0,
            max_fragments: limits.max_fragments,
            max_bytes: limits.max_fragment_bytes,
            timeout_ns: limits.fragment_timeout_ns,
            stats: FragmentStats::default(),
        }
    }

    pub(super) fn stats(&self) -> FragmentStats {
        self.stats
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes a fragment; `context` says whose it is and when it came.
    pub(super) fn push(&mut self, fragment: &Fragment<'_>, context: &Context) -> Pushed {
        let now = context.place.time;
        self.expire(now);
        let end = fragment.offset.saturating_add(fragment.payload.len());
        // All but the last must end where another can begin (RFC 8200 §4.5).
        let aligned = !fragment.more || fragment.payload.len().is_multiple_of(8);
        if context.ip.cut > 0 || end > MAX_PACKET_BYTES || !aligned || fragment.payload.is_empty() {
            self.stats.refused = self.stats.refused.saturating_add(1);
            return Pushed::Refused;
        }
        let key = Key {
            source: context.ip.source,
            destination: context.ip.destination,
            id: fragment.id,
            protocol: if fragment.ipv6 { 0 } else { fragment.protocol },
            tunnel: context.tunnel,
        };
        if !self.packets.contains_key(&key) {
            self.serial = self.serial.wrapping_add(1);
            self.queue.push_back((key, self.serial));
        }
        let serial = self.serial;
        let packet = self.packets.entry(key).or_insert_with(|| Packet {
            pieces: Vec::new(),
            len: None,
            first: None,
            started: now,
            serial,
        });
        let known_end = packet.pieces.last().map_or(0, Piece::end);
        let contradicts = packet.len.is_some_and(|len| end > len || (!fragment.more && end != len))
            || (!fragment.more && end < known_end);
        if contradicts {
            self.stats.refused = self.stats.refused.saturating_add(1);
            return Pushed::Refused;
        }
        if !fragment.more {
            packet.len = Some(end);
        }
        if fragment.offset == 0 && packet.first.is_none() {
            packet.first = Some((fragment.protocol, context.ip.ttl));
        }
        let (added, overlaps) = packet.add(fragment);
        self.held = self.held.saturating_add(added.pieces);
        self.bytes = self.bytes.saturating_add(added.cost());
        self.stats.overlaps = self.stats.overlaps.saturating_add(overlaps.into());
        if let Some((protocol, ttl)) = packet.complete() {
            let payload = self.remove(&key).map(Packet::payload).unwrap_or_default();
            self.stats.completed = self.stats.completed.saturating_add(1);
            return Pushed::Complete { payload, protocol, ttl };
        }
        while self.held > self.max_fragments || self.bytes > self.max_bytes {
            if !self.drop_oldest() {
                break;
            }
            self.stats.evicted = self.stats.evicted.saturating_add(1);
        }
        Pushed::Held
    }

    /// Gives up packets that wait for too long.
    fn expire(&mut self, now: Timestamp) {
        while let Some((key, serial)) = self.queue.front() {
            let waiting = self.packets.get(key).filter(|packet| packet.serial == *serial);
            if waiting.is_some_and(|packet| now.since(packet.started) <= self.timeout_ns) {
                return;
            }
            let late = waiting.is_some();
            self.drop_oldest();
            self.stats.timed_out = self.stats.timed_out.saturating_add(late.into());
        }
    }

    /// Drops the packet that is first in the queue, if it is still there; `false` when the queue
    /// is empty.
    fn drop_oldest(&mut self) -> bool {
        let Some((key, serial)) = self.queue.pop_front() else { return false };
        if self.packets.get(&key).is_some_and(|packet| packet.serial == serial) {
            self.remove(&key);
        }
        true
    }

    fn remove(&mut self, key: &Key) -> Option<Packet> {
        let packet = self.packets.remove(key)?;
        let added = packet.pieces.iter().fold(Added::default(), |sum, piece| Added {
            pieces: sum.pieces.saturating_add(1),
            bytes: sum.bytes.saturating_add(piece.bytes.len()),
        });
        self.held = self.held.saturating_sub(added.pieces);
        self.bytes = self.bytes.saturating_sub(added.cost());
        Some(packet)
    }
}

/// What a fragment brought that was not there before.
#[derive(Clone, Copy, Default)]
struct Added {
    pieces: usize,
    bytes: usize,
}

impl Added {
    fn cost(self) -> usize {
        self.bytes.saturating_add(self.pieces.saturating_mul(OVERHEAD_BYTES))
    }
}

impl Packet {
    /// Adds the bytes that are not there yet; tells also whether some were.
    fn add(&mut self, fragment: &Fragment<'_>) -> (Added, bool) {
        let end = fragment.offset.saturating_add(fragment.payload.len());
        let mut added = Added::default();
        let mut overlaps = false;
        let mut from = fragment.offset;
        // The first piece that ends behind our start; the pieces are in order.
        let mut index = self.pieces.partition_point(|piece| piece.end() <= from);
        while from < end {
            let next = self.pieces.get(index).map_or(end, |piece| piece.offset.min(end));
            if from < next {
                let range = from.wrapping_sub(fragment.offset)..next.wrapping_sub(fragment.offset);
                let bytes = fragment.payload.get(range).unwrap_or_default().to_vec();
                added.pieces = added.pieces.saturating_add(1);
                added.bytes = added.bytes.saturating_add(bytes.len());
                self.pieces.insert(index, Piece { offset: from, bytes });
                index = index.saturating_add(1);
            }
            match self.pieces.get(index) {
                Some(piece) if piece.offset < end => {
                    overlaps = true;
                    from = piece.end();
                    index = index.saturating_add(1);
                }
                _ => break,
            }
        }
        (added, overlaps)
    }

    /// The protocol and the time to live, once nothing is missing.
    fn complete(&self) -> Option<(u8, u8)> {
        let len = self.len?;
        let whole = self
            .pieces
            .iter()
            .try_fold(0, |reached, piece| (piece.offset == reached).then(|| piece.end()))?;
        self.first.filter(|_| whole == len)
    }

    fn payload(self) -> Vec<u8> {
        self.pieces.into_iter().flat_map(|piece| piece.bytes).collect()
    }
}
