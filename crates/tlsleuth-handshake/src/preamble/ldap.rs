//! LDAP: the StartTLS operation (RFC 4511 §4.14).

use super::{Progress, Refusal, find};

/// The name of the StartTLS operation.
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ldap {
    is_asked: bool,
}

/// Whether a client begins like this: a sequence, then a message number, then a request.
pub(super) fn starts(bytes: &[u8]) -> Option<()> {
    let (_, content) = element(bytes, 0x30)?;
    let (number_len, _) = element(content, 0x02)?;
    // Bind, search, extended: what clients begin with.
    matches!(content.get(number_len), Some(0x60 | 0x63 | 0x77)).then_some(())
}

impl Ldap {
    pub(super) fn is_asked(&self) -> bool {
        self.is_asked
    }

    pub(super) fn step(&mut self, from_client: bool, bytes: &[u8]) -> Progress {
        let mut consumed = 0;
        loop {
            let rest = bytes.get(consumed..).unwrap_or(&[]);
            if rest.is_empty() || (from_client && self.is_asked) {
                return Progress::Continue { consumed };
            }
            if rest.first() != Some(&0x30) {
                return Progress::NotThis;
            }
            let Some((len, content)) = element(rest, 0x30) else {
                return Progress::Continue { consumed };
            };
            if rest.len() < len {
                return Progress::Continue { consumed };
            }
            consumed += len;
            let Some((number_len, _)) = element(content, 0x02) else { return Progress::NotThis };
            let operation = content.get(number_len..).unwrap_or(&[]);
            match (from_client, operation.first()) {
                (true, Some(0x77)) if find(operation, START_TLS).is_some() => self.is_asked = true,
                // Bind: the client logs in without TLS.
                (true, Some(0x60)) => return Progress::NoTls,
                // Extended response: the result code is its first element.
                (false, Some(0x78)) if self.is_asked => {
                    let result = element(operation, 0x78)
                        .and_then(|(_, response)| element(response, 0x0a))
                        .and_then(|(_, code)| code.first().copied());
                    match result {
                        Some(0) => return Progress::TlsStarts { offset: consumed },
                        Some(code) => {
                            self.is_asked = false;
                            let name = result_name(code);
                            let reason = Refusal::Code { code: u32::from(code), name };
                            return Progress::Refused { reason, consumed };
                        }
                        None => return Progress::NotThis,
                    }
                }
                _ => {}
            }
        }
    }
}

/// An element of BER with a definite length: its whole length, and as much of its content as is
/// there.
fn element(bytes: &[u8], tag: u8) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    if *first != tag {
        return None;
    }
    let (first, rest) = rest.split_first()?;
    let (header_len, content_len) = match first {
        0..=0x7f => (2, usize::from(*first)),
        0x81..=0x84 => {
            let count = usize::from(first & 0x7f);
            let digits = rest.get(..count)?;
            let len = digits.iter().fold(0_u32, |len, digit| len << 8 | u32::from(*digit));
            (2 + count, usize::try_from(len).ok()?)
        }
        _ => return None,
    };
    let len = header_len.checked_add(content_len)?;
    let content = bytes.get(header_len..)?;
    Some((len, content.get(..content_len).unwrap_or(content)))
}

/// Names of result codes (RFC 4511 §4.1.9) that servers answer StartTLS with.
const fn result_name(code: u8) -> &'static str {
    match code {
        1 => "operationsError",
        2 => "protocolError",
        8 => "strongerAuthRequired",
        12 => "unavailableCriticalExtension",
        13 => "confidentialityRequired",
        50 => "insufficientAccessRights",
        51 => "busy",
        52 => "unavailable",
        53 => "unwillingToPerform",
        80 => "other",
        _ => "LDAP result",
    }
}
