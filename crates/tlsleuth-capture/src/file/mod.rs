//! Capture files: bytes in, frames out. The only part that touches files.
//!
//! ```text
//! open -> (decompress) -> Input, a window onto the bytes -> pcap | pcapng | snoop -> Frame
//! ```
//!
//! Architecture invariant: no format keeps a frame. A frame borrows from the window until the
//! next one is asked for, so a capture of any size is read in constant memory.

mod ahead;
mod compression;
mod duplicate;
mod facts;
mod input;
mod merge;
mod open;
mod order;
mod pcap;
mod pcapng;
mod secrets;
mod snoop;
mod sort;
mod source;
mod xz;

pub use ahead::{Errand, Helper};
pub use compression::Compression;
pub use facts::{
    Comment, CommentScope, Damage, FileFacts, FileFormat, Notice, ReportedCounts, ResolvedName,
};
pub use merge::{
    CaptureError, CaptureInput, CaptureState, MergedReader, OrderedCaptures, order_captures,
};
pub use open::OpenOptions;
pub use secrets::{SecretsBlock, prescan_secrets};

use std::fmt;
use std::io;

use crate::{Error, Frame, Limits, LinkType, Place, Sequence, Timestamp};
use facts::Recorder;
use input::Input;

/// Reads one capture frame by frame: pcap, pcapng or snoop, compressed or not.
///
/// Damage does not make it fail: the frames before it come out, then the reading ends (or goes on
/// behind the damage where the next frame can be found), and [`FileFacts::notices`] says so.
///
/// ```
/// # use tlsleuth_capture::{FrameReader, OpenOptions};
/// let mut file = vec![
///     0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0,
/// ];
/// file.extend([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, b'a', b'b', b'c']);
/// let mut frames = OpenOptions::default().read(std::io::Cursor::new(file))?;
/// let frame = frames.next_frame()?.expect("one frame");
/// assert_eq!((frame.place.frame, frame.data), (1, &b"abc"[..]));
/// assert!(frames.next_frame()?.is_none());
/// # Ok::<(), tlsleuth_capture::Error>(())
/// ```
pub struct FrameReader {
    input: Input,
    format: Format,
    recorder: Recorder,
    limits: Limits,
    /// The current frame.
    record: Record,
}

enum Format {
    Pcap(pcap::Pcap),
    Pcapng(Box<pcapng::Pcapng>),
    Snoop(snoop::Snoop),
    /// The capture is at its end.
    Ended,
}

/// A frame that a format found, with its place in the window instead of a borrow.
#[derive(Clone, Copy, Debug)]
struct Record {
    start: usize,
    captured: u32,
    /// 0 before the first frame and behind the last.
    number: u64,
    time: Timestamp,
    link: LinkType,
    interface: u32,
    original_len: u32,
}

impl Record {
    const NONE: Self = Self {
        start: 0,
        captured: 0,
        number: 0,
        time: Timestamp(0),
        link: LinkType::UNKNOWN,
        interface: 0,
        original_len: 0,
    };
}

/// What a reader came to.
enum Step {
    /// A frame like the one before, as [`Recorder::frame`] says.
    Alike(Record),
    /// A frame that is not.
    Different,
    End,
}

impl FrameReader {
    /// Starts on bytes of which nothing was taken yet.
    fn new(mut input: Input, capture: u32, limits: Limits) -> Result<Self, Error> {
        let mut recorder = Recorder::new(capture, input.compression());
        let format = open::recognize(&mut input, &mut recorder, &limits)?;
        Ok(Self { input, format, recorder, limits, record: Record::NONE })
    }

    /// The next frame, or `None` when the capture ends.
    ///
    /// # Errors
    /// [`Error::Read`] when the disk or the pipe fails; the frames before it were handed out. What
    /// is wrong in the capture itself is no error.
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, Error> {
        Ok(if self.advance()? { self.frame() } else { None })
    }

    /// Goes on to the next frame, which [`frame`](Self::frame) then shows; `false` at the end.
    ///
    /// # Errors
    /// As [`next_frame`](Self::next_frame).
    #[inline]
    pub fn advance(&mut self) -> Result<bool, Error> {
        match self.step() {
            Step::Alike(_) | Step::Different => Ok(true),
            Step::End => self.end(),
        }
    }

    /// The same, and tells what the frame is like. Who comes to the end has to [`end`](Self::end).
    #[inline]
    fn step(&mut self) -> Step {
        let found = match &self.format {
            Format::Pcap(format) => format.next(&mut self.input, &mut self.recorder),
            _ => self.next_of_another_format().then_some(self.record),
        };
        self.record = found.unwrap_or(Record::NONE);
        match found {
            Some(record) if self.recorder.frame(&record) => Step::Alike(record),
            Some(_) => Step::Different,
            None => Step::End,
        }
    }

    /// Fills `record` in; `false` at the end. Kept apart, so that a record of the format that most
    /// captures have goes from hand to hand in registers.
    #[inline(never)]
    fn next_of_another_format(&mut self) -> bool {
        let Self { input, format, recorder, limits, .. } = self;
        let found = match format {
            Format::Pcap(format) => format.next(input, recorder),
            Format::Pcapng(format) => format.next(input, recorder, limits),
            Format::Snoop(format) => format.next(input, recorder, limits),
            Format::Ended => None,
        };
        self.record = found.unwrap_or(Record::NONE);
        found.is_some()
    }

    /// The frame that [`advance`](Self::advance) went to.
    #[inline]
    #[must_use]
    pub fn frame(&self) -> Option<Frame<'_>> {
        (self.record.number != 0).then(|| self.frame_of(&self.record))
    }

    /// The frame of the record that was found last.
    #[inline]
    fn frame_of(&self, record: &Record) -> Frame<'_> {
        let Record { start, captured, number, time, link, interface, original_len } = *record;
        let capture = self.capture();
        Frame {
            place: Place { capture, frame: number, time, sequence: Sequence::default() },
            link,
            interface,
            data: self.input.get(start, captured as usize),
            original_len,
        }
    }

    #[cold]
    fn end(&mut self) -> Result<bool, Error> {
        if let Format::Ended = std::mem::replace(&mut self.format, Format::Ended) {
            return Ok(false);
        }
        self.recorder.close(&mut self.input);
        match self.input.take_failure() {
            Some(source) if self.input.compression().is_none() => Err(Error::Read(source)),
            Some(source) => {
                self.recorder.notice(Notice::Decompression {
                    offset: self.input.offset(),
                    reason: source.to_string(),
                });
                Ok(false)
            }
            None => Ok(false),
        }
    }

    /// What is known about the file up to the current frame; complete once `next_frame` gave
    /// `None`.
    #[must_use]
    pub fn facts(&self) -> &FileFacts {
        self.recorder.facts()
    }

    /// Which capture of the incident this is; see [`Place::capture`].
    #[must_use]
    pub fn capture(&self) -> u32 {
        self.recorder.capture()
    }

    /// Gives the capture another number than it was opened with.
    fn renumber(&mut self, capture: u32) {
        self.recorder.renumber(capture);
    }

    /// Bytes of the (decompressed) capture that lie behind the reader: for a progress bar.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.input.offset()
    }

    /// Whether [`poll_secrets`](Self::poll_secrets) has something to give.
    #[inline]
    fn has_secrets(&self) -> bool {
        self.recorder.has_secrets()
    }

    /// The next block of decryption secrets that was passed on the way (pcapng DSB), oldest first.
    ///
    /// Poll after each frame. At most 64 MiB of them are kept between two polls; what is beyond is
    /// dropped, with a [`Notice::SecretsDropped`].
    pub fn poll_secrets(&mut self) -> Option<SecretsBlock> {
        self.recorder.poll_secrets()
    }
}

impl fmt::Debug for FrameReader {
    /// Leaves the bytes out: they may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameReader")
            .field("capture", &self.capture())
            .field("facts", self.recorder.facts())
            .finish_non_exhaustive()
    }
}

/// Reads all of an input frame by frame, alone and merged with itself, and forgets it: for fuzzing.
#[doc(hidden)]
pub fn fuzz_file(bytes: &[u8]) {
    let limits = Limits { max_decompressed_bytes: 4 << 20, ..Limits::default() };
    let options = OpenOptions { limits, ..OpenOptions::default() };
    let open = || options.read(io::Cursor::new(bytes.to_vec()));
    let Ok(mut reader) = open() else { return };
    let (mut frames, mut last) = (0_u64, 0);
    while let Ok(Some(frame)) = reader.next_frame() {
        frames = frames.wrapping_add(1);
        assert!(frame.place.frame > last, "frame numbers go up");
        last = frame.place.frame;
    }
    assert_eq!(reader.facts().frames, frames, "every frame is counted");
    let inputs = [open(), open()].into_iter().flatten();
    let inputs = inputs.map(|reader| CaptureInput::Reader("-".into(), Box::new(reader))).collect();
    let mut merged = MergedReader::new(order_captures(inputs, &options), options.clone());
    let mut found = 0_u64;
    while let Ok(Some(_)) = merged.next_frame() {
        found = found.wrapping_add(1);
    }
    let found = found.wrapping_add(merged.duplicates());
    assert_eq!(found, frames.wrapping_mul(2), "every frame is handed out or counted");
    while merged.poll_secrets().is_some() {}
}
