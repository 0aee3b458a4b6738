//! The memory map: the one place with unsafe code.
//!
//! A file is mapped in windows, not whole, so that what stays resident does not grow with the
//! file, and so that each window is checked against the file's length just before it is used.

use std::fs::File;
use std::io;

use memmap2::{Mmap, MmapOptions};

/// Maps `len` bytes of a file from `offset` on, for reading.
///
/// The caller has checked that the file is a regular one and that it reached to the end of the
/// window a moment ago. When another process cuts the file off while the window is in use, the
/// system ends this process with SIGBUS; no code can rule that out, so
/// [`OpenOptions::memory_map`](crate::OpenOptions) lets the user read instead.
#[expect(
    unsafe_code,
    reason = "a map of a file that others may write is unsafe by nature; the \
    bytes are only ever read, one time, into values that any bytes are valid for"
)]
pub(super) fn window(file: &File, offset: u64, len: usize) -> io::Result<Mmap> {
    // SAFETY: the map is private to this reader and never written through. Another process may
    // change the bytes under it; each header is copied out before it is judged, and the lengths
    // used are those of the copy, so a change gives other frames, never an access out of bounds.
    let map = unsafe { MmapOptions::new().offset(offset).len(len).map(file)? };
    #[cfg(unix)]
    let _ = map.advise(memmap2::Advice::Sequential); // Only a hint: a refusal changes nothing.
    Ok(map)
}
