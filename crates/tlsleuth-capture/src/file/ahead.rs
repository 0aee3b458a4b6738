//! Bytes of a capture that somebody else reads while the frames before them are looked at.
//!
//! ```text
//!         Errand: read the next pieces    Helper: whoever has time runs it
//! Ahead  ---------------------------->  (another thread)
//!   ^                                          |
//!   '----- Pool: a few pieces, ready <--------'
//! ```
//!
//! Nobody waits for an errand that has not begun: whoever needs the next piece and finds none ready reads
//! it himself, so what comes out, and when it ends, does not depend on the helper.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::source::{End, Source};

/// Pieces that are ready at most, and how few are left when an errand is made for more: a helper that
/// sleeps is woken for several.
const PIECES: usize = 4;
const FEW: usize = 1;

/// Bytes of a piece; `HEAD_BYTES` are free before them, for what is left of the piece before.
const PIECE_BYTES: usize = 512 << 10;
pub(super) const HEAD_BYTES: usize = 64 << 10;

/// Somebody who has errands run, such as a thread that waits for work.
///
/// The function gets an [`Errand`] to run at some time, on any thread. One that it drops is not missed.
#[derive(Clone)]
pub struct Helper(Arc<dyn Fn(Errand) + Send + Sync>);

impl Helper {
    /// Has errands run by what `offer` does with them.
    #[must_use]
    pub fn new(offer: impl Fn(Errand) + Send + Sync + 'static) -> Self {
        Self(Arc::new(offer))
    }
}

impl fmt::Debug for Helper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Helper")
    }
}

/// The next few pieces of a capture, which can be read now.
pub struct Errand {
    shared: Arc<Shared>,
}

impl Errand {
    /// Reads them. Blocks as long as the disk does.
    pub fn run(self) {
        let mut pool = self.shared.pool();
        while pool.ready.len() < PIECES
            && let Some(source) = pool.source.take()
        {
            pool = self.shared.read(pool, source);
        }
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        self.shared.pool().offered = false;
    }
}

impl fmt::Debug for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Errand")
    }
}

/// Bytes read at once.
pub(super) struct Piece {
    /// [`HEAD_BYTES`] of no meaning, then what was read.
    pub(super) buffer: Vec<u8>,
    /// Where that ends.
    pub(super) filled: usize,
    /// What came behind these bytes, if nothing more comes.
    pub(super) end: Option<End>,
}

/// Gives the bytes of a source piece by piece.
pub(super) struct Ahead {
    helper: Helper,
    shared: Arc<Shared>,
}

struct Shared {
    pool: Mutex<Pool>,
    /// Somebody has read a piece.
    read: Condvar,
}

struct Pool {
    /// `None` at its end, and while somebody reads.
    source: Option<Source>,
    ended: bool,
    ready: VecDeque<Piece>,
    spare: Vec<Vec<u8>>,
    /// An errand is on its way.
    offered: bool,
}

impl Ahead {
    /// What is left of a source.
    pub(super) fn new(source: Source, helper: Helper) -> Self {
        let pool = Pool {
            source: Some(source),
            ended: false,
            ready: VecDeque::new(),
            spare: Vec::new(),
            offered: false,
        };
        let shared = Shared { pool: Mutex::new(pool), read: Condvar::new() };
        Self { helper, shared: Arc::new(shared) }
    }

    /// The next piece, for a buffer that is no longer needed; and an errand for those after it.
    pub(super) fn next(&mut self, done: Vec<u8>) -> Piece {
        let mut pool = self.shared.pool();
        // One that grew for a long record would stay as large.
        if done.capacity() <= HEAD_BYTES + PIECE_BYTES {
            pool.spare.push(done);
        }
        let piece = loop {
            if let Some(piece) = pool.ready.pop_front() {
                break piece;
            }
            pool = match pool.source.take() {
                Some(source) => self.shared.read(pool, source),
                None if pool.ended => return Piece::nothing(None),
                None => self.shared.read.wait(pool).unwrap_or_else(PoisonError::into_inner),
            };
        };
        if !pool.ended && !pool.offered && pool.ready.len() <= FEW {
            pool.offered = true;
            drop(pool);
            (self.helper.0)(Errand { shared: Arc::clone(&self.shared) });
        }
        piece
    }
}

impl Piece {
    fn nothing(failure: Option<io::Error>) -> Self {
        Self { buffer: Vec::new(), filled: 0, end: Some(End { failure, capped: false }) }
    }
}

impl Shared {
    /// Nobody reads with the lock held: who panics has left nothing half done.
    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads one piece without the lock.
    fn read<'s>(&'s self, mut pool: MutexGuard<'s, Pool>, source: Source) -> MutexGuard<'s, Pool> {
        let buffer = pool.spare.pop().unwrap_or_default();
        drop(pool);
        let reading = Reading { shared: self, piece: None };
        reading.piece(source, buffer);
        self.pool()
    }
}

/// Somebody reads: whatever happens, the others learn of it.
struct Reading<'s> {
    shared: &'s Shared,
    piece: Option<(Piece, Option<Source>)>,
}

impl Reading<'_> {
    /// Reads a piece, full but at the end.
    fn piece(mut self, mut source: Source, mut buffer: Vec<u8>) {
        buffer.resize(HEAD_BYTES + PIECE_BYTES, 0);
        let mut filled = HEAD_BYTES;
        let mut end = None;
        while end.is_none()
            && let Some(space @ [_, ..]) = buffer.get_mut(filled..)
        {
            match source.read(space) {
                Ok(read) => filled = filled.saturating_add(read),
                Err(why) => end = Some(why),
            }
        }
        let more = end.is_none().then_some(source);
        self.piece = Some((Piece { buffer, filled, end }, more));
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        let (piece, source) = self.piece.take().unwrap_or_else(|| {
            (Piece::nothing(Some(io::Error::other("reading ahead broke off"))), None)
        });
        let mut pool = self.shared.pool();
        pool.ended = source.is_none();
        pool.source = source;
        pool.ready.push_back(piece);
        drop(pool);
        self.shared.read.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_that_grew_is_not_kept() {
        let source = Source::new(Box::new(io::repeat(7)), u64::MAX);
        let mut ahead = Ahead::new(source, Helper::new(Errand::run));
        for room in [16 << 20, 1 << 20, HEAD_BYTES + PIECE_BYTES] {
            let piece = ahead.next(vec![0; room]);
            assert_eq!(piece.filled, HEAD_BYTES + PIECE_BYTES);
        }
        let pool = ahead.shared.pool();
        let held = pool.spare.iter().chain(pool.ready.iter().map(|piece| &piece.buffer));
        assert!(held.map(Vec::capacity).max() == Some(HEAD_BYTES + PIECE_BYTES));
    }
}
