//! RDP: the negotiation in X.224 connection packets (MS-RDPBCGR §2.2.1.1, §2.2.1.2).

use super::{Progress, Refusal};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rdp {
    requested: Option<u32>,
}

/// Whether a client begins like this: TPKT, then an X.224 connection request.
pub(super) fn starts(bytes: &[u8]) -> Option<()> {
    match *bytes {
        [3, 0, _, _, _, 0xe0, ..] => Some(()),
        _ => None,
    }
}

impl Rdp {
    pub(super) fn is_asked(&self) -> bool {
        self.requested.is_some_and(|protocols| protocols != 0)
    }

    pub(super) fn step(&mut self, from_client: bool, bytes: &[u8]) -> Progress {
        if from_client && self.requested.is_some() {
            return Progress::Continue { consumed: 0 };
        }
        let Some([version, _, high, low]) = bytes.first_chunk::<4>().copied() else {
            return Progress::Continue { consumed: 0 };
        };
        let len = usize::from(u16::from_be_bytes([high, low]));
        if version != 3 || len < 11 {
            return Progress::NotThis;
        }
        let Some(packet) = bytes.get(..len) else { return Progress::Continue { consumed: 0 } };
        // The negotiation is the last eight bytes, behind an optional cookie.
        let negotiation = packet.get(11..).and_then(|rest| rest.last_chunk::<8>()).copied();
        if from_client {
            self.requested = Some(match negotiation {
                Some([1, _, 8, 0, a, b, c, d]) => u32::from_le_bytes([a, b, c, d]),
                // Before RDP 5.2 there is no negotiation.
                _ => 0,
            });
            return Progress::Continue { consumed: len };
        }
        if self.requested.is_none() || packet.get(5) != Some(&0xd0) {
            return Progress::NotThis;
        }
        match negotiation {
            Some([2, _, 8, 0, a, b, c, d]) => match u32::from_le_bytes([a, b, c, d]) {
                // Standard RDP security.
                0 => Progress::NoTls,
                _ => Progress::TlsStarts { offset: len },
            },
            Some([3, _, 8, 0, a, b, c, d]) => {
                let code = u32::from_le_bytes([a, b, c, d]);
                let reason = Refusal::Code { code, name: failure_name(code) };
                Progress::Refused { reason, consumed: len }
            }
            _ => Progress::NoTls,
        }
    }
}

/// MS-RDPBCGR §2.2.1.2.2.
const fn failure_name(code: u32) -> &'static str {
    match code {
        1 => "SSL_REQUIRED_BY_SERVER",
        2 => "SSL_NOT_ALLOWED_BY_SERVER",
        3 => "SSL_CERT_NOT_ON_SERVER",
        4 => "INCONSISTENT_FLAGS",
        5 => "HYBRID_REQUIRED_BY_SERVER",
        6 => "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER",
        _ => "RDP negotiation failure",
    }
}
