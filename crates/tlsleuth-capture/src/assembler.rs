//! Puts the segments of one direction in order.
//!
//! ```text
//!  offset 0                next
//!    |  handed on           |   hole    | waiting |  hole  | waiting |
//!    |  (history: the start |           |         |        |         |
//!    |   of it is kept)     |
//! ```
//!
//! The segment that fits next is handed on from the frame's own bytes. Only what comes too early is
//! copied. A short history of what was handed on stays, so that a later segment with other bytes
//! for the same place is noticed.

use std::collections::VecDeque;

use crate::stream::GapCause;
use crate::{Place, SeqNumber, Timestamp};

/// What an entry costs beside its bytes, about: itself, its allocation, and room for more of them.
const ENTRY_OVERHEAD_BYTES: usize = 128;

/// How much of the start of a stream is kept to compare retransmissions with, in bytes. A server's
/// flight with a usual chain fits; a longer history would only serve to compare application data.
const HISTORY_BYTES: usize = 16 * 1024;

/// What an assembler hands on.
pub(crate) enum Piece<'a> {
    /// The next bytes in order.
    Data { at: Place, bytes: &'a [u8] },
    /// Bytes that will not come.
    Gap { len_bytes: u64, cause: GapCause, at: Place },
}

/// What became of a pushed segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Pushed {
    /// Payload bytes that were there before.
    pub(crate) repeated_bytes: u32,
    /// The segment came before an earlier one.
    pub(crate) out_of_order: bool,
    /// The first differing byte's offset, and the frame that brought the bytes that were taken.
    pub(crate) conflict: Option<(u64, Place)>,
}

struct Waiting {
    /// Its offset in the stream.
    start: u64,
    at: Place,
    bytes: Box<[u8]>,
    /// Bytes behind `bytes` that the snap length cut.
    cut: u32,
}

impl Waiting {
    /// The offset behind it.
    fn end(&self) -> u64 {
        self.start.saturating_add(self.bytes.len() as u64).saturating_add(self.cut.into())
    }
}

/// The segments of one direction, by stream offset.
pub(crate) struct Assembler {
    next: SeqNumber,
    next_offset: u64,
    /// In order, without overlaps. Mostly few, and those that come last lie at the end.
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    history: Vec<u8>,
    history_offset: u64,
    history_marks: Vec<(u64, Place)>,
    history_full: bool,
    /// The latest frame that brought bytes which were handed on.
    reached: Option<Place>,
    /// The frame that was first, while it is not certain that the stream begins with its bytes:
    /// until then all bytes wait.
    floating: Option<Place>,
}

impl Assembler {
    /// A stream whose first byte has the number `base`.
    pub(crate) fn new(base: SeqNumber) -> Self {
        Self {
            next: base,
            next_offset: 0,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            history: Vec::new(),
            history_offset: 0,
            history_marks: Vec::new(),
            history_full: false,
            reached: None,
            floating: None,
        }
    }

    /// A stream that was joined on the way. `base` is the number of the first byte that was seen, in
    /// frame `at`; bytes before it may still come, until [`give_up_hole`](Self::give_up_hole).
    pub(crate) fn floating(base: SeqNumber, at: Place) -> Self {
        Self { floating: Some(at), ..Self::new(base) }
    }

    /// Whether bytes before the first one may still come.
    pub(crate) fn is_floating(&self) -> bool {
        self.floating.is_some()
    }

    /// Since when the bytes of a floating stream wait.
    pub(crate) fn floating_since(&self) -> Option<Timestamp> {
        self.floating.map(|at| at.time)
    }

    /// Lets a floating stream begin with an earlier byte.
    pub(crate) fn begin_at(&mut self, base: SeqNumber) {
        let earlier = u64::from(self.next.distance_from(base).max(0).unsigned_abs());
        if self.floating.is_none() || earlier == 0 {
            return;
        }
        self.next = base;
        for held in &mut self.waiting {
            held.start = held.start.saturating_add(earlier);
        }
    }

    /// The number behind the last byte that was handed on or skipped.
    pub(crate) fn next(&self) -> SeqNumber {
        self.next
    }

    /// Bytes held: those that wait and the history.
    pub(crate) fn buffered_bytes(&self) -> usize {
        self.waiting_bytes + self.history.capacity() + self.history_marks.capacity() * 32
    }

    pub(crate) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    pub(crate) fn waiting_segments(&self) -> usize {
        self.waiting.len()
    }

    /// Stops comparing: the history is given back.
    pub(crate) fn forget_history(&mut self) {
        self.history = Vec::new();
        self.history_marks = Vec::new();
        self.history_full = true;
    }

    /// Whether the first hole was acknowledged by the receiver, who sent `acked`.
    pub(crate) fn hole_acknowledged(&self, acked: SeqNumber) -> bool {
        self.waiting.front().is_some_and(|held| {
            let acked = i64::from(acked.distance_from(self.next));
            let hole = held.start.saturating_sub(self.next_offset);
            i64::try_from(hole).is_ok_and(|hole| acked >= hole)
        })
    }

    /// Adds the payload of one segment; `emit` gets what is in order now.
    ///
    /// `cut` bytes follow the payload on the wire and not in the capture. The bytes that came first
    /// win over later ones for the same place.
    pub(crate) fn push(
        &mut self,
        at: Place,
        seq: SeqNumber,
        payload: &[u8],
        cut: u32,
        emit: &mut dyn FnMut(Piece<'_>),
    ) -> Pushed {
        let mut pushed = Pushed::default();
        let ahead = i64::from(seq.distance_from(self.next));
        let mut bytes = payload;
        let mut cut = cut;
        let mut start = self.next_offset;
        if ahead < 0 {
            let behind = usize::try_from(ahead.unsigned_abs()).unwrap_or(usize::MAX);
            let from = self.next_offset.checked_sub(ahead.unsigned_abs());
            let old = bytes.split_at_checked(behind).map_or(bytes, |(old, _)| old);
            if let Some(from) = from {
                pushed.conflict = self.compare_history(from, old);
            }
            pushed.repeated_bytes = u32::try_from(old.len()).unwrap_or(u32::MAX);
            if behind >= bytes.len() {
                // What the snap length cut may still reach into the new part.
                let over = u64::from(cut) + bytes.len() as u64;
                let new = over.saturating_sub(ahead.unsigned_abs());
                cut = u32::try_from(new).unwrap_or(0).min(cut);
                bytes = &[];
            } else {
                bytes = bytes.get(behind..).unwrap_or(&[]);
            }
        } else {
            start = start.saturating_add(ahead.unsigned_abs());
        }
        if bytes.is_empty() && cut == 0 {
            return pushed;
        }
        if start == self.next_offset && self.floating.is_none() {
            let room =
                self.waiting.front().map_or(u64::MAX, |first| first.start.saturating_sub(start));
            let fits = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
            let (now, later) = bytes.split_at_checked(fits).unwrap_or((bytes, &[]));
            self.hand_on(at, now, emit);
            if later.is_empty() {
                let over = u64::from(cut).min(room.saturating_sub(now.len() as u64));
                if over > 0 {
                    self.skip(over, GapCause::Snaplen, at, emit);
                }
            } else {
                self.wait(at, self.next_offset, later, cut, &mut pushed);
            }
            self.drain(emit);
        } else {
            let waits = self.wait(at, start, bytes, cut, &mut pushed);
            pushed.out_of_order = waits && self.floating.is_none();
        }
        pushed
    }

    /// Gives up the first hole: it comes out as a gap, and what waits behind it follows. A floating
    /// stream then begins with the first byte that waits, without a gap.
    pub(crate) fn give_up_hole(&mut self, cause: GapCause, emit: &mut dyn FnMut(Piece<'_>)) {
        self.floating = None;
        let Some(first) = self.waiting.front() else { return };
        let at = first.at;
        let hole = first.start.saturating_sub(self.next_offset);
        if hole > 0 {
            self.skip(hole, cause, at, emit);
        }
        self.drain(emit);
    }

    fn hand_on(&mut self, at: Place, bytes: &[u8], emit: &mut dyn FnMut(Piece<'_>)) {
        if bytes.is_empty() {
            return;
        }
        self.remember(at, bytes);
        self.advance(bytes.len() as u64);
        // Bytes that waited for those before them are complete only with the frame that filled the
        // hole: places of one stream never go back.
        let at = self.reached.map_or(at, |reached| reached.later(at));
        self.reached = Some(at);
        emit(Piece::Data { at, bytes });
    }

    fn skip(
        &mut self,
        len_bytes: u64,
        cause: GapCause,
        at: Place,
        emit: &mut dyn FnMut(Piece<'_>),
    ) {
        // The history is one run of bytes: it starts anew behind a gap.
        self.history.clear();
        self.history_marks.clear();
        self.advance(len_bytes);
        self.history_offset = self.next_offset;
        emit(Piece::Gap { len_bytes, cause, at });
    }

    fn advance(&mut self, len_bytes: u64) {
        self.next_offset = self.next_offset.saturating_add(len_bytes);
        // The low 32 bits are the point: sequence numbers wrap.
        let low = u32::try_from(len_bytes & u64::from(u32::MAX)).unwrap_or(0);
        self.next = self.next.advance(low);
    }

    fn drain(&mut self, emit: &mut dyn FnMut(Piece<'_>)) {
        while self.waiting.front().is_some_and(|first| first.start <= self.next_offset) {
            let Some(waiting) = self.waiting.pop_front() else { return };
            self.waiting_bytes =
                self.waiting_bytes.saturating_sub(waiting.bytes.len() + ENTRY_OVERHEAD_BYTES);
            self.hand_on(waiting.at, &waiting.bytes, emit);
            if waiting.cut > 0 {
                let next = self.waiting.front();
                let room =
                    next.map_or(u64::MAX, |next| next.start.saturating_sub(self.next_offset));
                let over = u64::from(waiting.cut).min(room);
                if over > 0 {
                    self.skip(over, GapCause::Snaplen, waiting.at, emit);
                }
            }
        }
    }

    /// Keeps the parts of `bytes` that no waiting segment has. Whether anything was kept.
    fn wait(&mut self, at: Place, start: u64, bytes: &[u8], cut: u32, pushed: &mut Pushed) -> bool {
        let mut kept = false;
        let mut offset = start;
        let mut rest = bytes;
        let end = start.saturating_add(bytes.len() as u64).saturating_add(u64::from(cut));
        while offset < end {
            let index = self.waiting.partition_point(|held| held.start <= offset);
            let before = index.checked_sub(1).and_then(|before| self.waiting.get(before));
            if let Some(held) = before
                && held.end() > offset
            {
                let skip = usize::try_from(offset - held.start).unwrap_or(usize::MAX);
                let held_bytes = held.bytes.get(skip..).unwrap_or(&[]);
                if let Some(at_byte) = first_difference(held_bytes, rest) {
                    pushed.conflict.get_or_insert((offset + at_byte as u64, held.at));
                }
                let over = usize::try_from(held.end() - offset).unwrap_or(usize::MAX);
                let taken = over.min(rest.len());
                pushed.repeated_bytes =
                    pushed.repeated_bytes.saturating_add(u32::try_from(taken).unwrap_or(u32::MAX));
                rest = rest.get(taken..).unwrap_or(&[]);
                offset = offset.saturating_add(over as u64);
                continue;
            }
            let next = self.waiting.get(index).map_or(end, |next| next.start.min(end));
            let room = next.saturating_sub(offset);
            let fits = usize::try_from(room).unwrap_or(usize::MAX).min(rest.len());
            let (now, later) = rest.split_at_checked(fits).unwrap_or((rest, &[]));
            let now_cut = if later.is_empty() {
                u32::try_from(room.saturating_sub(now.len() as u64)).unwrap_or(0)
            } else {
                0
            };
            self.waiting_bytes =
                self.waiting_bytes.saturating_add(now.len() + ENTRY_OVERHEAD_BYTES);
            if self.waiting.capacity() == 0 {
                // Of most streams one segment waits, if any.
                self.waiting.reserve_exact(1);
            }
            let held = Waiting { start: offset, at, bytes: now.into(), cut: now_cut };
            self.waiting.insert(index, held);
            kept = true;
            rest = later;
            offset = offset.saturating_add(room.max(1));
        }
        kept
    }

    fn remember(&mut self, at: Place, bytes: &[u8]) {
        if self.history_full {
            return;
        }
        let room = HISTORY_BYTES.saturating_sub(self.history.len());
        let part = bytes.split_at_checked(room).map_or(bytes, |(part, _)| part);
        if part.is_empty() {
            return;
        }
        self.history_marks.push((self.history_offset + self.history.len() as u64, at));
        self.history.extend_from_slice(part);
    }

    /// Compares bytes that came again with those that were handed on.
    fn compare_history(&self, from: u64, again: &[u8]) -> Option<(u64, Place)> {
        let (history_skip, again_skip) = if from >= self.history_offset {
            (usize::try_from(from - self.history_offset).ok()?, 0)
        } else {
            (0, usize::try_from(self.history_offset - from).ok()?)
        };
        let held = self.history.get(history_skip..)?;
        let again = again.get(again_skip..)?;
        let different = first_difference(held, again)?;
        let offset = from + (again_skip + different) as u64;
        let mark = self.history_marks.partition_point(|(start, _)| *start <= offset);
        let (_, at) = self.history_marks.get(mark.checked_sub(1)?)?;
        Some((offset, *at))
    }
}

/// Where two runs of bytes differ first, as far as both reach.
fn first_difference(left: &[u8], right: &[u8]) -> Option<usize> {
    let len = left.len().min(right.len());
    let (left, right) = (left.get(..len)?, right.get(..len)?);
    if left == right {
        return None;
    }
    left.iter().zip(right).position(|(a, b)| a != b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Default)]
    struct Out {
        bytes: Vec<u8>,
        gaps: Vec<(u64, GapCause)>,
    }

    impl Out {
        fn take(&mut self, piece: Piece<'_>) {
            match piece {
                Piece::Data { bytes, .. } => self.bytes.extend_from_slice(bytes),
                Piece::Gap { len_bytes, cause, .. } => self.gaps.push((len_bytes, cause)),
            }
        }
    }

    fn frame(number: u64) -> Place {
        Place { frame: number, ..Place::default() }
    }

    #[test]
    fn bytes_wait_for_those_before_them() {
        let mut stream = Assembler::new(SeqNumber(0));
        let mut out = Out::default();
        let pushed = stream.push(frame(1), SeqNumber(4), b"lo", 0, &mut |p| out.take(p));
        assert!(pushed.out_of_order);
        assert!(out.bytes.is_empty());
        stream.push(frame(2), SeqNumber(0), b"hell", 0, &mut |p| out.take(p));
        assert_eq!(out.bytes, b"helllo");
    }

    #[test]
    fn other_bytes_for_the_same_place_are_a_conflict() {
        let mut stream = Assembler::new(SeqNumber(10));
        let mut out = Out::default();
        stream.push(frame(1), SeqNumber(10), b"abcdef", 0, &mut |p| out.take(p));
        let pushed = stream.push(frame(2), SeqNumber(12), b"cXefgh", 0, &mut |p| out.take(p));
        assert_eq!(pushed.conflict, Some((3, frame(1))));
        assert_eq!(out.bytes, b"abcdefgh", "the first copy wins, the new tail is taken");
        stream.push(frame(3), SeqNumber(20), b"zz", 0, &mut |p| out.take(p));
        let pushed = stream.push(frame(4), SeqNumber(19), b"-ZZ", 0, &mut |p| out.take(p));
        assert_eq!(pushed.conflict, Some((10, frame(3))));
    }

    #[test]
    fn a_hole_can_be_given_up() {
        let mut stream = Assembler::new(SeqNumber(u32::MAX - 1));
        let mut out = Out::default();
        stream.push(frame(1), SeqNumber(5), b"tail", 0, &mut |p| out.take(p));
        assert!(stream.hole_acknowledged(SeqNumber(5)));
        assert!(!stream.hole_acknowledged(SeqNumber(4)));
        stream.give_up_hole(GapCause::NotCaptured, &mut |p| out.take(p));
        assert_eq!(out.gaps, [(7, GapCause::NotCaptured)]);
        assert_eq!(out.bytes, b"tail");
    }

    #[test]
    fn what_the_snap_length_cut_is_a_gap() {
        let mut stream = Assembler::new(SeqNumber(0));
        let mut out = Out::default();
        stream.push(frame(1), SeqNumber(0), b"abc", 7, &mut |p| out.take(p));
        stream.push(frame(2), SeqNumber(10), b"def", 0, &mut |p| out.take(p));
        assert_eq!(out.gaps, [(7, GapCause::Snaplen)]);
        assert_eq!(out.bytes, b"abcdef");
    }

    proptest! {
        /// However a stream is cut, shuffled and repeated, the same bytes come out.
        #[test]
        fn any_order_gives_the_same_bytes(
            base in any::<u32>(),
            len in 1usize..2000,
            cuts in proptest::collection::vec((0usize..2000, 1usize..400), 1..60),
        ) {
            let stream: Vec<u8> = (0u8..=250).cycle().take(len).collect();
            let mut assembler = Assembler::new(SeqNumber(base));
            let mut out = Out::default();
            let mut push = |from: usize, to: usize| {
                let seq = SeqNumber(base).advance(u32::try_from(from).unwrap());
                assembler.push(frame(1), seq, &stream[from..to], 0, &mut |p| out.take(p))
            };
            for (from, size) in cuts {
                let from = from % len;
                let pushed = push(from, (from + size).min(len));
                prop_assert_eq!(pushed.conflict, None);
            }
            push(0, len);
            prop_assert_eq!(out.bytes, stream);
            prop_assert!(out.gaps.is_empty());
            prop_assert_eq!(assembler.waiting_bytes(), 0);
        }
    }
}
