//! Finished.

use super::Opaque;

/// Proof that both sides saw the same handshake (RFC 8446 §4.4.4): 36 bytes in SSL 3.0, 12 up to
/// TLS 1.2, the length of the suite's hash in TLS 1.3. Encrypted, but for a key log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// The proof.
    pub verify_data: Opaque,
}

impl Finished {
    /// Takes the body of a Finished.
    #[must_use]
    pub fn decode(body: &[u8]) -> Self {
        Self { verify_data: Opaque::new(body) }
    }
}
