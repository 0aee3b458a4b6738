//! CertificateRequest: the server wants a client certificate.

use super::{Carrier, Extensions, Opaque, extension::parse_names};
use crate::{
    Anomaly,
    anomaly::Notes,
    codepoint::{ClientCertificateType, ProtocolVersion, SignatureScheme},
    cursor::Cursor,
};

/// What a server wants of a client certificate.
///
/// ```text
/// struct {                                              TLS 1.2, RFC 5246 §7.4.4
///     ClientCertificateType certificate_types<1..2^8-1>;
///     SignatureAndHashAlgorithm
///       supported_signature_algorithms<2..2^16-2>;      not before TLS 1.2
///     DistinguishedName certificate_authorities<0..2^16-1>;
/// } CertificateRequest;
///
/// struct {                                              TLS 1.3, RFC 8446 §4.3.2
///     opaque certificate_request_context<0..2^8-1>;
///     Extension extensions<0..2^16-1>;
/// } CertificateRequest;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateRequest {
    /// Names the request in TLS 1.3; empty in the handshake itself.
    pub request_context: Opaque,
    /// The kinds of certificates, before TLS 1.3.
    pub certificate_types: Box<[ClientCertificateType]>,
    /// The extensions, in TLS 1.3.
    pub extensions: Extensions,
    signature_algorithms: Box<[SignatureScheme]>,
    authorities: Box<[Box<[u8]>]>,
}

/// The form of a message that TLS 1.2 and TLS 1.3 each changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestForm {
    /// SSL 3.0 to TLS 1.1.
    Tls10,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl RequestForm {
    /// The form that a version uses.
    #[must_use]
    pub const fn of(version: ProtocolVersion) -> Self {
        if version.is_tls13() {
            return Self::Tls13;
        }
        match version {
            ProtocolVersion::TLS1_2 | ProtocolVersion::DTLS1_2 => Self::Tls12,
            _ => Self::Tls10,
        }
    }
}

impl CertificateRequest {
    /// Reads the body of a CertificateRequest.
    #[must_use]
    pub fn decode(body: &[u8], form: RequestForm) -> (Self, Vec<Anomaly>) {
        let mut notes = Notes::default();
        let mut request = Self::default();
        // What could be read stays; where it ends is in the notes.
        let _ = request.parse(&mut Cursor::new(body), form, &mut notes);
        (request, notes.finish())
    }

    fn parse(
        &mut self,
        cursor: &mut Cursor<'_>,
        form: RequestForm,
        notes: &mut Notes,
    ) -> Option<()> {
        if form == RequestForm::Tls13 {
            let context = cursor.vec8("certificate_request_context", notes)?;
            self.request_context = Opaque::new(context.rest());
            self.extensions = Extensions::parse(cursor, Carrier::CertificateRequest, notes);
        } else {
            let types = cursor.vec8("certificate_types", notes)?;
            types.expect_len(1, 255, "certificate_types", notes);
            self.certificate_types = types.u8_list();
            if form == RequestForm::Tls12 {
                let schemes = cursor.vec16("supported_signature_algorithms", notes)?;
                schemes.expect_len(2, 65_534, "supported_signature_algorithms", notes);
                self.signature_algorithms =
                    schemes.u16_list("supported_signature_algorithms", notes);
            }
            let authorities = cursor.vec16("certificate_authorities", notes)?;
            self.authorities = parse_names(authorities, notes);
        }
        cursor.end("certificate_request", notes);
        Some(())
    }

    /// The schemes that the server verifies; empty before TLS 1.2, where the types decide.
    #[must_use]
    pub fn signature_algorithms(&self) -> &[SignatureScheme] {
        self.extensions.signature_algorithms().unwrap_or(&self.signature_algorithms)
    }

    /// The authorities that the server takes certificates of, as names in DER. None at all means
    /// that the server does not say.
    #[must_use]
    pub fn authorities(&self) -> &[Box<[u8]>] {
        self.extensions.certificate_authorities().unwrap_or(&self.authorities)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_three_forms() {
        let authority = [0x30, 0x00];
        let old = [1, 1, 0, 4, 0, 2, authority[0], authority[1]];
        let (request, anomalies) = CertificateRequest::decode(&old, RequestForm::Tls10);
        assert!(anomalies.is_empty(), "{anomalies:?}");
        assert_eq!(*request.certificate_types, [ClientCertificateType::RSA_SIGN]);
        assert_eq!(request.authorities().len(), 1);

        let tls12 = [1, 64, 0, 2, 4, 3, 0, 0];
        let (request, anomalies) = CertificateRequest::decode(&tls12, RequestForm::Tls12);
        assert!(anomalies.is_empty(), "{anomalies:?}");
        assert_eq!(request.signature_algorithms(), [SignatureScheme::ECDSA_SECP256R1_SHA256]);
        assert!(request.authorities().is_empty());

        let tls13 = [0, 0, 8, 0, 13, 0, 4, 0, 2, 8, 4];
        let (request, anomalies) = CertificateRequest::decode(&tls13, RequestForm::Tls13);
        assert!(anomalies.is_empty(), "{anomalies:?}");
        assert_eq!(request.signature_algorithms(), [SignatureScheme::RSA_PSS_RSAE_SHA256]);
    }
}
