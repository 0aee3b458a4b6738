//! What a caller can act on: a file that is no capture, a disk that cannot be read.

use std::io;

/// Why a capture cannot be read at all. Damage inside of a capture is not an error but a
/// [`Notice`](crate::Notice): what lies before it is still worth a diagnosis.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be opened.
    #[error("cannot be opened")]
    Open(#[source] io::Error),
    /// Reading failed below the capture format: the disk, the network share, the pipe.
    #[error("cannot be read")]
    Read(#[source] io::Error),
    /// There is not one byte.
    #[error("not a capture: it is empty")]
    Empty,
    /// The content begins with nothing that is known.
    #[error("not a capture: starts with `{found}`")]
    NotACapture {
        /// The first bytes, escaped so that they print as plain ASCII.
        found: String,
    },
    /// A known format, cut or broken before its first frame, or of a version that is not known.
    #[error("not a readable capture: {found}")]
    Header {
        /// What is wrong, in words; numbers only, no bytes of the input.
        found: String,
    },
    /// A compressed file whose first bytes do not decompress.
    #[error("not a readable capture: the {compression} data is broken")]
    Compression {
        /// Which compression.
        compression: crate::Compression,
        /// What the decompressor says.
        #[source]
        source: io::Error,
    },
}
