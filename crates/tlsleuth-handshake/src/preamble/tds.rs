//! TDS (SQL Server): PRELOGIN, and TLS wrapped in PRELOGIN packets (MS-TDS §2.2.6.5, §3.2.5.1).
//!
//! TDS 7 sends the records of the TLS handshake as the content of TDS packets, and bare records
//! behind it; TDS 8 starts with TLS. [`unwrap`] takes such packets apart.

use super::{Progress, Refusal};

const PRELOGIN: u8 = 0x12;
const RESPONSE: u8 = 0x04;
const HEADER_LEN: usize = 8;

/// What [`unwrap`] found at the front of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwrapped<'a> {
    /// A packet: the bytes of TLS in it, and the length of the whole.
    Packet {
        /// The bytes of TLS.
        payload: &'a [u8],
        /// Bytes of the packet.
        consumed: usize,
    },
    /// More bytes are needed.
    More,
    /// No packet: from here on TLS is bare.
    Bare,
}

/// Takes the next TDS packet apart that wraps TLS.
///
/// ```
/// # use tlsleuth_handshake::preamble::tds::{Unwrapped, unwrap};
/// let packet = [0x12, 1, 0, 10, 0, 0, 0, 0, 0x16, 0x03];
/// assert_eq!(unwrap(&packet), Unwrapped::Packet { payload: &[0x16, 0x03], consumed: 10 });
/// assert_eq!(unwrap(&[0x17, 3, 3]), Unwrapped::Bare);
/// ```
#[must_use]
pub fn unwrap(bytes: &[u8]) -> Unwrapped<'_> {
    match bytes.first() {
        None => return Unwrapped::More,
        Some(&PRELOGIN) => {}
        Some(_) => return Unwrapped::Bare,
    }
    let Some(len) = packet_len(bytes) else { return Unwrapped::More };
    match bytes.get(HEADER_LEN..len) {
        Some(payload) => Unwrapped::Packet { payload, consumed: len },
        None if len < HEADER_LEN => Unwrapped::Bare,
        None => Unwrapped::More,
    }
}

fn packet_len(bytes: &[u8]) -> Option<usize> {
    let [_, _, high, low, ..] = *bytes.first_chunk::<HEADER_LEN>()?;
    Some(usize::from(u16::from_be_bytes([high, low])))
}

/// Whether a client begins like this: PRELOGIN whose first option is the version.
pub(super) fn starts(bytes: &[u8]) -> Option<()> {
    match *bytes {
        [PRELOGIN, 0 | 1, _, _, _, _, _, _, 0, ..] => Some(()),
        _ => None,
    }
}

/// The dialogue before TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tds {
    asked: Option<u8>,
}

impl Tds {
    pub(super) fn is_asked(&self) -> bool {
        // 1 for on, 3 for required; 0 encrypts the login only.
        matches!(self.asked, Some(0 | 1 | 3))
    }

    pub(super) fn step(&mut self, from_client: bool, bytes: &[u8]) -> Progress {
        if from_client && self.asked.is_some() {
            return Progress::Continue { consumed: 0 };
        }
        let Some(len) = packet_len(bytes) else { return Progress::Continue { consumed: 0 } };
        if len < HEADER_LEN {
            return Progress::NotThis;
        }
        let Some(content) = bytes.get(HEADER_LEN..len) else {
            return Progress::Continue { consumed: 0 };
        };
        if from_client {
            // Without the option nothing is encrypted, as with 2 for "not supported".
            self.asked = Some(encryption(content).unwrap_or(2));
            return Progress::Continue { consumed: len };
        }
        let Some(asked) = self.asked else { return Progress::NotThis };
        if bytes.first() != Some(&RESPONSE) {
            return Progress::NotThis;
        }
        match (asked, encryption(content)) {
            (2, Some(3)) => Progress::Refused {
                reason: Refusal::Code { code: 3, name: "ENCRYPT_REQ" },
                consumed: len,
            },
            (1 | 3, Some(2) | None) => Progress::Refused {
                reason: Refusal::Code { code: 2, name: "ENCRYPT_NOT_SUP" },
                consumed: len,
            },
            (2, _) | (_, Some(2) | None) => Progress::NoTls,
            _ => Progress::TlsStarts { offset: len },
        }
    }
}

/// The option ENCRYPTION of a PRELOGIN: options are a token, an offset and a length, up to 0xff.
fn encryption(content: &[u8]) -> Option<u8> {
    let mut options = content;
    while let Some((option, rest)) = options.split_first_chunk::<5>() {
        let [token, high, low, _, _] = *option;
        if token == 0xff {
            return None;
        }
        if token == 1 {
            return content.get(usize::from(u16::from_be_bytes([high, low]))).copied();
        }
        options = rest;
    }
    None
}
