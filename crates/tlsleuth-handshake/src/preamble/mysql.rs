//! MySQL and MariaDB: the server's greeting and the SSLRequest packet (MySQL "Connection Phase").

use super::{Progress, Refusal, quote};

/// The capability that says that TLS is spoken.
const CLIENT_SSL: u16 = 0x0800;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MySql {
    is_greeted: bool,
    offered: Option<bool>,
}

/// Whether a server greets like this: a packet with number 0 that says version 10, or an error.
pub(super) fn is_greeting(bytes: &[u8]) -> bool {
    match *bytes {
        [_, _, 0, 0, 10, b'0'..=b'9', ..] => true,
        // An error: a code, then text.
        [_, _, 0, 0, 0xff, _, _, b' '..=b'~', ..] => true,
        _ => false,
    }
}

/// The content of a packet and the length of the whole.
fn packet(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let [a, b, c, _] = *bytes.first_chunk::<4>()?;
    let len = usize::try_from(u32::from_le_bytes([a, b, c, 0])).ok()?;
    Some((4 + len, bytes.get(4..)?.get(..len)?))
}

impl MySql {
    pub(super) fn is_offered(&self) -> Option<bool> {
        self.offered
    }

    pub(super) fn step(&mut self, from_client: bool, bytes: &[u8]) -> Progress {
        let Some((len, content)) = packet(bytes) else {
            return Progress::Continue { consumed: 0 };
        };
        if !from_client {
            if content.first() == Some(&0xff) {
                let message = content.get(3..).unwrap_or(&[]);
                return Progress::Refused { reason: Refusal::Line(quote(message)), consumed: len };
            }
            if self.is_greeted {
                return Progress::NoTls;
            }
            self.is_greeted = true;
            self.offered = capabilities(content).map(|bits| bits & CLIENT_SSL != 0);
            return Progress::Continue { consumed: len };
        }
        let Some([low, high]) = content.first_chunk::<2>().copied() else {
            return Progress::NotThis;
        };
        if u16::from_le_bytes([low, high]) & CLIENT_SSL == 0 {
            // A whole login follows: the client does not want TLS, or cannot have it.
            return Progress::NoTls;
        }
        // SSLRequest is the first 32 bytes of a login, in a packet of their own.
        if content.len() == 32 { Progress::TlsStarts { offset: len } } else { Progress::NoTls }
    }
}

/// The lower capabilities of a greeting: behind the version, thread number, eight bytes of the
/// scramble and a zero.
fn capabilities(greeting: &[u8]) -> Option<u16> {
    let version_end = greeting.iter().position(|byte| *byte == 0)?;
    let bits = greeting.get(version_end + 1 + 4 + 8 + 1..)?.first_chunk::<2>()?;
    Some(u16::from_le_bytes(*bits))
}
