//! Cuts a stream into TLS records (RFC 9846 §5.1, RFC 5246 §6.2.1).
//!
//! ```text
//! struct {
//!     ContentType type;                  1 byte
//!     ProtocolVersion legacy_version;    2 bytes
//!     uint16 length;                     2 bytes
//!     opaque fragment[length];
//! } TLSPlaintext;
//! ```
//!
//! A record that lies whole in one segment is handed on from there; only a cut one is copied. Bodies
//! that nobody wants (application data) are skipped by their length and never touched.

use std::borrow::Cow;

use tlsleuth_capture::packed::{Pack, Packer, Unpacker};
use tlsleuth_capture::{Place, pack_fields};

use crate::probe;

/// The largest record that any version allows, in bytes: 2¹⁴ + 2048 (RFC 5246 §6.2.3).
pub const MAX_RECORD_BYTES: usize = (1 << 14) + 2048;

/// The five bytes before a record's body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecordHeader {
    /// What the body holds: 20 to 24.
    pub content_type: u8,
    /// The version field, which means little (RFC 9846 §5.1).
    pub record_version: u16,
    /// Bytes of the body.
    pub len: u16,
}

impl RecordHeader {
    /// Bytes of a header.
    pub const LEN: usize = 5;

    /// Bytes of the record, header and body.
    #[must_use]
    pub fn whole_len(&self) -> usize {
        Self::LEN + usize::from(self.len)
    }

    /// Reads the first five bytes; `None` if there are fewer.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let [content_type, a, b, c, d, ..] = bytes else { return None };
        Some(Self {
            content_type: *content_type,
            record_version: u16::from_be_bytes([*a, *b]),
            len: u16::from_be_bytes([*c, *d]),
        })
    }

    /// Whether the five bytes can be a record's: a known type, a version 3.x, a length in bounds.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        let draft_or_release = self.record_version >> 8 == 3 || self.record_version >> 8 == 0x7f;
        (20..=24).contains(&self.content_type)
            && draft_or_release
            && self.record_version & 0xff <= 4
            && usize::from(self.len) <= MAX_RECORD_BYTES
    }
}

/// One record, whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record<'a> {
    /// Its header.
    pub header: RecordHeader,
    /// The frame that completes it.
    pub at: Place,
    /// The frame in which it begins.
    pub begins: Place,
    /// Header and body, if it was wanted and is all there: owned where it had to be put together.
    pub whole: Option<Cow<'a, [u8]>>,
    /// Whether bytes of the body are missing from the capture.
    pub damaged: bool,
}

impl Record<'_> {
    /// Its body, if it was wanted and is all there.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.whole.as_ref()?.get(RecordHeader::LEN..)
    }
}

/// What cutting gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cut<'a> {
    /// A record.
    Record(Record<'a>),
    /// Bytes where a record should begin do not look like one. The reader looks for the next
    /// place that does.
    Lost {
        /// Where.
        at: Place,
        /// The first bytes found, at most eight.
        found: Cow<'a, [u8]>,
    },
}

/// Cuts one direction of a stream into records.
#[derive(Debug, Default)]
pub struct RecordReader {
    /// The beginning of a record whose end has not come, or of a header.
    partial: Vec<u8>,
    /// The record that is being skipped, and how many bytes are left of it.
    skipping: Option<Skipping>,
    /// Where the record begins that is skipped or partial.
    begins: Place,
    /// Bytes are missing or make no sense: look for a record at the start of each segment.
    searching: bool,
}

#[derive(Debug, Clone, Copy)]
struct Skipping {
    header: RecordHeader,
    left: usize,
    damaged: bool,
}

pack_fields!(RecordHeader { content_type, record_version, len });
pack_fields!(Skipping { header, left, damaged });

impl Pack for RecordReader {
    fn pack(self, to: &mut Packer) {
        let Self { partial, skipping, begins, searching } = self;
        to.run(&partial);
        skipping.pack(to);
        begins.pack(to);
        searching.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self {
            partial: from.run()?,
            skipping: Pack::unpack(from)?,
            begins: Pack::unpack(from)?,
            searching: Pack::unpack(from)?,
        })
    }
}

impl RecordReader {
    /// A reader at the start of a record.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A reader that begins somewhere in a stream.
    #[must_use]
    pub fn searching() -> Self {
        Self { searching: true, ..Self::default() }
    }

    /// Bytes held.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        self.partial.capacity()
    }

    /// Whether the reader stands between two records.
    #[must_use]
    pub fn is_at_boundary(&self) -> bool {
        self.partial.is_empty() && self.skipping.is_none() && !self.searching
    }

    /// Whether a record began whose end has not come: its header.
    #[must_use]
    pub fn unfinished(&self) -> Option<(RecordHeader, Place)> {
        match self.skipping {
            Some(skipping) => Some((skipping.header, self.begins)),
            None => RecordHeader::parse(&self.partial).map(|header| (header, self.begins)),
        }
    }

    /// The next record that is complete with the bytes of `input`, which it takes from the front.
    /// `None` when `input` is used up. `wants` says of a header whether the body is needed.
    ///
    /// ```
    /// # use tlsleuth_capture::Place;
    /// # use tlsleuth_handshake::record::{Cut, RecordReader};
    /// let mut reader = RecordReader::new();
    /// let mut input: &[u8] = b"\x15\x03\x03\0\x02\x02\x28";
    /// let Some(Cut::Record(record)) = reader.next(Place::default(), &mut input, |_| true) else {
    ///     unreachable!()
    /// };
    /// assert_eq!(record.body(), Some(&[2, 40][..]));
    /// ```
    pub fn next<'a>(
        &mut self,
        at: Place,
        input: &mut &'a [u8],
        wants: impl Fn(&RecordHeader) -> bool,
    ) -> Option<Cut<'a>> {
        // Nearly every record lies whole at the front.
        if self.is_at_boundary()
            && let Some(header) = RecordHeader::parse(input)
            && header.is_plausible()
            && let Some((whole, rest)) = input.split_at_checked(header.whole_len())
        {
            *input = rest;
            let whole = wants(&header).then_some(Cow::Borrowed(whole));
            return Some(Cut::Record(Record { header, at, begins: at, whole, damaged: false }));
        }
        self.next_of_pieces(at, input, wants)
    }

    /// The same where a record is cut, or none begins.
    fn next_of_pieces<'a>(
        &mut self,
        at: Place,
        input: &mut &'a [u8],
        wants: impl Fn(&RecordHeader) -> bool,
    ) -> Option<Cut<'a>> {
        if self.searching {
            let plausible = RecordHeader::parse(input)
                .is_some_and(|header| header.is_plausible() && header.len > 0);
            if !plausible {
                // Most records begin with a segment; the one behind a gap may begin inside of it.
                let within = (1..input.len())
                    .find(|&offset| input.get(offset..).is_some_and(probe::begins_with_records));
                *input = within.and_then(|offset| input.get(offset..)).unwrap_or(&[]);
                if input.is_empty() {
                    return None;
                }
            }
            self.searching = false;
        }
        loop {
            if let Some(mut skipping) = self.skipping.take() {
                let step = skipping.left.min(input.len());
                skipping.left -= step;
                *input = input.get(step..).unwrap_or(&[]);
                if skipping.left > 0 {
                    self.skipping = Some(skipping);
                    return None;
                }
                let (Skipping { header, damaged, .. }, begins) = (skipping, self.begins);
                return Some(Cut::Record(Record { header, at, begins, whole: None, damaged }));
            }
            if input.is_empty() {
                return None;
            }
            if !self.partial.is_empty() {
                break;
            }
            self.begins = at;
            let Some(header) = RecordHeader::parse(input) else {
                self.partial.extend_from_slice(input);
                *input = &[];
                return None;
            };
            if !header.is_plausible() {
                let found = input.split_at_checked(8).map_or(*input, |(found, _)| found);
                *input = &[];
                self.searching = true;
                return Some(Cut::Lost { at, found: Cow::Borrowed(found) });
            }
            if !wants(&header) {
                *input = input.get(RecordHeader::LEN..).unwrap_or(&[]);
                self.skip(header);
                continue;
            }
            let Some((whole, rest)) = input.split_at_checked(header.whole_len()) else {
                // Room for all of it at once, if it is not the header alone that promises so much.
                let room = header.whole_len().min(input.len().saturating_mul(4));
                self.partial.reserve_exact(room);
                self.partial.extend_from_slice(input);
                *input = &[];
                return None;
            };
            *input = rest;
            let whole = Some(Cow::Borrowed(whole));
            return Some(Cut::Record(Record { header, at, begins: at, whole, damaged: false }));
        }
        // A record over several segments.
        let had_header = self.partial.len() >= RecordHeader::LEN;
        self.fill(input, RecordHeader::LEN);
        let header = RecordHeader::parse(&self.partial)?;
        if !had_header {
            if !header.is_plausible() {
                self.searching = true;
                *input = &[];
                let found = Cow::Owned(std::mem::take(&mut self.partial));
                return Some(Cut::Lost { at, found });
            }
            if !wants(&header) {
                self.partial.clear();
                self.skip(header);
                return self.next_of_pieces(at, input, wants);
            }
        }
        self.fill(input, header.whole_len());
        if self.partial.len() < header.whole_len() {
            return None;
        }
        // With its room: most connections have but one or two such records, and stay long after.
        let whole = Some(Cow::Owned(std::mem::take(&mut self.partial)));
        Some(Cut::Record(Record { header, at, begins: self.begins, whole, damaged: false }))
    }

    /// Takes bytes of `input` until `partial` has `len` of them.
    fn fill(&mut self, input: &mut &[u8], len: usize) {
        let missing = len.saturating_sub(self.partial.len()).min(input.len());
        if let Some((more, rest)) = input.split_at_checked(missing) {
            self.partial.extend_from_slice(more);
            *input = rest;
        }
    }

    /// The handshake type of an unfinished record in clear, if its first byte is there.
    #[must_use]
    pub fn unfinished_message(&self) -> Option<u8> {
        let header = RecordHeader::parse(&self.partial)?;
        self.partial.get(RecordHeader::LEN).copied().filter(|_| header.content_type == 22)
    }

    /// Whether so many missing bytes all lie in a record that nobody wants.
    #[must_use]
    pub fn skips(&self, len_bytes: u64) -> bool {
        self.skipping
            .is_some_and(|skipping| u64::try_from(skipping.left).is_ok_and(|left| left > len_bytes))
    }

    /// Takes note of missing bytes. Where they lie inside of one record the reader stays in step.
    pub fn gap(&mut self, len_bytes: u64) {
        if self.searching {
            return;
        }
        let unfinished = match self.skipping {
            Some(skipping) => Some(skipping),
            None => RecordHeader::parse(&self.partial).map(|header| Skipping {
                header,
                left: header.whole_len().saturating_sub(self.partial.len()),
                damaged: true,
            }),
        };
        self.partial.clear();
        match unfinished {
            Some(mut skipping)
                if u64::try_from(skipping.left).is_ok_and(|left| left > len_bytes) =>
            {
                skipping.left =
                    skipping.left.saturating_sub(usize::try_from(len_bytes).unwrap_or(usize::MAX));
                skipping.damaged = true;
                self.skipping = Some(skipping);
            }
            _ => {
                self.skipping = None;
                self.searching = true;
            }
        }
    }

    fn skip(&mut self, header: RecordHeader) {
        let left = usize::from(header.len);
        self.skipping = Some(Skipping { header, left, damaged: false });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Seen = (u8, Option<Vec<u8>>, bool);

    fn push(reader: &mut RecordReader, mut piece: &[u8], seen: &mut Vec<Seen>) {
        let wants = |header: &RecordHeader| header.content_type != 23;
        while let Some(cut) = reader.next(Place::default(), &mut piece, wants) {
            seen.push(match cut {
                Cut::Record(record) => {
                    (record.header.content_type, record.body().map(<[u8]>::to_vec), record.damaged)
                }
                Cut::Lost { .. } => (0, None, false),
            });
        }
        assert!(piece.is_empty());
    }

    fn run(pieces: &[&[u8]]) -> (RecordReader, Vec<Seen>) {
        let mut reader = RecordReader::new();
        let mut seen = Vec::new();
        for piece in pieces {
            push(&mut reader, piece, &mut seen);
        }
        (reader, seen)
    }

    const STREAM: &[u8] =
        b"\x16\x03\x01\0\x04abcd\x17\x03\x03\0\x03xyz\x14\x03\x03\0\x01\x01\x15\x03\x03\0\0";

    #[test]
    fn a_cut_anywhere_gives_the_same_records() {
        let (_, whole) = run(&[STREAM]);
        assert_eq!(whole.len(), 4);
        assert_eq!(whole[0], (22, Some(b"abcd".to_vec()), false));
        assert_eq!(whole[1], (23, None, false), "nobody wants application data");
        for at in 0..STREAM.len() {
            let (left, right) = STREAM.split_at(at);
            let (reader, records) = run(&[left, right]);
            assert_eq!(records, whole, "cut at {at}");
            assert!(reader.is_at_boundary());
        }
        let bytes: Vec<&[u8]> = STREAM.chunks(1).collect();
        assert_eq!(run(&bytes).1, whole);
    }

    #[test]
    fn a_gap_inside_of_a_record_keeps_step() {
        let mut reader = RecordReader::new();
        let mut seen = Vec::new();
        push(&mut reader, b"\x16\x03\x03\0\x0aab", &mut seen);
        reader.gap(5);
        push(&mut reader, b"hij\x14\x03\x03\0\x01\x01", &mut seen);
        assert_eq!(seen, [(22, None, true), (20, Some(vec![1]), false)]);
    }

    #[test]
    fn after_a_long_gap_it_finds_the_next_record() {
        let mut reader = RecordReader::new();
        let mut seen = Vec::new();
        push(&mut reader, b"\x16\x03\x03\0\x0aab", &mut seen);
        reader.gap(500);
        push(&mut reader, b"in the middle of things", &mut seen);
        push(&mut reader, b"\x15\x03\x03\0\x02\x02\x28", &mut seen);
        assert_eq!(seen, [(21, Some(vec![2, 40]), false)]);
    }

    #[test]
    fn bytes_that_are_no_record_are_told_once() {
        let (_, records) = run(&[b"HTTP/1.1 400 Bad Request\r\n", b"Connection: close"]);
        assert_eq!(records, [(0, None, false)]);
    }

    proptest! {
        #[test]
        fn no_input_panics(pieces in proptest::collection::vec(
            proptest::collection::vec(prop_oneof![Just(22u8), Just(3), Just(0), any::<u8>()], 0..40),
            0..20,
        )) {
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            run(&pieces);
        }
    }
}
