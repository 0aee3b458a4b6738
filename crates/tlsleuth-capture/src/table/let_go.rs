//! Marks of flows that left the table while they went on: what comes of them later must not look like
//! new connections that were joined on the way.

use std::hash::BuildHasher;
use std::hint::black_box;

use foldhash::fast::FixedState;

use super::entry::{Base, Flow};
use crate::flow::FlowKey;
use crate::stream::Direction;
use crate::{Segment, SeqNumber, TcpFlags};

/// Marks in one bucket, as many as a cache line takes. In a full bucket the newest takes the place of
/// the oldest.
const WAYS: usize = 8;

/// Buckets at first, and when a quarter of these is used, at once: of more flows that leave there are
/// mostly many more. 1 MiB, then 16 MiB, 2 million marks.
const FIRST_BUCKETS: usize = 1 << 14;
const MOST_BUCKETS: usize = 1 << 18;

/// A mark is the upper bits of the hash of a flow's key, by which its bucket is found too, and below
/// them [`opening`] in so many bits. What is left of the hash beside the largest bucket's number is
/// enough: by chance one in 8 million new flows that begin without a SYN is taken for one of these.
const OPENING_BITS: u32 = 20;
const OPENING: u64 = (1 << OPENING_BITS) - 1;

/// Marks, allocated when the first flow is let go.
#[derive(Default)]
pub(super) struct LetGo {
    buckets: Vec<[u64; WAYS]>,
    len: usize,
    /// The same each run: which marks are forgotten shows in the report. Who chooses addresses that
    /// collide only has flows of his own forgotten, or taken for such.
    hasher: FixedState,
}

impl LetGo {
    /// Bytes that the marks take.
    pub(super) fn bytes(&self) -> usize {
        self.buckets.len() * size_of::<[u64; WAYS]>()
    }

    /// Marks a flow that leaves.
    pub(super) fn insert(&mut self, flow: &Flow) {
        let hash = self.hasher.hash_one(flow.key);
        let first = flow.half(Direction::Forward);
        let isn = SeqNumber(first.base.0.wrapping_sub(1));
        let opening = if first.base_known == Base::Syn { opening(isn) } else { 0 };
        if self.buckets.is_empty() {
            self.buckets.resize(FIRST_BUCKETS, [0; WAYS]);
        } else if self.len > self.buckets.len() * WAYS / 4 && self.buckets.len() < MOST_BUCKETS {
            self.grow();
        }
        self.put(hash & !OPENING | opening);
    }

    /// Whether a segment belongs to a flow that was let go. The mark of one whose ports are used again
    /// is taken away.
    pub(super) fn has(&mut self, key: &FlowKey, segment: &Segment<'_>) -> bool {
        if self.len == 0 {
            return false;
        }
        let hash = self.hasher.hash_one(key);
        let Some(bucket) = self.bucket(hash) else { return false };
        let found = which(bucket, |mark| mark != 0 && (mark ^ hash) >> OPENING_BITS == 0);
        let Some(mark) = bucket.get_mut(found) else { return false };
        let isn = if !segment.flags.has(TcpFlags::SYN) {
            None
        } else if segment.flags.has(TcpFlags::ACK) {
            Some(SeqNumber(segment.ack.0.wrapping_sub(1)))
        } else {
            Some(segment.seq)
        };
        let belongs = isn.is_none_or(|isn| *mark & OPENING == opening(isn));
        if !belongs || is_fatal_alert(segment) {
            *mark = 0;
            self.len = self.len.saturating_sub(1);
            return false;
        }
        true
    }

    /// Loads where the mark of a flow is, or would be, for who needs it soon.
    #[inline]
    pub(super) fn touch(&self, key: &FlowKey) {
        if self.len > 0 {
            let bucket = self.index(self.hasher.hash_one(key)).and_then(|at| self.buckets.get(at));
            black_box(bucket.map(|[first, ..]| *first));
        }
    }

    fn bucket(&mut self, hash: u64) -> Option<&mut [u64; WAYS]> {
        let index = self.index(hash)?;
        self.buckets.get_mut(index)
    }

    #[inline]
    fn index(&self, hash: u64) -> Option<usize> {
        // The number of buckets is a power of two.
        let mask = (self.buckets.len() as u64).checked_sub(1)?;
        usize::try_from(hash >> OPENING_BITS & mask).ok()
    }

    fn put(&mut self, mark: u64) {
        let Some(bucket) = self.bucket(mark) else { return };
        let free = which(bucket, |held| held == 0);
        // The newest first: those before the free place move on, or before the last one.
        let mut moved = mark;
        for (nth, held) in bucket.iter_mut().enumerate() {
            let stays = *held;
            *held = if nth <= free { moved } else { stays };
            moved = stays;
        }
        self.len += usize::from(free < WAYS);
    }

    fn grow(&mut self) {
        let most = vec![[0; WAYS]; MOST_BUCKETS];
        let old = std::mem::replace(&mut self.buckets, most);
        self.len = 0;
        for mark in old.iter().flat_map(|bucket| bucket.iter().rev()).filter(|mark| **mark != 0) {
            self.put(*mark);
        }
    }
}

/// The first mark of a bucket that is meant; `WAYS` if none is.
///
/// All are looked at, without a branch: a bucket is rarely in the processor's caches, and one that
/// guessed wrong where to stop would do nothing else until it comes.
#[inline]
fn which(bucket: &[u64; WAYS], is_meant: impl Fn(u64) -> bool) -> usize {
    let bits = bucket.iter().rev().fold(0_u32, |bits, mark| bits << 1 | u32::from(is_meant(*mark)));
    // One bit above the others stands for none.
    usize::try_from((bits | 1 << WAYS).trailing_zeros()).unwrap_or(WAYS)
}

/// What tells one connection from the next of the same ports: its first SYN's number, folded; never 0,
/// which stands for a flow whose SYN was not seen.
fn opening(isn: SeqNumber) -> u64 {
    (u64::from(isn.0 ^ isn.0 >> OPENING_BITS) & OPENING).max(1)
}

/// Whether a segment begins with a fatal alert in clear (RFC 5246 §7.2): why a connection failed is
/// told even of one that was let go.
fn is_fatal_alert(segment: &Segment<'_>) -> bool {
    matches!(segment.payload, [21, 3, _, 0, 2, 2, _, ..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Address, Endpoint, Place, TunnelId};

    fn segment(number: u32, flags: u8, seq: u32) -> Segment<'static> {
        let end = |address, port| Endpoint { address: Address::v4(address), port };
        Segment {
            place: Place::default(),
            source: end(number.to_be_bytes(), 50_000),
            destination: end([192, 0, 2, 1], 443),
            tunnel: TunnelId::NONE,
            seq: SeqNumber(seq),
            ack: SeqNumber(0),
            flags: TcpFlags(flags),
            window: 0,
            options: &[],
            header: &[],
            payload: &[],
            cut: 0,
            ttl: 64,
            ip_id: None,
        }
    }

    fn key(segment: &Segment<'_>) -> (FlowKey, bool) {
        FlowKey::new(segment.source, segment.destination, segment.tunnel)
    }

    const ISN: u32 = 4_000_000_000;

    fn let_one_go(let_go: &mut LetGo, number: u32) {
        let syn = segment(number, 0x02, ISN);
        let (key, low) = key(&syn);
        let mut flow = Flow::new(key, 0, low, &syn);
        flow.half_mut(Direction::Forward).start_at(SeqNumber(ISN + 1), Base::Syn);
        let_go.insert(&flow);
    }

    /// Of how many flows a segment is known to belong to one that was let go.
    fn found(let_go: &mut LetGo, flows: std::ops::Range<u32>, flags: u8, seq: u32) -> usize {
        let segments = flows.map(|number| segment(number, flags, seq));
        segments.filter(|segment| let_go.has(&key(segment).0, segment)).count()
    }

    #[test]
    fn a_million_marks_are_kept_in_16_mib_and_then_the_oldest_are_forgotten() {
        let mut let_go = LetGo::default();
        assert_eq!(let_go.bytes(), 0);
        (0..1_000_000).for_each(|number| let_one_go(&mut let_go, number));
        assert_eq!(let_go.bytes(), 16 << 20);
        let kept = found(&mut let_go, 0..200_000, 0x10, 5);
        assert!(kept > 190_000, "{kept}");
        assert_eq!(found(&mut let_go, 0..200_000, 0x02, ISN), kept, "the SYN again");
        assert_eq!(found(&mut let_go, 4_000_000..4_200_000, 0x10, 5), 0, "others");
        (1_000_000..4_000_000).for_each(|number| let_one_go(&mut let_go, number));
        assert_eq!(let_go.bytes(), 16 << 20);
        assert_eq!(found(&mut let_go, 3_800_000..4_000_000, 0x10, 5), 200_000);
        let kept = found(&mut let_go, 0..200_000, 0x10, 5);
        assert!(kept < 20_000, "{kept}");
    }

    #[test]
    fn another_connection_of_the_same_ports_takes_the_mark_away() {
        let mut let_go = LetGo::default();
        let_one_go(&mut let_go, 7);
        assert_eq!(found(&mut let_go, 7..8, 0x02, 5), 0);
        assert_eq!(found(&mut let_go, 7..8, 0x10, 6), 0);
    }
}
