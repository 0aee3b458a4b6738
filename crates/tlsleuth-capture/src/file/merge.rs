//! Several captures as one: sorted, merged by time, each packet once.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use super::Step;
use super::duplicate::{Duplicates, WINDOW_NS};
use super::sort::SortedReader;
use crate::{Error, FileFacts, Frame, FrameReader, LinkType, OpenOptions, SecretsBlock, Timestamp};

/// One capture of an incident.
#[derive(Debug)]
pub enum CaptureInput {
    /// A file. Opened when its turn comes, so that there may be thousands.
    Path(PathBuf),
    /// A capture that is open already, such as standard input, and its name for messages.
    Reader(PathBuf, Box<FrameReader>),
}

/// Captures in the order in which [`MergedReader`] takes them.
#[derive(Debug, Default)]
pub struct OrderedCaptures {
    ready: VecDeque<(Option<Timestamp>, CaptureInput)>,
    /// The names, in order: the index is [`Place::capture`](crate::Place::capture).
    pub names: Vec<PathBuf>,
    /// What cannot be read at all, in the order given.
    pub unreadable: Vec<(PathBuf, Error)>,
}

/// Sorts captures by the time of their first frame, so that rotated files (`tcpdump -C`, `-G`,
/// `-W`) may be given in any order. Captures without a frame come last, and those that begin at the
/// same time as they were given.
///
/// Reads the beginning of each file. `options.capture` is not used.
#[must_use]
pub fn order_captures(inputs: Vec<CaptureInput>, options: &OpenOptions) -> OrderedCaptures {
    let mut ordered = OrderedCaptures::default();
    let mut ready = Vec::new();
    for input in inputs {
        let (path, first, input) = match input {
            CaptureInput::Path(path) => {
                let first = options.open(&path).and_then(|mut reader| first_time(&mut reader));
                (path.clone(), first, CaptureInput::Path(path))
            }
            CaptureInput::Reader(path, mut reader) => {
                let first = first_time(&mut reader);
                (path.clone(), first, CaptureInput::Reader(path, reader))
            }
        };
        match first {
            Ok(first) => ready.push((first, path, input)),
            Err(error) => ordered.unreadable.push((path, error)),
        }
    }
    // `None` would come first by itself. The sort is stable.
    ready.sort_by_key(|(first, ..)| (first.is_none(), *first));
    for (first, path, input) in ready {
        ordered.names.push(path);
        ordered.ready.push_back((first, input));
    }
    ordered
}

/// The time of the first frame, which the reader shows from then on.
fn first_time(reader: &mut FrameReader) -> Result<Option<Timestamp>, Error> {
    if reader.frame().is_none() {
        reader.advance()?;
    }
    Ok(reader.frame().map(|frame| frame.place.time))
}

/// A capture that failed while others go on.
#[derive(Debug, thiserror::Error)]
#[error("capture {capture} failed")]
pub struct CaptureError {
    /// Which one: an index of [`OrderedCaptures::names`].
    pub capture: u32,
    /// Why.
    #[source]
    pub source: Error,
}

/// What is known about one capture of a [`MergedReader`].
#[derive(Debug)]
pub struct CaptureState<'r> {
    /// What the reader found so far; `None` while the capture is not open yet, or if it failed to
    /// open.
    pub facts: Option<&'r FileFacts>,
    /// Frames of it that were left out because another one brought the same packet before.
    pub duplicates: u64,
}

/// Reads several captures as one, in order of time.
///
/// Captures that follow each other are read one after the other; where they overlap, their frames
/// are merged by time. Within a capture, frames that are up to 100 ms late find their place (and
/// [`Notice::TimeBackwards`](crate::Notice::TimeBackwards) tells of them). Where captures overlap,
/// or several interfaces are in one, a packet that was captured twice is handed out once; the
/// copies are counted.
///
/// ```
/// # use tlsleuth_capture::{CaptureInput, MergedReader, OpenOptions, order_captures};
/// let options = OpenOptions::default();
/// let captures = order_captures(vec![CaptureInput::Path("missing.pcap".into())], &options);
/// assert_eq!(captures.unreadable.len(), 1);
/// let mut frames = MergedReader::new(captures, options);
/// assert!(frames.next_frame()?.is_none());
/// # Ok::<(), tlsleuth_capture::CaptureError>(())
/// ```
pub struct MergedReader {
    options: OpenOptions,
    waiting: VecDeque<(Option<Timestamp>, CaptureInput)>,
    /// By capture number.
    captures: Vec<Slot>,
    /// Open captures but the current one, by the time of the frame that they show.
    others: BinaryHeap<Reverse<(Timestamp, usize)>>,
    current: Option<usize>,
    /// The current capture's frame was handed out: go on from there.
    shown: bool,
    /// The latest frame of the captures that are at their end.
    closed: Option<Timestamp>,
    alone: Option<Alone>,
    recent: Duplicates,
    secrets: VecDeque<SecretsBlock>,
    secret_bytes: usize,
}

/// The current capture, if its next frame is the next of all and nobody else can have a copy of it:
/// so are nearly all frames.
struct Alone {
    index: usize,
    /// When that is so, for a frame that is like the one before.
    times: Range<Timestamp>,
}

struct Slot {
    state: State,
    /// Copies left out.
    duplicates: u64,
}

enum State {
    Failed,
    Open(Box<SortedReader>),
    /// At its end: the buffers are gone, the facts stay.
    Closed(Box<FileFacts>),
}

/// Secrets kept between two polls; what is beyond stays with the capture, which has its own cap.
const MAX_SECRET_BYTES: usize = 64 << 20;

impl MergedReader {
    /// Starts with captures in order. `options.capture` is not used: the captures are numbered in
    /// that order.
    #[must_use]
    pub fn new(captures: OrderedCaptures, options: OpenOptions) -> Self {
        Self {
            options,
            waiting: captures.ready,
            captures: Vec::new(),
            others: BinaryHeap::new(),
            current: None,
            shown: false,
            closed: None,
            alone: None,
            recent: Duplicates::new(),
            secrets: VecDeque::new(),
            secret_bytes: 0,
        }
    }

    /// The next frame of all captures, or `None` when all are at their end.
    ///
    /// # Errors
    /// [`CaptureError`] when a capture fails below its format: it ends there. Ask again, and the
    /// others go on.
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, CaptureError> {
        if let Some(Alone { index, ref times }) = self.alone
            && let Some(Slot { state: State::Open(reader), .. }) = self.captures.get_mut(index)
        {
            if let Step::Alike(record) = reader.step()
                && times.contains(&record.time)
                && !reader.reader().has_secrets()
            {
                return Ok(self.reader(index).map(|reader| reader.reader().frame_of(&record)));
            }
            let more = reader.settle();
            self.went_on(index, more)?;
        }
        self.choose()?;
        Ok(self.current.and_then(|index| self.reader(index)?.frame()))
    }

    /// Goes to the next frame, whichever capture has it, that is no copy.
    #[cold]
    fn choose(&mut self) -> Result<(), CaptureError> {
        while let Some(index) = self.select()? {
            let Some(reader) = self.reader(index) else { continue };
            let Some(frame) = reader.frame() else { continue };
            let several = !self.others.is_empty() || self.is_near_another(frame.place.time);
            let suspicious = several || sees_packets_twice(reader.reader().facts(), frame.link);
            if !suspicious {
                self.alone =
                    reader.in_order().then(|| Alone { index, times: self.times_far_from_others() });
                break;
            }
            if !self.is_copy(index) {
                break;
            }
        }
        Ok(())
    }

    /// The times that are not near another capture, as long as none is opened or ends.
    fn times_far_from_others(&self) -> Range<Timestamp> {
        let from = self.closed.map_or(i64::MIN, |last| last.0.saturating_add(WINDOW_NS + 1));
        let next = self.waiting.front().and_then(|(first, _)| *first);
        let to = next.map_or(i64::MAX, |first| first.0.saturating_sub(WINDOW_NS));
        Timestamp(from)..Timestamp(to)
    }

    /// Whether a capture that is not open yet, or not open any more, may hold a copy of a frame of
    /// this time: two captures of the same packets need not begin and end with the same frame.
    fn is_near_another(&self, time: Timestamp) -> bool {
        let next = self.waiting.front().and_then(|(first, _)| *first);
        next.is_some_and(|first| first.since(time) <= WINDOW_NS)
            || self.closed.is_some_and(|last| time.since(last) <= WINDOW_NS)
    }

    /// Whether the frame of a capture was there before; counts it if so.
    fn is_copy(&mut self, index: usize) -> bool {
        let Some(Slot { state: State::Open(reader), duplicates }) = self.captures.get_mut(index)
        else {
            return false;
        };
        let copy = reader.frame().is_some_and(|frame| self.recent.seen(&frame));
        *duplicates = duplicates.saturating_add(copy.into());
        copy
    }

    #[inline]
    fn reader(&self, index: usize) -> Option<&SortedReader> {
        match self.captures.get(index) {
            Some(Slot { state: State::Open(reader), .. }) => Some(reader),
            _ => None,
        }
    }

    /// Goes on from the current frame and makes the capture with the oldest frame the current one.
    fn select(&mut self) -> Result<Option<usize>, CaptureError> {
        if self.shown
            && let Some(index) = self.current
        {
            self.go_on(index)?;
        }
        // A capture that begins before what is open belongs to the choice.
        while let Some((first, _)) = self.waiting.front() {
            let due = match (first, self.oldest()) {
                (_, None) => true,
                (Some(first), Some(oldest)) => *first <= oldest,
                (None, Some(_)) => false,
            };
            if !due {
                break;
            }
            self.open_next()?;
        }
        if let Some(Reverse(other)) = self.others.peek()
            && self.current_key().is_none_or(|current| *other < current)
            && let Some(Reverse((_, index))) = self.others.pop()
        {
            self.put_back();
            self.current = Some(index);
        }
        self.shown = self.current.is_some();
        Ok(self.current)
    }

    /// The time and number of the current capture.
    fn current_key(&self) -> Option<(Timestamp, usize)> {
        let index = self.current?;
        Some((self.reader(index)?.frame()?.place.time, index))
    }

    /// The oldest time that an open capture shows.
    fn oldest(&self) -> Option<Timestamp> {
        let other = self.others.peek().map(|Reverse((time, _))| *time);
        let current = self.current_key().map(|(time, _)| time);
        [other, current].into_iter().flatten().min()
    }

    /// The current capture waits among the others.
    fn put_back(&mut self) {
        if let Some(key) = self.current_key() {
            self.others.push(Reverse(key));
        }
        self.current = None;
    }

    /// Advances a capture.
    fn go_on(&mut self, index: usize) -> Result<(), CaptureError> {
        match self.captures.get_mut(index) {
            Some(Slot { state: State::Open(reader), .. }) => {
                let more = reader.advance();
                self.went_on(index, more)
            }
            _ => Ok(()),
        }
    }

    /// After a capture was advanced: one that is at its end is no longer the current one.
    #[cold]
    fn went_on(&mut self, index: usize, more: Result<bool, Error>) -> Result<(), CaptureError> {
        let Some(slot) = self.captures.get_mut(index) else { return Ok(()) };
        let State::Open(reader) = &mut slot.state else { return Ok(()) };
        (self.shown, self.alone) = (false, None);
        keep_secrets(reader.reader_mut(), &mut self.secrets, &mut self.secret_bytes);
        match more {
            Ok(true) => Ok(()),
            Ok(false) => {
                let facts = reader.reader().facts().clone();
                self.closed = self.closed.max(facts.last);
                slot.state = State::Closed(Box::new(facts));
                self.current = None;
                Ok(())
            }
            Err(source) => {
                // Frames that waited to be sorted still come out: go on from here next time.
                self.shown = true;
                Err(CaptureError { capture: u32::try_from(index).unwrap_or(u32::MAX), source })
            }
        }
    }

    /// Opens the next capture, which then is one of the others.
    #[cold]
    fn open_next(&mut self) -> Result<(), CaptureError> {
        let Some((_, input)) = self.waiting.pop_front() else { return Ok(()) };
        let index = self.captures.len();
        let capture = u32::try_from(index).unwrap_or(u32::MAX);
        self.captures.push(Slot { state: State::Failed, duplicates: 0 });
        let failed = |source| CaptureError { capture, source };
        let mut reader = match input {
            CaptureInput::Path(path) => {
                let options = OpenOptions { capture, ..self.options.clone() };
                options.open(&path).map_err(failed)?
            }
            CaptureInput::Reader(_, reader) => *reader,
        };
        reader.renumber(capture);
        let first = first_time(&mut reader);
        keep_secrets(&mut reader, &mut self.secrets, &mut self.secret_bytes);
        if let Some(slot) = self.captures.get_mut(index) {
            slot.state = match first {
                Ok(Some(_)) => State::Open(Box::new(SortedReader::new(reader))),
                _ => State::Closed(Box::new(reader.facts().clone())),
            };
        }
        if let Some(time) = first.map_err(failed)? {
            self.others.push(Reverse((time, index)));
        }
        Ok(())
    }

    /// What is known about a capture, by its number.
    #[must_use]
    pub fn capture(&self, capture: u32) -> Option<CaptureState<'_>> {
        let slot = self.captures.get(capture as usize)?;
        let facts = match &slot.state {
            State::Failed => None,
            State::Open(reader) => Some(reader.reader().facts()),
            State::Closed(facts) => Some(&**facts),
        };
        Some(CaptureState { facts, duplicates: slot.duplicates })
    }

    /// Bytes of the (decompressed) captures that lie behind the reader: for a progress bar.
    #[must_use]
    pub fn offset(&self) -> u64 {
        let offsets = self.captures.iter().map(|slot| match &slot.state {
            State::Failed => 0,
            State::Open(reader) => reader.reader().offset(),
            State::Closed(facts) => facts.bytes,
        });
        offsets.fold(0, u64::saturating_add)
    }

    /// Frames left out of all captures because another one brought the same packet before; belongs
    /// into [`DecodeStats::duplicates`](crate::DecodeStats::duplicates).
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.captures.iter().fold(0, |sum, slot| sum.saturating_add(slot.duplicates))
    }

    /// The next block of decryption secrets; see [`FrameReader::poll_secrets`].
    pub fn poll_secrets(&mut self) -> Option<SecretsBlock> {
        let block = self.secrets.pop_front()?;
        self.secret_bytes = self.secret_bytes.saturating_sub(block.data().len());
        Some(block)
    }
}

/// Whether a capture may hold a packet twice by itself: it sees several interfaces, or it is of the
/// pseudo device that sees them all.
fn sees_packets_twice(facts: &FileFacts, link: LinkType) -> bool {
    facts.interfaces > 1 || matches!(link, LinkType::LINUX_SLL | LinkType::LINUX_SLL2)
}

/// Takes the secrets that a reader passed, while there is room.
fn keep_secrets(
    reader: &mut FrameReader,
    secrets: &mut VecDeque<SecretsBlock>,
    secret_bytes: &mut usize,
) {
    while *secret_bytes < MAX_SECRET_BYTES
        && let Some(block) = reader.poll_secrets()
    {
        *secret_bytes = secret_bytes.saturating_add(block.data().len());
        secrets.push_back(block);
    }
}

impl fmt::Debug for MergedReader {
    /// Leaves the bytes out: they may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergedReader")
            .field("waiting", &self.waiting.len())
            .field("opened", &self.captures.len())
            .field("current", &self.current)
            .field("duplicates", &self.duplicates())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::file::pcap::tests::at;

    fn input(name: &str, frames: &[(u32, &[u8])]) -> CaptureInput {
        let reader = OpenOptions::default().read(Cursor::new(at(frames))).unwrap();
        CaptureInput::Reader(name.into(), Box::new(reader))
    }

    /// `capture/frame` of each, then the duplicates.
    fn read(inputs: Vec<CaptureInput>) -> String {
        let options = OpenOptions::default();
        let mut merged = MergedReader::new(order_captures(inputs, &options), options);
        let mut out = String::new();
        while let Some(frame) = merged.next_frame().unwrap() {
            out += &format!("{}/{} ", frame.place.capture, frame.place.frame);
        }
        let counts: u64 = (0..9)
            .filter_map(|capture| merged.capture(capture)?.facts)
            .map(|facts| facts.frames)
            .sum();
        assert_eq!(out.split_whitespace().count() as u64 + merged.duplicates(), counts);
        out + &format!("-{}", merged.duplicates())
    }

    #[test]
    fn rotated_files_follow_each_other() {
        assert_eq!(
            read(vec![
                input("b", &[(20, b"c"), (30, b"d")]),
                input("none", &[]),
                input("a", &[(1, b"a"), (20, b"b")]),
            ]),
            "0/1 0/2 1/1 1/2 -0"
        );
    }

    #[test]
    fn overlapping_files_are_merged() {
        assert_eq!(
            read(vec![
                input("a", &[(1, b"a"), (5, b"b"), (9, b"c")]),
                input("b", &[(2, b"d"), (6, b"e"), (10, b"f")]),
                input("c", &[(7, b"g"), (20, b"h")]),
            ]),
            "0/1 1/1 0/2 1/2 2/1 0/3 1/3 2/2 -0"
        );
    }

    #[test]
    fn a_packet_at_two_taps_is_taken_once() {
        let mut packet = vec![0; 12];
        packet.extend([8, 0, 0x45, 0, 0, 41, 0, 7, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        packet.extend([0, 80, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x10, 0, 9, 1, 1, 0, 0, b'x']);
        let copies: &[(u32, &[u8])] = &[(1, &packet), (40, b"end")];
        assert_eq!(read(vec![input("a", copies), input("b", copies)]), "0/1 0/2 1/2 -1");
    }

    #[test]
    fn copies_are_found_at_the_beginning_and_the_end_of_a_capture() {
        let packet = |id: u8| {
            let mut packet = vec![0; 12];
            packet.extend([8, 0, 0x45, 0, 0, 41, 0, id, 0x40, 0, 64, 6, 0, 0]);
            packet.extend([10, 0, 0, 1, 10, 0, 0, 2]);
            packet.extend([0, 80, 1, 0, 0, 0, 0, id, 0, 0, 0, 0, 0x50, 0x10, 0, 9, 1, 1, 0, 0]);
            packet.push(b'x');
            packet
        };
        let near: Vec<_> = [1, 2].map(packet).into_iter().collect();
        let later = |by: u32| [(by, near[0].as_slice()), (100 + by, near[1].as_slice())];
        assert_eq!(
            read(vec![input("a", &later(1)), input("b", &later(2))]),
            "0/1 0/2 -2",
            "the second one is opened behind the first frame, and read on behind the last one"
        );
    }
}
