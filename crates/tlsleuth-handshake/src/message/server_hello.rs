//! ServerHello and HelloRetryRequest.

use super::{Carrier, Extensions, client_hello::SessionId};
use crate::{
    Anomaly,
    anomaly::Notes,
    codepoint::{CipherSuite, CompressionMethod, ExtensionType, NamedGroup, ProtocolVersion},
    cursor::Cursor,
};

/// The random number that makes a ServerHello a HelloRetryRequest: SHA-256 of "HelloRetryRequest"
/// (RFC 8446 §4.1.3).
pub const HELLO_RETRY_REQUEST_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What a server chose.
///
/// ```text
/// struct {
///     ProtocolVersion legacy_version = 0x0303;
///     Random random;                                    32 bytes
///     opaque legacy_session_id_echo<0..32>;
///     CipherSuite cipher_suite;
///     uint8 legacy_compression_method = 0;
///     Extension extensions<6..2^16-1>;
/// } ServerHello;
/// ```
///
/// RFC 8446 §4.1.3. A HelloRetryRequest is a ServerHello with a random number of its own:
/// [`is_hello_retry_request`](Self::is_hello_retry_request). Drafts of TLS 1.3 up to 21 left the
/// session and the compression out, and put the version where `legacy_version` is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerHello {
    /// The version of a server before TLS 1.3; 0x0303 ever after.
    pub legacy_version: ProtocolVersion,
    /// The server's random number.
    pub random: [u8; 32],
    /// The session: what the client sent, if it is resumed or the version is TLS 1.3.
    pub session_id: SessionId,
    /// The suite that the server chose.
    pub cipher_suite: CipherSuite,
    /// The compression that the server chose.
    pub compression_method: CompressionMethod,
    /// The extensions.
    pub extensions: Extensions,
}

/// A mark in the last bytes of a server's random number (RFC 8446 §4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DowngradeSentinel {
    /// `DOWNGRD` and 1: the server knows TLS 1.3 and negotiated TLS 1.2.
    ToTls12,
    /// `DOWNGRD` and 0: the server knows TLS 1.2 or newer and negotiated TLS 1.1 or older.
    ToTls11,
}

impl ServerHello {
    /// Reads the body of a ServerHello, HelloRetryRequests among them.
    #[must_use]
    pub fn decode(body: &[u8]) -> (Self, Vec<Anomaly>) {
        let mut notes = Notes::default();
        let mut hello = Self::default();
        // What could be read stays; where it ends is in the notes.
        let _ = hello.parse(&mut Cursor::new(body), &mut notes);
        (hello, notes.finish())
    }

    /// Reads the body of a HelloRetryRequest of a draft of TLS 1.3, which was a message of its own
    /// (type 6): a version, from draft 19 on a suite, then extensions.
    #[must_use]
    pub fn decode_draft_retry(body: &[u8]) -> (Self, Vec<Anomaly>) {
        let mut notes = Notes::default();
        let mut hello = Self { random: HELLO_RETRY_REQUEST_RANDOM, ..Self::default() };
        let mut cursor = Cursor::new(body);
        if let Some(version) = cursor.u16("server_version", &mut notes) {
            hello.legacy_version = ProtocolVersion(version);
            if hello.legacy_version.draft().is_some_and(|draft| draft >= 19) {
                let suite = cursor.u16("cipher_suite", &mut notes).unwrap_or_default();
                hello.cipher_suite = CipherSuite(suite);
            }
            hello.extensions =
                Extensions::parse(&mut cursor, Carrier::HelloRetryRequest, &mut notes);
        }
        (hello, notes.finish())
    }

    fn parse(&mut self, cursor: &mut Cursor<'_>, notes: &mut Notes) -> Option<()> {
        self.legacy_version = ProtocolVersion(cursor.u16("legacy_version", notes)?);
        self.random = cursor.array("random", notes)?;
        let is_early_draft = self.legacy_version.draft().is_some_and(|draft| draft < 22);
        if !is_early_draft {
            self.session_id = SessionId::parse(cursor, "legacy_session_id_echo", notes)?;
        }
        self.cipher_suite = CipherSuite(cursor.u16("cipher_suite", notes)?);
        if !is_early_draft {
            self.compression_method =
                CompressionMethod(cursor.u8("legacy_compression_method", notes)?);
        }
        let carrier = if self.is_hello_retry_request() {
            Carrier::HelloRetryRequest
        } else {
            Carrier::ServerHello
        };
        self.extensions = Extensions::parse(cursor, carrier, notes);
        cursor.end("extensions", notes);
        Some(())
    }

    /// Whether the server asks for another ClientHello (RFC 8446 §4.1.4).
    #[must_use]
    pub fn is_hello_retry_request(&self) -> bool {
        self.random == HELLO_RETRY_REQUEST_RANDOM
    }

    /// The version that the server chose: by extension from TLS 1.3 on (RFC 8446 §4.2.1).
    #[must_use]
    pub fn negotiated_version(&self) -> ProtocolVersion {
        self.extensions.selected_version().unwrap_or(self.legacy_version)
    }

    /// The group of the server's key share, or the one that a HelloRetryRequest asks for. Before
    /// TLS 1.3 it is in the ServerKeyExchange.
    #[must_use]
    pub fn selected_group(&self) -> Option<NamedGroup> {
        self.extensions.selected_group()
    }

    /// The application protocol that the server chose, before TLS 1.3.
    #[must_use]
    pub fn alpn(&self) -> Option<&crate::WireText> {
        self.extensions.alpn()?.first()
    }

    /// The mark that warns of a downgrade. It means one only if the client offered more than was
    /// negotiated.
    #[must_use]
    pub fn downgrade_sentinel(&self) -> Option<DowngradeSentinel> {
        match self.random.last_chunk::<8>()? {
            b"DOWNGRD\x01" => Some(DowngradeSentinel::ToTls12),
            b"DOWNGRD\x00" => Some(DowngradeSentinel::ToTls11),
            _ => None,
        }
    }

    /// Whether the server will send a ticket (RFC 5077 §3.2), before TLS 1.3.
    #[must_use]
    pub fn will_send_ticket(&self) -> bool {
        self.extensions.contains(ExtensionType::SESSION_TICKET)
    }

    /// Whether the server may staple a certificate status (RFC 6066 §8), before TLS 1.3.
    #[must_use]
    pub fn may_send_status(&self) -> bool {
        self.extensions.contains(ExtensionType::STATUS_REQUEST)
            || self.extensions.contains(ExtensionType::STATUS_REQUEST_V2)
    }
}
