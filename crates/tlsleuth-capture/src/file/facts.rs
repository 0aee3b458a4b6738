//! What is known about a capture file apart from its frames, and what is wrong with it.

use std::collections::VecDeque;
use std::fmt;

use super::input::Input;
use super::{Compression, Record, SecretsBlock};
use crate::{Address, LinkType, Place, Sequence, Timestamp};

/// A capture file format. Prints as in the report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum FileFormat {
    /// pcap, any variant (draft-ietf-opsawg-pcap).
    #[default]
    Pcap,
    /// pcapng (draft-ietf-opsawg-pcapng).
    Pcapng,
    /// snoop version 2 (RFC 1761).
    Snoop,
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pcap => "pcap",
            Self::Pcapng => "pcapng",
            Self::Snoop => "snoop",
        })
    }
}

/// What one capture file is and what was found on the way through it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FileFacts {
    /// The format below the compression.
    pub format: FileFormat,
    /// How the file is compressed.
    pub compression: Option<Compression>,
    /// The link types of the frames, each once, in the order in which they came up; in a file that
    /// has one for all, that one. At most 256.
    pub link_types: Vec<LinkType>,
    /// Interfaces described, over all sections of a pcapng file; 1 in other formats.
    pub interfaces: u32,
    /// Bytes of the decompressed capture that were read.
    pub bytes: u64,
    /// Frames handed out.
    pub frames: u64,
    /// The earliest time of a frame.
    pub first: Option<Timestamp>,
    /// The latest time of a frame.
    pub last: Option<Timestamp>,
    /// Frames of which the capture holds only the beginning (snap length).
    pub snapped_frames: u64,
    /// What the capturing system counted (pcapng ISB, snoop); `None` when it does not say.
    pub reported: Option<ReportedCounts>,
    /// Names of addresses that the file brings (pcapng NRB), in file order. At most 65,536.
    pub names: Vec<ResolvedName>,
    /// Comments that somebody left in the file (pcapng). At most 4,096 and 1 MiB.
    pub comments: Vec<Comment>,
    /// Names, comments and interface descriptions that were left out because of these caps.
    pub left_out: u64,
    /// What is wrong with the file, in file order; at most 1,000 of them.
    pub notices: Vec<Notice>,
}

/// What the capturing system says that it saw and lost, summed over interfaces and sections.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct ReportedCounts {
    /// Packets that the interfaces received (`isb_ifrecv`).
    pub received: u64,
    /// Packets that the interfaces or the kernel dropped (`isb_ifdrop` and `isb_osdrop`; snoop's
    /// cumulative drops).
    pub dropped: u64,
}

/// A name that a capture file gives to an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResolvedName {
    /// The address.
    pub address: Address,
    /// The name as in the file: hostile, maybe not UTF-8.
    pub name: Vec<u8>,
}

/// What a comment is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CommentScope {
    /// The section, that is mostly the file.
    Section,
    /// An interface, counted as [`Frame::interface`](crate::Frame::interface).
    Interface(u32),
    /// A frame, by its number.
    Frame(u64),
}

/// A comment in a capture file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comment {
    /// What it is about.
    pub scope: CommentScope,
    /// The text as in the file: hostile, maybe not UTF-8.
    pub text: Vec<u8>,
}

/// Something that is wrong with a capture file. None of them stops the analysis.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// The file ends within a frame: the writer was killed, or the disk was full.
    CutShort {
        /// Number of the last whole frame; 0 for none.
        after_frame: u64,
        /// Where the cut record begins, in bytes of the decompressed capture.
        offset: u64,
        /// Bytes that are missing from that record, at least.
        missing: u64,
    },
    /// A record or block that makes no sense.
    Damaged {
        /// Number of the last frame before it; 0 for none.
        after_frame: u64,
        /// Where it begins, in bytes of the decompressed capture.
        offset: u64,
        /// What is wrong with it.
        damage: Damage,
        /// Bytes that were given up from there on. Frames among them are neither seen nor
        /// counted: numbers after the damage are too low then.
        lost_bytes: u64,
        /// Whether frames were found behind it.
        resumed: bool,
    },
    /// The decompressor gave up; what came out before was read.
    Decompression {
        /// Where, in bytes of the decompressed capture.
        offset: u64,
        /// What it says.
        reason: String,
    },
    /// More came out of the decompression than
    /// [`Limits::max_decompressed_bytes`](crate::Limits) allows. The rest was not read.
    DecompressionLimit {
        /// Where the reading stopped, in bytes of the decompressed capture.
        offset: u64,
    },
    /// Frames are cut by the snap length.
    Snapped {
        /// How many.
        frames: u64,
        /// The first of them.
        first: Place,
        /// The most bytes that a frame kept.
        longest_kept: u32,
    },
    /// Frames are longer than 256 KiB: a card that joins segments may make such, but so
    /// does damage that looks like a record.
    Long {
        /// How many.
        frames: u64,
        /// The first of them.
        first: Place,
        /// The most captured bytes of one.
        longest: u32,
    },
    /// Frames are older than the one before them.
    TimeBackwards {
        /// How many.
        frames: u64,
        /// The first of them.
        first: Place,
        /// The largest step back, in nanoseconds.
        largest_ns: i64,
    },
    /// Frames have no time of their own (pcapng simple packets); they have that of the frame
    /// before them.
    Timeless {
        /// How many.
        frames: u64,
        /// The first of them.
        first: Place,
    },
    /// The capturing system says that it dropped packets.
    Dropped {
        /// Its own count.
        packets: u64,
    },
    /// Secrets were dropped because nobody polled for them.
    SecretsDropped {
        /// Bytes of secrets.
        bytes: u64,
    },
}

/// What is wrong with a record or block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Damage {
    /// Its length cannot be: too long, too short, or not the same at both ends.
    Length,
    /// Its content contradicts its length.
    Content,
    /// It refers to an interface that was not described.
    Interface,
    /// A section of a version or byte order that is not known.
    Section,
    /// More interfaces than [`Limits::max_interfaces`](crate::Limits).
    TooManyInterfaces,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "an impossible length",
            Self::Content => "a content that contradicts the length",
            Self::Interface => "an interface that is not described",
            Self::Section => "a section of an unknown version or byte order",
            Self::TooManyInterfaces => "too many interfaces",
        })
    }
}

/// Longer frames are rarer than damage: 256 KiB, which is what tcpdump captures at most.
const USUAL_FRAME_BYTES: u32 = 256 << 10;

const MAX_NOTICES: usize = 1_000;
const MAX_NAMES: usize = 65_536;
const MAX_COMMENTS: usize = 4_096;
const MAX_TEXT_BYTES: usize = 1 << 20;
const MAX_NAME_BYTES: usize = 8 << 20;
const MAX_SECRET_BYTES: usize = 64 << 20;
const MAX_LINK_TYPES: usize = 256;

/// Collects the facts while a file is read.
pub(super) struct Recorder {
    facts: FileFacts,
    capture: u32,
    /// Of the frame before, unless an interface came up since.
    last_link: Option<LinkType>,
    previous: Timestamp,
    first_snapped: Option<Place>,
    longest_kept: u32,
    long: u64,
    first_long: Option<Place>,
    longest: u32,
    backwards: u64,
    first_backwards: Option<Place>,
    largest_step_ns: i64,
    timeless: u64,
    first_timeless: Option<Place>,
    comment_bytes: usize,
    name_bytes: usize,
    secrets: VecDeque<SecretsBlock>,
    secret_bytes: usize,
    secrets_dropped: u64,
}

impl Recorder {
    pub(super) fn new(capture: u32, compression: Option<Compression>) -> Self {
        Self {
            facts: FileFacts { compression, ..FileFacts::default() },
            capture,
            last_link: None,
            previous: Timestamp(i64::MIN),
            first_snapped: None,
            longest_kept: 0,
            long: 0,
            first_long: None,
            longest: 0,
            backwards: 0,
            first_backwards: None,
            largest_step_ns: 0,
            timeless: 0,
            first_timeless: None,
            comment_bytes: 0,
            name_bytes: 0,
            secrets: VecDeque::new(),
            secret_bytes: 0,
            secrets_dropped: 0,
        }
    }

    pub(super) fn facts(&self) -> &FileFacts {
        &self.facts
    }

    pub(super) fn format(&mut self, format: FileFormat) {
        self.facts.format = format;
    }

    pub(super) fn interface(&mut self) {
        self.facts.interfaces = self.facts.interfaces.saturating_add(1);
        self.last_link = None;
    }

    /// The number that the next frame gets, when no record in between counts.
    pub(super) fn frames(&self) -> u64 {
        self.facts.frames
    }

    /// The time of the last frame, for one that has none.
    pub(super) fn previous_time(&self) -> Timestamp {
        self.facts.last.map_or(Timestamp(0), |_| self.previous)
    }

    /// Takes a frame into the account; tells whether it is like the one before: not older than any,
    /// of the same link type, and no interface came up in between.
    #[inline]
    pub(super) fn frame(&mut self, record: &Record) -> bool {
        self.facts.frames = self.facts.frames.wrapping_add(1);
        let same_link = self.last_link.is_some_and(|link| link == record.link);
        let alike = same_link && self.facts.last.is_some_and(|last| last <= record.time);
        if alike {
            self.facts.last = Some(record.time);
        } else {
            self.different(record);
        }
        self.previous = record.time;
        if record.captured < record.original_len {
            self.snapped(record);
        }
        if record.captured > USUAL_FRAME_BYTES {
            self.long(record);
        }
        alike
    }

    #[cold]
    fn different(&mut self, record: &Record) {
        if self.last_link != Some(record.link) {
            self.new_link(record.link);
        }
        if record.time < self.previous {
            self.step_back(record);
        }
        self.facts.first.get_or_insert(record.time);
        self.facts.last = self.facts.last.max(Some(record.time));
    }

    #[cold]
    fn long(&mut self, record: &Record) {
        self.long = self.long.saturating_add(1);
        self.longest = self.longest.max(record.captured);
        let place = self.place(record.number, record.time);
        self.first_long.get_or_insert(place);
    }

    /// Notes a link type that is not the one of the frame before.
    #[cold]
    pub(super) fn new_link(&mut self, link: LinkType) {
        self.last_link = Some(link);
        let known = &mut self.facts.link_types;
        if !known.contains(&link) && known.len() < MAX_LINK_TYPES {
            known.push(link);
        }
    }

    fn step_back(&mut self, record: &Record) {
        self.backwards = self.backwards.saturating_add(1);
        self.largest_step_ns = self.largest_step_ns.max(self.previous.since(record.time));
        let place = self.place(record.number, record.time);
        self.first_backwards.get_or_insert(place);
        self.facts.first = self.facts.first.map(|first| first.min(record.time));
    }

    fn snapped(&mut self, record: &Record) {
        self.facts.snapped_frames = self.facts.snapped_frames.saturating_add(1);
        self.longest_kept = self.longest_kept.max(record.captured);
        let place = self.place(record.number, record.time);
        self.first_snapped.get_or_insert(place);
    }

    fn place(&self, frame: u64, time: Timestamp) -> Place {
        Place { capture: self.capture, frame, time, sequence: Sequence::default() }
    }

    pub(super) fn capture(&self) -> u32 {
        self.capture
    }

    /// Gives the capture another number, as it is put in order among others.
    pub(super) fn renumber(&mut self, capture: u32) {
        self.capture = capture;
        let places = [
            &mut self.first_snapped,
            &mut self.first_long,
            &mut self.first_backwards,
            &mut self.first_timeless,
        ];
        for place in places.into_iter().flatten() {
            place.capture = capture;
        }
    }

    pub(super) fn timeless(&mut self, frame: u64, time: Timestamp) {
        let place = self.place(frame, time);
        self.timeless = self.timeless.saturating_add(1);
        self.first_timeless.get_or_insert(place);
    }

    #[cold]
    pub(super) fn notice(&mut self, notice: Notice) {
        if self.facts.notices.len() < MAX_NOTICES {
            self.facts.notices.push(notice);
        } else {
            self.facts.left_out = self.facts.left_out.saturating_add(1);
        }
    }

    pub(super) fn comment(&mut self, scope: CommentScope, text: &[u8]) {
        let total = self.comment_bytes.saturating_add(text.len());
        if self.facts.comments.len() >= MAX_COMMENTS || total > MAX_TEXT_BYTES {
            self.facts.left_out = self.facts.left_out.saturating_add(1);
            return;
        }
        self.comment_bytes = total;
        self.facts.comments.push(Comment { scope, text: text.to_vec() });
    }

    pub(super) fn name(&mut self, address: Address, name: &[u8]) {
        let total = self.name_bytes.saturating_add(name.len());
        if self.facts.names.len() >= MAX_NAMES || total > MAX_NAME_BYTES {
            self.facts.left_out = self.facts.left_out.saturating_add(1);
            return;
        }
        self.name_bytes = total;
        self.facts.names.push(ResolvedName { address, name: name.to_vec() });
    }

    pub(super) fn secrets(&mut self, block: SecretsBlock) {
        let total = self.secret_bytes.saturating_add(block.data().len());
        if total > MAX_SECRET_BYTES {
            self.secrets_dropped = self.secrets_dropped.saturating_add(block.data().len() as u64);
            return;
        }
        self.secret_bytes = total;
        self.secrets.push_back(block);
    }

    #[inline]
    pub(super) fn has_secrets(&self) -> bool {
        !self.secrets.is_empty()
    }

    pub(super) fn poll_secrets(&mut self) -> Option<SecretsBlock> {
        let block = self.secrets.pop_front()?;
        self.secret_bytes = self.secret_bytes.saturating_sub(block.data().len());
        Some(block)
    }

    /// Sets what the capturing system counted.
    pub(super) fn reported(&mut self, counts: ReportedCounts) {
        self.facts.reported = Some(counts);
    }

    /// Turns the counts into notices, once, at the end of the file.
    pub(super) fn close(&mut self, input: &mut Input) {
        self.facts.bytes = input.offset().saturating_add(input.rest().len() as u64);
        if input.capped() {
            self.notice(Notice::DecompressionLimit { offset: self.facts.bytes });
        }
        if let Some(first) = self.first_snapped {
            let (frames, longest_kept) = (self.facts.snapped_frames, self.longest_kept);
            self.notice(Notice::Snapped { frames, first, longest_kept });
        }
        if let Some(first) = self.first_long {
            self.notice(Notice::Long { frames: self.long, first, longest: self.longest });
        }
        if let Some(first) = self.first_backwards {
            let (frames, largest_ns) = (self.backwards, self.largest_step_ns);
            self.notice(Notice::TimeBackwards { frames, first, largest_ns });
        }
        if let Some(first) = self.first_timeless {
            self.notice(Notice::Timeless { frames: self.timeless, first });
        }
        if let Some(ReportedCounts { dropped: packets @ 1.., .. }) = self.facts.reported {
            self.notice(Notice::Dropped { packets });
        }
        if self.secrets_dropped > 0 {
            self.notice(Notice::SecretsDropped { bytes: self.secrets_dropped });
        }
    }
}
