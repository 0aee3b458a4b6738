//! What a caller can act on.

/// Why trust anchors could not be loaded.
///
/// What is wrong with a certificate off the wire is never an error: it is data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text holds no `-----BEGIN CERTIFICATE-----` block.
    #[error("no PEM certificate found")]
    NoCertificate,
    /// A PEM block is damaged.
    #[error("PEM block {number} cannot be decoded: {reason}")]
    Pem {
        /// Which block, counted from 1.
        number: usize,
        /// What the decoder said.
        reason: String,
    },
    /// A certificate that was to become an anchor has no readable name or key.
    #[error("certificate {number} cannot be an anchor: expected {expected} at byte {offset}")]
    Anchor {
        /// Which certificate, counted from 1.
        number: usize,
        /// Where reading stopped.
        offset: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// The roots of the operating system cannot be read, or this build leaves them out.
    #[error("the roots of the system cannot be read: {reason}")]
    System {
        /// What stood in the way.
        reason: String,
    },
}
