//! Certificate: the chain as sent.

use super::{Carrier, Extensions, Opaque};
use crate::{
    Anomaly,
    anomaly::{Notes, Problem, len32},
    codepoint::{CertificateType, ProtocolVersion},
    cursor::Cursor,
};

/// Certificates kept of one chain (`limits.md`). Real chains have two to five.
pub const MAX_CERTIFICATES: usize = 200;

/// A chain of certificates as sent, leaf first.
///
/// ```text
/// opaque ASN.1Cert<1..2^24-1>;                          TLS 1.2 and older, RFC 5246 §7.4.2
/// struct {
///     ASN.1Cert certificate_list<0..2^24-1>;
/// } Certificate;
///
/// struct {                                              TLS 1.3, RFC 8446 §4.4.2
///     opaque certificate_request_context<0..2^8-1>;
///     CertificateEntry certificate_list<0..2^24-1>;
/// } Certificate;
/// struct {
///     opaque cert_data<1..2^24-1>;
///     Extension extensions<0..2^16-1>;
/// } CertificateEntry;
/// ```
///
/// The certificates stay where they are: [`der`](Self::der) cuts them out of the same body.
///
/// ```
/// # use tlsleuth_handshake::message::{Certificate, CertificateForm};
/// let body = [0, 0, 5, 0, 0, 2, 0x30, 0x00];
/// let (chain, anomalies) = Certificate::decode(&body, CertificateForm::Tls12);
/// assert!(anomalies.is_empty());
/// assert_eq!(chain.der(&body).collect::<Vec<_>>(), [[0x30, 0x00]]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// What the CertificateRequest said that this answers; empty in a server's own message and
    /// before TLS 1.3.
    pub request_context: Opaque,
    /// The certificates.
    pub entries: Vec<CertificateEntry>,
}

/// One certificate of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateEntry {
    /// Where the certificate is in the body. With raw public keys (RFC 7250) it is a
    /// SubjectPublicKeyInfo.
    pub der: ByteRange,
    /// Its extensions, in TLS 1.3: a stapled status, timestamps.
    pub extensions: Extensions,
}

/// Where bytes are in a message's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ByteRange {
    /// The first byte, from the start of the body.
    pub offset: u32,
    /// How many there are.
    pub len_bytes: u32,
}

impl ByteRange {
    pub(crate) fn of(cursor: &Cursor<'_>) -> Self {
        Self { offset: len32(cursor.offset()), len_bytes: len32(cursor.len()) }
    }

    /// The bytes, cut out of the body that the range is for; empty if it is another one.
    #[must_use]
    pub fn cut<'a>(&self, body: &'a [u8]) -> &'a [u8] {
        let offset = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let len = usize::try_from(self.len_bytes).unwrap_or(usize::MAX);
        body.get(offset..).and_then(|tail| tail.get(..len)).unwrap_or(&[])
    }
}

/// The form of a Certificate message, which its version decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertificateForm {
    /// SSL 3.0 to TLS 1.2: a list of certificates.
    Tls12,
    /// TLS 1.3: a context, then certificates with extensions.
    Tls13,
    /// A raw public key before TLS 1.3: one key and no list (RFC 7250 §3).
    RawPublicKey,
}

impl CertificateForm {
    /// The form that a version uses for a kind of certificate.
    #[must_use]
    pub const fn of(version: ProtocolVersion, kind: CertificateType) -> Self {
        if version.is_tls13() {
            Self::Tls13
        } else if matches!(kind, CertificateType::RAW_PUBLIC_KEY) {
            Self::RawPublicKey
        } else {
            Self::Tls12
        }
    }

    /// The form that fits the lengths of a body, where the version was not seen.
    #[must_use]
    pub fn guess(body: &[u8]) -> Self {
        let list_len = |bytes: &[u8]| {
            let [a, b, c] = *bytes.first_chunk::<3>()?;
            usize::try_from(u32::from_be_bytes([0, a, b, c])).ok()
        };
        let fits_tls12 = list_len(body).is_some_and(|len| len.checked_add(3) == Some(body.len()));
        if fits_tls12 {
            return Self::Tls12;
        }
        let context = body.first().map_or(0, |len| usize::from(*len));
        let list = body.get(context.saturating_add(1)..).unwrap_or(&[]);
        let fits_tls13 = list_len(list).is_some_and(|len| len.checked_add(3) == Some(list.len()));
        if fits_tls13 { Self::Tls13 } else { Self::Tls12 }
    }
}

impl Certificate {
    /// Reads the body of a Certificate message.
    #[must_use]
    pub fn decode(body: &[u8], form: CertificateForm) -> (Self, Vec<Anomaly>) {
        let mut notes = Notes::default();
        let mut chain = Self::default();
        let mut cursor = Cursor::new(body);
        // What could be read stays; where it ends is in the notes.
        let _ = chain.parse(&mut cursor, form, &mut notes);
        (chain, notes.finish())
    }

    fn parse(
        &mut self,
        cursor: &mut Cursor<'_>,
        form: CertificateForm,
        notes: &mut Notes,
    ) -> Option<()> {
        if form == CertificateForm::RawPublicKey {
            let key = cursor.vec24("subject_public_key_info", notes)?;
            let der = ByteRange::of(&key);
            self.entries = vec![CertificateEntry { der, extensions: Extensions::default() }];
            cursor.end("subject_public_key_info", notes);
            return Some(());
        }
        if form == CertificateForm::Tls13 {
            let context = cursor.vec8("certificate_request_context", notes)?;
            self.request_context = Opaque::new(context.rest());
        }
        let mut list = cursor.vec24("certificate_list", notes)?;
        self.entries.reserve_exact(4);
        while !list.is_empty() {
            if self.entries.len() == MAX_CERTIFICATES {
                let problem = Problem::TooMany { kept: len32(MAX_CERTIFICATES) };
                notes.add("certificate_list", list.offset(), problem);
                break;
            }
            let Some(der) = list.vec24("cert_data", notes) else { break };
            der.expect_len(1, 0xff_ffff, "cert_data", notes);
            let der = ByteRange::of(&der);
            let extensions = if form == CertificateForm::Tls13 {
                Extensions::parse(&mut list, Carrier::Certificate, notes)
            } else {
                Extensions::default()
            };
            self.entries.push(CertificateEntry { der, extensions });
        }
        cursor.end("certificate_list", notes);
        Some(())
    }

    /// The certificates in DER, leaf first, cut out of the body that was decoded.
    pub fn der<'a>(&'a self, body: &'a [u8]) -> impl ExactSizeIterator<Item = &'a [u8]> + 'a {
        self.entries.iter().map(move |entry| entry.der.cut(body))
    }

    /// Whether the sender has no certificate: a client's way to decline (RFC 5246 §7.4.6).
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
