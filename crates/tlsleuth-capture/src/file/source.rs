//! The bytes of a capture, one piece after the other.

use std::io::{self, Read};

/// Gives bytes until there are no more, one fails, or as many came as may.
pub(super) struct Source {
    reader: Box<dyn Read + Send>,
    /// Bytes that may still be read.
    allowance: u64,
}

/// Why no more bytes come.
#[derive(Debug, Default)]
pub(super) struct End {
    /// Reading failed.
    pub(super) failure: Option<io::Error>,
    /// The allowance ran out before the bytes did.
    pub(super) capped: bool,
}

impl Source {
    /// Up to `allowance` bytes from `reader`.
    pub(super) fn new(reader: Box<dyn Read + Send>, allowance: u64) -> Self {
        Self { reader, allowance }
    }

    /// Reads into `space`, which has room: how many bytes, at least one.
    ///
    /// # Errors
    /// The end; not to be asked again then.
    pub(super) fn read(&mut self, space: &mut [u8]) -> Result<usize, End> {
        let room = usize::try_from(self.allowance).unwrap_or(usize::MAX).min(space.len());
        let space = space.get_mut(..room).unwrap_or_default();
        if space.is_empty() {
            // The allowance is used up: is there really more?
            let capped = matches!(self.reader.read(&mut [0]), Ok(1..));
            return Err(End { failure: None, capped });
        }
        loop {
            match self.reader.read(space) {
                Ok(0) => return Err(End::default()),
                Ok(read) => {
                    let read = read.min(space.len());
                    self.allowance = self.allowance.saturating_sub(read as u64);
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(End { failure: Some(error), capped: false }),
            }
        }
    }
}
