//! IP fragments, held until their packet is complete.
//!
//! Of bytes that come twice the first are taken, so an overlap can never change what was seen, nor
//! reach beyond what was sent (teardrop). Hosts differ in this; RFC 5722 has IPv6 drop the packet,
//! and RFC 791 lets the later bytes win.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::Context;
use crate::stats::FragmentStats;
use crate::{Address, Limits, Timestamp, TunnelId};

/// The largest packet that fragments can make: 65,535 bytes (RFC 791 §3.1).
const MAX_PACKET_BYTES: usize = 65_535;

/// What a piece costs besides its bytes, so that a flood of small ones is bounded too.
const OVERHEAD_BYTES: usize = 96;

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
    /// Pieces that do not overlap, by offset.
    pieces: BTreeMap<usize, Vec<u8>>,
    /// Bytes in them.
    bytes: usize,
    /// The length, once the last fragment was seen.
    len: Option<usize>,
    /// The protocol and the time to live of the first fragment.
    first: Option<(u8, u8)>,
    started: Timestamp,
    serial: u64,
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
            self.tidy();
        }
        let serial = self.serial;
        let packet = self.packets.entry(key).or_insert_with(|| Packet {
            pieces: BTreeMap::new(),
            bytes: 0,
            len: None,
            first: None,
            started: now,
            serial,
        });
        let last = packet.pieces.last_key_value();
        let known_end = last.map_or(0, |(offset, bytes)| offset.saturating_add(bytes.len()));
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
            let Some(evicted) = self.drop_oldest() else { break };
            self.stats.evicted = self.stats.evicted.saturating_add(evicted.into());
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
            let late = self.drop_oldest().unwrap_or(false);
            self.stats.timed_out = self.stats.timed_out.saturating_add(late.into());
        }
    }

    /// Takes the first entry off the queue; tells whether a packet was dropped with it, for it may
    /// be gone already. `None` when the queue is empty.
    fn drop_oldest(&mut self) -> Option<bool> {
        let (key, serial) = self.queue.pop_front()?;
        let held = self.packets.get(&key).is_some_and(|packet| packet.serial == serial);
        if held {
            self.remove(&key);
        }
        Some(held)
    }

    /// Takes packets that are gone out of the queue when they are the larger part of it.
    fn tidy(&mut self) {
        if self.queue.len() > self.packets.len().saturating_mul(2).saturating_add(1_024) {
            let packets = &self.packets;
            self.queue.retain(|(key, serial)| {
                packets.get(key).is_some_and(|packet| packet.serial == *serial)
            });
        }
    }

    fn remove(&mut self, key: &Key) -> Option<Packet> {
        let packet = self.packets.remove(key)?;
        let added = Added { pieces: packet.pieces.len(), bytes: packet.bytes };
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
        let mut from = fragment.offset;
        let mut overlaps = false;
        let before = self.pieces.range(..from).next_back();
        let before = before.map_or(0, |(offset, bytes)| offset.saturating_add(bytes.len()));
        if before > from {
            overlaps = true;
            from = before;
        }
        while from < end {
            let next = self.pieces.range(from..end).next();
            let (next_start, next_end) = next.map_or((end, end), |(offset, bytes)| {
                overlaps = true;
                (*offset, offset.saturating_add(bytes.len()))
            });
            if from < next_start {
                let range =
                    from.wrapping_sub(fragment.offset)..next_start.wrapping_sub(fragment.offset);
                let bytes = fragment.payload.get(range).unwrap_or_default().to_vec();
                added.pieces = added.pieces.saturating_add(1);
                added.bytes = added.bytes.saturating_add(bytes.len());
                self.pieces.insert(from, bytes);
            }
            from = next_end;
        }
        self.bytes = self.bytes.saturating_add(added.bytes);
        (added, overlaps)
    }

    /// The protocol and the time to live, once nothing is missing: pieces do not overlap and do not
    /// reach beyond the length.
    fn complete(&self) -> Option<(u8, u8)> {
        self.first.filter(|_| self.len == Some(self.bytes))
    }

    fn payload(self) -> Vec<u8> {
        self.pieces.into_values().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{decode_all, hex, ipv6, packet, tcp};
    use super::*;
    use crate::LinkType;

    /// Bytes `range` of the payload of [`packet`], as a fragment.
    fn fragment(range: std::ops::Range<usize>, more: bool) -> Vec<u8> {
        let whole = packet();
        let mut fragment = whole[..20].to_vec();
        fragment[3] = u8::try_from(20 + range.len()).unwrap();
        fragment[6] = u8::from(more) << 5;
        fragment[7] = u8::try_from(range.start / 8).unwrap();
        fragment.extend(&whole[20..][range]);
        fragment
    }

    #[test]
    fn fragments_in_any_order() {
        let (a, b, c) = (fragment(0..8, true), fragment(8..16, true), fragment(16..22, false));
        let plain = "Fragment; Fragment; tcp 10.0.0.1:1000 > 10.0.0.2:443 hi";
        for order in [[&a, &b, &c], [&c, &b, &a], [&b, &c, &a]] {
            assert_eq!(decode_all(LinkType::RAW, &order.map(Clone::clone)), plain);
        }
    }

    #[test]
    fn the_first_bytes_win_and_nothing_reaches_beyond() {
        let mut other = fragment(8..16, true);
        other[20..].fill(0xee);
        let frames = [fragment(0..16, true), other, fragment(16..22, false)];
        let plain = "Fragment; Fragment; tcp 10.0.0.1:1000 > 10.0.0.2:443 hi";
        assert_eq!(decode_all(LinkType::RAW, &frames), plain);
        // One that ends at another place than the last.
        let frames = [fragment(16..22, false), fragment(8..16, false), fragment(16..22, false)];
        assert_eq!(decode_all(LinkType::RAW, &frames), "Fragment; Undecodable(Fragment); Fragment");
    }

    #[test]
    fn a_cut_fragment_is_refused() {
        let mut cut = fragment(0..16, true);
        cut.pop();
        assert_eq!(decode_all(LinkType::RAW, &[cut]), "Undecodable(Fragment)");
    }

    #[test]
    fn ipv6_fragments() {
        let piece = |offset: &str, bytes: &[u8]| {
            ipv6(44, &[&hex(&format!("06 00 {offset} 00000009")), bytes].concat())
        };
        let segment = tcp();
        let frames = [piece("0010", &segment[16..]), piece("0001", &segment[..16])];
        assert_eq!(
            decode_all(LinkType::RAW, &frames),
            "Fragment; tcp [2001:db8::1]:1000 > [2001:db8::2]:443 hi"
        );
    }

    #[test]
    fn the_queue_and_the_bytes_stay_bounded() {
        let mut fragments = Fragments::new(&Limits {
            max_fragments: 100,
            max_fragment_bytes: 20_000,
            ..Limits::default()
        });
        let context = |source: u32| Context {
            place: crate::Place::default(),
            cut: 0,
            tunnel: TunnelId::NONE,
            depth: 0,
            ip: crate::decode::IpFacts {
                source: Address::from(std::net::Ipv4Addr::from(source)),
                destination: Address::v4([0; 4]),
                ttl: 1,
                id: None,
                cut: 0,
            },
        };
        for source in 0..20_000 {
            let first = Fragment {
                id: 1,
                protocol: 6,
                ipv6: false,
                offset: 0,
                more: true,
                payload: &[0; 16],
            };
            assert!(matches!(fragments.push(&first, &context(source)), Pushed::Held));
            // All but some are completed at once.
            if source % 4 != 0 {
                let last = Fragment { offset: 16, more: false, ..first };
                let pushed = fragments.push(&last, &context(source));
                assert!(matches!(pushed, Pushed::Complete { payload, .. } if payload.len() == 32));
            }
            assert!(fragments.bytes() <= 20_000 && fragments.held <= 100);
            assert!(fragments.queue.len() <= 1_300, "{}", fragments.queue.len());
        }
        assert_eq!(fragments.stats().evicted + fragments.packets.len() as u64, 5_000);
        while fragments.drop_oldest().is_some() {}
        assert_eq!((fragments.bytes(), fragments.held, fragments.packets.len()), (0, 0, 0));
    }

    proptest! {
        /// However the packet is cut, repeated and shuffled, the same comes out, once.
        #[test]
        fn any_cuts(
            order in Just((0..3_usize).collect::<Vec<_>>()).prop_shuffle(),
            repeat in 0..3_usize,
        ) {
            let pieces = [fragment(0..8, true), fragment(8..16, true), fragment(16..22, false)];
            let mut frames: Vec<_> = order.iter().map(|index| pieces[*index].clone()).collect();
            // Before the last one, which completes the packet.
            frames.insert(repeat.min(1), frames[repeat.min(1)].clone());
            let found = decode_all(LinkType::RAW, &frames);
            prop_assert_eq!(found, "Fragment; Fragment; Fragment; tcp 10.0.0.1:1000 > 10.0.0.2:443 hi");
        }
    }
}
