//! The caps: what hostile chains may cost.

/// How much work and memory certificates may take.
///
/// A cap that is hit shows in the [`ChainJudgement`](crate::ChainJudgement) or in the
/// [`Certificate`](crate::Certificate), never as silence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Certificates of one chain that are looked at. Further ones are only counted.
    pub max_chain_certificates: usize,
    /// Signatures checked for one judgement. The same figure as in webpki.
    pub max_signatures: usize,
    /// Steps of the path search for one judgement.
    pub max_path_steps: usize,
    /// Names compared with name constraints for one judgement.
    pub max_name_checks: usize,
    /// Distinct certificates that a [`CertificateStore`](crate::CertificateStore) holds.
    pub max_stored_certificates: usize,
    /// Bytes of DER that a [`CertificateStore`](crate::CertificateStore) holds.
    pub max_stored_bytes: usize,
    /// Judgements that a [`Judge`](crate::Judge) remembers.
    pub max_judgements: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_chain_certificates: 200,
            max_signatures: 100,
            max_path_steps: 200_000,
            max_name_checks: 250_000,
            max_stored_certificates: 16_384,
            max_stored_bytes: 32 << 20,
            max_judgements: 16_384,
        }
    }
}

/// Names kept of one certificate; further ones are only counted.
pub(crate) const MAX_NAMES: usize = 4_096;

/// The largest RSA modulus that is verified, in bits: larger ones cost too much time.
pub(crate) const MAX_RSA_BITS: u32 = 8_192;

/// Characters of wire text that are printed.
pub(crate) const MAX_SHOWN_CHARS: usize = 256;
