//! SSL 2.0: hellos and errors, and the hello in its form that offers newer versions.
//!
//! A record is two bytes of length with the highest bit set, or three with padding, then the
//! message (Hickman, "The SSL Protocol", 1995; RFC 5246 §E.2).

use core::fmt;

use super::SessionId;
use crate::{
    Anomaly,
    anomaly::{Notes, Problem},
    codepoint::{CipherSuite, ProtocolVersion},
    cursor::Cursor,
};

/// The header of an SSL 2.0 record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ssl2Header {
    /// Bytes of the header: 2, or 3 where the record is padded.
    pub header_len: u8,
    /// Bytes of the body, padding included.
    pub body_len: u16,
    /// Bytes of padding at the end of the body.
    pub padding_len: u8,
}

impl Ssl2Header {
    /// Reads a header; `None` if there are too few bytes. Any bytes are some header: whether they
    /// are meant as one is for [`is_client_hello`](Self::is_client_hello) to tell.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&[first, second], rest) = bytes.split_first_chunk::<2>()?;
        if first & 0x80 != 0 {
            let body_len = u16::from_be_bytes([first & 0x7f, second]);
            return Some(Self { header_len: 2, body_len, padding_len: 0 });
        }
        let padding_len = *rest.first()?;
        Some(Self {
            header_len: 3,
            body_len: u16::from_be_bytes([first & 0x3f, second]),
            padding_len,
        })
    }

    /// Whether bytes are the start of a CLIENT-HELLO in a record of two bytes of header: type,
    /// version and lengths must fit. Needs 11 bytes; `None` if there are fewer and those fit.
    #[must_use]
    pub fn is_client_hello(bytes: &[u8]) -> Option<bool> {
        let fits = |at: usize, test: &dyn Fn(u8) -> bool| bytes.get(at).map(|byte| test(*byte));
        let first = [
            fits(0, &|byte| byte & 0x80 != 0),
            fits(2, &|byte| byte == 1),
            // SSL 2.0 is 0x0002 here; newer versions are 0x03xx.
            fits(3, &|byte| byte == 0 || byte == 3),
            fits(4, &|byte| byte <= 4),
        ];
        if first.contains(&Some(false)) {
            return Some(false);
        }
        let header = Self::decode(bytes)?;
        let lengths: &[u8; 6] = bytes.get(5..)?.first_chunk()?;
        let [a, b, c, d, e, f] = *lengths;
        let specs = u16::from_be_bytes([a, b]);
        let session = u16::from_be_bytes([c, d]);
        let challenge = u16::from_be_bytes([e, f]);
        let total = 9 + u32::from(specs) + u32::from(session) + u32::from(challenge);
        Some(
            specs > 0
                && specs.is_multiple_of(3)
                && matches!(session, 0 | 16)
                && (16..=32).contains(&challenge)
                && total == u32::from(header.body_len),
        )
    }
}

/// A cipher of SSL 2.0, or a cipher suite of newer versions with a zero before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ssl2CipherSpec(pub u32);

impl Ssl2CipherSpec {
    /// The name, for those of SSL 2.0.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0x01_0080 => "SSL_CK_RC4_128_WITH_MD5",
            0x02_0080 => "SSL_CK_RC4_128_EXPORT40_WITH_MD5",
            0x03_0080 => "SSL_CK_RC2_128_CBC_WITH_MD5",
            0x04_0080 => "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5",
            0x05_0080 => "SSL_CK_IDEA_128_CBC_WITH_MD5",
            0x06_0040 => "SSL_CK_DES_64_CBC_WITH_MD5",
            0x07_00c0 => "SSL_CK_DES_192_EDE3_CBC_WITH_MD5",
            0x08_0080 => "SSL_CK_RC4_64_WITH_MD5",
            _ => return None,
        })
    }

    /// The cipher suite of a newer version, for numbers that begin with a zero (RFC 5246 §E.2).
    #[must_use]
    pub fn suite(self) -> Option<CipherSuite> {
        u16::try_from(self.0).ok().map(CipherSuite)
    }
}

impl fmt::Display for Ssl2CipherSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name(), self.suite()) {
            (Some(name), _) => f.write_str(name),
            (None, Some(suite)) => suite.fmt(f),
            (None, None) => write!(f, "{:#08x}", self.0),
        }
    }
}

/// CLIENT-HELLO.
///
/// ```text
/// uint8 msg_type = 1;
/// Version version;               0x0002, or the highest version of a newer client
/// uint16 cipher_spec_length;
/// uint16 session_id_length;
/// uint16 challenge_length;
/// V2CipherSpec cipher_specs[];   3 bytes each
/// opaque session_id[];
/// opaque challenge[];
/// ```
///
/// RFC 5246 §E.2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ssl2ClientHello {
    /// The highest version that the client has.
    pub client_version: ProtocolVersion,
    /// The ciphers and suites.
    pub cipher_specs: Box<[Ssl2CipherSpec]>,
    /// The session to resume.
    pub session_id: SessionId,
    /// Bytes of the challenge, which stands for the client's random number.
    pub challenge_len: u16,
}

impl Ssl2ClientHello {
    /// The suites of newer versions among the ciphers.
    pub fn suites(&self) -> impl Iterator<Item = CipherSuite> + '_ {
        self.cipher_specs.iter().filter_map(|spec| spec.suite())
    }

    /// Whether the hello only has the form of SSL 2.0 and offers a newer version.
    #[must_use]
    pub fn offers_newer(&self) -> bool {
        self.client_version.0 >= ProtocolVersion::SSL3.0
    }
}

/// SERVER-HELLO.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ssl2ServerHello {
    /// Whether the session is resumed.
    pub session_id_hit: bool,
    /// The version.
    pub server_version: ProtocolVersion,
    /// The certificate in DER; none when resumed.
    pub certificate: Box<[u8]>,
    /// The ciphers that both sides have.
    pub cipher_specs: Box<[Ssl2CipherSpec]>,
}

/// ERROR: what SSL 2.0 has for alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ssl2Error(pub u16);

impl Ssl2Error {
    /// The name of the error.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            1 => "NO-CIPHER-ERROR",
            2 => "NO-CERTIFICATE-ERROR",
            4 => "BAD-CERTIFICATE-ERROR",
            6 => "UNSUPPORTED-CERTIFICATE-TYPE-ERROR",
            _ => return None,
        })
    }
}

impl fmt::Display for Ssl2Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#06x}", self.0),
        }
    }
}

/// A message of SSL 2.0 that is sent in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ssl2Message {
    /// CLIENT-HELLO.
    ClientHello(Ssl2ClientHello),
    /// SERVER-HELLO.
    ServerHello(Ssl2ServerHello),
    /// CLIENT-MASTER-KEY: the client chose a cipher.
    ClientMasterKey(Ssl2CipherSpec),
    /// ERROR.
    Error(Ssl2Error),
    /// Another type, or something encrypted.
    Other(u8),
}

impl Ssl2Message {
    /// Reads the body of a record; `None` for an empty one.
    #[must_use]
    pub fn decode(body: &[u8]) -> (Option<Self>, Vec<Anomaly>) {
        let mut notes = Notes::default();
        let message = parse(&mut Cursor::new(body), &mut notes);
        (message, notes.finish())
    }
}

fn parse(cursor: &mut Cursor<'_>, notes: &mut Notes) -> Option<Ssl2Message> {
    Some(match cursor.u8("msg_type", notes)? {
        0 => Ssl2Message::Error(Ssl2Error(cursor.u16("error_code", notes)?)),
        1 => {
            let mut hello = Ssl2ClientHello::default();
            // What could be read stays; where it ends is in the notes.
            let _ = parse_client_hello(&mut hello, cursor, notes);
            Ssl2Message::ClientHello(hello)
        }
        2 => Ssl2Message::ClientMasterKey(Ssl2CipherSpec(cursor.u24("cipher_kind", notes)?)),
        4 => {
            let mut hello = Ssl2ServerHello::default();
            let _ = parse_server_hello(&mut hello, cursor, notes);
            Ssl2Message::ServerHello(hello)
        }
        other => Ssl2Message::Other(other),
    })
}

fn parse_client_hello(
    hello: &mut Ssl2ClientHello,
    cursor: &mut Cursor<'_>,
    notes: &mut Notes,
) -> Option<()> {
    hello.client_version = ProtocolVersion(cursor.u16("version", notes)?);
    let specs = cursor.u16("cipher_spec_length", notes)?;
    let session = cursor.u16("session_id_length", notes)?;
    let challenge = cursor.u16("challenge_length", notes)?;
    hello.cipher_specs = parse_specs(cursor, specs, notes)?;
    let at = cursor.offset();
    let session_id = cursor.take(usize::from(session), "session_id", notes)?;
    if !matches!(session, 0 | 16) {
        let problem = Problem::LengthOutOfRange { length: u32::from(session), min: 0, max: 16 };
        notes.add("session_id", at, problem);
    }
    hello.session_id = SessionId::new(session_id);
    cursor.take(usize::from(challenge), "challenge", notes)?;
    hello.challenge_len = challenge;
    cursor.end("challenge", notes);
    Some(())
}

fn parse_server_hello(
    hello: &mut Ssl2ServerHello,
    cursor: &mut Cursor<'_>,
    notes: &mut Notes,
) -> Option<()> {
    hello.session_id_hit = cursor.u8("session_id_hit", notes)? != 0;
    cursor.u8("certificate_type", notes)?;
    hello.server_version = ProtocolVersion(cursor.u16("server_version", notes)?);
    let certificate = cursor.u16("certificate_length", notes)?;
    let specs = cursor.u16("cipher_specs_length", notes)?;
    let connection_id = cursor.u16("connection_id_length", notes)?;
    hello.certificate = cursor.take(usize::from(certificate), "certificate", notes)?.into();
    hello.cipher_specs = parse_specs(cursor, specs, notes)?;
    cursor.take(usize::from(connection_id), "connection_id", notes)?;
    cursor.end("connection_id", notes);
    Some(())
}

fn parse_specs(
    cursor: &mut Cursor<'_>,
    len: u16,
    notes: &mut Notes,
) -> Option<Box<[Ssl2CipherSpec]>> {
    let at = cursor.offset();
    let (specs, odd) = cursor.take(usize::from(len), "cipher_specs", notes)?.as_chunks::<3>();
    if !odd.is_empty() {
        let problem = Problem::LengthNotMultiple { length: u32::from(len), of: 3 };
        notes.add("cipher_specs", at, problem);
    }
    Some(
        specs.iter().map(|[a, b, c]| Ssl2CipherSpec(u32::from_be_bytes([0, *a, *b, *c]))).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(version: [u8; 2]) -> Vec<u8> {
        let mut bytes = vec![0x80, 9 + 6 + 16, 1, version[0], version[1], 0, 6, 0, 0, 0, 16];
        bytes.extend([0x01, 0, 0x80, 0, 0, 0x2f]);
        bytes.extend([7; 16]);
        bytes
    }

    #[test]
    fn hello_in_the_old_form_offers_newer_versions() {
        let bytes = hello([3, 1]);
        assert_eq!(Ssl2Header::is_client_hello(&bytes), Some(true));
        let (message, anomalies) = Ssl2Message::decode(&bytes[2..]);
        assert!(anomalies.is_empty(), "{anomalies:?}");
        let Some(Ssl2Message::ClientHello(hello)) = message else { panic!("{message:?}") };
        assert!(hello.offers_newer());
        let suites: Vec<_> = hello.suites().collect();
        assert_eq!(suites, [CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA]);
        assert_eq!(hello.cipher_specs[0].to_string(), "SSL_CK_RC4_128_WITH_MD5");
    }

    #[test]
    fn every_start_of_a_hello_stays_possible() {
        let bytes = hello([0, 2]);
        for len in 0..11 {
            assert_eq!(Ssl2Header::is_client_hello(&bytes[..len]), None, "{len}");
        }
        assert_eq!(Ssl2Header::is_client_hello(b"\x16\x03\x01\x02\x00\x01"), Some(false));
        assert_eq!(Ssl2Header::is_client_hello(b"GET / HTTP/1.1"), Some(false));
    }

    #[test]
    fn error_has_a_name() {
        let (message, anomalies) = Ssl2Message::decode(&[0, 0, 1]);
        assert!(anomalies.is_empty());
        let Some(Ssl2Message::Error(error)) = message else { panic!("{message:?}") };
        assert_eq!(error.to_string(), "NO-CIPHER-ERROR");
    }
}
