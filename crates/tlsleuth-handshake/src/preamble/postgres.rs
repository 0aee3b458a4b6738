//! PostgreSQL: SSLRequest and its one byte of answer (PostgreSQL 17 documentation, §53.2.10).

use super::{Progress, Refusal, quote};

const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
const GSSENC_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Postgres {
    asked: Option<Asked>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Tls,
    Gss,
}

/// Whether a client begins like this. Four bytes tell SSLRequest from a ClientHello.
pub(super) fn starts(bytes: &[u8]) -> Option<()> {
    let is_request = |request: &[u8; 8]| {
        let len = bytes.len().min(8);
        len >= 5 && bytes.get(..len) == request.get(..len)
    };
    // A StartupMessage says version 3.
    let is_startup = bytes
        .first_chunk::<8>()
        .is_some_and(|head| matches!(*head, [0, 0, high, low, 0, 3, 0, _] if (high, low) > (0, 8)));
    (is_request(&SSL_REQUEST) || is_request(&GSSENC_REQUEST) || is_startup).then_some(())
}

impl Postgres {
    pub(super) fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    pub(super) fn step(&mut self, from_client: bool, bytes: &[u8]) -> Progress {
        if from_client {
            if self.asked.is_some() {
                return Progress::Continue { consumed: 0 };
            }
            let Some(head) = bytes.first_chunk::<8>() else {
                return Progress::Continue { consumed: 0 };
            };
            self.asked = match *head {
                SSL_REQUEST => Some(Asked::Tls),
                GSSENC_REQUEST => Some(Asked::Gss),
                [_, _, _, _, 0, 3, 0, _] => return Progress::NoTls,
                _ => return Progress::NotThis,
            };
            return Progress::Continue { consumed: 8 };
        }
        let Some(asked) = self.asked else { return Progress::NotThis };
        match (bytes.first(), asked) {
            (Some(b'S'), Asked::Tls) => Progress::TlsStarts { offset: 1 },
            (Some(b'N'), Asked::Tls) => {
                self.asked = None;
                let reason = Refusal::Line(quote(b"N"));
                Progress::Refused { reason, consumed: 1 }
            }
            // Without GSS the client asks for TLS next.
            (Some(b'N'), Asked::Gss) => {
                self.asked = None;
                Progress::Continue { consumed: 1 }
            }
            (Some(b'G'), Asked::Gss) => Progress::NoTls,
            (Some(b'E'), _) => {
                let text = error_message(bytes.get(1..).unwrap_or(&[]));
                Progress::Refused { reason: Refusal::Line(quote(text)), consumed: bytes.len() }
            }
            _ => Progress::NotThis,
        }
    }
}

/// The message of an ErrorResponse: its field `M`, or all that is there of an old form.
pub(super) fn error_message(body: &[u8]) -> &[u8] {
    let fields = body.get(4..).unwrap_or(&[]);
    fields
        .split(|byte| *byte == 0)
        .find_map(|field| field.strip_prefix(b"M"))
        .unwrap_or_else(|| body.split(|byte| matches!(byte, 0 | b'\n')).next().unwrap_or(&[]))
}
