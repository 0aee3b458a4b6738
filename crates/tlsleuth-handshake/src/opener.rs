//! The seam for secrets: whoever has them can open protected records.
//!
//! Nothing of the cryptography is here. A crate that has it implements [`SecretSource`] and
//! [`RecordOpener`]; the tracker asks for an opener when both hellos are there, and from then on
//! what was [`Encrypted`](crate::Observed::Encrypted) is present.

use crate::codepoint::{CipherSuite, ProtocolVersion};
use crate::connection::Side;

/// What the keys of a connection depend on.
#[derive(Clone, Copy, Debug)]
pub struct HelloPair<'a> {
    /// The client's random, which key logs are indexed by.
    pub client_random: &'a [u8; 32],
    /// The server's random.
    pub server_random: &'a [u8; 32],
    /// The version that was negotiated.
    pub version: ProtocolVersion,
    /// The suite that was chosen.
    pub suite: CipherSuite,
    /// Whether both sides agreed on the extended master secret (RFC 7627).
    pub extended_master_secret: bool,
    /// Whether both sides agreed on encrypt-then-MAC (RFC 7366).
    pub encrypt_then_mac: bool,
    /// Whether the client sends early data.
    pub early_data: bool,
    /// Whether records are compressed before they are protected (RFC 3749).
    pub is_compressed: bool,
    /// The client's handshake messages so far, header and body, one behind the other; empty unless
    /// the source [wants them](SecretSource::wants_messages), or where there are too many.
    pub client_messages: &'a [u8],
    /// The same of the server.
    pub server_messages: &'a [u8],
}

/// Why there is no opener.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoOpener {
    /// No secret is known for this client random.
    NoSecrets,
    /// There are RSA keys alone, and the suite's keys do not come from them: that needs static RSA.
    RsaKeyOnly,
    /// The version or the suite is not supported.
    Unsupported,
}

/// Whoever knows secrets.
pub trait SecretSource {
    /// Whether it knows no secret at all yet: then nobody asked for anything to be opened.
    fn is_empty(&self) -> bool {
        false
    }

    /// Whether openers need the handshake messages that come before they are made.
    fn wants_messages(&self) -> bool {
        false
    }

    /// An opener for a connection.
    ///
    /// # Errors
    /// Says why there is none.
    fn opener(&self, hellos: &HelloPair<'_>) -> Result<Box<dyn RecordOpener>, NoOpener>;
}

/// Opens the protected records of one connection. Both sides' records come in their order.
pub trait RecordOpener: Send {
    /// Opens one record; in TLS 1.2 and below also a protected ChangeCipherSpec, behind which the
    /// keys of a renegotiation are in force. On success `plain` holds the content and the true content type is told.
    ///
    /// # Errors
    /// Says why no key fits; later records may still be opened.
    fn open(
        &mut self,
        side: Side,
        content_type: u8,
        record_version: u16,
        body: &[u8],
        plain: &mut Vec<u8>,
    ) -> Result<u8, NotOpened>;

    /// Takes note of a handshake message behind the hellos, in clear or opened: header and body.
    /// Keys depend on it (Finished, KeyUpdate, EndOfEarlyData; the hellos of a renegotiation).
    fn handshake_message(&mut self, side: Side, message: &[u8]);

    /// Takes note that records of a side are missing, nobody knows how many.
    fn gap(&mut self, side: Side);

    /// Bytes of messages held.
    fn buffered_bytes(&self) -> usize {
        0
    }
}

/// Why a record could not be opened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NotOpened {
    /// The key log lacks a secret of this connection: its label.
    NoSecret(&'static str),
    /// Bytes that the keys, or the record's number, depend on are missing.
    Gap,
    /// There are keys, and the record does not authenticate with them.
    NotAuthentic,
    /// No RSA key that was given is that of the server's certificate.
    OtherKey,
    /// The RSA key is that of the certificate, and what the client encrypted is none of its.
    KeyDoesNotFit,
    /// No ClientKeyExchange came before the record: a resumed session has none, so that an RSA key
    /// tells nothing of its secret.
    NoKeyExchange,
}
