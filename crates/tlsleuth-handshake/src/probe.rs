//! What a stream begins with: TLS is found by content, on any port.

use crate::record::RecordHeader;
use memchr::memchr;

/// What the first bytes of a stream are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Beginning {
    /// Too few bytes to tell.
    More,
    /// A TLS record; the hint is the handshake type of its first message.
    Tls {
        /// The content type.
        content_type: u8,
        /// The type of the first handshake message, where it is in clear.
        handshake_type: Option<u8>,
    },
    /// An SSL 2 ClientHello, or a newer one in that format (RFC 5246 §E.2).
    Ssl2ClientHello,
    /// An SSL 2 ServerHello.
    Ssl2ServerHello,
    /// Something else.
    Plain,
}

/// Bytes after which [`beginning`] always knows.
pub const ENOUGH_BYTES: usize = 11;

/// Says what a stream begins with.
#[must_use]
pub fn beginning(bytes: &[u8]) -> Beginning {
    match bytes {
        [] => Beginning::More,
        [20..=24, rest @ ..] => tls(bytes, rest),
        // A two-byte header with the high bit set, message type 1 or 4 (SSL 2 §1.2, §2.5, §2.6).
        [high, ..] if high & 0x80 != 0 => ssl2(bytes),
        _ => Beginning::Plain,
    }
}

fn tls(bytes: &[u8], rest: &[u8]) -> Beginning {
    if rest.first().is_some_and(|major| *major != 3) {
        return Beginning::Plain;
    }
    let Some(header) = RecordHeader::parse(bytes) else { return Beginning::More };
    if !header.is_plausible() {
        return Beginning::Plain;
    }
    let found =
        |handshake_type| Beginning::Tls { content_type: header.content_type, handshake_type };
    match header.content_type {
        20 if header.len == 1 => found(None),
        21 if header.len >= 2 && header.len <= 256 => found(None),
        22 if header.len > 0 => match bytes.get(5) {
            None => Beginning::More,
            Some(kind) => found(is_first_handshake_type(*kind).then_some(*kind)),
        },
        23 if header.len > 0 => found(None),
        _ => Beginning::Plain,
    }
}

/// Whether a piece of a stream that was not TLS so far begins with a ClientHello: the record and the
/// message must agree on their lengths, so that other protocols are not mistaken for it.
#[must_use]
pub fn is_client_hello(piece: &[u8]) -> bool {
    hello(piece, 1).is_some_and(|(header, len)| {
        (41..=0x4_0000).contains(&len) && (u32::from(header.len) <= len + 4 || header.len < 4096)
    })
}

/// The record header and the message's length where a piece begins with a hello of a type.
fn hello(piece: &[u8], handshake_type: u8) -> Option<(RecordHeader, u32)> {
    let header = RecordHeader::parse(piece)?;
    let [kind, a, b, c, major, ..] = piece.get(RecordHeader::LEN..)? else { return None };
    let is_hello = header.is_plausible()
        && header.content_type == 22
        && *kind == handshake_type
        && *major == 3;
    is_hello.then_some((header, u32::from_be_bytes([0, *a, *b, *c])))
}

/// Whether a piece of a stream begins with the records of a server: a ServerHello or an alert.
#[must_use]
pub fn is_server_answer(piece: &[u8]) -> bool {
    match beginning(piece) {
        Beginning::Tls { content_type: 21, .. } => {
            matches!(piece, [21, 3, _, 0, 2, 1 | 2, ..])
        }
        Beginning::Tls { handshake_type: Some(2), .. } => true,
        _ => false,
    }
}

/// Whether a piece begins with a ServerHello: version, random, session, suite, compression; other
/// messages may share the record.
fn is_server_hello(piece: &[u8]) -> bool {
    hello(piece, 2)
        .is_some_and(|(header, len)| (38..=0x1_0000).contains(&len) && u32::from(header.len) >= 38)
}

/// Where in a piece that begins with something else a hello begins, of a client or of a server.
///
/// `Err` is the place behind which nothing can be told yet: a hello may begin there, and the piece
/// ends within its first bytes.
pub(crate) fn find_hello(piece: &[u8], from_client: bool) -> Result<usize, usize> {
    let is_hello = if from_client { is_client_hello } else { is_server_hello };
    let mut at = 0;
    while let Some(rest) = piece.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(next) = memchr(22, rest) else { return Err(piece.len()) };
        at += next;
        let rest = rest.get(next..).unwrap_or(&[]);
        if rest.len() < HELLO_BYTES {
            if matches!(rest, [22] | [22, 3, ..]) {
                return Err(at);
            }
        } else if is_hello(rest) {
            return Ok(at);
        }
        at += 1;
    }
    Err(piece.len())
}

/// Bytes of a record header, a message header and the first one of its version.
const HELLO_BYTES: usize = RecordHeader::LEN + 5;

/// Whether a piece from the middle of a stream begins with records: each header must lead to the
/// next one, or to the end of the piece, so that chance is ruled out.
#[must_use]
pub fn begins_with_records(piece: &[u8]) -> bool {
    let mut rest = piece;
    let mut version = None;
    for nth in 0..4 {
        let Some(header) = RecordHeader::parse(rest) else { return nth > 0 };
        let known = (0x0301..=0x0303).contains(&header.record_version);
        if !header.is_plausible() || !known || header.len == 0 || header.content_type == 24 {
            return false;
        }
        if version.is_some_and(|version| version != header.record_version) {
            return false;
        }
        version = Some(header.record_version);
        let Some(next) = rest.get(RecordHeader::LEN + usize::from(header.len)..) else {
            // A record that goes on in the next segment: believed when it is long.
            return nth > 0 || (header.content_type == 23 && piece.len() >= 512);
        };
        if next.is_empty() {
            return true;
        }
        rest = next;
    }
    true
}

fn ssl2(bytes: &[u8]) -> Beginning {
    let [high, low, kind, major, minor, ..] = bytes else { return Beginning::More };
    let len = usize::from(u16::from_be_bytes([high & 0x7f, *low]));
    let version_known = (*major == 3 && *minor <= 4) || (*major == 0 && *minor == 2);
    match kind {
        1 if version_known && len >= 9 => {
            let Some([specs_high, specs_low, id_high, id_low, challenge_high, challenge_low]) =
                bytes.get(5..11)
            else {
                return Beginning::More;
            };
            let specs = usize::from(u16::from_be_bytes([*specs_high, *specs_low]));
            let id = usize::from(u16::from_be_bytes([*id_high, *id_low]));
            let challenge = usize::from(u16::from_be_bytes([*challenge_high, *challenge_low]));
            if specs > 0 && specs % 3 == 0 && 9 + specs + id + challenge == len {
                Beginning::Ssl2ClientHello
            } else {
                Beginning::Plain
            }
        }
        4 if bytes.get(5..7) == Some(&[0, 2]) && len >= 11 => Beginning::Ssl2ServerHello,
        4 if bytes.len() < 7 => Beginning::More,
        _ => Beginning::Plain,
    }
}

/// Handshake types that a record in clear can begin with.
fn is_first_handshake_type(kind: u8) -> bool {
    matches!(kind, 0..=6 | 8 | 11..=16 | 20..=25 | 67 | 203)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_told_by_its_first_bytes() {
        let hello = b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03";
        assert_eq!(beginning(hello), Beginning::Tls { content_type: 22, handshake_type: Some(1) });
        for len in 0..6 {
            assert_eq!(beginning(&hello[..len]), Beginning::More, "{len} bytes");
        }
        assert_eq!(beginning(b"GET / HTTP/1.1\r\n"), Beginning::Plain);
        assert_eq!(beginning(b"\x16\x03\x01\xff\xff\x01"), Beginning::Plain);
        assert_eq!(
            beginning(b"\x15\x03\x03\0\x02\x02\x28"),
            Beginning::Tls { content_type: 21, handshake_type: None }
        );
    }

    #[test]
    fn an_ssl2_hello_must_add_up() {
        let mut hello = b"\x80\x1c\x01\x03\x01\0\x03\0\0\0\x10\0\0\x2f".to_vec();
        hello.extend_from_slice(&[7; 16]);
        assert_eq!(beginning(&hello), Beginning::Ssl2ClientHello);
        hello[1] = 0x1d;
        assert_eq!(beginning(&hello), Beginning::Plain);
    }

    #[test]
    fn hellos_are_found_behind_words() {
        let client = b"EHLO me\r\nSTARTTLS\r\n\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03";
        assert_eq!(find_hello(client, true), Ok(19));
        assert_eq!(find_hello(client, false), Err(client.len()));
        let server = b"220 go\r\n\x16\x03\x03\0\x4a\x02\0\0\x46\x03\x03";
        assert_eq!(find_hello(server, false), Ok(8));
        // A hello that may begin here is waited for.
        for len in 20..29 {
            assert_eq!(find_hello(&client[..len], true), Err(19), "{len} bytes");
        }
        assert_eq!(find_hello(b"\x16\x16\x16 \x16\x02", true), Err(6));
        assert_eq!(find_hello(b"", true), Err(0));
    }

    #[test]
    fn records_in_mid_stream_must_lead_on() {
        assert!(begins_with_records(b"\x17\x03\x03\0\x02ab"));
        assert!(begins_with_records(b"\x17\x03\x03\0\x02ab\x15\x03\x03\0\x02cd"));
        assert!(!begins_with_records(b"\x17\x03\x03\0\x02abc and other things"));
        assert!(!begins_with_records(b"\x17\x03\x03\0\x20ab"));
    }
}
