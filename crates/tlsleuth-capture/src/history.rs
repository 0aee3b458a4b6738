//! Bytes that were handed on, of all streams together, kept to compare with what comes again.
//!
//! ```text
//!            end, as of now                    end - capacity
//! | stream 7 | stream 3 | (overwritten next) ... stream 3 | stream 9 |
//! ```
//!
//! One ring for all streams: nothing is allocated, grown or given back for a stream, and what is held
//! is bounded, however many streams there are. A stream remembers where in the ring its bytes are;
//! whoever asks for bytes that the ring has gone over since is told so.

/// The ring is allocated in pieces of so many bytes, each when the ring first reaches it: a short
/// capture never pays for a long one's.
const CHUNK_BYTES: usize = 64 << 10;

/// A ring of bytes.
pub(crate) struct History {
    chunks: Vec<Box<[u8]>>,
    most_chunks: usize,
    /// How many bytes were ever kept: the position of the next one.
    end: u64,
    /// Which piece that one is in, and where in it.
    next: (usize, usize),
}

/// The bytes are no longer held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Overwritten;

impl History {
    /// An empty ring that takes at most `max_bytes`, or one piece.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            chunks: Vec::new(),
            most_chunks: (max_bytes / CHUNK_BYTES).max(1),
            end: 0,
            next: (0, 0),
        }
    }

    /// Bytes that the ring takes.
    pub(crate) fn bytes(&self) -> usize {
        self.chunks.len() * CHUNK_BYTES
    }

    /// Bytes that it takes when it is full.
    pub(crate) fn capacity(&self) -> usize {
        self.most_chunks * CHUNK_BYTES
    }

    /// Keeps bytes, over the oldest ones. The position to ask for them by.
    pub(crate) fn keep(&mut self, mut bytes: &[u8]) -> u64 {
        let start = self.end;
        while !bytes.is_empty() {
            let (chunk, at) = self.next;
            if chunk >= self.chunks.len() {
                self.chunks.push(vec![0; CHUNK_BYTES].into_boxed_slice());
            }
            let fits = bytes.len().min(CHUNK_BYTES - at);
            let (now, later) = bytes.split_at_checked(fits).unwrap_or((bytes, &[]));
            if let Some(room) =
                self.chunks.get_mut(chunk).and_then(|chunk| chunk.get_mut(at..at + fits))
            {
                room.copy_from_slice(now);
            }
            self.end = self.end.saturating_add(fits as u64);
            self.next = if at + fits < CHUNK_BYTES {
                (chunk, at + fits)
            } else if chunk + 1 < self.most_chunks {
                (chunk + 1, 0)
            } else {
                (0, 0)
            };
            bytes = later;
        }
        start
    }

    /// Where bytes that came again differ first from those kept at `position`.
    ///
    /// # Errors
    /// When the kept ones were overwritten, or some of them.
    pub(crate) fn first_difference(
        &self,
        position: u64,
        again: &[u8],
    ) -> Result<Option<usize>, Overwritten> {
        let capacity = self.capacity() as u64;
        let end = position.saturating_add(again.len() as u64);
        if end > self.end || self.end.saturating_sub(position) > capacity {
            return Err(Overwritten);
        }
        let mut done = 0;
        while let Some(left @ [_, ..]) = again.get(done..) {
            let (chunk, at) = self.split(position.saturating_add(done as u64));
            let held = self.chunks.get(chunk).and_then(|chunk| chunk.get(at..)).unwrap_or(&[]);
            if let Some(different) = first_difference(held, left) {
                return Ok(Some(done + different));
            }
            done += held.len().max(1);
        }
        Ok(None)
    }

    /// Which piece of the ring a position is in, and where in it.
    fn split(&self, position: u64) -> (usize, usize) {
        let chunk = position / CHUNK_BYTES as u64 % self.most_chunks as u64;
        let at = position % CHUNK_BYTES as u64;
        (usize::try_from(chunk).unwrap_or(0), usize::try_from(at).unwrap_or(0))
    }
}

/// Where two runs of bytes differ first, as far as both reach.
pub(crate) fn first_difference(left: &[u8], right: &[u8]) -> Option<usize> {
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

    fn run(seed: u8, len: usize) -> Vec<u8> {
        (0..=250).cycle().skip(seed.into()).take(len).collect()
    }

    #[test]
    fn what_is_kept_is_compared_over_the_pieces_of_the_ring() {
        let mut history = History::new(4 * CHUNK_BYTES);
        assert_eq!(history.bytes(), 0, "nothing is allocated before it is used");
        let long = run(3, CHUNK_BYTES + 500);
        history.keep(&run(0, 100));
        let position = history.keep(&long);
        assert_eq!(history.bytes(), 2 * CHUNK_BYTES);
        assert_eq!(history.first_difference(position, &long), Ok(None));
        let mut other = long.clone();
        other[CHUNK_BYTES + 400] ^= 1;
        assert_eq!(history.first_difference(position, &other), Ok(Some(CHUNK_BYTES + 400)));
        assert_eq!(history.first_difference(position + 7, &long[7..20]), Ok(None));
    }

    #[test]
    fn what_was_overwritten_is_said() {
        let mut history = History::new(2 * CHUNK_BYTES);
        let first = history.keep(b"first");
        let second = history.keep(b"second");
        history.keep(&run(0, 2 * CHUNK_BYTES - 11));
        assert_eq!(history.first_difference(first, b"first"), Ok(None), "full, to the last byte");
        history.keep(b"x");
        assert_eq!(history.first_difference(first, b"first"), Err(Overwritten));
        assert_eq!(history.first_difference(first + 1, b"irst"), Ok(None));
        assert_eq!(history.first_difference(second, b"seconX"), Ok(Some(5)));
        assert_eq!(history.bytes(), 2 * CHUNK_BYTES);
    }

    #[test]
    fn what_was_never_kept_is_not_there() {
        let mut history = History::new(0);
        let position = history.keep(b"abc");
        assert_eq!(history.first_difference(position, b"abcd"), Err(Overwritten));
    }
}
