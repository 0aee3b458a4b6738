//! Decryption secrets that a pcapng file brings with it.

use std::fmt;
use std::path::Path;

use zeroize::Zeroizing;

use super::OpenOptions;
use crate::Error;

/// One Decryption Secrets Block of a pcapng file (draft-ietf-opsawg-pcapng §4.7).
///
/// Its bytes are wiped from memory when it is dropped, and no `Debug` output shows them.
pub struct SecretsBlock {
    kind: u32,
    data: Zeroizing<Vec<u8>>,
}

impl SecretsBlock {
    /// TLS secrets as text in the NSS key log format (`TLSK`).
    pub const TLS_KEY_LOG: u32 = 0x544c_534b;

    pub(super) fn new(kind: u32, data: &[u8]) -> Self {
        Self { kind, data: Zeroizing::new(data.to_vec()) }
    }

    /// The secrets type as in the block; see [`TLS_KEY_LOG`](Self::TLS_KEY_LOG).
    #[must_use]
    pub fn kind(&self) -> u32 {
        self.kind
    }

    /// The secrets.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }
}

impl fmt::Debug for SecretsBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretsBlock")
            .field("kind", &format_args!("{:#010x}", self.kind))
            .field("len_bytes", &self.data.len())
            .finish_non_exhaustive()
    }
}

/// Reads only the secrets of the capture at `path`, so that those that come after the frames they
/// decrypt are known in time. Reading frames gives the same blocks again.
///
/// Costs little in a pcapng file that is not compressed: block headers alone are touched. Other
/// formats have no secrets, and give none at once. Do not call it for a pipe: it would eat the
/// capture.
///
/// # Errors
/// As [`OpenOptions::open`].
pub fn prescan_secrets(path: &Path, options: &OpenOptions) -> Result<Vec<SecretsBlock>, Error> {
    let mut reader = options.open(path)?;
    let mut found = Vec::new();
    if matches!(reader.format, super::Format::Pcapng(_)) {
        while reader.advance()? {
            while let Some(block) = reader.poll_secrets() {
                found.push(block);
            }
        }
        while let Some(block) = reader.poll_secrets() {
            found.push(block);
        }
    }
    Ok(found)
}
