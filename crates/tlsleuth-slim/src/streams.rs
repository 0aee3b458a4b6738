//! The bytes of the connections that are kept, put in order so that they can be masked: a name may
//! lie in two segments, and a segment may come twice.

use std::collections::{BTreeMap, HashMap, VecDeque};

use tlsleuth::capture::{Endpoint, Segment, TcpFlags};

use crate::mask::Mask;
use crate::need::{FlowKey, FrameId, Need, key};

/// Bytes kept of one direction of a connection: handshakes are shorter.
const MOST_OF_ONE: usize = 1 << 20;
/// Bytes kept of all: what is beyond is blanked.
const MOST_OF_ALL: usize = 192 << 20;

/// Tells which connection a segment belongs to, when asked for each in the order of the capture.
#[derive(Debug)]
pub(crate) struct Owners {
    waiting: HashMap<FlowKey, VecDeque<(FrameId, usize)>>,
    current: HashMap<FlowKey, usize>,
}

impl Owners {
    pub(crate) fn new(needs: &[Need]) -> Self {
        let mut waiting: HashMap<FlowKey, VecDeque<_>> = HashMap::new();
        for (index, need) in needs.iter().enumerate() {
            waiting.entry(need.key).or_default().push_back((need.first, index));
        }
        Self { waiting, current: HashMap::new() }
    }

    /// The index of the connection.
    pub(crate) fn of(&mut self, segment: &Segment<'_>) -> Option<usize> {
        let key = key(segment.source, segment.destination, segment.tunnel);
        let id = (segment.place.capture, segment.place.frame);
        let waiting = self.waiting.get_mut(&key)?;
        if waiting.front().is_some_and(|(first, _)| *first == id)
            && let Some((_, index)) = waiting.pop_front()
        {
            self.current.insert(key, index);
        }
        self.current.get(&key).copied()
    }
}

/// The streams of all connections: collected, then masked, then asked.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    streams: HashMap<(usize, Endpoint), Stream>,
    bytes: usize,
    /// Payload bytes that are blanked because too many were collected.
    pub(crate) blanked: u64,
}

/// One direction of a connection.
#[derive(Debug, Default)]
struct Stream {
    /// The sequence number that is offset 0.
    base: u32,
    /// Whether the base is that of the SYN: then offset 0 is the beginning.
    opened: bool,
    /// Runs of bytes by their offset. They do not touch each other once they are joined.
    runs: BTreeMap<i64, Vec<u8>>,
    bytes: usize,
}

impl Streams {
    /// Takes the payload of a segment of a connection.
    pub(crate) fn push(&mut self, owner: usize, segment: &Segment<'_>) {
        let syn = segment.flags.has(TcpFlags::SYN);
        let stream = self.streams.entry((owner, segment.source)).or_insert_with(|| Stream {
            base: start(segment),
            opened: syn,
            ..Stream::default()
        });
        let len = segment.payload.len();
        if len == 0 {
            return;
        }
        if stream.bytes + len > MOST_OF_ONE || self.bytes + len > MOST_OF_ALL {
            self.blanked += u64::try_from(len).unwrap_or(0);
            return;
        }
        let added = stream.insert(stream.offset(segment), segment.payload);
        stream.bytes += added;
        self.bytes += added;
    }

    /// Masks everything that was collected.
    pub(crate) fn mask(&mut self, mask: &Mask<'_>) {
        for stream in self.streams.values_mut() {
            stream.join();
            let opened = stream.opened;
            let first = stream.runs.keys().next().copied();
            for (offset, run) in &mut stream.runs {
                // Without a SYN nobody knows what came before the first run: it may still be the
                // beginning, and is treated like that where it looks like it.
                let beginning = Some(*offset) == first && (!opened || *offset == 0);
                mask.stream(run, beginning);
            }
        }
    }

    /// The masked payload of a segment; zeros for what was not collected.
    pub(crate) fn payload(&self, owner: usize, segment: &Segment<'_>) -> Vec<u8> {
        let mut payload = vec![0; segment.payload.len()];
        let Some(stream) = self.streams.get(&(owner, segment.source)) else { return payload };
        let from = stream.offset(segment);
        for (at, byte) in (from..).zip(&mut payload) {
            if let Some(masked) = stream.at(at) {
                *byte = masked;
            }
        }
        payload
    }
}

/// The sequence number of the first byte of payload.
fn start(segment: &Segment<'_>) -> u32 {
    segment.seq.0.wrapping_add(u32::from(segment.flags.has(TcpFlags::SYN)))
}

impl Stream {
    fn offset(&self, segment: &Segment<'_>) -> i64 {
        i64::from(start(segment).wrapping_sub(self.base).cast_signed())
    }

    /// Adds bytes where there are none yet: the first copy wins. Gives how many were added.
    fn insert(&mut self, offset: i64, bytes: &[u8]) -> usize {
        let mut added = 0;
        let mut run: Option<(i64, Vec<u8>)> = None;
        for (at, byte) in (offset..).zip(bytes) {
            if self.at(at).is_none() {
                added += 1;
                run.get_or_insert_with(|| (at, Vec::new())).1.push(*byte);
            } else if let Some((start, run)) = run.take() {
                self.runs.insert(start, run);
            }
        }
        if let Some((start, run)) = run {
            self.runs.insert(start, run);
        }
        added
    }

    /// The byte at an offset.
    fn at(&self, offset: i64) -> Option<u8> {
        let (start, run) = self.runs.range(..=offset).next_back()?;
        run.get(usize::try_from(offset - start).ok()?).copied()
    }

    /// Makes one run of those that touch each other.
    fn join(&mut self) {
        let mut joined: BTreeMap<i64, Vec<u8>> = BTreeMap::new();
        let mut last: Option<(i64, Vec<u8>)> = None;
        for (start, run) in std::mem::take(&mut self.runs) {
            match &mut last {
                Some((from, bytes))
                    if i64::try_from(bytes.len()).is_ok_and(|len| *from + len == start) =>
                {
                    bytes.extend(run);
                }
                _ => joined.extend(last.replace((start, run))),
            }
        }
        joined.extend(last);
        self.runs = joined;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(pieces: &[(i64, &str)]) -> Vec<(i64, String)> {
        let mut stream = Stream::default();
        for (offset, text) in pieces {
            stream.insert(*offset, text.as_bytes());
        }
        stream.join();
        stream.runs.iter().map(|(at, run)| (*at, String::from_utf8_lossy(run).into())).collect()
    }

    #[test]
    fn pieces_in_any_order_make_runs() {
        assert_eq!(runs(&[(3, "de"), (0, "abc")]), [(0, "abcde".to_owned())]);
        assert_eq!(runs(&[(0, "abc"), (1, "XYde")]), [(0, "abcde".to_owned())]);
        assert_eq!(runs(&[(2, "c"), (0, "abXd")]), [(0, "abcd".to_owned())]);
        assert_eq!(runs(&[(0, "a"), (5, "f")]), [(0, "a".to_owned()), (5, "f".to_owned())]);
        assert_eq!(runs(&[(-2, "yz"), (0, "a")]), [(-2, "yza".to_owned())]);
    }
}
