//! A window onto the bytes of a capture, which moves forward only.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;

use memmap2::Mmap;

use super::Compression;
use super::map;

/// Bytes mapped at once. Larger saves little (one system call in some 50,000 frames), smaller
/// keeps less of the file resident; 32 MiB stays well below the memory that is promised.
const WINDOW_BYTES: usize = 32 << 20;

/// Bytes read at once. Measured: 256 KiB stays in the second-level cache and beats 1 MiB.
const READ_BYTES: usize = 256 << 10;

/// Where the bytes come from.
enum Source {
    /// A regular file, of which a window is mapped.
    Map { file: File, window: Option<Mmap>, file_len: u64 },
    /// Anything else, through a buffer.
    Read { reader: Box<dyn Read + Send>, buffer: Vec<u8>, filled: usize },
}

/// The bytes from the current position on, as many as were asked for.
pub(super) struct Input {
    source: Source,
    /// Where the window begins in the (decompressed) capture.
    base: u64,
    /// The current position in the window.
    position: usize,
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
    /// Maps a regular file of `file_len` bytes.
    pub(super) fn map(file: File, file_len: u64) -> Self {
        Self::new(Source::Map { file, window: None, file_len }, None, u64::MAX)
    }

    /// Reads up to `allowance` bytes from `reader`.
    pub(super) fn read(
        reader: Box<dyn Read + Send>,
        compression: Option<Compression>,
        allowance: u64,
    ) -> Self {
        let source = Source::Read { reader, buffer: Vec::new(), filled: 0 };
        Self::new(source, compression, allowance)
    }

    fn new(source: Source, compression: Option<Compression>, allowance: u64) -> Self {
        Self {
            source,
            base: 0,
            position: 0,
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
        self.window().get(self.position..).unwrap_or_default()
    }

    #[inline]
    fn window(&self) -> &[u8] {
        match &self.source {
            Source::Map { window, .. } => window.as_deref().unwrap_or_default(),
            Source::Read { buffer, filled, .. } => buffer.get(..*filled).unwrap_or_default(),
        }
    }

    /// Makes the window hold `wanted` bytes from the current position on, or all that are left.
    /// Returns them all, which may be more or fewer than wanted.
    #[inline]
    pub(super) fn want(&mut self, wanted: usize) -> &[u8] {
        if self.rest().len() < wanted && !self.at_end {
            self.refill(wanted);
        }
        self.rest()
    }

    #[cold]
    fn refill(&mut self, wanted: usize) {
        let position = self.position;
        let result = match &mut self.source {
            Source::Map { file, window, file_len } => {
                let start = self.base.saturating_add(position as u64);
                let result = remap(file, file_len, start, wanted);
                match result {
                    Ok((map, at_end)) => {
                        *window = map;
                        self.base = start;
                        self.position = 0;
                        self.at_end = at_end;
                        Ok(())
                    }
                    Err(error) => Err(error),
                }
            }
            Source::Read { reader, buffer, filled } => {
                buffer.copy_within(position.min(*filled)..*filled, 0);
                *filled = filled.saturating_sub(position);
                self.base = self.base.saturating_add(position as u64);
                self.position = 0;
                let size = wanted.max(READ_BYTES);
                if buffer.len() < size {
                    buffer.resize(size, 0);
                }
                loop {
                    if *filled >= wanted {
                        break Ok(());
                    }
                    let room = usize::try_from(self.allowance).unwrap_or(usize::MAX);
                    let end = buffer.len().min(filled.saturating_add(room));
                    let Some(space) = buffer.get_mut(*filled..end) else { break Ok(()) };
                    if space.is_empty() {
                        // The allowance is used up: is there really more?
                        self.capped = matches!(reader.read(&mut [0]), Ok(1..));
                        self.at_end = true;
                        break Ok(());
                    }
                    match reader.read(space) {
                        Ok(0) => {
                            self.at_end = true;
                            break Ok(());
                        }
                        Ok(read) => {
                            *filled = filled.saturating_add(read).min(end);
                            self.allowance = self.allowance.saturating_sub(read as u64);
                        }
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => break Err(error),
                    }
                }
            }
        };
        if let Err(error) = result {
            self.failure = Some(error);
            self.at_end = true;
        }
    }

    /// Moves the current position on; not beyond the window.
    #[inline]
    pub(super) fn consume(&mut self, bytes: usize) {
        self.position = self.position.saturating_add(bytes).min(self.window().len());
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
        self.window().get(range).unwrap_or_default()
    }
}

/// Maps the next window from `start` on; the flag says that the file ends with it.
fn remap(
    file: &File,
    file_len: &mut u64,
    start: u64,
    wanted: usize,
) -> io::Result<(Option<Mmap>, bool)> {
    // Asked anew for each window: a file that shrinks is then read up to its new end, instead of
    // ending the process. One that grows is read up to the length that it had at first.
    *file_len = file.metadata()?.len().min(*file_len);
    let left = usize::try_from(file_len.saturating_sub(start)).unwrap_or(usize::MAX);
    let len = left.min(wanted.max(WINDOW_BYTES));
    if len == 0 {
        return Ok((None, true));
    }
    Ok((Some(map::window(file, start, len)?), len == left))
}
