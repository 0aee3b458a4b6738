//! ClientHello.

use std::fmt;

use super::{Carrier, ExtensionBody, Extensions, shape::Draft};
use crate::{
    Anomaly,
    anomaly::{Notes, Problem, len32},
    codepoint::{CipherSuite, CompressionMethod, ExtensionType, ProtocolVersion},
    cursor::Cursor,
};

/// What a client offers.
///
/// ```text
/// struct {
///     ProtocolVersion legacy_version = 0x0303;
///     Random random;                                    32 bytes
///     opaque legacy_session_id<0..32>;
///     CipherSuite cipher_suites<2..2^16-2>;
///     opaque legacy_compression_methods<1..2^8-1>;
///     Extension extensions<8..2^16-1>;
/// } ClientHello;
/// ```
///
/// RFC 8446 §4.1.2; RFC 5246 §7.4.1.2 has the same form without fixed values. Fields behind the
/// place where a message breaks off are empty or zero, and an anomaly tells where that is.
///
/// ```
/// # use tlsleuth_handshake::{message::ClientHello, codepoint::{CipherSuite, ProtocolVersion}};
/// let mut body = vec![3, 3];
/// body.extend([7; 32]); // random
/// body.extend([0, 0, 2, 0xc0, 0x2f, 1, 0]); // no session, one suite, no compression
/// let (hello, anomalies) = ClientHello::decode(&body);
/// assert!(anomalies.is_empty());
/// assert_eq!(hello.cipher_suites(), [CipherSuite(0xc02f)]);
/// assert_eq!(hello.offered_versions().highest(), Some(ProtocolVersion::TLS1_2));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// The highest version of a client before TLS 1.3; 0x0303 ever after.
    pub legacy_version: ProtocolVersion,
    /// The client's random number.
    pub random: [u8; 32],
    /// The session to resume before TLS 1.3; often just random since.
    pub session_id: SessionId,
    /// The cookie of a HelloVerifyRequest, in DTLS only.
    pub dtls_cookie: Box<[u8]>,
    /// Bytes of the message's body.
    pub len_bytes: u32,
    /// The extensions.
    pub extensions: Extensions,
}

impl fmt::Debug for ClientHello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientHello")
            .field("legacy_version", &self.legacy_version)
            .field("random", &self.random)
            .field("session_id", &self.session_id)
            .field("dtls_cookie", &self.dtls_cookie)
            .field("cipher_suites", &self.cipher_suites())
            .field("compression_methods", &self.compression_methods())
            .field("extensions", &self.extensions)
            .finish_non_exhaustive()
    }
}

/// A session identifier of 0 to 32 bytes (RFC 5246 §7.4.1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SessionId {
    len: u8,
    bytes: [u8; 32],
}

impl SessionId {
    /// Takes at most 32 bytes; more are cut off.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        let mut id = Self::default();
        let bytes = bytes.get(..id.bytes.len()).unwrap_or(bytes);
        if let Some(to) = id.bytes.get_mut(..bytes.len()) {
            to.copy_from_slice(bytes);
            id.len = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
        }
        id
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&self.bytes)
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn parse(
        cursor: &mut Cursor<'_>,
        field: &'static str,
        notes: &mut Notes,
    ) -> Option<Self> {
        let id = cursor.vec8(field, notes)?;
        id.expect_len(0, 32, field, notes);
        Some(Self::new(id.rest()))
    }
}

/// The versions that a client offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferedVersions<'a> {
    /// `supported_versions` lists them, in the client's order and with GREASE.
    Listed(&'a [ProtocolVersion]),
    /// Only the highest is told; the lowest is the client's secret (RFC 5246 §E.1).
    UpTo(ProtocolVersion),
}

impl OfferedVersions<'_> {
    /// The newest version offered; `None` for a list without any known version.
    #[must_use]
    pub fn highest(&self) -> Option<ProtocolVersion> {
        match self {
            Self::Listed(versions) => {
                let ranked =
                    versions.iter().filter_map(|version| Some((version.rank()?, *version)));
                ranked.max_by_key(|(rank, _)| *rank).map(|(_, version)| version)
            }
            Self::UpTo(version) => Some(*version),
        }
    }

    /// The oldest version offered, where it is told.
    #[must_use]
    pub fn lowest(&self) -> Option<ProtocolVersion> {
        match self {
            Self::Listed(versions) => {
                let ranked =
                    versions.iter().filter_map(|version| Some((version.rank()?, *version)));
                ranked.min_by_key(|(rank, _)| *rank).map(|(_, version)| version)
            }
            Self::UpTo(_) => None,
        }
    }

    /// Whether the client may have a version: `Some` where it is told, `None` for a version below
    /// the highest that was told.
    #[must_use]
    pub fn contains(&self, version: ProtocolVersion) -> Option<bool> {
        match self {
            Self::Listed(versions) => Some(versions.contains(&version)),
            Self::UpTo(highest) if *highest == version => Some(true),
            Self::UpTo(highest) => match (version.rank(), highest.rank()) {
                (Some(version), Some(highest)) if version < highest => None,
                _ => Some(false),
            },
        }
    }

    /// The versions that are told, GREASE left out.
    #[must_use]
    pub fn known(&self) -> Vec<ProtocolVersion> {
        match self {
            Self::Listed(versions) => {
                versions.iter().copied().filter(|version| !version.is_grease()).collect()
            }
            Self::UpTo(version) => vec![*version],
        }
    }
}

impl ClientHello {
    /// Reads the body of a ClientHello of TLS or SSL 3.0.
    #[must_use]
    pub fn decode(body: &[u8]) -> (Self, Vec<Anomaly>) {
        Self::decode_form(body, false)
    }

    /// Reads the body of a ClientHello of DTLS, which has a cookie behind the session (RFC 6347
    /// §4.2.1).
    #[must_use]
    pub fn decode_dtls(body: &[u8]) -> (Self, Vec<Anomaly>) {
        Self::decode_form(body, true)
    }

    fn decode_form(body: &[u8], is_dtls: bool) -> (Self, Vec<Anomaly>) {
        let mut notes = Notes::default();
        let mut hello = Self { len_bytes: len32(body.len()), ..Self::default() };
        let mut draft = Draft::default();
        // What could be read stays; where it ends is in the notes.
        let _ = hello.parse(&mut Cursor::new(body), is_dtls, &mut draft, &mut notes);
        hello.extensions = draft.finish();
        (hello, notes.finish())
    }

    fn parse(
        &mut self,
        cursor: &mut Cursor<'_>,
        is_dtls: bool,
        draft: &mut Draft,
        notes: &mut Notes,
    ) -> Option<()> {
        self.legacy_version = ProtocolVersion(cursor.u16("legacy_version", notes)?);
        self.random = cursor.array("random", notes)?;
        self.session_id = SessionId::parse(cursor, "legacy_session_id", notes)?;
        if is_dtls {
            self.dtls_cookie = cursor.vec8("cookie", notes)?.rest().into();
        }
        let suites = cursor.vec16("cipher_suites", notes)?;
        suites.expect_len(2, 65_534, "cipher_suites", notes);
        draft.cipher_suites = suites.u16_list("cipher_suites", notes);
        let at = cursor.offset();
        let methods = cursor.vec8("legacy_compression_methods", notes)?;
        methods.expect_len(1, 255, "legacy_compression_methods", notes);
        draft.compression_methods = methods.u8_list();
        if !methods.is_empty() && !methods.rest().contains(&0) {
            // RFC 5246 §7.4.1.2: null must be among them.
            let value = u32::from(methods.rest().first().copied().unwrap_or(0));
            notes.add("legacy_compression_methods", at, Problem::IllegalValue { value });
        }
        draft.read_extensions(cursor, Carrier::ClientHello, notes);
        cursor.end("extensions", notes);
        Some(())
    }

    /// The size of the message with its handshake header of four bytes (RFC 9846 §4).
    #[must_use]
    pub fn message_bytes(&self) -> u32 {
        self.len_bytes.saturating_add(4)
    }

    /// The cipher suites, best first, GREASE and signaling suites among them.
    #[must_use]
    pub fn cipher_suites(&self) -> &[CipherSuite] {
        self.extensions.shape.as_ref().map_or(&[], |shape| &shape.cipher_suites)
    }

    /// The compression methods.
    #[must_use]
    pub fn compression_methods(&self) -> &[CompressionMethod] {
        self.extensions.shape.as_ref().map_or(&[], |shape| &shape.compression_methods)
    }

    /// The versions that the client offers: those of `supported_versions`, or else all up to
    /// `legacy_version`, which then means at most TLS 1.2 (RFC 8446 §4.2.1).
    #[must_use]
    pub fn offered_versions(&self) -> OfferedVersions<'_> {
        if let Some(listed) = self.extensions.supported_versions() {
            return OfferedVersions::Listed(listed);
        }
        let highest = match self.legacy_version {
            legacy if legacy.is_tls13() => {
                if legacy.is_dtls() {
                    ProtocolVersion::DTLS1_2
                } else {
                    ProtocolVersion::TLS1_2
                }
            }
            // Numbers above 0x0304 that nobody knows stand for "newer than that".
            legacy if legacy.rank().is_none() && legacy.0 > 0x0304 && legacy.0 < 0xfe00 => {
                ProtocolVersion::TLS1_2
            }
            legacy => legacy,
        };
        OfferedVersions::UpTo(highest)
    }

    /// The newest version that the client offers: the [highest](OfferedVersions::highest) of them.
    #[must_use]
    pub fn newest_version(&self) -> Option<ProtocolVersion> {
        match self.extensions.shape.as_ref().and_then(|shape| shape.asked.newest_listed) {
            Some(newest) => newest,
            None => self.offered_versions().highest(),
        }
    }

    /// The suites that can be chosen: without GREASE and signaling suites.
    pub fn real_suites(&self) -> impl Iterator<Item = CipherSuite> + '_ {
        self.cipher_suites()
            .iter()
            .copied()
            .filter(|suite| !suite.is_grease() && !suite.is_signaling())
    }

    /// Whether the client fell back to an older version after a failure (RFC 7507 §4).
    #[must_use]
    pub fn has_fallback_scsv(&self) -> bool {
        self.cipher_suites().contains(&CipherSuite::TLS_FALLBACK_SCSV)
    }

    /// Whether the client knows secure renegotiation, by suite or by extension (RFC 5746 §3.4).
    #[must_use]
    pub fn has_secure_renegotiation(&self) -> bool {
        self.cipher_suites().contains(&CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV)
            || self.extensions.contains(ExtensionType::RENEGOTIATION_INFO)
    }

    /// Whether the client sends 0-RTT data (RFC 8446 §4.2.10).
    #[must_use]
    pub fn has_early_data(&self) -> bool {
        self.extensions.contains(ExtensionType::EARLY_DATA)
    }

    /// Whether the client sends GREASE anywhere, as browsers do (RFC 8701).
    #[must_use]
    pub fn has_grease(&self) -> bool {
        self.cipher_suites().iter().any(|suite| suite.is_grease())
            || self.extensions.types().any(ExtensionType::is_grease)
    }

    /// The bytes that pad the hello (RFC 7685).
    #[must_use]
    pub fn padding_len(&self) -> Option<u16> {
        let padding = self.extensions.get(ExtensionType::PADDING)?;
        matches!(padding.body, ExtensionBody::Padding { .. }).then_some(padding.len_bytes)
    }
}
