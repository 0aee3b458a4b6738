//! CertificateVerify: proof of the private key.

use super::RequestForm;
use crate::{Anomaly, anomaly::Notes, codepoint::SignatureScheme, cursor::Cursor};

/// Proof that the sender has the private key of its certificate.
///
/// ```text
/// struct {
///     SignatureScheme algorithm;                        from TLS 1.2 on
///     opaque signature<0..2^16-1>;
/// } CertificateVerify;
/// ```
///
/// RFC 8446 §4.4.3, RFC 5246 §7.4.8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CertificateVerify {
    /// The scheme of the signature, from TLS 1.2 on.
    pub signature_scheme: Option<SignatureScheme>,
    /// Bytes of the signature.
    pub signature_len: u16,
}

impl CertificateVerify {
    /// Reads the body of a CertificateVerify.
    #[must_use]
    pub fn decode(body: &[u8], form: RequestForm) -> (Self, Vec<Anomaly>) {
        let mut notes = Notes::default();
        let mut message = Self::default();
        let mut cursor = Cursor::new(body);
        if form != RequestForm::Tls10 {
            message.signature_scheme = cursor.u16("algorithm", &mut notes).map(SignatureScheme);
        }
        if let Some(signature) = cursor.vec16("signature", &mut notes) {
            message.signature_len = u16::try_from(signature.len()).unwrap_or(u16::MAX);
        }
        cursor.end("signature", &mut notes);
        (message, notes.finish())
    }
}
