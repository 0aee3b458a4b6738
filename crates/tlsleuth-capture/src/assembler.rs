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
//! held here. The start of what was handed on is kept in the [`History`] of all streams, so that a
//! later segment with other bytes for the same place is noticed.

use std::collections::VecDeque;
use std::ops::Range;

use crate::history::{History, Overwritten, first_difference};
use crate::packed::{Pack, Packer, Unpacker};
use crate::stream::{Gap, GapCause};
use crate::{Place, SeqNumber, Timestamp};

/// What an entry costs beside its bytes, about: itself, its allocation, and room for more of them.
const ENTRY_OVERHEAD_BYTES: usize = 128;

/// How much of the start of a stream is kept to compare retransmissions with, in bytes. A server's
/// flight with a usual chain fits; a longer history would only serve to compare application data.
const HISTORY_BYTES: usize = 16 * 1024;

/// Room for the marks of a stream at first, in segments.
const USUAL_SEGMENTS: usize = 8;

/// Takes what an assembler hands on. Two ways and not one value of two kinds: that would be written in
/// parts and read as a whole at once, for which a processor waits until all stores before it are done.
pub(crate) trait Outlet {
    /// The next bytes in order.
    fn data(&mut self, at: Place, bytes: &[u8]);
    /// Bytes that will not come.
    fn gap(&mut self, gap: Gap);
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
    /// Bytes came again that could not be compared: the first ones are no longer held.
    pub(crate) not_compared: bool,
}

/// A segment that was handed on.
struct Mark {
    /// Its offset in the stream.
    start: u64,
    /// Where its bytes are in the history.
    position: u64,
    at: Place,
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

/// Room for marks that no stream uses.
#[derive(Default)]
pub(crate) struct SpareMarks(Vec<Mark>);

impl SpareMarks {
    /// Whether it is the room that most streams take.
    pub(crate) fn is_usual(&self) -> bool {
        self.0.capacity() == USUAL_SEGMENTS
    }
}

/// The segments of one direction, by stream offset.
pub(crate) struct Assembler {
    next: SeqNumber,
    next_offset: u64,
    /// In order, without overlaps. Mostly few, and those that come last lie at the end.
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    /// The segments of which bytes are kept: one run, without holes.
    marks: Vec<Mark>,
    /// Where that run begins and ends, in offsets.
    marked: Range<u64>,
    /// Nothing more is kept.
    forgotten: bool,
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
            marks: Vec::new(),
            marked: 0..0,
            forgotten: false,
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

    /// Bytes held to find what was handed on in the history.
    pub(crate) fn marks_bytes(&self) -> usize {
        self.marks.capacity() * size_of::<Mark>()
    }

    pub(crate) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    pub(crate) fn waiting_segments(&self) -> usize {
        self.waiting.len()
    }

    /// The same with room for marks.
    pub(crate) fn with_marks(self, marks: SpareMarks) -> Self {
        Self { marks: marks.0, ..self }
    }

    /// Stops comparing what comes again with what was handed on. What that took is given back.
    pub(crate) fn forget_history(&mut self) -> SpareMarks {
        self.forgotten = true;
        let mut marks = std::mem::take(&mut self.marks);
        marks.clear();
        SpareMarks(marks)
    }

    /// Whether the first hole was acknowledged by the receiver, who sent `acked`.
    pub(crate) fn hole_acknowledged(&self, acked: SeqNumber) -> bool {
        self.waiting.front().is_some_and(|held| {
            let acked = i64::from(acked.distance_from(self.next));
            let hole = held.start.saturating_sub(self.next_offset);
            i64::try_from(hole).is_ok_and(|hole| acked >= hole)
        })
    }

    /// Adds the payload of one segment; `out` gets what is in order now.
    ///
    /// `cut` bytes follow the payload on the wire and not in the capture. The bytes that came first
    /// win over later ones for the same place.
    pub(crate) fn push(
        &mut self,
        at: Place,
        seq: SeqNumber,
        payload: &[u8],
        cut: u32,
        history: &mut History,
        out: &mut impl Outlet,
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
                self.compare(from, old, history, &mut pushed);
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
            self.hand_on(at, now, history, out);
            if later.is_empty() {
                let over = u64::from(cut).min(room.saturating_sub(now.len() as u64));
                if over > 0 {
                    self.skip(over, GapCause::Snaplen, at, out);
                }
            } else {
                self.wait(at, self.next_offset, later, cut, &mut pushed);
            }
            self.drain(history, out);
        } else {
            let waits = self.wait(at, start, bytes, cut, &mut pushed);
            pushed.out_of_order = waits && self.floating.is_none();
        }
        pushed
    }

    /// Gives up the first hole: it comes out as a gap, and what waits behind it follows. A floating
    /// stream then begins with the first byte that waits, without a gap.
    pub(crate) fn give_up_hole(
        &mut self,
        cause: GapCause,
        history: &mut History,
        out: &mut impl Outlet,
    ) {
        self.floating = None;
        let Some(first) = self.waiting.front() else { return };
        let at = first.at;
        let hole = first.start.saturating_sub(self.next_offset);
        if hole > 0 {
            self.skip(hole, cause, at, out);
        }
        self.drain(history, out);
    }

    fn hand_on(&mut self, at: Place, bytes: &[u8], history: &mut History, out: &mut impl Outlet) {
        if bytes.is_empty() {
            return;
        }
        self.remember(at, bytes, history);
        self.advance(bytes.len() as u64);
        // Bytes that waited for those before them are complete only with the frame that filled the
        // hole: places of one stream never go back.
        let at = self.reached.map_or(at, |reached| reached.later(at));
        self.reached = Some(at);
        out.data(at, bytes);
    }

    fn skip(&mut self, len_bytes: u64, cause: GapCause, at: Place, out: &mut impl Outlet) {
        // What is kept is one run of bytes: it starts anew behind a gap.
        self.marks.clear();
        self.advance(len_bytes);
        self.marked = self.next_offset..self.next_offset;
        out.gap(Gap { len_bytes, cause, at });
    }

    fn advance(&mut self, len_bytes: u64) {
        self.next_offset = self.next_offset.saturating_add(len_bytes);
        // The low 32 bits are the point: sequence numbers wrap.
        let low = u32::try_from(len_bytes & u64::from(u32::MAX)).unwrap_or(0);
        self.next = self.next.advance(low);
    }

    fn drain(&mut self, history: &mut History, out: &mut impl Outlet) {
        while self.waiting.front().is_some_and(|first| first.start <= self.next_offset) {
            let Some(waiting) = self.waiting.pop_front() else { return };
            self.waiting_bytes =
                self.waiting_bytes.saturating_sub(waiting.bytes.len() + ENTRY_OVERHEAD_BYTES);
            self.hand_on(waiting.at, &waiting.bytes, history, out);
            if waiting.cut > 0 {
                let next = self.waiting.front();
                let room =
                    next.map_or(u64::MAX, |next| next.start.saturating_sub(self.next_offset));
                let over = u64::from(waiting.cut).min(room);
                if over > 0 {
                    self.skip(over, GapCause::Snaplen, waiting.at, out);
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

    fn remember(&mut self, at: Place, bytes: &[u8], history: &mut History) {
        if self.forgotten {
            return;
        }
        let kept = self.marked.end.saturating_sub(self.marked.start);
        let kept = usize::try_from(kept).unwrap_or(usize::MAX);
        let room = HISTORY_BYTES.saturating_sub(kept);
        let part = bytes.split_at_checked(room).map_or(bytes, |(part, _)| part);
        if part.is_empty() {
            return;
        }
        let position = history.keep(part);
        if self.marks.capacity() == 0 {
            // A handshake has about as many segments each way.
            self.marks.reserve_exact(USUAL_SEGMENTS);
        }
        self.marks.push(Mark { start: self.marked.end, position, at });
        self.marked.end = self.marked.end.saturating_add(part.len() as u64);
    }

    /// Compares bytes that came again with those that were handed on, as far as these were kept.
    fn compare(&self, from: u64, again: &[u8], history: &History, pushed: &mut Pushed) {
        let to = from.saturating_add(again.len() as u64);
        let first = self.marks.partition_point(|mark| mark.start <= from).saturating_sub(1);
        for (index, mark) in self.marks.iter().enumerate().skip(first) {
            let next = self.marks.get(index.saturating_add(1));
            let end = next.map_or(self.marked.end, |next| next.start).min(to);
            let start = mark.start.max(from);
            if mark.start >= to {
                return;
            }
            let within = |offset: u64| usize::try_from(offset.saturating_sub(from)).ok();
            let Some(part) = within(start).zip(within(end)).and_then(|(a, b)| again.get(a..b))
            else {
                continue;
            };
            match history.first_difference(mark.position + (start - mark.start), part) {
                Ok(None) => {}
                Ok(Some(different)) => {
                    pushed.conflict = Some((start.saturating_add(different as u64), mark.at));
                    return;
                }
                Err(Overwritten) => pushed.not_compared = true,
            }
        }
    }
}

crate::pack_fields!(Mark { start, position, at });

/// A stream of which nothing waits; the bytes of others are not packed.
impl Pack for Assembler {
    fn pack(self, to: &mut Packer) {
        let Self {
            next,
            next_offset,
            waiting,
            waiting_bytes,
            marks,
            marked,
            forgotten,
            reached,
            floating,
        } = self;
        debug_assert!(waiting.is_empty() && waiting_bytes == 0 && floating.is_none());
        next.pack(to);
        next_offset.pack(to);
        marks.pack(to);
        marked.end.pack(to);
        forgotten.pack(to);
        reached.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let (next, next_offset) = (Pack::unpack(from)?, Pack::unpack(from)?);
        let marks: Vec<Mark> = Pack::unpack(from)?;
        let end = Pack::unpack(from)?;
        Some(Self {
            next,
            next_offset,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            marked: marks.first().map_or(end, |first| first.start)..end,
            marks,
            forgotten: Pack::unpack(from)?,
            reached: Pack::unpack(from)?,
            floating: None,
        })
    }
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

    impl Outlet for Out {
        fn data(&mut self, _: Place, bytes: &[u8]) {
            self.bytes.extend_from_slice(bytes);
        }

        fn gap(&mut self, gap: Gap) {
            self.gaps.push((gap.len_bytes, gap.cause));
        }
    }

    /// A stream with a history of its own.
    struct Stream(Assembler, History);

    impl Stream {
        fn new(base: u32) -> Self {
            Self(Assembler::new(SeqNumber(base)), History::new(0))
        }

        fn push(&mut self, number: u64, seq: u32, bytes: &[u8], cut: u32, out: &mut Out) -> Pushed {
            self.0.push(frame(number), SeqNumber(seq), bytes, cut, &mut self.1, out)
        }
    }

    fn frame(number: u64) -> Place {
        Place { frame: number, ..Place::default() }
    }

    #[test]
    fn bytes_wait_for_those_before_them() {
        let mut stream = Stream::new(0);
        let mut out = Out::default();
        let pushed = stream.push(1, 4, b"lo", 0, &mut out);
        assert!(pushed.out_of_order);
        assert!(out.bytes.is_empty());
        stream.push(2, 0, b"hell", 0, &mut out);
        assert_eq!(out.bytes, b"helllo");
    }

    #[test]
    fn other_bytes_for_the_same_place_are_a_conflict() {
        let mut stream = Stream::new(10);
        let mut out = Out::default();
        stream.push(1, 10, b"abcdef", 0, &mut out);
        let pushed = stream.push(2, 12, b"cXefgh", 0, &mut out);
        assert_eq!(pushed.conflict, Some((3, frame(1))));
        assert_eq!(out.bytes, b"abcdefgh", "the first copy wins, the new tail is taken");
        stream.push(3, 20, b"zz", 0, &mut out);
        let pushed = stream.push(4, 19, b"-ZZ", 0, &mut out);
        assert_eq!(pushed.conflict, Some((10, frame(3))));
    }

    #[test]
    fn the_conflict_is_found_however_the_bytes_are_cut_when_they_come_again() {
        let bytes: Vec<u8> = (0..100).collect();
        let mut stream = Stream::new(0);
        let mut out = Out::default();
        for (number, piece) in (1..).zip(bytes.chunks(7)) {
            stream.push(number, u32::try_from((number - 1) * 7).unwrap(), piece, 0, &mut out);
        }
        for from in 0..100 {
            for to in from + 1..=100 {
                let mut again = bytes[from..to].to_vec();
                let seq = u32::try_from(from).unwrap();
                assert_eq!(stream.push(99, seq, &again, 0, &mut out).conflict, None);
                let last = again.len() - 1;
                again[last] ^= 1;
                let pushed = stream.push(99, seq, &again, 0, &mut out);
                let at = u64::try_from(to - 1).unwrap();
                assert_eq!(pushed.conflict, Some((at, frame(at / 7 + 1))), "{from}..{to}");
            }
        }
    }

    #[test]
    fn bytes_that_are_no_longer_held_are_not_taken_to_be_the_same() {
        let mut stream = Stream::new(0);
        let mut out = Out::default();
        stream.push(1, 0, b"abcdef", 0, &mut out);
        let mut left = stream.1.capacity();
        while left > 0 {
            let bytes = vec![0; left.min(10_000)];
            stream.1.keep(&bytes);
            left -= bytes.len();
        }
        stream.push(2, 6, b"ghijkl", 0, &mut out);
        let pushed = stream.push(3, 0, b"abcdef", 0, &mut out);
        assert_eq!((pushed.conflict, pushed.not_compared), (None, true));
        let pushed = stream.push(4, 6, b"ghijkl", 0, &mut out);
        assert_eq!((pushed.conflict, pushed.not_compared), (None, false));
        let pushed = stream.push(5, 0, b"abcdefgXijkl", 0, &mut out);
        assert_eq!((pushed.conflict, pushed.not_compared), (Some((7, frame(2))), true));
    }

    #[test]
    fn a_hole_can_be_given_up() {
        let mut stream = Stream::new(u32::MAX - 1);
        let mut out = Out::default();
        stream.push(1, 5, b"tail", 0, &mut out);
        assert!(stream.0.hole_acknowledged(SeqNumber(5)));
        assert!(!stream.0.hole_acknowledged(SeqNumber(4)));
        stream.0.give_up_hole(GapCause::NotCaptured, &mut stream.1, &mut out);
        assert_eq!(out.gaps, [(7, GapCause::NotCaptured)]);
        assert_eq!(out.bytes, b"tail");
    }

    #[test]
    fn what_the_snap_length_cut_is_a_gap() {
        let mut stream = Stream::new(0);
        let mut out = Out::default();
        stream.push(1, 0, b"abc", 7, &mut out);
        stream.push(2, 10, b"def", 0, &mut out);
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
            let mut assembled = Stream::new(base);
            let mut out = Out::default();
            let mut push = |from: usize, to: usize| {
                let seq = SeqNumber(base).advance(u32::try_from(from).unwrap());
                assembled.push(1, seq.0, &stream[from..to], 0, &mut out)
            };
            for (from, size) in cuts {
                let from = from % len;
                let pushed = push(from, (from + size).min(len));
                prop_assert_eq!((pushed.conflict, pushed.not_compared), (None, false));
            }
            push(0, len);
            prop_assert_eq!(out.bytes, stream);
            prop_assert!(out.gaps.is_empty());
            prop_assert_eq!(assembled.0.waiting_bytes(), 0);
        }
    }
}
