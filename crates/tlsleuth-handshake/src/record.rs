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

use tlsleuth_capture::Place;

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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record<'a> {
    /// Its header.
    pub header: RecordHeader,
    /// The frame that completes it.
    pub at: Place,
    /// The frame in which it begins.
    pub begins: Place,
    /// Its body, if it was wanted and is all there.
    pub body: Option<&'a [u8]>,
    /// Whether bytes of the body are missing from the capture.
    pub damaged: bool,
}

/// What cutting gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut<'a> {
    /// A record.
    Record(Record<'a>),
    /// Bytes where a record should begin do not look like one. The reader looks for the next
    /// place that does.
    Lost {
        /// Where.
        at: Place,
        /// The first bytes found, at most eight.
        found: &'a [u8],
    },
}

/// Cuts one direction of a stream into records.
#[derive(Debug, Default)]
pub struct RecordReader {
    /// The beginning of a record whose end has not come, or of a header.
    partial: Vec<u8>,
    /// The record that is being skipped, and how many bytes are left of it.
    skipping: Option<Skipping>,
    begins: Place,
    /// Bytes are missing or make no sense: look for a record at the start of each segment.
    searching: bool,
    lost_told: bool,
}

#[derive(Debug, Clone, Copy)]
struct Skipping {
    header: RecordHeader,
    begins: Place,
    left: usize,
    damaged: bool,
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
        Self { searching: true, lost_told: true, ..Self::default() }
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
            Some(skipping) => Some((skipping.header, skipping.begins)),
            None => RecordHeader::parse(&self.partial).map(|header| (header, self.begins)),
        }
    }

    /// Takes the next bytes. `wants` says of a header whether the body is needed.
    ///
    /// `emit` gets each record that is complete now.
    pub fn push(
        &mut self,
        at: Place,
        mut bytes: &[u8],
        mut wants: impl FnMut(&RecordHeader) -> bool,
        mut emit: impl FnMut(Cut<'_>),
    ) {
        if self.searching {
            let plausible = RecordHeader::parse(bytes)
                .is_some_and(|header| header.is_plausible() && header.len > 0);
            if !plausible {
                return;
            }
            self.searching = false;
        }
        while !bytes.is_empty() {
            if let Some(mut skipping) = self.skipping.take() {
                let step = skipping.left.min(bytes.len());
                skipping.left -= step;
                bytes = bytes.get(step..).unwrap_or(&[]);
                if skipping.left > 0 {
                    self.skipping = Some(skipping);
                    return;
                }
                let Skipping { header, begins, damaged, .. } = skipping;
                emit(Cut::Record(Record { header, at, begins, body: None, damaged }));
                continue;
            }
            if self.partial.is_empty() {
                self.begins = at;
                let Some(header) = RecordHeader::parse(bytes) else {
                    self.partial.extend_from_slice(bytes);
                    return;
                };
                if !header.is_plausible() {
                    self.lose(at, bytes, &mut emit);
                    return;
                }
                let len = usize::from(header.len);
                let rest = bytes.get(RecordHeader::LEN..).unwrap_or(&[]);
                if !wants(&header) {
                    self.skip(header, len);
                    bytes = rest;
                    if len == 0 {
                        self.skipping = None;
                        emit(Cut::Record(self.empty(header, at)));
                    }
                    continue;
                }
                let Some((body, rest)) = rest.split_at_checked(len) else {
                    self.partial.extend_from_slice(bytes);
                    return;
                };
                bytes = rest;
                let begins = self.begins;
                emit(Cut::Record(Record { header, at, begins, body: Some(body), damaged: false }));
                continue;
            }
            // A record over several segments.
            let missing = RecordHeader::LEN.saturating_sub(self.partial.len());
            if missing > 0 {
                let step = missing.min(bytes.len());
                let (head, rest) = bytes.split_at_checked(step).unwrap_or((bytes, &[]));
                self.partial.extend_from_slice(head);
                bytes = rest;
                let Some(header) = RecordHeader::parse(&self.partial) else { return };
                if !header.is_plausible() {
                    let found = std::mem::take(&mut self.partial);
                    self.lose(at, &found, &mut emit);
                    return;
                }
                if !wants(&header) {
                    self.partial.clear();
                    self.skip(header, usize::from(header.len));
                    if header.len == 0 {
                        self.skipping = None;
                        emit(Cut::Record(self.empty(header, at)));
                    }
                    continue;
                }
                if header.len > 0 && bytes.is_empty() {
                    return;
                }
            }
            let Some(header) = RecordHeader::parse(&self.partial) else { return };
            let whole = RecordHeader::LEN + usize::from(header.len);
            let step = whole.saturating_sub(self.partial.len()).min(bytes.len());
            let (more, rest) = bytes.split_at_checked(step).unwrap_or((bytes, &[]));
            self.partial.extend_from_slice(more);
            bytes = rest;
            if self.partial.len() < whole {
                return;
            }
            let partial = std::mem::take(&mut self.partial);
            let body = partial.get(RecordHeader::LEN..);
            let begins = self.begins;
            emit(Cut::Record(Record { header, at, begins, body, damaged: false }));
            self.partial = partial;
            self.partial.clear();
        }
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
                begins: self.begins,
                left: (RecordHeader::LEN + usize::from(header.len))
                    .saturating_sub(self.partial.len()),
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

    fn skip(&mut self, header: RecordHeader, left: usize) {
        self.skipping = Some(Skipping { header, begins: self.begins, left, damaged: false });
    }

    fn empty(&self, header: RecordHeader, at: Place) -> Record<'static> {
        Record { header, at, begins: self.begins, body: Some(&[]), damaged: false }
    }

    fn lose(&mut self, at: Place, bytes: &[u8], emit: &mut impl FnMut(Cut<'_>)) {
        self.partial.clear();
        self.searching = true;
        if !self.lost_told {
            self.lost_told = true;
            let found = bytes.split_at_checked(8).map_or(bytes, |(found, _)| found);
            emit(Cut::Lost { at, found });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(pieces: &[&[u8]]) -> (RecordReader, Vec<(u8, Option<Vec<u8>>)>) {
        let mut reader = RecordReader::new();
        let mut records = Vec::new();
        for piece in pieces {
            reader.push(
                Place::default(),
                piece,
                |header| header.content_type != 23,
                |cut| match cut {
                    Cut::Record(record) => {
                        records.push((record.header.content_type, record.body.map(<[u8]>::to_vec)))
                    }
                    Cut::Lost { .. } => records.push((0, None)),
                },
            );
        }
        (reader, records)
    }

    const STREAM: &[u8] =
        b"\x16\x03\x01\0\x04abcd\x17\x03\x03\0\x03xyz\x14\x03\x03\0\x01\x01\x15\x03\x03\0\0";

    #[test]
    fn a_cut_anywhere_gives_the_same_records() {
        let (_, whole) = run(&[STREAM]);
        assert_eq!(whole.len(), 4);
        assert_eq!(whole[0], (22, Some(b"abcd".to_vec())));
        assert_eq!(whole[1], (23, None), "nobody wants application data");
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
        let mut push = |reader: &mut RecordReader, bytes: &[u8]| {
            reader.push(
                Place::default(),
                bytes,
                |_| true,
                |cut| {
                    if let Cut::Record(record) = cut {
                        seen.push((record.header.content_type, record.damaged));
                    }
                },
            );
        };
        push(&mut reader, b"\x16\x03\x03\0\x0aab");
        reader.gap(5);
        push(&mut reader, b"hij\x14\x03\x03\0\x01\x01");
        assert_eq!(seen, [(22, true), (20, false)]);
    }

    #[test]
    fn after_a_long_gap_it_finds_the_next_record() {
        let mut reader = RecordReader::new();
        let mut seen = 0;
        reader.push(Place::default(), b"\x16\x03\x03\0\x0aab", |_| true, |_| seen += 1);
        reader.gap(500);
        reader.push(Place::default(), b"in the middle of things", |_| true, |_| seen += 1);
        reader.push(Place::default(), b"\x15\x03\x03\0\x02\x02\x28", |_| true, |_| seen += 1);
        assert_eq!(seen, 1);
    }

    #[test]
    fn bytes_that_are_no_record_are_told_once() {
        let (_, records) = run(&[b"HTTP/1.1 400 Bad Request\r\n", b"Connection: close"]);
        assert_eq!(records, [(0, None)]);
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
