//! TLS over UDP, told by its first bytes: DTLS and QUIC. It is recognized, not read.

/// What speaks TLS in a datagram.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DatagramProtocol {
    /// DTLS (RFC 6347, RFC 9147).
    Dtls,
    /// QUIC (RFC 9000), Google's own versions of it too.
    Quic,
}

impl DatagramProtocol {
    /// `DTLS` or `QUIC`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dtls => "DTLS",
            Self::Quic => "QUIC",
        }
    }
}

/// Bytes of a DTLS record header (RFC 6347 §4.1).
const RECORD_HEADER_BYTES: usize = 13;

/// The longest connection ID of the QUIC versions that are in use (RFC 9000 §17.2).
const MAX_CONNECTION_ID_BYTES: u8 = 20;

/// Says what a datagram's payload is, if it belongs to a handshake or is a DTLS record in clear.
///
/// Packets of an established connection cannot be told from noise: QUIC's short headers (RFC 9000
/// §17.3) and the unified headers of DTLS 1.3 (RFC 9147 §4) are `None`.
///
/// ```
/// # use tlsleuth_handshake::datagram::{self, DatagramProtocol};
/// let initial = [0xc3, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0x44, 0x9e];
/// assert_eq!(datagram::protocol(&initial), Some(DatagramProtocol::Quic));
/// assert_eq!(datagram::protocol(b"\x12\x34\x01\x00\x00\x01"), None); // DNS
/// ```
#[must_use]
pub fn protocol(payload: &[u8]) -> Option<DatagramProtocol> {
    match payload {
        [20..=24, ..] if is_dtls_record(payload) => Some(DatagramProtocol::Dtls),
        // Header form 1 (RFC 9000 §17.2).
        [first, version @ ..] if first & 0x80 != 0 && is_quic_long_header(version) => {
            Some(DatagramProtocol::Quic)
        }
        _ => None,
    }
}

fn is_dtls_record(payload: &[u8]) -> bool {
    let Some((header, body)) = payload.split_at_checked(RECORD_HEADER_BYTES) else { return false };
    let [_, high, low, epoch_high, _, _, _, _, _, _, _, len_high, len_low] = *header else {
        return false;
    };
    // DTLS 1.2 and 1.3, 1.0, and OpenSSL's from before the RFC.
    let known = matches!((high, low), (0xfe, 0xfd | 0xff) | (0x01, 0x00));
    let len = usize::from(u16::from_be_bytes([len_high, len_low]));
    // A record has at most 2^14 + 2048 bytes (RFC 5246 §6.2.3), and epochs count from 0.
    known && epoch_high == 0 && (1..=0x4000 + 2048).contains(&len) && !body.is_empty()
}

/// `rest` begins behind the first byte.
fn is_quic_long_header(rest: &[u8]) -> bool {
    let [a, b, c, d, id_len, ..] = *rest else { return false };
    let version = u32::from_be_bytes([a, b, c, d]);
    let known = match version {
        // Version 1, version 2 (RFC 9369).
        1 | 0x6b33_43cf => true,
        // Drafts, and Facebook's mvfst.
        0xff00_0001..=0xff00_00ff | 0xface_b000..=0xface_b0ff => true,
        // Google's: "Q046", "T051".
        _ => matches!(a, b'Q' | b'T') && [b, c, d].iter().all(u8::is_ascii_digit),
    };
    // Google's versions up to Q046 pack two lengths into the byte (4 bits each, plus 3).
    known && (id_len <= MAX_CONNECTION_ID_BYTES || a == b'Q')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dtls(content_type: u8, version: [u8; 2], len: u16, body: &[u8]) -> Vec<u8> {
        let mut record = vec![content_type, version[0], version[1], 0, 0, 0, 0, 0, 0, 0, 0];
        record.extend(len.to_be_bytes());
        record.extend(body);
        record
    }

    #[test]
    fn dtls_is_told_by_its_record_header() {
        for version in [[0xfe, 0xfd], [0xfe, 0xff], [1, 0]] {
            let hello = dtls(22, version, 4, &[1, 0, 0, 0]);
            assert_eq!(protocol(&hello), Some(DatagramProtocol::Dtls));
        }
        let cut = dtls(22, [0xfe, 0xfd], 200, &[1]);
        assert_eq!(protocol(&cut), Some(DatagramProtocol::Dtls));
    }

    #[test]
    fn other_datagrams_are_not_dtls() {
        assert_eq!(protocol(&dtls(22, [3, 3], 4, &[1, 0, 0, 0])), None);
        assert_eq!(protocol(&dtls(22, [0xfe, 0xfd], 0, &[1])), None);
        assert_eq!(protocol(&dtls(22, [0xfe, 0xfd], 0x7000, &[1])), None);
        assert_eq!(protocol(&dtls(22, [0xfe, 0xfd], 4, &[])), None);
        assert_eq!(protocol(&[22, 0xfe, 0xfd]), None);
        assert_eq!(protocol(&[]), None);
        // STUN (RFC 8489 §5).
        assert_eq!(protocol(&[0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0]), None);
    }

    #[test]
    fn quic_is_told_by_its_version() {
        let long = |version: [u8; 4], id_len| {
            let mut packet = vec![0xc0];
            packet.extend(version);
            packet.push(id_len);
            packet.extend([0; 20]);
            protocol(&packet)
        };
        let quic = Some(DatagramProtocol::Quic);
        assert_eq!(long([0, 0, 0, 1], 8), quic);
        assert_eq!(long([0x6b, 0x33, 0x43, 0xcf], 20), quic);
        assert_eq!(long([0xff, 0, 0, 29], 0), quic);
        assert_eq!(long([0xfa, 0xce, 0xb0, 2], 8), quic);
        assert_eq!(long(*b"Q046", 0x50), quic);
        assert_eq!(long([0, 0, 0, 1], 21), None);
        // A version that nobody speaks: RTP and others begin with this bit as well.
        assert_eq!(long([0x12, 0x34, 0x56, 0x78], 8), None);
        // A short header.
        assert_eq!(protocol(&[0x40, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0]), None);
    }
}
