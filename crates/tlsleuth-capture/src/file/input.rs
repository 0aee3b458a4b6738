//! A window onto the bytes of a capture, which moves forward only.
//!
//! Files are read, not mapped. Measured on 1 GB in the page cache, walking the headers alone: 0.150 s
//! of CPU by reads of 512 KiB against 0.220 s by a map; 0.075 s against 0.106 s where the page cache
//! holds the file in large folios. Only where faults are cheap is a map ahead (on another machine
//! 0.114 s against 0.14 s). It would cost unsafe code, a process that ends with SIGBUS when somebody
//! cuts the file off meanwhile, and a resident size that grows with the file.

use std::io::{self, Read};
use std::ops::Range;

use super::Compression;

/// Bytes read at once: measured best of 32 KiB to 4 MiB, because they stay in the second cache.
const READ_BYTES: usize = 1 << 19;

/// Bytes read at first: of many captures only the first frame is looked at, to sort them.
const FIRST_READ_BYTES: usize = 64 << 10;

/// The bytes from the current position on, as many as were asked for.
pub(super) struct Input {
    reader: Box<dyn Read + Send>,
    /// The window, and room behind it.
    buffer: Vec<u8>,
    /// Where the window ends in the buffer.
    filled: usize,
    /// The current position in the window.
    position: usize,
    /// Where the window begins in the (decompressed) capture.
    base: u64,
    /// No bytes follow those in the window.
    at_end: bool,
    failure: Option<io::Error>,
    compression: Option<Compression>,
    /// Bytes that may still be read.
    allowance: u64,
    /// The allowance ran out before the bytes did.
    capped: bool,
}

impl Input {
    /// Reads up to `allowance` bytes from `reader`.
    pub(super) fn new(
        reader: Box<dyn Read + Send>,
        compression: Option<Compression>,
        allowance: u64,
    ) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            filled: 0,
            position: 0,
            base: 0,
            at_end: false,
            failure: None,
            compression,
            allowance,
            capped: false,
        }
    }

    pub(super) fn compression(&self) -> Option<Compression> {
        self.compression
    }

    /// Whether bytes were left unread because too many had come out of the decompression.
    pub(super) fn capped(&self) -> bool {
        self.capped
    }

    /// Why reading ended early, once.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// The current position in the (decompressed) capture, in bytes.
    pub(super) fn offset(&self) -> u64 {
        self.base.saturating_add(self.position as u64)
    }

    /// What the window holds from the current position on.
    #[inline]
    pub(super) fn rest(&self) -> &[u8] {
        self.buffer.get(self.position..self.filled).unwrap_or_default()
    }

    /// Makes the window hold `wanted` bytes from the current position on, or all that are left.
    /// Returns them all, which may be more or fewer than wanted.
    #[inline]
    pub(super) fn want(&mut self, wanted: usize) -> &[u8] {
        if self.filled.wrapping_sub(self.position) < wanted && !self.at_end {
            self.refill(wanted);
        }
        self.rest()
    }

    #[cold]
    fn refill(&mut self, wanted: usize) {
        // What gave less than there was room for, small files and pipes, needs no larger buffer.
        let usual = match self.buffer.len() {
            0 => FIRST_READ_BYTES,
            len if len == self.filled => READ_BYTES,
            len => len,
        };
        self.buffer.copy_within(self.position..self.filled, 0);
        self.filled = self.filled.saturating_sub(self.position);
        self.base = self.base.saturating_add(self.position as u64);
        self.position = 0;
        if self.buffer.len() < wanted.max(usual) {
            self.buffer.resize(wanted.max(usual), 0);
        }
        while self.filled < wanted && !self.at_end {
            let room = usize::try_from(self.allowance).unwrap_or(usize::MAX);
            let end = self.buffer.len().min(self.filled.saturating_add(room));
            let space = self.buffer.get_mut(self.filled..end).unwrap_or_default();
            if space.is_empty() {
                // The allowance is used up: is there really more?
                self.capped = matches!(self.reader.read(&mut [0]), Ok(1..));
                self.at_end = true;
                return;
            }
            match self.reader.read(space) {
                Ok(0) => self.at_end = true,
                Ok(read) => {
                    self.filled = self.filled.saturating_add(read).min(end);
                    self.allowance = self.allowance.saturating_sub(read as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure = Some(error);
                    self.at_end = true;
                }
            }
        }
    }

    /// Moves the current position on; not beyond the window.
    #[inline]
    pub(super) fn consume(&mut self, bytes: usize) {
        self.position = self.position.saturating_add(bytes).min(self.filled);
    }

    /// The place of the next `len` bytes from `skip` on in the window, for [`get`](Self::get).
    #[inline]
    pub(super) fn range(&self, skip: usize, len: usize) -> Range<usize> {
        let start = self.position.saturating_add(skip);
        start..start.saturating_add(len)
    }

    /// Bytes of the window; valid until the next [`want`](Self::want).
    #[inline]
    pub(super) fn get(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }
}
