//! Puts the frames of one capture in order of time, where they are not.
//!
//! A card with many queues, or a capture made of several interfaces, hands frames over a little out
//! of order. Most captures have not one such frame, so nothing is copied until the first is seen;
//! from then on frames wait for a moment until no older one can be expected.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Step;
use crate::{Error, Frame, FrameReader, LinkType, Place, Timestamp};

/// How much older than the newest frame a frame may be and still find its place. Queues and
/// interfaces are apart by milliseconds; larger steps are a clock that was set, which no sorting
/// can mend.
const WINDOW_NS: i64 = 100_000_000;

/// Bytes and frames that wait at most; the oldest goes first when they are more.
const MAX_WAITING_BYTES: usize = 8 << 20;
const MAX_WAITING_FRAMES: usize = 16_384;

/// A reader whose frames come in order of time, within a window.
pub(super) struct SortedReader {
    reader: FrameReader,
    /// Frames are out of order here: they wait.
    sorting: bool,
    waiting: BinaryHeap<Owned>,
    waiting_bytes: usize,
    /// The latest time of a frame, as soon as they wait.
    newest: Timestamp,
    /// The frame that is shown, when it is a copy.
    current: Option<Owned>,
    ended: bool,
}

/// A copy of a frame.
struct Owned {
    place: Place,
    link: LinkType,
    interface: u32,
    original_len: u32,
    data: Vec<u8>,
}

impl Owned {
    fn new(frame: &Frame<'_>) -> Self {
        let Frame { place, link, interface, data, original_len } = *frame;
        Self { place, link, interface, original_len, data: data.to_vec() }
    }

    fn frame(&self) -> Frame<'_> {
        let Self { place, link, interface, original_len, ref data } = *self;
        Frame { place, link, interface, data, original_len }
    }

    fn key(&self) -> (Timestamp, u64) {
        (self.place.time, self.place.frame)
    }
}

impl SortedReader {
    /// Starts with the frame that the reader shows, if it shows one.
    pub(super) fn new(reader: FrameReader) -> Self {
        Self {
            reader,
            sorting: false,
            waiting: BinaryHeap::new(),
            waiting_bytes: 0,
            newest: Timestamp(i64::MIN),
            current: None,
            ended: false,
        }
    }

    pub(super) fn reader(&self) -> &FrameReader {
        &self.reader
    }

    pub(super) fn reader_mut(&mut self) -> &mut FrameReader {
        &mut self.reader
    }

    /// The frame that [`advance`](Self::advance) went to.
    #[inline]
    pub(super) fn frame(&self) -> Option<Frame<'_>> {
        if self.sorting { self.current.as_ref().map(Owned::frame) } else { self.reader.frame() }
    }

    /// Goes on to the next frame; `false` at the end.
    pub(super) fn advance(&mut self) -> Result<bool, Error> {
        if self.sorting {
            return self.advance_sorted();
        }
        self.step();
        self.settle()
    }

    /// Whether the frames were in order so far.
    pub(super) fn in_order(&self) -> bool {
        !self.sorting
    }

    /// Goes on while the frames are in order. If the next one is not like the one before, nothing is
    /// shown before it is [`settle`](Self::settle)d what that means.
    #[inline]
    pub(super) fn step(&mut self) -> Step {
        self.reader.step()
    }

    /// Ends, or looks whether the frame is late; `false` at the end.
    pub(super) fn settle(&mut self) -> Result<bool, Error> {
        let Some(frame) = self.reader.frame() else { return self.reader.end() };
        let time = frame.place.time;
        let last = self.reader.facts().last.unwrap_or(time);
        // The first frame that is late comes out late; from here on they wait for each other.
        if time < last {
            self.sorting = true;
            self.newest = last;
            self.keep();
            return self.advance_sorted();
        }
        Ok(true)
    }

    fn advance_sorted(&mut self) -> Result<bool, Error> {
        self.current = None;
        while !self.ended && !self.due() {
            match self.reader.advance() {
                Ok(true) => self.keep(),
                Ok(false) => self.ended = true,
                Err(error) => {
                    // Those that wait come out before the reader is asked again.
                    self.ended = true;
                    return Err(error);
                }
            }
        }
        self.current = self.waiting.pop();
        if let Some(frame) = &self.current {
            self.waiting_bytes = self.waiting_bytes.saturating_sub(frame.data.len());
        }
        Ok(self.current.is_some())
    }

    /// Whether the oldest waiting frame waited long enough.
    fn due(&self) -> bool {
        self.waiting.peek().is_some_and(|oldest| {
            self.newest.since(oldest.place.time) >= WINDOW_NS
                || self.waiting_bytes > MAX_WAITING_BYTES
                || self.waiting.len() > MAX_WAITING_FRAMES
        })
    }

    fn keep(&mut self) {
        let Some(frame) = self.reader.frame() else { return };
        self.newest = self.newest.max(frame.place.time);
        self.waiting_bytes = self.waiting_bytes.saturating_add(frame.data.len());
        self.waiting.push(Owned::new(&frame));
    }
}

/// The oldest is the greatest: the heap gives that first.
impl Ord for Owned {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl PartialOrd for Owned {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Owned {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Owned {}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::OpenOptions;
    use crate::file::pcap::tests::at;

    fn sorted(times_us: &[u32]) -> Vec<(u64, i64)> {
        let frames: Vec<_> = times_us.iter().map(|time| (*time, &b"x"[..])).collect();
        let reader = OpenOptions::default().read(Cursor::new(at(&frames))).unwrap();
        let mut reader = SortedReader::new(reader);
        let mut out = Vec::new();
        while reader.advance().unwrap() {
            let place = reader.frame().unwrap().place;
            out.push((place.frame, place.time.0 % 1_000_000_000 / 1_000));
        }
        out
    }

    #[test]
    fn frames_keep_their_numbers_and_find_their_place() {
        assert_eq!(sorted(&[1, 2, 3]), [(1, 1), (2, 2), (3, 3)]);
        assert_eq!(
            sorted(&[1, 5, 3, 9, 7, 8, 400_000, 6]),
            [(1, 1), (2, 5), (3, 3), (5, 7), (6, 8), (4, 9), (8, 6), (7, 400_000)]
        );
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nothing() {
        let late: Vec<_> = (0..500).map(|time| 900_000 - time * 300).collect();
        let frames = sorted(&late);
        assert_eq!(frames.len(), 500);
    }
}
